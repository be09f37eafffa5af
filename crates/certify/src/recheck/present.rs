//! The subject and the machine as they are now, for comparison with what was certified. All that reads is here.

use std::path::Path;

use plimsoll_base::Utc;
use plimsoll_evidence::{Environment, Profile};
use serde_json::Value;

use super::burn::Burn;
use super::certified::{Certified, artifacts};
use super::observed::Observed;
use super::repository::{Repository, compare};
use crate::environment::read_environment;
use crate::error::Error;
use crate::files::{Subject, builtin_profiles, parse_profile};
use crate::identity::identify_artifacts;

/// What is known of the present, or why it is not.
#[derive(Debug, Clone)]
pub struct Present {
    /// The time asked about.
    pub at: Utc,
    /// The source beside the certified commit.
    pub repository: Result<Repository, String>,
    /// Name and digest of the artefacts.
    pub artifacts: Result<Vec<(String, String)>, String>,
    /// The subject's description, key by key.
    pub description: Value,
    /// This machine and this program.
    pub environment: Environment,
    /// The profile that bears the certificate's name.
    pub profile: Result<Profile, String>,
    /// What production carries, if somebody told.
    pub observed: Option<Observed>,
    /// What is left of an error budget, if somebody told.
    pub burn: Option<Burn>,
}

/// What is held against a certificate.
#[derive(Debug)]
pub struct Asked<'a> {
    /// The subject as its file describes it now.
    pub subject: &'a Subject,
    /// The profile by which it would be judged now, where it is no built-in one.
    pub profile: Option<Profile>,
    /// The time asked about.
    pub at: Utc,
    /// Version of this program.
    pub version: &'a str,
    /// What production carries, if somebody told.
    pub observed: Option<Observed>,
    /// What is left of an error budget, if somebody told.
    pub burn: Option<Burn>,
}

impl Present {
    /// Looks at the subject and at this machine.
    pub fn look(certified: &Certified<'_>, asked: Asked<'_>) -> Result<Self, Error> {
        let subject = asked.subject;
        let id = &certified.plan.profile.id;
        Ok(Self {
            at: asked.at,
            repository: repository(certified, subject.source.git.as_deref()),
            artifacts: identify_artifacts(subject)
                .map(|found| artifacts(&found))
                .map_err(|error| error.told()),
            description: serde_json::from_str(&subject.description())
                .map_err(|error| Error::Bug(format!("a description is no JSON: {error}")))?,
            environment: read_environment(asked.version, certified.environment.shared_cores)?,
            profile: profile(id, asked.profile),
            observed: asked.observed,
            burn: asked.burn,
        })
    }
}

fn repository(certified: &Certified<'_>, folder: Option<&Path>) -> Result<Repository, String> {
    match (certified.commit(), folder) {
        (None, _) => Err("the certificate names no commit".into()),
        (Some(_), None) => {
            Err("the subject file no longer names its source: git is missing in [source]".into())
        }
        (Some(commit), Some(folder)) => compare(folder, commit),
    }
}

/// The profile with this id: the one that ships with this program, else the one at hand.
fn profile(id: &str, given: Option<Profile>) -> Result<Profile, String> {
    if let Some((id, text)) = builtin_profiles().iter().find(|(builtin, _)| *builtin == id) {
        return parse_profile(id, text).map_err(|error| error.to_string());
    }
    match given {
        Some(profile) if profile.id == id => Ok(profile),
        Some(profile) => Err(format!("the profile at hand is `{}`, and not `{id}`", profile.id)),
        None => Err(format!(
            "`{id}` is no built-in profile, and no file of it is at hand: name it with --profile"
        )),
    }
}
