//! What a verification found, step by step.

use plimsoll_proof::Digest;

use crate::criterion::Profile;
use crate::entry::LoggedEntry;
use crate::judgement::Judgement;
use crate::standing::Standing;
use crate::statement::CertificatePredicate;

/// The steps, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StepName {
    /// The signed files are read, byte for byte what their content prints to.
    Bytes,
    /// The issuer's key signed them.
    Signatures,
    /// Every field is known in its version.
    Schema,
    /// All are about the same subject, and about the one at hand if one is given.
    Subject,
    /// Every file is listed, every listed file is there, unchanged.
    Files,
    /// Every number, bound and verdict follows from the evidence.
    Recompute,
    /// Every blocking criterion was seen red on a planted defect.
    Controls,
    /// The plan was registered before the first trial; attempts are counted.
    Registration,
    /// The certificate stands in the issuer's log.
    Log,
    /// The issuer's key is one that the verifier trusts.
    Trust,
    /// The certificate is neither withdrawn nor expired.
    Validity,
}

impl StepName {
    /// The step's name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Signatures => "signatures",
            Self::Schema => "schema",
            Self::Subject => "subject",
            Self::Files => "files",
            Self::Recompute => "recompute",
            Self::Controls => "controls",
            Self::Registration => "registration",
            Self::Log => "log",
            Self::Trust => "trust",
            Self::Validity => "validity",
        }
    }
}

/// One step and what it found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepReport {
    /// Which step.
    pub step: StepName,
    /// Whether it passed.
    pub passed: bool,
    /// What it found, as a sentence.
    pub found: String,
}

/// What a certificate is to the one who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Valid, and signed by a key that is trusted.
    Valid,
    /// A demonstration that ran on this machine.
    ValidDemo,
    /// Intact, but the issuer is not known.
    Untrusted,
    /// Evidence is not there: no judgement is possible.
    Incomplete,
    /// Made by a newer Plimsoll.
    Newer,
    /// Altered, forged or contradicting itself.
    Invalid,
    /// Withdrawn by its issuer.
    Revoked,
    /// Let rest by its issuer, until it is reinstated.
    Suspended,
    /// Its issuer has put another in its place.
    Superseded,
    /// Not valid at the time in question.
    Expired,
    /// There is no certificate to read.
    Unreadable,
}

impl Outcome {
    /// The outcome's name in tables and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::ValidDemo => "valid demo, this machine only",
            Self::Untrusted => "intact, issuer not known to you",
            Self::Incomplete => "incomplete",
            Self::Newer => "made by a newer Plimsoll",
            Self::Invalid => "invalid",
            Self::Revoked => "revoked",
            Self::Suspended => "suspended",
            Self::Superseded => "superseded",
            Self::Expired => "expired",
            Self::Unreadable => "unreadable",
        }
    }
}

/// What a verification found.
#[derive(Debug, Clone)]
pub struct Report {
    /// What the certificate is.
    pub outcome: Outcome,
    /// The steps that were taken; the last one failed unless the outcome is valid.
    pub steps: Vec<StepReport>,
    /// The signed certificate, once it could be read. Believe it only if the outcome says so.
    pub certificate: Option<CertificatePredicate>,
    /// The verdicts as recomputed, once they could be.
    pub judgement: Option<Judgement>,
    /// The profile by which it was judged, once it could be read: its id alone says little.
    pub profile: Option<Profile>,
    /// The rate of the steady load, in requests per 1,000 s: limits that are a share of it stand in the profile as rates.
    pub rate_per_ks: u64,
    /// The fingerprint of the signing key, once the signatures were checked.
    pub fingerprint: Option<String>,
    /// The digest of the signed certificate's payload, by which the log names it, once it could be read.
    pub payload: Option<Digest>,
    /// What the issuer's log has of the subject and profile, in its order, once it was checked against its checkpoint.
    pub history: Vec<LoggedEntry>,
    /// What the certificate is worth at the time asked about, with all that was said since, once the log was checked.
    pub standing: Option<Standing>,
}

impl Default for Report {
    fn default() -> Self {
        Self {
            outcome: Outcome::Unreadable,
            steps: Vec::new(),
            certificate: None,
            judgement: None,
            profile: None,
            rate_per_ks: 0,
            fingerprint: None,
            payload: None,
            history: Vec::new(),
            standing: None,
        }
    }
}

impl Report {
    /// The step that failed, if one did.
    pub fn failed(&self) -> Option<&StepReport> {
        self.steps.iter().find(|step| !step.passed)
    }

    pub(super) fn begin(&mut self, step: StepName) {
        self.steps.push(StepReport { step, passed: false, found: String::new() });
    }

    pub(super) fn done(&mut self, found: String) {
        if let Some(step) = self.steps.last_mut() {
            step.passed = true;
            step.found = found;
        }
    }

    pub(super) fn fail(&mut self, outcome: Outcome, reason: String) {
        self.outcome = outcome;
        if let Some(step) = self.steps.last_mut() {
            step.found = reason;
        }
    }
}
