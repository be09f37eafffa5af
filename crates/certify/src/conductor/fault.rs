//! A fault drill: load goes on through the fault proxy, a fault holds for its middle third, and ends.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use plimsoll_evidence::{
    BUSY_PPB, Document, Fault, FaultDrill, FeltBy, SLOW_DEPENDENCY_NS, SLOW_NETWORK_NS, Scene, Step,
    share_felt_ppb,
};
use plimsoll_fault::{Defect, Lease, Outage, OutageLease, Proxy};
use plimsoll_process::{Burden, Stowaway, monotonic_ns};

use super::load::LoadOrder;
use super::scene::{HARMED_PPB, PROXY_SEED, proxy};
use super::soak::stowaway;
use super::{Conductor, counts};
use crate::dependency::Needed;
use crate::environment::cores;
use crate::error::Error;
use crate::running::{self, Running};

/// Between two looks at whether the subject stands still, and between two looks at whether the load has ended.
const LOOK_PAUSE: Duration = Duration::from_millis(50);
/// The generator sets up its connections before its schedule begins: the fault begins so much after the first third,
/// never before it.
const LEAD_NS: u64 = 20_000_000;
/// Every request.
const ALL_PPB: u32 = 1_000_000_000;
const ONE_PPB: u128 = 1_000_000_000;

/// When a fault held, on the clock of this process, and how much of it was seen to take effect.
struct Held {
    from_ns: u64,
    until_ns: u64,
    effect_ppb: u64,
    /// Which dependencies felt it, where it was done to them.
    dependencies: Vec<FeltBy>,
    /// The planted defect that outlives its time; taken back when the load has ended.
    kept: Option<Lease>,
}

/// A fault at work.
enum Planted<'a> {
    Nothing,
    Frozen(&'a Running),
    Busy(Stowaway),
    Network(Lease),
    /// The dependencies, and how often each had felt an outage before this one.
    Dependencies {
        needed: &'a [Needed],
        felt_before: Vec<u64>,
        _outages: Vec<OutageLease>,
    },
}

/// What holds when.
struct Orders {
    scene: Scene,
    fault: Option<Fault>,
    begin_ns: u64,
    length_ns: u64,
}

impl Conductor<'_> {
    /// Rehearses a fault; with none, the planted defect of the scene or nothing at all.
    pub(super) fn fault_drill(
        &mut self,
        scene: Scene,
        trial: u64,
        fault: Option<Fault>,
    ) -> Result<(), Error> {
        let folder = self.state.scratch()?;
        let proxy = proxy()?;
        let running = running::start(self.subject, folder.path(), Some(&proxy), self.stop)?;
        let path = proxy.set(Defect::None)?;
        // The plan has been checked: whoever asks for a fault says how long its load lasts.
        let duration_ns = self.plan.profile.fault_ns.unwrap_or(0);
        let rate_per_ks = self.plan.rate_per_ks;
        let order = LoadOrder { scene, step: Step::Fault, trial, rate_per_ks, duration_ns };
        let length_ns = duration_ns / 3;
        let begin_ns = monotonic_ns() + self.plan.profile.warm_up_ns + length_ns + LEAD_NS;
        let orders = Orders { scene, fault, begin_ns, length_ns };
        let is_over = AtomicBool::new(false);
        let (loaded, held) = std::thread::scope(|threads| {
            let holding = threads.spawn(|| hold(&orders, &running, &proxy, &is_over));
            let loaded = self.load_run(&order, &running);
            is_over.store(true, Ordering::Relaxed);
            (loaded, holding.join())
        });
        self.keep_output(order.name(), &running);
        let (mut load, zero_ns) = loaded?;
        let held = held.map_err(|_| running.error("could not be disturbed"))??;
        load.proxy = Some(counts(&path.counters()));
        drop(held.kept);
        self.keep(Document::FaultDrill(FaultDrill {
            fault,
            from_ns: held.from_ns.saturating_sub(zero_ns),
            until_ns: held.until_ns.saturating_sub(zero_ns),
            effect_ppb: held.effect_ppb,
            dependencies: held.dependencies,
            load,
        }))?;
        // Whoever dies of a fault does not come back.
        running.end(true)
    }
}

/// Waits for the fault's time, holds it, and ends it. A load that has ended before has failed, and so has the drill.
fn hold(orders: &Orders, running: &Running, proxy: &Proxy, is_over: &AtomicBool) -> Result<Held, Error> {
    wait_until(orders.begin_ns, is_over);
    let from_ns = monotonic_ns();
    let kept = match orders.scene {
        Scene::KeptFault => Some(proxy.set(Defect::Reset { ratio_ppb: HARMED_PPB, seed: PROXY_SEED })?),
        _ => None,
    };
    let planted = Planted::begin(orders.fault, running, proxy)?;
    let (mut looks, mut still) = (0u64, 0u64);
    while monotonic_ns() < from_ns + orders.length_ns && !is_over.load(Ordering::Relaxed) {
        std::thread::sleep(LOOK_PAUSE);
        looks += 1;
        still += u64::from(matches!(planted, Planted::Frozen(running) if running.is_frozen()?));
    }
    // Before it is taken back, which takes time itself: no recovery shall look shorter than it was.
    let until_ns = monotonic_ns();
    let dependencies = planted.felt();
    let effect_ppb = match &planted {
        Planted::Nothing => 0,
        Planted::Frozen(_) => share_ppb(still, looks),
        Planted::Busy(hogs) => share_ppb(hogs.cpu_ns(), (until_ns - from_ns).saturating_mul(cores())),
        Planted::Network(lease) => share_ppb(lease.counters().affected, lease.counters().requests),
        Planted::Dependencies { .. } => share_felt_ppb(&dependencies),
    };
    planted.end()?;
    Ok(Held { from_ns, until_ns, effect_ppb, dependencies, kept })
}

impl<'a> Planted<'a> {
    fn begin(fault: Option<Fault>, running: &'a Running, proxy: &Proxy) -> Result<Self, Error> {
        Ok(match fault {
            None => Self::Nothing,
            Some(Fault::Paused) => {
                running.freeze()?;
                Self::Frozen(running)
            }
            Some(Fault::Busy) => Self::Busy(Stowaway::board(&stowaway(hogs()))?),
            Some(Fault::SlowNetwork) => {
                Self::Network(proxy.set(Defect::Delay { delay_ns: SLOW_NETWORK_NS })?)
            }
            Some(Fault::CutConnections) => {
                Self::Network(proxy.set(Defect::Reset { ratio_ppb: ALL_PPB, seed: PROXY_SEED })?)
            }
            Some(Fault::CutDependencies) => Self::of_dependencies(running, Outage::Cut),
            Some(Fault::HungDependencies) => Self::of_dependencies(running, Outage::Hung),
            Some(Fault::SlowDependencies) => {
                Self::of_dependencies(running, Outage::Slow { delay_ns: SLOW_DEPENDENCY_NS })
            }
        })
    }

    fn of_dependencies(running: &'a Running, outage: Outage) -> Self {
        let needed = &running.dependencies;
        let felt_before = needed.iter().map(|it| it.relay.felt()).collect();
        let outages = needed.iter().map(|it| it.relay.begin(outage)).collect();
        Self::Dependencies { needed, felt_before, _outages: outages }
    }

    /// How often each dependency felt it.
    fn felt(&self) -> Vec<FeltBy> {
        let Self::Dependencies { needed, felt_before, .. } = self else { return Vec::new() };
        let each = needed.iter().zip(felt_before);
        let mut felt: Vec<FeltBy> = each
            .map(|(it, before)| FeltBy {
                name: it.name.clone(),
                times: it.relay.felt().saturating_sub(*before),
            })
            .collect();
        felt.sort_by(|one, other| one.name.cmp(&other.name));
        felt
    }

    fn end(self) -> Result<(), Error> {
        match self {
            Self::Frozen(running) => running.thaw(),
            // The stowaway ends, and leases take back what they stand for.
            Self::Nothing | Self::Busy(_) | Self::Network(_) | Self::Dependencies { .. } => Ok(()),
        }
    }
}

/// Programs that take nearly all processor time there is, from their beginning.
fn hogs() -> Burden {
    Burden { cpu_ppb: BUSY_PPB.saturating_mul(cores()), over_ns: 1, ..Burden::default() }
}

fn share_ppb(part: u64, whole: u64) -> u64 {
    let share = u128::from(part) * ONE_PPB / u128::from(whole.max(1));
    u64::try_from(share.min(ONE_PPB)).unwrap_or(u64::MAX)
}

fn wait_until(due_ns: u64, is_over: &AtomicBool) {
    while !is_over.load(Ordering::Relaxed) {
        let left = Duration::from_nanos(due_ns.saturating_sub(monotonic_ns()));
        if left.is_zero() {
            return;
        }
        std::thread::sleep(left.min(LOOK_PAUSE));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hogs_take_nine_tenths_of_every_core() {
        let hogs = hogs();
        assert_eq!((hogs.memory_bytes, hogs.threads), (0, 0));
        assert_eq!(hogs.cpu_ppb / cores(), 900_000_000);
    }

    #[test]
    fn a_share_is_of_the_whole_and_of_nothing_nought() {
        assert_eq!([share_ppb(3, 4), share_ppb(9, 4), share_ppb(0, 0)], [750_000_000, 1_000_000_000, 0]);
    }
}
