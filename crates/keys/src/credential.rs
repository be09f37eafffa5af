//! The secret of a server that starts by itself: a small file, or one that systemd hands over.
//!
//! ```text
//! plimsoll-credential v1
//! secret … sum …
//! ```
//!
//! Nobody types it, so it is 256 random bits and needs no slow function. From it follows a key for each use, by
//! HKDF-SHA256 (RFC 5869): what is learnt of one says nothing of another. The sum is the beginning of a digest over
//! all before it, so that a file that rotted is told from one that is another. Where the machine's disk is not to be
//! believed, the file belongs into a credential store, and only what it seals onto the disk.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::digest::KeyInit as _;
use hmac::{Hmac, Mac as _};
use plimsoll_proof::Digest;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::digest_key::DigestKey;
use crate::error::{Error, Result};
use crate::folder::{
    Privacy, check_folder, create_file, create_private_folder, folder_of, io_error, read_file, sync_folder,
    temporary_beside,
};
use crate::seal::KeySlot;
use crate::sealing_key::SealingKey;

/// The largest credential file, in bytes: one is 96 bytes long, and a newer version may say more.
const CREDENTIAL_BYTES_MAX: usize = 1 << 10;

const VERSION_LINE: &str = "plimsoll-credential v1";

/// How many hex digits of the digest stand in the file: enough against accidents, and that is all it is for.
const SUM_DIGITS: usize = 16;

/// What sets these keys apart from those that another program derives from the same bytes.
const SALT: &[u8] = b"plimsoll credential v1";

/// A secret of 256 bits from which a server's keys follow. It is wiped when dropped, and `Debug` does not show it.
pub struct Credential(Zeroizing<[u8; 32]>);

impl Credential {
    /// Reads the credential at `path`; `None` if there is no file.
    ///
    /// It may be of its owner alone, or one that nobody may write and the group may read, which is what systemd
    /// makes of `LoadCredential=` for a user that is not root.
    pub fn load(path: &Path) -> Result<Option<Self>> {
        check_folder(folder_of(path))?;
        let bytes = read_file(path, Privacy::Credential, CREDENTIAL_BYTES_MAX)?.map(Zeroizing::new);
        bytes.map(|bytes| Self::parse(&bytes, path)).transpose()
    }

    /// Makes a new credential at `path`, which must not exist. A folder that is made for it is for its owner alone; one
    /// that is there must be closed to the writing of others. When it returns, the disk has it: what is sealed under
    /// it later cannot outlive it by a crash.
    pub fn create(path: &Path) -> Result<Self> {
        let folder = folder_of(path);
        create_private_folder(folder)?;
        check_folder(folder)?;
        let mut secret = Zeroizing::new([0; 32]);
        getrandom::fill(secret.as_mut_slice()).map_err(Error::Randomness)?;
        let credential = Self(secret);
        let temporary = temporary_beside(path)?;
        // Linked rather than renamed, since a rename would take the place of what is there.
        let linked = create_file(&temporary, credential.to_text().as_bytes())
            .and_then(|()| fs::hard_link(&temporary, path).map_err(|error| not_linked(path, error)));
        let removed = fs::remove_file(&temporary).map_err(io_error("removing", &temporary));
        linked.and(removed)?;
        sync_folder(folder)?;
        Ok(credential)
    }

    /// The key that seals data for `purpose`. Other purposes have other keys.
    pub fn sealing_key(&self, purpose: &str) -> Result<SealingKey> {
        Ok(SealingKey::new(self.derive(&format!("data {purpose}"))?))
    }

    /// The key for digests of `purpose`. Other purposes have other keys.
    pub fn digest_key(&self, purpose: &str) -> Result<DigestKey> {
        Ok(DigestKey::new(self.derive(&format!("digests {purpose}"))?))
    }

    /// The key that seals the private key in `slot`.
    pub(crate) fn key_for(&self, slot: KeySlot) -> Result<Zeroizing<[u8; 32]>> {
        self.derive(&format!("key {slot}"))
    }

    fn derive(&self, info: &str) -> Result<Zeroizing<[u8; 32]>> {
        hkdf_sha256(SALT, self.0.as_slice(), info.as_bytes())
    }

    #[cfg(test)]
    pub(crate) fn for_tests(secret: [u8; 32]) -> Self {
        Self(Zeroizing::new(secret))
    }

    fn to_text(&self) -> Zeroizing<String> {
        let covered = Zeroizing::new(format!("{VERSION_LINE}\nsecret {}", *encode(&self.0)));
        let sum = Digest::of(covered.as_bytes()).to_string();
        Zeroizing::new(format!("{} sum {}\n", *covered, sum.get(..SUM_DIGITS).unwrap_or_default()))
    }

    /// Reads the text of the file at `path`; accepts exactly what [`Credential::to_text`] writes.
    fn parse(bytes: &[u8], path: &Path) -> Result<Self> {
        let damaged = || Error::CredentialDamaged(path.to_owned());
        let text = std::str::from_utf8(bytes).map_err(|_| damaged())?;
        let (version, secret) = text.split_once('\n').ok_or_else(damaged)?;
        if version != VERSION_LINE && version.starts_with("plimsoll-credential v") {
            return Err(Error::Newer(path.to_owned()));
        }
        let secret = secret.strip_prefix("secret ").and_then(|rest| rest.split_once(" sum "));
        let secret = secret.and_then(|(secret, _)| BASE64.decode(secret).ok()).map(Zeroizing::new);
        let secret = secret.and_then(|secret| secret.as_slice().try_into().ok()).map(Zeroizing::new);
        let read = secret.map(Self).filter(|read| read.to_text().as_str() == text);
        read.ok_or_else(damaged)
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential")
    }
}

fn encode(secret: &[u8; 32]) -> Zeroizing<String> {
    Zeroizing::new(BASE64.encode(secret))
}

fn not_linked(path: &Path, error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::AlreadyExists => Error::CredentialExists(path.to_owned()),
        _ => io_error("creating", path)(error),
    }
}

/// HKDF of RFC 5869 for a key of 32 bytes, which is one block of it.
fn hkdf_sha256(salt: &[u8], secret: &[u8], info: &[u8]) -> Result<Zeroizing<[u8; 32]>> {
    let extracted = hmac_sha256(salt, &[secret])?;
    hmac_sha256(extracted.as_slice(), &[info, &[1]])
}

pub(crate) fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> Result<Zeroizing<[u8; 32]>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| Error::Parameters("hmac"))?;
    parts.iter().for_each(|part| mac.update(part));
    Ok(Zeroizing::new(mac.finalize().into_bytes().into()))
}

#[cfg(test)]
mod tests;
