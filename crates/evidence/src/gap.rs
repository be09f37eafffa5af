//! What is required and cannot be measured yet.

use serde::{Deserialize, Serialize};

use crate::criterion::Severity;
use crate::verdict::Verdict;

/// A requirement for which there is no probe. It stands in the profile so that nobody takes what is measured for all that
/// is required.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gap {
    /// Unique among the profile's criteria and gaps; `[a-z0-9-]`.
    pub id: String,
    /// What is claimed, as a sentence.
    pub statement: String,
    /// The chapter to which it belongs.
    pub domain: String,
    /// The limit, in the words of whoever asks for it.
    pub asked: String,
    /// What there would have to be to measure it.
    pub missing: String,
    /// What it does to the certificate that nothing is known of it.
    pub severity: Severity,
    /// References to other catalogues.
    pub mappings: Vec<String>,
}

impl Gap {
    /// What is decided of every gap.
    pub const VERDICT: Verdict = Verdict::NotMeasured;
}

/// Why gaps keep the status from being better, if they do.
pub(crate) fn condition(gaps: &[Gap], criteria: usize) -> Option<String> {
    let of = |severity| gaps.iter().filter(|gap| gap.severity == severity).count();
    let (blocking, conditional) = (of(Severity::Blocking), of(Severity::Conditional));
    (blocking + conditional > 0).then(|| {
        format!(
            "not measured: {} of {} criteria have no probe yet, {blocking} of them blocking",
            gaps.len(),
            gaps.len() + criteria
        )
    })
}
