//! How often each value came, with infinity: what every quantile and every bound is computed from.

use crate::bucket::{BUCKET_INDEX_MAX, VALUE_NS_MAX, bucket_index, bucket_upper};
use crate::counts::Counts;
use crate::pairs::{PairsError, checked_pairs};
use crate::probability::Probability;
use crate::value::Value;

/// Counts per bucket and at infinity.
///
/// Dense up to the largest bucket seen, so recording is one addition; never more than 45,056 buckets (352 KiB). A
/// value stands for the upper end of its bucket everywhere: in quantiles, in the mean and in comparisons. Counts
/// stop at `u64::MAX` rather than wrap.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Histogram {
    /// The last element is never zero, so that equal histograms are equal vectors.
    counts: Vec<u64>,
    finite: u64,
    infinite: u64,
}

impl Histogram {
    /// A histogram of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts one value. One past [`VALUE_NS_MAX`] (104 days) counts as infinite.
    pub fn record(&mut self, value: Value) {
        self.record_many(value, 1);
    }

    /// Counts a value `count` times.
    pub fn record_many(&mut self, value: Value, count: u64) {
        self.record_slot(Slot::of(value), count);
    }

    pub(crate) fn record_slot(&mut self, slot: Slot, count: u64) {
        if count == 0 {
            return;
        }
        let Some(index) = slot.bucket() else {
            self.infinite = self.infinite.saturating_add(count);
            return;
        };
        let index = index as usize;
        if index >= self.counts.len() {
            self.counts.resize(index + 1, 0);
        }
        self.counts[index] = self.counts[index].saturating_add(count);
        self.finite = self.finite.saturating_add(count);
    }

    /// Adds everything that `other` has counted.
    pub fn merge(&mut self, other: &Self) {
        self.add_pairs(other.pairs(), other.infinite);
    }

    /// Adds everything that a batch has counted.
    pub fn add(&mut self, counts: &Counts) {
        self.add_pairs(counts.pairs(), counts.infinite());
    }

    fn add_pairs(&mut self, pairs: impl Iterator<Item = (u32, u64)>, infinite: u64) {
        for (index, count) in pairs {
            self.record_slot(Slot::finite(index), count);
        }
        self.record_slot(Slot::INFINITE, infinite);
    }

    /// How many values were counted, infinite ones too.
    pub fn count(&self) -> u64 {
        self.finite.saturating_add(self.infinite)
    }

    /// How many infinite values were counted.
    pub fn infinite(&self) -> u64 {
        self.infinite
    }

    /// The one quantile rule: the smallest value whose cumulative count is at least ceil(q n).
    pub fn quantile(&self, quantile: Probability) -> Option<Value> {
        self.value_at_rank(quantile.rank(self.count()))
    }

    /// The value at `rank`, from 1, among all values in ascending order; infinite ones come last.
    pub fn value_at_rank(&self, rank: u64) -> Option<Value> {
        if rank == 0 || rank > self.count() {
            return None;
        }
        let mut seen = 0u64;
        let reached = self.pairs().find(|&(_, count)| {
            seen = seen.saturating_add(count);
            seen >= rank
        });
        Some(reached.map_or(Value::Infinite, |(index, _)| Value::Finite(bucket_upper(index))))
    }

    /// The smallest value.
    pub fn min(&self) -> Option<Value> {
        self.value_at_rank(1)
    }

    /// The largest value.
    pub fn max(&self) -> Option<Value> {
        self.value_at_rank(self.count())
    }

    /// The mean of the finite values, rounded up to whole nanoseconds.
    pub fn mean_ns(&self) -> Option<u64> {
        if self.finite == 0 {
            return None;
        }
        // 2^53 values of 2^53 ns are 2^106: far from the end of 128 bits.
        let sum: u128 =
            self.pairs().map(|(index, count)| u128::from(bucket_upper(index)) * u128::from(count)).sum();
        u64::try_from(sum.div_ceil(u128::from(self.finite))).ok()
    }

    /// How many values are at most `value`: `quantile(q) <= value` exactly when this is at least ceil(q n).
    pub fn count_at_or_below(&self, value: Value) -> u64 {
        match value {
            Value::Infinite => self.count(),
            Value::Finite(ns) => self
                .pairs()
                .take_while(|&(index, _)| bucket_upper(index) <= ns)
                .fold(0, |sum, (_, count)| sum.saturating_add(count)),
        }
    }

    /// How many values are larger than `value`.
    pub fn count_above(&self, value: Value) -> u64 {
        self.count().saturating_sub(self.count_at_or_below(value))
    }

    /// The buckets that have counted something, in ascending order, with their counts.
    pub fn pairs(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        (0u32..).zip(self.counts.iter().copied()).filter(|&(_, count)| count > 0)
    }

    /// The histogram with these counts, if they are written the one way that [`Histogram::pairs`] writes them.
    pub fn from_pairs(
        pairs: impl IntoIterator<Item = (u32, u64)>,
        infinite: u64,
    ) -> Result<Self, PairsError> {
        let mut histogram = Self::new();
        histogram.add_pairs(checked_pairs(pairs, infinite)?.into_iter(), infinite);
        Ok(histogram)
    }
}

/// Where a value is counted, in four bytes: its bucket, or infinity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Slot(u32);

impl Slot {
    /// After every bucket.
    pub(crate) const INFINITE: Self = Self(BUCKET_INDEX_MAX + 1);

    pub(crate) fn of(value: Value) -> Self {
        match value {
            Value::Finite(ns) if ns <= VALUE_NS_MAX => Self(bucket_index(ns)),
            Value::Finite(_) | Value::Infinite => Self::INFINITE,
        }
    }

    /// The slot of a bucket that is known to be within the scale.
    pub(crate) fn finite(index: u32) -> Self {
        Self(index.min(BUCKET_INDEX_MAX))
    }

    pub(crate) fn bucket(self) -> Option<u32> {
        (self != Self::INFINITE).then_some(self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            1 => Just(Value::Infinite),
            4 => (0..5_000u64).prop_map(Value::Finite),
            4 => (0..=VALUE_NS_MAX, 0..53u32).prop_map(|(ns, shift)| Value::Finite(ns >> shift)),
        ]
    }

    fn of(values: &[Value]) -> Histogram {
        let mut histogram = Histogram::new();
        values.iter().for_each(|&value| histogram.record(value));
        histogram
    }

    /// What a value is reported as.
    fn reported(value: Value) -> Value {
        value.finite_ns().map_or(Value::Infinite, |ns| Value::Finite(bucket_upper(bucket_index(ns))))
    }

    #[test]
    fn nothing_has_no_quantile() {
        let empty = Histogram::new();
        assert_eq!((empty.quantile(Probability::P99), empty.min(), empty.max()), (None, None, None));
        assert_eq!((empty.mean_ns(), empty.count()), (None, 0));
    }

    #[test]
    fn infinity_sorts_last_and_is_no_part_of_the_mean() {
        let histogram = of(&[Value::Infinite, Value::Finite(10), Value::Finite(11)]);
        assert_eq!(histogram.quantile(Probability::P50), Some(Value::Finite(11)));
        assert_eq!(histogram.max(), Some(Value::Infinite));
        assert_eq!(histogram.mean_ns(), Some(11));
        assert_eq!(histogram.count_above(Value::Finite(u64::MAX)), 1);
        assert_eq!(of(&[Value::Infinite]).mean_ns(), None);
    }

    #[test]
    fn a_time_that_cannot_be_signed_is_infinite() {
        assert_eq!(of(&[Value::Finite(VALUE_NS_MAX + 1)]).infinite(), 1);
        assert_eq!(of(&[Value::Finite(VALUE_NS_MAX)]).max(), Some(Value::Finite(VALUE_NS_MAX)));
    }

    #[test]
    fn counts_stop_rather_than_wrap() {
        let mut histogram = Histogram::new();
        histogram.record_many(Value::Finite(1), u64::MAX);
        histogram.record_many(Value::Finite(2), u64::MAX);
        histogram.record(Value::Infinite);
        assert_eq!(histogram.count(), u64::MAX);
        assert_eq!(histogram.quantile(Probability::P50), Some(Value::Finite(1)));
    }

    proptest! {
        #[test]
        fn quantiles_are_those_of_the_sorted_list(
            mut values in prop::collection::vec(value(), 1..300),
            ppb in 0..=1_000_000_000u64,
        ) {
            let histogram = of(&values);
            values.sort_unstable();
            let rank = (u128::from(ppb) * values.len() as u128).div_ceil(1_000_000_000).max(1);
            let expected = reported(values[rank as usize - 1]);
            prop_assert_eq!(histogram.quantile(Probability::from_ppb(ppb).unwrap()), Some(expected));
            prop_assert_eq!(histogram.max(), values.last().map(|&value| reported(value)));
            prop_assert_eq!(histogram.min(), values.first().map(|&value| reported(value)));
        }

        #[test]
        fn counts_beside_a_value_are_those_of_the_list(
            values in prop::collection::vec(value(), 0..300),
            limit in value(),
        ) {
            let below = values.iter().filter(|&&value| reported(value) <= limit).count() as u64;
            prop_assert_eq!(of(&values).count_at_or_below(limit), below);
            prop_assert_eq!(of(&values).count_above(limit), values.len() as u64 - below);
        }

        #[test]
        fn the_mean_is_that_of_the_list(values in prop::collection::vec(0..=VALUE_NS_MAX, 1..100)) {
            let sum: u128 = values.iter().map(|&ns| u128::from(bucket_upper(bucket_index(ns)))).sum();
            let expected = sum.div_ceil(values.len() as u128) as u64;
            let values: Vec<_> = values.into_iter().map(Value::Finite).collect();
            prop_assert_eq!(of(&values).mean_ns(), Some(expected));
        }

        #[test]
        fn merging_is_counting_all(
            a in prop::collection::vec(value(), 0..100),
            b in prop::collection::vec(value(), 0..100),
        ) {
            let mut merged = of(&a);
            merged.merge(&of(&b));
            prop_assert_eq!(merged, of(&[a, b].concat()));
        }

        #[test]
        fn what_is_written_is_read_again(values in prop::collection::vec(value(), 0..100)) {
            let histogram = of(&values);
            let read = Histogram::from_pairs(histogram.pairs(), histogram.infinite());
            prop_assert_eq!(read, Ok(histogram));
        }
    }
}
