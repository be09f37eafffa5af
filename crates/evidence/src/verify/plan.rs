//! Part of step 6: what was run is what was planned. A registration that binds nothing would register nothing.

use plimsoll_proof::Digest;

use super::signed::invalid;
use super::{Failure, Outcome};
use crate::document::{Document, LoadRun, Plan, ScheduleData, Step};
use crate::documents::Documents;
use crate::fault::{Fault, FaultDrill};
use crate::probe::Probe;
use crate::scene::Scene;
use crate::soak::SoakRun;

/// Checks that every run has the seed, the rate and the length that follow from the plan, that there are as many
/// trials and drills as it asks for, and no scene that it does not name.
pub(super) fn check(plan: &Plan, documents: &Documents) -> Result<(), Failure> {
    for (_, document) in documents.iter() {
        if let Some(scene) = document.scene().filter(|scene| *scene != Scene::Measured)
            && !plan.scenes.contains(&scene)
        {
            return Err(invalid(format!("the plan names no scene {}", scene.name())));
        }
        match document {
            Document::LoadRun(run) => check_run(plan, run)?,
            Document::SoakRun(run) => check_soak(plan, run)?,
            Document::FaultDrill(drill) => check_fault(plan, drill)?,
            _ => {}
        }
    }
    check_counts(plan, documents)
}

fn check_run(plan: &Plan, run: &LoadRun) -> Result<(), Failure> {
    let (name, rates) = (run.place().to_string(), rates(plan, run.step));
    match difference(plan, &name, &run.schedule, &rates, Some(duration_ns(plan, run))) {
        None => Ok(()),
        Some(what) => Err(invalid(format!("load run {name}: its {what} is not that of the plan"))),
    }
}

fn check_soak(plan: &Plan, run: &SoakRun) -> Result<(), Failure> {
    match difference(plan, &run.name(), &run.schedule, &[plan.rate_per_ks], plan.profile.soak_ns) {
        None => Ok(()),
        Some(what) => Err(invalid(format!("soak {}: its {what} is not that of the plan", run.name()))),
    }
}

fn check_fault(plan: &Plan, drill: &FaultDrill) -> Result<(), Failure> {
    let name = drill.load.place().to_string();
    match difference(plan, &name, &drill.load.schedule, &[plan.rate_per_ks], plan.profile.fault_ns) {
        None => Ok(()),
        Some(what) => Err(invalid(format!("fault drill {name}: its {what} is not that of the plan"))),
    }
}

/// What of a schedule does not follow from the plan.
fn difference(
    plan: &Plan,
    name: &str,
    schedule: &ScheduleData,
    rates: &[u64],
    duration_ns: Option<u64>,
) -> Option<&'static str> {
    if schedule.seed != Digest::of(format!("{}{name}", plan.seed).as_bytes()) {
        Some("seed")
    } else if !rates.contains(&schedule.rate_per_ks) {
        Some("rate")
    } else if Some(schedule.duration_ns) != duration_ns {
        Some("duration")
    } else if schedule.warm_up_ns != plan.profile.warm_up_ns {
        Some("warm-up")
    } else {
        None
    }
}

/// The subject's rate, and for the load line the steps above it.
fn rates(plan: &Plan, step: Step) -> Vec<u64> {
    let base = plan.rate_per_ks;
    let above = plan.profile.line.steps_percent.iter().map(|percent| base.saturating_mul(*percent) / 100);
    match step {
        Step::Steady => vec![base],
        // The load of a fault drill is part of the drill, and no run by itself.
        Step::Fault => Vec::new(),
        Step::Search | Step::Line => std::iter::once(base).chain(above).collect(),
    }
}

fn duration_ns(plan: &Plan, run: &LoadRun) -> u64 {
    match (run.step, run.scene) {
        (Step::Steady, Scene::Measured) => plan.profile.trial_ns,
        (Step::Steady, _) => plan.profile.control_ns,
        (Step::Search, _) => plan.profile.line.step_ns,
        (Step::Line, _) => plan.profile.line.trial_ns,
        (Step::Fault, _) => plan.profile.fault_ns.unwrap_or(0),
    }
}

/// Fewer than planned are withheld evidence, more are evidence of another plan.
fn check_counts(plan: &Plan, documents: &Documents) -> Result<(), Failure> {
    let runs = documents.load_runs(Scene::Measured);
    let trials = runs.iter().filter(|(_, run)| run.step == Step::Steady).count();
    count("steady trials", trials, plan.profile.trials)?;
    let stops = documents.stop_drills(Scene::Measured).len();
    count("stop drills", stops, plan.stop_drills())?;
    let crashes = documents.crash_drills(Scene::Measured).len();
    count("crash drills", crashes, plan.crash_drills())?;
    let restores = documents.restore_drills(Scene::Measured).len();
    count("restore drills", restores, plan.restore_drills())?;
    for probe in Probe::with_cases() {
        let runs = documents.check_runs(probe, Scene::Measured).len();
        count(&format!("runs of {}", probe.name()), runs, plan.check_runs(probe))?;
    }
    let (drills, faults) = (documents.fault_drills(Scene::Measured), plan.faults());
    for fault in Fault::ALL {
        let found = drills.iter().filter(|(_, drill)| drill.fault == Some(fault)).count();
        let planned = u64::from(faults.contains(&fault));
        count(&format!("drills of the fault {}", fault.name()), found, planned)?;
    }
    count("soaks", documents.soak_runs(Scene::Measured).len(), plan.soak_runs())
}

fn count(what: &str, found: usize, planned: u64) -> Result<(), Failure> {
    let found = u64::try_from(found).unwrap_or(u64::MAX);
    let reason = format!("{found} {what} where the plan asks for {planned}");
    match found.cmp(&planned) {
        std::cmp::Ordering::Less => Err((Outcome::Incomplete, reason)),
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(invalid(reason)),
    }
}
