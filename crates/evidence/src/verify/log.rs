//! Steps 8 and 9: registration before the first trial, attempts, and the certificate's place in the log.

use std::collections::BTreeSet;

use plimsoll_proof::{
    Checkpoint, Digest, LogProof, SignedCheckpoint, TilePath, TreeHead, from_canonical, leaf_hash, read_tiles,
};

use super::signed::{Signed, invalid};
use super::{Failure, Outcome, Question};
use crate::entry::{EntryType, LogEntry, LoggedEntry, attempts_before, check_chain};
use crate::folder::{CHECKPOINT_FILE, Folder, TLOG_PROOF_FILE};

/// Where entries of this subject and profile lie, by index in the log.
const ENTRIES: &str = "log/entries/";

/// The issuer's log as it ships with a certificate.
pub(super) struct Log {
    checkpoint: SignedCheckpoint,
    leaves: Vec<Digest>,
    entries: Vec<ShippedEntry>,
}

struct ShippedEntry {
    index: u64,
    leaf: Digest,
    digest: Digest,
    entry: LogEntry,
}

/// Reads the log; every file below `log/` has its place.
pub(super) fn read(folder: &Folder, signed: &Signed) -> Result<Log, Failure> {
    let (checkpoint, leaves) = read_tree(folder)?;
    let mut known: BTreeSet<String> =
        TilePath::of_log(checkpoint.checkpoint.tree.size).map(|tile| format!("log/{tile}")).collect();
    known.insert(CHECKPOINT_FILE.into());
    let mut entries = Vec::new();
    for (path, bytes) in folder.below("log/") {
        match entry_index(path) {
            Some(index) => entries.push(read_entry(path, index, bytes)?),
            None if known.contains(path) => {}
            None => return Err(invalid(format!("{path} has no place in a log"))),
        }
    }
    entries.sort_by_key(|shipped| shipped.index);
    let log = Log { checkpoint, leaves, entries };
    log.check_entries(signed)?;
    Ok(log)
}

fn read_tree(folder: &Folder) -> Result<(SignedCheckpoint, Vec<Digest>), Failure> {
    let Some(bytes) = folder.get(CHECKPOINT_FILE) else {
        return Err((Outcome::Incomplete, format!("{CHECKPOINT_FILE} is missing")));
    };
    let checkpoint = SignedCheckpoint::parse(text(CHECKPOINT_FILE, bytes)?)
        .map_err(|error| invalid(format!("{CHECKPOINT_FILE}: {error}")))?;
    let Checkpoint { tree, .. } = &checkpoint.checkpoint;
    let leaves = read_tiles(tree.size, |tile| folder.get(&format!("log/{tile}")).map(<[u8]>::to_vec))
        .map_err(|error| invalid(format!("log: {error}")))?;
    if TreeHead::of(&leaves) != *tree {
        return Err(invalid("the log's hashes do not lead to the root of its checkpoint"));
    }
    Ok((checkpoint, leaves))
}

fn text<'a>(path: &str, bytes: &'a [u8]) -> Result<&'a str, Failure> {
    std::str::from_utf8(bytes).map_err(|_| invalid(format!("{path} is not text")))
}

/// The index in a path such as `log/entries/17.json`, in its one spelling.
fn entry_index(path: &str) -> Option<u64> {
    let index: u64 = path.strip_prefix(ENTRIES)?.strip_suffix(".json")?.parse().ok()?;
    (format!("{ENTRIES}{index}.json") == path).then_some(index)
}

fn read_entry(path: &str, index: u64, bytes: &[u8]) -> Result<ShippedEntry, Failure> {
    let entry = from_canonical(bytes).map_err(|error| invalid(format!("{path}: {error}")))?;
    Ok(ShippedEntry { index, leaf: leaf_hash(bytes), digest: Digest::of(bytes), entry })
}

impl Log {
    /// Entries are leaves of the log, of this subject and profile, and chained.
    fn check_entries(&self, signed: &Signed) -> Result<(), Failure> {
        for shipped in &self.entries {
            let leaf = usize::try_from(shipped.index).ok().and_then(|index| self.leaves.get(index));
            if leaf != Some(&shipped.leaf) {
                return Err(invalid(format!("{ENTRIES}{}.json is not the entry of the log", shipped.index)));
            }
            let of_this = shipped.entry.subject == signed.certificate.subject.name
                && shipped.entry.profile == signed.certificate.level;
            if !of_this {
                return Err(invalid(format!(
                    "{ENTRIES}{}.json is of another subject or profile",
                    shipped.index
                )));
            }
        }
        check_chain(&self.chain()).map_err(|error| invalid(error.to_string()))
    }

    fn chain(&self) -> Vec<(Digest, LogEntry)> {
        self.entries.iter().map(|shipped| (shipped.digest, shipped.entry.clone())).collect()
    }

    /// The entries in the order of the log.
    pub(super) fn history(&self) -> Vec<LoggedEntry> {
        let logged =
            |shipped: &ShippedEntry| LoggedEntry { index: shipped.index, entry: shipped.entry.clone() };
        self.entries.iter().map(logged).collect()
    }

    fn find(&self, entry_type: EntryType, statement: Digest) -> Option<&ShippedEntry> {
        self.entries
            .iter()
            .find(|shipped| shipped.entry.entry_type == entry_type && shipped.entry.statement == statement)
    }

    /// Step 8.
    pub(super) fn check_registration(&self, signed: &Signed) -> Result<String, Failure> {
        let certificate = &signed.certificate;
        let before = attempts_before(&self.chain(), certificate.plan)
            .ok_or_else(|| invalid("the plan was not registered exactly once"))?;
        if before != certificate.earlier_attempts {
            return Err(invalid(format!(
                "the log has {before} earlier attempts, the certificate says {}",
                certificate.earlier_attempts
            )));
        }
        let registered = self.find(EntryType::Registered, certificate.plan).map(|shipped| shipped.entry.time);
        if registered.is_none_or(|time| time > certificate.measured_from) {
            return Err(invalid("the plan was registered after the first trial"));
        }
        if certificate.measured_until > certificate.not_before {
            return Err(invalid("the certificate was signed before the last trial"));
        }
        Ok(format!("registered before the first trial; {before} earlier attempts"))
    }

    /// Step 9.
    pub(super) fn check(
        &self,
        folder: &Folder,
        signed: &Signed,
        question: &Question<'_>,
    ) -> Result<String, Failure> {
        let witnesses = question.anchors.trusted.witnesses_at(question.at);
        let cosigned = self
            .checkpoint
            .verify(&signed.log_key, &witnesses)
            .map_err(|error| invalid(format!("{CHECKPOINT_FILE}: {error}")))?;
        let result = self
            .find(EntryType::Result, signed.payload)
            .ok_or_else(|| invalid("the certificate does not stand in the log"))?;
        self.check_follows(result, signed)?;
        self.check_proof(folder, result)?;
        let size = self.checkpoint.checkpoint.tree.size;
        let after = match question.after {
            Some(old) => self.check_after(old, signed)?,
            None => String::new(),
        };
        // An index counts from nought, people from one.
        Ok(format!("entry {} of {size}, {} witnesses{after}", result.index + 1, cosigned.len()))
    }

    /// A registration has one end. A result that stands elsewhere is one of several that came of one plan.
    fn check_follows(&self, result: &ShippedEntry, signed: &Signed) -> Result<(), Failure> {
        let registered = self.find(EntryType::Registered, signed.certificate.plan);
        if registered.is_some_and(|registered| registered.entry.seq.checked_add(1) == Some(result.entry.seq))
        {
            Ok(())
        } else {
            Err(invalid("the certificate is not the entry after its registration"))
        }
    }

    fn check_proof(&self, folder: &Folder, result: &ShippedEntry) -> Result<(), Failure> {
        let Some(bytes) = folder.get(TLOG_PROOF_FILE) else {
            return Err((Outcome::Incomplete, format!("{TLOG_PROOF_FILE} is missing")));
        };
        let proof = LogProof::parse(text(TLOG_PROOF_FILE, bytes)?)
            .map_err(|error| invalid(format!("{TLOG_PROOF_FILE}: {error}")))?;
        if proof.checkpoint != self.checkpoint || proof.index != result.index {
            return Err(invalid(format!("{TLOG_PROOF_FILE} is of another checkpoint or entry")));
        }
        proof.verify_inclusion(&result.leaf).map_err(|error| invalid(format!("{TLOG_PROOF_FILE}: {error}")))
    }

    /// The log continues that of an earlier certificate: the first hashes are the same.
    fn check_after(&self, old: &Folder, signed: &Signed) -> Result<String, Failure> {
        let (checkpoint, leaves) = read_tree(old)
            .map_err(|(outcome, reason)| (outcome, format!("earlier certificate: {reason}")))?;
        if checkpoint.verify(&signed.log_key, &[]).is_err() {
            return Err((
                Outcome::Incomplete,
                "the earlier certificate's log has another key: nothing to compare".into(),
            ));
        }
        match self.leaves.get(..leaves.len()) {
            None => Err(invalid(
                "the earlier certificate's log is longer: this one is older, or entries were taken back",
            )),
            Some(first) if first != leaves => {
                Err(invalid("fork: the two logs differ in entries that both have"))
            }
            Some(_) => Ok(format!(", continues a log of {}", leaves.len())),
        }
    }
}
