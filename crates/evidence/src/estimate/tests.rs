//! Estimators on numbers that can be worked out by hand.

use plimsoll_base::Unit;

use super::estimate;
use super::load::{distribution, is_schedule_full, over_trials};
use super::share::Share;
use crate::criterion::{Criterion, Op};
use crate::document::{Arrivals, Document, LoadRun, Plan, ScheduleData, Step};
use crate::measurement::{Estimator, Measurement, Trial};
use crate::probe::Probe;
use crate::scene::Scene;
use crate::tests::fixture::{Story, documents};
use crate::tests::profile::{MS, SECOND};
use crate::{Amount, Documents};
use plimsoll_proof::Digest;

fn finite(measurement: &Measurement) -> (Option<u64>, Option<u64>, Option<u64>) {
    let ns = |amount: Option<Amount>| match amount {
        Some(Amount::Finite(amount)) => Some(amount),
        Some(Amount::Infinite) => Some(u64::MAX),
        None => None,
    };
    (ns(measurement.value), ns(measurement.lower), ns(measurement.upper))
}

fn trial(value: u64, lower: Option<u64>, upper: Option<u64>) -> Trial {
    Trial {
        step: None,
        rate_per_ks: None,
        trial: 1,
        process: None,
        died: false,
        value: Amount::Finite(value),
        lower: lower.map(Amount::Finite),
        upper: upper.map(Amount::Finite),
        n: 100,
        n_effective: 90,
        distribution: None,
    }
}

/// Trials of these values, each with bounds one below and one above.
fn trials(values: &[u64]) -> Vec<Trial> {
    values.iter().map(|value| trial(*value, Some(value - 1), Some(value + 1))).collect()
}

#[test]
fn five_trials_are_bounded_by_their_extremes_and_fewer_by_their_own_bounds() {
    let five = over_trials(trials(&[40, 10, 30, 50, 20]), Unit::Ns, Op::AtMost);
    assert_eq!(finite(&five), (Some(30), Some(10), Some(50)));
    assert_eq!((five.estimator, five.confidence_ppb, five.n), (Estimator::MedianOfTrials, 968_750_000, 500));
    let three = over_trials(trials(&[40, 10, 30]), Unit::Ns, Op::AtMost);
    assert_eq!(finite(&three), (Some(30), Some(9), Some(41)));
    assert_eq!((three.estimator, three.confidence_ppb), (Estimator::WithinTrial, 950_000_000));
}

#[test]
fn of_an_even_number_the_worse_middle_counts() {
    let four = |op| finite(&over_trials(trials(&[10, 20, 30, 40]), Unit::Ns, op)).0;
    assert_eq!((four(Op::AtMost), four(Op::AtLeast)), (Some(30), Some(20)));
}

#[test]
fn one_trial_with_too_little_data_leaves_no_bound() {
    for good in [2, 4] {
        let mut list = trials(&vec![30; good]);
        list.push(trial(30, None, None));
        assert_eq!(
            finite(&over_trials(list, Unit::Ns, Op::AtMost)),
            (Some(30), None, None),
            "{good} and one"
        );
    }
    assert_eq!(finite(&over_trials(Vec::new(), Unit::Ns, Op::AtMost)), (None, None, None));
}

#[test]
fn shares_round_outward() {
    let share = |bad, n, n_effective| Share { bad, n, n_effective };
    assert_eq!(share(0, 3_000, 3_000).ppb(), 0);
    assert_eq!(share(1, 3, 3).ppb(), 333_333_334, "an error is never rounded away");
    assert_eq!(share(0, 0, 0).ppb(), 1_000_000_000, "nothing sent is nothing good");
    // 2,995 requests without an error show 0.1 %; 2,994 do not.
    assert!(share(0, 2_995, 2_995).bounds_ppb().unwrap().1 <= 1_000_000);
    assert!(share(0, 2_994, 2_994).bounds_ppb().unwrap().1 > 1_000_000);
    assert_eq!(share(0, 100, 0).bounds_ppb(), None, "no independent request, no bound");
}

#[test]
fn errors_in_bursts_are_worth_fewer_requests() {
    let share = |n_effective| Share { bad: 10, n: 1_000, n_effective }.bounds_ppb().unwrap();
    let (spread, bursts) = (share(1_000), share(100));
    assert!(bursts.0 < spread.0 && bursts.1 > spread.1, "{spread:?} {bursts:?}");
    // Clopper and Pearson's upper bounds: 1.690 % for 10 of 1,000, 4.656 % for 1 of 100.
    assert_eq!((spread.1 + 5_000) / 10_000, 1_690, "{spread:?}");
    assert_eq!((bursts.1 + 5_000) / 10_000, 4_656, "{bursts:?}");
}

/// What is measured of a story's subject.
fn measured(story: &Story, probe: Probe) -> Measurement {
    let documents = documents(story.documents());
    let (_, plan) = documents.plan().unwrap();
    estimate(plan, of(plan, probe), &documents, Scene::Measured).unwrap()
}

fn of(plan: &Plan, probe: Probe) -> &Criterion {
    plan.profile.criteria.iter().find(|criterion| criterion.probe == probe).unwrap()
}

#[test]
fn pooled_errors_are_as_wide_as_the_trials() {
    // 600 requests a trial: 6 of 3,000 are 0.2 %, the worst trial has 1 %, the best none.
    let errors = measured(&Story { bad: vec![0, 6], ..Story::default() }, Probe::Errors);
    assert_eq!(finite(&errors), (Some(2_000_000), Some(0), Some(10_000_000)));
    assert_eq!((errors.n, errors.estimator), (3_000, Estimator::PooledShare));
    assert_eq!(errors.trials.iter().map(|trial| trial.n).sum::<u64>(), 3_000);
    // Spread evenly over all five, the pooled bound is the wider one.
    let even = measured(&Story { bad: vec![3; 5], ..Story::default() }, Probe::Errors);
    let (value, lower, upper) = finite(&even);
    assert_eq!(value, Some(5_000_000));
    assert!(lower < value && upper > value, "{lower:?} {upper:?}");
}

#[test]
fn throughput_is_the_rate_times_the_share_of_good_replies() {
    // 6 of 600 are missing in one trial: 198/s.
    let throughput = measured(&Story { bad: vec![0, 6], ..Story::default() }, Probe::Throughput);
    assert_eq!(finite(&throughput), (Some(200_000), Some(198_000), Some(200_000)));
    let quick = measured(&Story { bad: vec![8, 8, 8], ..Story::quick() }, Probe::Throughput);
    let (value, lower, upper) = finite(&quick);
    assert_eq!(value, Some(198_000), "8 of 800");
    // 8 of 800 independent ones: Clopper and Pearson's 95 % bounds are 0.4988 % and 1.796 %.
    assert!(lower.is_some_and(|lower| (196_000..=196_500).contains(&lower)), "{lower:?}");
    assert!(upper.is_some_and(|upper| (199_000..=199_100).contains(&upper)), "{upper:?}");
}

/// The chance in Poisson arrivals is not the subject's: more or fewer of them, all answered, are the same throughput.
#[test]
fn throughput_does_not_depend_on_how_many_came() {
    let mut list = Story::default().documents();
    for document in &mut list {
        if let Document::LoadRun(run) = document
            && run.step == Step::Steady
        {
            run.schedule.arrivals = Arrivals::Poisson;
            drop_window_tail(run);
        }
    }
    let documents = documents(list);
    let (_, plan) = documents.plan().unwrap();
    let throughput = estimate(plan, of(plan, Probe::Throughput), &documents, Scene::Measured).unwrap();
    assert_eq!((finite(&throughput).0, throughput.n), (Some(200_000), 5 * 580));
}

/// Takes the last batch of 20 arrivals out of a run.
fn drop_window_tail(run: &mut LoadRun) {
    let left = run.good - 20;
    run.latency.windows.last_mut().unwrap().pop();
    run.good = left;
    (run.instrument.scheduled, run.instrument.completed) = (left, left);
    for (_, count) in &mut run.instrument.send_lag.pairs {
        *count = left;
    }
}

#[test]
fn latency_is_the_median_of_the_trials_quantiles() {
    let latency = measured(&Story::default(), Probe::Latency);
    let (value, lower, upper) = finite(&latency);
    // Replies take 20 to 21 ms, evenly spread; three significant digits are kept.
    let range = 20_950_000..=21_000_000;
    assert!(
        [value, lower, upper].into_iter().all(|at| at.is_some_and(|at| range.contains(&at))),
        "{value:?}"
    );
    assert_eq!((latency.n, latency.trials.len(), latency.confidence_ppb), (3_000, 5, 968_750_000));
    assert!(latency.trials.iter().all(|trial| trial.process.is_some() && trial.distribution.is_some()));
}

/// One per cent and one more without a reply: the p99 is infinite in those trials, and so is the median of three.
#[test]
fn errors_stand_in_the_quantiles_as_infinite() {
    let two = measured(&Story { bad: vec![7, 7], ..Story::default() }, Probe::Latency);
    assert!(finite(&two).0.is_some_and(|value| value < SECOND) && two.upper == Some(Amount::Infinite));
    let three = measured(&Story { bad: vec![7, 7, 7], ..Story::default() }, Probe::Latency);
    assert_eq!(three.value, Some(Amount::Infinite));
    let lost = three.trials[0].distribution.unwrap();
    assert_eq!((lost.infinite, lost.max), (7, Amount::Infinite));
    assert_eq!(distribution(&plimsoll_measure::Histogram::new()), None);
    let mut one = plimsoll_measure::Histogram::new();
    one.record(plimsoll_measure::Value::Finite(7));
    let seven = Amount::Finite(7);
    let all_seven =
        distribution(&one).map(|seen| [seen.p50, seen.p90, seen.p95, seen.p99, seen.p999, seen.max]);
    assert_eq!(all_seven, Some([seven; 6]));
}

#[test]
fn long_trials_are_asked_together_whether_they_drift() {
    let mut story = Story::default();
    story.profile.trial_ns = 24 * SECOND;
    let gates = measured(&story, Probe::Latency).gates;
    let steady: Vec<_> = gates.iter().filter(|gate| gate.gate == "steady-state").collect();
    let [gate] = steady.as_slice() else { panic!("{steady:?}") };
    assert_eq!((gate.run.as_str(), gate.limit, gate.unit), ("steady-all", Some(12_500_000), Unit::Ns));
    assert!(gate.passed && gate.observed.is_some_and(|drift_ns| drift_ns <= 12_500_000), "{gate:?}");
    let short = measured(&Story::default(), Probe::Latency).gates;
    let short = short.iter().find(|gate| gate.gate == "steady-state").unwrap();
    assert_eq!((short.observed, short.passed), (None, true));
    assert!(measured(&story, Probe::Errors).gates.iter().all(|gate| gate.gate != "steady-state"));
}

#[test]
fn starts_are_bounded_between_trials_from_five_on() {
    // 5 steady, 2 searches, 6 of the line, 13 checklists, 5 stops, 5 crashes and a soak: 37 starts of 401 to 437 ms.
    let starts = measured(&Story::default(), Probe::StartUp);
    assert_eq!(finite(&starts), (Some(419 * MS), Some(401 * MS), Some(437 * MS)));
    assert_eq!((starts.n, starts.confidence_ppb), (37, 999_999_999));
    let mut few = Story::default();
    (few.profile.trials, few.profile.drills) = (1, 1);
    few.profile.line.steps_percent.clear();
    few.profile.criteria.retain(|criterion| criterion.probe.gives_bounds());
    assert_eq!(finite(&measured(&few, Probe::StartUp)), (Some(402 * MS), None, None), "three starts");
}

#[test]
fn the_worst_drill_counts_and_the_share_of_good_ones_is_shown() {
    let stops = measured(&Story { lost_stops: vec![0, 2, 0, 1], ..Story::default() }, Probe::GracefulStop);
    assert_eq!((finite(&stops), stops.n), ((Some(2), Some(0), Some(2)), 5 * 16));
    // 3 of 5: the lower bound is 18.9 %.
    assert_eq!(stops.demonstrated_ppb.map(|ppb| ppb / 1_000_000), Some(189));
    let crashes = measured(&Story::default(), Probe::CrashRecovery);
    assert_eq!(finite(&crashes), (Some(405 * MS), Some(401 * MS), Some(405 * MS)));
    assert_eq!(crashes.demonstrated_ppb.map(|ppb| ppb / 1_000_000), Some(549), "5 of 5 within the limit");
    let slow = measured(&Story { start_ns: 5_000 * MS, ..Story::default() }, Probe::CrashRecovery);
    assert_eq!(slow.demonstrated_ppb, Some(0), "none of 5 within the limit");
    let writes =
        measured(&Story { lost_writes: vec![0, 0, 3], ..Story::default() }, Probe::AcknowledgedWrites);
    assert_eq!((finite(&writes), writes.n), ((Some(3), Some(0), Some(3)), 5 * 200));
    let one = measured(&Story::quick(), Probe::GracefulStop);
    assert_eq!(finite(&one), (Some(0), None, None), "one drill has no bound");
}

#[test]
fn nothing_is_measured_of_nothing() {
    let story = Story::default();
    let mut list = story.documents();
    list.truncate(3);
    let empty: Documents = documents(list);
    let (_, plan) = empty.plan().unwrap();
    for criterion in &plan.profile.criteria {
        let measurement = estimate(plan, criterion, &empty, Scene::Measured).unwrap();
        assert_eq!(finite(&measurement), (None, None, None), "{}", criterion.id);
        assert_eq!((measurement.n, measurement.unit), (0, criterion.unit), "{}", criterion.id);
    }
}

#[test]
fn a_schedule_holds_as_many_arrivals_as_its_rate_gives() {
    let schedule = |arrivals, duration_ns| ScheduleData {
        arrivals,
        rate_per_ks: 200_000,
        duration_ns,
        warm_up_ns: 0,
        seed: Digest::of(b"seed"),
    };
    let constant = schedule(Arrivals::Constant, 3 * SECOND);
    for (scheduled, full) in [(599, false), (600, true), (601, false)] {
        assert_eq!(is_schedule_full(&constant, scheduled), full, "{scheduled}");
    }
    // The first arrival is at nought: 3 s and one nanosecond hold one more.
    assert!(is_schedule_full(&schedule(Arrivals::Constant, 3 * SECOND + 1), 601));
    // Six standard deviations of 24 and 12 more.
    let poisson = schedule(Arrivals::Poisson, 3 * SECOND);
    for (scheduled, full) in [(443, false), (444, true), (756, true), (757, false)] {
        assert_eq!(is_schedule_full(&poisson, scheduled), full, "{scheduled}");
    }
}
