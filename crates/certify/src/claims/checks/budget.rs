//! Error budgets and latency budgets, computed again from target and actual.

use std::collections::{BTreeMap, BTreeSet};

use crate::claims::document::Statement;
use crate::claims::interval::Interval;
use crate::claims::qualifier::qualifier;
use crate::claims::quantity::{Bound, Convention, Quantity, Unit, number};
use crate::claims::records::{Field, Origin, Record};
use crate::claims::token::first_quantity;
use crate::claims::words::mentions;
use crate::claims::{Case, Finding, FindingKind};

use super::targets::without;

/// Words of a value that was seen.
const ACTUAL: [&str; 6] = ["actual", "achieved", "measured", "observed", "current", "result"];
/// Words of a value that was wanted.
const TARGET: [&str; 5] = ["target", "objective", "slo", "goal", "limit"];

/// Target, actual and used share of an error budget, in per cent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) line: usize,
    pub(super) target: Quantity,
    pub(super) actual: Quantity,
    pub(super) used: Quantity,
}

impl Row {
    fn read(record: &Record) -> Option<Self> {
        let percent = |words: &[&str]| {
            let is_used = |field: &&Field| mentions(&field.key, &["used", "consumed", "spent", "remaining"]);
            record
                .fields_with(words)
                .filter(|field| !is_used(field))
                .find_map(|field| field.of(Unit::Percent).filter(|_| field.is_plain()))
        };
        let field = record.fields.iter().find(|field| {
            mentions(&field.key, &["budget"])
                && mentions(&field.key, &["used", "consumed", "spent"])
                && field.is_plain()
        })?;
        let actual = percent(&ACTUAL).or_else(|| availability(record))?;
        Self { line: field.line, target: percent(&TARGET)?, actual, used: field.of(Unit::Percent)? }
            .possible()
    }

    /// The same, if there can be such a target and it is said exactly what was seen.
    pub(super) fn possible(self) -> Option<Self> {
        let is_target = (50.0..100.0).contains(&self.target.value);
        (is_target && self.actual.value <= 100.0 && self.actual.bound == Bound::Exact).then_some(self)
    }

    /// The share of the budget that was used, in per cent.
    fn share(self, convention: Convention) -> Interval {
        let budget = Interval::exactly(100.0 - self.target.value);
        let errors = self.actual.by(convention).taken_from(100.0).not_negative();
        errors.over(budget).times(Interval::exactly(100.0))
    }

    fn stands(self, convention: Convention) -> bool {
        self.share(convention).meets(self.used.allowed())
    }
}

/// `Availability: 99.95 %` beside a target: what was seen, if it is the only one.
fn availability(record: &Record) -> Option<Quantity> {
    let is_seen = |field: &&Field| !mentions(&field.key, &TARGET) && !mentions(&field.key, &["budget"]);
    let mut seen = record.fields_with(&["availability", "uptime"]).filter(is_seen);
    let one = seen.next().filter(|one| seen.next().is_none() && one.is_plain())?;
    one.of(Unit::Percent)
}

/// Rows of the same table, or the row of a list: whoever rounds one rounds them all.
fn groups(case: &Case) -> Vec<Vec<Row>> {
    let mut groups: BTreeMap<(usize, usize), Vec<Row>> = BTreeMap::new();
    for record in &case.records {
        let key = match record.origin {
            Origin::Row(table) => (0, table),
            Origin::List => (1, record.line),
            Origin::Column(_) => continue,
        };
        groups.entry(key).or_default().extend(Row::read(record));
    }
    groups.into_values().collect()
}

/// The rows of a group that no convention saves.
pub(super) fn refuted_among(mut rows: Vec<Row>) -> Vec<Row> {
    if rows.iter().all(|row| row.stands(Convention::Truncated)) {
        return Vec::new();
    }
    rows.retain(|row| !row.stands(Convention::Rounded));
    rows
}

fn refuted(case: &Case) -> Vec<Row> {
    groups(case).into_iter().flat_map(refuted_among).collect()
}

pub(super) fn error_budget_used(case: &Case) -> Vec<Finding> {
    refuted(case).into_iter().map(|row| told(case, row)).collect()
}

pub(super) fn told(case: &Case, row: Row) -> Finding {
    let share = row.share(Convention::Rounded);
    let (actual, target) = (row.actual.value, row.target.value);
    let reason = format!(
        "{actual} % against a target of {target} % uses (100 - {actual}) / (100 - {target}) = {} % of the error \
             budget ({} to {} % for the digits that are printed), not {} %",
        number((100.0 - actual) / (100.0 - target) * 100.0),
        number(share.low),
        number(share.high),
        number(row.used.value),
    );
    case.finding(row.line, FindingKind::Contradiction, reason)
}

/// A share that remains, if it is not what the rows of its section leave.
pub(super) fn error_budget_remaining(case: &Case) -> Vec<Finding> {
    let refuted: BTreeSet<usize> = refuted(case).into_iter().map(|row| row.line).collect();
    let mut sections: BTreeMap<usize, Left> = BTreeMap::new();
    for record in case.records.iter().filter(|record| !matches!(record.origin, Origin::Column(_))) {
        let Some(row) = Row::read(record) else { continue };
        sections
            .entry(record.section)
            .or_insert_with(|| Left::new(row))
            .add(row, refuted.contains(&row.line));
    }
    let mut findings = Vec::new();
    for statement in remaining_budgets(case, &["error", "errors", "availability"]) {
        let (Some(remaining), Some(left)) = (percent(&statement.value), sections.get(&statement.section))
        else {
            continue;
        };
        // Whether one speaks of the worst row, the best or all together: it lies between the two.
        let is_outside = !left.between.meets(remaining.allowed());
        let is_derived = left.is_refuted && (remaining.value - left.printed).abs() <= remaining.step;
        if is_outside || is_derived {
            let worst = left.worst;
            let reason = format!(
                "line {}: {} % against {} % leaves 100 - {} = {} % of that budget, not {} %",
                worst.line,
                worst.actual.value,
                worst.target.value,
                number(middle(&worst)),
                number(100.0 - middle(&worst)),
                number(remaining.value),
            );
            findings.push(case.finding(statement.line, FindingKind::Contradiction, reason));
        }
    }
    findings
}

/// `Error budget remaining: 92 %`.
fn remaining_budgets<'a>(case: &'a Case, of: &'a [&str]) -> impl Iterator<Item = &'a Statement> {
    case.document.statements.iter().filter(move |statement| {
        let has = |words: &[&str]| mentions(&statement.key, words);
        let is_plain = || qualifier(&statement.key, &statement.value).is_empty();
        has(&["budget"]) && has(&["remaining", "left"]) && has(of) && is_plain()
    })
}

/// What the rows of a section leave of their budgets, in per cent.
struct Left {
    between: Interval,
    worst: Row,
    /// The least that is left if the shares that are printed were true.
    printed: f64,
    is_refuted: bool,
}

impl Left {
    fn new(row: Row) -> Self {
        let between = Interval::new(f64::INFINITY, f64::NEG_INFINITY);
        Self { between, worst: row, printed: f64::INFINITY, is_refuted: false }
    }

    fn add(&mut self, row: Row, is_refuted: bool) {
        for by in [Convention::Rounded, Convention::Truncated] {
            let left = row.share(by).taken_from(100.0);
            let Interval { low, high } = self.between;
            self.between = Interval::new(low.min(left.low), high.max(left.high));
        }
        self.printed = self.printed.min(100.0 - row.used.value);
        self.is_refuted |= is_refuted;
        if middle(&row) > middle(&self.worst) {
            self.worst = row;
        }
    }
}

/// The share that was used, as the printed values say.
fn middle(row: &Row) -> f64 {
    (100.0 - row.actual.value) / (100.0 - row.target.value) * 100.0
}

fn percent(value: &str) -> Option<Quantity> {
    let (quantity, _) = first_quantity(value)?;
    (quantity.unit == Unit::Percent).then_some(quantity)
}

/// No average of the rows can leave more than the row that leaves most.
pub(super) fn latency_budget_remaining(case: &Case) -> Vec<Finding> {
    let mut best: BTreeMap<usize, (usize, Interval, String)> = BTreeMap::new();
    for record in case.records.iter().filter(|record| matches!(record.origin, Origin::Row(_))) {
        for left in latency_left(record) {
            let most = best.entry(record.section).or_insert_with(|| left.clone());
            if left.1.high > most.1.high {
                *most = left;
            }
        }
    }
    let finding = |statement: &Statement| {
        let remaining = percent(&statement.value)?;
        let (line, left, said) = best.get(&statement.section)?;
        let reason = format!(
            "the row that leaves most is line {line}: {said} leaves {} %, so no average of the rows is {} %",
            number(left.middle()),
            number(remaining.value)
        );
        let is_more = left.is_below(remaining.allowed());
        is_more.then(|| case.finding(statement.line, FindingKind::Contradiction, reason))
    };
    remaining_budgets(case, &["latency"]).filter_map(finding).collect()
}

/// What each pair of target and actual leaves, in per cent of the target.
fn latency_left(record: &Record) -> Vec<(usize, Interval, String)> {
    let mut left = Vec::new();
    for target in record.fields_with(&TARGET) {
        let of = without(&target.key, &TARGET);
        let actual = record.fields_with(&ACTUAL).find(|actual| without(&actual.key, &ACTUAL) == of);
        let (Some(wanted), Some(seen)) =
            (target.of(Unit::Seconds), actual.and_then(|one| one.of(Unit::Seconds)))
        else {
            continue;
        };
        let used = seen.allowed().over(Interval::exactly(wanted.value)).times(Interval::exactly(100.0));
        let said = format!("{} of {}", actual.map_or("", |one| one.value.as_str()), target.value);
        left.push((target.line, used.taken_from(100.0), said));
    }
    left
}
