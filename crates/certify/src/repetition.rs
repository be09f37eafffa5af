//! A certificate to be measured again: the same subject, profile, load and seed, by whoever asks, on his machine.

use plimsoll_evidence::{Before, Plan, Repeats, SubjectIdentity};

use crate::error::Error;
use crate::files::Subject;
use crate::planning::make_plan;
use crate::recheck::Certified;

/// What is repeated.
#[derive(Debug, Clone)]
pub struct Repetition {
    /// The plan as it was registered then.
    pub plan: Plan,
    /// What came of it.
    pub repeats: Repeats,
}

impl Repetition {
    /// Of a certificate that was verified.
    pub fn of(certified: &Certified<'_>) -> Self {
        let before = certified.judgement.criteria.iter().map(|judged| Before {
            id: judged.criterion.id.clone(),
            verdict: judged.verdict,
            value: judged.measurement.value,
        });
        let repeats = Repeats {
            certificate: certified.payload,
            plan: certified.certificate.plan,
            resources: certified.plan.subject.resources.clone(),
            criteria: before.collect(),
        };
        Self { plan: certified.plan.clone(), repeats }
    }

    /// The plan by which it is measured again: all that was drawn then is drawn again.
    pub(crate) fn again(
        &self,
        subject: &Subject,
        identity: SubjectIdentity,
        earlier_attempts: u64,
    ) -> Result<Plan, Error> {
        let (then, seed) = (&self.plan, *self.plan.seed.as_bytes());
        let mut plan = make_plan(subject, identity, &then.profile, seed, earlier_attempts)?;
        let differing = [
            ("rate", plan.rate_per_ks != then.rate_per_ks),
            ("time-out", plan.timeout_ns != then.timeout_ns),
            ("profile", plan.profile != then.profile),
            ("kind", plan.subject.kind != then.subject.kind),
            ("order of controls", plan.scenes != then.scenes),
        ];
        if let Some((what, _)) = differing.iter().find(|(_, differs)| *differs) {
            return Err(Error::NotRepeatable(what));
        }
        plan.repeats = Some(Box::new(self.repeats.clone()));
        Ok(plan)
    }
}
