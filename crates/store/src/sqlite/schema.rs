//! The schema of the database: migrations in one order, each bound to those before it, and signed when it is taken.

use std::fmt::Display;
use std::sync::Arc;

use plimsoll_keys::LogKey;
use plimsoll_proof::{Digest, SignedCheckpoint, TreeHead, VerifierKey};
use rusqlite::{Connection, ErrorCode, Row};

use crate::error::{Error, Result};

/// `PLIM`: marks the file as ours.
const APPLICATION_ID: i32 = 0x504c_494d;

/// One step of the schema.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration {
    name: &'static str,
    sql: &'static str,
}

/// Every step, in the order in which they are taken. A step that was released is never edited: add one.
pub(crate) const MIGRATIONS: &[Migration] =
    &[Migration { name: "journal", sql: include_str!("../../migrations/0001_journal.sql") }];

/// The digests of the steps: each covers its number, name and text, and the digest before it.
pub(crate) fn chain(migrations: &[Migration]) -> Vec<Digest> {
    let mut before = Digest::of(b"plimsoll journal schema");
    let mut digests = Vec::new();
    for (index, step) in migrations.iter().enumerate() {
        let number = (index as u64 + 1).to_be_bytes();
        let length = (step.name.len() as u64).to_be_bytes();
        before = Digest::of_parts(&[
            before.as_bytes(),
            &number,
            &length,
            step.name.as_bytes(),
            step.sql.as_bytes(),
        ]);
        digests.push(before);
    }
    digests
}

/// Where the steps that were taken are told: each with its digest, and the signature over it and its number.
const TABLE: &str = "CREATE TABLE migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, digest BLOB NOT NULL, \
     signature TEXT NOT NULL)";

/// Brings a database to the newest schema, and signs each step with `key`. What was applied before must be a beginning
/// of `migrations`, signed by `key`, and all that the database contains: it is held against them before anything runs.
pub(crate) fn migrate(connection: &Connection, migrations: &[Migration], key: &LogKey) -> Result<()> {
    let failed = || Error::database("prepare");
    let applied = applied(connection)?;
    let chain = chain(migrations);
    check(&applied, migrations, &chain)?;
    check_signed(&applied, &key.verifier_key())?;
    check_objects(connection, migrations.get(..applied.len()).unwrap_or_default())?;
    if applied.len() == migrations.len() {
        return Ok(());
    }
    connection.execute_batch("BEGIN IMMEDIATE").map_err(failed())?;
    let done = apply(connection, migrations, &chain, applied.len(), key);
    let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
    let ended = connection.execute_batch(end).map_err(failed());
    done.and(ended)
}

fn apply(
    connection: &Connection,
    migrations: &[Migration],
    chain: &[Digest],
    from: usize,
    key: &LogKey,
) -> Result<()> {
    let failed = || Error::database("prepare");
    if from == 0 {
        connection.execute_batch(TABLE).map_err(failed())?;
        connection.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed())?;
    }
    for (number, (step, digest)) in (1..).zip(migrations.iter().zip(chain)).skip(from) {
        connection.execute_batch(step.sql).map_err(failed())?;
        let signed = key.sign_schema(TreeHead { size: number, root: *digest });
        let signed = signed.map_err(|error| Error::Key(Arc::new(error)))?.to_string();
        let row = (number, step.name, digest.as_bytes().as_slice(), signed);
        connection.execute("INSERT INTO migration VALUES (?1, ?2, ?3, ?4)", row).map_err(failed())?;
    }
    Ok(())
}

/// Holds the schema of a database against that of this program.
pub(crate) fn check_schema(connection: &Connection) -> Result<()> {
    let applied = applied(connection)?;
    check(&applied, MIGRATIONS, &chain(MIGRATIONS))?;
    check_objects(connection, MIGRATIONS.get(..applied.len()).unwrap_or_default())?;
    if applied.len() == MIGRATIONS.len() {
        Ok(())
    } else {
        Err(Error::Schema(format!(
            "it has {} steps of {}: open it for writing first",
            applied.len(),
            MIGRATIONS.len()
        )))
    }
}

/// Whether every step of a database's schema was signed by the key of its log.
pub(crate) fn check_signatures(connection: &Connection, key: &VerifierKey) -> Result<()> {
    check_signed(&applied(connection)?, key)
}

/// Whether nobody has put anything into a database.
pub(crate) fn is_new(connection: &Connection) -> Result<bool> {
    let tables = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, u64>(0));
    Ok(tables.map_err(Error::database("read the schema of"))? == 0)
}

/// A step as the database tells it.
struct Applied {
    number: u64,
    name: String,
    digest: Vec<u8>,
    signature: String,
}

fn applied(connection: &Connection) -> Result<Vec<Applied>> {
    let failed = || Error::database("read the schema of");
    if is_new(connection)? {
        return Ok(Vec::new());
    }
    let id: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(failed())?;
    if id != APPLICATION_ID {
        return Err(Error::Schema("it is another program's database".into()));
    }
    let told = connection.prepare("SELECT number, name, digest, signature FROM migration ORDER BY number");
    let mut statement = told.map_err(|error| match error.sqlite_error_code() {
        // No such table, no such column.
        Some(ErrorCode::Unknown) | None => Error::Schema(error.to_string()),
        _ => failed()(error),
    })?;
    let step = |row: &Row<'_>| {
        let (number, name, digest, signature) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        Ok(Applied { number, name, digest, signature })
    };
    let rows = statement.query_map([], step).map_err(failed())?;
    rows.collect::<rusqlite::Result<_>>().map_err(failed())
}

fn check(applied: &[Applied], migrations: &[Migration], chain: &[Digest]) -> Result<()> {
    if applied.len() > migrations.len() {
        return Err(Error::Schema(format!(
            "it has {} steps, and this program knows {}",
            applied.len(),
            migrations.len()
        )));
    }
    for (want, (Applied { number, name, digest, .. }, (step, wanted))) in
        (1..).zip(applied.iter().zip(migrations.iter().zip(chain)))
    {
        if *number != want {
            return Err(Error::Schema(format!("step {number} stands where step {want} belongs")));
        }
        if name != step.name {
            return Err(Error::Schema(format!("step {number} is `{name}` and should be `{}`", step.name)));
        }
        if digest != wanted.as_bytes() {
            return Err(Error::Schema(format!("step {number}, `{name}`, is not the one of this program")));
        }
    }
    Ok(())
}

/// Refuses steps that the key of the log has not signed, each with its number and its digest.
fn check_signed(applied: &[Applied], key: &VerifierKey) -> Result<()> {
    for Applied { number, name, digest, signature } in applied {
        let refused = |why: &dyn Display| {
            Err(Error::corrupt(format!("the signature of step {number} of its schema, `{name}`: {why}")))
        };
        let signed = SignedCheckpoint::parse(signature)
            .and_then(|signed| signed.verify(&key.for_schema()?, &[]).map(|_| signed.checkpoint.tree));
        match signed {
            Err(error) => return refused(&error),
            Ok(tree) if tree.size != *number || tree.root.as_bytes().as_slice() != digest => {
                return refused(&"it is that of another step");
            }
            Ok(_) => {}
        }
    }
    Ok(())
}

/// A table, an index, a view or a trigger: its sort, its name, what it belongs to, and the statement that made it.
type Object = (String, String, String, Option<String>);

fn objects(connection: &Connection) -> rusqlite::Result<Vec<Object>> {
    let sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    rows.collect()
}

/// Refuses a database that does not contain exactly what the steps make, which are taken once more in memory: a
/// trigger that somebody added would act in our name.
fn check_objects(connection: &Connection, taken: &[Migration]) -> Result<()> {
    let failed = || Error::database("read the schema of");
    let again = Connection::open_in_memory().map_err(failed())?;
    if !taken.is_empty() {
        again.execute_batch(TABLE).map_err(failed())?;
    }
    taken.iter().try_for_each(|step| again.execute_batch(step.sql)).map_err(failed())?;
    let (found, made) = (objects(connection).map_err(failed())?, objects(&again).map_err(failed())?);
    let strange = found.iter().find(|object| !made.contains(object));
    if let Some((sort, name, ..)) = strange {
        return Err(Error::Schema(format!("its {sort} `{name}` is not one that its steps make")));
    }
    let missing = made.iter().find(|object| !found.contains(object));
    match missing {
        Some((sort, name, ..)) => Err(Error::Schema(format!("its {sort} `{name}` is missing"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
