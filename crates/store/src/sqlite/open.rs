//! Opening a journal: others are kept out, the schema is checked, and what is there is held against what was said.

use std::collections::HashMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

use plimsoll_proof::{SignedCheckpoint, TreeHead, VerifierKey};
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rustix::fs::{FlockOperation, flock};

use crate::error::{Error, Result};
use crate::journal::Amount;
use crate::record::Record;
use crate::sqlite::Options;
use crate::sqlite::acknowledged::{self, Acknowledged};
use crate::sqlite::group::{End, Memory};
use crate::sqlite::index::{self, Pending};
use crate::sqlite::reader::{self, Readers};
use crate::sqlite::recent::Recent;
use crate::sqlite::rows::{self, ONLY, RowKind};
use crate::sqlite::schema::{MIGRATIONS, is_new, migrate};
use crate::sqlite::tree::Tree;
use crate::sqlite::writer::Writer;

/// The database in a journal's folder.
pub(crate) const DATABASE: &str = "journal.db";
const LOCK: &str = "lock";
/// Pages of SQLite's log that are worth emptying it for: 4 MiB, which is copied in a few milliseconds.
const WAL_PAGES: i64 = 1_024;

/// Statements that are kept prepared: all that the writer has.
const STATEMENTS: usize = 32;

/// An opened journal.
pub(crate) struct Opened {
    pub(crate) writer: Writer,
    pub(crate) readers: Readers,
}

/// Opens the journal in the folder of `options`.
pub(crate) fn open(options: Options) -> Result<Opened> {
    let folder = options.folder.clone();
    open_folder(options).map_err(|error| error.or_disk(&folder))
}

fn open_folder(options: Options) -> Result<Opened> {
    let Options { folder, key, clock } = options;
    DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(Error::io("making", &folder))?;
    let lock = lock(&folder)?;
    let file = folder.join(DATABASE);
    let connection = open_for_writing(&file)?;
    let said = acknowledged::read(&folder)?;
    // A database whose log is lost looks new.
    if is_new(&connection)? {
        check_acknowledged(said.as_ref(), 0, None)?;
    }
    migrate(&connection, MIGRATIONS, &key)?;
    let Loaded { tree, pending, unix_ms } = load(&connection, said.as_ref())?;
    let checkpoint = checkpoint(&connection)?;
    if let Some(checkpoint) = &checkpoint {
        check_checkpoint(&connection, checkpoint, &key.verifier_key(), tree.size())?;
    }
    let acknowledged = Acknowledged::open(&folder)?;
    acknowledged.write_through(&tree.head()).map_err(Error::io("writing in", &folder))?;
    sync_folder(&folder)?;
    let recent = Arc::new(Recent::new(&pending, tree.size()));
    let memory = Memory { tree, streams: ends(&pending), unix_ms };
    let checkpoint = checkpoint.map(|checkpoint| (checkpoint, 0));
    let writer =
        Writer { connection, memory, acknowledged, key, clock, recent, pending, checkpoint, _lock: lock };
    Ok(Opened { writer, readers: Readers::new(file) })
}

/// Keeps other writers out until the file is closed.
fn lock(folder: &Path) -> Result<File> {
    let path = folder.join(LOCK);
    let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
    let lock = lock.map_err(Error::io("opening", &path))?;
    match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(lock),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(Error::InUse(folder.to_owned())),
        Err(error) => Err(Error::io("locking", path)(error.into())),
    }
}

fn open_for_writing(file: &Path) -> Result<Connection> {
    let failed = || Error::database("open");
    // SQLite would make the file readable to others.
    let made = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(file);
    drop(made.map_err(Error::io("opening", file))?);
    let connection = Connection::open(file).map_err(failed())?;
    // Whoever refuses a journal leaves it as it is; the writer empties the log when it is done.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(failed())?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    reader::keep_plans(&connection)?;
    // Write-ahead log; a commit returns when the disk has confirmed it.
    connection.pragma_update(None, "journal_mode", "WAL").map_err(failed())?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(failed())?;
    connection.pragma_update(None, "wal_autocheckpoint", WAL_PAGES).map_err(failed())?;
    Ok(connection)
}

fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(Error::io("syncing", folder))
}

/// The Merkle tree over all records, those that are not indexed, and when the last record was accepted.
pub(crate) struct Loaded {
    pub(crate) tree: Tree,
    pub(crate) pending: Vec<Pending>,
    pub(crate) unix_ms: u64,
}

/// Makes the tree from tiles and from the records that are not indexed. Where it is as large as what was acknowledged, it
/// must be that.
fn load(connection: &Connection, acknowledged: Option<&TreeHead>) -> Result<Loaded> {
    let indexed = index::indexed(connection)?;
    let mut tree = Tree::load(indexed.number, &mut |level, number| index::tile(connection, level, number))?;
    let mut growth = tree.grow();
    let mut pending = Vec::new();
    let mut unix_ms = indexed.other;
    let mut head_then = (acknowledged.map(|said| said.size) == Some(indexed.number)).then(|| tree.head());
    for_each_after(connection, indexed.number, &mut |record| {
        growth.push(record.leaf());
        unix_ms = record.unix_ms;
        if acknowledged.is_some_and(|said| said.size == record.position) {
            head_then = Some(growth.head());
        }
        pending.push(record.into());
    })?;
    tree.keep(growth);
    check_acknowledged(acknowledged, tree.size(), head_then.as_ref())?;
    Ok(Loaded { tree, pending, unix_ms })
}

/// Refuses a journal that ends before what was acknowledged, or had another root there. What was acknowledged long ago is
/// covered by the index, and by the checkpoint.
pub(crate) fn check_acknowledged(said: Option<&TreeHead>, size: u64, then: Option<&TreeHead>) -> Result<()> {
    match (said, then) {
        (Some(said), _) if said.size > size => Err(Error::corrupt(format!(
            "it ends at record {size}, and record {} was acknowledged: its write-ahead log is damaged or gone",
            said.size
        ))),
        (Some(said), Some(then)) if said != then => Err(Error::corrupt(format!(
            "its first {} records do not make the root that was acknowledged",
            said.size
        ))),
        (None, _) if size > 0 => Err(Error::corrupt("the file `acknowledged` is gone")),
        _ => Ok(()),
    }
}

/// When the last record was accepted, in milliseconds since 1970-01-01T00:00:00Z; 0 if there is none.
pub(crate) fn last_unix_ms(connection: &Connection) -> Result<u64> {
    let indexed = index::indexed(connection)?;
    let mut unix_ms = indexed.other;
    for_each_after(connection, indexed.number, &mut |record| unix_ms = record.unix_ms)?;
    Ok(unix_ms)
}

/// The records that are not indexed.
pub(crate) fn pending(connection: &Connection, through: u64) -> Result<Vec<Pending>> {
    let mut pending = Vec::new();
    for_each_after(connection, through, &mut |record| pending.push(record.into()))?;
    Ok(pending)
}

fn for_each_after(connection: &Connection, after: u64, each: &mut dyn FnMut(Record)) -> Result<()> {
    let mut after = after;
    loop {
        let records = reader::tail(connection, 0, after, Amount::records(usize::MAX))?;
        let Some(last) = records.last() else { return Ok(()) };
        after = last.position;
        records.into_iter().for_each(&mut *each);
    }
}

/// The newest signed checkpoint.
pub(crate) fn checkpoint(connection: &Connection) -> Result<Option<SignedCheckpoint>> {
    let damaged = |error: &dyn std::fmt::Display| Error::corrupt(format!("its checkpoint: {error}"));
    let Some(row) = rows::find(connection, RowKind::Checkpoint, ONLY)? else { return Ok(None) };
    let note = String::from_utf8(row.value).map_err(|error| damaged(&error))?;
    SignedCheckpoint::parse(&note).map(Some).map_err(|error| damaged(&error))
}

/// Refuses a journal that does not go on from what was signed, or that another key has signed.
pub(crate) fn check_checkpoint(
    connection: &Connection,
    signed: &SignedCheckpoint,
    key: &VerifierKey,
    size: u64,
) -> Result<()> {
    signed.verify(key, &[]).map_err(|error| Error::corrupt(format!("its checkpoint: {error}")))?;
    let tree = &signed.checkpoint.tree;
    let mut find = |subtree| reader::subtree(connection, subtree);
    if tree.size > size {
        let signed = tree.size;
        return Err(Error::corrupt(format!(
            "it ends at record {size}, and a checkpoint over {signed} was signed"
        )));
    }
    let root = plimsoll_proof::root_of(tree.size, &mut find)?;
    if root == tree.root {
        Ok(())
    } else {
        Err(Error::corrupt(format!("its first {} records are not those that were signed", tree.size)))
    }
}

fn ends(pending: &[Pending]) -> HashMap<crate::name::StreamName, End> {
    let end = |record: &Pending| (record.stream.clone(), End { sequence: record.sequence, chain: None });
    pending.iter().map(end).collect()
}
