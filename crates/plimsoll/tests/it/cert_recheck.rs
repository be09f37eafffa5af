//! `plimsoll cert recheck`: each trigger seen on a real change, in a real repository.

use std::fs;
use std::path::Path;
use std::process::Command;

use plimsoll_certify::{identify, parse_subject, read_environment};
use plimsoll_evidence::{Document, EntryType, Environment, Issuance, LogEntry, evidence_path};
use plimsoll_proof::Digest;
use serde_json::Value;

use crate::cert::trust;
use crate::golden::{AT, Files, golden_files, write_files};
use crate::mutants::with;
use crate::world::{PLIMSOLL, Ran, World};

/// The golden subject with a source.
const SUBJECT: &str = "name = \"notes\"\nversion = \"1\"\n[source]\ngit = \"source\"\n[start]\ncommand = [\"./notes\", \"{port}\"]\n\
    [target]\nurl = \"http://127.0.0.1:{port}\"\nhealth = \"/health\"\n\
    [[request]]\nmethod = \"PUT\"\npath = \"/notes/n\"\nbody = \"0123456789\"\n\
    [ledger]\nwrite = { method = \"PUT\", path = \"/notes/{key}\", body = \"{value}\" }\nread = { path = \"/notes/{key}\" }\n";

/// The criteria of the golden certificate.
const CRITERIA: usize = 8;

pub(crate) fn git(folder: &Path, words: &[&str]) -> String {
    let identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"];
    let ran = Command::new("git").args(identity).args(words).current_dir(folder).output().unwrap();
    assert!(ran.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap()
}

fn lock(version: &str) -> String {
    format!("version = 4\n\n[[package]]\nname = \"a\"\nversion = \"{version}\"\n")
}

/// A world with the repository that is certified.
fn world() -> World {
    let world = World::new();
    let source = world.path("source");
    for folder in ["src", "docs", "vendor"] {
        fs::create_dir_all(source.join(folder)).unwrap();
    }
    let lines = |n: usize| "a line\n".repeat(n);
    fs::write(source.join("src/main.c"), lines(60)).unwrap();
    fs::write(source.join("docs/guide.md"), lines(30)).unwrap();
    fs::write(source.join("vendor/library.c"), lines(900)).unwrap();
    fs::write(source.join(".gitattributes"), "vendor/** linguist-vendored\n").unwrap();
    fs::write(source.join("Cargo.lock"), lock("1")).unwrap();
    git(&source, &["init", "-q"]);
    commit(&source);
    world.write("subject.toml", SUBJECT);
    world
}

fn commit(source: &Path) {
    git(source, &["add", "."]);
    git(source, &["commit", "-q", "-m", "a change"]);
}

/// Turns the golden certificate into one of the subject of this world, made on this machine by this program but for what
/// `change` does to its documents.
pub(crate) fn certified(world: &World, change: impl Fn(&mut Document)) -> Files {
    let text = fs::read_to_string(world.path("subject.toml")).unwrap();
    let subject = parse_subject("subject.toml", &text, world.folder()).unwrap();
    let identity = identify(&subject).unwrap();
    let program = Digest::of(&fs::read(PLIMSOLL).unwrap());
    with(|parts| {
        let mut documents = parts.documents();
        let mut profile = String::new();
        for document in &mut documents {
            match document {
                Document::Plan(plan) => {
                    plan.subject = identity.clone();
                    plan.description = Digest::of(subject.description().as_bytes());
                    plan.profile.id = "own".into();
                    plan.profile.criteria[0].scope = vec!["src/**".into()];
                    plan.profile.criteria[1].scope = vec!["docs/**".into()];
                }
                Document::Environment(environment) => {
                    let here = read_environment(env!("CARGO_PKG_VERSION"), true).unwrap();
                    *environment = Environment { plimsoll_sha256: program, boot: environment.boot, ..here };
                }
                Document::Calibration(calibration) => calibration.plimsoll_sha256 = program,
                _ => {}
            }
            change(document);
            if let Document::Plan(plan) = document {
                profile.clone_from(&plan.profile.id);
            }
        }
        let text = subject.description().into_bytes();
        parts.others.insert(evidence_path(Digest::of(&text), "txt"), text);
        parts.log.iter_mut().for_each(|entry| entry.profile.clone_from(&profile));
        parts.rejudge(documents, Issuance::Issued).unwrap();
    })
}

/// Asks what has become of the certificate.
fn recheck(world: &World, files: &Files, more: &[&str]) -> Ran {
    let _ = fs::remove_dir_all(world.path("certificate"));
    write_files(&world.path("certificate"), files);
    let trust = trust();
    let at: &[&str] = if more.contains(&"--at") { &[] } else { &["--at", AT] };
    let words = ["cert", "recheck", "certificate", "--subject", "subject.toml", "--issuer", &trust];
    world.run(&[&words, at, more].concat())
}

/// What a trigger found, and what it makes stale.
fn trigger(found: &Value, name: &str) -> (String, Vec<String>) {
    let triggers = found["triggers"].as_array().unwrap();
    let row = triggers.iter().find(|row| row["trigger"] == name).unwrap();
    let stale =
        row["stale"].as_array().unwrap().iter().map(|one| one["criterion"].as_str().unwrap().to_owned());
    (row["finding"].as_str().unwrap().to_owned(), stale.collect())
}

/// Changes something and asks: the trigger that must find it, what it says, how many criteria it makes stale, and the exit.
fn check(world: &World, files: &Files, more: &[&str], expected: (&str, &str, usize, i32)) -> Value {
    let ran = recheck(world, files, &[more, &["--json"]].concat());
    let found = ran.json();
    let (name, finding, stale, code) = expected;
    let (said, named) = trigger(&found, name);
    assert_eq!(
        (said.as_str(), named.len(), ran.code),
        (finding, stale, code),
        "{name} {more:?}: {}",
        ran.stdout
    );
    found
}

#[test]
fn what_has_not_changed_is_not_stale() {
    let world = world();
    let files = certified(&world, |_| ());
    let ran = recheck(&world, &files, &[]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
    assert!(
        ran.stdout.starts_with("valid\n") && ran.stdout.ends_with("\nnothing is stale\n"),
        "{}",
        ran.stdout
    );
    let found = recheck(&world, &files, &["--json"]).json();
    for name in ["expiry", "scope", "description", "dependencies", "churn", "platform", "instrument"] {
        assert_eq!(trigger(&found, name), ("unchanged".into(), vec![]), "{name}: {found}");
    }
    for name in ["artifacts", "envelope", "slo-burn", "profile"] {
        assert_eq!(trigger(&found, name), ("not known".into(), vec![]), "{name}: {found}");
    }
}

#[test]
fn a_changed_file_makes_the_criteria_stale_in_whose_scope_it_is() {
    let world = world();
    let files = certified(&world, |_| ());
    let source = world.path("source");
    let main = source.join("src/main.c");
    let all_but_docs = CRITERIA - 1;
    // Not committed, then committed, then a file that git has never seen.
    fs::write(&main, "a line\n".repeat(60) + "one more\n").unwrap();
    let found = check(&world, &files, &[], ("scope", "changed", all_but_docs, 1));
    assert!(!trigger(&found, "scope").1.contains(&found["criteria"][1]["id"].as_str().unwrap().to_owned()));
    commit(&source);
    check(&world, &files, &[], ("scope", "changed", all_but_docs, 1));
    git(&source, &["checkout", "-q", "HEAD~1"]);
    check(&world, &files, &[], ("scope", "unchanged", 0, 0));
    fs::write(source.join("docs/more.md"), "new\n").unwrap();
    check(&world, &files, &[], ("scope", "changed", all_but_docs, 1));
    fs::remove_file(source.join("docs/more.md")).unwrap();
    fs::remove_file(&main).unwrap();
    let ran = recheck(&world, &files, &[]);
    assert!(ran.stdout.contains("scope: src/main.c is in its scope"), "{}", ran.stdout);
}

/// A certificate is written beside what it is about, and committed with it.
#[test]
fn a_certificate_in_its_own_repository_changes_nothing_and_hides_nothing() {
    let world = world();
    let files = certified(&world, |_| ());
    let source = world.path("source");
    let kept = source.join("certificates/one");
    write_files(&kept, &golden_files());
    check(&world, &files, &[], ("scope", "unchanged", 0, 0));
    check(&world, &files, &[], ("churn", "unchanged", 0, 0));
    let identified = || {
        let subject = parse_subject("subject.toml", SUBJECT, world.folder()).unwrap();
        identify(&subject).map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(identified(), Ok(()), "it can be certified again");
    commit(&source);
    check(&world, &files, &[], ("scope", "unchanged", 0, 0));
    check(&world, &files, &[], ("churn", "unchanged", 0, 0));
    // What is put beside its files, or into them, is no certificate.
    for (path, text) in [("more.c", "int more;\n"), ("report.html", "another page\n")] {
        let before = fs::read(kept.join(path)).ok();
        fs::write(kept.join(path), text).unwrap();
        assert!(identified().unwrap_err().contains("not committed"), "{path}");
        let found = recheck(&world, &files, &["--json"]).json();
        let (said, stale) = trigger(&found, "scope");
        assert!(said == "changed" && !stale.is_empty(), "{path}: {found}");
        match before {
            Some(before) => fs::write(kept.join(path), before).unwrap(),
            None => fs::remove_file(kept.join(path)).unwrap(),
        }
    }
    fs::write(source.join("certificates/main.c"), "int main;\n").unwrap();
    assert!(identified().unwrap_err().contains("not committed"));
}

#[test]
fn what_git_cannot_tell_is_not_known_and_stale() {
    let world = world();
    let files = certified(&world, |_| ());
    let source = world.path("source");
    fs::write(source.join("src/main.c"), "hidden\n").unwrap();
    git(&source, &["update-index", "--assume-unchanged", "src/main.c"]);
    assert_eq!(git(&source, &["status", "--porcelain"]), "", "git tells of what it was told to hide");
    check(&world, &files, &[], ("scope", "not known", CRITERIA, 3));
    // A history in which the commit is not.
    fs::remove_dir_all(source.join(".git")).unwrap();
    git(&source, &["init", "-q"]);
    commit(&source);
    for name in ["scope", "churn", "dependencies"] {
        check(&world, &files, &[], (name, "not known", CRITERIA, 3));
    }
    fs::remove_dir_all(&source).unwrap();
    check(&world, &files, &[], ("scope", "not known", CRITERIA, 3));
}

#[test]
fn changed_keys_of_the_description_make_stale_what_reads_them() {
    let world = world();
    let files = certified(&world, |_| ());
    for (from, to, stale, code) in [
        ("version = \"1\"", "version = \"2\"", 0, 0),
        ("path = \"/notes/n\"", "path = \"/notes/m\"", CRITERIA, 1),
        ("[start]", "[start]\nstop = \"SIGINT\"", CRITERIA, 1),
        ("read = { path = \"/notes/{key}\" }", "read = { path = \"/n/{key}\" }", 2, 1),
        // None of them reads a log.
        ("[start]", "[logs]\nfiles = [\"{dir}/out\"]\n[start]", 0, 0),
    ] {
        let subject = SUBJECT.replacen(from, to, 1);
        assert_ne!(subject, SUBJECT);
        world.write("subject.toml", &subject);
        check(&world, &files, &[], ("description", "changed", stale, code));
    }
    world.write("subject.toml", &SUBJECT.replacen("name = \"notes\"", "name = \"other\"", 1));
    let ran = recheck(&world, &files, &[]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
}

#[test]
fn another_dependency_is_another_program() {
    let world = world();
    let files = certified(&world, |_| ());
    let path = world.path("source/Cargo.lock");
    fs::write(&path, lock("1") + "\n# a remark\n").unwrap();
    check(&world, &files, &[], ("dependencies", "unchanged", 0, 1));
    fs::write(&path, lock("2")).unwrap();
    check(&world, &files, &[], ("dependencies", "changed", CRITERIA, 1));
    fs::write(&path, "[[package").unwrap();
    check(&world, &files, &[], ("dependencies", "not known", CRITERIA, 1));
    fs::remove_file(&path).unwrap();
    check(&world, &files, &[], ("dependencies", "changed", CRITERIA, 1));
}

#[test]
fn more_than_a_quarter_of_the_lines_is_too_much() {
    let world = world();
    let files = certified(&world, |_| ());
    let source = world.path("source");
    // 95 lines count; 900 that are vendored do not.
    fs::write(source.join("vendor/library.c"), "other\n".repeat(900)).unwrap();
    check(&world, &files, &[], ("churn", "unchanged", 0, 1));
    // 30 of 60 lines replaced: (30 + 30) of (96 + 96) is 31 %.
    let half = "a line\n".repeat(30);
    fs::write(source.join("src/main.c"), half.clone() + &"another\n".repeat(20) + &"a line\n".repeat(10))
        .unwrap();
    check(&world, &files, &[], ("churn", "unchanged", 0, 1));
    fs::write(source.join("src/main.c"), half + &"another\n".repeat(30)).unwrap();
    check(&world, &files, &[], ("churn", "changed", CRITERIA, 1));
}

#[test]
fn another_machine_or_program_is_seen() {
    let world = world();
    let aged = |change: fn(&mut Environment)| {
        certified(&world, move |document| {
            if let Document::Environment(environment) = document {
                change(environment);
            }
        })
    };
    let changes: [fn(&mut Environment); 4] = [
        |it| it.architecture = "vax".into(),
        |it| it.cores += 1,
        |it| it.kernel = "1.2.3".into(),
        |it| it.memory_bytes *= 2,
    ];
    for change in changes {
        check(&world, &aged(change), &[], ("platform", "changed", CRITERIA, 1));
    }
    check(&world, &aged(|it| it.memory_bytes += 4096), &[], ("platform", "unchanged", 0, 0));
    let other = certified(&world, |document| match document {
        Document::Environment(environment) => environment.plimsoll_sha256 = Digest::of(b"other"),
        Document::Calibration(calibration) => calibration.plimsoll_sha256 = Digest::of(b"other"),
        _ => {}
    });
    check(&world, &other, &[], ("instrument", "changed", CRITERIA, 1));
}

#[test]
fn production_may_carry_more_than_was_certified() {
    let world = world();
    let files = certified(&world, |_| ());
    let line = recheck(&world, &files, &["--json", "--observed", "rate=1/s"]);
    let row = line.json()["triggers"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["trigger"] == "envelope")
        .unwrap()
        .clone();
    assert_eq!((row["finding"].as_str(), line.code), (Some("unchanged"), 0), "{row}");
    for (observed, finding, code) in [
        ("rate=200/s", "unchanged", 0),
        ("rate=201/s", "changed", 1),
        ("payload=10B", "unchanged", 0),
        ("payload=11B", "changed", 1),
        ("rate=1/s,payload=11B", "changed", 1),
    ] {
        let ran = recheck(&world, &files, &["--json", "--observed", observed]);
        let (said, stale) = trigger(&ran.json(), "envelope");
        assert_eq!((said.as_str(), ran.code), (finding, code), "{observed}: {}", ran.stdout);
        assert_eq!(stale.is_empty(), finding == "unchanged", "{observed}");
    }
    for wrong in ["rate", "rate=3ms", "p99=3ms", "rate=1/s,rate=2/s", ""] {
        assert_eq!(recheck(&world, &files, &["--observed", wrong]).code, 2, "{wrong}");
    }
}

#[test]
fn a_budget_that_burns_makes_load_stale() {
    let world = world();
    let files = certified(&world, |_| ());
    let budget = |hour: u64, five_minutes: u64, period: u64| {
        let bad = |bad: u64| format!("{{\"good\":{},\"total\":10000}}", 10_000 - bad);
        let (hour, five_minutes, period) = (bad(hour), bad(five_minutes), bad(period));
        format!(
            "{{\"objective\":\"99.9%\",\"hour\":{hour},\"five_minutes\":{five_minutes},\"period\":{period}}}"
        )
    };
    for (text, finding, code) in [
        (budget(143, 10_000, 10), "unchanged", 0),
        (budget(144, 144, 10), "changed", 1),
        (budget(0, 0, 11), "changed", 1),
        ("{\"objective\":\"99.9%\"}".to_owned(), "not known", 3),
    ] {
        world.write("budget.json", &text);
        let ran = recheck(&world, &files, &["--json", "--burn", "budget.json"]);
        let (said, stale) = trigger(&ran.json(), "slo-burn");
        assert_eq!((said.as_str(), ran.code), (finding, code), "{text}: {}", ran.stdout);
        assert_eq!(stale.is_empty(), code == 0);
    }
    world.write("budget.json", "{}");
    assert_eq!(recheck(&world, &files, &["--burn", "budget.json"]).code, 2);
}

#[test]
fn another_limit_under_the_same_name_is_seen() {
    let world = world();
    let named = |limit: u64| {
        certified(&world, move |document| {
            if let Document::Plan(plan) = document {
                plan.profile.id = "quick".into();
                (plan.profile.criteria[0].scope, plan.profile.criteria[1].scope) =
                    (vec!["**".into()], vec!["**".into()]);
                plan.profile.criteria[0].limit += limit;
            }
        })
    };
    check(&world, &named(0), &[], ("profile", "unchanged", 0, 0));
    check(&world, &named(1_000_000), &[], ("profile", "changed", 1, 1));
}

#[test]
fn a_time_that_is_over_and_an_artefact_that_changed_are_seen() {
    let world = world();
    let files = certified(&world, |_| ());
    let late = ["--at", "2026-12-23T00:00:00Z"];
    let ran = recheck(&world, &files, &late);
    assert!(ran.stdout.starts_with("expired"), "{}", ran.stdout);
    check(&world, &files, &late, ("expiry", "changed", CRITERIA, 1));
    fs::write(world.path("server"), "a program").unwrap();
    world.write("subject.toml", &SUBJECT.replace("git = \"source\"", "artifacts = [\"server\"]"));
    let files = certified(&world, |_| ());
    check(&world, &files, &[], ("artifacts", "unchanged", 0, 0));
    fs::write(world.path("server"), "another").unwrap();
    check(&world, &files, &[], ("artifacts", "changed", CRITERIA, 1));
    fs::remove_file(world.path("server")).unwrap();
    check(&world, &files, &[], ("artifacts", "not known", CRITERIA, 3));
    world.write("subject.toml", &SUBJECT.replace("[source]\ngit = \"source\"\n", ""));
    let files = certified(&world, |_| ());
    check(&world, &files, &[], ("scope", "not known", CRITERIA, 3));
}

#[test]
fn of_what_is_not_intact_nothing_is_asked_and_a_strangers_word_answers_nothing() {
    let world = world();
    let files = certified(&world, |_| ());
    let mut broken = files.clone();
    broken.get_mut("report.html").unwrap()[9] ^= 1;
    let ran = recheck(&world, &broken, &[]);
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.starts_with("invalid") && !ran.stdout.contains("trigger"), "{}", ran.stdout);
    let ran =
        world.run(&["cert", "recheck", "certificate", "--subject", "subject.toml", "--at", AT, "--json"]);
    assert_eq!((ran.code, ran.json()["answer"].is_null()), (1, true), "{}", ran.stdout);
    write_files(&world.path("certificate"), &files);
    let ran = world.run(&["cert", "recheck", "certificate", "--subject", "subject.toml", "--at", AT]);
    assert_eq!(ran.code, 3, "{}", ran.stdout);
    assert!(ran.stdout.contains("nothing is stale"), "{}", ran.stdout);
}

/// Nobody who reads a withdrawn certificate learns that nothing in it is stale.
#[test]
fn a_withdrawn_certificate_is_not_rechecked() {
    let world = world();
    let files = certified(&world, |_| ());
    let mut parts = crate::issuer::Parts::of(&files);
    let last = parts.log.last().unwrap().clone();
    parts.log.push(LogEntry { entry_type: EntryType::Revoked, ..last });
    let ran = recheck(&world, &parts.sign(&crate::golden::golden_keys()), &[]);
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    assert!(!ran.stdout.contains("trigger"), "{}", ran.stdout);
}
