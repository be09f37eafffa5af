//! What can go wrong with a journal.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plimsoll_base::{Kind, NameError, Quantity, Unit};
use plimsoll_proof::LogError;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::name::{CursorName, DocumentKey, LeaseName, Owner, StreamName};

const FREE_SPACE: &str = "free some space; a server that runs goes on by itself";
/// With less room, in bytes, a disk is full: what SQLite takes at once for the index of its log.
const ROOM_BYTES_MIN: u64 = 32 << 10;

/// What comes back from a journal.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a journal could not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A text is no name.
    #[error(transparent)]
    Name(#[from] NameError),
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
    #[error("the clock stands {} before the last record of the journal", span(*.0))]
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
    /// The disk takes nothing.
    #[error("the disk is read-only: nothing can be written to the journal")]
    ReadOnly,
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
    /// There is no such record.
    #[error("there is no record {position}: the journal has {last}")]
    NoRecord {
        /// The position that was asked for.
        position: u64,
        /// The position of the last record.
        last: u64,
    },
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
    /// A record does not say what this program wrote.
    #[error("record {sequence} of the stream `{stream}` cannot be understood: {why}")]
    Unclear {
        /// Which stream.
        stream: StreamName,
        /// Its place in the stream.
        sequence: u64,
        /// What is wrong with it.
        why: String,
    },
    /// The journal was written by a later version, or its schema was tampered with.
    #[error("the journal's schema is not one that this program made: {0}")]
    Schema(String),
    /// The journal has been closed, or its writer has died.
    #[error("the journal is closed")]
    Closed,
    /// A fault of this program.
    #[error("a fault of this program: {0}")]
    Bug(String),
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

    /// A disk that is full or read-only says so in many ways. Where the database cannot do its work, the disk that
    /// `folder` is on is asked.
    pub(crate) fn or_disk(self, folder: &Path) -> Self {
        match self {
            Self::Database { .. } if is_full(folder) => Self::Full,
            Self::Database { .. } if is_read_only(folder) => Self::ReadOnly,
            other => other,
        }
    }

    /// What sort of trouble this is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Name(_) | Self::TooMuch { .. } | Self::Twice { .. } => Kind::Invalid,
            Self::Moved { .. }
            | Self::Unlinked { .. }
            | Self::Changed { .. }
            | Self::Fenced { .. }
            | Self::Held { .. }
            | Self::Back { .. }
            | Self::TrimBeyond { .. }
            | Self::InUse(_) => Kind::Conflict,
            Self::Absent(_) | Self::NoRecord { .. } | Self::Unsigned { .. } | Self::Proof(_) => {
                Kind::NotFound
            }
            Self::Busy(_) => Kind::Busy,
            Self::ClockBehind(_)
            | Self::Full
            | Self::ReadOnly
            | Self::Database { .. }
            | Self::Io { .. }
            | Self::Key(_)
            | Self::Closed => Kind::Unavailable,
            Self::Corrupt(_) | Self::Unclear { .. } | Self::Schema(_) => Kind::Corrupt,
            Self::Bug(_) => Kind::Bug,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Name(_) => {
                Some("at most 128 lower-case letters, digits and ._-:/, beginning with a letter or a digit")
            }
            Self::ClockBehind(_) => Some(
                "set the clock; writing goes on when it has caught up. If it is right, and was ahead before: end the \
                 server, and plimsoll journal accept-clock",
            ),
            Self::InUse(_) => Some("stop the other process, or use another folder"),
            Self::Full => Some(FREE_SPACE),
            Self::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => Some(FREE_SPACE),
            Self::ReadOnly => Some(
                "a disk that failed is made read-only by the system, whose log says why: mend it, and start again",
            ),
            Self::Database { .. } => Some(
                "look at the disk and at the system's log; what was written last may be missing. If it does not pass, \
                 start again",
            ),
            // What a disk does not give looks as what is damaged on it.
            Self::Corrupt(_) => Some(
                "nothing was changed: look at the disk and at the system's log, and start again; if it is said again, \
                 restore a backup, and keep the damaged folder to look at",
            ),
            Self::Unclear { .. } => Some("nothing was changed: restore a backup, or use a later program"),
            Self::Schema(_) => Some("use the program that wrote it, or a later one"),
            _ => None,
        }
    }
}

/// A time for people.
fn span(ms: u64) -> Quantity {
    Quantity { amount: ms.saturating_mul(1_000_000), unit: Unit::Ns }
}

/// Whether the disk says that it has no room left, for bytes or for files.
fn is_full(folder: &Path) -> bool {
    rustix::fs::statvfs(folder).is_ok_and(|disk| {
        disk.f_bavail.saturating_mul(disk.f_frsize) < ROOM_BYTES_MIN
            || (disk.f_files > 0 && disk.f_favail == 0)
    })
}

/// Whether the disk takes no new file. It is asked for one without a name: a disk that gave up says it nowhere else.
fn is_read_only(folder: &Path) -> bool {
    let nameless = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    matches!(rustix::fs::open(folder, nameless, Mode::RUSR), Err(Errno::ROFS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_trouble_with_the_disk_is_sent_to_the_disk_first() {
        let said = |code| {
            Error::database("write")(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None))
        };
        let failed = said(rusqlite::ffi::SQLITE_IOERR_FSYNC);
        assert!(matches!(failed, Error::Database { .. }), "{failed}");
        assert!(failed.hint().unwrap().contains("look at the disk"));
        assert!(matches!(failed.or_disk(Path::new("/")), Error::Database { .. }), "there is room");
        let damaged = said(rusqlite::ffi::SQLITE_CORRUPT);
        let hint = damaged.hint().unwrap();
        let (before, _) = hint.split_once("restore a backup").unwrap();
        assert!(before.contains("look at the disk"), "{hint}");
        assert!(matches!(said(rusqlite::ffi::SQLITE_FULL), Error::Full));
        let full = Error::io("opening", "x")(io::ErrorKind::StorageFull.into());
        assert_eq!(full.hint(), Error::Full.hint());
    }
}
