use plimsoll_base::Kind;
use proptest::prelude::*;

use super::*;
use crate::signing_key::{CertificateKey, LogKey};

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

fn parse(text: &[u8]) -> Result<SealedKey> {
    SealedKey::parse(text, Path::new("some.key"))
}

fn open(text: &[u8], passphrase: &str) -> Result<CertificateKey> {
    parse(text)?.open(&secret(passphrase), Path::new("some.key"))
}

fn sealed() -> (CertificateKey, String) {
    let key = CertificateKey::generate().unwrap();
    let sealed = SealedKey::seal(&key, &secret("correct horse battery"), Cost::FOR_TESTS).unwrap();
    (key, sealed.to_text())
}

/// The text with a last line that fits: what an attacker, not an accident, makes.
fn with_digest_corrected(text: &str) -> String {
    let (covered, _) = text.rsplit_once("sha256 ").unwrap();
    format!("{covered}sha256 {}\n", Digest::of(covered.as_bytes()))
}

#[test]
fn opens_under_its_passphrase_as_the_same_key() {
    let (key, text) = sealed();
    let again = open(text.as_bytes(), "correct horse battery").unwrap();
    let envelope = again.sign_envelope("a/b", b"payload");
    assert_eq!(envelope.verify(&key.public_key()), Ok(()));
    assert_eq!(*again.seed(), *key.seed());
}

#[test]
fn neither_seed_nor_passphrase_stands_in_the_file() {
    let (key, text) = sealed();
    let seed = BASE64.encode(*key.seed());
    assert!(!text.contains(&seed[..8]) && !text.contains("horse"), "{text}");
    let (_, other) = sealed();
    assert_ne!(text.lines().nth(3), other.lines().nth(3), "salt is fresh");
    assert_ne!(text.lines().nth(4), other.lines().nth(4), "nonce is fresh");
}

#[test]
fn standard_cost_is_what_the_documents_say() {
    let key = LogKey::generate().unwrap();
    let sealed = SealedKey::seal(&key, &secret("correct horse battery"), Cost::STANDARD).unwrap();
    let text = sealed.to_text();
    assert!(text.starts_with("plimsoll-key v1\npurpose log\npublic "), "{text}");
    assert!(text.contains("\nscrypt ln=17 r=8 p=1 salt="), "{text}");
    assert_eq!(parse(text.as_bytes()).unwrap(), sealed);
}

#[test]
fn wrong_passphrase_damage_and_tampering_are_told_apart() {
    let (_, text) = sealed();
    let wrong = open(text.as_bytes(), "correct horse batterz").unwrap_err();
    assert!(matches!(wrong, Error::Passphrase(_)), "{wrong}");
    assert_eq!(wrong.kind(), Kind::Denied);
    let damaged = open(&text.as_bytes()[..text.len() - 1], "correct horse battery").unwrap_err();
    assert_eq!(damaged.kind(), Kind::Corrupt, "{damaged}");
    let other = parse(text.as_bytes()).unwrap().open::<crate::LogPurpose>(&secret(""), Path::new("x"));
    assert!(matches!(other, Err(Error::Purpose { wanted: KeyPurpose::Log, .. })));
    let newer = with_digest_corrected(&text.replacen("v1", "v2", 1));
    assert!(matches!(parse(newer.as_bytes()), Err(Error::Newer(_))));
}

#[test]
fn every_line_is_bound_even_when_the_digest_is_corrected() {
    let (_, text) = sealed();
    let (_, other) = sealed();
    for at in 0..6 {
        let mut lines: Vec<&str> = text.lines().collect();
        lines[at] = other.lines().nth(at).unwrap();
        let mixed = with_digest_corrected(&(lines.join("\n") + "\n"));
        let result = open(mixed.as_bytes(), "correct horse battery");
        let is_unchanged = lines[at] == text.lines().nth(at).unwrap();
        assert_eq!(result.is_ok(), is_unchanged, "line {at}");
    }
    let log = with_digest_corrected(&text.replacen("purpose certificate", "purpose log", 1));
    let opened = parse(log.as_bytes())
        .unwrap()
        .open::<crate::LogPurpose>(&secret("correct horse battery"), Path::new("some.key"));
    assert!(matches!(opened, Err(Error::Passphrase(_))), "a certificate key opened as a log key");
}

#[test]
fn costs_that_are_not_ours_are_refused_unread() {
    let (_, text) = sealed();
    for cost in ["ln=0", "ln=2", "ln=16", "ln=18", "ln=63", "ln=255", "ln=256", "ln=+1", "ln=01"] {
        let file = with_digest_corrected(&text.replacen("ln=1", cost, 1));
        assert!(matches!(parse(file.as_bytes()), Err(Error::Damaged { .. })), "{cost}");
    }
}

#[test]
fn short_passphrases_are_refused_by_characters_not_bytes() {
    assert!(check_passphrase(&secret("éééééééééééé")).is_ok());
    let error = check_passphrase(&secret("ééééééééééé")).unwrap_err();
    assert_eq!(error.to_string(), "passphrase has 11 characters, at least 12 are needed");
    assert!(error.hint().is_some());
    let key = LogKey::generate().unwrap();
    assert!(SealedKey::seal(&key, &secret("short"), Cost::FOR_TESTS).is_err());
}

#[test]
fn every_flip_of_a_byte_is_refused() {
    let (_, text) = sealed();
    for at in 0..text.len() {
        for change in [1, 0x20, 0x80, 0xff] {
            let mut file = text.clone().into_bytes();
            file[at] ^= change;
            let error = open(&file, "correct horse battery").unwrap_err();
            assert!(matches!(error, Error::Damaged { .. }), "byte {at} ^ {change:#x}: {error}");
        }
    }
}

#[test]
fn every_flip_is_refused_even_when_the_digest_is_corrected() {
    let (_, text) = sealed();
    let covered = text.rsplit_once("sha256 ").unwrap().0.len();
    for at in 0..covered {
        for change in [1, 2, 4, 8, 16] {
            let mut file = text.clone().into_bytes();
            file[at] ^= change;
            let Ok(file) = String::from_utf8(file) else { continue };
            let file = with_digest_corrected(&file);
            assert!(open(file.as_bytes(), "correct horse battery").is_err(), "byte {at} ^ {change}: {file}");
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>, text: String) {
        prop_assert!(parse(&bytes).is_err());
        let ours = with_digest_corrected(&format!("plimsoll-key v1\n{text}sha256 "));
        prop_assert!(parse(ours.as_bytes()).is_err());
    }

    #[test]
    fn what_is_read_is_written_the_same(at: proptest::sample::Index, with in "[ -~\n]{0,3}") {
        let (_, mut text) = sealed();
        let at = at.index(text.len());
        text.replace_range(at..=at, &with);
        let text = with_digest_corrected(&format!("{text}sha256 "));
        if let Ok(sealed) = parse(text.as_bytes()) {
            prop_assert_eq!(sealed.to_text(), text);
        }
    }
}
