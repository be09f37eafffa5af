//! Carries out a plan: starts the subject again and again, runs load, rehearses, plants defects, and keeps what
//! was observed. Decides nothing but which step of the load line to try next.

mod checks;
mod commanded;
mod crash;
mod fault;
mod inspection;
mod ledger;
mod line;
mod load;
mod restore;
mod scene;
mod soak;
mod stop_drill;

use std::collections::BTreeMap;
use std::path::Path;

use plimsoll_base::Clock;
use plimsoll_evidence::{
    Document, Documents, Family, Plan, Probe, ProcessIdentity, ProxyCounts, Scene, StartRun, Step,
    SubjectKind,
};
use plimsoll_fault::{Counters, Proxy};
use plimsoll_load::{Request, exchange};
use plimsoll_proof::Digest;

use crate::error::Error;
use crate::files::Subject;
use crate::order::Order;
use crate::running::{self, Otherwise, Running};
use crate::scratch::Scratch;
use crate::state::State;
use crate::stop::Stop;

pub use soak::check_room;

/// One who asks where nobody serves waits no longer.
const ASKED_NS_MAX: u64 = 1_000_000_000;

/// What is going on, for those who watch.
#[derive(Debug)]
pub enum Event<'a> {
    /// The load generator is held against oracles, unless it was today.
    Calibrating,
    /// A calibration failed, and is made once more.
    CalibrationFailed {
        /// Which one, from 1.
        tried: u64,
        /// Of how many at most.
        of: u64,
        /// What was wrong with it.
        problem: &'a str,
    },
    /// A step begins.
    Step {
        /// Steps before this one.
        done: usize,
        /// Steps in all, as far as is known.
        of: usize,
        /// What is done, as `steady load, trial 2`.
        name: &'a str,
    },
    /// Load is running.
    Load(&'a plimsoll_load::Progress<'a>),
}

/// Watches a certification.
pub type Watch<'a> = dyn FnMut(&Event<'_>) + 'a;

/// One certification in progress.
pub(crate) struct Conductor<'a> {
    pub(crate) subject: &'a Subject,
    pub(crate) plan: &'a Plan,
    pub(crate) state: &'a State,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) stop: Stop<'a>,
    pub(crate) watch: &'a mut Watch<'a>,
    pub(crate) documents: &'a mut Documents,
    /// What the subject wrote, by trial, redacted.
    pub(crate) outputs: BTreeMap<String, String>,
    starts: u64,
    steps_done: usize,
}

impl<'a> Conductor<'a> {
    pub(crate) fn new(
        order: &Order<'a>,
        plan: &'a Plan,
        watch: &'a mut Watch<'a>,
        documents: &'a mut Documents,
    ) -> Self {
        Self {
            subject: order.subject,
            plan,
            state: order.state,
            clock: order.clock,
            stop: Stop(order.stop),
            watch,
            documents,
            outputs: BTreeMap::new(),
            starts: 0,
            steps_done: 0,
        }
    }

    /// Measures the subject as it is, then plants defects.
    pub(crate) fn run(&mut self) -> Result<(), Error> {
        self.measure()?;
        self.controls()
    }

    /// Measures the subject as it is.
    pub(crate) fn measure(&mut self) -> Result<(), Error> {
        for trial in 1..=self.plan.profile.trials {
            self.begin(&format!("steady load, trial {trial} of {}", self.plan.profile.trials))?;
            self.trial(Step::Steady, self.plan.rate_per_ks, trial, self.plan.profile.trial_ns)?;
        }
        if self.asks_for(&[Probe::LoadLine]) {
            self.search_load_line()?;
        }
        for probe in Probe::of(Family::Check).filter(|probe| self.plan.check_runs(*probe) > 0) {
            self.begin(&format!("checklist: {}", probe.name()))?;
            self.check(probe, Scene::Measured, None)?;
        }
        for probe in Probe::of(Family::Inspection).filter(|probe| self.plan.check_runs(*probe) > 0) {
            self.begin(&format!("files: {}", probe.name()))?;
            self.inspect(probe, Scene::Measured)?;
        }
        if self.plan.soak_runs() > 0 {
            self.begin("soak")?;
            self.soak(Scene::Measured, None)?;
        }
        for (trial, fault) in (1..).zip(self.plan.faults()) {
            self.begin(&format!("fault under load: {}", fault.name()))?;
            self.fault_drill(Scene::Measured, trial, Some(fault))?;
        }
        if self.plan.subject.kind == SubjectKind::Command {
            for trial in 1..=self.plan.profile.drills {
                if self.plan.stop_drills() > 0 {
                    self.begin(&format!("stop under load, drill {trial}"))?;
                    self.stop_drill(Scene::Measured, trial)?;
                }
                if self.plan.crash_drills() > 0 {
                    self.begin(&format!("crash under load, drill {trial}"))?;
                    self.crash_drill(Scene::Measured, trial, None)?;
                }
                if self.plan.restore_drills() > 0 {
                    self.begin(&format!("restore from a backup, drill {trial}"))?;
                    self.restore_drill(Scene::Measured, trial, None)?;
                }
            }
        }
        Ok(())
    }

    /// Plants every defect of the plan, and runs its sham, in the plan's order.
    pub(crate) fn controls(&mut self) -> Result<(), Error> {
        for scene in self.plan.scenes.clone() {
            self.begin(&format!("control: {}", scene.name()))?;
            self.scene(scene)?;
        }
        Ok(())
    }

    fn asks_for(&self, probes: &[Probe]) -> bool {
        self.plan.profile.criteria.iter().any(|criterion| probes.contains(&criterion.probe))
    }

    fn begin(&mut self, name: &str) -> Result<(), Error> {
        self.stop.check()?;
        let of = steps(self.plan).max(self.steps_done + 1);
        (self.watch)(&Event::Step { done: self.steps_done, of, name });
        self.steps_done += 1;
        Ok(())
    }

    /// Starts the subject as it is and records how long that took.
    fn start_directly(&mut self, folder: &Scratch) -> Result<Running, Error> {
        let at = self.clock.now();
        // A start slower than its limit is measured, and not refused: where none is asked for there is nothing to add.
        let running = self.start_patiently(folder.path(), None, Probe::StartUp)?;
        if let Some(process) = running.identity() {
            self.starts += 1;
            let trial = self.starts;
            let took_ns =
                running.first_good_ns(self.subject, self.worth_waiting_ns(Probe::StartUp), self.stop)?;
            self.keep(Document::StartRun(StartRun {
                scene: Scene::Measured,
                trial,
                process,
                at,
                took_ns,
                proxy: None,
            }))?;
        }
        Ok(running)
    }

    /// Starts the subject where what is looked at is how long it takes.
    fn start_patiently(&self, folder: &Path, proxy: Option<&Proxy>, probe: Probe) -> Result<Running, Error> {
        let otherwise = Otherwise { patience_ns: self.worth_waiting_ns(probe), ..Otherwise::default() };
        running::start_in(self.subject, folder, proxy, self.stop, &otherwise)
    }

    /// The same on data that were there before. `None` if it does not get ready; what it wrote is kept.
    fn start_again(
        &mut self,
        folder: &Path,
        proxy: Option<&Proxy>,
        probe: Probe,
        name: &str,
    ) -> Result<Option<Running>, Error> {
        match self.start_patiently(folder, proxy, probe) {
            Err(Error::Subject { problem, output }) => {
                self.keep_text(name.to_owned(), format!("{output}\nthe subject {problem}"));
                Ok(None)
            }
            started => started.map(Some),
        }
    }

    /// Where nobody serves any more a client asks all the same, and meets the planted defect on his way: a defect that
    /// nobody met would leave the verdict without its control.
    fn ask_in_vain(&self, serves: Option<ProcessIdentity>, proxy: Option<&Proxy>) {
        if let (None, Some(proxy)) = (serves, proxy) {
            let health = Request::get(self.subject.target.health.clone());
            let _ = exchange(proxy.address(), &self.subject.target.host, &health, 0, ASKED_NS_MAX);
        }
    }

    /// How long a first good reply is waited for: beyond the largest limit that a probe has, the verdict is certain.
    fn worth_waiting_ns(&self, probe: Probe) -> u64 {
        self.plan.profile.largest_limit(probe).saturating_mul(2)
    }

    fn keep(&mut self, document: Document) -> Result<(), Error> {
        self.documents.insert(document)?;
        Ok(())
    }

    /// Keeps what the subject wrote in a trial.
    fn keep_output(&mut self, trial: String, running: &Running) {
        self.keep_text(trial, running.output());
    }

    fn keep_text(&mut self, trial: String, text: String) {
        if !text.is_empty() {
            self.outputs.insert(trial, text);
        }
    }

    /// The seed of one run, drawn from the plan's.
    fn seed(&self, run: &str) -> [u8; 32] {
        derive_seed(self.plan.seed, run)
    }
}

/// SHA-256 over the plan's seed in hex and a run's name: `docs/FORMAT.md`, "Seeds".
pub(crate) fn derive_seed(seed: Digest, run: &str) -> [u8; 32] {
    *Digest::of(format!("{seed}{run}").as_bytes()).as_bytes()
}

/// Steps of a plan, for those who watch: the load line's are a guess.
fn steps(plan: &Plan) -> usize {
    let count = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    let drills = if plan.subject.kind == SubjectKind::Command { 2 * plan.profile.drills } else { 0 };
    let checks: u64 = Probe::with_cases().map(|probe| plan.check_runs(probe)).sum();
    let runs = plan.profile.trials * 2 + drills + plan.restore_drills() + checks + plan.soak_runs();
    count(runs) + 2 + plan.faults().len() + plan.scenes.len()
}

/// What the proxy did, as it is signed.
fn counts(counters: &Counters) -> ProxyCounts {
    ProxyCounts { requests: counters.requests, harmed: counters.affected }
}
