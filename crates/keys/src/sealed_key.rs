//! A private key as a text file that opens under a passphrase, or under a server's credential.
//!
//! ```text
//! plimsoll-key v1
//! purpose certificate
//! public 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
//! scrypt ln=17 r=8 p=1 salt=…
//! xchacha20poly1305 nonce=…
//! sealed …
//! sha256 …
//! ```
//!
//! scrypt turns the passphrase and the salt into a key; XChaCha20-Poly1305 seals the 32 bytes of the seed with
//! the first five lines as associated data. In a file of a server the fourth line is `hkdf-sha256 key=SLOT` instead,
//! and the key follows from the credential and the name of the slot. The last line is the digest of all lines before it: with it, a
//! file that rotted is told apart from a passphrase that is wrong. Whoever alters the file on purpose can
//! correct the digest, and then the seal does not open: that case looks like a wrong passphrase.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chacha20poly1305::aead::{AeadInOut as _, KeyInit as _};
use chacha20poly1305::{Tag, XChaCha20Poly1305, XNonce};
use plimsoll_base::Secret;
use plimsoll_proof::{Digest, PublicKey};
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::purpose::{KeyPurpose, Purpose};
use crate::seal::{Opener, Seal};
use crate::signing_key::SigningKey;

/// The shortest passphrase for a new key, in characters: guesses are slow but free for whoever has the file.
pub const PASSPHRASE_CHARACTERS_MIN: usize = 12;

/// The largest key file, in bytes: one is about 400 bytes long.
pub(crate) const KEY_FILE_BYTES_MAX: usize = 4 << 10;

const VERSION_LINE: &str = "plimsoll-key v1";

/// The content of a key file. Nothing in it is secret without what it is sealed under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SealedKey {
    pub(crate) purpose: KeyPurpose,
    pub(crate) public: PublicKey,
    seal: Seal,
    nonce: [u8; 24],
    sealed_seed: [u8; 32],
    tag: [u8; 16],
}

/// Refuses a passphrase that is too short for a new key.
pub(crate) fn check_passphrase(passphrase: &Secret<String>) -> Result<()> {
    let characters = passphrase.expose().chars().count();
    if characters < PASSPHRASE_CHARACTERS_MIN { Err(Error::ShortPassphrase { characters }) } else { Ok(()) }
}

impl SealedKey {
    /// Seals `key` as `seal` says.
    pub(crate) fn seal<P: Purpose>(
        key: &SigningKey<P>,
        seal: Seal,
        opener: Opener<'_>,
        path: &Path,
    ) -> Result<Self> {
        let mut nonce = [0; 24];
        getrandom::fill(&mut nonce).map_err(Error::Randomness)?;
        let mut sealed = Self {
            purpose: P::PURPOSE,
            public: key.public_key(),
            seal,
            nonce,
            sealed_seed: [0; 32],
            tag: [0; 16],
        };
        let cipher = sealed.cipher(opener, path)?;
        let mut seed = key.seed();
        let tag = cipher
            .encrypt_inout_detached(
                &XNonce::from(nonce),
                sealed.header().as_bytes(),
                seed.as_mut_slice().into(),
            )
            .map_err(|_| Error::Parameters("xchacha20-poly1305"))?;
        sealed.sealed_seed = *seed;
        sealed.tag = tag.into();
        Ok(sealed)
    }

    /// Opens the file that was read from `path` as a key for `P`.
    pub(crate) fn open<P: Purpose>(&self, opener: Opener<'_>, path: &Path) -> Result<SigningKey<P>> {
        if self.purpose != P::PURPOSE {
            return Err(Error::Purpose { path: path.to_owned(), wanted: P::PURPOSE });
        }
        let cipher = self.cipher(opener, path)?;
        let mut seed = Zeroizing::new(self.sealed_seed);
        cipher
            .decrypt_inout_detached(
                &XNonce::from(self.nonce),
                self.header().as_bytes(),
                seed.as_mut_slice().into(),
                &Tag::from(self.tag),
            )
            .map_err(|_| opener.refused(path))?;
        let key = SigningKey::from_seed(&seed)?;
        if key.public_key() == self.public {
            Ok(key)
        } else {
            Err(damaged(path, "the public key is another"))
        }
    }

    fn cipher(&self, opener: Opener<'_>, path: &Path) -> Result<XChaCha20Poly1305> {
        let key = self.seal.key(opener, path)?;
        XChaCha20Poly1305::new_from_slice(key.as_slice()).map_err(|_| Error::Parameters("xchacha20-poly1305"))
    }

    fn header(&self) -> String {
        format!(
            "{VERSION_LINE}\npurpose {}\npublic {}\n{}\nxchacha20poly1305 nonce={}\n",
            self.purpose,
            self.public,
            self.seal,
            BASE64.encode(self.nonce),
        )
    }

    /// The text of the file.
    pub(crate) fn to_text(&self) -> String {
        let sealed = BASE64.encode([self.sealed_seed.as_slice(), &self.tag].concat());
        let text = format!("{}sealed {sealed}\n", self.header());
        let digest = Digest::of(text.as_bytes());
        format!("{text}sha256 {digest}\n")
    }

    /// Reads the text of the file at `path`; accepts exactly what [`SealedKey::to_text`] writes.
    pub(crate) fn parse(bytes: &[u8], path: &Path) -> Result<Self> {
        let text = std::str::from_utf8(bytes).map_err(|_| damaged(path, "it is not text"))?;
        let (covered, digest) =
            text.rsplit_once("sha256 ").ok_or_else(|| damaged(path, "its last line is missing"))?;
        if digest.strip_suffix('\n') != Some(Digest::of(covered.as_bytes()).to_string().as_str()) {
            return Err(damaged(path, "its digest is not that of its content"));
        }
        if covered.lines().next() != Some(VERSION_LINE) {
            let is_ours = covered.starts_with("plimsoll-key v");
            return Err(if is_ours {
                Error::Newer(path.to_owned())
            } else {
                damaged(path, "it is no key file")
            });
        }
        let sealed = Self::parse_lines(covered).filter(|sealed| sealed.to_text() == text);
        sealed.ok_or_else(|| damaged(path, "a line is malformed"))
    }

    /// Reads the lines leniently; the caller compares the one spelling of the whole.
    fn parse_lines(text: &str) -> Option<Self> {
        let mut lines = text.lines().skip(1);
        let mut field = |label: &str| lines.next()?.strip_prefix(label);
        let purpose = field("purpose ")?;
        let purpose = KeyPurpose::ALL.into_iter().find(|known| known.to_string() == purpose)?;
        let public = field("public ")?.parse().ok()?;
        let seal = Seal::parse(field("")?)?;
        let nonce = decode(field("xchacha20poly1305 nonce=")?)?;
        let sealed: [u8; 48] = decode(field("sealed ")?)?;
        let (sealed_seed, tag) = (*sealed.first_chunk()?, *sealed.last_chunk()?);
        Some(Self { purpose, public, seal, nonce, sealed_seed, tag })
    }
}

fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    BASE64.decode(text).ok()?.try_into().ok()
}

fn damaged(path: &Path, problem: &'static str) -> Error {
    Error::Damaged { path: path.to_owned(), problem }
}

#[cfg(test)]
mod tests;
