//! Bends JSON as it goes by: other letters in its texts and names, and the same number of bytes.

use crate::http::Body;

/// Where in JSON we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Bend {
    in_text: bool,
    is_escaped: bool,
}

/// Whether a reply with this head is JSON whose bytes are nothing but JSON: chunks have letters of their own.
pub(crate) fn is_bent(body: Body, head: &[u8]) -> bool {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let mut types = head.lines().filter_map(|line| line.strip_prefix("content-type:"));
    matches!(body, Body::Length { left: 1.. }) && types.any(|value| value.contains("json"))
}

impl Bend {
    /// Bends the bytes that come next.
    pub(crate) fn apply(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            match (*byte, self.in_text, self.is_escaped) {
                (_, true, true) => self.is_escaped = false,
                (b'\\', true, false) => self.is_escaped = true,
                (b'"', _, _) => self.in_text = !self.in_text,
                (letter, true, false) => *byte = bent(letter),
                _ => {}
            }
        }
    }
}

fn bent(letter: u8) -> u8 {
    match letter {
        b'z' => b'a',
        b'a'..=b'y' => letter + 1,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_texts_get_other_letters_and_nothing_else_does() {
        let text = br#"{"az": [true, null, 1e3, "x\"y\n"]}"#;
        for cut in 0..text.len() {
            let mut bytes = text.to_vec();
            let mut bend = Bend::default();
            let (first, second) = bytes.split_at_mut(cut);
            bend.apply(first);
            bend.apply(second);
            assert_eq!(bytes, br#"{"ba": [true, null, 1e3, "y\"z\n"]}"#, "cut at {cut}");
        }
    }

    #[test]
    fn only_json_of_a_known_length_is_bent() {
        let json = b"HTTP/1.1 200 OK\r\nContent-Type: application/problem+JSON\r\n\r\n";
        assert!(is_bent(Body::Length { left: 2 }, json));
        assert!(!is_bent(Body::Length { left: 0 }, json) && !is_bent(Body::UntilClose, json));
        assert!(!is_bent(Body::Length { left: 2 }, b"HTTP/1.1 200 OK\r\nX: json\r\n\r\n"));
    }
}
