//! Texts that may be longer than a text of canonical JSON: such a one is written as a list of pieces.

use plimsoll_proof::STRING_BYTES_MAX;
use serde::{Deserialize, Deserializer, Serializer};

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Whole(String),
    Pieces(Vec<String>),
}

pub(crate) fn serialize<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    if text.len() <= STRING_BYTES_MAX {
        return serializer.serialize_str(text);
    }
    serializer.collect_seq(pieces(text))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match Written::deserialize(deserializer)? {
        Written::Whole(text) => text,
        Written::Pieces(pieces) => pieces.concat(),
    })
}

fn pieces(mut text: &str) -> Vec<&str> {
    let mut all = Vec::new();
    while !text.is_empty() {
        let (piece, rest) = text.split_at(text.floor_char_boundary(STRING_BYTES_MAX));
        all.push(piece);
        text = rest;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_too_long_for_one_comes_back_from_its_pieces() {
        // Two bytes each, behind one: no piece may end within a character.
        let long = format!("a{}", "é".repeat(STRING_BYTES_MAX));
        for text in ["", "short", &long] {
            let mut written = Vec::new();
            serialize(text, &mut serde_json::Serializer::new(&mut written)).unwrap();
            let read = deserialize(&mut serde_json::Deserializer::from_slice(&written)).unwrap();
            assert_eq!(read, text);
        }
        let pieces = pieces(&long);
        assert_eq!(pieces.len(), 3);
        assert!(pieces.iter().all(|piece| piece.len() <= STRING_BYTES_MAX));
    }
}
