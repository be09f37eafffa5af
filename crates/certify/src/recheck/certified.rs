//! What a certificate rests on, from its own documents.

use plimsoll_evidence::{
    CertificatePredicate, Documents, Environment, Folder, Judgement, Plan, evidence_path,
};
use plimsoll_proof::Digest;
use serde_json::Value;

use crate::error::Error;
use crate::intact::Intact;

/// A certificate that was verified, with the documents that say on what it rests.
#[derive(Debug, Clone)]
pub struct Certified<'a> {
    /// The digest by which the log names it.
    pub payload: Digest,
    /// What was signed.
    pub certificate: &'a CertificatePredicate,
    /// What was computed again.
    pub judgement: &'a Judgement,
    /// What was to be measured.
    pub plan: Plan,
    /// On what it was measured.
    pub environment: Environment,
    /// The subject's description, key by key.
    pub(super) description: Value,
}

impl<'a> Certified<'a> {
    /// What a verified folder says. It is the folder that `intact` was found in.
    pub fn of(intact: &Intact<'a>, folder: &Folder) -> Result<Self, Error> {
        let mut documents = Documents::default();
        for (_, bytes) in folder.below("evidence/").filter(|(path, _)| path.ends_with(".json")) {
            documents.read(bytes)?;
        }
        let (_, plan) = documents.plan()?;
        let (_, environment) = documents.environment()?;
        let description = folder.get(&evidence_path(plan.description, "txt")).unwrap_or_default();
        // No verifier asks what stands in it; what is no description is none.
        let description = serde_json::from_slice(description).unwrap_or(Value::Null);
        Ok(Self {
            payload: intact.payload,
            certificate: intact.certificate,
            judgement: intact.judgement,
            plan: plan.clone(),
            environment: environment.clone(),
            description,
        })
    }

    /// The commit that was certified, if one was.
    pub(super) fn commit(&self) -> Option<&str> {
        let digests = self.certificate.subject.resources.iter().find_map(|one| one.digest.get("gitCommit"));
        digests.map(String::as_str)
    }

    /// Files that were certified by their digest: name and digest.
    pub(super) fn artifacts(&self) -> Vec<(String, String)> {
        artifacts(&self.certificate.subject.resources)
    }
}

/// Name and digest of every file among what a subject consists of.
pub(super) fn artifacts(resources: &[plimsoll_evidence::ResourceDescriptor]) -> Vec<(String, String)> {
    let files = resources.iter().filter(|one| one.name != "subject-description");
    let named = files.filter_map(|one| Some((one.name.clone(), one.digest.get("sha256")?.clone())));
    let mut named: Vec<_> = named.collect();
    named.sort();
    named
}
