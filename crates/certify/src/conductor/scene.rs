//! Controls: planted defects and their shams. A control reaches the probe only through the subject's socket or
//! process; no flag, name, port or variable tells it.

use plimsoll_evidence::{Document, Family, Probe, Scene, StartRun, Step};
use plimsoll_fault::{Defect, Proxy};

use super::Conductor;
use super::counts;
use super::crash::Through;
use super::load::LoadOrder;
use crate::error::Error;
use crate::running;

/// Half of all requests: no limit that anybody would write allows so many errors.
pub(super) const HARMED_PPB: u32 = 500_000_000;
/// A fifth of all writes: enough to be lost for certain among hundreds, few enough to leave most of them.
const DROPPED_PPB: u32 = 200_000_000;
/// A start is delayed by its limit and this share of it, in percent, and a fixed time.
const SLOWER_PERCENT: u64 = 110;
const SLOWER_NS: u64 = 100_000_000;
/// Stands for all seeds of the proxy: which requests it harms does not matter.
pub(super) const PROXY_SEED: u64 = 1;

impl Conductor<'_> {
    pub(super) fn scene(&mut self, scene: Scene) -> Result<(), Error> {
        match (scene.sham(), scene) {
            (Scene::ShamLoad, _) => self.load_scene(scene),
            (Scene::ShamStart, _) => self.start_scene(scene),
            (Scene::ShamStop, _) => self.stop_drill(scene, 1),
            (Scene::ShamCrash, _) => self.crash_scene(scene),
            (Scene::ShamChecks, Scene::LeakyLog) => self.check(Probe::LogHygiene, scene, None),
            (Scene::ShamChecks, _) => self.checks_scene(scene),
            (Scene::ShamSoak, Scene::Stowaway) => self.soak(scene, None),
            (Scene::ShamSoak, _) => self.soak(scene, Some((&proxy()?, self.defect(scene)))),
            (Scene::ShamFiles, _) => self.files_scene(scene),
            (Scene::ShamFault, _) => self.fault_drill(scene, 1, None),
            (Scene::ShamRestore, Scene::StaleBackup) => self.restore_drill(scene, 1, None),
            (Scene::ShamRestore, _) => self.restore_drill(scene, 1, Some((&proxy()?, self.defect(scene)))),
            // Every other scene has one of these for its twin.
            _ => Ok(()),
        }
    }

    /// Load at the subject's rate, through the fault proxy.
    fn load_scene(&mut self, scene: Scene) -> Result<(), Error> {
        let folder = self.state.scratch()?;
        let proxy = proxy()?;
        let running = running::start(self.subject, folder.path(), Some(&proxy), self.stop)?;
        let lease = proxy.set(self.defect(scene))?;
        let order = LoadOrder {
            scene,
            step: Step::Steady,
            trial: 1,
            rate_per_ks: self.plan.rate_per_ks,
            duration_ns: self.plan.profile.control_ns,
        };
        let died = self.load(&order, &running, Some(&lease))?;
        drop(lease);
        self.end_loaded(running, died)
    }

    /// A start through the fault proxy.
    fn start_scene(&mut self, scene: Scene) -> Result<(), Error> {
        let folder = self.state.scratch()?;
        let proxy = proxy()?;
        let lease = proxy.set(self.defect(scene))?;
        let at = self.clock.now();
        let running = self.start_patiently(folder.path(), Some(&proxy), Probe::StartUp)?;
        let process = running.process()?;
        let took_ns =
            running.first_good_ns(self.subject, self.worth_waiting_ns(Probe::StartUp), self.stop)?;
        let counts = Some(counts(&lease.counters()));
        self.keep(Document::StartRun(StartRun { scene, trial: 1, process, at, took_ns, proxy: counts }))?;
        drop(lease);
        running.end(false)
    }

    /// A crash drill through the fault proxy. Writes are dropped before the kill, a restart is slowed after it.
    fn crash_scene(&mut self, scene: Scene) -> Result<(), Error> {
        let proxy = proxy()?;
        let (before_kill, after_kill) = match scene {
            Scene::SlowRestart => (Defect::None, self.defect(scene)),
            _ => (self.defect(scene), Defect::None),
        };
        self.crash_drill(scene, 1, Some(&Through { proxy: &proxy, before_kill, after_kill }))
    }

    /// The checklists whose control this is, through the fault proxy.
    fn checks_scene(&mut self, scene: Scene) -> Result<(), Error> {
        let controls =
            |probe: &Probe| probe.scenes().iter().any(|control| [*control, control.sham()].contains(&scene));
        for probe in Probe::of(Family::Check).filter(controls) {
            if self.plan.check_runs(probe) > 0 {
                self.check(probe, scene, Some((&proxy()?, self.defect(scene))))?;
            }
        }
        Ok(())
    }

    fn defect(&self, scene: Scene) -> Defect {
        match scene {
            Scene::AddedDelay => {
                Defect::Delay { delay_ns: self.plan.profile.largest_limit(Probe::Latency).saturating_mul(2) }
            }
            Scene::InjectedErrors => Defect::Errors { ratio_ppb: HARMED_PPB, seed: PROXY_SEED },
            Scene::ResetConnections => Defect::Reset { ratio_ppb: HARMED_PPB, seed: PROXY_SEED },
            Scene::DroppedWrites => Defect::DropWrites { ratio_ppb: DROPPED_PPB, seed: PROXY_SEED },
            Scene::BlamedServer => Defect::BlameServer,
            Scene::BareReplies => Defect::BareReplies,
            Scene::OpenDoors => Defect::OpenDoors,
            Scene::BentContract => Defect::BentReplies,
            Scene::SwappedCredentials => Defect::SwappedCredentials,
            Scene::Unlimited => Defect::Unlimited,
            Scene::FreshKeys => Defect::FreshKeys,
            Scene::ObedientServer => Defect::Obedient,
            Scene::OldTls => Defect::OldTls,
            Scene::LocalTimes => Defect::LocalTimes,
            Scene::StuckMetrics => Defect::StuckMetrics,
            Scene::PaintedHealth => Defect::PaintedHealth,
            Scene::HoardedConnections => self.hoard(),
            Scene::SlowStart => self.slow(Probe::StartUp),
            Scene::SlowRestart => self.slow(Probe::CrashRecovery),
            Scene::SlowRestore => self.slow(Probe::RestoreTime),
            _ => Defect::None,
        }
    }

    fn slow(&self, probe: Probe) -> Defect {
        let limit_ns = self.plan.profile.largest_limit(probe);
        Defect::SlowStart { delay_ns: limit_ns.saturating_mul(SLOWER_PERCENT) / 100 + SLOWER_NS }
    }
}

/// A proxy in front of nothing yet: a start names the subject's address.
pub(super) fn proxy() -> Result<Proxy, Error> {
    Ok(Proxy::start(([127, 0, 0, 1], 9).into())?)
}
