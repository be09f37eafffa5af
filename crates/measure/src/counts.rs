//! A small histogram kept as its pairs: what one batch of 100 ms counts.

use crate::bucket::bucket_upper;
use crate::pairs::{PairsError, checked_pairs};
use crate::value::Value;

/// Bucket counts, ascending and non-zero, and the count at infinity.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    pairs: Vec<(u32, u64)>,
    infinite: u64,
}

impl Counts {
    /// The counts, if they are written the one way that [`Counts::pairs`] writes them.
    pub fn from_pairs(
        pairs: impl IntoIterator<Item = (u32, u64)>,
        infinite: u64,
    ) -> Result<Self, PairsError> {
        Ok(Self { pairs: checked_pairs(pairs, infinite)?, infinite })
    }

    /// The buckets that have counted something, in ascending order, with their counts.
    pub fn pairs(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        self.pairs.iter().copied()
    }

    /// How many infinite values were counted.
    pub fn infinite(&self) -> u64 {
        self.infinite
    }

    /// How many values were counted, infinite ones too.
    pub fn count(&self) -> u64 {
        self.pairs.iter().fold(self.infinite, |sum, &(_, count)| sum.saturating_add(count))
    }

    /// How many values are larger than `value`, each standing for the upper end of its bucket.
    pub fn count_above(&self, value: Value) -> u64 {
        let Value::Finite(ns) = value else { return 0 };
        let first = self.pairs.partition_point(|&(index, _)| bucket_upper(index) <= ns);
        self.pairs[first..].iter().fold(self.infinite, |sum, &(_, count)| sum.saturating_add(count))
    }

    /// Appends to the last pair, or after it; `index` must not come before it.
    pub(crate) fn push(&mut self, index: u32, count: u64) {
        match self.pairs.last_mut() {
            Some((last, sum)) if *last == index => *sum = sum.saturating_add(count),
            _ => self.pairs.push((index, count)),
        }
    }

    pub(crate) fn push_infinite(&mut self, count: u64) {
        self.infinite = self.infinite.saturating_add(count);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::histogram::Histogram;

    #[test]
    fn pairs_that_meet_become_one() {
        let mut counts = Counts::default();
        [(3, 1), (3, 2), (9, 1)].into_iter().for_each(|(index, count)| counts.push(index, count));
        counts.push_infinite(4);
        assert_eq!(counts, Counts::from_pairs([(3, 3), (9, 1)], 4).unwrap());
        assert_eq!(counts.count(), 8);
    }

    #[test]
    fn nothing_is_above_infinity() {
        let counts = Counts::from_pairs([(3, 3)], 4).unwrap();
        assert_eq!(counts.count_above(Value::Infinite), 0);
        assert_eq!(counts.count_above(Value::Finite(3)), 4);
        assert_eq!(counts.count_above(Value::Finite(2)), 7);
    }

    proptest! {
        #[test]
        fn it_counts_as_a_histogram_does(
            pairs in prop::collection::btree_map(0..9_000u32, 1..50u64, 0..40),
            infinite in 0..9u64,
            ns in 0..400_000u64,
        ) {
            let counts = Counts::from_pairs(pairs.clone(), infinite).unwrap();
            let histogram = Histogram::from_pairs(pairs, infinite).unwrap();
            prop_assert_eq!(counts.count(), histogram.count());
            let value = Value::Finite(ns);
            prop_assert_eq!(counts.count_above(value), histogram.count_above(value));
        }
    }
}
