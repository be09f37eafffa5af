//! What a key is for: one key, one purpose, and the purpose is a type.

use std::fmt;

use plimsoll_proof::TrustPurpose;

/// The purposes that a private key can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyPurpose {
    /// To sign certificates and the statements under them.
    Certificate,
    /// To sign the checkpoints of the issuer's log.
    Log,
    /// To sign certificates off, as a person.
    Reviewer,
}

impl KeyPurpose {
    /// All, in the order in which they are listed.
    pub const ALL: [Self; 3] = [Self::Certificate, Self::Log, Self::Reviewer];

    /// The role in which others trust such a key.
    pub fn trust_purpose(self) -> TrustPurpose {
        match self {
            Self::Certificate => TrustPurpose::Certificate,
            Self::Log => TrustPurpose::Log,
            Self::Reviewer => TrustPurpose::Reviewer,
        }
    }
}

impl fmt::Display for KeyPurpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.trust_purpose().fmt(f)
    }
}

/// A purpose as a type. There are three, and no others can be added outside this crate.
pub trait Purpose: sealed::Sealed {
    /// The purpose as a value.
    const PURPOSE: KeyPurpose;
}

/// The purpose of keys that sign certificates.
#[derive(Debug)]
pub enum CertificatePurpose {}

/// The purpose of keys that sign checkpoints.
#[derive(Debug)]
pub enum LogPurpose {}

/// The purpose of keys with which people sign certificates off.
#[derive(Debug)]
pub enum ReviewerPurpose {}

impl Purpose for CertificatePurpose {
    const PURPOSE: KeyPurpose = KeyPurpose::Certificate;
}

impl Purpose for LogPurpose {
    const PURPOSE: KeyPurpose = KeyPurpose::Log;
}

impl Purpose for ReviewerPurpose {
    const PURPOSE: KeyPurpose = KeyPurpose::Reviewer;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::CertificatePurpose {}
    impl Sealed for super::LogPurpose {}
    impl Sealed for super::ReviewerPurpose {}
}
