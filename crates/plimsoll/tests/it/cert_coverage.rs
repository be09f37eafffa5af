//! `plimsoll cert coverage`: evidence by control, or none, and no word of compliance.

use plimsoll_evidence::{EntryType, LogEntry};
use serde_json::json;

use crate::cert::{ask, hostile, planned, trust};
use crate::golden::golden_files;
use crate::mutants::with;

const FRAMEWORKS: [&str; 5] = ["soc2", "iso27001", "gdpr", "asvs", "ssdf"];

#[test]
fn every_control_has_evidence_or_none() {
    for framework in FRAMEWORKS {
        let ran =
            ask(&golden_files(), "coverage", &["--framework", framework, "--issuer", &trust(), "--json"]);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{framework}");
        let found = ran.json();
        let controls = found["controls"].as_array().unwrap();
        let with_evidence =
            controls.iter().filter(|one| !one["evidence"].as_array().unwrap().is_empty()).count();
        assert!(with_evidence > 0 && with_evidence < controls.len(), "{framework}: {with_evidence}");
        let text = ask(&golden_files(), "coverage", &["--framework", framework, "--issuer", &trust()]).stdout;
        let nones = text.lines().filter(|line| line.split("  ").any(|cell| cell.trim() == "none")).count();
        assert_eq!(nones, controls.len() - with_evidence, "{framework}\n{text}");
        let said = text.to_lowercase();
        assert!(said.contains("it is no statement of compliance"), "{text}");
        assert!(!said.contains("compliant") && !said.contains('%'), "{text}");
    }
}

/// A probe that the profile does not have is no evidence, and one that failed is listed as what it is.
#[test]
fn what_failed_is_listed_as_failed_and_what_was_not_asked_is_none() {
    let strict = planned(|plan| {
        let criterion = plan.profile.criteria.iter_mut().find(|one| one.id == "start-up").unwrap();
        criterion.limit = 1;
    });
    let ran = ask(&strict, "coverage", &["--framework", "soc2", "--issuer", &trust(), "--json"]);
    let found = ran.json();
    let of = |id: &str| {
        let controls = found["controls"].as_array().unwrap();
        controls.iter().find(|one| one["id"] == id).unwrap()["evidence"].clone()
    };
    let start =
        of("CC8.1").as_array().unwrap().iter().find(|one| one["criterion"] == "start-up").unwrap().clone();
    assert_eq!((&start["verdict"], &start["state"]), (&json!("FAIL"), &json!("contradicted")), "{found}");
    assert_eq!(of("CC6.1"), json!([]), "the golden certificate has no such probe");
}

#[test]
fn the_page_loads_nothing_and_makes_no_markup_of_a_name() {
    let ran = ask(&hostile(), "coverage", &["--framework", "iso27001", "--issuer", &trust(), "--html"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        ran.stdout.starts_with("<!DOCTYPE html>") || ran.stdout.starts_with("<!doctype html>"),
        "{}",
        ran.stdout
    );
    for word in ["<script", "src=", "http://", "https://", "\u{1b}"] {
        assert!(!ran.stdout.contains(word), "{word}");
    }
    assert!(ran.stdout.contains("A.8.13") && ran.stdout.contains(">none<"));
}

#[test]
fn of_what_does_not_hold_nothing_is_listed() {
    let revoked = with(|parts| {
        let last = parts.log.last().unwrap().clone();
        parts.log.push(LogEntry { entry_type: EntryType::Revoked, ..last });
    });
    let ran = ask(&revoked, "coverage", &["--framework", "soc2", "--issuer", &trust()]);
    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""), "{}", ran.stderr);
    let ran = ask(&golden_files(), "coverage", &["--framework", "soc3", "--issuer", &trust()]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("there are: soc2"), "{}", ran.stderr);
}
