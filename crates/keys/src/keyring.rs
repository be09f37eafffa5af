//! A folder of issuers and pins.
//!
//! ```text
//! <issuer>/certificate.key   sealed private keys, mode 0600 in a folder of mode 0700
//! <issuer>/log.key
//! server/journal.key         a server's third key; its keys are sealed under its credential
//! <person>.reviewer.key      the sealed key of somebody who signs certificates off
//! trusted.keys               pinned issuers, witnesses and reviewers, a trust file
//! demo.keys                  keys of demos that ran here, a trust file
//! ```

mod reviewer;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use plimsoll_base::Secret;
use plimsoll_proof::{PublicKey, TRUST_FILE_BYTES_MAX, TrustEntry, TrustFile, VerifierKey};

use crate::credential::Credential;
use crate::error::{Error, Result};
use crate::folder::{
    Privacy, check_folder, create_file, create_private_folder, io_error, lock_folder, read_file,
    replace_file, sync_folder, temporary_beside,
};
use crate::issuer_name::IssuerName;
use crate::pins::{DEMO_PINS_MAX, PinKind, Pins};
use crate::purpose::{CertificatePurpose, KeyPurpose, LogPurpose, Purpose};
use crate::seal::{Cost, KeySlot, Opener, Seal, file_name};
use crate::sealed_key::{KEY_FILE_BYTES_MAX, SealedKey, check_passphrase};
use crate::server_keys::ServerKeys;
use crate::signing_key::{CertificateKey, IssuerKeys, LogKey, SigningKey};

pub use reviewer::Reviewer;

/// The most names of the folder that are looked at: a keyring is one person's or one team's.
const ISSUERS_MAX: usize = 1000;

/// An issuer whose private keys are kept here, as others see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// Its name on this machine.
    pub name: IssuerName,
    /// The key that signs its certificates.
    pub certificate: PublicKey,
    /// The key that signs its log.
    pub log: PublicKey,
}

impl Issuer {
    /// The entries of a trust file that make others believe this issuer.
    pub fn trust_entries(&self) -> Vec<TrustEntry> {
        trust_entries(self.certificate, self.log)
    }
}

fn trust_entries(certificate: PublicKey, log: PublicKey) -> Vec<TrustEntry> {
    let entry = |(purpose, key): (KeyPurpose, PublicKey)| TrustEntry {
        purpose: purpose.trust_purpose(),
        key: VerifierKey::of_issuer(key),
        not_after: None,
    };
    [(KeyPurpose::Certificate, certificate), (KeyPurpose::Log, log)].map(entry).to_vec()
}

/// A folder of sealed private keys and of pins.
#[derive(Debug)]
pub struct Keyring {
    folder: PathBuf,
    cost: Cost,
}

impl Keyring {
    /// Opens the keyring in `folder`, which need not exist: it is made when something is first put into it.
    pub fn open(folder: &Path) -> Result<Self> {
        check_folder(folder)?;
        Ok(Self { folder: folder.to_owned(), cost: Cost::STANDARD })
    }

    /// Makes the two keys of a new issuer, seals both under `passphrase`, and pins them.
    pub fn create(&self, name: &IssuerName, passphrase: &Secret<String>) -> Result<Issuer> {
        check_passphrase(passphrase)?;
        let keys = IssuerKeys::generate()?;
        let (certificate, log) = (keys.certificate.public_key(), keys.log.public_key());
        let issuer = Issuer { name: name.clone(), certificate, log };
        self.put(&issuer, |folder| {
            self.write_sealed(folder, &keys.certificate, passphrase)?;
            self.write_sealed(folder, &keys.log, passphrase)
        })?;
        Ok(issuer)
    }

    /// Seals the keys of a server under its credential, and pins those of its issuer.
    pub(crate) fn create_server(
        &self,
        name: &IssuerName,
        keys: &ServerKeys,
        credential: &Credential,
    ) -> Result<()> {
        let ServerKeys { issuer: IssuerKeys { certificate, log }, journal } = keys;
        let (name, public) = (name.clone(), (certificate.public_key(), log.public_key()));
        self.put(&Issuer { name, certificate: public.0, log: public.1 }, |folder| {
            write_in_slot(folder, certificate, KeySlot::IssuerCertificate, credential)?;
            write_in_slot(folder, log, KeySlot::IssuerLog, credential)?;
            write_in_slot(folder, journal, KeySlot::Journal, credential)
        })
    }

    /// Puts the folder of a new issuer, which `write` fills, into its place: whole, or not at all.
    fn put(&self, issuer: &Issuer, write: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
        create_private_folder(&self.folder)?;
        let _lock = lock_folder(&self.folder)?;
        // Asked under the lock, since a rename would take the place of an empty folder.
        if self.has(&issuer.name) {
            return Err(Error::Exists(issuer.name.to_string()));
        }
        let place = self.folder.join(issuer.name.as_str());
        let temporary = temporary_beside(&place)?;
        let written = create_private_folder(&temporary)
            .and_then(|()| write(&temporary))
            .and_then(|()| sync_folder(&temporary))
            .and_then(|()| {
                // Pinned first: a pin without a key is idle, a key without its pin would surprise.
                self.pin(PinKind::Issuer, issuer.trust_entries())?;
                fs::rename(&temporary, &place).map_err(io_error("creating", &place))
            });
        if written.is_err() {
            // The first error is the one to report; a folder that is left over is never read.
            let _ = fs::remove_dir_all(&temporary);
        }
        written?;
        sync_folder(&self.folder)
    }

    fn write_sealed<P: Purpose>(
        &self,
        folder: &Path,
        key: &SigningKey<P>,
        passphrase: &Secret<String>,
    ) -> Result<()> {
        self.write_sealed_at(&folder.join(file_name(P::PURPOSE)), key, passphrase)
    }

    fn write_sealed_at<P: Purpose>(
        &self,
        path: &Path,
        key: &SigningKey<P>,
        passphrase: &Secret<String>,
    ) -> Result<()> {
        let seal = Seal::under_passphrase(self.cost)?;
        let sealed = SealedKey::seal(key, seal, Opener::Passphrase(passphrase), path)?;
        create_file(path, sealed.to_text().as_bytes())
    }

    /// Whether there is something in an issuer's place.
    pub(crate) fn has(&self, name: &IssuerName) -> bool {
        fs::symlink_metadata(self.folder.join(name.as_str())).is_ok()
    }

    /// The issuers kept here, by name. No passphrase is needed: the public keys stand in the files, and are
    /// held against the private ones when those are opened.
    pub fn list(&self) -> Result<Vec<Issuer>> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(io_error("listing", &self.folder)(error)),
        };
        let mut names: Vec<IssuerName> = Vec::new();
        for entry in entries.take(ISSUERS_MAX) {
            let entry = entry.map_err(io_error("listing", &self.folder))?;
            names.extend(entry.file_name().to_str().and_then(|name| name.parse().ok()));
        }
        names.sort();
        names.iter().map(|name| self.issuer(name)).collect()
    }

    /// One issuer, as others see it.
    pub fn issuer(&self, name: &IssuerName) -> Result<Issuer> {
        let (_, certificate) = self.read_key(name, KeyPurpose::Certificate)?;
        let (_, log) = self.read_key(name, KeyPurpose::Log)?;
        Ok(Issuer { name: name.clone(), certificate: certificate.public, log: log.public })
    }

    /// Opens the key that signs an issuer's certificates.
    pub fn load_certificate_key(
        &self,
        name: &IssuerName,
        passphrase: &Secret<String>,
    ) -> Result<CertificateKey> {
        self.load::<CertificatePurpose>(name, passphrase)
    }

    /// Opens the key that signs an issuer's log.
    pub fn load_log_key(&self, name: &IssuerName, passphrase: &Secret<String>) -> Result<LogKey> {
        self.load::<LogPurpose>(name, passphrase)
    }

    fn load<P: Purpose>(&self, name: &IssuerName, passphrase: &Secret<String>) -> Result<SigningKey<P>> {
        let (path, sealed) = self.read_key(name, P::PURPOSE)?;
        sealed.open(Opener::Passphrase(passphrase), &path)
    }

    /// Opens a key of a server, which must be there.
    pub(crate) fn open_slot<P: Purpose>(
        &self,
        name: &IssuerName,
        slot: KeySlot,
        credential: &Credential,
    ) -> Result<SigningKey<P>> {
        let path = self.folder.join(name.as_str()).join(slot.file_name());
        let bytes = read_file(&path, Privacy::Secret, KEY_FILE_BYTES_MAX)?;
        let bytes = bytes.ok_or_else(|| Error::Damaged { path: path.clone(), problem: "it is missing" })?;
        SealedKey::parse(&bytes, &path)?.open(Opener::Credential(credential, slot), &path)
    }

    fn read_key(&self, name: &IssuerName, purpose: KeyPurpose) -> Result<(PathBuf, SealedKey)> {
        let path = self.folder.join(name.as_str()).join(file_name(purpose));
        let bytes = read_file(&path, Privacy::Secret, KEY_FILE_BYTES_MAX)?;
        let sealed = SealedKey::parse(&bytes.ok_or_else(|| Error::NotFound(name.to_string()))?, &path)?;
        if sealed.purpose == purpose {
            Ok((path, sealed))
        } else {
            Err(Error::Purpose { path, wanted: purpose })
        }
    }

    /// The lines that others put into their trust file to believe this issuer.
    pub fn export_public(&self, name: &IssuerName) -> Result<String> {
        Ok(lines(&self.issuer(name)?.trust_entries()))
    }

    /// The public key of an issuer for `purpose` as PEM.
    pub fn export_pem(&self, name: &IssuerName, purpose: KeyPurpose) -> Result<String> {
        let key = match purpose {
            KeyPurpose::Certificate => self.issuer(name)?.certificate,
            KeyPurpose::Log => self.issuer(name)?.log,
            KeyPurpose::Reviewer => self.reviewer(name)?.key,
        };
        Ok(key.to_pem())
    }

    /// The public key of the journal, if a server's keys are kept here. Nothing is opened.
    pub fn journal_key(&self) -> Result<Option<VerifierKey>> {
        let folder = self.folder.join(IssuerName::of_server().as_str());
        let path = folder.join(KeySlot::Journal.file_name());
        let Some(bytes) = read_file(&path, Privacy::Secret, KEY_FILE_BYTES_MAX)? else { return Ok(None) };
        let sealed = SealedKey::parse(&bytes, &path)?;
        match sealed.purpose {
            KeyPurpose::Log => Ok(Some(VerifierKey::of_issuer(sealed.public))),
            KeyPurpose::Certificate | KeyPurpose::Reviewer => {
                Err(Error::Purpose { path, wanted: KeyPurpose::Log })
            }
        }
    }

    /// Pins the keys of `text`, which is a trust file or a line of one. Gives those that were not pinned yet.
    pub fn trust(&self, text: &str) -> Result<Vec<TrustEntry>> {
        let place = || String::from("the line to be trusted");
        let file = TrustFile::parse(text).map_err(|source| Error::Pins { place: place(), source })?;
        create_private_folder(&self.folder)?;
        let _lock = lock_folder(&self.folder)?;
        self.pin(PinKind::Issuer, file.entries().to_vec())
    }

    /// Pins the keys of a demo that runs here. The pins of the oldest demos are dropped when there are many.
    pub fn trust_demo(&self, keys: &IssuerKeys) -> Result<()> {
        create_private_folder(&self.folder)?;
        let _lock = lock_folder(&self.folder)?;
        let entries = trust_entries(keys.certificate.public_key(), keys.log.public_key());
        self.pin(PinKind::Demo, entries).map(drop)
    }

    /// All pins.
    pub fn pins(&self) -> Result<Pins> {
        let read = |kind| Ok::<_, Error>(self.read_pins(kind)?.0);
        Ok(Pins { issuers: read(PinKind::Issuer)?, demos: read(PinKind::Demo)? })
    }

    /// Adds to a file of pins, under the lock, what is not in it; what a person wrote there stays.
    fn pin(&self, kind: PinKind, entries: Vec<TrustEntry>) -> Result<Vec<TrustEntry>> {
        let (file, mut text) = self.read_pins(kind)?;
        let mut added = Vec::new();
        for entry in entries {
            match file.find(entry.purpose, entry.key.public_key()) {
                None => added.push(entry),
                Some(known) if *known == entry => {}
                Some(known) => return Err(Error::PinnedOtherwise(known.key.name().to_owned())),
            }
        }
        if added.is_empty() {
            return Ok(added);
        }
        if kind == PinKind::Demo {
            let excess = (file.entries().len() + added.len()).saturating_sub(DEMO_PINS_MAX);
            text = lines(file.entries().get(excess..).unwrap_or_default());
        }
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(&lines(&added));
        let path = self.pins_path(kind);
        if text.len() > TRUST_FILE_BYTES_MAX {
            return Err(Error::TooLarge { path, limit: TRUST_FILE_BYTES_MAX });
        }
        replace_file(&path, text.as_bytes())?;
        Ok(added)
    }

    fn read_pins(&self, kind: PinKind) -> Result<(TrustFile, String)> {
        let path = self.pins_path(kind);
        let bytes = read_file(&path, Privacy::Public, TRUST_FILE_BYTES_MAX)?.unwrap_or_default();
        let not_text = |_| Error::Damaged { path: path.clone(), problem: "it is not text" };
        let text = String::from_utf8(bytes).map_err(not_text)?;
        let place = || path.display().to_string();
        let file = TrustFile::parse(&text).map_err(|source| Error::Pins { place: place(), source })?;
        Ok((file, text))
    }

    fn pins_path(&self, kind: PinKind) -> PathBuf {
        self.folder.join(match kind {
            PinKind::Issuer => "trusted.keys",
            PinKind::Demo => "demo.keys",
        })
    }
}

fn write_in_slot<P: Purpose>(
    folder: &Path,
    key: &SigningKey<P>,
    slot: KeySlot,
    credential: &Credential,
) -> Result<()> {
    let path = folder.join(slot.file_name());
    let sealed =
        SealedKey::seal(key, Seal::Credential { slot }, Opener::Credential(credential, slot), &path)?;
    create_file(&path, sealed.to_text().as_bytes())
}

/// Entries as lines of a trust file.
fn lines(entries: &[TrustEntry]) -> String {
    entries.iter().map(|entry| format!("{entry}\n")).collect()
}

#[cfg(test)]
mod tests;
