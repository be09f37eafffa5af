//! The load line: the highest rate at which every load criterion passes, with the next step's failure.

use std::collections::BTreeMap;

use plimsoll_base::{Quantity, Unit};
use plimsoll_proof::Digest;
use serde::{Deserialize, Serialize};

use super::load;
use crate::amount::Amount;
use crate::criterion::{Criterion, Probe, Profile, Rule, Scene};
use crate::document::{LoadRun, Step};
use crate::documents::Documents;
use crate::error::Error;
use crate::measurement::{Estimator, Measurement, Trial};
use crate::verdict::{Verdict, decide, decide_by};

/// The load line and what happened one step above it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoadLine {
    /// The highest rate of which every load criterion passed, per 1,000 seconds; 0 if there is none.
    pub rate_per_ks: u64,
    /// The rate one step above, if one was tried.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub next_per_ks: Option<u64>,
    /// Why the step above did not pass, or why none was tried.
    pub next: String,
    /// Whether the step above failed a criterion, rather than only an instrument gate.
    pub knee_seen: bool,
}

/// One rate that was measured with fresh trials.
struct Rung {
    rate_per_ks: u64,
    verdict: Verdict,
    why: String,
    trials: Vec<Trial>,
    evidence: Vec<Digest>,
}

/// The load criteria of a profile: what must pass at a rate for the line to reach it.
fn load_criteria(profile: &Profile) -> impl Iterator<Item = &Criterion> {
    profile.criteria.iter().filter(|criterion| matches!(criterion.probe, Probe::Latency | Probe::Errors))
}

/// The line as a measurement, so that it is judged like any other.
pub(crate) fn measure(profile: &Profile, documents: &Documents, scene: Scene) -> Result<Measurement, Error> {
    let rungs = rungs(profile, documents, scene)?;
    let trials = if scene == Scene::Measured { profile.trials } else { 1 };
    let line = line_of(&rungs, trials);
    let mut measurement = load::nothing(Estimator::HighestStep, Unit::PerKs);
    measurement.n = rungs.iter().flat_map(|rung| &rung.trials).map(|trial| trial.n).sum();
    measurement.evidence = rungs.iter().flat_map(|rung| rung.evidence.iter().copied()).collect();
    measurement.trials = rungs.iter().flat_map(|rung| rung.trials.iter().cloned()).collect();
    let only_gates_failed =
        line.rate_per_ks == 0 && rungs.iter().all(|rung| rung.verdict == Verdict::Inconclusive);
    if !only_gates_failed {
        let amount = Amount::Finite(line.rate_per_ks);
        measurement.value = Some(amount);
        measurement.lower = Some(amount);
        measurement.upper = line.next_per_ks.filter(|_| line.knee_seen).map(Amount::Finite);
        if line.rate_per_ks == 0 {
            measurement.upper = Some(Amount::Finite(0));
        }
    }
    Ok(measurement)
}

/// The line for people.
pub(crate) fn load_line(profile: &Profile, documents: &Documents) -> Result<LoadLine, Error> {
    Ok(line_of(&rungs(profile, documents, Scene::Measured)?, profile.trials))
}

/// Whether every load criterion passes at a rate, by the trials that were run there so far.
pub fn rung_passes(documents: &Documents, rate_per_ks: u64) -> Result<bool, Error> {
    let (_, plan) = documents.plan()?;
    let rungs = rungs(&plan.profile, documents, Scene::Measured)?;
    Ok(rungs.iter().any(|rung| rung.rate_per_ks == rate_per_ks && rung.verdict == Verdict::Pass))
}

/// Whether a step of the search is worth a measurement: gates hold, and point values keep their limits.
pub fn search_step_passes(documents: &Documents, rate_per_ks: u64) -> Result<bool, Error> {
    let (_, plan) = documents.plan()?;
    let mut runs = documents.load_runs(Scene::Measured);
    runs.retain(|(_, run)| run.step == Step::Search && run.schedule.rate_per_ks == rate_per_ks);
    for criterion in load_criteria(&plan.profile) {
        let measurement = load::measure(criterion, &runs)?;
        let gates_hold = measurement.gates.iter().all(|gate| gate.passed);
        if !gates_hold || decide_by(Rule::Simple, criterion, &measurement) != Verdict::Pass {
            return Ok(false);
        }
    }
    Ok(!runs.is_empty())
}

/// The line needs as many trials as the profile asks for; in a sham it is one step.
fn line_of(rungs: &[Rung], trials: u64) -> LoadLine {
    let whole = |rung: &&Rung| u64::try_from(rung.trials.len()).is_ok_and(|count| count >= trials);
    let best = rungs.iter().rev().filter(whole).find(|rung| rung.verdict == Verdict::Pass);
    let rate_per_ks = best.map_or(0, |rung| rung.rate_per_ks);
    let next = rungs.iter().find(|rung| rung.rate_per_ks > rate_per_ks);
    let shown = |amount| Quantity { amount, unit: Unit::PerKs }.to_string();
    LoadLine {
        rate_per_ks,
        next_per_ks: next.map(|rung| rung.rate_per_ks),
        next: match next {
            Some(rung) if rung.verdict == Verdict::Inconclusive => {
                format!(
                    "at least {}; next step {} not measurable: {}",
                    shown(rate_per_ks),
                    shown(rung.rate_per_ks),
                    rung.why
                )
            }
            Some(rung) if rung.verdict == Verdict::Pass => {
                format!("next step {} has too few trials", shown(rung.rate_per_ks))
            }
            Some(rung) => format!("next step {} does not pass: {}", shown(rung.rate_per_ks), rung.why),
            None => format!("at least {}: the profile's highest step", shown(rate_per_ks)),
        },
        knee_seen: next.is_some_and(|rung| !matches!(rung.verdict, Verdict::Inconclusive | Verdict::Pass)),
    }
}

/// Every rate with fresh trials, ascending.
fn rungs(profile: &Profile, documents: &Documents, scene: Scene) -> Result<Vec<Rung>, Error> {
    let mut by_rate: BTreeMap<u64, Vec<(Digest, &LoadRun)>> = BTreeMap::new();
    for (digest, run) in documents.load_runs(scene) {
        if run.step != Step::Search {
            by_rate.entry(run.schedule.rate_per_ks).or_default().push((digest, run));
        }
    }
    by_rate.into_iter().map(|(rate_per_ks, runs)| rung(profile, scene, rate_per_ks, &runs)).collect()
}

fn rung(
    profile: &Profile,
    scene: Scene,
    rate_per_ks: u64,
    runs: &[(Digest, &LoadRun)],
) -> Result<Rung, Error> {
    let mut rung = Rung {
        rate_per_ks,
        verdict: Verdict::Pass,
        why: String::new(),
        trials: Vec::new(),
        evidence: runs.iter().map(|(digest, _)| *digest).collect(),
    };
    for criterion in load_criteria(profile) {
        let measurement = load::measure(criterion, runs)?;
        let verdict = match scene {
            Scene::Measured => decide(criterion, &measurement),
            _ => decide_by(Rule::Simple, criterion, &measurement),
        };
        // The first criterion that fails names the reason; a failed gate yields to a failed criterion.
        let worse = verdict != Verdict::Pass
            && (rung.verdict == Verdict::Pass || rung.verdict == Verdict::Inconclusive);
        if worse && verdict != rung.verdict {
            rung.why = why(criterion, &measurement, verdict);
            rung.verdict = verdict;
        }
        if rung.trials.is_empty() {
            rung.trials = measurement.trials;
        }
    }
    Ok(rung)
}

fn why(criterion: &Criterion, measurement: &Measurement, verdict: Verdict) -> String {
    if let Some(gate) =
        measurement.gates.iter().find(|gate| !gate.passed).filter(|_| verdict == Verdict::Inconclusive)
    {
        return format!("gate {} of {}", gate.gate, gate.run);
    }
    let value = measurement.value.map_or_else(|| "nothing".into(), |value| value.display(measurement.unit));
    format!("{} {} ({value}, limit {})", criterion.id, verdict.name(), criterion.limit_text())
}
