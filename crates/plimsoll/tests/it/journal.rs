//! `plimsoll journal`, on a journal that the store has written.

use std::path::Path;
use std::sync::Arc;

use plimsoll_base::Clock;
use plimsoll_keys::LogKey;
use plimsoll_proof::LogProof;
use plimsoll_store::{
    Batch, Expect, Journal, NewRecord, Options, RecordKind, SqliteJournal, StreamName, Write,
};

use crate::world::World;

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
    let beyond = world.run(&["journal", "prove", "7", "--data", "data"]);
    assert_eq!(beyond.code, 4);
    assert!(
        beyond.stderr.contains("record 7 is not signed: the newest checkpoint covers 6"),
        "{}",
        beyond.stderr
    );
    assert_eq!(world.run(&["journal", "prove", "0", "--data", "data", "--json"]).code, 4);
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
    let other = LogKey::generate().unwrap().verifier_key().to_string();
    assert_eq!(world.run(&["journal", "verify", "--data", "data", "--key", &other]).code, 6);

    flip(&world.path("data/journal/journal.db"), b"plain words");
    let ran = world.run(&["journal", "verify", "--data", "data"]);
    assert_eq!(ran.code, 6, "{}", ran.stdout);
    assert!(ran.stdout.contains("✗ record 2 is not what was written"), "{}", ran.stdout);
    assert!(ran.stderr.contains("hint: nothing was changed"), "{}", ran.stderr);
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
