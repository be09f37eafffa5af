//! What is judged: its name, its version and the digests that bind the certificate to it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::criterion::Criterion;
use crate::fault::Fault;
use crate::probe::{Family, Probe};

/// How the subject is reached, which decides what can be measured of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SubjectKind {
    /// Started, signalled and stopped by Plimsoll.
    Command,
    /// Reached by URL only: start, stop and crash cannot be measured.
    Url,
}

/// A part of a subject's description that some probe needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SubjectPart {
    /// Several users of the API, with what each may do.
    Users,
    /// How often one may ask.
    Limit,
    /// A write that may be sent again.
    Retry,
    /// A port at which TLS is spoken.
    Tls,
    /// How its data are saved and brought back.
    Backup,
    /// Metrics that are served.
    Metrics,
    /// Something that it needs, reached through a relay.
    Dependency,
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
    /// The probes of files for which the description names something to look at, in the order of [`Probe::ALL`].
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub inspections: Vec<Probe>,
    /// Further parts that the description has.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub parts: Vec<SubjectPart>,
    /// What the certificate is bound to. Never empty.
    pub resources: Vec<ResourceDescriptor>,
}

const NO_DEPENDENCY: &str =
    "the subject's description has no [[dependency]]: nothing that could be taken away";

impl SubjectIdentity {
    /// Why the subject has nothing to measure for a criterion, if that is so.
    pub fn lacks_for(&self, criterion: &Criterion) -> Option<&'static str> {
        self.lacks(criterion.probe).or_else(|| criterion.fault.and_then(|fault| self.lacks_for_fault(fault)))
    }

    /// Why there is nothing to which a fault could be done, if that is so.
    pub(crate) fn lacks_for_fault(&self, fault: Fault) -> Option<&'static str> {
        let lacks = fault.is_of_dependencies() && !self.parts.contains(&SubjectPart::Dependency);
        lacks.then_some(NO_DEPENDENCY)
    }

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
            Probe::Contract if !self.has_api => {
                Some("the subject's description has no [api]: no reference that it could be held against")
            }
            Probe::Injection if !self.has_api => Some(
                "the subject's description has no [api]: no reference that says where a client's text goes",
            ),
            Probe::Authorisation if !self.parts.contains(&SubjectPart::Users) => {
                Some("the subject's description has no [[api.user]]: nobody who may do more than another")
            }
            Probe::RateLimit if !self.parts.contains(&SubjectPart::Limit) => {
                Some("the subject's description has no [limit]: nothing is promised")
            }
            Probe::RetriedWrites if !self.parts.contains(&SubjectPart::Retry) => {
                Some("the subject's description has no [retry]: no write that may be sent again")
            }
            Probe::Tls if !self.parts.contains(&SubjectPart::Tls) => {
                Some("the subject's description has no [tls]: no port at which TLS is spoken")
            }
            _ if probe.family() == Family::Restore && !self.parts.contains(&SubjectPart::Backup) => {
                Some("the subject's description has no [backup]: nothing that could be restored")
            }
            Probe::MetricsTruth if !self.parts.contains(&SubjectPart::Metrics) => {
                Some("the subject's description has no [metrics]: nobody says where they are served")
            }
            Probe::HealthTruth if !self.parts.contains(&SubjectPart::Dependency) => Some(NO_DEPENDENCY),
            _ if probe.family() == Family::Inspection && !self.inspections.contains(&probe) => {
                Some(nothing_to_inspect(probe))
            }
            _ => None,
        }
    }
}

/// What a description would have to name for a probe of files.
fn nothing_to_inspect(probe: Probe) -> &'static str {
    match probe {
        Probe::Secrets => "the subject's description has no [source]: no files that could be searched",
        Probe::BillOfMaterials => "the subject's description names no bill of materials in [source]",
        Probe::ImportedResults => "the subject's description has no [[import]]: no results of others",
        Probe::Runbooks => "the subject's description names no files of alerts in [operation]",
        _ => "the subject's description names no documents in [source]",
    }
}
