//! A journal that is only looked at: by another process than the one that writes, or when none does.

use std::path::Path;

use plimsoll_proof::{LogProof, SignedCheckpoint};
use rusqlite::Connection;

use crate::error::Result;
use crate::journal::Amount;
use crate::name::StreamName;
use crate::record::Record;
use crate::sqlite::open;
use crate::sqlite::recent::Recent;
use crate::sqlite::{index, reader, schema};

/// The journal in a folder, which may be in use. Nothing can be changed through it.
#[derive(Debug)]
pub struct JournalView(Connection);

impl JournalView {
    /// Opens the journal in a folder.
    pub fn open(folder: &Path) -> Result<Self> {
        let connection = reader::open_folder(folder)?;
        schema::check_schema(&connection).map_err(|error| error.or_disk(folder))?;
        Ok(Self(connection))
    }

    /// The position of the last record.
    pub fn position(&self) -> Result<u64> {
        reader::last_position(&self.0)
    }

    /// When the last record was accepted, in milliseconds since 1970-01-01T00:00:00Z; 0 if there is none.
    pub fn last_unix_ms(&self) -> Result<u64> {
        open::last_unix_ms(&self.0)
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
        reader::sequence(&self.0, &Recent::new(&pending, 0), stream)
    }

    /// The newest signed checkpoint; a journal that was just begun has none.
    pub fn checkpoint(&self) -> Result<Option<SignedCheckpoint>> {
        open::checkpoint(&self.0)
    }

    /// The proof that the record at a position stands in the log of the newest checkpoint.
    pub fn prove(&self, position: u64) -> Result<LogProof> {
        reader::prove(&self.0, self.checkpoint()?, position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::{Batch, Expect};
    use crate::error::Error;
    use crate::name::RecordKind;
    use crate::record::NewRecord;
    use crate::sqlite::{SqliteJournal, tests};

    fn say(records: usize) -> Batch {
        let record = NewRecord::plain(RecordKind::new("k").unwrap(), "x");
        Batch::append(StreamName::new("s").unwrap(), Expect::Any, vec![record; records])
    }

    #[test]
    fn what_is_not_there_is_told_from_what_is_not_signed_yet() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = open::open(tests::options(folder.path())).unwrap().writer;
        let view = JournalView::open(folder.path()).unwrap();
        assert!(matches!(view.prove(1), Err(Error::NoRecord { position: 1, last: 0 })));
        // Signed with the first record; the next signature is due a second later, and it is always midnight.
        for batch in [say(1), say(2)] {
            writer.transaction(&[batch], false).unwrap().pop().unwrap().unwrap();
        }
        view.prove(1).unwrap();
        assert!(matches!(view.prove(3), Err(Error::Unsigned { position: 3, signed: 1 })));
        for position in [0, 4, u64::MAX] {
            let refused = view.prove(position).unwrap_err();
            assert_eq!(refused.to_string(), format!("there is no record {position}: the journal has 3"));
        }
    }

    #[tokio::test]
    async fn who_writes_proves_what_who_looks_proves() {
        let folder = tempfile::tempdir().unwrap();
        let journal = SqliteJournal::open(tests::options(folder.path())).unwrap();
        crate::Journal::commit(&journal, say(700)).await.unwrap();
        crate::Journal::commit(&journal, say(1)).await.unwrap();
        for position in [1, 256, 257, 700, 701] {
            let proof = journal.prove(position).await.unwrap();
            assert_eq!(proof.checkpoint.checkpoint.tree.size, 701, "all of it is signed for a proof");
            let view = JournalView::open(folder.path()).unwrap();
            assert_eq!(proof, view.prove(position).unwrap());
            let record = view.tail(position - 1, Amount::records(1)).unwrap().remove(0);
            proof.verify_inclusion(&record.leaf()).unwrap();
        }
        assert!(matches!(journal.prove(702).await, Err(Error::NoRecord { position: 702, last: 701 })));
    }
}
