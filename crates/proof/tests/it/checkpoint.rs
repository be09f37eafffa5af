use plimsoll_proof::{
    Digest, LogError, LogProof, NoteAlgorithm, NoteSignature, SignedCheckpoint, VerifierKey, inclusion_proof,
};
use proptest::prelude::*;

use crate::support::{checkpoint, cosign, leaves, mutants, public_key, witness};

fn log_key(seed: u8) -> VerifierKey {
    VerifierKey::of_issuer(public_key(seed))
}

fn log_proof(seed: u8, size: u32, index: u64) -> LogProof {
    let leaves = leaves(size);
    LogProof {
        index,
        hashes: inclusion_proof(&leaves, index).unwrap(),
        checkpoint: checkpoint(seed, &leaves),
    }
}

#[test]
fn verifier_keys_are_those_of_the_specification() {
    let text = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    let key: VerifierKey = text.parse().unwrap();
    assert_eq!((key.name(), key.algorithm()), ("example.com/foo", NoteAlgorithm::Ed25519));
    assert_eq!(key.to_string(), text);
    // The key of a public witness, as its operator writes it.
    let text = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";
    let key: VerifierKey = text.parse().unwrap();
    assert_eq!((key.algorithm(), key.to_string().as_str()), (NoteAlgorithm::CosignatureV1, text));
    for bad in [
        "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/bar+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2",
        "example.com/foo+530d903a",
        "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "a b+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "",
    ] {
        assert!(bad.parse::<VerifierKey>().is_err(), "{bad}");
    }
}

#[test]
fn an_issuer_is_named_by_its_fingerprint() {
    let name = log_key(1).name().to_owned();
    assert_eq!(name, format!("plimsoll/{}", &public_key(1).digest().to_string()[..16]));
}

#[test]
fn a_checkpoint_of_its_log_verifies_and_of_another_does_not() {
    let signed = checkpoint(1, &leaves(5));
    assert_eq!(signed.verify(&log_key(1), &[]), Ok(Vec::new()));
    assert_eq!(signed.verify(&log_key(2), &[]), Err(LogError::OtherLogKey));
    let mut renamed = signed.clone();
    renamed.checkpoint.origin = log_key(2).name().to_owned();
    assert_eq!(renamed.verify(&log_key(1), &[]), Err(LogError::OtherLogKey));
    let mut grown = signed;
    grown.checkpoint.tree.size += 1;
    assert_eq!(grown.verify(&log_key(1), &[]), Err(LogError::Signature(log_key(1).name().to_owned())));
}

#[test]
fn only_known_witnesses_may_add_lines_each_one_once() {
    let mut signed = checkpoint(1, &leaves(5));
    cosign(&mut signed, 8, 1_679_315_147);
    cosign(&mut signed, 9, 1_700_000_000);
    let witnesses = [witness(8), witness(9)];
    let cosignatures = signed.verify(&log_key(1), &witnesses).unwrap();
    let seen: Vec<String> = cosignatures.iter().map(|c| format!("{} {}", c.witness.name(), c.time)).collect();
    assert_eq!(seen, ["witness8.example 2023-03-20T12:25:47Z", "witness9.example 2023-11-14T22:13:20Z"]);

    let unknown = signed.verify(&log_key(1), &witnesses[..1]);
    assert_eq!(unknown, Err(LogError::UnknownSigner(String::from("witness9.example"))));
    let mut twice = signed.clone();
    cosign(&mut twice, 8, 1_700_000_001);
    assert_eq!(
        twice.verify(&log_key(1), &witnesses),
        Err(LogError::SignedTwice(String::from("witness8.example")))
    );
    let mut backdated = signed.clone();
    backdated.signatures[1].signature[7] ^= 1;
    assert_eq!(
        backdated.verify(&log_key(1), &witnesses),
        Err(LogError::Signature(String::from("witness8.example")))
    );
    let mut log_line_twice = signed.clone();
    log_line_twice.signatures.push(signed.signatures[0].clone());
    assert!(matches!(log_line_twice.verify(&log_key(1), &witnesses), Err(LogError::UnknownSigner(_))));
    let mut reordered = signed;
    reordered.signatures.swap(0, 1);
    assert_eq!(reordered.verify(&log_key(1), &witnesses), Err(LogError::OtherLogKey));
}

#[test]
fn other_spellings_of_a_checkpoint_are_refused() {
    let text = checkpoint(1, &leaves(5)).to_string();
    assert_eq!(SignedCheckpoint::parse(&text).unwrap().to_string(), text);
    let root_line = text.lines().nth(2).unwrap();
    for (bad, why) in [
        (text.replacen("\n5\n", "\n05\n", 1), "another spelling"),
        (text.replacen("\n5\n", "\n+5\n", 1), "another spelling"),
        (text.replacen("\n5\n", "\n-5\n", 1), "not a number"),
        (text.replacen("\n5\n", "\n18446744073709551616\n", 1), "not a number"),
        (text.replacen(root_line, &format!("{root_line}\nextension"), 1), "exactly the lines"),
        (text.replacen(root_line, "AA==", 1), "not a hash"),
        (text.replacen(log_key(1).name(), "", 1), "origin is empty"),
        (text.trim_end().to_owned(), "no newline at the end"),
        (format!("{text}\n"), "no newline at the end"),
        (text.replace('—', "-"), "not `— name base64`"),
        (text.replace('\n', "\r\n"), "control character"),
        (text.replacen("\n\n", "\n", 1), "no blank line"),
        (format!("{text}{}", "x".repeat(20 << 10)), "over the limit"),
        (format!("{text}{}", "— a AAAAAAA=\n".repeat(16)), "too many signatures"),
    ] {
        let message = SignedCheckpoint::parse(&bad).expect_err(&bad).to_string();
        assert!(message.contains(why), "{bad}: {message}");
    }
}

#[test]
fn log_proofs_are_read_and_written_in_the_form_of_the_draft() {
    let proof = log_proof(1, 7, 2);
    let text = proof.to_string();
    assert!(text.starts_with("c2sp.org/tlog-proof@v1\nindex 2\n"), "{text}");
    assert_eq!(text.lines().nth(5), Some(""), "three hashes, then a blank line:\n{text}");
    assert_eq!(LogProof::parse(&text).as_ref(), Ok(&proof));
    assert_eq!(proof.verify_inclusion(&leaves(7)[2]), Ok(()));
    assert!(proof.verify_inclusion(&leaves(7)[3]).is_err());
    let alone = log_proof(1, 1, 0);
    assert_eq!(LogProof::parse(&alone.to_string()).as_ref(), Ok(&alone));

    for (bad, why) in [
        (text.replacen("@v1", "@v2", 1), "first line"),
        (text.replacen("index", "extra AA==\nindex", 1), "second line"),
        (text.replacen("index 2", "index 02", 1), "another spelling"),
        (text.replacen("index 2", "index two", 1), "second line"),
        (text.replacen("index 2\n", "index 2\nAA==\n", 1), "not a hash"),
        (text.replacen("\n\n", "\n", 1), "not a hash"),
        (
            text.replacen(
                "index 2\n",
                &format!("index 2\n{}", format!("{}=\n", "A".repeat(43)).repeat(62)),
                1,
            ),
            "too many",
        ),
        ("x".repeat(32 << 10), "over the limit"),
    ] {
        let message = LogProof::parse(&bad).expect_err(&bad).to_string();
        assert!(message.contains(why), "{bad}: {message}");
    }
}

#[test]
fn no_altered_log_proof_verifies() {
    let leaves = leaves(7);
    let mut proof = log_proof(1, 7, 2);
    cosign(&mut proof.checkpoint, 8, 1_679_315_147);
    let verifies = |file: &[u8]| {
        let proof = std::str::from_utf8(file).ok().and_then(|text| LogProof::parse(text).ok());
        proof.is_some_and(|proof| {
            let signed = proof.checkpoint.verify(&log_key(1), &[witness(8)]);
            signed.is_ok() && proof.verify_inclusion(&leaves[2]).is_ok()
        })
    };
    let file = proof.to_string().into_bytes();
    assert!(verifies(&file));
    for mutant in mutants(&file) {
        assert!(!verifies(&mutant), "{}", String::from_utf8_lossy(&mutant));
    }
}

fn any_signature() -> impl Strategy<Value = NoteSignature> {
    let bytes = proptest::collection::vec(any::<u8>(), 1..80);
    ("[!-*,-~é]{1,20}", any::<[u8; 4]>(), bytes).prop_map(|(name, key_id, signature)| NoteSignature {
        name,
        key_id,
        signature,
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(
        origin in "[!-~é][ -~é]{0,30}", size: u64, root: [u8; 32], index: u64,
        hashes in proptest::collection::vec(any::<[u8; 32]>(), 0..64),
        signatures in proptest::collection::vec(any_signature(), 1..16),
    ) {
        let tree = plimsoll_proof::TreeHead { size, root: Digest::from_bytes(root) };
        let checkpoint = plimsoll_proof::Checkpoint { origin, tree };
        let checkpoint = SignedCheckpoint { checkpoint, signatures };
        let hashes = hashes.into_iter().map(Digest::from_bytes).collect();
        let proof = LogProof { index, hashes, checkpoint };
        prop_assert_eq!(LogProof::parse(&proof.to_string()), Ok(proof));
    }

    #[test]
    fn what_is_read_is_written_the_same(size in 1u32..9, at: proptest::sample::Index, with in "[ -~\n—]{0,3}") {
        let mut text = log_proof(1, size, 0).to_string();
        let at = at.index(text.len());
        if text.is_char_boundary(at) && text.is_char_boundary(at + 1) {
            text.replace_range(at..=at, &with);
        }
        if let Ok(proof) = LogProof::parse(&text) {
            prop_assert_eq!(proof.to_string(), text.as_str());
        }
        if let Ok(key) = text.parse::<VerifierKey>() {
            prop_assert_eq!(key.to_string(), text);
        }
    }

    #[test]
    fn no_text_makes_it_panic(text: String) {
        if let Ok(checkpoint) = SignedCheckpoint::parse(&text) {
            prop_assert_eq!(checkpoint.to_string(), text.as_str());
        }
        if let Ok(key) = text.parse::<VerifierKey>() {
            prop_assert_eq!(key.to_string(), text);
        }
    }
}
