//! The file `certificate.tlog-proof` (C2SP tlog-proof, draft v1): that an entry stands in a signed log.

use std::fmt;

use crate::base64;
use crate::checkpoint::SignedCheckpoint;
use crate::digest::Digest;
use crate::log_error::LogError;
use crate::merkle::verify_inclusion;
use crate::note::NOTE_BYTES_MAX;

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

/// The most hashes of an inclusion proof: one for each level of a tree of 2^64 leaves.
const PROOF_HASHES_MAX: usize = 64;

/// The longest file, in bytes: the longest checkpoint, and 64 lines of 45 bytes with two before them.
const PROOF_BYTES_MAX: usize = NOTE_BYTES_MAX + (4 << 10);

/// Where an entry stands, the hashes that lead from it to the root, and the checkpoint with that root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogProof {
    /// The index of the entry, counted from 0.
    pub index: u64,
    /// The inclusion proof, lowest hash first.
    pub hashes: Vec<Digest>,
    /// The checkpoint that the proof leads to.
    pub checkpoint: SignedCheckpoint,
}

impl LogProof {
    /// Reads the file; accepts exactly what `Display` writes. The optional line `extra` is refused: nothing
    /// signs it.
    pub fn parse(text: &str) -> Result<Self, LogError> {
        if text.len() > PROOF_BYTES_MAX {
            return Err(LogError::Proof("it is over the limit of 20 KiB"));
        }
        let (head, checkpoint) =
            text.split_once("\n\n").ok_or(LogError::Proof("no blank line before the checkpoint"))?;
        let mut lines = head.split('\n');
        if lines.next() != Some(FIRST_LINE) {
            return Err(LogError::Proof("the first line is not `c2sp.org/tlog-proof@v1`"));
        }
        let index = lines.next().and_then(|line| line.strip_prefix("index "));
        let index = index.and_then(|index| index.parse().ok());
        let index = index.ok_or(LogError::Proof("the second line is not `index` and a number"))?;
        let hashes = lines.map(|line| base64::decode_array(line).map(Digest::from_bytes));
        let hashes = hashes.collect::<Option<Vec<_>>>().ok_or(LogError::Proof("a line is not a hash"))?;
        if hashes.len() > PROOF_HASHES_MAX {
            return Err(LogError::Proof("it has too many hashes"));
        }
        let proof = Self { index, hashes, checkpoint: SignedCheckpoint::parse(checkpoint)? };
        let same = proof.to_string() == text;
        if same { Ok(proof) } else { Err(LogError::Proof("the index has another spelling")) }
    }

    /// Checks that the entry with this leaf hash stands where the proof says. The caller verifies the
    /// checkpoint's signatures.
    pub fn verify_inclusion(&self, leaf: &Digest) -> Result<(), LogError> {
        verify_inclusion(leaf, self.index, &self.checkpoint.checkpoint.tree, &self.hashes)
    }
}

impl fmt::Display for LogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{FIRST_LINE}\nindex {}\n", self.index)?;
        for hash in &self.hashes {
            writeln!(f, "{}", base64::encode(hash.as_bytes()))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}
