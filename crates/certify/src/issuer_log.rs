//! The issuer's log: every attempt registered before its first trial, every result after. One log per issuer
//! key, in the state folder; a demonstration's is in memory.

use std::collections::BTreeMap;
use std::path::PathBuf;

use plimsoll_base::Utc;
use plimsoll_evidence::{CHECKPOINT_FILE, EntryType, LogEntry, LoggedEntry, Said, TLOG_PROOF_FILE};
use plimsoll_keys::LogKey;
use plimsoll_proof::{
    Checkpoint, Digest, LogProof, SignedCheckpoint, TreeHead, from_canonical, inclusion_proof, leaf_hash,
    to_canonical, write_tiles,
};

use crate::error::Error;
use crate::state::write_atomically;

/// An issuer's log, open for appending.
pub(crate) struct IssuerLog<'a> {
    key: &'a LogKey,
    /// Where it is kept; a demonstration's is not.
    folder: Option<PathBuf>,
    /// The entries' bytes, in order.
    entries: Vec<Vec<u8>>,
}

/// The chain to which an entry belongs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chain<'a> {
    pub(crate) subject: &'a str,
    pub(crate) profile: &'a str,
}

impl<'a> IssuerLog<'a> {
    /// A log in memory.
    pub(crate) fn in_memory(key: &'a LogKey) -> Self {
        Self { key, folder: None, entries: Vec::new() }
    }

    /// Opens the log in `folder`, or begins one. Entries that the last checkpoint covers must all be there,
    /// unchanged; one more may be there that was written just before a crash.
    pub(crate) fn open(key: &'a LogKey, folder: PathBuf) -> Result<Self, Error> {
        let mut entries = Vec::new();
        loop {
            let path = entry_file(&folder, entries.len());
            match std::fs::read(&path) {
                Ok(bytes) => entries.push(bytes),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => break,
                Err(error) => return Err(Error::io("reading", path)(error)),
            }
        }
        let log = Self { key, folder: Some(folder), entries };
        log.check()?;
        Ok(log)
    }

    fn check(&self) -> Result<(), Error> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let path = folder.join("checkpoint");
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && self.entries.len() <= 1 => {
                return Ok(());
            }
            Err(error) => return Err(Error::io("reading", path)(error)),
        };
        let checkpoint = SignedCheckpoint::parse(&text).map_err(|error| Error::Log(error.to_string()))?;
        checkpoint.verify(&self.key.verifier_key(), &[]).map_err(|error| Error::Log(error.to_string()))?;
        let size = usize::try_from(checkpoint.checkpoint.tree.size).unwrap_or(usize::MAX);
        let covered = self.entries.get(..size).ok_or_else(|| Error::Log("entries are missing".into()))?;
        let leaves: Vec<Digest> = covered.iter().map(|entry| leaf_hash(entry)).collect();
        if TreeHead::of(&leaves) == checkpoint.checkpoint.tree {
            Ok(())
        } else {
            Err(Error::Log("its entries are not those that the last checkpoint covers".into()))
        }
    }

    /// The same log in memory: what is appended to it is kept nowhere.
    pub(crate) fn rehearsal(&self) -> Self {
        Self { key: self.key, folder: None, entries: self.entries.clone() }
    }

    /// A clock that stands before the last entry would register an attempt after its own first trial.
    pub(crate) fn check_clock(&self, chain: Chain<'_>, now: Utc) -> Result<(), Error> {
        match self.chain(chain)?.last() {
            Some((_, last)) if last.time > now => Err(Error::ClockBehind { now, last: last.time }),
            _ => Ok(()),
        }
    }

    /// Appends an entry and signs the checkpoint that covers it. Returns its index.
    pub(crate) fn append(
        &mut self,
        chain: Chain<'_>,
        entry_type: EntryType,
        statement: Digest,
        time: Utc,
    ) -> Result<usize, Error> {
        self.append_said(chain, entry_type, statement, time, None)
    }

    /// The same with the words of a statement about a certificate that was issued before.
    pub(crate) fn append_said(
        &mut self,
        chain: Chain<'_>,
        entry_type: EntryType,
        statement: Digest,
        time: Utc,
        said: Option<Said>,
    ) -> Result<usize, Error> {
        let before = self.chain(chain)?;
        // A clock that was set back must not make the log contradict itself.
        let time = before.last().map_or(time, |(_, last)| time.max(last.time));
        let entry = LogEntry {
            seq: before.len() as u64,
            entry_type,
            time,
            subject: chain.subject.into(),
            profile: chain.profile.into(),
            statement,
            previous: before.last().map(|(digest, _)| *digest),
            said,
        };
        let bytes = to_canonical(&entry).map_err(|error| Error::Log(error.to_string()))?;
        let index = self.entries.len();
        if let Some(folder) = &self.folder {
            write_atomically(&entry_file(folder, index), &bytes)?;
        }
        self.entries.push(bytes);
        if let Some(folder) = &self.folder {
            write_atomically(&folder.join("checkpoint"), self.checkpoint()?.to_string().as_bytes())?;
        }
        Ok(index)
    }

    /// How many times the subject was registered with the profile so far.
    pub(crate) fn attempts(&self, chain: Chain<'_>) -> Result<u64, Error> {
        let registered =
            self.chain(chain)?.into_iter().filter(|(_, entry)| entry.entry_type == EntryType::Registered);
        Ok(registered.count() as u64)
    }

    /// The entries of a chain, each with its place in the log.
    pub(crate) fn entries(&self, chain: Chain<'_>) -> Result<Vec<LoggedEntry>, Error> {
        let mut entries = Vec::new();
        for (index, bytes) in (0..).zip(&self.entries) {
            let entry = read_entry(bytes)?;
            if entry.subject == chain.subject && entry.profile == chain.profile {
                entries.push(LoggedEntry { index, entry });
            }
        }
        Ok(entries)
    }

    /// The files that ship with a certificate whose result is the entry at `result`.
    pub(crate) fn ship(&self, chain: Chain<'_>, result: usize) -> Result<BTreeMap<String, Vec<u8>>, Error> {
        let checkpoint = self.checkpoint()?;
        let leaves = self.leaves();
        let mut files = BTreeMap::new();
        files.insert(CHECKPOINT_FILE.to_owned(), checkpoint.to_string().into_bytes());
        for (path, bytes) in write_tiles(&leaves) {
            files.insert(format!("log/{path}"), bytes);
        }
        for (index, bytes) in self.entries.iter().enumerate() {
            let entry = read_entry(bytes)?;
            if entry.subject == chain.subject && entry.profile == chain.profile {
                files.insert(format!("log/entries/{index}.json"), bytes.clone());
            }
        }
        let index = result as u64;
        let hashes = inclusion_proof(&leaves, index).map_err(|error| Error::Log(error.to_string()))?;
        let proof = LogProof { index, hashes, checkpoint };
        files.insert(TLOG_PROOF_FILE.to_owned(), proof.to_string().into_bytes());
        Ok(files)
    }

    fn checkpoint(&self) -> Result<SignedCheckpoint, Error> {
        let origin = self.key.verifier_key().name().to_owned();
        Ok(self.key.sign_checkpoint(&Checkpoint { origin, tree: TreeHead::of(&self.leaves()) })?)
    }

    fn leaves(&self) -> Vec<Digest> {
        self.entries.iter().map(|entry| leaf_hash(entry)).collect()
    }

    fn chain(&self, chain: Chain<'_>) -> Result<Vec<(Digest, LogEntry)>, Error> {
        let mut entries = Vec::new();
        for bytes in &self.entries {
            let entry = read_entry(bytes)?;
            if entry.subject == chain.subject && entry.profile == chain.profile {
                entries.push((Digest::of(bytes), entry));
            }
        }
        Ok(entries)
    }
}

fn entry_file(folder: &std::path::Path, index: usize) -> PathBuf {
    folder.join("entries").join(format!("{index}.json"))
}

fn read_entry(bytes: &[u8]) -> Result<LogEntry, Error> {
    from_canonical(bytes).map_err(|error| Error::Log(error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use plimsoll_evidence::check_chain;
    use plimsoll_keys::IssuerKeys;

    use super::*;

    const NOTES: Chain<'static> = Chain { subject: "notes", profile: "quick" };
    const OTHER: Chain<'static> = Chain { subject: "other", profile: "quick" };

    fn digest(text: &str) -> Digest {
        Digest::of(text.as_bytes())
    }

    fn at(seconds: i64) -> Utc {
        Utc::from_unix_seconds(1_795_000_000 + seconds)
    }

    /// A log with two attempts of one subject and one of another, and its keys.
    fn log_in(folder: &Path, keys: &IssuerKeys) {
        let mut log = IssuerLog::open(&keys.log, folder.to_owned()).unwrap();
        log.append(NOTES, EntryType::Registered, digest("plan 1"), at(0)).unwrap();
        log.append(OTHER, EntryType::Registered, digest("plan of other"), at(1)).unwrap();
        log.append(NOTES, EntryType::NoResult, digest("plan 1"), at(2)).unwrap();
        log.append(NOTES, EntryType::Registered, digest("plan 2"), at(3)).unwrap();
        log.append(NOTES, EntryType::Result, digest("certificate"), at(4)).unwrap();
    }

    #[test]
    fn entries_of_one_subject_are_chained_and_counted() {
        let (folder, keys) = (tempfile::tempdir().unwrap(), IssuerKeys::generate().unwrap());
        log_in(folder.path(), &keys);
        let log = IssuerLog::open(&keys.log, folder.path().to_owned()).unwrap();
        assert_eq!((log.attempts(NOTES).unwrap(), log.attempts(OTHER).unwrap()), (2, 1));
        check_chain(&log.chain(NOTES).unwrap()).unwrap();
        assert_eq!(log.chain(NOTES).unwrap().len(), 4);
    }

    #[test]
    fn what_ships_proves_that_the_result_is_in_the_log() {
        let (folder, keys) = (tempfile::tempdir().unwrap(), IssuerKeys::generate().unwrap());
        log_in(folder.path(), &keys);
        let log = IssuerLog::open(&keys.log, folder.path().to_owned()).unwrap();
        let files = log.ship(NOTES, 4).unwrap();
        assert!(!files.contains_key("log/entries/1.json"), "an entry of another subject ships");
        let proof = LogProof::parse(std::str::from_utf8(&files[TLOG_PROOF_FILE]).unwrap()).unwrap();
        proof.checkpoint.verify(&keys.log.verifier_key(), &[]).unwrap();
        proof.verify_inclusion(&leaf_hash(&files["log/entries/4.json"])).unwrap();
        assert!(proof.verify_inclusion(&leaf_hash(&files["log/entries/3.json"])).is_err());
        assert_eq!(files["log/tile/0/000.p/5"].len(), 5 * 32);
    }

    #[test]
    fn a_log_that_was_rewritten_is_refused() {
        type Tamper = fn(&Path);
        let tampered: [(&str, Tamper); 4] = [
            ("entry changed", |folder| std::fs::write(folder.join("entries/1.json"), b"{}").unwrap()),
            ("last entry removed", |folder| std::fs::remove_file(folder.join("entries/4.json")).unwrap()),
            ("entry in the middle removed", |folder| {
                std::fs::remove_file(folder.join("entries/2.json")).unwrap()
            }),
            ("checkpoint removed", |folder| std::fs::remove_file(folder.join("checkpoint")).unwrap()),
        ];
        for (what, tamper) in tampered {
            let (folder, keys) = (tempfile::tempdir().unwrap(), IssuerKeys::generate().unwrap());
            log_in(folder.path(), &keys);
            tamper(folder.path());
            assert!(IssuerLog::open(&keys.log, folder.path().to_owned()).is_err(), "{what}: opened");
        }
    }

    #[test]
    fn the_log_of_another_key_is_refused() {
        let (folder, keys) = (tempfile::tempdir().unwrap(), IssuerKeys::generate().unwrap());
        log_in(folder.path(), &keys);
        let other = IssuerKeys::generate().unwrap();
        assert!(IssuerLog::open(&other.log, folder.path().to_owned()).is_err());
    }

    #[test]
    fn a_rehearsed_entry_is_kept_nowhere_and_the_same_when_it_is_made() {
        let (folder, keys) = (tempfile::tempdir().unwrap(), IssuerKeys::generate().unwrap());
        log_in(folder.path(), &keys);
        let mut log = IssuerLog::open(&keys.log, folder.path().to_owned()).unwrap();
        let mut rehearsal = log.rehearsal();
        let result = rehearsal.append(NOTES, EntryType::Result, digest("result"), at(9)).unwrap();
        assert_eq!(log.entries.len(), 5);
        assert!(!folder.path().join("entries/5.json").exists());
        assert_eq!(log.append(NOTES, EntryType::Result, digest("result"), at(9)).unwrap(), result);
        assert_eq!(log.ship(NOTES, result).unwrap(), rehearsal.ship(NOTES, result).unwrap());
    }

    #[test]
    fn a_clock_before_the_last_entry_is_noticed() {
        let (folder, keys) = (tempfile::tempdir().unwrap(), IssuerKeys::generate().unwrap());
        log_in(folder.path(), &keys);
        let log = IssuerLog::open(&keys.log, folder.path().to_owned()).unwrap();
        let last = log.chain(NOTES).unwrap().last().unwrap().1.time;
        log.check_clock(NOTES, last).unwrap();
        let error = log.check_clock(NOTES, last.plus_seconds(-1)).unwrap_err();
        assert!(matches!(error, Error::ClockBehind { .. }));
    }

    #[test]
    fn an_entry_written_just_before_a_crash_is_kept() {
        let (folder, keys) = (tempfile::tempdir().unwrap(), IssuerKeys::generate().unwrap());
        log_in(folder.path(), &keys);
        let before = std::fs::read(folder.path().join("checkpoint")).unwrap();
        let mut log = IssuerLog::open(&keys.log, folder.path().to_owned()).unwrap();
        log.append(NOTES, EntryType::Registered, digest("plan 3"), at(5)).unwrap();
        std::fs::write(folder.path().join("checkpoint"), before).unwrap();
        let mut log = IssuerLog::open(&keys.log, folder.path().to_owned()).unwrap();
        assert_eq!(log.attempts(NOTES).unwrap(), 3, "an attempt was forgotten");
        assert_eq!(log.append(NOTES, EntryType::NoResult, digest("plan 3"), at(6)).unwrap(), 6);
    }

    #[test]
    fn a_clock_that_goes_back_does_not_break_the_chain() {
        let keys = IssuerKeys::generate().unwrap();
        let mut log = IssuerLog::in_memory(&keys.log);
        log.append(NOTES, EntryType::Registered, digest("plan 1"), at(100)).unwrap();
        log.append(NOTES, EntryType::NoResult, digest("plan 1"), at(0)).unwrap();
        check_chain(&log.chain(NOTES).unwrap()).unwrap();
    }
}
