//! Secrets in the subject's files: every content that can be reached in its repository, or its folder, or its artefacts.

mod assignment;
mod rules;
mod words;

use std::collections::BTreeMap;
use std::path::Path;

use globset::{Glob, GlobMatcher};
use plimsoll_evidence::{SearchedPlace, SecretFinding, SecretSearch, Unsearched};
use plimsoll_process::{monotonic_ns, redact};
use plimsoll_proof::Digest;

use super::git::{CONTENT_BYTES_MAX, Repository};
use super::walk::walk;
use super::{Looked, short};
use crate::error::Error;
use crate::files::Allowed;
use crate::stop::Stop;

pub(super) use words::crc32_base62;

/// A history with more than this is not one service's.
const SEARCH_BYTES_MAX: u64 = 8 << 30;
/// Searching takes at most so long, in ns: some gigabytes.
const SEARCH_NS_MAX: u64 = 600_000_000_000;
/// More findings than this nobody reads one by one.
const FINDINGS_MAX: usize = 1_000;
/// Git's own rule: what has a zero byte so near its beginning is no text.
const TEXT_LOOK_BYTES: usize = 8_000;
/// Each costs a walk through the history.
const ORIGINS_MAX: usize = 100;
/// What stands in the place of a path for what is written into commits and tags.
const MESSAGE: &str = "commit message";

/// Searches all that there is.
pub(super) fn search(looked: &Looked, stop: Stop<'_>) -> Result<SecretSearch, Error> {
    let mut searching = Searching::new(&looked.files.allowed, stop)?;
    match (&looked.git, &looked.folder) {
        (Some(folder), _) => searching.history(Repository(folder))?,
        (None, Some(folder)) => searching.folder(folder)?,
        (None, None) => {
            for path in &looked.artifacts {
                let name =
                    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
                searching.file(path, &name)?;
            }
        }
    }
    Ok(searching.search)
}

struct Searching<'a> {
    allowed: Vec<(&'a Allowed, Option<GlobMatcher>)>,
    stop: Stop<'a>,
    began_ns: u64,
    search: SecretSearch,
}

/// A finding, and the object in which it stands.
type Found = (SecretFinding, String);

impl<'a> Searching<'a> {
    fn new(allowed: &'a [Allowed], stop: Stop<'a>) -> Result<Self, Error> {
        let glob = |allowed: &'a Allowed| {
            let path = allowed.path.as_deref().map(Glob::new).transpose();
            let path = path.map_err(|error| Error::Bug(format!("a glob that was read before: {error}")))?;
            Ok::<_, Error>((allowed, path.map(|glob| glob.compile_matcher())))
        };
        let search = SecretSearch {
            place: SearchedPlace::Artifacts,
            commits: 0,
            texts: 0,
            binaries: 0,
            bytes: 0,
            not_followed: 0,
            is_shallow: false,
            is_whole: true,
            too_large: Vec::new(),
            findings: Vec::new(),
            more: 0,
        };
        let allowed = allowed.iter().map(glob).collect::<Result<_, _>>()?;
        Ok(Self { allowed, stop, began_ns: monotonic_ns(), search })
    }

    fn history(&mut self, repository: Repository<'_>) -> Result<(), Error> {
        self.search.place = SearchedPlace::History;
        self.search.is_shallow = repository.is_shallow()?;
        self.search.not_followed = repository.submodules()?;
        let (mut objects, mut bytes) = (repository.objects()?, 0u64);
        objects.retain(|object| object.kind != "tree");
        for large in objects.iter().filter(|object| object.bytes > CONTENT_BYTES_MAX) {
            self.too_large(&large.path, large.bytes);
        }
        let listed = objects.len();
        objects.retain(|object| {
            bytes = bytes.saturating_add(object.bytes);
            object.bytes <= CONTENT_BYTES_MAX && bytes <= SEARCH_BYTES_MAX
        });
        self.search.is_whole = objects.len() + self.search.too_large.len() == listed;
        // The oldest content of a path with the secret is the one that brought it: later ones replace earlier ones.
        let mut found: BTreeMap<(String, String), Found> = BTreeMap::new();
        repository.contents(&objects, |object, content| {
            if !self.has_time()? {
                return Ok(());
            }
            let path = if object.kind == "blob" { short(&object.path) } else { MESSAGE.to_owned() };
            self.search.commits += u64::from(object.kind == "commit");
            for finding in self.content(&path, content, object.kind == "blob") {
                let key = (finding.path.clone(), finding.secret.clone());
                found.insert(key, (finding, object.id.clone()));
            }
            Ok(())
        })?;
        self.with_origins(repository, found)
    }

    /// Names the commit that brought each finding.
    fn with_origins(
        &mut self,
        repository: Repository<'_>,
        found: BTreeMap<(String, String), Found>,
    ) -> Result<(), Error> {
        for (index, (_, (mut finding, object))) in found.into_iter().enumerate() {
            self.stop.check()?;
            finding.commit = if finding.path == MESSAGE {
                Some(object.chars().take(12).collect())
            } else if index < ORIGINS_MAX {
                repository.origin(&object)?
            } else {
                None
            };
            self.keep(finding);
        }
        self.search.findings.sort();
        Ok(())
    }

    fn folder(&mut self, folder: &Path) -> Result<(), Error> {
        let walked = walk(folder)?;
        (self.search.place, self.search.not_followed) = (SearchedPlace::Folder, walked.not_followed);
        self.search.is_whole = walked.is_whole;
        for path in walked.files {
            self.file(&folder.join(&path), &path)?;
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, name: &str) -> Result<(), Error> {
        let length = path.metadata().map_err(Error::io("reading", path))?.len();
        if length > CONTENT_BYTES_MAX {
            self.too_large(name, length);
            return Ok(());
        }
        if !self.has_time()? {
            return Ok(());
        }
        let content = std::fs::read(path).map_err(Error::io("reading", path))?;
        for finding in self.content(&short(name), &content, true) {
            self.keep(finding);
        }
        self.search.findings.sort();
        Ok(())
    }

    /// Whether there is time left; without it not all is searched.
    fn has_time(&mut self) -> Result<bool, Error> {
        self.stop.check()?;
        let is_over = monotonic_ns().saturating_sub(self.began_ns) > SEARCH_NS_MAX;
        self.search.is_whole &= !is_over;
        Ok(!is_over)
    }

    fn content(&mut self, path: &str, content: &[u8], is_file: bool) -> Vec<SecretFinding> {
        let is_text = !content.iter().take(TEXT_LOOK_BYTES).any(|byte| *byte == 0);
        if is_file {
            let count = if is_text { &mut self.search.texts } else { &mut self.search.binaries };
            *count += 1;
        }
        self.search.bytes += content.len() as u64;
        let finding = |hit: rules::Hit| {
            let secret: String = Digest::of(&hit.secret).to_string().chars().take(8).collect();
            let before = content.get(..hit.at).unwrap_or_default();
            let line = before.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
            let allowed = self.allowed(path, Some(&secret));
            SecretFinding { path: path.to_owned(), line, rule: hit.rule, commit: None, secret, allowed }
        };
        rules::find(content, is_text).into_iter().map(finding).collect()
    }

    /// Why something may be where it is. An exception names a secret, a path, or both.
    fn allowed(&self, path: &str, secret: Option<&str>) -> Option<String> {
        let is_meant = |(allowed, glob): &&(&Allowed, Option<GlobMatcher>)| {
            let is_secret = allowed.secret.as_deref().is_none_or(|named| Some(named) == secret);
            is_secret && glob.as_ref().is_none_or(|glob| glob.is_match(path))
        };
        self.allowed.iter().find(is_meant).map(|(allowed, _)| allowed.reason.clone())
    }

    fn too_large(&mut self, path: &str, bytes: u64) {
        let path = short(path);
        let allowed = self.allowed(&path, None);
        self.search.too_large.push(Unsearched { path, bytes, allowed });
    }

    fn keep(&mut self, mut finding: SecretFinding) {
        // The name of a file may have a secret in it.
        finding.path = redact(&finding.path);
        if self.search.findings.contains(&finding) {
            return;
        }
        if self.search.findings.len() < FINDINGS_MAX {
            self.search.findings.push(finding);
        } else if finding.allowed.is_none() {
            self.search.more += 1;
        }
    }
}

#[cfg(test)]
mod tests;
