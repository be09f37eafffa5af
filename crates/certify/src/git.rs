//! Git, asked what a repository holds. It runs no hook, fetches nothing, and believes neither monitors nor replacements.

use std::path::Path;

use plimsoll_process::{Spec, run};

use crate::error::Error;

/// Git answers such questions in milliseconds; a repository on a dead network drive must not hold us for ever.
const ANSWER_NS_MAX: u64 = 30_000_000_000;

/// A monitor of files and a cache could say that nothing has changed; git looks itself.
const LOOK: [&str; 4] = ["-c", "core.fsmonitor=false", "-c", "core.untrackedCache=false"];

/// Nothing is fetched, asked of a person or locked, and no object stands for another.
const SETTINGS: [(&str, &str); 4] = [
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_OPTIONAL_LOCKS", "0"),
];

/// A question to git in a folder.
pub(crate) fn command(folder: &Path, words: &[&str]) -> Spec {
    let mut spec = Spec::new("git", LOOK.iter().chain(words).copied());
    spec.working_dir = Some(folder.to_owned());
    spec.env = SETTINGS.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    spec
}

/// What git says, or what it complains of, without the white space around it.
pub(crate) fn git(folder: &Path, words: &[&str]) -> Result<Result<String, String>, Error> {
    Ok(git_bytes(folder, words)?.map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned()))
}

/// What git says, or what it complains of.
pub(crate) fn git_bytes(folder: &Path, words: &[&str]) -> Result<Result<Vec<u8>, String>, Error> {
    let finished = run(&command(folder, words), ANSWER_NS_MAX)?;
    if !finished.exit.is_success() {
        return Ok(Err(format!("git {} failed: {}", words.join(" "), finished.stderr.trim())));
    }
    Ok(Ok(finished.stdout))
}

/// Git can be told to look away from a file, and then says that it has not changed. An error if it was.
pub(crate) fn check_nothing_is_hidden(folder: &Path) -> Result<Result<(), String>, Error> {
    let files = match git_bytes(folder, &["ls-files", "-v", "-z", "--", ":/"])? {
        Ok(files) => files,
        Err(problem) => return Ok(Err(problem)),
    };
    let is_hidden = |line: &&[u8]| line.first().is_some_and(|tag| tag.is_ascii_lowercase() || *tag == b'S');
    Ok(match files.split(|byte| *byte == 0).filter(is_hidden).count() {
        0 => Ok(()),
        hidden => {
            Err(format!("git was told to look away from {hidden} files (assume-unchanged or skip-worktree)"))
        }
    })
}
