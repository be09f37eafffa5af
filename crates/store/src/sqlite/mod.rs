//! The journal in one folder on this machine, kept by SQLite.
//!
//! One thread writes: it takes all that is waiting into one transaction and answers when the disk has confirmed it.
//! In that transaction a record is one row of one table; postings and tiles follow a little later. Readers have
//! connections of their own.

mod acknowledged;
mod group;
mod index;
mod open;
mod reader;
mod recent;
mod rows;
mod schema;
mod tree;
mod verify;
mod view;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::thread::JoinHandle;

use plimsoll_base::Clock;
use plimsoll_keys::LogKey;
use plimsoll_proof::{Digest, LogProof, SignedCheckpoint, Subtree};
use tokio::sync::{oneshot, watch};

use crate::batch::{Batch, Receipt};
use crate::error::{Error, Result};
use crate::journal::{Amount, Document, Journal, Timer};
use crate::name::{CursorName, DocumentKey, StreamName, TimerName};
use crate::record::Record;
use reader::Readers;
use recent::Recent;
use rows::RowKind;
use writer::Request;

#[cfg(fuzzing)]
pub(crate) use acknowledged::respelled as parse_acknowledged;
#[cfg(fuzzing)]
pub(crate) use index::from_bytes as postings_from_bytes;
pub use verify::{Verified, verify};
pub use view::JournalView;

/// Batches that may wait to be written: some hundredths of a second at full speed.
const WAITING_MAX: usize = 4_096;

/// Where a journal is, and who signs for it.
pub struct Options {
    /// The folder; it is made if it is not there.
    pub folder: PathBuf,
    /// Signs the checkpoints.
    pub key: Arc<LogKey>,
    /// Says when records are accepted.
    pub clock: Arc<dyn Clock>,
}

/// A journal in a folder. It is closed, with all that was asked of it done, when it is dropped.
pub struct SqliteJournal {
    readers: Arc<Readers>,
    recent: Arc<Recent>,
    /// Gone when the journal is being closed.
    requests: Option<SyncSender<Request>>,
    writer: Option<JoinHandle<()>>,
}

impl SqliteJournal {
    /// Opens the journal in a folder, or begins one. What a crash left behind is put in order; what is damaged is
    /// refused, and nothing is changed.
    pub fn open(options: Options) -> Result<Self> {
        let opened = open::open(options)?;
        let (requests, receiver) = std::sync::mpsc::sync_channel(WAITING_MAX);
        let (readers, recent) = (Arc::new(opened.readers), Arc::clone(&opened.writer.recent));
        let writer = std::thread::Builder::new()
            .name("journal".into())
            .spawn(move || opened.writer.run(&receiver))
            .map_err(Error::io("starting the writer of", "the journal"))?;
        Ok(Self { readers, recent, requests: Some(requests), writer: Some(writer) })
    }

    /// The sequence of the last record of a stream; 0 if it has none.
    pub async fn sequence(&self, stream: &StreamName) -> Result<u64> {
        let stream = stream.clone();
        self.reading(move |connection, recent| reader::sequence(connection, recent, &stream)).await
    }

    /// The proof that the record at a position stands in the log as it is signed now.
    pub async fn prove(&self, position: u64) -> Result<LogProof> {
        let checkpoint = Some(self.checkpoint().await?);
        self.reading(move |connection, _| reader::prove(connection, checkpoint, position)).await
    }

    fn ask(&self, request: Request) -> Result<()> {
        let requests = self.requests.as_ref().ok_or(Error::Closed)?;
        requests.try_send(request).map_err(|error| match error {
            TrySendError::Full(_) => Error::Busy(WAITING_MAX),
            TrySendError::Disconnected(_) => Error::Closed,
        })
    }

    /// Reads on a thread where waiting for the disk holds up nobody.
    async fn reading<T: Send + 'static>(
        &self,
        read: impl FnOnce(&rusqlite::Connection, &Recent) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (readers, recent) = (Arc::clone(&self.readers), Arc::clone(&self.recent));
        let answer =
            tokio::task::spawn_blocking(move || readers.with(|connection| read(connection, &recent)));
        answer.await.unwrap_or(Err(Error::Closed))
    }
}

impl Drop for SqliteJournal {
    fn drop(&mut self) {
        self.readers.close();
        drop(self.requests.take());
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has told so already.
            let _ = writer.join();
        }
    }
}

impl Journal for SqliteJournal {
    async fn commit(&self, batch: Batch) -> Result<Receipt> {
        let (answer, answered) = oneshot::channel();
        self.ask(Request::Commit(batch, answer))?;
        answered.await.unwrap_or(Err(Error::Closed))
    }

    async fn read(&self, stream: &StreamName, after: u64, amount: Amount) -> Result<Vec<Record>> {
        let stream = stream.clone();
        self.reading(move |connection, recent| reader::read(connection, recent, &stream, after, amount)).await
    }

    async fn tail(&self, after: u64, amount: Amount) -> Result<Vec<Record>> {
        let position = *self.recent.position().borrow();
        self.reading(move |connection, _| reader::tail(connection, position, after, amount)).await
    }

    fn position(&self) -> watch::Receiver<u64> {
        self.recent.position()
    }

    async fn documents(
        &self,
        prefix: &str,
        after: Option<&DocumentKey>,
        max: usize,
    ) -> Result<Vec<Document>> {
        let (prefix, after) = (prefix.to_owned(), after.map_or("", DocumentKey::as_str).to_owned());
        self.reading(move |connection, _| {
            let rows = rows::list(connection, RowKind::Document, &prefix, &after, max)?;
            let document = |(key, row): (String, rows::Row)| {
                Ok(Document { key: DocumentKey::new(&key)?, version: row.number, value: row.value })
            };
            rows.into_iter().map(document).collect()
        })
        .await
    }

    async fn cursor(&self, cursor: &CursorName) -> Result<u64> {
        let cursor = cursor.clone();
        self.reading(move |connection, _| {
            Ok(rows::find(connection, RowKind::Cursor, cursor.as_str())?.map_or(0, |row| row.number))
        })
        .await
    }

    async fn due(&self, unix_ms: u64, max: usize) -> Result<Vec<Timer>> {
        self.reading(move |connection, _| {
            let timer = |(name, row): (String, rows::Row)| {
                Ok(Timer { name: TimerName::new(&name)?, due_unix_ms: row.number, value: row.value })
            };
            rows::due(connection, unix_ms, max)?.into_iter().map(timer).collect()
        })
        .await
    }

    async fn checkpoint(&self) -> Result<SignedCheckpoint> {
        let (answer, answered) = oneshot::channel();
        self.ask(Request::Checkpoint(answer))?;
        answered.await.unwrap_or(Err(Error::Closed))
    }

    async fn subtree(&self, subtree: Subtree) -> Result<Digest> {
        self.reading(move |connection, _| reader::subtree(connection, subtree)).await
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::batch::{Expect, Write};
    use crate::name::RecordKind;
    use crate::record::NewRecord;

    struct Midnight;

    impl Clock for Midnight {
        fn monotonic_ns(&self) -> u64 {
            0
        }

        fn unix_ms(&self) -> u64 {
            1_795_305_600_000
        }
    }

    /// A journal in a folder where it is always midnight.
    pub(crate) fn options(folder: &Path) -> Options {
        let key = Arc::new(LogKey::generate().unwrap());
        Options { folder: folder.to_owned(), key, clock: Arc::new(Midnight) }
    }

    #[tokio::test]
    async fn what_is_indexed_is_no_longer_held_in_memory() {
        let folder = tempfile::tempdir().unwrap();
        let journal = SqliteJournal::open(options(folder.path())).unwrap();
        let (stream, kind) = (StreamName::new("s").unwrap(), RecordKind::new("k").unwrap());
        let records = vec![NewRecord::plain(kind, "x"); 700];
        journal.commit(Batch::append(stream.clone(), Expect::Any, records)).await.unwrap();
        assert_eq!(journal.recent.after(&stream, 0).len(), 700);
        let view = JournalView::open(folder.path()).unwrap();
        assert_eq!((journal.sequence(&stream).await.unwrap(), view.sequence(&stream).unwrap()), (700, 700));
        // To trim needs the index.
        let writes = vec![Write::Trim { stream: stream.clone(), through: 1 }];
        journal.commit(Batch { writes, ..Batch::default() }).await.unwrap();
        assert_eq!(journal.recent.after(&stream, 0), []);
        assert_eq!(journal.read(&stream, 0, Amount::records(9_999)).await.unwrap().len(), 699);
        assert_eq!((journal.sequence(&stream).await.unwrap(), view.sequence(&stream).unwrap()), (700, 700));
        assert_eq!(journal.sequence(&StreamName::new("none").unwrap()).await.unwrap(), 0);
    }

    #[test]
    fn a_commit_waits_for_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let writer = open::open(options(folder.path())).unwrap().writer;
        let level = |name| writer.connection.pragma_query_value(None, name, |row| row.get::<_, String>(0));
        assert_eq!(level("journal_mode").unwrap(), "wal");
        let synchronous: u64 =
            writer.connection.pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap();
        assert_eq!(synchronous, 2, "FULL: the log is synced at every commit");
    }
}
