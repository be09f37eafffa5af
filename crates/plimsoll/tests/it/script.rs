//! The script for those who do not trust the binary: what `plimsoll verify --script` prints.

use std::io::Write;
use std::process::{Command, Stdio};

use plimsoll_evidence::{Before, Gap, Repeats, Severity, Verdict};
use plimsoll_proof::{Digest, VerifierKey};

use crate::golden::{AT, golden, golden_files, write_files};
use crate::mutants::with;
use crate::world::{PLIMSOLL, Ran};

/// The most lines that somebody who checks it should have to read.
const LINES_MAX: usize = 150;

/// Runs the script as printed by the binary.
pub(crate) fn run_script(arguments: &[&str]) -> Ran {
    const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/cli/verify.sh");
    Command::new("sh").arg(SCRIPT).args(arguments).stdin(Stdio::null()).output().unwrap().into()
}

fn check_golden(arguments: &[&str]) -> Ran {
    let folder = golden("v1");
    run_script(&[&[folder.to_str().unwrap()], arguments].concat())
}

#[test]
fn the_binary_prints_a_script_that_one_can_read() {
    let printed: Ran = Command::new(PLIMSOLL).args(["verify", "--script"]).output().unwrap().into();
    assert_eq!(printed.code, 0);
    assert_eq!(
        printed.stdout,
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/cli/verify.sh")).unwrap()
    );
    assert!(printed.stdout.lines().count() <= LINES_MAX, "{} lines", printed.stdout.lines().count());
    // As printed, from standard input, it is the same script.
    let mut shell = Command::new("sh").args(["-n"]).stdin(Stdio::piped()).spawn().unwrap();
    shell.stdin.take().unwrap().write_all(printed.stdout.as_bytes()).unwrap();
    assert!(shell.wait().unwrap().success());
}

#[test]
fn it_accepts_the_golden_certificate_for_those_who_trust_its_issuer() {
    let trust = golden("trust.keys");
    let trusted = check_golden(&[trust.to_str().unwrap(), AT]);
    assert_eq!(trusted.code, 0, "{}{}", trusted.stdout, trusted.stderr);
    insta::assert_snapshot!(trusted.stdout, @r"
    intact: canonical JSON, 10 signatures, 54 files, log of 4 entries
    NOT checked: numbers and verdicts against the evidence, controls, registration, attempts, sign-offs, waivers
    says: notes preliminary, profile quick, issuer 5781a7cec109e36c39b5e9df25fa240dd3c6b0c224c8934a7b71e66f1e3cf67b
    valid until 2026-12-22T02:38:05Z
    ");
    assert_eq!(check_golden(&["", AT]).code, 3, "nobody is trusted");
    let later = check_golden(&[trust.to_str().unwrap(), "2027-06-01T00:00:00Z"]);
    assert_eq!(
        (later.code, later.stdout.lines().last()),
        (1, Some("invalid: not valid at 2027-06-01T00:00:00Z"))
    );
}

/// Fields that a certificate may have and the golden one has not.
#[test]
fn it_accepts_gaps_and_repetitions() {
    let files = crate::cert::planned(|plan| {
        plan.profile.gaps = vec![Gap {
            id: "wish".into(),
            statement: "A wish".into(),
            domain: "test".into(),
            asked: "all".into(),
            missing: "a probe".into(),
            severity: Severity::Advisory,
            mappings: Vec::new(),
        }];
        let criteria = plan.profile.criteria.iter();
        let before = |id: &String| Before { id: id.clone(), verdict: Verdict::Pass, value: None };
        plan.repeats = Some(Box::new(Repeats {
            certificate: Digest::of(b"certificate"),
            plan: Digest::of(b"plan"),
            resources: plan.subject.resources.clone(),
            criteria: criteria.map(|criterion| before(&criterion.id)).collect(),
        }));
    });
    let place = tempfile::tempdir().unwrap();
    write_files(place.path(), &files);
    let trust = golden("trust.keys");
    let ran = run_script(&[place.path().to_str().unwrap(), trust.to_str().unwrap(), AT]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn a_key_is_trusted_until_its_time_and_comments_are_none() {
    let place = tempfile::tempdir().unwrap();
    let lines = std::fs::read_to_string(golden("trust.keys")).unwrap();
    let key = lines.lines().next().unwrap();
    let cases = [
        (format!("# all\n{key} 2026-11-26T00:00:00Z # until then\n"), 0),
        (format!("{key} 2026-11-25T00:00:00Z\n"), 3),
        (format!("# {key}\n"), 3),
        (key.replace("certificate ", "log "), 3),
        (format!("\t{}\n", key.replace(' ', " \t ")), 0),
    ];
    for (text, code) in cases {
        let path = place.path().join("trust");
        std::fs::write(&path, &text).unwrap();
        let ran = check_golden(&[path.to_str().unwrap(), AT]);
        assert_eq!(ran.code, code, "{text}: {}", ran.stdout);
    }
}

#[test]
fn what_is_no_certificate_is_unreadable() {
    let place = tempfile::tempdir().unwrap();
    assert_eq!(run_script(&[place.path().to_str().unwrap()]).code, 2, "an empty folder");
    assert_eq!(run_script(&[place.path().join("none").to_str().unwrap()]).code, 2, "no folder");
    assert_eq!(run_script(&[]).code, 2, "no argument");
    assert_eq!(run_script(&["a", "b", "c", "d"]).code, 2, "too many arguments");
    assert_eq!(check_golden(&["", "yesterday"]).code, 2, "no time");
    let mut files = golden_files();
    files.remove("certificate.dsse.json");
    write_files(place.path(), &files);
    assert_eq!(run_script(&[place.path().to_str().unwrap()]).code, 2, "no certificate among the files");
}

/// openssl 3.0 verifies with a key of small order, for which anybody can sign.
#[test]
fn keys_that_openssl_takes_and_nobody_should_are_refused() {
    // The order of each: 1, 2, 4, 8; then y = p + 1, which is 1 in another spelling; then no point of the curve.
    let keys: [[u8; 32]; 6] = [
        bytes("0100000000000000000000000000000000000000000000000000000000000000"),
        bytes("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
        bytes("0000000000000000000000000000000000000000000000000000000000000000"),
        bytes("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
        bytes("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
        bytes("0200000000000000000000000000000000000000000000000000000000000000"),
    ];
    for key in keys {
        let files =
            with(|parts| parts.certificate["predicate"]["issuer"]["certificate_key"] = verifier(&key).into());
        let place = tempfile::tempdir().unwrap();
        write_files(place.path(), &files);
        let ran = run_script(&[place.path().to_str().unwrap(), golden("trust.keys").to_str().unwrap(), AT]);
        let why = ran.stdout.lines().last().unwrap_or_default();
        assert_eq!(ran.code, 1, "{key:?}: {why}");
        assert!(why.starts_with("invalid: the key is not "), "{why}");
    }
}

fn bytes(hex: &str) -> [u8; 32] {
    *hex.parse::<Digest>().unwrap().as_bytes()
}

/// A verifier key that is well formed in all but the point.
fn verifier(key: &[u8; 32]) -> String {
    let name = format!("plimsoll/{}", &Digest::of(key).to_string()[..16]);
    let tagged = [&[1], key.as_slice()].concat();
    let id = Digest::of(&[name.as_bytes(), b"\n", &tagged].concat()).to_string();
    let text = format!("{name}+{}+{}", &id[..8], base64(&tagged));
    assert!(text.parse::<VerifierKey>().is_err(), "the library takes {text}");
    text
}

/// Thirty-three bytes are eleven groups of three: no padding to think of.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |value: u32, shift: u32| char::from(ALPHABET[(value >> shift) as usize % 64]);
    let group = |bytes: &[u8]| {
        let value = u32::from(bytes[0]) << 16 | u32::from(bytes[1]) << 8 | u32::from(bytes[2]);
        [18, 12, 6, 0].map(|shift| digit(value, shift))
    };
    bytes.chunks_exact(3).flat_map(group).collect()
}
