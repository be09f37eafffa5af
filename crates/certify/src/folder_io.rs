//! A certificate's folder on disk: read with suspicion, written whole or not at all.

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use plimsoll_evidence::{DEPTH_MAX, FILE_BYTES_MAX, FILES_MAX, FOLDER_BYTES_MAX, Folder, check_path};
use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::error::Error;
use crate::scratch::{HIDDEN_PREFIX, Scratch};
use crate::state::sync_folder;

/// A file of a folder, as it was when it was looked at.
#[derive(Debug, Clone)]
pub struct SeenFile {
    path: String,
    place: PathBuf,
    seen: Metadata,
}

impl SeenFile {
    /// Its path within the folder.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Its size in bytes.
    pub fn bytes(&self) -> u64 {
        self.seen.len()
    }

    /// When it was written, in seconds since 1970-01-01T00:00:00Z.
    pub fn modified_s(&self) -> u64 {
        u64::try_from(self.seen.mtime()).unwrap_or(0)
    }

    /// Opens it, if it is what it was.
    pub fn open(&self) -> Result<File, Error> {
        let file = File::open(&self.place).map_err(|error| self.failed(error))?;
        self.check(&file).map(|()| file)
    }

    /// Refuses it if it has changed since it was looked at.
    pub fn check(&self, file: &File) -> Result<(), Error> {
        let now = file.metadata().map_err(|error| self.failed(error))?;
        let of = |seen: &Metadata| (seen.dev(), seen.ino(), seen.len(), seen.ctime(), seen.ctime_nsec());
        match of(&now) == of(&self.seen) {
            true => Ok(()),
            false => Err(self.failed(std::io::Error::other("it has changed meanwhile"))),
        }
    }

    /// An error of reading it.
    pub fn failed(&self, source: std::io::Error) -> Error {
        Error::io("reading", &self.place)(source)
    }

    /// All of it.
    pub(crate) fn read(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        let mut file = self.open()?;
        file.read_to_end(&mut bytes).map_err(|error| self.failed(error))?;
        self.check(&file).map(|()| bytes)
    }
}

/// Reads a folder. Links, devices, empty folders, and names and sizes outside the limits are refused.
pub fn read_folder(folder: &Path) -> Result<Folder, Error> {
    let files = list_folder(folder)?.into_iter();
    let files = files.map(|file| Ok((file.path.clone(), file.read()?))).collect::<Result<_, Error>>()?;
    Folder::new(files).map_err(Error::Folder)
}

/// The files of a folder in the order of their paths, refused as by [`read_folder`]; none of them is read.
pub fn list_folder(folder: &Path) -> Result<Vec<SeenFile>, Error> {
    let mut files = BTreeMap::new();
    let mut bytes_left = FOLDER_BYTES_MAX;
    list_below(folder, "", 0, &mut files, &mut bytes_left)?;
    Ok(files.into_values().collect())
}

fn list_below(
    folder: &Path,
    prefix: &str,
    depth: usize,
    files: &mut BTreeMap<String, SeenFile>,
    bytes_left: &mut u64,
) -> Result<(), Error> {
    let refuse = |what: String| Err(Error::Folder(plimsoll_evidence::Error::Evidence(what)));
    let mut entries = 0;
    for entry in fs::read_dir(folder).map_err(Error::io("reading", folder))? {
        let entry = entry.map_err(Error::io("reading", folder))?;
        entries += 1;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        check_path(&path).map_err(Error::Folder)?;
        let (place, seen) = (entry.path(), entry.metadata().map_err(Error::io("reading", entry.path()))?);
        if seen.is_dir() && depth < DEPTH_MAX {
            list_below(&place, &format!("{path}/"), depth + 1, files, bytes_left)?;
        } else if seen.is_file() {
            if seen.len() > FILE_BYTES_MAX.min(*bytes_left) || files.len() >= FILES_MAX {
                return refuse(format!("{path}: the file or the folder is larger than allowed"));
            }
            *bytes_left -= seen.len();
            files.insert(path.clone(), SeenFile { path, place, seen });
        } else {
            return refuse(format!("{path} is neither a file nor a folder"));
        }
    }
    if entries == 0 && depth > 0 {
        return refuse(format!("{prefix} is an empty folder"));
    }
    Ok(())
}

/// A folder in the making, beside the place where it shall be. Dropped before it is published, it is gone.
#[derive(Debug)]
pub(crate) struct Partial {
    folder: Scratch,
    parent: PathBuf,
    out: PathBuf,
}

impl Partial {
    /// Begins a folder for `out`, which must not exist.
    pub(crate) fn beside(out: &Path) -> Result<Self, Error> {
        check_free(out)?;
        let parent = match out.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        fs::create_dir_all(&parent).map_err(Error::io("making", &parent))?;
        Ok(Self { folder: Scratch::within(&parent, HIDDEN_PREFIX)?, parent, out: out.to_owned() })
    }

    /// Writes every file, down to the disk.
    pub(crate) fn write(&self, files: &Folder) -> Result<(), Error> {
        write_files(self.folder.path(), files)?;
        // Found here, and not when it is renamed, it is found before the log holds the result.
        check_free(&self.out)
    }

    /// Makes it what it was meant to be, at once and whole.
    pub(crate) fn publish(self) -> Result<(), Error> {
        fs::rename(self.folder.path(), &self.out).map_err(Error::io("writing", &self.out))?;
        sync_folder(&self.parent)
    }
}

/// Puts a folder with these files into the place of the one at `place`, at once and whole.
pub(crate) fn exchange(place: &Path, parent: &Path, files: &Folder) -> Result<(), Error> {
    let fresh = Scratch::within(parent, HIDDEN_PREFIX)?;
    write_files(fresh.path(), files)?;
    renameat_with(CWD, fresh.path(), CWD, place, RenameFlags::EXCHANGE)
        .map_err(|errno| Error::io("replacing", place)(errno.into()))?;
    // What was there has the fresh one's name now, and goes with it.
    sync_folder(parent)
}

/// Writes every file below a folder of ours, down to the disk.
fn write_files(root: &Path, files: &Folder) -> Result<(), Error> {
    for (path, bytes) in files.iter() {
        let path = root.join(path);
        let folder = path.parent().unwrap_or(root);
        fs::create_dir_all(folder).map_err(Error::io("making", folder))?;
        let written = fs::File::create_new(&path).and_then(|mut file| {
            std::io::Write::write_all(&mut file, bytes)?;
            file.sync_all()
        });
        written.map_err(Error::io("writing", &path))?;
    }
    make_readable(root)
}

fn check_free(out: &Path) -> Result<(), Error> {
    if out.exists() { Err(Error::OutputExists(out.to_owned())) } else { Ok(()) }
}

/// A temporary folder is for its owner only; a certificate is for everybody.
fn make_readable(folder: &Path) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).map_err(Error::io("writing", folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Folder {
        let files = [("a.json".to_owned(), b"1".to_vec()), ("log/tile/0/000.p/1".to_owned(), b"2".to_vec())];
        Folder::new(files.into()).unwrap()
    }

    fn write_folder(out: &Path) {
        let partial = Partial::beside(out).unwrap();
        partial.write(&files()).unwrap();
        assert!(!out.exists(), "there before it is whole");
        partial.publish().unwrap();
    }

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("certificate");
        write_folder(&out);
        let read = read_folder(&out).unwrap();
        assert_eq!(read.iter().count(), 2);
        assert_eq!(read.get("log/tile/0/000.p/1"), Some(b"2".as_slice()));
        assert!(matches!(Partial::beside(&out), Err(Error::OutputExists(_))));
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            1,
            "something was left beside the certificate"
        );
    }

    #[test]
    fn a_folder_is_replaced_whole_and_nothing_is_left_beside_it() {
        let parent = tempfile::tempdir().unwrap();
        let out = parent.path().join("certificate");
        write_folder(&out);
        let other = Folder::new([("b.json".to_owned(), b"3".to_vec())].into()).unwrap();
        exchange(&out, parent.path(), &other).unwrap();
        let read = read_folder(&out).unwrap();
        assert_eq!((read.get("a.json"), read.get("b.json")), (None, Some(b"3".as_slice())));
        assert!(exchange(&parent.path().join("none"), parent.path(), &other).is_err());
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 1, "something was left beside it");
    }

    #[test]
    fn links_and_empty_folders_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("certificate");
        write_folder(&out);
        let link = out.join("link");
        std::os::unix::fs::symlink("a.json", &link).unwrap();
        assert!(matches!(read_folder(&out), Err(Error::Folder(_))), "a link was read");
        fs::remove_file(&link).unwrap();
        fs::create_dir(out.join("empty")).unwrap();
        assert!(read_folder(&out).is_err(), "an empty folder was accepted");
    }

    #[test]
    fn what_is_not_published_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let blocked = folder.path().join("file");
        fs::write(&blocked, b"").unwrap();
        assert!(Partial::beside(&blocked.join("certificate")).is_err());
        let partial = Partial::beside(&folder.path().join("certificate")).unwrap();
        partial.write(&files()).unwrap();
        drop(partial);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_place_that_was_taken_meanwhile_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("certificate");
        let partial = Partial::beside(&out).unwrap();
        fs::create_dir(&out).unwrap();
        assert!(matches!(partial.write(&files()), Err(Error::OutputExists(_))));
        drop(partial);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
