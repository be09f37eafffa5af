//! A bill of materials: what the subject says that it is made of, and what is known of that.

mod advisory;
mod licence;
mod version;

use plimsoll_base::Utc;
use plimsoll_proof::Digest;
use serde::{Deserialize, Serialize};

use self::advisory::{Exposure, version_of_purl};
use self::licence::is_accepted;
use super::CheckedCase;

pub use self::advisory::{AdvisedEcosystem, Advisory, AdvisoryBase, Package, VersionRange};

/// What was read of a bill of materials, beside what it was held against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bill {
    /// Its path.
    pub path: String,
    /// Why it could not be read, if that is so.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub problem: Option<String>,
    /// Its digest; absent if there is no such file.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sha256: Option<Digest>,
    /// The licences that the subject's owner accepts.
    pub licences: Vec<String>,
    /// The subject's artefacts, and what the bill says of them.
    pub artifacts: Vec<BilledArtifact>,
    /// What it lists.
    pub components: Vec<Component>,
    /// What is known of vulnerabilities; absent if no advisories were given.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub advisories: Option<AdvisoryBase>,
}

/// One artefact of the subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BilledArtifact {
    /// Its file's name.
    pub name: String,
    /// Its digest.
    pub sha256: Digest,
    /// The SHA-256 that the bill has for a component or a file of that name.
    pub billed: Vec<String>,
}

/// One component that a bill lists.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// Its name.
    pub name: String,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub version: Option<String>,
    /// Its package URL.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub purl: Option<String>,
    /// How many digests it has.
    pub hashes: u64,
    /// Why it has none: its property `plimsoll:no-hash`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub no_hash: Option<String>,
    /// Its licences: ids, expressions or names. All of them hold.
    pub licences: Vec<String>,
}

/// The bill as a whole, each artefact, each component, the advisories as a whole, and each that speaks of a component.
pub(super) fn cases(bill: &Bill, at: Utc) -> Vec<CheckedCase> {
    let mut cases = vec![whole(bill)];
    if bill.problem.is_some() {
        return cases;
    }
    cases.extend(bill.artifacts.iter().map(artifact));
    cases.extend(bill.components.iter().map(|component| checked(component, bill)));
    if let Some(base) = &bill.advisories {
        cases.push(advisories(base, at));
        cases.extend(bill.components.iter().flat_map(|component| exposed(component, base)));
    }
    cases
}

fn whole(bill: &Bill) -> CheckedCase {
    let (components, known) = (bill.components.len(), bill.advisories.is_some());
    let known = if known { "" } else { "; no advisories were given" };
    let problem = match &bill.problem {
        None if components == 0 => Some("it lists nothing".to_owned()),
        problem => problem.clone(),
    };
    CheckedCase { case: bill.path.clone(), seen: format!("{components} components{known}"), problem }
}

fn artifact(artifact: &BilledArtifact) -> CheckedCase {
    let own = artifact.sha256.to_string();
    let is_it = |billed: &String| billed.eq_ignore_ascii_case(&own);
    let (seen, problem) = match artifact.billed.as_slice() {
        [] => ("the bill has no digest of it", None),
        billed if billed.iter().any(is_it) => ("the bill has its digest", None),
        _ => ("the bill has another digest", Some("the bill is of another build".to_owned())),
    };
    CheckedCase { case: artifact.name.clone(), seen: seen.into(), problem }
}

fn title(component: &Component) -> String {
    format!("{} {}", component.name, component.version.as_deref().unwrap_or_default()).trim_end().to_owned()
}

fn checked(component: &Component, bill: &Bill) -> CheckedCase {
    let Component { version, purl, licences, .. } = component;
    let mut problems = Vec::new();
    if version.as_deref().is_none_or(str::is_empty) {
        problems.push("no version".to_owned());
    }
    match purl.as_deref() {
        None => problems.push("no package URL".into()),
        Some(purl) if !purl.starts_with("pkg:") => problems.push("its package URL is none".into()),
        Some(purl) if version_of_purl(purl).is_some_and(|named| Some(named) != *version) => {
            problems.push("its package URL names another version".into());
        }
        Some(_) => {}
    }
    if component.hashes == 0 && component.no_hash.is_none() {
        problems.push("no digest, and no reason for that".into());
    }
    if licences.is_empty() {
        problems.push("no licence".into());
    }
    for licence in licences {
        match is_accepted(licence, &bill.licences) {
            Some(true) => {}
            Some(false) => problems.push(format!("{licence} is not accepted")),
            None => problems.push(format!("{licence} is neither accepted nor an expression of SPDX")),
        }
    }
    if let Some(base) = &bill.advisories {
        let package = purl.as_deref().and_then(Package::of_purl);
        let is_known =
            |package: &Package| base.ecosystems.iter().any(|known| known.ecosystem == package.ecosystem);
        if !package.as_ref().is_some_and(is_known) {
            problems.push("undecided: no advisory that was given speaks of such packages".into());
        }
    }
    let purl = purl.as_deref().unwrap_or("-");
    CheckedCase {
        case: title(component),
        seen: format!("{purl}, {}", licences.join(", ")),
        problem: (!problems.is_empty()).then(|| problems.join("; ")),
    }
}

fn advisories(base: &AdvisoryBase, at: Utc) -> CheckedCase {
    let said = base.ecosystems.iter().map(|known| {
        format!("{} of {}, the newest of {}", known.advisories, known.ecosystem, known.newest.day())
    });
    let said: Vec<String> = said.collect();
    let age_s = |known: &AdvisedEcosystem| at.unix_seconds().saturating_sub(known.newest.unix_seconds());
    let is_old =
        |known: &&AdvisedEcosystem| u64::try_from(age_s(known)).is_ok_and(|age_s| age_s > base.max_age_s);
    let problem = if said.is_empty() {
        Some("there are none".to_owned())
    } else if base.unreadable > 0 {
        Some(format!("{} files could not be read", base.unreadable))
    } else {
        let old = base.ecosystems.iter().find(is_old);
        old.map(|known| format!("those of {} are older than {} s", known.ecosystem, base.max_age_s))
    };
    CheckedCase { case: "advisories".into(), seen: said.join("; "), problem }
}

fn exposed(component: &Component, base: &AdvisoryBase) -> Vec<CheckedCase> {
    let package = component.purl.as_deref().and_then(Package::of_purl);
    let version = component.version.as_deref().unwrap_or_default();
    let speaks = |advisory: &&Advisory| Some(&advisory.package) == package.as_ref();
    let case = |advisory: &Advisory| {
        let (seen, problem) = match advisory.exposure(version) {
            Exposure::Clear => ("not affected", None),
            Exposure::Affected => ("affected", Some("it has a known vulnerability")),
            Exposure::Undecided => ("undecided", Some("its range cannot be decided")),
        };
        CheckedCase {
            case: format!("{} by {}", title(component), advisory.id),
            seen: seen.into(),
            problem: problem.map(str::to_owned),
        }
    };
    base.advisories.iter().filter(speaks).map(case).collect()
}

#[cfg(test)]
mod tests;
