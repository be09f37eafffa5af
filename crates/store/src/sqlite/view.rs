//! A journal that is only looked at: by another process than the one that writes, or when none does.

use std::path::Path;

use plimsoll_proof::{Digest, LogProof, SignedCheckpoint, Subtree, inclusion_proof_of};
use rusqlite::Connection;

use crate::error::{Error, Result};
use crate::journal::Amount;
use crate::name::StreamName;
use crate::record::Record;
use crate::sqlite::open::{self, DATABASE};
use crate::sqlite::recent::Recent;
use crate::sqlite::rows::{self, RowKind};
use crate::sqlite::{index, reader, schema};

/// The journal in a folder, which may be in use. Nothing can be changed through it.
#[derive(Debug)]
pub struct JournalView(Connection);

impl JournalView {
    /// Opens the journal in a folder.
    pub fn open(folder: &Path) -> Result<Self> {
        let file = folder.join(DATABASE);
        if !file.exists() {
            return Err(Error::Absent(folder.to_owned()));
        }
        let connection = reader::open_for_reading(&file)?;
        schema::check_schema(&connection)?;
        Ok(Self(connection))
    }

    /// The position of the last record.
    pub fn position(&self) -> Result<u64> {
        reader::last_position(&self.0)
    }

    /// The records of the whole journal after a position, in order. What was trimmed is left out.
    pub fn tail(&self, after: u64, amount: Amount) -> Result<Vec<Record>> {
        reader::tail(&self.0, index::through(&self.0)?, after, amount)
    }

    /// The records of a stream after a sequence, in order. What was trimmed is left out.
    pub fn read(&self, stream: &StreamName, after: u64, amount: Amount) -> Result<Vec<Record>> {
        let pending = open::pending(&self.0, index::through(&self.0)?)?;
        reader::read(&self.0, &Recent::new(&pending, 0), stream, after, amount)
    }

    /// The sequence of the last record of a stream; 0 if it has none.
    pub fn sequence(&self, stream: &StreamName) -> Result<u64> {
        let pending = open::pending(&self.0, index::through(&self.0)?)?;
        let last = pending.iter().rev().find(|record| record.stream == *stream).map(|record| record.sequence);
        let indexed =
            || Ok(rows::find(&self.0, RowKind::Stream, stream.as_str())?.map_or(0, |row| row.number));
        last.map_or_else(indexed, Ok)
    }

    /// The newest signed checkpoint; a journal that was just begun has none.
    pub fn checkpoint(&self) -> Result<Option<SignedCheckpoint>> {
        open::checkpoint(&self.0)
    }

    /// The proof that the record at a position stands in the log of the newest checkpoint.
    pub fn prove(&self, position: u64) -> Result<LogProof> {
        let checkpoint = self.checkpoint()?.ok_or(Error::Unsigned { position, signed: 0 })?;
        let size = checkpoint.checkpoint.tree.size;
        let index = position.checked_sub(1).filter(|index| *index < size);
        let index = index.ok_or(Error::Unsigned { position, signed: size })?;
        let mut root = |subtree: Subtree| -> Result<Digest> { reader::subtree(&self.0, subtree) };
        let hashes = inclusion_proof_of(size, index, &mut root)?;
        Ok(LogProof { index, hashes, checkpoint })
    }
}
