//! Checkpoints (C2SP tlog-checkpoint v1.0): what a log signs about its size and root.

use std::fmt;

use plimsoll_base::Utc;

use crate::base64;
use crate::digest::Digest;
use crate::log_error::LogError;
use crate::merkle::TreeHead;
use crate::note::{NoteAlgorithm, NoteSignature, VerifierKey, parse_note, print_note};

/// The three lines that a log signs: its origin, its size and its root. Extension lines are refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The name of the log, which is the name of its key.
    pub origin: String,
    /// Its size and root.
    pub tree: TreeHead,
}

/// A checkpoint with the line of its log, then the lines of witnesses, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// What is signed.
    pub checkpoint: Checkpoint,
    /// Who signed it.
    pub signatures: Vec<NoteSignature>,
}

/// A witness's word that it saw a checkpoint at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosignature {
    /// The witness.
    pub witness: VerifierKey,
    /// When it saw the checkpoint, by its own clock.
    pub time: Utc,
}

impl Checkpoint {
    fn parse(text: &str) -> Result<Self, LogError> {
        let lines: Vec<&str> = text.split('\n').collect();
        let [origin, size, root, ""] = lines.as_slice() else {
            return Err(LogError::Checkpoint("want exactly the lines origin, size and root"));
        };
        let size = size.parse().map_err(|_| LogError::Checkpoint("the size is not a number"))?;
        let root = base64::decode_array(root).ok_or(LogError::Checkpoint("the root is not a hash"))?;
        let tree = TreeHead { size, root: Digest::from_bytes(root) };
        let checkpoint = Self { origin: (*origin).to_owned(), tree };
        if origin.is_empty() {
            return Err(LogError::Checkpoint("the origin is empty"));
        }
        // `parse` of a number is lenient (`+1`, `01`): hold it against its one spelling.
        let same = checkpoint.to_string() == text;
        if same { Ok(checkpoint) } else { Err(LogError::Checkpoint("the size has another spelling")) }
    }
}

impl fmt::Display for Checkpoint {
    /// The text that is signed, newline at the end included.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TreeHead { size, root } = &self.tree;
        write!(f, "{}\n{size}\n{}\n", self.origin, base64::encode(root.as_bytes()))
    }
}

impl SignedCheckpoint {
    /// Reads the file; accepts exactly what `Display` writes.
    pub fn parse(note: &str) -> Result<Self, LogError> {
        let (text, signatures) = parse_note(note)?;
        Ok(Self { checkpoint: Checkpoint::parse(text)?, signatures })
    }

    /// Checks that `log` signed this checkpoint of its own, and that every further line is a cosignature of
    /// one of `witnesses`, each at most once. Says who cosigned and when.
    pub fn verify(&self, log: &VerifierKey, witnesses: &[VerifierKey]) -> Result<Vec<Cosignature>, LogError> {
        let text = self.checkpoint.to_string();
        let (first, further) = self.signatures.split_first().ok_or(LogError::OtherLogKey)?;
        let is_its_own = log.algorithm() == NoteAlgorithm::Ed25519 && log.name() == self.checkpoint.origin;
        if !is_its_own || !log.is_named_by(first) {
            return Err(LogError::OtherLogKey);
        }
        verify_text(log, text.as_bytes(), &first.signature)?;
        let mut cosignatures: Vec<Cosignature> = Vec::new();
        for signature in further {
            let witness = witnesses.iter().find(|witness| witness.is_named_by(signature));
            let witness = witness.ok_or_else(|| LogError::UnknownSigner(signature.name.clone()))?;
            if cosignatures.iter().any(|earlier| earlier.witness == *witness) {
                return Err(LogError::SignedTwice(signature.name.clone()));
            }
            let time = verify_cosignature(witness, &text, &signature.signature)?;
            cosignatures.push(Cosignature { witness: witness.clone(), time });
        }
        Ok(cosignatures)
    }
}

impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&print_note(&self.checkpoint.to_string(), &self.signatures))
    }
}

fn verify_text(key: &VerifierKey, text: &[u8], signature: &[u8]) -> Result<(), LogError> {
    let wrong = || LogError::Signature(key.name().to_owned());
    let signature = signature.try_into().map_err(|_| wrong())?;
    key.public_key().verify(text, signature).map_err(|_| wrong())
}

/// Checks a timestamped cosignature (C2SP tlog-cosignature v1) and gives its time.
fn verify_cosignature(witness: &VerifierKey, text: &str, signature: &[u8]) -> Result<Utc, LogError> {
    let wrong = || LogError::Signature(witness.name().to_owned());
    if witness.algorithm() != NoteAlgorithm::CosignatureV1 {
        return Err(LogError::VerifierKey("a witness signs with cosignature/v1"));
    }
    let (time, signature) = signature.split_first_chunk().ok_or_else(wrong)?;
    let time = i64::try_from(u64::from_be_bytes(*time)).map_err(|_| wrong())?;
    verify_text(witness, format!("cosignature/v1\ntime {time}\n{text}").as_bytes(), signature)?;
    Ok(Utc::from_unix_seconds(time))
}
