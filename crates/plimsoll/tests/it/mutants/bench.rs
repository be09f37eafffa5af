//! What every kind of mutant is made from.

use std::path::Path;

use plimsoll_evidence::{Outcome, StepName};
use plimsoll_keys::IssuerKeys;

use super::random::Random;
use crate::golden::Files;
use crate::issuer::Parts;

/// The golden certificate, whole and in parts, and the keys to sign it again.
pub(crate) struct Bench {
    pub(crate) files: Files,
    pub(crate) parts: Parts,
    pub(crate) keys: IssuerKeys,
    pub(crate) random: Random,
}

impl Bench {
    /// The `n`th path, beginning again after the last.
    pub(crate) fn path(&self, n: usize) -> String {
        self.files.keys().nth(n % self.files.len()).unwrap().clone()
    }
}

/// What can be done to a folder, but not to files in memory.
#[derive(Debug, Clone)]
pub(crate) enum OnDisk {
    Link(String),
    EmptyFolder(String),
    Socket(String),
}

impl OnDisk {
    pub(crate) fn apply(&self, folder: &Path) {
        match self {
            Self::Link(path) => {
                std::fs::rename(folder.join(path), folder.with_extension("moved")).unwrap();
                std::os::unix::fs::symlink(folder.with_extension("moved"), folder.join(path)).unwrap();
            }
            Self::EmptyFolder(path) => std::fs::create_dir(folder.join(path)).unwrap(),
            Self::Socket(path) => drop(std::os::unix::net::UnixListener::bind(folder.join(path)).unwrap()),
        }
    }
}

/// A certificate that must be refused.
pub(crate) struct Mutant {
    /// What was done, with enough to do it again.
    pub(crate) what: String,
    pub(crate) files: Files,
    pub(crate) on_disk: Option<OnDisk>,
    /// The step that must refuse it, and as what, where that is the point.
    pub(crate) refused: Option<(StepName, Outcome)>,
    /// Whether the script can see it: what it does not check, it says.
    pub(crate) in_reach: bool,
}

impl Mutant {
    pub(crate) fn new(what: impl Into<String>, files: Files) -> Self {
        Self { what: what.into(), files, on_disk: None, refused: None, in_reach: true }
    }

    pub(crate) fn at(self, step: StepName, outcome: Outcome) -> Self {
        Self { refused: Some((step, outcome)), ..self }
    }

    pub(crate) fn out_of_reach(self) -> Self {
        Self { in_reach: false, ..self }
    }
}
