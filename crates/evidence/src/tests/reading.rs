//! How documents are read, found and put in order.

use plimsoll_measure::{BATCH_NS, Histogram, Series, Value};
use proptest::prelude::*;

use super::fixture::{BEGAN, Story, calibration, documents};
use crate::{
    Amount, Folder, HistogramData, ProxyCounts, QuantileError, Scene, SeriesData, Step, calibration_problem,
    is_true, tolerance_ns,
};

fn batch(pairs: &[(u32, u64)], infinite: u64) -> HistogramData {
    HistogramData { pairs: pairs.to_vec(), infinite }
}

#[test]
fn runs_stand_in_order_of_step_rate_and_trial() {
    let documents = documents(Story::default().documents());
    let order: Vec<_> = documents
        .load_runs(Scene::Measured)
        .into_iter()
        .map(|(_, run)| (run.step, run.schedule.rate_per_ks / 1_000, run.trial))
        .collect();
    let steady = (1..=5).map(|trial| (Step::Steady, 200, trial));
    let line = (1..=5).map(|trial| (Step::Line, 400, trial)).chain([(Step::Line, 800, 1)]);
    let search = [(Step::Search, 400, 1), (Step::Search, 800, 1)];
    assert_eq!(order, steady.chain(search).chain(line).collect::<Vec<_>>());
    let drills: Vec<u64> =
        documents.stop_drills(Scene::Measured).into_iter().map(|(_, drill)| drill.trial).collect();
    assert_eq!(drills, [1, 2, 3, 4, 5]);
    assert_eq!(documents.start_runs(Scene::SlowStart).len(), 1);
    assert_eq!(documents.crash_drills(Scene::ShamStop).len(), 0);
}

#[test]
fn the_span_is_that_of_the_trials() {
    let documents = documents(Story::default().documents());
    let (from, until) = documents.span().unwrap();
    assert!(from.unix_seconds() > BEGAN && until > from, "the plan and the calibration have no part in it");
}

#[test]
fn the_proxys_counts_are_summed_over_a_scene() {
    let documents = documents(Story::default().documents());
    let drills = documents.fault_drills(Scene::Measured).into_iter();
    let through = drills.filter_map(|(_, drill)| drill.load.proxy).map(|proxy| proxy.requests).sum();
    let measured = ProxyCounts { requests: through, harmed: 0 };
    assert_eq!(documents.proxy_counts(Scene::Measured), Some(measured), "fault drills have one always");
    assert_eq!(documents.proxy_counts(Scene::KillInstead), None, "a signal needs no proxy");
    assert_eq!(documents.proxy_counts(Scene::AddedDelay), Some(ProxyCounts { requests: 400, harmed: 200 }));
    assert_eq!(documents.proxy_counts(Scene::ShamCrash), Some(ProxyCounts { requests: 200, harmed: 0 }));
}

#[test]
fn windows_but_the_last_hold_ten_batches() {
    let read = |sizes: &[usize]| {
        let windows = sizes.iter().map(|size| vec![batch(&[(5, 1)], 1); *size]).collect();
        SeriesData { windows }.read().map(|series| (series.batch_count(), series.total().count()))
    };
    assert_eq!(read(&[]), Some((0, 0)), "a run without an arrival is empty, not malformed");
    assert_eq!(read(&[3]), Some((3, 6)));
    assert_eq!(read(&[10, 10]), Some((20, 40)));
    for malformed in [&[0][..], &[11], &[9, 10], &[10, 0], &[11, 10]] {
        assert_eq!(read(malformed), None, "{malformed:?}");
    }
}

#[test]
fn pairs_ascend_and_are_not_nought() {
    for malformed in [&[(5, 0)][..], &[(5, 1), (5, 1)], &[(6, 1), (5, 1)], &[(u32::MAX, 1)]] {
        assert_eq!(batch(malformed, 0).read(), None, "{malformed:?}");
        let windows = vec![vec![batch(malformed, 0)]];
        assert!(SeriesData { windows }.read().is_none(), "{malformed:?}");
    }
    assert_eq!(batch(&[], 0).read(), Some(Histogram::new()));
    assert!(batch(&[], u64::MAX).read().is_none(), "more than can be counted");
}

proptest! {
    #[test]
    fn what_was_written_is_read_again(values in prop::collection::vec((0..40u64, prop::option::of(0..1u64 << 40)), 0..200)) {
        let mut series = Series::new();
        for (index, ns) in values {
            series.record(index * BATCH_NS, ns.map_or(Value::Infinite, Value::Finite));
        }
        let data = SeriesData::from(&series);
        let again = data.read().unwrap();
        prop_assert_eq!(again, series.clone());
        let total = HistogramData::from(&series.total());
        prop_assert_eq!(total.read(), Some(series.total()));
    }
}

#[test]
fn a_calibration_is_as_true_as_its_tolerance() {
    assert_eq!(calibration_problem(&calibration()), None);
    let error = |quantile_ppb, measured| {
        is_true(&QuantileError { quantile_ppb, measured, truth: Amount::Finite(50_000_000) })
    };
    // 1 % of 50 ms up to p99, 2 ms beyond it.
    for (quantile_ppb, most_ns) in [(500_000_000, 500_000), (990_000_000, 500_000), (999_000_000, 2_000_000)]
    {
        assert_eq!(tolerance_ns(quantile_ppb, 50_000_000), most_ns);
        assert!(error(quantile_ppb, Amount::Finite(50_000_000 + most_ns)));
        assert!(!error(quantile_ppb, Amount::Finite(50_000_001 + most_ns)));
        assert!(!error(quantile_ppb, Amount::Infinite));
    }
    assert!(!error(1_000_000_001, Amount::Finite(50_000_000)), "no quantile");
}

#[test]
fn a_folder_has_limits() {
    let named =
        |names: &[&str]| Folder::new(names.iter().map(|name| ((*name).to_owned(), vec![1])).collect());
    let folder = named(&["log/checkpoint", "log/tile/0/000", "report.html"]).unwrap();
    assert_eq!(
        folder.below("log/").map(|(path, _)| path).collect::<Vec<_>>(),
        ["log/checkpoint", "log/tile/0/000"]
    );
    assert_eq!((folder.get("report.html"), folder.get("report.htm")), (Some(&[1][..]), None));
    assert!(named(&["../report.html"]).is_err());
    let many =
        |count: usize| Folder::new((0..count).map(|index| (format!("f{index}"), Vec::new())).collect());
    assert!(many(crate::FILES_MAX).is_ok() && many(crate::FILES_MAX + 1).is_err());
    let large = |bytes: u64| Folder::new([("f".to_owned(), vec![0; usize::try_from(bytes).unwrap()])].into());
    assert!(large(crate::FILE_BYTES_MAX).is_ok() && large(crate::FILE_BYTES_MAX + 1).is_err());
}
