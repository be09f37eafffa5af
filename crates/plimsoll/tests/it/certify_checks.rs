//! Checklists: what strangers may send, and what browsers are told.

use std::path::Path;

use plimsoll_evidence::Probe;
use serde_json::{Value, json};

use crate::certify::{HEALTH, nginx};
use crate::certify_api::wrongs;
use crate::world::{PLIMSOLL, Ran, World, notes_started_by, profile, verdict};

const HYGIENE: (&str, &str, &str) = ("hygiene", "error-hygiene", "0");
const HEADERS: (&str, &str, &str) = ("headers", "response-headers", "0");
const LOG: (&str, &str, &str) = ("log", "log-hygiene", "0");
const DOORS: (&str, &str, &str) = ("doors", "authentication", "0");

/// A subject whose doors may be tried.
fn guarded(start: &str, request: &str) -> String {
    format!(
        "name = \"guarded\"\n[start]\ncommand = [\"sh\", \"-c\", '{start}']\n\
         [target]\nurl = \"http://127.0.0.1:{{port}}\"\nhealth = \"{request}\"\n\
         authorised_by = \"the tests\"\nrate_cap = \"200/s\"\n[[request]]\npath = \"{request}\"\n\
         [api]\nopenapi = \"/openapi.json\"\n"
    )
}

/// What came of the criteria, each of which was seen red, in a certificate that verifies.
fn judged<const N: usize>(world: &World, ran: &Ran, ids: [&str; N]) -> [String; N] {
    let result = ran.json();
    let verified = world.run(&["verify", "certificate"]);
    assert_eq!(verified.code, 0, "{}\n{}", verified.stdout, verified.stderr);
    for criterion in result["criteria"].as_array().unwrap() {
        let control = &criterion["control"];
        assert_eq!(control["seen_red"], Value::Bool(true), "{criterion:#}");
    }
    ids.map(|id| verdict(&result, id).to_owned())
}

fn report(world: &World) -> String {
    std::fs::read_to_string(world.path("certificate/report.html")).unwrap()
}

#[test]
fn the_demo_service_refuses_what_is_bad_and_says_what_browsers_need() {
    let world = World::with_key();
    let ran = world.certify(&notes_started_by("exec $SERVE"), &profile(&[HYGIENE, HEADERS, LOG]));
    assert_eq!(
        judged(&world, &ran, ["hygiene", "headers", "log"]),
        ["PASS", "PASS", "PASS"],
        "{}\n{}",
        ran.stdout,
        ran.stderr
    );
    assert_eq!((ran.code, ran.json()["status"].as_str()), (0, Some("preliminary")), "{}", ran.stdout);
    assert!(report(&world).contains("a length beside chunks, a request hidden behind them"));
}

/// Its library says which version it is, believes the first of two lengths, and gives up a connection over one that is no
/// number.
#[test]
fn a_service_that_falls_over_bad_requests_is_refused() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/broken/forgetful.py");
    let world = World::with_key();
    let start = format!("exec python3 {} {{port}} {{dir}}/notes.json", script.display());
    let subject = notes_started_by(&start).replace("path = \"/notes\"\n", "path = \"/health\"\n");
    let ran = world.certify(&subject, &profile(&[HYGIENE, HEADERS, LOG]));
    // It logs what it answered, and no query.
    assert_eq!(
        judged(&world, &ran, ["hygiene", "headers", "log"]),
        ["FAIL", "FAIL", "PASS"],
        "{}\n{}",
        ran.stdout,
        ran.stderr
    );
    assert_eq!((ran.code, ran.json()["status"].as_str()), (1, Some("denied")));
    let report = report(&world);
    let smuggled = "no: 2 replies to one message: a request was smuggled in";
    for told in [smuggled, "no: the connection ended without a reply", "no: server: BaseHTTP/"] {
        assert!(report.contains(told), "{told}");
    }
}

#[test]
fn a_service_whose_log_tells_all_is_refused() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/broken/chatty.py");
    let world = World::with_key();
    let start = format!("exec python3 {} {{port}}", script.display());
    let ran = world.certify(&notes_started_by(&start), &profile(&[LOG]));
    assert_eq!((ran.code, verdict(&ran.json(), "log")), (1, "FAIL"), "{}\n{}", ran.stdout, ran.stderr);
    // All that it is told: five secrets, and five ways to write on somebody else's terminal.
    assert_eq!(ran.json()["criteria"][0]["value"], 10, "{}", report(&world));
}

/// The service that logs into a file, in one of its ways.
fn filing(way: &str) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/broken/filing.py");
    notes_started_by(&format!("exec python3 {} {{port}} {{dir}} {way}", script.display()))
}

#[test]
fn a_service_that_logs_passwords_into_a_file_is_refused() {
    let world = World::with_key();
    let ran = world.certify(&filing(""), &profile(&[LOG]));
    assert_eq!((ran.code, judged(&world, &ran, ["log"])), (1, ["FAIL".to_owned()]), "{}", ran.stdout);
    let found = wrongs(&world);
    let raw_in_it = "raw in the log, once: {dir}/logs/requests";
    for secret in ["a password in the query", "a password in the body"] {
        let is_told = |row: &String| row.contains(secret) && row.contains(raw_in_it);
        assert!(found.iter().any(is_told), "{secret}\n{found:#?}");
    }
    assert_eq!(found.len(), 2, "what it keeps in its notes is no leak\n{found:#?}");
}

#[test]
fn a_log_in_a_file_is_read_and_what_a_service_keeps_is_no_log() {
    let world = World::with_key();
    let ran = world.certify(&filing("careful"), &profile(&[LOG]));
    assert_eq!((ran.code, judged(&world, &ran, ["log"])), (0, ["PASS".to_owned()]), "{}", ran.stdout);
    let report = report(&world);
    assert!(
        report.contains("standard output and standard error (0 bytes), {dir}/logs/requests ("),
        "{report}"
    );
    assert!(!report.contains("notes.json"), "its data were searched");
}

#[test]
fn a_service_that_logs_nothing_shows_nothing_of_its_log() {
    let world = World::with_key();
    let ran = world.certify(&filing("silent"), &profile(&[LOG]));
    assert_eq!((ran.code, judged(&world, &ran, ["log"])), (3, ["INCONCLUSIVE".to_owned()]), "{}", ran.stdout);
    assert!(ran.stdout.contains("gate logged of log-hygiene-1: 0 B against 1 B"), "{}", ran.stdout);
}

/// A file of another name is searched where the description names it.
#[test]
fn a_log_that_only_the_description_knows_is_searched() {
    let world = World::with_key();
    let named = format!("{}[logs]\nfiles = [\"{{dir}}/notes.json\"]\n", filing("careful"));
    let ran = world.certify(&named, &profile(&[LOG]));
    assert_eq!((ran.code, judged(&world, &ran, ["log"])), (1, ["FAIL".to_owned()]), "{}", ran.stdout);
    assert!(wrongs(&world)[0].contains("a password in the body"), "{:#?}", wrongs(&world));
    let url = "name = \"x\"\n[target]\nurl = \"http://127.0.0.1:9\"\n[[request]]\npath = \"/\"\n[logs]\nfiles = [\"a\"]\n";
    let ran = world.certify(url, &profile(&[LOG]));
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("[logs] without [start]"), "{}", ran.stderr);
}

/// It refuses all that is bad. Its error log has the decoded path of a file that is not there, so that a stranger writes
/// lines of his own into it; and it says which version it is.
#[test]
fn nginx_from_debian_lets_strangers_write_into_its_error_log() {
    let world = World::with_key();
    let ran = world.certify(&nginx(&world, HEALTH, "SIGQUIT"), &profile(&[HYGIENE, HEADERS, LOG]));
    let found = judged(&world, &ran, ["hygiene", "headers", "log"]);
    assert_eq!(found, ["PASS", "FAIL", "FAIL"], "{}\n{}", ran.stdout, ran.stderr);
    let report = report(&world);
    for told in ["no: server: nginx/", "raw in the log, once"] {
        assert!(report.contains(told), "{told}");
    }
}

#[test]
fn our_own_server_keeps_its_doors_shut_and_passes_the_other_checklists() {
    let world = World::with_key();
    let start = format!(
        "XDG_CONFIG_HOME={{dir}} exec {PLIMSOLL} serve --listen 127.0.0.1:{{port}} --data {{dir}}/data"
    );
    let profile = profile(&[HYGIENE, HEADERS, LOG, DOORS]);
    let ran = world.certify(&guarded(&start, "/health/live"), &profile);
    let passed = judged(&world, &ran, ["hygiene", "headers", "log", "doors"]);
    assert_eq!(passed, ["PASS"; 4], "{}\n{}", ran.stdout, ran.stderr);
    let report = report(&world);
    for tried in ["PUT /api/v1/subjects/{name} without a token", "GET /api/v1/audit with a forged token"] {
        assert!(report.contains(tried), "{tried}");
    }
}

#[test]
fn a_service_that_believes_every_token_is_refused() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/broken/gullible.py");
    let world = World::with_key();
    let subject = guarded(&format!("exec python3 {} {{port}}", script.display()), "/health");
    let ran = world.certify(&subject, &profile(&[DOORS]));
    assert_eq!((ran.code, verdict(&ran.json(), "doors")), (1, "FAIL"), "{}\n{}", ran.stdout, ran.stderr);
    assert_eq!(ran.json()["criteria"][0]["value"], 2, "two doors open to a forged token, none to nothing");
}

#[test]
fn doors_are_not_tried_without_leave_and_without_a_reference_there_are_none() {
    let world = World::with_key();
    let subject = guarded("exec python3 gullible.py {port}", "/health");
    let subject = subject.replace("authorised_by = \"the tests\"\nrate_cap = \"200/s\"\n", "");
    let ran = world.certify(&subject, &profile(&[DOORS]));
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("nobody is named who allowed it"), "{}", ran.stderr);
    world.write("subject.toml", &notes_started_by("exec $SERVE"));
    let plan = world.run(&["certify", "subject.toml", "--profile", "profile.toml", "--plan"]);
    assert_eq!(plan.code, 0, "{}", plan.stderr);
    assert!(!plan.stdout.contains("authentication"), "{}", plan.stdout);
}

#[test]
fn a_bound_is_not_asked_of_cases() {
    let world = World::with_key();
    let text = profile(&[HYGIENE]).replace("rule = \"simple\"", "rule = \"guard-95\"");
    let ran = world.certify(&notes_started_by("exec $SERVE"), &text);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("guard-95 could never pass"), "{}", ran.stderr);
    assert!(ran.stderr.contains("hint: write rule = \"simple\""), "{}", ran.stderr);
}

#[test]
fn every_criterion_is_listed_with_the_defect_that_turns_it_red() {
    let world = World::new();
    let listed = world.run(&["certify", "--list", "--json"]).json();
    let profiles = listed["profiles"].as_array().unwrap();
    let criteria = || profiles.iter().flat_map(|profile| profile["criteria"].as_array().unwrap());
    assert!(criteria().all(|criterion| criterion["control"].is_string()));
    for probe in Probe::ALL {
        assert!(criteria().any(|criterion| criterion["probe"] == probe.name()), "{}", probe.name());
    }
    let text = world.run(&["certify", "--list"]).stdout;
    for criterion in criteria() {
        let (id, statement) = (criterion["id"].as_str().unwrap(), criterion["statement"].as_str().unwrap());
        assert!(text.lines().any(|line| line.starts_with(id) && line.contains(statement)), "{id}\n{text}");
    }
    let one = world.run(&["certify", "--list", "--profile", "quick", "--json"]).json();
    assert_eq!(one["profiles"].as_array().unwrap().len(), 1);
}

#[test]
fn what_a_profile_asks_for_and_nothing_measures_is_listed_with_what_is_missing() {
    let world = World::new();
    let list = |more: &[&str]| world.run(&[&["certify", "--list", "--profile", "agent-flow"], more].concat());
    let profile = list(&["--json"]).json()["profiles"][0].clone();
    let text = list(&[]).stdout;
    let (criteria, gaps) = (profile["criteria"].as_array().unwrap(), profile["gaps"].as_array().unwrap());
    let counts = format!("{} measured, {} not measured:", criteria.len(), gaps.len());
    assert!(!gaps.is_empty() && text.lines().any(|line| line == counts), "{counts}\n{text}");
    for gap in gaps {
        let words = ["asked", "missing", "statement"].map(|word| gap[word].as_str().unwrap());
        let is_it = |line: &&str| line.starts_with(gap["id"].as_str().unwrap());
        let line = text.lines().find(is_it).unwrap_or_else(|| panic!("{gap}\n{text}"));
        assert!(words.iter().all(|word| line.contains(word)), "{line}");
    }
    let asked: Vec<&str> = criteria.iter().filter_map(|criterion| criterion["asked"].as_str()).collect();
    assert!(!asked.is_empty() && asked.iter().all(|asked| text.contains(asked)), "{text}");
}

/// A certificate of a profile with a gap names it, whoever verifies, and is pending.
#[test]
fn a_certificate_says_what_nothing_measured() {
    let world = World::with_key();
    let gap = "[[gap]]\nid = \"attacks\"\nstatement = \"None succeeds\"\ndomain = \"security\"\nasked = \"all\"\n\
               missing = \"a probe of attacks\"\nseverity = \"blocking\"\n";
    let ran = world.certify(&notes_started_by("exec $SERVE"), &format!("{}{gap}", profile(&[HYGIENE])));
    assert_eq!(ran.code, 3, "{}{}", ran.stdout, ran.stderr);
    let folder = world.path("certificate");
    let verified = world.run(&["verify", folder.to_str().unwrap(), "--json"]).json();
    assert_eq!(
        (&verified["outcome"], &verified["certificate"]["status"]),
        (&json!("valid"), &json!("pending"))
    );
    assert_eq!(verified["certificate"]["gaps"], json!(["attacks"]));
    let said = verified["certificate"]["conditions"].to_string();
    assert!(said.contains("1 of 2 criteria have no probe yet, 1 of them blocking"), "{said}");
    let report = std::fs::read_to_string(folder.join("report.html")).unwrap();
    assert!(report.contains("a probe of attacks"));
}

const ELSEWHERE: (&str, &str, &str) = ("elsewhere", "surroundings", "0");

#[test]
fn the_demo_service_is_the_same_everywhere() {
    let world = World::with_key();
    let ran = world.certify(&notes_started_by("exec $SERVE"), &profile(&[ELSEWHERE]));
    assert_eq!(judged(&world, &ran, ["elsewhere"]), ["PASS"], "{:#?}", wrongs(&world));
    assert!(report(&world).contains("TZ Pacific/Kiritimati, LC_ALL C.UTF-8"));
}

#[test]
fn a_service_that_ends_by_itself_elsewhere_is_refused() {
    let world = World::with_key();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/broken/mortal.py");
    let lives = "case $TZ in America/St_Johns) lives=1 ;; *) lives=1000000 ;; esac;";
    let subject = notes_started_by(&format!("{lives} exec python3 {} {{port}} $lives", script.display()));
    let ran = world.certify(&subject[..subject.find("[ledger]").unwrap()], &profile(&[ELSEWHERE]));
    assert_eq!((ran.code, judged(&world, &ran, ["elsewhere"])), (1, ["FAIL".to_owned()]), "{}", ran.stderr);
}

#[test]
fn a_service_that_closes_on_what_it_does_not_know_is_judged_by_what_it_says() {
    let world = World::with_key();
    let closing = nginx(
        &world,
        &format!("{HEALTH} location = /plimsoll-asks-for-what-is-not-here {{ return 444; }}"),
        "SIGQUIT",
    );
    let ran = world.certify(&closing, &profile(&[("headers", "response-headers", "0")]));
    assert_eq!(judged(&world, &ran, ["headers"]), ["FAIL"], "it names its version: {}", ran.stderr);
}

#[test]
fn a_service_that_is_another_elsewhere_is_refused() {
    let world = World::with_key();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/broken/provincial.py");
    let start = format!("exec python3 {} {{port}} {{dir}}", script.display());
    let ran = world.certify(&notes_started_by(&start), &profile(&[ELSEWHERE]));
    assert_eq!((ran.code, judged(&world, &ran, ["elsewhere"])), (1, ["FAIL".to_owned()]));
    let wrongs = wrongs(&world);
    for zone in ["Pacific/Kiritimati", "America/St_Johns"] {
        let lost = "a write that was acknowledged elsewhere is not found here";
        assert!(wrongs.iter().any(|row| row.contains(zone) && row.contains(lost)), "{zone}\n{wrongs:#?}");
    }
}
