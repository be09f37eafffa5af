use plimsoll_base::Kind;
use proptest::prelude::*;

use super::*;
use crate::credential::Credential;
use crate::purpose::{CertificatePurpose, LogPurpose};
use crate::seal::{Cost, KeySlot};
use crate::signing_key::{CertificateKey, LogKey};

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

fn parse(text: &[u8]) -> Result<SealedKey> {
    SealedKey::parse(text, Path::new("some.key"))
}

fn open(text: &[u8], passphrase: &str) -> Result<CertificateKey> {
    parse(text)?.open(Opener::Passphrase(&secret(passphrase)), Path::new("some.key"))
}

fn seal<P: Purpose>(key: &SigningKey<P>, passphrase: &str, cost: Cost) -> Result<SealedKey> {
    let seal = Seal::under_passphrase(cost)?;
    SealedKey::seal(key, seal, Opener::Passphrase(&secret(passphrase)), Path::new("some.key"))
}

fn credential(number: u8) -> Credential {
    Credential::for_tests([number; 32])
}

/// A key of a server, sealed under credential 1.
fn sealed_in(slot: KeySlot) -> (LogKey, String) {
    let key = LogKey::generate().unwrap();
    let opener = Opener::Credential(&credential(1), slot);
    let sealed = SealedKey::seal(&key, Seal::Credential { slot }, opener, Path::new("some.key")).unwrap();
    (key, sealed.to_text())
}

fn open_in(slot: KeySlot, text: &[u8], number: u8) -> Result<LogKey> {
    parse(text)?.open(Opener::Credential(&credential(number), slot), Path::new("some.key"))
}

fn sealed() -> (CertificateKey, String) {
    let key = CertificateKey::generate().unwrap();
    let sealed = seal(&key, "correct horse battery", Cost::FOR_TESTS).unwrap();
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
    let sealed = seal(&key, "correct horse battery", Cost::STANDARD).unwrap();
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
    let other = parse(text.as_bytes()).unwrap();
    let other = other.open::<LogPurpose>(Opener::Passphrase(&secret("")), Path::new("x"));
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
        .open::<LogPurpose>(Opener::Passphrase(&secret("correct horse battery")), Path::new("some.key"));
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
}

/// Flips bits of every byte of a sealed file, with its digest as it was and with one that fits. Gives the files.
fn flipped(text: &str) -> Vec<Vec<u8>> {
    let covered = text.rsplit_once("sha256 ").unwrap().0.len();
    let flip = |at: usize, change: u8| {
        let mut file = text.to_owned().into_bytes();
        file[at] ^= change;
        file
    };
    let plain = (0..text.len()).flat_map(|at| [1, 0x20, 0x80, 0xff].map(|change| flip(at, change)));
    let corrected = (0..covered).flat_map(|at| [1, 2, 4, 8, 16].map(|change| flip(at, change)));
    let corrected =
        corrected.filter_map(|file| Some(with_digest_corrected(&String::from_utf8(file).ok()?).into_bytes()));
    plain.chain(corrected).collect()
}

#[test]
fn every_flip_of_a_byte_is_refused() {
    let (_, text) = sealed();
    for file in flipped(&text) {
        assert!(open(&file, "correct horse battery").is_err(), "{}", String::from_utf8_lossy(&file));
    }
    let (_, text) = sealed_in(KeySlot::Journal);
    for file in flipped(&text) {
        assert!(open_in(KeySlot::Journal, &file, 1).is_err(), "{}", String::from_utf8_lossy(&file));
    }
}

#[test]
fn a_flip_by_accident_is_told_from_a_wrong_passphrase() {
    let (_, text) = sealed();
    for at in 0..text.len() {
        let mut file = text.clone().into_bytes();
        file[at] ^= 1;
        let error = open(&file, "correct horse battery").unwrap_err();
        assert!(matches!(error, Error::Damaged { .. }), "byte {at}: {error}");
    }
}

#[test]
fn a_key_of_a_server_opens_under_its_credential_in_its_slot() {
    let (key, text) = sealed_in(KeySlot::Journal);
    assert!(text.contains("\npurpose log\n") && text.contains("\nhkdf-sha256 key=journal\n"), "{text}");
    assert!(!text.contains(&BASE64.encode(*key.seed())[..8]), "{text}");
    let again = open_in(KeySlot::Journal, text.as_bytes(), 1).unwrap();
    assert_eq!(*again.seed(), *key.seed());
    let wrong = open_in(KeySlot::Journal, text.as_bytes(), 2).unwrap_err();
    assert!(matches!(wrong, Error::Credential(_)) && wrong.kind() == Kind::Denied, "{wrong}");
    assert!(wrong.hint().is_some());
    let moved = open_in(KeySlot::IssuerLog, text.as_bytes(), 1).unwrap_err();
    assert!(matches!(moved, Error::Misplaced(_)), "{moved}");
    let renamed = with_digest_corrected(&text.replacen("key=journal", "key=issuer-log", 1));
    let renamed = open_in(KeySlot::IssuerLog, renamed.as_bytes(), 1).unwrap_err();
    assert!(matches!(renamed, Error::Credential(_)), "{renamed}");
}

/// Servers have files like this one: they must open for ever.
#[test]
fn a_key_of_a_server_of_version_1_opens() {
    let key = open_in(KeySlot::Journal, VERSION_1.as_bytes(), 1).unwrap();
    assert_eq!(key.public_key().to_string(), "dG+cRghfveiShTHYNePhdZ/qHzLKCnxUHAe0Uk0cWl0=");
}

const VERSION_1: &str = "\
plimsoll-key v1
purpose log
public dG+cRghfveiShTHYNePhdZ/qHzLKCnxUHAe0Uk0cWl0=
hkdf-sha256 key=journal
xchacha20poly1305 nonce=H53p0SWPaySX2l7nOIVY7Ttngtg8FIfM
sealed +XeJ8KlOHX4KMRJvgpJ475VX6rGyy9FTbMvdSwxDp7kzadqcqYx2Bh8BogIpoggo
sha256 fd459c11f70861901ccd10cb64702cab82eac685b357a5b5f2d81654bca21c5f
";

#[test]
fn what_is_sealed_one_way_does_not_open_the_other_way() {
    let (_, typed) = sealed();
    let (_, kept) = sealed_in(KeySlot::IssuerCertificate);
    let by_credential = parse(typed.as_bytes()).unwrap().open::<CertificatePurpose>(
        Opener::Credential(&credential(1), KeySlot::IssuerCertificate),
        Path::new("some.key"),
    );
    let by_passphrase = parse(kept.as_bytes())
        .unwrap()
        .open::<LogPurpose>(Opener::Passphrase(&secret("correct horse battery")), Path::new("some.key"));
    let (by_credential, by_passphrase) = (by_credential.unwrap_err(), by_passphrase.unwrap_err());
    assert!(matches!(by_credential, Error::NeedsPassphrase(_)), "{by_credential}");
    assert!(matches!(by_passphrase, Error::NeedsCredential(_)), "{by_passphrase}");
    for error in [by_credential, by_passphrase] {
        assert_eq!(error.kind(), Kind::Denied);
        assert!(error.hint().is_some_and(|hint| hint.contains("server")), "{error}");
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
