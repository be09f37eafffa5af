//! What the records of the stream `certify` say: version 1, as JSON.
//!
//! A payload is `{"v":1,"event":{"subject_written":{...}}}`; the kind of the record says the same as the name in it.
//! What is not known is an error, never skipped: a certificate that has gone stale must not come back because a record
//! of it could not be read. `by` is the user who did it; none stands for the server itself and for whoever commands its
//! machine.

use plimsoll_store::{NewRecord, Record, RecordKind};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::certification::{Certificate, Outcome, Reason, Stale};
use super::names::{Actor, CertificationId, Name};
use super::snapshot::{Snapshot, Text};
use crate::error::Error;

/// The stream that holds all of it.
pub const STREAM: &str = "certify";
const VERSION: u8 = 1;

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
            Outcome::Cancelled => Self::CertificationCancelled { certification, by: None },
            Outcome::Interrupted => Self::CertificationInterrupted { certification },
        }
    }

    pub(super) fn kind(&self) -> &'static str {
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

    pub(super) fn to_record(&self) -> Result<NewRecord, Error> {
        write(self.kind(), self)
    }

    pub(super) fn from_record(record: &Record) -> Result<Self, String> {
        read(record, Self::kind)
    }
}

#[derive(Serialize)]
struct Envelope<'a, E> {
    v: u8,
    event: &'a E,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Opened<E> {
    v: u8,
    event: E,
}

/// The record of an event.
pub(super) fn write<E: Serialize>(kind: &str, event: &E) -> Result<NewRecord, Error> {
    // Names, numbers and texts can always be written.
    let bytes = serde_json::to_vec(&Envelope { v: VERSION, event });
    Ok(NewRecord::plain(RecordKind::new(kind)?, bytes.map_err(|error| Error::Bug(error.to_string()))?))
}

/// The event of a record, or why there is none.
pub(super) fn read<E: DeserializeOwned>(
    record: &Record,
    kind: impl Fn(&E) -> &'static str,
) -> Result<E, String> {
    if let Some(key) = &record.payload.sealed_under {
        return Err(format!("it is sealed under {key}"));
    }
    let opened: Opened<E> =
        serde_json::from_slice(&record.payload.bytes).map_err(|error| error.to_string())?;
    if opened.v != VERSION {
        return Err(format!("it has version {}, known is {VERSION}", opened.v));
    }
    let says = kind(&opened.event);
    if says != record.kind.as_str() {
        return Err(format!("its kind is {}, and it says {says}", record.kind));
    }
    Ok(opened.event)
}
