//! Has the run settled? Whether its last half still drifts.

use crate::value::Value;

/// Below this a quarter of the run has fewer than five windows, and its median is one window's accident.
const STEADY_WINDOWS_MIN: usize = 20;

/// How far every run's quantile drifted at least, in the same direction, within the last half of its windows: the median
/// window of the last quarter less that of the quarter before. Nought where the runs disagree about the direction; None
/// unless a run has twenty windows, which is too short to tell.
///
/// Each run begins with a fresh process, so a subject that has not settled, or that slows down as it runs, drifts in
/// every one of them; what the machine did beside one of them is no drift of the subject's. The least of five
/// independent runs is a lower bound of their median at 96.9 %, whatever the distribution, and however much one window
/// depends on the one before: tests for a trend within one run (Mann-Kendall) take windows for independent, which on a
/// busy machine they are not, and then find trends of no consequence in every second certification.
pub fn shared_drift(runs: &[Vec<Value>]) -> Option<Value> {
    let long = runs.iter().filter(|windows| windows.len() >= STEADY_WINDOWS_MIN);
    let drifts: Vec<Drift> = long.filter_map(|windows| drift(windows)).collect();
    let size = |drift: &Drift| drift.size;
    let least = drifts.iter().map(size).min()?;
    let agree = drifts.iter().all(|drift| drift.rises) || drifts.iter().all(|drift| !drift.rises);
    Some(if agree { least } else { Value::Finite(0) })
}

struct Drift {
    rises: bool,
    size: Value,
}

fn drift(windows: &[Value]) -> Option<Drift> {
    let last_half = &windows[windows.len() / 2..];
    let (early, late) = last_half.split_at(last_half.len() / 2);
    let (early, late) = (median(early)?, median(late)?);
    let size = match (early, late) {
        (Value::Finite(early), Value::Finite(late)) => Value::Finite(early.abs_diff(late)),
        (Value::Infinite, Value::Infinite) => Value::Finite(0),
        _ => Value::Infinite,
    };
    Some(Drift { rises: late > early, size })
}

/// The lower of the two middle values where there are two, as everywhere.
fn median(windows: &[Value]) -> Option<Value> {
    let mut sorted = windows.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len().checked_sub(1)? / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Random;

    fn windows(values: impl IntoIterator<Item = u64>) -> Vec<Value> {
        values.into_iter().map(Value::Finite).collect()
    }

    /// A minute that rises by `rise` a second, with neighbours that depend on each other.
    fn minute(random: &mut Random, rise: u64) -> Vec<Value> {
        let mut level = 500;
        windows((0..60).map(|second| {
            level = (level * 7 + random.below(1_000) * 3) / 10;
            1_000 + level + second * rise
        }))
    }

    #[test]
    fn the_drift_is_that_between_the_last_two_quarters() {
        let mut stairs = windows((0..40).map(|second| second / 10 * 100));
        assert_eq!(shared_drift(std::slice::from_ref(&stairs)), Some(Value::Finite(100)));
        stairs.reverse();
        assert_eq!(shared_drift(&[stairs]), Some(Value::Finite(100)));
        let warming = windows((0..40).map(|second| if second < 20 { 9_000 } else { 100 }));
        assert_eq!(
            shared_drift(&[warming]),
            Some(Value::Finite(0)),
            "what settles in the first half is warm-up"
        );
    }

    #[test]
    fn a_run_that_begins_to_fail_drifts_without_end() {
        let failing = |from| -> Vec<_> {
            (0..40).map(|second| if second < from { Value::Finite(7) } else { Value::Infinite }).collect()
        };
        assert_eq!(shared_drift(&[failing(30)]), Some(Value::Infinite));
        assert_eq!(shared_drift(&[failing(20)]), Some(Value::Finite(0)), "it fails evenly");
        assert_eq!(shared_drift(&[failing(40)]), Some(Value::Finite(0)));
    }

    #[test]
    fn what_all_runs_share_counts_and_what_befell_one_does_not() {
        let mut random = Random::new(3);
        let mut runs: Vec<_> = (0..5).map(|_| minute(&mut random, 100)).collect();
        // A quarter is 15 s, so 1,500 and what chance adds.
        let Some(Value::Finite(shared)) = shared_drift(&runs) else { panic!("they are long enough") };
        assert!((1_000..1_600).contains(&shared), "{shared}");
        runs[2] = minute(&mut random, 0);
        let Some(Value::Finite(shared)) = shared_drift(&runs) else { panic!("they are long enough") };
        assert!(shared < 500, "{shared}");
        runs[2].reverse();
        runs[3].reverse();
        assert_eq!(shared_drift(&runs), Some(Value::Finite(0)), "they disagree");
    }

    #[test]
    fn runs_that_are_too_short_have_no_say() {
        assert_eq!(shared_drift(&[]), None);
        assert_eq!(shared_drift(&[windows(0..19)]), None);
        assert_eq!(shared_drift(&[windows(0..19), windows([7; 20])]), Some(Value::Finite(0)));
    }

    /// Dependent windows, as a busy machine makes them: how often five level runs seem to share a drift of a tenth of
    /// their own level.
    #[test]
    fn a_level_subject_on_a_busy_machine_is_not_found_to_drift() {
        let mut random = Random::new(2);
        let mut alarm = || {
            let runs: Vec<_> = (0..5).map(|_| minute(&mut random, 0)).collect();
            shared_drift(&runs) > Some(Value::Finite(150))
        };
        let alarms = (0..2_000).filter(|_| alarm()).count();
        assert!(alarms <= 20, "{alarms} of 2000");
    }
}
