//! Load tests: totals, errors, quantiles, and the objectives that they are said to have met.

use std::collections::BTreeMap;

use crate::claims::facts::{Figure, Run, is_total, quantile};
use crate::claims::fraction::fractions;
use crate::claims::interval::Interval;
use crate::claims::qualifier::{ASIDE, qualifier};
use crate::claims::quantity::{Bound, Quantity, Unit, number, time};
use crate::claims::records::{Field, Origin, Record};
use crate::claims::token::tokens;
use crate::claims::words::mentions;
use crate::claims::{Case, Finding, FindingKind};

use super::targets::without;

/// How far the time that a tool divides by may be from the nominal one: it starts, drains and stops.
const DURATION_SHARE: f64 = 0.1;

pub(super) fn totals_are_rates_times_durations(case: &Case) -> Vec<Finding> {
    let finding = |run: &Run| {
        let (total, rate, duration) = (run.total?, run.rate?, run.duration?);
        let is_usable = [total, rate, duration].iter().all(|figure| figure.is_plain) && !run.is_uneven;
        let reason = no_product(total.quantity, rate.quantity, duration.quantity).filter(|_| is_usable)?;
        Some(case.finding(total.line, FindingKind::Contradiction, reason))
    };
    case.facts.runs.iter().filter_map(finding).collect()
}

/// Why so many in all are not this rate for this time.
pub(super) fn no_product(total: Quantity, rate: Quantity, duration: Quantity) -> Option<String> {
    let expected = rate.nearly().times(duration.rounded().wider(DURATION_SHARE));
    let are_exact = [total, rate, duration].iter().all(|one| one.bound == Bound::Exact);
    if !are_exact || expected.meets(total.nearly()) {
        return None;
    }
    let product = rate.value * duration.value;
    Some(format!(
        "{}/s for {} are {} in all, not {}: {} apart",
        number(rate.value),
        time(duration.value),
        number(product),
        number(total.value),
        percent_apart(product, total.value),
    ))
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
            Some(count) if !errors.meets(Interval::exactly(count.quantity.value)) => {
                errors_of(count.quantity.value, n, ratio.quantity.value)
            }
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

pub(super) fn errors_of(count: f64, n: f64, percent: f64) -> String {
    format!("{} errors of {} are {} %, not {percent} %", number(count), number(n), number(count / n * 100.0))
}

/// `Success rate` against the requests that failed.
pub(super) fn successes_are_what_did_not_fail(case: &Case) -> Vec<Finding> {
    const SUCCESS: [&str; 6] = ["success", "rate", "ratio", "http", "request", "requests"];
    const FAILED: [&str; 6] = ["failed", "failures", "errors", "requests", "http", "total"];
    let is_of = |key: &str, words: &[&str]| key.split_whitespace().all(|word| words.contains(&word));
    let finding = |record: &Record| {
        let text = |field: &Field| format!("{} {}", field.key, field.value.to_lowercase());
        if record.fields.iter().any(|field| mentions(&text(field), &ASIDE)) {
            return None;
        }
        let only = |is_it: &dyn Fn(&Field) -> bool| {
            let mut found = record.fields.iter().filter(|field| is_it(field));
            let one = found.next().filter(|_| found.next().is_none())?;
            let quantity = one.quantity().filter(|one| one.bound == Bound::Exact)?;
            qualifier("", &one.value).is_empty().then_some((one.line, quantity))
        };
        let is_share = |field: &Field| mentions(&field.key, &SUCCESS[..1]) && is_of(&field.key, &SUCCESS);
        let is_count = |field: &Field| mentions(&field.key, &FAILED[..3]) && is_of(&field.key, &FAILED);
        let ((line, share), (_, failed), (_, total)) =
            (only(&is_share)?, only(&is_count)?, only(&|field: &Field| is_total(&field.key, &field.value))?);
        let (failed, total) = (failed.count()?, total.count().filter(|total| *total > 0)?);
        let left = 100.0 - failed as f64 / total as f64 * 100.0;
        let is_wrong = share.unit == Unit::Percent && !share.allowed().meets(Interval::exactly(left));
        let reason = format!(
            "{} of {} failed, which leaves {} %, not {} %",
            number(failed as f64),
            number(total as f64),
            number(left),
            share.value,
        );
        is_wrong.then(|| case.finding(line, FindingKind::Contradiction, reason))
    };
    case.records.iter().filter(|one| !matches!(one.origin, Origin::Column(_))).filter_map(finding).collect()
}

/// No mean of anything is more than the most of it.
pub(super) fn means_are_below_maxima(case: &Case) -> Vec<Finding> {
    let mut findings = Vec::new();
    for record in &case.records {
        let (means, maxima) =
            (by_name(record, &["mean", "average", "avg"]), by_name(record, &["max", "maximum"]));
        for (name, means) in means {
            // Of several with one name nobody says which belong together.
            let ([mean], Some([max])) = (means.as_slice(), maxima.get(&name).map(Vec::as_slice)) else {
                continue;
            };
            let (Some(of_all), Some(greatest)) = (mean.of(Unit::Seconds), max.of(Unit::Seconds)) else {
                continue;
            };
            if greatest.allowed().is_below(of_all.allowed()) {
                let reason = format!(
                    "the mean is {} and the maximum is {} (line {}): no mean is more than the most",
                    time(of_all.value),
                    time(greatest.value),
                    max.line,
                );
                findings.push(case.finding(mean.line, FindingKind::Contradiction, reason));
            }
        }
    }
    findings
}

fn by_name<'a>(record: &'a Record, words: &[&str]) -> BTreeMap<String, Vec<&'a Field>> {
    let mut fields: BTreeMap<String, Vec<&Field>> = BTreeMap::new();
    for field in &record.fields {
        if let Some(name) = named(field, words) {
            fields.entry(name).or_default().push(field);
        }
    }
    fields
}

/// What a field is of, if its key has one of these words: the rest of the key, with what narrows its value.
fn named(field: &Field, words: &[&str]) -> Option<String> {
    const OTHER: [&str; 7] = ["max", "maximum", "mean", "average", "avg", "min", "median"];
    let rest = without(&field.key, words);
    let is_one = mentions(&field.key, words) && !mentions(&rest, &OTHER) && quantile(&rest).is_none();
    is_one.then(|| format!("{rest} {}", qualifier("", &field.value)))
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
        for figures in metrics.into_values() {
            let wrong = out_of_order(figures).into_iter();
            findings
                .extend(wrong.map(|(line, reason)| case.finding(line, FindingKind::Contradiction, reason)));
        }
    }
    findings
}

/// Which quantiles are less than lower ones, by line, and why that cannot be. None where one is told twice: nobody says of what.
pub(super) fn out_of_order(mut figures: Vec<(f64, Figure)>) -> Vec<(usize, String)> {
    figures.sort_by(|one, two| one.0.total_cmp(&two.0));
    if figures.windows(2).any(|pair| pair[0].0 == pair[1].0 && pair[0].1.quantity != pair[1].1.quantity) {
        return Vec::new();
    }
    let name = |percent: f64| if percent == 100.0 { "the maximum".to_owned() } else { format!("p{percent}") };
    let wrong = |pair: &[(f64, Figure)]| {
        let [(low, lesser), (high, greater)] = pair else { return None };
        let place =
            if lesser.line == greater.line { String::new() } else { format!(" (line {})", lesser.line) };
        let reason = format!(
            "{} is {} and {} is {}{place}: a higher quantile is never less",
            name(*high),
            time(greater.quantity.value),
            name(*low),
            time(lesser.quantity.value),
        );
        greater.quantity.allowed().is_below(lesser.quantity.allowed()).then_some((greater.line, reason))
    };
    figures.windows(2).filter_map(wrong).collect()
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
