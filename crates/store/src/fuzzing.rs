//! What the fuzzer in `fuzz/` may call: readers of the bytes in a journal's files.

use crate::record::{decode, encode};
use crate::sqlite::{parse_acknowledged, postings_from_bytes};

/// Reads bytes as each of the things that a journal keeps. What is taken has one spelling.
pub fn read(bytes: &[u8]) {
    if let Ok(record) = decode(1, bytes) {
        let again = encode(record.unix_ms, &record.stream, record.sequence, &record.kind, &record.payload);
        assert_eq!(again, bytes, "a record has two spellings");
    }
    if let Some(positions) = postings_from_bytes(bytes) {
        assert!(positions.is_sorted(), "positions go back");
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        assert!(parse_acknowledged(text).is_none_or(|again| again == text), "a head has two spellings");
    }
}
