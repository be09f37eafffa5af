//! What is seen of a subject's files: secrets in their history, what it is made of, what others have found, runbooks, documents.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::world::{Ran, World, notes_started_by, profile, verdict};

const ERRORS: (&str, &str, &str) = ("errors", "errors", "5%");
const FILES: [(&str, &str, &str); 6] = [
    ERRORS,
    ("secrets", "secrets", "0"),
    ("bill", "bill-of-materials", "0"),
    ("results", "imported-results", "0"),
    ("runbooks", "runbooks", "0"),
    ("documents", "documentation", "0"),
];
const IDS: [&str; 5] = ["secrets", "bill", "results", "runbooks", "documents"];

const SOURCE: &str = r#"
[source]
git = "files"
bill_of_materials = "sbom.cdx.json"
licences = ["MIT"]
advisories = "advisories"
documents = ["README.md"]
[operation]
alerts = ["alerts.yml"]
[[import]]
format = "junit"
file = "junit.xml"
tool = "pytest"
max_age = "1d"
severity_from = "medium"
"#;
const BILL: &str = r#"{ "bomFormat": "CycloneDX", "specVersion": "1.5", "components": [{
    "type": "library", "name": "left", "version": "1.2.3", "purl": "pkg:cargo/left@1.2.3",
    "hashes": [{ "alg": "SHA-256", "content": "aa" }], "licenses": [{ "license": { "id": "MIT" } }] }] }"#;
/// It is fixed in 1.2.3; of a time that keeps it fresh.
const ADVISORY: &str = r#"{ "id": "RUSTSEC-2026-9999", "modified": "2099-01-01T00:00:00Z", "affected": [{
    "package": { "ecosystem": "crates.io", "name": "left" },
    "ranges": [{ "type": "SEMVER", "events": [{ "introduced": "1.0.0" }, { "fixed": "1.2.3" }] }] }] }"#;
const ALERTS: &str = "groups:\n- name: a\n  rules:\n  - alert: Down\n    expr: up == 0\n    annotations:\n      runbook_url: README.md#down\n";
const README: &str = "# Read me\n\nSee [what to do](#down).\n\n## Down\n\n1. Start it.\n";
const JUNIT: &str = "<testsuite name=\"t\"><testcase name=\"good\"/></testsuite>";

/// A token that nobody was ever given, with the checksum of one that somebody was.
fn token() -> String {
    format!("{}NobodyWasEverGivenThis00000001{}", "ghp_", "2leijR")
}

fn git(folder: &Path, words: &[&str]) {
    let identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"];
    let ran = Command::new("git").args(identity).args(words).current_dir(folder).output().unwrap();
    assert!(ran.status.success(), "{words:?}: {}", String::from_utf8_lossy(&ran.stderr));
}

/// A world with a repository in whose files nothing is wrong.
fn world() -> World {
    let world = World::with_key();
    let folder = world.path("files");
    fs::create_dir_all(world.path("advisories")).unwrap();
    fs::create_dir_all(&folder).unwrap();
    world.write("advisories/one.json", ADVISORY);
    for (path, text) in
        [("sbom.cdx.json", BILL), ("alerts.yml", ALERTS), ("README.md", README), ("junit.xml", JUNIT)]
    {
        world.write(&format!("files/{path}"), text);
    }
    git(&folder, &["init", "-q"]);
    commit(&folder);
    world
}

fn commit(folder: &Path) {
    git(folder, &["add", "-A"]);
    git(folder, &["commit", "-q", "-m", "a change"]);
}

fn certify(world: &World) -> Ran {
    world.certify(&format!("{}{SOURCE}", notes_started_by("exec $SERVE")), &profile(&FILES))
}

/// The verdicts and states of the criteria, each of which was seen red, in a certificate that verifies.
fn judged(world: &World, ran: &Ran) -> Vec<(String, String)> {
    assert!(ran.code < 2, "{}\n{}", ran.stdout, ran.stderr);
    let verified = world.run(&["verify", "certificate"]);
    assert_eq!(verified.code, 0, "{}\n{}", verified.stdout, verified.stderr);
    let result = ran.json();
    let of = |id: &str| {
        let criteria = result["criteria"].as_array().unwrap();
        let criterion = criteria.iter().find(|criterion| criterion["id"] == id).unwrap();
        assert_eq!(criterion["control"]["seen_red"], true, "{criterion:#}");
        (verdict(&result, id).to_owned(), criterion["state"].as_str().unwrap().to_owned())
    };
    IDS.map(of).to_vec()
}

fn report(world: &World) -> String {
    fs::read_to_string(world.path("certificate/report.html")).unwrap()
}

#[test]
fn timing_files_in_which_nothing_is_wrong_pass_and_only_what_was_measured_is_proven() {
    let world = world();
    let ran = certify(&world);
    let pass = |state: &str| ("PASS".to_owned(), state.to_owned());
    let expected = ["proven", "proven", "declared", "configured", "configured"].map(pass);
    assert_eq!(judged(&world, &ran), expected, "{}", report(&world));
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    let shown = world.run(&["cert", "show", "certificate"]).stdout;
    let line = |id: &str| shown.lines().find(|line| line.starts_with(id)).unwrap().to_owned();
    assert!(line("documents").contains("configured") && !line("documents").contains("proven"), "{shown}");
    let junit = world.run(&["cert", "export", "certificate", "--format", "junit"]).stdout;
    let case = junit.split("<testcase").find(|case| case.contains("\"runbooks\"")).unwrap();
    assert!(case.contains("skipped") && case.contains("configured, not proven"), "{case}");
    assert!(report(&world).contains("a copy of the documents"), "the controls are explained");
}

/// One thing is wrong for each probe; the secret was deleted again.
#[test]
fn timing_each_thing_that_is_wrong_with_files_is_refused_and_no_secret_is_told() {
    let world = world();
    let folder = world.path("files");
    world.write("files/deploy.env", &format!("TOKEN {}\n", token()));
    commit(&folder);
    fs::remove_file(folder.join("deploy.env")).unwrap();
    world.write("files/sbom.cdx.json", &BILL.replace("1.2.3", "1.2.2"));
    world.write("files/junit.xml", &JUNIT.replace("\"good\"/>", "\"bad\"><failure/></testcase>"));
    world.write("files/alerts.yml", &ALERTS.replace("#down", "#up"));
    world.write("files/README.md", &format!("{README}\n[gone](gone.md)\n"));
    commit(&folder);
    let ran = certify(&world);
    let expected = vec![("FAIL".to_owned(), "contradicted".to_owned()); 5];
    assert_eq!(judged(&world, &ran), expected, "{}", report(&world));
    assert_eq!((ran.code, ran.json()["status"].as_str()), (1, Some("denied")));
    let report = report(&world);
    for told in [
        "deploy.env:1",
        "a token of GitHub",
        "left 1.2.2 by RUSTSEC-2026-9999",
        "it has a known vulnerability",
        "pytest: bad",
        "its runbook has no such heading",
        "README.md:9",
        "it leads to no file",
    ] {
        assert!(report.contains(told), "{told}\n{report}");
    }
    for file in fs::read_dir(world.path("certificate/evidence")).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        assert!(!text.contains(&token()), "the secret stands in the evidence");
    }
    assert!(!report.contains(&token()) && !ran.stdout.contains(&token()));
}

#[test]
fn what_is_looked_at_is_planned_and_what_is_not_named_does_not_apply() {
    let world = world();
    let subject = notes_started_by("exec $SERVE");
    world.write("profile.toml", &profile(&FILES));
    world.write("subject.toml", &format!("{subject}{SOURCE}"));
    let plan = |world: &World| world.run(&["certify", "subject.toml", "--profile", "profile.toml", "--plan"]);
    let planned = plan(&world).stdout;
    assert!(planned.contains("secrets and bill-of-materials and imported-results and runbooks"), "{planned}");
    assert!(planned.contains("planted-secret") && planned.contains("sham-files"), "{planned}");
    world.write("subject.toml", &subject);
    assert!(!plan(&world).stdout.contains("sham-files"));
    for (from, to, told) in [
        ("\"sbom.cdx.json\"", "\"../sbom.cdx.json\"", "does not lie in the subject's folder"),
        ("\"alerts.yml\"", "\"/etc/alerts.yml\"", "does not lie in the subject's folder"),
        ("licences = [\"MIT\"]\n", "", "write the licences that you accept"),
        ("bill_of_materials = \"sbom.cdx.json\"\n", "", "there is none"),
        ("severity_from = \"medium\"", "severity_from = \"critical\"", "nothing that is graver than high"),
        ("max_age = \"1d\"", "max_age = \"500ms\"", "must lie between"),
        ("format = \"junit\"", "format = \"sarf\"", "sarif"),
    ] {
        world.write("subject.toml", &format!("{subject}{}", SOURCE.replacen(from, to, 1)));
        let ran = plan(&world);
        assert_eq!(ran.code, 2, "{to}: {}", ran.stdout);
        assert!(ran.stderr.contains(told), "{to}: {}", ran.stderr);
    }
    let allow = "[[allow]]\nsecret = \"hunter2hunter2\"\nreason = \"x\"\n";
    world.write("subject.toml", &format!("{subject}{SOURCE}{allow}"));
    let ran = plan(&world);
    assert!(ran.code == 2 && !ran.stderr.contains("hunter2"), "{}", ran.stderr);
}

/// The bill of the demo service is what cargo knows, and its own files pass.
#[test]
fn the_bill_of_the_demo_service_is_true() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let ran = Command::new(root.join("scripts/notes-bill")).arg("--check").output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

/// One that is typed is meant from where one stands, one that stands in a file from there.
#[test]
fn a_profile_lies_where_it_is_named() {
    let world = World::with_key();
    fs::create_dir(world.path("sub")).unwrap();
    let subject = notes_started_by("exec $SERVE");
    world.write("typed.toml", &profile(&[ERRORS]));
    world.write("sub/written.toml", &profile(&[ERRORS]));
    world.write("sub/subject.toml", &subject);
    let plan = |arguments: &[&str]| {
        let ran = world.run(&[&["certify", "sub/subject.toml", "--plan"], arguments].concat());
        (ran.code, ran.stderr)
    };
    assert_eq!(plan(&["--profile", "typed.toml"]).0, 0);
    let (code, told) = plan(&["--profile", "written.toml"]);
    assert!(code == 2 && told.contains("written.toml"), "{code} {told}");
    world.write("sub/subject.toml", &subject.replacen("[start]", "profile = \"written.toml\"\n[start]", 1));
    assert_eq!(plan(&[]).0, 0);
}
