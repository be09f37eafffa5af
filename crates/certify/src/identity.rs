//! What the certificate is bound to: the subject's source, its artefacts, or at least its description.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use plimsoll_evidence::{Family, Probe, ResourceDescriptor, SubjectIdentity, SubjectKind};
use plimsoll_proof::Digest;

use crate::error::Error;
use crate::files::{Source, Subject};
use crate::git::{check_nothing_is_hidden, git, git_bytes};
use crate::within::CertificatesWithin;

/// The subject as a certificate names it.
pub fn identify(subject: &Subject) -> Result<SubjectIdentity, Error> {
    let mut resources = Vec::new();
    if let Some(folder) = &subject.source.git {
        resources.push(git_source("source.git", folder)?);
    }
    resources.extend(identify_artifacts(subject)?);
    let description = Digest::of(subject.description().as_bytes());
    resources.push(resource("subject-description", [("sha256", description.to_string())]));
    Ok(identity_of(subject, resources))
}

/// The subject's artefacts by their digests.
pub(crate) fn identify_artifacts(subject: &Subject) -> Result<Vec<ResourceDescriptor>, Error> {
    subject.source.artifacts.iter().map(|path| artifact("source.artifacts", path)).collect()
}

/// The subject as a certificate names it, with what it consists of.
pub(crate) fn identity_of(subject: &Subject, resources: Vec<ResourceDescriptor>) -> SubjectIdentity {
    SubjectIdentity {
        name: subject.name.clone(),
        version: subject.version.clone().unwrap_or_default(),
        kind: if subject.start.is_some() { SubjectKind::Command } else { SubjectKind::Url },
        has_ledger: subject.ledger.is_some(),
        has_api: subject.openapi.is_some(),
        inspections: Probe::of(Family::Inspection).filter(|probe| names_files(subject, *probe)).collect(),
        parts: subject.parts(),
        resources,
    }
}

/// Whether the description names something that a probe of files can look at.
fn names_files(subject: &Subject, probe: Probe) -> bool {
    match probe {
        Probe::Secrets => subject.source != Source::default(),
        Probe::BillOfMaterials => subject.files.bill.is_some(),
        Probe::ImportedResults => !subject.files.imports.is_empty(),
        Probe::Runbooks => !subject.files.alerts.is_empty(),
        Probe::Documentation => !subject.files.documents.is_empty(),
        _ => false,
    }
}

/// The digests of one file or folder, for comparison with those of a certificate. `key` is what named it.
pub fn identify_path(key: &'static str, path: &Path) -> Result<Vec<ResourceDescriptor>, Error> {
    if path.is_dir() { Ok(vec![git_source(key, path)?]) } else { Ok(vec![artifact(key, path)?]) }
}

fn git_source(key: &'static str, folder: &Path) -> Result<ResourceDescriptor, Error> {
    let wrong = |problem: String, hint| Error::Source { key, path: folder.to_owned(), problem, hint };
    // Git would be said to be missing where its working folder is.
    if !folder.is_dir() {
        return Err(wrong("there is no such folder".into(), "name a folder that is a git repository"));
    }
    let ask = |words: &[&str]| {
        git(folder, words)?
            .map_err(|problem| wrong(problem, "name a git repository with a commit, or a file instead"))
    };
    // A commit that was not what ran would be a lie.
    let root = PathBuf::from(ask(&["rev-parse", "--show-toplevel"])?);
    let status = ["status", "--porcelain", "--untracked-files=all", "--no-renames", "-z"];
    let status =
        git_bytes(folder, &status)?.map_err(|problem| wrong(problem, "look what is wrong with it"))?;
    let mut certificates = CertificatesWithin::new(root);
    // A letter for the index, one for the working tree, a blank, the path.
    let mut changed = status.split(|byte| *byte == 0).filter_map(|line| line.get(3..));
    if changed.any(|path| !certificates.has(&String::from_utf8_lossy(path))) {
        let problem = "the working tree has changes that are not committed".into();
        return Err(wrong(problem, "commit what is to be certified, or name its `artifacts` instead"));
    }
    let look_again =
        "git update-index --no-assume-unchanged --no-skip-worktree FILES makes it look, or name `artifacts`";
    check_nothing_is_hidden(folder)?.map_err(|problem| wrong(problem, look_again))?;
    let (commit, tree) = (ask(&["rev-parse", "HEAD"])?, ask(&["rev-parse", "HEAD^{tree}"])?);
    Ok(resource("source", [("gitCommit", commit), ("gitTree", tree)]))
}

fn artifact(key: &'static str, path: &Path) -> Result<ResourceDescriptor, Error> {
    let bytes = std::fs::read(path).map_err(|error| Error::Source {
        key,
        path: path.to_owned(),
        problem: error.to_string(),
        hint: "name a file that can be read",
    })?;
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
            git(folder.path(), &[&identity, words].concat()).unwrap().unwrap();
        }
        folder
    }

    #[test]
    fn a_commit_is_named_by_commit_and_tree() {
        let folder = repository();
        let source = git_source("source.git", folder.path()).unwrap();
        assert_eq!(source.name, "source");
        assert_eq!(source.digest["gitCommit"].len(), 40);
        assert_ne!(source.digest["gitCommit"], source.digest["gitTree"]);
        assert_eq!(identify_path("--subject", folder.path()).unwrap(), [source]);
    }

    #[test]
    fn what_is_not_committed_is_refused() {
        let folder = repository();
        std::fs::write(folder.path().join("main.c"), "int changed;").unwrap();
        let error = git_source("source.git", folder.path()).unwrap_err();
        assert!(error.to_string().contains("not committed"), "{error}");
        assert!(error.hint().is_some());
    }

    #[test]
    fn a_file_from_which_git_was_told_to_look_away_is_refused() {
        for told in ["--assume-unchanged", "--skip-worktree"] {
            let folder = repository();
            git(folder.path(), &["update-index", told, "main.c"]).unwrap().unwrap();
            std::fs::write(folder.path().join("main.c"), "int changed;").unwrap();
            let error = git_source("source.git", folder.path()).unwrap_err();
            assert!(error.to_string().contains("look away from 1 files"), "{told}: {error}");
        }
    }

    #[test]
    fn a_monitor_that_says_that_nothing_has_changed_is_not_asked() {
        let folder = repository();
        let monitor = folder.path().join(".git/monitor");
        std::fs::write(&monitor, "#!/bin/sh\nprintf 'token\\0'\n").unwrap();
        std::fs::set_permissions(&monitor, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let believing = |words: &[&str]| {
            let ran =
                std::process::Command::new("git").args(words).current_dir(folder.path()).output().unwrap();
            assert!(ran.status.success(), "{ran:?}");
            String::from_utf8(ran.stdout).unwrap()
        };
        believing(&["config", "core.fsmonitor", &monitor.to_string_lossy()]);
        believing(&["update-index", "--fsmonitor"]);
        believing(&["status", "--porcelain"]);
        std::fs::write(folder.path().join("main.c"), "int changed;").unwrap();
        assert_eq!(believing(&["status", "--porcelain"]), "", "the monitor is not believed");
        let error = git_source("source.git", folder.path()).unwrap_err();
        assert!(error.to_string().contains("not committed"), "{error}");
    }

    #[test]
    fn a_folder_that_git_does_not_know_is_told_from_one_with_changes() {
        let folder = tempfile::tempdir().unwrap();
        for (path, told) in
            [(folder.path(), "not a git repository"), (&folder.path().join("none"), "no such folder")]
        {
            let error = git_source("source.git", path).unwrap_err();
            assert_eq!(error.kind(), plimsoll_base::Kind::Invalid, "{error}");
            assert!(
                error.to_string().contains(told) && !error.hint().unwrap().contains("commit what"),
                "{error}"
            );
        }
    }

    #[test]
    fn an_artefact_is_named_by_its_digest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("server");
        std::fs::write(&path, "abc").unwrap();
        let artifact = artifact("source.artifacts", &path).unwrap();
        assert_eq!(artifact.name, "server");
        assert_eq!(
            artifact.digest["sha256"],
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        let missing = identify_path("--subject", &folder.path().join("nothing")).unwrap_err();
        assert_eq!(missing.kind(), plimsoll_base::Kind::Invalid);
        assert!(missing.to_string().starts_with("--subject: ") && missing.hint().is_some(), "{missing}");
    }
}
