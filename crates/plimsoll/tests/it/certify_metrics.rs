//! Metrics of a subject: whether they say of requests what is so.

use std::path::Path;

use plimsoll_certify::read_folder;
use plimsoll_evidence::{Checklist, Document, Moment, Outcome, Probe, Scene, Scrape};

use crate::certify_api::{judged, wrongs};
use crate::golden::Files;
use crate::lies::{Lie, refuses_lies};
use crate::world::{World, notes_started_by, profile};

const METRICS: (&str, &str, &str) = ("metrics", "metrics-truth", "0");

/// What the demo service promises of its metrics.
const PROMISED: &str = "[metrics]\npath = \"/metrics\"\nrequests = \"notes_requests_total\"\n\
                        duration = \"notes_request_duration_seconds\"\n\
                        failures = { counter = 'notes_requests_total{status=~\"4..\"}', request = { path = \"/notes/no%20key\" } }\n";

/// A server of Python's whose metrics are not true in one way, or are.
fn miscounting(how: &str) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/broken/miscounting.py");
    let subject = notes_started_by(&format!("exec python3 {} {{port}} {how}", script.display()));
    let promised = PROMISED.replace("notes_req", "req").replace("/notes/no%20key", "/nowhere");
    format!("{}{promised}[load]\nrate = \"50/s\"\n", &subject[..subject.find("[ledger]").unwrap()])
}

#[test]
fn the_demo_service_counts_what_it_answers() {
    let world = World::with_key();
    let subject = format!("{}{PROMISED}", notes_started_by("exec $SERVE"));
    let ran = world.certify(&subject, &profile(&[METRICS]));
    assert_eq!(judged(&world, &ran, "metrics"), "PASS", "{:#?}", wrongs(&world));
    let report = std::fs::read_to_string(world.path("certificate/report.html")).unwrap();
    assert!(report.contains("the counter of requests after it stood still"), "a pause is tried");
    let certificate = read_folder(&world.path("certificate")).unwrap();
    let files: Files = certificate.iter().map(|(path, bytes)| (path.into(), bytes.into())).collect();
    refuses_lies(&files, &LIES, is_measured);
}

fn is_measured(document: &Document) -> bool {
    matches!(document, Document::CheckRun(run)
        if run.scene == Scene::Measured && run.checklist.probe() == Probe::MetricsTruth)
}

/// The scrapes of the subject as it is.
fn scrapes(documents: &mut [Document]) -> &mut Vec<Scrape> {
    match documents.iter_mut().find(|document| is_measured(document)).unwrap() {
        Document::CheckRun(run) => match &mut run.checklist {
            Checklist::MetricsTruth(seen) => &mut seen.scrapes,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

/// The scrape after a moment.
fn scrape(documents: &mut [Document], moment: Moment) -> &mut Scrape {
    scrapes(documents).iter_mut().find(|scrape| scrape.moment == moment).unwrap()
}

const LIES: [Lie; 4] = [
    ("nothing", |_| (), true, Outcome::Valid, ""),
    (
        "a request was not sent",
        |documents| scrape(documents, Moment::Own).sent.truncate(19),
        false,
        Outcome::Invalid,
        "statements/metrics",
    ),
    (
        "another scrape",
        |documents| {
            let text = scrape(documents, Moment::Own).text.clone();
            scrape(documents, Moment::Unknown).text = text;
        },
        false,
        Outcome::Invalid,
        "statements/metrics",
    ),
    ("no pause", |documents| drop(scrapes(documents).pop()), false, Outcome::Invalid, "cases are missing"),
];

#[test]
fn a_service_that_forgets_what_it_refuses_is_refused() {
    let world = World::with_key();
    let ran = world.certify(&miscounting("forgets"), &profile(&[METRICS]));
    assert_eq!((ran.code, judged(&world, &ran, "metrics").as_str()), (1, "FAIL"));
    let wrongs = wrongs(&world);
    for words in [
        "the counter of requests after requests for a path that is not there",
        "the counter of requests after requests that fail",
        "the counter of failures after requests that fail",
        "the number of durations",
    ] {
        assert!(wrongs.iter().any(|row| row.contains(words)), "{words}\n{wrongs:#?}");
    }
    assert_eq!(wrongs.len(), 4, "{wrongs:#?}");
}

#[test]
fn a_service_that_counts_anew_is_refused() {
    let world = World::with_key();
    let ran = world.certify(&miscounting("begins-anew"), &profile(&[METRICS]));
    assert_eq!((ran.code, judged(&world, &ran, "metrics").as_str()), (1, "FAIL"));
    let wrongs = wrongs(&world);
    assert!(wrongs.iter().any(|row| row.contains("what counts never falls")), "{wrongs:#?}");
}

#[test]
fn their_twin_that_counts_well_is_not() {
    let world = World::with_key();
    let ran = world.certify(&miscounting(""), &profile(&[METRICS]));
    assert_eq!(judged(&world, &ran, "metrics"), "PASS", "{:#?}", wrongs(&world));
}

#[test]
fn metrics_that_cannot_be_found_are_refused() {
    let world = World::with_key();
    for (from, to, said) in [
        ("requests = \"notes_requests_total\"", "requests = \"rate(x)\"", "\"rate(x)\" selects no metric"),
        ("_seconds\"", "_ms\"", "`duration` is no histogram of seconds"),
        ("path = \"/metrics\"\n", "", "`path` is missing from [metrics]"),
        ("counter = ", "count = ", "unknown key `count` in `failures` of [metrics]"),
    ] {
        let promised = PROMISED.replacen(from, to, 1);
        let ran =
            world.certify(&format!("{}{promised}", notes_started_by("exec $SERVE")), &profile(&[METRICS]));
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains(said), "{said}\n{}", ran.stderr);
    }
    world.write("subject.toml", &notes_started_by("exec $SERVE"));
    let plan = world.run(&["certify", "subject.toml", "--profile", "observability", "--plan"]);
    assert_eq!(plan.code, 0, "{}", plan.stderr);
    assert!(!plan.stdout.contains("checklist"), "{}", plan.stdout);
}
