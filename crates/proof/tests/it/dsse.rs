use plimsoll_proof::{Envelope, EnvelopeError, EnvelopeSignature, PAYLOAD_BYTES_MAX, SignatureError, pae};
use proptest::prelude::*;

use crate::support::{envelope, mutants, public_key};

#[test]
fn pae_is_that_of_the_specification() {
    let bytes = pae("http://example.com/HelloWorld", b"hello world");
    assert_eq!(bytes, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    assert_eq!(pae("é", b""), "DSSEv1 2 é 0 ".as_bytes());
}

#[test]
fn file_has_one_line_with_sorted_keys() {
    let text = String::from_utf8(envelope(1, b"{}").to_bytes().unwrap()).unwrap();
    let start = r#"{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{"keyid":"#;
    assert!(text.starts_with(start), "{text}");
    assert!(text.ends_with("\"}]}\n"), "{text}");
}

#[test]
fn only_the_signer_verifies() {
    let envelope = envelope(1, b"payload");
    assert_eq!(envelope.verify(&public_key(1)), Ok(()));
    assert_eq!(envelope.verify(&public_key(2)), Err(SignatureError::Mismatch));
}

#[test]
fn type_and_payload_are_both_signed() {
    let mut other_type = envelope(1, b"payload");
    other_type.payload_type.push('x');
    assert_eq!(other_type.verify(&public_key(1)), Err(SignatureError::Mismatch));
    let mut other_payload = envelope(1, b"payload");
    other_payload.payload.push(b'x');
    assert_eq!(other_payload.verify(&public_key(1)), Err(SignatureError::Mismatch));
}

#[test]
fn a_further_signature_and_a_foreign_key_id_are_refused() {
    let mut twice = envelope(1, b"payload");
    twice.signatures.push(twice.signatures[0].clone());
    assert_eq!(twice.verify(&public_key(1)), Err(SignatureError::Count(2)));
    let mut renamed = envelope(1, b"payload");
    renamed.signatures[0].keyid = public_key(2).digest().to_string();
    assert_eq!(renamed.verify(&public_key(1)), Err(SignatureError::KeyId));
}

#[test]
fn no_altered_file_verifies() {
    let file = envelope(1, b"{\"a\":1}").to_bytes().unwrap();
    let verifies = |file: &[u8]| Envelope::from_bytes(file).is_ok_and(|e| e.verify(&public_key(1)).is_ok());
    assert!(verifies(&file));
    let mut count = 0;
    for mutant in mutants(&file) {
        assert!(!verifies(&mutant), "{}", String::from_utf8_lossy(&mutant));
        count += 1;
    }
    assert!(count > 16 * file.len() / 2, "only {count} mutants");
}

#[test]
fn other_spellings_of_the_file_are_refused() {
    let text = String::from_utf8(envelope(1, b"{}").to_bytes().unwrap()).unwrap();
    let refusal = |text: String| Envelope::from_bytes(text.as_bytes()).expect_err(&text).to_string();
    assert_eq!(refusal(text.trim_end().to_owned()), "envelope does not end in one newline");
    assert!(refusal(format!("{text}\n")).starts_with("envelope is malformed"));
    assert!(refusal(text.replacen('{', "{\"extra\":1,", 1)).contains("unknown field `extra`"));
    assert!(
        refusal(text.replacen("{\"keyid\"", "{\"extra\":1,\"keyid\"", 1)).contains("unknown field `extra`")
    );
    let tail_bits = text.replace("e30=", "e31=");
    assert!(refusal(tail_bits).starts_with("envelope field `payload`"));
    assert!(refusal(text.replace("e30=", "e30")).starts_with("envelope field `payload`"));
    assert!(refusal(text.replace("\"e30=\"", "null")).contains("does not fit its type"));
}

#[test]
fn limits_hold_when_writing_and_reading() {
    let mut none = envelope(1, b"");
    none.signatures.clear();
    assert!(matches!(none.to_bytes(), Err(EnvelopeError::Signatures(0))));
    let mut spaced = envelope(1, b"");
    spaced.signatures[0].keyid = String::from("a b");
    assert!(matches!(spaced.to_bytes(), Err(EnvelopeError::Text("keyid"))));
    let mut untyped = envelope(1, b"");
    untyped.payload_type.clear();
    assert!(matches!(untyped.to_bytes(), Err(EnvelopeError::Text("payloadType"))));

    let mut full = envelope(1, &vec![b'a'; PAYLOAD_BYTES_MAX]);
    let again = Envelope::from_bytes(&full.to_bytes().unwrap()).unwrap();
    assert_eq!(again.verify(&public_key(1)), Ok(()));
    full.payload.push(b'a');
    assert!(matches!(full.to_bytes(), Err(EnvelopeError::TooLarge { .. })));
    let long = vec![b' '; 64 << 20];
    assert!(matches!(Envelope::from_bytes(&long), Err(EnvelopeError::TooLarge { .. })));
}

prop_compose! {
    fn any_envelope()(
        payload_type in "[!-~]{1,40}",
        payload: Vec<u8>,
        signatures in proptest::collection::vec(("[!-~]{1,64}", proptest::array::uniform32(any::<u8>())), 1..5),
    ) -> Envelope {
        let signature = |(keyid, half): (String, [u8; 32])| {
            let sig = std::array::from_fn(|at| half[at % 32]);
            EnvelopeSignature { keyid, sig }
        };
        Envelope { payload_type, payload, signatures: signatures.into_iter().map(signature).collect() }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(envelope in any_envelope()) {
        let bytes = envelope.to_bytes().unwrap();
        prop_assert_eq!(Envelope::from_bytes(&bytes).unwrap(), envelope);
    }

    #[test]
    fn what_is_read_is_written_the_same(
        envelope in any_envelope(), at: proptest::sample::Index, byte: u8, noise: Vec<u8>
    ) {
        let mut bytes = envelope.to_bytes().unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        for bytes in [bytes, noise] {
            if let Ok(envelope) = Envelope::from_bytes(&bytes) {
                prop_assert_eq!(envelope.to_bytes().unwrap(), bytes);
            }
        }
    }
}
