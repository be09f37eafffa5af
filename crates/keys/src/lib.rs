//! Custody of private keys: they are made, sealed, kept, opened and used here, and nowhere else.
//!
//! An issuer has two keys, and the purpose of each is part of its type: a [`CertificateKey`] signs envelopes,
//! a [`LogKey`] signs checkpoints; a person who signs certificates off has a [`ReviewerKey`]. To mix them up does not
//! compile:
//!
//! ```compile_fail,E0599
//! # use plimsoll_keys::IssuerKeys;
//! # use plimsoll_proof::{Checkpoint, TreeHead};
//! let keys = IssuerKeys::generate()?;
//! let checkpoint = Checkpoint { origin: String::from("plimsoll/0"), tree: TreeHead::of(&[]) };
//! keys.certificate.sign_checkpoint(&checkpoint)?;
//! # Ok::<(), plimsoll_keys::Error>(())
//! ```
//!
//! ```compile_fail,E0599
//! # use plimsoll_keys::IssuerKeys;
//! let keys = IssuerKeys::generate()?;
//! keys.log.sign_envelope("application/vnd.in-toto+json", b"{}");
//! # Ok::<(), plimsoll_keys::Error>(())
//! ```
//!
//! ```compile_fail,E0599
//! # use plimsoll_keys::ReviewerKey;
//! ReviewerKey::generate()?.sign_envelope("application/vnd.in-toto+json", b"{}");
//! # Ok::<(), plimsoll_keys::Error>(())
//! ```
//!
//! The right way round:
//!
//! ```
//! # use plimsoll_keys::IssuerKeys;
//! # use plimsoll_proof::{Checkpoint, TreeHead};
//! let keys = IssuerKeys::generate()?;
//! let envelope = keys.certificate.sign_envelope("application/vnd.in-toto+json", b"{}");
//! let origin = keys.log.verifier_key().name().to_owned();
//! let signed = keys.log.sign_checkpoint(&Checkpoint { origin, tree: TreeHead::of(&[]) })?;
//! # Ok::<(), plimsoll_keys::Error>(())
//! ```
//!
//! # At rest
//! A [`Keyring`] is a folder that only its owner can enter. Each key in it is a text file, sealed under a
//! passphrase with scrypt and XChaCha20-Poly1305; its readable header is bound to the sealed part. Beside the
//! keys lie the pins: the public keys that are believed on this machine.
//!
//! A server starts with nobody to type a passphrase. Its [`ServerKeys`] are sealed under a [`Credential`], 256 random
//! bits in a file that should come from elsewhere than the disk with the keys; and so is data that must not be
//! readable at rest, by a [`SealingKey`] for each purpose. A [`DigestKey`] makes digests that say nothing of what they are
//! of to whoever has not the credential.
//!
//! # In memory
//! Seeds, derived keys and passphrases are wiped when they are dropped, and no `Debug` shows them. What this
//! crate does *not* do: it does not lock memory, so the system may write a key to swap; it does not prevent a
//! core dump or a debugger of the same user, which the binary does (`plimsoll_process::keep_memory_private`) before it
//! reads a passphrase, and a server before anything else; scrypt's
//! working memory and the state of HMAC are freed without being wiped; and copies that the compiler leaves in registers or on the
//! stack are out of reach. Passphrases are asked for by the binary, and compared as the bytes that were typed.

mod credential;
mod digest_key;
mod error;
mod folder;
mod issuer_name;
mod keyring;
mod pins;
mod purpose;
mod seal;
mod sealed_key;
mod sealing_key;
mod server_keys;
mod signing_key;

pub use credential::Credential;
pub use digest_key::DigestKey;
pub use error::{Error, Result};
pub use issuer_name::IssuerName;
pub use keyring::{Issuer, Keyring, Reviewer};
pub use pins::{PinKind, Pins};
pub use purpose::{CertificatePurpose, KeyPurpose, LogPurpose, Purpose, ReviewerPurpose};
pub use sealed_key::PASSPHRASE_CHARACTERS_MIN;
pub use sealing_key::SealingKey;
pub use server_keys::ServerKeys;
pub use signing_key::{CertificateKey, IssuerKeys, LogKey, ReviewerKey, SigningKey};
