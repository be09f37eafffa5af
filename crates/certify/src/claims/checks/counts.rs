//! Percentages against counts, and averages against what they are of.

use std::collections::{BTreeMap, BTreeSet};

use crate::claims::document::Statement;
use crate::claims::fraction::fractions;
use crate::claims::interval::Interval;
use crate::claims::qualifier::{ASIDE, qualifier};
use crate::claims::quantity::{Quantity, Unit, number};
use crate::claims::records::Origin;
use crate::claims::token::{TokenKind, tokens};
use crate::claims::words::mentions;
use crate::claims::{Case, Finding, FindingKind};

use super::scores::{Score, scores};

pub(super) fn fractions_against_percentages(case: &Case) -> Vec<Finding> {
    let mut findings = Vec::new();
    // What was left out of a count may stand in another line of the same list.
    let is_aside = |one: &&Statement| mentions(&one.lower, &ASIDE);
    let aside: BTreeSet<usize> =
        case.document.statements.iter().filter(is_aside).map(|one| one.block).collect();
    for statement in case.document.statements.iter().filter(|one| !aside.contains(&one.block)) {
        findings.extend(in_line(case, statement.line, &statement.value));
    }
    for table in &case.document.tables {
        for row in table.rows.iter().filter(|row| !row.cells.iter().any(|cell| is_partial(cell))) {
            for cell in &row.cells {
                findings.extend(in_line(case, row.line, cell));
            }
        }
    }
    findings.extend(in_columns(case));
    findings
}

fn is_partial(cell: &str) -> bool {
    mentions(&cell.to_lowercase(), &ASIDE)
}

/// Words that may stand between a count and its share.
const OF_COUNT: [&str; 14] = [
    "passed",
    "pass",
    "passing",
    "tests",
    "test",
    "checks",
    "cases",
    "succeeded",
    "successful",
    "success",
    "green",
    "ok",
    "failed",
    "requests",
];

/// `10/10 = 100 %`, `3 of 4 (75 %)`, `40/50 passed (95 %)`: what stands between may only be marks and what was counted.
fn in_line(case: &Case, line: usize, text: &str) -> Vec<Finding> {
    let tokens = tokens(text);
    let mut findings = Vec::new();
    for fraction in fractions(&tokens) {
        let mut rest = tokens[fraction.next..].iter();
        let mut marks = 0;
        let percent = rest.find_map(|token| match token.kind {
            TokenKind::Mark('(' | '=' | ':' | '≈' | '-' | '–') if marks < 2 => {
                marks += 1;
                None
            }
            TokenKind::Word if marks == 0 && OF_COUNT.contains(&token.text.to_lowercase().as_str()) => None,
            TokenKind::Number(quantity) => Some(Some(quantity)),
            _ => Some(None),
        });
        // `100 % of those that ran` is a share of something else.
        let is_of_other = rest.next().is_some_and(|token| {
            token.kind == TokenKind::Word && !OF_COUNT.contains(&token.text.to_lowercase().as_str())
        });
        let Some(Some(percent)) = percent.filter(|_| marks > 0) else { continue };
        let are_counts = fraction.part.count().is_some() && fraction.whole.count().is_some();
        if percent.unit != Unit::Percent || !are_counts || is_of_other {
            continue;
        }
        let share = fraction.part.value / fraction.whole.value * 100.0;
        // Some print the share that failed beside the number that did not.
        let is_either =
            [share, 100.0 - share].iter().any(|one| percent.allowed().meets(Interval::exactly(*one)));
        if !is_either {
            let reason = format!(
                "{} of {} are {} %, not {} %",
                number(fraction.part.value),
                number(fraction.whole.value),
                number(share),
                percent.value
            );
            findings.push(case.finding(line, FindingKind::Contradiction, reason));
        }
    }
    findings
}

/// Columns for all, for those that passed, and for their share.
fn in_columns(case: &Case) -> Vec<Finding> {
    let mut findings = Vec::new();
    for record in case.records.iter().filter(|record| matches!(record.origin, Origin::Row(_))) {
        const PARTS: [&str; 7] =
            ["passed", "succeeded", "successful", "failed", "failures", "errors", "skipped"];
        let count = |words: &[&str], is_part: bool| {
            let fields = record.fields_with(words).filter(|field| mentions(&field.key, &PARTS) == is_part);
            let mut counts = fields.filter_map(|field| field.of(Unit::Plain)?.count());
            counts.next().filter(|_| counts.next().is_none())
        };
        let is_share = |key: &str, of: &[&str]| {
            mentions(key, of) && mentions(key, &["rate", "ratio", "share", "%", "percent", "percentage"])
        };
        for (part_words, share_words) in [
            (["passed", "succeeded", "successful"], ["success", "pass", "passed"]),
            (["failed", "failures", "failing"], ["failure", "failed", "fail"]),
        ] {
            let share = record.fields.iter().find(|field| is_share(&field.key, &share_words));
            let (Some(all), Some(part), Some(field)) =
                (count(&["total", "run", "tests", "executed"], false), count(&part_words, true), share)
            else {
                continue;
            };
            let Some(percent) = field.of(Unit::Percent).filter(|_| all > 0 && part <= all) else { continue };
            let exact = part as f64 / all as f64 * 100.0;
            // Some take what was skipped out of the whole.
            let aside: u64 =
                record.fields_with(&ASIDE).filter_map(|field| field.of(Unit::Plain)?.count()).sum();
            let rest = all.saturating_sub(aside).max(1);
            let of_rest = part as f64 / rest as f64 * 100.0;
            let is_usable = qualifier("", &field.value).is_empty()
                && !record.fields.iter().any(|field| is_partial(&field.value));
            let is_share =
                [exact, of_rest].iter().any(|one| percent.allowed().meets(Interval::exactly(*one)));
            if is_usable && !is_share {
                let reason = format!("{part} of {all} are {} %, not {} %", number(exact), percent.value);
                findings.push(case.finding(field.line, FindingKind::Contradiction, reason));
            }
        }
    }
    findings
}

/// An average is the average of the scores of its section; an overall score lies among them.
pub(super) fn averages_of_scores(case: &Case) -> Vec<Finding> {
    let mut sections: BTreeMap<(usize, u64), Vec<Score>> = BTreeMap::new();
    for score in scores(case) {
        sections.entry((score.section, score.whole as u64)).or_default().push(score);
    }
    let mut findings = Vec::new();
    for scores in sections.into_values() {
        let is_sum = |score: &Score| mentions(&score.label, &["average", "mean", "overall", "total"]);
        let (sums, parts): (Vec<Score>, Vec<Score>) = scores.into_iter().partition(is_sum);
        if parts.len() < 3 {
            continue;
        }
        let mean_of = |end: fn(Interval) -> f64| {
            parts.iter().map(|part| end(part.quantity.rounded())).sum::<f64>() / parts.len() as f64
        };
        let mean = Interval::new(mean_of(|one| one.low), mean_of(|one| one.high));
        let least = parts.iter().map(|part| part.quantity.value).fold(f64::INFINITY, f64::min);
        let most = parts.iter().map(|part| part.quantity.value).fold(0.0, f64::max);
        for sum in sums {
            let is_mean = mentions(&sum.label, &["average", "mean"]) && !mentions(&sum.label, &["weighted"]);
            let wanted = if is_mean { mean } else { Interval::new(least, most) };
            let is_plain = qualifier("", &case.document.quote(sum.line))
                .split_whitespace()
                .all(|word| matches!(word, "score" | "scores" | "total" | "overall"));
            if is_plain && !wanted.meets(sum.quantity.allowed()) {
                findings.push(case.finding(
                    sum.line,
                    FindingKind::Contradiction,
                    told(&parts, sum.quantity, is_mean),
                ));
            }
        }
    }
    findings
}

fn told(parts: &[Score], sum: Quantity, is_mean: bool) -> String {
    let total: f64 = parts.iter().map(|part| part.quantity.value).sum();
    let (first, last) = (parts.first().map_or(0, |part| part.line), parts.last().map_or(0, |part| part.line));
    if is_mean {
        let mean = total / parts.len() as f64;
        let (total, count) = (number(total), parts.len());
        format!(
            "the {count} scores of lines {first} to {last} make {total} / {count} = {}, not {}",
            number(mean),
            sum.value
        )
    } else {
        format!("no average of the {} scores of lines {first} to {last} is {}", parts.len(), sum.value)
    }
}
