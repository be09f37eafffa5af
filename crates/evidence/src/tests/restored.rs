//! Restores, made up: what they bring back, and what makes no sense of one.

use plimsoll_base::{Kind, Utc};

use super::fixture::{BEGAN, Story, documents, nth, proxy};
use super::profile::{MS, SECOND};
use crate::{
    Amount, Document, Judgement, Probe, ProcessIdentity, ProxyCounts, RestoreDrill, Scene, Status,
    SubjectPart, Verdict, judge,
};

/// 60 writes before the backup and 40 after it, of which 20 come back; one each 10 ms.
pub(crate) fn restore_drill(scene: Scene, trial: u64, story: &Story) -> RestoreDrill {
    let lost = match scene {
        Scene::StaleBackup => 60,
        Scene::Measured => nth(&story.unrestored, trial),
        _ => 0,
    };
    let came_back = if scene == Scene::StaleBackup { 60 } else { 80 };
    let slower = if scene == Scene::SlowRestore { 6 * SECOND } else { 0 };
    RestoreDrill {
        scene,
        trial,
        process: ProcessIdentity { pid: 1, started_ticks: 1 },
        restored: None,
        at: Utc::from_unix_seconds(BEGAN),
        save_from_ns: 600 * MS,
        save_ns: Amount::Finite(100 * MS),
        disaster_ns: 1_000 * MS,
        restore_ns: Amount::Finite(50 * MS),
        restored_ns: Amount::Finite(story.start_ns + slower + trial * MS),
        acknowledged_ns: (0..100).map(|index| index * 10 * MS).collect(),
        found: (0..100).map(|i| if (lost..came_back).contains(&i) { '1' } else { '0' }).collect(),
        proxy: proxy(scene, 200).filter(|_| scene != Scene::StaleBackup),
    }
}

fn verdict(judgement: &Judgement, probe: Probe) -> Verdict {
    judgement.criteria.iter().find(|judged| judged.criterion.probe == probe).unwrap().verdict
}

/// The documents of a good certification after `change` has been at the second measured restore.
fn with_second(change: impl FnOnce(&mut RestoreDrill)) -> Vec<Document> {
    let mut list = Story::default().documents();
    let second = list.iter_mut().find_map(|document| match document {
        Document::RestoreDrill(drill) if (drill.scene, drill.trial) == (Scene::Measured, 2) => Some(drill),
        _ => None,
    });
    change(second.unwrap());
    list
}

#[test]
fn what_a_restore_does_not_bring_back_is_counted_in_the_worst_drill() {
    let judgement = Story { unrestored: vec![0, 3, 1], ..Story::default() }.judged().unwrap();
    let judged = judgement.criteria.iter().find(|it| it.criterion.probe == Probe::RestoredWrites).unwrap();
    assert_eq!((judged.verdict, judged.measurement.value), (Verdict::Fail, Some(Amount::Finite(3))));
    assert_eq!((judged.measurement.n, judgement.status), (5 * 60, Status::Denied));
    assert_eq!(verdict(&judgement, Probe::RestoreTime), Verdict::Pass, "its time is kept all the same");
}

#[test]
fn a_service_that_never_comes_back_has_no_time_of_restore() {
    let list = with_second(|drill| {
        (drill.restored, drill.restored_ns) = (None, Amount::Infinite);
        drill.found = "0".repeat(drill.found.len());
    });
    let judgement = judge(&documents(list)).unwrap();
    assert_eq!(verdict(&judgement, Probe::RestoreTime), Verdict::Fail);
    let judged = judgement.criteria.iter().find(|it| it.criterion.probe == Probe::RestoredWrites).unwrap();
    assert_eq!((judged.verdict, judged.measurement.value), (Verdict::Fail, Some(Amount::Finite(60))));
}

#[test]
fn a_restore_of_next_to_nothing_shows_nothing() {
    for (due, expected) in [(29, Verdict::NotMeasured), (30, Verdict::Pass)] {
        let list = with_second(|drill| drill.save_from_ns = due * 10 * MS);
        let judgement = judge(&documents(list)).unwrap();
        for probe in [Probe::RestoreTime, Probe::RestoredWrites] {
            assert_eq!(verdict(&judgement, probe), expected, "{due} writes due: {}", probe.name());
        }
    }
}

#[test]
fn a_subject_that_says_nothing_of_backups_has_none_to_restore() {
    let mut list = Story::default().documents();
    if let Document::Plan(plan) = &mut list[0] {
        plan.subject.parts.retain(|part| *part != SubjectPart::Backup);
        assert_eq!(plan.restore_drills(), 0);
    }
    let judgement = judge(&documents(list)).unwrap();
    for probe in [Probe::RestoreTime, Probe::RestoredWrites] {
        assert_eq!(verdict(&judgement, probe), Verdict::NotApplicable, "{}", probe.name());
    }
}

#[test]
fn a_restore_that_does_not_make_sense() {
    type Case = (&'static str, fn(&mut RestoreDrill));
    let cases: [Case; 4] = [
        ("restore drill 2: the parts of its ledger", |drill| drill.found.push('1')),
        ("restore drill 2: its writes are not in the order", |drill| drill.acknowledged_ns.swap(3, 4)),
        ("restore drill 2: a process served", |drill| drill.restore_ns = Amount::Infinite),
        ("restore drill: the subject was not measured directly", |drill| {
            drill.proxy = Some(ProxyCounts::default());
        }),
    ];
    for (expected, change) in cases {
        let error = judge(&documents(with_second(change))).expect_err("accepted");
        assert_eq!(error.kind(), Kind::Corrupt, "{error}");
        assert!(error.to_string().contains(expected), "{error} instead of {expected:?}");
    }
}
