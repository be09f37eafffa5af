//! The measurements in `bench/`, as far as a test can hold them: they work, and what is printed follows from their raw
//! numbers. Their figures are for a machine that is left alone, so none is judged here.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::world::{PLIMSOLL, Ran};

fn bench(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bench").join(name)
}

fn python(arguments: &[&str]) -> Ran {
    // -B: a test leaves no files in the checkout.
    Command::new("python3").arg("-B").args(arguments).output().unwrap().into()
}

fn smoke(plimsoll: &str, results: &Path) -> Ran {
    let run = bench("load/run");
    python(&[run.to_str().unwrap(), "--smoke", "--plimsoll", plimsoll, "--out", results.to_str().unwrap()])
}

#[test]
fn timing_bench_smoke() {
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().join("results.json");
    let ran = smoke(PLIMSOLL, &results);
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    let results: Value = serde_json::from_str(&std::fs::read_to_string(&results).unwrap()).unwrap();
    let parts = &results["parts"];
    for part in ["truth", "cost", "memory", "send-lag"] {
        assert!(!parts[part]["runs"].as_array().unwrap().is_empty(), "{part} has no runs");
        assert!(parts[part]["machine"]["cores"].as_u64() > Some(0) && parts[part]["date"].is_string());
    }
    for part in ["truth", "cost"] {
        let runs = parts[part]["runs"].as_array().unwrap();
        for contender in ["plimsoll", "wrk"] {
            assert!(runs.iter().any(|run| run["contender"] == contender), "{contender} is missing in {part}");
        }
    }
    // 100 requests in a second, each in the oracle's log.
    assert_eq!(parts["truth"]["runs"][0]["replies"], 100);
    assert!(parts["cost"]["runs"].as_array().unwrap().iter().all(|run| run["requests"].as_u64() > Some(64)));
    assert!(ran.stdout.contains("| what | target | measured | met |"), "{}", ran.stdout);
}

#[test]
fn timing_bench_journal_smoke() {
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().join("results.json");
    let run = bench("journal/run");
    let ran = python(&[run.to_str().unwrap(), "--smoke", "--out", results.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    let results: Value = serde_json::from_str(&std::fs::read_to_string(&results).unwrap()).unwrap();
    let steps = results["parts"]["journal"]["rounds"][0].as_array().unwrap();
    assert_eq!(steps.len(), 8);
    for step in steps {
        assert!(
            step["floor_per_s"].as_array().unwrap().iter().all(|floor| floor.as_f64() > Some(0.0)),
            "{step}"
        );
    }
    assert_eq!(steps[5]["records"], 10_000);
    assert!(steps[6]["ratio"].as_f64() > Some(0.0), "{}", steps[6]);
    assert!(steps[7]["start_ms"].as_f64() > Some(0.0) && steps[7]["acts"] == 500, "{}", steps[7]);
    assert!(ran.stdout.contains("| what | target | measured | met |"), "{}", ran.stdout);
}

#[test]
fn timing_bench_api_smoke() {
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().join("results.json");
    let run = bench("api/run");
    let arguments =
        [run.to_str().unwrap(), "--smoke", "--plimsoll", PLIMSOLL, "--out", results.to_str().unwrap()];
    let ran = python(&arguments);
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    let results: Value = serde_json::from_str(&std::fs::read_to_string(&results).unwrap()).unwrap();
    let api = &results["parts"]["api"];
    let runs = api["runs"].as_array().unwrap();
    for run in runs {
        assert!(
            run["floor_per_s"].as_array().unwrap().iter().all(|floor| floor.as_f64() > Some(0.0)),
            "{run}"
        );
        assert!(run["what"] == "both" || run["per_s"].as_f64() > Some(64.0), "{run}");
    }
    let of = |what: &str| runs.iter().filter(|run| run["what"] == what).collect::<Vec<_>>();
    assert_eq!((of("read").len(), of("write").len(), of("both").len()), (4, 3, 1));
    // Every request on the schedule had a good answer, and every write that was answered is in the audit trail.
    let both = of("both")[0];
    assert_eq!(both["read"]["good"], both["read"]["count"], "{both}");
    assert!(both["audit_lines"].as_u64() >= both["write"]["good"].as_u64(), "{both}");
    for start in ["first", "later"] {
        assert_eq!(api["starts"][start].as_array().unwrap().len(), 2);
    }
    assert!(ran.stdout.contains("| what | target | measured | met |"), "{}", ran.stdout);
}

#[test]
fn timing_bench_console_smoke() {
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().join("results.json");
    let run = bench("console/run");
    let arguments =
        [run.to_str().unwrap(), "--smoke", "--plimsoll", PLIMSOLL, "--out", results.to_str().unwrap()];
    let ran = python(&arguments);
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    let results: Value = serde_json::from_str(&std::fs::read_to_string(&results).unwrap()).unwrap();
    let of = |what: &str| &results["parts"]["console"][what][0];
    assert!(of("first")["script_bytes"].as_u64() > Some(20_000) && of("first")["ms"].as_f64() > Some(150.0));
    // All of the list was there, and the page showed records as they came.
    assert_eq!(of("list")["rows"], 10_000);
    assert!(of("list")["tasks"].as_u64() > Some(100) && of("tail")["tasks"].as_u64() > Some(100));
    assert!(of("tail")["records_per_s"].as_f64() > Some(100.0), "{}", of("tail"));
    assert!(ran.stdout.contains("| what | target | measured | met |"), "{}", ran.stdout);
}

#[test]
fn a_bench_whose_subject_does_not_work_has_no_figures() {
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().join("results.json");
    let ran = smoke("/bin/false", &results);
    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""), "{}", ran.stderr);
    assert!(ran.stderr.ends_with("error: the oracle did not start: it said ``\n"), "{}", ran.stderr);
    assert!(!results.exists());
}

#[test]
fn the_specification_holds_the_figures_of_the_newest_results() {
    let ran = python(&[bench("report").to_str().unwrap(), "--check"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

#[test]
fn the_judgement_of_the_bench_is_seen_met_and_missed() {
    for judged in ["load", "journal", "api", "console", "coverage"] {
        let ran = python(&["-m", "unittest", "discover", bench(judged).to_str().unwrap()]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(ran.stderr.trim_end().ends_with("OK"), "{}", ran.stderr);
    }
}
