//! Who did what: the records of the stream `audit`.
//!
//! A payload is `{"v":1,"entry":{...}}`, its kind is the outcome. An entry stands in the same batch as what it tells, so
//! there is no act without its entry and no entry without its act.

use std::net::IpAddr;

use plimsoll_store::{Recorded, StreamName};
use serde::{Deserialize, Serialize};

/// The stream that holds all of it.
pub const AUDIT_STREAM: &str = "audit";

/// One line of the audit trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditEntry {
    /// The user; none for somebody who has not said who he is, and for the server itself.
    pub actor: Option<String>,
    /// By what the actor was known: `session`, `token`, `password`, `link`, `server` or `nothing`.
    pub by: String,
    /// What was done or asked for: the name of an action, or `sign_in`, `sign_out`, `set_up`.
    pub act: String,
    /// To what, as its address in the API.
    pub object: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it ended so, unless it was done.
    pub why: Option<String>,
    /// From where.
    pub address: Option<IpAddr>,
    /// The request's id, which stands in the log too; empty if the server acted by itself.
    pub request: String,
}

/// How an act ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    Done,
    /// The actor may not.
    Denied,
    /// The actor may, and it could not be done.
    Refused,
}

impl Outcome {
    /// The kind of a record with this outcome.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Denied => "denied",
            Self::Refused => "refused",
        }
    }
}

/// The stream of the audit trail.
pub fn audit_stream() -> plimsoll_store::Result<StreamName> {
    StreamName::new(AUDIT_STREAM)
}

impl Recorded for AuditEntry {
    const FIELD: &'static str = "entry";

    fn kind(&self) -> &'static str {
        self.outcome.name()
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_store::{Payload, Record, RecordKind};

    use super::*;

    fn record(kind: &str, payload: &str) -> Record {
        Record {
            position: 9,
            unix_ms: 1,
            stream: audit_stream().unwrap(),
            sequence: 7,
            kind: RecordKind::new(kind).unwrap(),
            payload: Payload { sealed_under: None, bytes: payload.as_bytes().to_vec() },
        }
    }

    /// Journals of the first version hold exactly this.
    const DENIED: &str = r#"{"v":1,"entry":{"actor":"bob","by":"token","act":"user.create","object":"/api/v1/users","outcome":"denied","why":"x","address":"127.0.0.1","request":"0a"}}"#;

    #[test]
    fn what_version_1_wrote_is_read() {
        let entry = AuditEntry::from_record(&record("denied", DENIED)).unwrap();
        assert_eq!((entry.act.as_str(), entry.outcome), ("user.create", Outcome::Denied));
        let written = entry.to_record().unwrap();
        assert_eq!(written.payload.bytes, DENIED.as_bytes());
        assert_eq!(written.kind.as_str(), "denied");
    }

    #[test]
    fn what_is_not_understood_is_an_error() {
        for (kind, payload) in [
            ("done", DENIED.to_owned()),
            ("denied", DENIED.replace("\"v\":1", "\"v\":2")),
            ("denied", DENIED.replace("\"why\"", "\"how\"")),
            ("denied", DENIED.replace("\"denied\"", "\"gone\"")),
            ("denied", String::new()),
        ] {
            assert!(AuditEntry::from_record(&record(kind, &payload)).is_err(), "{kind} {payload}");
        }
    }
}
