//! Soaks: what a subject takes of the machine while load goes on, and what grows to its end.

use std::path::Path;

use plimsoll_certify::read_folder;
use plimsoll_evidence::{Document, Outcome, Scene, SoakRun, soak_name};
use plimsoll_proof::Digest;
use serde_json::Value;

use crate::lies::{Lie, refuses_lies};
use crate::world::{Ran, World, notes_started_by, profile, verdict};

const ERRORS: (&str, &str, &str) = ("errors", "errors", "5%");
const SOAK: [(&str, &str, &str); 6] = [
    ERRORS,
    ("memory", "memory", "200MiB"),
    ("files", "open-files", "300"),
    ("threads", "threads", "150"),
    ("leak", "leak", "0"),
    ("cpu", "cpu", "30%"),
];

/// The shortest soak that there is.
fn soaking(criteria: &[(&str, &str, &str)]) -> String {
    profile(criteria).replace("control = \"1s\"\n", "control = \"1s\"\nsoak = \"6s\"\n")
}

/// A server of Python's that leaves something behind with each request, or its twin that does not.
fn hoarding(how: &str) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/broken/hoarding.py");
    let start = format!("exec python3 {} {{port}} {how}", script.display());
    format!("{}[load]\nrate = \"100/s\"\n", notes_started_by(&start))
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

fn report(world: &World) -> String {
    std::fs::read_to_string(world.path("certificate/report.html")).unwrap()
}

/// The defect would have to take more than the limit: nobody's memory shall be taken for that.
#[test]
fn a_limit_whose_defect_would_take_all_memory_is_refused_before_anything_is_run() {
    let world = World::with_key();
    let memory = ("memory", "memory", "1000GiB");
    let ran = world.certify(&notes_started_by("exec $SERVE"), &soaking(&[ERRORS, memory]));
    assert_eq!(ran.code, 5, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("takes 1250 GiB"), "{}", ran.stderr);
    assert!(ran.stderr.contains("hint: end what needs it, choose a smaller limit"), "{}", ran.stderr);
    assert!(!world.path("certificate").exists());
}

#[test]
fn timing_the_demo_service_takes_little_and_each_planted_leak_is_seen() {
    let world = World::with_key();
    let ran = world.certify(&notes_started_by("exec $SERVE"), &soaking(&SOAK));
    let found = judged(&world, &ran, ["memory", "files", "threads", "cpu", "leak"]);
    assert_eq!(found, ["PASS"; 5], "{}\n{}", ran.stdout, ran.stderr);
    let report = report(&world);
    for told in ["id=\"soak\"", "Resident memory: at most ", "plot-files", "limit ≤ 300"] {
        assert!(report.contains(told), "{told}");
    }
    assert!(!report.contains(" still grew at the end"));
    let certificate = read_folder(&world.path("certificate")).unwrap();
    refuses_lies(
        &certificate.iter().map(|(path, bytes)| (path.into(), bytes.into())).collect(),
        &LIES,
        |it| matches!(it, Document::SoakRun(run) if run.scene == Scene::Measured),
    );
}

#[test]
fn timing_a_service_that_keeps_something_of_every_request_is_refused() {
    let world = World::with_key();
    let ran = world.certify(&hoarding("leaking"), &soaking(&SOAK[..5]));
    let found = judged(&world, &ran, ["memory", "files", "leak"]);
    assert_eq!(found, ["PASS", "FAIL", "FAIL"], "{}\n{}", ran.stdout, ran.stderr);
    assert_eq!(ran.json()["criteria"][4]["value"], 2, "memory and open files\n{}", ran.stdout);
    let report = report(&world);
    for told in
        ["Resident memory still grew at the end: ", "The number of open files still grew at the end: "]
    {
        assert!(report.contains(told), "{told}");
    }
}

#[test]
fn timing_its_twin_that_lets_go_is_not() {
    let world = World::with_key();
    let ran = world.certify(&hoarding("kept"), &soaking(&SOAK[..5]));
    let found = judged(&world, &ran, ["memory", "files", "threads", "leak"]);
    assert_eq!(found, ["PASS"; 4], "{}\n{}", ran.stdout, ran.stderr);
}

fn soak(documents: &mut [Document]) -> &mut SoakRun {
    let soak = documents.iter_mut().find_map(|document| match document {
        Document::SoakRun(run) if run.scene == Scene::Measured => Some(run),
        _ => None,
    });
    soak.unwrap()
}

const LIES: [Lie; 9] = [
    ("nothing", |_| (), true, Outcome::Valid, ""),
    (
        "less memory",
        |documents| soak(documents).looks.iter_mut().for_each(|look| look.memory_bytes /= 2),
        false,
        Outcome::Invalid,
        "statements/memory.dsse.json",
    ),
    (
        "more processor time",
        |documents| soak(documents).looks[119].cpu_ns += 60_000_000_000,
        false,
        Outcome::Invalid,
        "statements/cpu.dsse.json",
    ),
    ("fewer good replies", |documents| soak(documents).good -= 1, false, Outcome::Invalid, "statements/"),
    (
        "another seed",
        |documents| soak(documents).schedule.seed = Digest::of(b"x"),
        true,
        Outcome::Invalid,
        "its seed is not that of the plan",
    ),
    (
        "another warm-up",
        |documents| soak(documents).schedule.warm_up_ns += 1,
        true,
        Outcome::Invalid,
        "its warm-up is not that of the plan",
    ),
    (
        "another length",
        |documents| soak(documents).schedule.duration_ns += 1,
        true,
        Outcome::Invalid,
        "its duration is not that of the plan",
    ),
    (
        "a second soak",
        |documents| {
            let mut second = soak(documents).clone();
            second.trial = 2;
            second.process.pid = 1;
            second.schedule.seed = seed_of_the_second(documents);
            documents.push(Document::SoakRun(second));
        },
        true,
        Outcome::Invalid,
        "2 soaks where the plan asks for 1",
    ),
    (
        "no soak",
        |documents| {
            documents.retain(
                |document| !matches!(document, Document::SoakRun(run) if run.scene == Scene::Measured),
            );
        },
        true,
        Outcome::Incomplete,
        "0 soaks where the plan asks for 1",
    ),
];

/// The seed that a second soak would have.
fn seed_of_the_second(documents: &[Document]) -> Digest {
    let plan = documents.iter().find_map(|document| match document {
        Document::Plan(plan) => Some(plan),
        _ => None,
    });
    let plan = plan.unwrap();
    let name = soak_name(Scene::Measured, plan.rate_per_ks, 2);
    Digest::of(format!("{}{name}", plan.seed).as_bytes())
}

#[test]
fn a_soak_has_a_length_and_its_limits_can_be_kept_and_broken() {
    let world = World::with_key();
    let leak = [ERRORS, ("leak", "leak", "0")];
    for (text, problem) in [
        (profile(&leak), "criterion `leak` asks for a soak, but `soak` is missing"),
        (soaking(&[ERRORS]), "`soak` is given, but no criterion asks for one"),
        (soaking(&leak).replace("soak = \"6s\"", "soak = \"5s\""), "it must lie between 6 s and"),
        (soaking(&[ERRORS, ("leak", "leak", "1")]), "whatever grows without end is too much"),
        (soaking(&[ERRORS, ("memory", "memory", "0B")]), "`limit` is 0: it could not be kept"),
        (soaking(&[ERRORS, ("memory", "memory", "64")]), "`limit` must be an amount of memory, not a count"),
        (
            soaking(&[ERRORS, ("files", "open-files", "10000")]),
            "no planted defect could break the limit of `files`",
        ),
        (soaking(&leak).replacen("rule = \"simple\"", "rule = \"guard-95\"", 1), "leak gives no bound"),
    ] {
        let ran = world.certify(&notes_started_by("exec $SERVE"), &text);
        assert_eq!(ran.code, 2, "{problem}: {}", ran.stderr);
        assert!(ran.stderr.contains(problem), "{problem}: {}", ran.stderr);
    }
}

#[test]
fn what_is_known_by_url_alone_is_not_soaked() {
    let world = World::with_key();
    world.write(
        "url.toml",
        "name = \"url\"\n[target]\nurl = \"http://127.0.0.1:1\"\n[[request]]\npath = \"/\"\n",
    );
    let planned = |subject: &str| {
        let plan = world.run(&["certify", subject, "--profile", "soak", "--plan"]);
        assert_eq!(plan.code, 0, "{}", plan.stderr);
        plan.stdout
    };
    let plan = planned("url.toml");
    assert!(!plan.contains("soak") && !plan.contains("stowaway"), "{plan}");
    world.write("subject.toml", &notes_started_by("exec $SERVE"));
    let plan = planned("subject.toml");
    for part in ["30 s at 200/s on a fresh process", "stowaway", "sham-soak"] {
        assert!(plan.contains(part), "{part}\n{plan}");
    }
}
