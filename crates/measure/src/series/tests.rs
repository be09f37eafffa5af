use proptest::prelude::*;

use super::*;
use crate::probability::Probability;

/// An offset within three seconds and a value.
fn sample() -> impl Strategy<Value = (u64, Value)> {
    let value = prop_oneof![
        1 => Just(Value::Infinite),
        9 => (0..20_000_000u64).prop_map(Value::Finite),
    ];
    (0..3_000_000_000u64, value)
}

fn of(samples: &[(u64, Value)]) -> Series {
    let mut series = Series::new();
    samples.iter().for_each(|&(offset_ns, value)| series.record(offset_ns, value));
    series
}

fn histogram_of(samples: &[(u64, Value)]) -> Histogram {
    let mut histogram = Histogram::new();
    samples.iter().for_each(|&(_, value)| histogram.record(value));
    histogram
}

#[test]
fn a_value_counts_where_its_request_was_meant() {
    let series =
        of(&[(0, Value::Finite(1)), (BATCH_NS, Value::Infinite), (11 * BATCH_NS - 1, Value::Finite(2))]);
    assert_eq!(series.batch_count(), 11);
    let counts: Vec<_> = series.batches().map(|batch| batch.count()).collect();
    assert_eq!(counts, [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    let windows: Vec<_> = series.windows().collect();
    assert_eq!(windows.len(), 2);
    assert_eq!((windows[0].count(), windows[0].infinite()), (2, 1));
    assert_eq!(windows[1].max(), Some(Value::Finite(2)));
}

#[test]
fn a_value_past_the_last_batch_is_not_dropped() {
    let series = of(&[(u64::MAX, Value::Finite(7))]);
    assert_eq!(series.batch_count(), BATCHES_MAX);
    assert_eq!(series.total().count(), 1);
}

#[test]
fn a_full_list_is_packed_while_the_batch_is_open() {
    let samples: Vec<_> = (0..100_000u64).map(|i| (i % BATCH_NS, Value::Finite(i % 1_000))).collect();
    let series = of(&samples);
    assert!(series.heap_bytes() < 64 * 1_024, "{} bytes", series.heap_bytes());
    assert_eq!(series.total(), histogram_of(&samples));
}

#[test]
fn a_value_that_comes_after_sealing_is_sealed_with_the_next() {
    let mut series = of(&[(0, Value::Finite(1)), (5 * BATCH_NS, Value::Finite(2))]);
    series.seal_before(u64::MAX);
    let sealed_bytes = series.heap_bytes();
    series.record(3, Value::Finite(1));
    assert!(series.heap_bytes() > sealed_bytes);
    series.seal_before(u64::MAX);
    assert_eq!(series.heap_bytes(), sealed_bytes);
    assert_eq!(series.total().count(), 3);
}

#[test]
fn a_batch_that_is_not_over_stays_open() {
    let mut series = of(&[(0, Value::Finite(1)), (BATCH_NS, Value::Finite(2))]);
    let open_bytes = series.heap_bytes();
    series.seal_before(BATCH_NS - 1);
    assert_eq!(series.heap_bytes(), open_bytes);
    series.seal_before(BATCH_NS);
    assert!(series.heap_bytes() < open_bytes);
}

#[test]
fn evidence_beyond_the_bounds_is_refused() {
    let many = std::iter::repeat_n(Counts::default(), BATCHES_MAX + 1);
    assert_eq!(Series::from_batches(many), Err(PairsError::Batches));
    let full = Counts::from_pairs([(0, COUNT_MAX)], 0).unwrap();
    let one = Counts::from_pairs([(0, 1)], 0).unwrap();
    assert_eq!(Series::from_batches([full, one]), Err(PairsError::Total));
}

/// 10^7 values over 100 s (100,000/s), sealed two seconds behind as a run does; as plain numbers they would be 80 MB.
/// The bound holds for any number of them: 1,000 batches of at most 6,900 buckets (0.1 to 10 ms), 2 bytes a bucket.
#[test]
fn ten_million_values_stay_small() {
    const BYTES_MAX: usize = 1_000 * 6_900 * 2;
    let mut series = Series::new();
    let mut state = 1u64;
    let mut peak = 0;
    for i in 0..10_000_000u64 {
        let offset_ns = i * 10_000;
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        // Latencies of 0.1 ms to 10 ms, the small ones oftener.
        let ns = 100_000 + (state >> 33) % 100_000 * ((state >> 20) % 100);
        series.record(offset_ns, Value::Finite(ns));
        if i % 10_000 == 0 {
            series.seal_before(offset_ns.saturating_sub(2_000_000_000));
            peak = peak.max(series.heap_bytes());
        }
    }
    series.seal_before(u64::MAX);
    assert!(peak < BYTES_MAX, "{peak} bytes");
    assert_eq!(series.total().count(), 10_000_000);
}

proptest! {
    #[test]
    fn the_total_is_the_sum_of_the_batches(samples in prop::collection::vec(sample(), 0..200)) {
        let series = of(&samples);
        let mut batches = Histogram::new();
        series.batches().for_each(|batch| batches.add(&batch));
        let mut windows = Histogram::new();
        series.windows().for_each(|window| windows.merge(&window));
        prop_assert_eq!(&batches, &histogram_of(&samples));
        prop_assert_eq!(&windows, &batches);
        prop_assert_eq!(&series.total(), &batches);
        prop_assert_eq!(series.total().quantile(Probability::P99), batches.quantile(Probability::P99));
    }

    #[test]
    fn sealing_changes_nothing(
        samples in prop::collection::vec(sample(), 0..200),
        seals in prop::collection::vec((0..200usize, 0..4_000_000_000u64), 0..10),
    ) {
        let plain = of(&samples);
        let mut sealed = Series::new();
        for (i, &(offset_ns, value)) in samples.iter().enumerate() {
            seals.iter().filter(|(at, _)| *at == i).for_each(|&(_, before_ns)| sealed.seal_before(before_ns));
            sealed.record(offset_ns, value);
        }
        prop_assert_eq!(&sealed, &plain);
        sealed.seal_before(u64::MAX);
        prop_assert_eq!(&sealed, &plain);
        prop_assert!(sealed.heap_bytes() <= plain.heap_bytes() + 64);
    }

    #[test]
    fn evidence_is_read_back(samples in prop::collection::vec(sample(), 0..200)) {
        let series = of(&samples);
        prop_assert_eq!(Series::from_batches(series.batches()), Ok(series));
    }
}
