//! What can be wrong with evidence.

use plimsoll_base::Kind;
use plimsoll_proof::CanonicalError;

/// Evidence that does not hold together.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes are not the canonical form of what they say.
    #[error("reading signed JSON")]
    Canonical(#[from] CanonicalError),
    /// Two parts of the evidence contradict each other, or one is malformed.
    #[error("{0}")]
    Evidence(String),
    /// Evidence that a verdict needs is not there.
    #[error("{0}")]
    Missing(String),
    /// A blocking criterion has the verdict ERROR: there is nothing to certify.
    #[error("measuring a blocking criterion broke down, so that no certificate can be issued")]
    Broken,
}

impl Error {
    /// Evidence that contradicts itself.
    pub(crate) fn evidence(what: impl Into<String>) -> Self {
        Self::Evidence(what.into())
    }

    /// What sort of trouble it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Canonical(_) | Self::Evidence(_) => Kind::Corrupt,
            Self::Missing(_) => Kind::Inconclusive,
            Self::Broken => Kind::Unavailable,
        }
    }
}
