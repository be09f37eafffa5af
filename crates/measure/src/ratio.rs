//! Bounds of a ratio of successes: Clopper and Pearson's exact interval, one side at a time.
//!
//! C. J. Clopper and E. S. Pearson 1934, "The use of confidence or fiducial limits illustrated in the case of the
//! binomial". With k = n it is the zero-failure demonstration: the n-th root of 1 - confidence.

use crate::binomial::{Binomial, TRIALS_MAX, is_at_most};
use crate::probability::Probability;
use crate::rank::first_true;

const ONE_PPB: u64 = 1_000_000_000;

/// The upper bound, in parts per billion, of the ratio of which `count` of `trials` were seen: the smallest p in whole
/// parts per billion with P(Bin(n, p) <= k) <= 1 - confidence, so that it is rounded up. One where nothing was tried.
pub fn clopper_pearson_upper(count: u64, trials: u64, confidence: Probability) -> u64 {
    let (count, trials) = folded(count.min(trials), trials);
    if count == trials {
        return ONE_PPB;
    }
    let alpha = confidence.complement();
    first_true(0, ONE_PPB, |ppb| is_at_most(binomial(trials, ppb).at_most(count), alpha)).unwrap_or(ONE_PPB)
}

/// The lower bound, in parts per billion, of the ratio of which `count` of `trials` were seen: one less the upper
/// bound of the failures, so that it is rounded down. Zero where nothing was tried.
pub fn clopper_pearson_lower(count: u64, trials: u64, confidence: Probability) -> u64 {
    ONE_PPB - clopper_pearson_upper(trials.saturating_sub(count), trials, confidence)
}

fn binomial(trials: u64, ppb: u64) -> Binomial {
    Binomial { trials, success: Probability::from_ppb(ppb).unwrap_or(Probability::ONE) }
}

/// Count and trials divided by the same power of two until the tails can be summed, both rounded so that the bound
/// can only rise.
fn folded(count: u64, trials: u64) -> (u64, u64) {
    let (mut count, mut trials) = (count, trials);
    while trials > TRIALS_MAX {
        trials /= 2;
        count = count.div_ceil(2).min(trials);
    }
    (count, trials)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const C: Probability = Probability::P95;

    #[test]
    fn what_drills_demonstrate() {
        let known = [(3, 3, 368), (5, 5, 549), (10, 10, 741), (19, 20, 784), (100, 100, 970)];
        for (count, trials, per_mille) in known {
            let lower = clopper_pearson_lower(count, trials, C);
            assert_eq!((lower + 500_000) / 1_000_000, per_mille, "{count} of {trials}: {lower} ppb");
        }
    }

    #[test]
    fn a_bound_of_nothing_says_nothing() {
        assert_eq!((clopper_pearson_lower(0, 0, C), clopper_pearson_upper(0, 0, C)), (0, ONE_PPB));
        assert_eq!((clopper_pearson_lower(0, 9, C), clopper_pearson_upper(9, 9, C)), (0, ONE_PPB));
        // More successes than trials are as many as trials.
        assert_eq!(clopper_pearson_lower(10, 9, C), clopper_pearson_lower(9, 9, C));
        assert_eq!(clopper_pearson_upper(1, 3, Probability::ONE), ONE_PPB);
        assert_eq!(clopper_pearson_upper(1, 3, Probability::ZERO), 0);
    }

    #[test]
    fn folding_rounds_so_that_the_bound_rises() {
        assert_eq!(folded(1, TRIALS_MAX), (1, TRIALS_MAX));
        assert_eq!(folded(1, 1 << 31), (1, 1 << 29));
        assert_eq!(folded(5, (1 << 31) + 3), (2, 1 << 29));
        assert_eq!(folded((1 << 31) + 1, (1 << 31) + 1), (1 << 29, 1 << 29));
    }

    #[test]
    fn more_trials_than_can_be_summed_are_answered_outward() {
        let huge = 1 << 53;
        let upper = clopper_pearson_upper(huge / 1_000, huge, C);
        assert!((1_000_000..1_010_000).contains(&upper), "{upper}");
        assert!((1..20).contains(&clopper_pearson_upper(1, huge, C)));
    }

    proptest! {
        #[test]
        fn the_bounds_enclose_the_ratio_and_are_the_first_that_do(trials in 1..3_000u64, part in 0..=1_000u64) {
            let count = trials * part / 1_000;
            let upper = clopper_pearson_upper(count, trials, C);
            let lower = clopper_pearson_lower(count, trials, C);
            prop_assert!(u128::from(lower) * u128::from(trials) <= u128::from(count) * u128::from(ONE_PPB));
            prop_assert!(u128::from(upper) * u128::from(trials) >= u128::from(count) * u128::from(ONE_PPB));
            if count < trials {
                prop_assert!(binomial(trials, upper).at_most(count) <= 0.05 + 1e-12);
                prop_assert!(binomial(trials, upper - 1).at_most(count) > 0.05 - 1e-12);
            }
            if count > 0 {
                prop_assert!(binomial(trials, lower).at_least(count) <= 0.05 + 1e-12);
                prop_assert!(binomial(trials, lower + 1).at_least(count) > 0.05 - 1e-12);
            }
        }
    }
}
