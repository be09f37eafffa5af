//! A certificate's folder on disk: read with suspicion, written whole or not at all.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use plimsoll_evidence::{DEPTH_MAX, FILE_BYTES_MAX, FILES_MAX, FOLDER_BYTES_MAX, Folder, check_path};

use crate::error::Error;
use crate::state::sync_folder;

/// Reads a folder. Links, devices, empty folders, and names and sizes outside the limits are refused.
pub fn read_folder(folder: &Path) -> Result<Folder, Error> {
    let mut files = BTreeMap::new();
    let mut bytes_left = FOLDER_BYTES_MAX;
    read_below(folder, "", 0, &mut files, &mut bytes_left)?;
    Ok(Folder::new(files)?)
}

fn read_below(
    folder: &Path,
    prefix: &str,
    depth: usize,
    files: &mut BTreeMap<String, Vec<u8>>,
    bytes_left: &mut u64,
) -> Result<(), Error> {
    let refuse = |what: String| Err(Error::Evidence(plimsoll_evidence::Error::Evidence(what)));
    let mut entries = 0;
    for entry in fs::read_dir(folder).map_err(Error::io("reading", folder))? {
        let entry = entry.map_err(Error::io("reading", folder))?;
        entries += 1;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        check_path(&path)?;
        let kind = entry.file_type().map_err(Error::io("reading", entry.path()))?;
        if kind.is_dir() && depth < DEPTH_MAX {
            read_below(&entry.path(), &format!("{path}/"), depth + 1, files, bytes_left)?;
        } else if kind.is_file() {
            let size = entry.metadata().map_err(Error::io("reading", entry.path()))?.len();
            if size > FILE_BYTES_MAX.min(*bytes_left) || files.len() >= FILES_MAX {
                return refuse(format!("{path}: the file or the folder is larger than allowed"));
            }
            *bytes_left -= size;
            files.insert(path, fs::read(entry.path()).map_err(Error::io("reading", entry.path()))?);
        } else {
            return refuse(format!("{path} is neither a file nor a folder"));
        }
    }
    if entries == 0 && depth > 0 {
        return refuse(format!("{prefix} is an empty folder"));
    }
    Ok(())
}

/// Writes a folder at `out`, which must not exist: beside it first, then renamed.
pub(crate) fn write_folder(out: &Path, files: &BTreeMap<String, Vec<u8>>) -> Result<(), Error> {
    if out.exists() {
        return Err(Error::OutputExists(out.to_owned()));
    }
    let parent = match out.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    fs::create_dir_all(&parent).map_err(Error::io("making", &parent))?;
    let partial = tempfile::Builder::new().prefix(".plimsoll-").tempdir_in(&parent);
    let partial = partial.map_err(Error::io("writing in", &parent))?;
    for (path, bytes) in files {
        let path = partial.path().join(path);
        let folder = path.parent().unwrap_or(partial.path());
        fs::create_dir_all(folder).map_err(Error::io("making", folder))?;
        let written = fs::File::create_new(&path).and_then(|mut file| {
            std::io::Write::write_all(&mut file, bytes)?;
            file.sync_all()
        });
        written.map_err(Error::io("writing", &path))?;
    }
    make_readable(partial.path())?;
    fs::rename(partial.path(), out).map_err(Error::io("writing", out))?;
    sync_folder(&parent)
}

/// A temporary folder is for its owner only; a certificate is for everybody.
fn make_readable(folder: &Path) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).map_err(Error::io("writing", folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> BTreeMap<String, Vec<u8>> {
        [("a.json".to_owned(), b"1".to_vec()), ("log/tile/0/000.p/1".to_owned(), b"2".to_vec())].into()
    }

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("certificate");
        write_folder(&out, &files()).unwrap();
        let read = read_folder(&out).unwrap();
        assert_eq!(read.iter().count(), 2);
        assert_eq!(read.get("log/tile/0/000.p/1"), Some(b"2".as_slice()));
        assert!(matches!(write_folder(&out, &files()), Err(Error::OutputExists(_))));
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            1,
            "something was left beside the certificate"
        );
    }

    #[test]
    fn links_and_empty_folders_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("certificate");
        write_folder(&out, &files()).unwrap();
        let link = out.join("link");
        std::os::unix::fs::symlink("a.json", &link).unwrap();
        assert!(read_folder(&out).unwrap_err().to_string().contains("judging"), "a link was read");
        fs::remove_file(&link).unwrap();
        fs::create_dir(out.join("empty")).unwrap();
        assert!(read_folder(&out).is_err(), "an empty folder was accepted");
    }

    #[test]
    fn a_disk_error_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let blocked = folder.path().join("file");
        fs::write(&blocked, b"").unwrap();
        assert!(write_folder(&blocked.join("certificate"), &files()).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
