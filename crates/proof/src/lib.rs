//! What a stranger audits: digests, canonical JSON, signed envelopes, and the log that certificates stand in.
//!
//! Pure: bytes in, values out. No private key, clock, file or network is known here, and nothing panics on
//! foreign bytes. Every format has one spelling: what is parsed prints to the same bytes, so that a folder
//! that verifies cannot be altered in any byte and still verify.
//!
//! - Bytes: [`Digest`] (SHA-256), [`to_canonical`] and [`from_canonical`] (JSON with one spelling).
//! - Signatures: [`PublicKey`] (strict Ed25519), [`Envelope`] (DSSE), [`VerifierKey`] (C2SP signed note).
//! - The log: [`TreeHead`] and its two proofs, [`TilePath`], [`SignedCheckpoint`], [`LogProof`].
//! - Trust: [`TrustFile`], which names the keys that somebody believes.

mod base64;
mod canonical;
mod checkpoint;
mod digest;
mod dsse;
mod error;
mod frontier;
mod log_error;
mod log_proof;
mod merkle;
mod note;
mod public_key;
mod scan;
mod tile;
mod trust_file;

pub use canonical::{from_canonical, to_canonical};
pub use checkpoint::{Checkpoint, Cosignature, SignedCheckpoint};
pub use digest::Digest;
pub use dsse::{ENVELOPE_BYTES_MAX, Envelope, EnvelopeSignature, PAYLOAD_BYTES_MAX, pae};
pub use error::{CanonicalError, DigestError, EnvelopeError, Error, PublicKeyError, SignatureError};
pub use frontier::Frontier;
pub use log_error::LogError;
pub use log_proof::LogProof;
pub use merkle::{
    Subtree, TreeHead, consistency_proof, consistency_proof_of, inclusion_proof, inclusion_proof_of,
    leaf_hash, node_hash, root_of, verify_consistency, verify_inclusion,
};
pub use note::{NoteAlgorithm, NoteSignature, VerifierKey};
pub use public_key::PublicKey;
pub use scan::{DEPTH_MAX, INTEGER_MAX, STRING_BYTES_MAX};
pub use tile::{LOG_ENTRIES_MAX, TILE_HASHES, TilePath, read_tiles, write_tiles};
pub use trust_file::{TRUST_FILE_BYTES_MAX, TrustEntry, TrustFile, TrustFileError, TrustPurpose};
