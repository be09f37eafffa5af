//! What a certificate is worth at some time: what was signed, and what was said since. Nothing of this is in the signed
//! bytes, which were there before; every verifier computes it.

use plimsoll_base::Utc;
use plimsoll_proof::{Digest, TrustFile, TrustPurpose};
use serde::{Serialize, Serializer};

use crate::criterion::{Profile, Severity};
use crate::entry::{EntryType, LogEntry, LoggedEntry};
use crate::gap::Gap;
use crate::judgement::{Judgement, Status};
use crate::later::{statements_about, withdrawal};
use crate::sign_off::{Decision, Role};
use crate::statement::CertificatePredicate;
use crate::status::status;
use crate::verdict::Verdict;
use crate::verify::{Outcome, SignOff};

/// The status of a certificate at some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EffectiveStatus {
    /// As judged, with waivers and sign-offs.
    Judged(Status),
    /// Its time is over.
    Stale,
    /// Its issuer lets it rest.
    Suspended,
    /// Its issuer has withdrawn it.
    Revoked,
    /// Another has taken its place.
    Superseded,
}

impl EffectiveStatus {
    /// The status's name in tables and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Judged(status) => status.name(),
            Self::Stale => "stale",
            Self::Suspended => "suspended",
            Self::Revoked => "revoked",
            Self::Superseded => "superseded",
        }
    }
}

impl Serialize for EffectiveStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// A criterion that somebody let pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Waiver {
    /// The criterion or gap.
    pub criterion: String,
    /// What was decided of it, which stays what it is; none if there is no such criterion.
    pub verdict: Option<Verdict>,
    /// Who answers for it.
    pub who: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub time: Utc,
    /// The first second at which it is over.
    pub until: Utc,
    /// Whether it counts; `note` says why not.
    pub counts: bool,
    /// In a few words.
    pub note: &'static str,
}

/// A sign-off, and whether it counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WeighedSignOff {
    /// What was signed.
    #[serde(flatten)]
    pub sign_off: SignOff,
    /// Whether it counts; `note` says why not.
    pub counts: bool,
    /// In a few words.
    pub note: &'static str,
}

/// A time at which something has to be looked at again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Due {
    /// When.
    pub at: Utc,
    /// What happens then.
    pub what: String,
}

/// What a certificate is worth at some time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// As a whole.
    pub status: EffectiveStatus,
    /// The time of the last entry of the log that ships: what was said later is not known.
    pub as_of: Utc,
    /// Why it is not what was signed, one sentence each.
    pub reasons: Vec<String>,
    /// The last waiver of each criterion.
    pub waivers: Vec<Waiver>,
    /// How many of the roles must have signed off; 0 where the profile demands nothing.
    pub need: u64,
    /// How many have.
    pub signed_off: u64,
    /// The roles that the profile names.
    pub roles: Vec<Role>,
    /// What people said.
    pub sign_offs: Vec<WeighedSignOff>,
    /// What has to be looked at again and when, the earliest first.
    pub due: Vec<Due>,
}

/// All that a standing follows from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grounds<'a> {
    pub(crate) certificate: &'a CertificatePredicate,
    pub(crate) payload: Digest,
    pub(crate) judgement: &'a Judgement,
    pub(crate) profile: &'a Profile,
    pub(crate) history: &'a [LoggedEntry],
    pub(crate) sign_offs: &'a [SignOff],
    pub(crate) trusted: &'a TrustFile,
    pub(crate) at: Utc,
}

impl Standing {
    pub(crate) fn of(grounds: &Grounds<'_>) -> Self {
        let waivers = waivers(grounds);
        let sign_offs: Vec<WeighedSignOff> =
            grounds.sign_offs.iter().map(|sign_off| grounds.weigh(sign_off)).collect();
        let demand = grounds.profile.sign_off.as_ref();
        let approvals: Vec<(&str, Digest)> = sign_offs
            .iter()
            .filter(|weighed| weighed.counts)
            .map(|weighed| (weighed.sign_off.said.role.as_str(), weighed.sign_off.key))
            .collect();
        let signed_off = demand.map_or(0, |demand| demand.filled(&approvals));
        let need = demand.map_or(0, |demand| demand.need);
        let mut standing = Self {
            status: EffectiveStatus::Judged(grounds.certificate.status),
            as_of: grounds.history.last().map_or(grounds.certificate.not_before, |last| last.entry.time),
            reasons: Vec::new(),
            waivers,
            need,
            signed_off,
            roles: demand.map_or_else(Vec::new, |demand| demand.roles.clone()),
            sign_offs,
            due: Vec::new(),
        };
        standing.due = due(grounds, &standing);
        standing.decide(grounds);
        standing
    }

    fn decide(&mut self, grounds: &Grounds<'_>) {
        if let Some((outcome, reason)) = withdrawal(grounds.history, grounds.payload) {
            self.reasons.push(reason);
            self.status = match outcome {
                Outcome::Superseded => EffectiveStatus::Superseded,
                Outcome::Suspended => EffectiveStatus::Suspended,
                _ => EffectiveStatus::Revoked,
            };
            return;
        }
        if grounds.at >= grounds.certificate.not_after {
            self.reasons.push(format!("its time was over at {}", grounds.certificate.not_after));
            self.status = EffectiveStatus::Stale;
            return;
        }
        let judged = self.judged(grounds);
        let is_better = matches!(judged, Status::Certified | Status::Preliminary);
        let status = if is_better && self.signed_off < self.need { Status::Conditional } else { judged };
        self.status = EffectiveStatus::Judged(status);
    }

    /// The status with what is waived as WAIVED. The sentences are told in any case: a denied certificate without its
    /// sign-offs lacks both.
    fn judged(&mut self, grounds: &Grounds<'_>) -> Status {
        for waiver in self.waivers.iter().filter(|waiver| waiver.counts) {
            self.reasons.push(format!("{} is waived until {}", waiver.criterion, waiver.until));
        }
        if self.signed_off < self.need {
            self.reasons.push(format!(
                "{} of {} sign-offs are there, {} are demanded",
                self.signed_off,
                self.roles.len(),
                self.need
            ));
        }
        let is_waived = |id: &str| self.waivers.iter().any(|waiver| waiver.counts && waiver.criterion == id);
        let verdicts: Vec<(Severity, Verdict)> = requirements(grounds)
            .map(|(id, severity, verdict)| (severity, if is_waived(id) { Verdict::Waived } else { verdict }))
            .collect();
        // A blocking ERROR has no status, and no certificate that could come to here.
        status(&verdicts, grounds.profile.trials).unwrap_or(grounds.certificate.status)
    }
}

/// Every criterion and gap with its severity and verdict.
fn requirements<'a>(grounds: &Grounds<'a>) -> impl Iterator<Item = (&'a str, Severity, Verdict)> + use<'a> {
    let judged = grounds.judgement.criteria.iter();
    let gaps = grounds.profile.gaps.iter().map(|gap| (gap.id.as_str(), gap.severity, Gap::VERDICT));
    judged.map(|one| (one.criterion.id.as_str(), one.criterion.severity, one.verdict)).chain(gaps)
}

/// Whether a requirement can be let pass: a blocking one that is not met. What broke down says nothing that somebody could
/// answer for.
pub fn is_waivable(severity: Severity, verdict: Verdict) -> bool {
    let is_unmet = matches!(
        verdict,
        Verdict::Fail | Verdict::ConditionalFail | Verdict::Inconclusive | Verdict::NotMeasured
    );
    severity == Severity::Blocking && is_unmet
}

/// The last waiver of each criterion, in the order in which they were first waived.
fn waivers(grounds: &Grounds<'_>) -> Vec<Waiver> {
    let mut waivers: Vec<Waiver> = Vec::new();
    let entries = statements_about(grounds.history, grounds.payload);
    for waiver in entries.filter_map(|entry| waiver(grounds, entry)) {
        match waivers.iter_mut().find(|earlier| earlier.criterion == waiver.criterion) {
            Some(earlier) => *earlier = waiver,
            None => waivers.push(waiver),
        }
    }
    waivers
}

fn waiver(grounds: &Grounds<'_>, entry: &LogEntry) -> Option<Waiver> {
    let said = entry.said.as_ref().filter(|_| entry.entry_type == EntryType::Waived)?;
    let (criterion, who, until) = (said.criterion.clone()?, said.who.clone()?, said.until?);
    let required = requirements(grounds).find(|(id, ..)| *id == criterion);
    let note = match required {
        None => "there is no such criterion",
        Some((_, severity, verdict)) if !is_waivable(severity, verdict) => {
            "only a blocking criterion that is not met, and did not end in ERROR, can be waived"
        }
        Some(_) if grounds.at >= until => "it is over",
        Some(_) if grounds.at < entry.time => "it had not begun",
        Some(_) => "",
    };
    Some(Waiver {
        criterion,
        verdict: required.map(|(_, _, verdict)| verdict),
        who,
        reason: said.reason.clone(),
        time: entry.time,
        until,
        counts: note.is_empty(),
        note,
    })
}

impl Grounds<'_> {
    /// Whether a sign-off counts. Each condition is about this one alone, so none makes another count for less.
    fn weigh(&self, sign_off: &SignOff) -> WeighedSignOff {
        let said = &sign_off.said;
        let is_role =
            |demand: &crate::sign_off::SignOffDemand| demand.roles.iter().any(|role| role.id == said.role);
        let is_known = self.trusted.entries().iter().any(|entry| {
            entry.purpose == TrustPurpose::Reviewer
                && entry.key.public_key().digest() == sign_off.key
                && entry.is_valid_at(self.at)
        });
        let note = if !is_known {
            "unknown signer: no trusted reviewer has this key"
        } else if said.decision == Decision::Rejected {
            "a rejection counts for nothing, as if it were missing"
        } else if said.time < self.certificate.not_before || said.time > self.at {
            "signed before the certificate, or after the time asked about"
        } else if said.next_review.is_some_and(|next| self.at >= next) {
            "it had to be looked at again by now"
        } else if !self.profile.sign_off.as_ref().is_some_and(is_role) {
            "the profile does not ask for this role"
        } else {
            ""
        };
        WeighedSignOff { sign_off: sign_off.clone(), counts: note.is_empty(), note }
    }
}

/// What has to be looked at again.
fn due(grounds: &Grounds<'_>, standing: &Standing) -> Vec<Due> {
    let certificate = grounds.certificate;
    let mut due = vec![Due { at: certificate.not_after, what: "the certificate expires".into() }];
    // Those that end with the certificate need no line of their own.
    let others = certificate.criteria.iter().filter(|one| one.fresh_until != certificate.not_after);
    due.extend(others.map(|one| Due { at: one.fresh_until, what: format!("{} is stale", one.id) }));
    // One that never let anything pass leaves nothing to look at.
    let had_effect = |one: &&Waiver| one.counts || grounds.at >= one.until;
    due.extend(
        standing
            .waivers
            .iter()
            .filter(had_effect)
            .map(|waiver| Due { at: waiver.until, what: format!("the waiver of {} ends", waiver.criterion) }),
    );
    let reviews = standing.sign_offs.iter().filter_map(|one| Some((one, one.sign_off.said.next_review?)));
    due.extend(reviews.map(|(one, at)| Due {
        at,
        what: format!("{} has to look again, as {}", one.sign_off.said.who, one.sign_off.said.role),
    }));
    due.sort();
    due
}
