//! What is called done and stands elsewhere as still to be done.

use std::collections::{BTreeMap, BTreeSet};

use crate::claims::document::Statement;
use crate::claims::words::{is_denial, mentions};
use crate::claims::{Case, Finding, FindingKind};

/// Values that say that something is not there yet.
const OPEN: [&str; 10] = [
    "ready to implement",
    "not yet",
    "not started",
    "not implemented",
    "to be done",
    "planned",
    "pending",
    "todo",
    "to do",
    "in progress",
];

/// Words of what is done again, or at a later time than what was ticked.
const AGAIN: [&str; 13] = [
    "each",
    "every",
    "quarter*",
    "annual*",
    "yearly",
    "monthly",
    "next year",
    "next quarter",
    "next month",
    "q1",
    "q2",
    "q3",
    "q4",
];

/// A box is ticked, and elsewhere the same thing is still to be done.
pub(super) fn ticked_and_not_done(case: &Case) -> Vec<Finding> {
    // By the key's first word, so that each ticked line is held against few.
    let mut open: BTreeMap<&str, Vec<(BTreeSet<&str>, &Statement)>> = BTreeMap::new();
    let titles = &case.document.sections;
    let is_again =
        |one: &&Statement| mentions(&one.lower, &AGAIN) || mentions(&titles[one.section].lower, &AGAIN);
    for statement in case.document.statements.iter().filter(|one| !is_again(one)) {
        let value = statement.value.to_lowercase();
        let is_open = OPEN
            .iter()
            .any(|word| value.trim_start_matches(|one: char| !one.is_alphanumeric()).starts_with(word));
        let words = words(&statement.key);
        if let Some(first) = words.first().copied().filter(|_| is_open && words.len() >= 2) {
            open.entry(first).or_default().push((words, statement));
        }
    }
    let mut findings = Vec::new();
    for ticked in case.document.statements.iter().filter(|one| one.tick == Some(true)) {
        let said = words(&ticked.lower);
        let same =
            said.iter().filter_map(|word| open.get(word)).flatten().find(|(words, _)| words.is_subset(&said));
        if let Some((_, statement)) = same {
            let reason = format!("ticked as done, and line {} says: {}", statement.line, statement.value);
            findings.push(case.finding(ticked.line, FindingKind::Contradiction, reason));
        }
    }
    findings
}

fn words(text: &str) -> BTreeSet<&str> {
    text.split(|one: char| !one.is_alphanumeric()).filter(|word| word.len() > 1).collect()
}

/// Certified for immediate production, while what would have to come first is planned.
pub(super) fn immediate_and_still_to_be_tested(case: &Case) -> Vec<Finding> {
    let is_claim = |one: &&Statement| {
        mentions(&one.lower, &["immediate production", "immediate deployment", "deploy immediately"])
            && !case.document.is_plan(one.section)
            && !is_denial(&one.lower)
            && one.tick != Some(false)
    };
    let mut claims = case.document.statements.iter().filter(is_claim);
    let Some(first) = claims.next() else { return Vec::new() };
    let open: Vec<&Statement> = case
        .document
        .statements
        .iter()
        .filter(|one| {
            (case.document.is_plan(one.section) || one.tick == Some(false)) && comes_first(&one.lower)
        })
        .take(4)
        .collect();
    let told: Vec<String> = open.iter().map(|one| format!("\"{}\" (line {})", one.value, one.line)).collect();
    if told.is_empty() {
        return Vec::new();
    }
    let reason = format!("still to be done before that, by the document's own plan: {}", told.join(", "));
    vec![case.finding(first.line, FindingKind::Contradiction, reason)]
}

/// Whether this has to be done before production, not after.
fn comes_first(lower: &str) -> bool {
    let is_trial =
        mentions(lower, &["staging", "final validation", "integration tests", "load test", "load tests"]);
    let is_audit = mentions(lower, &["security audit", "penetration test", "security assessment"]);
    let is_to_do =
        mentions(lower, &["perform", "run", "complete", "deploy", "execute", "conduct", "carry out"]);
    is_to_do && (is_trial || is_audit)
}
