//! A journal in a folder of its own, with a clock that is told.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use plimsoll_base::Clock;
use plimsoll_keys::LogKey;
use plimsoll_proof::VerifierKey;
use plimsoll_store::{
    Amount, Batch, Error, Expect, Journal, NewRecord, Options, Receipt, Record, RecordKind, Result,
    SqliteJournal, StreamName, Write,
};
use tempfile::TempDir;

/// When time begins in these tests: 2026-11-22T00:00:00Z.
pub(crate) const BEGAN_MS: u64 = 1_795_305_600_000;

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub(crate) struct ToldClock(AtomicU64);

impl ToldClock {
    pub(crate) fn set(&self, unix_ms: u64) {
        self.0.store(unix_ms, Ordering::SeqCst);
    }
}

impl Clock for ToldClock {
    fn monotonic_ns(&self) -> u64 {
        self.unix_ms() * 1_000_000
    }

    fn unix_ms(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// A folder for a journal, the keys of its log, and a clock.
pub(crate) struct World {
    folder: TempDir,
    seed: Arc<LogKey>,
    pub(crate) clock: Arc<ToldClock>,
    runtime: tokio::runtime::Runtime,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            seed: Arc::new(LogKey::generate().unwrap()),
            clock: Arc::new(ToldClock(AtomicU64::new(BEGAN_MS))),
            runtime: tokio::runtime::Builder::new_current_thread().build().unwrap(),
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn key(&self) -> VerifierKey {
        self.seed.verifier_key()
    }

    /// Opens the journal in the world's folder.
    pub(crate) fn open(&self) -> Result<SqliteJournal> {
        self.open_in(self.folder.path())
    }

    /// Opens the journal in another folder, with the same keys and clock.
    pub(crate) fn open_in(&self, folder: &Path) -> Result<SqliteJournal> {
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        SqliteJournal::open(Options { folder: folder.to_owned(), key: Arc::clone(&self.seed), clock })
    }

    pub(crate) fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    pub(crate) fn commit(&self, journal: &impl Journal, batch: Batch) -> Result<Receipt> {
        self.wait(journal.commit(batch))
    }

    /// Appends texts to a stream.
    pub(crate) fn say(&self, journal: &impl Journal, to: &str, texts: &[&str]) -> Receipt {
        self.commit(journal, says(to, Expect::Any, texts)).unwrap()
    }

    /// The texts of a stream.
    pub(crate) fn said(&self, journal: &impl Journal, in_stream: &str) -> Vec<String> {
        let records = self.wait(journal.read(&stream(in_stream), 0, Amount::records(10_000))).unwrap();
        texts(&records)
    }

    /// The texts of the whole journal, each with its stream.
    pub(crate) fn all(&self, journal: &impl Journal) -> Vec<(String, String)> {
        let records = self.wait(journal.tail(0, Amount::records(10_000))).unwrap();
        let streams = records.iter().map(|record| record.stream.to_string());
        streams.zip(texts(&records)).collect()
    }
}

pub(crate) fn stream(name: &str) -> StreamName {
    StreamName::new(name).unwrap()
}

pub(crate) fn says(to: &str, expect: Expect, texts: &[&str]) -> Batch {
    let kind = RecordKind::new("said").unwrap();
    let records = texts.iter().map(|text| NewRecord::plain(kind.clone(), *text)).collect();
    Batch::append(stream(to), expect, records)
}

pub(crate) fn writes(writes: Vec<Write>) -> Batch {
    Batch { writes, ..Batch::default() }
}

pub(crate) fn texts(records: &[Record]) -> Vec<String> {
    let text = |record: &Record| String::from_utf8(record.payload.bytes.clone()).unwrap();
    records.iter().map(text).collect()
}

/// The error's sentence.
pub(crate) fn sentence<T: std::fmt::Debug>(answer: std::result::Result<T, Error>) -> String {
    answer.unwrap_err().to_string()
}
