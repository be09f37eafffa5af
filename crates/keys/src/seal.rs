//! The two ways in which a key file is sealed: under a passphrase that somebody types, or under a credential.

use std::fmt;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use plimsoll_base::Secret;
use zeroize::Zeroizing;

use crate::credential::Credential;
use crate::error::{Error, Result};
use crate::purpose::KeyPurpose;

/// The work to try one passphrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cost {
    log2_n: u8,
}

impl Cost {
    /// N = 2^17, r = 8, p = 1: 128 MiB and a third of a second for each guess, which is what OWASP asks for.
    pub(crate) const STANDARD: Self = Self { log2_n: 17 };

    /// Next to no work. It cannot be named, and files of it cannot be read, outside the tests of this crate.
    #[cfg(test)]
    pub(crate) const FOR_TESTS: Self = Self { log2_n: 1 };

    /// No other cost is read: a file could ask for too little work to be safe, or for all of the memory.
    const ACCEPTED: &[Self] = &[
        Self::STANDARD,
        #[cfg(test)]
        Self::FOR_TESTS,
    ];

    fn derive(self, passphrase: &Secret<String>, salt: &[u8; 16]) -> Result<Zeroizing<[u8; 32]>> {
        let refused = Error::Parameters("scrypt");
        let mut key = Zeroizing::new([0; 32]);
        let Ok(parameters) = scrypt::Params::new(self.log2_n, 8, 1) else { return Err(refused) };
        scrypt::scrypt(passphrase.expose().as_bytes(), salt, &parameters, key.as_mut_slice())
            .map_err(|_| refused)?;
        Ok(key)
    }
}

/// The place of a key among a server's. Two of them are log keys, and must not change places: a journal and an
/// issuer's log under one key would be two logs with one origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeySlot {
    IssuerCertificate,
    IssuerLog,
    Journal,
}

impl KeySlot {
    const ALL: [Self; 3] = [Self::IssuerCertificate, Self::IssuerLog, Self::Journal];

    /// The name of its file in the server's folder: those of the issuer's keys are as in every issuer's.
    pub(crate) fn file_name(self) -> String {
        match self {
            Self::IssuerCertificate => file_name(KeyPurpose::Certificate),
            Self::IssuerLog => file_name(KeyPurpose::Log),
            Self::Journal => String::from("journal.key"),
        }
    }
}

/// The name of the file that holds an issuer's key for `purpose`.
pub(crate) fn file_name(purpose: KeyPurpose) -> String {
    format!("{purpose}.key")
}

impl fmt::Display for KeySlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::IssuerCertificate => "issuer-certificate",
            Self::IssuerLog => "issuer-log",
            Self::Journal => "journal",
        })
    }
}

/// How a key file is sealed, as it stands in its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seal {
    Passphrase { cost: Cost, salt: [u8; 16] },
    Credential { slot: KeySlot },
}

/// What seals a key file and opens it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Opener<'a> {
    Passphrase(&'a Secret<String>),
    Credential(&'a Credential, KeySlot),
}

impl Seal {
    /// A seal under a passphrase, with fresh salt.
    pub(crate) fn under_passphrase(cost: Cost) -> Result<Self> {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).map_err(Error::Randomness)?;
        Ok(Self::Passphrase { cost, salt })
    }

    /// The key of the seal of the file at `path`. What is sealed one way does not open the other way.
    pub(crate) fn key(self, opener: Opener<'_>, path: &Path) -> Result<Zeroizing<[u8; 32]>> {
        match (self, opener) {
            (Self::Passphrase { cost, salt }, Opener::Passphrase(passphrase)) => {
                cost.derive(passphrase, &salt)
            }
            (Self::Credential { slot }, Opener::Credential(credential, wanted)) if slot == wanted => {
                credential.key_for(slot)
            }
            (Self::Credential { .. }, Opener::Credential(..)) => Err(Error::Misplaced(path.to_owned())),
            (Self::Credential { .. }, Opener::Passphrase(_)) => Err(Error::NeedsCredential(path.to_owned())),
            (Self::Passphrase { .. }, Opener::Credential(..)) => Err(Error::NeedsPassphrase(path.to_owned())),
        }
    }

    /// Reads the line that `Display` writes, leniently.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        if let Some(slot) = line.strip_prefix("hkdf-sha256 key=") {
            let slot = KeySlot::ALL.into_iter().find(|known| known.to_string() == slot)?;
            return Some(Self::Credential { slot });
        }
        let (log2_n, salt) = line.strip_prefix("scrypt ln=")?.split_once(" r=8 p=1 salt=")?;
        let cost = Cost { log2_n: log2_n.parse().ok()? };
        let salt = BASE64.decode(salt).ok()?.try_into().ok()?;
        Cost::ACCEPTED.contains(&cost).then_some(Self::Passphrase { cost, salt })
    }
}

impl fmt::Display for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passphrase { cost, salt } => {
                write!(f, "scrypt ln={} r=8 p=1 salt={}", cost.log2_n, BASE64.encode(salt))
            }
            Self::Credential { slot } => write!(f, "hkdf-sha256 key={slot}"),
        }
    }
}

impl Opener<'_> {
    /// The error for the file at `path`, which is undamaged and does not open.
    pub(crate) fn refused(self, path: &Path) -> Error {
        match self {
            Self::Passphrase(_) => Error::Passphrase(path.to_owned()),
            Self::Credential(..) => Error::Credential(path.to_owned()),
        }
    }
}
