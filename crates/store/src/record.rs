//! A record: its fields, and the bytes that are hashed and kept.
//!
//! Version 1, integers in big-endian order:
//!
//! | bytes | what |
//! |---|---|
//! | 1 | version: 1 |
//! | 8 | milliseconds since 1970-01-01T00:00:00Z |
//! | 8 | sequence in the stream, from 1 |
//! | 1 + n | length and text of the stream's name |
//! | 1 + n | length and text of the kind |
//! | 1 + n | length and text of the sealing key's name; length 0: the payload is not sealed |
//! | the rest | the payload; if it is sealed, the sealed bytes |
//!
//! The leaf of the Merkle log is over these bytes as they are kept. A sealed payload is hashed sealed: who destroys
//! its key erases what it says, and every proof still holds.

use plimsoll_proof::{Digest, leaf_hash};

use crate::error::Error;
use crate::name::{RecordKind, SealName, StreamName};

const VERSION: u8 = 1;
/// Longest payload, in bytes: what is larger is evidence, and belongs into a file that a record names by digest.
pub const PAYLOAD_BYTES_MAX: usize = 1 << 20;

/// What a writer hands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRecord {
    /// What sort of thing it says.
    pub kind: RecordKind,
    /// What it says.
    pub payload: Payload,
}

impl NewRecord {
    /// A record whose payload anybody may read who may read the journal.
    pub fn plain(kind: RecordKind, payload: impl Into<Vec<u8>>) -> Self {
        Self { kind, payload: Payload { sealed_under: None, bytes: payload.into() } }
    }
}

/// The body of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// The key without which the bytes say nothing, if there is one.
    pub sealed_under: Option<SealName>,
    /// The bytes as they are kept.
    pub bytes: Vec<u8>,
}

/// A record as it stands in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its place in the whole journal, from 1. Its leaf in the Merkle log has the index `position - 1`.
    pub position: u64,
    /// When it was accepted: milliseconds since 1970-01-01T00:00:00Z. Before the record ahead of it only in the stream
    /// `clock`, where somebody has accepted a clock that was set back.
    pub unix_ms: u64,
    /// The stream it belongs to.
    pub stream: StreamName,
    /// Its place in the stream, from 1.
    pub sequence: u64,
    /// What sort of thing it says.
    pub kind: RecordKind,
    /// What it says.
    pub payload: Payload,
}

impl Record {
    /// The bytes that are hashed and kept.
    pub fn bytes(&self) -> Vec<u8> {
        encode(self.unix_ms, &self.stream, self.sequence, &self.kind, &self.payload)
    }

    /// Reads what [`bytes`](Self::bytes) gave of the record at a position.
    pub fn from_bytes(position: u64, bytes: &[u8]) -> Result<Self, Error> {
        decode(position, bytes)
    }

    /// The hash that stands for it in the Merkle log.
    pub fn leaf(&self) -> Digest {
        leaf_hash(&self.bytes())
    }
}

/// The bytes that are hashed and kept.
pub(crate) fn encode(
    unix_ms: u64,
    stream: &StreamName,
    sequence: u64,
    kind: &RecordKind,
    payload: &Payload,
) -> Vec<u8> {
    let seal = payload.sealed_under.as_ref().map_or("", SealName::as_str);
    let mut bytes = Vec::with_capacity(
        20 + stream.as_str().len() + kind.as_str().len() + seal.len() + payload.bytes.len(),
    );
    bytes.push(VERSION);
    bytes.extend_from_slice(&unix_ms.to_be_bytes());
    bytes.extend_from_slice(&sequence.to_be_bytes());
    for name in [stream.as_str(), kind.as_str(), seal] {
        // A name has at most 128 bytes.
        bytes.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
        bytes.extend_from_slice(name.as_bytes());
    }
    bytes.extend_from_slice(&payload.bytes);
    bytes
}

/// Reads what [`encode`] wrote of the record at `position`.
pub(crate) fn decode(position: u64, bytes: &[u8]) -> Result<Record, Error> {
    read(position, bytes).ok_or_else(|| Error::corrupt(format!("record {position} has no record's bytes")))
}

fn read(position: u64, bytes: &[u8]) -> Option<Record> {
    let (version, rest) = bytes.split_first()?;
    let (unix_ms, rest) = rest.split_first_chunk()?;
    let (sequence, rest) = rest.split_first_chunk()?;
    let (stream, rest) = split_text(rest)?;
    let (kind, rest) = split_text(rest)?;
    let (seal, payload) = split_text(rest)?;
    let sealed_under = if seal.is_empty() { None } else { Some(SealName::new(seal).ok()?) };
    (*version == VERSION).then_some(())?;
    Some(Record {
        position,
        unix_ms: u64::from_be_bytes(*unix_ms),
        stream: StreamName::new(stream).ok()?,
        sequence: u64::from_be_bytes(*sequence),
        kind: RecordKind::new(kind).ok()?,
        payload: Payload { sealed_under, bytes: payload.to_vec() },
    })
}

fn split_text(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = bytes.split_first()?;
    let (text, rest) = rest.split_at_checked(usize::from(*length))?;
    Some((std::str::from_utf8(text).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            unix_ms: u64,
            sequence: u64,
            stream in "[a-z0-9][a-z0-9._:/-]{0,127}",
            kind in "[a-z][a-z.]{0,30}",
            seal in proptest::option::of("[a-z0-9]{1,40}"),
            bytes: Vec<u8>,
        ) {
            let sealed_under = seal.map(|seal| SealName::new(&seal).unwrap());
            let record = Record {
                position: 7,
                unix_ms,
                stream: StreamName::new(&stream).unwrap(),
                sequence,
                kind: RecordKind::new(&kind).unwrap(),
                payload: Payload { sealed_under, bytes },
            };
            let kept = encode(unix_ms, &record.stream, sequence, &record.kind, &record.payload);
            prop_assert_eq!(decode(7, &kept).unwrap(), record);
            // No prefix that ends before the payload is a record.
            let names = kept.len() - decode(7, &kept).unwrap().payload.bytes.len();
            for end in 0..names {
                prop_assert!(decode(7, &kept[..end]).is_err());
            }
        }

        #[test]
        fn foreign_bytes_are_refused_or_have_one_spelling(bytes: Vec<u8>) {
            if let Ok(record) = decode(1, &bytes) {
                let again =
                    encode(record.unix_ms, &record.stream, record.sequence, &record.kind, &record.payload);
                prop_assert_eq!(again, bytes);
            }
        }
    }
}
