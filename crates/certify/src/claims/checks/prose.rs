//! Figures that stand in one sentence or paragraph.

use std::collections::BTreeMap;

use crate::claims::document::{Place, Statement};
use crate::claims::facts::{EXTREMES, Figure, quantile};
use crate::claims::interval::Interval;
use crate::claims::qualifier::{UNEVEN, are_plain, is_past};
use crate::claims::quantity::{Bound, Quantity, Unit};
use crate::claims::said::{Said, said};
use crate::claims::token::{TokenKind, tokens};
use crate::claims::words::{is_denial, is_wish, mentions};
use crate::claims::{Case, Finding, FindingKind};

use super::budget::{self, Row};
use super::load::{errors_of, no_product, out_of_order};
use super::samples::Minima;

/// Statements that say something, with what stands together in running text joined to one.
pub(super) fn passages(case: &Case) -> Vec<(usize, String)> {
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
            let figure = |(percent, quantity)| (percent, Figure { quantity, line, is_plain: true });
            let wrong = out_of_order(quantiles(sentence).into_iter().map(figure).collect());
            let first = wrong.into_iter().next();
            findings.extend(first.map(|(_, reason)| case.finding(line, FindingKind::Contradiction, reason)));
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

/// Nobody says that there were over so many where there were so many times more.
const OVER_FACTOR: u64 = 10;

/// `p99.99 was 80 ms, of 100 requests`.
pub(super) fn samples_for_the_quantile(case: &Case) -> Vec<Finding> {
    const COUNTED: [&str; 6] = ["requests", "samples", "calls", "queries", "measurements", "observations"];
    let mut minima = Minima::default();
    let mut findings = Vec::new();
    for (line, text) in passages(case) {
        let is_many =
            mentions(&text, &["per", "each", "every", "times", "runs", "bound", "bounds", "confidence"]);
        if is_many || is_wish(&text) || is_denial(&text) {
            continue;
        }
        let pieces = tokens(&text);
        let counts: Vec<(u64, bool)> = pieces
            .windows(3)
            .filter(|three| COUNTED.contains(&three[2].text))
            .filter_map(|three| {
                let one = three[1].quantity()?;
                let is_over = one.bound == Bound::AtLeast && three[0].text == "over";
                (is_over || one.bound == Bound::Exact).then_some((one.count()?, is_over))
            })
            .collect();
        let [(n, is_over)] = counts.as_slice() else { continue };
        let highest = quantiles_named(&text).filter(|percent| *percent < 100.0).fold(0.0, f64::max);
        let has_time = pieces.iter().any(|one| one.quantity().is_some_and(|one| one.unit == Unit::Seconds));
        // `over 200 requests` are 200 or a few more.
        let most = if *is_over { n.saturating_mul(OVER_FACTOR) } else { *n };
        let reason = minima.too_few(*n, most, highest).filter(|_| has_time);
        findings.extend(reason.map(|reason| case.finding(line, FindingKind::SampleTooSmall, reason)));
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
pub(super) fn only(said: &[Said], unit: Unit, is_it: impl Fn(&str) -> bool) -> Option<Quantity> {
    let mut found = said.iter().enumerate().filter(|(_, one)| one.quantity.unit == unit && is_it(&one.words));
    let (index, one) = found.next().filter(|_| found.next().is_none())?;
    (index == 0 || are_plain(one.words.split_whitespace())).then_some(one.quantity)
}

/// `600,000 requests in 10 min at 2,000/s`.
pub(super) fn totals_are_rates_times_durations(case: &Case) -> Vec<Finding> {
    let finding = |(line, text): (usize, String)| {
        // The least of the extremes is `min`, and that is a unit here.
        let is_extreme = mentions(&text, &EXTREMES[..EXTREMES.len() - 1]);
        if mentions(&text, &UNEVEN) || is_extreme || is_wish(&text) || is_past(&text) {
            return None;
        }
        let said = said(&text);
        let [first, second, third] = said.as_slice() else { return None };
        let all = [first, second, third];
        let one = |is_it: &dyn Fn(&Said) -> bool| all.iter().find(|one| is_it(one)).map(|one| one.quantity);
        let are_plain = all.iter().all(|one| are_plain(one.words.split_whitespace()));
        let is_total =
            |one: &Said| one.quantity.count().is_some() && mentions(&one.words, &["requests", "messages"]);
        let reason = no_product(one(&is_total)?, one(&|one| one.quantity.is_rate())?, one(&is_time)?);
        Some(case.finding(line, FindingKind::Contradiction, reason.filter(|_| are_plain)?))
    };
    passages(case).into_iter().filter_map(finding).collect()
}

/// Whether a figure is how long something took: `in 10 min`. `Over 10 min` may be longer.
fn is_time(one: &Said) -> bool {
    one.quantity.unit == Unit::Seconds && mentions(&one.words, &["in", "for", "during"])
}

/// `1,000,000 requests were sent, of which 5,000 failed (0.05 %)`.
pub(super) fn errors_are_their_share(case: &Case) -> Vec<Finding> {
    let finding = |(line, text): (usize, String)| {
        // How long it took and how fast is no part of the share.
        let mut said = said(&text);
        said.retain(|one| !is_time(one) && !one.quantity.is_rate());
        let [all, failed, share] = said.as_slice() else { return None };
        let is_all = mentions(&all.words, &["requests"]) && are_plain(all.words.split_whitespace());
        let is_failed = matches!(failed.words.as_str(), "failed" | "failures" | "errors" | "requests failed");
        let are_parts = text.contains("of which") && text.contains("%)");
        let (all, failed) = (all.quantity, failed.quantity);
        let is_whole = all.count()? > 0 && failed.count()? <= all.count()?;
        let are_exact = [all, failed, share.quantity].iter().all(|one| one.bound == Bound::Exact);
        let percent = failed.value / all.value * 100.0;
        let is_either = [percent, 100.0 - percent]
            .iter()
            .any(|one| share.quantity.allowed().meets(Interval::exactly(*one)));
        let is_share = share.quantity.unit == Unit::Percent && share.words.is_empty();
        let reason = errors_of(failed.value, all.value, share.quantity.value);
        (is_all && is_failed && are_parts && is_whole && are_exact && is_share && !is_either)
            .then(|| case.finding(line, FindingKind::Contradiction, reason))
    };
    passages(case).into_iter().filter_map(finding).collect()
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
        let row = Row { line, target, actual, used }.possible();
        let refuted = budget::refuted_among(row.into_iter().collect());
        findings.extend(refuted.into_iter().map(|row| budget::told(case, row)));
    }
    findings
}
