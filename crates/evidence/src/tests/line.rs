//! The load line, and what is said of the step above it.

use super::fixture::{Story, documents};
use crate::{
    Amount, Document, LoadLine, LoadRun, Measurement, Probe, Scene, Step, Verdict, judge, rung_verdict,
    search_step_passes,
};

fn line_runs(list: &mut [Document], rate_per_ks: u64) -> impl Iterator<Item = &mut LoadRun> {
    list.iter_mut().filter_map(move |document| match document {
        Document::LoadRun(run) if run.step == Step::Line && run.schedule.rate_per_ks == rate_per_ks => {
            Some(run)
        }
        _ => None,
    })
}

fn judged(list: Vec<Document>) -> (LoadLine, Verdict, Measurement) {
    let judgement = judge(&documents(list)).unwrap();
    let judged =
        judgement.criteria.into_iter().find(|judged| judged.criterion.probe == Probe::LoadLine).unwrap();
    (judgement.load_line.unwrap(), judged.verdict, judged.measurement)
}

#[test]
fn a_knee_bounds_the_line_from_above() {
    let (line, verdict, measurement) = judged(Story::default().documents());
    assert_eq!((line.rate_per_ks, line.knee_seen, verdict), (400_000, true, Verdict::Pass));
    assert_eq!(line.next, "the next step, 800/s, does not pass: latency FAIL (521.1 ms, limit <= 250 ms)");
    assert_eq!(measurement.upper, Some(Amount::Finite(799_999)));
}

#[test]
fn the_profiles_highest_step_claims_no_knee() {
    let story = Story { slow_from_per_ks: u64::MAX, ..Story::default() };
    let (line, verdict, measurement) = judged(story.documents());
    assert_eq!((line.rate_per_ks, line.next_per_ks, line.knee_seen), (800_000, None, false));
    assert_eq!(line.next, "it is the profile's highest step");
    assert_eq!((verdict, measurement.upper), (Verdict::Pass, None));
}

#[test]
fn a_step_that_was_not_tried_is_not_the_highest() {
    let mut list = Story::default().documents();
    list.retain(
        |document| !matches!(document, Document::LoadRun(run) if run.schedule.rate_per_ks == 800_000),
    );
    let (line, _, _) = judged(list);
    assert_eq!(line.next, "no higher step was tried");
}

#[test]
fn a_next_step_that_only_the_instrument_fails_is_no_knee() {
    let mut list = Story::default().documents();
    line_runs(&mut list, 800_000).for_each(|run| run.instrument.cpu_ns = run.instrument.wall_ns);
    let (line, verdict, _) = judged(list);
    assert_eq!((line.rate_per_ks, line.knee_seen, verdict), (400_000, false, Verdict::Pass));
    assert_eq!(
        line.next,
        "the next step, 800/s, is not measurable: latency: the load generator had no processor time to \
         spare: run it again on a quiet machine, or with a lower rate"
    );
}

#[test]
fn a_line_below_its_limit_fails_only_where_a_step_failed() {
    let at_limit = |slow_from_per_ks, unmeasurable: bool| {
        let mut story = Story { slow_from_per_ks, ..Story::default() };
        story.profile.criteria[3].limit = 800_000;
        let mut list = story.documents();
        if unmeasurable {
            line_runs(&mut list, 800_000).for_each(|run| run.instrument.cpu_ns = run.instrument.wall_ns);
        }
        judged(list).1
    };
    assert_eq!(at_limit(800_000, false), Verdict::Fail);
    assert_eq!(at_limit(800_000, true), Verdict::Inconclusive, "gates give no FAIL");
    assert_eq!(at_limit(u64::MAX, false), Verdict::Pass);
}

#[test]
fn too_few_trials_make_no_line() {
    let mut list = Story { slow_from_per_ks: u64::MAX, ..Story::default() }.documents();
    let is_late =
        |run: &LoadRun| run.step == Step::Line && run.schedule.rate_per_ks == 800_000 && run.trial > 4;
    list.retain(|document| !matches!(document, Document::LoadRun(run) if is_late(run)));
    let (line, _, _) = judged(list);
    assert_eq!((line.rate_per_ks, line.knee_seen), (400_000, false));
    assert_eq!(line.next, "the next step, 800/s, has too few trials");
}

#[test]
fn no_step_counts_above_one_that_failed() {
    let mut list = Story { slow_from_per_ks: u64::MAX, ..Story::default() }.documents();
    let slow = Story { slow_from_per_ks: 400_000, ..Story::default() }.documents();
    let is_400 = |run: &LoadRun| run.step == Step::Line && run.schedule.rate_per_ks == 400_000;
    list.retain(|document| !matches!(document, Document::LoadRun(run) if is_400(run)));
    list.extend(slow.into_iter().filter_map(|document| match document {
        Document::LoadRun(mut run) if is_400(&run) => {
            run.process.as_mut().unwrap().pid += 10_000;
            Some(Document::LoadRun(run))
        }
        _ => None,
    }));
    let (line, verdict, _) = judged(list);
    assert_eq!((line.rate_per_ks, line.next_per_ks, line.knee_seen), (200_000, Some(400_000), true));
    assert_eq!(verdict, Verdict::Pass, "800/s passed, but the line ends where a step failed");
}

#[test]
fn a_subject_that_is_slow_at_its_own_rate_has_no_line() {
    let (line, verdict, measurement) = judged(Story { slow_from_per_ks: 0, ..Story::default() }.documents());
    assert_eq!((line.rate_per_ks, line.next_per_ks, line.knee_seen), (0, Some(200_000), true));
    assert_eq!(line.next, "the lowest step, 200/s, does not pass: latency FAIL (521.1 ms, limit <= 250 ms)");
    assert_eq!((verdict, measurement.value), (Verdict::Fail, Some(Amount::Finite(0))));
}

#[test]
fn without_a_measured_step_there_is_no_line() {
    let mut list = Story::default().documents();
    list.retain(|document| !matches!(document, Document::LoadRun(run) if run.scene == Scene::Measured));
    let (line, verdict, _) = judged(list);
    assert_eq!((line.next.as_str(), verdict), ("no step was measured", Verdict::NotMeasured));
}

/// The lowest step was measured on a busy machine: nothing is known, and the gates say why.
#[test]
fn a_line_of_doubtful_steps_is_inconclusive() {
    let mut list = Story { slow_from_per_ks: 0, ..Story::default() }.documents();
    for document in &mut list {
        if let Document::LoadRun(run) = document {
            run.instrument.cpu_ns = run.instrument.wall_ns;
        }
    }
    let (line, verdict, measurement) = judged(list);
    assert_eq!((line.rate_per_ks, line.knee_seen, verdict), (0, false, Verdict::Inconclusive));
    assert_eq!(
        line.next,
        "the lowest step, 200/s, is not measurable: latency: the load generator had no processor time to \
         spare: run it again on a quiet machine, or with a lower rate"
    );
    assert!(measurement.value.is_none() && measurement.gates.iter().any(|gate| !gate.passed));
}

/// A rate between two good ones at which nothing was decided: "up to 800/s everything passes" would be untrue.
#[test]
fn a_step_without_a_decision_ends_the_line_below_it() {
    let mut list = Story { slow_from_per_ks: u64::MAX, ..Story::default() }.documents();
    line_runs(&mut list, 400_000).for_each(|run| run.instrument.cpu_ns = run.instrument.wall_ns);
    let (line, verdict, measurement) = judged(list);
    assert_eq!((line.rate_per_ks, line.next_per_ks, line.knee_seen), (200_000, Some(400_000), false));
    assert_eq!((verdict, measurement.upper), (Verdict::Pass, None), "its limit is 200/s");
}

/// The subject's own rate is the lowest step, and a criterion of its own: without it no higher step is a line.
#[test]
fn a_doubtful_rate_of_the_subject_leaves_no_line_though_higher_steps_pass() {
    let mut list = Story { slow_from_per_ks: u64::MAX, ..Story::default() }.documents();
    for document in &mut list {
        if let Document::LoadRun(run) = document
            && (run.scene, run.step) == (Scene::Measured, Step::Steady)
        {
            run.instrument.cpu_ns = run.instrument.wall_ns;
        }
    }
    let (line, verdict, measurement) = judged(list);
    assert_eq!((line.rate_per_ks, line.next_per_ks, line.knee_seen), (0, Some(200_000), false));
    assert_eq!((verdict, measurement.value), (Verdict::Inconclusive, None));
}

#[test]
fn the_conductor_asks_how_a_step_does() {
    let documents = documents(Story::default().documents());
    let rung = |rate_per_ks| rung_verdict(&documents, rate_per_ks).unwrap();
    let search = |rate_per_ks| search_step_passes(&documents, rate_per_ks).unwrap();
    assert_eq!([200_000, 400_000].map(rung), [Verdict::Pass; 2]);
    assert_eq!([800_000, 1_600_000].map(rung), [Verdict::Fail, Verdict::NotMeasured]);
    assert_eq!(
        [200_000, 400_000, 800_000].map(search),
        [false, true, false],
        "the search leaves out the base"
    );
}
