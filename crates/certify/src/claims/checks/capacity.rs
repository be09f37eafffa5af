//! Capacity against the best that was measured.

use crate::claims::document::Statement;
use crate::claims::facts::{Figure, Run, claims};
use crate::claims::interval::Interval;
use crate::claims::qualifier::qualifier;
use crate::claims::quantity::{Quantity, number};
use crate::claims::records::in_unit_of;
use crate::claims::token::quantities;
use crate::claims::words::{is_denial, is_wish, mentions};
use crate::claims::{Case, Finding, FindingKind};

/// Words of what is said to be carried.
const CAPACITY: [&str; 5] = ["capacity", "burst", "sustained", "sustains", "handles"];
/// Words of what was seen, or promised by others.
const SEEN: [&str; 11] = [
    "measured",
    "observed",
    "actual",
    "achieved",
    "production traffic",
    "tested",
    "vendor",
    "rated",
    "nominal",
    "quota",
    "configured",
];

/// Words of a test that goes up until something gives way.
const STEPPED: [&str; 6] = ["stepped", "step*", "ramp*", "stress*", "saturat*", "no errors until"];
/// Words of what is let in, which says nothing of what is carried.
const ADMITTED: [&str; 8] =
    ["limit*", "quota*", "429", "tier*", "pricing", "thrott*", "allowance", "subscription*"];
/// Words that may stand beside what the whole carries. With any other it may be of a part of it, or of somebody else.
const OF_ALL: [&str; 25] = [
    "capacity",
    "burst",
    "sustained",
    "sustains",
    "sustain",
    "handles",
    "handle",
    "handled",
    "peak",
    "maximum",
    "max",
    "system",
    "platform",
    "service",
    "server",
    "api",
    "can",
    "supports",
    "traffic",
    "load",
    "production",
    "concurrent",
    "users",
    "up",
    "node",
];

pub(super) fn capacity_was_measured(case: &Case) -> Vec<Finding> {
    let rates: Vec<Figure> = case.facts.runs.iter().filter_map(|run| run.rate).collect();
    let seen = seen(case);
    let mut findings = Vec::new();
    for statement in claims(&case.document).filter(|one| is_capacity(case, one)) {
        for (claimed, printed) in quantities(&statement.value) {
            let claimed = in_unit_of(&statement.key, claimed);
            let was_seen = seen.iter().any(|(line, one)| {
                *line == statement.line || one.is_like(claimed) && one.allowed().high >= claimed.value
            });
            if claimed.is_rate() && !was_seen {
                findings.extend(judge(case, statement.line, claimed, printed, &rates));
            }
        }
    }
    findings
}

/// So many are looked at: a hostile document has a million.
const SEEN_MAX: usize = 1000;

/// Rates that were seen for a while, with their lines: peaks of runs, and what is called measured in running text.
fn seen(case: &Case) -> Vec<(usize, Quantity)> {
    let peaks = case.facts.runs.iter().filter_map(|run| run.peak).map(|peak| (peak.line, peak.quantity));
    let is_seen = |one: &&Statement| {
        mentions(&one.lower, &STEPPED) || mentions(&one.lower, &SEEN[..5]) && !is_denial(&one.lower)
    };
    let told = claims(&case.document)
        .filter(|one| is_seen(one) && !is_wish(&one.lower))
        .flat_map(|one| quantities(&one.lower).into_iter().map(|(rate, _)| (one.line, rate)))
        .filter(|(_, rate)| rate.is_rate());
    peaks.chain(told).take(SEEN_MAX).collect()
}

fn is_capacity(case: &Case, statement: &Statement) -> bool {
    let title = &case.document.sections[statement.section].lower;
    let is_title = mentions(title, &["capacity"]) && !mentions(title, &["planning"]);
    let of_peak = is_title && mentions(&statement.key, &["peak", "maximum", "max", "throughput"]);
    let is_ours = mentions(&statement.lower, &CAPACITY) || of_peak;
    let is_path = mentions(title, &["path", "scaling"]) && !is_title;
    let is_of_all = |word: &str| word.is_empty() || OF_ALL.contains(&word);
    is_ours
        && !is_path
        && !mentions(title, &ADMITTED)
        && !mentions(&statement.lower, &ADMITTED)
        && qualifier(&statement.key, &statement.value).split(' ').all(is_of_all)
        && !mentions(&statement.lower, &SEEN)
        && !is_wish(&statement.lower)
        && !is_denial(&statement.lower)
}

fn judge(case: &Case, line: usize, claimed: Quantity, printed: &str, rates: &[Figure]) -> Option<Finding> {
    let alike = || rates.iter().filter(|rate| rate.quantity.is_like(claimed));
    let best = alike().max_by(|one, two| one.quantity.value.total_cmp(&two.quantity.value))?;
    if best.quantity.allowed().is_below(Interval::exactly(claimed.value)) {
        let reason = format!(
            "never observed: the highest rate that was measured is {}/s (line {}), {} % of {printed}",
            number(best.quantity.value),
            best.line,
            number(best.quantity.value / claimed.value * 100.0),
        );
        return Some(case.finding(line, FindingKind::Contradiction, reason));
    }
    over_objective(case, line, claimed, printed)
}

/// A rate that is only reached with more errors than the loosest objective allows.
fn over_objective(case: &Case, line: usize, claimed: Quantity, printed: &str) -> Option<Finding> {
    let (allowed, objective) = case.facts.errors_allowed()?;
    let with_errors =
        |run: &&Run| run.error_ratio.zip(run.rate).is_some_and(|(_, rate)| rate.quantity.is_like(claimed));
    let runs: Vec<(f64, &Run)> = case
        .facts
        .runs
        .iter()
        .filter(with_errors)
        .filter_map(|run| Some((run.rate?.quantity.allowed().high, run)))
        .collect();
    let is_over = |run: &Run| {
        run.error_ratio
            .is_some_and(|ratio| ratio.is_plain && ratio.quantity.allowed().low > allowed * (1.0 + 1e-9))
    };
    let carries = runs.iter().any(|(high, run)| !is_over(run) && *high >= claimed.value);
    let (_, worst) =
        runs.iter().filter(|(_, run)| is_over(run)).min_by(|one, two| one.0.total_cmp(&two.0))?;
    let (rate, ratio) = (worst.rate?, worst.error_ratio?);
    if carries || rate.quantity.value > claimed.value {
        return None;
    }
    let reason = format!(
        "at {}/s (line {}) there were already {} % errors, {} times the {} % that the loosest objective allows \
         (line {}); no run carried {printed} within it",
        number(rate.quantity.value),
        rate.line,
        ratio.quantity.value,
        number(ratio.quantity.value / allowed),
        number(allowed),
        objective.line,
    );
    Some(case.finding(line, FindingKind::Contradiction, reason))
}
