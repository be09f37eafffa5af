//! Arbitrary sequences of commands: what holds of the fold whatever happened before.

use std::collections::BTreeSet;

use plimsoll_store::{Fold, Recorded};
use proptest::prelude::*;

use crate::directory::Directory;
use crate::error::Result;
use crate::event::{Event, Place};
use crate::names::Agent;
use crate::people::NewUser;
use crate::recovery::RecoveryHash;
use crate::rules::Rules;
use crate::testing::{
    World, link, name, other_hash, other_sealing_key, place, roles, sealing_key, secret_hash, session, token,
};
use crate::totp::{STEP_SECONDS, TotpSecret};

#[derive(Debug, Clone)]
enum Act {
    OfferSetUp(u8),
    SetUp(u8, &'static str),
    Create(&'static str),
    Password(&'static str),
    Roles(&'static str, &'static str),
    Disable(&'static str),
    Enable(&'static str),
    SignIn(&'static str, u8),
    Use(u8),
    End(&'static str, u8),
    EndAll(&'static str),
    Issue(&'static str, u8),
    Revoke(&'static str, u8),
    Enrol(&'static str, u8),
    Unenrol(&'static str),
    Wait(u64),
}

fn act() -> impl Strategy<Value = Act> {
    let user = || prop_oneof![Just("alice"), Just("bob"), Just("carol")];
    let role = prop_oneof![Just("viewer"), Just("administrator")];
    prop_oneof![
        1 => (0u8..4).prop_map(Act::OfferSetUp),
        1 => (0u8..4, user()).prop_map(|(link, user)| Act::SetUp(link, user)),
        3 => user().prop_map(Act::Create),
        1 => user().prop_map(Act::Password),
        1 => (user(), role).prop_map(|(user, role)| Act::Roles(user, role)),
        1 => user().prop_map(Act::Disable),
        1 => user().prop_map(Act::Enable),
        6 => (user(), 0u8..8).prop_map(|(user, session)| Act::SignIn(user, session)),
        3 => (0u8..8).prop_map(Act::Use),
        1 => (user(), 0u8..8).prop_map(|(user, session)| Act::End(user, session)),
        1 => user().prop_map(Act::EndAll),
        3 => (user(), 0u8..8).prop_map(|(user, token)| Act::Issue(user, token)),
        1 => (user(), 0u8..8).prop_map(|(user, token)| Act::Revoke(user, token)),
        1 => (user(), 0u8..8).prop_map(|(user, session)| Act::Enrol(user, session)),
        1 => user().prop_map(Act::Unenrol),
        3 => (0u64..40_000_000).prop_map(Act::Wait),
    ]
}

fn secret() -> TotpSecret {
    TotpSecret::from_bytes(b"12345678901234567890").unwrap()
}

fn totp_now(now_ms: u64) -> String {
    secret().code(now_ms / 1_000 / STEP_SECONDS).unwrap()
}

fn new_user(user: &str) -> NewUser {
    NewUser { name: name(user), password: secret_hash(), roles: roles(&["viewer"]) }
}

/// What an act asks of the directory.
fn ask(world: &World, act: &Act) -> Result<plimsoll_store::Batch> {
    let (directory, now_ms, rules) = (&world.directory, world.now_ms, &Rules::default());
    match *act {
        Act::OfferSetUp(number) => directory.offer_set_up(now_ms, link(number)),
        Act::SetUp(number, user) => directory.set_up(now_ms, link(number), &new_user(user)),
        Act::Create(user) => directory.create_user(&new_user(user), None),
        Act::Password(user) => directory.change_password(&name(user), &other_hash(), None),
        Act::Roles(user, role) => directory.change_roles(rules, &name(user), &roles(&[role]), None),
        Act::Disable(user) => directory.disable_user(rules, &name(user), None),
        Act::Enable(user) => directory.enable_user(&name(user), None),
        Act::SignIn(user, number) => {
            directory.user(&name(user))?;
            let code = totp_now(now_ms);
            world.try_sign_in(&world.proof(user), Some(&code), number)
        }
        Act::Use(number) => {
            directory.session(now_ms, rules, session(number), 0)?;
            let place = Place { agent: Agent::new(&format!("use {number}")), ..place() };
            directory.batch(&[Event::SessionUsed { session: session(number), used_ms: now_ms, place }])
        }
        Act::End(user, number) => directory.end_session(&name(user), session(number), None),
        Act::EndAll(user) => directory.end_sessions_of(&name(user), None),
        Act::Issue(user, number) => {
            let wanted = crate::api_token::NewToken {
                user: name(user),
                label: crate::names::Label::new("ci").unwrap(),
                scopes: BTreeSet::new(),
                life_ms: 100_000_000,
            };
            directory.issue_token(now_ms, rules, token(number), &wanted)
        }
        Act::Revoke(user, number) => directory.revoke_token(&name(user), token(number), None),
        Act::Enrol(user, number) => {
            directory.user(&name(user))?;
            let recovery = BTreeSet::from([RecoveryHash::of("aaaa-bbbb-cccc-dddd").unwrap()]);
            let (user, code) = (name(user), totp_now(now_ms));
            let confirm =
                directory.confirm_second_factor(now_ms, &user, &code, &recovery, Some(session(number)));
            confirm.or_else(|_| directory.offer_second_factor(&world.proof(user.as_str()), &secret()))
        }
        Act::Unenrol(user) => directory.remove_second_factor(&name(user), None),
        Act::Wait(_) => directory.batch(&[]),
    }
}

/// Whose sessions and whose tokens an act ends at once.
fn ends(act: &Act) -> (Option<&'static str>, Option<&'static str>) {
    match act {
        Act::Roles(user, _) | Act::Disable(user) | Act::Password(user) => (Some(user), Some(user)),
        Act::EndAll(user) | Act::Unenrol(user) => (Some(user), None),
        _ => (None, None),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_replay_gives_the_live_state_and_nothing_outlives_its_end(
        acts in proptest::collection::vec(act(), 0..60)
    ) {
        let mut world = World::new();
        let rules = Rules::default();
        for act in &acts {
            if let Act::Wait(ms) = act {
                world.now_ms += ms;
            }
            let Ok(batch) = ask(&world, act) else { continue };
            world.commit(Ok(batch));
            let (now_ms, directory) = (world.now_ms, &world.directory);
            let (sessions, tokens) = ends(act);
            prop_assert!(sessions.is_none_or(|user| directory.sessions_of(0, &name(user)).is_empty()));
            prop_assert!(tokens.is_none_or(|user| directory.tokens_of(0, &name(user)).is_empty()));
            if let Act::End(_, number) = act {
                prop_assert!(directory.session(now_ms, &rules, session(*number), u64::MAX).is_err());
            }
            if let Act::Revoke(_, number) = act {
                prop_assert!(directory.token(now_ms, &rules, token(*number)).is_err());
            }
            for number in 0..8 {
                if let Ok(principal) = directory.session(now_ms, &rules, session(number), 0) {
                    prop_assert!(directory.user(&principal.user).unwrap().enabled);
                }
            }
        }
        let mut replayed = Directory::new(sealing_key());
        for record in &world.records {
            replayed.apply(record).unwrap();
        }
        prop_assert_eq!(&replayed, &world.directory);
    }

    /// Acts do not wait for those before them: what is written fits although all was accepted later than was thought.
    #[test]
    fn what_was_made_for_one_time_fits_at_another(
        acts in proptest::collection::vec((act(), 0u64..60_000_000), 0..60)
    ) {
        let mut world = World::new();
        let (mut later, mut accepted_ms) = (Directory::new(sealing_key()), 0);
        for (act, late_ms) in &acts {
            if let Act::Wait(ms) = act {
                world.now_ms += ms;
            }
            let Ok(batch) = ask(&world, act) else { continue };
            let before = world.records.len();
            world.commit(Ok(batch));
            accepted_ms = accepted_ms.max(world.now_ms + late_ms);
            for record in &world.records[before..] {
                let record = plimsoll_store::Record { unix_ms: accepted_ms, position: 0, ..record.clone() };
                prop_assert!(later.apply(&record).is_ok(), "{:?}", later.apply(&record));
            }
        }
        prop_assert_eq!(later.sequence(), world.directory.sequence());
    }

    #[test]
    fn a_record_that_does_not_follow_changes_nothing(
        acts in proptest::collection::vec(act(), 1..30),
        skipped in 0usize..30,
    ) {
        let mut world = World::new();
        for act in &acts {
            if let Ok(batch) = ask(&world, act) {
                world.commit(Ok(batch));
            }
        }
        let mut replayed = Directory::new(sealing_key());
        for (number, record) in world.records.iter().enumerate() {
            if number == skipped {
                continue;
            }
            let before = replayed.clone();
            if number > skipped {
                prop_assert!(replayed.apply(record).is_err());
                prop_assert_eq!(&replayed, &before);
            } else {
                replayed.apply(record).unwrap();
            }
        }
    }

    #[test]
    fn foreign_payloads_are_refused_and_never_a_panic(bytes: Vec<u8>, text in "\\PC{0,60}") {
        let mut world = World::new();
        world.add("alice", &[]);
        let mut record = world.records[0].clone();
        record.sequence = 2;
        let before = world.directory.clone();
        for payload in [bytes, text.into_bytes()] {
            record.payload.bytes = payload;
            prop_assert!(world.directory.apply(&record).is_err());
            prop_assert_eq!(&world.directory, &before);
        }
    }
}

#[test]
fn a_record_that_contradicts_what_is_known_changes_nothing() {
    let mut world = World::new();
    world.add("alice", &[]);
    let (user, nobody) = (name("alice"), name("nobody"));
    let contradictions = [
        Event::UserCreated {
            user: user.clone(),
            password: secret_hash(),
            roles: roles(&[]),
            link: None,
            by: None,
        },
        Event::UserDisabled { user: nobody.clone(), by: None },
        Event::SessionsEnded { user: nobody.clone(), by: None },
        Event::CodeUsed { user: user.clone(), step: 1 },
        Event::SecondFactorConfirmed { user, step: 1, recovery: BTreeSet::new(), session: None },
        Event::SessionOpened {
            session: session(1),
            user: nobody,
            second_factor: false,
            expires_ms: u64::MAX,
            place: place(),
        },
    ];
    for event in contradictions {
        let before = world.directory.clone();
        let new = event.to_record().unwrap();
        let mut record = world.records[0].clone();
        (record.sequence, record.kind, record.payload) = (2, new.kind, new.payload);
        assert!(world.directory.apply(&record).is_err(), "{event:?} was taken");
        assert_eq!(world.directory, before);
    }
    let mut elsewhere = world.records[0].clone();
    elsewhere.sequence = 2;
    elsewhere.stream = plimsoll_store::StreamName::new("audit").unwrap();
    assert!(world.directory.apply(&elsewhere).unwrap_err().to_string().contains("stream audit"));
}

#[test]
fn a_secret_that_was_moved_to_another_user_or_sealed_elsewhere_is_refused() {
    let mut world = World::new();
    world.add("alice", &[]);
    world.add("mallory", &[]);
    world.commit(world.directory.offer_second_factor(&world.proof("mallory"), &secret()));
    let offered = world.records.pop().unwrap();
    let text = String::from_utf8(offered.payload.bytes.clone()).unwrap();
    let replayed = |sealing, text: &str| {
        let mut directory = Directory::new(sealing);
        for record in &world.records {
            directory.apply(record).unwrap();
        }
        let mut record = offered.clone();
        record.payload.bytes = text.as_bytes().to_vec();
        let before = directory.clone();
        let answer = directory.apply(&record);
        assert_eq!(directory == before, answer.is_err());
        answer
    };
    replayed(sealing_key(), &text).unwrap();
    let moved = replayed(sealing_key(), &text.replace("mallory", "alice")).unwrap_err();
    let elsewhere = replayed(other_sealing_key(), &text).unwrap_err();
    for (refused, user) in [(moved, "alice"), (elsewhere, "mallory")] {
        let why = format!("what is sealed for `second factor of {user}` does not open");
        assert!(refused.to_string().contains(&why), "{refused}");
    }
}
