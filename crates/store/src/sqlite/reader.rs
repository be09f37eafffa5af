//! Reading, on connections of their own: readers never wait for the writer, nor it for them.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use plimsoll_proof::{
    Digest, LogProof, SignedCheckpoint, Subtree, TreeHead, inclusion_proof_of, leaf_hash, node_hash,
};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::error::{Error, Result};
use crate::journal::{Amount, READ_BYTES_MAX, READ_RECORDS_MAX};
use crate::name::StreamName;
use crate::record::{Record, decode};
use crate::sqlite::index;
use crate::sqlite::open::DATABASE;
use crate::sqlite::recent::Recent;
use crate::sqlite::rows::{self, RowKind, SUM_BYTES, first_bytes};
use crate::sqlite::tree::place;

/// The greatest number that SQLite counts to: no record has a greater position or sequence.
const NUMBER_MAX: u64 = i64::MAX as u64;
/// Connections that are kept open for the next reader.
const IDLE_MAX: usize = 8;
/// What a connection keeps of the database in memory, in KiB: the upper pages of its trees. The rest is in the system's
/// memory already.
const CACHE_KIB: i64 = 256;

/// Connections for reading.
#[derive(Debug)]
pub(crate) struct Readers {
    file: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(crate) fn new(file: PathBuf) -> Self {
        Self { file, idle: Mutex::default() }
    }

    /// Lends a connection for a while. All that is read meanwhile is of one moment, and SQLite takes its lock once.
    pub(crate) fn with<T>(&self, read: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.open()?,
        };
        let run = |sql| connection.prepare_cached(sql)?.execute([]);
        run("BEGIN").map_err(Error::database("read"))?;
        let answer = read(&connection);
        // A connection that cannot end what it has begun is not lent again.
        run("COMMIT").map_err(Error::database("read"))?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_MAX {
            idle.push(connection);
        }
        answer
    }

    fn open(&self) -> Result<Connection> {
        let connection = open_for_reading(&self.file)?;
        // SQLite counts pages, and KiB below zero.
        connection.pragma_update(None, "cache_size", -CACHE_KIB).map_err(Error::database("open"))?;
        Ok(connection)
    }

    /// Closes the connections that nobody uses, so that the writer is the last to leave.
    pub(crate) fn close(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// Opens the database in a journal's folder, to read it.
pub(crate) fn open_folder(folder: &Path) -> Result<Connection> {
    let file = folder.join(DATABASE);
    if !file.exists() {
        return Err(Error::Absent(folder.to_owned()));
    }
    open_for_reading(&file)
}

/// Opens a database that is there, to read it.
fn open_for_reading(file: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags).map_err(Error::database("open"))?;
    keep_plans(&connection)?;
    Ok(connection)
}

/// Has SQLite plan a statement once. By itself it plans most of them anew whenever they are taken up again, lest a value
/// make another plan better. None of ours does, and planning takes longer than reading.
pub(crate) fn keep_plans(connection: &Connection) -> Result<()> {
    let kept = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true);
    kept.map(drop).map_err(Error::database("open"))
}

/// The position of the last record.
pub(crate) fn last_position(connection: &Connection) -> Result<u64> {
    let sql = "SELECT coalesce(max(position), 0) FROM record";
    connection.query_row(sql, [], |row| row.get(0)).map_err(Error::database("read"))
}

/// The records of the journal after a position. It is known to reach to `position` at least: a table that ends before is
/// damaged.
pub(crate) fn tail(
    connection: &Connection,
    position: u64,
    after: u64,
    amount: Amount,
) -> Result<Vec<Record>> {
    if after > NUMBER_MAX {
        return Ok(Vec::new());
    }
    let failed = || Error::database("read");
    let sql = "SELECT position, body FROM record WHERE position > ?1 ORDER BY position";
    let mut statement = connection.prepare_cached(sql).map_err(failed())?;
    let mut rows = statement.query([after]).map_err(failed())?;
    let mut taken = Taken::new(amount);
    let mut expected = after + 1;
    while taken.has_room() {
        let row = rows.next().map_err(failed())?;
        let found: Option<u64> = row.map(|row| row.get(0)).transpose().map_err(failed())?;
        if found.map_or(expected <= position, |found| found != expected) {
            return Err(no_record(expected));
        }
        let Some(row) = row else { break };
        let kept = row.get_ref(1).map_err(failed())?.as_blob().map_err(|_| no_record(expected))?;
        if !kept.is_empty() {
            taken.add(checked(expected, kept)?);
        }
        expected += 1;
    }
    Ok(taken.records)
}

/// The sequence of the last record of a stream; 0 if it has none.
pub(crate) fn sequence(connection: &Connection, recent: &Recent, stream: &StreamName) -> Result<u64> {
    // What is not indexed first: what is being indexed meanwhile is then found in either place.
    if let Some(last) = recent.last(stream) {
        return Ok(last);
    }
    Ok(rows::find(connection, RowKind::Stream, stream.as_str())?.map_or(0, |row| row.number))
}

/// The records of a stream after a sequence.
pub(crate) fn read(
    connection: &Connection,
    recent: &Recent,
    stream: &StreamName,
    after: u64,
    amount: Amount,
) -> Result<Vec<Record>> {
    if after > NUMBER_MAX {
        return Ok(Vec::new());
    }
    // What is not indexed first: what is being indexed meanwhile is then seen twice rather than never.
    let newest = recent.after(stream, after);
    let row = rows::find(connection, RowKind::Stream, stream.as_str())?.unwrap_or_default();
    let after = after.max(row.other);
    let max = amount.records.min(READ_RECORDS_MAX);
    let mut places = index::postings(connection, stream, after, max)?;
    let indexed = places.last().map_or(after, |(sequence, _)| *sequence);
    if places.len() < max && indexed < row.number {
        let last = row.number;
        return Err(Error::corrupt(format!(
            "the index of stream {stream} ends at {indexed} and not at {last}"
        )));
    }
    places.extend(newest.into_iter().filter(|(sequence, _)| *sequence > indexed));
    let mut taken = Taken::new(amount);
    for (expected, (sequence, position)) in (after + 1..).zip(places) {
        if !taken.has_room() {
            break;
        }
        if sequence != expected {
            return Err(Error::corrupt(format!("record {expected} of stream {stream} is missing")));
        }
        let record = kept(connection, position, |kept| checked(position, kept))?;
        if record.stream != *stream || record.sequence != sequence {
            return Err(Error::corrupt(format!(
                "record {position} is not record {sequence} of stream {stream}"
            )));
        }
        taken.add(record);
    }
    Ok(taken.records)
}

/// The root of a full subtree of the Merkle log: from tiles, and beyond them from the records.
pub(crate) fn subtree(connection: &Connection, subtree: Subtree) -> Result<Digest> {
    let Subtree { level, index } = subtree;
    let (tiles, height) = (level / 8, level % 8);
    let first = index << height;
    if first + (1 << height) <= index::through(connection)? >> (tiles * 8) {
        let (number, at) = place(first);
        let missing = || Error::corrupt(format!("tile {number} of level {tiles} is too short"));
        let nodes = index::tile(connection, tiles, number)?;
        // A full subtree within a tile never crosses its end.
        let nodes = nodes.get(at..at + (1 << height)).ok_or_else(missing)?;
        return Ok(TreeHead::of(nodes).root);
    }
    if level == 0 {
        // It is in no tile yet: made of its record.
        let position = index + 1;
        return kept(connection, position, |kept| body(position, kept).map(leaf_hash));
    }
    let child = |index| self::subtree(connection, Subtree { level: level - 1, index });
    Ok(node_hash(&child(index * 2)?, &child(index * 2 + 1)?))
}

/// The proof that the record at a position stands in the log of the newest checkpoint.
pub(crate) fn prove(
    connection: &Connection,
    checkpoint: Option<SignedCheckpoint>,
    position: u64,
) -> Result<LogProof> {
    let last = last_position(connection)?;
    let index = position.checked_sub(1).filter(|index| *index < last);
    let index = index.ok_or(Error::NoRecord { position, last })?;
    let checkpoint = checkpoint.ok_or(Error::Unsigned { position, signed: 0 })?;
    let size = checkpoint.checkpoint.tree.size;
    if index >= size {
        return Err(Error::Unsigned { position, signed: size });
    }
    let hashes = inclusion_proof_of(size, index, &mut |node| subtree(connection, node))?;
    Ok(LogProof { index, hashes, checkpoint })
}

/// Looks at what is kept of the record at a position: nothing, if it was trimmed.
pub(crate) fn kept<T>(
    connection: &Connection,
    position: u64,
    look: impl FnOnce(&[u8]) -> Result<T>,
) -> Result<T> {
    let failed = || Error::database("read");
    let sql = "SELECT body FROM record WHERE position = ?1";
    let mut statement = connection.prepare_cached(sql).map_err(failed())?;
    let mut rows = statement.query([position]).map_err(failed())?;
    let row = rows.next().map_err(failed())?.ok_or_else(|| no_record(position))?;
    look(row.get_ref(0).map_err(failed())?.as_blob().map_err(|_| no_record(position))?)
}

/// What is read at once, counted.
struct Taken {
    records: Vec<Record>,
    bytes: usize,
    amount: Amount,
}

impl Taken {
    fn new(amount: Amount) -> Self {
        let amount =
            Amount { records: amount.records.min(READ_RECORDS_MAX), bytes: amount.bytes.min(READ_BYTES_MAX) };
        Self { records: Vec::new(), bytes: 0, amount }
    }

    fn has_room(&self) -> bool {
        self.records.len() < self.amount.records
            && (self.records.is_empty() || self.bytes < self.amount.bytes)
    }

    fn add(&mut self, record: Record) {
        self.bytes += record.payload.bytes.len();
        self.records.push(record);
    }
}

fn no_record(position: u64) -> Error {
    Error::corrupt(format!("record {position} is missing"))
}

/// The record in what is kept of it, held against its sum.
pub(crate) fn checked(position: u64, kept: &[u8]) -> Result<Record> {
    decode(position, body(position, kept)?)
}

/// The bytes of a record in what is kept of it, held against their sum.
fn body(position: u64, kept: &[u8]) -> Result<&[u8]> {
    let (sum, body) = kept.split_first_chunk::<SUM_BYTES>().ok_or_else(|| no_record(position))?;
    if first_bytes(&leaf_hash(body)) == *sum {
        Ok(body)
    } else {
        Err(Error::corrupt(format!("record {position} is not what was written")))
    }
}
