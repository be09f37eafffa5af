//! A probe that was not seen red is not believed.

use super::fixture::{Story, documents};
use crate::{
    Amount, CheckRun, Checklist, ControlResult, Document, Judgement, LoadRun, Probe, ProxyCounts, Scene,
    Severity, Verdict, judge, without_control,
};

fn proxy(document: &mut Document) -> Option<&mut Option<ProxyCounts>> {
    match document {
        Document::LoadRun(run) => Some(&mut run.proxy),
        Document::StartRun(run) => Some(&mut run.proxy),
        Document::CrashDrill(drill) => Some(&mut drill.proxy),
        Document::CheckRun(run) => Some(&mut run.proxy),
        Document::SoakRun(run) => Some(&mut run.proxy),
        Document::FaultDrill(drill) => Some(&mut drill.load.proxy),
        Document::RestoreDrill(drill) => Some(&mut drill.proxy),
        _ => None,
    }
}

/// The ids of criteria without a control, when the documents of `scene` are changed; `change` says what to keep.
fn lacking(story: &Story, scene: Scene, mut change: impl FnMut(&mut Document) -> bool) -> Vec<String> {
    let mut list = story.documents();
    list.retain_mut(|document| document.scene() != Some(scene) || change(document));
    let judgement = judge(&documents(list)).unwrap();
    let ids = without_control(&judgement).into_iter();
    ids.map(|sentence| sentence.split(':').next().unwrap_or_default().to_owned()).collect()
}

/// Every planted defect, and the criteria that rest on it.
const RESTS_ON: [(Scene, &[&str]); 30] = [
    (Scene::AddedDelay, &["latency", "load-line"]),
    (Scene::InjectedErrors, &["errors"]),
    (Scene::ResetConnections, &["throughput"]),
    (Scene::SlowStart, &["start-up"]),
    (Scene::KillInstead, &["graceful-stop"]),
    (Scene::SlowRestart, &["crash-recovery"]),
    (Scene::DroppedWrites, &["acknowledged-writes"]),
    (Scene::BlamedServer, &["error-hygiene"]),
    (Scene::BareReplies, &["response-headers"]),
    (Scene::LeakyLog, &["log-hygiene"]),
    (Scene::OpenDoors, &["authentication"]),
    (Scene::BentContract, &["contract"]),
    (Scene::SwappedCredentials, &["authorisation"]),
    (Scene::Unlimited, &["rate-limit"]),
    (Scene::FreshKeys, &["retried-writes"]),
    (Scene::ObedientServer, &["injection"]),
    (Scene::OldTls, &["tls"]),
    (Scene::LocalTimes, &["surroundings"]),
    (Scene::StuckMetrics, &["metrics-truth"]),
    (Scene::HoardedConnections, &["open-files"]),
    (Scene::Stowaway, &["memory", "threads", "cpu", "leak"]),
    (Scene::PlantedSecret, &["secrets"]),
    (Scene::PlantedComponent, &["bill-of-materials"]),
    (Scene::PlantedFinding, &["imported-results"]),
    (Scene::OrphanedAlert, &["runbooks"]),
    (Scene::BrokenLink, &["documentation"]),
    (Scene::KeptFault, &["fault-recovery", "fault-errors"]),
    (Scene::SlowRestore, &["restore-time"]),
    (Scene::StaleBackup, &["restored-writes"]),
    (Scene::PaintedHealth, &["health-truth"]),
];

#[test]
fn without_its_defect_no_criterion_is_certified() {
    assert_eq!(RESTS_ON.map(|(scene, _)| scene), Scene::DEFECTS);
    for (scene, ids) in RESTS_ON {
        assert_eq!(lacking(&Story::default(), scene, |_| false), ids, "without {}", scene.name());
    }
}

#[test]
fn without_its_sham_no_criterion_is_certified() {
    for (scene, ids) in RESTS_ON {
        let lacking = lacking(&Story::default(), scene.sham(), |_| false);
        assert!(
            ids.iter().all(|id| lacking.contains(&(*id).to_owned())),
            "without the sham of {}",
            scene.name()
        );
    }
}

#[test]
fn a_defect_that_harmed_nothing_was_not_planted() {
    for (scene, ids) in RESTS_ON.into_iter().filter(|(scene, _)| scene.needs_proxy()) {
        let harmless = [Some(ProxyCounts { requests: 400, harmed: 0 }), None];
        for counts in harmless {
            let change = |document: &mut Document| {
                *proxy(document).unwrap() = counts;
                true
            };
            assert_eq!(lacking(&Story::default(), scene, change), ids, "{} with {counts:?}", scene.name());
        }
    }
}

/// Puts what the probe saw on the sham, its last good value, in the place of what it saw on the defect.
fn blind(document: &mut Document, sham: &Document) -> bool {
    match (document, sham) {
        (Document::LoadRun(run), Document::LoadRun(sham)) => {
            (run.good, run.errors) = (sham.good, sham.errors);
            (run.latency, run.instrument) = (sham.latency.clone(), sham.instrument.clone());
        }
        (Document::StartRun(run), Document::StartRun(sham)) => run.took_ns = sham.took_ns,
        (Document::StopDrill(drill), Document::StopDrill(sham)) => {
            (drill.took_ns, drill.held) = (sham.took_ns, sham.held.clone());
        }
        (Document::CrashDrill(drill), Document::CrashDrill(sham)) => {
            (drill.recovered_ns, drill.ledger) = (sham.recovered_ns, sham.ledger.clone());
        }
        (Document::RestoreDrill(drill), Document::RestoreDrill(sham)) => {
            (drill.restored_ns, drill.found) = (sham.restored_ns, sham.found.clone());
        }
        (Document::CheckRun(run), Document::CheckRun(sham)) => run.checklist = sham.checklist.clone(),
        (Document::SoakRun(run), Document::SoakRun(sham)) => run.looks = sham.looks.clone(),
        (Document::FaultDrill(drill), Document::FaultDrill(sham)) => {
            let (scene, proxy) = (drill.load.scene, drill.load.proxy);
            drill.load = LoadRun { scene, proxy, process: drill.load.process, ..sham.load.clone() };
        }
        (document, sham) => panic!("{document:?} is no twin of {sham:?}"),
    }
    true
}

/// Whether `sham` is what the same probe saw without the defect.
fn is_twin(document: &Document, scene: Scene, sham: &Document) -> bool {
    let checklist = |document: &Document| match document {
        Document::CheckRun(run) => Some(run.checklist.probe()),
        _ => None,
    };
    sham.scene() == Some(scene.sham()) && checklist(document) == checklist(sham)
}

#[test]
fn a_probe_that_repeats_its_last_good_value_is_found_out() {
    for (scene, ids) in RESTS_ON {
        let shams = Story::default().documents();
        let blinded = |document: &mut Document| {
            let sham = shams.iter().find(|sham| is_twin(document, scene, sham)).unwrap();
            blind(document, sham)
        };
        let found = lacking(&Story::default(), scene, blinded);
        assert_eq!(found, ids, "blind on {}", scene.name());
    }
}

/// On the sham of a subject that is red by itself nothing else can be seen; on a green one it shows a false alarm.
#[test]
fn a_red_sham_is_held_against_green_subjects_only() {
    let red_sham = |document: &mut Document| {
        if let Document::StartRun(run) = document {
            run.took_ns = Amount::Infinite;
        }
        true
    };
    assert_eq!(lacking(&Story::default(), Scene::ShamStart, red_sham), ["start-up"]);
    let slow = Story { start_ns: 9_000_000_000, ..Story::default() };
    assert_eq!(lacking(&slow, Scene::ShamStart, red_sham), Vec::<String>::new());
}

#[test]
fn what_was_not_decided_needs_no_control() {
    let judgement = Story::quick().judged().unwrap();
    let undecided: Vec<_> = judgement.criteria.iter().filter(|judged| !judged.verdict.is_decided()).collect();
    assert!(!undecided.is_empty());
    let mut list = Story::quick().documents();
    list.retain(|document| document.scene() != Some(Scene::SlowRestart));
    assert_eq!(without_control(&judge(&documents(list)).unwrap()), Vec::<String>::new());
}

fn errors_of(severity: Severity, control: Option<Scene>, keep: bool) -> (Judgement, Verdict) {
    let mut story = Story::default();
    (story.profile.criteria[1].severity, story.profile.criteria[1].control) = (severity, control);
    let mut list = story.documents();
    list.retain(|document| keep || document.scene() != Some(Scene::InjectedErrors));
    let judgement = judge(&documents(list)).unwrap();
    let verdict = judgement.criteria[1].verdict;
    (judgement, verdict)
}

#[test]
fn a_lesser_criterion_may_go_without_a_control_but_not_with_one_that_fails() {
    for severity in [Severity::Conditional, Severity::Advisory] {
        let named = Some(Scene::InjectedErrors);
        for (control, keep, expected) in [
            (None, false, Verdict::Pass),
            (named, true, Verdict::Pass),
            (named, false, Verdict::Inconclusive),
        ] {
            let (judgement, verdict) = errors_of(severity, control, keep);
            assert_eq!(verdict, expected);
            assert_eq!(without_control(&judgement), Vec::<String>::new(), "only blocking ones prevent");
            let blind = judgement.criteria[1].reason
                == "the planted defect injected-errors gave NOT_MEASURED, it should give FAIL";
            assert_eq!(blind, expected == Verdict::Inconclusive);
        }
    }
}

/// The load line's control is one step at the subject's rate: it can reach no higher limit.
#[test]
fn the_sham_of_a_load_line_reaches_the_subjects_rate() {
    for limit in [100_000, 200_000, 400_000] {
        let mut story = Story::default();
        story.profile.criteria[3].limit = limit;
        let judgement = story.judged().unwrap();
        let control = judgement.criteria[3].control.as_ref().unwrap();
        assert_eq!((control.on_defect, control.on_sham), (Verdict::Fail, Verdict::Pass), "limit {limit}");
        assert_eq!(
            (control.defect_value, control.sham_value),
            (Some(Amount::Finite(0)), Some(Amount::Finite(200_000)))
        );
    }
    let mut story = Story::default();
    story.profile.criteria[3].limit = 0;
    assert_eq!(without_control(&story.judged().unwrap()).len(), 1, "no defect turns `at least nothing` red");
}

#[test]
fn sabotage_alone_can_be_judged() {
    let mut list = Story::default().documents();
    list.retain(|document| document.scene() != Some(Scene::Measured));
    let judgement = judge(&documents(list)).unwrap();
    for judged in &judgement.criteria {
        assert_eq!(judged.verdict, Verdict::NotMeasured, "{}", judged.criterion.id);
        assert!(judged.control.as_ref().unwrap().seen_red, "{}", judged.criterion.id);
    }
    assert_eq!(judgement.criteria[0].criterion.probe, Probe::Latency);
}

/// The pass of a checklist in a scene.
fn check_run(list: &mut [Document], probe: Probe, scene: Scene) -> &mut CheckRun {
    let mut runs = list.iter_mut().filter_map(|document| match document {
        Document::CheckRun(run) if run.scene == scene && run.checklist.probe() == probe => Some(run),
        _ => None,
    });
    runs.next().unwrap()
}

/// What the control of a checklist says where its documents are changed.
fn control_where(probe: Probe, change: impl FnOnce(&mut [Document])) -> ControlResult {
    let mut list = Story::default().documents();
    change(&mut list);
    let criteria = judge(&documents(list)).unwrap().criteria.into_iter();
    criteria.filter(|judged| judged.criterion.probe == probe).find_map(|judged| judged.control).unwrap()
}

#[test]
fn a_subject_that_ends_while_a_defect_is_planted_shows_nothing_of_the_probe() {
    let probe = Probe::ErrorHygiene;
    let red = control_where(probe, |list| check_run(list, probe, Scene::BlamedServer).died = true);
    assert!(red.seen_red && red.supports(Verdict::Pass), "what was measured is red too");
    let dead = control_where(probe, |list| {
        let clean = check_run(list, probe, Scene::Measured).checklist.clone();
        let run = check_run(list, probe, Scene::BlamedServer);
        (run.checklist, run.died) = (clean, true);
    });
    assert_eq!((dead.on_defect, dead.defect_value), (Verdict::Fail, Some(Amount::Finite(0))));
    assert!(!dead.seen_red && !dead.supports(Verdict::Pass) && !dead.supports(Verdict::Fail));
    let sham = control_where(probe, |list| check_run(list, probe, Scene::ShamChecks).died = true);
    assert!(sham.seen_red && sham.on_sham == Verdict::Fail && !sham.supports(Verdict::Pass));
}

#[test]
fn a_sham_in_which_nothing_was_tried_is_not_green() {
    let control = control_where(Probe::LogHygiene, |list| {
        let run = check_run(list, Probe::LogHygiene, Scene::ShamChecks);
        let Checklist::LogHygiene(search) = &mut run.checklist else { panic!("a search of logs") };
        (search.logs[0].written_bytes, search.logs[0].read_bytes) = (0, 0);
    });
    assert_eq!((control.on_sham, control.sham_value), (Verdict::NotMeasured, None));
    assert!(control.seen_red && !control.supports(Verdict::Pass) && control.supports(Verdict::Fail));
}
