//! From all documents to verdicts and the status of the certificate. The issuer calls it once, every verifier
//! calls it again.

use crate::calibration::calibration_problem;
use crate::control::control;
use crate::criterion::{Criterion, Severity};
use crate::document::Plan;
use crate::documents::Documents;
use crate::error::Error;
use crate::estimate;
use crate::gap::Gap;
use crate::judgement::{JudgedCriterion, Judgement};
use crate::planned::{check_evidence, check_profile};
use crate::probe::Probe;
use crate::scene::Scene;
use crate::sentence;
use crate::soak::Growth;
use crate::status::{conditions, exclusions, status};
use crate::verdict::{Verdict, decide};

/// Judges all documents against the plan among them.
pub fn judge(documents: &Documents) -> Result<Judgement, Error> {
    let (_, plan) = documents.plan()?;
    check_profile(&plan.profile)?;
    plan.repeats.as_ref().map_or(Ok(()), |repeats| repeats.check(&plan.profile))?;
    documents.check_trials()?;
    check_calibration(documents)?;
    check_evidence(plan, documents)?;
    let criteria: Vec<JudgedCriterion> = plan
        .profile
        .criteria
        .iter()
        .map(|criterion| judge_one(plan, criterion, documents))
        .collect::<Result<_, _>>()?;
    // Each has been seen to make sense by itself.
    documents.check_dependencies()?;
    let asks_for_line = plan.profile.asks_for(&[Probe::LoadLine]);
    let load_line = if asks_for_line { Some(estimate::load_line(plan, documents)?) } else { None };
    let (measured_from, measured_until) =
        documents.span().ok_or_else(|| Error::Missing("no trial was run".into()))?;
    let (trials, gaps) = (plan.profile.trials, &plan.profile.gaps);
    let verdicts: Vec<(Severity, Verdict)> = criteria
        .iter()
        .map(|judged| (judged.criterion.severity, judged.verdict))
        .chain(gaps.iter().map(|gap| (gap.severity, Gap::VERDICT)))
        .collect();
    Ok(Judgement {
        status: status(&verdicts, trials).ok_or(Error::Broken)?,
        conditions: conditions(&criteria, gaps, trials),
        exclusions: exclusions(&criteria),
        criteria,
        load_line,
        measured_from,
        measured_until,
    })
}

fn check_calibration(documents: &Documents) -> Result<(), Error> {
    let (_, calibration) = documents.calibration()?;
    let (_, environment) = documents.environment()?;
    if calibration.plimsoll_sha256 != environment.plimsoll_sha256 || calibration.boot != environment.boot {
        return Err(Error::evidence("the calibration is of another program or another boot of the machine"));
    }
    match calibration_problem(calibration) {
        None => Ok(()),
        Some(problem) => Err(Error::evidence(problem)),
    }
}

fn judge_one(plan: &Plan, criterion: &Criterion, documents: &Documents) -> Result<JudgedCriterion, Error> {
    let measurement = estimate::estimate(plan, criterion, documents, Scene::Measured)?;
    let judged = |verdict, reason: String, control| JudgedCriterion {
        criterion: criterion.clone(),
        measurement: measurement.clone(),
        verdict,
        brief: reason.clone(),
        reason,
        control,
    };
    if let Some(why) = plan.subject.lacks_for(criterion) {
        let verdict = if criterion.may_not_apply { Verdict::NotApplicable } else { Verdict::NotMeasured };
        return Ok(judged(verdict, why.to_owned(), None));
    }
    let verdict = decide(criterion, &measurement);
    let control = match criterion.control {
        Some(scene) => Some(control(plan, criterion, documents, scene)?),
        None => None,
    };
    // A blocking criterion without its control prevents the certificate. Any other is not believed.
    let is_blind = control.as_ref().is_some_and(|control| !control.supports(verdict));
    if is_blind && verdict.is_decided() && criterion.severity != Severity::Blocking {
        let reason = sentence::control_missing(control.as_ref());
        return Ok(judged(Verdict::Inconclusive, reason, control));
    }
    let growths = growths(criterion, documents);
    let brief = sentence::brief(criterion, &measurement, &growths, verdict);
    let reason = sentence::reason(criterion, &measurement, &growths, verdict);
    Ok(JudgedCriterion { brief, ..judged(verdict, reason, control) })
}

/// What each thing did that may grow, for the criterion that counts those that do.
fn growths(criterion: &Criterion, documents: &Documents) -> Vec<Growth> {
    let runs = documents.soak_runs(Scene::Measured).into_iter().filter(|_| criterion.probe == Probe::Leak);
    runs.flat_map(|(_, run)| run.growths()).collect()
}
