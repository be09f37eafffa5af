//! `plimsoll cert compare`: what two certificates of one subject show, and what they do not.

use plimsoll_evidence::{Document, Issuance, Verdict};
use serde_json::{Value, json};

use crate::cert::{planned, trust};
use crate::golden::{AT, Files, golden_files, write_files};
use crate::mutants::with;
use crate::world::{Ran, World};

fn compare(first: &Files, second: &Files, more: &[&str]) -> Ran {
    let world = World::new();
    write_files(&world.path("old"), first);
    write_files(&world.path("new"), second);
    let trust = trust();
    world.run(&[&["cert", "compare", "old", "new", "--at", AT, "--issuer", &trust], more].concat())
}

fn differences(found: &Value) -> Vec<(String, String)> {
    let criteria = found["criteria"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    criteria.iter().map(|one| (text(&one["id"]), text(&one["difference"]))).collect()
}

/// The golden certificate with replies that all took `factor` times two to the power of as many buckets.
fn slower() -> Files {
    with(|parts| {
        let mut documents = parts.documents();
        for document in &mut documents {
            if let Document::LoadRun(run) = document {
                // 1,024 buckets on is twice the time.
                for window in &mut run.latency.windows {
                    for batch in window {
                        batch.pairs.iter_mut().for_each(|(bucket, _)| *bucket += 3 * 1_024);
                    }
                }
            }
        }
        parts.rejudge(documents, Issuance::Issued).unwrap();
    })
}

#[test]
fn the_same_twice_shows_no_difference_and_does_not_say_that_there_is_none() {
    let ran = compare(&golden_files(), &golden_files(), &[]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
    assert!(ran.stdout.contains("environment  the same machine and program"), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("no difference shown") && !ran.stdout.contains("no change"),
        "{}",
        ran.stdout
    );
    let found = compare(&golden_files(), &golden_files(), &["--json"]).json();
    for (id, difference) in differences(&found) {
        assert!(["no difference shown", "no bounds"].contains(&difference.as_str()), "{id}: {difference}");
    }
}

#[test]
fn what_is_slower_beyond_all_bounds_is_worse_and_the_other_way_round_better() {
    let slow = slower();
    let ran = compare(&golden_files(), &slow, &["--json"]);
    let of = |found: &Value, id: &str| differences(found).into_iter().find(|(name, _)| name == id).unwrap().1;
    assert_eq!((of(&ran.json(), "latency-p99").as_str(), ran.code), ("worse", 1), "{}", ran.stdout);
    let ran = compare(&slow, &golden_files(), &["--json"]);
    assert_eq!((of(&ran.json(), "latency-p99").as_str(), ran.code), ("better", 0), "{}", ran.stdout);
}

#[test]
fn a_criterion_that_passes_no_longer_is_told_whatever_its_bounds() {
    let strict = planned(|plan| {
        let criterion = plan.profile.criteria.iter_mut().find(|one| one.id == "latency-p99").unwrap();
        criterion.limit = 1;
    });
    let ran = compare(&golden_files(), &strict, &["--json"]);
    let found = ran.json();
    let lost =
        found["criteria"].as_array().unwrap().iter().filter(|one| one["has_lost_its_pass"] == json!(true));
    let lost: Vec<&str> = lost.map(|one| one["id"].as_str().unwrap()).collect();
    assert!(lost.contains(&"latency-p99") && ran.code == 1, "{}", ran.stdout);
    assert!(!lost.contains(&"start-up"), "{lost:?}");
    let one = found["criteria"].as_array().unwrap().iter().find(|one| one["id"] == "latency-p99").unwrap();
    assert_ne!(one["second"]["verdict"], json!(Verdict::Pass));
    assert_eq!(
        (&one["difference"], &one["first"]["value"]),
        (&json!("no difference shown"), &one["second"]["value"])
    );
}

#[test]
fn another_machine_comes_first_and_another_load_is_not_compared() {
    let elsewhere = with(|parts| {
        let mut documents = parts.documents();
        for document in &mut documents {
            if let Document::Environment(environment) = document {
                environment.cores = 96;
            }
        }
        parts.rejudge(documents, Issuance::Issued).unwrap();
    });
    let ran = compare(&golden_files(), &elsewhere, &[]);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    let at = |text: &str| ran.stdout.find(text).unwrap_or_else(|| panic!("{text}: {}", ran.stdout));
    assert!(at("cores: ") < at("what else differs may come from that"), "{}", ran.stdout);
    assert!(at("may come from that") < at("criterion"), "{}", ran.stdout);
    let patient = planned(|plan| plan.timeout_ns += 1);
    let found = compare(&golden_files(), &patient, &["--json"]).json();
    let differences = differences(&found);
    let of = |id: &str| differences.iter().find(|(name, _)| name == id).unwrap().1.as_str();
    assert_eq!((of("latency-p99"), of("errors")), ("not comparable", "not comparable"));
    assert_ne!(of("start-up"), "not comparable");
}

#[test]
fn what_is_not_of_one_subject_is_refused_and_what_is_not_intact_not_looked_at() {
    let other = with(|parts| {
        let mut documents = parts.documents();
        for document in &mut documents {
            if let Document::Plan(plan) = document {
                plan.subject.name = "other".into();
            }
        }
        parts.log.iter_mut().for_each(|entry| entry.subject = "other".into());
        parts.rejudge(documents, Issuance::Issued).unwrap();
    });
    let ran = compare(&golden_files(), &other, &[]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
    let mut broken = golden_files();
    broken.get_mut("report.html").unwrap()[9] ^= 1;
    for (first, second) in [(&golden_files(), &broken), (&broken, &golden_files())] {
        let ran = compare(first, second, &[]);
        assert_eq!(ran.code, 1, "{}", ran.stdout);
        assert!(!ran.stdout.contains("latency-p99"), "{}", ran.stdout);
        assert_eq!(compare(first, second, &["--json"]).json()["criteria"], json!(null));
    }
}
