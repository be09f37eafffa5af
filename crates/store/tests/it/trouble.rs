//! A journal that has trouble when it is told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use plimsoll_proof::{Digest, SignedCheckpoint, Subtree};
use plimsoll_store::{
    Amount, Batch, CursorName, Document, DocumentKey, Error as StoreError, Journal, Receipt, Record, Result,
    SqliteJournal, StreamName, Timer,
};
use tokio::sync::watch;

/// A journal that, when it is told to, writes and then never answers, cannot be read, takes nothing,
/// or has no room.
pub(crate) struct Trouble {
    inner: Arc<SqliteJournal>,
    pub(crate) silent: AtomicBool,
    pub(crate) unreadable: AtomicBool,
    pub(crate) busy: AtomicBool,
    pub(crate) full: AtomicBool,
    /// How many batches it was asked to keep.
    pub(crate) asked: AtomicUsize,
}

impl Trouble {
    pub(crate) fn with(inner: Arc<SqliteJournal>) -> Arc<Self> {
        let [silent, unreadable, busy, full] = [false; 4].map(AtomicBool::new);
        Arc::new(Self { inner, silent, unreadable, busy, full, asked: AtomicUsize::new(0) })
    }
}

impl Journal for Trouble {
    async fn commit(&self, batch: Batch) -> Result<Receipt> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.busy.load(Ordering::SeqCst) {
            return Err(StoreError::Busy(1));
        }
        if self.full.load(Ordering::SeqCst) {
            return Err(StoreError::Full);
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
