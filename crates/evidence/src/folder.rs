//! A certificate's folder in memory, within limits.

use std::collections::BTreeMap;

use crate::error::Error;

/// A file larger than this is refused: a day of batches at 5,000/s stays below.
pub const FILE_BYTES_MAX: u64 = 64 << 20;
/// A folder larger than this is refused: a verifier holds it in memory.
pub const FOLDER_BYTES_MAX: u64 = 512 << 20;
/// A folder with more files is refused: no profile comes near.
pub const FILES_MAX: usize = 4_096;
/// A deeper folder is refused; ours has four levels, a log of 10^12 entries has seven.
pub const DEPTH_MAX: usize = 32;

/// The signed certificate.
pub const CERTIFICATE_FILE: &str = "certificate.dsse.json";
/// Its proof of logging.
pub const TLOG_PROOF_FILE: &str = "certificate.tlog-proof";
/// The log's signed size and root.
pub const CHECKPOINT_FILE: &str = "log/checkpoint";
/// The report for people; bound by digest, never read by `verify`.
pub const REPORT_FILE: &str = "report.html";

/// Files by path.
#[derive(Debug, Clone, Default)]
pub struct Folder {
    files: BTreeMap<String, Vec<u8>>,
}

impl Folder {
    /// Takes files, none of them with a name or size outside the limits.
    pub fn new(files: BTreeMap<String, Vec<u8>>) -> Result<Self, Error> {
        if files.len() > FILES_MAX {
            return Err(Error::evidence(format!("{} files, more than {FILES_MAX}", files.len())));
        }
        let mut total_bytes: u64 = 0;
        for (path, bytes) in &files {
            check_path(path)?;
            let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            total_bytes = total_bytes.saturating_add(size);
            if size > FILE_BYTES_MAX || total_bytes > FOLDER_BYTES_MAX {
                return Err(Error::evidence(format!(
                    "{path}: the file or the folder is larger than allowed"
                )));
            }
        }
        Ok(Self { files })
    }

    /// The bytes of a file.
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// Every file, by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }

    /// Files below a prefix such as `log/`.
    pub fn below<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        self.iter().filter(move |(path, _)| path.starts_with(prefix))
    }
}

/// Checks a path: `[a-z0-9._/-]`, no empty, hidden or climbing part, not too deep.
pub fn check_path(path: &str) -> Result<(), Error> {
    let shown: String = path.chars().take(80).flat_map(char::escape_default).collect();
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._/-".contains(c);
    let parts_are_plain = path.split('/').all(|part| !part.is_empty() && !part.starts_with('.'));
    if path.chars().all(allowed) && parts_are_plain && path.split('/').count() <= DEPTH_MAX {
        Ok(())
    } else {
        Err(Error::evidence(format!("file name `{shown}` is not allowed in a certificate")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_outside_the_alphabet_are_refused() {
        for path in
            ["", "/etc", "a//b", "a/../b", "./a", ".hidden", "A", "a b", "a\n", "ä", "a/", &"a/".repeat(40)]
        {
            assert!(check_path(path).is_err(), "{path:?} was accepted");
        }
        for path in ["certificate.dsse.json", "log/tile/0/x001/234.p/56", "evidence/00ff.json"] {
            assert!(check_path(path).is_ok(), "{path:?} was refused");
        }
    }
}
