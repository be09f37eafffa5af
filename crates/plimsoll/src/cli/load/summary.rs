//! The result of a run: a page for people, one JSON object for machines.

use plimsoll_base::{Quantity, Unit};
use plimsoll_evidence::Amount;
use plimsoll_load::{Judged, Observed, Threshold};
use plimsoll_measure::{GateResult, Histogram, Probability, Value};
use serde_json::{Map, json};

use super::outcome::{Finished, Stopped, Verdict};
use crate::cli::columns::{Side, lines};
use crate::cli::table::pretty;
use crate::failure::Failure;
use crate::print::{Printer, Style};

/// The quantiles that are shown, as the JSON names them and as people read them.
const QUANTILES: [(&str, &str, Probability); 6] = [
    ("p50", "p50", Probability::P50),
    ("p90", "p90", Probability::P90),
    ("p95", "p95", Probability::P95),
    ("p99", "p99", Probability::P99),
    ("p999", "p99.9", Probability::P999),
    ("max", "max", Probability::ONE),
];
/// The longest label is `thresholds`.
const LABEL_CHARACTERS: usize = 10;
const CLOSED_NOTE: &str = "a closed loop measures cost: a slow subject slows down the questions, so its times can never certify anything";

/// The result for people.
pub(super) fn text(finished: &Finished<'_>, printer: &Printer) -> String {
    let mut text = format!("\n{}", counts(finished));
    text.push_str(&format!("\n{}", quantiles(finished)));
    if !finished.gates.is_empty() {
        text.push_str(&format!("\n{}", gates(finished, printer)));
    }
    if !finished.thresholds.is_empty() {
        text.push_str(&format!("\n{}", thresholds(finished, printer)));
    }
    text.push_str(&format!("\nseed        {}\n", finished.order.seed()));
    if finished.order.is_closed() {
        text.push_str(&format!("note        {CLOSED_NOTE}\n"));
    }
    let (symbol, style) = match finished.verdict {
        Verdict::Pass => ("✓", Style::Good),
        Verdict::Fail => ("✗", Style::Bad),
        Verdict::Inconclusive => ("?", Style::Doubtful),
    };
    let verdict = printer.styled(style, &format!("{symbol} {}", finished.verdict.name()));
    let reasons = finished.reasons.join("; ");
    let colon = if reasons.is_empty() { "" } else { ": " };
    text.push_str(&format!("\n{verdict}{colon}{reasons}\n"));
    text
}

fn counts(finished: &Finished<'_>) -> String {
    let rate = |amount| Quantity { amount, unit: Unit::PerKs }.to_string();
    let (offered, achieved) = (finished.offered_per_ks(), finished.achieved_per_ks());
    let mut text = match finished.order.is_closed() {
        true => {
            format!("rate        {} good, as fast as the subject allowed\n", rate(finished.good_per_ks()))
        }
        false => {
            format!("rate        {} offered, {} sent within the schedule\n", rate(offered), rate(achieved))
        }
    };
    text.push_str(&format!("requests    {}, {} good\n", finished.latency().count(), finished.run.good));
    let kinds = finished.run.errors.by_kind();
    let kinds: Vec<String> =
        kinds.iter().filter(|(_, count)| *count > 0).map(|(kind, count)| format!("{count} {kind}")).collect();
    let ratio = finished.error_ratio_ppb().map(|amount| Quantity { amount, unit: Unit::Ppb }.to_string());
    text.push_str(&match (kinds.is_empty(), ratio) {
        (false, Some(ratio)) => {
            format!("errors      {} ({ratio}): {}\n", finished.run.errors.total(), kinds.join(", "))
        }
        _ => "errors      0\n".to_owned(),
    });
    if finished.stopped.is_some() {
        let time = |amount| Quantity { amount, unit: Unit::Ns };
        let planned = time(finished.order.plan.schedule.duration_ns);
        text.push_str(&format!("ended       after {} of {planned}\n", time(finished.sending_ns())));
    }
    text
}

fn quantiles(finished: &Finished<'_>) -> String {
    let row = |name: &str, values: &Histogram| -> [String; 7] {
        let at = |place: usize| {
            shown(QUANTILES.get(place).and_then(|(_, _, quantile)| values.quantile(*quantile)))
        };
        std::array::from_fn(|column| match column.checked_sub(1) {
            None => label(0, name),
            Some(place) => at(place),
        })
    };
    let head = std::array::from_fn(|column| match column.checked_sub(1) {
        None => String::new(),
        Some(place) => QUANTILES.get(place).map_or_else(String::new, |(_, name, _)| (*name).to_owned()),
    });
    let [left, right] = [Side::Left, Side::Right];
    let rows = [head, row("latency", finished.latency()), row("send lag", &finished.run.facts.send_lag)];
    joined(&lines([left, right, right, right, right, right, right], &rows))
}

fn shown(value: Option<Value>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| Amount::from(value).display(Unit::Ns))
}

fn gates(finished: &Finished<'_>, printer: &Printer) -> String {
    let row = |(place, gate): (usize, &GateResult)| {
        let bound = if gate.gate.limit_is_least() { "at least" } else { "at most" };
        [
            label(place, "gates"),
            format!("{} {}", if gate.passed { '✓' } else { '✗' }, gate.gate.name()),
            gate.observed.map_or_else(|| "unknown".to_owned(), |observed| observed.to_string()),
            gate.limit.map_or_else(|| "no limit".to_owned(), |limit| format!("{bound} {limit}")),
        ]
    };
    let rows: Vec<_> = finished.gates.iter().enumerate().map(row).collect();
    let lines = lines([Side::Left, Side::Left, Side::Right, Side::Left], &rows);
    let paint = |(line, gate): (&String, &GateResult)| match gate.passed {
        true => line.clone(),
        false => printer.styled(Style::Doubtful, line),
    };
    joined(&lines.iter().zip(&finished.gates).map(paint).collect::<Vec<_>>())
}

/// A threshold of a run that was ended early is judged only if it was the one that ended it.
fn is_judged(finished: &Finished<'_>, place: usize) -> bool {
    finished.stopped.is_none_or(|stopped| stopped == Stopped::Threshold(place))
}

fn thresholds(finished: &Finished<'_>, printer: &Printer) -> String {
    let row = |(place, (threshold, judged)): (usize, &(&Threshold, Judged))| {
        let symbol = match (is_judged(finished, place), judged.passed) {
            (false, _) => '?',
            (true, true) => '✓',
            (true, false) => '✗',
        };
        [
            label(place, "thresholds"),
            format!("{symbol} {}: {}", threshold.metric, threshold.expression),
            judged.observed.map_or_else(|| "nothing was seen".to_owned(), |seen| seen.to_string()),
        ]
    };
    let rows: Vec<_> = finished.thresholds.iter().enumerate().map(row).collect();
    let lines = lines([Side::Left, Side::Left, Side::Right], &rows);
    let paint = |(line, row): (&String, &[String; 3])| match row[1].starts_with('✗') {
        true => printer.styled(Style::Bad, line),
        false => line.clone(),
    };
    joined(&lines.iter().zip(&rows).map(paint).collect::<Vec<_>>())
}

/// What stands to the left of a group of lines: only beside its first.
fn label(place: usize, text: &str) -> String {
    let text = if place == 0 { text } else { "" };
    format!("{text:<LABEL_CHARACTERS$}")
}

fn joined(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// The result for machines. An infinite value is `"inf"`, one that does not exist is null.
pub(super) fn json(finished: &Finished<'_>) -> Result<String, Failure> {
    let run = finished.run;
    let latency: Map<_, _> = QUANTILES
        .iter()
        .map(|(name, _, quantile)| ((*name).to_owned(), milliseconds(finished.latency().quantile(*quantile))))
        .collect();
    let by_kind: Map<_, _> =
        run.errors.by_kind().iter().map(|(kind, count)| ((*kind).to_owned(), json!(count))).collect();
    let thresholds: Vec<_> =
        finished.thresholds.iter().enumerate().map(|row| threshold_json(finished, row)).collect();
    pretty(&json!({
        "verdict": finished.verdict.name(),
        "reasons": finished.reasons,
        "offered_per_s": per_second(finished.offered_per_ks()),
        "achieved_per_s": per_second(finished.achieved_per_ks()),
        "good_per_s": per_second(finished.good_per_ks()),
        "duration_s": finished.sending_ns() as f64 / 1e9,
        "count": finished.latency().count(),
        "good": run.good,
        "errors": run.errors.total(),
        "errors_by_kind": by_kind,
        "error_ratio": finished.error_ratio_ppb().map(|ppb| ppb as f64 / 1e9),
        "latency_ms": latency,
        "send_lag_ms": { "p999": milliseconds(run.facts.send_lag.quantile(Probability::P999)) },
        "gates": finished.gates.iter().map(gate_json).collect::<Vec<_>>(),
        "thresholds": thresholds,
        "aborted": run.aborted,
        "closed_loop": run.closed_loop,
        "seed": finished.order.seed(),
    }))
}

fn per_second(per_ks: u64) -> f64 {
    per_ks as f64 / 1e3
}

fn milliseconds(value: Option<Value>) -> serde_json::Value {
    match value {
        None => serde_json::Value::Null,
        Some(Value::Infinite) => json!("inf"),
        Some(Value::Finite(ns)) => json!(ns as f64 / 1e6),
    }
}

fn gate_json(gate: &GateResult) -> serde_json::Value {
    let unit = gate.observed.or(gate.limit).map(|quantity| quantity.unit.name());
    json!({
        "gate": gate.gate.name(),
        "passed": gate.passed,
        "observed": gate.observed.map(|quantity| quantity.amount),
        "limit": gate.limit.map(|quantity| quantity.amount),
        "unit": unit,
    })
}

fn threshold_json(
    finished: &Finished<'_>,
    (place, (threshold, judged)): (usize, &(&Threshold, Judged)),
) -> serde_json::Value {
    let observed = match judged.observed {
        None => serde_json::Value::Null,
        Some(Observed::Time(value)) => milliseconds(Some(value)),
        Some(Observed::RatioPpb(ppb)) => json!(ppb as f64 / 1e9),
    };
    json!({
        "metric": threshold.metric,
        "expression": threshold.expression,
        "judged": is_judged(finished, place),
        "passed": judged.passed,
        "observed": observed,
    })
}

#[cfg(test)]
mod tests;
