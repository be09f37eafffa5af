//! Fault drills: load goes on, a fault holds for its middle third, and ends. What was seen by batches is evidence; what
//! failed meanwhile, and when all was as before, follows from it here.

use plimsoll_base::Utc;
use plimsoll_measure::{BATCH_NS, Histogram, Probability, Series, Value};
use serde::{Deserialize, Serialize};

use crate::amount::Amount;
use crate::criterion::{Criterion, Profile};
use crate::document::LoadRun;
use crate::probe::Probe;
use crate::scene::Scene;

/// How late a fault may begin, and how much longer it may hold, as a part of the third of the drill that is its own. More
/// is no middle third: whoever ended it later would have recovered sooner.
const LATE_PART: u64 = 4;

/// What a reply waits longer for while [`Fault::SlowNetwork`] holds, in ns.
pub const SLOW_NETWORK_NS: u64 = 200_000_000;
/// What it takes longer on each way between a subject and what it depends on while [`Fault::SlowDependencies`] holds, in ns.
pub const SLOW_DEPENDENCY_NS: u64 = 100_000_000;
const ONE_PPB: u64 = 1_000_000_000;
/// The share of every core that [`Fault::Busy`] takes, in parts per billion.
pub const BUSY_PPB: u64 = 900_000_000;

/// What is done to the subject, or to its surroundings, for the middle third of a drill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The subject and all that came from it stand still.
    Paused,
    /// Other programs take 90 % of every core.
    Busy,
    /// 200 ms are added between the clients and the subject.
    SlowNetwork,
    /// Connections between the clients and the subject are reset when a request comes on them.
    CutConnections,
    /// Connections between the subject and all that it depends on are reset, and new ones at once.
    CutDependencies,
    /// All that the subject depends on keeps connections open, and says nothing.
    HungDependencies,
    /// All that the subject depends on is 100 ms further away, so that it answers 200 ms later.
    SlowDependencies,
}

impl Fault {
    /// Every fault, in the order in which they are tried.
    pub const ALL: [Self; 7] = [
        Self::Paused,
        Self::Busy,
        Self::SlowNetwork,
        Self::CutConnections,
        Self::CutDependencies,
        Self::HungDependencies,
        Self::SlowDependencies,
    ];

    /// The fault's name in profiles and documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::Paused => "paused",
            Self::Busy => "busy",
            Self::SlowNetwork => "slow-network",
            Self::CutConnections => "cut-connections",
            Self::CutDependencies => "cut-dependencies",
            Self::HungDependencies => "hung-dependencies",
            Self::SlowDependencies => "slow-dependencies",
        }
    }

    /// Whether it is done to what the subject depends on.
    pub fn is_of_dependencies(self) -> bool {
        matches!(self, Self::CutDependencies | Self::HungDependencies | Self::SlowDependencies)
    }

    /// How much of it must have been seen to take effect, in parts per billion. Others may want processors too, and load need
    /// not make a subject ask all that it depends on.
    pub(crate) fn effect_ppb_min(self) -> u64 {
        match self {
            Self::Busy => 800_000_000,
            Self::Paused | Self::SlowNetwork | Self::CutConnections => 900_000_000,
            Self::CutDependencies | Self::HungDependencies | Self::SlowDependencies => 1,
        }
    }
}

/// One fault drill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultDrill {
    /// What was done in the middle third; absent where nothing was, in controls and their sham.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fault: Option<Fault>,
    /// When it began, from the schedule's start, in ns.
    pub from_ns: u64,
    /// When it was ended, from the schedule's start, in ns.
    pub until_ns: u64,
    /// How much of it was seen to take effect, in parts per billion: of looks, those at which the subject stood still; of
    /// all processor time, what was taken; of the requests that came meanwhile, those that were delayed or reset; of the
    /// dependencies, those at which something was cut, kept back or delayed.
    pub effect_ppb: u64,
    /// The dependencies, where it is done to them; each once, in the order of their names.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub dependencies: Vec<FeltBy>,
    /// The load, of step `fault`, through the fault proxy.
    pub load: LoadRun,
}

/// Whether a dependency was asked for anything while a fault of dependencies held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeltBy {
    /// What it is called in the subject's file.
    pub name: String,
    /// Connections that were cut, of those on which something had been said and new ones, and pieces that were kept back or delayed.
    pub times: u64,
}

/// A drill's batches, by when their requests were meant to be sent.
#[derive(Debug)]
pub struct FaultParts {
    /// Before the fault.
    pub before: Histogram,
    /// While it held, all of the batches in which it began and ended included.
    pub amid: Histogram,
    /// After it.
    pub after: Histogram,
}

impl FaultDrill {
    /// Under what conditions.
    pub fn scene(&self) -> Scene {
        self.load.scene
    }

    /// What keeps it from being judged, if anything does.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        let third_ns = self.load.schedule.duration_ns / 3;
        let in_time = third_ns..=third_ns.saturating_add(third_ns / LATE_PART);
        let lasted_ns = self.until_ns.checked_sub(self.from_ns);
        if self.fault.is_some() != (self.scene() == Scene::Measured) {
            Some("its fault is not that of its scene")
        } else if self.fault.is_none() && self.effect_ppb != 0 {
            Some("nothing was done, and it took effect")
        } else if self.fault.is_some_and(Fault::is_of_dependencies) == self.dependencies.is_empty() {
            Some("its dependencies are not those of its fault")
        } else if !self.dependencies.is_sorted_by(|one, next| one.name < next.name) {
            Some("its dependencies are not in the order of their names, each once")
        } else if !self.dependencies.is_empty() && self.effect_ppb != share_felt_ppb(&self.dependencies) {
            Some("its effect is another than what its dependencies felt")
        } else if !in_time.contains(&self.from_ns)
            || lasted_ns.is_none_or(|lasted| !in_time.contains(&lasted))
        {
            Some("its fault did not hold for the middle third")
        } else {
            None
        }
    }

    /// The batches before, amid and after the fault, each part summed up.
    pub fn parts(&self, series: &Series) -> FaultParts {
        let mut parts =
            FaultParts { before: Histogram::new(), amid: Histogram::new(), after: Histogram::new() };
        let (first_amid, first_after) = (self.from_ns / BATCH_NS, self.until_ns.div_ceil(BATCH_NS));
        for (index, batch) in (0..).zip(series.batches()) {
            let part = match index {
                index if index < first_amid => &mut parts.before,
                index if index < first_after => &mut parts.amid,
                _ => &mut parts.after,
            };
            part.add(&batch);
        }
        parts
    }

    /// From the fault's end to the end of the last batch that was not as before: in which a request failed, or latency did
    /// not keep a limit of the profile. `inf` if no request was meant to be sent since: who is as before has shown it.
    pub fn recovered_ns(&self, series: &Series, profile: &Profile) -> Amount {
        let limits: Vec<(Probability, Value)> = profile.criteria.iter().filter_map(latency_limit).collect();
        let is_bad = |batch: &Histogram| {
            let is_over = |(quantile, limit): &(Probability, Value)| {
                batch.quantile(*quantile).is_some_and(|value| value > *limit)
            };
            batch.infinite() > 0 || limits.iter().any(is_over)
        };
        let batches = series.batches().map(|counts| {
            let mut batch = Histogram::new();
            batch.add(&counts);
            batch
        });
        let later = (0u64..).zip(batches).skip_while(|(index, _)| *index < self.until_ns / BATCH_NS);
        let asked = later.filter(|(_, batch)| batch.count() > 0);
        let (mut last_bad, mut is_over) = (None, false);
        for (index, batch) in asked {
            is_over = !is_bad(&batch);
            last_bad = if is_over { last_bad } else { Some(index) };
        }
        let end_ns = last_bad.map_or(0, |last_bad| (last_bad + 1).saturating_mul(BATCH_NS));
        if is_over { Amount::Finite(end_ns.saturating_sub(self.until_ns)) } else { Amount::Infinite }
    }

    /// When its load began.
    pub(crate) fn at(&self) -> Utc {
        self.load.at
    }
}

/// The share of dependencies that felt anything, in parts per billion, rounded down.
pub fn share_felt_ppb(dependencies: &[FeltBy]) -> u64 {
    let felt = dependencies.iter().filter(|dependency| dependency.times > 0).count() as u64;
    felt.saturating_mul(ONE_PPB) / (dependencies.len() as u64).max(1)
}

fn latency_limit(criterion: &Criterion) -> Option<(Probability, Value)> {
    let quantile = criterion.quantile_ppb.and_then(Probability::from_ppb)?;
    (criterion.probe == Probe::Latency).then_some((quantile, Value::Finite(criterion.limit)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::fixture::fault_drill;
    use crate::tests::profile::{MS, SECOND, profile};

    /// A drill of 9 s with one request in each batch, those of which are slow or failed as told.
    fn recovered(until_ns: u64, outcome: impl Fn(u64) -> Value) -> Amount {
        recovered_of(90, until_ns, outcome)
    }

    /// The same with requests in so many batches.
    fn recovered_of(batches: u64, until_ns: u64, outcome: impl Fn(u64) -> Value) -> Amount {
        let mut series = Series::new();
        for batch in 0..batches {
            series.record(batch * BATCH_NS, outcome(batch));
        }
        FaultDrill { until_ns, ..fault_drill(Scene::Measured, Some(Fault::Paused)) }
            .recovered_ns(&series, &profile())
    }

    #[test]
    fn it_is_as_before_after_the_last_bad_batch() {
        let quick = Value::Finite(20 * MS);
        let bad = |last: u64, worse: Value| move |batch| if batch == last { worse } else { quick };
        let until_ns = 6 * SECOND + 30 * MS;
        assert_eq!(recovered(until_ns, |_| quick), Amount::Finite(0));
        for worse in [Value::Infinite, Value::Finite(260 * MS)] {
            assert_eq!(recovered(until_ns, bad(59, worse)), Amount::Finite(0), "amid the fault");
            assert_eq!(recovered(until_ns, bad(60, worse)), Amount::Finite(70 * MS));
            assert_eq!(recovered(until_ns, bad(75, worse)), Amount::Finite(1_570 * MS));
            assert_eq!(recovered(until_ns, bad(88, worse)), Amount::Finite(2_870 * MS));
            assert_eq!(recovered(until_ns, bad(89, worse)), Amount::Infinite);
            assert_eq!(recovered_of(89, until_ns, bad(88, worse)), Amount::Infinite, "nobody asked after it");
            assert_eq!(recovered_of(60, until_ns, bad(0, worse)), Amount::Infinite, "nor since the fault");
        }
        assert_eq!(
            recovered(until_ns, bad(89, Value::Finite(240 * MS))),
            Amount::Finite(0),
            "within the limit"
        );
    }

    #[test]
    fn parts_are_cut_where_the_fault_begins_and_ends() {
        let drill = fault_drill(Scene::Measured, Some(Fault::Busy));
        let drill = FaultDrill { from_ns: 3_010 * MS, until_ns: 6_020 * MS, ..drill };
        let mut series = Series::new();
        (0..90).for_each(|batch| series.record(batch * BATCH_NS, Value::Finite(batch)));
        let parts = drill.parts(&series);
        let counts = [&parts.before, &parts.amid, &parts.after].map(Histogram::count);
        assert_eq!(counts, [30, 31, 29]);
        assert_eq!(parts.amid.min(), Some(Value::Finite(30)));
        assert_eq!(parts.after.min(), Some(Value::Finite(61)));
    }

    #[test]
    fn faults_are_signed_under_their_names() {
        for fault in Fault::ALL {
            assert_eq!(serde_json::to_value(fault).unwrap(), fault.name());
        }
    }
}
