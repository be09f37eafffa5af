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
    /// A stall would be longer than the time from one to the next.
    #[error("cannot stall for {for_ns} ns every {every_ns} ns")]
    Stall {
        /// From one stall's beginning to the next one's.
        every_ns: u64,
        /// How long each lasts.
        for_ns: u64,
    },
    /// The program's processes could not be stopped.
    #[error("cannot pause the program")]
    Pause(#[source] plimsoll_process::Error),
}

impl Error {
    /// What sort of trouble this is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Ratio(_) | Self::Stall { .. } => Kind::Invalid,
            Self::Start(_) | Self::Pause(_) => Kind::Unavailable,
        }
    }
}
