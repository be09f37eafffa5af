//! Starts, stops, crashes and restores: few rehearsals, each a unit of its own.

use plimsoll_base::Unit;
use plimsoll_measure::{between_trials, clopper_pearson_lower};
use plimsoll_proof::Digest;

use super::load::nothing;
use super::{CONFIDENCE, TRIALS_FOR_BOUND};
use crate::amount::Amount;
use crate::criterion::Criterion;
use crate::document::{CrashDrill, HeldOutcome, Ledger, ProcessIdentity, StopDrill};
use crate::documents::Documents;
use crate::error::Error;
use crate::measurement::{Estimator, Measurement, Trial};
use crate::probe::Probe;
use crate::restore::DUE_WRITES_MIN;
use crate::scene::Scene;

/// One rehearsal: where it stands, what it cost, how many things it tried.
struct Rehearsal {
    digest: Digest,
    trial: u64,
    process: Option<ProcessIdentity>,
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
            process: Some(run.process),
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

pub(crate) fn graceful_stop(
    criterion: &Criterion,
    documents: &Documents,
    scene: Scene,
) -> Result<Measurement, Error> {
    let mut rehearsals = Vec::new();
    for (digest, drill) in documents.stop_drills(scene) {
        if drill.held.is_empty() {
            return Err(Error::evidence(format!("stop drill {} held no request", drill.trial)));
        }
        // No subject may name it as the signal that asks it to end, so it is the planted defect and nothing else.
        if (drill.signal == "SIGKILL") != (scene == Scene::KillInstead) {
            let problem = format!("stop drill {} was ended by {}", drill.trial, drill.signal);
            return Err(Error::evidence(problem));
        }
        rehearsals.push(Rehearsal {
            digest,
            trial: drill.trial,
            process: Some(drill.process),
            value: lost(drill),
            n: drill.held.len() as u64,
        });
    }
    Ok(worst(criterion, rehearsals))
}

/// Requests that a stop cost. One that had to be killed would have cost everything in the end.
fn lost(drill: &StopDrill) -> Amount {
    match drill.took_ns {
        Amount::Infinite => Amount::Infinite,
        Amount::Finite(_) => {
            let lost = drill.held.iter().filter(|outcome| **outcome == HeldOutcome::Lost);
            Amount::Finite(lost.count() as u64)
        }
    }
}

pub(crate) fn crash_recovery(
    criterion: &Criterion,
    documents: &Documents,
    scene: Scene,
) -> Result<Measurement, Error> {
    let mut rehearsals = Vec::new();
    for (digest, drill) in documents.crash_drills(scene) {
        check_crash(drill)?;
        rehearsals.push(Rehearsal {
            digest,
            trial: drill.trial,
            process: drill.restarted,
            value: drill.recovered_ns,
            n: 1,
        });
    }
    Ok(worst(criterion, rehearsals))
}

fn check_crash(drill: &CrashDrill) -> Result<(), Error> {
    match drill.problem() {
        None => Ok(()),
        Some(problem) => Err(Error::evidence(format!("crash drill {}: {problem}", drill.trial))),
    }
}

pub(crate) fn acknowledged_writes(
    criterion: &Criterion,
    documents: &Documents,
    scene: Scene,
) -> Result<Measurement, Error> {
    let mut rehearsals = Vec::new();
    let mut is_vacuous = false;
    for (digest, drill) in documents.crash_drills(scene) {
        check_crash(drill)?;
        let (acknowledged, lost) = ledger(drill)?;
        // Where nothing was acknowledged nothing could be lost. Where no write was outstanding the kill hit a subject
        // that may have been idle for long enough to store what it had only promised to store.
        let outstanding = drill.ledger.as_ref().map_or(0, |ledger| ledger.outstanding);
        is_vacuous |= acknowledged == 0 || outstanding == 0;
        rehearsals.push(Rehearsal {
            digest,
            trial: drill.trial,
            process: drill.restarted,
            value: Amount::Finite(lost),
            n: acknowledged,
        });
    }
    let measurement = worst(criterion, rehearsals);
    Ok(if is_vacuous { without_value(measurement) } else { measurement })
}

/// Both figures of a restore. A service that held next to nothing is soon restored, and has little to lose.
pub(crate) fn restored(
    criterion: &Criterion,
    documents: &Documents,
    scene: Scene,
) -> Result<Measurement, Error> {
    let mut rehearsals = Vec::new();
    let mut is_vacuous = false;
    for (digest, drill) in documents.restore_drills(scene) {
        if let Some(problem) = drill.problem() {
            return Err(Error::evidence(format!("restore drill {}: {problem}", drill.trial)));
        }
        let counts = drill.counts();
        is_vacuous |= counts.due < DUE_WRITES_MIN;
        let (value, n) = match criterion.probe {
            Probe::RestoredWrites => (Amount::Finite(counts.due_lost), counts.due),
            _ => (drill.restored_ns, 1),
        };
        rehearsals.push(Rehearsal { digest, trial: drill.trial, process: drill.restored, value, n });
    }
    let measurement = worst(criterion, rehearsals);
    Ok(if is_vacuous { without_value(measurement) } else { measurement })
}

/// What was rehearsed, and shows nothing.
fn without_value(measurement: Measurement) -> Measurement {
    Measurement { value: None, lower: None, upper: None, demonstrated_ppb: None, ..measurement }
}

/// Acknowledged writes and those lost. A drill without a ledger, or with a lame one, has acknowledged nothing.
fn ledger(drill: &CrashDrill) -> Result<(u64, u64), Error> {
    match drill.ledger.as_ref().map(Ledger::count) {
        None => Ok((0, 0)),
        Some(Some(counts)) => Ok(counts),
        Some(None) => {
            Err(Error::evidence(format!("crash drill {}: the parts of the ledger do not match", drill.trial)))
        }
    }
}

/// The worst rehearsal decides. Of five or more the best and the worst also bound the median, so that a criterion with
/// rule guard-95 passes where the worst keeps the limit. What so few show of all rehearsals to come is printed beside
/// it: the share of good ones, those that keep the limit, by Clopper and Pearson.
fn worst(criterion: &Criterion, rehearsals: Vec<Rehearsal>) -> Measurement {
    let values: Vec<Amount> = rehearsals.iter().map(|rehearsal| rehearsal.value).collect();
    let Some(between) = between_trials(&values) else {
        return nothing(Estimator::WorstDrill, criterion.unit);
    };
    let bound = |amount| (values.len() >= TRIALS_FOR_BOUND).then_some(amount);
    let good = values.iter().filter(|value| **value <= Amount::Finite(criterion.limit)).count();
    Measurement {
        value: Some(between.upper),
        lower: bound(between.lower),
        upper: bound(between.upper),
        confidence_ppb: between.confidence_ppb,
        demonstrated_ppb: Some(clopper_pearson_lower(good as u64, values.len() as u64, CONFIDENCE)),
        ..rehearsed(Estimator::WorstDrill, criterion.unit, rehearsals)
    }
}

fn rehearsed(estimator: Estimator, unit: Unit, rehearsals: Vec<Rehearsal>) -> Measurement {
    Measurement {
        n: rehearsals.iter().fold(0, |n, rehearsal| n.saturating_add(rehearsal.n)),
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
        process: rehearsal.process,
        died: false,
        value: rehearsal.value,
        lower: None,
        upper: None,
        n: rehearsal.n,
        n_effective: rehearsal.n,
        distribution: None,
    }
}
