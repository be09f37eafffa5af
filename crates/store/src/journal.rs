//! The journal: what every adapter does, and what the rest of Plimsoll knows of storage.

use plimsoll_proof::{Digest, SignedCheckpoint, Subtree};
use tokio::sync::watch;

use crate::batch::{Batch, Receipt};
use crate::error::Result;
use crate::name::{CursorName, DocumentKey, StreamName, TimerName};
use crate::record::Record;

/// Most records that are read at once.
pub const READ_RECORDS_MAX: usize = 10_000;
/// Most bytes of records that are read at once; one record is read however long it is.
pub const READ_BYTES_MAX: usize = 8 << 20;

/// How much is read at once. Both bounds are held within what is allowed at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    /// Most records.
    pub records: usize,
    /// Most bytes; one record is read however long it is.
    pub bytes: usize,
}

impl Amount {
    /// So many records, within the bound of bytes.
    pub fn records(records: usize) -> Self {
        Self { records: records.min(READ_RECORDS_MAX), bytes: READ_BYTES_MAX }
    }
}

/// A small value with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its name.
    pub key: DocumentKey,
    /// One more at each writing, and never one that a document of this name has had: one that was removed and is
    /// written again goes on above every version that was removed, its own or another's.
    pub version: u64,
    /// Its value.
    pub value: Vec<u8>,
}

/// A timer that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timer {
    /// Its name.
    pub name: TimerName,
    /// Since when, in milliseconds since 1970-01-01T00:00:00Z.
    pub due_unix_ms: u64,
    /// What its owner wants to know.
    pub value: Vec<u8>,
}

/// An append-only journal of streams under one Merkle log, with small rows in the same transactions.
///
/// Total order within a stream and over the whole; a batch is kept whole or not at all; what a receipt says is
/// [`Fsynced`](crate::Durability::Fsynced) is there after a power failure.
pub trait Journal: Send + Sync {
    /// Keeps all of a batch, or nothing: then the error says why. Batches are taken in the order in which they are asked
    /// for, whether or not somebody waits for the answer: when one is answered, all before it are there or never will be.
    fn commit(&self, batch: Batch) -> impl Future<Output = Result<Receipt>> + Send;

    /// The records of a stream after a sequence, in order. What was trimmed is left out.
    fn read(
        &self,
        stream: &StreamName,
        after: u64,
        amount: Amount,
    ) -> impl Future<Output = Result<Vec<Record>>> + Send;

    /// The records of the whole journal after a position, in order. What was trimmed is left out.
    fn tail(&self, after: u64, amount: Amount) -> impl Future<Output = Result<Vec<Record>>> + Send;

    /// The position of the last record, and its news. News may come late or together: it is a hint to read.
    fn position(&self) -> watch::Receiver<u64>;

    /// Documents whose keys begin with a text, after a key, in the order of their keys; at most `max`.
    fn documents(
        &self,
        prefix: &str,
        after: Option<&DocumentKey>,
        max: usize,
    ) -> impl Future<Output = Result<Vec<Document>>> + Send;

    /// Where a cursor stands; 0 if it never moved.
    fn cursor(&self, cursor: &CursorName) -> impl Future<Output = Result<u64>> + Send;

    /// Timers that are due at a time, the longest due first; at most `max`.
    fn due(&self, unix_ms: u64, max: usize) -> impl Future<Output = Result<Vec<Timer>>> + Send;

    /// The journal's word for all that it holds now.
    fn checkpoint(&self) -> impl Future<Output = Result<SignedCheckpoint>> + Send;

    /// The root of a full subtree of the Merkle log: what proofs are made of.
    fn subtree(&self, subtree: Subtree) -> impl Future<Output = Result<Digest>> + Send;
}
