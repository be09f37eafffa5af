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
pub(crate) const BUSY_MAX: Duration = Duration::from_secs(5);

/// The notes of all, those of users, and what was posted under which idempotency key.
const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS notes (key TEXT PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS own_notes (owner TEXT, key TEXT, body BLOB NOT NULL, PRIMARY KEY (owner, key));
CREATE TABLE IF NOT EXISTS posted (once TEXT PRIMARY KEY, key TEXT NOT NULL, body BLOB NOT NULL)";

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

/// What is to be written.
#[derive(Debug)]
pub(crate) enum Write {
    /// A note under a key: of all, or of one user.
    Put { owner: Option<String>, key: Key, body: Vec<u8> },
    /// A note for which the service chooses a key; under an idempotency key once.
    Post { once: Option<String>, body: Vec<u8> },
    /// The end of a note.
    Delete { key: Key },
}

/// What a write did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Written {
    /// There is a new note under a key that the service chose, now or when it was posted before.
    Created(Key),
    /// There is a new note.
    Kept,
    Replaced,
    Removed,
    NotThere,
    /// Something else was posted under this idempotency key.
    OtherBody,
}

struct Queued {
    write: Write,
    reply: oneshot::Sender<Result<Written, StoreError>>,
}

/// The way to the notes. Copies are the same store; the writer ends when the last one is dropped.
#[derive(Clone)]
pub(crate) struct Store {
    /// Dropped before `writes`: SQLite merges its log into the database when the last connection closes, and of two that
    /// close at the same time neither is the last. The writer's is to be.
    reader: Arc<Mutex<Connection>>,
    writes: mpsc::SyncSender<Queued>,
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

    /// Writes. When this returns, it is on the disk.
    pub(crate) async fn write(&self, write: Write) -> Result<Written, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.writes.try_send(Queued { write, reply }).map_err(|error| match error {
            mpsc::TrySendError::Full(_) => StoreError::Busy,
            mpsc::TrySendError::Disconnected(_) => StoreError::Ending,
        })?;
        answer.await.unwrap_or(Err(StoreError::Ending))
    }

    pub(crate) async fn get(&self, owner: Option<String>, key: Key) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(move |connection| match owner {
            None => {
                let select = "SELECT body FROM notes WHERE key = ?1";
                connection.query_row(select, [key.as_str()], |row| row.get(0)).optional()
            }
            Some(owner) => {
                let select = "SELECT body FROM own_notes WHERE owner = ?1 AND key = ?2";
                connection.query_row(select, [owner.as_str(), key.as_str()], |row| row.get(0)).optional()
            }
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
fn write_until_closed(mut connection: Connection, queue: &mpsc::Receiver<Queued>) {
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

fn store(connection: &mut Connection, batch: &[Queued]) -> rusqlite::Result<Vec<Written>> {
    let transaction = connection.transaction()?;
    let done =
        batch.iter().map(|queued| store_one(&transaction, &queued.write)).collect::<rusqlite::Result<_>>()?;
    transaction.commit()?;
    Ok(done)
}

fn store_one(transaction: &Transaction<'_>, write: &Write) -> rusqlite::Result<Written> {
    match write {
        Write::Put { owner: None, key, body } => {
            let update = "UPDATE notes SET body = ?2 WHERE key = ?1";
            if transaction.execute(update, (key.as_str(), body))? > 0 {
                return Ok(Written::Replaced);
            }
            let insert = "INSERT INTO notes (key, body) VALUES (?1, ?2)";
            transaction.execute(insert, (key.as_str(), body))?;
            Ok(Written::Kept)
        }
        Write::Put { owner: Some(owner), key, body } => {
            let update = "UPDATE own_notes SET body = ?3 WHERE owner = ?1 AND key = ?2";
            if transaction.execute(update, (owner, key.as_str(), body))? > 0 {
                return Ok(Written::Replaced);
            }
            let insert = "INSERT INTO own_notes (owner, key, body) VALUES (?1, ?2, ?3)";
            transaction.execute(insert, (owner, key.as_str(), body))?;
            Ok(Written::Kept)
        }
        Write::Post { once, body } => post(transaction, once.as_deref(), body),
        Write::Delete { key } => {
            let delete = "DELETE FROM notes WHERE key = ?1";
            let removed = transaction.execute(delete, [key.as_str()])?;
            Ok(if removed > 0 { Written::Removed } else { Written::NotThere })
        }
    }
}

/// In one transaction with what says that it was posted: neither is there without the other.
fn post(transaction: &Transaction<'_>, once: Option<&str>, body: &[u8]) -> rusqlite::Result<Written> {
    let key_of = |text: String| Key::parse(&text).ok_or(rusqlite::Error::InvalidQuery);
    if let Some(once) = once {
        let select = "SELECT key, body FROM posted WHERE once = ?1";
        let before = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?));
        if let Some((key, posted)) = transaction.query_row(select, [once], before).optional()? {
            return Ok(if posted == body { Written::Created(key_of(key)?) } else { Written::OtherBody });
        }
    }
    let insert = "INSERT INTO notes (key, body) VALUES (lower(hex(randomblob(16))), ?1) RETURNING key";
    let key: String = transaction.query_row(insert, [body], |row| row.get(0))?;
    if let Some(once) = once {
        let insert = "INSERT INTO posted (once, key, body) VALUES (?1, ?2, ?3)";
        transaction.execute(insert, (once, &key, body))?;
    }
    Ok(Written::Created(key_of(key)?))
}
