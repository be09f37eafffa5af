//! Acts whose end nobody saw: the caller went away while the journal was writing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use plimsoll_identity::Error;
use plimsoll_proof::{Digest, SignedCheckpoint, Subtree};
use plimsoll_store::{
    Amount, Batch, CursorName, Document, DocumentKey, Error as StoreError, Journal, Receipt, Record, Result,
    SqliteJournal, StreamName, Timer,
};
use tokio::sync::watch;

use crate::world::{MINUTE, World, name, place};

/// A journal that, when it is told to, writes and then never answers, or cannot be read.
struct Trouble {
    inner: Arc<SqliteJournal>,
    silent: AtomicBool,
    unreadable: AtomicBool,
    busy: AtomicBool,
}

impl Journal for Trouble {
    async fn commit(&self, batch: Batch) -> Result<Receipt> {
        if self.busy.load(Ordering::SeqCst) {
            return Err(StoreError::Busy(1));
        }
        let answer = self.inner.commit(batch).await;
        if self.silent.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        answer
    }

    async fn read(&self, stream: &StreamName, after: u64, amount: Amount) -> Result<Vec<Record>> {
        if self.unreadable.load(Ordering::SeqCst) {
            return Err(StoreError::Full);
        }
        self.inner.read(stream, after, amount).await
    }

    async fn tail(&self, after: u64, amount: Amount) -> Result<Vec<Record>> {
        self.inner.tail(after, amount).await
    }

    fn position(&self) -> watch::Receiver<u64> {
        self.inner.position()
    }

    async fn documents(
        &self,
        prefix: &str,
        after: Option<&DocumentKey>,
        max: usize,
    ) -> Result<Vec<Document>> {
        self.inner.documents(prefix, after, max).await
    }

    async fn cursor(&self, cursor: &CursorName) -> Result<u64> {
        self.inner.cursor(cursor).await
    }

    async fn due(&self, unix_ms: u64, max: usize) -> Result<Vec<Timer>> {
        self.inner.due(unix_ms, max).await
    }

    async fn checkpoint(&self) -> Result<SignedCheckpoint> {
        self.inner.checkpoint().await
    }

    async fn subtree(&self, subtree: Subtree) -> Result<Digest> {
        self.inner.subtree(subtree).await
    }
}

fn trouble(world: &World) -> Arc<Trouble> {
    let [silent, unreadable, busy] = [false; 3].map(AtomicBool::new);
    Arc::new(Trouble { inner: world.journal(), silent, unreadable, busy })
}

/// Asks until the journal has written, and goes away without the answer.
async fn ask_and_go_away(act: impl Future, journal: &Trouble) {
    let before = *journal.position().borrow();
    let mut position = journal.position();
    tokio::select! {
        biased;
        _ = act => panic!("the journal answered"),
        moved = position.wait_for(|position| *position > before) => drop(moved.unwrap()),
    }
}

#[test]
fn a_revocation_whose_caller_went_away_holds_for_the_next_request() {
    let world = World::new();
    let journal = trouble(&world);
    let identity = world.open(Arc::clone(&journal));
    world.add(&identity, "alice", "operator");
    let (_, cookie) = world.sign_in(&identity, "alice", None).unwrap();
    let alice = name("alice");
    journal.silent.store(true, Ordering::SeqCst);
    let revoke = identity.act(|directory, _| directory.end_sessions_of(&alice, None));
    world.wait(ask_and_go_away(revoke, &journal));
    journal.silent.store(false, Ordering::SeqCst);
    let after = world.wait(identity.session(&cookie, &place(1)));
    assert!(matches!(after, Err(Error::SessionEnded)), "{after:?}");
}

#[test]
fn nobody_is_let_in_while_a_revocation_cannot_be_read() {
    let world = World::new();
    let journal = trouble(&world);
    let identity = world.open(Arc::clone(&journal));
    world.add(&identity, "alice", "operator");
    world.add(&identity, "bob", "operator");
    let (_, hers) = world.sign_in(&identity, "alice", None).unwrap();
    let (_, his) = world.sign_in(&identity, "bob", None).unwrap();
    let alice = name("alice");
    journal.unreadable.store(true, Ordering::SeqCst);
    let revoked = world.wait(identity.act(|directory, _| directory.end_sessions_of(&alice, None)));
    assert!(matches!(revoked, Err(Error::Store(StoreError::Full))));
    for cookie in [&hers, &his] {
        assert!(matches!(world.wait(identity.session(cookie, &place(1))), Err(Error::Store(_))));
    }
    world.pass(2 * MINUTE);
    assert!(world.wait(identity.session(&hers, &place(1))).is_err(), "time alone settles nothing");
    journal.unreadable.store(false, Ordering::SeqCst);
    assert!(matches!(world.wait(identity.session(&hers, &place(1))), Err(Error::SessionEnded)));
    assert!(world.wait(identity.session(&his, &place(1))).is_ok());
    journal.unreadable.store(true, Ordering::SeqCst);
    assert!(world.wait(identity.session(&his, &place(1))).is_ok(), "no doubt is left");
}

#[test]
fn a_full_queue_leaves_no_doubt() {
    let world = World::new();
    let journal = trouble(&world);
    let identity = world.open(Arc::clone(&journal));
    world.add(&identity, "alice", "operator");
    let (_, cookie) = world.sign_in(&identity, "alice", None).unwrap();
    journal.busy.store(true, Ordering::SeqCst);
    let alice = name("alice");
    let refused = world.wait(identity.act(|directory, _| directory.end_sessions_of(&alice, None)));
    assert!(matches!(refused, Err(Error::Store(StoreError::Busy(1)))));
    journal.unreadable.store(true, Ordering::SeqCst);
    assert!(world.wait(identity.session(&cookie, &place(1))).is_ok(), "nothing was written, nothing is read");
}
