//! Load tests: totals, errors, quantiles, and the objectives that they are said to have met.

use std::collections::BTreeMap;

use crate::claims::facts::{Figure, Run, quantile};
use crate::claims::fraction::fractions;
use crate::claims::interval::Interval;
use crate::claims::qualifier::qualifier;
use crate::claims::quantity::{Bound, Unit, number, time};
use crate::claims::token::tokens;
use crate::claims::words::mentions;
use crate::claims::{Case, Finding, FindingKind};

/// How far the time that a tool divides by may be from the nominal one: it starts, drains and stops.
const DURATION_SHARE: f64 = 0.1;

pub(super) fn totals_are_rates_times_durations(case: &Case) -> Vec<Finding> {
    let finding = |run: &Run| {
        let (total, rate, duration) = (run.total?, run.rate?, run.duration?);
        let is_usable = |figure: &Figure| figure.is_plain && figure.quantity.bound == Bound::Exact;
        let all_usable = [total, rate, duration].iter().all(is_usable) && !run.is_uneven;
        let expected = rate.quantity.nearly().times(duration.quantity.rounded().wider(DURATION_SHARE));
        if !all_usable || expected.meets(total.quantity.nearly()) {
            return None;
        }
        let reason = format!(
            "{}/s for {} are {} in all, not {}: {} apart",
            number(rate.quantity.value),
            time(duration.quantity.value),
            number(rate.quantity.value * duration.quantity.value),
            number(total.quantity.value),
            percent_apart(rate.quantity.value * duration.quantity.value, total.quantity.value),
        );
        Some(case.finding(total.line, FindingKind::Contradiction, reason))
    };
    case.facts.runs.iter().filter_map(finding).collect()
}

fn percent_apart(one: f64, two: f64) -> String {
    format!("{} %", number((one - two).abs() / one.max(two) * 100.0))
}

/// A ratio of a whole number of errors among a whole number of requests is not any number.
pub(super) fn errors_are_whole_numbers(case: &Case) -> Vec<Finding> {
    let finding = |run: &Run| {
        let (total, ratio) = (run.total?, run.error_ratio?);
        let is_usable = |figure: &Figure| figure.is_plain && figure.quantity.bound == Bound::Exact;
        if !is_usable(&total) || !is_usable(&ratio) {
            return None;
        }
        let n = total.quantity.value;
        let share = ratio.quantity.allowed().not_negative();
        let errors = share.times(Interval::exactly(n / 100.0));
        let counted = run.error_count.filter(is_usable);
        let reason = match counted {
            Some(count) if !errors.meets(Interval::exactly(count.quantity.value)) => format!(
                "{} errors of {} are {} %, not {} %",
                number(count.quantity.value),
                number(n),
                number(count.quantity.value / n * 100.0),
                ratio.quantity.value,
            ),
            None if run.error_count.is_none() && total.quantity.step == 1.0 && !errors.has_whole() => {
                format!(
                    "{} % of {} requests is no whole number of errors: {} to {} for the digits that are printed",
                    ratio.quantity.value,
                    number(n),
                    number(errors.low),
                    number(errors.high),
                )
            }
            _ => return None,
        };
        Some(case.finding(ratio.line, FindingKind::Contradiction, reason))
    };
    case.facts.runs.iter().filter_map(finding).collect()
}

pub(super) fn quantiles_are_in_order(case: &Case) -> Vec<Finding> {
    let mut findings = Vec::new();
    for record in &case.records {
        let mut metrics: BTreeMap<String, Vec<(f64, Figure)>> = BTreeMap::new();
        for field in &record.fields {
            let Some((percent, metric)) = quantile(&field.key) else { continue };
            let Some(quantity) = field.of(Unit::Seconds) else { continue };
            // What narrows one of them narrows the metric: `40 ms (server)` is no `80 ms (client)`.
            let metric = format!("{metric} {}", qualifier("", &field.value));
            let figure = Figure { quantity, line: field.line, is_plain: true };
            metrics.entry(metric).or_default().push((percent, figure));
        }
        for mut figures in metrics.into_values() {
            figures.sort_by(|one, two| one.0.total_cmp(&two.0));
            for pair in figures.windows(2) {
                let [(low, lesser), (high, greater)] = pair else { continue };
                if low < high && greater.quantity.allowed().is_below(lesser.quantity.allowed()) {
                    let reason = format!(
                        "p{high} is {} and p{low} is {} (line {}): a higher quantile is never less",
                        time(greater.quantity.value),
                        time(lesser.quantity.value),
                        lesser.line
                    )
                    .replace("p100 is", "the maximum is");
                    findings.push(case.finding(greater.line, FindingKind::Contradiction, reason));
                }
            }
        }
    }
    findings
}

/// Whether a run has certainly more errors than the loosest objective allows.
fn is_over(run: &Run, allowed: f64) -> Option<Figure> {
    let ratio = run.error_ratio.filter(|ratio| ratio.is_plain)?;
    Interval::exactly(allowed).is_below(ratio.quantity.allowed()).then_some(ratio)
}

pub(super) fn objectives_that_are_called_met(case: &Case) -> Vec<Finding> {
    let Some((allowed, objective)) = case.facts.errors_allowed() else { return Vec::new() };
    let finding = |run: &Run| {
        let (_, line) = run.objective_met.filter(|(is_met, _)| *is_met)?;
        let ratio = is_over(run, allowed)?;
        let reason = format!(
            "line {}: {} % errors are {} times the {} % that the loosest objective allows ({} %, line {})",
            ratio.line,
            ratio.quantity.value,
            number(ratio.quantity.value / allowed),
            number(allowed),
            objective.quantity.value,
            objective.line,
        );
        Some(case.finding(line, FindingKind::Contradiction, reason))
    };
    case.facts.runs.iter().filter_map(finding).collect()
}

/// `3/4 within SLO` against the runs that can be.
pub(super) fn runs_within_the_objective(case: &Case) -> Vec<Finding> {
    let Some((allowed, objective)) = case.facts.errors_allowed() else { return Vec::new() };
    let runs: Vec<&Run> = case.facts.runs.iter().filter(|run| run.error_ratio.is_some()).collect();
    let over = runs.iter().filter(|run| is_over(run, allowed).is_some()).count();
    let mut findings = Vec::new();
    for statement in
        case.document.statements.iter().filter(|one| mentions(&one.lower, &["within slo", "within slos"]))
    {
        let tokens = tokens(&statement.value);
        let said = fractions(&tokens).into_iter().find(|fraction| {
            tokens.get(fraction.next).is_some_and(|token| token.text.eq_ignore_ascii_case("within"))
        });
        let Some((part, whole)) = said.and_then(|said| Some((said.part.count()?, said.whole.count()?)))
        else {
            continue;
        };
        let possible = runs.len() - over;
        if usize::try_from(whole) == Ok(runs.len()) && usize::try_from(part).is_ok_and(|part| part > possible)
        {
            let reason = format!(
                "{over} of the {whole} runs have more than the {} % errors that the loosest objective allows \
                 ({} %, line {}), so at most {possible} can be within it",
                number(allowed),
                objective.quantity.value,
                objective.line,
            );
            findings.push(case.finding(statement.line, FindingKind::Contradiction, reason));
        }
    }
    findings
}
