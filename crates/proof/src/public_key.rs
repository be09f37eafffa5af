//! Ed25519 public keys and strict verification: one key, one spelling; one message, one signature.

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::{Signature, VerifyingKey};
use serde::{Deserialize, Serialize};

use crate::base64;
use crate::digest::Digest;
use crate::error::{PublicKeyError, SignatureError};

/// The bytes before an Ed25519 key in a `SubjectPublicKeyInfo` (RFC 8410): two sequences, the algorithm
/// 1.3.101.112, and a bit string of 33 bytes.
const SPKI_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// An Ed25519 public key that is canonically encoded, on the curve, and of the curve's prime order.
///
/// Written as padded base64 of its 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Takes the 32 bytes of RFC 8032, checked.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, PublicKeyError> {
        if !is_below_field_prime(bytes) {
            return Err(PublicKeyError::NotCanonical);
        }
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| PublicKeyError::NotOnCurve)?;
        if key.is_weak() {
            return Err(PublicKeyError::SmallOrder);
        }
        if key.to_edwards().is_torsion_free() { Ok(Self(key)) } else { Err(PublicKeyError::MixedOrder) }
    }

    /// The 32 bytes of RFC 8032.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Checks that `signature` is this key's over `message`, with no second spelling of either half accepted.
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> Result<(), SignatureError> {
        let signature = Signature::from_bytes(signature);
        self.0.verify_strict(message, &signature).map_err(|_| SignatureError::Mismatch)
    }

    /// SHA-256 of the 32 bytes: what people compare.
    pub fn digest(&self) -> Digest {
        Digest::of(self.as_bytes())
    }

    /// The digest as sixteen groups of four hex digits.
    pub fn fingerprint(&self) -> String {
        let digits = self.digest().to_string();
        let groups: Vec<&str> = (0..digits.len()).step_by(4).map(|at| &digits[at..at + 4]).collect();
        groups.join(" ")
    }

    /// The key as PEM (`SubjectPublicKeyInfo`), for openssl and others.
    pub fn to_pem(&self) -> String {
        let der = [SPKI_PREFIX.as_slice(), self.as_bytes()].concat();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", base64::encode(&der))
    }
}

/// Whether the y coordinate, without the sign bit, is below 2^255 - 19.
fn is_below_field_prime(bytes: &[u8; 32]) -> bool {
    let top = bytes[31] & 0x7f == 0x7f;
    let middle = bytes[1..31].iter().all(|byte| *byte == 0xff);
    !(top && middle && bytes[0] >= 0xed)
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64::encode(self.as_bytes()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl FromStr for PublicKey {
    type Err = PublicKeyError;

    fn from_str(text: &str) -> Result<Self, PublicKeyError> {
        Self::from_bytes(&base64::decode_array(text).ok_or(PublicKeyError::Base64)?)
    }
}

impl TryFrom<String> for PublicKey {
    type Error = PublicKeyError;

    fn try_from(text: String) -> Result<Self, PublicKeyError> {
        text.parse()
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> Self {
        key.to_string()
    }
}
