//! Looks at the subject's files, once and with nothing started, and keeps what was seen of each case. What is wrong with it
//! is decided in `evidence`. Planted defects stand in a copy of the files; whoever looks does not know which he has.

mod alerts;
mod bill;
mod copy;
mod documents;
mod git;
mod imported;
mod links;
mod markdown;
mod place;
mod plant;
mod secrets;
mod walk;
mod yaml;

use std::path::PathBuf;

use plimsoll_evidence::{Checklist, Probe};

use crate::error::Error;
use crate::files::{Inspected, Subject};
use crate::stop::Stop;

pub(crate) use copy::copied;

/// How much of a path or a name from a foreign file is kept.
const SHORT_CHARACTERS: usize = 200;

/// The files that are looked at, wherever they lie.
#[derive(Debug, Clone)]
pub(crate) struct Looked {
    /// To what the paths of files are relative.
    root: PathBuf,
    git: Option<PathBuf>,
    folder: Option<PathBuf>,
    artifacts: Vec<PathBuf>,
    files: Inspected,
}

impl Looked {
    /// The subject's own.
    pub(crate) fn own(subject: &Subject) -> Self {
        let source = subject.source.clone();
        Self {
            root: subject.files_folder().to_owned(),
            git: source.git,
            folder: source.folder,
            artifacts: source.artifacts,
            files: subject.files.clone(),
        }
    }
}

/// Goes through a probe's list. `names` are the commit and the digests of the subject.
pub(crate) fn inspect(
    probe: Probe,
    looked: &Looked,
    names: &[String],
    stop: Stop<'_>,
) -> Result<Checklist, Error> {
    match (probe, &looked.files.bill) {
        (Probe::Secrets, _) => Ok(Checklist::Secrets(secrets::search(looked, stop)?)),
        (Probe::BillOfMaterials, Some(named)) => {
            Ok(Checklist::BillOfMaterials(bill::bill(looked, named, stop)?))
        }
        (Probe::ImportedResults, _) => Ok(Checklist::ImportedResults(imported::results(looked, names))),
        (Probe::Runbooks, _) => Ok(Checklist::Runbooks(alerts::book(looked))),
        (Probe::Documentation, _) => Ok(Checklist::Documentation(documents::documents(looked))),
        _ => Err(Error::Bug(format!("{} has no files to look at", probe.name()))),
    }
}

/// As much of a foreign name as is kept.
fn short(name: &str) -> String {
    name.chars().take(SHORT_CHARACTERS).collect()
}
