//! `plimsoll cert badge`: a picture that looks good of nothing that is not.

use plimsoll_evidence::{EntryType, LogEntry};

use crate::cert::{ask, trust};
use crate::golden::golden_files;
use crate::mutants::with;

const GREEN: &str = "#1f6b3b";
const GREY: &str = "#5f666b";

#[test]
fn a_badge_says_what_verify_says_and_until_when() {
    let ran = ask(&golden_files(), "badge", &["--issuer", &trust()]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert!(
        ran.stdout.starts_with("<svg ") && ran.stdout.contains("quick: preliminary until 2026-12-22"),
        "{}",
        ran.stdout
    );
    assert!(!ran.stdout.contains(GREEN) && !ran.stdout.contains(GREY), "{}", ran.stdout);
}

#[test]
fn what_does_not_hold_or_is_not_known_is_grey() {
    let revoked = with(|parts| {
        let last = parts.log.last().unwrap().clone();
        parts.log.push(LogEntry { entry_type: EntryType::Revoked, ..last });
    });
    let mut broken = golden_files();
    broken.get_mut("report.html").unwrap()[9] ^= 1;
    let trust = trust();
    let known = ["--issuer", trust.as_str()];
    let late = ["--issuer", trust.as_str(), "--at", "2026-12-23T00:00:00Z"];
    for (files, more, word, code) in [
        (&golden_files(), &late[..], "expired", 1),
        (&revoked, &known[..], "revoked", 1),
        (&broken, &known[..], "unknown", 1),
        (&golden_files(), &[][..], "unknown", 3),
    ] {
        let ran = ask(files, "badge", more);
        assert_eq!(ran.code, code, "{word}: {}", ran.stderr);
        assert!(
            ran.stdout.contains(&format!(": {word}")) && ran.stdout.contains(GREY),
            "{word}: {}",
            ran.stdout
        );
        assert!(!ran.stdout.contains(GREEN) && !ran.stdout.contains("until"), "{}", ran.stdout);
    }
}
