//! Where a subject logs: its standard output and standard error, and files that look like logs or that its description
//! names. Other files below its folder are its data, which may hold what it was given.

use std::collections::{BTreeMap, VecDeque};
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use plimsoll_evidence::{LogRead, OUTPUT_LOG};
use plimsoll_process::OUTPUT_BYTES_MAX;

use crate::files::Subject;
use crate::running::Running;

/// Traces of a dozen requests that are longer have been dumped, not logged. More is counted, and not searched.
const FILE_BYTES_MAX: u64 = 4 << 20;
/// A fresh folder has fewer entries. Of more, those nearer to the folder itself are looked at.
const ENTRIES_MAX: usize = 20_000;

/// How much had been written to each log before anything was sent.
pub(super) struct Logs {
    output_bytes: u64,
    file_bytes: BTreeMap<PathBuf, u64>,
}

/// What was written to a log meanwhile.
pub(super) struct Logged {
    pub(super) read: LogRead,
    /// As text, up to what is searched.
    pub(super) text: String,
}

/// What a log is called, and whether the description names it.
struct Place {
    name: String,
    is_named: bool,
}

impl Logs {
    /// Looks at the logs as they are now.
    pub(super) fn begin(subject: &Subject, running: &Running) -> Self {
        let files = files(subject, running).into_keys().map(|path| (path.clone(), length(&path)));
        Self { output_bytes: running.raw_output().1, file_bytes: files.collect() }
    }

    /// What has been written since: to the output first, then to files by name. A file that only looks like a log is told
    /// where something was written to it.
    pub(super) fn logged(&self, subject: &Subject, running: &Running) -> Vec<Logged> {
        let mut all: Vec<Logged> = files(subject, running)
            .into_iter()
            .map(|(path, place)| (place.is_named, self.appended(&path, place.name)))
            .filter(|(is_named, logged)| *is_named || logged.read.written_bytes > 0)
            .map(|(_, logged)| logged)
            .collect();
        all.sort_by(|one, next| one.read.log.cmp(&next.read.log));
        all.insert(0, self.output(running));
        all
    }

    fn output(&self, running: &Running) -> Logged {
        let (text, total_bytes) = running.raw_output();
        let written_bytes = total_bytes.saturating_sub(self.output_bytes);
        let read_bytes = written_bytes.min(OUTPUT_BYTES_MAX as u64);
        Logged { read: LogRead { log: OUTPUT_LOG.to_owned(), written_bytes, read_bytes }, text }
    }

    fn appended(&self, path: &Path, log: String) -> Logged {
        let now_bytes = length(path);
        // What is shorter than before was begun anew.
        let before = self.file_bytes.get(path).filter(|before| **before <= now_bytes);
        let from = before.copied().unwrap_or_default();
        let written_bytes = now_bytes - from;
        // What cannot be read counts as written and not searched.
        let bytes =
            if written_bytes > 0 { tail(path, from, now_bytes).unwrap_or_default() } else { Vec::new() };
        let read = LogRead { log, written_bytes, read_bytes: bytes.len() as u64 };
        Logged { read, text: String::from_utf8_lossy(&bytes).into_owned() }
    }
}

/// The end of a file between two places.
fn tail(path: &Path, from: u64, to: u64) -> io::Result<Vec<u8>> {
    let from = from.max(to.saturating_sub(FILE_BYTES_MAX));
    let (mut file, mut bytes) = (File::open(path)?, Vec::new());
    file.seek(SeekFrom::Start(from))?;
    file.take(to - from).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The length of a file; nothing else has one, and opening a pipe would wait for whoever writes to it.
fn length(path: &Path) -> u64 {
    fs::metadata(path).ok().filter(fs::Metadata::is_file).map_or(0, |file| file.len())
}

/// The files that are logs, under the names by which they are told.
fn files(subject: &Subject, running: &Running) -> BTreeMap<PathBuf, Place> {
    let folder = Path::new(running.folder());
    let looks_so = alike(folder).into_iter().map(|path| {
        let below = path.strip_prefix(folder).unwrap_or(&path);
        // A name that is no text is told as it is escaped.
        let below = below.to_str().map_or_else(|| format!("{below:?}"), str::to_owned);
        let place = Place { name: format!("{{dir}}/{below}"), is_named: false };
        (path, place)
    });
    let named = subject
        .logs
        .iter()
        .map(|name| (subject.path(&running.filled(name)), Place { name: name.clone(), is_named: true }));
    looks_so.chain(named).collect()
}

/// The files below a folder that look like logs, without what links lead to. The service is at work: what is gone by now is
/// passed over.
fn alike(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut entries) = (Vec::new(), 0);
    let mut folders = VecDeque::from([(folder.to_owned(), false)]);
    while let Some((folder, is_of_logs)) = folders.pop_front() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            entries += 1;
            if entries > ENTRIES_MAX {
                return found;
            }
            let (name, kind) = (entry.file_name().to_string_lossy().to_ascii_lowercase(), entry.file_type());
            match kind {
                Ok(kind) if kind.is_dir() => {
                    folders.push_back((entry.path(), is_of_logs || matches!(name.as_str(), "log" | "logs")));
                }
                Ok(kind) if kind.is_file() && (is_of_logs || looks_like_log(&name)) => {
                    found.push(entry.path())
                }
                _ => {}
            }
        }
    }
    found
}

/// Whether a file of this name in small letters, wherever it lies, is a log. Stores number the files in which they keep their
/// data until it is sorted, as `000012.log`.
fn looks_like_log(name: &str) -> bool {
    let rotated = || name.split_once(".log.").or_else(|| name.split_once(".log-")).map(|(stem, _)| stem);
    let stem = name.strip_suffix(".log").or_else(rotated);
    stem.is_some_and(|stem| stem.is_empty() || !stem.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_log_is_told_from_data() {
        let folder = tempfile::tempdir().unwrap();
        let logs =
            ["app.log", "Error.LOG", "app.log.1", "app.log-20261123", "logs/out", "var/log/deep/0001.log"];
        let data =
            ["notes.json", "000012.log", "db/00000000000000000000.log", "app.logic", "catalog", "log.db"];
        for name in logs.iter().chain(&data) {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link.log")).unwrap();
        let mut found = alike(folder.path());
        let mut expected: Vec<PathBuf> = logs.iter().map(|name| folder.path().join(name)).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_was_there_before_is_not_read_and_what_is_begun_anew_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.log");
        fs::write(&path, "before").unwrap();
        let logs = Logs { output_bytes: 0, file_bytes: BTreeMap::from([(path.clone(), length(&path))]) };
        let appended = |text: &str| {
            fs::write(&path, text).unwrap();
            let logged = logs.appended(&path, "app.log".into());
            (logged.read.written_bytes, logged.read.read_bytes, logged.text)
        };
        assert_eq!(appended("before"), (0, 0, String::new()));
        assert_eq!(appended("before, and after"), (11, 11, ", and after".into()));
        assert_eq!(appended("anew"), (4, 4, "anew".into()));
        let long = FILE_BYTES_MAX as usize + 6 + 10;
        let (written, read, _) = appended(&"l".repeat(long));
        assert_eq!((written, read), (FILE_BYTES_MAX + 10, FILE_BYTES_MAX));
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert_eq!(length(&path), 0);
    }
}
