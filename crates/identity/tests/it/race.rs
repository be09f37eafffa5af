//! Two servers' views of one journal, and commands that race: one of them wins.

use std::sync::Arc;

use plimsoll_identity::Error;

use crate::world::{PASSWORD, World, name, new_token, place, secret};

#[test]
fn one_name_is_given_once_however_late_the_news() {
    let world = World::new();
    let journal = world.journal();
    let (one, two) = (world.open(Arc::clone(&journal)), world.open(journal));
    world.add(&one, "alice", "operator");
    assert_eq!(two.read(|directory| directory.users().count()), 0, "it has not heard of it");
    let new = world.new_user("alice", "administrator");
    let second = world.wait(two.act(|directory, _| directory.create_user(&new, None)));
    assert!(matches!(second, Err(Error::Exists(_))), "{second:?}");
    assert_eq!(one.read(Clone::clone), two.read(Clone::clone));
}

#[test]
fn a_command_is_retried_once_when_something_else_happened() {
    let world = World::new();
    let journal = world.journal();
    let (one, two) = (world.open(Arc::clone(&journal)), world.open(journal));
    world.add(&one, "alice", "operator");
    world.add(&two, "bob", "operator");
    assert_eq!(two.read(|directory| directory.users().count()), 2);
}

#[test]
fn a_recovery_code_opens_one_session_of_two_that_race() {
    let world = World::new();
    let journal = world.journal();
    let one = world.open(Arc::clone(&journal));
    world.add(&one, "alice", "operator");
    let codes = world.enrol(&one, "alice");
    let two = world.open(journal);
    let proof = |identity: &plimsoll_identity::Identity<_>| {
        identity.password_check("alice").verify(&secret(PASSWORD)).unwrap()
    };
    let (first, second) = (proof(&one), proof(&two));
    let code = Some(codes[0].expose().as_str());
    let (first, second) = world.wait(async {
        let (here, there) = (place(1), place(2));
        tokio::join!(one.sign_in(&first, code, &here, Ok), two.sign_in(&second, code, &there, Ok))
    });
    assert_eq!([first.is_ok(), second.is_ok()].iter().filter(|won| **won).count(), 1);
    let lost = first.err().or(second.err()).unwrap();
    assert!(matches!(lost, Error::Code), "{lost}");
}

#[test]
fn a_set_up_link_makes_one_administrator_of_two_that_race() {
    let world = World::new();
    let journal = world.journal();
    let one = world.open(Arc::clone(&journal));
    let link = world.wait(one.offer_set_up()).unwrap();
    let two = world.open(journal);
    let (alice, mallory) =
        (world.new_user("alice", "administrator"), world.new_user("mallory", "administrator"));
    let (first, second) =
        world.wait(async { tokio::join!(one.set_up(&link, &alice, Ok), two.set_up(&link, &mallory, Ok)) });
    assert_eq!([first.is_ok(), second.is_ok()].iter().filter(|won| **won).count(), 1);
    assert!(matches!(first.err().or(second.err()), Some(Error::SetUpDone)));
}

#[test]
fn ten_tokens_are_ten_though_two_race_for_the_last() {
    let world = World::new();
    let identity = world.open(world.journal());
    world.add(&identity, "alice", "operator");
    let wanted = new_token("alice");
    // Nine are given when the last two race for the tenth.
    world.wait(identity.issue_token(&wanted, |_, _, batch| Ok(batch))).unwrap();
    let mut given = 1;
    for _ in 0..6 {
        let (one, two) = world.wait(async {
            tokio::join!(
                identity.issue_token(&wanted, |_, _, batch| Ok(batch)),
                identity.issue_token(&wanted, |_, _, batch| Ok(batch))
            )
        });
        given += usize::from(one.is_ok()) + usize::from(two.is_ok());
    }
    assert_eq!(given, 10);
    assert_eq!(identity.tokens_of(&name("alice")).len(), 10);
}
