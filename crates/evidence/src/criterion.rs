//! What is required: a criterion, and the profile that is a versioned set of them.

use plimsoll_base::{Quantity, Unit};
use serde::{Deserialize, Serialize};

use crate::amount::unit_name;
use crate::fault::Fault;
use crate::gap::Gap;
use crate::probe::Probe;
use crate::scene::Scene;
use crate::sign_off::SignOffDemand;

/// On which side of the limit the measurement must lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Op {
    /// The measurement must not exceed the limit.
    AtMost,
    /// The measurement must reach the limit.
    AtLeast,
}

impl Op {
    /// The sign for people.
    pub fn sign(self) -> &'static str {
        match self {
            Self::AtMost => "<=",
            Self::AtLeast => ">=",
        }
    }
}

/// How uncertainty enters the decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// The one-sided 95 % bound must keep the limit; outcomes as ILAC-G8:09/2019.
    #[serde(rename = "guard-95")]
    Guard95,
    /// The point value must keep the limit: simple acceptance, a false accept of up to 50 % at the limit.
    Simple,
}

impl Rule {
    /// The rule's name in profiles and statements.
    pub fn name(self) -> &'static str {
        match self {
            Self::Guard95 => "guard-95",
            Self::Simple => "simple",
        }
    }
}

/// What an unmet criterion does to the certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// No certificate above `denied` while it is unmet.
    Blocking,
    /// The certificate is at most `conditional` while it is unmet.
    Conditional,
    /// Shown, never decisive.
    Advisory,
}

impl Severity {
    /// Every severity, the gravest first.
    pub const ALL: [Self; 3] = [Self::Blocking, Self::Conditional, Self::Advisory];

    /// The severity's name in profiles and statements.
    pub fn name(self) -> &'static str {
        match self {
            Self::Blocking => "blocking",
            Self::Conditional => "conditional",
            Self::Advisory => "advisory",
        }
    }
}

/// One requirement with a limit and a decision rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// Unique within the profile; `[a-z0-9-]`.
    pub id: String,
    /// What is claimed, as a sentence.
    pub statement: String,
    /// The chapter to which it belongs.
    pub domain: String,
    /// How it is measured.
    pub probe: Probe,
    /// For [`Probe::Latency`]: which quantile, in parts per billion.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub quantile_ppb: Option<u64>,
    /// For a fault drill: what is done.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fault: Option<Fault>,
    /// On which side of the limit the measurement must lie.
    pub op: Op,
    /// The limit, in `unit`.
    pub limit: u64,
    /// What was asked for instead, where `limit` is stricter or counts something else.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub asked: Option<String>,
    /// What `limit` and the measurement count.
    #[serde(with = "unit_name")]
    pub unit: Unit,
    /// How uncertainty enters the decision.
    pub rule: Rule,
    /// What an unmet criterion does to the certificate.
    pub severity: Severity,
    /// How long a pass stays fresh, in seconds.
    pub ttl_s: u64,
    /// Globs over the subject's files: a change there makes the pass stale.
    pub scope: Vec<String>,
    /// The planted defect on which it must be seen red.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub control: Option<Scene>,
    /// Whether NOT_APPLICABLE is accepted for a subject that has nothing to measure here.
    pub may_not_apply: bool,
    /// References to other catalogues.
    pub mappings: Vec<String>,
}

impl Criterion {
    /// The limit for people, as `<= 250 ms`.
    pub fn limit_text(&self) -> String {
        format!("{} {}", self.op.sign(), Quantity { amount: self.limit, unit: self.unit })
    }
}

/// How the load line is searched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineSearch {
    /// Rates to try above the subject's rate, as multiples of it in percent, ascending.
    pub steps_percent: Vec<u64>,
    /// How long one step of the search lasts, in ns. Its data cannot certify.
    pub step_ns: u64,
    /// How long a trial at the chosen step lasts, in ns.
    pub trial_ns: u64,
}

/// A versioned set of criteria and how much is measured for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The profile's name, which is also its level; `[a-z0-9-]`.
    pub id: String,
    /// Raised whenever a criterion or an amount of measuring changes.
    pub version: u64,
    /// What the profile is for, as a sentence.
    pub title: String,
    /// Fresh processes per steady measurement.
    pub trials: u64,
    /// Rehearsed stops and crashes.
    pub drills: u64,
    /// How long a steady trial lasts, in ns, after its warm-up.
    pub trial_ns: u64,
    /// How long load runs before a trial counts, in ns.
    pub warm_up_ns: u64,
    /// How long load runs in a control and its sham, in ns.
    pub control_ns: u64,
    /// How long a soak lasts, in ns, after its warm-up; absent where no criterion asks for one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub soak_ns: Option<u64>,
    /// How long the load of a fault drill lasts, in ns, after its warm-up: the fault holds for a third of it. Absent where no
    /// criterion asks for one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fault_ns: Option<u64>,
    /// How the load line is searched.
    pub line: LineSearch,
    /// The requirements, in the order in which they are shown.
    pub criteria: Vec<Criterion>,
    /// What is required besides and has no probe.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub gaps: Vec<Gap>,
    /// Who has to look at a certificate before it is more than conditional.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sign_off: Option<SignOffDemand>,
}
