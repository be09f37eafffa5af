//! A copy of the subject's files, in which something is done that is wrong, or the same without what is wrong. The
//! original is only read.

use std::fs;
use std::path::Path;

use plimsoll_base::Utc;
use plimsoll_evidence::Probe;

use super::git::Repository;
use super::secrets::crc32_base62;
use super::walk::walk;
use super::{Looked, plant};
use crate::error::Error;
use crate::files::Subject;

/// Copies what a probe looks at into `to`, with so many planted defects; with none it is the sham. `at` is when it is
/// looked at.
pub(crate) fn copied(
    subject: &Subject,
    probe: Probe,
    to: &Path,
    defects: u64,
    at: Utc,
) -> Result<Looked, Error> {
    let mut looked = Looked::own(subject);
    if probe == Probe::Secrets {
        return secrets(looked, to, defects);
    }
    let root = to.join("files");
    copy_files(&looked, &root)?;
    looked.root = root;
    match probe {
        Probe::BillOfMaterials => plant::component(&mut looked, to, defects, at)?,
        Probe::ImportedResults => plant::finding(&mut looked, defects, at)?,
        Probe::Runbooks => plant::alert(&mut looked, defects)?,
        Probe::Documentation => plant::link(&looked, defects)?,
        _ => return Err(Error::Bug(format!("{} looks at no files", probe.name()))),
    }
    Ok(looked)
}

/// Copies the subject's files: those that git knows where it knows them, all that lie in its folder where it does not; and
/// those that the description names.
fn copy_files(looked: &Looked, to: &Path) -> Result<(), Error> {
    let is_git = looked.git.as_ref() == Some(&looked.root);
    let mut paths = if is_git { Repository(&looked.root).files()? } else { walk(&looked.root)?.files };
    let files = &looked.files;
    paths.extend(files.bill.iter().map(|bill| bill.path.clone()));
    paths.extend(files.imports.iter().map(|import| import.path.clone()));
    paths.extend(files.documents.iter().chain(&files.alerts).cloned());
    paths.sort();
    paths.dedup();
    fs::create_dir_all(to).map_err(Error::io("making", to))?;
    for path in paths {
        // What is missing, or leads elsewhere, is so in the copy too.
        if super::place::place(&looked.root, &path).is_some_and(|place| place.is_file()) {
            copy_file(&looked.root.join(&path), &to.join(&path))?;
        }
    }
    Ok(())
}

/// Copies a file with the time at which it was written, by which its age may be told.
fn copy_file(from: &Path, to: &Path) -> Result<(), Error> {
    make_parent(to)?;
    fs::copy(from, to).map_err(Error::io("copying", from))?;
    let modified = from.metadata().and_then(|data| data.modified()).map_err(Error::io("reading", from))?;
    let file = fs::OpenOptions::new().write(true).open(to).map_err(Error::io("writing", to))?;
    file.set_modified(modified).map_err(Error::io("writing", to))
}

/// A file that came with one commit and went with the next; without a history one that is there.
fn secrets(mut looked: Looked, to: &Path, defects: u64) -> Result<Looked, Error> {
    let name = "deploy/plimsoll.env";
    let tokens: String = (0..defects).map(|number| format!("TOKEN_{number} {}\n", token(number))).collect();
    let content = format!("LISTEN 127.0.0.1\n{tokens}");
    if let Some(git) = &looked.git {
        let copy = to.join("repository.git");
        Repository(git).copy_to(&copy)?;
        Repository(&copy).commit_and_delete(name, &content)?;
        looked.git = Some(copy);
    } else if let Some(folder) = &looked.folder {
        let copy = to.join("files");
        copy_folder(folder, &copy)?;
        write(&copy.join(name), content.as_bytes())?;
        looked.folder = Some(copy);
    } else {
        let path = to.join("plimsoll.env");
        write(&path, content.as_bytes())?;
        looked.artifacts.push(path);
    }
    Ok(looked)
}

/// A token that nobody has issued, with the checksum of one that somebody had.
fn token(number: u64) -> String {
    let random = format!("PlimsollPlantedDefect{number:09}");
    format!("ghp_{random}{}", crc32_base62(random.as_bytes()))
}

/// Copies the files of a folder.
fn copy_folder(from: &Path, to: &Path) -> Result<(), Error> {
    for path in walk(from)?.files {
        copy_file(&from.join(&path), &to.join(&path))?;
    }
    Ok(())
}

pub(super) fn write(path: &Path, content: &[u8]) -> Result<(), Error> {
    make_parent(path)?;
    fs::write(path, content).map_err(Error::io("writing", path))
}

fn make_parent(path: &Path) -> Result<(), Error> {
    let parent = path.parent().unwrap_or(path);
    fs::create_dir_all(parent).map_err(Error::io("making", parent))
}
