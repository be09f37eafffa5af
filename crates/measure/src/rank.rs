//! Distribution-free bounds of a quantile: ranks among independent values.
//!
//! Of n independent values the number at or below the true q-quantile is Binomial(n, q), whatever the distribution
//! (H. A. David and H. N. Nagaraja, Order Statistics, 3rd edition, section 7.1). Ties only widen the coverage.

use crate::binomial::{Binomial, TRIALS_MAX, is_at_most};
use crate::pairs::COUNT_MAX;
use crate::probability::Probability;

/// The smallest rank u among `count` independent values with P(Bin(n, q) <= u - 1) >= confidence: the value of that
/// rank is an upper bound of the true quantile. None where even the largest value is none.
pub fn upper_rank(count: u64, quantile: Probability, confidence: Probability) -> Option<u64> {
    mapped_upper_rank(count, count, quantile, confidence)
}

/// The largest rank l among `count` independent values with P(Bin(n, q) >= l) >= confidence: the value of that rank
/// is a lower bound of the true quantile. None where even the smallest value is none.
pub fn lower_rank(count: u64, quantile: Probability, confidence: Probability) -> Option<u64> {
    mapped_lower_rank(count, count, quantile, confidence)
}

/// How many independent values it takes until the largest is an upper bound: the smallest n with q^n <= 1 -
/// confidence. None where no number that can be counted is enough.
///
/// A run that is planned for a bound wants about twice as many: the effective count of independent values is itself an
/// estimate, and of 400 values in two seconds one run in four is found worth fewer than the 299 that p99 needs.
pub fn minimum_count(quantile: Probability, confidence: Probability) -> Option<u64> {
    let alpha = confidence.complement();
    let is_enough = |trials| is_at_most(Binomial { trials, success: quantile }.at_least(trials), alpha);
    first_true(1, COUNT_MAX, is_enough)
}

/// The upper rank among `effective` independent values, carried outward to `count` dependent ones.
pub(crate) fn mapped_upper_rank(
    count: u64,
    effective: u64,
    quantile: Probability,
    confidence: Probability,
) -> Option<u64> {
    let trials = effective.min(count).min(TRIALS_MAX);
    let alpha = confidence.complement();
    let binomial = Binomial { trials, success: quantile };
    let rank = first_true(1, trials, |rank| is_at_most(binomial.at_least(rank), alpha))?;
    let mapped = (u128::from(rank) * u128::from(count)).div_ceil(u128::from(trials));
    u64::try_from(mapped).ok()
}

/// The lower rank among `effective` independent values, carried outward to `count` dependent ones: rank l of m covers
/// the part of the sample from (l - 1) / m on.
pub(crate) fn mapped_lower_rank(
    count: u64,
    effective: u64,
    quantile: Probability,
    confidence: Probability,
) -> Option<u64> {
    let trials = effective.min(count).min(TRIALS_MAX);
    let alpha = confidence.complement();
    let binomial = Binomial { trials, success: quantile };
    // The first rank that is no lower bound; past the last rank there is none.
    let beyond =
        first_true(1, trials, |rank| !is_at_most(binomial.at_most(rank - 1), alpha)).unwrap_or(trials + 1);
    let before = beyond.checked_sub(2)?;
    let mapped = u128::from(before) * u128::from(count) / u128::from(trials.max(1)) + 1;
    u64::try_from(mapped).ok()
}

/// The smallest number from `low` to `high` for which `holds`, which must not cease to hold as numbers grow.
pub(crate) fn first_true(low: u64, high: u64, holds: impl Fn(u64) -> bool) -> Option<u64> {
    if low > high || !holds(high) {
        return None;
    }
    let (mut low, mut high) = (low, high);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Some(low)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const C: Probability = Probability::P95;

    #[test]
    fn the_smallest_samples_that_bound_a_quantile() {
        let known = [
            (Probability::P50, 5),
            (Probability::P90, 29),
            (Probability::P95, 59),
            (Probability::P99, 299),
            (Probability::P999, 2_995),
            (Probability::P9999, 29_956),
        ];
        for (quantile, count) in known {
            assert_eq!(minimum_count(quantile, C), Some(count), "of {quantile}");
            assert_eq!(upper_rank(count, quantile, C), Some(count), "of {quantile}");
            assert_eq!(upper_rank(count - 1, quantile, C), None, "of {quantile}");
        }
        assert_eq!(minimum_count(Probability::ONE, C), None);
    }

    #[test]
    fn the_two_sided_ranks_of_the_founding_run() {
        // 4,521 requests, p99, two-sided 95 %: 97.5 % on each side.
        let confidence = Probability::from_ppb(975_000_000).unwrap();
        assert_eq!(lower_rank(4_521, Probability::P99, confidence), Some(4_462));
        assert_eq!(upper_rank(4_521, Probability::P99, confidence), Some(4_489));
    }

    #[test]
    fn nothing_has_no_bound() {
        assert_eq!(upper_rank(0, Probability::P50, C), None);
        assert_eq!(lower_rank(0, Probability::P50, C), None);
        assert_eq!(lower_rank(4, Probability::P50, C), None);
        assert_eq!(lower_rank(5, Probability::P50, C), Some(1));
    }

    #[test]
    fn ranks_of_dependent_values_lie_further_out() {
        // 100 of 1,000 count: rank 96 of 100 (p90) becomes 960 of 1,000, where 1,000 alone would give 916.
        assert_eq!(upper_rank(100, Probability::P90, C), Some(96));
        assert_eq!(mapped_upper_rank(1_000, 100, Probability::P90, C), Some(960));
        assert_eq!(upper_rank(1_000, Probability::P90, C), Some(916));
        assert_eq!(lower_rank(100, Probability::P90, C), Some(85));
        assert_eq!(mapped_lower_rank(1_000, 100, Probability::P90, C), Some(841));
        // Fractions of a rank are rounded outward: 960.96 and 840.84.
        assert_eq!(mapped_upper_rank(1_001, 100, Probability::P90, C), Some(961));
        assert_eq!(mapped_lower_rank(1_001, 100, Probability::P90, C), Some(841));
    }

    #[test]
    fn a_count_beyond_all_reason_is_answered_at_once() {
        let rank = upper_rank(COUNT_MAX, Probability::P50, C).unwrap();
        assert!(rank > COUNT_MAX / 2 && rank < COUNT_MAX / 2 + COUNT_MAX / 10_000);
    }

    proptest! {
        #[test]
        fn ranks_enclose_the_quantile_and_are_the_first_that_do(
            count in 1..5_000u64,
            ppb in 1..1_000_000_000u64,
        ) {
            let quantile = Probability::from_ppb(ppb).unwrap();
            let binomial = Binomial { trials: count, success: quantile };
            if let Some(upper) = upper_rank(count, quantile, C) {
                prop_assert!(upper >= quantile.rank(count));
                prop_assert!(binomial.at_most(upper - 1) >= 0.95 - 1e-12);
                prop_assert!(upper == 1 || binomial.at_most(upper - 2) < 0.95 + 1e-12);
            }
            if let Some(lower) = lower_rank(count, quantile, C) {
                prop_assert!(lower <= quantile.rank(count));
                prop_assert!(binomial.at_least(lower) >= 0.95 - 1e-12);
                prop_assert!(lower == count || binomial.at_least(lower + 1) < 0.95 + 1e-12);
            }
        }

        #[test]
        fn fewer_effective_values_never_narrow(
            count in 600..5_000u64,
            a in 300..600u64,
            b in 300..600u64,
        ) {
            let (few, many) = (a.min(b), a.max(b));
            let upper = |effective| mapped_upper_rank(count, effective, Probability::P99, C);
            let lower = |effective| mapped_lower_rank(count, effective, Probability::P99, C);
            // Ranks are whole numbers, so that a few values more may widen by the steps of one rank.
            let step = count.div_ceil(few) + 1;
            prop_assert!(upper(few).unwrap() + step >= upper(many).unwrap());
            prop_assert!(lower(few).unwrap() <= lower(many).unwrap() + step);
        }
    }
}
