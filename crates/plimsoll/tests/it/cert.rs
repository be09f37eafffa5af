//! `plimsoll cert`: what is shown of a certificate, and when it is not.

use plimsoll_evidence::{Document, EntryType, Issuance, LogEntry, Plan, Severity};
use serde_json::json;

use crate::golden::{AT, Files, golden, golden_files, write_files};
use crate::mutants::with;
use crate::world::{Ran, World};

pub(crate) fn trust() -> String {
    golden("trust.keys").to_string_lossy().into_owned()
}

/// A day after the golden certificate has expired.
const LATE: &str = "2026-12-23T00:00:00Z";

/// Asks about files, from a folder of their own, at a time within the golden certificate's validity.
pub(crate) fn ask(files: &Files, verb: &str, more: &[&str]) -> Ran {
    let world = World::new();
    write_files(&world.path("certificate"), files);
    let at: &[&str] = if more.contains(&"--at") { &[] } else { &["--at", AT] };
    world.run(&[&["cert", verb, "certificate"], at, more].concat())
}

/// The golden certificate as it would be with another plan: judged, signed and logged again.
pub(crate) fn planned(change: impl Fn(&mut Plan)) -> Files {
    with(|parts| {
        let mut documents = parts.documents();
        for document in &mut documents {
            if let Document::Plan(plan) = document {
                change(plan);
            }
        }
        parts.rejudge(documents, Issuance::Issued).unwrap();
    })
}

/// Names that try to command a terminal, or to end what they stand in.
pub(crate) fn hostile() -> Files {
    planned(|plan| {
        plan.subject.version = "1\u{1b}[2J\nvalid\u{202e} ]]>--><b>&amp;`|` \u{fffe}\u{ffff}\u{0}".into();
        plan.profile.criteria[0].statement = "<script>alert(1)</script> | `a` @everyone\n# head".into();
        plan.profile.criteria[0].mappings = vec!["CWE-755".into(), "]]>\u{7} \"'\n".into()];
    })
}

#[test]
fn a_certificate_is_shown_on_one_screen_below_what_verify_says() {
    let ran = ask(&golden_files(), "show", &["--issuer", &trust()]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    insta::assert_snapshot!("cert_show", ran.stdout);
    assert!(ran.stdout.lines().count() < 40 && ran.stdout.starts_with("valid\n"), "{}", ran.stdout);
}

#[test]
fn a_strangers_certificate_is_shown_as_one() {
    let ran = ask(&golden_files(), "show", &[]);
    assert_eq!(ran.code, 3);
    assert!(
        ran.stdout.starts_with("intact, issuer not known to you: its key is 5781 a7ce"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("latency-p99"), "{}", ran.stdout);
    let ran = ask(&golden_files(), "show", &["--at", LATE]);
    assert_eq!(ran.code, 3, "trust comes before time");
    assert!(ran.stdout.contains("not shown: expired at 2026-12-22T02:38:05Z"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("PASS"), "{}", ran.stdout);
}

#[test]
fn what_does_not_hold_is_not_shown() {
    let revoked = with(|parts| {
        let last = parts.log.last().unwrap().clone();
        parts.log.push(LogEntry { entry_type: EntryType::Revoked, ..last });
    });
    let cases = [
        (&revoked, "--issuer", trust(), "revoked: withdrawn by its issuer at 2026-", 1),
        (&golden_files(), "--at", LATE.to_owned(), "", 3),
        (&revoked, "--at", AT.to_owned(), "", 3),
    ];
    for (files, option, value, first, code) in cases {
        for more in [&[][..], &["--json"]] {
            let ran = ask(files, "show", &[&[option, value.as_str()], more].concat());
            assert_eq!(ran.code, code, "{}", ran.stdout);
            assert!(more.is_empty() <= ran.stdout.starts_with(first), "{}", ran.stdout);
            assert!(!ran.stdout.contains("PASS"), "{}", ran.stdout);
        }
    }
    let ran = ask(&revoked, "show", &["--json"]);
    assert_eq!(ran.json()["certificate"], json!(null));
    assert!(
        ran.json()["not_shown"].as_str().unwrap().starts_with("withdrawn by its issuer"),
        "{}",
        ran.stdout
    );
}

#[test]
fn json_has_every_criterion_with_its_state() {
    let ran = ask(&golden_files(), "show", &["--issuer", &trust(), "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let shown = ran.json();
    assert_eq!((&shown["outcome"], &shown["conclusion"]), (&json!("valid"), &json!("valid")));
    let criteria = shown["certificate"]["criteria"].as_array().unwrap();
    assert_eq!(criteria.len(), 8);
    for criterion in criteria {
        assert_eq!((&criterion["verdict"], &criterion["state"]), (&json!("PASS"), &json!("proven")));
        for field in ["value", "limit", "unit", "severity", "op", "fresh_until", "file", "claim", "mappings"]
        {
            assert!(!criterion[field].is_null(), "{field} is missing: {criterion}");
        }
    }
}

/// A criterion that does not block may have a shorter time than the certificate.
#[test]
fn a_claim_whose_time_is_over_is_stale() {
    let files = planned(|plan| {
        let criterion = plan.profile.criteria.iter_mut().find(|one| one.id == "crash-recovery").unwrap();
        (criterion.severity, criterion.ttl_s) = (Severity::Advisory, 60);
    });
    let ran = ask(&files, "show", &["--issuer", &trust()]);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    let of = |id: &str| ran.stdout.lines().find(|line| line.starts_with(id)).unwrap().to_owned();
    assert!(of("crash-recovery").contains("✓ PASS   stale "), "{}", ran.stdout);
    assert!(of("latency-p99").contains("✓ PASS   proven"), "{}", ran.stdout);
}

#[test]
fn one_changed_byte_is_refused_by_every_verb() {
    let paths = ["certificate.dsse.json", "statements/errors.dsse.json", "log/entries/0.json", "report.html"];
    for path in paths {
        let mut files = golden_files();
        let bytes = files.get_mut(path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        for (verb, more) in VERBS {
            let ran = ask(&files, verb, &[more, &["--issuer", &trust()]].concat());
            assert_eq!(ran.code, 1, "{verb} of a changed {path}: {}", ran.stdout);
            let said = [ran.stdout.as_str(), ran.stderr.as_str()].concat();
            assert!(said.contains("invalid: "), "{verb} of a changed {path}: {said}");
            assert!(verb != "export" || ran.stdout.is_empty(), "{verb} of a changed {path}: {said}");
            assert!(!said.contains("PASS") && !said.contains("registered"), "{verb}: {said}");
        }
    }
}

/// Every verb, with the least that it needs.
const VERBS: [(&str, &[&str]); 3] = [("show", &[]), ("history", &[]), ("export", &["--format", "junit"])];

#[test]
fn a_folder_without_a_certificate_is_an_error_that_says_what_to_give() {
    let world = World::new();
    std::fs::create_dir(world.path("empty")).unwrap();
    for (verb, more) in VERBS {
        for (folder, problem) in [
            ("empty", "certificate.dsse.json"),
            ("none", "none is not a folder"),
            ("passphrase", "is not a folder"),
        ] {
            let ran = world.run(&[&["cert", verb, folder], more].concat());
            assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{verb} {folder}");
            assert!(
                ran.stderr.contains(problem) && ran.stderr.contains("hint: give the folder"),
                "{}",
                ran.stderr
            );
        }
    }
}

#[test]
fn names_command_no_terminal() {
    let files = hostile();
    for more in [&[][..], &["--json"]] {
        let ran = ask(&files, "show", &[more, &["--issuer", &trust()]].concat());
        assert_eq!(ran.code, 0, "{}", ran.stdout);
        assert!(!ran.stdout.contains(['\u{1b}', '\u{202e}', '\u{0}']), "{}", ran.stdout);
        assert_eq!(ran.stdout.lines().filter(|line| *line == "valid").count(), usize::from(more.is_empty()));
    }
}

/// The golden certificate as it would be had the attempt before it come to nothing.
fn second_try() -> Files {
    with(|parts| {
        let plan = parts.log[0].statement;
        (parts.log[1].entry_type, parts.log[1].statement) = (EntryType::NoResult, plan);
    })
}

#[test]
fn the_log_tells_of_attempts_without_a_certificate() {
    let ran = ask(&second_try(), "history", &["--issuer", &trust()]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    insta::assert_snapshot!("cert_history", ran.stdout);
    let json = ask(&second_try(), "history", &["--issuer", &trust(), "--json"]).json();
    let kinds: Vec<&str> =
        json["entries"].as_array().unwrap().iter().map(|entry| entry["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["registered", "no-result", "registered", "result"]);
    assert_eq!((&json["attempts"], &json["without_certificate"]), (&json!(2), &json!(1)));
    let json = ask(&golden_files(), "history", &["--json"]).json();
    assert_eq!((&json["attempts"], &json["without_certificate"]), (&json!(2), &json!(0)));
}

#[test]
fn a_withdrawn_certificate_still_has_its_history() {
    let files = with(|parts| {
        let last = parts.log.last().unwrap().clone();
        parts.log.push(LogEntry { entry_type: EntryType::Revoked, ..last });
    });
    let ran = ask(&files, "history", &["--issuer", &trust()]);
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    assert!(ran.stdout.starts_with("revoked: withdrawn"), "{}", ran.stdout);
    assert!(ran.stdout.contains("revoked     this certificate is withdrawn"), "{}", ran.stdout);
}
