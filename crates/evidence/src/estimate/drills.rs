//! Starts, stops and crashes: few rehearsals, each a unit of its own.

use plimsoll_base::Unit;
use plimsoll_measure::{between_trials, clopper_pearson_lower};
use plimsoll_proof::Digest;

use super::load::nothing;
use super::{CONFIDENCE, TRIALS_FOR_BOUND};
use crate::amount::Amount;
use crate::criterion::Scene;
use crate::document::{CrashDrill, HeldOutcome, ProcessIdentity};
use crate::documents::Documents;
use crate::error::Error;
use crate::measurement::{Estimator, Measurement, Trial};

/// One rehearsal: where it stands, what it cost, how many things it tried.
struct Rehearsal {
    digest: Digest,
    trial: u64,
    process: ProcessIdentity,
    value: Amount,
    n: u64,
}

pub(crate) fn start_up(documents: &Documents, scene: Scene) -> Result<Measurement, Error> {
    let rehearsals: Vec<Rehearsal> = documents
        .start_runs(scene)
        .into_iter()
        .map(|(digest, run)| Rehearsal {
            digest,
            trial: run.trial,
            process: run.process,
            value: run.took_ns,
            n: 1,
        })
        .collect();
    let values: Vec<Amount> = rehearsals.iter().map(|rehearsal| rehearsal.value).collect();
    let Some(between) = between_trials(&values) else {
        return Ok(nothing(Estimator::MedianOfTrials, Unit::Ns));
    };
    let bound = |amount| (values.len() >= TRIALS_FOR_BOUND).then_some(amount);
    Ok(Measurement {
        value: Some(between.median),
        lower: bound(between.lower),
        upper: bound(between.upper),
        confidence_ppb: between.confidence_ppb,
        ..rehearsed(Estimator::MedianOfTrials, Unit::Ns, rehearsals)
    })
}

pub(crate) fn graceful_stop(documents: &Documents, scene: Scene) -> Result<Measurement, Error> {
    let mut rehearsals = Vec::new();
    for (digest, drill) in documents.stop_drills(scene) {
        if drill.held.is_empty() {
            return Err(Error::evidence(format!("stop drill {} held no request", drill.trial)));
        }
        let lost = drill.held.iter().filter(|outcome| **outcome == HeldOutcome::Lost).count();
        rehearsals.push(Rehearsal {
            digest,
            trial: drill.trial,
            process: drill.process,
            value: Amount::Finite(u64::try_from(lost).unwrap_or(u64::MAX)),
            n: u64::try_from(drill.held.len()).unwrap_or(u64::MAX),
        });
    }
    Ok(worst(Unit::Count, rehearsals))
}

pub(crate) fn crash_recovery(documents: &Documents, scene: Scene) -> Result<Measurement, Error> {
    let rehearsals = documents
        .crash_drills(scene)
        .into_iter()
        .map(|(digest, drill)| Rehearsal {
            digest,
            trial: drill.trial,
            process: drill.restarted,
            value: drill.recovered_ns,
            n: 1,
        })
        .collect();
    Ok(worst(Unit::Ns, rehearsals))
}

pub(crate) fn acknowledged_writes(documents: &Documents, scene: Scene) -> Result<Measurement, Error> {
    let mut rehearsals = Vec::new();
    for (digest, drill) in documents.crash_drills(scene) {
        if let Some((acknowledged, lost)) = ledger(drill)? {
            rehearsals.push(Rehearsal {
                digest,
                trial: drill.trial,
                process: drill.restarted,
                value: Amount::Finite(lost),
                n: acknowledged,
            });
        }
    }
    // A drill in which nothing was acknowledged could not have lost anything.
    if rehearsals.iter().any(|rehearsal| rehearsal.n == 0) {
        return Ok(Measurement { value: None, lower: None, upper: None, ..worst(Unit::Count, rehearsals) });
    }
    Ok(worst(Unit::Count, rehearsals))
}

fn ledger(drill: &CrashDrill) -> Result<Option<(u64, u64)>, Error> {
    let Some(ledger) = &drill.ledger else { return Ok(None) };
    match ledger.count() {
        Some(counts) => Ok(Some(counts)),
        None => Err(Error::evidence(format!(
            "crash drill {}: the two texts of the ledger do not match",
            drill.trial
        ))),
    }
}

/// The worst rehearsal decides; with five or more, best and worst bound the median.
fn worst(unit: Unit, rehearsals: Vec<Rehearsal>) -> Measurement {
    let values: Vec<Amount> = rehearsals.iter().map(|rehearsal| rehearsal.value).collect();
    let Some(between) = between_trials(&values) else { return nothing(Estimator::WorstDrill, unit) };
    let bound = |amount| (values.len() >= TRIALS_FOR_BOUND).then_some(amount);
    let k = u64::try_from(values.len()).unwrap_or(u64::MAX);
    let good = values.iter().filter(|value| **value == Amount::Finite(0)).count();
    let demonstrated = clopper_pearson_lower(u64::try_from(good).unwrap_or(0), k, CONFIDENCE);
    Measurement {
        value: Some(between.upper),
        lower: bound(between.lower),
        upper: bound(between.upper),
        confidence_ppb: between.confidence_ppb,
        demonstrated_ppb: (unit == Unit::Count).then_some(demonstrated),
        ..rehearsed(Estimator::WorstDrill, unit, rehearsals)
    }
}

fn rehearsed(estimator: Estimator, unit: Unit, rehearsals: Vec<Rehearsal>) -> Measurement {
    Measurement {
        n: rehearsals.iter().map(|rehearsal| rehearsal.n).sum(),
        evidence: rehearsals.iter().map(|rehearsal| rehearsal.digest).collect(),
        trials: rehearsals.into_iter().map(trial).collect(),
        ..nothing(estimator, unit)
    }
}

fn trial(rehearsal: Rehearsal) -> Trial {
    Trial {
        step: None,
        rate_per_ks: None,
        trial: rehearsal.trial,
        process: Some(rehearsal.process),
        value: rehearsal.value,
        lower: None,
        upper: None,
        n: rehearsal.n,
        n_effective: rehearsal.n,
        distribution: None,
    }
}
