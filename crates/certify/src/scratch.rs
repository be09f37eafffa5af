//! Folders that are removed again, whatever happens.

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
    /// A folder for one trial's data.
    pub(crate) fn new() -> Result<Self, Error> {
        let folder = Builder::new().prefix("plimsoll-").tempdir();
        Ok(Self::of(folder.map_err(Error::io("making a folder for a trial in", std::env::temp_dir()))?))
    }

    /// A folder in `parent`, hidden.
    pub(crate) fn hidden_in(parent: &Path) -> Result<Self, Error> {
        let folder = Builder::new().prefix(HIDDEN_PREFIX).tempdir_in(parent);
        Ok(Self::of(folder.map_err(Error::io("writing in", parent))?))
    }

    fn of(folder: TempDir) -> Self {
        let litter = Litter::new(folder.path().to_owned());
        Self { folder, _litter: litter }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}
