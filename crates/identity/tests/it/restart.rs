//! What is found again after a restart, and what is not.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plimsoll_base::Kind;
use plimsoll_identity::{Error, RoleName, STREAM, TotpSecret};
use plimsoll_store::{Amount, Batch, Expect, Fold, Journal, NewRecord, RecordKind, StreamName};

use crate::world::{MINUTE, PASSWORD, World, authenticator, bytes_of, name, new_token, place, secret};

#[test]
fn the_first_administrator_sets_up_signs_in_and_is_found_again() {
    let world = World::new();
    let link = {
        let identity = world.open(world.journal());
        world.wait(identity.offer_set_up()).unwrap()
    };
    let identity = world.open(world.journal());
    let alice = world.new_user("alice", "administrator");
    let wrong = world.wait(identity.set_up(&secret("guess"), &alice, Ok));
    assert!(matches!(wrong, Err(Error::LinkDead)));
    assert!(matches!(identity.check_link(&secret("guess")), Err(Error::LinkDead)));
    identity.check_link(&link).unwrap();
    world.wait(identity.set_up(&link, &alice, Ok)).unwrap();
    assert!(matches!(world.wait(identity.set_up(&link, &alice, Ok)), Err(Error::SetUpDone)));
    let refused = identity.password_check("alice").verify(&secret("not her password"));
    assert!(matches!(refused, Err(Error::SignIn)));
    let (id, text) = world.sign_in(&identity, "alice", None).unwrap();
    let before = identity.read(Clone::clone);
    drop(identity);

    let identity = world.open(world.journal());
    assert_eq!(identity.read(Clone::clone), before);
    let (again, principal) = world.wait(identity.session(&text, &place(1))).unwrap();
    assert_eq!((again, principal.user), (id, name("alice")));
    assert_eq!(principal.roles, alice.roles);
    assert!(matches!(world.wait(identity.offer_set_up()), Err(Error::SetUpDone)));
}

#[test]
fn what_was_revoked_stays_revoked() {
    let world = World::new();
    let identity = world.open(world.journal());
    world.add(&identity, "alice", "operator");
    let (session, cookie) = world.sign_in(&identity, "alice", None).unwrap();
    let (token, text) =
        world.wait(identity.issue_token(&new_token("alice"), |_, _, batch| Ok(batch))).unwrap();
    world.wait(identity.token(&text, &place(1))).unwrap();
    let alice = name("alice");
    world.wait(identity.act(|directory, _| directory.end_session(&alice, session, None))).unwrap();
    world.wait(identity.act(|directory, _| directory.revoke_token(&alice, token, None))).unwrap();
    drop(identity);
    let identity = world.open(world.journal());
    assert!(matches!(world.wait(identity.session(&cookie, &place(1))), Err(Error::SessionEnded)));
    assert!(matches!(world.wait(identity.token(&text, &place(1))), Err(Error::TokenDead)));
    let typo = secret(&text.expose().replace("plim_", "plim-"));
    assert!(matches!(world.wait(identity.token(&typo, &place(1))), Err(Error::TokenMalformed)));
}

#[test]
fn a_role_that_is_taken_away_is_gone_with_the_next_request() {
    let world = World::new();
    let identity = world.open(world.journal());
    world.add(&identity, "alice", "administrator");
    let (_, cookie) = world.sign_in(&identity, "alice", None).unwrap();
    let (_, token) = world.wait(identity.issue_token(&new_token("alice"), |_, _, batch| Ok(batch))).unwrap();
    let (alice, viewer) = (name("alice"), [RoleName::new("viewer").unwrap()].into());
    world
        .wait(identity.act(|directory, _| directory.change_roles(identity.rules(), &alice, &viewer, None)))
        .unwrap();
    assert!(world.wait(identity.session(&cookie, &place(1))).is_err());
    assert!(world.wait(identity.token(&token, &place(1))).is_err());
    let (_, cookie) = world.sign_in(&identity, "alice", None).unwrap();
    assert_eq!(world.wait(identity.session(&cookie, &place(1))).unwrap().1.roles, viewer);
}

#[test]
fn the_right_password_of_a_disabled_user_looks_wrong() {
    let world = World::new();
    let identity = world.open(world.journal());
    world.add(&identity, "alice", "operator");
    let alice = name("alice");
    world.wait(identity.act(|directory, _| directory.disable_user(identity.rules(), &alice, None))).unwrap();
    let refused = identity.password_check("alice").verify(&secret(PASSWORD));
    assert!(matches!(refused, Err(Error::SignIn)), "{refused:?}");
    let unknown = identity.password_check("nobody").verify(&secret(PASSWORD)).unwrap_err();
    assert_eq!(unknown.to_string(), refused.unwrap_err().to_string());
}

#[test]
fn a_last_use_is_listed_at_once_and_written_once_a_minute() {
    let world = World::new();
    let journal = world.journal();
    let identity = world.open(std::sync::Arc::clone(&journal));
    world.add(&identity, "alice", "operator");
    let (_, cookie) = world.sign_in(&identity, "alice", None).unwrap();
    let (_, token) = world.wait(identity.issue_token(&new_token("alice"), |_, _, batch| Ok(batch))).unwrap();
    let written = || identity.read(Fold::sequence);
    let began = written();
    for _ in 0..29 {
        world.pass(2_000);
        world.wait(identity.session(&cookie, &place(7))).unwrap();
    }
    world.wait(identity.write_uses()).unwrap();
    assert_eq!(written(), began, "58 seconds are no minute");
    let alice = name("alice");
    let (_, listed) = identity.sessions_of(&alice).pop().unwrap();
    assert_eq!((listed.used_ms - listed.opened_ms, listed.place), (58_000, place(7)));
    world.pass(2_000);
    world.wait(identity.session(&cookie, &place(8))).unwrap();
    world.wait(identity.token(&token, &place(9))).unwrap();
    world.wait(identity.write_uses()).unwrap();
    world.wait(identity.write_uses()).unwrap();
    assert_eq!(written(), began + 2);
    assert_eq!(identity.tokens_of(&alice)[0].1.used.as_ref().unwrap().1, place(9));
    drop(identity);

    let identity = world.open(journal);
    assert_eq!(identity.sessions_of(&alice)[0].1.place, place(8));
    assert_eq!(identity.tokens_of(&alice)[0].1.used.as_ref().unwrap().1, place(9));
}

#[test]
fn a_session_in_use_lives_on_and_an_idle_one_ends() {
    let world = World::new();
    let identity = world.open(world.journal());
    world.add(&identity, "alice", "operator");
    let (_, cookie) = world.sign_in(&identity, "alice", None).unwrap();
    for _ in 0..24 {
        world.pass(29 * MINUTE);
        world.wait(identity.session(&cookie, &place(1))).unwrap();
    }
    world.pass(24 * MINUTE);
    let old = world.wait(identity.session(&cookie, &place(1)));
    assert!(matches!(old, Err(Error::SessionEnded)), "twelve hours are over");
    let (_, cookie) = world.sign_in(&identity, "alice", None).unwrap();
    world.pass(30 * MINUTE);
    assert!(matches!(world.wait(identity.session(&cookie, &place(1))), Err(Error::SessionEnded)));
    assert!(identity.sessions_of(&name("alice")).is_empty());
}

#[test]
fn no_secret_that_opens_a_door_stands_in_the_journal() {
    let world = World::new();
    let journal = world.journal();
    let identity = world.open(std::sync::Arc::clone(&journal));
    let link = world.wait(identity.offer_set_up()).unwrap();
    world.wait(identity.set_up(&link, &world.new_user("alice", "operator"), Ok)).unwrap();
    let (_, cookie) = world.sign_in(&identity, "alice", None).unwrap();
    let (_, token) = world.wait(identity.issue_token(&new_token("alice"), |_, _, batch| Ok(batch))).unwrap();
    let shared = TotpSecret::generate().unwrap();
    let codes = world.enrol_with(&identity, "alice", &shared);
    let records = world.wait(journal.tail(0, Amount::records(100))).unwrap();
    let bytes = records.iter().flat_map(|record| record.payload.bytes.clone()).collect::<Vec<_>>();
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.contains("argon2id") && text.contains("user_created") && text.contains("sealed"));
    let random = token.expose().trim_start_matches("plim_").get(..43).unwrap();
    let plain = codes.iter().map(|code| code.expose().replace('-', ""));
    let codes = codes.iter().map(|code| code.expose().clone()).chain(plain);
    let typed = shared.base32();
    let texts = [PASSWORD, link.expose(), cookie.expose(), random, typed.expose()].map(String::from);
    for opens in codes.chain(texts).chain([STANDARD.encode(bytes_of(&shared))]) {
        assert!(!text.contains(&opens), "{opens} is in the journal");
    }
}

#[test]
fn a_second_factor_works_after_a_restart_and_without_the_credential_nobody_comes_in() {
    let world = World::new();
    let secret = TotpSecret::generate().unwrap();
    {
        let identity = world.open(world.journal());
        world.add(&identity, "alice", "operator");
        world.enrol_with(&identity, "alice", &secret);
    }
    let other = Arc::new(world.credential.sealing_key("something else").unwrap());
    let refused = world.try_open(world.journal(), other).err().unwrap();
    assert!(matches!(refused, Error::Store(plimsoll_store::Error::Unclear { sequence: 2, .. })), "{refused}");
    assert_eq!(refused.kind(), Kind::Corrupt);
    world.pass(MINUTE);
    let identity = world.open(world.journal());
    let code = authenticator(&secret, world.clock().unix_ms());
    assert!(matches!(world.sign_in(&identity, "alice", Some("000000x")), Err(Error::Code)));
    world.sign_in(&identity, "alice", Some(&code)).unwrap();
}

#[test]
fn a_journal_that_cannot_be_understood_lets_nobody_in() {
    let world = World::new();
    let journal = world.journal();
    {
        let identity = world.open(std::sync::Arc::clone(&journal));
        world.add(&identity, "alice", "operator");
    }
    let foreign = NewRecord::plain(RecordKind::new("user.disabled").unwrap(), "{\"v\":2}");
    let batch = Batch::append(StreamName::new(STREAM).unwrap(), Expect::Any, vec![foreign]);
    world.wait(journal.commit(batch)).unwrap();
    let opened = world.try_open(journal, world.sealing()).err().unwrap();
    assert!(matches!(opened, Error::Store(plimsoll_store::Error::Unclear { sequence: 2, .. })), "{opened}");
    assert_eq!(opened.kind(), Kind::Corrupt);
    assert!(opened.hint().is_some());
}
