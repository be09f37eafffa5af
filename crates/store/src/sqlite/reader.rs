//! Reading, on connections of their own: readers never wait for the writer, nor it for them.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use plimsoll_proof::{Digest, Subtree, TreeHead, leaf_hash, node_hash};
use rusqlite::{Connection, OpenFlags};

use crate::error::{Error, Result};
use crate::journal::{Amount, READ_BYTES_MAX, READ_RECORDS_MAX};
use crate::name::StreamName;
use crate::record::{Record, decode};
use crate::sqlite::index;
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

    /// Lends a connection for a while.
    pub(crate) fn with<T>(&self, read: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.open()?,
        };
        let answer = read(&connection);
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

/// Opens a database that is there, to read it.
pub(crate) fn open_for_reading(file: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(file, flags).map_err(Error::database("open"))
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
    let failed = || Error::database("read");
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
    let sql = "SELECT body FROM record WHERE position = ?1";
    let mut statement = connection.prepare_cached(sql).map_err(failed())?;
    let mut taken = Taken::new(amount);
    for (expected, (sequence, position)) in (after + 1..).zip(places) {
        if !taken.has_room() {
            break;
        }
        if sequence != expected {
            return Err(Error::corrupt(format!("record {expected} of stream {stream} is missing")));
        }
        let mut rows = statement.query([position]).map_err(failed())?;
        let row = rows.next().map_err(failed())?.ok_or_else(|| no_record(position))?;
        let kept = row.get_ref(0).map_err(failed())?.as_blob().map_err(|_| no_record(position))?;
        let record = checked(position, kept)?;
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
        return leaf(connection, index);
    }
    let child = |index| self::subtree(connection, Subtree { level: level - 1, index });
    Ok(node_hash(&child(index * 2)?, &child(index * 2 + 1)?))
}

/// A leaf that is in no tile yet: made of its record.
fn leaf(connection: &Connection, index: u64) -> Result<Digest> {
    let failed = || Error::database("read");
    let position = index + 1;
    let sql = "SELECT body FROM record WHERE position = ?1";
    let mut statement = connection.prepare_cached(sql).map_err(failed())?;
    let mut rows = statement.query([position]).map_err(failed())?;
    let row = rows.next().map_err(failed())?.ok_or_else(|| no_record(position))?;
    let kept = row.get_ref(0).map_err(failed())?.as_blob().map_err(|_| no_record(position))?;
    body(position, kept).map(leaf_hash)
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
