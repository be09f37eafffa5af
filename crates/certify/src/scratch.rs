//! Folders that are removed again, whatever happens.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use plimsoll_process::Litter;
use tempfile::{Builder, TempDir};

use crate::error::Error;

/// How the names of hidden folders begin: what bears such a name is half-written.
pub(crate) const HIDDEN_PREFIX: &str = ".plimsoll-";

/// A folder that is removed when this is dropped, and also when a second Ctrl-C ends the process.
#[derive(Debug)]
pub(crate) struct Scratch {
    folder: TempDir,
    _litter: Litter,
}

impl Scratch {
    /// A folder in `parent` whose name begins with `prefix`.
    pub(crate) fn within(parent: &Path, prefix: &str) -> Result<Self, Error> {
        let folder =
            Builder::new().prefix(prefix).tempdir_in(parent).map_err(Error::io("writing in", parent))?;
        let litter = Litter::new(folder.path().to_owned());
        Ok(Self { folder, _litter: litter })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Removes it now, and says so if it could not be.
    pub(crate) fn remove(self) -> Result<(), Error> {
        let path = self.folder.path().to_owned();
        self.folder.close().map_err(Error::io("removing", path))
    }
}

/// Removes what somebody who was killed left in `parent` under names that begin with `prefix`. What belongs to other
/// users stays.
pub(crate) fn clear(parent: &Path, prefix: &str) -> Result<(), Error> {
    for entry in fs::read_dir(parent).map_err(Error::io("reading", parent))? {
        let entry = entry.map_err(Error::io("reading", parent))?;
        if !entry.file_name().to_string_lossy().starts_with(prefix) {
            continue;
        }
        let kind = entry.metadata().map_err(Error::io("reading", entry.path()))?;
        if kind.is_dir() && kind.uid() == rustix::process::geteuid().as_raw() {
            fs::remove_dir_all(entry.path()).map_err(Error::io("removing", entry.path()))?;
        }
    }
    Ok(())
}
