//! The small rows: how far the index has come, and documents, timers, cursors and leases. One table, one way to read
//! and write, and a sum over every row.

use plimsoll_proof::Digest;
use rusqlite::{Connection, OptionalExtension, Row as SqlRow};

use crate::error::{Error, Result};

/// Bytes of a digest that stand beside what is kept: enough against accidents, which is all that they are against.
pub(crate) const SUM_BYTES: usize = 8;

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowKind {
    /// One row: `number` is the last position that is indexed, `other` when its record was accepted.
    Index,
    /// One row: `value` is the newest signed checkpoint.
    Checkpoint,
    /// `number` is the version.
    Document,
    /// One row: `number` is the greatest version of all documents that were removed.
    Removed,
    /// `number` is when it is due.
    Timer,
    /// `number` is where it stands.
    Cursor,
    /// `number` is the epoch, `other` when it ends, `value` the owner; none if it was given back.
    Lease,
    /// `number` is the last sequence that is indexed, `other` the last that was trimmed.
    Stream,
}

impl RowKind {
    const ALL: [Self; 8] = [
        Self::Index,
        Self::Checkpoint,
        Self::Document,
        Self::Removed,
        Self::Timer,
        Self::Cursor,
        Self::Lease,
        Self::Stream,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Index => "index",
            Self::Checkpoint => "checkpoint",
            Self::Document => "document",
            Self::Removed => "removed",
            Self::Timer => "timer",
            Self::Cursor => "cursor",
            Self::Lease => "lease",
            Self::Stream => "stream",
        }
    }
}

/// A row without its name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) number: u64,
    pub(crate) other: u64,
    pub(crate) value: Vec<u8>,
}

/// The name of the rows that there is one of.
pub(crate) const ONLY: &str = "journal";

/// The row with a name, if there is one.
pub(crate) fn find(connection: &Connection, kind: RowKind, name: &str) -> Result<Option<Row>> {
    let failed = || Error::database("read");
    let sql = "SELECT name, number, other, value, sum FROM small WHERE kind = ?1 AND name = ?2";
    let mut statement = connection.prepare_cached(sql).map_err(failed())?;
    let found = statement.query_row((kind.name(), name), columns).optional().map_err(failed())?;
    found.map(|columns| check(kind, columns).map(|(_, row)| row)).transpose()
}

/// Writes a row in the place of the one with its name.
pub(crate) fn put(connection: &Connection, kind: RowKind, name: &str, row: &Row) -> Result<()> {
    let failed = || Error::database("write");
    let sql = "INSERT OR REPLACE INTO small (kind, name, number, other, value, sum) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let mut statement = connection.prepare_cached(sql).map_err(failed())?;
    let sum = sum(kind, name, row);
    statement
        .execute((kind.name(), name, row.number, row.other, &row.value, sum.as_slice()))
        .map_err(failed())?;
    Ok(())
}

/// Removes a row, if it is there.
pub(crate) fn remove(connection: &Connection, kind: RowKind, name: &str) -> Result<()> {
    let failed = || Error::database("write");
    let mut statement =
        connection.prepare_cached("DELETE FROM small WHERE kind = ?1 AND name = ?2").map_err(failed())?;
    statement.execute((kind.name(), name)).map_err(failed())?;
    Ok(())
}

/// The rows of a kind whose names begin with `prefix`, after a name, in the order of their names.
pub(crate) fn list(
    connection: &Connection,
    kind: RowKind,
    prefix: &str,
    after: &str,
    max: usize,
) -> Result<Vec<(String, Row)>> {
    // Names are ASCII: `~` stands after every byte that may be in one.
    let sql = "SELECT name, number, other, value, sum FROM small
               WHERE kind = ?1 AND name >= ?2 AND name < ?2 || '~' AND name > ?3 ORDER BY name LIMIT ?4";
    select(connection, kind, sql, &[&kind.name(), &prefix, &after, &(max as u64)])
}

/// The timers that are due at a time, the longest due first.
pub(crate) fn due(connection: &Connection, unix_ms: u64, max: usize) -> Result<Vec<(String, Row)>> {
    let sql = "SELECT name, number, other, value, sum FROM small
               WHERE kind = 'timer' AND number <= ?1 ORDER BY number, name LIMIT ?2";
    select(connection, RowKind::Timer, sql, &[&unix_ms, &(max as u64)])
}

/// Holds every row against its sum.
pub(crate) fn check_all(connection: &Connection) -> Result<()> {
    let failed = || Error::database("read");
    let sql = "SELECT name, number, other, value, sum, kind FROM small";
    let mut statement = connection.prepare(sql).map_err(failed())?;
    let rows =
        statement.query_map([], |row| Ok((columns(row)?, row.get::<_, String>(5)?))).map_err(failed())?;
    for row in rows {
        let (columns, kind) = row.map_err(failed())?;
        let known = RowKind::ALL.into_iter().find(|known| known.name() == kind);
        let known = known.ok_or_else(|| Error::corrupt(format!("there is a row of kind {kind:?}")))?;
        check(known, columns)?;
    }
    Ok(())
}

fn select(
    connection: &Connection,
    kind: RowKind,
    sql: &str,
    parameters: &[&dyn rusqlite::ToSql],
) -> Result<Vec<(String, Row)>> {
    let failed = || Error::database("read");
    let mut statement = connection.prepare_cached(sql).map_err(failed())?;
    let rows = statement.query_map(parameters, columns).map_err(failed())?;
    rows.map(|columns| check(kind, columns.map_err(failed())?)).collect()
}

type Columns = (String, Row, Vec<u8>);

fn columns(row: &SqlRow<'_>) -> rusqlite::Result<Columns> {
    Ok((row.get(0)?, Row { number: row.get(1)?, other: row.get(2)?, value: row.get(3)? }, row.get(4)?))
}

fn check(kind: RowKind, (name, row, found): Columns) -> Result<(String, Row)> {
    if sum(kind, &name, &row).as_slice() == found {
        Ok((name, row))
    } else {
        Err(Error::corrupt(format!("{} {name} is not what was written", kind.name())))
    }
}

/// The sum over a row: against accidents only, for whoever can write the row can write its sum.
fn sum(kind: RowKind, name: &str, row: &Row) -> [u8; SUM_BYTES] {
    let mut bytes = Vec::with_capacity(64 + name.len() + row.value.len());
    for field in [
        kind.name().as_bytes(),
        name.as_bytes(),
        &row.number.to_be_bytes(),
        &row.other.to_be_bytes(),
        &row.value,
    ] {
        bytes.extend_from_slice(&(field.len() as u64).to_be_bytes());
        bytes.extend_from_slice(field);
    }
    first_bytes(&Digest::of(&bytes))
}

/// The beginning of a digest, as a sum.
pub(crate) fn first_bytes(digest: &Digest) -> [u8; SUM_BYTES] {
    digest.as_bytes().first_chunk().copied().unwrap_or_default()
}
