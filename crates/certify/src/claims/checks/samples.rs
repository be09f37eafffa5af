//! Samples that are too small for what is said of them, with the bound that they do give.

use std::collections::BTreeMap;

use plimsoll_measure::{Probability, clopper_pearson_lower, minimum_count};

use crate::claims::facts::{AVAILABILITY, claims};
use crate::claims::fraction::fractions;
use crate::claims::quantity::{Bound, Quantity, Unit, number, time};
use crate::claims::records::Origin;
use crate::claims::token::{quantities, tokens};
use crate::claims::words::{is_denial, is_wish, mentions};
use crate::claims::{Case, Finding, FindingKind};

/// So many trials without a failure show 95 %: fewer show less than anybody who prints "100 %" wants to say.
const TRIALS_ENOUGH: u64 = 59;

/// A share in per cent as a probability.
fn probability(percent: f64) -> Option<Probability> {
    let ppb = percent * 1e7;
    if (0.0..=1e9).contains(&ppb) { Probability::from_ppb(ppb.round() as u64) } else { None }
}

pub(super) fn samples_for_the_quantile(case: &Case) -> Vec<Finding> {
    let mut minima = Minima::default();
    let mut findings = Vec::new();
    for run in &case.facts.runs {
        let Some(n) = run
            .total
            .filter(|total| total.quantity.bound == Bound::Exact)
            .and_then(|one| one.quantity.count())
        else {
            continue;
        };
        for (percent, _, figure) in &run.quantiles {
            let reason = minima.too_few(n, n, *percent);
            let finding = |reason| case.finding(figure.line, FindingKind::SampleTooSmall, reason);
            findings.extend(reason.map(finding));
        }
    }
    findings
}

/// How many samples bound each quantile with 95 % confidence, as far as was asked.
#[derive(Default)]
pub(super) struct Minima(BTreeMap<u64, Option<u64>>);

impl Minima {
    /// Why the samples that are told say nothing of a quantile in per cent, if even the most that are meant do not.
    pub(super) fn too_few(&mut self, told: u64, most: u64, percent: f64) -> Option<String> {
        let quantile = probability(percent).filter(|_| percent > 0.0 && percent < 100.0)?;
        let minimum = || minimum_count(quantile, Probability::P95);
        let needed = self.0.entry(quantile.ppb()).or_insert_with(minimum).filter(|needed| most < *needed)?;
        Some(format!(
            "{told} samples do not bound {quantile}: with 95 % confidence that takes {}; the largest of {told} bounds no \
             quantile above p{}",
            number(needed as f64),
            number(bounded_by_largest(told)),
        ))
    }
}

/// Which quantile the largest of so many bounds with 95 % confidence, in per cent: the n-th root of 5 %, rounded down.
fn bounded_by_largest(n: u64) -> f64 {
    lower_bound(n, n)
}

/// The lower bound with 95 % confidence of a share of which so many were seen, in per cent, rounded down to a tenth.
fn lower_bound(count: u64, trials: u64) -> f64 {
    let ppb = clopper_pearson_lower(count, trials, Probability::P95);
    (ppb / 1_000_000) as f64 / 10.0
}

/// All of a few drills or tests that passed.
pub(super) fn all_of_a_few(case: &Case) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut told: BTreeMap<(usize, u64), usize> = BTreeMap::new();
    let mut add = |section: usize, line: usize, n: u64, is_trial: bool| {
        if told.insert((case.document.sections[section].chapter, n), line).is_none() {
            // A test says what it tests; only as a sample of all that may happen is it too few.
            let what =
                if is_trial { "" } else { "they show that these pass; as a sample of what may happen, " };
            let reason = format!(
                "{what}{n} of {n} show no more than {} % with 95 % confidence, and no bound is printed; 99 % takes 299 \
                 without a failure",
                number(lower_bound(n, n)),
            );
            findings.push(case.finding(line, FindingKind::SampleTooSmall, reason));
        }
    };
    let bounded: Vec<bool> = sections_with_bounds(case);
    for statement in claims(&case.document).filter(|one| !bounded[one.section] && !is_denial(&one.lower)) {
        let tokens = tokens(&statement.value);
        let few = fractions(&tokens).into_iter().find_map(|one| few(one.part.count()?, one.whole.count()?));
        let Some(n) = few else { continue };
        let is_trial = mentions(&statement.lower, &TRIALS);
        let is_test = mentions(&statement.lower, &["test", "tests", "check", "checks"]);
        let is_good = mentions(&statement.lower, &GOOD);
        let is_rate = mentions(&statement.lower, &["score", "rate"])
            || statement.lower.contains("100%")
            || statement.lower.contains("100 %");
        if (is_trial || is_test && is_rate) && is_good {
            add(statement.section, statement.line, n, is_trial);
        }
    }
    for record in case
        .records
        .iter()
        .filter(|record| matches!(record.origin, Origin::Row(_)) && !bounded[record.section])
    {
        let count =
            |words: &[&str]| record.field_with(words).and_then(|field| field.of(Unit::Plain)?.count());
        let is_whole =
            record.fields.iter().any(|field| field.of(Unit::Percent).is_some_and(|one| one.value == 100.0));
        let few = count(&["passed", "succeeded"])
            .zip(count(&["total", "run", "executed"]))
            .and_then(|(part, whole)| few(part, whole));
        if let Some(n) = few.filter(|_| is_whole) {
            add(record.section, record.line, n, false);
        }
    }
    findings.extend(scenarios(case, &bounded));
    findings
}

const TRIALS: [&str; 10] = [
    "experiment",
    "experiments",
    "drill",
    "drills",
    "scenario",
    "scenarios",
    "trials",
    "failovers",
    "restores",
    "injections",
];
const GOOD: [&str; 9] =
    ["passed", "pass", "succeeded", "successful", "validated", "met", "recovered", "✓", "✅"];

fn few(part: u64, whole: u64) -> Option<u64> {
    (part == whole && whole < TRIALS_ENOUGH).then_some(whole)
}

/// Sections that print a bound: `lower bound`, `confidence`, `95 % CI`.
fn sections_with_bounds(case: &Case) -> Vec<bool> {
    let mut bounded = vec![false; case.document.sections.len()];
    for statement in &case.document.statements {
        bounded[statement.section] |=
            mentions(&statement.lower, &["bound", "bounds", "confidence interval", "ci", "confidence"])
                && statement.lower.contains('%');
    }
    for record in &case.records {
        bounded[record.section] |= record.field_with(&["bound", "ci", "confidence"]).is_some();
    }
    bounded
}

/// "Proven in 5 scenarios", in a cell of a table.
fn scenarios(case: &Case, bounded: &[bool]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for table in case.document.tables.iter().filter(|table| !bounded[table.section]) {
        for row in &table.rows {
            let cell = row.cells.iter().map(|cell| cell.to_lowercase()).find(|cell| {
                mentions(cell, &["validated", "proven", "resilien*"])
                    && mentions(cell, &["scenarios", "experiments", "drills"])
            });
            let count = cell.and_then(|cell| quantities(&cell).into_iter().find_map(|(one, _)| one.count()));
            let Some(n) = count.filter(|n| (1..TRIALS_ENOUGH).contains(n)) else { continue };
            let reason = format!(
                "{n} of {n} scenarios, each tried an unknown number of times, show no more than {} % with 95 % confidence",
                number(lower_bound(n, n))
            );
            findings.push(case.finding(row.line, FindingKind::SampleTooSmall, reason));
        }
    }
    findings
}

/// An availability that nobody can have seen in the time that was looked.
pub(super) fn availability_of_minutes(case: &Case) -> Vec<Finding> {
    if case.facts.has_long_window {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let mut told: BTreeMap<usize, usize> = BTreeMap::new();
    for record in case.records.iter().filter(|record| !matches!(record.origin, Origin::Column(_))) {
        let section = &case.document.sections[record.section];
        if case.document.is_plan(record.section) {
            continue;
        }
        for field in &record.fields {
            let is_row = record.origin != Origin::List;
            let context = if is_row { &record.title } else { &field.key };
            let is_seen = !is_row || mentions(&field.key, &["actual", "achieved", "measured", "observed"]);
            let is_share = mentions(context, &AVAILABILITY[..2])
                || is_row && mentions(&section.lower, &["error budget", "availability"]);
            let seen = field.of(Unit::Percent).filter(|one| one.value >= 99.0 && one.bound == Bound::Exact);
            let Some(seen) = seen.filter(|_| is_seen && is_share && !is_wish(&field.key)) else { continue };
            if told.insert(section.chapter, field.line).is_none() {
                findings.push(case.finding(field.line, FindingKind::SampleTooSmall, too_short(case, seen)));
            }
        }
    }
    findings
}

fn too_short(case: &Case, seen: Quantity) -> String {
    let missing = (100.0 - seen.value).max(seen.step / 2.0);
    if seen.value >= 100.0 {
        return "no window is stated, and no number of requests; no number of them shows 100 %".to_owned();
    }
    match case.facts.longest {
        Some(longest) => format!(
            "no window is stated; the longest run shown lasts {} (line {}), of which {} % are {}: that much outage cannot \
             be seen in it",
            time(longest.quantity.value),
            longest.line,
            number(missing),
            time(longest.quantity.value * missing / 100.0),
        ),
        None => format!(
            "no window is stated, and no number of requests: {} % of a day are {}, and to show {} % with 95 % confidence \
             takes {} good requests in a row",
            number(missing),
            time(864.0 * missing),
            number(seen.value),
            probability(seen.value)
                .and_then(|quantile| minimum_count(quantile, Probability::P95))
                .map_or_else(String::new, |count| number(count as f64)),
        ),
    }
}
