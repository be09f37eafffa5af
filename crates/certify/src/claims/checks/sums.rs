//! A total against its parts.

use crate::claims::document::Place;
use crate::claims::interval::Interval;
use crate::claims::quantity::{Bound, Quantity, Unit, number};
use crate::claims::records::Origin;
use crate::claims::said::{Said, said};
use crate::claims::words::mentions;
use crate::claims::{Case, Finding, FindingKind};

/// Below this a count is printed to its last digit.
const EXACT_BELOW: f64 = 1000.0;

/// Words of a total, and words that may stand beside any of the three.
const TOTAL: [&str; 6] = ["total", "tests", "executed", "run", "cases", "checks"];
const PASSED: [&str; 3] = ["passed", "succeeded", "successful"];
const FAILED: [&str; 2] = ["failed", "failures"];
const BESIDE: [&str; 12] = [
    "test",
    "of",
    "were",
    "the",
    "we",
    "all",
    "number",
    "count",
    "results",
    "unit",
    "integration",
    "requests",
];
/// Words of what was not run.
const SKIPPED: [&str; 4] = ["skipped", "ignored", "disabled", "pending"];
/// Words of parts whose number is not printed.
const UNTOLD: [&str; 8] =
    ["rest", "remaining", "others", "other", "retr*", "rerun*", "flak*", "first attempt"];

/// Total, passed and failed make a whole, with whatever else is counted beside them.
pub(super) fn parts_make_the_total(case: &Case) -> Vec<Finding> {
    let mut findings = Vec::new();
    let lines =
        case.document.statements.iter().filter(|one| !matches!(one.place, Place::Heading | Place::Command));
    for statement in lines.filter(|one| !mentions(&one.lower, &UNTOLD)) {
        findings.extend(judge(case, statement.line, &said(&statement.lower)));
    }
    for record in case.records.iter().filter(|record| !matches!(record.origin, Origin::Column(_))) {
        let text =
            |field: &crate::claims::records::Field| format!("{} {}", field.key, field.value.to_lowercase());
        if record.fields.iter().any(|field| mentions(&text(field), &UNTOLD)) {
            continue;
        }
        let line = |words: &[&str]| record.field_with(words).map(|field| field.line);
        let counts: Vec<Said> = record
            .fields
            .iter()
            .filter_map(|field| Some(Said { quantity: field.of(Unit::Plain)?, words: words(&field.key) }))
            .collect();
        let at = line(&["total"]).or(line(&PASSED)).unwrap_or(record.line);
        findings.extend(judge(case, at, &counts));
    }
    findings
}

/// A key as words: what stands in brackets narrows it, and stays.
fn words(key: &str) -> String {
    key.split(|one: char| !one.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn judge(case: &Case, line: usize, said: &[Said]) -> Option<Finding> {
    let counts: Vec<&Said> = said.iter().filter(|one| one.quantity.count().is_some()).collect();
    let only = |words: &[&str], parts: bool| {
        let is_it = |one: &&&Said| {
            let is_part = mentions(&one.words, &PASSED) || mentions(&one.words, &FAILED);
            let is_bare = one.words.split(' ').all(|word| {
                words.contains(&word) || BESIDE.contains(&word) || parts && TOTAL.contains(&word)
            });
            mentions(&one.words, words) && is_part == parts && is_bare && one.quantity.bound == Bound::Exact
        };
        let mut found = counts.iter().filter(is_it);
        found.next().filter(|_| found.next().is_none()).map(|one| one.quantity)
    };
    let (total, passed, failed) = (only(&TOTAL, false)?, only(&PASSED, true)?, only(&FAILED, true)?);
    let sum = exact(passed).plus(exact(failed));
    let others: f64 =
        counts.iter().map(|one| one.quantity.value).sum::<f64>() - total.value - passed.value - failed.value;
    let most = Interval::new(sum.low, sum.high + others.max(0.0));
    // What is told of nothing may have been skipped, or not have been run.
    let may_be_more = others <= 0.0 && most.is_below(exact(total));
    // What was skipped is counted in the total or it is not: there is nothing between.
    let is_between = sum.is_below(exact(total)) && exact(total).is_below(Interval::new(most.high, most.high));
    let is_skipped =
        |one: &&&Said| one.words.split(' ').all(|word| SKIPPED.contains(&word) || BESIDE.contains(&word));
    let only_skipped = counts.iter().filter(is_skipped).count() + 3 == counts.len();
    let is_neither = is_between && only_skipped && counts.iter().all(|one| is_exact(one.quantity));
    if may_be_more || most.meets(exact(total)) && !is_neither {
        return None;
    }
    let besides = if others > 0.0 { format!(" and {} besides", number(others)) } else { String::new() };
    let reason = format!(
        "{} passed, {} failed{besides} make {}, not {}",
        number(passed.value),
        number(failed.value),
        number(passed.value + failed.value + others.max(0.0)),
        number(total.value),
    );
    Some(case.finding(line, FindingKind::Contradiction, reason))
}

/// Whether a count is printed to its last digit.
fn is_exact(count: Quantity) -> bool {
    count.bound == Bound::Exact && (count.value < EXACT_BELOW || count.step <= 1.0)
}

fn exact(count: Quantity) -> Interval {
    if is_exact(count) { Interval::exactly(count.value) } else { count.nearly() }
}
