//! What is written at once: all of it or nothing.

use crate::error::Error;
use crate::name::{CursorName, DocumentKey, LeaseName, Owner, StreamName, TimerName};
use crate::record::{NewRecord, PAYLOAD_BYTES_MAX};

/// Most records of one batch: more belong into several, or a reader waits for one writer.
pub const BATCH_RECORDS_MAX: usize = 1_024;
/// Most changes of rows in one batch, for the same reason.
pub const BATCH_WRITES_MAX: usize = 1_024;
/// Most bytes of payloads and values in one batch.
pub const BATCH_BYTES_MAX: usize = 4 << 20;
/// Longest value of a document, a timer, in bytes: what is larger is no small document.
pub const VALUE_BYTES_MAX: usize = 64 << 10;
/// Longest life of a lease that is not renewed: what its owner held stays blocked that long.
pub const LEASE_TTL_MS_MAX: u64 = 3_600_000;

/// Appends and changes of rows that are kept together or not at all. Nothing is changed twice in one batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// To which batches it belongs that were asked for before it and are not answered yet, if it was made for what
    /// they will have done.
    pub link: Option<Link>,
    /// What must be owned, and since which epoch, for any of it to happen.
    pub fences: Vec<Fence>,
    /// Records for streams.
    pub appends: Vec<Append>,
    /// Changes of rows, in order.
    pub writes: Vec<Write>,
}

/// A lease that must still be held in the epoch in which it was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    /// Which lease.
    pub lease: LeaseName,
    /// The epoch that its owner was given.
    pub epoch: u64,
}

/// A place in a chain of batches that were asked for one after the other without waiting for answers. A length alone
/// would not do: if the batch before is refused and somebody else's record takes its place, the stream is as long as
/// was expected, and says something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Which chain. No two have the same number, whoever makes them.
    pub chain: u64,
    /// Whether a batch of the chain comes before it: then the last record of each stream whose length it expects must
    /// be of this chain.
    pub follows: bool,
}

/// Records for one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Append {
    /// Which stream.
    pub stream: StreamName,
    /// How long the stream must be.
    pub expect: Expect,
    /// What is appended, in order.
    pub records: Vec<NewRecord>,
}

/// How far a stream or a document must have come for a batch to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// However far.
    Any,
    /// Exactly so far: the sequence of the last record, the version of the document; 0 if there is none.
    At(u64),
}

/// A change of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// Keeps a document; its version grows by one.
    PutDocument {
        /// Which document.
        key: DocumentKey,
        /// Which version it must have.
        expect: Expect,
        /// Its new value.
        value: Vec<u8>,
    },
    /// Removes a document.
    DeleteDocument {
        /// Which document.
        key: DocumentKey,
        /// Which version it must have.
        expect: Expect,
    },
    /// Sets a timer, or sets it anew.
    SetTimer {
        /// Which timer.
        name: TimerName,
        /// When it is due, in milliseconds since 1970-01-01T00:00:00Z.
        due_unix_ms: u64,
        /// What its owner wants to know then.
        value: Vec<u8>,
    },
    /// Removes a timer, if it is there.
    ClearTimer {
        /// Which timer.
        name: TimerName,
    },
    /// Moves a cursor forward. Back is refused: what was read twice would be done twice.
    MoveCursor {
        /// Which cursor.
        name: CursorName,
        /// To which position or sequence.
        to: u64,
    },
    /// Takes a lease that is free or expired, in a new epoch, or renews one that is the owner's own, in the same.
    TakeLease {
        /// Which lease.
        name: LeaseName,
        /// For whom.
        owner: Owner,
        /// For how long from now.
        ttl_ms: u64,
    },
    /// Gives a lease back, if it is still the owner's.
    ReleaseLease {
        /// Which lease.
        name: LeaseName,
        /// Whose.
        owner: Owner,
    },
    /// Forgets what the records of a stream said up to a sequence. Their leaves stay in the Merkle log.
    Trim {
        /// Which stream.
        stream: StreamName,
        /// The last sequence to forget.
        through: u64,
    },
}

/// How safe an accepted batch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// In memory: gone if the process ends.
    Memory,
    /// On the disk of this machine, which has said so.
    Fsynced,
    /// On the disks of a majority.
    Quorum,
}

/// What became of a batch that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// How safe it is.
    pub durability: Durability,
    /// The position of the journal's last record after this batch.
    pub position: u64,
    /// For each append the sequence of its last record.
    pub sequences: Vec<u64>,
    /// For each lease that was taken, its epoch.
    pub epochs: Vec<u64>,
}

impl Batch {
    /// A batch that appends to one stream.
    pub fn append(stream: StreamName, expect: Expect, records: Vec<NewRecord>) -> Self {
        Self { appends: vec![Append { stream, expect, records }], ..Self::default() }
    }

    /// Whether it asks for nothing: no record, and no change of a row.
    pub fn is_empty(&self) -> bool {
        self.appends.iter().all(|append| append.records.is_empty()) && self.writes.is_empty()
    }

    /// How many bytes it asks to keep.
    pub(crate) fn bytes(&self) -> usize {
        let records = self.appends.iter().flat_map(|append| &append.records);
        records.map(|record| record.payload.bytes.len()).chain(self.writes.iter().map(Write::bytes)).sum()
    }

    /// Whether it is within the bounds.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let records: usize = self.appends.iter().map(|append| append.records.len()).sum();
        within("records of a batch", records, BATCH_RECORDS_MAX)?;
        within("changes of a batch", self.writes.len(), BATCH_WRITES_MAX)?;
        within("fences of a batch", self.fences.len(), BATCH_WRITES_MAX)?;
        within("bytes of a batch", self.bytes(), BATCH_BYTES_MAX)?;
        let streams = self.appends.iter().map(|append| ("stream", append.stream.as_str()));
        let mut touched: Vec<_> = streams.chain(self.writes.iter().map(Write::touches)).collect();
        touched.sort_unstable();
        if let Some([(what, name), _]) = touched.array_windows().find(|[one, next]| one == next) {
            return Err(Error::Twice { what, name: (*name).to_owned() });
        }
        for record in self.appends.iter().flat_map(|append| &append.records) {
            within("bytes of a payload", record.payload.bytes.len(), PAYLOAD_BYTES_MAX)?;
        }
        self.writes.iter().try_for_each(Write::check)
    }
}

impl Write {
    /// What it changes: a batch changes nothing twice.
    fn touches(&self) -> (&'static str, &str) {
        match self {
            Self::PutDocument { key, .. } | Self::DeleteDocument { key, .. } => ("document", key.as_str()),
            Self::SetTimer { name, .. } | Self::ClearTimer { name } => ("timer", name.as_str()),
            Self::MoveCursor { name, .. } => ("cursor", name.as_str()),
            Self::TakeLease { name, .. } | Self::ReleaseLease { name, .. } => ("lease", name.as_str()),
            Self::Trim { stream, .. } => ("stream", stream.as_str()),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::PutDocument { value, .. } | Self::SetTimer { value, .. } => value.len(),
            _ => 0,
        }
    }

    fn check(&self) -> Result<(), Error> {
        within("bytes of a value", self.bytes(), VALUE_BYTES_MAX)?;
        match self {
            Self::TakeLease { ttl_ms, .. } => within(
                "milliseconds of a lease",
                usize::try_from(*ttl_ms).unwrap_or(usize::MAX),
                usize::try_from(LEASE_TTL_MS_MAX).unwrap_or(usize::MAX),
            ),
            _ => Ok(()),
        }
    }
}

fn within(what: &'static str, found: usize, max: usize) -> Result<(), Error> {
    if found <= max { Ok(()) } else { Err(Error::TooMuch { what, found, max }) }
}
