//! What the certificate is bound to: the subject's source, its artefacts, or at least its description.

use std::collections::BTreeMap;
use std::path::Path;

use plimsoll_evidence::{ResourceDescriptor, SubjectIdentity, SubjectKind};
use plimsoll_process::{Spec, run};
use plimsoll_proof::Digest;

use crate::error::Error;
use crate::files::Subject;

/// Git answers such questions in milliseconds; a repository on a dead network drive must not hold us for ever.
const GIT_TIMEOUT_NS: u64 = 30_000_000_000;

/// The subject as a certificate names it.
pub fn identify(subject: &Subject) -> Result<SubjectIdentity, Error> {
    let mut resources = Vec::new();
    if let Some(folder) = &subject.source.git {
        resources.push(git_source(folder)?);
    }
    for path in &subject.source.artifacts {
        resources.push(artifact(path)?);
    }
    let description = Digest::of(subject.description().as_bytes());
    resources.push(resource("subject-description", [("sha256", description.to_string())]));
    Ok(SubjectIdentity {
        name: subject.name.clone(),
        version: subject.version.clone().unwrap_or_default(),
        kind: if subject.start.is_some() { SubjectKind::Command } else { SubjectKind::Url },
        has_ledger: subject.ledger.is_some(),
        resources,
    })
}

/// The digests of one file or folder, for comparison with those of a certificate.
pub fn identify_path(path: &Path) -> Result<Vec<ResourceDescriptor>, Error> {
    if path.is_dir() { Ok(vec![git_source(path)?]) } else { Ok(vec![artifact(path)?]) }
}

fn git_source(folder: &Path) -> Result<ResourceDescriptor, Error> {
    // A commit that was not what ran would be a lie.
    if !git(folder, &["status", "--porcelain"])?.is_empty() {
        return Err(Error::Source {
            path: folder.to_owned(),
            problem: "the working tree has changes that are not committed".into(),
        });
    }
    let commit = git(folder, &["rev-parse", "HEAD"])?;
    let tree = git(folder, &["rev-parse", "HEAD^{tree}"])?;
    Ok(resource("source", [("gitCommit", commit), ("gitTree", tree)]))
}

fn git(folder: &Path, words: &[&str]) -> Result<String, Error> {
    let mut spec = Spec::new("git", words.iter().copied());
    spec.working_dir = Some(folder.to_owned());
    let finished = run(&spec, GIT_TIMEOUT_NS)?;
    if !finished.exit.is_success() {
        let problem = format!("git {} failed: {}", words.join(" "), finished.stderr.trim());
        return Err(Error::Source { path: folder.to_owned(), problem });
    }
    Ok(String::from_utf8_lossy(&finished.stdout).trim().to_owned())
}

fn artifact(path: &Path) -> Result<ResourceDescriptor, Error> {
    let bytes = std::fs::read(path).map_err(Error::io("reading", path))?;
    let name = path.file_name().map_or_else(|| "artifact".into(), |name| name.to_string_lossy().into_owned());
    Ok(resource(&name, [("sha256", Digest::of(&bytes).to_string())]))
}

fn resource<const N: usize>(name: &str, digests: [(&str, String); N]) -> ResourceDescriptor {
    let digest: BTreeMap<String, String> =
        digests.into_iter().map(|(algorithm, value)| (algorithm.to_owned(), value)).collect();
    ResourceDescriptor { name: name.to_owned(), digest }
}
