//! What is made of accepted records a little later: postings and tiles. Nothing waits for it, and it can be made again.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use plimsoll_proof::Digest;
use rusqlite::Connection;

use crate::error::{Error, Result};
use crate::name::StreamName;
use crate::record::Record;
use crate::sqlite::rows::{self, ONLY, Row, RowKind};
use crate::sqlite::tree::{Tile, tile_hashes};

/// A record that is accepted and not indexed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pending {
    pub(crate) stream: StreamName,
    pub(crate) sequence: u64,
    pub(crate) position: u64,
}

impl From<Record> for Pending {
    fn from(record: Record) -> Self {
        Self { stream: record.stream, sequence: record.sequence, position: record.position }
    }
}

/// Writes postings for `pending`, which follow each other without a gap, and the tiles that changed with them. The last of
/// them was accepted at `unix_ms`.
pub(crate) fn write(
    connection: &Connection,
    pending: &[Pending],
    tiles: &[Tile],
    unix_ms: u64,
) -> Result<()> {
    let failed = || Error::database("index");
    let Some(through) = pending.last().map(|last| last.position) else { return Ok(()) };
    let mut streams: BTreeMap<&StreamName, Vec<&Pending>> = BTreeMap::new();
    for record in pending {
        streams.entry(&record.stream).or_default().push(record);
    }
    let sql = "INSERT INTO posting (stream, last, positions) VALUES (?1, ?2, ?3)";
    let mut insert = connection.prepare_cached(sql).map_err(failed())?;
    for (stream, records) in streams {
        let Some(last) = records.last().map(|record| record.sequence) else { continue };
        let positions: Vec<u64> = records.iter().map(|record| record.position).collect();
        insert.execute((stream.as_str(), last, to_bytes(&positions))).map_err(failed())?;
        let before = rows::find(connection, RowKind::Stream, stream.as_str())?.unwrap_or_default();
        let row = Row { number: last, ..before };
        rows::put(connection, RowKind::Stream, stream.as_str(), &row)?;
    }
    let sql = "INSERT OR REPLACE INTO tile (level, number, hashes) VALUES (?1, ?2, ?3)";
    let mut insert = connection.prepare_cached(sql).map_err(failed())?;
    for tile in tiles {
        insert.execute((tile.level, tile.number, tile.to_bytes())).map_err(failed())?;
    }
    rows::put(connection, RowKind::Index, ONLY, &Row { number: through, other: unix_ms, ..Row::default() })
}

/// Up to which position there is an index.
pub(crate) fn through(connection: &Connection) -> Result<u64> {
    Ok(indexed(connection)?.number)
}

/// Up to which position there is an index, and when the record there was accepted.
pub(crate) fn indexed(connection: &Connection) -> Result<Row> {
    Ok(rows::find(connection, RowKind::Index, ONLY)?.unwrap_or_default())
}

/// The hashes of a tile.
pub(crate) fn tile(connection: &Connection, level: u32, number: u64) -> Result<Vec<Digest>> {
    let failed = || Error::database("read");
    let sql = "SELECT hashes FROM tile WHERE level = ?1 AND number = ?2";
    let mut statement = connection.prepare_cached(sql).map_err(failed())?;
    let mut rows = statement.query((level, number)).map_err(failed())?;
    let missing = || Error::corrupt(format!("tile {number} of level {level} is missing or damaged"));
    let row = rows.next().map_err(failed())?.ok_or_else(missing)?;
    let bytes = row.get_ref(0).map_err(failed())?.as_blob().map_err(|_| missing())?;
    tile_hashes(bytes).ok_or_else(missing)
}

const POSTINGS: &str = "SELECT last, positions FROM posting WHERE stream = ?1 AND last > ?2 ORDER BY last";

/// The indexed records of a stream after a sequence: sequence and position of each, at most `max`.
pub(crate) fn postings(
    connection: &Connection,
    stream: &StreamName,
    after: u64,
    max: usize,
) -> Result<Vec<(u64, u64)>> {
    let mut found = Vec::new();
    for_each_place(connection, stream, after, &mut |sequence, position| {
        if found.len() < max {
            found.push((sequence, position));
        }
        Ok(if found.len() < max { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    })?;
    Ok(found)
}

/// Shows sequence and position of each indexed record of a stream after a sequence, until `each` has seen enough. One
/// posting is held at a time, however long the stream is.
pub(crate) fn for_each_place(
    connection: &Connection,
    stream: &StreamName,
    after: u64,
    each: &mut dyn FnMut(u64, u64) -> Result<ControlFlow<()>>,
) -> Result<()> {
    let failed = || Error::database("read");
    let damaged = |last: u64| Error::corrupt(format!("the index of stream {stream} up to {last}"));
    let mut statement = connection.prepare_cached(POSTINGS).map_err(failed())?;
    let mut rows = statement.query((stream.as_str(), after)).map_err(failed())?;
    while let Some(row) = rows.next().map_err(failed())? {
        let last: u64 = row.get(0).map_err(failed())?;
        let bytes = row.get_ref(1).map_err(failed())?.as_blob().map_err(|_| damaged(last))?;
        let positions = from_bytes(bytes).ok_or_else(|| damaged(last))?;
        let first = (last + 1).checked_sub(positions.len() as u64).ok_or_else(|| damaged(last))?;
        for (sequence, position) in (first..).zip(positions).filter(|(sequence, _)| *sequence > after) {
            if each(sequence, position)?.is_break() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Positions as the distances between them, seven bits to a byte.
fn to_bytes(positions: &[u64]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut before = 0;
    for position in positions {
        let mut distance = position - before;
        while distance >= 0x80 {
            bytes.push((distance & 0x7f) as u8 | 0x80);
            distance >>= 7;
        }
        bytes.push(distance as u8);
        before = *position;
    }
    bytes
}

pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Vec<u64>> {
    let mut positions = Vec::new();
    let (mut position, mut distance, mut shift) = (0u64, 0u64, 0u32);
    for byte in bytes {
        distance |= u64::from(byte & 0x7f).checked_shl(shift)?;
        shift += 7;
        if byte & 0x80 == 0 {
            position = position.checked_add(distance).filter(|_| distance > 0)?;
            positions.push(position);
            (distance, shift) = (0, 0);
        }
    }
    (shift == 0).then_some(positions)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rusqlite::StatementStatus;

    use super::*;
    use crate::sqlite::{open, tests};

    #[test]
    fn a_search_is_planned_once_whatever_is_searched_for() {
        let folder = tempfile::tempdir().unwrap();
        let opened = open::open(tests::options(folder.path())).unwrap();
        let plans = |connection: &Connection| {
            for (stream, after) in [("a", 0), ("b", 7), ("c", 1)] {
                assert_eq!(postings(connection, &StreamName::new(stream).unwrap(), after, 9).unwrap(), []);
            }
            Ok(connection.prepare_cached(POSTINGS).unwrap().get_status(StatementStatus::RePrepare))
        };
        assert_eq!(plans(&opened.writer.connection).unwrap(), 0);
        assert_eq!(opened.readers.with(plans).unwrap(), 0);
    }

    proptest! {
        #[test]
        fn positions_are_read_as_they_were_written(distances in proptest::collection::vec(1u64..1 << 40, 0..50)) {
            let positions: Vec<u64> = distances
                .iter()
                .scan(0, |position, distance| {
                    *position += distance;
                    Some(*position)
                })
                .collect();
            prop_assert_eq!(from_bytes(&to_bytes(&positions)), Some(positions));
        }

        #[test]
        fn foreign_bytes_do_not_panic(bytes: Vec<u8>) {
            let _ = from_bytes(&bytes);
        }
    }
}
