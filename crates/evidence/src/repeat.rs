//! A certificate that somebody measured again: what it said, and whether the same came of it.

use plimsoll_proof::Digest;
use serde::{Deserialize, Serialize};

use crate::amount::Amount;
use crate::criterion::Profile;
use crate::document::Plan;
use crate::error::Error;
use crate::judgement::Judgement;
use crate::subject::ResourceDescriptor;
use crate::verdict::Verdict;

/// The certificate that a plan repeats, as it was read before the plan was registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeats {
    /// The digest of its payload, by which its issuer's log names it.
    pub certificate: Digest,
    /// The digest of its plan, which was registered. The seed and all that follows from it are those of this plan.
    pub plan: Digest,
    /// What its subject consisted of.
    pub resources: Vec<ResourceDescriptor>,
    /// What it said, in the profile's order.
    pub criteria: Vec<Before>,
}

/// What was said of a criterion before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Before {
    /// The criterion.
    pub id: String,
    /// What was decided.
    pub verdict: Verdict,
    /// What was measured, in the criterion's unit.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub value: Option<Amount>,
}

/// Whether the same came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reproduction {
    /// The digest of the repeated certificate's payload.
    pub certificate: Digest,
    /// The criteria in the profile's order.
    pub criteria: Vec<ReproducedCriterion>,
}

/// One criterion, measured twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReproducedCriterion {
    /// The criterion.
    pub id: String,
    /// What came of it.
    pub result: Repetition,
}

/// What came of measuring again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Repetition {
    /// The same decision on the same subject.
    Reproduced,
    /// Another decision on the same subject.
    NotReproduced,
    /// Another subject, or no decision in one of the two.
    NotComparable,
}

impl Repetition {
    /// The name in statements and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reproduced => "reproduced",
            Self::NotReproduced => "not-reproduced",
            Self::NotComparable => "not-comparable",
        }
    }
}

impl Repeats {
    /// Refuses a list that is not of the profile's criteria: what is left out could not be held against anything.
    pub(crate) fn check(&self, profile: &Profile) -> Result<(), Error> {
        let ids = self.criteria.iter().map(|before| &before.id);
        if ids.eq(profile.criteria.iter().map(|criterion| &criterion.id)) {
            Ok(())
        } else {
            Err(Error::evidence("what the repeated certificate said is not said of the profile's criteria"))
        }
    }

    fn result(&self, plan: &Plan, before: &Before, now: Verdict) -> Repetition {
        if self.resources != plan.subject.resources || !before.verdict.is_decided() || !now.is_decided() {
            Repetition::NotComparable
        } else if before.verdict == now {
            Repetition::Reproduced
        } else {
            Repetition::NotReproduced
        }
    }
}

/// Whether what a plan repeats was reproduced; nothing where it repeats nothing.
pub(crate) fn reproduction(plan: &Plan, judgement: &Judgement) -> Option<Reproduction> {
    let repeats = plan.repeats.as_ref()?;
    let criteria = repeats.criteria.iter().zip(&judgement.criteria).map(|(before, judged)| {
        let result = repeats.result(plan, before, judged.verdict);
        ReproducedCriterion { id: before.id.clone(), result }
    });
    Some(Reproduction { certificate: repeats.certificate, criteria: criteria.collect() })
}
