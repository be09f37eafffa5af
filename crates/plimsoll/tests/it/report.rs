//! The report of the golden certificate in a real browser. The pictures lie in the folder that the test names; look
//! at them when you change the page.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::world::PLIMSOLL;

/// Where the report of the golden certificate lies.
const REPORT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/v1/report.html");

/// Chromium with what a test needs: no sandbox for root, no network, nothing kept.
fn chromium(profile: &Path, arguments: &[&str]) -> Vec<u8> {
    let program = "/usr/bin/chromium";
    assert!(Path::new(program).exists(), "Chromium is missing: apt-get install chromium");
    let output = Command::new(program)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .args(arguments)
        .arg(format!("file://{REPORT}"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Takes a picture and gives its bytes.
fn picture(name: &str, arguments: &[&str]) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("report");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    let profile = tempfile::tempdir().unwrap();
    let screenshot = format!("--screenshot={}", path.display());
    chromium(profile.path(), &[&[screenshot.as_str()], arguments].concat());
    println!("look at {}", path.display());
    fs::read(path).unwrap()
}

#[test]
fn the_report_is_read_by_a_browser_as_it_was_written() {
    let profile = tempfile::tempdir().unwrap();
    let seen = String::from_utf8(chromium(profile.path(), &["--dump-dom"])).unwrap();
    let written = fs::read_to_string(REPORT).unwrap();
    let headings = |html: &str| html.matches("<h2").count();
    assert!(headings(&written) >= 8, "the report has lost its sections");
    assert_eq!(headings(&seen), headings(&written));
    assert_eq!(seen.matches("<svg").count(), written.matches("<svg").count());
    assert!(!written.contains("<script"));
    // The verdict stands before the first section, which says what is not proven.
    let first = written.find("<h2").unwrap();
    assert!(written[..first].contains("preliminary"), "the verdict does not come first");
    assert!(written[first..first + 200].contains("does not prove"));
}

/// What a page advises must exist: each command is understood as far as its help.
#[test]
fn every_command_that_the_report_names_is_one() {
    let written = fs::read_to_string(REPORT).unwrap();
    let commands: Vec<&str> =
        written.split("<code>plimsoll ").skip(1).filter_map(|rest| rest.split('<').next()).collect();
    assert!(commands.len() >= 3, "{commands:?}");
    for command in commands {
        let words = command.split(' ').take_while(|word| *word != "&gt;");
        let output = Command::new(PLIMSOLL).args(words).arg("--help").output().unwrap();
        assert!(output.status.success(), "plimsoll {command}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn the_report_is_painted_in_light_dark_and_on_a_phone() {
    let light = picture("light.png", &["--window-size=1100,3000"]);
    let dark = picture("dark.png", &["--window-size=1100,3000", "--force-dark-mode"]);
    let phone = picture("phone.png", &["--window-size=390,3000"]);
    for (name, bytes) in [("light", &light), ("dark", &dark), ("phone", &phone)] {
        assert!(bytes.starts_with(b"\x89PNG"), "{name} is no picture");
        assert!(bytes.len() > 50_000, "{name} is nearly empty: {} bytes", bytes.len());
    }
    assert_ne!(light, dark, "the page does not know the dark");
}

#[test]
fn the_report_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.pdf");
    let profile = tempfile::tempdir().unwrap();
    chromium(profile.path(), &[&format!("--print-to-pdf={}", path.display()), "--no-pdf-header-footer"]);
    let bytes = fs::read(path).unwrap();
    let pages = bytes.windows(11).filter(|part| part == b"/Type /Page").count();
    assert!((3..20).contains(&pages), "{pages} pages");
}
