//! What is judged of a good subject, and of one that is bad in one respect.

use super::fixture::{Story, documents};
use super::profile::{MS, SECOND};
use crate::{
    Amount, Document, Judgement, LoadRun, Probe, Scene, SeriesData, Severity, SoakRun, Status, Step,
    SubjectKind, Verdict, judge, without_control,
};
use plimsoll_measure::Value;

/// The verdict on the criterion of a probe.
fn verdict(judgement: &Judgement, probe: Probe) -> Verdict {
    judgement.criteria.iter().find(|judged| judged.criterion.probe == probe).unwrap().verdict
}

#[test]
fn a_good_subject_is_certified() {
    let judgement = Story::default().judged().unwrap();
    for judged in &judgement.criteria {
        assert_eq!(judged.verdict, Verdict::Pass, "{}: {}", judged.criterion.id, judged.reason);
    }
    assert_eq!(without_control(&judgement), Vec::<String>::new());
    assert_eq!(judgement.status, Status::Certified);
    assert_eq!((judgement.conditions.len(), judgement.exclusions.len()), (0, 0));
    let line = judgement.load_line.unwrap();
    assert_eq!((line.rate_per_ks, line.next_per_ks, line.knee_seen), (400_000, Some(800_000), true));
}

/// Each story is bad in one respect, and the criterion that is about it says so.
#[test]
fn a_bad_subject_is_denied_for_the_right_reason() {
    let good = Story::default;
    let stories = [
        (Story { latency_ns: 400 * MS, ..good() }, Probe::Latency),
        (Story { bad: vec![60; 5], ..good() }, Probe::Errors),
        (Story { bad: vec![60; 5], ..good() }, Probe::Throughput),
        (Story { bad: vec![600; 5], ..good() }, Probe::Latency),
        (Story { start_ns: 6 * SECOND, ..good() }, Probe::StartUp),
        (Story { start_ns: 6 * SECOND, ..good() }, Probe::CrashRecovery),
        (Story { lost_stops: vec![0, 0, 0, 0, 1], ..good() }, Probe::GracefulStop),
        (Story { lost_writes: vec![0, 1], ..good() }, Probe::AcknowledgedWrites),
        (Story { soaked: |look, _| look.memory_bytes += 217 << 20, ..good() }, Probe::Memory),
        (Story { soaked: |look, index| look.open_files += 81 * (index / 119), ..good() }, Probe::OpenFiles),
        (Story { soaked: |look, _| look.threads = 51, ..good() }, Probe::Threads),
        (Story { soaked: |look, _| look.cpu_ns *= 6, ..good() }, Probe::Cpu),
        (Story { soaked: |look, index| look.memory_bytes += index << 16, ..good() }, Probe::Leak),
        (Story { endured: |at_ns| slow_between(at_ns, 3, 8), ..good() }, Probe::FaultRecovery),
        (Story { endured: |at_ns| failed_between(at_ns, 4, 5), ..good() }, Probe::FaultErrors),
    ];
    for (story, probe) in stories {
        let judgement = story.judged().unwrap();
        assert_eq!(verdict(&judgement, probe), Verdict::Fail, "{}", probe.name());
        assert_eq!(judgement.status, Status::Denied);
        assert!(judgement.conditions.iter().any(|condition| condition.starts_with(probe.name())));
    }
}

fn slow_between(at_ns: u64, from_s: u64, until_s: u64) -> Value {
    let is_slow = (from_s * SECOND..until_s * SECOND).contains(&at_ns);
    Value::Finite(if is_slow { 300 * MS } else { 20 * MS })
}

fn failed_between(at_ns: u64, from_s: u64, until_s: u64) -> Value {
    let is_failed = (from_s * SECOND..until_s * SECOND).contains(&at_ns);
    if is_failed { Value::Infinite } else { Value::Finite(20 * MS) }
}

/// What becomes of a request, by when it is meant to be sent.
type Outcome = fn(u64) -> Value;

/// What is not as before for a second, and what fails only after the fault, is judged by the probe that is about it.
#[test]
fn each_part_of_a_fault_drill_is_judged_by_its_own_probe() {
    let cases: [(Outcome, Verdict, Verdict); 4] = [
        (|at_ns| slow_between(at_ns, 3, 6), Verdict::Pass, Verdict::Pass),
        (|at_ns| slow_between(at_ns, 3, 7), Verdict::Pass, Verdict::Pass),
        (|at_ns| failed_between(at_ns, 7, 8), Verdict::Fail, Verdict::Pass),
        (|at_ns| failed_between(at_ns, 1, 2), Verdict::Inconclusive, Verdict::Inconclusive),
    ];
    for (index, (endured, recovery, errors)) in cases.into_iter().enumerate() {
        let judgement = Story { endured, ..Story::default() }.judged().unwrap();
        let found = [Probe::FaultRecovery, Probe::FaultErrors].map(|probe| verdict(&judgement, probe));
        assert_eq!(found, [recovery, errors], "case {index}");
    }
}

#[test]
fn a_fault_that_took_no_effect_decides_nothing() {
    let mut list = Story::default().documents();
    for document in &mut list {
        if let Document::FaultDrill(drill) = document {
            drill.effect_ppb = drill.effect_ppb.min(799_999_999);
        }
    }
    let judgement = judge(&documents(list)).unwrap();
    for probe in [Probe::FaultRecovery, Probe::FaultErrors] {
        let judged = judgement.criteria.iter().find(|judged| judged.criterion.probe == probe).unwrap();
        assert_eq!(judged.verdict, Verdict::Inconclusive, "{}", judged.reason);
        assert!(judged.reason.contains("gate took-effect of fault-"), "{}", judged.reason);
    }
}

/// A gate's name, and what makes it fail.
type Doubt = (&'static str, fn(&mut SoakRun));

/// A subject that answers nobody holds little, and one that nobody looked at may have held anything.
#[test]
fn a_soak_without_load_or_looks_decides_nothing() {
    let soaks = [Probe::Memory, Probe::OpenFiles, Probe::Threads, Probe::Cpu, Probe::Leak];
    let cases: [Doubt; 2] = [
        ("answered", |run| run.good = run.scheduled * 9 / 10 - 1),
        ("looks", |run| run.looks[119].at_ns += SECOND / 2),
    ];
    for (gate, change) in cases {
        let mut list = Story::default().documents();
        for document in &mut list {
            if let Document::SoakRun(run) = document {
                change(run);
            }
        }
        let judgement = judge(&documents(list)).unwrap();
        for judged in judgement.criteria.iter().filter(|judged| soaks.contains(&judged.criterion.probe)) {
            assert_eq!(judged.verdict, Verdict::Inconclusive, "{}", judged.criterion.id);
            assert!(judged.reason.contains(&format!("gate {gate} of soak-1")), "{}", judged.reason);
        }
        assert_eq!(judgement.status, Status::Pending);
    }
}

#[test]
fn three_trials_are_preliminary_and_say_so() {
    let mut story = Story::quick();
    story.profile.criteria.retain(|criterion| !criterion.probe.needs_process());
    let judgement = story.judged().unwrap();
    assert_eq!(judgement.status, Status::Preliminary);
    assert!(judgement.conditions[0].ends_with("preliminary: 3 of 5"), "{:?}", judgement.conditions);
}

#[test]
fn one_drill_gives_no_bound() {
    let judgement = Story::quick().judged().unwrap();
    assert_eq!(verdict(&judgement, Probe::CrashRecovery), Verdict::Inconclusive);
    assert_eq!(verdict(&judgement, Probe::GracefulStop), Verdict::Pass, "by the simple rule");
    assert_eq!(judgement.status, Status::Pending);
}

#[test]
fn what_cannot_be_measured_of_a_url_is_excluded_or_pending() {
    let mut story = Story { kind: SubjectKind::Url, has_ledger: false, ..Story::default() };
    let judgement = story.judged().unwrap();
    assert_eq!((judgement.status, judgement.exclusions.len()), (Status::Certified, 16));
    assert_eq!(verdict(&judgement, Probe::StartUp), Verdict::NotApplicable);
    story.profile.criteria.iter_mut().for_each(|criterion| criterion.may_not_apply = false);
    let judgement = story.judged().unwrap();
    assert_eq!(
        (judgement.status, verdict(&judgement, Probe::StartUp)),
        (Status::Pending, Verdict::NotMeasured)
    );
}

#[test]
fn what_nothing_measures_counts_by_its_severity() {
    for (severity, status, condition) in [
        (Severity::Blocking, Status::Pending, Some("criteria have no probe yet, 1 of them blocking")),
        (Severity::Conditional, Status::Conditional, Some("have no probe yet, 0 of them blocking")),
        (Severity::Advisory, Status::Certified, None),
    ] {
        let mut story = Story::default();
        story.profile.gaps = vec![super::profile::gap("penetration", severity)];
        let judgement = story.judged().unwrap();
        assert_eq!(judgement.status, status, "{}", severity.name());
        match condition {
            Some(condition) => {
                let (said, all) = (&judgement.conditions[0], story.profile.criteria.len() + 1);
                let begin = format!("not measured: 1 of {all} criteria");
                assert!(said.starts_with(&begin) && said.contains(condition), "{said}");
            }
            None => assert_eq!(judgement.conditions, Vec::<String>::new()),
        }
    }
    // What is broken stays broken.
    let mut story = Story { bad: vec![600; 5], ..Story::default() };
    story.profile.gaps = vec![super::profile::gap("penetration", Severity::Blocking)];
    assert_eq!(story.judged().unwrap().status, Status::Denied);
}

#[test]
fn a_gap_bears_a_name_of_its_own() {
    for (id, problem) in [("errors", "criterion errors stands twice"), ("Bad", "not of [a-z0-9-]")] {
        let mut story = Story::default();
        story.profile.gaps = vec![super::profile::gap(id, Severity::Advisory)];
        let said = story.judged().unwrap_err().to_string();
        assert!(said.contains(problem), "{said}");
    }
    let mut story = Story::default();
    story.profile.gaps = vec![super::profile::gap("twin", Severity::Advisory); 2];
    assert!(story.judged().unwrap_err().to_string().contains("twin stands twice"));
}

#[test]
fn a_subject_to_which_nothing_applies_is_not_certified() {
    let mut story = Story { kind: SubjectKind::Url, ..Story::default() };
    story.profile.criteria.retain(|criterion| criterion.probe.needs_process());
    assert_eq!(story.judged().unwrap().status, Status::Pending);
}

#[test]
fn a_subject_without_a_ledger_has_no_writes_to_lose() {
    let judgement = Story { has_ledger: false, ..Story::default() }.judged().unwrap();
    assert_eq!(verdict(&judgement, Probe::AcknowledgedWrites), Verdict::NotApplicable);
    assert_eq!(judgement.status, Status::Certified);
}

/// Judges the documents of a good subject after each of them was changed.
fn judged_with(mut change: impl FnMut(&mut Document)) -> Judgement {
    let mut list = Story::default().documents();
    list.iter_mut().for_each(&mut change);
    judge(&documents(list)).unwrap()
}

#[test]
fn a_stop_that_needs_a_kill_is_not_graceful() {
    let judgement = judged_with(|document| match document {
        Document::StopDrill(drill) if drill.scene == Scene::Measured && drill.trial == 3 => {
            drill.took_ns = Amount::Infinite;
        }
        _ => {}
    });
    assert_eq!((verdict(&judgement, Probe::GracefulStop), judgement.status), (Verdict::Fail, Status::Denied));
}

#[test]
fn a_stop_by_another_signal_than_the_scene_asks_for_is_no_evidence() {
    for (scene, signal) in [(Scene::KillInstead, "SIGTERM"), (Scene::Measured, "SIGKILL")] {
        let mut list = Story::default().documents();
        for document in &mut list {
            match document {
                Document::StopDrill(drill) if drill.scene == scene => drill.signal = signal.into(),
                _ => {}
            }
        }
        let problem = judge(&documents(list)).unwrap_err().to_string();
        assert!(problem.contains(&format!("was ended by {signal}")), "{problem}");
    }
}

#[test]
fn a_ledger_that_is_missing_or_empty_or_of_a_kill_between_writes_shows_nothing() {
    let mut idle = super::fixture::ledger(200, 0);
    idle.outstanding = 0;
    for ledger in [None, Some(super::fixture::ledger(0, 0)), Some(idle)] {
        let judgement = judged_with(|document| match document {
            Document::CrashDrill(drill) if drill.scene == Scene::Measured && drill.trial == 2 => {
                drill.ledger = ledger.clone();
            }
            _ => {}
        });
        assert_eq!(verdict(&judgement, Probe::AcknowledgedWrites), Verdict::NotMeasured);
        assert_eq!(judgement.status, Status::Pending);
    }
}

/// A busy machine: the instrument doubts itself, and neither a good nor a bad subject is judged.
#[test]
fn a_doubtful_instrument_judges_nobody() {
    for latency_ns in [20 * MS, 400 * MS] {
        let mut list = Story { latency_ns, ..Story::default() }.documents();
        for document in &mut list {
            if let Document::LoadRun(run) = document
                && (run.scene, run.step, run.trial) == (Scene::Measured, Step::Steady, 4)
            {
                run.instrument.cpu_ns = run.instrument.wall_ns;
            }
        }
        let judgement = judge(&documents(list)).unwrap();
        assert_eq!(verdict(&judgement, Probe::Latency), Verdict::Inconclusive);
        assert_eq!(verdict(&judgement, Probe::Errors), Verdict::Inconclusive);
        assert_ne!(judgement.status, Status::Certified);
    }
}

/// Takes every arrival out of a run, as a target with no requests would leave it.
fn without_arrivals(document: &mut Document) {
    let Document::LoadRun(run) = document else { return };
    run.schedule.rate_per_ks = if run.step == Step::Steady { 1 } else { run.schedule.rate_per_ks };
    if run.step == Step::Steady {
        run.schedule.arrivals = crate::Arrivals::Poisson;
        (run.latency, run.good) = (SeriesData::default(), 0);
        run.errors = crate::ErrorCounts::default();
        let instrument = &mut run.instrument;
        (instrument.scheduled, instrument.completed, instrument.residence_sum_us) = (0, 0, 0);
        (instrument.in_flight_sum, instrument.send_lag) = (0, crate::HistogramData::default());
    }
}

#[test]
fn load_without_a_request_proves_nothing() {
    let judgement = judged_with(without_arrivals);
    for probe in [Probe::Latency, Probe::Errors, Probe::Throughput] {
        assert_eq!(verdict(&judgement, probe), Verdict::Inconclusive, "{}", probe.name());
    }
    assert_eq!(judgement.status, Status::Pending);
}

#[test]
fn a_service_that_answers_nothing_is_denied() {
    let judgement = Story { bad: vec![600; 5], ..Story::default() }.judged().unwrap();
    for probe in [Probe::Latency, Probe::Errors, Probe::Throughput] {
        assert_eq!(verdict(&judgement, probe), Verdict::Fail, "{}", probe.name());
    }
}

#[test]
fn whoever_dies_fails_whatever_was_measured() {
    let died = |at: fn(&LoadRun) -> bool| {
        judged_with(|document| match document {
            Document::LoadRun(run) if run.scene == Scene::Measured => run.died = at(run),
            _ => {}
        })
    };
    let steady = died(|run| run.step == Step::Steady && run.trial == 2);
    for probe in [Probe::Latency, Probe::Errors, Probe::Throughput, Probe::LoadLine] {
        assert_eq!(verdict(&steady, probe), Verdict::Fail, "{}", probe.name());
    }
    let errors = steady.criteria.iter().find(|judged| judged.criterion.probe == Probe::Errors).unwrap();
    assert!(errors.reason.contains(", it ended by itself in 1 of 5 trials; limit"), "{}", errors.reason);
    assert!(errors.brief.contains(", it ended by itself in 1 of 5 trials, limit"), "{}", errors.brief);
    // Above the line it may: the line ends there, and says why.
    let good = judged_with(|_| ()).load_line.unwrap().rate_per_ks;
    let above = died(|run| run.step == Step::Line);
    assert_eq!(verdict(&above, Probe::Latency), Verdict::Pass);
    let line = above.load_line.unwrap();
    assert!(line.rate_per_ks < good && line.knee_seen, "{line:?}");
    assert!(line.next.contains("FAIL (it ended by itself)"), "{line:?}");
}

#[test]
fn who_died_of_a_checklist_or_a_soak_fails() {
    for (probe, criterion) in [(Probe::ErrorHygiene, "check"), (Probe::Memory, "soak")] {
        let judgement = judged_with(|document| match document {
            Document::CheckRun(run) if run.scene == Scene::Measured && criterion == "check" => {
                run.died = true
            }
            Document::SoakRun(run) if run.scene == Scene::Measured && criterion == "soak" => {
                run.died = true;
                // Nothing is taken any more, and nothing answered: neither is a doubt.
                run.good = 0;
                run.looks.iter_mut().skip(60).for_each(|look| look.memory_bytes = 0);
            }
            _ => {}
        });
        assert_eq!(verdict(&judgement, probe), Verdict::Fail, "{}", probe.name());
    }
}

#[test]
fn no_average_hides_one_bad_process() {
    // 5 of 600 in one trial are 0.17 % over all, within 0.2 %, and 0.83 % in that process.
    let mut story = Story { bad: vec![0, 0, 5], ..Story::default() };
    story.profile.criteria[1].limit = 4_000_000;
    let judgement = story.judged().unwrap();
    assert_eq!(verdict(&judgement, Probe::Errors), Verdict::ConditionalPass);
    assert_eq!(judgement.criteria[1].measurement.upper, Some(Amount::Finite(8_333_334)));
    // No load line starts at a rate that passes only on conditions; a profile that asks for none is decided.
    assert_eq!((judgement.status, judgement.load_line.unwrap().rate_per_ks), (Status::Pending, 0));
    story.profile.criteria.retain(|criterion| criterion.probe != Probe::LoadLine);
    assert_eq!(story.judged().unwrap().status, Status::Conditional);
}

#[test]
fn severity_decides_what_an_unmet_criterion_does() {
    for (severity, expected) in [
        (Severity::Blocking, Status::Denied),
        (Severity::Conditional, Status::Conditional),
        (Severity::Advisory, Status::Certified),
    ] {
        let mut story = Story { lost_stops: vec![3], ..Story::default() };
        story.profile.criteria[5].severity = severity;
        let judgement = story.judged().unwrap();
        assert_eq!((judgement.status, verdict(&judgement, Probe::GracefulStop)), (expected, Verdict::Fail));
    }
}

/// What was only looked at, or measured by others, is never said to be proven.
#[test]
fn a_pass_of_what_is_written_or_told_proves_nothing() {
    use crate::State;
    let judgement = Story::default().judged().unwrap();
    for judged in &judgement.criteria {
        let expected = match judged.criterion.probe {
            Probe::Runbooks | Probe::Documentation => State::Configured,
            Probe::ImportedResults => State::Declared,
            _ => State::Proven,
        };
        assert_eq!((judged.verdict, judged.state()), (Verdict::Pass, expected), "{}", judged.criterion.id);
        let says = judged.reason.contains("not proven");
        assert_eq!(says, expected != State::Proven, "{}", judged.reason);
    }
}
