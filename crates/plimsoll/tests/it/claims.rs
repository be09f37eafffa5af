//! `plimsoll claims`: what it finds, how it says so, and what it refuses to read.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use plimsoll_base::Clock as _;
use plimsoll_certify::SystemClock;
use serde_json::Value;

use crate::world::{Ran, World};

/// The documents that the auditor's own tests read.
const DOCUMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../certify/tests/claims");

fn document(name: &str) -> String {
    format!("{DOCUMENTS}/{name}.md")
}

/// Line and kind of each finding.
fn findings(ran: &Ran) -> Vec<(u64, String)> {
    let json = ran.json();
    let one = |one: &Value| (one["line"].as_u64().unwrap(), one["kind"].as_str().unwrap().to_owned());
    json["findings"].as_array().unwrap().iter().map(one).collect()
}

#[test]
fn what_is_found_is_told_as_text_and_as_json() {
    let world = World::new();
    let (good, bad) = (document("honest/slo-review"), document("dishonest/engine"));
    let ran = world.run(&["claims", "--json", &good, &bad]);
    assert_eq!((ran.code, ran.stderr.as_str()), (1, ""), "{}", ran.stdout);
    let json = ran.json();
    let files = json["files"].as_array().unwrap();
    assert_eq!(files.iter().map(|file| file["file"].as_str().unwrap()).collect::<Vec<_>>(), [&good, &bad]);
    assert_eq!(files[0]["kinds"], serde_json::json!({}));
    let looked = files[0]["looked"].as_object().unwrap();
    assert!(looked.keys().eq(["dates", "figures", "statements", "tables", "usable"]), "{looked:?}");
    assert!(
        looked["figures"].as_u64() > Some(10) && looked["usable"].as_u64() < looked["statements"].as_u64()
    );
    assert_eq!(files[1]["kinds"]["contradiction"], 5);
    let keys = ["claim", "file", "kind", "line", "reason"];
    for finding in json["findings"].as_array().unwrap() {
        assert!(finding.as_object().unwrap().keys().eq(keys), "{finding}");
        assert_eq!(finding["file"], bad.as_str());
    }
    let first = &json["findings"][0];
    assert_eq!((first["line"].as_u64(), first["kind"].as_str()), (Some(18), Some("contradiction")));
    assert_eq!(first["reason"], "target and actual differ by 6.45 times, not 9x");
    assert!(first["claim"].as_str().unwrap().contains("9x better"));

    let ran = world.run(&["claims", &bad]);
    assert_eq!((ran.code, ran.stderr.as_str()), (1, ""));
    let told = format!(
        "{bad}:18  contradiction\n  | | Response time | <100ms | 15.5ms | 9x better |\n  target and actual"
    );
    assert!(ran.stdout.contains(&told), "{}", ran.stdout);
    assert!(ran.stdout.contains("5 contradiction · 1 impossible-date · 1 no-signature"), "{}", ran.stdout);
}

#[test]
fn an_honest_document_is_exit_0_and_says_what_was_looked_at() {
    let world = World::new();
    let mut names: Vec<String> = fs::read_dir(format!("{DOCUMENTS}/honest"))
        .unwrap()
        .map(|entry| entry.unwrap().path().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    let mut arguments = vec!["claims"];
    arguments.extend(names.iter().map(String::as_str));
    let ran = world.run(&arguments);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    assert_eq!(ran.stdout.matches(": nothing found\n").count(), 10, "{}", ran.stdout);
    assert_eq!(ran.stdout.matches("\n  looked at ").count(), names.len(), "{}", ran.stdout);
    assert_eq!(findings(&world.run(&[&["claims", "--json"], &arguments[1..]].concat())), []);
    world.write("blind.md", "# Nothing\n\nAll is well.\n");
    let ran = world.run(&["claims", "blind.md"]);
    let told = "  looked at 0 figures, 0 dates and 0 tables; 0 of 1 statements have something to check\n";
    assert!(ran.code == 0 && ran.stdout.ends_with(told), "{}", ran.stdout);
}

#[test]
fn a_document_comes_by_standard_input() {
    let world = World::new();
    let mut child = world
        .command(&["claims", "-", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"# A\n\nValid until: November 31, 2025\n").unwrap();
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!((ran.code, findings(&ran)), (1, vec![(3, "impossible-date".to_owned())]));
    assert_eq!(ran.json()["findings"][0]["file"], "-");
}

#[test]
fn what_cannot_be_read_as_text_is_refused_with_what_to_do() {
    let world = World::new();
    fs::write(world.path("program"), b"\x7fELF\x02\x01\x01\0\0\0").unwrap();
    fs::write(world.path("utf16.md"), b"\xff\xfea\0b\0").unwrap();
    fs::write(world.path("huge.md"), vec![b'a'; (8 << 20) + 1]).unwrap();
    world.write("good.md", "# A\n");
    for (file, told) in [
        ("program", "program: a binary file, not text"),
        ("utf16.md", "utf16.md: text in UTF-16, not UTF-8"),
        ("huge.md", "huge.md is over the limit of 8388608 bytes"),
        ("none.md", "reading none.md: No such file"),
        (".", "reading .: Is a directory"),
    ] {
        let ran = world.run(&["claims", file]);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{file}: {}", ran.stderr);
        assert!(ran.stderr.contains(told), "{file}: {}", ran.stderr);
        let page = world.run(&["claims", "--html", file]);
        assert_eq!((page.code, page.stdout.as_str()), (2, ""), "{file}: {}", page.stderr);
    }
    assert!(world.run(&["claims", "program"]).stderr.contains("hint: export the document as Markdown"));
    assert_eq!(world.run(&["claims"]).code, 2);
    assert_eq!(world.run(&["claims", "--json", "--html", "good.md"]).code, 2);
}

#[test]
fn a_file_that_cannot_be_read_keeps_no_other_from_being_read() {
    let world = World::new();
    fs::write(world.path("program"), b"\x7fELF\x02\x01\x01\0\0\0").unwrap();
    world.write("bad.md", "# A\n\nValid until: November 31, 2025\n");
    let arguments = ["claims", "none.md", "bad.md", "program"];
    let ran = world.run(&arguments);
    assert_eq!((ran.code, &ran.stdout), (2, &world.run(&["claims", "bad.md"]).stdout), "{}", ran.stderr);
    let told = ["reading none.md: No such file", "program: a binary file, not text"];
    assert_eq!(ran.stderr.matches("error: ").count(), 2, "{}", ran.stderr);
    assert!(told.iter().all(|told| ran.stderr.contains(told)), "{}", ran.stderr);
    let ran = world.run(&[&arguments[..], &["--json"]].concat());
    assert_eq!((ran.code, findings(&ran)), (2, vec![(3, "impossible-date".to_owned())]));
    let json = ran.json();
    assert_eq!(json["files"].as_array().unwrap().len(), 1, "{}", ran.stdout);
    let unread = json["unread"].as_array().unwrap();
    for ((one, file), told) in unread.iter().zip(["none.md", "program"]).zip(told) {
        let is_it = one["file"] == file && one["reason"].as_str().unwrap().contains(told);
        assert!(is_it, "{one}");
    }
    assert_eq!(unread.len(), 2, "{}", ran.stdout);
    assert_eq!(world.run(&["claims", "--json", "bad.md"]).json()["unread"], serde_json::json!([]));
}

/// As large as may be, and hostile: no check looks at everything for everything.
#[test]
fn timing_a_document_of_the_largest_size_takes_seconds() {
    let world = World::new();
    for (name, line) in [
        (
            "rto.md",
            "- **RTO**: 15 min, error budget remaining 9 %, capacity 500 RPS, 3/3 experiments passed ✓\n",
        ),
        ("head.md", "## 2. Scores 9.1/10\n- **Readiness score**: 61%\n"),
        ("row.md", "| a | 99.9 % | 99.95 % | 8 % | p95 4 ms |\n"),
        ("long.md", "1/2 (7 %) 5x better 2026-02-31 "),
    ] {
        let head = "# A\n## B\n| T | Target | Actual | Budget used | p50 |\n|--|--|--|--|--|\n";
        fs::write(world.path(name), format!("{head}{}", line.repeat((8 << 20) / line.len() - 10))).unwrap();
        let start_ns = SystemClock.monotonic_ns();
        let ran = world.run(&["claims", "--json", name]);
        let took_s = (SystemClock.monotonic_ns() - start_ns) / 1_000_000_000;
        assert_eq!(ran.code, 1, "{name}: {}", ran.stderr);
        assert!(took_s < 30, "{name}: {took_s} s");
    }
}

#[test]
fn a_garbled_document_is_read_as_it_was_meant_and_said() {
    let world = World::new();
    for name in ["dishonest/tree", "dishonest/agents"] {
        let ran = world.run(&["claims", "--json", &document(name)]);
        let encoding: Vec<_> = findings(&ran).into_iter().filter(|(_, kind)| kind == "encoding").collect();
        assert_eq!(encoding.len(), 1, "{name}: {}", ran.stdout);
    }
    fs::write(world.path("latin.md"), b"# A\ncaf\xe9\n").unwrap();
    let ran = world.run(&["claims", "--json", "latin.md"]);
    assert_eq!((ran.code, findings(&ran)), (1, vec![(2, "encoding".to_owned())]));
    assert_eq!(ran.json()["findings"][0]["claim"], "café");
}

#[test]
fn a_hostile_document_commands_no_terminal_and_is_inert_on_the_page() {
    let world = World::new();
    let hostile = "# A\n\u{1b}]0;title\u{7} \u{9b}2J \u{202e} <script>alert(1)</script> valid until November 31, 2025\n";
    world.write("hostile.md", hostile);
    for arguments in [
        &["claims", "hostile.md"][..],
        &["claims", "--json", "hostile.md"],
        &["claims", "--html", "hostile.md"],
    ] {
        let ran = world.run(arguments);
        assert_eq!(ran.code, 1, "{}", ran.stderr);
        assert!(!ran.stdout.contains(['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}']), "{}", ran.stdout);
        assert!(!ran.stdout.contains("<script") || arguments[1] != "--html", "{}", ran.stdout);
    }
}

#[test]
fn the_page_shows_each_document_with_the_findings_at_their_lines() {
    let world = World::new();
    let (good, bad) = (document("honest/slo-review"), document("dishonest/engine"));
    let ran = world.run(&["claims", "--html", &good, &bad]);
    assert_eq!((ran.code, ran.stderr.as_str()), (1, ""));
    let page = &ran.stdout;
    assert!(
        page.starts_with("<!doctype html>\n<html lang=\"en\">") && page.contains("default-src 'none'")
            || page.contains("default-src &#39;none&#39;")
    );
    let line = page.split("id=\"d2-18\"").nth(1).unwrap().split("id=\"d2-19\"").next().unwrap();
    assert!(
        line.contains("9x better") && line.contains("target and actual differ by 6.45 times, not 9x"),
        "{line}"
    );
    assert!(!page.contains("<script") && !page.contains("http://") && !page.contains("https://"));
    for (index, path) in [&good, &bad].into_iter().enumerate() {
        let lines = fs::read_to_string(path).unwrap().lines().count();
        assert_eq!(page.matches(&format!(" id=\"d{}-", index + 1)).count(), lines);
    }
}

/// The four documents that Plimsoll began with, where they are: their text is not ours to ship.
fn founding(number: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/seeds");
    let entries = fs::read_dir(&folder).ok()?.map(|entry| entry.unwrap().path());
    entries.into_iter().find(|path| path.file_name().unwrap().to_string_lossy().starts_with(number))
}

#[test]
fn the_founding_documents_contradict_themselves_at_these_lines() {
    let contradictions = [193, 202, 213, 216, 217, 232, 237, 238, 239, 242, 297, 298, 307, 308, 416, 493]
        .map(|line| (line, "contradiction"));
    let shown = [
        (17, "figure-without-method"),
        (25, "score-without-evidence"),
        (169, "sample-too-small"),
        (237, "sample-too-small"),
        (322, "scope-beyond-evidence"),
        (331, "scope-beyond-evidence"),
        (495, "scope-beyond-evidence"),
        (538, "no-signature"),
    ];
    let platform: Vec<(u64, &str)> = contradictions.into_iter().chain(shown).collect();
    let engine =
        [(35, "sample-too-small"), (77, "sample-too-small"), (302, "contradiction"), (307, "no-signature")];
    let tree = [
        (1, "encoding"),
        (8, "impossible-date"),
        (146, "score-without-evidence"),
        (260, "no-signature"),
        (289, "impossible-date"),
        (311, "impossible-date"),
    ];
    let agents = [
        (3, "encoding"),
        (7, "score-without-evidence"),
        (42, "sample-too-small"),
        (53, "sample-too-small"),
        (194, "scope-beyond-evidence"),
        (312, "no-signature"),
    ];
    let world = World::new();
    for (number, wanted) in
        [("000_", platform.as_slice()), ("001_", &engine), ("003_", &tree), ("004_", &agents)]
    {
        let Some(path) = founding(number) else {
            println!("not looked at: there is no ../shared/seeds/{number}*.txt beside this repository");
            continue;
        };
        let ran = world.run(&["claims", "--json", path.to_str().unwrap()]);
        assert_eq!(ran.code, 1, "{}", ran.stderr);
        let found = findings(&ran);
        let missing: Vec<_> = wanted
            .iter()
            .filter(|(line, kind)| !found.iter().any(|one| one == &(*line, (*kind).to_owned())))
            .collect();
        assert!(missing.is_empty(), "{number}: {missing:?} are not among {found:#?}");
        let more = found
            .iter()
            .filter(|(line, kind)| kind == "contradiction" && !wanted.contains(&(*line, "contradiction")));
        assert_eq!(more.collect::<Vec<_>>(), Vec::<&(u64, String)>::new(), "{number}");
        assert!((10..=60).contains(&found.len()), "{number}: {} findings are no reading", found.len());
    }
}
