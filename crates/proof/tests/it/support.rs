//! Keys and signatures for tests, and the ways in which a file is altered.

use ed25519_dalek::{Signer as _, SigningKey};
use plimsoll_proof::{
    Checkpoint, Digest, Envelope, EnvelopeSignature, NoteAlgorithm, NoteSignature, PublicKey,
    SignedCheckpoint, TreeHead, VerifierKey, leaf_hash, pae,
};

pub(crate) fn signing_key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

pub(crate) fn public_key(seed: u8) -> PublicKey {
    PublicKey::from_bytes(signing_key(seed).verifying_key().as_bytes()).unwrap()
}

pub(crate) fn hex<const N: usize>(text: &str) -> [u8; N] {
    let byte = |at: usize| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap();
    assert_eq!(text.len(), 2 * N);
    std::array::from_fn(byte)
}

pub(crate) fn envelope(seed: u8, payload: &[u8]) -> Envelope {
    let payload_type = "application/vnd.in-toto+json";
    let sig = signing_key(seed).sign(&pae(payload_type, payload)).to_bytes();
    let keyid = public_key(seed).digest().to_string();
    Envelope {
        payload_type: payload_type.to_owned(),
        payload: payload.to_vec(),
        signatures: vec![EnvelopeSignature { keyid, sig }],
    }
}

pub(crate) fn leaves(count: u32) -> Vec<Digest> {
    (0..count).map(|entry| leaf_hash(&entry.to_be_bytes())).collect()
}

pub(crate) fn witness(seed: u8) -> VerifierKey {
    VerifierKey::new(&format!("witness{seed}.example"), NoteAlgorithm::CosignatureV1, public_key(seed))
        .unwrap()
}

pub(crate) fn checkpoint(seed: u8, leaves: &[Digest]) -> SignedCheckpoint {
    let log = VerifierKey::of_issuer(public_key(seed));
    let checkpoint = Checkpoint { origin: log.name().to_owned(), tree: TreeHead::of(leaves) };
    let signature = signing_key(seed).sign(checkpoint.to_string().as_bytes()).to_bytes().to_vec();
    let line = NoteSignature { name: log.name().to_owned(), key_id: log.key_id(), signature };
    SignedCheckpoint { checkpoint, signatures: vec![line] }
}

pub(crate) fn cosign(checkpoint: &mut SignedCheckpoint, seed: u8, time: u64) {
    let key = witness(seed);
    let message = format!("cosignature/v1\ntime {time}\n{}", checkpoint.checkpoint);
    let signature = signing_key(seed).sign(message.as_bytes()).to_bytes();
    let signature = [time.to_be_bytes().as_slice(), &signature].concat();
    let line = NoteSignature { name: key.name().to_owned(), key_id: key.key_id(), signature };
    checkpoint.signatures.push(line);
}

/// Every file that differs from `file` in one bit, one byte more, one byte less, or two neighbours swapped.
pub(crate) fn mutants(file: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let flips = (0..file.len()).flat_map(move |at| {
        (0..8).map(move |bit| {
            let mut mutant = file.to_vec();
            mutant[at] ^= 1 << bit;
            mutant
        })
    });
    let inserts = (0..=file.len()).flat_map(move |at| {
        [b' ', b'\n', b'A', b'=', b'0', 0].map(|byte| {
            let mut mutant = file.to_vec();
            mutant.insert(at, byte);
            mutant
        })
    });
    let removals = (0..file.len()).map(move |at| {
        let mut mutant = file.to_vec();
        mutant.remove(at);
        mutant
    });
    let swaps = (1..file.len()).map(move |at| {
        let mut mutant = file.to_vec();
        mutant.swap(at - 1, at);
        mutant
    });
    flips.chain(inserts).chain(removals).chain(swaps).filter(move |mutant| mutant != file)
}
