//! What those who watch a certification see: records of the stream `certify/<id>`, bounded in number.

use plimsoll_evidence::Amount;
use plimsoll_measure::Probability;
use plimsoll_store::Recorded;
use serde::{Deserialize, Serialize};

use crate::conductor::Event;

/// Most records of progress that are kept of one certification; its outcome comes on top of them.
pub const PROGRESS_RECORDS_MAX: u64 = 4_096;
/// Load is told at most so often, in milliseconds.
const LOAD_EVERY_MS: u64 = 2_000;
/// After so many words on load they come half as often: a day's load is told in some 2,000.
const LOADS_UNTIL_SLOWER: u64 = 256;

/// What a certification is doing: the records of the stream `certify/<id>`, but for the last one, which is the outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Progress {
    /// The load generator is held against oracles, unless it was today.
    Calibrating {},
    /// A calibration failed, and is made once more.
    CalibrationFailed {
        /// Which one, from 1.
        tried: u64,
        /// Of how many at most.
        of: u64,
        /// What was wrong with it.
        problem: String,
    },
    /// A step begins.
    Step {
        /// Steps before this one.
        done: u64,
        /// Steps in all, as far as is known.
        of: u64,
        /// What is done, as `steady load, trial 2`.
        name: String,
    },
    /// Load is running.
    Load {
        /// Whether it counts: it does not in the warm-up.
        counts: bool,
        /// Arrivals that came to an end, per 1,000 s.
        rate_per_ks: u64,
        /// Half of the latencies so far are at most this, in ns.
        p50_ns: Option<Amount>,
        /// 99 % of the latencies so far are at most this, in ns.
        p99_ns: Option<Amount>,
        /// Arrivals without a good reply so far.
        errors: u64,
        /// How long it will still run, in milliseconds.
        left_ms: u64,
    },
    /// Words like these that were not kept: nobody waited for them.
    Dropped {
        /// How many.
        records: u64,
    },
}

impl Recorded for Progress {
    fn kind(&self) -> &'static str {
        match self {
            Self::Calibrating {} => "progress.calibrating",
            Self::CalibrationFailed { .. } => "progress.calibration-failed",
            Self::Step { .. } => "progress.step",
            Self::Load { .. } => "progress.load",
            Self::Dropped { .. } => "progress.dropped",
        }
    }
}

impl Progress {
    pub(super) fn of(event: &Event<'_>) -> Self {
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        match event {
            Event::Calibrating => Self::Calibrating {},
            Event::CalibrationFailed { tried, of, problem } => {
                Self::CalibrationFailed { tried: *tried, of: *of, problem: (*problem).to_owned() }
            }
            Event::Step { done, of, name } => {
                Self::Step { done: count(*done), of: count(*of), name: (*name).to_owned() }
            }
            Event::Load(load) => {
                let at = |quantile| load.latency.quantile(quantile).map(Amount::from);
                Self::Load {
                    counts: load.measured_ns > 0,
                    rate_per_ks: load.rate_per_ks,
                    p50_ns: at(Probability::P50),
                    p99_ns: at(Probability::P99),
                    errors: load.errors.total(),
                    left_ms: load.total_ns.saturating_sub(load.elapsed_ns) / 1_000_000,
                }
            }
        }
    }
}

/// Decides which words are worth keeping.
#[derive(Debug, Default)]
pub(super) struct Sieve {
    kept: u64,
    loads: u64,
    last_load_ms: Option<u64>,
}

impl Sieve {
    /// Whether this one is kept. Words on load that come too soon are no loss.
    pub(super) fn keeps(&mut self, event: &Event<'_>, now_ms: u64) -> bool {
        if self.kept >= PROGRESS_RECORDS_MAX {
            return false;
        }
        if let Event::Load(_) = event {
            let slower = u32::try_from(self.loads / LOADS_UNTIL_SLOWER).unwrap_or(u32::MAX);
            let every_ms = LOAD_EVERY_MS.saturating_mul(2u64.saturating_pow(slower));
            if self.last_load_ms.is_some_and(|last_ms| now_ms < last_ms.saturating_add(every_ms)) {
                return false;
            }
            (self.loads, self.last_load_ms) = (self.loads + 1, Some(now_ms));
        }
        self.kept += 1;
        true
    }
}
