//! `plimsoll journal`, on a journal that the store has written.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

use plimsoll_base::Clock;
use plimsoll_keys::LogKey;
use plimsoll_proof::LogProof;
use plimsoll_store::{
    Batch, Expect, Journal, NewRecord, Options, RecordKind, SqliteJournal, StreamName, Write,
};

use crate::world::{Ran, World};

/// It is always 2026-11-22T00:00:00Z.
struct Midnight;

impl Clock for Midnight {
    fn monotonic_ns(&self) -> u64 {
        0
    }

    fn unix_ms(&self) -> u64 {
        1_795_305_600_000
    }
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn open(world: &World, key: &Arc<LogKey>) -> SqliteJournal {
    let (folder, key) = (world.path("data/journal"), Arc::clone(key));
    SqliteJournal::open(Options { folder, key, clock: Arc::new(Midnight) }).unwrap()
}

fn say(journal: &SqliteJournal, stream: &str, payloads: &[&[u8]]) {
    let kind = RecordKind::new("said").unwrap();
    let records = payloads.iter().map(|payload| NewRecord::plain(kind.clone(), *payload)).collect();
    wait(journal.commit(Batch::append(StreamName::new(stream).unwrap(), Expect::Any, records))).unwrap();
}

/// A journal of six records, one of them trimmed, and the key that signs it.
fn filled(world: &World) -> Arc<LogKey> {
    let key = Arc::new(LogKey::generate().unwrap());
    let journal = open(world, &key);
    say(&journal, "audit", &[br#"{"actor":"ann","act":"login"}"#, b"plain words"]);
    say(&journal, "other", &[b"\xff\x00", "\u{1b}[2J \u{2028}".as_bytes()]);
    say(&journal, "audit", &[b"3", b"4"]);
    let writes = vec![Write::Trim { stream: StreamName::new("audit").unwrap(), through: 1 }];
    wait(journal.commit(Batch { writes, ..Batch::default() })).unwrap();
    key
}

#[test]
fn it_is_read_while_it_is_in_use() {
    let world = World::new();
    let key = filled(&world);
    let journal = open(&world, &key);
    say(&journal, "late", &[b"news"]);
    let ran = world.run(&["journal", "tail", "--data", "data", "--count", "6"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    insta::assert_snapshot!(ran.stdout, @r#"
           2  2026-11-22T00:00:00Z  audit  said  "plain words"
           3  2026-11-22T00:00:00Z  other  said  {"hex":"ff00"}
           4  2026-11-22T00:00:00Z  other  said  "\u001b[2J \u2028"
           5  2026-11-22T00:00:00Z  audit  said  3
           6  2026-11-22T00:00:00Z  audit  said  4
           7  2026-11-22T00:00:00Z  late  said  "news"
    "#);
    let stream = world.run(&["journal", "tail", "--data", "data", "--stream", "audit", "--count", "2"]);
    assert_eq!(stream.stdout.lines().count(), 2, "{}", stream.stdout);
    assert_eq!(world.run(&["journal", "verify", "--data", "data"]).code, 0);
}

#[test]
fn every_record_is_exported() {
    let world = World::new();
    filled(&world);
    let ran = world.run(&["journal", "export", "--data", "data"]);
    let lines: Vec<serde_json::Value> =
        ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let positions: Vec<u64> = lines.iter().map(|record| record["position"].as_u64().unwrap()).collect();
    assert_eq!(positions, [2, 3, 4, 5, 6]);
    assert_eq!(lines[1]["payload"]["hex"], "ff00");
    let rest = world.run(&["journal", "export", "--data", "data", "--after", "5"]);
    assert_eq!(rest.stdout.lines().count(), 1);
}

#[test]
fn what_it_holds_is_proven_to_those_who_have_the_key() {
    let world = World::new();
    let key = filled(&world);
    for position in ["1", "2", "6"] {
        let ran = world.run(&["journal", "prove", position, "--data", "data", "--json"]).json();
        let proof = LogProof::parse(ran["proof"].as_str().unwrap()).unwrap();
        proof.checkpoint.verify(&key.verifier_key(), &[]).unwrap();
        // What was trimmed is still proven to have been there; what it said is gone.
        assert_eq!(ran["record"].is_null(), position == "1");
        if let Some(leaf) = ran["record"]["leaf"].as_str() {
            proof.verify_inclusion(&leaf.parse().unwrap()).unwrap();
        }
        let text = world.run(&["journal", "prove", position, "--data", "data"]);
        assert_eq!(LogProof::parse(&text.stdout).unwrap(), proof);
    }
    for nowhere in ["0", "7", "18446744073709551615"] {
        let ran = world.run(&["journal", "prove", nowhere, "--data", "data", "--json"]);
        let said = format!("there is no record {nowhere}: the journal has 6");
        assert_eq!((ran.code, ran.stderr.contains(&said)), (4, true), "{}", ran.stderr);
    }
}

/// What is printed ends where the journal ended when it was asked for, whatever is written meanwhile.
#[test]
fn what_is_written_meanwhile_is_not_waited_for() {
    const RECORDS: usize = 3_000;
    const COUNT: usize = 2_500;
    let world = World::new();
    let journal = open(&world, &Arc::new(LogKey::generate().unwrap()));
    let page = vec![b"some words".as_slice(); 1_000];
    for _ in 0..RECORDS / page.len() {
        say(&journal, "s", &page);
    }
    let mut written = RECORDS;
    let count = COUNT.to_string();
    for (words, wanted) in [
        (&["export"][..], None),
        (&["tail", "--json", "--count", &count], Some(COUNT)),
        (&["tail", "--json", "--stream", "s", "--count", &count], Some(COUNT)),
    ] {
        let mut command = world.command(&[&["journal"], words, &["--data", "data"]].concat());
        let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // It has begun, and waits: a page is more than a pipe holds.
        let first = lines.next().unwrap().unwrap();
        let asked_at = written;
        say(&journal, "s", &page[..700]);
        written += 700;
        let lines: Vec<String> = [first].into_iter().chain(lines.map(Result::unwrap)).collect();
        assert_eq!(child.wait().unwrap().code(), Some(0));
        assert_eq!(lines.len(), wanted.unwrap_or(asked_at), "{words:?}");
        let last: serde_json::Value = serde_json::from_str(&lines[lines.len() - 1]).unwrap();
        assert_eq!(last["position"], asked_at, "{words:?}");
    }
}

/// Each command says the option that it has.
#[test]
fn where_nothing_says_where_each_command_says_how_to_say_it() {
    let world = World::new();
    for (words, option) in [(["journal", "tail"], "--data DIR"), (["keys", "list"], "--state DIR")] {
        let mut command = world.command(&words);
        for name in ["HOME", "XDG_STATE_HOME", "STATE_DIRECTORY"] {
            command.env_remove(name);
        }
        let ran = Ran::from(command.output().unwrap());
        assert_eq!(ran.code, 2, "{words:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(&format!("give one with {option}")), "{words:?}: {}", ran.stderr);
    }
}

/// What `journal prove --json` gives of a record, kept in a file.
fn prove_into(world: &World, position: &str, file: &str) -> String {
    let proven = world.run(&["journal", "prove", position, "--data", "data", "--json"]).stdout;
    world.write(file, &proven);
    proven
}

#[test]
fn a_proof_is_checked_without_the_journal() {
    let world = World::new();
    let key = filled(&world).verifier_key().to_string();
    prove_into(&world, "3", "3.json");
    let ran = world.run(&["journal", "check-proof", "3.json", "--key", &key]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let origin = key.split('+').next().unwrap();
    assert_eq!(
        ran.stdout,
        format!(
            "record      3  2026-11-22T00:00:00Z  other  said  {{\"hex\":\"ff00\"}}\n\
             checkpoint  6 records, signed by {origin}\n✓ valid\n"
        )
    );
    // A proof alone, and the record among others.
    world.write("5.tlog-proof", &world.run(&["journal", "prove", "5", "--data", "data"]).stdout);
    world.write("all.jsonl", &world.run(&["journal", "export", "--data", "data"]).stdout);
    let check = ["journal", "check-proof", "5.tlog-proof", "--key", &key, "--json", "--record", "all.jsonl"];
    let found = world.run(&check);
    assert_eq!((found.code, found.json()["outcome"].as_str()), (0, Some("valid")), "{}", found.stderr);
    assert_eq!(found.json()["record"]["payload"], 3);

    let other = LogKey::generate().unwrap().verifier_key().to_string();
    let stranger = world.run(&["journal", "check-proof", "3.json", "--key", &other]);
    assert_eq!((stranger.code, stranger.stdout.contains("? untrusted")), (3, true), "{}", stranger.stdout);
    let nobody = world.run(&["journal", "check-proof", "3.json"]);
    assert_eq!((nobody.code, nobody.stdout.contains("no key is known")), (3, true), "{}", nobody.stdout);
    // Of a record that was trimmed nobody can say what it said.
    prove_into(&world, "1", "1.json");
    for (proof, record, said) in [
        ("1.json", &[][..], "the proof holds no record"),
        ("5.tlog-proof", &[], "the proof holds no record"),
        ("1.json", &["--record", "all.jsonl"], "there is no record 1 in all.jsonl"),
        ("all.jsonl", &[], "all.jsonl is no proof"),
        ("none", &[], "none"),
    ] {
        let ran = world.run(&[&["journal", "check-proof", proof, "--key", &key], record].concat());
        assert_eq!(ran.code, 2, "{proof}: {}", ran.stdout);
        assert!(ran.stderr.contains(said), "{proof}: {}", ran.stderr);
    }
}

/// The manual shows a proof, a record, and what is said of them.
#[test]
fn the_example_of_the_manual_is_valid() {
    const MANUAL: &str = include_str!("../../../../docs/JOURNAL.md");
    let block = |kind: &str| {
        let rest = MANUAL.split_once(&format!("```{kind}\n")).unwrap().1;
        rest.split_once("```").unwrap().0
    };
    let world = World::new();
    world.write("3.tlog-proof", block("text"));
    world.write("audit.jsonl", block("json"));
    let (command, shown) = block("console").split_once('\n').unwrap();
    let typed: Vec<&str> = command.strip_prefix("$ plimsoll ").unwrap().split(' ').collect();
    let ran = world.run(&typed);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, shown), "{}", ran.stderr);
}

#[test]
fn a_proof_of_which_anything_was_changed_is_refused() {
    let world = World::new();
    let key = filled(&world).verifier_key().to_string();
    let proven = prove_into(&world, "5", "5.json");
    let check = ["journal", "check-proof", "5.json", "--key", &key];
    assert_eq!(world.run(&check).code, 0);
    // Each seventh byte, one bit after the other.
    for (bit, at) in (0..proven.len()).step_by(7).enumerate() {
        let mut bytes = proven.clone().into_bytes();
        bytes[at] ^= 1 << (bit % 8);
        std::fs::write(world.path("5.json"), bytes).unwrap();
        let ran = world.run(&check);
        assert!((1..=3).contains(&ran.code), "bit {} of byte {at}: {} {}", bit % 8, ran.code, ran.stdout);
    }
    // What is shown to people is held against the bytes, and these against the proof.
    let mut told: serde_json::Value = serde_json::from_str(&proven).unwrap();
    told["record"]["payload"] = 4.into();
    world.write("5.json", &told.to_string());
    let ran = world.run(&check);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stdout.contains("shows something else than its bytes say"), "{}", ran.stdout);
    let mut other: serde_json::Value = serde_json::from_str(&prove_into(&world, "6", "6.json")).unwrap();
    other["record"]["position"] = 5.into();
    told["record"] = other["record"].take();
    world.write("5.json", &told.to_string());
    let ran = world.run(&check);
    assert_eq!((ran.code, ran.stdout.contains("entry is not the one")), (1, true), "{}", ran.stdout);
}

#[test]
fn damage_is_named_and_is_exit_6() {
    let world = World::new();
    let key = filled(&world);
    let named = key.verifier_key().to_string();
    let whole = world.run(&["journal", "verify", "--data", "data", "--key", &named]);
    assert_eq!(whole.code, 0, "{}{}", whole.stdout, whole.stderr);
    let words: Vec<&str> = whole.stdout.lines().collect();
    assert_eq!(words[0], "records     6 in 2 streams, 1 of them trimmed");
    assert_eq!(words[2], format!("checkpoint  6 records, signed by {}", key.verifier_key().name()));
    assert_eq!(words[3], "✓ intact");
    let unheld = world.run(&["journal", "verify", "--data", "data"]);
    assert!(unheld.stdout.contains("; not held against a key"), "{}", unheld.stdout);
    let other = LogKey::generate().unwrap().verifier_key().to_string();
    assert_eq!(world.run(&["journal", "verify", "--data", "data", "--key", &other]).code, 6);

    flip(&world.path("data/journal/journal.db"), b"plain words");
    let ran = world.run(&["journal", "verify", "--data", "data"]);
    assert_eq!(ran.code, 6, "{}", ran.stdout);
    assert!(ran.stdout.contains("✗ record 2 is not what was written"), "{}", ran.stdout);
    assert!(ran.stderr.contains("hint: nothing was changed: look at the disk"), "{}", ran.stderr);
    let result = world.run(&["journal", "verify", "--data", "data", "--json"]);
    assert_eq!((result.code, &result.json()["intact"]), (6, &serde_json::json!(false)));
    assert_eq!(world.run(&["journal", "export", "--data", "data"]).code, 6);
}

/// Flips a bit of the first place where a text stands.
fn flip(file: &Path, text: &[u8]) {
    let mut bytes = std::fs::read(file).unwrap();
    let at = bytes.windows(text.len()).position(|found| found == text).unwrap();
    bytes[at + 3] ^= 4;
    std::fs::write(file, bytes).unwrap();
}

#[test]
fn where_there_is_no_journal_nothing_is_made() {
    let world = World::new();
    for verb in [&["verify"][..], &["tail"], &["export"], &["prove", "1"]] {
        let ran = world.run(&[&["journal"], verb, &["--data", "data"]].concat());
        assert_eq!(ran.code, 4, "{}", ran.stderr);
        assert!(ran.stderr.contains("there is no journal in data/journal"), "{}", ran.stderr);
    }
    assert!(!world.path("data").exists());
    let name = world.run(&["journal", "tail", "--data", "data", "--stream", "No Name"]);
    assert_ne!(name.code, 0);
}
