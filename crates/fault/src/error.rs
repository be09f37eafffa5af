//! What can go wrong with planted faults.

use std::io;

use plimsoll_base::Kind;

/// Why a fault could not be planted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The proxy could not be set up.
    #[error("cannot start the fault proxy")]
    Start(#[source] io::Error),
    /// A ratio is larger than one.
    #[error("cannot plant a defect in {0} of 1,000,000,000 requests")]
    Ratio(u32),
    /// More connections than this process may have.
    #[error("cannot keep {0} connections open that nobody uses")]
    Hoard(u32),
}

impl Error {
    /// What sort of trouble this is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Ratio(_) | Self::Hoard(_) => Kind::Invalid,
            Self::Start(_) => Kind::Unavailable,
        }
    }
}
