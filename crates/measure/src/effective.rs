//! How many independent values a run's values are worth, by batch means.

/// What one batch says of an indicator: how many values it has, and for how many the indicator holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchCount {
    /// Values in the batch.
    pub count: u64,
    /// Those for which the indicator holds.
    pub exceeding: u64,
}

/// Adjacent batches are grouped down to about this many: more groups add little (B. Schmeiser 1982, "Batch size
/// effects in the analysis of simulation output"), while longer groups see slower correlation.
const GROUPS: usize = 30;
/// With fewer groups their variance is hardly known: a factor of two either way.
const GROUPS_MIN: usize = 10;

/// The number of independent values that would give the indicator's ratio the same variance: n / max(1, D), rounded
/// down. None where fewer than ten groups of batches have a value.
///
/// D is the design effect of the ratio estimator over B groups of adjacent batches with counts n_b and exceedances
/// e_b, with p = sum e_b / n (L. Kish 1965, Survey Sampling, sections 5.4 and 6.1; for equal n_b it is the batch-means
/// estimator): D = B / (B - 1) * sum (e_b - p n_b)^2 / (n p (1 - p)).
///
/// It assumes that the run is stationary and that groups (a thirtieth of the run, at least 100 ms) are about
/// independent: correlation over longer times is understated. With 30 to 59 groups D itself has a relative standard
/// deviation of sqrt(2 / (B - 1)), 26 % to 19 %, so that independent values give n on average nine tenths. An
/// indicator that never or always holds says nothing of correlation: n.
pub fn effective_count(batches: &[BatchCount]) -> Option<u64> {
    let groups: Vec<_> = grouped(batches);
    let total = groups.iter().copied().fold(EMPTY, sum);
    if groups.len() < GROUPS_MIN {
        return None;
    }
    let (n, exceeding) = (total.count as f64, total.exceeding as f64);
    let ratio = exceeding / n;
    let expected = exceeding * (1.0 - ratio);
    if total.exceeding == 0 || total.exceeding >= total.count {
        return Some(total.count);
    }
    let squares: f64 = groups
        .iter()
        .map(|group| {
            let difference = group.exceeding as f64 - ratio * group.count as f64;
            difference * difference
        })
        .sum();
    let groups = groups.len() as f64;
    let design_effect = groups / (groups - 1.0) * squares / expected;
    if design_effect <= 1.0 {
        return Some(total.count);
    }
    Some(((n / design_effect) as u64).min(total.count))
}

const EMPTY: BatchCount = BatchCount { count: 0, exceeding: 0 };

/// Sums of equally many adjacent batches, without those that have no value.
fn grouped(batches: &[BatchCount]) -> Vec<BatchCount> {
    let size = (batches.len() / GROUPS).max(1);
    let sums = batches.chunks(size).map(|group| group.iter().copied().fold(EMPTY, sum));
    sums.filter(|group| group.count > 0).collect()
}

fn sum(a: BatchCount, b: BatchCount) -> BatchCount {
    BatchCount {
        count: a.count.saturating_add(b.count),
        exceeding: a.exceeding.saturating_add(b.exceeding.min(b.count)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::Random;

    /// A chain of two states that holds with probability `p` and whose neighbours correlate by `rho`: it keeps its
    /// state with probability rho and else draws anew. The design effect of a long run is (1 + rho) / (1 - rho).
    fn chain(random: &mut Random, batches: usize, per_batch: u64, p: f64, rho: f64) -> Vec<BatchCount> {
        let mut state = random.unit() < p;
        let mut batch = || {
            let mut exceeding = 0;
            for _ in 0..per_batch {
                if random.unit() >= rho {
                    state = random.unit() < p;
                }
                exceeding += u64::from(state);
            }
            BatchCount { count: per_batch, exceeding }
        };
        (0..batches).map(|_| batch()).collect()
    }

    /// The mean of n_eff / n over 300 runs of 60 s at 100/s.
    fn mean_worth(seed: u64, p: f64, rho: f64) -> f64 {
        let mut random = Random::new(seed);
        let mut worth = || effective_count(&chain(&mut random, 600, 10, p, rho)).unwrap() as f64 / 6_000.0;
        (0..300).map(|_| worth()).sum::<f64>() / 300.0
    }

    #[test]
    fn independent_values_are_worth_nearly_all_of_themselves() {
        for (seed, p) in [(1, 0.5), (2, 0.1), (3, 0.01)] {
            let worth = mean_worth(seed, p, 0.0);
            assert!((0.87..0.97).contains(&worth), "{worth} at {p}");
        }
    }

    #[test]
    fn correlated_values_are_worth_what_theory_says() {
        for (seed, p, rho) in [(4, 0.5, 0.5), (5, 0.1, 0.8), (6, 0.05, 0.9), (7, 0.5, 0.95)] {
            let truth = (1.0 - rho) / (1.0 + rho);
            let worth = mean_worth(seed, p, rho);
            // 1 / D over 30 groups exceeds 1 / E(D) by about 2 / (B - 1) = 7 %.
            assert!((0.9..1.2).contains(&(worth / truth)), "{worth} where {truth} is true");
        }
    }

    #[test]
    fn gaussian_correlation_is_worth_what_theory_says() {
        // AR(1) with coefficient phi: the indicator "above the median" has the autocorrelation (2 / pi) asin(phi^k).
        let phi = 0.9f64;
        let sum: f64 =
            (1..500).map(|k| std::f64::consts::FRAC_2_PI * libm::asin(libm::pow(phi, f64::from(k)))).sum();
        let truth = 1.0 / (1.0 + 2.0 * sum);
        let mut random = Random::new(8);
        let mut run = || {
            let mut x = 0.0;
            let mut batch = || {
                let above = (0..10).filter(|_| {
                    let normal: f64 = (0..12).map(|_| random.unit()).sum::<f64>() - 6.0;
                    x = phi * x + libm::sqrt(1.0 - phi * phi) * normal;
                    x > 0.0
                });
                BatchCount { count: 10, exceeding: above.count() as u64 }
            };
            let batches: Vec<_> = (0..600).map(|_| batch()).collect();
            effective_count(&batches).unwrap() as f64 / 6_000.0
        };
        let worth = (0..300).map(|_| run()).sum::<f64>() / 300.0;
        assert!((0.9..1.2).contains(&(worth / truth)), "{worth} where {truth} is true");
    }

    #[test]
    fn values_in_blocks_are_worth_their_blocks() {
        // Every batch holds or does not hold as a whole: 10 values are worth one.
        let mut random = Random::new(9);
        let mut worth = || {
            let batches: Vec<_> = (0..600)
                .map(|_| BatchCount { count: 10, exceeding: 10 * u64::from(random.unit() < 0.2) })
                .collect();
            effective_count(&batches).unwrap() as f64 / 6_000.0
        };
        let worth = (0..300).map(|_| worth()).sum::<f64>() / 300.0;
        assert!((0.09..0.12).contains(&worth), "{worth}");
    }

    #[test]
    fn one_long_stall_is_worth_little() {
        // 1 % of the values exceed, all in one second of sixty.
        let stalled = |i| BatchCount { count: 100, exceeding: if (300..306).contains(&i) { 100 } else { 0 } };
        let batches: Vec<_> = (0..600).map(stalled).collect();
        assert!(effective_count(&batches).unwrap() < 120);
    }

    #[test]
    fn too_few_batches_cannot_tell() {
        let batch = BatchCount { count: 100, exceeding: 1 };
        assert_eq!(effective_count(&[]), None);
        assert_eq!(effective_count(&[batch; 9]), None);
        assert_eq!(effective_count(&[batch; 10]), Some(1_000));
        let mut sparse = [EMPTY; 100];
        sparse[..27].fill(batch);
        assert_eq!(effective_count(&sparse), None, "27 batches in groups of three");
    }

    #[test]
    fn an_indicator_without_variance_says_nothing() {
        for exceeding in [0, 50] {
            assert_eq!(effective_count(&[BatchCount { count: 50, exceeding }; 20]), Some(1_000));
        }
    }

    proptest! {
        #[test]
        fn it_is_never_more_than_all_and_never_panics(
            batches in prop::collection::vec((any::<u64>(), any::<u64>()), 0..80),
            shift in 0..64u32,
        ) {
            let batches: Vec<_> = batches
                .into_iter()
                .map(|(count, exceeding)| BatchCount { count: count >> shift, exceeding: exceeding >> shift })
                .collect();
            let total = batches.iter().fold(0u64, |sum, batch| sum.saturating_add(batch.count));
            prop_assert!(effective_count(&batches).is_none_or(|n| n <= total));
        }
    }
}
