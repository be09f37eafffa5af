//! What holds at each border and what just beyond it: times of sessions, tokens and codes, and how much there may be.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::api_token::{NewToken, SCOPES_MAX};
use crate::directory::USERS_MAX;
use crate::error::{Error, Result};
use crate::names::{Label, Scope};
use crate::people::NewUser;
use crate::recovery::RECOVERY_CODES;
use crate::rules::Rules;
use crate::testing::{World, link, name, roles, secret_hash, session, token};
use crate::totp::{STEP_SECONDS, TotpSecret};

const DAY_MS: u64 = 86_400_000;

/// Alice in a fresh world.
fn alice() -> World {
    let mut world = World::new();
    world.add("alice", &["operator"]);
    world
}

/// A token with so many scopes.
fn wanted(scopes: usize, life_ms: u64) -> NewToken {
    let scope = |number| Scope::new(&format!("noun.{}", letters(number))).unwrap();
    let scopes = (0..scopes).map(scope).collect();
    NewToken { user: name("alice"), label: Label::new("ci").unwrap(), scopes, life_ms }
}

/// A number below 676 as two letters.
fn letters(number: usize) -> String {
    [number / 26, number % 26].map(|digit| char::from(b'a' + u8::try_from(digit).unwrap())).iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Whatever the rules are and however it was used: until one moment it is open, and from then on never again.
    #[test]
    fn a_session_ends_at_one_moment_and_for_good(
        idle_ms in 1..DAY_MS,
        absolute_ms in 1..2 * DAY_MS,
        used_after in proptest::option::of(0..DAY_MS),
        later in 0..u64::MAX / 2,
    ) {
        let mut world = alice();
        let (id, began) = (world.sign_in("alice", 1), world.now_ms);
        let rules = Rules { idle_ms, absolute_ms, ..Rules::default() };
        let used_ms = used_after.map_or(0, |after| began + after);
        let open = |now_ms| world.directory.session(now_ms, &rules, id, used_ms).is_ok();
        // It was opened under the usual rules: twelve hours at most, whatever holds now.
        let ends = [began + absolute_ms, began + Rules::default().absolute_ms, used_ms.max(began) + idle_ms];
        let ends_ms = ends.into_iter().min().unwrap();
        prop_assert!(open(ends_ms - 1));
        prop_assert!(!open(ends_ms));
        prop_assert!(!open(ends_ms + later));
        prop_assert!(!open(u64::MAX));
    }

    #[test]
    fn a_token_dies_at_one_moment_and_for_good(life_ms in 60_000..=365 * DAY_MS, later in 0..u64::MAX / 2) {
        let (mut world, rules) = (alice(), Rules::default());
        let issued = world.now_ms;
        world.commit(world.directory.issue_token(issued, &rules, token(1), &wanted(1, life_ms)));
        let alive = |now_ms| {
            let known = world.directory.token(now_ms, &rules, token(1)).is_ok();
            assert_eq!(known, !world.directory.tokens_of(now_ms, &name("alice")).is_empty());
            known
        };
        prop_assert!(alive(issued) && alive(issued + life_ms - 1));
        prop_assert!(!alive(issued + life_ms) && !alive(issued + life_ms + later) && !alive(u64::MAX));
    }

    /// Somebody who has seen every code of an hour, and sends them whenever and as often as he likes: no step opens
    /// twice, none after a later one, and none that is more than one step away.
    #[test]
    fn each_step_of_an_authenticator_opens_once_and_in_its_time(
        tries in proptest::collection::vec((0u64..90_000, -4i64..=4), 1..40)
    ) {
        let (mut world, secret) = (alice(), TotpSecret::from_bytes(b"12345678901234567890").unwrap());
        world.enrol("alice", &secret);
        let mut last = world.now_ms / 1_000 / STEP_SECONDS;
        for (waited_ms, off) in tries {
            world.now_ms += waited_ms;
            let now = world.now_ms / 1_000 / STEP_SECONDS;
            let step = now.checked_add_signed(off).unwrap();
            let code = secret.code(step).unwrap();
            let answer = world.try_sign_in(&world.proof("alice"), Some(&code), 1);
            let should = step > last && off.unsigned_abs() <= 1;
            // Two of these steps may show the same six digits: then another step that may open has opened.
            let twin = (now - 1..=now + 1).any(|near| near > last && secret.code(near).unwrap() == code);
            prop_assert_eq!(answer.is_ok(), should || twin, "{} steps off, last {}", off, last);
            if answer.is_ok() {
                last = step;
                world.commit(answer);
                let again = world.try_sign_in(&world.proof("alice"), Some(&code), 2);
                prop_assert!(matches!(again, Err(Error::Code)) || twin && !should);
            }
        }
    }

    /// Codes in any order, typed as people do, and some again.
    #[test]
    fn each_recovery_code_opens_once(typed in proptest::collection::vec((0..RECOVERY_CODES, any::<bool>()), 0..25)) {
        let (mut world, secret) = (alice(), TotpSecret::generate().unwrap());
        let codes = world.enrol("alice", &secret);
        world.add("bob", &[]);
        let foreign = world.enrol("bob", &secret);
        let mut used = BTreeSet::new();
        for (number, sloppy) in typed {
            let code = if sloppy { codes[number].to_uppercase().replace('-', " ") } else { codes[number].clone() };
            let answer = world.try_sign_in(&world.proof("alice"), Some(&code), 1);
            prop_assert_eq!(answer.is_ok(), used.insert(number));
            if answer.is_ok() {
                world.commit(answer);
            }
            let others = world.try_sign_in(&world.proof("alice"), Some(&foreign[number]), 2);
            prop_assert!(matches!(others, Err(Error::Code)));
        }
        let left = world.directory.user(&name("alice")).unwrap().recovery_codes_left();
        prop_assert_eq!(left, RECOVERY_CODES - used.len());
        prop_assert_eq!(world.directory.user(&name("bob")).unwrap().recovery_codes_left(), RECOVERY_CODES);
    }
}

#[test]
fn a_token_lives_a_minute_at_least_and_has_so_many_scopes_at_most() {
    let (world, rules) = (alice(), Rules::default());
    let issue = |wanted: &NewToken| world.directory.issue_token(world.now_ms, &rules, token(1), wanted);
    assert!(issue(&wanted(0, 60_000)).is_ok(), "a token for nothing does no harm");
    assert!(matches!(issue(&wanted(0, 59_999)), Err(Error::Lifetime(365))));
    assert_eq!(wanted(SCOPES_MAX, DAY_MS).scopes.len(), SCOPES_MAX);
    assert!(issue(&wanted(SCOPES_MAX, DAY_MS)).is_ok());
    let refused = issue(&wanted(SCOPES_MAX + 1, DAY_MS));
    assert!(matches!(refused, Err(Error::TooMany { what: "scopes", max: SCOPES_MAX })));
}

#[test]
fn so_many_users_are_taken_and_not_one_more() {
    let mut world = World::new();
    let user = |number: usize| NewUser {
        name: name(&format!("user-{number}")),
        password: secret_hash(),
        roles: roles(&[]),
    };
    for number in 0..USERS_MAX {
        world.commit(world.directory.create_user(&user(number), None));
    }
    let refused = world.directory.create_user(&user(USERS_MAX), None);
    assert!(matches!(refused, Err(Error::TooMany { what: "users", max: USERS_MAX })));
    assert!(matches!(world.directory.create_user(&user(0), None), Err(Error::Exists(_))));
}

/// What is asked of a session must not be answered as if it were none, or whoever guesses in it were signed out.
#[test]
fn a_wrong_word_in_a_session_is_a_guess_and_the_session_goes_on() {
    let mut world = alice();
    let (id, stale) = (world.sign_in("alice", 1), world.proof("alice"));
    let secret = TotpSecret::generate().unwrap();
    let refused: [Result<_>; 2] = [
        world.directory.confirm_second_factor(world.now_ms, &name("alice"), "x", &BTreeSet::new(), Some(id)),
        {
            world.commit(world.directory.change_password(
                &name("alice"),
                &crate::testing::other_hash(),
                None,
            ));
            world.directory.offer_second_factor(&stale, &secret)
        },
    ];
    let [nothing_offered, changed] = refused.map(Result::unwrap_err);
    assert!(matches!(nothing_offered, Error::NotFound(_)) && !nothing_offered.is_guess());
    assert!(matches!(changed, Error::Password), "the password has changed since: {changed}");
    for error in [Error::Password, Error::Code] {
        assert!(error.is_guess() && !error.asks_to_sign_in(), "{error}");
        assert_eq!(error.kind(), plimsoll_base::Kind::Denied);
    }
    for error in [Error::SessionEnded, Error::TokenDead, Error::TokenMalformed, Error::CodeNeeded] {
        assert!(!error.is_guess() && error.asks_to_sign_in(), "{error}");
    }
    assert!(Error::SignIn.is_guess() && Error::SignIn.asks_to_sign_in());
    assert!(!Error::LinkDead.is_guess() && !Error::LinkDead.asks_to_sign_in());
}

#[test]
fn a_second_factor_is_offered_to_nobody_who_is_shut_out() {
    let mut world = alice();
    let (proof, secret) = (world.proof("alice"), TotpSecret::generate().unwrap());
    assert!(world.directory.offer_second_factor(&proof, &secret).is_ok());
    world.commit(world.directory.disable_user(&Rules::default(), &name("alice"), None));
    let refused = world.directory.offer_second_factor(&proof, &secret);
    assert!(matches!(refused, Err(Error::Disabled(_))));
}

#[test]
fn a_link_is_looked_at_as_it_is_used() {
    let mut world = World::new();
    let ada = NewUser { name: name("ada"), password: secret_hash(), roles: roles(&["administrator"]) };
    assert!(matches!(world.directory.check_link(world.now_ms, link(1)), Err(Error::LinkDead)));
    world.commit(world.directory.offer_set_up(world.now_ms, link(1)));
    for (number, late_ms) in [(1, 0), (1, 3_599_999), (1, 3_600_000), (2, 0), (1, u64::MAX / 2)] {
        let (now_ms, link) = (world.now_ms + late_ms, link(number));
        let used = world.directory.set_up(now_ms, link, &ada);
        assert_eq!(world.directory.check_link(now_ms, link).is_ok(), used.is_ok());
        assert_eq!(used.is_ok(), number == 1 && late_ms < 3_600_000, "link {number} after {late_ms} ms");
    }
    world.commit(world.directory.set_up(world.now_ms, link(1), &ada));
    assert!(matches!(world.directory.check_link(world.now_ms, link(1)), Err(Error::SetUpDone)));
    world.commit(world.try_sign_in(&world.proof("ada"), None, 1));
    assert!(world.directory.session(world.now_ms, &Rules::default(), session(1), 0).is_ok());
}
