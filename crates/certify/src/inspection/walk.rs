//! The files of a folder, without what links lead to.

use std::fs;
use std::path::Path;

use crate::error::Error;

/// More files than this are several subjects, or a folder of dependencies.
const FILES_MAX: usize = 50_000;
/// Deeper folders were made to lead somebody astray.
const DEPTH_MAX: usize = 64;

/// What a walk found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Walk {
    /// Files by their path within the folder, in order.
    pub(super) files: Vec<String>,
    /// Links, sockets and the like, which are not followed.
    pub(super) not_followed: u64,
    /// Whether that is all.
    pub(super) is_whole: bool,
}

/// The files below a folder. What git keeps for itself is none of the subject's.
pub(super) fn walk(folder: &Path) -> Result<Walk, Error> {
    walk_up_to(folder, FILES_MAX)
}

/// The same up to a number of files.
pub(super) fn walk_up_to(folder: &Path, files_max: usize) -> Result<Walk, Error> {
    let mut found = Walk { is_whole: true, ..Walk::default() };
    below(folder, "", files_max, &mut found)?;
    found.files.sort();
    Ok(found)
}

fn below(folder: &Path, prefix: &str, files_max: usize, found: &mut Walk) -> Result<(), Error> {
    for entry in fs::read_dir(folder).map_err(Error::io("reading", folder))? {
        let entry = entry.map_err(Error::io("reading", folder))?;
        let kind = entry.file_type().map_err(Error::io("reading", entry.path()))?;
        let name = entry.file_name();
        // A name that is no text could not be named in evidence.
        let Some(name) = name.to_str() else {
            found.not_followed += 1;
            continue;
        };
        let path = format!("{prefix}{name}");
        if found.files.len() >= files_max || prefix.matches('/').count() > DEPTH_MAX {
            found.is_whole = false;
            return Ok(());
        }
        if kind.is_file() {
            found.files.push(path);
        } else if kind.is_dir() && name != ".git" {
            below(&entry.path(), &format!("{path}/"), files_max, found)?;
        } else if !kind.is_dir() {
            found.not_followed += 1;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_counted_and_not_followed_and_git_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("b/c")).unwrap();
        fs::create_dir_all(folder.path().join(".git")).unwrap();
        for file in ["b/c/one", "a", ".git/config"] {
            fs::write(folder.path().join(file), "x").unwrap();
        }
        std::os::unix::fs::symlink("/etc", folder.path().join("etc")).unwrap();
        std::os::unix::fs::symlink("..", folder.path().join("b/up")).unwrap();
        let expected = Walk { files: vec!["a".into(), "b/c/one".into()], not_followed: 2, is_whole: true };
        assert_eq!(walk(folder.path()).unwrap(), expected);
    }
}
