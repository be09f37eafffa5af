//! What can go wrong with a journal.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use plimsoll_base::Kind;
use plimsoll_proof::LogError;

use crate::name::{CursorName, DocumentKey, LeaseName, Owner, StreamName};

/// What comes back from a journal.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a journal could not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A text is no name.
    #[error("`{text}` cannot name {what}: want at most 128 lower-case letters, digits and ._-:/")]
    Name {
        /// What was to be named.
        what: &'static str,
        /// How the text begins.
        text: String,
    },
    /// A batch is larger than it may be.
    #[error("too many {what}: {found}, where {max} are allowed")]
    TooMuch {
        /// What there is too much of.
        what: &'static str,
        /// How much there is.
        found: usize,
        /// How much there may be.
        max: usize,
    },
    /// A batch changes one thing twice.
    #[error("a batch changes {what} {name} twice")]
    Twice {
        /// What sort of thing.
        what: &'static str,
        /// Which.
        name: String,
    },
    /// A stream is longer or shorter than the writer believed.
    #[error("stream {stream} is at {found}, not at {expected}")]
    Moved {
        /// Which stream.
        stream: StreamName,
        /// How far the writer believed it to be.
        expected: u64,
        /// How far it is.
        found: u64,
    },
    /// A batch was made for what another was to do first, which was not done.
    #[error("stream {stream} does not go on with the batch that this one was made to follow")]
    Unlinked {
        /// Which stream.
        stream: StreamName,
    },
    /// A document has another version than the writer believed.
    #[error("document {key} has version {found}, not {expected}")]
    Changed {
        /// Which document.
        key: DocumentKey,
        /// The version that the writer believed it to have.
        expected: u64,
        /// The version it has; 0 if there is none.
        found: u64,
    },
    /// A lease is no longer held in the epoch that a batch was made for.
    #[error("lease {lease} is no longer held in epoch {epoch}")]
    Fenced {
        /// Which lease.
        lease: LeaseName,
        /// The epoch of the batch.
        epoch: u64,
    },
    /// A lease belongs to somebody else.
    #[error("lease {lease} is held by {owner}")]
    Held {
        /// Which lease.
        lease: LeaseName,
        /// By whom.
        owner: Owner,
    },
    /// A cursor would go back.
    #[error("cursor {cursor} stands at {found} and cannot go back to {to}")]
    Back {
        /// Which cursor.
        cursor: CursorName,
        /// Where it stands.
        found: u64,
        /// Where it was to go.
        to: u64,
    },
    /// A stream would be trimmed beyond its end.
    #[error("stream {stream} ends at {found} and cannot be trimmed through {through}")]
    TrimBeyond {
        /// Which stream.
        stream: StreamName,
        /// Its last sequence.
        found: u64,
        /// What was to be trimmed.
        through: u64,
    },
    /// More is waiting to be written than may wait.
    #[error("the journal has {0} batches waiting to be written")]
    Busy(usize),
    /// The clock stands before the last record.
    #[error("the clock stands {0} ms before the last record of the journal")]
    ClockBehind(u64),
    /// Another process writes here.
    #[error("the journal in {0} is in use by another process")]
    InUse(PathBuf),
    /// There is no journal.
    #[error("there is no journal in {0}")]
    Absent(PathBuf),
    /// The disk is full.
    #[error("the disk is full: nothing more can be written to the journal")]
    Full,
    /// The disk or the database refuses.
    #[error("cannot {doing} the journal: {said}")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// What the database says.
        said: String,
    },
    /// A file could not be read or written.
    #[error("{doing} {path}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To which file.
        path: PathBuf,
        /// What the system says.
        source: Arc<io::Error>,
    },
    /// A key would not sign.
    #[error("cannot sign the journal's checkpoint")]
    Key(#[source] Arc<plimsoll_keys::Error>),
    /// The newest checkpoint does not cover a record.
    #[error("record {position} is not signed: the newest checkpoint covers {signed}")]
    Unsigned {
        /// The position of the record.
        position: u64,
        /// How many records are covered.
        signed: u64,
    },
    /// There is no such proof.
    #[error(transparent)]
    Proof(#[from] LogError),
    /// What is stored is not what was written.
    #[error("the journal is damaged: {0}")]
    Corrupt(String),
    /// The journal was written by a later version, or its schema was tampered with.
    #[error("the journal's schema is not one that this program made: {0}")]
    Schema(String),
    /// The journal has been closed, or its writer has died.
    #[error("the journal is closed")]
    Closed,
}

impl Error {
    pub(crate) fn corrupt(what: impl Into<String>) -> Self {
        Self::Corrupt(what.into())
    }

    pub(crate) fn io(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { doing, path, source: Arc::new(source) }
    }

    /// What the database says, sorted: a full disk and damage are told apart from the rest.
    pub(crate) fn database(doing: &'static str) -> impl FnOnce(rusqlite::Error) -> Self {
        move |error| match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Self::Full,
            Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => {
                Self::Corrupt(error.to_string())
            }
            _ => Self::Database { doing, said: error.to_string() },
        }
    }

    /// What sort of trouble this is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Name { .. } | Self::TooMuch { .. } | Self::Twice { .. } => Kind::Invalid,
            Self::Moved { .. }
            | Self::Unlinked { .. }
            | Self::Changed { .. }
            | Self::Fenced { .. }
            | Self::Held { .. }
            | Self::Back { .. }
            | Self::TrimBeyond { .. }
            | Self::InUse(_) => Kind::Conflict,
            Self::Absent(_) | Self::Unsigned { .. } | Self::Proof(_) => Kind::NotFound,
            Self::Busy(_) => Kind::Busy,
            Self::ClockBehind(_)
            | Self::Full
            | Self::Database { .. }
            | Self::Io { .. }
            | Self::Key(_)
            | Self::Closed => Kind::Unavailable,
            Self::Corrupt(_) | Self::Schema(_) => Kind::Corrupt,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::ClockBehind(_) => Some("set the clock; writing goes on when it has caught up"),
            Self::InUse(_) => Some("stop the other process, or use another folder"),
            Self::Full => Some("free some space; writing goes on by itself"),
            Self::Corrupt(_) => {
                Some("nothing was changed: restore a backup, and keep the damaged folder to look at")
            }
            Self::Schema(_) => Some("use the program that wrote it, or a later one"),
            _ => None,
        }
    }
}
