//! What a note may be called.

use serde::Serialize;

/// The longest key: room for any common kind of identifier.
const KEY_BYTES_MAX: usize = 64;

/// A note's key: one to 64 of `A-Z a-z 0-9 _ -`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Key(String);

impl Key {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let is_valid = (1..=KEY_BYTES_MAX).contains(&text.len()) && text.bytes().all(is_plain);
        is_valid.then(|| Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_keys_are_taken() {
        for text in ["a", "A-z_09", &"x".repeat(64)] {
            assert_eq!(Key::parse(text).unwrap().as_str(), text);
        }
        for text in ["", "a b", "a/b", "..", "é", "a\n", "a%20", &"x".repeat(65)] {
            assert_eq!(Key::parse(text), None, "{text:?} was accepted");
        }
    }
}
