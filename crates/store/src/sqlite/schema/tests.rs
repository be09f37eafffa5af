use std::sync::OnceLock;

use plimsoll_base::Kind;

use super::*;

const ONE: Migration = Migration { name: "one", sql: "CREATE TABLE one (a INTEGER)" };
const TWO: Migration = Migration { name: "two", sql: "CREATE TABLE two (a INTEGER)" };
const THREE: Migration = Migration { name: "three", sql: "CREATE TABLE three (a INTEGER)" };

/// The same for everybody.
fn key() -> &'static LogKey {
    static KEY: OnceLock<LogKey> = OnceLock::new();
    KEY.get_or_init(|| LogKey::generate().unwrap())
}

fn migrate(connection: &Connection, migrations: &[Migration]) -> Result<()> {
    super::migrate(connection, migrations, key())
}

/// A database in which two steps were taken.
fn with_two_steps() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    migrate(&connection, &[ONE, TWO]).unwrap();
    connection
}

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
    let cases: [(&str, &[Migration], &str); 7] = [
        ("swapped", &[TWO, ONE, THREE], "`one` and should be `two`"),
        ("renamed", &[renamed, TWO, THREE], "`one` and should be `uno`"),
        ("edited", &[edited, TWO, THREE], "step 1, `one`, is not the one"),
        ("edited later", &[ONE, Migration { sql: "SELECT 1", ..TWO }, THREE], "step 2, `two`"),
        ("replayed", &[ONE, ONE, TWO, THREE], "`two` and should be `one`"),
        ("dropped", &[TWO, THREE], "`one` and should be `two`"),
        ("older program", &[ONE], "it has 2 steps, and this program knows 1"),
    ];
    for (what, migrations, reason) in cases {
        let connection = with_two_steps();
        let error = migrate(&connection, migrations).unwrap_err().to_string();
        assert!(error.contains(reason), "{what}: {error}");
        assert_eq!(tables(&connection), ["migration", "one", "two"], "{what}: something ran");
    }
}

#[test]
fn rows_that_were_tampered_with_are_refused() {
    let cases = [
        (
            "swapped",
            "UPDATE migration SET number = number - 3; UPDATE migration SET number = -number",
            "step 1 is `two` and should be `one`",
        ),
        (
            "numbered otherwise",
            "UPDATE migration SET number = 7 WHERE number = 2",
            "step 7 stands where step 2 belongs",
        ),
        (
            "renamed",
            "UPDATE migration SET name = 'uno' WHERE number = 1",
            "step 1 is `uno` and should be `one`",
        ),
        (
            "edited",
            "UPDATE migration SET digest = zeroblob(32) WHERE number = 1",
            "step 1, `one`, is not the one of this program",
        ),
        ("dropped first", "DELETE FROM migration WHERE number = 1", "step 2 stands where step 1 belongs"),
        ("dropped last", "DELETE FROM migration WHERE number = 2", "its table `two` is not one"),
        ("all dropped", "DELETE FROM migration", "its table `migration` is not one"),
        (
            "replayed",
            "INSERT INTO migration SELECT 3, name, digest, signature FROM migration WHERE number = 1",
            "step 3 is `one` and should be `three`",
        ),
        (
            "unsigned",
            "UPDATE migration SET signature = '' WHERE number = 2",
            "the signature of step 2 of its schema, `two`: ",
        ),
        (
            "signed as the first",
            "UPDATE migration SET signature = (SELECT signature FROM migration WHERE number = 1) WHERE number = 2",
            "`two`: it is that of another step",
        ),
        (
            "signature edited",
            "UPDATE migration SET signature = replace(signature, 'schema', 'scheme')",
            "the signature of step 1 of its schema, `one`: ",
        ),
        ("untold", "DROP TABLE migration", "no such table: migration"),
        (
            "told otherwise",
            "ALTER TABLE migration RENAME COLUMN signature TO note",
            "no such column: signature",
        ),
    ];
    for (what, tamper, reason) in cases {
        let connection = with_two_steps();
        connection.execute_batch(tamper).unwrap();
        let error = migrate(&connection, &[ONE, TWO, THREE]).unwrap_err();
        assert_eq!(error.kind(), Kind::Corrupt, "{what}: {error}");
        assert!(error.to_string().contains(reason), "{what}: {error}");
        assert!(!tables(&connection).contains(&"three".to_owned()), "{what}: something ran");
    }
}

#[test]
fn steps_that_another_key_has_signed_are_refused_before_anything_runs() {
    let connection = with_two_steps();
    let other = LogKey::generate().unwrap();
    let error = super::migrate(&connection, &[ONE, TWO, THREE], &other).unwrap_err().to_string();
    assert!(error.contains("the signature of step 1 of its schema, `one`: "), "{error}");
    // Somebody who can write the file signs one step with a key of his own, under our name for it.
    let chain = chain(&[ONE, TWO]);
    let theirs = other.sign_schema(TreeHead { size: 2, root: chain[1] }).unwrap().to_string();
    let name = |key: &LogKey| key.verifier_key().for_schema().unwrap().name().to_owned();
    for forged in [theirs.clone(), theirs.replace(&name(&other), &name(key()))] {
        connection.execute("UPDATE migration SET signature = ?1 WHERE number = 2", [forged]).unwrap();
        let error = migrate(&connection, &[ONE, TWO, THREE]).unwrap_err().to_string();
        assert!(error.contains("the signature of step 2 of its schema, `two`: "), "{error}");
    }
    for tree in [TreeHead { size: 1, root: chain[1] }, TreeHead { size: 2, root: chain[0] }] {
        let ours = key().sign_schema(tree).unwrap().to_string();
        connection.execute("UPDATE migration SET signature = ?1 WHERE number = 2", [ours]).unwrap();
        let error = migrate(&connection, &[ONE, TWO, THREE]).unwrap_err().to_string();
        assert!(error.contains("`two`: it is that of another step"), "{error}");
    }
    assert_eq!(tables(&connection), ["migration", "one", "two"], "something ran");
    let ours = key().sign_schema(TreeHead { size: 2, root: chain[1] }).unwrap().to_string();
    connection.execute("UPDATE migration SET signature = ?1 WHERE number = 2", [ours]).unwrap();
    migrate(&connection, &[ONE, TWO, THREE]).unwrap();
    check_signatures(&connection, &key().verifier_key()).unwrap();
    assert!(check_signatures(&connection, &other.verifier_key()).is_err());
}

#[test]
fn what_the_steps_do_not_make_is_refused_before_anything_runs() {
    let cases = [
        ("CREATE TRIGGER act AFTER INSERT ON one BEGIN DELETE FROM two; END", "its trigger `act` is not one"),
        ("CREATE TABLE extra (a INTEGER)", "its table `extra` is not one"),
        ("CREATE VIEW seen AS SELECT * FROM one", "its view `seen` is not one"),
        ("CREATE INDEX fast ON one (a)", "its index `fast` is not one"),
        ("ALTER TABLE one ADD COLUMN b INTEGER", "its table `one` is not one"),
        ("DROP TABLE two", "its table `two` is missing"),
    ];
    for (tamper, reason) in cases {
        let connection = with_two_steps();
        connection.execute_batch(tamper).unwrap();
        let error = migrate(&connection, &[ONE, TWO, THREE]).unwrap_err().to_string();
        assert!(error.contains(reason), "{tamper}: {error}");
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
