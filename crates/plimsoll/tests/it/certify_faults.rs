//! Faults under load: what a subject makes of being stopped, starved, slowed down and cut off, and whether it comes back.

use std::path::Path;

use plimsoll_certify::read_folder;
use plimsoll_evidence::{Document, Fault, FaultDrill, Outcome, Scene};
use plimsoll_proof::Digest;
use serde_json::Value;

use crate::golden::Files;
use crate::issuer::Parts;
use crate::lies::{Lie, refuses_lies};
use crate::world::{Ran, World, notes_started_by, profile, verdict};

const ERRORS: (&str, &str, &str) = ("errors", "errors", "5%");

/// A profile of short fault drills with these criteria, each `(id, probe, limit, fault)`.
fn faulting(criteria: &[(&str, &str, &str, &str)]) -> String {
    let mut text = profile(&[ERRORS]).replace("control = \"1s\"\n", "control = \"1s\"\nfault = \"6s\"\n");
    for (id, probe, limit, fault) in criteria {
        text.push_str(&format!(
            "[[criterion]]\nid = \"{id}\"\nstatement = \"A statement\"\ndomain = \"test\"\nprobe = \"{probe}\"\n\
             fault = \"{fault}\"\nlimit = \"{limit}\"\nseverity = \"blocking\"\n",
        ));
    }
    text
}

/// A server of Python's that does not come back when it was stopped, or its twin that does.
fn sulking(how: &str) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/broken/sulking.py");
    let start = format!("exec python3 {} {{port}} {how}", script.display());
    format!("{}[load]\nrate = \"50/s\"\n", notes_started_by(&start))
}

/// What came of the criteria, each of which was seen red, in a certificate that verifies.
fn judged<const N: usize>(world: &World, ran: &Ran, ids: [&str; N]) -> [String; N] {
    assert!(ran.code < 2, "{}\n{}", ran.stdout, ran.stderr);
    let verified = world.run(&["verify", "certificate"]);
    assert_eq!(verified.code, 0, "{}\n{}", verified.stdout, verified.stderr);
    let result = ran.json();
    for criterion in result["criteria"].as_array().unwrap() {
        assert_eq!(criterion["control"]["seen_red"], Value::Bool(true), "{criterion:#}");
    }
    ids.map(|id| verdict(&result, id).to_owned())
}

#[test]
fn timing_the_demo_service_comes_back_from_every_fault() {
    let world = World::with_key();
    let criteria = [
        ("paused", "fault-recovery", "1s", "paused"),
        ("paused-errors", "fault-errors", "0%", "paused"),
        ("busy", "fault-recovery", "1s", "busy"),
        ("busy-errors", "fault-errors", "0%", "busy"),
        ("slow", "fault-recovery", "1s", "slow-network"),
        ("slow-errors", "fault-errors", "0%", "slow-network"),
        ("cut", "fault-recovery", "1s", "cut-connections"),
        ("cut-errors", "fault-errors", "40%", "cut-connections"),
    ];
    let ran = world.certify(&notes_started_by("exec $SERVE"), &faulting(&criteria));
    let ids = criteria.map(|(id, ..)| id);
    let found = judged(&world, &ran, ids);
    let told = format!("{}\n{}", ran.stdout, ran.stderr);
    let expected = ["PASS", "PASS", "PASS", "PASS", "PASS", "PASS", "PASS", "FAIL"];
    assert_eq!(found, expected, "who is cut off fails\n{told}");
    let report = std::fs::read_to_string(world.path("certificate/report.html")).unwrap();
    for fault in of_itself() {
        assert!(report.contains(&format!("plot-{}-replies", fault.name())), "{}", fault.name());
    }
    let files = files(&world);
    a_fault_shows_where_it_held(&files);
    refuses_lies(
        &files,
        &LIES,
        |it| matches!(it, Document::FaultDrill(drill) if drill.fault == Some(Fault::Paused)),
    );
}

#[test]
fn timing_a_service_that_does_not_come_back_from_a_pause_is_refused() {
    let world = World::with_key();
    let criteria =
        [("back", "fault-recovery", "1s", "paused"), ("kept", "fault-errors", "0%", "slow-network")];
    let ran = world.certify(&sulking("sulking"), &faulting(&criteria));
    assert_eq!(judged(&world, &ran, ["back", "kept"]), ["FAIL", "PASS"], "{}\n{}", ran.stdout, ran.stderr);
    let result = ran.json();
    assert_eq!(result["criteria"][1]["value"], "inf", "{}", ran.stdout);
}

#[test]
fn timing_its_twin_that_goes_on_is_not() {
    let world = World::with_key();
    let criteria = [("back", "fault-recovery", "1s", "paused")];
    let ran = world.certify(&sulking("steady"), &faulting(&criteria));
    assert_eq!(judged(&world, &ran, ["back"]), ["PASS"], "{}\n{}", ran.stdout, ran.stderr);
}

/// A server of Python's that connects to its store once, or again and again, or dies without it.
fn clinging(how: &str) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/broken/clinging.py");
    let script = script.display();
    let start = format!("exec python3 {script} {{port}} {how} {{dependency.store}}");
    let subject = notes_started_by(&start);
    let store = format!(
        "[[dependency]]\nname = \"store\"\ncommand = [\"python3\", \"{script}\", \"{{port}}\", \"store\"]\n\
         [load]\nrate = \"50/s\"\n"
    );
    format!("{}{store}", &subject[..subject.find("[ledger]").unwrap()])
}

const OF_DEPENDENCIES: [(&str, &str, &str, &str); 4] = [
    ("cut", "fault-recovery", "1s", "cut-dependencies"),
    ("hung", "fault-recovery", "1s", "hung-dependencies"),
    ("slow", "fault-recovery", "1s", "slow-dependencies"),
    ("slow-errors", "fault-errors", "0%", "slow-dependencies"),
];

#[test]
fn timing_a_service_that_connects_once_to_what_it_needs_is_refused() {
    let world = World::with_key();
    let ran = world.certify(&clinging("clinging"), &faulting(&OF_DEPENDENCIES));
    let found = judged(&world, &ran, OF_DEPENDENCIES.map(|(id, ..)| id));
    // A silence ends: only who was cut off never comes back.
    assert_eq!(found, ["FAIL", "PASS", "PASS", "PASS"], "{}\n{}", ran.stdout, ran.stderr);
    assert_eq!(ran.json()["criteria"][1]["value"], "inf", "{}", ran.stdout);
}

#[test]
fn timing_its_twin_that_connects_again_is_not() {
    let world = World::with_key();
    let ran = world.certify(&clinging("careful"), &faulting(&OF_DEPENDENCIES));
    let found = judged(&world, &ran, OF_DEPENDENCIES.map(|(id, ..)| id));
    assert_eq!(found, ["PASS"; 4], "{}\n{}", ran.stdout, ran.stderr);
    let documents = Parts::of(&files(&world)).documents();
    for drill in drills(&documents, Scene::Measured) {
        let parts = drill.parts(&drill.load.latency.read().unwrap());
        let slowest_ms = parts.amid.max().and_then(|value| value.finite_ns()).map(|ns| ns / 1_000_000);
        let seen = format!("{:?}: {slowest_ms:?} ms, {} failed", drill.fault, parts.amid.infinite());
        assert_eq!((drill.effect_ppb, parts.before.infinite()), (1_000_000_000, 0), "{seen}");
        assert!(matches!(drill.dependencies.as_slice(), [store] if store.name == "store" && store.times > 0));
        match drill.fault {
            Some(Fault::SlowDependencies) => assert!(slowest_ms >= Some(200), "{seen}"),
            _ => assert!(parts.amid.infinite() > 0, "{seen}"),
        }
    }
}

#[test]
fn timing_a_service_that_dies_without_what_it_needs_has_not_come_back() {
    let world = World::with_key();
    let ran = world.certify(&clinging("dying"), &faulting(&OF_DEPENDENCIES[..1]));
    assert_eq!(judged(&world, &ran, ["cut"]), ["FAIL"], "{}\n{}", ran.stdout, ran.stderr);
    assert_eq!(ran.json()["criteria"][1]["value"], "inf", "{}", ran.stdout);
}

/// Nobody but it is to blame.
#[test]
fn a_dependency_that_ends_by_itself_is_no_failure_of_the_subject() {
    let world = World::with_key();
    let subject =
        clinging("careful").replace("command = [\"python3\"", "command = [\"timeout\", \"1\", \"python3\"");
    let ran = world.certify(&subject, &faulting(&OF_DEPENDENCIES[..1]));
    assert_eq!(ran.code, 5, "{}\n{}", ran.stdout, ran.stderr);
    let told = "the subject depends on `store`, which ended by itself: exit code 124";
    assert!(ran.stderr.contains(told), "{}", ran.stderr);
}

#[test]
fn timing_a_fault_of_what_load_never_asks_for_decides_nothing() {
    let world = World::with_key();
    let subject = clinging("careful").replace("path = \"/notes\"\n", "path = \"/health\"\n");
    // It connects once when it starts, which a cut would be felt by.
    let ran = world.certify(&subject, &faulting(&OF_DEPENDENCIES[2..3]));
    assert_eq!(verdict(&ran.json(), "slow"), "INCONCLUSIVE", "{}\n{}", ran.stdout, ran.stderr);
}

fn files(world: &World) -> Files {
    let certificate = read_folder(&world.path("certificate")).unwrap();
    certificate.iter().map(|(path, bytes)| (path.into(), bytes.into())).collect()
}

fn drills(documents: &[Document], scene: Scene) -> Vec<&FaultDrill> {
    let drills = documents.iter().filter_map(|document| match document {
        Document::FaultDrill(drill) if drill.scene() == scene => Some(drill),
        _ => None,
    });
    let mut drills: Vec<&FaultDrill> = drills.collect();
    drills.sort_by_key(|drill| drill.load.trial);
    drills
}

/// The faults that need nothing on which the subject depends.
fn of_itself() -> impl Iterator<Item = Fault> {
    Fault::ALL.into_iter().filter(|fault| !fault.is_of_dependencies())
}

/// Whoever is stopped answers late, whoever is slowed down 200 ms late, whoever is cut off not at all; where nothing is
/// done nothing shows.
fn a_fault_shows_where_it_held(files: &Files) {
    let documents = Parts::of(files).documents();
    let measured = drills(&documents, Scene::Measured);
    let tried: Vec<Fault> = measured.iter().map(|drill| drill.fault.unwrap()).collect();
    assert_eq!(tried, of_itself().collect::<Vec<_>>());
    for drill in measured.into_iter().chain(drills(&documents, Scene::ShamFault)) {
        let parts = drill.parts(&drill.load.latency.read().unwrap());
        let slowest_ms = parts.amid.max().and_then(|value| value.finite_ns()).unwrap_or(u64::MAX) / 1_000_000;
        let seen = format!("{:?}: {slowest_ms} ms, {} failed", drill.fault, parts.amid.infinite());
        match drill.fault {
            Some(Fault::Paused) => assert!((1_800..3_000).contains(&slowest_ms), "{seen}"),
            Some(Fault::SlowNetwork) => assert!((200..1_000).contains(&slowest_ms), "{seen}"),
            Some(Fault::CutConnections) => {
                assert!(parts.amid.infinite() > parts.amid.count() * 9 / 10, "{seen}")
            }
            Some(Fault::Busy) => assert_eq!(parts.amid.infinite(), 0, "{seen}"),
            Some(fault) => panic!("{fault:?}: it depends on nothing"),
            None => assert!(slowest_ms < 200 && parts.amid.infinite() == 0, "{seen}"),
        }
        assert_eq!(parts.before.infinite(), 0, "{seen}");
    }
}

fn paused(documents: &mut [Document]) -> &mut FaultDrill {
    let paused = documents.iter_mut().find_map(|document| match document {
        Document::FaultDrill(drill) if drill.fault == Some(Fault::Paused) => Some(drill),
        _ => None,
    });
    paused.unwrap()
}

const LIES: [Lie; 7] = [
    ("nothing", |_| (), true, Outcome::Valid, ""),
    (
        "it had not taken effect",
        |documents| paused(documents).effect_ppb = 0,
        false,
        Outcome::Invalid,
        "statements/paused",
    ),
    (
        "another seed",
        |documents| paused(documents).load.schedule.seed = Digest::of(b"x"),
        true,
        Outcome::Invalid,
        "its seed is not that of the plan",
    ),
    (
        "another warm-up",
        |documents| paused(documents).load.schedule.warm_up_ns += 1,
        true,
        Outcome::Invalid,
        "its warm-up is not that of the plan",
    ),
    (
        "another fault",
        |documents| paused(documents).fault = Some(Fault::Busy),
        true,
        Outcome::Incomplete,
        "0 drills of the fault paused where the plan asks for 1",
    ),
    (
        "no fault was planned",
        |documents| {
            for document in documents {
                if let Document::Plan(plan) = document {
                    plan.profile.criteria.retain(|criterion| criterion.fault != Some(Fault::Paused));
                }
            }
        },
        true,
        Outcome::Invalid,
        "",
    ),
    (
        "no drill",
        |documents| {
            let is_last = |document: &Document| matches!(document, Document::FaultDrill(drill) if drill.fault == Some(Fault::CutConnections));
            documents.retain(|document| !is_last(document));
        },
        true,
        Outcome::Incomplete,
        "0 drills of the fault cut-connections where the plan asks for 1",
    ),
];

#[test]
fn a_fault_has_a_kind_and_a_length_in_which_its_recovery_can_be_seen() {
    let world = World::with_key();
    let back = ("back", "fault-recovery", "1s", "paused");
    let all = faulting(&[back]);
    for (text, problem) in [
        (all.replace("fault = \"6s\"\n", ""), "criterion `back` asks for a fault, but `fault` is missing"),
        (faulting(&[]), "`fault` is given, but no criterion asks for one"),
        (all.replace("fault = \"6s\"", "fault = \"5s\""), "it must lie between 6 s and"),
        (faulting(&[("back", "fault-recovery", "1501ms", "paused")]), "does not fit into a third of it"),
        (
            faulting(&[("back", "fault-recovery", "1s", "flood")]),
            "paused, busy, slow-network, cut-connections, cut-dependencies, hung-dependencies, slow-dependencies",
        ),
        (all.replace("fault = \"paused\"\n", ""), "a criterion of fault-recovery needs a `fault`"),
        (
            faulting(&[("back", "error-hygiene", "0", "paused")]),
            "`fault` belongs to the probes fault-recovery and fault-errors, not to error-hygiene",
        ),
        (
            faulting(&[("back", "fault-errors", "41%", "paused")]),
            "no planted defect could break the limit of `back`",
        ),
        (faulting(&[("back", "fault-recovery", "0ms", "paused")]), "`limit` is 0: it could not be kept"),
        (all.replacen("fault = \"paused\"", "rule = \"guard-95\"\nfault = \"paused\"", 1), "gives no bound"),
    ] {
        let ran = world.certify(&notes_started_by("exec $SERVE"), &text);
        assert_eq!(ran.code, 2, "{problem}: {}", ran.stderr);
        assert!(ran.stderr.contains(problem), "{problem}: {}", ran.stderr);
    }
}

#[test]
fn what_is_known_by_url_alone_is_not_disturbed() {
    let world = World::with_key();
    let url = "name = \"url\"\n[target]\nurl = \"http://127.0.0.1:1\"\n[[request]]\npath = \"/\"\n";
    world.write("url.toml", url);
    let planned = |subject: &str| {
        let plan = world.run(&["certify", subject, "--profile", "faults", "--plan"]);
        assert_eq!(plan.code, 0, "{}", plan.stderr);
        plan.stdout
    };
    let plan = planned("url.toml");
    assert!(!plan.contains("kept-fault") && !plan.contains("paused"), "{plan}");
    world.write("subject.toml", &notes_started_by("exec $SERVE"));
    let plan = planned("subject.toml");
    for part in [
        "paused and busy and slow-network and cut-connections",
        "9 s of load at 200/s",
        "kept-fault",
        "sham-fault",
    ] {
        assert!(plan.contains(part), "{part}\n{plan}");
    }
    assert!(!plan.contains("cut-dependencies"), "it depends on nothing\n{plan}");
}
