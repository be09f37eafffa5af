//! From a measurement and a criterion to a verdict: a pure function that every verifier runs again.

use serde::{Deserialize, Serialize};

use crate::amount::Amount;
use crate::criterion::{Criterion, Op, Rule};
use crate::measurement::{Estimator, Measurement};

/// What is decided of a criterion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verdict {
    /// The bound keeps the limit.
    Pass,
    /// The value keeps the limit, its bound does not.
    ConditionalPass,
    /// The value breaks the limit, its other bound does not.
    ConditionalFail,
    /// The limit is broken.
    Fail,
    /// The instrument or the amount of data allows no decision.
    Inconclusive,
    /// Nothing was measured.
    NotMeasured,
    /// The subject has nothing to measure here, and the profile allows that.
    NotApplicable,
    /// Measuring broke down.
    Error,
    /// Somebody with the right to do so let it pass, until a date.
    Waived,
}

impl Verdict {
    /// The verdict's name in statements and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::ConditionalPass => "CONDITIONAL_PASS",
            Self::ConditionalFail => "CONDITIONAL_FAIL",
            Self::Fail => "FAIL",
            Self::Inconclusive => "INCONCLUSIVE",
            Self::NotMeasured => "NOT_MEASURED",
            Self::NotApplicable => "NOT_APPLICABLE",
            Self::Error => "ERROR",
            Self::Waived => "WAIVED",
        }
    }

    /// Whether the criterion is met without any condition.
    pub fn is_met(self) -> bool {
        matches!(self, Self::Pass | Self::NotApplicable)
    }

    /// Whether the measurement was held against the limit, with whatever outcome.
    pub fn is_decided(self) -> bool {
        matches!(self, Self::Pass | Self::ConditionalPass | Self::ConditionalFail | Self::Fail)
    }

    /// The state of the claim that the verdict leaves, where a PASS leaves `of_pass`.
    pub fn state(self, of_pass: State) -> State {
        match self {
            Self::Pass => of_pass,
            Self::Fail | Self::ConditionalFail => State::Contradicted,
            _ => State::Unknown,
        }
    }
}

/// What is known of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Passed, evidence unexpired.
    Proven,
    /// Failed, or refuted by arithmetic.
    Contradicted,
    /// Expired, or its scope has changed.
    Stale,
    /// An artefact is there, its effect is unmeasured.
    Configured,
    /// Somebody says so.
    Declared,
    /// Not measured, or without a conclusion.
    Unknown,
}

impl State {
    /// The state's name in statements and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Contradicted => "contradicted",
            Self::Stale => "stale",
            Self::Configured => "configured",
            Self::Declared => "declared",
            Self::Unknown => "unknown",
        }
    }
}

/// Decides a criterion by its own rule. A failed instrument gate allows no decision, unless the subject died.
pub fn decide(criterion: &Criterion, measurement: &Measurement) -> Verdict {
    if measurement.deaths() == 0 && measurement.gates.iter().any(|gate| !gate.passed) {
        return Verdict::Inconclusive;
    }
    // The bounds of a load line are steps, not confidence: what lies between two steps was not measured.
    let rule = if measurement.estimator == Estimator::HighestStep { Rule::Guard95 } else { criterion.rule };
    decide_by(rule, criterion, measurement)
}

/// Decides a criterion by `rule`, whatever the instrument gates say: controls are judged so.
///
/// The outcomes of `guard-95` are the four of ILAC-G8:09/2019, with the one-sided bounds as guard bands: PASS where the
/// worse bound keeps the limit, FAIL where even the better bound breaks it, and between them the value decides which
/// condition. A bound on the limit keeps it. Where a bound that is needed is missing there is no decision. Whoever ends by
/// itself fails, whatever was measured until then.
pub(crate) fn decide_by(rule: Rule, criterion: &Criterion, measurement: &Measurement) -> Verdict {
    if measurement.deaths() > 0 {
        return Verdict::Fail;
    }
    let Some(value) = measurement.value else { return Verdict::NotMeasured };
    if value == Amount::Infinite && criterion.op == Op::AtMost {
        return Verdict::Fail;
    }
    let limit = Amount::Finite(criterion.limit);
    let keeps = |amount: Amount| match criterion.op {
        Op::AtMost => amount <= limit,
        Op::AtLeast => amount >= limit,
    };
    let (worse, better) = match criterion.op {
        Op::AtMost => (measurement.upper, measurement.lower),
        Op::AtLeast => (measurement.lower, measurement.upper),
    };
    match rule {
        Rule::Simple if keeps(value) => Verdict::Pass,
        Rule::Simple => Verdict::Fail,
        Rule::Guard95 => match (worse, better) {
            (Some(worse), _) if keeps(worse) => Verdict::Pass,
            (_, Some(better)) if !keeps(better) => Verdict::Fail,
            (Some(_), Some(_)) if keeps(value) => Verdict::ConditionalPass,
            (Some(_), Some(_)) => Verdict::ConditionalFail,
            _ => Verdict::Inconclusive,
        },
    }
}

#[cfg(test)]
mod tests;
