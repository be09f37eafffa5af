//! Figures that stand in one sentence or paragraph.

use std::collections::BTreeMap;

use plimsoll_measure::{Probability, minimum_count};

use crate::claims::document::{Place, Statement};
use crate::claims::facts::quantile;
use crate::claims::interval::Interval;
use crate::claims::qualifier::are_plain;
use crate::claims::quantity::{Bound, Convention, Quantity, Unit, number, time};
use crate::claims::said::{Said, said};
use crate::claims::token::{TokenKind, tokens};
use crate::claims::words::{is_denial, is_wish, mentions};
use crate::claims::{Case, Finding, FindingKind};

use super::budget::{self, Row};
use super::samples::{probability, too_few};

/// Statements that say something, with what stands together in running text joined to one.
fn passages(case: &Case) -> Vec<(usize, String)> {
    let mut blocks: BTreeMap<(usize, usize), (usize, String)> = BTreeMap::new();
    let is_told = |one: &&Statement| {
        !matches!(one.place, Place::Heading | Place::Command)
            && one.tick != Some(false)
            && !case.document.is_plan(one.section)
    };
    for one in case.document.statements.iter().filter(is_told) {
        let own = if one.place == Place::Prose && one.key.is_empty() { 0 } else { one.line };
        let (_, text) = blocks.entry((one.block, own)).or_insert_with(|| (one.line, String::new()));
        text.push_str(&one.lower);
        text.push(' ');
    }
    blocks.into_values().collect()
}

/// `p95 30 ms with p99 20 ms`: in one sentence, where nothing between them narrows one.
pub(super) fn quantiles_are_in_order(case: &Case) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, text) in passages(case) {
        for sentence in text.split(". ").filter(|sentence| !is_wish(sentence)) {
            let mut pairs = quantiles(sentence);
            pairs.sort_by(|one, two| one.0.total_cmp(&two.0));
            let wrong = pairs
                .windows(2)
                .find(|pair| pair[0].0 < pair[1].0 && pair[1].1.allowed().is_below(pair[0].1.allowed()));
            if let Some([(low, lesser), (high, greater)]) = wrong {
                let reason = format!(
                    "p{high} is {} and p{low} is {}: a higher quantile is never less",
                    time(greater.value),
                    time(lesser.value)
                );
                findings.push(case.finding(
                    line,
                    FindingKind::Contradiction,
                    reason.replace("p100 is", "the maximum is"),
                ));
            }
        }
    }
    findings
}

/// Quantiles of a sentence that are compared: people name five, and a hostile line a million.
const QUANTILES_MAX: usize = 16;

/// The quantiles of a sentence, each before its time. None where a word after the first may narrow one of them.
fn quantiles(sentence: &str) -> Vec<(f64, Quantity)> {
    let mut pairs: Vec<(f64, Quantity)> = Vec::new();
    let mut open = None;
    for token in tokens(sentence) {
        match token.kind {
            TokenKind::Word => match quantile(token.text) {
                Some((percent, _)) if pairs.iter().all(|(one, _)| *one != percent) => open = Some(percent),
                Some(_) => return Vec::new(),
                None if (open.is_some() || !pairs.is_empty()) && !are_plain([token.text]) => {
                    return Vec::new();
                }
                None => {}
            },
            TokenKind::Number(quantity) if quantity.unit == Unit::Seconds => match open.take() {
                Some(percent) if pairs.len() < QUANTILES_MAX => pairs.push((percent, quantity)),
                _ => return Vec::new(),
            },
            _ => {}
        }
    }
    pairs
}

/// `p99.99 was 80 ms, of 100 requests`.
pub(super) fn samples_for_the_quantile(case: &Case) -> Vec<Finding> {
    const COUNTED: [&str; 6] = ["requests", "samples", "calls", "queries", "measurements", "observations"];
    let mut findings = Vec::new();
    for (line, text) in passages(case) {
        let is_many =
            mentions(&text, &["per", "each", "every", "times", "runs", "bound", "bounds", "confidence"]);
        if is_many || is_wish(&text) || is_denial(&text) {
            continue;
        }
        let pieces = tokens(&text);
        let counts: Vec<u64> = pieces
            .windows(2)
            .filter(|pair| COUNTED.contains(&pair[1].text))
            .filter_map(|pair| pair[0].quantity().filter(|one| one.bound == Bound::Exact)?.count())
            .collect();
        let [n] = counts.as_slice() else { continue };
        let highest = quantiles_named(&text).filter(|percent| *percent < 100.0).fold(0.0, f64::max);
        let has_time = pieces.iter().any(|one| one.quantity().is_some_and(|one| one.unit == Unit::Seconds));
        let Some(quantile) = probability(highest).filter(|_| highest > 0.0 && has_time) else { continue };
        if let Some(needed) = minimum_count(quantile, Probability::P95).filter(|needed| n < needed) {
            findings.push(case.finding(line, FindingKind::SampleTooSmall, too_few(*n, quantile, needed)));
        }
    }
    findings
}

fn quantiles_named(text: &str) -> impl Iterator<Item = f64> {
    tokens(text)
        .into_iter()
        .filter(|one| one.kind == TokenKind::Word)
        .filter_map(|one| Some(quantile(one.text)?.0))
}

/// The only figure with these words, if no word beside it may narrow it. What narrows the first narrows all.
fn only(said: &[Said], unit: Unit, is_it: impl Fn(&str) -> bool) -> Option<Quantity> {
    let mut found = said.iter().enumerate().filter(|(_, one)| one.quantity.unit == unit && is_it(&one.words));
    let (index, one) = found.next().filter(|_| found.next().is_none())?;
    (index == 0 || are_plain(one.words.split_whitespace())).then_some(one.quantity)
}

/// Target, actual and used share of the budget in one passage.
pub(super) fn error_budget_used(case: &Case) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, text) in passages(case).into_iter().filter(|(_, text)| mentions(text, &["budget"])) {
        let said = said(&text);
        let is_used = |words: &str| mentions(words, &["used", "consumed", "spent"]);
        let is_target =
            |words: &str| mentions(words, &["target", "objective", "slo", "goal"]) && !is_used(words);
        let is_actual = |words: &str| {
            let is_seen =
                mentions(words, &["actual", "achieved", "measured", "observed", "availability", "uptime"]);
            is_seen && !is_target(words) && !is_used(words) && !mentions(words, &["budget"])
        };
        let (Some(target), Some(actual), Some(used)) = (
            only(&said, Unit::Percent, is_target),
            only(&said, Unit::Percent, is_actual),
            only(&said, Unit::Percent, is_used),
        ) else {
            continue;
        };
        let is_possible = (50.0..100.0).contains(&target.value) && actual.value <= 100.0;
        let row = Row { line, target, actual, used };
        let stands = row.stands(Convention::Rounded) || row.stands(Convention::Truncated);
        if is_possible && actual.bound == Bound::Exact && !stands {
            findings.push(budget::told(case, row));
        }
    }
    findings
}

/// The shortest time of which somebody says how long a service was down, in seconds.
const PERIOD_S_MIN: f64 = 86_400.0;

/// A share of uptime against the downtime and the period of the same passage.
pub(super) fn downtime_against_uptime(case: &Case) -> Vec<Finding> {
    const NARROW: [&str; 14] = [
        "maintenance",
        "planned",
        "unplanned",
        "scheduled",
        "exclud*",
        "partial*",
        "degraded",
        "weighted",
        "region*",
        "users",
        "requests",
        "customers",
        "per",
        "each",
    ];
    let mut findings = Vec::new();
    for (line, text) in passages(case) {
        if mentions(&text, &NARROW) || is_wish(&text) || !mentions(&text, &["downtime", "outage"]) {
            continue;
        }
        let said = said(&text);
        let is_down = |words: &str| mentions(words, &["downtime", "outage"]);
        let (Some(uptime), Some(down), Some(period)) = (
            only(&said, Unit::Percent, |words| mentions(words, &["uptime", "availability"])),
            only(&said, Unit::Seconds, is_down),
            only(&said, Unit::Seconds, |words| !is_down(words)),
        ) else {
            continue;
        };
        // `over 30 days` is a window, not more than it.
        let is_window = matches!(period.bound, Bound::Exact | Bound::AtLeast);
        let all_exact = is_window && [uptime, down].iter().all(|one| one.bound == Bound::Exact);
        let share = down.allowed().not_negative().over(Interval::exactly(period.value));
        let left = share.times(Interval::exactly(100.0)).taken_from(100.0);
        if all_exact && period.value >= PERIOD_S_MIN && !left.meets(uptime.allowed()) {
            let reason = format!(
                "{} of downtime in {} leave {} %, not {} %",
                time(down.value),
                time(period.value),
                number(100.0 - down.value / period.value * 100.0),
                uptime.value
            );
            findings.push(case.finding(line, FindingKind::Contradiction, reason));
        }
    }
    findings
}
