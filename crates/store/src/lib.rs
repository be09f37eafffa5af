//! The journal: an append-only log of streams under one Merkle tree, and small rows in the same transactions.
//!
//! Everything that Plimsoll remembers is a [`Record`] in a stream, or a row that was changed together with one.
//! [`Journal`] says what an adapter does; [`SqliteJournal`] does it in one folder on this machine. All SQL over
//! Plimsoll's own data is in this crate. [`Folded`] keeps what follows from the records of one stream: a command looks
//! at it and gives either a refusal or a batch that holds only if nothing else happened meanwhile. [`Recorded`] is the
//! envelope in which those records say what they say.

mod ahead;
mod batch;
mod clock;
mod error;
mod folded;
#[cfg(fuzzing)]
pub mod fuzzing;
mod journal;
mod name;
mod record;
mod recorded;
mod sqlite;

pub use batch::{
    Append, BATCH_BYTES_MAX, BATCH_RECORDS_MAX, BATCH_WRITES_MAX, Batch, Durability, Expect, Fence,
    LEASE_TTL_MS_MAX, Link, Receipt, VALUE_BYTES_MAX, Write,
};
pub use error::{Error, Result};
pub use folded::{Fold, Folded};
pub use journal::{Amount, Document, Journal, READ_BYTES_MAX, READ_RECORDS_MAX, Timer};
pub use name::{
    CursorName, DocumentKey, LeaseName, NAME_BYTES_MAX, Owner, RecordKind, SealName, StreamName, TimerName,
};
pub use record::{NewRecord, PAYLOAD_BYTES_MAX, Payload, Record};
pub use recorded::Recorded;
pub use sqlite::{JournalView, Options, SqliteJournal, Verified, verify};
