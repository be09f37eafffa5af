//! The keys of a server, which nobody types a passphrase for: sealed under its credential.

use std::path::Path;

use crate::credential::Credential;
use crate::error::{Error, Result};
use crate::issuer_name::IssuerName;
use crate::keyring::Keyring;
use crate::purpose::{CertificatePurpose, LogPurpose};
use crate::seal::KeySlot;
use crate::signing_key::{IssuerKeys, LogKey};

/// The private keys of a server.
///
/// In a keyring they are the issuer `server`, with one file more. The journal has a log key of its own: under the
/// issuer's there would be two logs with one origin, which is what a log is accused of when it lies.
#[derive(Debug)]
pub struct ServerKeys {
    /// Signs the server's certificates and the log of its attempts.
    pub issuer: IssuerKeys,
    /// Signs the journal.
    pub journal: LogKey,
}

impl ServerKeys {
    /// Opens the server's keys in the keyring `folder`, or makes and pins them if there are none; says whether they
    /// were made now. Keys that do not open are never replaced.
    pub fn open_or_create(folder: &Path, credential: &Credential) -> Result<(Self, bool)> {
        let (keyring, name) = (Keyring::open(folder)?, IssuerName::of_server());
        if !keyring.has(&name) {
            let keys = Self { issuer: IssuerKeys::generate()?, journal: LogKey::generate()? };
            match keyring.create_server(&name, &keys, credential) {
                // Another process made them meanwhile.
                Err(Error::Exists(_)) => {}
                made => return made.map(|()| (keys, true)),
            }
        }
        Self::open(folder, credential).map(|keys| (keys, false))
    }

    /// Opens the server's keys in the keyring `folder`. None are made.
    pub fn open(folder: &Path, credential: &Credential) -> Result<Self> {
        let (keyring, name) = (Keyring::open(folder)?, IssuerName::of_server());
        let certificate =
            keyring.open_slot::<CertificatePurpose>(&name, KeySlot::IssuerCertificate, credential)?;
        let log = keyring.open_slot::<LogPurpose>(&name, KeySlot::IssuerLog, credential)?;
        let journal = keyring.open_slot::<LogPurpose>(&name, KeySlot::Journal, credential)?;
        Ok(Self { issuer: IssuerKeys { certificate, log }, journal })
    }
}

#[cfg(test)]
mod tests;
