//! `plimsoll verify` as its users meet it: the golden certificate, and what it becomes.

use std::path::Path;

use plimsoll_base::Utc;
use plimsoll_evidence::{EntryType, Issuance, LogEntry, Outcome};
use plimsoll_process::monotonic_ns;
use plimsoll_proof::{Digest, TrustFile};
use serde_json::json;

use crate::golden::{AT, Files, anchors, golden, golden_files, golden_keys, verify_files, write_files};
use crate::issuer::Parts;
use crate::mutants::with;
use crate::world::{Ran, World};

/// What is promised, the program's start included. On two free cores it takes a fifth of that.
const VERIFY_NS_MAX: u64 = 100_000_000;

fn trust() -> String {
    golden("trust.keys").to_string_lossy().into_owned()
}

/// Verifies `folder` at a time within the golden certificate's validity, trusting nobody but by `more`.
fn ask(world: &World, folder: &Path, more: &[&str]) -> Ran {
    let folder = folder.to_string_lossy().into_owned();
    world.run(&[&["verify", &folder, "--at", AT], more].concat())
}

fn ask_files(files: &Files, more: &[&str]) -> Ran {
    let world = World::new();
    write_files(&world.path("certificate"), files);
    ask(&world, &world.path("certificate"), more)
}

fn last_line(ran: &Ran) -> &str {
    ran.stdout.lines().last().unwrap_or_default()
}

/// Signs the golden certificate again, from its own evidence, where PLIMSOLL_WRITE_GOLDEN is set: CONTRIBUTING.md
/// says when one may.
#[test]
fn the_golden_certificate_is_valid() {
    if std::env::var_os("PLIMSOLL_WRITE_GOLDEN").is_some() {
        let mut parts = Parts::of(&golden_files());
        let documents = parts.documents();
        parts.rejudge(documents, Issuance::Issued).unwrap();
        let files = parts.sign(&golden_keys());
        std::fs::remove_dir_all(golden("v1")).unwrap();
        write_files(&golden("v1"), &files);
    }
    let report = verify_files(&golden_files(), &anchors(), AT.parse().unwrap());
    assert_eq!(report.outcome, Outcome::Valid, "{:?}", report.failed());
    assert_eq!(report.steps.len(), 11);
}

#[test]
fn who_trusts_the_issuer_is_told_every_step() {
    let ran = ask(&World::new(), &golden("v1"), &["--issuer", &trust()]);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    let steps: Vec<&str> = ran.stdout.lines().take(11).collect();
    insta::assert_snapshot!(steps.join("\n"), @r"
    ✓ bytes         certificate and 8 statements are canonical
    ✓ signatures    signed by 5781 a7ce c109 e36c 39b5 e9df 25fa 240d d3c6 b0c2 24c8 934a 7b71 e66f 1e3c f67b
    ✓ schema        every predicate is of a known version
    ✓ subject       notes; subject not compared
    ✓ files         54 files, each as listed, none besides
    ✓ recompute     every number and verdict follows from 31 pieces of evidence
    ✓ controls      8 criteria were seen red on a planted defect
    ✓ registration  registered before the first trial; 1 earlier attempts
    ✓ log           entry 4 of 4, 0 witnesses
    ✓ trust         the issuer's key is trusted here
    ✓ validity      valid until 2026-12-22T02:38:05Z
    ");
    assert_eq!(last_line(&ran), "valid");
}

#[test]
fn who_does_not_know_the_issuer_is_told_its_fingerprint() {
    let ran = ask(&World::new(), &golden("v1"), &[]);
    assert_eq!(ran.code, 3);
    insta::assert_snapshot!(last_line(&ran), @"intact, issuer not known to you: its key is 5781 a7ce c109 e36c 39b5 e9df 25fa 240d d3c6 b0c2 24c8 934a 7b71 e66f 1e3c f67b (step trust)");
}

#[test]
fn json_is_one_object_with_every_step() {
    let ran = ask(&World::new(), &golden("v1"), &["--issuer", &trust(), "--json"]);
    let answer = ran.json();
    assert_eq!((ran.code, &answer["outcome"]), (0, &json!("valid")));
    assert_eq!(answer["steps"].as_array().unwrap().len(), 11);
    assert_eq!(answer["certificate"]["status"], json!("preliminary"));
    assert_eq!(answer["fingerprint"].as_str().unwrap().len(), 16 * 4 + 15);
    let ran = ask(&World::new(), &golden("v1"), &["--json"]);
    assert_eq!((ran.code, ran.json()["outcome"].clone()), (3, json!("intact, issuer not known to you")));
}

#[test]
fn a_pinned_key_needs_no_issuer_file() {
    let world = World::new();
    let ran = world.run(&["keys", "trust", &trust()]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(ask(&world, &golden("v1"), &[]).code, 0);
}

#[test]
fn before_and_after_its_time_it_does_not_hold() {
    let world = World::new();
    let folder = golden("v1").to_string_lossy().into_owned();
    let said = verify_files(&golden_files(), &anchors(), AT.parse().unwrap()).certificate.unwrap();
    let cases = [
        (said.not_before.plus_seconds(-1), 1),
        (said.not_before, 0),
        (said.not_after.plus_seconds(-1), 0),
        (said.not_after, 1),
    ];
    for (at, code) in cases {
        let ran = world.run(&["verify", &folder, "--issuer", &trust(), "--at", &at.to_string()]);
        assert_eq!(ran.code, code, "at {at}: {}", ran.stdout);
    }
    let ran = world.run(&["verify", &folder, "--at", "tomorrow"]);
    assert_eq!(ran.code, 2, "{}", ran.stdout);
}

#[test]
fn a_key_that_is_no_longer_trusted_makes_no_certificate_valid() {
    let lines = std::fs::read_to_string(golden("trust.keys")).unwrap();
    let key = lines.lines().next().unwrap();
    for (until, outcome) in [("2026-11-25T00:00:01Z", Outcome::Valid), (AT, Outcome::Untrusted)] {
        let mut anchors = anchors();
        anchors.trusted = TrustFile::parse(&format!("{key} {until}")).unwrap();
        assert_eq!(verify_files(&golden_files(), &anchors, AT.parse().unwrap()).outcome, outcome, "{until}");
    }
}

/// A demonstration that is sound in all, signed with a key that somebody names.
fn demo() -> Files {
    with(|parts| {
        let documents = parts.documents();
        parts.rejudge(documents, Issuance::Demo).unwrap();
    })
}

#[test]
fn a_demonstration_from_elsewhere_is_not_valid_even_if_its_key_is_named() {
    let ran = ask_files(&demo(), &["--issuer", &trust()]);
    assert_eq!(ran.code, 3, "{}", ran.stdout);
    insta::assert_snapshot!(last_line(&ran), @"intact, issuer not known to you: a demonstration is valid on the machine that made it only (step trust)");
    let mut here = anchors();
    here.demo = here.trusted.clone();
    assert_eq!(verify_files(&demo(), &here, AT.parse().unwrap()).outcome, Outcome::ValidDemo);
    // A key of a demonstration makes nothing valid that says it was issued.
    here.trusted = TrustFile::default();
    assert_eq!(verify_files(&golden_files(), &here, AT.parse().unwrap()).outcome, Outcome::Untrusted);
}

#[test]
fn what_a_newer_version_made_is_not_judged() {
    for version in ["v2", "v17"] {
        let name = format!("urn:plimsoll:certificate:{version}");
        let files = with(|parts| parts.certificate["predicateType"] = json!(name));
        let ran = ask_files(&files, &["--issuer", &trust()]);
        assert_eq!(ran.code, 3, "{}", ran.stdout);
        assert!(last_line(&ran).starts_with("made by a newer Plimsoll"), "{}", ran.stdout);
    }
    for version in ["v0", "v+2", "v02", "v", "w2"] {
        let name = format!("urn:plimsoll:certificate:{version}");
        let files = with(|parts| parts.certificate["predicateType"] = json!(name));
        assert_eq!(ask_files(&files, &["--issuer", &trust()]).code, 1, "{version}");
    }
}

#[test]
fn withheld_evidence_allows_no_answer() {
    let path = golden_files().keys().find(|path| path.starts_with("evidence/")).unwrap().clone();
    for path in [path.as_str(), "report.html", "certificate.tlog-proof", "log/checkpoint"] {
        let mut files = golden_files();
        files.remove(path).unwrap();
        let ran = ask_files(&files, &["--issuer", &trust()]);
        assert_eq!(ran.code, 3, "{path}: {}", ran.stdout);
        assert!(last_line(&ran).contains(&format!("{path} is missing")), "{}", ran.stdout);
    }
}

#[test]
fn a_folder_that_no_certificate_can_have_is_told_without_talk_of_judging() {
    let world = World::new();
    std::fs::create_dir_all(world.path("odd/Sub Folder")).unwrap();
    let ran = ask(&world, &world.path("odd"), &[]);
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    assert!(last_line(&ran).starts_with("invalid: reading the folder: "), "{}", ran.stdout);
}

#[test]
fn a_folder_without_a_certificate_is_unreadable() {
    let world = World::new();
    std::fs::create_dir(world.path("empty")).unwrap();
    for name in ["empty", "none", "passphrase"] {
        assert_eq!(ask(&world, &world.path(name), &[]).code, 2, "{name}");
    }
}

#[test]
fn what_its_issuer_withdrew_is_revoked() {
    let files = with(|parts| {
        let last = parts.log.last().unwrap().clone();
        parts.log.push(LogEntry { entry_type: EntryType::Revoked, ..last });
    });
    let ran = ask_files(&files, &["--issuer", &trust()]);
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    assert!(last_line(&ran).starts_with("revoked: withdrawn by its issuer at 2026-"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("PASS"), "verdicts of what does not hold: {}", ran.stdout);
    assert_eq!(ask_files(&files, &[]).code, 3, "trust comes before time");
}

/// The golden certificate's log as it was after so many entries.
fn earlier(count: usize) -> Files {
    let entries: Vec<Vec<u8>> =
        (0..count).map(|number| golden_files()[&format!("log/entries/{number}.json")].clone()).collect();
    let mut files = golden_files();
    files.retain(|path, _| !path.starts_with("log/"));
    files.extend(crate::issuer::ship(&golden_keys(), &entries, count - 1));
    files
}

fn ask_after(new: &Files, old: &Files) -> Ran {
    let world = World::new();
    write_files(&world.path("new"), new);
    write_files(&world.path("old"), old);
    let old = world.path("old").to_string_lossy().into_owned();
    ask(&world, &world.path("new"), &["--issuer", &trust(), "--after", &old])
}

#[test]
fn a_log_that_goes_on_is_told_from_one_that_was_rewritten() {
    let new = golden_files();
    let ran = ask_after(&new, &earlier(2));
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    assert!(ran.stdout.contains("continues a log of 2"), "{}", ran.stdout);
    assert_eq!(ask_after(&new, &new).code, 0, "the same log continues itself");
    let forked = with(|parts| parts.log[0].statement = Digest::of(b"another plan"));
    for (old, why) in [
        (forked, "fork: the two logs differ in entries that both have"),
        (with(|parts| parts.log.extend_from_within(3..)), "the earlier certificate's log is longer"),
    ] {
        let ran = ask_after(&new, &old);
        assert_eq!(ran.code, 1, "{}", ran.stdout);
        assert!(last_line(&ran).contains(why), "{}", ran.stdout);
    }
}

#[test]
fn a_log_under_another_key_cannot_be_compared() {
    let mut old = golden_files();
    old.retain(|path, _| !path.starts_with("log/"));
    let keys = plimsoll_keys::IssuerKeys::generate().unwrap();
    old.extend(crate::issuer::ship(&keys, &[golden_files()["log/entries/0.json"].clone()], 0));
    let ran = ask_after(&golden_files(), &old);
    assert_eq!(ran.code, 3, "{}", ran.stdout);
    assert!(last_line(&ran).contains("another key"), "{}", ran.stdout);
}

#[test]
fn keys_are_changed_and_what_the_old_ones_signed_is_believed_until_their_time() {
    let world = World::new();
    let new = plimsoll_keys::IssuerKeys::generate().unwrap();
    let keys = [new.certificate.verifier_key(), new.log.verifier_key()].map(|key| key.to_string());
    let mut parts = Parts::of(&golden_files());
    parts.certificate["predicate"]["issuer"] = json!({"certificate_key": keys[0], "log_key": keys[1]});
    write_files(&world.path("new"), &parts.sign(&new));
    let old_keys = std::fs::read_to_string(trust()).unwrap();
    let new_keys = format!("certificate {}\nlog {}\n", keys[0], keys[1]);
    // Whether each is believed where the old keys end so many seconds after the question is asked.
    let asked = |ends_s: i64| {
        let end = AT.parse::<Utc>().unwrap().plus_seconds(ends_s);
        let old: String = old_keys.lines().map(|line| format!("{line} {end}\n")).collect();
        world.write("both.keys", &format!("{old}{new_keys}"));
        [golden("v1"), world.path("new")].map(|folder| ask(&world, &folder, &["--issuer", "both.keys"]).code)
    };
    assert_eq!(asked(1), [0, 0]);
    assert_eq!(asked(0), [3, 0], "the last second of the old keys is over");
}

#[test]
fn another_subject_is_not_what_was_certified() {
    let world = World::new();
    world.write("other", "another program");
    let ran = ask(&world, &golden("v1"), &["--issuer", &trust(), "--subject", "other"]);
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    // The golden subject is known by its description: that very text is the subject.
    let description = golden_files()
        .into_iter()
        .find(|(path, bytes)| path.ends_with(".txt") && bytes.starts_with(b"{\"ledger\""))
        .unwrap();
    std::fs::write(world.path("same"), description.1).unwrap();
    let ran = ask(&world, &golden("v1"), &["--issuer", &trust(), "--subject", "same"]);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
}

#[test]
fn timing_the_golden_certificate_is_verified_in_a_tenth_of_a_second() {
    let world = World::new();
    let mut best = u64::MAX;
    for _ in 0..5 {
        let started = monotonic_ns();
        assert_eq!(ask(&world, &golden("v1"), &["--issuer", &trust()]).code, 0);
        best = best.min(monotonic_ns() - started);
    }
    println!("{best} ns");
    assert!(best < VERIFY_NS_MAX, "{best} ns");
}
