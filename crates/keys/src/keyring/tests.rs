use std::os::unix::fs::{PermissionsExt as _, symlink};

use plimsoll_base::Kind;
use plimsoll_proof::TrustPurpose;
use tempfile::TempDir;

use super::*;

const PASSPHRASE: &str = "correct horse battery";

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

fn name(text: &str) -> IssuerName {
    text.parse().unwrap()
}

/// A keyring whose seals cost next to nothing, in a folder that does not exist yet.
fn keyring() -> (TempDir, Keyring) {
    let temporary = TempDir::new().unwrap();
    let folder = temporary.path().join("state").join("keys");
    (temporary, Keyring { folder, cost: Cost::FOR_TESTS })
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_new_issuer_is_listed_loaded_and_pinned() {
    let (_temporary, keyring) = keyring();
    let issuer = keyring.create(&name("acme"), &secret(PASSPHRASE)).unwrap();
    let other = keyring.create(&name("aaa"), &secret("another passphrase")).unwrap();
    assert_eq!(keyring.list().unwrap(), [other, issuer.clone()]);
    let certificate = keyring.load_certificate_key(&name("acme"), &secret(PASSPHRASE)).unwrap();
    let log = keyring.load_log_key(&name("acme"), &secret(PASSPHRASE)).unwrap();
    assert_eq!((certificate.public_key(), log.public_key()), (issuer.certificate, issuer.log));
    let pins = keyring.pins().unwrap();
    let kind = |purpose, key| pins.find(purpose, key).map(|(kind, _)| kind);
    assert_eq!(kind(TrustPurpose::Certificate, &issuer.certificate), Some(PinKind::Issuer));
    assert_eq!(kind(TrustPurpose::Log, &issuer.log), Some(PinKind::Issuer));
    assert_eq!(kind(TrustPurpose::Certificate, &issuer.log), None);
    let pem = keyring.export_pem(&name("acme"), KeyPurpose::Log).unwrap();
    assert_eq!(pem, issuer.log.to_pem());
}

#[test]
fn reading_an_absent_keyring_makes_nothing() {
    let (temporary, keyring) = keyring();
    assert!(keyring.list().unwrap().is_empty());
    assert_eq!(keyring.pins().unwrap(), Pins::default());
    let error = keyring.load_log_key(&name("acme"), &secret(PASSPHRASE)).unwrap_err();
    assert_eq!((error.kind(), error.hint()), (Kind::NotFound, Some("make one with `plimsoll keys new`")));
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
}

#[test]
fn only_the_owner_may_enter_and_read() {
    let (_temporary, keyring) = keyring();
    keyring.create(&name("acme"), &secret(PASSPHRASE)).unwrap();
    let acme = keyring.folder.join("acme");
    assert_eq!((mode(&keyring.folder), mode(&acme)), (0o700, 0o700));
    for file in ["acme/certificate.key", "acme/log.key", "trusted.keys"] {
        assert_eq!(mode(&keyring.folder.join(file)), 0o600, "{file}");
    }
    let names: Vec<_> = fs::read_dir(&keyring.folder).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(names.iter().all(|name| !name.to_str().unwrap().starts_with(".new")), "{names:?}");
}

#[test]
fn what_others_can_reach_is_refused_with_a_hint() {
    let (_temporary, keyring) = keyring();
    keyring.create(&name("acme"), &secret(PASSPHRASE)).unwrap();
    let key = keyring.folder.join("acme/log.key");
    for exposed in [0o640, 0o604, 0o620, 0o601] {
        set_mode(&key, exposed);
        let error = keyring.load_log_key(&name("acme"), &secret(PASSPHRASE)).unwrap_err();
        assert!(matches!(error, Error::Exposed { .. }), "{error}");
        assert_eq!(error.kind(), Kind::Denied);
        assert!(error.hint().unwrap().contains("chmod 600"));
    }
    set_mode(&key, 0o400);
    assert!(keyring.load_log_key(&name("acme"), &secret(PASSPHRASE)).is_ok());

    let pins = keyring.folder.join("trusted.keys");
    set_mode(&pins, 0o644);
    assert!(keyring.pins().is_ok(), "pins are public");
    set_mode(&pins, 0o664);
    assert!(matches!(keyring.pins(), Err(Error::Exposed { .. })));

    set_mode(&keyring.folder, 0o770);
    let error = Keyring::open(&keyring.folder).unwrap_err();
    assert!(error.hint().unwrap().contains("chmod 700"), "{error}");
    set_mode(&keyring.folder, 0o700);
    assert!(Keyring::open(&keyring.folder).is_ok());
}

#[test]
fn nothing_is_ever_overwritten() {
    let (_temporary, keyring) = keyring();
    keyring.create(&name("acme"), &secret(PASSPHRASE)).unwrap();
    let key = keyring.folder.join("acme/certificate.key");
    let (before, pins) = (fs::read(&key).unwrap(), keyring.pins().unwrap());
    let error = keyring.create(&name("acme"), &secret(PASSPHRASE)).unwrap_err();
    assert_eq!(error.kind(), Kind::Conflict, "{error}");
    fs::create_dir(keyring.folder.join("empty")).unwrap();
    assert!(matches!(keyring.create(&name("empty"), &secret(PASSPHRASE)), Err(Error::Exists(_))));
    symlink("nowhere", keyring.folder.join("dangling")).unwrap();
    assert!(matches!(keyring.create(&name("dangling"), &secret(PASSPHRASE)), Err(Error::Exists(_))));
    assert_eq!((fs::read(&key).unwrap(), keyring.pins().unwrap()), (before, pins));
    assert!(create_file(&key, b"x").is_err());
}

#[test]
fn a_short_passphrase_leaves_no_trace() {
    let (temporary, keyring) = keyring();
    let error = keyring.create(&name("acme"), &secret("short")).unwrap_err();
    assert_eq!(error.kind(), Kind::Invalid);
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
}

#[test]
fn swapped_damaged_and_strange_key_files_are_refused() {
    let (_temporary, keyring) = keyring();
    keyring.create(&name("acme"), &secret(PASSPHRASE)).unwrap();
    let (certificate, log) =
        (keyring.folder.join("acme/certificate.key"), keyring.folder.join("acme/log.key"));
    let good = fs::read(&log).unwrap();
    fs::copy(&certificate, &log).unwrap();
    let load = || keyring.load_log_key(&name("acme"), &secret(PASSPHRASE)).map(|key| key.public_key());
    assert!(matches!(load(), Err(Error::Purpose { wanted: KeyPurpose::Log, .. })));
    fs::write(&log, &good[..good.len() / 2]).unwrap();
    assert!(matches!(load(), Err(Error::Damaged { .. })));
    assert!(keyring.list().is_err(), "a damaged key is not passed over in silence");
    fs::write(&log, vec![b'a'; KEY_FILE_BYTES_MAX + 1]).unwrap();
    assert!(matches!(load(), Err(Error::TooLarge { .. })));
    fs::remove_file(&log).unwrap();
    symlink(&certificate, &log).unwrap();
    assert!(matches!(load(), Err(Error::NotAFile(_))));
    fs::remove_file(&log).unwrap();
    fs::create_dir(&log).unwrap();
    assert!(matches!(load(), Err(Error::NotAFile(_))));
}

#[test]
fn exported_lines_make_another_machine_believe() {
    let ((_a, ours), (_b, theirs)) = (keyring(), keyring());
    let issuer = ours.create(&name("acme"), &secret(PASSPHRASE)).unwrap();
    let text = ours.export_public(&name("acme")).unwrap();
    assert_eq!(text.lines().count(), 2, "{text}");
    assert_eq!(theirs.trust(&text).unwrap(), issuer.trust_entries());
    assert_eq!(theirs.trust(&text).unwrap(), [], "the second time nothing is new");
    assert_eq!(theirs.pins().unwrap().issuers.entries(), issuer.trust_entries());
    assert!(theirs.list().unwrap().is_empty());
}

#[test]
fn pins_keep_what_a_person_wrote() {
    let ((_a, ours), (_b, theirs)) = (keyring(), keyring());
    ours.create(&name("acme"), &secret(PASSPHRASE)).unwrap();
    theirs.create(&name("own"), &secret(PASSPHRASE)).unwrap();
    let path = theirs.folder.join("trusted.keys");
    let by_hand = format!("# friends\n{}# no newline", fs::read_to_string(&path).unwrap());
    fs::write(&path, &by_hand).unwrap();
    let text = ours.export_public(&name("acme")).unwrap();
    theirs.trust(&text).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), format!("{by_hand}\n{text}"));

    let line = text.lines().next().unwrap();
    let error = theirs.trust(&format!("{line} 2027-01-01T00:00:00Z")).unwrap_err();
    assert_eq!(error.kind(), Kind::Conflict, "{error}");
    // The place is told by the error, what is wrong there by its cause.
    let told = |error: Error| (error.to_string(), std::error::Error::source(&error).unwrap().to_string());
    let (place, problem) = told(theirs.trust("log nonsense").unwrap_err());
    assert_eq!(place, "the line to be trusted");
    assert!(problem.starts_with("line 1, column 5: "), "{problem}");
    fs::write(&path, "nonsense").unwrap();
    let (place, problem) = told(theirs.pins().unwrap_err());
    assert!(place.ends_with("trusted.keys"), "{place}");
    assert!(problem.contains("line 1, column 1: `nonsense` is none of"), "{problem}");
}

#[test]
fn demo_pins_are_apart_and_bounded() {
    let (_temporary, keyring) = keyring();
    let first = IssuerKeys::generate().unwrap();
    keyring.trust_demo(&first).unwrap();
    let key = first.certificate.public_key();
    let pins = keyring.pins().unwrap();
    let (kind, _) = pins.find(TrustPurpose::Certificate, &key).unwrap();
    assert_eq!(kind, PinKind::Demo);
    assert!(pins.issuers.entries().is_empty(), "a demo is no issuer");

    let mut last = first;
    for _ in 0..DEMO_PINS_MAX / 2 {
        last = IssuerKeys::generate().unwrap();
        keyring.trust_demo(&last).unwrap();
    }
    let pins = keyring.pins().unwrap();
    assert_eq!(pins.demos.entries().len(), DEMO_PINS_MAX);
    assert!(pins.find(TrustPurpose::Certificate, &key).is_none(), "the oldest has gone");
    assert!(pins.find(TrustPurpose::Log, &last.log.public_key()).is_some());
}

#[test]
fn two_commands_at_once_do_not_both_change_the_keyring() {
    let (_temporary, keyring) = keyring();
    create_private_folder(&keyring.folder).unwrap();
    let lock = lock_folder(&keyring.folder).unwrap();
    let error = keyring.create(&name("acme"), &secret(PASSPHRASE)).unwrap_err();
    assert_eq!(error.kind(), Kind::Busy, "{error}");
    assert!(matches!(keyring.trust(""), Err(Error::Busy(_))));
    drop(lock);
    assert!(keyring.create(&name("acme"), &secret(PASSPHRASE)).is_ok());
}

#[test]
fn a_failed_creation_leaves_neither_key_nor_temporary() {
    let (_temporary, keyring) = keyring();
    create_private_folder(&keyring.folder).unwrap();
    // Malformed pins make the step between sealing and renaming fail.
    fs::write(keyring.folder.join("trusted.keys"), "nonsense").unwrap();
    assert!(matches!(keyring.create(&name("acme"), &secret(PASSPHRASE)), Err(Error::Pins { .. })));
    let mut names: Vec<_> = fs::read_dir(&keyring.folder).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, [".lock", "trusted.keys"]);
}

#[test]
fn no_error_and_no_debug_shows_a_passphrase() {
    let (_temporary, keyring) = keyring();
    keyring.create(&name("acme"), &secret(PASSPHRASE)).unwrap();
    let error = keyring.load_log_key(&name("acme"), &secret("wrong horse battery")).unwrap_err();
    let text = format!("{error} {error:?} {:?} {keyring:?}", secret(PASSPHRASE));
    assert!(!text.contains("horse"), "{text}");
}

#[test]
fn a_reviewer_is_no_issuer_and_his_key_opens_as_nothing_else() {
    let (_temporary, keyring) = keyring();
    let ada = keyring.create_reviewer(&name("ada"), &secret(PASSPHRASE)).unwrap();
    assert_eq!(keyring.reviewers().unwrap(), std::slice::from_ref(&ada));
    assert!(keyring.list().unwrap().is_empty(), "a reviewer is listed as an issuer");
    let acme = keyring.create(&name("ada"), &secret(PASSPHRASE)).unwrap();
    assert_eq!((keyring.list().unwrap(), keyring.reviewers().unwrap()), (vec![acme], vec![ada.clone()]));
    let key = keyring.load_reviewer_key(&name("ada"), &secret(PASSPHRASE)).unwrap();
    assert_eq!(key.public_key(), ada.key);
    let pins = keyring.pins().unwrap();
    assert!(pins.find(TrustPurpose::Reviewer, &ada.key).is_some());
    assert!(pins.find(TrustPurpose::Certificate, &ada.key).is_none(), "a reviewer issues nothing");
    let again = keyring.create_reviewer(&name("ada"), &secret(PASSPHRASE)).unwrap_err();
    assert_eq!(again.kind(), Kind::Conflict);
    let wrong = keyring.load_reviewer_key(&name("ada"), &secret("another passphrase")).unwrap_err();
    assert_eq!(wrong.kind(), Kind::Denied);
    assert_eq!(keyring.reviewer(&name("bob")).unwrap_err().kind(), Kind::NotFound);
    // The certificate key of an issuer in the place of a reviewer's.
    fs::copy(keyring.folder.join("ada/certificate.key"), keyring.folder.join("bob.reviewer.key")).unwrap();
    assert!(matches!(keyring.reviewer(&name("bob")), Err(Error::Purpose { .. })));
}

#[test]
fn what_a_reviewer_signs_is_signed_by_his_key_alone() {
    let (key, other) = (crate::ReviewerKey::generate().unwrap(), crate::ReviewerKey::generate().unwrap());
    let envelope = key.sign_off("application/vnd.in-toto+json", b"{}");
    assert_eq!(envelope.verify(&key.public_key()), Ok(()));
    assert!(envelope.verify(&other.public_key()).is_err());
}
