//! Files that people name on the command line: read within limits, and what is wrong with one is told with its place.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use plimsoll_base::Kind;

use crate::failure::Failure;

/// Far more than anybody writes by hand, and little enough to hold.
const TEXT_BYTES_MAX: u64 = 1 << 20;

/// A file that is written by hand.
pub(crate) fn read_text(path: &Path) -> Result<String, Failure> {
    let bytes = read_at_most(path, TEXT_BYTES_MAX)?;
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + good.iter().filter(|byte| **byte == b'\n').count();
        let problem = format!("{}:{line}: not text in UTF-8", path.display());
        Failure::new(Kind::Invalid, problem).hint("save it as UTF-8, or give another file")
    })
}

/// A file of any content, refused if it is larger.
pub(crate) fn read_at_most(path: &Path, bytes_max: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(bytes_max + 1).read_to_end(&mut bytes));
    read.map_err(Failure::io("reading", path.display()))?;
    if bytes.len() as u64 > bytes_max {
        let problem = format!("{} is over the limit of {bytes_max} bytes", path.display());
        return Err(Failure::new(Kind::Invalid, problem));
    }
    Ok(bytes)
}

/// The folder to which paths in a file are relative. The parent of a bare file name is an empty path, which names none.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_file_is_told_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.toml");
        std::fs::write(&path, b"name = \"a\"\nversion = \"\xff\"\n").unwrap();
        for (path, told) in [
            (path.as_path(), "s.toml:2: not text in UTF-8"),
            (folder.path(), "Is a directory"),
            (&folder.path().join("none"), "No such file"),
            (&path.join("below-a-file"), "Not a directory"),
        ] {
            let failure = read_text(path).unwrap_err();
            assert_eq!(failure.kind, Kind::Invalid, "{failure:?}");
            assert!(failure.message.contains(told), "{failure:?}");
        }
        std::fs::write(&path, vec![b'#'; TEXT_BYTES_MAX as usize + 1]).unwrap();
        assert!(read_text(&path).unwrap_err().message.contains("over the limit"));
    }

    #[test]
    fn a_bare_file_name_lies_in_this_folder() {
        assert_eq!(folder_of(Path::new("s.toml")), Path::new("."));
        assert_eq!(folder_of(Path::new("a/s.toml")), Path::new("a"));
    }
}
