//! What every format is told: of the certificate as a whole, and of each criterion.

use plimsoll_base::Utc;
use plimsoll_evidence::{
    Amount, CriterionSummary, Estimator, Issuance, JudgedCriterion, Severity, State, Verdict, at_least,
};

use serde_json::{Map, Value, json};

use crate::intact::{Intact, conclusion};
use crate::verification::{BORROWED_NAME, has_borrowed_name};

/// What can be said of a criterion where a format has a few words only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// PASS, and its time is not over. Nothing else is a pass.
    Proven,
    /// FAIL or CONDITIONAL_FAIL.
    Contradicted,
    /// Without data, without a conclusion, under a condition, waived or stale.
    Open,
    /// There is nothing to measure, and the profile allows that.
    NotApplicable,
    /// Measuring broke down.
    Broken,
}

/// A criterion as formats are told of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Claim<'a> {
    pub(super) judged: &'a JudgedCriterion,
    pub(super) summary: &'a CriterionSummary,
    pub(super) state: State,
    pub(super) standing: Standing,
}

/// A name of small letters and hyphens, and what is to be said under it.
pub(super) type Fact = (&'static str, String);

/// The facts of which there may be several.
const REPEATED: [&str; 4] = ["mapping", "condition", "exclusion", "not-proven"];

impl<'a> Claim<'a> {
    pub(super) fn all(intact: &Intact<'a>) -> Vec<Self> {
        let claim = |(judged, summary): (&'a JudgedCriterion, &'a CriterionSummary)| {
            let state = intact.state(summary);
            Self { judged, summary, state, standing: standing(judged.verdict, state) }
        };
        intact.criteria().map(claim).collect()
    }

    pub(super) fn id(&self) -> &'a str {
        &self.judged.criterion.id
    }

    /// Whether the certificate's status hangs on it.
    pub(super) fn is_decisive(&self) -> bool {
        self.judged.criterion.severity != Severity::Advisory
    }

    /// Why it stands as it does, as a sentence.
    pub(super) fn reason(&self) -> String {
        match (self.state, self.judged.verdict) {
            (State::Stale, _) => format!("stale since {}: {}", self.summary.fresh_until, self.judged.reason),
            (_, Verdict::NotApplicable) if self.judged.reason.is_empty() => "not applicable".to_owned(),
            _ => self.judged.reason.clone(),
        }
    }

    /// Everything in words and numbers, in the order in which it is read.
    pub(super) fn facts(&self) -> Vec<Fact> {
        let (criterion, measurement) = (&self.judged.criterion, &self.judged.measurement);
        let shown = |amount: Amount| amount.display(measurement.unit);
        let mut facts = vec![
            ("verdict", self.judged.verdict.name().to_owned()),
            ("state", self.state.name().to_owned()),
            ("severity", criterion.severity.name().to_owned()),
            ("limit", criterion.limit_text()),
            ("rule", criterion.rule.name().to_owned()),
        ];
        let amounts = [
            ("measured", measurement.value),
            ("lower-bound", measurement.lower),
            ("upper-bound", measurement.upper),
        ];
        facts.extend(amounts.into_iter().filter_map(|(name, amount)| Some((name, shown(amount?)))));
        // The bounds of a load line are steps, not confidence.
        let has_confidence = measurement.estimator != Estimator::HighestStep;
        if has_confidence && measurement.lower.or(measurement.upper).is_some() {
            facts.push(("confidence-of-each-bound", at_least(measurement.confidence_ppb)));
        }
        facts.push(("n", measurement.n.to_string()));
        if let Some(control) = &self.judged.control {
            let red = if control.seen_red { "seen red on" } else { "not seen red on" };
            facts.push(("control", format!("{red} {}", control.scene.name())));
        }
        facts.push(("fresh-until", self.summary.fresh_until.to_string()));
        facts.push(("statement", self.summary.statement.clone()));
        facts.extend(criterion.mappings.iter().map(|mapping| ("mapping", mapping.clone())));
        facts
    }
}

fn standing(verdict: Verdict, state: State) -> Standing {
    match verdict {
        Verdict::Pass if state == State::Proven => Standing::Proven,
        Verdict::Fail | Verdict::ConditionalFail => Standing::Contradicted,
        Verdict::NotApplicable => Standing::NotApplicable,
        Verdict::Error => Standing::Broken,
        Verdict::Pass
        | Verdict::ConditionalPass
        | Verdict::Inconclusive
        | Verdict::NotMeasured
        | Verdict::Waived => Standing::Open,
    }
}

/// What is to be said of the certificate as a whole.
pub(super) fn certificate_facts(intact: &Intact<'_>) -> Vec<Fact> {
    let certificate = intact.certificate;
    let issuance = match certificate.issuance {
        Issuance::Issued => "issued",
        Issuance::Demo => "a demonstration, signed with a throw-away key",
    };
    let mut facts = vec![
        ("verification", conclusion(intact.report)),
        ("status", certificate.status.name().to_owned()),
        ("profile", format!("{} {}", certificate.level, intact.profile.version)),
        ("subject", intact.title()),
        ("valid-from", certificate.not_before.to_string()),
        ("valid-until", certificate.not_after.to_string()),
        ("issuance", issuance.to_owned()),
        ("assurance", "measured and signed by the same party".to_owned()),
        ("issuer", intact.report.fingerprint.clone().unwrap_or_default()),
        ("certificate-sha256", intact.payload.to_string()),
        ("attempts-before", certificate.earlier_attempts.to_string()),
    ];
    if has_borrowed_name(intact.report) {
        facts.push(("profile-warning", BORROWED_NAME.to_owned()));
    }
    if let Some(line) = &certificate.load_line {
        facts.push(("load-line", load_line(line.rate_per_ks)));
        facts.push(("load-line-next", line.next.clone()));
    }
    let sentences = [
        ("condition", &certificate.conditions),
        ("exclusion", &certificate.exclusions),
        ("not-proven", &certificate.not_proven),
    ];
    facts
        .extend(sentences.into_iter().flat_map(|(name, all)| all.iter().map(move |one| (name, one.clone()))));
    facts
}

fn load_line(rate_per_ks: u64) -> String {
    match rate_per_ks {
        0 => "none".to_owned(),
        amount => plimsoll_base::Quantity { amount, unit: plimsoll_base::Unit::PerKs }.to_string(),
    }
}

/// Facts as a property bag. Those that may come more than once are lists.
pub(super) fn properties(facts: &[Fact]) -> Map<String, Value> {
    let mut bag = Map::new();
    for (name, value) in facts {
        match (REPEATED.contains(name), bag.get_mut(*name)) {
            (true, Some(Value::Array(all))) => all.push(json!(value)),
            (true, _) => drop(bag.insert((*name).to_owned(), json!([value]))),
            (false, _) => drop(bag.insert((*name).to_owned(), json!(value))),
        }
    }
    bag
}

/// When the certificate was signed: the one time that every format bears.
pub(super) fn signed_at(intact: &Intact<'_>) -> Utc {
    intact.certificate.not_before
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_come_more_than_once_is_a_list() {
        let one = [("mapping", "1".into()), ("verdict", "PASS".into())];
        assert_eq!(Value::from(properties(&one)), json!({"mapping": ["1"], "verdict": "PASS"}));
        let two = [("mapping", "1".into()), ("mapping", "2".into())];
        assert_eq!(Value::from(properties(&two)), json!({"mapping": ["1", "2"]}));
    }
}
