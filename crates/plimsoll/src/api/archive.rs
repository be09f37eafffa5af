//! A folder as a tar archive that is read while it is sent: no more of it is in memory than a piece.

use std::fs::File;
use std::io::Read;

use plimsoll_certify::{Error, SeenFile};
use tar::Header;

use super::piecewise::Pieces;

/// What is read at once, in bytes: whole blocks.
const PIECE_BYTES: usize = 64 << 10;
/// Everything in an archive begins at a multiple of this, in bytes.
const BLOCK_BYTES: u64 = 512;
/// Two empty blocks are the end.
const END_BYTES: u64 = 2 * BLOCK_BYTES;

/// An archive, piece after piece.
pub(crate) struct Archive {
    files: std::vec::IntoIter<(Header, SeenFile)>,
    bytes: u64,
    reading: Option<Reading>,
    has_ended: bool,
}

/// A file that is being read.
struct Reading {
    file: File,
    seen: SeenFile,
    bytes_left: u64,
}

impl Archive {
    /// The archive of these files, in a folder of this name.
    pub(crate) fn of(folder: &str, files: Vec<SeenFile>) -> Result<Self, Error> {
        let mut bytes = END_BYTES;
        let mut entries = Vec::with_capacity(files.len());
        for seen in files {
            let path = format!("{folder}/{}", seen.path());
            let mut header = Header::new_ustar();
            let packing = |source| Error::Io { doing: "packing", path: path.clone().into(), source };
            header.set_path(&path).map_err(packing)?;
            header.set_size(seen.bytes());
            header.set_mode(0o644);
            header.set_mtime(seen.modified_s());
            header.set_cksum();
            bytes += BLOCK_BYTES + seen.bytes().next_multiple_of(BLOCK_BYTES);
            entries.push((header, seen));
        }
        Ok(Self { files: entries.into_iter(), bytes, reading: None, has_ended: false })
    }

    /// How long it will be, in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The next piece of a file. After the last one it must be what it was before the first.
    fn go_on(&mut self, mut reading: Reading) -> Result<Vec<u8>, Error> {
        let bytes = usize::try_from(reading.bytes_left).unwrap_or(PIECE_BYTES).min(PIECE_BYTES);
        let mut piece = vec![0; bytes];
        reading.file.read_exact(&mut piece).map_err(|error| reading.seen.failed(error))?;
        reading.bytes_left -= bytes as u64;
        if reading.bytes_left > 0 {
            self.reading = Some(reading);
            return Ok(piece);
        }
        reading.seen.check(&reading.file)?;
        piece.resize(bytes.next_multiple_of(BLOCK_BYTES as usize), 0);
        Ok(piece)
    }

    fn begin(&mut self, header: &Header, seen: SeenFile) -> Result<Vec<u8>, Error> {
        let (file, bytes_left) = (seen.open()?, seen.bytes());
        self.reading = Some(Reading { file, seen, bytes_left });
        Ok(header.as_bytes().to_vec())
    }
}

impl Iterator for Archive {
    type Item = Result<Vec<u8>, Error>;

    /// After an error nothing that comes is of use.
    fn next(&mut self) -> Option<Self::Item> {
        if let Some(reading) = self.reading.take() {
            return Some(self.go_on(reading));
        }
        if let Some((header, seen)) = self.files.next() {
            return Some(self.begin(&header, seen));
        }
        let is_last = !std::mem::replace(&mut self.has_ended, true);
        is_last.then(|| Ok(vec![0; END_BYTES as usize]))
    }
}

/// Sends an archive as fast as it is taken. What cannot be read ends it before its length is reached.
pub(crate) async fn send(mut archive: Archive, pieces: Pieces) {
    loop {
        // The disk is waited for where that holds up nobody, a slow client here.
        let read = tokio::task::spawn_blocking(move || {
            let piece = archive.next();
            (archive, piece)
        });
        let Ok((rest, piece)) = read.await else {
            return pieces.break_off(plimsoll_store::Error::Closed).await;
        };
        archive = rest;
        match piece {
            None => return,
            Some(Err(error)) => return pieces.break_off(error).await,
            Some(Ok(piece)) => {
                if !pieces.send(piece).await {
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::Path;

    use plimsoll_certify::list_folder;

    use super::*;

    /// A folder with files of all sizes that are special.
    fn folder() -> (tempfile::TempDir, BTreeMap<String, Vec<u8>>) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("log/tile")).unwrap();
        let sizes = [0, 1, 511, 512, 513, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES];
        let mut files = BTreeMap::new();
        for (number, size) in sizes.into_iter().enumerate() {
            let path =
                format!("{}{}", if number % 2 == 0 { "log/tile/" } else { "" }, "x".repeat(60 + number));
            let bytes: Vec<u8> = (0..size).map(|at| (at * 31 + number) as u8).collect();
            fs::write(folder.path().join(&path), &bytes).unwrap();
            files.insert(path, bytes);
        }
        (folder, files)
    }

    fn archive(folder: &Path) -> Archive {
        Archive::of("0123", list_folder(folder).unwrap()).unwrap()
    }

    #[test]
    fn it_holds_every_file_and_is_as_long_as_was_said() {
        let (folder, files) = folder();
        let archive = archive(folder.path());
        let bytes = archive.bytes();
        let pieces: Vec<Vec<u8>> = archive.map(Result::unwrap).collect();
        assert!(pieces.iter().all(|piece| piece.len() <= PIECE_BYTES));
        let whole = pieces.concat();
        assert_eq!(whole.len() as u64, bytes);
        let mut found = BTreeMap::new();
        for entry in tar::Archive::new(whole.as_slice()).entries().unwrap() {
            let mut entry = entry.unwrap();
            let path = entry.path().unwrap().strip_prefix("0123").unwrap().to_str().unwrap().to_owned();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            found.insert(path, bytes);
        }
        assert!(found == files, "{:?}", found.keys());
    }

    #[test]
    fn it_breaks_off_where_a_file_is_not_what_it_was() {
        type Change = fn(&Path);
        let changes: [(&str, Change); 4] = [
            ("longer", |file| fs::write(file, [1; 3 * PIECE_BYTES + 1]).unwrap()),
            ("shorter", |file| fs::write(file, [1; 3 * PIECE_BYTES - 1]).unwrap()),
            ("other bytes", |file| fs::write(file, [1; 3 * PIECE_BYTES]).unwrap()),
            ("gone", |file| fs::remove_file(file).unwrap()),
        ];
        for (how, change) in changes {
            let (folder, files) = folder();
            let (path, _) = files.iter().find(|(_, bytes)| bytes.len() == 3 * PIECE_BYTES).unwrap();
            let archive = archive(folder.path());
            change(&folder.path().join(path));
            let failed = archive.into_iter().find_map(Result::err);
            let failed = failed.unwrap_or_else(|| panic!("nobody noticed that a file is {how}"));
            assert!(failed.to_string().contains(path.as_str()), "{how}: {failed}");
        }
        // Also in the midst of it.
        let (folder, files) = folder();
        let (path, _) = files.iter().find(|(_, bytes)| bytes.len() == 3 * PIECE_BYTES).unwrap();
        let mut archive = archive(folder.path());
        let is_amid =
            |archive: &Archive| archive.reading.as_ref().is_some_and(|reading| reading.seen.path() == *path);
        while !is_amid(&archive) {
            archive.next().unwrap().unwrap();
        }
        archive.next().unwrap().unwrap();
        changes[2].1(&folder.path().join(path));
        assert!(archive.any(|piece| piece.is_err()));
    }
}
