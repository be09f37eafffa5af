//! The one writer: a thread that takes what is waiting, writes it in one transaction, and answers when the disk has it.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use plimsoll_keys::LogKey;
use plimsoll_proof::{Checkpoint, SignedCheckpoint, TreeHead};
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use tokio::sync::oneshot;

use crate::batch::{Batch, Receipt, Write};
use crate::error::{Error, Result};
use crate::sqlite::acknowledged::Acknowledged;
use crate::sqlite::group::{Done, Group, Memory};
use crate::sqlite::index::{self, Pending};
use crate::sqlite::recent::Recent;
use crate::sqlite::rows::{self, ONLY, Row, RowKind};

/// Most batches of one transaction: the first waits for the last.
const GROUP_BATCHES_MAX: usize = 1_024;
/// Most bytes of one transaction, but for the batch that passes the bound.
const GROUP_BYTES_MAX: usize = 4 << 20;
/// So many records may be without an index: it is held in memory until then, and read again after a crash.
const PENDING_RECORDS_MAX: usize = 4_096;
/// Streams whose ends are known without asking.
const STREAMS_MAX: usize = 100_000;
/// How long the newest records may be without a signed checkpoint.
const SIGN_AFTER_MS: u64 = 1_000;

/// What the writer is asked.
pub(crate) enum Request {
    /// Keep a batch.
    Commit(Batch, oneshot::Sender<Result<Receipt>>),
    /// Sign what there is.
    Checkpoint(oneshot::Sender<Result<SignedCheckpoint>>),
}

/// Everything that the writer owns.
pub(crate) struct Writer {
    pub(crate) connection: Connection,
    pub(crate) memory: Memory,
    pub(crate) acknowledged: Acknowledged,
    pub(crate) key: Arc<LogKey>,
    pub(crate) clock: Arc<dyn plimsoll_base::Clock>,
    pub(crate) recent: Arc<Recent>,
    /// Records that are not indexed yet.
    pub(crate) pending: Vec<Pending>,
    /// The newest signed checkpoint, and when it was signed.
    pub(crate) checkpoint: Option<(SignedCheckpoint, u64)>,
    /// Keeps other writers out.
    pub(crate) _lock: File,
}

type Waiting = (Batch, oneshot::Sender<Result<Receipt>>);

/// What a transaction wrote.
struct Written {
    /// What became of each batch.
    results: Vec<Result<Receipt>>,
    done: Done,
    /// The checkpoint that was signed in it, if one was due, and when.
    signed: Option<(SignedCheckpoint, u64)>,
}

impl Writer {
    /// Works until nobody can ask any more.
    pub(crate) fn run(mut self, requests: &Receiver<Request>) {
        let idle = Duration::from_millis(SIGN_AFTER_MS);
        let mut next = None;
        loop {
            let request = match next.take() {
                Some(request) => request,
                None => match requests.recv_timeout(idle) {
                    Ok(request) => request,
                    Err(RecvTimeoutError::Timeout) => {
                        self.tidy();
                        continue;
                    }
                    Err(RecvTimeoutError::Disconnected) => break,
                },
            };
            match request {
                Request::Commit(batch, answer) => {
                    let (group, after) = gather((batch, answer), requests);
                    next = after;
                    self.write(group);
                }
                // The asker may have gone: nothing is lost.
                Request::Checkpoint(answer) => drop(answer.send(self.sign())),
            }
        }
        self.tidy();
        // The last to leave empties the log of the database. What stays in it is read again at the next start.
        let _ = self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false);
    }

    /// Signs and indexes what is there when there is nothing else to do. What fails is tried again.
    fn tidy(&mut self) {
        if self.memory.tree.size() > 0 {
            let _ = self.sign();
        }
        if !self.pending.is_empty() {
            let _ = self.transaction(&[], true);
        }
    }

    /// Writes a group, and answers.
    fn write(&mut self, group: Vec<Waiting>) {
        let (batches, answers): (Vec<Batch>, Vec<_>) = group.into_iter().unzip();
        let must_index = batches.iter().any(needs_index);
        let must_index = must_index || self.pending.len() >= PENDING_RECORDS_MAX;
        match self.transaction(&batches, must_index) {
            Ok(results) => {
                for (answer, result) in answers.into_iter().zip(results) {
                    // The asker may have gone: the batch is kept all the same.
                    let _ = answer.send(result);
                }
            }
            Err(error) => {
                // Each gets the error of the whole: none of it is there.
                for answer in answers {
                    let _ = answer.send(Err(error.clone()));
                }
            }
        }
    }

    /// Writes batches in one transaction; says what became of each. On an error none of them is there.
    pub(crate) fn transaction(
        &mut self,
        batches: &[Batch],
        must_index: bool,
    ) -> Result<Vec<Result<Receipt>>> {
        let failed = || Error::database("write");
        let now_ms = self.clock.unix_ms();
        self.run_sql("BEGIN IMMEDIATE").map_err(failed())?;
        let written = self.fill(batches, must_index, now_ms);
        let committed = written.and_then(|written| {
            self.run_sql("COMMIT").map_err(failed())?;
            Ok(written)
        });
        match committed {
            Ok(Written { results, done, signed }) => {
                self.keep(done, signed, must_index);
                Ok(results)
            }
            Err(error) => {
                // If this fails too, the next transaction says so.
                let _ = self.run_sql("ROLLBACK");
                let database = Path::new(self.connection.path().unwrap_or_default());
                Err(error.or_disk(database.parent().unwrap_or(database)))
            }
        }
    }

    /// A statement that is run again and again, and gives nothing back.
    fn run_sql(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(drop)
    }

    /// Does the work of a transaction. What it has done is not so before the database has kept it, and noted nowhere else.
    fn fill(&self, batches: &[Batch], must_index: bool, now_ms: u64) -> Result<Written> {
        if must_index {
            let tiles = self.memory.tree.changed_tiles();
            index::write(&self.connection, &self.pending, &tiles, self.memory.unix_ms)?;
        }
        let mut group = Group::begin(&self.connection, &self.memory, now_ms);
        let results = batches.iter().map(|batch| group.apply(batch)).collect::<Result<_>>()?;
        let done = group.finish();
        let is_due =
            self.checkpoint.as_ref().is_none_or(|(_, signed_ms)| now_ms >= signed_ms + SIGN_AFTER_MS);
        let signed = match is_due && !done.pending.is_empty() {
            true => Some((self.sign_head(done.growth.head())?, now_ms)),
            false => None,
        };
        Ok(Written { results, done, signed })
    }

    /// Remembers what the database has kept.
    fn keep(&mut self, done: Done, signed: Option<(SignedCheckpoint, u64)>, was_indexed: bool) {
        self.checkpoint = signed.or(self.checkpoint.take());
        if was_indexed {
            self.pending.clear();
            self.memory.tree.tiles_are_written();
            self.recent.forget();
            if self.memory.streams.len() > STREAMS_MAX {
                self.memory.streams.clear();
            }
        }
        if done.pending.is_empty() {
            return;
        }
        self.memory.tree.keep(done.growth);
        self.memory.streams.extend(done.streams);
        self.memory.unix_ms = done.unix_ms;
        self.recent.add(&done.pending, self.memory.tree.size());
        self.pending.extend(done.pending);
        let head = self.memory.tree.head();
        // A file that is behind protects less and harms nothing.
        let _ = self.acknowledged.write(&head);
    }

    /// The journal's word for all that it holds.
    fn sign(&mut self) -> Result<SignedCheckpoint> {
        let tree = self.memory.tree.head();
        match &self.checkpoint {
            Some((signed, _)) if signed.checkpoint.tree == tree => Ok(signed.clone()),
            _ => {
                let signed = self.sign_head(tree)?;
                self.checkpoint = Some((signed.clone(), self.clock.unix_ms()));
                Ok(signed)
            }
        }
    }

    /// Signs a head of the tree and writes that down, within the transaction if there is one.
    fn sign_head(&self, tree: TreeHead) -> Result<SignedCheckpoint> {
        let origin = self.key.verifier_key().name().to_owned();
        let signed = self.key.sign_checkpoint(&Checkpoint { origin, tree });
        let signed = signed.map_err(|error| Error::Key(Arc::new(error)))?;
        let row = Row { value: signed.to_string().into_bytes(), ..Row::default() };
        rows::put(&self.connection, RowKind::Checkpoint, ONLY, &row)?;
        Ok(signed)
    }
}

/// Takes what is waiting, as much as belongs into one transaction, and what was taken and does not belong into it.
fn gather(first: Waiting, requests: &Receiver<Request>) -> (Vec<Waiting>, Option<Request>) {
    let mut bytes = first.0.bytes();
    let is_alone = needs_index(&first.0);
    let mut group = vec![first];
    while !is_alone && group.len() < GROUP_BATCHES_MAX && bytes < GROUP_BYTES_MAX {
        match requests.try_recv() {
            Ok(Request::Commit(batch, answer)) if !needs_index(&batch) => {
                bytes += batch.bytes();
                group.push((batch, answer));
            }
            Ok(other) => return (group, Some(other)),
            Err(_) => break,
        }
    }
    (group, None)
}

/// Whether a batch can only be done when all before it is indexed: what it trims must be found.
fn needs_index(batch: &Batch) -> bool {
    batch.writes.iter().any(|write| matches!(write, Write::Trim { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Expect;
    use crate::name::{RecordKind, StreamName};
    use crate::record::NewRecord;
    use crate::sqlite::{open, tests};

    /// Temporary, so seen by this connection alone: with every record comes one that refers to nothing, which the database
    /// finds when it commits.
    const FAULT: &str = "CREATE TEMP TABLE parent (id INTEGER PRIMARY KEY);
        CREATE TEMP TABLE child (of INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED);
        CREATE TEMP TRIGGER fault AFTER INSERT ON main.record BEGIN INSERT INTO child VALUES (7); END;";

    #[test]
    fn what_the_database_did_not_commit_is_remembered_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = open::open(tests::options(folder.path())).unwrap().writer;
        let record = NewRecord::plain(RecordKind::new("k").unwrap(), "x");
        let batch = Batch::append(StreamName::new("s").unwrap(), Expect::At(0), vec![record]);
        writer.connection.execute_batch(FAULT).unwrap();
        let refused = writer.transaction(std::slice::from_ref(&batch), false).unwrap_err();
        assert!(refused.to_string().contains("FOREIGN KEY"), "{refused}");
        assert!(writer.checkpoint.is_none(), "it says to have signed what is not there");
        assert_eq!((writer.memory.tree.size(), *writer.recent.position().borrow()), (0, 0));
        assert!(writer.pending.is_empty() && writer.memory.streams.is_empty());
        writer.connection.execute_batch("DROP TRIGGER fault").unwrap();
        // At the same time the same batch makes the same tree.
        writer.transaction(&[batch], false).unwrap().pop().unwrap().unwrap();
        let signed = writer.sign().unwrap();
        let kept = open::checkpoint(&writer.connection).unwrap().unwrap();
        assert_eq!((signed.to_string(), kept.checkpoint.tree.size), (kept.to_string(), 1));
    }
}
