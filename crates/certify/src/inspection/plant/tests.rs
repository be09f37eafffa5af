//! Every planted defect is seen in the copy, as often as it was planted; nothing is seen in the copy without one.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use plimsoll_base::Utc;
use plimsoll_evidence::{CheckRun, Family, Probe, Scene};

use crate::files::parse_subject;
use crate::inspection::{Looked, copied, inspect};
use crate::stop::Stop;

const AT: &str = "2026-11-22T12:00:00Z";

const BILL: &str = r#"{ "bomFormat": "CycloneDX", "specVersion": "1.5", "components": [{
    "type": "library", "name": "left", "version": "1.2.3", "purl": "pkg:cargo/left@1.2.3",
    "hashes": [{ "alg": "SHA-256", "content": "aa" }], "licenses": [{ "license": { "id": "MIT" } }] }] }"#;
const ADVISORY: &str = r#"{ "id": "R-1", "modified": "2026-11-20T00:00:00Z", "affected": [{
    "package": { "ecosystem": "crates.io", "name": "right" }, "ranges": [] }] }"#;

const SUBJECT: &str = r#"
name = "x"
[source]
folder = "files"
bill_of_materials = "sbom.cdx.json"
licences = ["MIT"]
advisories = "advisories"
documents = ["README.md", "LICENSE"]
[operation]
alerts = ["alerts.yml"]
[target]
url = "http://127.0.0.1:80"
[[request]]
path = "/"
"#;

/// A folder with a subject in whose files nothing is wrong.
fn world(with_advisories: bool) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| super::write(&folder.path().join(path), text.as_bytes()).unwrap();
    write("advisories/one.json", ADVISORY);
    write("files/sbom.cdx.json", BILL);
    write("files/README.md", "# Read me\n\n[down](runbooks.md#down)\n");
    write("files/LICENSE", "All is allowed.\n");
    write("files/runbooks.md", "# Down\n\n1. Start it.\n");
    let rules = "groups:\n- name: a\n  rules:\n  - alert: Down\n    expr: up == 0\n    annotations:\n      runbook: runbooks.md#down\n";
    write("files/alerts.yml", rules);
    let mut subject = SUBJECT.to_owned();
    for format in ["junit", "sarif", "xccdf", "trivy", "inspec"] {
        write(&format!("files/results/{format}"), &super::result(named(format), 0, AT.parse().unwrap()));
        subject.push_str(&format!(
            "[[import]]\nformat = \"{format}\"\nfile = \"results/{format}\"\ntool = \"a tool\"\nmax_age = \"1d\"\nseverity_from = \"high\"\n"
        ));
    }
    if !with_advisories {
        subject = subject.replace("advisories = \"advisories\"\n", "");
    }
    (folder, subject)
}

fn named(format: &str) -> plimsoll_evidence::ImportFormat {
    plimsoll_evidence::ImportFormat::ALL.into_iter().find(|known| known.name() == format).unwrap()
}

/// What is wrong, in words.
fn problems(probe: Probe, looked: &Looked) -> Vec<String> {
    let checklist = inspect(probe, looked, &[], Stop(&AtomicBool::new(false))).unwrap();
    let at: Utc = AT.parse().unwrap();
    let run =
        CheckRun { scene: Scene::Measured, trial: 1, process: None, died: false, at, checklist, proxy: None };
    let wrong = |case: plimsoll_evidence::CheckedCase| Some(format!("{}: {}", case.case, case.problem?));
    run.cases().unwrap().into_iter().filter_map(wrong).collect()
}

#[test]
fn what_is_planted_in_a_copy_is_seen_there_and_only_there() {
    for with_advisories in [true, false] {
        let (folder, subject) = world(with_advisories);
        let subject = parse_subject("s.toml", &subject, folder.path()).unwrap();
        for probe in Probe::of(Family::Inspection) {
            let name = probe.name();
            let own = Looked::own(&subject);
            assert_eq!(problems(probe, &own), [""; 0], "{name} of good files");
            for defects in [0, 1, 4] {
                let scratch = tempfile::tempdir().unwrap();
                let copy = copied(&subject, probe, scratch.path(), defects, AT.parse().unwrap()).unwrap();
                let found = problems(probe, &copy);
                // Findings are planted in each form.
                let forms = if probe == Probe::ImportedResults { 5 } else { 1 };
                assert_eq!(found.len() as u64, defects * forms, "{name}: {found:#?}");
            }
            assert_eq!(problems(probe, &own), [""; 0], "{name}: the original has changed");
        }
    }
}

#[test]
fn a_file_keeps_its_age_in_the_copy() {
    let (folder, subject) = world(true);
    let subject = parse_subject("s.toml", &subject, folder.path()).unwrap();
    let file = std::fs::File::options().write(true).open(folder.path().join("files/results/junit")).unwrap();
    let old = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
    file.set_modified(old).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    copied(&subject, Probe::ImportedResults, scratch.path(), 0, AT.parse().unwrap()).unwrap();
    let copy = Path::new(scratch.path()).join("files/results/junit");
    assert_eq!(copy.metadata().unwrap().modified().unwrap(), old);
}

#[test]
fn the_demo_services_own_files_have_nothing_wrong() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/subjects");
    let text = std::fs::read_to_string(folder.join("notes.toml")).unwrap();
    let subject = parse_subject("notes.toml", &text, &folder).unwrap();
    let mut looked = Looked::own(&subject);
    // What was built is not always there.
    looked.artifacts.clear();
    for probe in Probe::of(Family::Inspection).filter(|probe| *probe != Probe::ImportedResults) {
        assert_eq!(problems(probe, &looked), [""; 0], "{}", probe.name());
    }
}
