//! Services that others have made. What each is found to do was tried by hand, with the same result: docs/OTHERS.md says how,
//! and why it is so. nginx is certified beside the other tests.

use std::fs;
use std::path::{Path, PathBuf};

use crate::world::{Ran, World, profile, verdict};

const ERRORS: (&str, &str, &str) = ("errors", "errors", "5%");
const START: (&str, &str, &str) = ("start", "start-up", "10s");
const STOP: (&str, &str, &str) = ("stop", "graceful-stop", "0");
const CRASH: (&str, &str, &str) = ("crash", "crash-recovery", "10s");
const WRITES: (&str, &str, &str) = ("writes", "acknowledged-writes", "0");
const HYGIENE: (&str, &str, &str) = ("hygiene", "error-hygiene", "0");
const HEADERS: (&str, &str, &str) = ("headers", "response-headers", "0");
const LOG: (&str, &str, &str) = ("log", "log-hygiene", "0");

fn subjects() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/subjects")
}

/// Certifies the subject that a file describes, and verifies what came of it.
fn certified(world: &World, subject: &Path, criteria: &[(&str, &str, &str)]) -> Ran {
    world.write("profile.toml", &profile(criteria));
    let subject = subject.to_str().unwrap();
    let profile = world.path("profile.toml");
    let certify = ["certify", subject, "--profile", profile.to_str().unwrap(), "--json"];
    let ran =
        world.run(&[&certify[..], &["--out", "certificate", "--passphrase-file", "passphrase"]].concat());
    let verified = world.run(&["verify", "certificate"]);
    assert_eq!(verified.code, 0, "{}\n{}", ran.stderr, verified.stderr);
    ran
}

fn verdicts<const N: usize>(ran: &Ran, ids: [&str; N]) -> [String; N] {
    ids.map(|id| verdict(&ran.json(), id).to_owned())
}

/// How often the report says of a case that it went wrong, and that it is so of each of these.
fn wrong_cases(world: &World, cases: &[&str]) -> usize {
    let report = fs::read_to_string(world.path("certificate/report.html")).unwrap();
    for case in cases {
        assert!(report.contains(case), "{case}");
    }
    report.matches("no: ").count()
}

#[test]
fn timing_the_registry_from_debian_drops_requests_at_its_stop_and_lets_requests_be_smuggled_in() {
    let world = World::with_key();
    let criteria = [ERRORS, START, STOP, CRASH, HYGIENE, HEADERS, LOG];
    let ran = certified(&world, &subjects().join("registry.toml"), &criteria);
    let found = verdicts(&ran, ["errors", "start", "stop", "crash", "hygiene", "headers", "log"]);
    assert_eq!(found, ["PASS", "PASS", "FAIL", "PASS", "FAIL", "PASS", "FAIL"], "{}", ran.stdout);
    let told = [
        "a target of 64 KiB",
        "a field of 256 KiB",
        "10,000 fields",
        "no: 2 replies to one message: a request was smuggled in",
        "an unknown method",
        "a password in the query",
    ];
    assert_eq!(wrong_cases(&world, &told), told.len());
}

/// What makes it drop requests is that it is not told to wait for them.
#[test]
fn timing_the_registry_from_debian_finishes_what_it_is_told_to_wait_for() {
    let world = World::with_key();
    let read = |name: &str| fs::read_to_string(subjects().join(name)).unwrap();
    world.write("registry.toml", &read("registry.toml"));
    world.write("registry.yml", &read("registry.yml").replace("http:\n", "http:\n  draintimeout: 2s\n"));
    let ran = certified(&world, &world.path("registry.toml"), &[ERRORS, STOP]);
    assert_eq!(verdicts(&ran, ["errors", "stop"]), ["PASS", "PASS"], "{}", ran.stdout);
}

#[test]
fn timing_a_calendar_server_in_python_keeps_what_it_acknowledges_and_logs_passwords() {
    let world = World::with_key();
    let criteria = [ERRORS, START, STOP, CRASH, WRITES, HYGIENE, HEADERS, LOG];
    let ran = certified(&world, &subjects().join("radicale.toml"), &criteria);
    let kept = verdicts(&ran, ["errors", "start", "stop", "crash", "writes"]);
    assert_eq!(kept, ["PASS"; 5], "{}\n{}", ran.stdout, ran.stderr);
    assert_eq!(verdicts(&ran, ["hygiene", "headers", "log"]), ["FAIL", "FAIL", "FAIL"], "{}", ran.stdout);
    let told = [
        "bytes that are no HTTP",
        "HTTP/9.9",
        "a length that is not a number",
        "no: server: WSGIServer/",
        "no: text/html without a charset",
        "no: neither frame-ancestors nor X-Frame-Options",
        "a password in the body",
    ];
    // Three requests, ten rules, one text.
    assert_eq!(wrong_cases(&world, &told), 3 + 10 + 1);
}
