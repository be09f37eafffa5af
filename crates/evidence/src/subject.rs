//! What is judged: its name, its version and the digests that bind the certificate to it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::criterion::Probe;

/// How the subject is reached, which decides what can be measured of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SubjectKind {
    /// Started, signalled and stopped by Plimsoll.
    Command,
    /// Reached by URL only: start, stop and crash cannot be measured.
    Url,
}

/// One digest that identifies the subject, as an in-toto resource descriptor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceDescriptor {
    /// What was digested: `source`, an artefact's name, or `subject-description`.
    pub name: String,
    /// Algorithm (`sha256`, `gitCommit`, `gitTree`) and value in hex.
    pub digest: BTreeMap<String, String>,
}

/// The subject as the certificate names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubjectIdentity {
    /// The name under which attempts are counted; `[a-z0-9-]`.
    pub name: String,
    /// The version as its owner tells it; may be empty.
    pub version: String,
    /// How it is reached.
    pub kind: SubjectKind,
    /// Whether the description has a ledger: writes that can be read back.
    pub has_ledger: bool,
    /// Whether the description names a reference of the subject's API, and who allowed to try its doors.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub has_api: bool,
    /// What the certificate is bound to. Never empty.
    pub resources: Vec<ResourceDescriptor>,
}

impl SubjectIdentity {
    /// Why the subject has nothing to measure for a probe, if that is so.
    pub fn lacks(&self, probe: Probe) -> Option<&'static str> {
        if probe.needs_process() && self.kind == SubjectKind::Url {
            return Some("the subject is known by URL only: it cannot be started, stopped or killed here");
        }
        match probe {
            Probe::AcknowledgedWrites if !self.has_ledger => {
                Some("the subject's description has no [ledger]: no write that could be read back")
            }
            Probe::Authentication if !self.has_api => {
                Some("the subject's description has no [api]: no reference that says what only some may do")
            }
            _ => None,
        }
    }
}
