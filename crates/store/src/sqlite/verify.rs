//! Looks through a whole journal: every record, every hash over it, every row.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;

use plimsoll_proof::{Digest, Frontier, SignedCheckpoint, TreeHead, VerifierKey, leaf_hash};
use rusqlite::Connection;

use crate::clock::CLOCK_STREAM;
use crate::error::{Error, Result};
use crate::name::StreamName;
use crate::sqlite::open;
use crate::sqlite::rows::{self, Row, RowKind, SUM_BYTES};
use crate::sqlite::tree::place;
use crate::sqlite::{acknowledged, index, reader, schema};

/// Most findings that are told: after so many, the rest says nothing new.
const FINDINGS_MAX: usize = 100;

/// What was found in a journal.
#[derive(Debug)]
pub struct Verified {
    /// How many records were looked at, those included that were trimmed.
    pub records: u64,
    /// How many of them were trimmed.
    pub trimmed: u64,
    /// How many streams they belong to.
    pub streams: u64,
    /// The size and root that the records make.
    pub tree: TreeHead,
    /// The newest checkpoint.
    pub checkpoint: Option<SignedCheckpoint>,
    /// What is wrong, a sentence each; at most a hundred.
    pub findings: Vec<String>,
}

/// Looks through the journal in a folder, which may be in use, without changing it. With `key` the checkpoint
/// and the steps of the schema must be signed by it.
pub fn verify(folder: &Path, key: Option<&VerifierKey>) -> Result<Verified> {
    // Before the database: what is acknowledged later must not look lost.
    let acknowledged = acknowledged::read(folder);
    let connection = reader::open_folder(folder)?;
    connection.execute_batch("BEGIN").map_err(Error::database("read"))?;
    schema::check_schema(&connection)?;
    let signed = key.map_or(Ok(()), |key| schema::check_signatures(&connection, key));
    let mut walk = Walk::begin(&connection)?;
    walk.acknowledged_size = acknowledged.as_ref().ok().and_then(|said| said.as_ref().map(|said| said.size));
    walk.note(signed)?;
    walk.note(check_database(&connection))?;
    walk.records()?;
    walk.postings()?;
    walk.small_rows()?;
    walk.heads(acknowledged, key)?;
    Ok(walk.verified)
}

/// What SQLite itself has to say.
fn check_database(connection: &Connection) -> Result<()> {
    let said: String = connection
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(Error::database("check"))?;
    if said == "ok" { Ok(()) } else { Err(Error::corrupt(said)) }
}

struct Walk<'a> {
    connection: &'a Connection,
    verified: Verified,
    frontier: Frontier,
    through: u64,
    /// The last sequence of each stream; records that were trimmed are not known.
    streams: HashMap<StreamName, u64>,
    unix_ms: u64,
    /// The tile of leaves that was read last, by its number.
    tile: Option<(u64, Vec<Digest>)>,
    /// The root at the size of the checkpoint.
    root_at_checkpoint: Option<Digest>,
    /// What was acknowledged, and the head at that size.
    acknowledged_size: Option<u64>,
    root_at_acknowledged: Option<TreeHead>,
}

impl<'a> Walk<'a> {
    fn begin(connection: &'a Connection) -> Result<Self> {
        let checkpoint = open::checkpoint(connection);
        let mut walk = Self {
            connection,
            verified: Verified {
                records: 0,
                trimmed: 0,
                streams: 0,
                tree: TreeHead::of(&[]),
                checkpoint: None,
                findings: Vec::new(),
            },
            frontier: Frontier::default(),
            through: 0,
            streams: HashMap::new(),
            unix_ms: 0,
            tile: None,
            root_at_checkpoint: None,
            acknowledged_size: None,
            root_at_acknowledged: None,
        };
        match checkpoint {
            Ok(checkpoint) => walk.verified.checkpoint = checkpoint,
            Err(error) => walk.note(Err(error))?,
        }
        match index::through(connection) {
            Ok(through) => walk.through = through,
            Err(error) => walk.note(Err(error))?,
        }
        Ok(walk)
    }

    /// Notes damage as a finding; other errors end the walk.
    fn note(&mut self, answer: Result<()>) -> Result<()> {
        match answer {
            Err(Error::Corrupt(finding)) => {
                if self.verified.findings.len() < FINDINGS_MAX {
                    self.verified.findings.push(finding);
                }
                Ok(())
            }
            other => other,
        }
    }

    fn records(&mut self) -> Result<()> {
        let failed = || Error::database("read");
        let sql = "SELECT position, body FROM record ORDER BY position";
        let mut statement = self.connection.prepare(sql).map_err(failed())?;
        let mut rows = statement.query([]).map_err(failed())?;
        loop {
            let row = match rows.next().map_err(failed()) {
                Ok(Some(row)) => row,
                Ok(None) => break,
                Err(error) => return self.note(Err(error)),
            };
            let position: u64 = row.get(0).map_err(failed())?;
            let expected = self.frontier.size() + 1;
            if position != expected {
                let gap = format!("record {expected} is missing, and record {position} is there");
                return self.note(Err(Error::corrupt(gap)));
            }
            let kept = row.get_ref(1).map_err(failed())?.as_blob().unwrap_or_default();
            let leaf = match self.record(position, kept) {
                Ok(leaf) => leaf,
                Err(error) => {
                    self.note(Err(error))?;
                    leaf_hash(kept.get(SUM_BYTES..).unwrap_or_default())
                }
            };
            self.frontier.push(leaf, &mut |_, _| ());
            let size = self.frontier.size();
            if self.verified.checkpoint.as_ref().is_some_and(|signed| signed.checkpoint.tree.size == size) {
                self.root_at_checkpoint = Some(self.frontier.head().root);
            }
            if self.acknowledged_size == Some(size) {
                self.root_at_acknowledged = Some(self.frontier.head());
            }
        }
        self.verified.tree = self.frontier.head();
        self.verified.records = self.verified.tree.size;
        self.verified.streams = self.streams.len() as u64;
        Ok(())
    }

    /// Checks a record; gives its leaf.
    fn record(&mut self, position: u64, kept: &[u8]) -> Result<Digest> {
        let in_tile = if position <= self.through { Some(self.leaf_in_tile(position)?) } else { None };
        if kept.is_empty() {
            self.verified.trimmed += 1;
            return in_tile.ok_or_else(|| Error::corrupt(format!("record {position} is empty")));
        }
        let record = reader::checked(position, kept)?;
        let leaf = record.leaf();
        if in_tile.is_some_and(|in_tile| in_tile != leaf) {
            return Err(Error::corrupt(format!("record {position} is not the one in its tile")));
        }
        if record.unix_ms < self.unix_ms && record.stream.as_str() != CLOCK_STREAM {
            return Err(Error::corrupt(format!("record {position} was accepted before the one ahead of it")));
        }
        self.unix_ms = record.unix_ms;
        let before = self.streams.insert(record.stream.clone(), record.sequence);
        let expected = match before {
            Some(before) => before + 1,
            // The first that is left of a stream follows those that were trimmed.
            None => {
                rows::find(self.connection, RowKind::Stream, record.stream.as_str())?
                    .map_or(0, |row| row.other)
                    + 1
            }
        };
        if record.sequence == expected {
            Ok(leaf)
        } else {
            Err(Error::corrupt(format!(
                "record {position} is number {} of stream {}, where {expected} should follow",
                record.sequence, record.stream
            )))
        }
    }

    fn leaf_in_tile(&mut self, position: u64) -> Result<Digest> {
        let (number, at) = place(position - 1);
        if self.tile.as_ref().is_none_or(|(held, _)| *held != number) {
            self.tile = Some((number, index::tile(self.connection, 0, number)?));
        }
        let leaf = self.tile.as_ref().and_then(|(_, hashes)| hashes.get(at));
        leaf.copied().ok_or_else(|| Error::corrupt(format!("tile {number} of level 0 is too short")))
    }

    /// Every record up to the index is found through it, and nothing else is.
    fn postings(&mut self) -> Result<()> {
        let failed = || Error::database("read");
        let (mut found, mut trimmed) = (0, 0);
        let mut statement =
            self.connection.prepare("SELECT DISTINCT stream FROM posting").map_err(failed())?;
        let mut rows = statement.query([]).map_err(failed())?;
        loop {
            let stream: String = match rows.next() {
                Ok(Some(row)) => row.get(0).map_err(failed())?,
                Ok(None) => break,
                Err(error) => return self.note(Err(failed()(error))),
            };
            match self.postings_of(&stream) {
                Ok(row) => {
                    found += row.number;
                    trimmed += row.other;
                }
                Err(error) => return self.note(Err(error)),
            }
        }
        let through = self.through;
        if found != through {
            self.note(Err(Error::corrupt(format!("the index holds {found} records of {through}"))))?;
        }
        if trimmed != self.verified.trimmed {
            let empty = self.verified.trimmed;
            self.note(Err(Error::corrupt(format!("{trimmed} records were trimmed, and {empty} are empty"))))?;
        }
        Ok(())
    }

    fn postings_of(&self, stream: &str) -> Result<Row> {
        let damaged = || Error::corrupt(format!("the index of stream {stream:?}"));
        let stream = StreamName::new(stream).map_err(|_| damaged())?;
        let mut last = 0;
        index::for_each_place(self.connection, &stream, 0, &mut |sequence, position| {
            let is_it = reader::kept(self.connection, position, |kept| {
                if kept.is_empty() {
                    return Ok(true);
                }
                let record = reader::checked(position, kept)?;
                Ok(record.stream == stream && record.sequence == sequence)
            })?;
            if sequence != last + 1 || !is_it {
                return Err(damaged());
            }
            last = sequence;
            Ok(ControlFlow::Continue(()))
        })?;
        let row = rows::find(self.connection, RowKind::Stream, stream.as_str())?.ok_or_else(damaged)?;
        if row.number == last { Ok(row) } else { Err(damaged()) }
    }

    fn small_rows(&mut self) -> Result<()> {
        let answer = rows::check_all(self.connection);
        self.note(answer)
    }

    /// Holds what the records make against what was said of them.
    fn heads(&mut self, acknowledged: Result<Option<TreeHead>>, key: Option<&VerifierKey>) -> Result<()> {
        let tree = self.verified.tree;
        let answer = acknowledged.and_then(|said| {
            open::check_acknowledged(said.as_ref(), tree.size, self.root_at_acknowledged.as_ref())
        });
        self.note(answer)?;
        let Some(signed) = self.verified.checkpoint.clone() else { return Ok(()) };
        let answer = match key {
            Some(key) => signed.verify(key, &[]).map(drop).map_err(|error| Error::corrupt(error.to_string())),
            None => Ok(()),
        };
        self.note(answer)?;
        let signed = signed.checkpoint.tree;
        let is_same = signed == tree || self.root_at_checkpoint == Some(signed.root);
        let other =
            || Error::corrupt(format!("the first {} records are not those that were signed", signed.size));
        self.note(if is_same { Ok(()) } else { Err(other()) })
    }
}
