//! Soaks: the most that was taken of the machine, and what still grows at the end.

use plimsoll_base::Unit;
use plimsoll_measure::Course;

use super::load::{is_schedule_full, nothing};
use crate::amount::Amount;
use crate::criterion::Criterion;
use crate::documents::Documents;
use crate::error::Error;
use crate::measurement::{Estimator, GateData, Measurement, Trial};
use crate::probe::Probe;
use crate::scene::Scene;
use crate::soak::SoakRun;

/// A subject that answers less than this share of its requests is not under the load that it shall be under.
const ANSWERED_PPB_MIN: u64 = 900_000_000;
/// A look may be late by less than so many intervals: the trend is that of blocks of as many looks.
const LATE_INTERVALS_MAX: u64 = 5;
const ONE_PPB: u128 = 1_000_000_000;

/// The worst soak decides. No soak gives no value.
pub(crate) fn taken(
    criterion: &Criterion,
    documents: &Documents,
    scene: Scene,
) -> Result<Measurement, Error> {
    let probe = criterion.probe;
    let estimator = match probe {
        Probe::Leak => Estimator::GrowingSeries,
        Probe::Cpu => Estimator::BusiestWindow,
        _ => Estimator::GreatestLook,
    };
    let mut measurement = nothing(estimator, criterion.unit);
    for (digest, run) in documents.soak_runs(scene) {
        check(run)?;
        let Some(value) = value(run, probe) else { continue };
        let (value, n) = (Amount::Finite(value), run.looks.len() as u64);
        measurement.value = measurement.value.max(Some(value));
        measurement.n = measurement.n.saturating_add(n);
        measurement.gates.extend(gates(run));
        measurement.gates.extend((probe == Probe::Leak).then(|| trend_gate(run)));
        measurement.evidence.push(digest);
        measurement.trials.push(Trial {
            step: None,
            rate_per_ks: Some(run.schedule.rate_per_ks),
            trial: run.trial,
            process: Some(run.process),
            died: run.died,
            value,
            lower: None,
            upper: None,
            n,
            n_effective: n,
            distribution: None,
        });
    }
    Ok(measurement)
}

fn check(run: &SoakRun) -> Result<(), Error> {
    let is_full = is_schedule_full(&run.schedule, run.scheduled);
    let unfilled =
        (!is_full).then_some("it holds another number of arrivals than its rate gives in its time");
    match run.problem().or(unfilled) {
        None => Ok(()),
        Some(problem) => Err(Error::evidence(format!("soak {} {}: {problem}", run.scene.name(), run.trial))),
    }
}

fn value(run: &SoakRun, probe: Probe) -> Option<u64> {
    match probe {
        Probe::Cpu => run.cpu_shares().into_iter().max(),
        Probe::Leak => Some(count(run, Course::Grows)),
        _ => run.series(probe)?.into_iter().max(),
    }
}

fn count(run: &SoakRun, course: Course) -> u64 {
    run.growths().iter().filter(|growth| growth.course == course).count() as u64
}

/// Whether the soak was long enough to tell. Where something grows for certain it was.
fn trend_gate(run: &SoakRun) -> GateData {
    let unclear = if count(run, Course::Grows) > 0 { 0 } else { count(run, Course::Unclear) };
    GateData {
        run: format!("soak-{}", run.trial),
        gate: "trend".into(),
        passed: unclear == 0,
        observed: Some(unclear),
        limit: Some(0),
        unit: Unit::Count,
    }
}

/// Whether the subject was under load, and looked at in time.
fn gates(run: &SoakRun) -> [GateData; 2] {
    let answered = (u128::from(run.good) * ONE_PPB).checked_div(u128::from(run.scheduled));
    let answered_ppb = answered.and_then(|ppb| u64::try_from(ppb).ok());
    let (late_ns, interval_ns) = run.lateness();
    let late_ns_max = interval_ns.saturating_mul(LATE_INTERVALS_MAX).saturating_sub(1);
    let name = format!("soak-{}", run.trial);
    [
        GateData {
            run: name.clone(),
            gate: "answered".into(),
            passed: answered_ppb.is_some_and(|ppb| ppb >= ANSWERED_PPB_MIN),
            observed: answered_ppb,
            limit: Some(ANSWERED_PPB_MIN),
            unit: Unit::Ppb,
        },
        GateData {
            run: name,
            gate: "looks".into(),
            passed: late_ns <= late_ns_max,
            observed: Some(late_ns),
            limit: Some(late_ns_max),
            unit: Unit::Ns,
        },
    ]
}
