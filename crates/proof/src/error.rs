//! What can be wrong with the bytes that are checked here.

use plimsoll_base::Kind;

use crate::log_error::LogError;
use crate::trust_file::TrustFileError;

/// Everything that this crate refuses.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A text is not a digest.
    #[error(transparent)]
    Digest(#[from] DigestError),
    /// Bytes are not canonical JSON, or not of the type that was asked for.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
    /// Bytes are not an envelope of ours.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// Bytes are not a public key that may be trusted.
    #[error(transparent)]
    PublicKey(#[from] PublicKeyError),
    /// A signature does not hold.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// A part of a log is malformed, or does not prove what it should.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A trust file is malformed.
    #[error(transparent)]
    TrustFile(#[from] TrustFileError),
}

impl Error {
    /// What sort of trouble this is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Digest(_) | Self::PublicKey(_) => Kind::Invalid,
            Self::Canonical(error) => error.kind(),
            Self::Log(error) => error.kind(),
            Self::TrustFile(error) => error.kind(),
            Self::Envelope(_) | Self::Signature(_) => Kind::Corrupt,
        }
    }
}

/// A text is not a SHA-256 digest in its one spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a digest: want exactly 64 lower-case hex digits")]
pub struct DigestError;

/// JSON is not in its one spelling, or does not hold what its type says.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CanonicalError {
    /// The bytes are not JSON in canonical form.
    #[error("json is not canonical at byte {byte}: {problem}")]
    Form {
        /// Where, counted from 0.
        byte: usize,
        /// What stands there.
        problem: &'static str,
    },
    /// The bytes are canonical JSON of some other type: a field is unknown, missing or of another kind.
    #[error("json does not fit its type: {0}")]
    Type(String),
    /// Reading and writing again gives other bytes: the type drops, defaults or rounds something.
    #[error("json is read as something else from byte {byte} on")]
    Lossy {
        /// The first byte that differs, counted from 0.
        byte: usize,
    },
    /// A value of ours cannot be written as JSON: a map with keys that are no strings, for example.
    #[error("value cannot be written as json: {0}")]
    Unwritable(String),
}

impl CanonicalError {
    /// What sort of trouble this is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Form { .. } | Self::Type(_) | Self::Lossy { .. } => Kind::Corrupt,
            Self::Unwritable(_) => Kind::Bug,
        }
    }
}

/// Bytes are not a DSSE envelope in its one spelling.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// There are more bytes than an envelope may have.
    #[error("envelope of {bytes} bytes is over the limit of {limit}")]
    TooLarge {
        /// How many there are.
        bytes: usize,
        /// How many there may be.
        limit: usize,
    },
    /// The one newline at the end is missing.
    #[error("envelope does not end in one newline")]
    Newline,
    /// The JSON is not canonical, or has other fields than an envelope.
    #[error("envelope is malformed: {0}")]
    Json(#[source] CanonicalError),
    /// A field is not base64 in its one spelling, or of another length than it must be.
    #[error("envelope field `{0}` is not padded standard base64 of the right length")]
    Base64(&'static str),
    /// There are no signatures, or too many.
    #[error("envelope has {0} signatures")]
    Signatures(usize),
    /// A name in the envelope is empty, too long, or not printable ASCII.
    #[error("envelope field `{0}` is empty, too long or not printable ascii")]
    Text(&'static str),
}

/// Bytes are not a public key that may be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PublicKeyError {
    /// The text is not base64 of 32 bytes.
    #[error("public key is not base64 of 32 bytes")]
    Base64,
    /// The coordinate is not below the field's prime: the same point has another spelling.
    #[error("public key is not canonically encoded")]
    NotCanonical,
    /// The bytes are no point of the curve.
    #[error("public key is not a point of the curve")]
    NotOnCurve,
    /// A key of small order accepts signatures that nobody made.
    #[error("public key is of small order: anybody can sign for it")]
    SmallOrder,
    /// The point has a part of small order, which no honest key has: verifiers disagree about its signatures.
    #[error("public key has a part of small order")]
    MixedOrder,
}

/// A signature does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// The signature is not one by this key over these bytes.
    #[error("signature does not verify")]
    Mismatch,
    /// An envelope carries another number of signatures than one.
    #[error("envelope has {0} signatures where one is wanted")]
    Count(usize),
    /// The key id beside a signature is not that of the key that verifies it.
    #[error("key id beside the signature is not that of the signing key")]
    KeyId,
}
