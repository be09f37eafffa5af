//! A log whose parts do not fit: checkpoints, tiles, proofs.

use plimsoll_evidence::{CHECKPOINT_FILE, Outcome, StepName, TLOG_PROOF_FILE};
use plimsoll_keys::IssuerKeys;
use plimsoll_proof::{Checkpoint, Digest, LogProof, SignedCheckpoint, TreeHead, inclusion_proof, leaf_hash};

use super::bench::{Bench, Mutant};
use crate::golden::Files;
use crate::issuer::ship;

fn tile(files: &Files) -> String {
    files.keys().find(|path| path.starts_with("log/tile/0/")).unwrap().clone()
}

fn checkpoint(files: &Files) -> SignedCheckpoint {
    SignedCheckpoint::parse(std::str::from_utf8(&files[CHECKPOINT_FILE]).unwrap()).unwrap()
}

fn proof(files: &Files) -> LogProof {
    LogProof::parse(std::str::from_utf8(&files[TLOG_PROOF_FILE]).unwrap()).unwrap()
}

/// Puts a checkpoint everywhere it stands.
fn put(files: &mut Files, signed: &SignedCheckpoint) {
    let proof = LogProof { checkpoint: signed.clone(), ..proof(files) };
    files.insert(CHECKPOINT_FILE.into(), signed.to_string().into_bytes());
    files.insert(TLOG_PROOF_FILE.into(), proof.to_string().into_bytes());
}

fn sign(keys: &IssuerKeys, tree: TreeHead) -> SignedCheckpoint {
    let origin = keys.log.verifier_key().name().to_owned();
    keys.log.sign_checkpoint(&Checkpoint { origin, tree }).unwrap()
}

/// A leaf replaced in the tile and the tree signed again.
pub(crate) fn leaf(bench: &mut Bench, n: usize) -> Mutant {
    let mut files = bench.files.clone();
    let path = tile(&files);
    let bytes = files.get_mut(&path).unwrap();
    let at = bench.random.below(bytes.len());
    bytes[at] ^= 1;
    let (leaves, _) = bytes.as_chunks::<32>();
    let leaves: Vec<Digest> = leaves.iter().copied().map(Digest::from_bytes).collect();
    let signed = sign(&bench.keys, TreeHead::of(&leaves));
    put(&mut files, &signed);
    Mutant::new(format!("{path}: leaf {} replaced, tree signed again ({n})", at / 32), files)
        .at(StepName::Registration, Outcome::Invalid)
}

/// A checkpoint that is not the tree's, or not the log's.
pub(crate) fn checkpointed(bench: &mut Bench, n: usize) -> Mutant {
    let mut files = bench.files.clone();
    let mut signed = checkpoint(&files);
    let tree = signed.checkpoint.tree;
    let (what, step) = match n % 6 {
        0 => {
            signed = sign(&bench.keys, TreeHead { size: tree.size - 1, ..tree });
            ("a smaller size", StepName::Registration)
        }
        1 => {
            signed = sign(&bench.keys, TreeHead { root: Digest::of(&[n as u8]), ..tree });
            ("another root", StepName::Registration)
        }
        2 => {
            signed.checkpoint.origin = "plimsoll/0123456789abcdef".into();
            signed.signatures[0].name = "plimsoll/0123456789abcdef".into();
            ("another origin", StepName::Log)
        }
        3 => {
            let at = bench.random.below(64);
            signed.signatures[0].signature[at] ^= 1;
            ("another signature", StepName::Log)
        }
        4 => {
            signed.signatures[0].key_id[n % 4] ^= 1;
            ("another key id", StepName::Log)
        }
        _ => {
            let again = signed.signatures[0].clone();
            signed.signatures.push(again);
            ("two signatures", StepName::Log)
        }
    };
    put(&mut files, &signed);
    Mutant::new(format!("{CHECKPOINT_FILE}: {what} ({n})"), files).at(step, Outcome::Invalid)
}

/// A proof that does not lead from the certificate's entry to the root.
pub(crate) fn proven(bench: &mut Bench, n: usize) -> Mutant {
    let mut files = bench.files.clone();
    let mut proof = proof(&files);
    let mut text = None;
    let what = match n % 6 {
        0 => {
            proof.index -= 1;
            "another index"
        }
        1 => {
            proof.hashes.pop();
            "a hash too few"
        }
        2 => {
            proof.hashes.push(Digest::of(&[n as u8]));
            "a hash too many"
        }
        3 => {
            proof.hashes.reverse();
            "its hashes in reverse"
        }
        4 => {
            text = Some(proof.to_string().replacen("index ", "extra AAAA\nindex ", 1));
            "an extra line"
        }
        _ => {
            proof.checkpoint = sign(&bench.keys, TreeHead { size: 2, ..checkpoint(&files).checkpoint.tree });
            "another checkpoint"
        }
    };
    files.insert(TLOG_PROOF_FILE.into(), text.unwrap_or_else(|| proof.to_string()).into_bytes());
    Mutant::new(format!("{TLOG_PROOF_FILE}: {what} ({n})"), files).at(StepName::Log, Outcome::Invalid)
}

/// The log of another issuer, or one in which the certificate does not stand.
pub(crate) fn elsewhere(bench: &mut Bench, n: usize) -> Mutant {
    let mut files: Files = bench.files.clone();
    let entries: Vec<Vec<u8>> =
        (0..4).map(|number| bench.files[&format!("log/entries/{number}.json")].clone()).collect();
    files.retain(|path, _| !path.starts_with("log/"));
    match n % 3 {
        0 => {
            let other = IssuerKeys::generate().unwrap();
            files.extend(ship(&other, &entries, 3));
            Mutant::new(format!("the log signed by another key ({n})"), files)
                .at(StepName::Log, Outcome::Invalid)
        }
        1 => {
            files.extend(ship(&bench.keys, &entries[..3], 2));
            Mutant::new(format!("a log that ends before the certificate ({n})"), files)
                .at(StepName::Log, Outcome::Invalid)
        }
        _ => {
            files.extend(ship(&bench.keys, &entries, 3));
            let leaves: Vec<Digest> = entries.iter().map(|entry| leaf_hash(entry)).collect();
            let hashes = inclusion_proof(&leaves, 1).unwrap();
            let proof = LogProof { index: 1, hashes, checkpoint: checkpoint(&files) };
            files.insert(TLOG_PROOF_FILE.into(), proof.to_string().into_bytes());
            Mutant::new(format!("the proof of another entry ({n})"), files)
                .at(StepName::Log, Outcome::Invalid)
        }
    }
}
