//! Has the run settled? Whether its last half still trends.

use crate::value::Value;

/// The normal form of the Mann-Kendall test holds from ten values on (Kendall 1975), and the last half is tested.
const STEADY_WINDOWS_MIN: usize = 20;
/// The least chance that passes: a certification may call a level subject unsteady by chance alone once in a hundred.
pub const STEADY_P_PPB_MIN: u64 = 10_000_000;

const ONE_PPB: f64 = 1e9;

/// What the Mann-Kendall test says of one list or of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trend {
    /// Pairs that rise with time less pairs that fall.
    pub score: i64,
    /// How often chance alone gives a score this far from nought, two-sided, in parts per billion, rounded up.
    pub p_ppb: u64,
}

/// Tests the last halves of the windows' quantiles of all runs behind one measurement for a trend that they share, and
/// passes from [`STEADY_P_PPB_MIN`] on. Each run begins with a fresh process, so a subject that has not settled, or that
/// slows down as it runs, shows it in every one of them; what the machine did beside one of them is no trend of the
/// subject's. None unless a run has twenty windows: too short to tell.
pub fn steady_state(runs: &[Vec<Value>]) -> Option<Trend> {
    let long = runs.iter().filter(|windows| windows.len() >= STEADY_WINDOWS_MIN);
    let halves: Vec<&[Value]> = long.map(|windows| &windows[windows.len() / 2..]).collect();
    (!halves.is_empty()).then(|| mann_kendall(&halves))
}

/// The Mann-Kendall test (Mann 1945, Kendall 1975) with corrections for ties and continuity, pooled over several lists
/// (Hirsch, Slack and Smith 1982).
///
/// With S the score, Z = (|S| - 1) / sqrt(V) and V = [n (n - 1) (2 n + 5) - sum over ties of t (t - 1) (2 t + 5)] / 18;
/// p = erfc(Z / sqrt 2). Of several lists, S and V are the sums.
pub fn mann_kendall<T: Ord + Copy>(lists: &[&[T]]) -> Trend {
    let parts = lists.iter().map(|values| score_and_spread(values));
    let (score, spread) = parts.fold((0, 0.0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
    let variance = spread / 18.0;
    if score == 0 || variance <= 0.0 {
        return Trend { score, p_ppb: 1_000_000_000 };
    }
    let z = (score.unsigned_abs() - 1) as f64 / libm::sqrt(variance);
    let p = libm::erfc(z / std::f64::consts::SQRT_2);
    Trend { score, p_ppb: libm::ceil(p * ONE_PPB) as u64 }
}

/// The score of one list, and eighteen times its variance, a whole number as long as the list is shorter than 10^5.
fn score_and_spread<T: Ord + Copy>(values: &[T]) -> (i64, f64) {
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
    (score, spread(values.len()) - tied)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::Random;

    fn passes(runs: &[Vec<Value>]) -> Option<bool> {
        steady_state(runs).map(|trend| trend.p_ppb >= STEADY_P_PPB_MIN)
    }

    /// Whether a run that is tested alone is called steady.
    fn steady(windows: &[Value]) -> Option<bool> {
        passes(&[windows.to_vec()])
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

    #[test]
    fn what_all_runs_share_is_a_trend_and_what_befell_one_is_not() {
        let mut random = Random::new(3);
        let mut run = |rise: u64| windows((0..60).map(|i| 1_000 + i * rise + random.below(100)));
        assert_eq!(passes(&[run(0), run(0), run(20), run(0), run(0)]), Some(true));
        assert_eq!(steady(&run(20)), Some(false), "alone it is one");
        // Each too weak to be seen alone.
        let weak: Vec<_> = (0..5).map(|_| run(1)).collect();
        assert!(weak.iter().all(|run| steady(run) == Some(true)));
        assert_eq!(passes(&weak), Some(false));
        let opposed = windows((0..60).map(|i| 3_000 - i * 20));
        assert_eq!(passes(&[run(20), opposed]), Some(true));
    }

    #[test]
    fn runs_that_are_too_short_have_no_say() {
        assert_eq!(passes(&[]), None);
        assert_eq!(passes(&[windows(0..19), windows(0..19)]), None);
        assert_eq!(passes(&[windows(0..19), windows([7; 20])]), Some(true));
    }

    /// Of 2,000 certifications of a level subject, how many are called unsteady.
    fn false_alarms(runs: usize) -> usize {
        let mut random = Random::new(2);
        let mut level = || windows((0..60).map(|_| random.below(1_000)));
        (0..2_000).filter(|_| passes(&(0..runs).map(|_| level()).collect::<Vec<_>>()) == Some(false)).count()
    }

    #[test]
    fn chance_is_taken_for_a_trend_once_in_a_hundred_certifications() {
        // 20 are expected, with a standard deviation of 4.4, however many runs there are.
        for runs in [1, 5] {
            let alarms = false_alarms(runs);
            assert!((7..=34).contains(&alarms), "{alarms} of 2000 with {runs} runs");
        }
    }

    proptest! {
        #[test]
        fn the_score_is_that_of_all_pairs(values in prop::collection::vec(0..20u64, 0..60)) {
            let mut score = 0i64;
            for (i, a) in values.iter().enumerate() {
                score += values[i + 1..].iter().map(|b| b.cmp(a) as i64).sum::<i64>();
            }
            prop_assert_eq!(mann_kendall(&[&values]).score, score);
        }
    }
}
