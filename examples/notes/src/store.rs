//! The notes in SQLite: one thread writes, many read.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Transaction};
use tokio::sync::oneshot;

use crate::Error;
use crate::key::Key;

/// Writes that wait for the writer. Further ones are refused with 503 rather than kept in memory.
const QUEUED_WRITES_MAX: usize = 1_024;
/// Writes in one transaction: they share one flush to the disk, which is what a durable write costs.
const BATCH_WRITES_MAX: usize = 256;
/// How many keys a list shows.
const LISTED_KEYS_MAX: u32 = 100;
/// How long one connection waits for another's lock; only a checkpoint ever holds one.
const BUSY_MAX: Duration = Duration::from_secs(5);

const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS notes (key TEXT PRIMARY KEY, body BLOB NOT NULL)";

/// Why a note was not stored or not found out about.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("too many writes are waiting")]
    Busy,
    #[error("the database does not answer: {0}")]
    Database(String),
    #[error("the service is ending")]
    Ending,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error.to_string())
    }
}

/// What a write did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Written {
    Created(Key),
    Replaced,
}

struct Write {
    /// The service chooses a key if there is none.
    key: Option<Key>,
    body: Vec<u8>,
    reply: oneshot::Sender<Result<Written, StoreError>>,
}

/// The way to the notes. Copies are the same store; the writer ends when the last one is dropped.
#[derive(Clone)]
pub(crate) struct Store {
    /// Dropped before `writes`: SQLite merges its log into the database when the last connection closes, and of two that
    /// close at the same time neither is the last. The writer's is to be.
    reader: Arc<Mutex<Connection>>,
    writes: mpsc::SyncSender<Write>,
}

impl Store {
    /// Opens the database, and starts the writer, which is to be joined after the last copy has been dropped.
    pub(crate) fn open(path: &Path) -> Result<(Self, JoinHandle<()>), Error> {
        let failed = |source| Error::Open { path: path.to_owned(), source };
        let writer = connect(path).map_err(failed)?;
        writer.execute_batch(SCHEMA).map_err(failed)?;
        let reader = Arc::new(Mutex::new(connect(path).map_err(failed)?));
        let (writes, queue) = mpsc::sync_channel(QUEUED_WRITES_MAX);
        let thread = std::thread::Builder::new().name("writer".into());
        let thread = thread.spawn(move || write_until_closed(writer, &queue));
        let thread = thread.map_err(|source| Error::System { action: "start the writer", source })?;
        Ok((Self { writes, reader }, thread))
    }

    /// Stores a note. When this returns, the note is on the disk.
    pub(crate) async fn put(&self, key: Option<Key>, body: Vec<u8>) -> Result<Written, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.writes.try_send(Write { key, body, reply }).map_err(|error| match error {
            mpsc::TrySendError::Full(_) => StoreError::Busy,
            mpsc::TrySendError::Disconnected(_) => StoreError::Ending,
        })?;
        answer.await.unwrap_or(Err(StoreError::Ending))
    }

    pub(crate) async fn get(&self, key: Key) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(move |connection| {
            let select = "SELECT body FROM notes WHERE key = ?1";
            connection.query_row(select, [key.as_str()], |row| row.get(0)).optional()
        })
        .await
    }

    /// How many notes there are, and the first keys.
    pub(crate) async fn list(&self) -> Result<(i64, Vec<String>), StoreError> {
        self.read(|connection| {
            let count = connection.query_row("SELECT count(*) FROM notes", [], |row| row.get(0))?;
            let mut statement = connection.prepare("SELECT key FROM notes ORDER BY key LIMIT ?1")?;
            let keys = statement.query_map([LISTED_KEYS_MAX], |row| row.get(0))?;
            Ok((count, keys.collect::<Result<_, _>>()?))
        })
        .await
    }

    /// Reads from the table itself, so that a database that is gone or broken shows.
    pub(crate) async fn check(&self) -> Result<(), StoreError> {
        self.read(|connection| {
            let select = "SELECT max(rowid) FROM notes";
            connection.query_row(select, [], |row| row.get::<_, Option<i64>>(0)).map(|_| ())
        })
        .await
    }

    /// Runs a query on the reading connection, away from the threads that serve requests.
    async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let reader = Arc::clone(&self.reader);
        let run = move || query(&reader.lock().unwrap_or_else(PoisonError::into_inner));
        let answer = tokio::task::spawn_blocking(run).await.map_err(|_| StoreError::Ending)?;
        Ok(answer?)
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_MAX)?;
    // With a write-ahead log readers do not wait for the writer; FULL flushes the log at every commit.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    Ok(connection)
}

/// Takes what has queued up while the last batch was flushed, stores it in one transaction, and only then replies.
fn write_until_closed(mut connection: Connection, queue: &mpsc::Receiver<Write>) {
    while let Ok(first) = queue.recv() {
        let mut batch = vec![first];
        batch.extend(queue.try_iter().take(BATCH_WRITES_MAX - 1));
        match store(&mut connection, &batch) {
            Ok(done) => {
                for (write, written) in batch.into_iter().zip(done) {
                    // A client that has gone needs no reply.
                    let _ = write.reply.send(Ok(written));
                }
            }
            Err(error) => {
                let text = error.to_string();
                for write in batch {
                    let _ = write.reply.send(Err(StoreError::Database(text.clone())));
                }
            }
        }
    }
}

fn store(connection: &mut Connection, batch: &[Write]) -> rusqlite::Result<Vec<Written>> {
    let transaction = connection.transaction()?;
    let done = batch.iter().map(|write| store_one(&transaction, write)).collect::<rusqlite::Result<_>>()?;
    transaction.commit()?;
    Ok(done)
}

fn store_one(transaction: &Transaction<'_>, write: &Write) -> rusqlite::Result<Written> {
    let Some(key) = &write.key else {
        let insert = "INSERT INTO notes (key, body) VALUES (lower(hex(randomblob(16))), ?1) RETURNING key";
        let key: String = transaction.query_row(insert, [&write.body], |row| row.get(0))?;
        return Key::parse(&key).map(Written::Created).ok_or(rusqlite::Error::InvalidQuery);
    };
    let update = "UPDATE notes SET body = ?2 WHERE key = ?1";
    if transaction.execute(update, (key.as_str(), &write.body))? > 0 {
        return Ok(Written::Replaced);
    }
    let insert = "INSERT INTO notes (key, body) VALUES (?1, ?2)";
    transaction.execute(insert, (key.as_str(), &write.body))?;
    Ok(Written::Created(key.clone()))
}
