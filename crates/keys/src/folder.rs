//! Files that only their owner may read, written so that a crash leaves the old state or the new one.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

const FILE_MODE: u32 = 0o600;
const FOLDER_MODE: u32 = 0o700;

/// Who may read or write beside the owner: the group and everybody else.
const OTHERS: u32 = 0o077;

/// Who may write beside the owner.
const OTHERS_WRITE: u32 = 0o022;

/// Who may write at all.
const ANYBODY_WRITES: u32 = 0o222;

/// What the group may do with a credential that nobody may write.
const GROUP_READS: u32 = 0o040;

/// What others may do with a file without its being refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Privacy {
    /// Nothing: it holds a secret.
    Secret,
    /// Nothing, or the group may read what nobody may write: systemd shows a file so that is handed to a user by an
    /// entry of its access list.
    Credential,
    /// Read it: it holds what is public, but decides whom we trust.
    Public,
}

/// Turns a failure into an error that says what was being done to what.
pub(crate) fn io_error<'a>(doing: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> Error + 'a {
    move |source| Error::Io { doing, path: path.to_owned(), source }
}

/// Makes a folder, and those above it, that only the owner may enter, through to the disk. One that is there stays
/// as it is.
pub(crate) fn create_private_folder(path: &Path) -> Result<()> {
    let is_missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
    let missing: Vec<&Path> = path.ancestors().take_while(is_missing).collect();
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(FOLDER_MODE).create(path).map_err(io_error("creating the folder", path))?;
    missing.into_iter().try_for_each(|made| sync_folder(folder_of(made)))
}

/// The folder in which `path` stands.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Refuses a folder in which others could put files. One that does not exist passes.
pub(crate) fn check_folder(path: &Path) -> Result<()> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(io_error("looking at the folder", path)(error)),
    };
    let mode = metadata.permissions().mode() & 0o777;
    if mode & OTHERS_WRITE == 0 {
        return Ok(());
    }
    let hint = "close it with `chmod 700`: others could put keys or pins of theirs into it";
    Err(Error::Exposed { path: path.to_owned(), mode, hint })
}

/// Reads a plain file of at most `limit` bytes, or gives `None` if it does not exist.
pub(crate) fn read_file(path: &Path, privacy: Privacy, limit: usize) -> Result<Option<Vec<u8>>> {
    match fs::symlink_metadata(path) {
        // Asked before opening: to open a pipe would wait for its writer.
        Ok(metadata) if !metadata.is_file() => return Err(Error::NotAFile(path.to_owned())),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io_error("looking at", path)(error)),
    }
    let file = File::open(path).map_err(io_error("opening", path))?;
    let mode = file.metadata().map_err(io_error("looking at", path))?.permissions().mode() & 0o777;
    let (closed, hint) = match privacy {
        Privacy::Secret => {
            (OTHERS, "close it with `chmod 600`, and make a new key if others may have read it")
        }
        Privacy::Credential => {
            let open = if mode & ANYBODY_WRITES == 0 { GROUP_READS } else { 0 };
            (OTHERS & !open, "close it with `chmod 600`, and make a new one if others may have read it")
        }
        Privacy::Public => (OTHERS_WRITE, "close it with `chmod 600`: others could pin keys of theirs"),
    };
    if mode & closed != 0 {
        return Err(Error::Exposed { path: path.to_owned(), mode, hint });
    }
    let mut bytes = Vec::new();
    file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(io_error("reading", path))?;
    if bytes.len() > limit { Err(Error::TooLarge { path: path.to_owned(), limit }) } else { Ok(Some(bytes)) }
}

/// Writes a file that must not exist yet, through to the disk.
pub(crate) fn create_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut options = OpenOptions::new();
    let opened = options.write(true).create_new(true).mode(FILE_MODE).open(path);
    let mut file = opened.map_err(io_error("creating", path))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(io_error("writing", path))
}

/// Puts `bytes` in the place of the file at `path`, whole or not at all.
pub(crate) fn replace_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let temporary = temporary_beside(path)?;
    let renamed = create_file(&temporary, bytes)
        .and_then(|()| fs::rename(&temporary, path).map_err(io_error("replacing", path)));
    if renamed.is_err() {
        // The first error is the one to report; what is left over has a name that nothing reads.
        let _ = fs::remove_file(&temporary);
    }
    renamed?;
    sync_folder(folder_of(path))
}

/// A fresh name beside `path` that is no name of an issuer, of a key or of pins.
pub(crate) fn temporary_beside(path: &Path) -> Result<PathBuf> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(Error::Randomness)?;
    Ok(path.with_file_name(format!(".new-{:016x}", u64::from_be_bytes(random))))
}

/// Writes the names in a folder through to the disk.
pub(crate) fn sync_folder(path: &Path) -> Result<()> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(io_error("writing the folder", path))
}

/// Keeps other commands from changing the folder until the returned file is dropped.
pub(crate) fn lock_folder(folder: &Path) -> Result<File> {
    let path = folder.join(".lock");
    let mut options = OpenOptions::new();
    let opened = options.write(true).create(true).truncate(false).mode(FILE_MODE).open(&path);
    let file = opened.map_err(io_error("opening", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Busy(folder.to_owned())),
        Err(TryLockError::Error(source)) => Err(Error::Io { doing: "locking", path, source }),
    }
}
