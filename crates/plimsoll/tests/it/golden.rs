//! The committed certificate: made by the shipped binary from a measured run, signed with keys for tests.
//!
//! The keys are throw-away: their passphrase stands here, so that tests can sign what nobody should believe. To
//! write the folder anew, as long as the format is not released, see CONTRIBUTING.md.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use plimsoll_base::{Secret, Utc};
use plimsoll_certify::read_folder;
use plimsoll_evidence::{Anchors, Folder, Question, Report, verify};
use plimsoll_keys::{IssuerKeys, Keyring};
use plimsoll_proof::TrustFile;

/// Opens the keys beside the certificate. No secret: whoever has the keys has this too.
pub(crate) const PASSPHRASE: &str = "a throw-away key of the tests";

/// A day within the certificate's validity.
pub(crate) const AT: &str = "2026-11-25T00:00:00Z";

/// A certificate's files by path.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// A file or folder beside the golden certificates.
pub(crate) fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// The golden certificate of format version 1.
pub(crate) fn golden_files() -> Files {
    let folder = read_folder(&golden("v1")).unwrap();
    folder.iter().map(|(path, bytes)| (path.to_owned(), bytes.to_vec())).collect()
}

/// The keys that signed it.
pub(crate) fn golden_keys() -> IssuerKeys {
    let folder = tempfile::tempdir().unwrap();
    let private = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let issuer = folder.path().join("keys/golden");
    fs::create_dir_all(&issuer).unwrap();
    private(&folder.path().join("keys"), 0o700);
    private(&issuer, 0o700);
    for name in ["certificate.key", "log.key"] {
        fs::copy(golden("keys").join(name), issuer.join(name)).unwrap();
        private(&issuer.join(name), 0o600);
    }
    let keyring = Keyring::open(&folder.path().join("keys")).unwrap();
    let (name, passphrase) = ("golden".parse().unwrap(), Secret::new(PASSPHRASE.to_owned()));
    IssuerKeys {
        certificate: keyring.load_certificate_key(&name, &passphrase).unwrap(),
        log: keyring.load_log_key(&name, &passphrase).unwrap(),
    }
}

/// Somebody who trusts the golden issuer, and no demonstration.
pub(crate) fn anchors() -> Anchors {
    let text = fs::read_to_string(golden("trust.keys")).unwrap();
    Anchors { trusted: TrustFile::parse(&text).unwrap(), demo: TrustFile::default() }
}

/// Verifies in this process, by the very function that the binary calls.
pub(crate) fn verify_files(files: &Files, anchors: &Anchors, at: Utc) -> Report {
    let folder = Folder::new(files.clone()).unwrap();
    verify(&folder, &Question { at, anchors, subject: None, after: None })
}

/// Writes a folder for those who read it from disk.
pub(crate) fn write_files(folder: &Path, files: &Files) {
    for (path, bytes) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}
