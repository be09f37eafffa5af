//! What every format is told: of the certificate as a whole, and of each criterion.

use plimsoll_base::Utc;
use plimsoll_evidence::{
    Amount, CriterionSummary, Estimator, Gap, Issuance, JudgedCriterion, Severity, State, Verdict, at_least,
    evidence_path,
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
    /// PASS of what is configured or declared, in its time: it proves nothing.
    Told,
    /// Without data, without a conclusion, under a condition, waived or stale.
    Open,
    /// There is nothing to measure, and the profile allows that.
    NotApplicable,
    /// Measuring broke down.
    Broken,
}

/// A criterion or a gap as formats are told of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Claim<'a> {
    of: Of<'a>,
    pub(super) verdict: Verdict,
    pub(super) state: State,
    pub(super) standing: Standing,
}

#[derive(Debug, Clone, Copy)]
enum Of<'a> {
    Criterion(&'a JudgedCriterion, &'a CriterionSummary),
    /// What the profile asks for and nothing measures, and when the certificate that says so is over.
    Gap(&'a Gap, Utc),
}

/// A name of small letters and hyphens, and what is to be said under it.
pub(super) type Fact = (&'static str, String);

/// The facts of which there may be several.
const REPEATED: [&str; 4] = ["mapping", "condition", "exclusion", "not-proven"];

impl<'a> Claim<'a> {
    pub(super) fn all(intact: &Intact<'a>) -> Vec<Self> {
        let criterion = |(judged, summary): (&'a JudgedCriterion, &'a CriterionSummary)| {
            let state = intact.state(summary);
            let standing = standing(judged.verdict, state);
            Self { of: Of::Criterion(judged, summary), verdict: judged.verdict, state, standing }
        };
        let until = intact.certificate.not_after;
        let gap = |gap: &'a Gap| {
            let (verdict, state) = (Gap::VERDICT, Gap::VERDICT.state(State::Unknown));
            Self { of: Of::Gap(gap, until), verdict, state, standing: standing(verdict, state) }
        };
        intact.criteria().map(criterion).chain(intact.profile.gaps.iter().map(gap)).collect()
    }

    pub(super) fn id(&self) -> &'a str {
        match self.of {
            Of::Criterion(judged, _) => &judged.criterion.id,
            Of::Gap(gap, _) => &gap.id,
        }
    }

    pub(super) fn statement(&self) -> &'a str {
        match self.of {
            Of::Criterion(judged, _) => &judged.criterion.statement,
            Of::Gap(gap, _) => &gap.statement,
        }
    }

    pub(super) fn domain(&self) -> &'a str {
        match self.of {
            Of::Criterion(judged, _) => &judged.criterion.domain,
            Of::Gap(gap, _) => &gap.domain,
        }
    }

    pub(super) fn severity(&self) -> Severity {
        match self.of {
            Of::Criterion(judged, _) => judged.criterion.severity,
            Of::Gap(gap, _) => gap.severity,
        }
    }

    pub(super) fn mappings(&self) -> &'a [String] {
        match self.of {
            Of::Criterion(judged, _) => &judged.criterion.mappings,
            Of::Gap(gap, _) => &gap.mappings,
        }
    }

    /// The limit for people; of a gap what it asks for.
    pub(super) fn limit(&self) -> String {
        match self.of {
            Of::Criterion(judged, _) => judged.criterion.limit_text(),
            Of::Gap(gap, _) => gap.asked.clone(),
        }
    }

    /// Probe and rule; a gap has neither.
    pub(super) fn check(&self) -> Option<(&'static str, &'static str)> {
        match self.of {
            Of::Criterion(judged, _) => Some((judged.criterion.probe.name(), judged.criterion.rule.name())),
            Of::Gap(..) => None,
        }
    }

    pub(super) fn measured(&self) -> Option<&'a JudgedCriterion> {
        match self.of {
            Of::Criterion(judged, _) => Some(judged),
            Of::Gap(..) => None,
        }
    }

    pub(super) fn fresh_until(&self) -> Utc {
        match self.of {
            Of::Criterion(_, summary) => summary.fresh_until,
            Of::Gap(_, until) => until,
        }
    }

    /// The file in the certificate's folder that says it: its signed statement; of a gap the plan.
    pub(super) fn path(&self, intact: &Intact<'_>) -> String {
        match self.of {
            Of::Criterion(_, summary) => summary.statement.clone(),
            Of::Gap(..) => evidence_path(intact.certificate.plan, "json"),
        }
    }

    /// Whether the certificate's status hangs on it.
    pub(super) fn is_decisive(&self) -> bool {
        self.severity() != Severity::Advisory
    }

    /// Why it was decided so, as a sentence.
    pub(super) fn decision(&self) -> String {
        match self.of {
            Of::Criterion(judged, _) => judged.reason.clone(),
            Of::Gap(gap, _) => format!("no probe yet, missing: {}", gap.missing),
        }
    }

    /// Why it stands as it does, as a sentence.
    pub(super) fn reason(&self) -> String {
        let decision = self.decision();
        match (self.state, self.verdict) {
            (State::Configured, Verdict::Pass) => format!("configured, not proven: {decision}"),
            (State::Declared, Verdict::Pass) => format!("declared by others, not proven: {decision}"),
            (State::Stale, _) => format!("stale since {}: {decision}", self.fresh_until()),
            (_, Verdict::NotApplicable) if decision.is_empty() => "not applicable".to_owned(),
            _ => decision,
        }
    }

    /// Everything in words and numbers, in the order in which it is read.
    pub(super) fn facts(&self) -> Vec<Fact> {
        let mut facts = vec![
            ("verdict", self.verdict.name().to_owned()),
            ("state", self.state.name().to_owned()),
            ("severity", self.severity().name().to_owned()),
        ];
        match self.of {
            Of::Criterion(judged, summary) => facts.extend(measured(judged, summary)),
            Of::Gap(gap, _) => {
                facts.extend([("asked-for", gap.asked.clone()), ("missing", gap.missing.clone())]);
            }
        }
        facts.extend(self.mappings().iter().map(|mapping| ("mapping", mapping.clone())));
        facts
    }
}

/// What was required of a criterion and what was measured.
fn measured(judged: &JudgedCriterion, summary: &CriterionSummary) -> Vec<Fact> {
    let (criterion, measurement) = (&judged.criterion, &judged.measurement);
    let shown = |amount: Amount| amount.display(measurement.unit);
    let mut facts = vec![("limit", criterion.limit_text()), ("rule", criterion.rule.name().to_owned())];
    facts.extend(criterion.asked.iter().map(|asked| ("asked-for", asked.clone())));
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
    if let Some(control) = &judged.control {
        let red = if control.seen_red { "seen red on" } else { "not seen red on" };
        facts.push(("control", format!("{red} {}", control.scene.name())));
    }
    facts.push(("fresh-until", summary.fresh_until.to_string()));
    facts.push(("statement", summary.statement.clone()));
    facts
}

fn standing(verdict: Verdict, state: State) -> Standing {
    match verdict {
        Verdict::Pass if state == State::Proven => Standing::Proven,
        Verdict::Pass if matches!(state, State::Configured | State::Declared) => Standing::Told,
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
    facts.extend(status_now(intact));
    if has_borrowed_name(intact.report) {
        facts.push(("profile-warning", BORROWED_NAME.to_owned()));
    }
    if let Some(line) = &certificate.load_line {
        facts.push(("load-line", line.rate_text()));
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

/// What has become of the status since it was signed: a waiver, or sign-offs that are not there.
fn status_now(intact: &Intact<'_>) -> Option<Fact> {
    let standing = intact.report.standing.as_ref().filter(|standing| !standing.reasons.is_empty())?;
    let (now, reasons) = (standing.status.name(), standing.reasons.join("; "));
    Some(("status-now", format!("{now}, as of the log's last entry at {}: {reasons}", standing.as_of)))
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
