//! Has the run settled? Whether its last half still trends.

use crate::value::Value;

/// The normal form of the Mann-Kendall test holds from ten values on (Kendall 1975), and the last half is tested.
const STEADY_WINDOWS_MIN: usize = 20;
/// How often a certification may call a level subject unsteady by chance alone: once in a hundred. All the runs behind
/// one measurement share it (Bonferroni), or five trials would raise five times as many false alarms as one.
const FALSE_ALARMS_PPB: u64 = 10_000_000;

const ONE_PPB: f64 = 1e9;

/// Whether the last half of a run was level, and how surely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SteadyState {
    /// How often a level run looks as unsteady as this one by chance, in parts per billion.
    pub p_ppb: u64,
    /// The least that passes: the share of false alarms that falls to this run, in parts per billion.
    pub limit_ppb: u64,
}

impl SteadyState {
    /// Whether what was measured may be taken for what will be.
    pub fn passed(self) -> bool {
        self.p_ppb >= self.limit_ppb
    }
}

/// What the Mann-Kendall test says of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trend {
    /// Pairs that rise with time less pairs that fall.
    pub score: i64,
    /// How often chance alone gives a score this far from nought, two-sided, in parts per billion, rounded up.
    pub p_ppb: u64,
}

/// Tests the last half of the windows' quantiles for a trend; `runs` are tested for one measurement. None with fewer
/// than twenty windows: too short to tell.
pub fn steady_state(window_quantiles: &[Value], runs: usize) -> Option<SteadyState> {
    if window_quantiles.len() < STEADY_WINDOWS_MIN {
        return None;
    }
    let last_half = &window_quantiles[window_quantiles.len() / 2..];
    Some(SteadyState {
        p_ppb: mann_kendall(last_half).p_ppb,
        limit_ppb: FALSE_ALARMS_PPB / (runs.max(1) as u64),
    })
}

/// The Mann-Kendall test (Mann 1945, Kendall 1975) with corrections for ties and continuity.
///
/// With S the score, Z = (|S| - 1) / sqrt(V) and V = [n (n - 1) (2 n + 5) - sum over ties of t (t - 1) (2 t + 5)] / 18;
/// p = erfc(Z / sqrt 2).
pub fn mann_kendall<T: Ord + Copy>(values: &[T]) -> Trend {
    let mut sorted: Vec<T> = Vec::with_capacity(values.len());
    let mut score = 0i64;
    for value in values {
        let below = sorted.partition_point(|other| other < value);
        let not_above = sorted.partition_point(|other| other <= value);
        score += below as i64 - (sorted.len() - not_above) as i64;
        sorted.insert(not_above, *value);
    }
    let spread = |n: usize| (n as f64) * (n as f64 - 1.0) * (2.0 * n as f64 + 5.0);
    let tied: f64 = sorted.chunk_by(|a, b| a == b).map(|tie| spread(tie.len())).sum();
    let variance = (spread(values.len()) - tied) / 18.0;
    if score == 0 || variance <= 0.0 {
        return Trend { score, p_ppb: 1_000_000_000 };
    }
    let z = (score.unsigned_abs() - 1) as f64 / libm::sqrt(variance);
    let p = libm::erfc(z / std::f64::consts::SQRT_2);
    Trend { score, p_ppb: libm::ceil(p * ONE_PPB) as u64 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::Random;

    /// Whether a run that is tested alone is called steady.
    fn steady(windows: &[Value]) -> Option<bool> {
        steady_state(windows, 1).map(SteadyState::passed)
    }

    fn windows(values: impl IntoIterator<Item = u64>) -> Vec<Value> {
        values.into_iter().map(Value::Finite).collect()
    }

    #[test]
    fn a_level_run_is_steady_and_a_rising_one_is_not() {
        let mut random = Random::new(1);
        let level = windows((0..60).map(|_| 1_000 + random.below(100)));
        assert_eq!(steady(&level), Some(true));
        let rising = windows((0..60).map(|i| 1_000 + i * 10 + random.below(100)));
        assert_eq!(steady(&rising), Some(false));
        let falling = windows((0..60).map(|i| 2_000 - i * 10 + random.below(100)));
        assert_eq!(steady(&falling), Some(false));
        let failing: Vec<_> =
            (0..30).map(|i| if i < 22 { Value::Finite(i % 3) } else { Value::Infinite }).collect();
        assert_eq!(steady(&failing), Some(false));
    }

    #[test]
    fn a_trend_in_the_first_half_is_warm_up() {
        let warming = windows((0..60).map(|i| if i < 30 { 3_000 - i * 100 } else { 100 + i * 7 % 13 }));
        assert_eq!(steady(&warming), Some(true));
    }

    #[test]
    fn a_short_run_cannot_tell() {
        assert_eq!(steady(&windows(0..19)), None);
        assert_eq!(steady(&windows(0..20)), Some(false));
        assert_eq!(steady(&windows([7; 20])), Some(true));
    }

    /// Of 2,000 certifications of a level subject, how many have at least one run that is called unsteady.
    fn false_alarms(runs: usize) -> usize {
        let mut random = Random::new(2);
        let mut unsteady = || {
            let level = windows((0..60).map(|_| random.below(1_000)));
            !steady_state(&level, runs).unwrap().passed()
        };
        (0..2_000).filter(|_| (0..runs).filter(|_| unsteady()).count() > 0).count()
    }

    #[test]
    fn chance_is_taken_for_a_trend_once_in_a_hundred_certifications() {
        // 20 are expected, with a standard deviation of 4.4, however many runs share them.
        for runs in [1, 5] {
            let alarms = false_alarms(runs);
            assert!((7..=34).contains(&alarms), "{alarms} of 2000 with {runs} runs");
        }
    }

    #[test]
    fn the_limit_is_shared_among_the_runs() {
        let limit = |runs| steady_state(&windows([7; 20]), runs).unwrap().limit_ppb;
        assert_eq!([0, 1, 3, 5].map(limit), [10_000_000, 10_000_000, 3_333_333, 2_000_000]);
        let edge = |p_ppb| SteadyState { p_ppb, limit_ppb: 2_000_000 }.passed();
        assert!(edge(2_000_000) && !edge(1_999_999));
    }

    proptest! {
        #[test]
        fn the_score_is_that_of_all_pairs(values in prop::collection::vec(0..20u64, 0..60)) {
            let mut score = 0i64;
            for (i, a) in values.iter().enumerate() {
                score += values[i + 1..].iter().map(|b| b.cmp(a) as i64).sum::<i64>();
            }
            prop_assert_eq!(mann_kendall(&values).score, score);
        }
    }
}
