//! What stands between a certificate and the next better status, the least effort first.

use plimsoll_base::Utc;
use serde::{Serialize, Serializer};

use crate::amount::Amount;
use crate::criterion::{Op, Profile, Severity};
use crate::estimate::TRIALS_FOR_BOUND;
use crate::gap::Gap;
use crate::judgement::{JudgedCriterion, Judgement, Status};
use crate::standing::{EffectiveStatus, Standing};
use crate::statement::CertificatePredicate;
use crate::status::status;
use crate::verdict::Verdict;

/// 1 in parts per billion.
const ONE_PPB: u128 = 1_000_000_000;

/// What it takes to remove a hurdle, as far as the criteria tell; the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effort {
    /// Somebody has to look and to sign.
    Person,
    /// It has to be measured again, or for longer.
    NewRun,
    /// The value is so close to the limit that its bound does not keep it.
    Close,
    /// The limit is broken.
    Broken,
    /// The subject does not have what the probe needs.
    Subject,
    /// Nothing measures it yet.
    Probe,
}

impl Effort {
    /// The effort in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Person => "a person signs",
            Self::NewRun => "a new run",
            Self::Close => "close to the limit",
            Self::Broken => "beyond the limit",
            Self::Subject => "the subject lacks it",
            Self::Probe => "nothing measures it",
        }
    }
}

impl Serialize for Effort {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// One thing that is not as it has to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hurdle {
    /// What it takes.
    pub effort: Effort,
    /// The criterion, gap or role, or `certificate`, `trials`.
    pub id: String,
    /// What it does to the certificate; none where it is no criterion.
    pub severity: Option<Severity>,
    /// What was decided of it.
    pub verdict: Option<Verdict>,
    /// Of a broken limit: by which share of it, in parts per billion; of a limit of 0, in parts per billion of 1.
    pub beyond_ppb: Option<Amount>,
    /// Whether the next status has to wait for it.
    pub is_next: bool,
    /// As a sentence.
    pub what: String,
}

/// The way up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Roadmap {
    /// What it is worth now.
    pub status: EffectiveStatus,
    /// What it would be without those that come next; none if there is nothing better.
    #[serde(serialize_with = "status_name")]
    pub next: Option<Status>,
    /// All that is not as it has to be, the least effort first, and of broken limits the least broken.
    pub hurdles: Vec<Hurdle>,
}

fn status_name<S: Serializer>(status: &Option<Status>, serializer: S) -> Result<S::Ok, S::Error> {
    status.map(Status::name).serialize(serializer)
}

/// The way up from a certificate at a time.
pub fn roadmap(
    certificate: &CertificatePredicate,
    judgement: &Judgement,
    profile: &Profile,
    standing: &Standing,
    at: Utc,
) -> Roadmap {
    let mut hurdles = whole(profile, standing);
    for (judged, summary) in judgement.criteria.iter().zip(&certificate.criteria) {
        let is_stale = at >= summary.fresh_until && at < certificate.not_after;
        let is_lacking = certificate.subject.lacks_for(&judged.criterion).is_some();
        hurdles.extend(criterion(judged, standing, is_stale.then_some(summary.fresh_until), is_lacking));
    }
    hurdles.extend(profile.gaps.iter().map(|gap| of_gap(gap, standing)));
    let next = next(judgement, profile, standing, certificate.status);
    for hurdle in &mut hurdles {
        hurdle.is_next = is_next(hurdle, standing, profile.trials);
    }
    hurdles.sort_by_key(|hurdle| {
        (hurdle.effort, hurdle.beyond_ppb.unwrap_or(Amount::Finite(0)), !hurdle.is_next)
    });
    Roadmap { status: standing.status, next, hurdles }
}

/// What is not as it has to be with the certificate as a whole.
fn whole(profile: &Profile, standing: &Standing) -> Vec<Hurdle> {
    let of_all = |effort, id: &str, what: String| Hurdle {
        effort,
        id: id.to_owned(),
        severity: None,
        verdict: None,
        beyond_ppb: None,
        is_next: false,
        what,
    };
    let mut hurdles = Vec::new();
    let reason = standing.reasons.first().cloned().unwrap_or_default();
    match standing.status {
        EffectiveStatus::Judged(_) => {}
        EffectiveStatus::Suspended => hurdles.push(of_all(Effort::Person, "certificate", reason)),
        EffectiveStatus::Stale | EffectiveStatus::Revoked | EffectiveStatus::Superseded => {
            hurdles.push(of_all(Effort::NewRun, "certificate", reason));
        }
    }
    let has_approval =
        |id: &str| standing.sign_offs.iter().any(|one| one.counts && one.sign_off.said.role == id);
    if standing.signed_off < standing.need {
        let missing = standing.roles.iter().filter(|role| !has_approval(&role.id));
        hurdles.extend(missing.map(|role| {
            of_all(Effort::Person, &role.id, format!("{} has not signed: {}", role.title, role.contact))
        }));
        let approved = standing.roles.iter().filter(|role| has_approval(&role.id)).count() as u64;
        if approved > standing.signed_off {
            let filled = standing.signed_off;
            let what =
                format!("{approved} roles have signed, and {filled} of them counts: a key fills one role");
            hurdles.push(of_all(Effort::Person, "keys", what));
        }
    }
    if profile.trials < TRIALS_FOR_BOUND as u64 {
        let what = format!("{} trials give no bound between them, {TRIALS_FOR_BOUND} do", profile.trials);
        hurdles.push(of_all(Effort::NewRun, "trials", what));
    }
    hurdles
}

fn criterion(
    judged: &JudgedCriterion,
    standing: &Standing,
    stale_since: Option<Utc>,
    is_lacking: bool,
) -> Option<Hurdle> {
    let effort = match judged.verdict {
        Verdict::Pass | Verdict::NotApplicable if stale_since.is_none() => return None,
        Verdict::Pass | Verdict::NotApplicable | Verdict::Inconclusive | Verdict::Error => Effort::NewRun,
        Verdict::ConditionalPass | Verdict::ConditionalFail | Verdict::Waived => Effort::Close,
        Verdict::Fail => Effort::Broken,
        Verdict::NotMeasured if is_lacking => Effort::Subject,
        Verdict::NotMeasured => Effort::NewRun,
    };
    let is_broken = matches!(judged.verdict, Verdict::Fail | Verdict::ConditionalFail);
    let stale = stale_since.map_or_else(String::new, |since| format!("stale since {since}; "));
    Some(Hurdle {
        effort,
        id: judged.criterion.id.clone(),
        severity: Some(judged.criterion.severity),
        verdict: Some(judged.verdict),
        beyond_ppb: if is_broken { beyond_ppb(judged) } else { None },
        is_next: false,
        what: format!("{}{stale}{}", waived(&judged.criterion.id, standing), judged.brief),
    })
}

fn of_gap(gap: &Gap, standing: &Standing) -> Hurdle {
    Hurdle {
        effort: Effort::Probe,
        id: gap.id.clone(),
        severity: Some(gap.severity),
        verdict: Some(Gap::VERDICT),
        beyond_ppb: None,
        is_next: false,
        what: format!("{}it needs {}", waived(&gap.id, standing), gap.missing),
    }
}

/// Until when it is waived, if it is.
fn waived(id: &str, standing: &Standing) -> String {
    let waiver = standing.waivers.iter().find(|waiver| waiver.counts && waiver.criterion == id);
    waiver.map_or_else(String::new, |waiver| format!("waived until {}; ", waiver.until))
}

fn beyond_ppb(judged: &JudgedCriterion) -> Option<Amount> {
    let limit = judged.criterion.limit;
    let beyond = match (judged.criterion.op, judged.measurement.value?) {
        (Op::AtMost, Amount::Infinite) => return Some(Amount::Infinite),
        (Op::AtMost, Amount::Finite(value)) => value.saturating_sub(limit),
        (Op::AtLeast, Amount::Infinite) => 0,
        (Op::AtLeast, Amount::Finite(value)) => limit.saturating_sub(value),
    };
    let share = u128::from(beyond) * ONE_PPB / u128::from(limit.max(1));
    Some(Amount::Finite(u64::try_from(share).unwrap_or(u64::MAX)))
}

/// Whether the status can be no better as long as this hurdle is there.
fn is_next(hurdle: &Hurdle, standing: &Standing, trials: u64) -> bool {
    let EffectiveStatus::Judged(status) = standing.status else {
        return hurdle.id == "certificate" && hurdle.verdict.is_none();
    };
    match (hurdle.severity, hurdle.verdict) {
        (Some(severity), Some(verdict)) => holds_at(status, severity, weighed(&hurdle.id, verdict, standing)),
        _ if hurdle.effort == Effort::Person => status == Status::Conditional,
        _ => status == Status::Preliminary && trials < TRIALS_FOR_BOUND as u64,
    }
}

/// A verdict as it is weighed: WAIVED where a waiver counts.
fn weighed(id: &str, verdict: Verdict, standing: &Standing) -> Verdict {
    let is_waived = standing.waivers.iter().any(|waiver| waiver.counts && waiver.criterion == id);
    if is_waived { Verdict::Waived } else { verdict }
}

/// Whether a verdict is among those that hold a certificate at a status.
fn holds_at(status: Status, severity: Severity, verdict: Verdict) -> bool {
    let is_blocking = severity == Severity::Blocking;
    match status {
        Status::Denied => is_blocking && matches!(verdict, Verdict::Fail | Verdict::ConditionalFail),
        Status::Pending => is_blocking && matches!(verdict, Verdict::Inconclusive | Verdict::NotMeasured),
        Status::Conditional => {
            let is_let_pass = matches!(verdict, Verdict::ConditionalPass | Verdict::Waived);
            is_blocking && is_let_pass || severity == Severity::Conditional && !verdict.is_met()
        }
        Status::Preliminary | Status::Certified => false,
    }
}

/// The status without the hurdles that come next.
fn next(judgement: &Judgement, profile: &Profile, standing: &Standing, signed: Status) -> Option<Status> {
    let EffectiveStatus::Judged(now) = standing.status else { return Some(signed) };
    let judged = judgement.criteria.iter();
    let criteria = judged.map(|one| (one.criterion.id.as_str(), one.criterion.severity, one.verdict));
    let gaps = profile.gaps.iter().map(|gap| (gap.id.as_str(), gap.severity, Gap::VERDICT));
    let verdicts: Vec<(Severity, Verdict)> = criteria
        .chain(gaps)
        .map(|(id, severity, verdict)| {
            let verdict = weighed(id, verdict, standing);
            (severity, if holds_at(now, severity, verdict) { Verdict::Pass } else { verdict })
        })
        .collect();
    let trials = if now == Status::Preliminary { TRIALS_FOR_BOUND as u64 } else { profile.trials };
    let better = status(&verdicts, trials)?;
    // Without its sign-offs it is conditional still, unless it was that already: then they are among what comes next.
    let is_held = standing.signed_off < standing.need && now != Status::Conditional;
    let better = match better {
        Status::Certified | Status::Preliminary if is_held => Status::Conditional,
        better => better,
    };
    (better != now).then_some(better)
}
