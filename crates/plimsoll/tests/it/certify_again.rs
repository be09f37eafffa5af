//! Certifying with a certificate at hand: measured again, left to stand, and kept from one run in CI to the next.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::cert_recheck::git;
use crate::world::{PLIMSOLL, Ran, World, notes_started_by, profile};

const ERRORS: (&str, &str, &str) = ("errors", "errors", "5%");
const START_UP: (&str, &str, &str) = ("start-up", "start-up", "1500ms");

fn results(ran: &Ran) -> Vec<String> {
    let found = ran.json();
    let criteria = found["reproduction"]["criteria"].as_array().unwrap();
    criteria.iter().map(|one| one["result"].as_str().unwrap().to_owned()).collect()
}

fn repeat(world: &World, out: &str) -> Ran {
    world.run(&[
        "certify",
        "subject.toml",
        "--repeat",
        "certificate",
        "--out",
        out,
        "--json",
        "--passphrase-file",
        "passphrase",
    ])
}

/// The plan as the certificate has it.
fn plan(world: &World, folder: &str) -> Value {
    let files = fs::read_dir(world.path(folder).join("evidence")).unwrap();
    let texts = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    let plan = texts.into_iter().find(|text| text.starts_with("{\"plan\":")).unwrap();
    serde_json::from_str::<Value>(&plan).unwrap()["plan"].clone()
}

#[test]
fn timing_a_certificate_is_measured_again_and_reproduced_only_where_the_same_came_of_the_same() {
    let world = World::with_key();
    let flag = world.path("slow");
    let start = format!("test -e {} && sleep 2; exec $SERVE", flag.display());
    let ran = world.certify(&notes_started_by(&start), &profile(&[ERRORS, START_UP]));
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    assert_eq!(ran.json()["reproduction"], json!(null));
    let again = repeat(&world, "again");
    assert_eq!(
        (again.code, results(&again)),
        (0, vec!["reproduced".to_owned(); 2]),
        "{}\n{}",
        again.stdout,
        again.stderr
    );
    let (then, now) = (plan(&world, "certificate"), plan(&world, "again"));
    for field in ["seed", "scenes", "profile", "rate_per_ks", "timeout_ns", "subject"] {
        assert_eq!(then[field], now[field], "{field}");
    }
    assert_eq!(world.run(&["verify", "again"]).code, 0);
    let compared = world.run(&["cert", "compare", "certificate", "again"]);
    assert!(
        compared.stdout.contains("the second repeats the first: same profile, load and seed"),
        "{}",
        compared.stdout
    );
    // The same bytes, and another behaviour.
    fs::write(&flag, "").unwrap();
    let slower = repeat(&world, "slower");
    assert_eq!(
        (slower.code, results(&slower)),
        (1, vec!["reproduced".to_owned(), "not-reproduced".to_owned()]),
        "{}\n{}",
        slower.stdout,
        slower.stderr
    );
    fs::remove_file(&flag).unwrap();
    // Another subject reproduces nothing, whatever comes of it.
    let subject = fs::read_to_string(world.path("subject.toml")).unwrap();
    world.write("subject.toml", &format!("version = \"2\"\n{subject}"));
    let other = repeat(&world, "other");
    assert_eq!((other.code, results(&other)), (3, vec!["not-comparable".to_owned(); 2]), "{}", other.stderr);
    // Another load is another measurement.
    world.write("subject.toml", &format!("{subject}[load]\nrate = \"50/s\"\n"));
    let ran = repeat(&world, "faster");
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("the rate would be another") && !world.path("faster").exists(),
        "{}",
        ran.stderr
    );
}

/// A repository with a subject in it, and its profile.
fn repository(world: &World) {
    let source = world.path("project");
    fs::create_dir_all(&source).unwrap();
    let subject = notes_started_by("exec $SERVE").replace("[start]", "[source]\ngit = \".\"\n[start]");
    fs::write(source.join("subject.toml"), format!("profile = \"profile.toml\"\n{subject}")).unwrap();
    fs::write(source.join("profile.toml"), profile(&[ERRORS])).unwrap();
    git(&source, &["init", "-q", "-b", "main"]);
    commit(&source);
}

fn commit(source: &Path) {
    git(source, &["add", "."]);
    git(source, &["commit", "-q", "-m", "a change"]);
}

#[test]
fn timing_what_stands_is_not_measured_and_what_changed_is() {
    let world = World::with_key();
    repository(&world);
    let certify = |more: &[&str]| {
        world.run(&[&["certify", "project/subject.toml", "--passphrase-file", "passphrase"], more].concat())
    };
    let first = certify(&["--out", "first"]);
    assert_eq!(first.code, 0, "{}\n{}", first.stdout, first.stderr);
    let stood = certify(&["--out", "second", "--only-stale", "first"]);
    assert_eq!(stood.code, 0, "{}\n{}", stood.stdout, stood.stderr);
    assert!(stood.stdout.starts_with("nothing is stale: nothing was measured\n"), "{}", stood.stdout);
    assert!(!world.path("second").exists());
    fs::write(world.path("project/new.rs"), "fn main() {}\n").unwrap();
    commit(&world.path("project"));
    let anew = certify(&["--out", "second", "--only-stale", "first"]);
    assert_eq!(anew.code, 0, "{}\n{}", anew.stdout, anew.stderr);
    assert!(anew.stderr.contains("measured anew: scope changed: 1 file changed"), "{}", anew.stderr);
    assert!(world.path("second/certificate.dsse.json").exists());
    // A stranger's word lets nothing stand.
    let stranger = World::with_key();
    let words = [
        "certify",
        "project/subject.toml",
        "--passphrase-file",
        "passphrase",
        "--out",
        "third",
        "--only-stale",
    ];
    let second = world.path("second").to_string_lossy().into_owned();
    let mut command = world.command(&[&words[..], &[second.as_str()]].concat());
    let ran: Ran = command.env("XDG_STATE_HOME", stranger.path("state")).output().unwrap().into();
    assert!(ran.stderr.contains("measured anew: intact, issuer not known to you"), "{}", ran.stderr);
}

/// The examples of CI systems: their steps by a stranger's reader of YAML.
fn steps(file: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/ci").join(file);
    let read = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))";
    let ran: Ran =
        Command::new("plimsoll-export-readers").args(["-c", read]).arg(path).output().unwrap().into();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let read = ran.json();
    let text = |step: &Value| step.as_str().unwrap().to_owned();
    match file {
        "github.yml" => {
            let steps = read["jobs"]["certify"]["steps"].as_array().unwrap();
            steps.iter().filter_map(|step| step.get("run")).map(text).collect()
        }
        _ => read["certify"]["script"].as_array().unwrap().iter().map(text).collect(),
    }
}

/// Runs the steps as the CI system would, one after the other in one shell or in one each.
fn run_steps(world: &World, file: &str) -> Vec<Ran> {
    let project = world.path("project");
    let path =
        format!("{}:{}", Path::new(PLIMSOLL).parent().unwrap().display(), std::env::var("PATH").unwrap());
    let run = |step: String| {
        let mut command = Command::new("bash");
        command.args(["-e", "-c", &step]).current_dir(&project).env("PATH", &path);
        command.env("RUNNER_TEMP", world.folder()).env("PASSPHRASE", "correct horse battery staple");
        command.env("PLIMSOLL_PASSPHRASE_FILE", world.path("passphrase")).env("NO_COLOR", "1");
        command.env("XDG_STATE_HOME", world.path("nowhere"));
        match file {
            "github.yml" => {
                command.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", world.path("summary.md"));
                command.env("PLIMSOLL_CACHE", project.join(".git/plimsoll"));
            }
            _ => {
                command.env_remove("GITHUB_ACTIONS").env_remove("GITHUB_STEP_SUMMARY");
                command.env("PLIMSOLL_CACHE", project.join(".plimsoll"));
            }
        }
        command.output().unwrap().into()
    };
    steps(file).into_iter().map(run).collect()
}

#[test]
fn timing_the_examples_for_ci_certify_once_and_then_look() {
    for (file, cache) in [("github.yml", ".git/plimsoll"), ("gitlab.yml", ".plimsoll")] {
        let world = World::new();
        repository(&world);
        let kept = world.path("state/plimsoll/calibration.json");
        if kept.exists() {
            let state = world.path("project").join(cache).join("state");
            fs::create_dir_all(&state).unwrap();
            fs::copy(kept, state.join("calibration.json")).unwrap();
            let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
            fs::set_permissions(&state, private).unwrap();
        }
        let first = run_steps(&world, file);
        for ran in &first {
            assert_eq!(ran.code, 0, "{file}: {}\n{}", ran.stdout, ran.stderr);
        }
        assert!(!first.last().unwrap().stdout.contains("nothing was measured"), "{file}");
        let second = run_steps(&world, file);
        let last = second.last().unwrap();
        assert_eq!(last.code, 0, "{file}: {}\n{}", last.stdout, last.stderr);
        assert!(last.stdout.contains("nothing is stale: nothing was measured"), "{file}: {}", last.stdout);
        let certificates = fs::read_dir(world.path("project").join(cache).join("certificates")).unwrap();
        let names: Vec<String> =
            certificates.map(|one| one.unwrap().file_name().to_string_lossy().into_owned()).collect();
        assert_eq!(names.iter().filter(|name| name.ends_with(".junit.xml")).count(), 1, "{file}: {names:?}");
        if file == "github.yml" {
            let summary = fs::read_to_string(world.path("summary.md")).unwrap();
            assert!(summary.matches("errors").count() >= 2, "{summary}");
        }
        // What broke is told at its file.
        let subject = world.path("project/subject.toml");
        let text = fs::read_to_string(&subject).unwrap();
        fs::write(&subject, text.replace("path = \"/notes\"\n", "path = \"/nowhere\"\n")).unwrap();
        commit(&world.path("project"));
        let broken = run_steps(&world, file);
        let last = broken.last().unwrap();
        assert_eq!(last.code, 1, "{file}: {}\n{}", last.stdout, last.stderr);
        let told = last.stdout.contains("::error file=subject.toml,title=errors::FAIL");
        assert_eq!(told, file == "github.yml", "{}", last.stdout);
    }
}
