//! What one transaction does: batches one after the other, each wholly or not at all.

use std::collections::HashMap;
use std::ops::ControlFlow;

use plimsoll_proof::{Digest, leaf_hash};
use rusqlite::Connection;

use crate::batch::{Append, Batch, Durability, Expect, Fence, Link, Receipt, Write};
use crate::clock::CLOCK_STREAM;
use crate::error::{Error, Result};
use crate::name::{DocumentKey, LeaseName, Owner, StreamName};
use crate::record::encode;
use crate::sqlite::index::{self, Pending};
use crate::sqlite::rows::{self, ONLY, Row, RowKind, first_bytes};
use crate::sqlite::tree::{Growth, Tree};

/// A clock may be set back a little; further back, and the order of times would no longer be that of records.
const CLOCK_BACK_MS_MAX: u64 = 1_000;

/// What the writer knows without asking the database.
#[derive(Debug)]
pub(crate) struct Memory {
    pub(crate) tree: Tree,
    /// The ends of streams that were written to lately; the others are asked for.
    pub(crate) streams: HashMap<StreamName, End>,
    /// When the last record was accepted.
    pub(crate) unix_ms: u64,
}

/// Where a stream ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct End {
    /// The last sequence; 0 if there is no record.
    pub(crate) sequence: u64,
    /// The chain of the batch that wrote the last record, if that is known. It is not kept: what is not known refuses
    /// a batch that follows it, which is then made anew.
    pub(crate) chain: Option<u64>,
}

/// A transaction under way: what it has done to the database, it has noted here, to be kept or forgotten with it.
pub(crate) struct Group<'a> {
    connection: &'a Connection,
    memory: &'a Memory,
    growth: Growth,
    position: u64,
    streams: HashMap<StreamName, End>,
    pending: Vec<Pending>,
    /// What the clock says.
    now_ms: u64,
    /// When the last record was accepted.
    unix_ms: u64,
}

/// What a transaction did, once the database has kept it.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) growth: Growth,
    pub(crate) streams: HashMap<StreamName, End>,
    pub(crate) pending: Vec<Pending>,
    pub(crate) unix_ms: u64,
}

impl<'a> Group<'a> {
    pub(crate) fn begin(connection: &'a Connection, memory: &'a Memory, now_ms: u64) -> Self {
        Self {
            connection,
            memory,
            growth: memory.tree.grow(),
            position: memory.tree.size(),
            streams: HashMap::new(),
            pending: Vec::new(),
            now_ms,
            unix_ms: memory.unix_ms,
        }
    }

    /// Does what a batch asks. `Ok(Err(..))` is a refusal and has changed nothing; `Err` spoils the transaction.
    pub(crate) fn apply(&mut self, batch: &Batch) -> Result<Result<Receipt>> {
        match self.admit(batch) {
            Ok(()) => self.write(batch).map(Ok),
            Err(refusal @ (Error::Corrupt(_) | Error::Database { .. } | Error::Full)) => Err(refusal),
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    /// What is to be remembered when the database has kept it.
    pub(crate) fn finish(self) -> Done {
        Done { growth: self.growth, streams: self.streams, pending: self.pending, unix_ms: self.unix_ms }
    }

    /// Whether all that a batch expects is so.
    fn admit(&self, batch: &Batch) -> Result<()> {
        batch.check()?;
        if self.now_ms + CLOCK_BACK_MS_MAX < self.unix_ms && !accepts_clock(batch) {
            return Err(Error::ClockBehind(self.unix_ms - self.now_ms));
        }
        batch.fences.iter().try_for_each(|fence| self.check_fence(fence))?;
        batch.appends.iter().try_for_each(|append| self.check_append(append, batch.link))?;
        batch.writes.iter().try_for_each(|write| self.check_write(write))
    }

    fn check_fence(&self, fence: &Fence) -> Result<()> {
        let lease = rows::find(self.connection, RowKind::Lease, fence.lease.as_str())?;
        match lease {
            Some(lease) if lease.number == fence.epoch && !lease.value.is_empty() => Ok(()),
            _ => Err(Error::Fenced { lease: fence.lease.clone(), epoch: fence.epoch }),
        }
    }

    fn check_append(&self, append: &Append, link: Option<Link>) -> Result<()> {
        let Expect::At(expected) = append.expect else { return Ok(()) };
        let End { sequence: found, chain } = self.end(&append.stream)?;
        if found != expected {
            return Err(Error::Moved { stream: append.stream.clone(), expected, found });
        }
        if link.is_some_and(|link| link.follows && chain != Some(link.chain)) {
            return Err(Error::Unlinked { stream: append.stream.clone() });
        }
        Ok(())
    }

    fn check_write(&self, write: &Write) -> Result<()> {
        match write {
            Write::PutDocument { key, expect, .. } | Write::DeleteDocument { key, expect } => {
                let Expect::At(expected) = *expect else { return Ok(()) };
                let document = rows::find(self.connection, RowKind::Document, key.as_str())?;
                let found = document.map_or(0, |document| document.number);
                if found == expected {
                    Ok(())
                } else {
                    Err(Error::Changed { key: key.clone(), expected, found })
                }
            }
            Write::MoveCursor { name, to } => {
                let cursor = rows::find(self.connection, RowKind::Cursor, name.as_str())?;
                let found = cursor.map_or(0, |cursor| cursor.number);
                if found <= *to { Ok(()) } else { Err(Error::Back { cursor: name.clone(), found, to: *to }) }
            }
            Write::TakeLease { name, owner, .. } => self.lease_after(name, owner, 0).map(drop),
            Write::Trim { stream, through } => {
                let found = self.end(stream)?.sequence;
                if *through <= found {
                    Ok(())
                } else {
                    Err(Error::TrimBeyond { stream: stream.clone(), found, through: *through })
                }
            }
            Write::SetTimer { .. } | Write::ClearTimer { .. } | Write::ReleaseLease { .. } => Ok(()),
        }
    }

    fn end(&self, stream: &StreamName) -> Result<End> {
        if let Some(end) = self.streams.get(stream).or_else(|| self.memory.streams.get(stream)) {
            return Ok(*end);
        }
        match rows::find(self.connection, RowKind::Stream, stream.as_str())? {
            Some(row) => Ok(End { sequence: row.number, chain: None }),
            // A stream that begins again would have two records of one number.
            None if index::postings(self.connection, stream, 0, 1)?.is_empty() => Ok(End::default()),
            None => Err(Error::corrupt(format!("the end of stream {stream} is missing"))),
        }
    }

    /// The lease as it is when `owner` has taken it.
    fn lease_after(&self, name: &LeaseName, owner: &Owner, ttl_ms: u64) -> Result<Row> {
        let before = rows::find(self.connection, RowKind::Lease, name.as_str())?.unwrap_or_default();
        let is_own = before.value == owner.as_str().as_bytes();
        if !is_own && !before.value.is_empty() && before.other > self.now_ms {
            let owner = String::from_utf8_lossy(&before.value);
            return Err(Error::Held { lease: name.clone(), owner: Owner::new(&owner)? });
        }
        Ok(Row {
            number: before.number + u64::from(!is_own),
            other: self.now_ms.saturating_add(ttl_ms),
            value: owner.as_str().into(),
        })
    }

    fn write(&mut self, batch: &Batch) -> Result<Receipt> {
        let mut sequences = Vec::with_capacity(batch.appends.len());
        for append in &batch.appends {
            sequences.push(self.append(append, batch.link)?);
        }
        let mut epochs = Vec::new();
        for write in &batch.writes {
            epochs.extend(self.write_row(write)?);
        }
        Ok(Receipt { durability: Durability::Fsynced, position: self.position, sequences, epochs })
    }

    fn append(&mut self, append: &Append, link: Option<Link>) -> Result<u64> {
        let failed = || Error::database("write");
        let mut end = self.end(&append.stream)?;
        if !append.records.is_empty() {
            // Never before what is there, unless somebody has said so.
            let least = if is_clock(&append.stream) { 0 } else { self.unix_ms };
            self.unix_ms = self.now_ms.max(least);
        }
        let unix_ms = self.unix_ms;
        let sql = "INSERT INTO record (position, body) VALUES (?1, ?2)";
        let mut insert = self.connection.prepare_cached(sql).map_err(failed())?;
        for record in &append.records {
            end = End { sequence: end.sequence + 1, chain: link.map(|link| link.chain) };
            self.position += 1;
            let body = encode(unix_ms, &append.stream, end.sequence, &record.kind, &record.payload);
            let leaf = leaf_hash(&body);
            insert.execute((self.position, with_sum(&leaf, body))).map_err(failed())?;
            self.growth.push(leaf);
            let (stream, sequence, position) = (append.stream.clone(), end.sequence, self.position);
            self.pending.push(Pending { stream, sequence, position });
        }
        self.streams.insert(append.stream.clone(), end);
        Ok(end.sequence)
    }

    /// Changes a row; says the epoch of a lease that was taken.
    fn write_row(&mut self, write: &Write) -> Result<Option<u64>> {
        let connection = self.connection;
        match write {
            Write::PutDocument { key, value, .. } => {
                let before = match rows::find(connection, RowKind::Document, key.as_str())? {
                    Some(document) => document.number,
                    None => removed_version(connection)?,
                };
                let row = Row { number: before + 1, other: 0, value: value.clone() };
                rows::put(connection, RowKind::Document, key.as_str(), &row)?;
            }
            Write::DeleteDocument { key, .. } => remove_document(connection, key)?,
            Write::SetTimer { name, due_unix_ms, value } => {
                let row = Row { number: *due_unix_ms, other: 0, value: value.clone() };
                rows::put(connection, RowKind::Timer, name.as_str(), &row)?;
            }
            Write::ClearTimer { name } => rows::remove(connection, RowKind::Timer, name.as_str())?,
            Write::MoveCursor { name, to } => {
                let row = Row { number: *to, ..Row::default() };
                rows::put(connection, RowKind::Cursor, name.as_str(), &row)?;
            }
            Write::TakeLease { name, owner, ttl_ms } => {
                let row = self.lease_after(name, owner, *ttl_ms)?;
                rows::put(connection, RowKind::Lease, name.as_str(), &row)?;
                return Ok(Some(row.number));
            }
            Write::ReleaseLease { name, owner } => {
                let lease = rows::find(connection, RowKind::Lease, name.as_str())?.unwrap_or_default();
                if lease.value == owner.as_str().as_bytes() {
                    let row = Row { number: lease.number, ..Row::default() };
                    rows::put(connection, RowKind::Lease, name.as_str(), &row)?;
                }
            }
            Write::Trim { stream, through } => self.trim(stream, *through)?,
        }
        Ok(None)
    }

    /// Empties the records of a stream through a sequence, a posting at a time. All that was there before this transaction
    /// is indexed: the writer sees to it.
    fn trim(&self, stream: &StreamName, through: u64) -> Result<()> {
        let failed = || Error::database("trim");
        let Some(before) = rows::find(self.connection, RowKind::Stream, stream.as_str())? else {
            return Ok(());
        };
        let through = through.min(before.number);
        let mut update = self
            .connection
            .prepare_cached("UPDATE record SET body = x'' WHERE position = ?1")
            .map_err(failed())?;
        index::for_each_place(self.connection, stream, before.other, &mut |sequence, position| {
            if sequence > through {
                return Ok(ControlFlow::Break(()));
            }
            update.execute([position]).map_err(failed())?;
            Ok(ControlFlow::Continue(()))
        })?;
        let row = Row { other: before.other.max(through), ..before };
        rows::put(self.connection, RowKind::Stream, stream.as_str(), &row)
    }
}

fn is_clock(stream: &StreamName) -> bool {
    stream.as_str() == CLOCK_STREAM
}

/// Whether a batch does nothing but accept the clock as it stands.
fn accepts_clock(batch: &Batch) -> bool {
    let appends_to_clock = |append: &Append| is_clock(&append.stream) && !append.records.is_empty();
    batch.writes.is_empty() && matches!(batch.appends.as_slice(), [only] if appends_to_clock(only))
}

/// The greatest version of all documents that were removed. One number for all of them, so that nothing is left behind of
/// each: a document that begins above it has no version that one of its name has had before.
fn removed_version(connection: &Connection) -> Result<u64> {
    Ok(rows::find(connection, RowKind::Removed, ONLY)?.map_or(0, |row| row.number))
}

fn remove_document(connection: &Connection, key: &DocumentKey) -> Result<()> {
    let Some(document) = rows::find(connection, RowKind::Document, key.as_str())? else { return Ok(()) };
    if document.number > removed_version(connection)? {
        let row = Row { number: document.number, ..Row::default() };
        rows::put(connection, RowKind::Removed, ONLY, &row)?;
    }
    rows::remove(connection, RowKind::Document, key.as_str())
}

/// What is kept of a record: the beginning of its leaf hash, then its bytes.
fn with_sum(leaf: &Digest, body: Vec<u8>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(rows::SUM_BYTES + body.len());
    bytes.extend_from_slice(&first_bytes(leaf));
    bytes.extend_from_slice(&body);
    bytes
}
