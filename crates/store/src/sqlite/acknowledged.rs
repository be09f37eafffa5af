//! How far the journal had come when it last said so: a file beside the database.
//!
//! After damage to its write-ahead log SQLite recovers what is before the damage and says nothing; if the log is gone,
//! it recovers none of it. So after each commit that the disk has confirmed, its position is written here, without
//! waiting for the disk: the file may be behind the database after a power failure, and must never be ahead.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use plimsoll_proof::{Digest, TreeHead};

use crate::error::{Error, Result};

const NAME: &str = "acknowledged";

/// The file, open for writing.
#[derive(Debug)]
pub(crate) struct Acknowledged(File);

impl Acknowledged {
    /// Opens the file in `folder`, or makes it if the journal is new.
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        let path = folder.join(NAME);
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
        Ok(Self(file.map_err(Error::io("opening", &path))?))
    }

    /// Writes how far the journal has come.
    pub(crate) fn write(&self, head: &TreeHead) -> std::io::Result<()> {
        self.0.write_all_at(text(head).as_bytes(), 0)
    }

    /// Writes it and waits for the disk.
    pub(crate) fn write_through(&self, head: &TreeHead) -> std::io::Result<()> {
        self.write(head)?;
        self.0.sync_all()
    }
}

/// What the file in `folder` says; nothing if there is none.
pub(crate) fn read(folder: &Path) -> Result<Option<TreeHead>> {
    let path = folder.join(NAME);
    match std::fs::read_to_string(&path) {
        Ok(text) if text.is_empty() => Ok(None),
        Ok(text) => parse(&text).map(Some).ok_or_else(damaged),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => Err(damaged()),
        Err(error) => Err(Error::io("reading", path)(error)),
    }
}

fn damaged() -> Error {
    Error::corrupt(format!("the file `{NAME}` does not say how far the journal had come"))
}

/// Twenty digits, the root in 64 hexadecimal ones, a sum over both in 16, and a line's end: 103 bytes, so that it is
/// overwritten in place and within one sector.
fn text(head: &TreeHead) -> String {
    let said = format!("{:020} {}", head.size, head.root);
    let sum = Digest::of(said.as_bytes()).to_string();
    format!("{said} {}\n", sum.get(..16).unwrap_or_default())
}

/// Accepts exactly what [`text`] writes.
fn parse(found: &str) -> Option<TreeHead> {
    let mut words = found.split(' ');
    let (size, root) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let head = TreeHead { size, root };
    (text(&head) == found).then_some(head)
}

/// What is written of what is read.
#[cfg(fuzzing)]
pub(crate) fn respelled(found: &str) -> Option<String> {
    parse(found).map(|head| text(&head))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_any_other_byte_is_refused() {
        let head = TreeHead { size: 12_345, root: Digest::of(b"root") };
        let text = text(&head);
        assert_eq!(text.len(), 103);
        assert_eq!(parse(&text), Some(head));
        for at in 0..text.len() {
            for byte in [b'0', b'1', b'f', b' ', b'\n', 0] {
                let mut bytes = text.clone().into_bytes();
                if bytes[at] != byte {
                    bytes[at] = byte;
                    assert_eq!(parse(std::str::from_utf8(&bytes).unwrap()), None, "byte {at}");
                }
            }
        }
        assert_eq!(parse(&text[..102]), None);
    }

    #[test]
    fn a_file_is_overwritten_in_place() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path()).unwrap(), None);
        let file = Acknowledged::open(folder.path()).unwrap();
        for size in [9, 10, u64::MAX, 1] {
            let head = TreeHead { size, root: Digest::of(&size.to_be_bytes()) };
            file.write_through(&head).unwrap();
            assert_eq!(read(folder.path()).unwrap(), Some(head));
        }
        std::fs::write(folder.path().join(NAME), b"\xff").unwrap();
        assert!(matches!(read(folder.path()), Err(Error::Corrupt(_))));
    }
}
