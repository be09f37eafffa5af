//! Key files as version 1 writes them. They open as long as version 1 is read.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use plimsoll_base::{Kind, Secret};
use plimsoll_keys::{Error, IssuerName, Keyring};
use tempfile::TempDir;

const PASSPHRASE: &str = "a golden passphrase for tests";

const CERTIFICATE_KEY: &str = "\
plimsoll-key v1\n\
purpose certificate\n\
public RCetqCmRYFjhVmrsushWEXRTEwD9VcyUy/E2RbFemXE=\n\
scrypt ln=17 r=8 p=1 salt=1ng0Gi3DIPL+mUa3CDfpNw==\n\
xchacha20poly1305 nonce=50PKy5D1uOP/Lki9d6LmQzp9a2GGMe7Y\n\
sealed 2YrtTRIyQ/ZkqWvhd7FX0MfI3ZeM4T2jzHVNCZ5JK7GixyAxpXjvS0bQLaOKcPiY\n\
sha256 66ac1bed7ec70c9046133bcb2b246848d7cb3d867763725ab32ffce407520320\n";

const LOG_KEY: &str = "\
plimsoll-key v1\n\
purpose log\n\
public KS3yV0bmAHSS/Gx5Y0D9VFtLlyVMbo5GmNQbJMxPaz4=\n\
scrypt ln=17 r=8 p=1 salt=DDIG7FmQueZ1m0jf+q9HGg==\n\
xchacha20poly1305 nonce=zGYXAD9gSo07lPyS7ZHtN6Nqpy6pCfXF\n\
sealed KZEciFuwj6Vm2W/+5qijv3AIkebDPmewzcyLBkgWdejJlfsPc+egeM5PEbkbzMZ9\n\
sha256 271a6a8522214632c24d5722f4015f6bc97e039c8cd93b2ce892abc4824ac257\n";

fn write(path: &Path, text: &str) {
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

fn golden_keyring(temporary: &TempDir) -> Keyring {
    let folder = temporary.path().join("keys");
    DirBuilder::new().recursive(true).mode(0o700).create(folder.join("golden")).unwrap();
    write(&folder.join("golden/certificate.key"), CERTIFICATE_KEY);
    write(&folder.join("golden/log.key"), LOG_KEY);
    Keyring::open(&folder).unwrap()
}

#[test]
fn key_files_of_version_1_open() {
    let temporary = TempDir::new().unwrap();
    let keyring = golden_keyring(&temporary);
    let name: IssuerName = "golden".parse().unwrap();
    let passphrase = Secret::new(PASSPHRASE.to_owned());
    let certificate = keyring.load_certificate_key(&name, &passphrase).unwrap();
    let log = keyring.load_log_key(&name, &passphrase).unwrap();
    assert!(CERTIFICATE_KEY.contains(&certificate.public_key().to_string()));
    assert!(LOG_KEY.contains(&log.public_key().to_string()));
    let wrong = keyring.load_log_key(&name, &Secret::new(String::from("a golden passphrase for test")));
    assert!(matches!(wrong, Err(Error::Passphrase(_))));
}

#[test]
fn a_new_issuer_can_be_loaded_at_the_real_cost() {
    let temporary = TempDir::new().unwrap();
    let keyring = Keyring::open(&temporary.path().join("keys")).unwrap();
    let name: IssuerName = "acme".parse().unwrap();
    let passphrase = Secret::new(PASSPHRASE.to_owned());
    let issuer = keyring.create(&name, &passphrase).unwrap();
    let text = fs::read_to_string(temporary.path().join("keys/acme/log.key")).unwrap();
    assert!(text.contains("\nscrypt ln=17 r=8 p=1 "), "{text}");
    assert_eq!(keyring.load_log_key(&name, &passphrase).unwrap().public_key(), issuer.log);
}

#[test]
fn a_cheap_seal_of_a_test_is_refused_outside_the_tests_of_this_crate() {
    let temporary = TempDir::new().unwrap();
    let keyring = golden_keyring(&temporary);
    let path = temporary.path().join("keys/golden/log.key");
    let (covered, _) = LOG_KEY.rsplit_once("sha256 ").unwrap();
    let covered = covered.replace("ln=17", "ln=1");
    fs::remove_file(&path).unwrap();
    write(&path, &format!("{covered}sha256 {}\n", plimsoll_proof::Digest::of(covered.as_bytes())));
    let error = keyring.list().unwrap_err();
    assert_eq!((error.kind(), error.to_string().contains("a line is malformed")), (Kind::Corrupt, true));
}
