use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;

use plimsoll_base::Kind;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

/// A path for a credential in a folder that does not exist yet.
fn place() -> (TempDir, PathBuf) {
    let temporary = TempDir::new().unwrap();
    let path = temporary.path().join("state").join("private").join("credential");
    (temporary, path)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// RFC 5869, appendix A.1 and A.3: the first 32 bytes of what is derived.
#[test]
fn derived_keys_are_those_of_the_rfc() {
    let salt: Vec<u8> = (0x00..=0x0c).collect();
    let info: Vec<u8> = (0xf0..=0xf9).collect();
    let first = hkdf_sha256(&salt, &[0x0b; 22], &info).unwrap();
    assert_eq!(hex(first.as_slice()), "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
    let third = hkdf_sha256(b"", &[0x0b; 22], b"").unwrap();
    assert_eq!(hex(third.as_slice()), "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
}

#[test]
fn each_use_has_a_key_of_its_own() {
    let credential = Credential::for_tests([1; 32]);
    let slots = [KeySlot::IssuerCertificate, KeySlot::IssuerLog, KeySlot::Journal];
    let mut keys = slots.map(|slot| *credential.key_for(slot).unwrap()).to_vec();
    keys.push(*Credential::for_tests([2; 32]).key_for(KeySlot::Journal).unwrap());
    keys.push(*credential.derive("data journal").unwrap());
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 5);
    let sealed = credential.sealing_key("identity").unwrap().seal("alice", b"secret").unwrap();
    assert!(credential.sealing_key("identity").unwrap().open("alice", &sealed).is_ok());
    assert!(credential.sealing_key("gateway").unwrap().open("alice", &sealed).is_err());
}

/// What was derived by an earlier version must be derived for ever, or nothing opens any more.
#[test]
fn derived_keys_never_change() {
    let key = Credential::for_tests([1; 32]).key_for(KeySlot::Journal).unwrap();
    assert_eq!(hex(key.as_slice()), "ba6885f42fb55a1eb402f1a4cf88350fd314b34cb3f67846396201f045d8a823");
}

#[test]
fn a_new_one_is_for_its_owner_alone_and_is_read_again() {
    let (temporary, path) = place();
    assert!(Credential::load(&path).unwrap().is_none());
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0, "to look makes nothing");
    let made = Credential::create(&path).unwrap();
    assert_eq!((mode(path.parent().unwrap()), mode(&path)), (0o700, 0o600));
    let read = Credential::load(&path).unwrap().unwrap();
    assert_eq!(*read.0, *made.0);
    assert_ne!(*made.0, *Credential::create(&path.with_file_name("other")).unwrap().0);
    let names = fs::read_dir(path.parent().unwrap()).unwrap().count();
    assert_eq!(names, 2, "nothing is left over");
    assert_eq!(format!("{read:?}"), "Credential");
}

#[test]
fn what_is_there_is_never_overwritten() {
    let (_temporary, path) = place();
    Credential::create(&path).unwrap();
    let before = fs::read(&path).unwrap();
    let error = Credential::create(&path).unwrap_err();
    assert!(matches!(error, Error::CredentialExists(_)) && error.kind() == Kind::Conflict, "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left over");
    let dangling = path.with_file_name("dangling");
    symlink("nowhere", &dangling).unwrap();
    assert!(matches!(Credential::create(&dangling), Err(Error::CredentialExists(_))));
}

#[test]
fn who_else_may_read_it_is_told_by_its_mode() {
    let (_temporary, path) = place();
    Credential::create(&path).unwrap();
    for taken in [0o600, 0o400, 0o440, 0o500] {
        set_mode(&path, taken);
        assert!(Credential::load(&path).is_ok(), "{taken:o}");
    }
    for exposed in [0o640, 0o620, 0o604, 0o444, 0o404, 0o441, 0o450, 0o460, 0o610] {
        set_mode(&path, exposed);
        let error = Credential::load(&path).unwrap_err();
        assert!(
            matches!(error, Error::Exposed { .. }) && error.kind() == Kind::Denied,
            "{exposed:o}: {error}"
        );
        assert!(error.hint().unwrap().contains("chmod 600"));
    }
    set_mode(&path, 0o600);
    let folder = path.parent().unwrap();
    for (mode, is_taken) in [(0o500, true), (0o550, true), (0o755, true), (0o770, false), (0o707, false)] {
        set_mode(folder, mode);
        assert_eq!(Credential::load(&path).is_ok(), is_taken, "folder {mode:o}");
    }
    set_mode(folder, 0o777);
    assert!(matches!(Credential::create(&folder.join("other")), Err(Error::Exposed { .. })));
    set_mode(folder, 0o700);
    let link = path.with_file_name("link");
    symlink(&path, &link).unwrap();
    assert!(matches!(Credential::load(&link), Err(Error::NotAFile(_))));
}

#[test]
fn every_flip_and_every_cut_is_noticed() {
    let credential = Credential::for_tests([7; 32]);
    let text = credential.to_text();
    assert_eq!(*Credential::parse(text.as_bytes(), Path::new("c")).unwrap().0, [7; 32]);
    for at in 0..text.len() {
        for change in [1, 2, 4, 0x20, 0x80] {
            let mut altered = text.as_bytes().to_vec();
            altered[at] ^= change;
            let error = Credential::parse(&altered, Path::new("c")).unwrap_err();
            assert!(
                matches!(error, Error::CredentialDamaged(_) | Error::Newer(_)),
                "byte {at} ^ {change}: {error}"
            );
            assert!(error.hint().is_some());
        }
        assert!(Credential::parse(&text.as_bytes()[..at], Path::new("c")).is_err(), "cut off at {at}");
    }
    let newer = text.replacen("v1", "v2", 1);
    assert!(matches!(Credential::parse(newer.as_bytes(), Path::new("c")), Err(Error::Newer(_))));
    let (_temporary, path) = place();
    Credential::create(&path).unwrap();
    fs::write(&path, vec![b'a'; CREDENTIAL_BYTES_MAX + 1]).unwrap();
    assert!(matches!(Credential::load(&path), Err(Error::TooLarge { .. })));
}

proptest! {
    #[test]
    fn foreign_bytes_are_refused_and_never_a_panic(bytes: Vec<u8>, rest in "[ -~\\n]{0,80}") {
        prop_assert!(Credential::parse(&bytes, Path::new("c")).is_err());
        let ours = format!("{VERSION_LINE}\nsecret {rest}");
        prop_assert!(Credential::parse(ours.as_bytes(), Path::new("c")).is_err());
    }
}
