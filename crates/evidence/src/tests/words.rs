//! The words of profiles and statements: what is shown is what is signed, and every probe is whole.

use serde::Serialize;

use crate::{Op, Probe, Rule, Scene, Severity, State, Status, Verdict};

/// The text under which a word is signed.
fn signed<T: Serialize>(word: T) -> String {
    serde_json::to_value(word).unwrap().as_str().unwrap().to_owned()
}

const SHAMS: [Scene; 9] = [
    Scene::ShamLoad,
    Scene::ShamStart,
    Scene::ShamStop,
    Scene::ShamCrash,
    Scene::ShamChecks,
    Scene::ShamSoak,
    Scene::ShamFiles,
    Scene::ShamFault,
    Scene::ShamRestore,
];

#[test]
fn words_are_signed_as_they_are_shown() {
    for probe in Probe::ALL {
        assert_eq!(signed(probe), probe.name());
    }
    for scene in Scene::DEFECTS.into_iter().chain(SHAMS).chain([Scene::Measured]) {
        assert_eq!(signed(scene), scene.name());
    }
    for rule in [Rule::Guard95, Rule::Simple] {
        assert_eq!(signed(rule), rule.name());
    }
    for severity in [Severity::Blocking, Severity::Conditional, Severity::Advisory] {
        assert_eq!(signed(severity), severity.name());
    }
    let statuses =
        [Status::Denied, Status::Pending, Status::Conditional, Status::Preliminary, Status::Certified];
    for status in statuses {
        assert_eq!(signed(status), status.name());
    }
    for state in [State::Stale, State::Configured, State::Declared] {
        assert_eq!(signed(state), state.name(), "words of the product that no verdict leaves");
    }
}

#[test]
fn every_probe_has_a_defect_that_can_turn_it_red_and_a_sham() {
    for probe in Probe::ALL {
        assert!(!probe.scenes().is_empty(), "{}", probe.name());
        for scene in probe.scenes() {
            assert!(Scene::DEFECTS.contains(scene), "{} is no defect", scene.name());
        }
    }
    for defect in Scene::DEFECTS {
        assert!(SHAMS.contains(&defect.sham()), "{}", defect.name());
        assert!(
            Probe::ALL.iter().any(|probe| probe.scenes().contains(&defect)),
            "{} is of no use",
            defect.name()
        );
        let elsewhere = [Scene::KillInstead, Scene::LeakyLog, Scene::Stowaway, Scene::StaleBackup];
        let is_elsewhere = elsewhere.contains(&defect) || defect.sham() == Scene::ShamFiles;
        assert_eq!(defect.needs_proxy(), !is_elsewhere);
    }
    for scene in SHAMS.into_iter().chain([Scene::Measured]) {
        assert_eq!(scene.sham(), scene, "its own twin");
        assert!(!scene.needs_proxy(), "nothing is planted");
    }
}

#[test]
fn larger_is_worse_but_for_rates() {
    for probe in Probe::ALL {
        let is_rate = matches!(probe, Probe::Throughput | Probe::LoadLine);
        assert_eq!(probe.op(), if is_rate { Op::AtLeast } else { Op::AtMost }, "{}", probe.name());
        assert_eq!(probe.op().sign(), if is_rate { ">=" } else { "<=" });
    }
}

#[test]
fn what_is_met_is_decided_or_does_not_apply() {
    let decided = [Verdict::Pass, Verdict::ConditionalPass, Verdict::ConditionalFail, Verdict::Fail];
    let undecided = [
        Verdict::Inconclusive,
        Verdict::NotMeasured,
        Verdict::NotApplicable,
        Verdict::Error,
        Verdict::Waived,
    ];
    assert!(decided.iter().all(|verdict| verdict.is_decided()));
    assert!(undecided.iter().all(|verdict| !verdict.is_decided()));
    let met: Vec<_> = decided.into_iter().chain(undecided).filter(|verdict| verdict.is_met()).collect();
    assert_eq!(met, [Verdict::Pass, Verdict::NotApplicable]);
}
