//! Acts whose end nobody saw: the caller went away while the journal was writing.

use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use plimsoll_identity::Error;
use plimsoll_store::{Journal, SqliteJournal};

use crate::world::{World, name, new_token, place};

/// Hands an act to the journal, and goes away without the answer.
async fn ask_and_go_away(act: impl Future, journal: &SqliteJournal) {
    let mut position = journal.position();
    position.borrow_and_update();
    {
        let mut act = pin!(act);
        let asked = std::future::poll_fn(|context| Poll::Ready(act.as_mut().poll(context).is_pending()));
        assert!(asked.await, "the journal answered at once");
    }
    position.changed().await.unwrap();
}

#[test]
fn a_session_whose_ender_went_away_has_ended_for_the_next_request() {
    let world = World::new();
    let journal = world.journal();
    let identity = world.open(Arc::clone(&journal));
    world.add(&identity, "alice", "operator");
    let (_, cookie) = world.sign_in(&identity, "alice", None).unwrap();
    let alice = name("alice");
    let end = identity.act(|directory, _| directory.end_sessions_of(&alice, None));
    world.wait(ask_and_go_away(end, &journal));
    let after = world.wait(identity.session(&cookie, &place(1)));
    assert!(matches!(after, Err(Error::SessionEnded)), "{after:?}");
}

#[test]
fn a_token_whose_revoker_went_away_is_dead_for_the_next_request() {
    let world = World::new();
    let journal = world.journal();
    let identity = world.open(Arc::clone(&journal));
    world.add(&identity, "alice", "operator");
    let (token, text) =
        world.wait(identity.issue_token(&new_token("alice"), |_, _, batch| Ok(batch))).unwrap();
    let alice = name("alice");
    let revoke = identity.act(|directory, _| directory.revoke_token(&alice, token, None));
    world.wait(ask_and_go_away(revoke, &journal));
    let after = world.wait(identity.token(&text, &place(1)));
    assert!(matches!(after, Err(Error::TokenDead)), "{after:?}");
}
