//! One certification: from the wish to the certificate.

use plimsoll_evidence::{Issuance, Status};
use plimsoll_proof::Digest;
use serde::{Deserialize, Serialize};

use super::names::Actor;
use super::snapshot::Snapshot;

/// A certification that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Certification {
    /// What is judged.
    pub subject: Snapshot,
    /// Against what.
    pub profile: Snapshot,
    /// Why it is made.
    pub reason: Reason,
    /// Its place in the register's stream: of two that were asked for in one millisecond it tells the first.
    pub place: u64,
    /// Who asked for it; none if it keeps a subject fresh, or the server's own machine asked.
    pub requested_by: Option<Actor>,
    /// When it was asked for, in milliseconds since 1970-01-01T00:00:00Z.
    pub requested_ms: u64,
    /// When it began, in milliseconds since 1970-01-01T00:00:00Z.
    pub started_ms: Option<u64>,
    /// When it ended, in milliseconds since 1970-01-01T00:00:00Z.
    pub ended_ms: Option<u64>,
    /// How far it is.
    pub state: State,
}

/// Why a certification is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Somebody asked for it.
    Asked,
    /// The subject is kept fresh.
    KeptFresh,
}

/// How far a certification is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It waits for its turn.
    Queued,
    /// It is being made.
    Running,
    /// It is being made, and was asked to stop, by this user.
    Cancelling(Option<Actor>),
    /// There is a certificate.
    Done(Certificate),
    /// There is none.
    Failed {
        /// Why.
        problem: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// Somebody cancelled it.
    Cancelled,
    /// The server ended before it did.
    Interrupted,
}

/// A certificate as the register knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// What it says as a whole.
    pub status: Status,
    /// From when it holds, in milliseconds since 1970-01-01T00:00:00Z.
    pub not_before_ms: u64,
    /// Until when it holds, in milliseconds since 1970-01-01T00:00:00Z.
    pub not_after_ms: u64,
    /// SHA-256 of the signed file.
    pub sha256: Digest,
    /// Why it says nothing of today any more.
    pub stale: Option<Stale>,
}

/// Why a certificate has gone stale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stale {
    /// It has expired.
    Expired,
    /// The subject has been changed or removed since.
    SubjectChanged,
    /// The profile has been changed or removed since.
    ProfileChanged,
}

/// How a certification ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// With a certificate, whatever it says.
    Done(Certificate),
    /// Without one.
    Failed {
        /// Why.
        problem: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// This user cancelled it.
    Cancelled(Option<Actor>),
    /// The server ended before it did.
    Interrupted,
}

impl State {
    /// The state's name in messages and tables.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Cancelling(_) => "cancelling",
            Self::Done(_) => "done",
            Self::Failed { .. } => "failed",
            Self::Cancelled => "cancelled",
            Self::Interrupted => "interrupted",
        }
    }

    /// Whether it is being made.
    pub fn is_at_work(&self) -> bool {
        matches!(self, Self::Running | Self::Cancelling(_))
    }

    /// Whether nothing will happen to it any more, but that it goes stale.
    pub fn is_over(&self) -> bool {
        !matches!(self, Self::Queued) && !self.is_at_work()
    }
}

impl Certification {
    /// The certificate, if there is one.
    pub fn certificate(&self) -> Option<&Certificate> {
        match &self.state {
            State::Done(certificate) => Some(certificate),
            _ => None,
        }
    }

    /// How its certificate is signed. The subject that ships with Plimsoll is there to be tried: what is said of it is
    /// said to nobody else, and signed with a key that is thrown away.
    pub fn issuance(&self) -> Issuance {
        if self.subject.revision == 0 { Issuance::Demo } else { Issuance::Issued }
    }

    /// Whether it is of this subject against this profile, as they are called.
    pub(super) fn is_of(&self, other: &Self) -> bool {
        self.subject.name == other.subject.name && self.profile.name == other.profile.name
    }
}

impl From<Outcome> for State {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done(certificate) => Self::Done(certificate),
            Outcome::Failed { problem, hint } => Self::Failed { problem, hint },
            Outcome::Cancelled(_) => Self::Cancelled,
            Outcome::Interrupted => Self::Interrupted,
        }
    }
}
