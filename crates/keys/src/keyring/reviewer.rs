//! The keys of people who sign certificates off: each a file of its own beside the issuers.

use std::fs;
use std::path::PathBuf;

use plimsoll_base::Secret;
use plimsoll_proof::{PublicKey, TrustEntry, TrustPurpose, VerifierKey};

use super::{ISSUERS_MAX, Keyring, lines};
use crate::error::{Error, Result};
use crate::folder::{Privacy, create_private_folder, io_error, lock_folder, read_file, sync_folder};
use crate::issuer_name::IssuerName;
use crate::pins::PinKind;
use crate::purpose::KeyPurpose;
use crate::seal::{Opener, file_name};
use crate::sealed_key::{KEY_FILE_BYTES_MAX, SealedKey, check_passphrase};
use crate::signing_key::ReviewerKey;

/// A person whose private key is kept here, as others see him.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reviewer {
    /// What he is called on this machine.
    pub name: IssuerName,
    /// The key that signs for him.
    pub key: PublicKey,
}

impl Reviewer {
    /// The entry of a trust file that makes others believe him.
    pub fn trust_entry(&self) -> TrustEntry {
        let key = VerifierKey::of_issuer(self.key);
        TrustEntry { purpose: TrustPurpose::Reviewer, key, not_after: None }
    }
}

impl Keyring {
    /// Makes the key of a person who signs certificates off, seals it under `passphrase`, and pins it.
    pub fn create_reviewer(&self, name: &IssuerName, passphrase: &Secret<String>) -> Result<Reviewer> {
        check_passphrase(passphrase)?;
        let key = ReviewerKey::generate()?;
        let reviewer = Reviewer { name: name.clone(), key: key.public_key() };
        create_private_folder(&self.folder)?;
        let _lock = lock_folder(&self.folder)?;
        let path = self.reviewer_path(name);
        if fs::symlink_metadata(&path).is_ok() {
            return Err(Error::Exists(name.to_string()));
        }
        // Pinned first, as an issuer's keys are.
        self.pin(PinKind::Issuer, vec![reviewer.trust_entry()])?;
        self.write_sealed_at(&path, &key, passphrase)?;
        sync_folder(&self.folder)?;
        Ok(reviewer)
    }

    /// The people whose keys are kept here, by name.
    pub fn reviewers(&self) -> Result<Vec<Reviewer>> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(io_error("listing", &self.folder)(error)),
        };
        let mut names: Vec<IssuerName> = Vec::new();
        for entry in entries.take(ISSUERS_MAX) {
            let entry = entry.map_err(io_error("listing", &self.folder))?;
            let name = entry.file_name();
            let name = name.to_str().and_then(|name| name.strip_suffix(&suffix()));
            names.extend(name.and_then(|name| name.parse().ok()));
        }
        names.sort();
        names.iter().map(|name| self.reviewer(name)).collect()
    }

    /// One of them.
    pub fn reviewer(&self, name: &IssuerName) -> Result<Reviewer> {
        let (_, sealed) = self.read_reviewer(name)?;
        Ok(Reviewer { name: name.clone(), key: sealed.public })
    }

    /// The line that others put into their trust file to believe a person.
    pub fn export_reviewer(&self, name: &IssuerName) -> Result<String> {
        Ok(lines(&[self.reviewer(name)?.trust_entry()]))
    }

    /// Opens a person's key.
    pub fn load_reviewer_key(&self, name: &IssuerName, passphrase: &Secret<String>) -> Result<ReviewerKey> {
        let (path, sealed) = self.read_reviewer(name)?;
        sealed.open(Opener::Passphrase(passphrase), &path)
    }

    fn read_reviewer(&self, name: &IssuerName) -> Result<(PathBuf, SealedKey)> {
        let path = self.reviewer_path(name);
        let bytes = read_file(&path, Privacy::Secret, KEY_FILE_BYTES_MAX)?;
        let bytes = bytes.ok_or_else(|| Error::NoReviewer(name.to_string()))?;
        let sealed = SealedKey::parse(&bytes, &path)?;
        match sealed.purpose {
            KeyPurpose::Reviewer => Ok((path, sealed)),
            KeyPurpose::Certificate | KeyPurpose::Log => {
                Err(Error::Purpose { path, wanted: KeyPurpose::Reviewer })
            }
        }
    }

    fn reviewer_path(&self, name: &IssuerName) -> PathBuf {
        self.folder.join(format!("{name}{}", suffix()))
    }
}

/// A name with it is no issuer's.
fn suffix() -> String {
    format!(".{}", file_name(KeyPurpose::Reviewer))
}
