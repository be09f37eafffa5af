//! The issuer's log: every attempt registered before its first trial, every result after. One log per issuer
//! key, in the state folder; a demonstration's is in memory.

use std::collections::BTreeMap;
use std::path::PathBuf;

use plimsoll_base::Utc;
use plimsoll_evidence::{CHECKPOINT_FILE, EntryType, LogEntry, TLOG_PROOF_FILE};
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
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && self.entries.len() <= 1 => return Ok(()),
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

    /// Appends an entry and signs the checkpoint that covers it. Returns its index.
    pub(crate) fn append(
        &mut self,
        chain: Chain<'_>,
        entry_type: EntryType,
        statement: Digest,
        time: Utc,
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
        let registered = self.chain(chain)?.into_iter().filter(|(_, entry)| entry.entry_type == EntryType::Registered);
        Ok(registered.count() as u64)
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
