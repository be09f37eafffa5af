//! The load line: the highest rate up to which every load criterion passes, with why the next step does not.

use std::collections::BTreeMap;

use plimsoll_base::{Quantity, Unit};
use plimsoll_proof::Digest;
use serde::{Deserialize, Serialize};

use super::load;
use crate::amount::Amount;
use crate::criterion::{Criterion, Profile, Rule};
use crate::document::{LoadRun, Plan, Step};
use crate::documents::Documents;
use crate::doubt::doubt;
use crate::error::Error;
use crate::measurement::{Estimator, GateData, Measurement, Trial};
use crate::probe::Probe;
use crate::scene::Scene;
use crate::verdict::{Verdict, decide, decide_by};

/// The load line and what happened one step above it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoadLine {
    /// The highest rate up to which every load criterion passed, per 1,000 seconds; 0 if there is none.
    pub rate_per_ks: u64,
    /// The rate one step above, if one was tried.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub next_per_ks: Option<u64>,
    /// Why the step above did not pass, or that none was tried.
    pub next: String,
    /// Whether the step above failed a criterion, rather than only an instrument gate.
    pub knee_seen: bool,
}

impl LoadLine {
    /// The rate for people: `400/s`, or `none`.
    pub fn rate_text(&self) -> String {
        match self.rate_per_ks {
            0 => "none".to_owned(),
            amount => Quantity { amount, unit: Unit::PerKs }.to_string(),
        }
    }
}

/// One rate that was measured with fresh trials.
struct Rung {
    rate_per_ks: u64,
    verdict: Verdict,
    why: String,
    trials: Vec<Trial>,
    gates: Vec<GateData>,
    evidence: Vec<Digest>,
}

impl Rung {
    /// Whether a criterion failed here, rather than an instrument gate or the amount of data.
    fn is_knee(&self) -> bool {
        matches!(self.verdict, Verdict::Fail | Verdict::ConditionalFail)
    }
}

/// The load criteria of a profile: what must pass at a rate for the line to reach it.
fn load_criteria(profile: &Profile) -> impl Iterator<Item = &Criterion> {
    profile.criteria.iter().filter(|criterion| matches!(criterion.probe, Probe::Latency | Probe::Errors))
}

/// The line as a measurement, so that it is judged like any other. Its lower bound is the line itself; its upper bound
/// is what lies just below the step that failed, if one did. Without a knee nothing bounds it from above.
pub(crate) fn measure(plan: &Plan, documents: &Documents, scene: Scene) -> Result<Measurement, Error> {
    let rungs = rungs(&plan.profile, documents, scene)?;
    let trials = if scene == Scene::Measured { plan.profile.trials } else { 1 };
    let line = line_of(&rungs, trials, rate_max(plan));
    let mut measurement = load::nothing(Estimator::HighestStep, Unit::PerKs);
    let trials = || rungs.iter().flat_map(|rung| &rung.trials);
    measurement.n = trials().fold(0, |n, trial| n.saturating_add(trial.n));
    measurement.trials = trials().cloned().collect();
    measurement.evidence = rungs.iter().flat_map(|rung| rung.evidence.iter().copied()).collect();
    // Where the lowest step neither passed nor failed, nothing is known of the line: the gates of that step say why.
    if line.rate_per_ks == 0 && !line.knee_seen {
        measurement.gates = rungs.into_iter().next().map(|rung| rung.gates).unwrap_or_default();
    } else {
        let rate = Amount::Finite(line.rate_per_ks);
        let knee = line.next_per_ks.filter(|_| line.knee_seen);
        measurement.value = Some(rate);
        measurement.lower = Some(rate);
        measurement.upper = knee.map(|next| Amount::Finite(next.saturating_sub(1)));
    }
    Ok(measurement)
}

/// The line for people.
pub(crate) fn load_line(plan: &Plan, documents: &Documents) -> Result<LoadLine, Error> {
    let rungs = rungs(&plan.profile, documents, Scene::Measured)?;
    Ok(line_of(&rungs, plan.profile.trials, rate_max(plan)))
}

/// The worst verdict of the load criteria at a rate, by the trials that were run there so far.
pub fn rung_verdict(documents: &Documents, rate_per_ks: u64) -> Result<Verdict, Error> {
    let (_, plan) = documents.plan()?;
    let rungs = rungs(&plan.profile, documents, Scene::Measured)?;
    let here = rungs.iter().find(|rung| rung.rate_per_ks == rate_per_ks);
    Ok(here.map_or(Verdict::NotMeasured, |rung| rung.verdict))
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

/// The highest rate that the plan would try.
fn rate_max(plan: &Plan) -> u64 {
    let steps = plan.profile.line.steps_percent.iter();
    let rates = steps.map(|percent| plan.rate_per_ks.saturating_mul(*percent) / 100);
    rates.max().unwrap_or(0).max(plan.rate_per_ks)
}

/// The highest rung that passes, as all below it do: what is not shown to pass ends the line, whatever the reason. A
/// rung needs as many trials as the profile asks for; in a sham it is one step.
fn line_of(rungs: &[Rung], trials: u64, rate_max: u64) -> LoadLine {
    let reaches = |rung: &&Rung| rung.verdict == Verdict::Pass && rung.trials.len() as u64 >= trials;
    let best = rungs.iter().take_while(reaches).last();
    let rate_per_ks = best.map_or(0, |rung| rung.rate_per_ks);
    let next = rungs.iter().find(|rung| rung.rate_per_ks > rate_per_ks);
    LoadLine {
        rate_per_ks,
        next_per_ks: next.map(|rung| rung.rate_per_ks),
        next: next_step(rate_per_ks, next, rate_max),
        knee_seen: next.is_some_and(Rung::is_knee),
    }
}

/// What is known above the line, as a sentence that does not repeat its rate.
fn next_step(rate_per_ks: u64, next: Option<&Rung>, rate_max: u64) -> String {
    let Some(next) = next else {
        let words = match rate_per_ks {
            0 => "no step was measured",
            rate if rate >= rate_max => "it is the profile's highest step",
            _ => "no higher step was tried",
        };
        return words.into();
    };
    let which = if rate_per_ks == 0 { "the lowest step" } else { "the next step" };
    let step = format!("{which}, {},", Quantity { amount: next.rate_per_ks, unit: Unit::PerKs });
    match next.verdict {
        Verdict::Pass => format!("{step} has too few trials"),
        Verdict::ConditionalPass => format!("{step} passes only on conditions: {}", next.why),
        Verdict::Fail | Verdict::ConditionalFail => format!("{step} does not pass: {}", next.why),
        _ => format!("{step} is not measurable: {}", next.why),
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
        gates: Vec::new(),
        evidence: runs.iter().map(|(digest, _)| *digest).collect(),
    };
    for criterion in load_criteria(profile) {
        let measurement = load::measure(criterion, runs)?;
        let verdict = match scene {
            Scene::Measured => decide(criterion, &measurement),
            _ => decide_by(Rule::Simple, criterion, &measurement),
        };
        // The worst criterion names the reason; of equally bad ones the first.
        if badness(verdict) > badness(rung.verdict) {
            rung.why = why(criterion, &measurement, verdict);
            rung.gates.clone_from(&measurement.gates);
            rung.verdict = verdict;
        }
        if rung.trials.is_empty() {
            rung.trials = measurement.trials;
        }
    }
    Ok(rung)
}

/// How much a verdict says against a step: nothing, that it was not shown to pass, that it failed.
fn badness(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Pass => 0,
        Verdict::Fail => 4,
        Verdict::ConditionalFail => 3,
        Verdict::ConditionalPass => 1,
        _ => 2,
    }
}

fn why(criterion: &Criterion, measurement: &Measurement, verdict: Verdict) -> String {
    if verdict == Verdict::Inconclusive {
        return format!("{}: {}", criterion.id, doubt(measurement));
    }
    if measurement.deaths() > 0 {
        return format!("{} {} (it ended by itself)", criterion.id, verdict.name());
    }
    let value = measurement.value.map_or_else(|| "nothing".into(), |value| value.display(measurement.unit));
    format!("{} {} ({value}, limit {})", criterion.id, verdict.name(), criterion.limit_text())
}
