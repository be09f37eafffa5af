//! The schema of the database: migrations in one order, each bound to those before it.

use plimsoll_proof::Digest;
use rusqlite::Connection;

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

/// Brings a database to the newest schema. What was applied before must be a beginning of `migrations`, and is
/// held against them before anything runs.
pub(crate) fn migrate(connection: &Connection, migrations: &[Migration]) -> Result<()> {
    let failed = || Error::database("prepare");
    let applied = applied(connection)?;
    let chain = chain(migrations);
    check(&applied, migrations, &chain)?;
    if applied.len() == migrations.len() {
        return Ok(());
    }
    connection.execute_batch("BEGIN IMMEDIATE").map_err(failed())?;
    let done = apply(connection, migrations, &chain, applied.len());
    let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
    let ended = connection.execute_batch(end).map_err(failed());
    done.and(ended)
}

fn apply(connection: &Connection, migrations: &[Migration], chain: &[Digest], from: usize) -> Result<()> {
    let failed = || Error::database("prepare");
    if from == 0 {
        connection
            .execute_batch(
                "CREATE TABLE migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, digest BLOB NOT NULL)",
            )
            .map_err(failed())?;
        connection.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed())?;
    }
    for (index, (step, digest)) in migrations.iter().zip(chain).enumerate().skip(from) {
        connection.execute_batch(step.sql).map_err(failed())?;
        let number = i64::try_from(index + 1).unwrap_or(i64::MAX);
        let row = (number, step.name, digest.as_bytes().as_slice());
        connection.execute("INSERT INTO migration VALUES (?1, ?2, ?3)", row).map_err(failed())?;
    }
    Ok(())
}

/// Holds the schema of a database against that of this program.
pub(crate) fn check_schema(connection: &Connection) -> Result<()> {
    let applied = applied(connection)?;
    check(&applied, MIGRATIONS, &chain(MIGRATIONS))?;
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

/// Whether nobody has put anything into a database.
pub(crate) fn is_new(connection: &Connection) -> Result<bool> {
    let tables = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, u64>(0));
    Ok(tables.map_err(Error::database("read the schema of"))? == 0)
}

/// A step as the database tells it.
type Applied = (u64, String, Vec<u8>);

fn applied(connection: &Connection) -> Result<Vec<Applied>> {
    let failed = || Error::database("read the schema of");
    if is_new(connection)? {
        return Ok(Vec::new());
    }
    let id: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(failed())?;
    if id != APPLICATION_ID {
        return Err(Error::Schema("it is another program's database".into()));
    }
    let mut statement =
        connection.prepare("SELECT number, name, digest FROM migration ORDER BY number").map_err(failed())?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).map_err(failed())?;
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
    for (index, ((number, name, digest), (step, wanted))) in
        applied.iter().zip(migrations.iter().zip(chain)).enumerate()
    {
        let want = index as u64 + 1;
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

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Migration = Migration { name: "one", sql: "CREATE TABLE one (a INTEGER)" };
    const TWO: Migration = Migration { name: "two", sql: "CREATE TABLE two (a INTEGER)" };
    const THREE: Migration = Migration { name: "three", sql: "CREATE TABLE three (a INTEGER)" };

    fn tables(connection: &Connection) -> Vec<String> {
        let mut statement =
            connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(|row| row.unwrap()).collect()
    }

    #[test]
    fn steps_are_taken_once_and_in_order() {
        let connection = Connection::open_in_memory().unwrap();
        migrate(&connection, &[ONE]).unwrap();
        assert_eq!(tables(&connection), ["migration", "one"]);
        migrate(&connection, &[ONE, TWO, THREE]).unwrap();
        migrate(&connection, &[ONE, TWO, THREE]).unwrap();
        assert_eq!(tables(&connection), ["migration", "one", "three", "two"]);
    }

    #[test]
    fn steps_that_are_not_those_that_were_taken_are_refused_before_anything_runs() {
        let edited = Migration { sql: "CREATE TABLE one (a INTEGER, b INTEGER)", ..ONE };
        let renamed = Migration { name: "uno", ..ONE };
        let cases: [(&str, &[Migration], &str); 6] = [
            ("swapped", &[TWO, ONE, THREE], "`one` and should be `two`"),
            ("renamed", &[renamed, TWO, THREE], "`one` and should be `uno`"),
            ("edited", &[edited, TWO, THREE], "step 1, `one`, is not the one"),
            ("edited later", &[ONE, Migration { sql: "SELECT 1", ..TWO }, THREE], "step 2, `two`"),
            ("replayed", &[ONE, ONE, TWO, THREE], "`two` and should be `one`"),
            ("older program", &[ONE], "it has 2 steps, and this program knows 1"),
        ];
        for (what, migrations, reason) in cases {
            let connection = Connection::open_in_memory().unwrap();
            migrate(&connection, &[ONE, TWO]).unwrap();
            let error = migrate(&connection, migrations).unwrap_err().to_string();
            assert!(error.contains(reason), "{what}: {error}");
            assert_eq!(tables(&connection), ["migration", "one", "two"], "{what}: something ran");
        }
    }

    #[test]
    fn rows_that_were_tampered_with_are_refused() {
        for tamper in [
            "UPDATE migration SET number = 7 WHERE number = 2",
            "UPDATE migration SET name = 'uno' WHERE number = 1",
            "UPDATE migration SET digest = zeroblob(32) WHERE number = 1",
            "DELETE FROM migration WHERE number = 1",
            "INSERT INTO migration SELECT 4, name, digest FROM migration WHERE number = 1",
        ] {
            let connection = Connection::open_in_memory().unwrap();
            migrate(&connection, &[ONE, TWO]).unwrap();
            connection.execute_batch(tamper).unwrap();
            let answer = migrate(&connection, &[ONE, TWO, THREE]);
            assert!(matches!(answer, Err(Error::Schema(_))), "{tamper}: {answer:?}");
            assert!(!tables(&connection).contains(&"three".to_owned()), "{tamper}: something ran");
        }
    }

    #[test]
    fn a_step_that_fails_leaves_nothing() {
        let connection = Connection::open_in_memory().unwrap();
        let broken = Migration { name: "broken", sql: "CREATE TABLE half (a INTEGER); CREATE NONSENSE" };
        assert!(migrate(&connection, &[ONE, broken]).is_err());
        assert!(tables(&connection).is_empty());
        migrate(&connection, &[ONE, TWO]).unwrap();
    }

    #[test]
    fn the_database_of_another_program_is_left_alone() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE theirs (a INTEGER)").unwrap();
        assert!(matches!(migrate(&connection, &[ONE]), Err(Error::Schema(_))));
        assert_eq!(tables(&connection), ["theirs"]);
    }

    #[test]
    fn released_steps_are_never_edited() {
        let digests: Vec<String> = chain(MIGRATIONS).iter().map(Digest::to_string).collect();
        assert_eq!(digests, ["242291655470a0c36c0a53386072b49f0551ad0222ba2b6ba94e0cc9260e0c15"]);
    }
}
