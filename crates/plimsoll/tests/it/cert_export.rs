//! `plimsoll cert export`: read by readers of the formats that others have made, which `./scripts/test` installs.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::cert::{ask, hostile, trust};
use crate::golden::{Files, golden_files};
use crate::world::{Ran, World};

/// Formats that somebody else's reader is there for, and what it calls a pass.
const READ: [(&str, &str); 4] =
    [("junit", "passed"), ("sarif", "pass"), ("markdown", "pass"), ("oscal", "satisfied")];
/// Every format.
const FORMATS: [&str; 5] = ["junit", "sarif", "markdown", "hdf", "oscal"];

fn export(files: &Files, format: &str) -> Ran {
    ask(files, "export", &["--format", format, "--issuer", &trust()])
}

/// What a stranger's reader makes of an export.
fn read(format: &str, text: &str) -> Ran {
    let reader = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exported/read.py");
    let mut command = Command::new("plimsoll-export-readers");
    command.arg(reader).arg(format).env("PYTHONDONTWRITEBYTECODE", "1");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.as_mut().expect("./scripts/test installs it");
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let (mut stdout, mut stderr) = (String::new(), String::new());
    std::io::Read::read_to_string(&mut child.stdout.take().unwrap(), &mut stdout).unwrap();
    std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut stderr).unwrap();
    Ran { code: child.wait().unwrap().code().unwrap_or(-1), stdout, stderr }
}

/// Each criterion with how it stands, by a stranger's reader.
fn standings(format: &str, text: &str) -> Vec<(String, String)> {
    let ran = read(format, text);
    assert_eq!(ran.code, 0, "{format}: {}\n{text}", ran.stderr);
    let pair = |line: &str| line.split_once(' ').map(|(name, mark)| (name.to_owned(), mark.to_owned()));
    ran.stdout.lines().map(|line| pair(line).unwrap()).collect()
}

#[test]
fn strangers_read_every_criterion_of_the_golden_certificate() {
    for (format, pass) in READ {
        let ran = export(&golden_files(), format);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{format}");
        let standings = standings(format, &ran.stdout);
        let passed = standings.iter().filter(|(name, mark)| name != "verification" && mark == pass).count();
        assert_eq!(passed, 8, "{format}: {standings:?}");
    }
}

#[test]
fn strangers_read_hostile_names() {
    for (format, _) in READ {
        assert!(standings(format, &export(&hostile(), format).stdout).len() >= 8, "{format}");
    }
}

/// The readers refuse what does not fit, or their word would be worth nothing.
#[test]
fn strangers_refuse_what_is_not_of_the_format() {
    let junit = export(&golden_files(), "junit").stdout;
    let sarif = export(&golden_files(), "sarif").stdout;
    let oscal = export(&golden_files(), "oscal").stdout;
    let markdown = export(&golden_files(), "markdown").stdout;
    let cases = [
        ("markdown", markdown.replace("`errors`", "<b>errors</b>")),
        ("markdown", markdown.replace("`errors`", "`er|rors`")),
        ("markdown", markdown.replace("| proven |", "| see http://acme.example |")),
        ("oscal", oscal.replace("\"satisfied\"", "\"certified\"")),
        ("oscal", oscal.replace("\"collected\"", "\"gathered\"")),
        ("oscal", oscal.replace("objective-id", "criterion")),
        ("oscal", oscal.replace("-5", "-6")),
        ("junit", junit.replace("errors=\"0\"", "errors=\"1\"")),
        ("junit", junit.replace("</testcase>", "")),
        ("junit", junit.replace("profile", "pro\u{1}file")),
        ("sarif", sarif.replace("\"kind\": \"pass\"", "\"kind\": \"certified\"")),
        ("sarif", sarif.replace("\"version\": \"2.1.0\"", "\"version\": \"2.0\"")),
        ("sarif", sarif.replace("\"ruleIndex\"", "\"rule\"")),
    ];
    for (format, text) in cases {
        assert_ne!(read(format, &text).code, 0, "{format} was read:\n{text:.2000}");
    }
}

#[test]
fn an_export_is_the_same_whenever_it_is_made() {
    let later = "2026-12-01T00:00:00Z";
    for format in FORMATS {
        let one = export(&golden_files(), format).stdout;
        let more = ["--format", format, "--issuer", &trust(), "--at", later];
        assert_eq!(one, ask(&golden_files(), "export", &more).stdout, "{format}");
        assert!(!one.is_empty());
    }
}

#[test]
fn the_summary_for_people_is_looked_at() {
    insta::assert_snapshot!("cert_export_markdown", export(&golden_files(), "markdown").stdout);
    insta::assert_snapshot!("cert_export_junit", export(&golden_files(), "junit").stdout);
}

#[test]
fn a_strangers_certificate_is_exported_as_one() {
    for format in FORMATS {
        let ran = ask(&golden_files(), "export", &["--format", format]);
        assert_eq!(ran.code, 3, "{format}");
        assert!(ran.stdout.contains("issuer not known to you"), "{format}: {}", ran.stdout);
        assert!(ran.stderr.starts_with("intact, issuer not known to you"), "{format}: {}", ran.stderr);
    }
    let junit = ask(&golden_files(), "export", &["--format", "junit"]).stdout;
    assert_eq!(standings("junit", &junit)[0], ("verification".into(), "error".into()));
}

#[test]
fn an_export_goes_to_a_file() {
    let world = World::new();
    crate::golden::write_files(&world.path("certificate"), &golden_files());
    let to = |out: &str| {
        let line =
            ["cert", "export", "certificate", "--format", "sarif", "--at", crate::golden::AT, "--out", out];
        world.run(&[&line[..], &["--issuer", &trust()]].concat())
    };
    world.write("out.sarif", "what was there before, and is longer than nothing");
    let ran = to("out.sarif");
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
    let written = std::fs::read_to_string(world.path("out.sarif")).unwrap();
    assert_eq!(written, export(&golden_files(), "sarif").stdout);
    let ran = to("none/out.sarif");
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("writing none/out.sarif: No such file"), "{}", ran.stderr);
}

#[test]
fn what_is_refused_leaves_the_file_as_it_was() {
    let world = World::new();
    let mut files = golden_files();
    files.get_mut("report.html").unwrap().push(b'\n');
    crate::golden::write_files(&world.path("certificate"), &files);
    world.write("out.xml", "before");
    let ran = world.run(&["cert", "export", "certificate", "--format", "junit", "--out", "out.xml"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stderr.starts_with("error: not exported: invalid: report.html"), "{}", ran.stderr);
    assert_eq!(std::fs::read_to_string(world.path("out.xml")).unwrap(), "before");
}

#[test]
fn an_unknown_format_is_guessed() {
    let ran = ask(&golden_files(), "export", &["--format", "junti"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("did you mean `junit`?"), "{}", ran.stderr);
    let ran = ask(&golden_files(), "export", &["--format", "spreadsheet"]);
    assert!(ran.stderr.contains("known here: junit, sarif, markdown, hdf, oscal"), "{}", ran.stderr);
}
