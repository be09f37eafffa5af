//! For how long somebody looked, where it was days or more: in a sentence, a title, or a column of its own.

use super::date::{days, is_month};
use super::document::{Document, Statement};
use super::facts::AVAILABILITY;
use super::quantity::{Bound, Unit};
use super::records::{Field, Origin, Record};
use super::token::{Token, quantities, tokens};
use super::words::{is_wish, mentions};

/// Seconds from which a time is a window in which an outage can be seen: a day.
const WINDOW_S_MIN: f64 = 86_400.0;

/// Quarters, as they are named.
const QUARTERS: [&str; 5] = ["q1", "q2", "q3", "q4", "quarter of"];

/// Whether a document says anywhere that days or more were looked at.
pub(crate) fn is_stated(document: &Document, records: &[Record]) -> bool {
    let is_said = |one: &Statement| {
        !document.is_plan(one.section)
            && (is_long(&one.lower) || is_named(&one.lower) || is_between_days(one))
    };
    let is_row = |one: &&Record| matches!(one.origin, Origin::Row(_)) && !document.is_plan(one.section);
    document.statements.iter().any(is_said)
        || records.iter().filter(is_row).flat_map(|one| &one.fields).any(is_period)
}

/// Whether a line says that somebody looked for days: a window, and not how long something is kept or is valid.
fn is_long(line: &str) -> bool {
    let is_kept = mentions(
        line,
        &["retention", "retain*", "kept", "backup*", "rotation", "valid*", "expires", "within"],
    );
    if is_kept || is_wish(line) && !mentions(line, &["window", "over", "last"]) {
        return false;
    }
    let is_looked = mentions(
        line,
        &["window", "over", "during", "period", "last", "past", "from", "for", "quarter", "month", "week"],
    );
    let named = mentions(line, &QUARTERS)
        || mentions(line, &["28-day", "30-day", "90-day", "7-day", "calendar month"]);
    let is_looked_by_name = mentions(line, &["window", "over", "during", "period", "20*", "quarter"]);
    is_looked && has_days(line) || named && is_looked_by_name
}

fn has_days(text: &str) -> bool {
    quantities(text).iter().any(|(one, _)| one.unit == Unit::Seconds && one.value >= WINDOW_S_MIN)
}

/// `Uptime, January to March 2026`, `Availability 2025`: a month or a year of which an availability is told.
pub(crate) fn is_named(lower: &str) -> bool {
    let is_told = mentions(lower, &AVAILABILITY[..2]) || mentions(lower, &["verfügbarkeit", "year"]);
    is_told && !is_wish(lower) && !mentions(lower, &["since", "valid*"]) && names(lower)
}

/// Whether a text has a month with its year, or a year alone: no day.
fn names(lower: &str) -> bool {
    let tokens = tokens(lower);
    (0..tokens.len()).any(|index| {
        let before = |back: usize| index.checked_sub(back).and_then(|at| tokens.get(at));
        let is_of_month = before(1).is_some_and(|one| is_month(one.text));
        let is_of_day = before(1).is_some_and(|one| one.is_mark(',')) && before(2).is_some_and(is_count)
            || is_of_month && before(2).is_some_and(is_count);
        is_year(&tokens[index]) && !is_of_day
    })
}

fn is_year(token: &Token<'_>) -> bool {
    let year = token.quantity().filter(|one| one.bound == Bound::Exact && token.text.len() == 4);
    year.and_then(|one| one.count()).is_some_and(|year| (1990..2100).contains(&year))
}

fn is_count(token: &Token<'_>) -> bool {
    token.quantity().is_some_and(|one| one.count().is_some())
}

/// `from 2026-01-01 to 2026-03-31`: not for how long something is valid.
fn is_between_days(statement: &Statement) -> bool {
    let found = days(&statement.value);
    let is_long = found.first().zip(found.last()).is_some_and(|(first, last)| first.day < last.day);
    is_long && !mentions(&statement.lower, &["valid*", "certification period"])
}

/// A cell under `Period` or `Window` that names days or more.
pub(crate) fn is_period(field: &Field) -> bool {
    let lower = field.value.to_lowercase();
    let is_named = mentions(&lower, &QUARTERS) || names(&lower) || !days(&field.value).is_empty();
    let is_told = mentions(&field.key, &["period", "window", "time range", "month", "quarter", "zeitraum"]);
    is_told && !is_wish(&field.key) && (has_days(&lower) || is_named)
}
