//! Lies in what is signed: statements, the certificate, the list of files, the log.

use plimsoll_evidence::{Document, EntryType, LogEntry};
use plimsoll_proof::{Digest, VerifierKey};
use serde_json::{Value, json};

use super::evidence::{edit, plan};
use crate::issuer::Parts;

/// The log's entry that registers this certificate's plan.
fn registered(parts: &Parts) -> usize {
    let plan = parts.certificate["predicate"]["plan"].as_str().unwrap();
    let is_it =
        |entry: &LogEntry| entry.entry_type == EntryType::Registered && entry.statement.to_string() == plan;
    parts.log.iter().position(is_it).unwrap()
}

pub(super) fn listed_twice(parts: &mut Parts, n: usize) -> String {
    parts.relist = |list| list.extend_from_within(..1);
    format!("the first ({n})")
}

pub(super) fn misplaced(parts: &mut Parts, n: usize) -> String {
    let path = ["notes.txt", "evidence/notes.txt", "docs/notes.txt"][n % 3];
    parts.others.insert(path.into(), b"listed and signed".to_vec());
    path.into()
}

pub(super) fn misnamed(parts: &mut Parts, n: usize) -> String {
    let path = format!("evidence/{}.txt", Digest::of(&[n as u8]));
    parts.others.insert(path.clone(), b"other bytes".to_vec());
    path
}

pub(super) fn statement_type(parts: &mut Parts, n: usize) -> String {
    let path = parts.statements.keys().nth(n % parts.statements.len()).unwrap().clone();
    let said =
        if n.is_multiple_of(2) { parts.statements.get_mut(&path).unwrap() } else { &mut parts.certificate };
    said["_type"] = json!("https://in-toto.io/Statement/v0.1");
    path
}

pub(super) fn one_key(parts: &mut Parts, _: usize) -> String {
    let issuer = &mut parts.certificate["predicate"]["issuer"];
    issuer["log_key"] = issuer["certificate_key"].clone();
    "the certificate's".into()
}

pub(super) fn other_name(parts: &mut Parts, n: usize) -> String {
    let place = &mut parts.certificate["predicate"]["issuer"][["certificate_key", "log_key"][n % 2]];
    let key: VerifierKey = place.as_str().unwrap().parse().unwrap();
    let renamed = VerifierKey::new(&format!("acme{n}"), key.algorithm(), *key.public_key()).unwrap();
    *place = json!(renamed.to_string());
    renamed.name().to_owned()
}

pub(super) fn undescribed(parts: &mut Parts, _: usize) -> String {
    let description = plan(&mut parts.documents()).description;
    parts.others.remove(&format!("evidence/{description}.txt")).unwrap();
    description.to_string()
}

/// The attempts of another subject or profile, which are none of this one's: all of them, or one.
pub(super) fn foreign(parts: &mut Parts, n: usize) -> String {
    match n % 3 {
        0 => parts.log.iter_mut().for_each(|entry| entry.subject = "another".into()),
        1 => parts.log.iter_mut().for_each(|entry| entry.profile = "another".into()),
        _ => parts.log[0].subject = "another".into(),
    }
    format!("of kind {}", n % 3)
}

fn statement(parts: &mut Parts, n: usize, change: impl Fn(&mut Value)) -> String {
    let path = parts.statements.keys().nth(n % parts.statements.len()).unwrap().clone();
    change(&mut parts.statements.get_mut(&path).unwrap()["predicate"]);
    path
}

pub(super) fn verdict(parts: &mut Parts, n: usize) -> String {
    let path = statement(parts, n, |said| said["verdict"] = json!("FAIL"));
    if n.is_multiple_of(2) {
        let criteria = parts.certificate["predicate"]["criteria"].as_array_mut().unwrap();
        let summary = criteria.iter_mut().find(|summary| summary["statement"] == json!(path)).unwrap();
        summary["verdict"] = json!("FAIL");
    }
    path
}

/// Another limit in the plan and in the statement, with the sentence left as it was.
pub(super) fn limit(parts: &mut Parts, n: usize) -> String {
    let path = statement(parts, n, |said| said["criterion"]["limit"] = json!(7));
    let id = parts.statements[&path]["predicate"]["criterion"]["id"].as_str().unwrap().to_owned();
    edit(
        parts,
        0,
        |document| matches!(document, Document::Plan(_)),
        |document| {
            if let Document::Plan(plan) = document {
                plan.profile.criteria.iter_mut().find(|criterion| criterion.id == id).unwrap().limit = 7;
            }
        },
    )
}

pub(super) fn n_of_statement(parts: &mut Parts, n: usize) -> String {
    statement(parts, n, |said| said["measurement"]["n"] = json!(1_000_000))
}

pub(super) fn reason(parts: &mut Parts, n: usize) -> String {
    statement(parts, n, |said| said["reason"] = json!("trust us"))
}

pub(super) fn control_removed(parts: &mut Parts, n: usize) -> String {
    statement(parts, n, |said| drop(said.as_object_mut().unwrap().remove("control")))
}

pub(super) fn status(parts: &mut Parts, _: usize) -> String {
    parts.certificate["predicate"]["status"] = json!("certified");
    "certified".into()
}

pub(super) fn disclaimer(parts: &mut Parts, n: usize) -> String {
    let name = ["not_proven", "conditions"][n % 2];
    parts.certificate["predicate"][name] = json!([]);
    name.into()
}

pub(super) fn validity(parts: &mut Parts, n: usize) -> String {
    let time = format!("20{}-01-01T00:00:00Z", 30 + n % 60);
    parts.certificate["predicate"]["not_after"] = json!(time);
    time
}

pub(super) fn left_out(parts: &mut Parts, n: usize) -> String {
    let path = parts.statements.keys().nth(n % parts.statements.len()).unwrap().clone();
    parts.statements.remove(&path);
    path
}

pub(super) fn one_more(parts: &mut Parts, n: usize) -> String {
    let said = parts.statements.values().nth(n % parts.statements.len()).unwrap().clone();
    parts.statements.insert("statements/one-more.dsse.json".into(), said);
    "one-more".into()
}

pub(super) fn late(parts: &mut Parts, n: usize) -> String {
    let at = registered(parts);
    let later = 30 + n as i64;
    parts.log[at].time = parts.log[at].time.plus_seconds(later);
    parts.log[at + 1].time = parts.log[at + 1].time.plus_seconds(later);
    format!("{later} s later")
}

pub(super) fn twice(parts: &mut Parts, _: usize) -> String {
    let entry = parts.log[registered(parts)].clone();
    parts.log.insert(0, LogEntry { time: parts.log[0].time, ..entry });
    "at the beginning too".into()
}

pub(super) fn never(parts: &mut Parts, n: usize) -> String {
    let at = registered(parts);
    parts.log[at].statement = Digest::of(&[n as u8]);
    "another plan was".into()
}

/// Measured twice under one registration, the first result passed over.
pub(super) fn second_result(parts: &mut Parts, n: usize) -> String {
    let at = registered(parts) + 1;
    let kind = [EntryType::Result, EntryType::NoResult][n % 2];
    let first = LogEntry { entry_type: kind, statement: Digest::of(b"passed over"), ..parts.log[at].clone() };
    parts.log.insert(at, first);
    format!("after a {}", kind.name())
}
