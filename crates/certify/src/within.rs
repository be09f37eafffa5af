//! Certificates that lie in a subject's own repository. They are made of the source, and are no part of it: a certificate that
//! is written beside it does not change what it is about, nor does one that is committed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use plimsoll_base::Utc;
use plimsoll_evidence::{Anchors, CERTIFICATE_FILE, Outcome, Question, verify};

use crate::folder_io::read_folder;

/// The certificates of a repository, each looked at once.
#[derive(Debug)]
pub(crate) struct CertificatesWithin {
    root: PathBuf,
    known: BTreeMap<PathBuf, bool>,
}

impl CertificatesWithin {
    /// Of the repository whose working tree is this folder.
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root, known: BTreeMap::new() }
    }

    /// Whether a file is a part of a certificate, by its path from the root. What was put beside the files of one, or altered
    /// in it, makes it none: so nothing hides there.
    pub(crate) fn has(&mut self, path: &str) -> bool {
        let folders = Path::new(path).ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty());
        folders.into_iter().any(|folder| match self.known.get(folder) {
            Some(known) => *known,
            None => {
                let is_one = is_as_signed(&self.root.join(folder));
                self.known.insert(folder.to_owned(), is_one);
                is_one
            }
        })
    }
}

/// Whether a folder is what somebody has signed, file by file. Who that was, and whether it holds, is another matter.
fn is_as_signed(folder: &Path) -> bool {
    if !folder.join(CERTIFICATE_FILE).is_file() {
        return false;
    }
    let Ok(files) = read_folder(folder) else { return false };
    // Trust and time are asked last: whatever they say, all before them held.
    let question =
        Question { at: Utc::from_unix_seconds(0), anchors: &Anchors::default(), subject: None, after: None };
    !matches!(
        verify(&files, &question).outcome,
        Outcome::Invalid | Outcome::Incomplete | Outcome::Unreadable | Outcome::Newer
    )
}
