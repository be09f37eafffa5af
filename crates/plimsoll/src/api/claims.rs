//! What a certificate claims, as the console shows it: nothing of it is believed before it has been verified.

use plimsoll_base::Utc;
use plimsoll_certify::Intact;
use plimsoll_certify::register::CertificationId;
use plimsoll_evidence::{ControlResult, CriterionSummary, Gap, JudgedCriterion, Report, State, StepReport};
use schemars::JsonSchema;
use serde::Serialize;

use super::certificates::reading;
use super::certifications::ById;
use super::problem::Problem;
use super::route::{Call, Json};
use crate::record::utc;

/// What a certificate claims, and whether it holds.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Claims {
    /// What a verification says as a whole: `valid`, `valid_demo`, `expired`, `invalid`, ...
    outcome: &'static str,
    /// What was looked at, one after the other; the first that fails decides.
    steps: Vec<StepView>,
    /// Why nothing of it is shown: it is not as it was signed, its time is over, or it was withdrawn.
    not_shown: Option<String>,
    /// The highest rate at which every criterion of load passes, and why no higher one does.
    load_line: Option<String>,
    /// In the order of the profile; then what the profile asks for and nothing measures.
    criteria: Vec<ClaimView>,
    conditions: Vec<String>,
    not_proven: Vec<String>,
    /// Attempts before this one, by the issuer's log.
    earlier_attempts: u64,
}

/// One step of a verification.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct StepView {
    step: &'static str,
    passed: bool,
    found: String,
}

/// One criterion, with what is known of it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ClaimView {
    id: String,
    /// What is claimed, in a sentence.
    statement: String,
    domain: String,
    /// `blocking`, or how much else it counts.
    severity: &'static str,
    /// `PASS`, `FAIL`, `NOT_MEASURED`, ...
    verdict: &'static str,
    /// `proven`, `contradicted`, `stale`, `configured`, `declared` or `unknown`.
    state: &'static str,
    /// The value with its bounds; none if nothing was measured.
    measured: Option<String>,
    limit: String,
    /// What the planted defect did to the verdict.
    control: Option<String>,
    /// How the verdict follows from what was measured.
    reason: String,
}

impl From<&StepReport> for StepView {
    fn from(step: &StepReport) -> Self {
        Self { step: step.step.name(), passed: step.passed, found: step.found.clone() }
    }
}

impl ClaimView {
    fn of(judged: &JudgedCriterion, state: State) -> Self {
        let criterion = &judged.criterion;
        Self {
            id: criterion.id.clone(),
            statement: criterion.statement.clone(),
            domain: criterion.domain.clone(),
            severity: criterion.severity.name(),
            verdict: judged.verdict.name(),
            state: state.name(),
            measured: judged.measurement.text(),
            limit: criterion.limit_text(),
            control: judged.control.as_ref().map(ControlResult::text),
            reason: judged.reason.clone(),
        }
    }

    fn of_gap(gap: &Gap) -> Self {
        Self {
            id: gap.id.clone(),
            statement: gap.statement.clone(),
            domain: gap.domain.clone(),
            severity: gap.severity.name(),
            verdict: Gap::VERDICT.name(),
            state: Gap::VERDICT.state(State::Unknown).name(),
            measured: None,
            limit: gap.asked.clone(),
            control: None,
            reason: gap.missing.clone(),
        }
    }
}

impl Claims {
    fn of(report: &Report, at: Utc) -> Self {
        let outcome = report.outcome.name();
        let steps = report.steps.iter().map(StepView::from).collect();
        let intact = match Intact::of(report, at) {
            Ok(intact) => intact,
            Err(reason) => return Self { outcome, steps, not_shown: Some(reason), ..Self::default() },
        };
        let claim = |(judged, summary): (&JudgedCriterion, &CriterionSummary)| {
            ClaimView::of(judged, intact.state(summary))
        };
        let gaps = intact.profile.gaps.iter().map(ClaimView::of_gap);
        let certificate = intact.certificate;
        let line = certificate.load_line.as_ref();
        Self {
            outcome,
            steps,
            not_shown: None,
            load_line: line.map(|line| format!("{}; {}", line.rate_text(), line.next)),
            criteria: intact.criteria().map(claim).chain(gaps).collect(),
            conditions: certificate.conditions.clone(),
            not_proven: certificate.not_proven.clone(),
            earlier_attempts: certificate.earlier_attempts,
        }
    }
}

pub(crate) async fn show_claims(call: Call<ById>) -> Result<Json<Claims>, Problem> {
    let id = CertificationId::new(&call.path.id)?;
    let at = utc(call.app.clock.unix_ms());
    let report = reading(&call.app, move |certificates| certificates.verify(&id, at, None)).await?;
    Ok(Json(Claims::of(&report, at)))
}
