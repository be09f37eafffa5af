use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Barrier;

use plimsoll_base::{Kind, Secret};
use plimsoll_proof::{PublicKey, TrustPurpose};
use tempfile::TempDir;

use super::*;
use crate::pins::PinKind;
use crate::purpose::KeyPurpose;

/// A folder that does not exist yet.
fn folder() -> (TempDir, PathBuf) {
    let temporary = TempDir::new().unwrap();
    let folder = temporary.path().join("state").join("keys");
    (temporary, folder)
}

fn credential(number: u8) -> Credential {
    Credential::for_tests([number; 32])
}

fn public(keys: &ServerKeys) -> [PublicKey; 3] {
    [keys.issuer.certificate.public_key(), keys.issuer.log.public_key(), keys.journal.public_key()]
}

fn open(folder: &Path, number: u8) -> Result<(ServerKeys, bool)> {
    ServerKeys::open_or_create(folder, &credential(number))
}

/// All files under a folder and what is in them.
fn content(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(content(&path))
        } else {
            found.push((path.clone(), fs::read(path).unwrap()))
        }
    }
    found.sort();
    found
}

#[test]
fn they_are_made_once_and_found_again() {
    let (_temporary, folder) = folder();
    let (made, is_new) = open(&folder, 1).unwrap();
    let (again, is_new_again) = open(&folder, 1).unwrap();
    assert_eq!((is_new, is_new_again), (true, false));
    assert_eq!(public(&again), public(&made));
    let [certificate, log, journal] = public(&made);
    assert!(certificate != log && log != journal && journal != certificate, "three keys");
    for file in ["certificate.key", "log.key", "journal.key"] {
        let path = folder.join("server").join(file);
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600, "{file}");
    }
}

#[test]
fn its_issuer_is_listed_pinned_and_exported_like_any_other() {
    let (_temporary, folder) = folder();
    let (made, _) = open(&folder, 1).unwrap();
    let [certificate, log, journal] = public(&made);
    let keyring = Keyring::open(&folder).unwrap();
    let listed = keyring.list().unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].certificate, listed[0].log), (certificate, log));
    let pins = keyring.pins().unwrap();
    assert_eq!(pins.find(TrustPurpose::Certificate, &certificate).unwrap().0, PinKind::Issuer);
    assert!(pins.find(TrustPurpose::Log, &journal).is_none(), "the journal's log is no issuer's");
    let pem = keyring.export_pem(&listed[0].name, KeyPurpose::Log).unwrap();
    assert_eq!(pem, log.to_pem());
    let typed = keyring.load_log_key(&listed[0].name, &Secret::new(String::from("correct horse battery")));
    assert!(matches!(typed, Err(Error::NeedsCredential(_))));
}

#[test]
fn under_another_credential_they_are_refused_and_left_as_they_are() {
    let (_temporary, folder) = folder();
    open(&folder, 1).unwrap();
    let before = content(&folder);
    let error = open(&folder, 2).unwrap_err();
    assert!(matches!(error, Error::Credential(_)), "{error}");
    assert_eq!(error.kind(), Kind::Denied);
    assert!(error.hint().is_some_and(|hint| hint.contains("the credential that it began with")));
    assert_eq!(content(&folder), before);
    assert!(open(&folder, 1).is_ok());
}

#[test]
fn keys_under_a_passphrase_are_not_taken_for_the_servers() {
    let (_temporary, folder) = folder();
    let keyring = Keyring::open(&folder).unwrap();
    keyring.create(&IssuerName::of_server(), &Secret::new(String::from("correct horse battery"))).unwrap();
    let before = content(&folder);
    let error = open(&folder, 1).unwrap_err();
    assert!(matches!(error, Error::NeedsPassphrase(_)) && error.kind() == Kind::Denied, "{error}");
    assert_eq!(content(&folder), before);
}

#[test]
fn files_that_changed_places_damaged_or_missing_are_refused_and_never_replaced() {
    let (_temporary, folder) = folder();
    open(&folder, 1).unwrap();
    let place = |file: &str| folder.join("server").join(file);
    let (log, journal) = (fs::read(place("log.key")).unwrap(), fs::read(place("journal.key")).unwrap());
    fs::write(place("log.key"), &journal).unwrap();
    assert!(matches!(open(&folder, 1), Err(Error::Misplaced(_))), "one key for two logs");
    fs::write(place("log.key"), &log).unwrap();
    fs::write(place("journal.key"), &log).unwrap();
    assert!(matches!(open(&folder, 1), Err(Error::Misplaced(_))), "one key for two logs");
    fs::write(place("journal.key"), &journal[..journal.len() - 1]).unwrap();
    assert!(matches!(open(&folder, 1), Err(Error::Damaged { .. })));
    fs::remove_file(place("journal.key")).unwrap();
    let error = open(&folder, 1).unwrap_err();
    assert!(matches!(error, Error::Damaged { problem: "it is missing", .. }), "{error}");
    assert!(!place("journal.key").exists());
    fs::write(place("journal.key"), &journal).unwrap();
    fs::set_permissions(place("journal.key"), fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(open(&folder, 1), Err(Error::Exposed { .. })));
}

#[test]
fn what_a_crash_left_half_made_is_no_obstacle() {
    let (_temporary, folder) = folder();
    fs::create_dir_all(folder.join(".new-0123456789abcdef")).unwrap();
    fs::write(folder.join(".new-0123456789abcdef/certificate.key"), "plimsoll-key v1\n").unwrap();
    fs::write(folder.join(".lock"), "").unwrap();
    let (made, is_new) = open(&folder, 1).unwrap();
    assert!(is_new);
    assert_eq!(public(&open(&folder, 1).unwrap().0), public(&made));
}

#[test]
fn servers_that_start_at_once_have_the_same_keys_or_are_told() {
    let (_temporary, folder) = folder();
    let barrier = Barrier::new(8);
    let answers: Vec<_> = std::thread::scope(|scope| {
        let start = || {
            barrier.wait();
            open(&folder, 1)
        };
        let started: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
        started.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let kept = public(&open(&folder, 1).unwrap().0);
    let mut made = 0;
    for answer in answers {
        match answer {
            Ok((keys, is_new)) => {
                assert_eq!(public(&keys), kept);
                made += u32::from(is_new);
            }
            Err(error) => assert_eq!(error.kind(), Kind::Busy, "{error}"),
        }
    }
    assert_eq!(made, 1);
}

/// A server is ready within 150 ms of its start: its keys must not be the reason if it is not.
#[test]
fn timing_they_open_in_milliseconds() {
    let (_temporary, folder) = folder();
    open(&folder, 1).unwrap();
    let credential = credential(1);
    #[expect(clippy::disallowed_methods, reason = "the test times the opening itself")]
    let began = std::time::Instant::now();
    let rounds = 10;
    for _ in 0..rounds {
        ServerKeys::open_or_create(&folder, &credential).unwrap();
    }
    let took = began.elapsed() / rounds;
    assert!(took < std::time::Duration::from_millis(30), "{took:?}");
}
