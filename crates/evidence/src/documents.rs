//! All evidence of one certification, found by what it is.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_base::Utc;
use plimsoll_proof::{Digest, from_canonical, to_canonical};

use crate::checklist::{CheckRun, Checklist};
use crate::document::{
    Calibration, CrashDrill, Document, Environment, LoadRun, Plan, ProcessIdentity, ProxyCounts, StartRun,
    Step, StopDrill,
};
use crate::error::Error;
use crate::fault::FaultDrill;
use crate::probe::{Family, Probe};
use crate::restore::RestoreDrill;
use crate::scene::Scene;
use crate::soak::SoakRun;

/// Documents by the digest of their bytes.
#[derive(Debug, Clone, Default)]
pub struct Documents {
    by_digest: BTreeMap<Digest, Document>,
}

/// A document with the digest of its bytes.
pub(crate) type Found<'a, T> = (Digest, &'a T);

impl Documents {
    /// Adds a document and gives the bytes under whose digest it is kept.
    pub fn insert(&mut self, document: Document) -> Result<(Digest, Vec<u8>), Error> {
        let bytes = to_canonical(&document)?;
        let digest = Digest::of(&bytes);
        self.by_digest.insert(digest, document);
        Ok((digest, bytes))
    }

    /// Reads a document from its bytes.
    pub fn read(&mut self, bytes: &[u8]) -> Result<Digest, Error> {
        let document: Document = from_canonical(bytes)?;
        let digest = Digest::of(bytes);
        self.by_digest.insert(digest, document);
        Ok(digest)
    }

    /// Every document with its digest, in the digests' order.
    pub fn iter(&self) -> impl Iterator<Item = (Digest, &Document)> {
        self.by_digest.iter().map(|(digest, document)| (*digest, document))
    }

    /// The one plan.
    pub fn plan(&self) -> Result<(Digest, &Plan), Error> {
        self.only("plan", |document| if let Document::Plan(plan) = document { Some(plan) } else { None })
    }

    /// The one environment.
    pub fn environment(&self) -> Result<(Digest, &Environment), Error> {
        self.only("environment", |document| match document {
            Document::Environment(environment) => Some(environment),
            _ => None,
        })
    }

    /// The one calibration.
    pub fn calibration(&self) -> Result<(Digest, &Calibration), Error> {
        self.only("calibration", |document| match document {
            Document::Calibration(calibration) => Some(calibration),
            _ => None,
        })
    }

    /// Runs of load in a scene, in order of step, rate and trial.
    pub fn load_runs(&self, scene: Scene) -> Vec<(Digest, &LoadRun)> {
        let mut runs = self.all(|document| match document {
            Document::LoadRun(run) if run.scene == scene => Some(run),
            _ => None,
        });
        runs.sort_by_key(|(_, run)| (run.step, run.schedule.rate_per_ks, run.trial));
        runs
    }

    /// Starts in a scene, in order of trial.
    pub fn start_runs(&self, scene: Scene) -> Vec<(Digest, &StartRun)> {
        let mut runs = self.all(|document| match document {
            Document::StartRun(run) if run.scene == scene => Some(run),
            _ => None,
        });
        runs.sort_by_key(|(_, run)| run.trial);
        runs
    }

    /// Rehearsed stops in a scene, in order of trial.
    pub fn stop_drills(&self, scene: Scene) -> Vec<(Digest, &StopDrill)> {
        let mut drills = self.all(|document| match document {
            Document::StopDrill(drill) if drill.scene == scene => Some(drill),
            _ => None,
        });
        drills.sort_by_key(|(_, drill)| drill.trial);
        drills
    }

    /// Rehearsed crashes in a scene, in order of trial.
    pub fn crash_drills(&self, scene: Scene) -> Vec<(Digest, &CrashDrill)> {
        let mut drills = self.all(|document| match document {
            Document::CrashDrill(drill) if drill.scene == scene => Some(drill),
            _ => None,
        });
        drills.sort_by_key(|(_, drill)| drill.trial);
        drills
    }

    /// Passes of a probe's checklist in a scene, in order of trial.
    pub fn check_runs(&self, probe: Probe, scene: Scene) -> Vec<(Digest, &CheckRun)> {
        let mut runs = self.all(|document| match document {
            Document::CheckRun(run) if run.scene == scene && run.checklist.probe() == probe => Some(run),
            _ => None,
        });
        runs.sort_by_key(|(_, run)| run.trial);
        runs
    }

    /// Soaks in a scene, in order of trial.
    pub fn soak_runs(&self, scene: Scene) -> Vec<(Digest, &SoakRun)> {
        let mut runs = self.all(|document| match document {
            Document::SoakRun(run) if run.scene == scene => Some(run),
            _ => None,
        });
        runs.sort_by_key(|(_, run)| run.trial);
        runs
    }

    /// Fault drills in a scene, in order of trial.
    pub fn fault_drills(&self, scene: Scene) -> Vec<(Digest, &FaultDrill)> {
        let mut drills = self.all(|document| match document {
            Document::FaultDrill(drill) if drill.scene() == scene => Some(drill),
            _ => None,
        });
        drills.sort_by_key(|(_, drill)| drill.load.trial);
        drills
    }

    /// Rehearsed restores in a scene, in order of trial.
    pub fn restore_drills(&self, scene: Scene) -> Vec<(Digest, &RestoreDrill)> {
        let mut drills = self.all(|document| match document {
            Document::RestoreDrill(drill) if drill.scene == scene => Some(drill),
            _ => None,
        });
        drills.sort_by_key(|(_, drill)| drill.trial);
        drills
    }

    /// When the first and the last trial began.
    pub fn span(&self) -> Option<(Utc, Utc)> {
        let times = || self.by_digest.values().filter_map(time);
        Some((times().min()?, times().max()?))
    }

    /// What the fault proxy did in a scene; `None` if none stood in between.
    pub fn proxy_counts(&self, scene: Scene) -> Option<ProxyCounts> {
        let load = self.load_runs(scene).into_iter().filter_map(|(_, run)| run.proxy);
        let crash = self.crash_drills(scene).into_iter().filter_map(|(_, drill)| drill.proxy);
        let start = self.start_runs(scene).into_iter().filter_map(|(_, run)| run.proxy);
        let checks = Probe::of(Family::Check).flat_map(|probe| self.check_runs(probe, scene));
        let checks = checks.filter_map(|(_, run)| run.proxy);
        let soaks = self.soak_runs(scene).into_iter().filter_map(|(_, run)| run.proxy);
        let faults = self.fault_drills(scene).into_iter().filter_map(|(_, drill)| drill.load.proxy);
        let restores = self.restore_drills(scene).into_iter().filter_map(|(_, drill)| drill.proxy);
        let all = load.chain(crash).chain(start).chain(checks).chain(soaks).chain(faults).chain(restores);
        all.reduce(|sum, counts| ProxyCounts {
            requests: sum.requests.saturating_add(counts.requests),
            harmed: sum.harmed.saturating_add(counts.harmed),
        })
    }

    /// Checks that trials are numbered from 1 without gap, and that no two of them share a process.
    pub fn check_trials(&self) -> Result<(), Error> {
        let mut numbers: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
        let mut processes: BTreeSet<(Role, ProcessIdentity)> = BTreeSet::new();
        for document in self.by_digest.values() {
            let Some((series, trial)) = place(document) else { continue };
            if !numbers.entry(series.clone()).or_default().insert(trial) {
                return Err(Error::evidence(format!("{series} trial {trial} stands twice")));
            }
            for process in trial_processes(document) {
                if !processes.insert(process) {
                    let (_, process) = process;
                    return Err(Error::evidence(format!(
                        "process {} (started at tick {}) stands in two trials",
                        process.pid, process.started_ticks
                    )));
                }
            }
        }
        for (series, trials) in &numbers {
            if trials.first() != Some(&1) || trials.last() != u64::try_from(trials.len()).ok().as_ref() {
                return Err(Error::evidence(format!("{series} trials are not numbered from 1 without gap")));
            }
        }
        Ok(())
    }

    /// Checks that whatever was done to dependencies was done to all of them: one subject has one list.
    pub fn check_dependencies(&self) -> Result<(), Error> {
        let lists: BTreeSet<BTreeSet<&str>> = self.by_digest.values().filter_map(dependencies).collect();
        match lists.len() {
            0 | 1 => Ok(()),
            _ => Err(Error::evidence("not all that was done to dependencies was done to the same ones")),
        }
    }

    fn all<'a, T>(&'a self, pick: impl Fn(&'a Document) -> Option<&'a T>) -> Vec<Found<'a, T>> {
        self.by_digest.iter().filter_map(|(digest, document)| Some((*digest, pick(document)?))).collect()
    }

    fn only<'a, T>(
        &'a self,
        what: &str,
        pick: impl Fn(&'a Document) -> Option<&'a T>,
    ) -> Result<Found<'a, T>, Error> {
        match self.all(pick).as_slice() {
            [one] => Ok(*one),
            found => Err(Error::evidence(format!(
                "{} documents of kind {what} where there must be one",
                found.len()
            ))),
        }
    }
}

/// The numbered series in which a document stands, and its number.
fn place(document: &Document) -> Option<(String, u64)> {
    match document {
        Document::LoadRun(run) => {
            let (scene, step) = (run.scene.name(), run.step.name());
            Some((format!("{scene} {step} load at {}/ks", run.schedule.rate_per_ks), run.trial))
        }
        Document::StartRun(run) => Some((format!("{} start", run.scene.name()), run.trial)),
        Document::StopDrill(drill) => Some((format!("{} stop", drill.scene.name()), drill.trial)),
        Document::CrashDrill(drill) => Some((format!("{} crash", drill.scene.name()), drill.trial)),
        Document::CheckRun(run) => {
            let (scene, probe) = (run.scene.name(), run.checklist.probe().name());
            Some((format!("{scene} {probe}"), run.trial))
        }
        Document::SoakRun(run) => Some((format!("{} soak", run.scene.name()), run.trial)),
        Document::FaultDrill(drill) => {
            Some((format!("{} fault drill", drill.scene().name()), drill.load.trial))
        }
        Document::RestoreDrill(drill) => Some((format!("{} restore", drill.scene.name()), drill.trial)),
        Document::Plan(_) | Document::Environment(_) | Document::Calibration(_) => None,
    }
}

/// The dependencies to which something was done.
fn dependencies(document: &Document) -> Option<BTreeSet<&str>> {
    let names: BTreeSet<&str> = match document {
        Document::FaultDrill(drill) => drill.dependencies.iter().map(|felt| felt.name.as_str()).collect(),
        Document::CheckRun(CheckRun { checklist: Checklist::HealthTruth(told), .. }) => {
            told.looks.iter().map(|look| look.dependency.as_str()).collect()
        }
        _ => return None,
    };
    Some(names).filter(|names| !names.is_empty())
}

fn time(document: &Document) -> Option<Utc> {
    match document {
        Document::LoadRun(run) => Some(run.at),
        Document::StartRun(run) => Some(run.at),
        Document::StopDrill(drill) => Some(drill.at),
        Document::CrashDrill(drill) => Some(drill.at),
        Document::CheckRun(run) => Some(run.at),
        Document::SoakRun(run) => Some(run.at),
        Document::FaultDrill(drill) => Some(drill.at()),
        Document::RestoreDrill(drill) => Some(drill.at),
        Document::Plan(_) | Document::Environment(_) | Document::Calibration(_) => None,
    }
}

/// As what a process stands in the evidence. A start is recorded beside the run that it began, so that one process may
/// stand in both, but in no two of either.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Started,
    Measured,
}

/// The processes that must be this document's alone. The steps of a search may share one: they are no unit of
/// replication.
fn trial_processes(document: &Document) -> Vec<(Role, ProcessIdentity)> {
    let measured = |process| (Role::Measured, process);
    match document {
        Document::StartRun(run) => vec![(Role::Started, run.process)],
        Document::LoadRun(run) if run.step != Step::Search => run.process.into_iter().map(measured).collect(),
        Document::StopDrill(drill) => vec![measured(drill.process)],
        Document::CrashDrill(drill) => {
            std::iter::once(drill.process).chain(drill.restarted).map(measured).collect()
        }
        Document::CheckRun(run) => run.process.into_iter().map(measured).collect(),
        Document::SoakRun(run) => vec![measured(run.process)],
        Document::FaultDrill(drill) => drill.load.process.into_iter().map(measured).collect(),
        Document::RestoreDrill(drill) => {
            std::iter::once(drill.process).chain(drill.restored).map(measured).collect()
        }
        _ => Vec::new(),
    }
}
