//! Health checks that tell the truth of what a service depends on, and some that do not.

use std::path::Path;

use plimsoll_certify::read_folder;
use plimsoll_evidence::{CheckRun, Checklist, Document, HealthMoment, HealthTold, Outcome, Scene};
use serde_json::Value;

use crate::golden::Files;
use crate::lies::{Lie, refuses_lies};
use crate::world::{PLIMSOLL, Ran, World, notes_started_by, profile, verdict};

const HEALTH: (&str, &str, &str) = ("health", "health-truth", "0");

/// The demo service with its collector.
fn demo() -> String {
    let collector = format!(
        "[[dependency]]\nname = \"audit\"\n\
         command = [\"{PLIMSOLL}\", \"demo-service\", \"--collector\", \"--listen\", \"127.0.0.1:{{port}}\"]\n"
    );
    format!("{}{collector}", notes_started_by("exec $SERVE --audit {dependency.audit}"))
}

/// A server of Python's whose health check is cheerful, honest or rash, with the store that it needs.
fn python(how: &str) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/broken/cheerful.py");
    let script = script.display();
    let subject = notes_started_by(&format!("exec python3 {script} {{port}} {how} {{dependency.store}}"));
    let store = format!(
        "[[dependency]]\nname = \"store\"\ncommand = [\"python3\", \"{script}\", \"{{port}}\", \"store\"]\n\
         [health]\nnotices_within = \"2s\"\nlive = \"/live\"\n[load]\nrate = \"50/s\"\n"
    );
    format!("{}{store}", &subject[..subject.find("[ledger]").unwrap()])
}

/// The verdict of a criterion that was seen red on its planted defect and green on its sham, in a certificate that
/// verifies.
fn judged(world: &World, ran: &Ran) -> String {
    let verified = world.run(&["verify", "certificate"]);
    assert_eq!(verified.code, 0, "{}\n{}\n{}", verified.stdout, verified.stderr, ran.stderr);
    let result = ran.json();
    let criteria = result["criteria"].as_array().unwrap();
    let criterion = criteria.iter().find(|criterion| criterion["id"] == "health").unwrap();
    assert_eq!(criterion["control"]["seen_red"], Value::Bool(true), "{criterion:#}");
    verdict(&result, "health").to_owned()
}

fn documents(world: &World) -> Files {
    let certificate = read_folder(&world.path("certificate")).unwrap();
    certificate.iter().map(|(path, bytes)| (path.into(), bytes.into())).collect()
}

/// What went wrong, of all scenes but the planted defect's, by the words of the report.
fn wrongs(world: &World) -> Vec<String> {
    let parts = crate::issuer::Parts::of(&documents(world));
    let runs = parts.documents().into_iter().filter_map(|document| match document {
        Document::CheckRun(run) if run.scene == Scene::Measured => Some(run),
        _ => None,
    });
    let cases = runs.flat_map(|run: CheckRun| run.cases().unwrap());
    cases.filter_map(|case| case.problem.map(|problem| format!("{}: {problem}", case.case))).collect()
}

fn told(documents: &mut [Document]) -> &mut HealthTold {
    let told = documents.iter_mut().find_map(|document| match document {
        Document::CheckRun(CheckRun {
            scene: Scene::Measured,
            checklist: Checklist::HealthTruth(told),
            ..
        }) => Some(told),
        _ => None,
    });
    told.unwrap()
}

const LIES: [Lie; 4] = [
    ("nothing", |_| (), true, Outcome::Valid, ""),
    (
        "it was good while it was cut off",
        |documents| told(documents).looks[1].status = Some(200),
        false,
        Outcome::Invalid,
        "statements/health",
    ),
    (
        "it took longer than it promises",
        |documents| told(documents).looks[4].took_ns = 5_000_000_001,
        false,
        Outcome::Invalid,
        "statements/health",
    ),
    (
        "nothing hung",
        |documents| told(documents).looks.retain(|look| look.moment != HealthMoment::Hung),
        false,
        Outcome::Invalid,
        "cases are missing",
    ),
];

#[test]
fn the_demo_service_tells_when_nobody_collects_its_audit_trail() {
    let world = World::with_key();
    let ran = world.certify(&demo(), &profile(&[HEALTH]));
    assert!(ran.code < 2, "{}\n{}", ran.stdout, ran.stderr);
    assert_eq!(judged(&world, &ran), "PASS", "{:#?}", wrongs(&world));
    let report = std::fs::read_to_string(world.path("certificate/report.html")).unwrap();
    assert!(report.contains("What the health check tells of dependencies"), "its table stands in the report");
    refuses_lies(&documents(&world), &LIES, |document| {
        matches!(document, Document::CheckRun(run)
            if run.scene == Scene::Measured && matches!(run.checklist, Checklist::HealthTruth(_)))
    });
}

#[test]
fn a_health_check_that_is_always_green_is_refused() {
    let world = World::with_key();
    let ran = world.certify(&python("cheerful"), &profile(&[HEALTH]));
    assert_eq!((ran.code, judged(&world, &ran).as_str()), (1, "FAIL"), "{}\n{}", ran.stdout, ran.stderr);
    let cut = "health while `store` is cut off: 200, although `store` is cut off";
    let hung = "health while `store` hangs: 200, although `store` hangs";
    assert_eq!(wrongs(&world), [cut, hung]);
}

#[test]
fn a_check_of_liveness_that_asks_for_a_restart_is_refused() {
    let world = World::with_key();
    let ran = world.certify(&python("rash"), &profile(&[HEALTH]));
    assert_eq!((ran.code, judged(&world, &ran).as_str()), (1, "FAIL"), "{}\n{}", ran.stdout, ran.stderr);
    let restart = "a restart would not help, and is asked for";
    let of = |what: &str| format!("liveness while `store` {what}: {restart}");
    assert_eq!(wrongs(&world), [of("is cut off"), of("hangs")]);
}

#[test]
fn its_twin_that_asks_the_store_is_not() {
    let world = World::with_key();
    let ran = world.certify(&python("honest"), &profile(&[HEALTH]));
    assert_eq!(judged(&world, &ran), "PASS", "{:#?}\n{}", wrongs(&world), ran.stderr);
}

#[test]
fn a_dependency_that_does_not_come_up_is_told_of() {
    let world = World::with_key();
    let subject = |dependency: &str| {
        let start = "exec $SERVE --audit {dependency.audit}";
        format!("{}[[dependency]]\nname = \"audit\"\n{dependency}\n", notes_started_by(start))
    };
    for (dependency, said) in [
        (
            "command = [\"sh\", \"-c\", \"exit 3; {port}\"]",
            "depends on `audit`, which ended before it was ready",
        ),
        ("address = \"127.0.0.1:1\"", "depends on `audit`, which nobody offers at 127.0.0.1:1"),
    ] {
        let ran = world.certify(&subject(dependency), &profile(&[HEALTH]));
        assert!(ran.code > 1 && ran.stderr.contains(said), "{}\n{}", ran.code, ran.stderr);
    }
}
