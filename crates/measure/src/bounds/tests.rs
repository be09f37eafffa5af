use proptest::prelude::*;

use super::*;
use crate::series::BATCH_NS;
use crate::testing::Random;

/// 20 s at 200/s with exponential times of mean 10 ms, each repeated `block` times in a row.
fn trial(random: &mut Random, block: u64) -> Series {
    let mut series = Series::new();
    let mut ns = 0;
    for i in 0..4_000 {
        if i % block == 0 {
            ns = (-libm::log1p(-random.unit()) * 1e7) as u64;
        }
        series.record(i * 5_000_000, Value::Finite(ns));
    }
    series
}

/// How many of `trials` bounds of p90 hold for the true p90, 10 ms * ln 10: upper, lower.
fn coverage(seed: u64, block: u64, trials: u64) -> (usize, usize) {
    let truth = Value::Finite(23_025_850);
    let mut random = Random::new(seed);
    let bounds: Vec<_> = (0..trials)
        .filter_map(|_| within_trial_bounds(&trial(&mut random, block), Probability::P90))
        .collect();
    let upper = bounds.iter().filter(|b| b.upper.is_some_and(|upper| upper >= truth)).count();
    let lower = bounds.iter().filter(|b| b.lower.is_some_and(|lower| lower <= truth)).count();
    (upper, lower)
}

#[test]
fn the_bounds_hold_as_often_as_they_say() {
    // Of 400 at 95 %, 380 are expected with a standard deviation of 4.4; 367 is three of them less.
    for (seed, block) in [(1, 1), (2, 5), (3, 20)] {
        let (upper, lower) = coverage(seed, block, 400);
        assert!(upper >= 367, "upper bounds hold {upper} of 400 times with blocks of {block}");
        assert!(lower >= 367, "lower bounds hold {lower} of 400 times with blocks of {block}");
    }
}

#[test]
fn the_bounds_enclose_the_value_and_widen_with_correlation() {
    let mut random = Random::new(4);
    let loose = within_trial_bounds(&trial(&mut random, 20), Probability::P90).unwrap();
    let tight = within_trial_bounds(&trial(&mut random, 1), Probability::P90).unwrap();
    assert!(loose.effective_count.unwrap() < 500 && tight.effective_count.unwrap() > 2_000);
    let width =
        |b: &TrialBounds| b.upper.unwrap().finite_ns().unwrap() - b.lower.unwrap().finite_ns().unwrap();
    assert!(width(&loose) > 2 * width(&tight));
    assert!(loose.lower.unwrap() <= loose.value && loose.value <= loose.upper.unwrap());
}

#[test]
fn below_the_minimum_there_is_a_value_and_no_bound() {
    let mut series = Series::new();
    for i in 0..298 {
        series.record(i * BATCH_NS / 10, Value::Finite(i));
    }
    let bounds = within_trial_bounds(&series, Probability::P99).unwrap();
    assert_eq!((bounds.lower, bounds.upper), (None, None));
    assert_eq!((bounds.value, bounds.count), (Value::Finite(295), 298));
    assert_eq!(within_trial_bounds(&Series::new(), Probability::P99), None);
}

#[test]
fn a_trial_of_less_than_ten_batches_has_no_bound() {
    let mut series = Series::new();
    for i in 0..9_000u64 {
        series.record(i * BATCH_NS / 1_000, Value::Finite(i % 100));
    }
    let bounds = within_trial_bounds(&series, Probability::P50).unwrap();
    assert_eq!((bounds.effective_count, bounds.upper), (None, None));
}

#[test]
fn equal_times_are_their_own_bounds() {
    let mut series = Series::new();
    for i in 0..1_000 {
        series.record(i * BATCH_NS / 10, Value::Finite(0));
    }
    let bounds = within_trial_bounds(&series, Probability::P90).unwrap();
    assert_eq!((bounds.lower, bounds.upper), (Some(Value::Finite(0)), Some(Value::Finite(0))));
    assert_eq!(bounds.effective_count, Some(1_000));
}

#[test]
fn a_stall_that_shares_one_bucket_still_counts_as_one() {
    // 5 % of the values, all in one of sixty seconds, share the bucket of p99: nothing is above it, and only the
    // indicator "at or above" sees the stall.
    let mut series = Series::new();
    for i in 0..6_000u64 {
        let stalled = (3_000..3_300).contains(&i);
        series.record(i * BATCH_NS / 10, if stalled { Value::Infinite } else { Value::Finite(5) });
    }
    let bounds = within_trial_bounds(&series, Probability::P99).unwrap();
    assert_eq!(bounds.value, Value::Infinite);
    assert!(bounds.effective_count.unwrap() < 100);
    assert_eq!(bounds.upper, None);
}

#[test]
fn failures_make_the_upper_bound_infinite() {
    let mut series = Series::new();
    for i in 0..3_000u64 {
        series.record(i * BATCH_NS / 10, if i % 110 == 0 { Value::Infinite } else { Value::Finite(i % 50) });
    }
    let bounds = within_trial_bounds(&series, Probability::P99).unwrap();
    assert_eq!(bounds.value, Value::Finite(49));
    assert_eq!(bounds.upper, Some(Value::Infinite));
}

#[test]
fn five_trials_are_bounded_by_their_extremes() {
    let five = between_trials(&[5, 1, 4, 2, 3]).unwrap();
    assert_eq!(five, BetweenTrials { median: 3, lower: 1, upper: 5, confidence_ppb: 968_750_000 });
    let with_infinity = between_trials(&[Value::Infinite, Value::Finite(3), Value::Finite(1)]).unwrap();
    assert_eq!((with_infinity.median, with_infinity.upper), (Value::Finite(3), Value::Infinite));
}

#[test]
fn of_an_even_number_the_upper_middle_is_the_median() {
    assert_eq!(between_trials(&[1, 2, 3, 4]).unwrap().median, 3);
    assert_eq!(between_trials(&[1, 2]).unwrap().median, 2);
}

#[test]
fn confidence_is_rounded_down() {
    let confidence = |trials: usize| between_trials(&vec![0u64; trials]).map(|b| b.confidence_ppb);
    assert_eq!(confidence(0), None);
    assert_eq!(confidence(1), Some(500_000_000));
    assert_eq!(confidence(10), Some(999_023_437));
    assert_eq!(confidence(29), Some(999_999_998));
    assert_eq!(confidence(100), Some(999_999_999));
}

proptest! {
    #[test]
    fn the_order_of_trials_does_not_matter(mut trials in prop::collection::vec(0..100u64, 1..12)) {
        let shuffled = between_trials(&trials);
        trials.reverse();
        prop_assert_eq!(between_trials(&trials), shuffled);
    }
}
