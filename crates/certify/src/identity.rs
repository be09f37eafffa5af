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

#[cfg(test)]
mod tests {
    use super::*;

    /// A repository with one commit.
    fn repository() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("main.c"), "int main;").unwrap();
        let identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"];
        for words in [&["init", "-q"][..], &["add", "."], &["commit", "-q", "-m", "one"]] {
            git(folder.path(), &[&identity, words].concat()).unwrap();
        }
        folder
    }

    #[test]
    fn a_commit_is_named_by_commit_and_tree() {
        let folder = repository();
        let source = git_source(folder.path()).unwrap();
        assert_eq!(source.name, "source");
        assert_eq!(source.digest["gitCommit"].len(), 40);
        assert_ne!(source.digest["gitCommit"], source.digest["gitTree"]);
        assert_eq!(identify_path(folder.path()).unwrap(), [source]);
    }

    #[test]
    fn what_is_not_committed_is_refused() {
        let folder = repository();
        std::fs::write(folder.path().join("main.c"), "int changed;").unwrap();
        let error = git_source(folder.path()).unwrap_err();
        assert!(error.to_string().contains("not committed"), "{error}");
        assert!(error.hint().is_some());
    }

    #[test]
    fn an_artefact_is_named_by_its_digest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("server");
        std::fs::write(&path, "abc").unwrap();
        let artifact = artifact(&path).unwrap();
        assert_eq!(artifact.name, "server");
        assert_eq!(
            artifact.digest["sha256"],
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert!(identify_path(&folder.path().join("nothing")).is_err());
    }
}
