//! What has become of a certificate: every reason for which it may have to be made anew, criterion by criterion.
//!
//! `recheck` is pure, over what the certificate says and what was found of the present. What could not be found out is not
//! known, and where a claim rests on it the claim is stale: no data is never a pass. The certificate itself never changes.

mod burn;
mod certified;
mod dependencies;
mod description;
mod observed;
mod platform;
mod present;
mod profile;
mod repository;
mod source;

use std::collections::BTreeSet;

use plimsoll_evidence::{Criterion, Family};

pub use burn::Burn;
pub use certified::Certified;
pub use observed::Observed;
pub use present::{Asked, Present};

/// One reason for which claims become stale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// The time of a claim is over.
    Expiry,
    /// Files within a criterion's scope have changed.
    Scope,
    /// A file that the certificate names by its digest has changed.
    Artifacts,
    /// What the subject's description says has changed.
    Description,
    /// What the subject is built from has changed.
    Dependencies,
    /// More of the source has changed than can be told apart.
    Churn,
    /// It runs on another sort of machine.
    Platform,
    /// It carries more than was certified.
    Envelope,
    /// It has not kept its objective.
    Burn,
    /// The criteria are no longer those by which it was judged.
    Profile,
    /// The measuring program is another one.
    Instrument,
}

impl Trigger {
    /// The trigger's name in tables and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Expiry => "expiry",
            Self::Scope => "scope",
            Self::Artifacts => "artifacts",
            Self::Description => "description",
            Self::Dependencies => "dependencies",
            Self::Churn => "churn",
            Self::Platform => "platform",
            Self::Envelope => "envelope",
            Self::Burn => "slo-burn",
            Self::Profile => "profile",
            Self::Instrument => "instrument",
        }
    }
}

/// What was found of a trigger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// It is as it was.
    Unchanged,
    /// It is not.
    Changed,
    /// Nobody can tell.
    NotKnown,
}

impl Finding {
    /// The finding's name in tables and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::Changed => "changed",
            Self::NotKnown => "not known",
        }
    }
}

/// A criterion that has to be measured anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stale {
    /// Which one.
    pub criterion: String,
    /// Why this one.
    pub why: String,
}

/// One trigger and what it found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Which trigger.
    pub trigger: Trigger,
    /// What was found.
    pub finding: Finding,
    /// What was compared with what.
    pub compared: String,
    /// The criteria that it makes stale, in the profile's order.
    pub stale: Vec<Stale>,
}

/// What has become of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recheck {
    /// Every trigger, each once.
    pub rows: Vec<Row>,
}

impl Recheck {
    /// Something changed that makes a claim stale; or a claim rests on what is not known; or nothing is stale.
    pub fn answer(&self) -> Finding {
        let makes_stale =
            |finding| self.rows.iter().any(|row| row.finding == finding && !row.stale.is_empty());
        if makes_stale(Finding::Changed) {
            Finding::Changed
        } else if makes_stale(Finding::NotKnown) {
            Finding::NotKnown
        } else {
            Finding::Unchanged
        }
    }

    /// The criteria that have to be measured anew.
    pub fn stale(&self) -> BTreeSet<&str> {
        self.rows.iter().flat_map(|row| &row.stale).map(|stale| stale.criterion.as_str()).collect()
    }

    /// The triggers that make a criterion stale.
    pub fn triggers_of(&self, criterion: &str) -> Vec<Trigger> {
        let names = |row: &&Row| row.stale.iter().any(|stale| stale.criterion == criterion);
        self.rows.iter().filter(names).map(|row| row.trigger).collect()
    }
}

/// Holds every trigger against what is known of the present.
pub fn recheck(certified: &Certified<'_>, present: &Present) -> Recheck {
    let rows = vec![
        expiry(certified, present),
        source::scope(certified, present),
        source::artifacts(certified, present),
        description::row(certified, &present.description),
        dependencies::row(certified, present),
        source::churn(certified, present),
        platform::row(certified, &present.environment),
        observed::row(certified, present.observed.as_ref()),
        burn::row(certified, present.burn.as_ref()),
        profile::row(certified, &present.profile),
        platform::instrument(certified, &present.environment),
    ];
    Recheck { rows }
}

/// A criterion that does not block may have a shorter time than the certificate.
fn expiry(certified: &Certified<'_>, present: &Present) -> Row {
    let over = certified.certificate.criteria.iter().filter(|summary| present.at >= summary.fresh_until);
    let stale: Vec<Stale> = over
        .map(|summary| Stale {
            criterion: summary.id.clone(),
            why: format!("its time was over at {}", summary.fresh_until),
        })
        .collect();
    let not_after = certified.certificate.not_after;
    let finding = if stale.is_empty() { Finding::Unchanged } else { Finding::Changed };
    let compared = format!("asked at {}, the certificate holds until {not_after}", present.at);
    Row { trigger: Trigger::Expiry, finding, compared, stale }
}

impl Row {
    fn unchanged(trigger: Trigger, compared: impl Into<String>) -> Self {
        Self { trigger, finding: Finding::Unchanged, compared: compared.into(), stale: Vec::new() }
    }

    fn changed(trigger: Trigger, compared: impl Into<String>, stale: Vec<Stale>) -> Self {
        Self { trigger, finding: Finding::Changed, compared: compared.into(), stale }
    }

    /// What is not known and no claim rests on.
    fn not_known(trigger: Trigger, why: impl Into<String>) -> Self {
        Self { trigger, finding: Finding::NotKnown, compared: why.into(), stale: Vec::new() }
    }

    /// What is not known though claims rest on it.
    fn missing(trigger: Trigger, why: impl Into<String>, stale: Vec<Stale>) -> Self {
        Self { stale, ..Self::not_known(trigger, why) }
    }
}

/// The criteria that `rests` picks, each for the same reason.
fn stale_where(certified: &Certified<'_>, why: &str, rests: impl Fn(&Criterion) -> bool) -> Vec<Stale> {
    let picked = certified.plan.profile.criteria.iter().filter(|criterion| rests(criterion));
    picked.map(|criterion| Stale { criterion: criterion.id.clone(), why: why.to_owned() }).collect()
}

/// All criteria.
fn all_stale(certified: &Certified<'_>, why: &str) -> Vec<Stale> {
    stale_where(certified, why, |_| true)
}

/// Whether load, or what a machine gives, decides what is measured; a checklist's cases do not vary by either.
fn rests_on_the_machine(criterion: &Criterion) -> bool {
    criterion.probe.family() != Family::Check
}

/// Up to so many names are told; whoever wants the others has git.
const NAMES_TOLD: usize = 3;

/// The first names of a list, and how many more there are.
fn some_of(names: &[String]) -> String {
    let told = names.iter().take(NAMES_TOLD).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMES_TOLD) {
        0 => told,
        more => format!("{told} and {more} more"),
    }
}

/// A number of things.
fn counted(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
