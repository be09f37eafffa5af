//! Signed text: what can be read is written again as the same bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_evidence::{
    CertificatePredicate, Document, LogEntry, MeasurementPredicate, SignOffPredicate, Statement,
};
use plimsoll_proof::{Envelope, LogProof, SignedCheckpoint, TrustFile, from_canonical, to_canonical};
use serde::{Serialize, de::DeserializeOwned};

fn json<T: Serialize + DeserializeOwned>(bytes: &[u8]) {
    if let Ok(value) = from_canonical::<T>(bytes) {
        assert_eq!(to_canonical(&value).expect("what was read can be written"), bytes);
    }
}

fuzz_target!(|data: &[u8]| {
    json::<Document>(data);
    json::<LogEntry>(data);
    json::<Statement<CertificatePredicate>>(data);
    json::<Statement<MeasurementPredicate>>(data);
    json::<Statement<SignOffPredicate>>(data);
    if let Ok(envelope) = Envelope::from_bytes(data) {
        assert_eq!(envelope.to_bytes().expect("what was read can be written"), data);
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(checkpoint) = SignedCheckpoint::parse(text) {
        assert_eq!(checkpoint.to_string(), text);
    }
    if let Ok(proof) = LogProof::parse(text) {
        assert_eq!(proof.to_string(), text);
    }
    let _ = TrustFile::parse(text);
});
