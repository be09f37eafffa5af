//! What stands in the way of a checklist: it is evidence, and the other checklists go on.

use plimsoll_evidence::{Checklist, NotTried, Probe, Untried};

use crate::error::Error;

/// Why a checklist has no cases, or why nothing can go on.
pub(super) enum Obstacle {
    /// The subject gives nothing that could be tried.
    Untried {
        why: Untried,
        /// What was seen, in words.
        seen: String,
    },
    Error(Error),
}

impl Obstacle {
    pub(super) fn new(why: Untried, seen: impl Into<String>) -> Self {
        Self::Untried { why, seen: seen.into() }
    }

    /// A reference in which there is not even one of these.
    pub(super) fn nothing(wanted: &str) -> Self {
        Self::new(Untried::NothingToTry, format!("the reference has not {wanted}"))
    }
}

impl From<Error> for Obstacle {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// The checklist, or as evidence why there is none.
pub(super) fn tried_or_not(probe: Probe, tried: Result<Checklist, Obstacle>) -> Result<Checklist, Error> {
    match tried {
        Ok(checklist) => Ok(checklist),
        Err(Obstacle::Untried { why, seen }) => Ok(Checklist::NotTried(NotTried { probe, why, seen })),
        Err(Obstacle::Error(error)) => Err(error),
    }
}
