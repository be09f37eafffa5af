//! A measurement's interval: within one trial by order statistics, between trials by their extremes.

use crate::bucket::VALUE_NS_MAX;
use crate::effective::{BatchCount, effective_count};
use crate::probability::Probability;
use crate::rank::{mapped_lower_rank, mapped_upper_rank, minimum_count};
use crate::series::Series;
use crate::value::Value;

/// Every bound within a trial is one-sided with this confidence.
const CONFIDENCE: Probability = Probability::P95;

/// One trial's quantile and its one-sided 95 % bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrialBounds {
    /// The quantile as seen.
    pub value: Value,
    /// The lower bound; absent where too few values count.
    pub lower: Option<Value>,
    /// The upper bound; absent where too few values count.
    pub upper: Option<Value>,
    /// How many values the trial has.
    pub count: u64,
    /// How many independent values they are worth; absent where the trial has too few batches to tell.
    pub effective_count: Option<u64>,
}

/// The median over trials and its one-sided bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BetweenTrials<T> {
    /// The middle of the trials' values; of an even number the upper middle, which is never better than was seen
    /// where less is better.
    pub median: T,
    /// The smallest of them.
    pub lower: T,
    /// The largest of them.
    pub upper: T,
    /// The confidence of each bound by itself, in parts per billion, rounded down.
    pub confidence_ppb: u64,
}

/// A trial's quantile with distribution-free bounds: ranks among as many independent values as the trial's are worth,
/// carried outward to all its values. None where the trial has no value at all.
///
/// The effective count is the lesser of two, for "is above the quantile" and "is at or above it": where many values
/// share the quantile's bucket the two differ, and the truth lies between.
pub fn within_trial_bounds(series: &Series, quantile: Probability) -> Option<TrialBounds> {
    let total = series.total();
    let (count, value) = (total.count(), total.quantile(quantile)?);
    let above = |limit: Option<Value>| {
        let batches: Vec<_> = series
            .batches()
            .map(|batch| {
                let count = batch.count();
                BatchCount { count, exceeding: limit.map_or(count, |limit| batch.count_above(limit)) }
            })
            .collect();
        effective_count(&batches)
    };
    let effective = above(Some(value)).zip(above(just_below(value))).map(|(a, b)| a.min(b));
    let enough = effective.filter(|&n| minimum_count(quantile, CONFIDENCE).is_some_and(|least| n >= least));
    let at = |rank: Option<u64>| rank.and_then(|rank| total.value_at_rank(rank));
    Some(TrialBounds {
        value,
        lower: at(enough.and_then(|n| mapped_lower_rank(count, n, quantile, CONFIDENCE))),
        upper: at(enough.and_then(|n| mapped_upper_rank(count, n, quantile, CONFIDENCE))),
        count,
        effective_count: effective,
    })
}

/// The largest value that is less than `value`, if there is one.
fn just_below(value: Value) -> Option<Value> {
    match value {
        Value::Finite(ns) => ns.checked_sub(1).map(Value::Finite),
        Value::Infinite => Some(Value::Finite(VALUE_NS_MAX)),
    }
}

/// The median over trials with the extremes as bounds; None without a trial.
///
/// The population's median lies above each of k independent trials with probability 1/2 or less, so the largest is
/// below it with probability 0.5^k at most: five trials bound it with 96.875 % on each side, whatever the
/// distribution. This is why a certificate asks for five.
pub fn between_trials<T: Ord + Copy>(trials: &[T]) -> Option<BetweenTrials<T>> {
    let mut sorted = trials.to_vec();
    sorted.sort_unstable();
    let (&lower, &upper) = (sorted.first()?, sorted.last()?);
    let median = *sorted.get(sorted.len() / 2)?;
    Some(BetweenTrials { median, lower, upper, confidence_ppb: extremes_confidence_ppb(sorted.len()) })
}

/// 1 - 0.5^k, rounded down to whole parts per billion.
fn extremes_confidence_ppb(trials: usize) -> u64 {
    /// 0.5^30 is less than one part per billion, and so is what more trials leave.
    const HALVINGS_MAX: usize = 30;
    const ONE_PPB: u64 = 1_000_000_000;
    ONE_PPB - ONE_PPB.div_ceil(1 << trials.min(HALVINGS_MAX))
}

#[cfg(test)]
mod tests;
