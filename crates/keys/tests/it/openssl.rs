//! Signatures against openssl, which must be installed: no test here is skipped.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use plimsoll_keys::IssuerKeys;
use plimsoll_proof::{Checkpoint, PublicKey, PublicKeyError, TreeHead, pae};
use tempfile::TempDir;

fn run_openssl(folder: &Path, arguments: &[&str]) -> Output {
    let output = Command::new("openssl").current_dir(folder).args(arguments).output();
    output.expect("openssl is needed to check our signatures: `apt-get install openssl`")
}

/// Whether openssl takes `signature` for that of `pem` over `message`.
fn openssl_verifies(pem: &str, message: &[u8], signature: &[u8]) -> bool {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("key.pem"), pem).unwrap();
    fs::write(folder.path().join("message"), message).unwrap();
    fs::write(folder.path().join("signature"), signature).unwrap();
    let arguments = "pkeyutl -verify -pubin -inkey key.pem -rawin -in message -sigfile signature";
    let output = run_openssl(folder.path(), &arguments.split(' ').collect::<Vec<_>>());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    match (output.status.success(), text.trim()) {
        (true, "Signature Verified Successfully") => true,
        (false, "Signature Verification Failure") => false,
        _ => panic!("openssl said: {text}{}", String::from_utf8_lossy(&output.stderr)),
    }
}

#[test]
fn openssl_agrees_about_envelopes() {
    let keys = IssuerKeys::generate().unwrap();
    let envelope = keys.certificate.sign_envelope("application/vnd.in-toto+json", b"{\"a\":1}");
    let message = pae(&envelope.payload_type, &envelope.payload);
    let signature = envelope.signatures[0].sig;
    let pem = keys.certificate.public_key().to_pem();
    assert!(openssl_verifies(&pem, &message, &signature));
    assert!(
        !openssl_verifies(&pem, &envelope.payload, &signature),
        "the payload alone is not what is signed"
    );
    assert!(!openssl_verifies(&keys.log.public_key().to_pem(), &message, &signature));
    let mut altered = signature;
    altered[40] ^= 1;
    assert!(!openssl_verifies(&pem, &message, &altered));
}

#[test]
fn openssl_agrees_about_checkpoints() {
    let keys = IssuerKeys::generate().unwrap();
    let origin = keys.log.verifier_key().name().to_owned();
    let checkpoint = Checkpoint { origin, tree: TreeHead::of(&[]) };
    let signed = keys.log.sign_checkpoint(&checkpoint).unwrap();
    let text = signed.to_string();
    let (signed_text, _) = text.rsplit_once("\n\n").unwrap();
    let signed_text = format!("{signed_text}\n");
    let pem = keys.log.public_key().to_pem();
    assert!(openssl_verifies(&pem, signed_text.as_bytes(), &signed.signatures[0].signature));
    assert!(!openssl_verifies(&pem, text.as_bytes(), &signed.signatures[0].signature));
}

#[test]
fn openssl_accepts_a_key_of_small_order_and_we_do_not() {
    // The neutral element: with it R = neutral and S = 0 satisfy the equation for every message.
    let mut key = [0; 32];
    key[0] = 1;
    let mut signature = [0; 64];
    signature[0] = 1;
    let pem = "-----BEGIN PUBLIC KEY-----\n\
               MCowBQYDK2VwAyEAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\
               -----END PUBLIC KEY-----\n";
    assert!(
        openssl_verifies(pem, b"anything", &signature),
        "openssl has learnt to refuse: drop the check in the script"
    );
    assert!(openssl_verifies(pem, b"anything else", &signature));
    assert_eq!(PublicKey::from_bytes(&key), Err(PublicKeyError::SmallOrder));
}

#[test]
fn openssl_reads_our_pem_as_the_same_key() {
    let keys = IssuerKeys::generate().unwrap();
    let folder = TempDir::new().unwrap();
    let key = keys.certificate.public_key();
    fs::write(folder.path().join("key.pem"), key.to_pem()).unwrap();
    let output = run_openssl(folder.path(), &["pkey", "-pubin", "-in", "key.pem", "-outform", "DER"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.stdout.last_chunk::<32>(), Some(key.as_bytes()));
}
