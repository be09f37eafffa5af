//! Bends text as it goes by, into the same number of bytes: other letters in the texts and names of JSON, or 0 in the place
//! of each digit of the numbers of metrics.

use crate::http::Body;

/// What is bent, and where in it we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bend {
    Letters { in_text: bool, is_escaped: bool },
    Numbers(Place),
}

/// Where in a line of metrics we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Start,
    /// In a name, which may have digits.
    Name,
    Labels,
    /// In a label's value.
    Quoted,
    /// Behind a backslash in it.
    Escaped,
    /// In what follows the series.
    Value,
    Comment,
}

/// Whether a reply with this head is JSON whose bytes are nothing but JSON: chunks have letters of their own.
pub(crate) fn is_json(body: Body, head: &[u8]) -> bool {
    matches!(body, Body::Length { left: 1.. }) && is_of_type(head, &["json"])
}

/// Whether a reply with this head is plain text, as metrics are.
pub(crate) fn is_plain(body: Body, head: &[u8]) -> bool {
    !matches!(body, Body::Length { left: 0 }) && is_of_type(head, &["text/plain", "openmetrics-text"])
}

fn is_of_type(head: &[u8], types: &[&str]) -> bool {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let mut told = head.lines().filter_map(|line| line.strip_prefix("content-type:"));
    told.any(|value| types.iter().any(|name| value.contains(name)))
}

impl Bend {
    pub(crate) fn letters() -> Self {
        Self::Letters { in_text: false, is_escaped: false }
    }

    pub(crate) fn numbers() -> Self {
        Self::Numbers(Place::Start)
    }

    /// Bends the bytes that come next.
    pub(crate) fn apply(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            match self {
                Self::Letters { in_text, is_escaped } => match (*byte, *in_text, *is_escaped) {
                    (_, true, true) => *is_escaped = false,
                    (b'\\', true, false) => *is_escaped = true,
                    (b'"', _, _) => *in_text = !*in_text,
                    (letter, true, false) => *byte = bent(letter),
                    _ => {}
                },
                Self::Numbers(place) => {
                    *place = place.after(*byte);
                    if *place == Place::Value && byte.is_ascii_digit() {
                        *byte = b'0';
                    }
                }
            }
        }
    }
}

impl Place {
    fn after(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Quoted, b'"') => Self::Labels,
            (Self::Quoted, b'\\') => Self::Escaped,
            (Self::Quoted | Self::Escaped, _) | (Self::Labels, b'"') => Self::Quoted,
            (_, b'\n') => Self::Start,
            (Self::Start, b'#') => Self::Comment,
            (Self::Start | Self::Name, b'{') => Self::Labels,
            (Self::Start | Self::Name, b' ' | b'\t') => Self::Value,
            (Self::Start, _) | (Self::Labels, b'}') => Self::Name,
            (place, _) => place,
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

    fn assert_bends(bend: Bend, text: &[u8], expected: &[u8]) {
        for cut in 0..text.len() {
            let (mut bend, mut bytes) = (bend, text.to_vec());
            let (first, second) = bytes.split_at_mut(cut);
            bend.apply(first);
            bend.apply(second);
            assert_eq!(bytes, expected, "cut at {cut}");
        }
    }

    #[test]
    fn names_and_texts_get_other_letters_and_nothing_else_does() {
        let (text, bent) =
            (br#"{"az": [true, null, 1e3, "x\"y\n"]}"#, br#"{"ba": [true, null, 1e3, "y\"z\n"]}"#);
        assert_bends(Bend::letters(), text, bent);
    }

    #[test]
    fn numbers_of_metrics_are_nought_and_nothing_else_is_other() {
        let text = b"# HELP a1 of 5\na1{x=\"2 \\\" 3\",y=\"}\"} 4.5e+06 17\nb2 13\n\nc{} NaN\nd 8\n";
        let bent = b"# HELP a1 of 5\na1{x=\"2 \\\" 3\",y=\"}\"} 0.0e+00 00\nb2 00\n\nc{} NaN\nd 0\n";
        assert_bends(Bend::numbers(), text, bent);
    }

    #[test]
    fn only_json_of_a_known_length_is_bent() {
        let json = b"HTTP/1.1 200 OK\r\nContent-Type: application/problem+JSON\r\n\r\n";
        assert!(is_json(Body::Length { left: 2 }, json));
        assert!(!is_json(Body::Length { left: 0 }, json) && !is_json(Body::UntilClose, json));
        assert!(!is_json(Body::Length { left: 2 }, b"HTTP/1.1 200 OK\r\nX: json\r\n\r\n"));
        let plain = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n\r\n";
        assert!(is_plain(Body::UntilClose, plain) && !is_plain(Body::Length { left: 0 }, plain));
        assert!(!is_plain(Body::UntilClose, json));
    }
}
