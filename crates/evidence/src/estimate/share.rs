//! Shares of requests without a good reply: of errors, and of what throughput lacks.

use plimsoll_base::Unit;
use plimsoll_measure::{BatchCount, clopper_pearson_lower, clopper_pearson_upper, effective_count};

use super::CONFIDENCE;
use super::load::{ReadRun, nothing, over_trials, trial};
use crate::amount::Amount;
use crate::criterion::Op;
use crate::measurement::{Estimator, Measurement, Trial};

/// A share of 1 in parts per billion.
const ONE_PPB: u64 = 1_000_000_000;

/// Requests without a good reply among all, and to how many independent requests all are worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) bad: u64,
    pub(super) n: u64,
    pub(super) n_effective: u64,
}

impl Share {
    fn of(run: &ReadRun<'_>) -> Self {
        let batches: Vec<BatchCount> = run
            .series
            .batches()
            .map(|batch| BatchCount { count: batch.count(), exceeding: batch.infinite() })
            .collect();
        Self {
            bad: run.total.infinite(),
            n: run.total.count(),
            n_effective: effective_count(&batches).unwrap_or(0),
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            bad: self.bad.saturating_add(other.bad),
            n: self.n.saturating_add(other.n),
            n_effective: self.n_effective.saturating_add(other.n_effective),
        }
    }

    /// The share in parts per billion, rounded up: an error is never rounded away.
    pub(super) fn ppb(self) -> u64 {
        scaled(self.bad, ONE_PPB, self.n).map_or(ONE_PPB, |(_, up)| up)
    }

    /// One-sided 95 % bounds, in parts per billion; none where the data allow none.
    ///
    /// Clopper and Pearson's, for independent requests. Errors come in bursts, so the requests are counted as many as
    /// they are worth by batch means, with the same share of errors (E. Korn and B. Graubard 1998, "Confidence
    /// intervals for proportions with small expected number of positive counts").
    pub(super) fn bounds_ppb(self) -> Option<(u64, u64)> {
        let (fewer, more) = scaled(self.bad, self.n_effective, self.n).filter(|_| self.n_effective > 0)?;
        Some((
            clopper_pearson_lower(fewer, self.n_effective, CONFIDENCE),
            clopper_pearson_upper(more, self.n_effective, CONFIDENCE),
        ))
    }
}

/// `part * scale / whole`, rounded down and up; none of nothing.
pub(super) fn scaled(part: u64, scale: u64, whole: u64) -> Option<(u64, u64)> {
    let product = u128::from(part) * u128::from(scale);
    let (down, up) = (product.checked_div(whole.into())?, product.div_ceil(whole.into()));
    Some((u64::try_from(down).ok()?, u64::try_from(up).ok()?))
}

/// The share of errors over all runs together. Its bounds are the wider of two: the pooled one, which knows nothing of
/// a single bad process, and the least and the greatest trial. So no average hides a failure.
pub(super) fn errors(runs: &[ReadRun<'_>]) -> Measurement {
    let shares: Vec<Share> = runs.iter().map(Share::of).collect();
    let Some(pooled) = shares.iter().copied().reduce(Share::and).filter(|pooled| pooled.n > 0) else {
        return nothing(Estimator::PooledShare, Unit::Ppb);
    };
    let seen = shares.iter().filter_map(|share| scaled(share.bad, ONE_PPB, share.n));
    let (least, most) = seen.fold((ONE_PPB, 0), |(least, most), (down, up)| (least.min(down), most.max(up)));
    let bounds = pooled.bounds_ppb().map(|(lower, upper)| (lower.min(least), upper.max(most)));
    let trials = runs.iter().zip(&shares).map(|(run, share)| {
        let bounds = share.bounds_ppb();
        Trial {
            value: Amount::Finite(share.ppb()),
            lower: bounds.map(|(lower, _)| Amount::Finite(lower)),
            upper: bounds.map(|(_, upper)| Amount::Finite(upper)),
            n: share.n,
            n_effective: share.n_effective,
            ..trial(run.run)
        }
    });
    Measurement {
        value: Some(Amount::Finite(pooled.ppb())),
        lower: bounds.map(|(lower, _)| Amount::Finite(lower)),
        upper: bounds.map(|(_, upper)| Amount::Finite(upper)),
        n: pooled.n,
        trials: trials.collect(),
        ..nothing(Estimator::PooledShare, Unit::Ppb)
    }
}

/// Good replies at the schedule's rate: the rate times the share of good replies.
///
/// Arrivals are random, so the replies in a given time are too, though the subject answers each of them: 200/s over
/// 5 s are 1,000 give or take 32. What the subject has in its hands is the share. So a limit may be as near to the
/// rate as one likes: 99 % of the rate means that one request in a hundred may go without a good reply.
pub(super) fn throughput(runs: &[ReadRun<'_>]) -> Measurement {
    let trials = runs.iter().filter(|run| run.total.count() > 0).map(throughput_trial).collect();
    over_trials(trials, Unit::PerKs, Op::AtLeast)
}

fn throughput_trial(run: &ReadRun<'_>) -> Trial {
    let share = Share::of(run);
    let rate_per_ks = run.run.schedule.rate_per_ks;
    let at = |part: u64, whole: u64| scaled(rate_per_ks, part, whole).unwrap_or((0, rate_per_ks));
    let good_ppb = |bad_ppb: u64| ONE_PPB.saturating_sub(bad_ppb);
    let bounds = share.bounds_ppb();
    Trial {
        value: Amount::Finite(at(share.n.saturating_sub(share.bad), share.n).0),
        lower: bounds.map(|(_, upper)| Amount::Finite(at(good_ppb(upper), ONE_PPB).0)),
        upper: bounds.map(|(lower, _)| Amount::Finite(at(good_ppb(lower), ONE_PPB).1)),
        n: share.n,
        n_effective: share.n_effective,
        ..trial(run.run)
    }
}
