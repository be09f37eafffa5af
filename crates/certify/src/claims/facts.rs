//! What a document says of itself that other statements are held against: objectives, runs, how long was looked.

use super::document::{Document, Place};
use super::quantity::{Bound, Quantity, Unit};
use super::records::{Field, Origin, Record};
use super::token::quantities;
use super::words::{is_wish, mentions};

/// A number with the line on which it stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Figure {
    pub(crate) quantity: Quantity,
    pub(crate) line: usize,
}

/// A test run.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Run {
    pub(crate) total: Option<Figure>,
    pub(crate) rate: Option<Figure>,
    pub(crate) duration: Option<Figure>,
    /// Errors of all, in per cent.
    pub(crate) error_ratio: Option<Figure>,
    /// Errors, as a number.
    pub(crate) error_count: Option<Figure>,
    /// Quantiles in per cent with the metric of which they are one.
    pub(crate) quantiles: Vec<(f64, String, Figure)>,
    /// Whether it is said that it met its objective, and where.
    pub(crate) objective_met: Option<(bool, usize)>,
}

/// All that is known.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Facts {
    /// The lowest share of good requests that the document asks of any service, in per cent.
    pub(crate) loosest_objective: Option<Figure>,
    pub(crate) runs: Vec<Run>,
    /// The longest run, in seconds.
    pub(crate) longest: Option<Figure>,
    /// Whether days or more were looked at anywhere.
    pub(crate) has_long_window: bool,
}

impl Facts {
    pub(crate) fn of(document: &Document, records: &[Record]) -> Self {
        let runs: Vec<Run> = records.iter().filter_map(|record| run(document, record)).collect();
        let longer = |one: &Figure, two: &Figure| one.quantity.value.total_cmp(&two.quantity.value);
        Self {
            loosest_objective: loosest_objective(document, records),
            longest: runs.iter().filter_map(|run| run.duration).max_by(longer),
            has_long_window: document
                .statements
                .iter()
                .any(|one| !document.is_plan(one.section) && is_long_window(&one.lower)),
            runs,
        }
    }

    /// The most errors that any objective allows, in per cent.
    pub(crate) fn errors_allowed(&self) -> Option<(f64, Figure)> {
        self.loosest_objective.map(|objective| (100.0 - objective.quantity.value, objective))
    }
}

/// Words of a share of time or requests that were good.
pub(crate) const AVAILABILITY: [&str; 7] =
    ["availability", "uptime", "error budget", "slo", "sla", "success", "reliability"];

fn loosest_objective(document: &Document, records: &[Record]) -> Option<Figure> {
    let mut figures: Vec<Figure> = Vec::new();
    for record in records.iter().filter(|record| !matches!(record.origin, Origin::Column(_))) {
        let section = &document.sections[record.section].lower;
        for field in &record.fields {
            let is_goal = mentions(&field.key, &["target", "objective", "slo", "goal"]);
            let context = [field.key.as_str(), &record.title, section];
            let is_of_availability = context.iter().any(|text| mentions(text, &AVAILABILITY));
            let is_of_budget = mentions(&field.key, &["used", "remaining", "burn*", "actual"]);
            let Some(quantity) =
                field.of(Unit::Percent).filter(|_| is_goal && is_of_availability && !is_of_budget)
            else {
                continue;
            };
            if (90.0..100.0).contains(&quantity.value) {
                figures.push(Figure { quantity, line: field.line });
            }
        }
    }
    figures.into_iter().min_by(|one, two| one.quantity.value.total_cmp(&two.quantity.value))
}

/// Whether somebody looked for days: a window, and not how long something is kept or is valid.
fn is_long_window(line: &str) -> bool {
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
    let is_long = quantities(line)
        .iter()
        .any(|(quantity, _)| quantity.unit == Unit::Seconds && quantity.value >= 86_400.0);
    let named = mentions(
        line,
        &["q1", "q2", "q3", "q4", "quarter of", "28-day", "30-day", "90-day", "7-day", "calendar month"],
    );
    is_looked && is_long || named && mentions(line, &["window", "over", "during", "period", "20*", "quarter"])
}

/// What a record says of a test run, if it is one.
fn run(document: &Document, record: &Record) -> Option<Run> {
    if document.is_plan(record.section) || is_wish(&record.title) && record.origin != Origin::List {
        return None;
    }
    let mut run = Run::default();
    for field in &record.fields {
        add(&mut run, field);
    }
    if run.duration.is_none() {
        run.duration = title_duration(document, record);
    }
    let parts =
        [run.total.is_some(), run.rate.is_some(), run.error_ratio.is_some(), !run.quantiles.is_empty()];
    (parts.iter().filter(|part| **part).count() >= 2 || run.rate.is_some() && is_measured(record))
        .then_some(run)
}

fn is_measured(record: &Record) -> bool {
    let words = ["achieved", "actual", "measured", "observed", "result"];
    mentions(&record.title, &words) || record.field_with(&words).is_some()
}

fn add(run: &mut Run, field: &Field) {
    let key = name(&field.key);
    if mentions(&field.key, &["slo*", "objective", "objectives", "error budget"])
        && let Some(met) = super::words::verdict(&field.value)
    {
        run.objective_met = Some((met, field.line));
    }
    let Some(quantity) = field.quantity().filter(|_| !is_wish(&field.key)) else { return };
    let figure = Figure { quantity, line: field.line };
    const TOTALS: [&str; 10] = [
        "total requests",
        "requests",
        "requests sent",
        "requests total",
        "total messages",
        "messages",
        "samples",
        "sample size",
        "iterations",
        "n",
    ];
    let is_extreme =
        mentions(key, &["peak", "max", "maximum", "burst", "sustained", "capacity", "offered", "best"]);
    let is_of_errors = mentions(key, &["error", "errors", "failed", "failures", "failure"]);
    if let Some((percent, metric)) = quantile(&field.key).filter(|_| quantity.unit == Unit::Seconds) {
        run.quantiles.push((percent, metric, figure));
    } else if TOTALS.contains(&key) && quantity.count().is_some() {
        run.total = run.total.or(Some(figure));
    } else if quantity.is_rate() && !is_extreme && !is_of_errors {
        run.rate = run.rate.or(Some(figure));
    } else if is_of_errors && quantity.unit == Unit::Percent {
        run.error_ratio = run.error_ratio.or(Some(figure));
    } else if is_of_errors
        && quantity.count().is_some()
        && !mentions(key, &["rate", "ratio", "budget", "type*", "code*"])
    {
        run.error_count = run.error_count.or(Some(figure));
    } else if matches!(key, "duration" | "length" | "elapsed" | "run time" | "test duration")
        && quantity.unit == Unit::Seconds
    {
        run.duration = run.duration.or(Some(figure));
    } else if matches!(key, "rps" | "throughput" | "request rate") && quantity.unit == Unit::Plain {
        let quantity = Quantity { unit: Unit::PerSecond(super::quantity::Event::Request), ..quantity };
        run.rate = run.rate.or(Some(Figure { quantity, ..figure }));
    }
}

/// A key without what stands in brackets.
fn name(key: &str) -> &str {
    key.split(['(', ',']).next().unwrap_or(key).trim()
}

/// The time in a section's title, if there is just one: `Baseline (10 users, 30s)`.
fn title_duration(document: &Document, record: &Record) -> Option<Figure> {
    let section = &document.sections[record.section];
    let is_time = |quantity: &Quantity| quantity.unit == Unit::Seconds && quantity.bound == Bound::Exact;
    let title = if record.origin == Origin::List { &section.title } else { &record.title };
    let times: Vec<Quantity> =
        quantities(title).into_iter().map(|(quantity, _)| quantity).filter(is_time).collect();
    let [quantity] = times.as_slice() else { return None };
    let line = if record.origin == Origin::List { section.line } else { record.line };
    (quantity.scale >= 1.0).then_some(Figure { quantity: *quantity, line })
}

/// Which quantile a key names, in per cent, and the key without it.
pub(crate) fn quantile(key: &str) -> Option<(f64, String)> {
    if mentions(key, &["target", "slo", "limit", "objective", "budget", "goal", "threshold"]) {
        return None;
    }
    let mut percent = None;
    let mut rest: Vec<&str> = Vec::new();
    for word in key.split(|one: char| one.is_whitespace() || matches!(one, '(' | ')' | ',' | ':' | '_')) {
        let found = match word {
            "median" => Some(50.0),
            "max" | "maximum" => Some(100.0),
            _ => word
                .strip_prefix('p')
                .or(word.strip_suffix("th"))
                .filter(|digits| digits.len() >= 2)
                .and_then(|digits| digits.parse().ok())
                .filter(|percent: &f64| (1.0..100.0).contains(percent)),
        };
        match found {
            Some(found) if percent.is_none() => percent = Some(found),
            Some(_) => {}
            None if matches!(word, "" | "percentile") => {}
            None => rest.push(word),
        }
    }
    percent.map(|percent| (percent, rest.join(" ")))
}

/// The statements that say something now: no headings, commands, plans, nor boxes that are not ticked.
pub(crate) fn claims(document: &Document) -> impl Iterator<Item = &super::document::Statement> {
    document.statements.iter().filter(|one| {
        !matches!(one.place, Place::Heading | Place::Command)
            && one.tick != Some(false)
            && !document.is_plan(one.section)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_known_by_its_name() {
        for (key, wanted) in [
            ("p95 latency", Some((95.0, "latency"))),
            ("p50 (median)", Some((50.0, ""))),
            ("99th percentile", Some((99.0, ""))),
            ("p99.9", Some((99.9, ""))),
            ("p95 target", None),
            ("max latency", Some((100.0, "latency"))),
            ("p8 gateway", None),
        ] {
            let wanted = wanted.map(|(percent, rest): (f64, &str)| (percent, rest.to_owned()));
            assert_eq!(quantile(key), wanted, "{key}");
        }
    }
}
