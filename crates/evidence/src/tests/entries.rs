//! The chain of log entries of one subject and profile.

use plimsoll_base::Utc;
use plimsoll_proof::{Digest, to_canonical};

use crate::{EntryType, LogEntry, attempts_before, check_chain};

type Chain = Vec<(Digest, LogEntry)>;
/// What is refused, and what was done to the chain.
type Case = (&'static str, fn(&mut Chain));

/// Two attempts, the first without a result.
fn chain() -> Chain {
    let plan = |name: &str| Digest::of(name.as_bytes());
    let said = [
        (EntryType::Registered, plan("first")),
        (EntryType::NoResult, plan("first")),
        (EntryType::Registered, plan("second")),
        (EntryType::Result, plan("certificate")),
    ];
    let mut chain: Chain = Vec::new();
    for (seq, (entry_type, statement)) in (0..).zip(said) {
        let entry = LogEntry {
            seq,
            entry_type,
            time: Utc::from_unix_seconds(1_000 + i64::try_from(seq).unwrap()),
            subject: "notes".into(),
            profile: "quick".into(),
            statement,
            previous: chain.last().map(|(digest, _)| *digest),
            said: None,
        };
        chain.push((Digest::of(&to_canonical(&entry).unwrap()), entry));
    }
    chain
}

#[test]
fn a_chain_is_whole_or_refused() {
    assert!(check_chain(&chain()).is_ok());
    assert!(check_chain(&[]).is_ok());
    let cases: [Case; 7] = [
        ("entry 2 of this subject: its number", |chain| drop(chain.remove(1))),
        ("entry 1 of this subject: its number", |chain| drop(chain.remove(0))),
        ("entry 2 of this subject: its number", |chain| chain[1].1.seq = 7),
        ("entry 3 of this subject: it does not name", |chain| chain[2].1.previous = None),
        ("entry 1 of this subject: it does not name", |chain| chain[0].1.previous = Some(Digest::of(b"x"))),
        ("entry 4 of this subject: it is of another", |chain| chain[3].1.subject = "other".into()),
        ("entry 4 of this subject: it is of another", |chain| chain[3].1.time = Utc::from_unix_seconds(5)),
    ];
    for (expected, change) in cases {
        let mut changed = chain();
        change(&mut changed);
        let found = check_chain(&changed).unwrap_err().to_string();
        assert!(found.contains(expected), "{found:?} instead of {expected:?}");
    }
}

#[test]
fn attempts_are_the_registrations_before() {
    let mut chain = chain();
    assert_eq!(attempts_before(&chain, Digest::of(b"first")), Some(0));
    assert_eq!(attempts_before(&chain, Digest::of(b"second")), Some(1));
    assert_eq!(attempts_before(&chain, Digest::of(b"third")), None);
    assert_eq!(attempts_before(&chain, Digest::of(b"certificate")), None, "a result is no registration");
    chain[2].1.statement = Digest::of(b"first");
    assert_eq!(attempts_before(&chain, Digest::of(b"first")), None, "registered twice");
}

#[test]
fn types_are_signed_as_they_are_shown() {
    for entry_type in [
        EntryType::Registered,
        EntryType::Result,
        EntryType::NoResult,
        EntryType::Revoked,
        EntryType::Suspended,
        EntryType::Reinstated,
        EntryType::Superseded,
        EntryType::Waived,
    ] {
        assert_eq!(serde_json::to_string(&entry_type).unwrap(), format!("\"{}\"", entry_type.name()));
    }
}
