use plimsoll_base::{Kind, Utc};
use plimsoll_proof::{NoteAlgorithm, TrustEntry, TrustFile, TrustPurpose, VerifierKey};
use proptest::prelude::*;

use crate::support::{public_key, witness};

fn issuer(seed: u8) -> VerifierKey {
    VerifierKey::of_issuer(public_key(seed))
}

#[test]
fn comments_blank_lines_and_end_of_trust_are_read() {
    let text = format!(
        "# our suppliers\n\ncertificate {} # main office\n\tlog\t{}   2027-01-01T00:00:00Z #x\r\nwitness {}\n",
        issuer(1),
        issuer(2),
        witness(3)
    );
    let file = TrustFile::parse(&text).unwrap();
    let purposes: Vec<TrustPurpose> = file.entries().iter().map(|entry| entry.purpose).collect();
    assert_eq!(purposes, [TrustPurpose::Certificate, TrustPurpose::Log, TrustPurpose::Witness]);
    let log = file.find(TrustPurpose::Log, &public_key(2)).unwrap();
    let end: Utc = "2027-01-01T00:00:00Z".parse().unwrap();
    assert!(log.is_valid_at(end.plus_seconds(-1)));
    assert!(!log.is_valid_at(end));
    assert!(file.find(TrustPurpose::Certificate, &public_key(2)).is_none(), "a log key signs no certificate");
    assert_eq!(file.witnesses_at(end), [witness(3)]);
}

#[test]
fn an_expired_witness_is_no_witness() {
    let file = TrustFile::parse(&format!("witness {} 2027-01-01T00:00:00Z", witness(3))).unwrap();
    assert_eq!(file.witnesses_at("2026-12-31T23:59:59Z".parse().unwrap()).len(), 1);
    assert!(file.witnesses_at("2027-01-01T00:00:00Z".parse().unwrap()).is_empty());
}

#[test]
fn errors_name_line_column_and_problem() {
    let key = issuer(1);
    let named = VerifierKey::new("example.com/log", NoteAlgorithm::Ed25519, public_key(1)).unwrap();
    let weak = "example.com/foo+530d903a+AQEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for (text, wanted) in [
        (
            String::from("issuer x"),
            "line 1, column 1: `issuer` is none of certificate, log, witness, reviewer",
        ),
        (String::from("# é\n  log"), "line 2, column 6: a verifier key is missing"),
        (String::from("log é+1"), "line 1, column 5: verifier key is malformed: want `name+key id+base64`"),
        (
            format!("log {weak}"),
            "line 1, column 5: verifier key is not to be trusted: public key is of small order: anybody can sign for it",
        ),
        (format!("log {key} tomorrow"), "`tomorrow` is not a time of the form 2026-11-21T20:59:13Z"),
        (format!("log {key} 2027-01-01T00:00:00Z 1"), "`1` is one word too many"),
        (
            format!("log {key}\nlog {key}"),
            "line 2, column 1: this key stands further up for the same purpose",
        ),
        (
            format!("log {named}"),
            "the name of an issuer's key is `plimsoll/` and 16 digits of its fingerprint",
        ),
        (format!("witness {key}"), "a witness key must be of the kind cosignature/v1 (04)"),
        (format!("certificate {}", witness(2)), "only a witness key may be of the kind cosignature/v1 (04)"),
        ("#".repeat(300 << 10), "over the limit of 262144 bytes"),
    ] {
        let error = TrustFile::parse(&text).expect_err(&text);
        assert!(error.to_string().ends_with(wanted), "{error}");
        assert_eq!(error.kind(), Kind::Invalid);
    }
}

#[test]
fn column_counts_characters_behind_the_words_before() {
    let text = format!("log {} später", issuer(1));
    let column = text.chars().position(|c| c == 'ä').unwrap() - 1;
    assert_eq!(TrustFile::parse(&text).unwrap_err().column, column);
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(seed: u8, purpose in 0usize..4, not_after in proptest::option::of(0i64..253_402_300_799)) {
        let purposes =
            [TrustPurpose::Certificate, TrustPurpose::Log, TrustPurpose::Witness, TrustPurpose::Reviewer];
        let purpose = purposes[purpose];
        let key = if purpose == TrustPurpose::Witness { witness(seed) } else { issuer(seed) };
        let entry = TrustEntry { purpose, key, not_after: not_after.map(Utc::from_unix_seconds) };
        let file = TrustFile::parse(&entry.to_string()).unwrap();
        prop_assert_eq!(file.entries(), [entry]);
    }

    #[test]
    fn no_text_makes_it_panic(text in "((log|witness|#)?[ \t]*[a-z+é0-9]{0,9}[ \t\n\r]?){0,6}", noise: String) {
        for text in [text, noise] {
            if let Err(error) = TrustFile::parse(&text) {
                let line = text.lines().nth(error.line - 1).unwrap();
                prop_assert!((1..=line.chars().count() + 1).contains(&error.column), "{}", error);
            }
        }
    }
}
