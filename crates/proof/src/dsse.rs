//! Signed envelopes: DSSE v1 with Ed25519, in one spelling.
//!
//! The file is the canonical JSON `{"payload":…,"payloadType":…,"signatures":[{"keyid":…,"sig":…}]}` and one
//! newline. The bytes that are verified are the bytes that are parsed afterwards: `payload` as it stands here.

use serde::{Deserialize, Serialize};

use crate::base64;
use crate::canonical;
use crate::error::{EnvelopeError, SignatureError};
use crate::public_key::PublicKey;

/// The largest payload, in bytes: a certificate over 4,096 files is under 2 MiB, and a verifier holds it whole.
pub const PAYLOAD_BYTES_MAX: usize = 16 << 20;

/// The largest envelope, in bytes: the largest payload in base64, and room for everything else.
pub const ENVELOPE_BYTES_MAX: usize = PAYLOAD_BYTES_MAX / 3 * 4 + (64 << 10);

/// The most signatures in an envelope: issuer, independent measurers, and a second algorithm for each.
const SIGNATURES_MAX: usize = 16;

/// The longest payload type or key id, in bytes: media types and fingerprints are far shorter.
const NAME_BYTES_MAX: usize = 256;

/// A payload, what it is, and who signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The media type of the payload; it is signed together with it.
    pub payload_type: String,
    /// The bytes that are signed.
    pub payload: Vec<u8>,
    /// The signatures over type and payload.
    pub signatures: Vec<EnvelopeSignature>,
}

/// One signature of an envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvelopeSignature {
    /// The digest of the signing key in hex. It informs a reader and is never used to choose a key.
    pub keyid: String,
    /// The Ed25519 signature over [`pae`].
    pub sig: [u8; 64],
}

/// The bytes that a DSSE v1 signature covers: type and payload, each behind its length.
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

impl Envelope {
    /// Writes the file.
    pub fn to_bytes(&self) -> Result<Vec<u8>, EnvelopeError> {
        self.check_limits()?;
        let signatures = self.signatures.iter().map(|signature| SignatureJson {
            keyid: signature.keyid.clone(),
            sig: base64::encode(&signature.sig),
        });
        let json = EnvelopeJson {
            payload: base64::encode(&self.payload),
            payload_type: self.payload_type.clone(),
            signatures: signatures.collect(),
        };
        let mut bytes = canonical::write(&json, ENVELOPE_BYTES_MAX).map_err(EnvelopeError::Json)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Reads the file; accepts exactly what [`Envelope::to_bytes`] writes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        if bytes.len() > ENVELOPE_BYTES_MAX {
            return Err(EnvelopeError::TooLarge { bytes: bytes.len(), limit: ENVELOPE_BYTES_MAX });
        }
        let json = bytes.strip_suffix(b"\n").ok_or(EnvelopeError::Newline)?;
        let json: EnvelopeJson = canonical::read(json, ENVELOPE_BYTES_MAX).map_err(EnvelopeError::Json)?;
        let signatures = json.signatures.into_iter().map(|signature| {
            let sig = base64::decode_array(&signature.sig).ok_or(EnvelopeError::Base64("sig"))?;
            Ok(EnvelopeSignature { keyid: signature.keyid, sig })
        });
        let envelope = Self {
            payload_type: json.payload_type,
            payload: base64::decode(&json.payload).ok_or(EnvelopeError::Base64("payload"))?,
            signatures: signatures.collect::<Result<_, EnvelopeError>>()?,
        };
        envelope.check_limits()?;
        Ok(envelope)
    }

    /// Checks that this envelope is signed by `key`, and by it alone.
    ///
    /// More signatures, or a key id that is not `key`'s, are refused: an unsigned byte that may change is a
    /// place where two people look at different files and both see *valid*.
    pub fn verify(&self, key: &PublicKey) -> Result<(), SignatureError> {
        let [signature] = self.signatures.as_slice() else {
            return Err(SignatureError::Count(self.signatures.len()));
        };
        key.verify(&pae(&self.payload_type, &self.payload), &signature.sig)?;
        if signature.keyid == key.digest().to_string() { Ok(()) } else { Err(SignatureError::KeyId) }
    }

    fn check_limits(&self) -> Result<(), EnvelopeError> {
        if self.payload.len() > PAYLOAD_BYTES_MAX {
            return Err(EnvelopeError::TooLarge { bytes: self.payload.len(), limit: PAYLOAD_BYTES_MAX });
        }
        if !(1..=SIGNATURES_MAX).contains(&self.signatures.len()) {
            return Err(EnvelopeError::Signatures(self.signatures.len()));
        }
        if !is_name(&self.payload_type) {
            return Err(EnvelopeError::Text("payloadType"));
        }
        let names = self.signatures.iter().all(|signature| is_name(&signature.keyid));
        if names { Ok(()) } else { Err(EnvelopeError::Text("keyid")) }
    }
}

fn is_name(text: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EnvelopeJson {
    payload: String,
    #[serde(rename = "payloadType")]
    payload_type: String,
    signatures: Vec<SignatureJson>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignatureJson {
    keyid: String,
    sig: String,
}
