//! Statements that nothing could refute: adjectives in place of limits.

use std::collections::BTreeMap;

use crate::claims::document::{Place, Statement};
use crate::claims::token::tokens;
use crate::claims::words::{is_denial, mention};
use crate::claims::{Case, Finding, FindingKind};

const ADJECTIVES: [&str; 33] = [
    "comprehensive",
    "robust",
    "seamless*",
    "excellent",
    "outstanding",
    "optimal",
    "perfect",
    "exceptional*",
    "superior",
    "world-class",
    "best-in-class",
    "enterprise-grade",
    "enterprise grade",
    "production-grade",
    "industry-standard",
    "cutting-edge",
    "state-of-the-art",
    "bulletproof",
    "rock-solid",
    "battle-tested",
    "flawless*",
    "fully operational",
    "if applicable",
    "ultra-fast",
    "ultra-high",
    "very high",
    "very low",
    "properly configured",
    "mission-critical",
    "intelligent",
    "user-friendly",
    "production-ready",
    "best practices",
];

pub(super) fn adjectives_are_no_limits(case: &Case) -> Vec<Finding> {
    let mut groups: BTreeMap<(bool, usize), Vec<(usize, &'static str)>> = BTreeMap::new();
    for statement in case
        .document
        .statements
        .iter()
        .filter(|one| one.place != Place::Command && !case.document.is_plan(one.section))
    {
        let found = adjectives(&statement.lower);
        // In running text one such word may be a manner of speaking.
        let is_prose =
            statement.place == Place::Prose && statement.key.is_empty() || statement.place == Place::Heading;
        let first = found.first().filter(|_| found.len() > usize::from(is_prose)).copied();
        if let Some(word) = guarantee(&statement.lower).or(first).filter(|_| !has_number(statement)) {
            groups.entry((true, statement.block)).or_default().push((statement.line, word));
        }
    }
    for (index, table) in case.document.tables.iter().enumerate() {
        for row in &table.rows {
            let found = row.cells.iter().find_map(|cell| adjectives(&cell.to_lowercase()).first().copied());
            groups.entry((false, index)).or_default().extend(found.map(|word| (row.line, word)));
        }
    }
    let finding = |found: Vec<(usize, &'static str)>| {
        let (line, word) = found.first()?;
        let more = match found.len() {
            1 => String::new(),
            count => format!(" (as in {} more of this list)", count - 1),
        };
        let word = word.trim_end_matches('*');
        let reason =
            format!("\"{word}\" names no limit and no test: nothing that happens could refute it{more}");
        Some(case.finding(*line, FindingKind::CannotFail, reason))
    };
    groups.into_values().filter_map(finding).collect()
}

/// `Zero downtime guaranteed`: what happens after a guarantee makes it no less one.
fn guarantee(lower: &str) -> Option<&'static str> {
    const NOTHING: [&str; 4] = ["zero downtime", "zero-downtime", "zero data loss", "perfect uptime"];
    let is_one = mention(lower, "guarantee*").is_some() && !is_denial(lower);
    NOTHING.into_iter().find(|word| is_one && mention(lower, word).is_some())
}

fn adjectives(lower: &str) -> Vec<&'static str> {
    if is_denial(lower) {
        return Vec::new();
    }
    ADJECTIVES.into_iter().filter(|word| mention(lower, word).is_some()).collect()
}

fn has_number(statement: &Statement) -> bool {
    tokens(&statement.value).iter().any(|token| token.quantity().is_some())
}
