//! A certificate's folder to which something is added after it was signed: a sign-off, or the log as it is now.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use plimsoll_base::Utc;
use plimsoll_evidence::{Anchors, Folder, Outcome, Question, Report, verify};
use rustix::fs::{FlockOperation, flock};

use crate::error::Error;
use crate::folder_io::{exchange, read_folder};
use crate::intact::conclusion;

/// A folder that nobody else changes until this is dropped.
#[derive(Debug)]
pub struct Amendment {
    place: PathBuf,
    parent: PathBuf,
    folder: Folder,
    _lock: File,
}

impl Amendment {
    /// Opens a folder. The one above it is locked: the folder itself is exchanged for another.
    pub fn open(place: &Path) -> Result<Self, Error> {
        let place = fs::canonicalize(place).map_err(Error::io("finding", place))?;
        let parent = place.parent().unwrap_or(&place).to_owned();
        let lock = File::open(&parent).map_err(Error::io("opening", &parent))?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| Error::FolderInUse(place.clone()))?;
        let folder = read_folder(&place)?;
        Ok(Self { place, parent, folder, _lock: lock })
    }

    /// What lies in it.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// What a verifier finds who trusts nobody: for him whatever is intact is untrusted, and nothing else is.
    pub fn report(&self, at: Utc) -> Report {
        ask(&self.folder, at)
    }

    /// The same of what is intact.
    pub(crate) fn verified(&self, at: Utc) -> Result<Report, Error> {
        intact(self.report(at))
    }

    /// The folder with other files in the place of those that `goes` names. What is not intact then does not come to be.
    pub(crate) fn with(
        &self,
        goes: impl Fn(&str) -> bool,
        files: BTreeMap<String, Vec<u8>>,
        at: Utc,
    ) -> Result<Folder, Error> {
        let kept = self.folder.iter().filter(|(path, _)| !goes(path));
        let mut all: BTreeMap<String, Vec<u8>> =
            kept.map(|(path, bytes)| (path.to_owned(), bytes.to_vec())).collect();
        all.extend(files);
        let folder = Folder::new(all).map_err(Error::Folder)?;
        intact(ask(&folder, at)).map(|_| folder)
    }

    /// Puts a folder into the place of this one.
    pub(crate) fn publish(self, folder: &Folder) -> Result<(), Error> {
        exchange(&self.place, &self.parent, folder)
    }
}

fn ask(folder: &Folder, at: Utc) -> Report {
    verify(folder, &Question { at, anchors: &Anchors::default(), subject: None, after: None })
}

fn intact(report: Report) -> Result<Report, Error> {
    if report.outcome == Outcome::Untrusted {
        Ok(report)
    } else {
        Err(Error::NotVerified(conclusion(&report)))
    }
}
