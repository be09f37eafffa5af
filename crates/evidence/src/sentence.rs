//! Decisions as sentences with their numbers. Signed, therefore computed from signed data alone.

use plimsoll_base::{Quantity, Unit};
use plimsoll_measure::Probability;

use crate::amount::Amount;
use crate::criterion::{Criterion, Probe};
use crate::judge::JudgedCriterion;
use crate::measurement::{Estimator, GateData, Measurement};
use crate::verdict::Verdict;

/// Why the verdict is what it is.
pub(crate) fn reason(criterion: &Criterion, measurement: &Measurement, verdict: Verdict) -> String {
    let decided = format!("limit {}, rule {}", criterion.limit_text(), criterion.rule.name());
    let Some(value) = measurement.value else {
        return format!("nothing measured; {decided}");
    };
    let value = format!("{} {}", what(criterion), value.display(measurement.unit));
    let basis = basis(measurement);
    if verdict == Verdict::Inconclusive {
        return format!("{value} ({basis}); {decided}; no decision: {}", why_inconclusive(measurement));
    }
    format!("{value}, {}{basis}; {decided}", bounds(measurement))
}

/// Why a control does not support its criterion.
pub(crate) fn control_missing(judged: &JudgedCriterion) -> String {
    let id = &judged.criterion.id;
    match &judged.control {
        None => format!("{id}: no planted defect was tried"),
        Some(control) if !control.seen_red => format!(
            "{id}: the planted defect {} gave {}, it should give FAIL",
            control.scene.name(),
            control.on_defect.name()
        ),
        Some(control) => format!(
            "{id}: {} (the path of {} without its defect) gave {}, it should give PASS",
            control.scene.sham().name(),
            control.scene.name(),
            control.on_sham.name()
        ),
    }
}

fn what(criterion: &Criterion) -> String {
    match (criterion.probe, criterion.quantile_ppb.and_then(Probability::from_ppb)) {
        (Probe::Latency, Some(quantile)) => format!("{quantile} ="),
        (Probe::Errors, _) => "error ratio".into(),
        (Probe::Throughput, _) => "good replies".into(),
        (Probe::LoadLine, _) => "load line".into(),
        (Probe::GracefulStop, _) => "lost in the worst stop:".into(),
        (Probe::AcknowledgedWrites, _) => "lost in the worst crash:".into(),
        (Probe::CrashRecovery, _) => "slowest recovery".into(),
        (Probe::StartUp, _) => "median start".into(),
        (Probe::Latency, None) => "latency".into(),
    }
}

fn bounds(measurement: &Measurement) -> String {
    let shown = |amount: Amount| amount.display(measurement.unit);
    let confidence = Quantity { amount: measurement.confidence_ppb, unit: Unit::Ppb };
    match (measurement.lower, measurement.upper) {
        _ if measurement.estimator == Estimator::HighestStep => String::new(),
        (Some(lower), Some(upper)) => {
            format!("bounds [{}, {}] at {confidence} each, ", shown(lower), shown(upper))
        }
        _ => "no bound, ".into(),
    }
}

fn basis(measurement: &Measurement) -> String {
    let trials = measurement.trials.len();
    let n = measurement.n;
    let n_effective: u64 = measurement.trials.iter().map(|trial| trial.n_effective).sum();
    match measurement.estimator {
        Estimator::MedianOfTrials
            if measurement.unit == Unit::Ns && n_effective == n && n == trials as u64 =>
        {
            format!("{trials} starts")
        }
        Estimator::MedianOfTrials | Estimator::WithinTrial => {
            format!("n = {n}, n_eff = {n_effective}, {trials} trials")
        }
        Estimator::PooledShare => format!("n = {n} over {trials} trials"),
        Estimator::HighestStep => format!("n = {n}, {trials} trials"),
        Estimator::WorstDrill => drills(measurement, trials),
    }
}

fn drills(measurement: &Measurement, trials: usize) -> String {
    match measurement.demonstrated_ppb {
        Some(amount) => {
            let good = measurement.trials.iter().filter(|trial| trial.value == Amount::Finite(0)).count();
            let shown = Quantity { amount, unit: Unit::Ppb };
            format!(
                "{good} of {trials} drills without loss ({} tried), which shows >= {shown} at 95 %",
                measurement.n
            )
        }
        None => format!("{trials} drills"),
    }
}

fn why_inconclusive(measurement: &Measurement) -> String {
    let failed: Vec<String> = measurement.gates.iter().filter(|gate| !gate.passed).map(failed_gate).collect();
    match failed.as_slice() {
        [] => "too few independent samples for a bound".into(),
        [one] => one.clone(),
        [first, rest @ ..] => format!("{first}, and {} more", rest.len()),
    }
}

fn failed_gate(gate: &GateData) -> String {
    let shown = |amount: Option<u64>| {
        amount.map_or_else(|| "nothing".into(), |amount| Quantity { amount, unit: gate.unit }.to_string())
    };
    format!("gate {} of {}: {} against {}", gate.gate, gate.run, shown(gate.observed), shown(gate.limit))
}
