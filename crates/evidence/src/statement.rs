//! in-toto statements: what is signed about a criterion, and about the subject as a whole.

use plimsoll_base::Utc;
use plimsoll_proof::Digest;
use serde::{Deserialize, Serialize};

use crate::criterion::Criterion;
use crate::estimate::LoadLine;
use crate::judgement::{ControlResult, Status};
use crate::measurement::Measurement;
use crate::repeat::Reproduction;
use crate::subject::{ResourceDescriptor, SubjectIdentity};
use crate::verdict::{State, Verdict};

/// in-toto's own type of every statement.
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
/// DSSE payload type of an in-toto statement.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
/// Predicate of a measurement. A URN, because nothing is served at it.
pub const MEASUREMENT_TYPE: &str = "urn:plimsoll:measurement:v1";
/// Predicate of a certificate.
pub const CERTIFICATE_TYPE: &str = "urn:plimsoll:certificate:v1";

/// An in-toto statement with the predicate `P`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement<P> {
    /// Always [`STATEMENT_TYPE`].
    #[serde(rename = "_type")]
    pub statement_type: String,
    /// What the statement is about.
    pub subject: Vec<ResourceDescriptor>,
    /// Which predicate, and in which version.
    #[serde(rename = "predicateType")]
    pub predicate_type: String,
    /// What is said.
    pub predicate: P,
}

impl<P> Statement<P> {
    /// A statement about `subject`.
    pub fn new(subject: &[ResourceDescriptor], predicate_type: &str, predicate: P) -> Self {
        Self {
            statement_type: STATEMENT_TYPE.into(),
            subject: subject.to_vec(),
            predicate_type: predicate_type.into(),
            predicate,
        }
    }
}

/// What is signed about one criterion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasurementPredicate {
    /// The plan under which it was measured.
    pub plan: Digest,
    /// What was required.
    pub criterion: Criterion,
    /// What was measured.
    pub measurement: Measurement,
    /// What is decided.
    pub verdict: Verdict,
    /// The decision as a sentence.
    pub reason: String,
    /// Whether the probe was seen red on a planted defect.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub control: Option<ControlResult>,
}

/// Who may rely on the certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Issuance {
    /// Signed with a kept key.
    Issued,
    /// Signed with a throw-away key, to show what a certificate is: never valid for anyone else.
    Demo,
}

/// How independent the measurement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Assurance {
    /// Measured and signed by the same party.
    SelfAttested,
}

/// The keys of the issuer, as signed-note verifier keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issuer {
    /// Signs statements and the certificate.
    pub certificate_key: String,
    /// Signs checkpoints of the issuer's log.
    pub log_key: String,
}

/// One file of the certificate's folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// Path within the folder.
    pub path: String,
    /// Size in bytes.
    pub size: u64,
    /// Digest of the bytes.
    pub sha256: Digest,
}

/// One criterion in the certificate; its statement holds the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CriterionSummary {
    /// The criterion.
    pub id: String,
    /// What is decided.
    pub verdict: Verdict,
    /// What is known of the claim.
    pub state: State,
    /// Until when the decision is fresh.
    pub fresh_until: Utc,
    /// The file of its signed statement.
    pub statement: String,
}

/// Criteria met in one chapter: those with verdict PASS, of all but those with NOT_APPLICABLE, gaps included. For
/// reading only: no decision rests on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DomainScore {
    /// The chapter.
    pub domain: String,
    /// Criteria with verdict PASS.
    pub passed: u64,
    /// Criteria that apply.
    pub of: u64,
}

/// What is signed about the subject as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificatePredicate {
    /// What is said as a whole.
    pub status: Status,
    /// The level that `certified` reaches: the profile's id.
    pub level: String,
    /// Who may rely on it.
    pub issuance: Issuance,
    /// How independent the measurement is.
    pub assurance: Assurance,
    /// The subject.
    pub subject: SubjectIdentity,
    /// When it was signed, and from when it holds.
    pub not_before: Utc,
    /// Until when it holds: the shortest time to live of the blocking criteria.
    pub not_after: Utc,
    /// When the first evidence was gathered.
    pub measured_from: Utc,
    /// When the last evidence was gathered.
    pub measured_until: Utc,
    /// Who signs.
    pub issuer: Issuer,
    /// The plan, registered in the log before the first trial.
    pub plan: Digest,
    /// On what it was measured.
    pub environment: Digest,
    /// How far the load generator can be believed.
    pub calibration: Digest,
    /// How many times the subject was registered with this profile before, as the issuer's log tells.
    pub earlier_attempts: u64,
    /// The criteria in the profile's order.
    pub criteria: Vec<CriterionSummary>,
    /// The profile's requirements that have no probe, by id: each is NOT_MEASURED. The plan holds the rest.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub gaps: Vec<String>,
    /// Criteria met by chapter: passed of those that apply. No decision rests on it.
    pub domains: Vec<DomainScore>,
    /// Whether the certificate that was measured again was reproduced, where one was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reproduction: Option<Reproduction>,
    /// The load line, where the profile asks for one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub load_line: Option<LoadLine>,
    /// Why the status is not better.
    pub conditions: Vec<String>,
    /// What is not claimed.
    pub exclusions: Vec<String>,
    /// What a certificate of this assurance does not prove.
    pub not_proven: Vec<String>,
    /// Every file but the certificate itself, its proof of logging and the log.
    pub files: Vec<FileEntry>,
}

impl CertificatePredicate {
    /// Refuses a time at which it does not hold, with the reason.
    pub fn check_time(&self, at: Utc) -> Result<(), String> {
        if at < self.not_before {
            return Err(format!("not valid before {}, asked at {at}", self.not_before));
        }
        if at >= self.not_after {
            return Err(format!("expired at {}, asked at {at}", self.not_after));
        }
        Ok(())
    }
}
