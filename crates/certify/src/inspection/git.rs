//! A repository with its whole history: every object that can be reached, with its content.

use std::io::{Seek, Write};
use std::path::Path;

use plimsoll_process::{Finished, run, run_reading};

use crate::error::Error;
use crate::git::command;

/// The largest content that is searched: what is larger is data.
pub(super) const CONTENT_BYTES_MAX: u64 = 16 << 20;
/// Contents are had in portions of so many bytes, so that no history fills the memory.
const PORTION_BYTES: u64 = 32 << 20;
const PORTION_OBJECTS: usize = 10_000;
/// The longest list of objects: that of a million.
const LIST_BYTES_MAX: usize = 128 << 20;
/// One question takes at most so long, in ns.
const ANSWER_NS_MAX: u64 = 300_000_000_000;

/// A repository.
#[derive(Debug, Clone, Copy)]
pub(super) struct Repository<'a>(pub(super) &'a Path);

/// One object as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Object {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) bytes: u64,
    /// The path under which it was met first; empty for what has none.
    pub(super) path: String,
}

impl Repository<'_> {
    /// All objects that can be reached, each once, the newest first.
    pub(super) fn objects(self) -> Result<Vec<Object>, Error> {
        let listed = self.ask(&["rev-list", "--objects", "--all", "HEAD"], b"", LIST_BYTES_MAX)?;
        let format = "--batch-check=%(objectname) %(objecttype) %(objectsize) %(rest)";
        let checked = self.ask(&["cat-file", format], &listed.stdout, 2 * LIST_BYTES_MAX)?;
        let text = String::from_utf8_lossy(&checked.stdout).into_owned();
        text.lines()
            .map(|line| object(line).ok_or_else(|| self.error(format!("git said {line:?}"))))
            .collect()
    }

    /// Gives each of these objects with its content, in order.
    pub(super) fn contents(
        self,
        objects: &[Object],
        mut take: impl FnMut(&Object, &[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut rest = objects;
        while !rest.is_empty() {
            let mut bytes = 0;
            let fits = |object: &&Object| {
                bytes += object.bytes;
                bytes <= PORTION_BYTES
            };
            let length = rest.iter().take(PORTION_OBJECTS).take_while(fits).count().max(1);
            let (portion, behind) = rest.split_at(length);
            self.portion(portion, &mut take)?;
            rest = behind;
        }
        Ok(())
    }

    fn portion(
        self,
        objects: &[Object],
        take: &mut impl FnMut(&Object, &[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let ids: String = objects.iter().map(|object| format!("{}\n", object.id)).collect();
        // Beside each content stand its head, at most a hundred bytes, and a line's end.
        let bytes_max = (PORTION_BYTES + CONTENT_BYTES_MAX) as usize + objects.len() * 128;
        let answer = self.ask(&["cat-file", "--batch"], ids.as_bytes(), bytes_max)?.stdout;
        let mut rest = answer.as_slice();
        for object in objects {
            let head = format!("{} {} {}\n", object.id, object.kind, object.bytes);
            let behind = rest.strip_prefix(head.as_bytes());
            let length = usize::try_from(object.bytes).unwrap_or(usize::MAX);
            let parts = behind.and_then(|behind| behind.split_at_checked(length));
            let (content, behind) =
                parts.ok_or_else(|| self.error(format!("git has no whole object {}", object.id)))?;
            take(object, content)?;
            rest = behind.strip_prefix(b"\n").unwrap_or(behind);
        }
        Ok(())
    }

    /// The commit that brought a content, shortened.
    pub(super) fn origin(self, object: &str) -> Result<Option<String>, Error> {
        let wanted = format!("--find-object={object}");
        let words = ["log", "--all", "HEAD", "--root", "--format=%h", "--abbrev=12", &wanted];
        let told = self.ask(&words, b"", LIST_BYTES_MAX)?;
        Ok(String::from_utf8_lossy(&told.stdout).lines().last().map(str::to_owned))
    }

    /// Whether its history was cut off when it was fetched.
    pub(super) fn is_shallow(self) -> Result<bool, Error> {
        Ok(self.words(&["rev-parse", "--is-shallow-repository"])? == "true")
    }

    /// Submodules of the commit that is judged.
    pub(super) fn submodules(self) -> Result<u64, Error> {
        let told = self.ask(&["ls-tree", "-r", "--full-tree", "HEAD"], b"", LIST_BYTES_MAX)?;
        Ok(told.stdout.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"160000 ")).count()
            as u64)
    }

    /// The paths of the files of the working tree that git knows.
    pub(super) fn files(self) -> Result<Vec<String>, Error> {
        let told = self.ask(&["ls-files", "-z"], b"", LIST_BYTES_MAX)?;
        let names = told.stdout.split(|byte| *byte == 0).filter(|name| !name.is_empty());
        Ok(names.map(|name| String::from_utf8_lossy(name).into_owned()).collect())
    }

    /// A copy with all that can be reached, without a working tree. Nobody writes to objects, so both may share them.
    pub(super) fn copy_to(self, folder: &Path) -> Result<(), Error> {
        let to = folder.to_string_lossy();
        // Git is asked within the repository: a relative path to it would be taken from there.
        self.ask(&["clone", "--quiet", "--mirror", ".", &to], b"", 1 << 20).map(drop)
    }

    /// Commits a file with this content, and then its deletion: the last commit has what was there before.
    pub(super) fn commit_and_delete(self, path: &str, content: &str) -> Result<(), Error> {
        let (head, tree) = (self.words(&["rev-parse", "HEAD"])?, self.words(&["rev-parse", "HEAD^{tree}"])?);
        let blob = self.ask(&["hash-object", "-w", "--stdin"], content.as_bytes(), 1 << 20)?.stdout;
        let blob = String::from_utf8_lossy(&blob).trim().to_owned();
        self.words(&["read-tree", "HEAD"])?;
        self.words(&["update-index", "--add", "--cacheinfo", &format!("100644,{blob},{path}")])?;
        let with = self.words(&["write-tree"])?;
        let brought = self.words(&["commit-tree", &with, "-p", &head, "-m", "Set up the service"])?;
        let gone = self.words(&["commit-tree", &tree, "-p", &brought, "-m", "Tidy up"])?;
        self.words(&["update-ref", "HEAD", &gone]).map(drop)
    }

    fn words(self, words: &[&str]) -> Result<String, Error> {
        let told = self.ask(words, b"", 1 << 20)?;
        Ok(String::from_utf8_lossy(&told.stdout).trim().to_owned())
    }

    /// What git answers to a question that it reads from its standard input.
    fn ask(self, words: &[&str], input: &[u8], bytes_max: usize) -> Result<Finished, Error> {
        let mut spec = command(self.0, words);
        // Whoever plants a commit in a copy needs a name.
        let names = ["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_NAME"), "plimsoll".to_owned()));
        let addresses = ["AUTHOR", "COMMITTER"]
            .map(|who| (format!("GIT_{who}_EMAIL"), "plimsoll@example.org".to_owned()));
        spec.env.extend(names.into_iter().chain(addresses));
        let finished = match input {
            [] if bytes_max <= 1 << 20 => run(&spec, ANSWER_NS_MAX)?,
            _ => {
                let mut file = tempfile::tempfile().map_err(Error::io("writing in", std::env::temp_dir()))?;
                file.write_all(input)
                    .and_then(|()| file.rewind())
                    .map_err(Error::io("writing in", std::env::temp_dir()))?;
                run_reading(&spec, file, ANSWER_NS_MAX, bytes_max)?
            }
        };
        match finished.exit.is_success() {
            true => Ok(finished),
            false => {
                let asked = words.first().copied().unwrap_or_default();
                Err(self.error(format!("git {asked} failed: {}", finished.stderr.trim())))
            }
        }
    }

    fn error(self, problem: String) -> Error {
        let hint = "name a folder that is a whole git repository";
        Error::Source { key: "source.git", path: self.0.to_owned(), problem, hint }
    }
}

/// A line of `cat-file --batch-check`.
fn object(line: &str) -> Option<Object> {
    let mut words = line.splitn(4, ' ');
    let (id, kind, bytes) = (words.next()?, words.next()?, words.next()?.parse().ok()?);
    let path = words.next().unwrap_or_default().to_owned();
    Some(Object { id: id.to_owned(), kind: kind.to_owned(), bytes, path })
}
