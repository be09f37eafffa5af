//! What git tells of the source: which files have changed since a commit, how many lines, and what lock files say then
//! and now. Git is asked, never believed to have done something: it changes nothing here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::dependencies::{Locks, is_lock_file};
use crate::error::Error;
use crate::git::{check_nothing_is_hidden, git, git_bytes};
use crate::within::CertificatesWithin;

/// A file without a commit whose lines are counted; a larger one is no source.
const UNTRACKED_BYTES_MAX: u64 = 16 << 20;

/// The working tree beside a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// Files that differ, relative to the subject's source folder; those beside it begin with `:/`.
    pub(super) changed: Vec<String>,
    pub(super) churn: Churn,
    /// The lock files that differ, and whether there is any.
    pub(super) locks: Locks,
}

/// Lines of files that are neither vendored nor generated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Churn {
    pub(super) added: u64,
    pub(super) deleted: u64,
    pub(super) lines_before: u64,
    pub(super) lines_now: u64,
}

/// Options with which git compares bytes, not what another program makes of them, and names every file as it is.
const PLAIN: [&str; 6] =
    ["--no-renames", "--no-ext-diff", "--no-textconv", "--no-color", "--ignore-submodules=none", "-z"];

/// The working tree in `folder` beside `commit`, or why nobody can tell.
pub(super) fn compare(folder: &Path, commit: &str) -> Result<Repository, String> {
    if commit.is_empty() || !commit.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err("the certificate names a commit that is none".into());
    }
    if !folder.is_dir() {
        return Err(format!("there is no folder {}", folder.display()));
    }
    let root = PathBuf::from(ask(folder, &["rev-parse", "--show-toplevel"])?);
    let prefix = ask(folder, &["rev-parse", "--show-prefix"])?;
    if ask(&root, &["cat-file", "-e", &format!("{commit}^{{commit}}")]).is_err() {
        return Err(format!(
            "commit {commit} is not in the repository: a clone without history, or a history that was rewritten"
        ));
    }
    check_nothing_is_hidden(&root).map_err(told)??;
    let mut certificates = CertificatesWithin::new(root.clone());
    let mut untracked = names(&root, &["ls-files", "--others", "--exclude-standard", "-z"])?;
    untracked.retain(|path| !certificates.has(path));
    let mut changed = names(&root, &[&["diff", "--name-only"], &PLAIN[..], &[commit, "--"]].concat())?;
    changed.extend(untracked.iter().cloned());
    changed.sort();
    changed.dedup();
    changed.retain(|path| !certificates.has(path));
    Ok(Repository {
        churn: churn(&root, commit, &untracked, &mut certificates)?,
        locks: locks(&root, commit, &changed, &untracked)?,
        changed: changed.iter().map(|path| below(&prefix, path)).collect(),
    })
}

/// A path of the repository as seen from the subject's source folder.
fn below(prefix: &str, path: &str) -> String {
    path.strip_prefix(prefix).map_or_else(|| format!(":/{path}"), str::to_owned)
}

fn churn(
    root: &Path,
    commit: &str,
    untracked: &[String],
    certificates: &mut CertificatesWithin,
) -> Result<Churn, String> {
    let nothing = ask(root, &["hash-object", "-t", "tree", "/dev/null"])?;
    let mut left_out = BTreeSet::new();
    for attribute in ["linguist-vendored", "linguist-generated"] {
        let pathspec = format!(":(attr:{attribute})");
        left_out.extend(names(root, &["ls-files", "--cached", "--others", "-z", "--", &pathspec])?);
    }
    let mut numbers = |from: &str, to: &[&str]| {
        let lines = names(root, &[&["diff", "--numstat"], &PLAIN[..], &[from], to, &["--"]].concat())?;
        let counted = lines.iter().filter_map(|line| numstat(line));
        let counted = counted.filter(|(path, ..)| !left_out.contains(*path) && !certificates.has(path));
        Ok::<_, String>(
            counted.fold((0, 0), |(added, deleted), (_, more, less)| (added + more, deleted + less)),
        )
    };
    let (lines_before, _) = numbers(&nothing, &[commit])?;
    let (mut added, deleted) = numbers(commit, &[])?;
    for path in untracked.iter().filter(|path| !left_out.contains(*path)) {
        added += lines_of(&root.join(path));
    }
    let lines_now = (lines_before + added).saturating_sub(deleted);
    Ok(Churn { added, deleted, lines_before, lines_now })
}

/// `ADDED TAB DELETED TAB PATH`; a binary file has no lines.
fn numstat(line: &str) -> Option<(&str, u64, u64)> {
    let mut parts = line.splitn(3, '\t');
    let (added, deleted, path) = (parts.next()?, parts.next()?, parts.next()?);
    Some((path, added.parse().ok()?, deleted.parse().ok()?))
}

fn lines_of(path: &Path) -> u64 {
    let size = std::fs::symlink_metadata(path).map_or(u64::MAX, |seen| seen.len());
    if size > UNTRACKED_BYTES_MAX {
        return 0;
    }
    let bytes = std::fs::read(path).unwrap_or_default();
    if bytes.contains(&0) { 0 } else { bytes.split_inclusive(|byte| *byte == b'\n').count() as u64 }
}

/// What the lock files that changed said then and say now.
fn locks(root: &Path, commit: &str, changed: &[String], untracked: &[String]) -> Result<Locks, String> {
    let tracked = names(root, &["ls-files", "-z"])?;
    let all = tracked.iter().chain(untracked).chain(changed).filter(|path| is_lock_file(path));
    let known: BTreeSet<&String> = all.collect();
    let mut differing = BTreeMap::new();
    for path in changed.iter().filter(|path| is_lock_file(path)) {
        let object = format!("{commit}:{path}");
        let was_there = ask(root, &["cat-file", "-e", &object]).is_ok();
        let before = if was_there { Some(bytes(root, &["cat-file", "blob", &object])?) } else { None };
        let now = match std::fs::read(root.join(path)) {
            Ok(now) => Some(now),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(format!("{path} cannot be read: {error}")),
        };
        differing.insert(path.clone(), (before, now));
    }
    Ok(Locks { known: known.len(), differing })
}

fn ask(folder: &Path, words: &[&str]) -> Result<String, String> {
    git(folder, words).map_err(told)?
}

fn bytes(folder: &Path, words: &[&str]) -> Result<Vec<u8>, String> {
    git_bytes(folder, words).map_err(told)?
}

/// Texts that end with a zero byte each.
fn names(folder: &Path, words: &[&str]) -> Result<Vec<String>, String> {
    let bytes = bytes(folder, words)?;
    let parts = bytes.split(|byte| *byte == 0).filter(|part| !part.is_empty());
    Ok(parts.map(|part| String::from_utf8_lossy(part).into_owned()).collect())
}

fn told(error: Error) -> String {
    error.told()
}
