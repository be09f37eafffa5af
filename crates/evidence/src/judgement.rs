//! What a judgement consists of: words only. `judge` makes them.

use plimsoll_base::Utc;
use plimsoll_proof::Digest;
use serde::{Deserialize, Serialize};

use crate::amount::Amount;
use crate::criterion::Criterion;
use crate::document::ProxyCounts;
use crate::estimate::LoadLine;
use crate::measurement::Measurement;
use crate::scene::Scene;
use crate::verdict::{State, Verdict};

/// What a certificate says as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// A blocking criterion is broken.
    Denied,
    /// A blocking criterion is without a decision.
    Pending,
    /// A criterion passes only under a condition.
    Conditional,
    /// Everything passes, on fewer than five trials.
    Preliminary,
    /// Everything passes.
    Certified,
}

impl Status {
    /// The status's name in statements and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Pending => "pending",
            Self::Conditional => "conditional",
            Self::Preliminary => "preliminary",
            Self::Certified => "certified",
        }
    }
}

/// Everything that follows from the documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// What is said as a whole.
    pub status: Status,
    /// The criteria in the profile's order.
    pub criteria: Vec<JudgedCriterion>,
    /// The load line, where the profile asks for one.
    pub load_line: Option<LoadLine>,
    /// Why the status is not better, one sentence each.
    pub conditions: Vec<String>,
    /// What is not claimed, one sentence each.
    pub exclusions: Vec<String>,
    /// When the first evidence was gathered.
    pub measured_from: Utc,
    /// When the last evidence was gathered.
    pub measured_until: Utc,
}

/// One criterion with all that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedCriterion {
    /// What was required.
    pub criterion: Criterion,
    /// What was measured.
    pub measurement: Measurement,
    /// What is decided.
    pub verdict: Verdict,
    /// The decision as a sentence with its numbers.
    pub reason: String,
    /// The decision in a few words, as a condition of the certificate.
    pub brief: String,
    /// Whether the probe was seen red on a planted defect.
    pub control: Option<ControlResult>,
}

impl JudgedCriterion {
    /// What is known of the claim while the verdict is fresh.
    pub fn state(&self) -> State {
        self.verdict.state(self.criterion.probe.state_of_pass())
    }
}

/// What the probe said of a planted defect and of its sham twin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControlResult {
    /// The planted defect.
    pub scene: Scene,
    /// The verdict on the defect, by simple acceptance.
    pub on_defect: Verdict,
    /// What was measured on the defect.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub defect_value: Option<Amount>,
    /// The verdict on the same path without the defect.
    pub on_sham: Verdict,
    /// What was measured on the sham.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sham_value: Option<Amount>,
    /// What the fault proxy did to the requests, where one stood in between.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub proxy: Option<ProxyCounts>,
    /// Whether the defect took effect and turned the probe red.
    pub seen_red: bool,
    /// The documents from which this follows.
    pub evidence: Vec<Digest>,
}

impl ControlResult {
    /// What the planted defect did to the verdict, for people: `red on added-delay`.
    pub fn text(&self) -> String {
        let verdict = if self.seen_red { "red" } else { self.on_defect.name() };
        format!("{verdict} on {}", self.scene.name())
    }

    /// Whether the control supports `verdict`: red on the defect, green on the sham. A subject that is itself
    /// red is red on the sham too, and may be so bad that the defect finds nothing to spoil.
    pub fn supports(&self, verdict: Verdict) -> bool {
        if matches!(verdict, Verdict::Fail | Verdict::ConditionalFail) {
            return self.seen_red || [self.on_defect, self.on_sham] == [Verdict::Fail; 2];
        }
        self.seen_red && self.on_sham == Verdict::Pass
    }
}
