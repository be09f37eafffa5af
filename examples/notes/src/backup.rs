//! Backups of the notes: a copy made while the service runs, and the way back onto an empty disk.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use crate::Error;
use crate::store::BUSY_MAX;

/// The copy's name in the folder of a backup.
const COPY: &str = "notes.db";

/// Writes all notes that are stored now to `folder`, made if it is not there, in the place of the backup it may hold.
/// The service may run and write meanwhile: SQLite copies one moment of the database, its log included.
pub fn back_up(data: &Path, folder: &Path) -> Result<(), Error> {
    let failed = |problem: String| Error::BackUp { path: data.to_owned(), problem };
    let (copy, unfinished) = (folder.join(COPY), folder.join("notes.db.new"));
    let written = fs::create_dir_all(folder).and_then(|()| remove(&unfinished));
    written.map_err(|error| failed(error.to_string()))?;
    copied(data, &unfinished).map_err(|error| failed(error.to_string()))?;
    put(&unfinished, &copy).map_err(|error| failed(error.to_string()))
}

/// Makes of the backup in `folder` the database `data`, which must not be there yet. A copy that is damaged is refused.
pub fn restore(folder: &Path, data: &Path) -> Result<(), Error> {
    let copy = folder.join(COPY);
    let failed = |problem: String| Error::Restore { path: copy.clone(), problem };
    if data.exists() {
        return Err(failed(format!("`{}` is there already", data.display())));
    }
    let mut name = data.as_os_str().to_owned();
    name.push(".new");
    let unfinished = PathBuf::from(name);
    fs::copy(&copy, &unfinished).map_err(|error| failed(error.to_string()))?;
    let put = whole(&unfinished).and_then(|()| put(&unfinished, data).map_err(|error| error.to_string()));
    put.map_err(|problem| {
        // What could not be used is of no use to anybody; the copy is still in the backup.
        let _ = fs::remove_file(&unfinished);
        failed(problem)
    })
}

/// A moment of the database in a file of its own.
fn copied(data: &Path, to: &Path) -> rusqlite::Result<()> {
    // A database that is not there is an error, and not an empty backup.
    let connection = Connection::open_with_flags(data, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.busy_timeout(BUSY_MAX)?;
    connection.execute("VACUUM INTO ?1", [to.to_string_lossy()]).map(|_| ())
}

/// Whether a database is whole, looked through from end to end.
fn whole(path: &Path) -> Result<(), String> {
    let look = |connection: Connection| {
        connection.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0))
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    match Connection::open_with_flags(path, flags).and_then(look) {
        Ok(said) if said == "ok" => Ok(()),
        Ok(said) => Err(said),
        Err(error) => Err(error.to_string()),
    }
}

/// Gives a finished file its name once it is on the disk, and waits until the name is too.
fn put(unfinished: &Path, path: &Path) -> std::io::Result<()> {
    File::open(unfinished)?.sync_all()?;
    fs::rename(unfinished, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn remove(path: &Path) -> std::io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
