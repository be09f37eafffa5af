//! A measurement: value, bounds, how much it rests on, and what the instrument says of itself.

use plimsoll_base::Unit;
use plimsoll_proof::Digest;
use serde::{Deserialize, Serialize};

use crate::amount::{Amount, unit_name};
use crate::document::{ProcessIdentity, Step};

/// How the value and its bounds are computed; `docs/FORMAT.md` has the formula of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Estimator {
    /// Median over five or more trials; bounds are the least and the greatest trial.
    MedianOfTrials,
    /// Median over fewer trials; bounds are the widest of the trials' own order statistics.
    WithinTrial,
    /// Share over all trials together; bounds by Clopper and Pearson for as many independent requests as they are worth,
    /// or the least and the greatest trial where those lie further out.
    PooledShare,
    /// The worst rehearsal; bounds, from five rehearsals on, are the best and the worst.
    WorstDrill,
    /// The highest rate of which every load criterion passes; the upper bound lies just below the step that failed.
    HighestStep,
    /// Cases of a checklist that went wrong, in the worst pass; no bounds.
    FailedCases,
    /// The greatest value of all looks, in the worst soak; no bounds.
    GreatestLook,
    /// The greatest share of one core over a third of the soak, in the worst soak; no bounds.
    BusiestWindow,
    /// Series that grow without end, in the worst soak; no bounds.
    GrowingSeries,
    /// From a fault's end to that of the last batch that was not as before, in the worst drill; no bounds.
    LastBadBatch,
    /// Share of requests that failed while a fault held, in the worst drill; no bounds.
    AmidFault,
}

/// Value and bounds of one criterion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measurement {
    /// How it was computed.
    pub estimator: Estimator,
    /// What `value`, `lower` and `upper` count.
    #[serde(with = "unit_name")]
    pub unit: Unit,
    /// The estimate; absent if nothing was measured.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub value: Option<Amount>,
    /// One-sided lower bound; absent if the data allow none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lower: Option<Amount>,
    /// One-sided upper bound; absent if the data allow none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub upper: Option<Amount>,
    /// One-sided confidence of each bound, in parts per billion.
    pub confidence_ppb: u64,
    /// Requests, or rehearsals, on which it rests.
    pub n: u64,
    /// For stops and crashes: the share of rehearsals within the limit that is shown at 95 %, in parts per billion.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub demonstrated_ppb: Option<u64>,
    /// The trials, in order.
    pub trials: Vec<Trial>,
    /// What the instrument says of itself, run by run.
    pub gates: Vec<GateData>,
    /// The documents from which all this is computed.
    pub evidence: Vec<Digest>,
}

impl Measurement {
    /// The value with its bounds, for people; none without a value.
    pub fn text(&self) -> Option<String> {
        let shown = |amount: Amount| amount.display(self.unit);
        let value = shown(self.value?);
        match (self.lower, self.upper) {
            (Some(lower), Some(upper)) if self.unit != Unit::Count => {
                Some(format!("{value} [{}, {}]", shown(lower), shown(upper)))
            }
            _ => Some(value),
        }
    }

    /// The same, as if the subject had outlived all trials: what was measured, and nothing else.
    pub(crate) fn without_deaths(mut self) -> Self {
        self.trials.iter_mut().for_each(|trial| trial.died = false);
        self
    }

    /// Trials that the subject did not outlive. What it did above its load line says nothing of what it does below.
    pub(crate) fn deaths(&self) -> usize {
        let counts = self.estimator != Estimator::HighestStep;
        self.trials.iter().filter(|trial| counts && trial.died).count()
    }
}

/// One trial's part in a measurement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// What the run was for; absent where no load was run.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub step: Option<Step>,
    /// Requests per 1,000 seconds; absent where no load was run.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rate_per_ks: Option<u64>,
    /// Counts from 1.
    pub trial: u64,
    /// The process that was measured.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub process: Option<ProcessIdentity>,
    /// Whether it ended by itself in the trial.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub died: bool,
    /// The trial's own value.
    pub value: Amount,
    /// The trial's own bounds at 95 %, one-sided each.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lower: Option<Amount>,
    /// See `lower`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub upper: Option<Amount>,
    /// Requests.
    pub n: u64,
    /// Independent requests to which they are worth.
    pub n_effective: u64,
    /// The whole distribution in a few numbers, where there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub distribution: Option<Distribution>,
}

/// A distribution of latencies in a few numbers, in ns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distribution {
    /// Half of the requests were at least as fast.
    pub p50: Amount,
    /// 90 % were.
    pub p90: Amount,
    /// 95 % were.
    pub p95: Amount,
    /// 99 % were.
    pub p99: Amount,
    /// 99.9 % were.
    pub p999: Amount,
    /// All were.
    pub max: Amount,
    /// Mean of the finite ones, rounded up; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mean: Option<u64>,
    /// How many never got a good reply.
    pub infinite: u64,
}

/// One instrument gate of one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateData {
    /// Which run, as `steady-1`.
    pub run: String,
    /// Which gate.
    pub gate: String,
    /// Whether it holds.
    pub passed: bool,
    /// What was seen; absent if there was nothing to see.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub observed: Option<u64>,
    /// What is allowed; absent where the gate only reports.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub limit: Option<u64>,
    /// What `observed` and `limit` count.
    #[serde(with = "unit_name")]
    pub unit: Unit,
}
