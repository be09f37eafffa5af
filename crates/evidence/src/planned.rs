//! Whether a plan can be judged at all, and whether the evidence is of the kind that it asked for.
//!
//! Everything here is an error, not a verdict: a profile that no probe could honour, or evidence that no trial of it
//! leaves.

use std::collections::BTreeSet;

use plimsoll_measure::BATCH_NS;

use crate::criterion::{Criterion, Profile, Rule, Severity};
use crate::document::{Document, Plan, Step};
use crate::documents::Documents;
use crate::error::Error;
use crate::fault::Fault;
use crate::probe::{Family, Probe};
use crate::scene::Scene;
use crate::sign_off::SignOffDemand;
use crate::soak::LOOKS;
use crate::subject::SubjectKind;

/// A criterion's id is part of a file's name.
const ID_CHARS_MAX: usize = 64;

/// A share of 1 in parts per billion: the quantile that is the greatest value, of which no data give a bound.
const ONE_PPB: u64 = 1_000_000_000;

/// A batch before, amid and after a fault, and one on each border.
const FAULT_BATCHES_MIN: u64 = 9;

/// Seconds after which a calibration speaks of another day.
const CALIBRATION_AGE_S_MAX: i64 = 86_400;

impl Profile {
    /// Whether any of these probes is asked for.
    pub fn asks_for(&self, probes: &[Probe]) -> bool {
        self.criteria.iter().any(|criterion| probes.contains(&criterion.probe))
    }

    /// Whether any probe of this family is asked for.
    pub fn asks_for_family(&self, family: Family) -> bool {
        self.criteria.iter().any(|criterion| criterion.probe.family() == family)
    }

    /// The largest limit that a probe has: a planted defect must break them all. 0 if it has none.
    pub fn largest_limit(&self, probe: Probe) -> u64 {
        let criteria = self.criteria.iter().filter(|criterion| criterion.probe == probe);
        criteria.map(|criterion| criterion.limit).max().unwrap_or(0)
    }
}

impl Plan {
    /// How often the subject is stopped under load.
    pub fn stop_drills(&self) -> u64 {
        self.drills(Family::Stop)
    }

    /// How often it is killed under load.
    pub fn crash_drills(&self) -> u64 {
        self.drills(Family::Crash)
    }

    /// How often all its data are taken from it and restored.
    pub fn restore_drills(&self) -> u64 {
        let has_backup = self.subject.lacks(Probe::RestoredWrites).is_none();
        if has_backup { self.drills(Family::Restore) } else { 0 }
    }

    /// How often a probe's checklist is gone through. Once is enough: what a case shows does not vary by chance.
    pub fn check_runs(&self, probe: Probe) -> u64 {
        let is_asked_for = probe.family().has_cases() && self.profile.asks_for(&[probe]);
        u64::from(is_asked_for && self.subject.lacks(probe).is_none())
    }

    /// How often the subject is soaked: all that is asked of a soak is seen in one.
    pub fn soak_runs(&self) -> u64 {
        let has_process = self.subject.kind == SubjectKind::Command;
        u64::from(has_process && self.profile.asks_for_family(Family::Soak))
    }

    /// The faults that are tried, each in one drill.
    pub fn faults(&self) -> Vec<Fault> {
        let has_process = self.subject.kind == SubjectKind::Command;
        let criteria = &self.profile.criteria;
        let is_tried = |fault: &Fault| {
            self.subject.lacks_for_fault(*fault).is_none()
                && criteria.iter().any(|criterion| criterion.fault == Some(*fault))
        };
        Fault::ALL.into_iter().filter(|fault| has_process && is_tried(fault)).collect()
    }

    fn drills(&self, family: Family) -> u64 {
        let has_process = self.subject.kind == SubjectKind::Command;
        if has_process && self.profile.asks_for_family(family) { self.profile.drills } else { 0 }
    }
}

/// Checks what the profile of a plan may say.
pub fn check_profile(profile: &Profile) -> Result<(), Error> {
    let wrong = |what: &str| Err(Error::evidence(format!("profile {}: {what}", profile.id)));
    if profile.trials == 0 || profile.drills == 0 {
        return wrong("it asks for no trial or no drill");
    }
    if let Some(problem) = profile.sign_off.as_ref().and_then(SignOffDemand::problem) {
        return wrong(problem);
    }
    if !profile.criteria.iter().any(|criterion| criterion.severity == Severity::Blocking) {
        return wrong("it has no blocking criterion, so that everything would pass");
    }
    // Its control is a delay, which only a limit of latency makes red.
    if profile.asks_for(&[Probe::LoadLine]) && !profile.asks_for(&[Probe::Latency]) {
        return wrong("a load line needs a criterion of latency to keep");
    }
    // Between two looks there must be time.
    if profile.asks_for_family(Family::Soak) && profile.soak_ns.is_none_or(|soak_ns| soak_ns < LOOKS as u64) {
        return wrong("it asks for a soak, which has no length");
    }
    // In each third there must be a batch.
    if profile.asks_for_family(Family::Fault)
        && profile.fault_ns.is_none_or(|fault_ns| fault_ns < FAULT_BATCHES_MIN * BATCH_NS)
    {
        return wrong("it asks for a fault, which has no length");
    }
    profile.criteria.iter().try_for_each(check_criterion)?;
    profile.gaps.iter().try_for_each(|gap| check_id(&gap.id))?;
    let ids = profile.criteria.iter().map(|criterion| &criterion.id);
    let mut seen = BTreeSet::new();
    match ids.chain(profile.gaps.iter().map(|gap| &gap.id)).find(|id| !seen.insert(*id)) {
        Some(id) => wrong(&format!("criterion {id} stands twice")),
        None => Ok(()),
    }
}

fn check_id(id: &str) -> Result<(), Error> {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if id.is_empty() || id.len() > ID_CHARS_MAX || !id.chars().all(is_plain) {
        return Err(Error::evidence(format!("criterion {id}: its id is not of [a-z0-9-]")));
    }
    Ok(())
}

/// What a criterion may not say, because no probe could honour it.
fn check_criterion(criterion: &Criterion) -> Result<(), Error> {
    let wrong = |what: &str| Err(Error::evidence(format!("criterion {}: {what}", criterion.id)));
    check_id(&criterion.id)?;
    if criterion.unit != criterion.probe.unit() {
        return wrong("its unit is not that of its probe");
    }
    if criterion.op != criterion.probe.op() {
        return wrong("its limit lies on the wrong side for its probe");
    }
    if criterion.quantile_ppb.is_some() != (criterion.probe == Probe::Latency) {
        return wrong("a quantile belongs to latency, and to nothing else");
    }
    if criterion.quantile_ppb.is_some_and(|ppb| ppb == 0 || ppb >= ONE_PPB) {
        return wrong("its quantile does not lie between 0 and 100 %");
    }
    if criterion.fault.is_some() != (criterion.probe.family() == Family::Fault) {
        return wrong("a fault belongs to a fault drill, and to nothing else");
    }
    if !criterion.probe.gives_bounds() && criterion.rule != Rule::Simple {
        return wrong("its probe gives no bound: its rule must be simple");
    }
    match criterion.control {
        Some(scene) if !criterion.probe.scenes().contains(&scene) => {
            wrong("its control cannot turn its probe red")
        }
        None if criterion.severity == Severity::Blocking => wrong("a blocking criterion needs a control"),
        _ => Ok(()),
    }
}

/// Checks that the subject was measured directly, in processes that are named, that no proxy counted what cannot be, and
/// that the calibration is of the day.
pub(crate) fn check_evidence(plan: &Plan, documents: &Documents) -> Result<(), Error> {
    for (_, run) in documents.load_runs(Scene::Measured) {
        let wrong = |what: &str| Err(Error::evidence(format!("load run {}: {what}", run.name())));
        if run.proxy.is_some() {
            return wrong("the subject was not measured directly");
        }
        // The processes of a search are no unit of replication, but the subject has one all the same.
        if plan.subject.kind == SubjectKind::Command && run.process.is_none() {
            return wrong("it names no process");
        }
    }
    for probe in Probe::with_cases() {
        for (_, run) in documents.check_runs(probe, Scene::Measured) {
            let wrong = |what: &str| Err(Error::evidence(format!("{} {}: {what}", probe.name(), run.trial)));
            if run.proxy.is_some() {
                return wrong("the subject was not measured directly");
            }
            // Files are looked at with nothing started.
            let has_process = probe.family() == Family::Check && plan.subject.kind == SubjectKind::Command;
            match (has_process, run.process) {
                (true, None) => return wrong("it names no process"),
                (_, Some(_)) if probe.family() == Family::Inspection => {
                    return wrong("it names a process, and none was started");
                }
                _ => {}
            }
        }
    }
    if documents.soak_runs(Scene::Measured).iter().any(|(_, run)| run.proxy.is_some()) {
        return Err(Error::evidence("soak: the subject was not measured directly"));
    }
    if documents.restore_drills(Scene::Measured).iter().any(|(_, drill)| drill.proxy.is_some()) {
        return Err(Error::evidence("restore drill: the subject was not measured directly"));
    }
    check_fault_drills(documents)?;
    if documents.iter().any(|(_, document)| harms_more_than_came(document)) {
        return Err(Error::evidence("a fault proxy harmed more requests than it saw"));
    }
    if Scene::DEFECTS.iter().any(|defect| is_harmed(documents, defect.sham())) {
        return Err(Error::evidence("a fault proxy harmed requests where no defect was planted"));
    }
    check_calibration_age(documents)
}

/// The path of a fault drill is always that through the fault proxy, so that its sham is the path of every fault.
fn check_fault_drills(documents: &Documents) -> Result<(), Error> {
    for document in documents.iter().map(|(_, document)| document) {
        let Document::FaultDrill(drill) = document else { continue };
        let (run, name) = (&drill.load, drill.load.place());
        let is_direct = run.scene == Scene::Measured && run.proxy.is_none();
        if run.step != Step::Fault || is_direct || run.process.is_none() {
            let problem = format!("fault drill {name}: its load is not that of a fault drill");
            return Err(Error::evidence(problem));
        }
    }
    Ok(())
}

fn is_harmed(documents: &Documents, sham: Scene) -> bool {
    documents.proxy_counts(sham).is_some_and(|counts| counts.harmed > 0)
}

fn harms_more_than_came(document: &Document) -> bool {
    document.proxy().is_some_and(|counts| counts.harmed > counts.requests)
}

/// A calibration speaks of the day on which it was made.
fn check_calibration_age(documents: &Documents) -> Result<(), Error> {
    let (_, calibration) = documents.calibration()?;
    let Some((from, _)) = documents.span() else { return Ok(()) };
    let age_s = from.unix_seconds() - calibration.at.unix_seconds();
    if (0..=CALIBRATION_AGE_S_MAX).contains(&age_s) {
        Ok(())
    } else {
        Err(Error::evidence("the calibration was made after the first trial, or more than a day before it"))
    }
}
