//! From all documents to verdicts and the status of the certificate. The issuer calls it once, every verifier
//! calls it again.

use plimsoll_base::Utc;
use plimsoll_proof::Digest;
use serde::{Deserialize, Serialize};

use crate::amount::Amount;
use crate::calibration::calibration_problem;
use crate::criterion::{Criterion, Probe, Rule, Scene, Severity};
use crate::document::{Plan, ProxyCounts};
use crate::documents::Documents;
use crate::error::Error;
use crate::estimate::{self, LoadLine, TRIALS_FOR_BOUND};
use crate::measurement::{Estimator, Measurement};
use crate::sentence;
use crate::subject::SubjectKind;
use crate::verdict::{Verdict, decide, decide_by};

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
    /// Whether the probe was seen red on a planted defect.
    pub control: Option<ControlResult>,
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
    /// Whether the control supports `verdict`: red on the defect, green on the sham. A subject that is itself
    /// red is red on the sham too.
    pub fn supports(&self, verdict: Verdict) -> bool {
        let subject_is_red = matches!(verdict, Verdict::Fail | Verdict::ConditionalFail);
        self.seen_red && (self.on_sham == Verdict::Pass || subject_is_red)
    }
}

/// Judges all documents against the plan among them.
pub fn judge(documents: &Documents) -> Result<Judgement, Error> {
    let (_, plan) = documents.plan()?;
    documents.check_trials()?;
    check_calibration(documents)?;
    let criteria: Vec<JudgedCriterion> = plan
        .profile
        .criteria
        .iter()
        .map(|criterion| judge_one(plan, criterion, documents))
        .collect::<Result<_, _>>()?;
    let asks_for_line = plan.profile.criteria.iter().any(|criterion| criterion.probe == Probe::LoadLine);
    let load_line = if asks_for_line { Some(estimate::load_line(&plan.profile, documents)?) } else { None };
    let (measured_from, measured_until) =
        documents.span().ok_or_else(|| Error::Missing("no trial was run".into()))?;
    let status = status(plan, &criteria);
    Ok(Judgement {
        status,
        conditions: conditions(plan, &criteria),
        exclusions: exclusions(&criteria),
        criteria,
        load_line,
        measured_from,
        measured_until,
    })
}

/// Why no certificate can be issued on this judgement, if that is so: a blocking criterion's probe was not
/// seen red on its planted defect, or not seen green without it.
pub fn without_control(judgement: &Judgement) -> Vec<String> {
    let lacks = |judged: &&JudgedCriterion| {
        let needs = judged.criterion.severity == Severity::Blocking
            && !matches!(
                judged.verdict,
                Verdict::NotApplicable | Verdict::NotMeasured | Verdict::Inconclusive
            );
        needs && !judged.control.as_ref().is_some_and(|control| control.supports(judged.verdict))
    };
    judgement.criteria.iter().filter(lacks).map(sentence::control_missing).collect()
}

fn check_calibration(documents: &Documents) -> Result<(), Error> {
    let (_, calibration) = documents.calibration()?;
    let (_, environment) = documents.environment()?;
    if calibration.plimsoll_sha256 != environment.plimsoll_sha256 || calibration.boot != environment.boot {
        return Err(Error::evidence("the calibration is of another program or another boot of the machine"));
    }
    match calibration_problem(calibration) {
        None => Ok(()),
        Some(problem) => Err(Error::evidence(problem)),
    }
}

fn judge_one(plan: &Plan, criterion: &Criterion, documents: &Documents) -> Result<JudgedCriterion, Error> {
    check_criterion(criterion)?;
    let measurement = estimate::estimate(&plan.profile, criterion, documents, Scene::Measured)?;
    let verdict = match nothing_to_measure(plan, criterion) {
        Some(_) if criterion.may_not_apply => Verdict::NotApplicable,
        Some(_) => Verdict::NotMeasured,
        None => decide(criterion, &measurement),
    };
    let control = match criterion.control {
        Some(scene) if nothing_to_measure(plan, criterion).is_none() => {
            Some(control(plan, criterion, documents, scene)?)
        }
        _ => None,
    };
    let reason = match nothing_to_measure(plan, criterion) {
        Some(why) => why.to_owned(),
        None => sentence::reason(criterion, &measurement, verdict),
    };
    Ok(JudgedCriterion { criterion: criterion.clone(), measurement, verdict, reason, control })
}

/// What a profile may not say, because no probe could honour it.
fn check_criterion(criterion: &Criterion) -> Result<(), Error> {
    let wrong = |what: &str| Err(Error::evidence(format!("criterion {}: {what}", criterion.id)));
    if criterion.unit != criterion.probe.unit() {
        return wrong("its unit is not that of its probe");
    }
    if criterion.op != criterion.probe.op() {
        return wrong("its limit lies on the wrong side for its probe");
    }
    if criterion.quantile_ppb.is_some() != (criterion.probe == Probe::Latency) {
        return wrong("a quantile belongs to latency, and to nothing else");
    }
    match criterion.control {
        Some(scene) if !criterion.probe.scenes().contains(&scene) => {
            wrong("its control cannot turn its probe red")
        }
        None if criterion.severity == Severity::Blocking => wrong("a blocking criterion needs a control"),
        _ => Ok(()),
    }
}

/// Why the subject has nothing to measure for a criterion, if that is so.
fn nothing_to_measure(plan: &Plan, criterion: &Criterion) -> Option<&'static str> {
    if criterion.probe.needs_process() && plan.subject.kind == SubjectKind::Url {
        return Some("the subject is known by URL only: it cannot be started, stopped or killed here");
    }
    if criterion.probe == Probe::AcknowledgedWrites && !plan.subject.has_ledger {
        return Some("the subject's description has no [ledger]: no write that could be read back");
    }
    None
}

fn control(
    plan: &Plan,
    criterion: &Criterion,
    documents: &Documents,
    scene: Scene,
) -> Result<ControlResult, Error> {
    let on_defect = estimate::estimate(&plan.profile, criterion, documents, scene)?;
    let on_sham = estimate::estimate(&plan.profile, criterion, documents, scene.sham())?;
    let judged = |measurement: &Measurement| match measurement.estimator {
        // A sham of the load line is one step: it must reach the limit or the subject's rate.
        Estimator::HighestStep => reaches(plan, criterion, measurement),
        _ => decide_by(Rule::Simple, criterion, measurement),
    };
    let proxy = documents.proxy_counts(scene);
    let took_effect = proxy.is_none_or(|counts| counts.harmed > 0);
    let verdict = judged(&on_defect);
    Ok(ControlResult {
        scene,
        on_defect: verdict,
        defect_value: on_defect.value,
        on_sham: judged(&on_sham),
        sham_value: on_sham.value,
        proxy,
        seen_red: took_effect && verdict == Verdict::Fail,
        evidence: on_defect.evidence.iter().chain(&on_sham.evidence).copied().collect(),
    })
}

fn reaches(plan: &Plan, criterion: &Criterion, measurement: &Measurement) -> Verdict {
    let within_reach = Criterion { limit: criterion.limit.min(plan.rate_per_ks), ..criterion.clone() };
    decide_by(Rule::Simple, &within_reach, measurement)
}

fn status(plan: &Plan, criteria: &[JudgedCriterion]) -> Status {
    let any = |severity: Severity, verdicts: &[Verdict]| {
        criteria
            .iter()
            .any(|judged| judged.criterion.severity == severity && verdicts.contains(&judged.verdict))
    };
    let unmet = [
        Verdict::Fail,
        Verdict::ConditionalFail,
        Verdict::Error,
        Verdict::Inconclusive,
        Verdict::NotMeasured,
        Verdict::ConditionalPass,
        Verdict::Waived,
    ];
    let trials = usize::try_from(plan.profile.trials).unwrap_or(usize::MAX);
    if any(Severity::Blocking, &[Verdict::Fail, Verdict::ConditionalFail]) {
        Status::Denied
    } else if any(Severity::Blocking, &[Verdict::Error, Verdict::Inconclusive, Verdict::NotMeasured]) {
        Status::Pending
    } else if any(Severity::Blocking, &unmet) || any(Severity::Conditional, &unmet) {
        Status::Conditional
    } else if trials < TRIALS_FOR_BOUND {
        Status::Preliminary
    } else {
        Status::Certified
    }
}

fn conditions(plan: &Plan, criteria: &[JudgedCriterion]) -> Vec<String> {
    let met = [Verdict::Pass, Verdict::NotApplicable];
    let unmet = |judged: &&JudgedCriterion| {
        judged.criterion.severity != Severity::Advisory && !met.contains(&judged.verdict)
    };
    let mut conditions: Vec<String> = criteria
        .iter()
        .filter(unmet)
        .map(|judged| format!("{}: {}", judged.criterion.id, judged.reason))
        .collect();
    let trials = usize::try_from(plan.profile.trials).unwrap_or(usize::MAX);
    if trials < TRIALS_FOR_BOUND {
        conditions.push(format!(
            "{trials} trials: fewer than the {TRIALS_FOR_BOUND} that give a bound between trials, hence preliminary"
        ));
    }
    conditions
}

fn exclusions(criteria: &[JudgedCriterion]) -> Vec<String> {
    criteria
        .iter()
        .filter(|judged| judged.verdict == Verdict::NotApplicable)
        .map(|judged| format!("{}: {}", judged.criterion.id, judged.reason))
        .collect()
}
