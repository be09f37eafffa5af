//! What the records of the stream `certify` say: `{"v":1,"event":{"subject_written":{...}}}`.
//!
//! `by` is the user who did it; none stands for the server itself and for whoever commands its machine.

use plimsoll_store::Recorded;
use serde::{Deserialize, Serialize};

use super::certification::{Certificate, Outcome, Reason, Stale};
use super::names::{Actor, CertificationId, Name};
use super::snapshot::{Snapshot, Text};

/// The stream that holds all of it.
pub const STREAM: &str = "certify";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Event {
    SubjectWritten {
        subject: Name,
        text: Text,
        keep_fresh: Option<Name>,
        by: Option<Actor>,
    },
    SubjectRemoved {
        subject: Name,
        by: Option<Actor>,
    },
    ProfileWritten {
        profile: Name,
        text: Text,
        by: Option<Actor>,
    },
    ProfileRemoved {
        profile: Name,
        by: Option<Actor>,
    },
    CertificationRequested {
        certification: CertificationId,
        subject: Snapshot,
        profile: Snapshot,
        reason: Reason,
        by: Option<Actor>,
    },
    CertificationStarted {
        certification: CertificationId,
    },
    /// It was asked to stop in the midst of its work.
    CertificationStopped {
        certification: CertificationId,
        by: Option<Actor>,
    },
    CertificationDone {
        certification: CertificationId,
        certificate: Certificate,
    },
    CertificationFailed {
        certification: CertificationId,
        problem: String,
        hint: Option<String>,
    },
    CertificationCancelled {
        certification: CertificationId,
        by: Option<Actor>,
    },
    CertificationInterrupted {
        certification: CertificationId,
    },
    CertificateStale {
        certification: CertificationId,
        reason: Stale,
    },
}

impl Event {
    /// The event that a certification ends with.
    pub(super) fn ended(certification: CertificationId, outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done(certificate) => Self::CertificationDone { certification, certificate },
            Outcome::Failed { problem, hint } => Self::CertificationFailed { certification, problem, hint },
            Outcome::Cancelled(by) => Self::CertificationCancelled { certification, by },
            Outcome::Interrupted => Self::CertificationInterrupted { certification },
        }
    }

    /// The certification that ends with it, if one does.
    pub(super) fn ends(&self) -> Option<&CertificationId> {
        match self {
            Self::CertificationDone { certification, .. }
            | Self::CertificationFailed { certification, .. }
            | Self::CertificationCancelled { certification, .. }
            | Self::CertificationInterrupted { certification } => Some(certification),
            _ => None,
        }
    }
}

impl Recorded for Event {
    fn kind(&self) -> &'static str {
        match self {
            Self::SubjectWritten { .. } => "subject.written",
            Self::SubjectRemoved { .. } => "subject.removed",
            Self::ProfileWritten { .. } => "profile.written",
            Self::ProfileRemoved { .. } => "profile.removed",
            Self::CertificationRequested { .. } => "certification.requested",
            Self::CertificationStarted { .. } => "certification.started",
            Self::CertificationStopped { .. } => "certification.stopped",
            Self::CertificationDone { .. } => "certification.done",
            Self::CertificationFailed { .. } => "certification.failed",
            Self::CertificationCancelled { .. } => "certification.cancelled",
            Self::CertificationInterrupted { .. } => "certification.interrupted",
            Self::CertificateStale { .. } => "certificate.stale",
        }
    }
}
