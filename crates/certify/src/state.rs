//! The state folder: keys, logs, the day's calibration. One certification at a time uses it.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use plimsoll_proof::Digest;
use rustix::fs::{FlockOperation, flock};

use crate::error::Error;
use crate::scratch::{Scratch, clear};

/// An open state folder; others are kept out until it is dropped.
#[derive(Debug)]
pub struct State {
    folder: PathBuf,
    _lock: File,
}

impl State {
    /// Opens the folder, making it if need be, and keeps others out.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        make_private_folder(folder)?;
        let path = folder.join("lock");
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let lock = lock.map_err(Error::io("opening", &path))?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| Error::StateInUse(folder.to_owned()))?;
        let state = Self { folder: folder.to_owned(), _lock: lock };
        // What cannot be removed disturbs nobody: names are never had twice.
        let _ = clear(&std::env::temp_dir(), &state.trial_prefix());
        Ok(state)
    }

    /// A folder for one trial's data. It lies where temporary files lie, and not in here: a subject may change its user,
    /// and only ours may enter this folder.
    pub(crate) fn scratch(&self) -> Result<Scratch, Error> {
        Scratch::within(&std::env::temp_dir(), &self.trial_prefix())
    }

    /// How the names of trials' folders begin. It tells them from those of certifications with other state folders,
    /// which may be under way.
    fn trial_prefix(&self) -> String {
        let folder = std::path::absolute(&self.folder).unwrap_or_else(|_| self.folder.clone());
        let digest = Digest::of(folder.as_os_str().as_bytes()).to_string();
        format!("plimsoll-{}-", digest.get(..8).unwrap_or_default())
    }

    /// Where the keys lie.
    pub fn keys(&self) -> PathBuf {
        keys_folder(&self.folder)
    }

    /// Where the log with this origin lies.
    pub(crate) fn log(&self, origin: &str) -> PathBuf {
        self.folder.join("logs").join(origin.replace('/', "-"))
    }

    /// Where the calibration lies.
    pub fn calibration(&self) -> PathBuf {
        self.folder.join("calibration.json")
    }
}

/// Makes a folder, and those above it, that only its owner may enter. One that is there stays as it is.
pub(crate) fn make_private_folder(folder: &Path) -> Result<(), Error> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(Error::io("making", folder))
}

/// Where the keys lie in a state folder.
pub fn keys_folder(state: &Path) -> PathBuf {
    state.join("keys")
}

/// Writes a file so that it is there whole or not at all, even if the power fails.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(Error::io("making", folder))?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(Error::io("writing in", folder))?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(Error::io("writing", path))?;
    file.persist(path).map_err(|error| Error::Io {
        doing: "writing",
        path: path.to_owned(),
        source: error.error,
    })?;
    sync_folder(folder)
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), Error> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(Error::io("syncing", folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_certification_is_kept_out() {
        let folder = tempfile::tempdir().unwrap();
        let first = State::open(folder.path()).unwrap();
        assert!(matches!(State::open(folder.path()), Err(Error::StateInUse(_))));
        drop(first);
        assert!(State::open(folder.path()).is_ok());
    }

    #[test]
    fn what_a_killed_certification_left_is_gone_with_the_next_and_others_keep_theirs() {
        let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let other = State::open(theirs.path()).unwrap();
        let kept = other.scratch().unwrap();
        let state = State::open(ours.path()).unwrap();
        // Nobody drops what a killed process holds.
        let left = std::mem::ManuallyDrop::new(state.scratch().unwrap());
        std::fs::write(left.path().join("notes.db"), "half").unwrap();
        drop(state);
        assert!(left.path().exists());
        let state = State::open(ours.path()).unwrap();
        assert!(!left.path().exists() && kept.path().exists());
        let fresh = state.scratch().unwrap();
        assert!(fresh.path().exists());
    }

    #[test]
    fn a_file_is_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/file");
        write_atomically(&path, b"one").unwrap();
        write_atomically(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(
            std::fs::read_dir(folder.path().join("deep")).unwrap().count(),
            1,
            "something was left beside it"
        );
    }
}
