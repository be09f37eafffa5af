//! A soak: load that goes on, while what the subject takes of the machine is looked at again and again.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use plimsoll_evidence::{Criterion, Document, LOOKS, Look, Probe, Profile, Scene, SoakRun, soak_name};
use plimsoll_fault::{CONNECTIONS_HOARDED_MAX, Defect, Proxy};
use plimsoll_process::{Burden, Spec, Stowaway, monotonic_ns};

use super::{Conductor, counts};
use crate::environment::{available_memory_bytes, cores};
use crate::error::Error;
use crate::running::{self, Running};

/// Whoever waits for the next look sees within this time that there is none to wait for.
const WAIT_MAX: Duration = Duration::from_millis(50);
/// A planted defect takes so much more than the largest limit allows, in percent of it. It has all of it only at the end
/// of the soak, and the limit is to be broken before.
const BEYOND_LIMIT_PERCENT: u64 = 125;
/// And so many connections more, so that a small limit is broken by far, and what grows matters.
const CONNECTIONS_MORE: u64 = 60;
const THREADS_MORE: u64 = 30;
const MEMORY_BYTES_MORE: u64 = 64 << 20;
/// Processor time is not always to be had: where others want it too, two thirds of this are enough, in percent.
const BUSIER_PERCENT: u64 = 150;
const CORE_PPB: u64 = 1_000_000_000;
/// How a program finds itself, even if its file was replaced meanwhile (proc(5)).
const THIS_PROGRAM: &str = "/proc/self/exe";

impl Conductor<'_> {
    /// Soaks the subject, through a fault proxy with a defect if one is given.
    pub(super) fn soak(&mut self, scene: Scene, through: Option<(&Proxy, Defect)>) -> Result<(), Error> {
        let folder = self.state.scratch()?;
        let running = match scene {
            Scene::Measured => self.start_directly(&folder)?,
            _ => running::start(self.subject, folder.path(), through.map(|(proxy, _)| proxy), self.stop)?,
        };
        let process = running.process()?;
        let lease = through.map(|(proxy, defect)| proxy.set(defect)).transpose()?;
        let stowaway = match scene {
            Scene::Stowaway => Some(Stowaway::board(&stowaway(self.burden()))?),
            _ => None,
        };
        let name = soak_name(scene, self.plan.rate_per_ks, 1);
        let schedule = self.schedule(&name, self.plan.rate_per_ks, self.soak_ns());
        let plan = self.load_plan(&schedule, &running);
        let at = self.clock.now();
        let soaked = self.load_and_look(&plan, &running);
        self.keep_output(name, &running);
        let (run, looks) = soaked?;
        let proxy = lease.as_ref().map(|lease| counts(&lease.counters()));
        let (scheduled, good) = (run.facts.scheduled, run.good);
        let died = running.has_died();
        let document =
            SoakRun { scene, trial: 1, process, died, at, schedule, scheduled, good, looks, proxy };
        self.keep(Document::SoakRun(document))?;
        drop((lease, stowaway));
        running.end(died)
    }

    /// Runs load on this thread, and looks from another.
    fn load_and_look(
        &mut self,
        plan: &plimsoll_load::Plan,
        running: &Running,
    ) -> Result<(plimsoll_load::Run, Vec<Look>), Error> {
        let zero_ns = monotonic_ns().saturating_add(plan.warm_up_ns);
        let interval_ns = plan.schedule.duration_ns / LOOKS as u64;
        let is_over = AtomicBool::new(false);
        std::thread::scope(|threads| {
            let looking = threads.spawn(|| look_on(running, zero_ns, interval_ns, &is_over));
            let run = self.run_load(plan);
            // The last look comes before the end of the schedule, but a run may end with its last arrival.
            is_over.store(run.is_err(), Ordering::Relaxed);
            let looks = looking.join().map_err(|_| running.error("could not be looked at"))?;
            Ok((run?, looks?))
        })
    }

    fn soak_ns(&self) -> u64 {
        // The plan has been checked: whoever asks for a soak says how long it is.
        self.plan.profile.soak_ns.unwrap_or(0)
    }

    /// The whole of a soak, with its warm-up: as long as what is planted grows.
    fn soaking_ns(&self) -> u64 {
        self.soak_ns().saturating_add(self.plan.profile.warm_up_ns)
    }

    /// Connections that nobody uses, more than any limit allows.
    pub(super) fn hoard(&self) -> Defect {
        let total = beyond(self.plan.profile.largest_limit(Probe::OpenFiles), CONNECTIONS_MORE);
        let total = u32::try_from(total).unwrap_or(u32::MAX).min(CONNECTIONS_HOARDED_MAX);
        Defect::HoardConnections { total, over_ns: self.soaking_ns() }
    }

    /// What the stowaway takes: more than any limit allows.
    fn burden(&self) -> Burden {
        Burden {
            memory_bytes: memory_bytes(&self.plan.profile),
            files: beyond(self.plan.profile.largest_limit(Probe::OpenFiles), CONNECTIONS_MORE),
            threads: beyond(self.plan.profile.largest_limit(Probe::Threads), THREADS_MORE),
            cpu_ppb: self.plan.profile.largest_limit(Probe::Cpu).saturating_mul(BUSIER_PERCENT) / 100,
            over_ns: self.soaking_ns(),
        }
    }
}

/// Whether the stowaway finds the memory and the processors that it will take of this machine. Other processes shall not
/// pay for a limit that somebody has set too high.
pub fn check_room(profile: &Profile) -> Result<(), Error> {
    if !profile.criteria.iter().any(|criterion| criterion.control == Some(Scene::Stowaway)) {
        return Ok(());
    }
    let (needed_bytes, available_bytes) = (memory_bytes(profile), available_memory_bytes());
    if needed_bytes > available_bytes {
        return Err(Error::NoRoom { needed_bytes, available_bytes });
    }
    let cores_ppb = cores() * CORE_PPB;
    let is_too_much = |criterion: &&Criterion| criterion.probe == Probe::Cpu && criterion.limit >= cores_ppb;
    match profile.criteria.iter().find(is_too_much) {
        Some(criterion) => Err(Error::OutOfReach(criterion.id.clone())),
        None => Ok(()),
    }
}

fn memory_bytes(profile: &Profile) -> u64 {
    beyond(profile.largest_limit(Probe::Memory), MEMORY_BYTES_MORE)
}

fn beyond(limit: u64, more: u64) -> u64 {
    (limit.saturating_mul(BEYOND_LIMIT_PERCENT) / 100).saturating_add(more)
}

/// This program, as a stowaway: its command that nobody is told of.
pub(super) fn stowaway(burden: Burden) -> Spec {
    let Burden { memory_bytes, files, threads, cpu_ppb, over_ns } = burden;
    let options = [
        ("memory-bytes", memory_bytes),
        ("files", files),
        ("threads", threads),
        ("cpu-ppb", cpu_ppb),
        ("over-ns", over_ns),
    ];
    let options = options.map(|(name, value)| format!("--{name}={value}"));
    Spec::new(THIS_PROGRAM, std::iter::once("stowaway".to_owned()).chain(options))
}

/// Looks at a subject again and again, until it has been looked at often enough or the soak has failed.
fn look_on(
    running: &Running,
    zero_ns: u64,
    interval_ns: u64,
    is_over: &AtomicBool,
) -> Result<Vec<Look>, Error> {
    let mut looks = Vec::with_capacity(LOOKS);
    for due_ns in (0..LOOKS as u64).map(|index| zero_ns.saturating_add(index * interval_ns)) {
        loop {
            let left = Duration::from_nanos(due_ns.saturating_sub(monotonic_ns()));
            if left.is_zero() || is_over.load(Ordering::Relaxed) {
                break;
            }
            std::thread::sleep(left.min(WAIT_MAX));
        }
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        let at_ns = monotonic_ns().saturating_sub(zero_ns);
        let used = running.resources()?;
        looks.push(Look {
            at_ns,
            memory_bytes: used.rss_bytes,
            open_files: used.fds,
            threads: used.threads,
            cpu_ns: used.cpu_ns,
        });
    }
    Ok(looks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_planted_is_beyond_the_limit_long_before_the_end() {
        for limit in [0, 10, 512, 1 << 30] {
            let planted = beyond(limit, CONNECTIONS_MORE);
            assert!(planted * 80 / 100 > limit, "{planted} of {limit}");
        }
        assert_eq!(beyond(u64::MAX, 1), u64::MAX / 100 + 1);
    }

    #[test]
    fn a_stowaway_is_this_program() {
        let burden = Burden { memory_bytes: 1, files: 5, threads: 2, cpu_ppb: 3, over_ns: 4 };
        let spec = stowaway(burden);
        assert_eq!(spec.program, THIS_PROGRAM);
        assert_eq!(
            spec.args,
            ["stowaway", "--memory-bytes=1", "--files=5", "--threads=2", "--cpu-ppb=3", "--over-ns=4"]
        );
    }
}
