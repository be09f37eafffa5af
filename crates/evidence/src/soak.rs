//! Soaks: load that goes on, and what the subject's processes take of the machine meanwhile. What was seen is evidence;
//! how much that is, and whether it still grows at the end, follows from it here.

use plimsoll_base::{Quantity, Utc};
use plimsoll_measure::{Course, TREND_VALUES, Trend};
use serde::{Deserialize, Serialize};

use crate::document::{ProcessIdentity, ProxyCounts, ScheduleData};
use crate::probe::Probe;
use crate::scene::Scene;

/// Looks in a soak, at equal intervals. The first is taken as the measured part begins.
pub const LOOKS: usize = TREND_VALUES;
/// A window of processor time, in intervals: a third of the soak. Shorter bursts are what latency tells of.
const WINDOW_INTERVALS: usize = LOOKS / 3;
/// A share of 1 in parts per billion.
const ONE_PPB: u128 = 1_000_000_000;

/// One soak of one process of the subject and all that came from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SoakRun {
    /// Under what conditions.
    pub scene: Scene,
    /// Counts from 1 within the scene.
    pub trial: u64,
    /// The process that answered.
    pub process: ProcessIdentity,
    /// Whether it ended by itself meanwhile.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub died: bool,
    /// When.
    pub at: Utc,
    /// The load.
    pub schedule: ScheduleData,
    /// Arrivals that the schedule held.
    pub scheduled: u64,
    /// Those of them that got a good reply.
    pub good: u64,
    /// What was seen, [`LOOKS`] times.
    pub looks: Vec<Look>,
    /// What the fault proxy did, where one stood in between.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub proxy: Option<ProxyCounts>,
}

/// What the subject and all that came from it took of the machine at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// When, from the beginning of the measured part, in ns.
    pub at_ns: u64,
    /// Resident memory, pages shared between processes counted once for each.
    pub memory_bytes: u64,
    /// Open file descriptors.
    pub open_files: u64,
    /// Threads.
    pub threads: u64,
    /// Processor time used so far, in ns.
    pub cpu_ns: u64,
}

/// What may grow without end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Growth {
    /// The probe that tells how much there was at most.
    pub probe: Probe,
    /// How it went.
    pub trend: Trend,
    /// What it does.
    pub course: Course,
    /// The least growth that would have been found, in the probe's unit.
    pub least: u64,
}

/// What may grow without end, and the least growth that matters: noise of an allocator, of a pool of connections.
pub(crate) const SERIES: [(Probe, u64); 3] =
    [(Probe::Memory, 1 << 20), (Probe::OpenFiles, 8), (Probe::Threads, 4)];

impl SoakRun {
    /// The name under which the schedule's seed is drawn.
    pub fn name(&self) -> String {
        soak_name(self.scene, self.schedule.rate_per_ks, self.trial)
    }

    /// What keeps it from being judged, if anything does.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        let rises = |at: fn(&Look) -> u64| self.looks.windows(2).all(|pair| at(&pair[0]) < at(&pair[1]));
        if self.looks.len() != LOOKS {
            Some("it has another number of looks")
        } else if !rises(|look| look.at_ns) {
            Some("its looks are not in the order of time")
        } else if self.good > self.scheduled {
            Some("it has more good replies than arrivals")
        } else {
            None
        }
    }

    /// One thing in all looks. Of processor time, and of what is no single thing, there is no such series.
    pub fn series(&self, probe: Probe) -> Option<Vec<u64>> {
        let of = |pick: fn(&Look) -> u64| Some(self.looks.iter().map(pick).collect());
        match probe {
            Probe::Memory => of(|look| look.memory_bytes),
            Probe::OpenFiles => of(|look| look.open_files),
            Probe::Threads => of(|look| look.threads),
            _ => None,
        }
    }

    /// How what may grow without end went.
    pub fn growths(&self) -> Vec<Growth> {
        let growth = |(probe, least): (Probe, u64)| {
            let trend = Trend::of(&self.series(probe)?)?;
            Some(Growth { probe, trend, course: trend.course(least), least: trend.least_growth(least) })
        };
        SERIES.into_iter().filter_map(growth).collect()
    }

    /// The share of one core that was used in each window, in parts per billion, rounded up.
    pub fn cpu_shares(&self) -> Vec<u64> {
        let share = |(first, last): (&Look, &Look)| {
            let used_ns = u128::from(last.cpu_ns.saturating_sub(first.cpu_ns));
            let wall_ns = u128::from(last.at_ns.saturating_sub(first.at_ns).max(1));
            u64::try_from((used_ns * ONE_PPB).div_ceil(wall_ns)).unwrap_or(u64::MAX)
        };
        self.looks.iter().zip(self.looks.iter().skip(WINDOW_INTERVALS)).map(share).collect()
    }

    /// How late the latest look was, in ns, and how long an interval is.
    pub(crate) fn lateness(&self) -> (u64, u64) {
        let interval_ns = self.schedule.duration_ns / LOOKS as u64;
        let late = self.looks.iter().zip(0u64..);
        let late = late.map(|(look, index)| look.at_ns.saturating_sub(index.saturating_mul(interval_ns)));
        (late.max().unwrap_or(0), interval_ns)
    }
}

/// The name under which the seed of a soak's schedule is drawn.
pub fn soak_name(scene: Scene, rate_per_ks: u64, trial: u64) -> String {
    format!("{}/soak/{rate_per_ks}/{trial}", scene.name())
}

impl Growth {
    /// How it went, in words.
    pub fn words(&self) -> String {
        let [first, _, last] = self.trend.levels.map(|level| self.shown(level));
        let range = format!("{first} to {last} in the second half");
        match self.course {
            Course::Stays => format!("does not grow: {last} at the end"),
            Course::HardlyGrows => format!("hardly grows: {range}"),
            Course::LevelsOff => format!("levels off: {range}"),
            Course::Unclear => format!("rises and falls: {range}, which is too short to tell"),
            Course::Grows => format!("still grew at the end: {range}"),
        }
    }

    /// The least growth that would have been found, for people.
    pub fn least_shown(&self) -> String {
        self.shown(self.least)
    }

    fn shown(&self, amount: u64) -> String {
        Quantity { amount, unit: self.probe.unit() }.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::fixture::soak_run;

    const MIB: u64 = 1 << 20;

    #[test]
    fn each_thing_that_grows_is_found_by_itself() {
        let endless = |run: &SoakRun| -> Vec<Probe> {
            run.growths()
                .into_iter()
                .filter(|growth| growth.course == Course::Grows)
                .map(|growth| growth.probe)
                .collect()
        };
        let mut run = soak_run(Scene::Measured);
        assert_eq!(endless(&run), []);
        run.looks.iter_mut().zip(0..).for_each(|(look, index)| look.threads += index / 5);
        assert_eq!(endless(&run), [Probe::Threads]);
        run.looks.iter_mut().zip(0..).for_each(|(look, index)| look.memory_bytes += index * MIB / 8);
        assert_eq!(endless(&run), [Probe::Memory, Probe::Threads]);
        assert_eq!(
            run.growths()[0].words(),
            "still grew at the end: 48.13 MiB to 53.13 MiB in the second half"
        );
        assert_eq!(run.growths()[1].words(), "does not grow: 20 at the end");
    }

    #[test]
    fn processor_time_is_that_of_the_busiest_third() {
        let mut run = soak_run(Scene::Measured);
        assert_eq!(run.cpu_shares().len(), 80);
        assert!(run.cpu_shares().iter().all(|share| *share == 100_000_000), "{:?}", run.cpu_shares());
        // From the hundredth look on a core and a half.
        let interval_ns = run.lateness().1;
        for (look, index) in run.looks.iter_mut().zip(0u64..) {
            look.cpu_ns += index.saturating_sub(100) * interval_ns * 3 / 2;
        }
        assert_eq!(run.cpu_shares().into_iter().max(), Some(100_000_000 + 1_500_000_000 * 19 / 40));
    }

    #[test]
    fn looks_have_their_time_and_number() {
        let problem = |change: fn(&mut SoakRun)| {
            let mut run = soak_run(Scene::Measured);
            change(&mut run);
            run.problem()
        };
        assert_eq!(problem(|_| ()), None);
        assert_eq!(problem(|run| run.looks.truncate(119)), Some("it has another number of looks"));
        assert_eq!(problem(|run| run.looks.swap(3, 4)), Some("its looks are not in the order of time"));
        assert_eq!(
            problem(|run| run.good = run.scheduled + 1),
            Some("it has more good replies than arrivals")
        );
        let mut run = soak_run(Scene::Measured);
        run.looks[7].at_ns += 12;
        assert_eq!(run.lateness(), (12, run.schedule.duration_ns / 120));
    }
}
