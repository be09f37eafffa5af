//! Bits that flip: whatever is read is what was written, or the journal says what is damaged and changes nothing.

use std::path::Path;

use plimsoll_store::{
    Amount, Batch, CursorName, Document, DocumentKey, Error, Expect, Journal, JournalView, Record, Timer,
    TimerName, Write, verify,
};

use crate::crash::{Image, image, restore};
use crate::world::{World, says, stream, writes};

/// Everything that can be read.
#[derive(Debug, PartialEq)]
struct Held {
    records: Vec<Record>,
    streams: Vec<Vec<Record>>,
    documents: Vec<Document>,
    timers: Vec<Timer>,
    cursor: u64,
}

fn fill(world: &World, journal: &impl Journal) {
    for count in 0..30 {
        world.say(journal, ["a", "b"][count % 2], &[&format!("this is record number {count}")]);
    }
    let key = DocumentKey::new("setting").unwrap();
    let name = TimerName::new("alarm").unwrap();
    let rows = vec![
        Write::PutDocument { key, expect: Expect::Any, value: b"the value of a setting".into() },
        Write::SetTimer { name, due_unix_ms: 77, value: b"wake up".into() },
        Write::MoveCursor { name: CursorName::new("reader").unwrap(), to: 12 },
    ];
    world.commit(journal, writes(rows)).unwrap();
    world.commit(journal, Batch { ..says("a", Expect::At(15), &["one more", "and one more"]) }).unwrap();
}

fn read_all(world: &World, folder: &Path) -> Result<Held, Error> {
    let journal = world.open_in(folder)?;
    world.wait(async {
        let all = Amount::records(1_000);
        Ok(Held {
            records: journal.tail(0, all).await?,
            streams: vec![
                journal.read(&stream("a"), 0, all).await?,
                journal.read(&stream("b"), 0, all).await?,
            ],
            documents: journal.documents("", None, 9).await?,
            timers: journal.due(100, 9).await?,
            cursor: journal.cursor(&CursorName::new("reader").unwrap()).await?,
        })
    })
}

/// What was said of an image: what is wrong, or nothing.
fn damage_found(world: &World, image: &Image, wanted: &Held, what: &str) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    restore(image, folder.path());
    let found = match verify(folder.path(), Some(&world.key())) {
        Ok(verified) => verified.findings.first().cloned(),
        Err(error) => Some(error.to_string()),
    };
    match read_all(world, folder.path()) {
        Err(error) => Some(found.unwrap_or(error.to_string())),
        Ok(held) if held == *wanted => found,
        // A row whose name is damaged is not found by its name: that much is left to who looks through everything.
        Ok(held) => {
            let unchanged = held.records == wanted.records && held.streams == wanted.streams;
            assert!(unchanged, "{what}: records are read as something else");
            assert!(found.is_some(), "{what}: rows are read as something else, and nobody noticed");
            found
        }
    }
}

/// Flips every `step`th byte of a file; says at which offsets nobody noticed, where all was read as it was written.
fn flip(world: &World, whole: &Image, file: &str, wanted: &Held, step: usize) -> Vec<usize> {
    let mut unnoticed = Vec::new();
    for at in (0..whole[file].len()).step_by(step) {
        // One bit, or all of them: in turn, for each trial opens a journal twice.
        let mask = if (at / step).is_multiple_of(2) { 0x01 } else { 0xff };
        let mut damaged = whole.clone();
        damaged.get_mut(file).unwrap()[at] ^= mask;
        let what = format!("byte {at} of {file} with {mask:#x}");
        if damage_found(world, &damaged, wanted, &what).is_none() {
            unnoticed.push(at);
        }
    }
    unnoticed
}

/// A journal that was closed, and one whose process was killed.
fn closed_and_killed(world: &World) -> (Image, Image, Held) {
    let journal = world.open().unwrap();
    fill(world, &journal);
    let killed = image(world.folder());
    drop(journal);
    let closed = image(world.folder());
    let wanted = read_all(world, world.folder()).unwrap();
    assert_eq!((wanted.records.len(), wanted.streams[0].len(), wanted.cursor), (32, 17, 12));
    (closed, killed, wanted)
}

fn sweep(step: usize) {
    let world = World::new();
    let (closed, killed, wanted) = closed_and_killed(&world);
    assert_eq!(damage_found(&world, &closed, &wanted, "closed"), None);
    assert_eq!(damage_found(&world, &killed, &wanted, "killed"), None);
    assert_eq!(flip(&world, &closed, "acknowledged", &wanted, 1), [0; 0]);
    for (whole, file) in [(&closed, "journal.db"), (&killed, "journal.db-wal")] {
        let unnoticed = flip(&world, whole, file, &wanted, step);
        // What nobody noticed changed nothing that is read: free space, and pages that were written again later.
        eprintln!(
            "{file}: {} of {} flips changed nothing",
            unnoticed.len(),
            whole[file].len().div_ceil(step)
        );
    }
}

#[test]
fn a_flipped_bit_is_noticed_or_changes_nothing() {
    sweep(211);
}

#[test]
fn full_a_flipped_bit_is_noticed_or_changes_nothing() {
    sweep(1);
}

#[test]
fn every_byte_of_what_records_and_rows_say_is_guarded() {
    let world = World::new();
    let (closed, _, wanted) = closed_and_killed(&world);
    for text in ["this is record number 17", "and one more", "the value of a setting", "wake up"] {
        let database = &closed["journal.db"];
        let places: Vec<usize> =
            (0..database.len()).filter(|at| database[*at..].starts_with(text.as_bytes())).collect();
        assert!(!places.is_empty(), "{text}");
        for at in places[0]..places[0] + text.len() {
            let mut damaged = closed.clone();
            damaged.get_mut("journal.db").unwrap()[at] ^= 0x10;
            let found = damage_found(&world, &damaged, &wanted, text).unwrap();
            let named = ["record 18 ", "record 32 ", "document setting ", "timer alarm "]
                .iter()
                .any(|name| found.contains(name));
            assert!(named, "{text}: {found}");
        }
    }
}

#[test]
fn what_is_damaged_is_refused_and_left_as_it_is() {
    let world = World::new();
    let (closed, killed, wanted) = closed_and_killed(&world);
    let without = |image: &Image, file: &str| {
        let mut image = image.clone();
        image.remove(file).unwrap();
        image
    };
    let cut = |image: &Image, file: &str, bytes: usize| {
        let mut image = image.clone();
        image.get_mut(file).unwrap().truncate(bytes);
        image
    };
    let log_bytes = killed["journal.db-wal"].len();
    let cases = [
        (
            "the log is gone",
            without(&killed, "journal.db-wal"),
            "it ends at record 0, and record 32 was acknowledged",
        ),
        ("the log is cut", cut(&killed, "journal.db-wal", log_bytes / 2), "was acknowledged"),
        (
            "the last page of the log is cut",
            cut(&killed, "journal.db-wal", log_bytes - 1),
            "was acknowledged",
        ),
        ("the file beside it is gone", without(&closed, "acknowledged"), "the file `acknowledged` is gone"),
        ("the database is cut", cut(&closed, "journal.db", 8_192), "malformed"),
    ];
    for (what, left, wanted_sentence) in cases {
        let folder = tempfile::tempdir().unwrap();
        restore(&left, folder.path());
        let refused = world.open_in(folder.path()).map(drop).unwrap_err();
        assert!(matches!(refused, Error::Corrupt(_)), "{what}: {refused}");
        assert!(refused.to_string().contains(wanted_sentence), "{what}: {refused}");
        for (name, bytes) in image(folder.path()) {
            let same = left.get(&name).is_none_or(|before| *before == bytes);
            assert!(same || name == "journal.db-wal", "{what}: {name} was changed");
        }
        assert!(damage_found(&world, &left, &wanted, what).is_some());
    }
}

#[test]
fn records_that_were_changed_with_their_sums_do_not_make_the_root() {
    let world = World::new();
    let (_, killed, _) = closed_and_killed(&world);
    let folder = tempfile::tempdir().unwrap();
    restore(&killed, folder.path());
    let connection = rusqlite::Connection::open(folder.path().join("journal.db")).unwrap();
    // The last two records change places: each is whole, and no checkpoint covers them.
    let swap = "CREATE TEMP TABLE kept AS SELECT * FROM record;
                UPDATE record SET body = (SELECT body FROM kept WHERE kept.position = 63 - record.position)
                WHERE position IN (31, 32)";
    connection.execute_batch(swap).unwrap();
    drop(connection);
    let refused = world.open_in(folder.path()).map(drop).unwrap_err();
    assert!(refused.to_string().contains("records do not make the root that was acknowledged"), "{refused}");
}

#[test]
fn what_an_index_has_lost_is_not_taken_for_nothing() {
    let world = World::new();
    drop(closed_and_killed(&world));
    let whole = image(world.folder());
    let lost = [
        ("DELETE FROM posting WHERE stream = 'a'", "the index of stream a ends at 0 and not at 17"),
        ("DELETE FROM record WHERE position = 32", "record 32 is missing"),
        ("DELETE FROM small WHERE kind = 'stream' AND name = 'a'", "the end of stream a is missing"),
    ];
    for (tamper, wanted) in lost {
        let folder = tempfile::tempdir().unwrap();
        restore(&whole, folder.path());
        let connection = rusqlite::Connection::open(folder.path().join("journal.db")).unwrap();
        connection.execute_batch(tamper).unwrap();
        drop(connection);
        let journal = world.open_in(folder.path()).unwrap();
        let all = Amount::records(1_000);
        let said = [
            world.wait(journal.read(&stream("a"), 0, all)).map(drop),
            world.wait(journal.tail(0, all)).map(drop),
            world.commit(&journal, says("a", Expect::Any, &["again"])).map(drop),
        ];
        let said: Vec<String> =
            said.into_iter().filter_map(|answer| answer.err()).map(|error| error.to_string()).collect();
        assert!(said.iter().any(|sentence| sentence.contains(wanted)), "{tamper}: {said:?}");
    }
}

#[test]
fn the_journal_of_another_key_is_refused() {
    let world = World::new();
    let (closed, ..) = closed_and_killed(&world);
    let other = World::new();
    restore(&closed, other.folder());
    let refused = other.open().map(drop).unwrap_err();
    assert!(matches!(refused, Error::Corrupt(_)), "{refused}");
    assert!(!verify(other.folder(), Some(&other.key())).unwrap().findings.is_empty());
    assert!(verify(other.folder(), None).unwrap().findings.is_empty());
}

#[test]
fn a_schema_that_another_key_has_signed_is_refused_though_nothing_else_was_signed() {
    let (world, other) = (World::new(), World::new());
    drop(world.open().unwrap());
    assert!(JournalView::open(world.folder()).unwrap().checkpoint().unwrap().is_none());
    restore(&image(world.folder()), other.folder());
    let refused = other.open().map(drop).unwrap_err();
    assert!(refused.to_string().contains("the signature of step 1 of its schema"), "{refused}");
    let findings = verify(other.folder(), Some(&other.key())).unwrap().findings;
    assert!(findings.iter().any(|finding| finding.contains("the signature of step 1")), "{findings:?}");
    assert!(verify(other.folder(), Some(&world.key())).unwrap().findings.is_empty());
    JournalView::open(other.folder()).unwrap();
}

#[test]
fn what_the_schema_does_not_have_runs_in_nobodys_name() {
    let world = World::new();
    let (closed, ..) = closed_and_killed(&world);
    let folder = tempfile::tempdir().unwrap();
    restore(&closed, folder.path());
    let connection = rusqlite::Connection::open(folder.path().join("journal.db")).unwrap();
    let planted = "CREATE TRIGGER act AFTER INSERT ON record BEGIN DELETE FROM small; END";
    connection.execute_batch(planted).unwrap();
    drop(connection);
    let answers = [
        world.open_in(folder.path()).map(drop),
        JournalView::open(folder.path()).map(drop),
        verify(folder.path(), None).map(drop),
    ];
    for answer in answers {
        let error = answer.unwrap_err();
        assert!(matches!(error, Error::Schema(_)), "{error}");
        assert!(error.to_string().contains("its trigger `act` is not one that its steps make"), "{error}");
    }
}

#[test]
fn a_row_that_somebody_changed_is_noticed() {
    let world = World::new();
    drop(closed_and_killed(&world));
    let tampers = [
        (
            "UPDATE record SET body = (SELECT body FROM record WHERE position = 4) WHERE position = 6",
            "record 6",
        ),
        ("DELETE FROM record WHERE position = 9", "record 9 is missing"),
        ("DELETE FROM record WHERE position = 32", "32"),
        ("UPDATE record SET body = x'' WHERE position = 5", "trimmed"),
        ("UPDATE small SET number = 99 WHERE kind = 'document'", "document setting"),
        ("UPDATE small SET kind = 'other' WHERE kind = 'document'", "other"),
        ("DELETE FROM posting WHERE stream = 'a'", "the index"),
        ("UPDATE posting SET last = last + 1 WHERE stream = 'a'", "the index of stream"),
        ("UPDATE tile SET hashes = zeroblob(length(hashes))", "tile"),
    ];
    let whole = image(world.folder());
    for (tamper, wanted) in tampers {
        let folder = tempfile::tempdir().unwrap();
        restore(&whole, folder.path());
        let connection = rusqlite::Connection::open(folder.path().join("journal.db")).unwrap();
        connection.execute_batch(tamper).unwrap();
        drop(connection);
        let found = verify(folder.path(), Some(&world.key())).unwrap().findings;
        assert!(found.iter().any(|finding| finding.contains(wanted)), "{tamper}: {found:?}");
    }
}

/// The index of a long stream is written in several pieces, which are looked at one by one.
#[test]
fn what_is_wrong_at_the_end_of_a_long_index_is_found() {
    const RECORDS: u64 = 6_000;
    let world = World::new();
    let journal = world.open().unwrap();
    for _ in 0..RECORDS / 1_000 {
        world.say(&journal, "long", &["x"; 1_000]);
    }
    let trim = |through| writes(vec![Write::Trim { stream: stream("long"), through }]);
    world.commit(&journal, trim(10)).unwrap();
    world.commit(&journal, trim(RECORDS - 500)).unwrap();
    assert_eq!(world.said(&journal, "long").len(), 500);
    drop(journal);
    let found = verify(world.folder(), Some(&world.key())).unwrap();
    assert_eq!((found.findings, found.trimmed), (vec![], RECORDS - 500));
    let connection = rusqlite::Connection::open(world.folder().join("journal.db")).unwrap();
    let pieces: u64 = connection.query_row("SELECT count(*) FROM posting", [], |row| row.get(0)).unwrap();
    assert!(pieces > 1, "{pieces}");
    connection
        .execute("UPDATE posting SET last = last + 1 WHERE last = (SELECT max(last) FROM posting)", [])
        .unwrap();
    let findings = verify(world.folder(), None).unwrap().findings;
    assert!(findings.iter().any(|finding| finding.contains("the index of stream")), "{findings:?}");
}
