//! What a document says of itself that other statements are held against: objectives, runs, how long was looked.

use super::document::{Document, Place};
use super::qualifier::UNEVEN;
use super::quantity::{Bound, Event, Quantity, Unit};
use super::records::{Field, Origin, Record};
use super::token::quantities;
use super::window::is_stated;
use super::words::{is_wish, mentions, verdict};

/// A number with the line on which it stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Figure {
    pub(crate) quantity: Quantity,
    pub(crate) line: usize,
    /// Whether no word beside it may narrow it: only then can it contradict another.
    pub(crate) is_plain: bool,
}

/// A test run.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Run {
    pub(crate) total: Option<Figure>,
    pub(crate) rate: Option<Figure>,
    /// The highest rate for a while.
    pub(crate) peak: Option<Figure>,
    pub(crate) duration: Option<Figure>,
    /// Errors of all, in per cent.
    pub(crate) error_ratio: Option<Figure>,
    /// Errors, as a number.
    pub(crate) error_count: Option<Figure>,
    /// Quantiles in per cent with the metric of which they are one.
    pub(crate) quantiles: Vec<(f64, String, Figure)>,
    /// Whether it is said that it met its objective, and where.
    pub(crate) objective_met: Option<(bool, usize)>,
    /// Whether its section speaks of a ramp, a warm-up or nodes: its rate is not that of the whole time.
    pub(crate) is_uneven: bool,
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
        let uneven = uneven(document);
        let with_shape =
            |record: &Record| Some(Run { is_uneven: uneven[record.section], ..run(document, record)? });
        let runs: Vec<Run> = records.iter().filter_map(with_shape).collect();
        let longer = |one: &Figure, two: &Figure| one.quantity.value.total_cmp(&two.quantity.value);
        Self {
            loosest_objective: loosest_objective(document, records),
            longest: runs.iter().filter_map(|run| run.duration).max_by(longer),
            has_long_window: is_stated(document, records),
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
                figures.push(Figure { quantity, line: field.line, is_plain: field.is_plain() });
            }
        }
    }
    figures.into_iter().min_by(|one, two| one.quantity.value.total_cmp(&two.quantity.value))
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
    if mentions(&field.key, &["slo*", "objective", "objectives", "error budget"])
        && let Some(met) = verdict(&field.value)
    {
        run.objective_met = Some((met, field.line));
    }
    let Some(quantity) = field.quantity().filter(|_| !is_wish(&field.key)) else { return };
    let key = name(&field.key);
    let figure = Figure { quantity, line: field.line, is_plain: field.is_plain() };
    let is_count = quantity.count().is_some();
    if let Some((percent, metric)) = quantile(&field.key).filter(|_| quantity.unit == Unit::Seconds) {
        run.quantiles.push((percent, metric, figure));
    } else if is_total(key, &field.value) && is_count {
        put(&mut run.total, figure);
    } else if mentions(key, &ERRORS) {
        add_errors(run, field, figure);
    } else if quantity.is_rate() && mentions(key, &EXTREMES) {
        run.peak = run.peak.or(Some(figure));
    } else if let Some(rate) = rate(key, quantity) {
        put(&mut run.rate, Figure { quantity: rate, ..figure });
    } else if is_duration(key) && quantity.unit == Unit::Seconds {
        put(&mut run.duration, figure);
    }
}

/// Takes a figure for a place: one that holds of all before one that is narrowed, and none where two of them differ.
fn put(place: &mut Option<Figure>, figure: Figure) {
    match place {
        Some(one) if one.is_plain && figure.is_plain => {
            one.is_plain = one.quantity.value == figure.quantity.value;
        }
        Some(one) if one.is_plain || !figure.is_plain => {}
        _ => *place = Some(figure),
    }
}

/// Words of a rate that is not that of the whole run.
pub(crate) const EXTREMES: [&str; 9] =
    ["peak", "max", "maximum", "burst", "sustained", "capacity", "offered", "best", "min"];

const ERRORS: [&str; 5] = ["error", "errors", "failed", "failures", "failure"];

/// Errors as a number or as a share: `Failed: 900 (0.1%)` is both.
fn add_errors(run: &mut Run, field: &Field, figure: Figure) {
    let share = |quantity: &Quantity| quantity.unit == Unit::Percent;
    let key = name(&field.key);
    if share(&figure.quantity) {
        run.error_ratio = run.error_ratio.or(Some(figure));
    } else if figure.quantity.count().is_some()
        && !mentions(key, &["rate", "ratio", "budget", "type*", "code*"])
    {
        run.error_count = run.error_count.or(Some(figure));
        let ratio = quantities(&field.value).into_iter().map(|(one, _)| one).find(share);
        run.error_ratio = run.error_ratio.or(ratio.map(|quantity| Figure { quantity, ..figure }));
    }
}

/// Whether all words of a key are among these.
fn is_of(key: &str, words: &[&str]) -> bool {
    key.split_whitespace().all(|word| words.contains(&word))
}

/// `total requests`, `requests sent`, `n`; and `total`, where the value says of what.
pub(crate) fn is_total(key: &str, value: &str) -> bool {
    const COUNTED: [&str; 6] = ["requests", "messages", "samples", "iterations", "sample", "n"];
    const BESIDE: [&str; 11] =
        ["total", "sent", "made", "issued", "count", "number", "of", "all", "size", "in", "http"];
    let is_named =
        mentions(key, &COUNTED) || key == "total" && mentions(&value.to_lowercase(), &COUNTED[..2]);
    is_named && key.split_whitespace().all(|word| COUNTED.contains(&word) || BESIDE.contains(&word))
}

fn is_duration(key: &str) -> bool {
    const WORDS: [&str; 9] =
        ["test", "run", "total", "duration", "length", "elapsed", "time", "runtime", "measured"];
    is_of(key, &WORDS) && !matches!(key, "time" | "total" | "test" | "run" | "measured" | "test run")
}

/// A rate in events per second.
fn rate(key: &str, quantity: Quantity) -> Option<Quantity> {
    let is_named = mentions(key, &["rps", "throughput", "request rate"]);
    if quantity.is_rate() {
        Some(quantity)
    } else {
        let is_ours = is_named
            && quantity.unit == Unit::Plain
            && is_of(
                key,
                &["rps", "throughput", "request", "rate", "average", "mean", "achieved", "measured"],
            );
        is_ours.then_some(Quantity { unit: Unit::PerSecond(Event::Request), ..quantity })
    }
}

/// Which sections speak of ramps and the like, in any line.
fn uneven(document: &Document) -> Vec<bool> {
    let mut uneven: Vec<bool> =
        document.sections.iter().map(|section| mentions(&section.lower, &UNEVEN)).collect();
    for statement in &document.statements {
        uneven[statement.section] |= mentions(&statement.lower, &UNEVEN);
    }
    for table in &document.tables {
        uneven[table.section] |= table.head.iter().any(|head| mentions(head, &UNEVEN))
            || table
                .rows
                .iter()
                .flat_map(|row| &row.cells)
                .any(|cell| mentions(&cell.to_lowercase(), &UNEVEN));
    }
    uneven
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
    // What is named beside these words is not how long the run took.
    const OTHER: [&str; 12] = [
        "window*",
        "rolling",
        "every",
        "each",
        "after",
        "within",
        "timeout",
        "interval",
        "retention",
        "ttl",
        "delay",
        "per",
    ];
    if mentions(&title.to_lowercase(), &OTHER) {
        return None;
    }
    let times: Vec<Quantity> =
        quantities(title).into_iter().map(|(quantity, _)| quantity).filter(is_time).collect();
    let [quantity] = times.as_slice() else { return None };
    let line = if record.origin == Origin::List { section.line } else { record.line };
    (quantity.scale >= 1.0).then_some(Figure { quantity: *quantity, line, is_plain: true })
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
            // `median p99` is a middle of several, and no quantile of one.
            Some(found) if percent.is_some_and(|one| one != found) => return None,
            Some(found) => percent = Some(found),
            None if matches!(word, "" | "percentile" | "latency" | "latencies") => {}
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
            ("p95 latency", Some((95.0, ""))),
            ("p50 (median)", Some((50.0, ""))),
            ("99th percentile", Some((99.0, ""))),
            ("p99.9", Some((99.9, ""))),
            ("p95 target", None),
            ("max latency", Some((100.0, ""))),
            ("p99 login latency", Some((99.0, "login"))),
            ("median p99", None),
            ("p8 gateway", None),
        ] {
            let wanted = wanted.map(|(percent, rest): (f64, &str)| (percent, rest.to_owned()));
            assert_eq!(quantile(key), wanted, "{key}");
        }
    }
}
