//! Targets against what was achieved.

use crate::claims::document::Place;
use crate::claims::interval::Interval;
use crate::claims::qualifier::qualifier;
use crate::claims::quantity::{Bound, Quantity, Unit, number};
use crate::claims::records::{Field, Origin, Record};
use crate::claims::token::{Token, quantities, tokens};
use crate::claims::words::{mentions, verdict};
use crate::claims::{Case, Finding, FindingKind};

const ACTUAL: [&str; 7] = ["actual", "achieved", "measured", "observed", "result", "current", "value"];
const TARGET: [&str; 7] = ["target", "objective", "slo", "goal", "limit", "threshold", "required"];
const VERDICT: [&str; 7] = ["status", "verdict", "met", "pass", "passed", "compliance", "compliant"];

/// A key without these words: `p95 actual` and `p95 target` are both `p95`.
pub(super) fn without(key: &str, words: &[&str]) -> String {
    let kept: Vec<&str> = key
        .split(|one: char| !(one.is_alphanumeric() || one == '.'))
        .filter(|word| !word.is_empty() && !words.contains(word))
        .collect();
    kept.join(" ")
}

/// A target with what was achieved.
struct Pair<'a> {
    target: &'a Field,
    actual: &'a Field,
    wanted: Quantity,
    seen: Quantity,
}

fn pairs(record: &Record) -> Vec<Pair<'_>> {
    let mut pairs = Vec::new();
    for target in record.fields_with(&TARGET).filter(|field| !mentions(&field.key, &VERDICT)) {
        let of = without(&target.key, &TARGET);
        let is_partner = |field: &&Field| {
            !mentions(&field.key, &TARGET)
                && !mentions(&field.key, &VERDICT)
                && without(&field.key, &ACTUAL) == of
        };
        let Some(actual) = record.fields_with(&ACTUAL).find(is_partner) else { continue };
        if let (Some(wanted), Some(seen)) = (target.quantity(), actual.quantity()) {
            pairs.push(Pair { target, actual, wanted, seen });
        }
    }
    pairs
}

/// Whether less is better, if that is known.
fn less_is_better(record: &Record, pair: &Pair<'_>) -> Option<bool> {
    match pair.wanted.bound {
        Bound::AtMost => return Some(true),
        Bound::AtLeast => return Some(false),
        Bound::Exact | Bound::About => {}
    }
    let name = without(&format!("{} {}", record.title.to_lowercase(), pair.target.key), &TARGET);
    let words: Vec<&str> = name.split(' ').filter(|word| !word.is_empty()).collect();
    let is_named = |direction: &&Direction| direction.is_of(pair.wanted.unit, &words);
    DIRECTIONS.iter().find(is_named).map(|direction| direction.less_is_better)
}

/// Which side of its limit a figure of this name and unit has to keep to. One word more, and it may be another figure: `error
/// rate` is none of `error detection rate`, nor `latency` as a share of requests one as a time.
struct Direction {
    is_unit: fn(Unit) -> bool,
    /// All words of one of these stand in the name.
    named: &'static [&'static [&'static str]],
    /// The words that may stand beside them.
    beside: &'static [&'static str],
    less_is_better: bool,
}

const DIRECTIONS: [Direction; 4] = [
    Direction {
        is_unit: |unit| unit == Unit::Seconds,
        named: &[
            &["latency"],
            &["response", "time"],
            &["rto"],
            &["rpo"],
            &["mttr"],
            &["mttd"],
            &["recovery", "time"],
            &["p50"],
            &["p90"],
            &["p95"],
            &["p99"],
            &["p99.9"],
        ],
        beside: &[
            "p50",
            "p90",
            "p95",
            "p99",
            "p99.9",
            "latency",
            "response",
            "time",
            "recovery",
            "objective",
            "point",
            "median",
            "mean",
            "average",
            "avg",
            "max",
            "maximum",
            "percentile",
            "95th",
            "99th",
            "api",
            "http",
            "request",
            "requests",
            "ms",
            "s",
            "overall",
        ],
        less_is_better: true,
    },
    Direction {
        is_unit: |unit| unit == Unit::Percent,
        named: &[&["error", "rate"], &["error", "ratio"], &["failure", "rate"]],
        beside: &["error", "failure", "rate", "ratio", "api", "http", "request", "requests", "overall"],
        less_is_better: true,
    },
    Direction {
        is_unit: |unit| unit == Unit::Percent,
        named: &[&["availability"], &["uptime"], &["success", "rate"]],
        beside: &[
            "availability",
            "uptime",
            "success",
            "rate",
            "api",
            "http",
            "service",
            "system",
            "monthly",
            "overall",
            "request",
            "requests",
        ],
        less_is_better: false,
    },
    Direction {
        is_unit: |unit| matches!(unit, Unit::PerSecond(_)),
        named: &[&["throughput"], &["rps"]],
        beside: &[
            "throughput",
            "rps",
            "sustained",
            "peak",
            "max",
            "maximum",
            "request",
            "requests",
            "message",
            "messages",
            "per",
            "second",
            "api",
            "http",
            "overall",
        ],
        less_is_better: false,
    },
];

impl Direction {
    fn is_of(&self, unit: Unit, words: &[&str]) -> bool {
        let are_there = |named: &&[&str]| named.iter().all(|word| words.contains(word));
        let is_known =
            |word: &&str| self.beside.contains(word) || self.named.iter().any(|named| named.contains(word));
        (self.is_unit)(unit) && self.named.iter().any(are_there) && words.iter().all(is_known)
    }
}

pub(super) fn targets_that_are_called_met(case: &Case) -> Vec<Finding> {
    let mut findings = Vec::new();
    for record in case.records.iter().filter(|record| !matches!(record.origin, Origin::Column(_))) {
        let said = record.fields_with(&VERDICT).find_map(|field| verdict(&field.value));
        if said != Some(true) {
            continue;
        }
        let is_usable =
            |pair: &&Pair<'_>| pair.wanted.is_like(pair.seen) && is_bare(pair.target) && is_bare(pair.actual);
        for pair in pairs(record).iter().filter(is_usable) {
            let limit = Interval::exactly(pair.wanted.value);
            let is_violated = match less_is_better(record, pair) {
                Some(true) => limit.is_below(pair.seen.allowed()),
                Some(false) => pair.seen.allowed().is_below(limit),
                None => false,
            };
            if is_violated {
                let reason = format!(
                    "called met, and {} does not meet {}: it is {} as large",
                    pair.actual.value,
                    pair.target.value,
                    times(pair.seen.value / pair.wanted.value),
                );
                findings.push(case.finding(pair.actual.line, FindingKind::Contradiction, reason));
            }
        }
    }
    findings
}

/// Whether nothing in a cell narrows its figure: `99.8 % (99.9 % without maintenance)`.
fn is_bare(field: &Field) -> bool {
    qualifier("", &field.value).is_empty()
}

/// Whether a cell compares with the target of its row: `3x better`, and not `3x better than last year`.
fn compares(value: &str) -> bool {
    let value = value.to_lowercase();
    let rest = without(&value, &BETTER);
    mentions(&value, &BETTER) && qualifier("", &rest).is_empty()
}

fn times(ratio: f64) -> String {
    format!("{} times", number(ratio))
}

/// `15.9x better` against target and achieved, in tables and in brackets.
pub(super) fn times_better(case: &Case) -> Vec<Finding> {
    let mut findings = Vec::new();
    for record in case.records.iter().filter(|record| matches!(record.origin, Origin::Row(_))) {
        let pairs = pairs(record);
        let [pair] = pairs.as_slice() else { continue };
        if !is_bare(pair.target) || !is_bare(pair.actual) {
            continue;
        }
        for field in &record.fields {
            let ratio = quantities(&field.value).into_iter().find(|(one, _)| one.unit == Unit::Times);
            if let Some((ratio, printed)) = ratio.filter(|_| compares(&field.value)) {
                findings.extend(judge(case, field.line, printed, ratio, pair.wanted, pair.seen));
            }
        }
    }
    let prose = case.document.statements.iter().filter(|one| one.place != Place::Command);
    for statement in prose {
        let tokens = tokens(&statement.value);
        for (index, token) in tokens.iter().enumerate() {
            findings.extend(compared(&tokens, index, *token).and_then(|(seen, ratio, wanted)| {
                judge(case, statement.line, token.text, ratio, wanted, seen)
            }));
        }
    }
    findings
}

const BETTER: [&str; 8] = ["better", "faster", "higher", "lower", "quicker", "slower", "more", "less"];

/// `1.59M msg/sec (15.9x better than 100k target)`: what was seen, how many times, and what was wanted.
fn compared(tokens: &[Token<'_>], index: usize, token: Token<'_>) -> Option<(Quantity, Quantity, Quantity)> {
    let ratio = token.quantity().filter(|one| one.unit == Unit::Times)?;
    let opens = index.checked_sub(1).and_then(|at| tokens.get(at)).is_some_and(|one| one.is_mark('('));
    let seen = tokens.get(index.checked_sub(2)?)?.quantity().filter(|_| opens)?;
    let words = (tokens.get(index + 1)?.text, tokens.get(index + 2)?.text);
    let wanted = tokens.get(index + 3)?.quantity()?;
    let is_goal = tokens.get(index + 4).is_some_and(|one| mentions(&one.text.to_lowercase(), &TARGET));
    (BETTER.contains(&words.0) && words.1 == "than" && is_goal).then_some((seen, ratio, wanted))
}

fn judge(
    case: &Case,
    line: usize,
    printed: &str,
    ratio: Quantity,
    wanted: Quantity,
    seen: Quantity,
) -> Option<Finding> {
    let is_comparable = wanted.is_like(seen) || wanted.unit == Unit::Plain || seen.unit == Unit::Plain;
    if !is_comparable || ratio.bound != Bound::Exact || wanted.value <= 0.0 || seen.bound != Bound::Exact {
        return None;
    }
    let grown = seen.allowed().over(Interval::exactly(wanted.value));
    let shrunk = Interval::exactly(wanted.value).over(seen.allowed());
    if grown.meets(ratio.allowed()) || shrunk.meets(ratio.allowed()) {
        return None;
    }
    let (one, two) = (seen.value / wanted.value, wanted.value / seen.value);
    let reason = format!("target and actual differ by {}, not {printed}", times(one.max(two)));
    Some(case.finding(line, FindingKind::Contradiction, reason))
}
