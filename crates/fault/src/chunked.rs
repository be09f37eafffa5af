//! Finds the end of a body in chunks (RFC 9112, 7.1). The bytes are forwarded as they are.

use std::ops::Range;

use crate::http::Malformed;

/// The longest line of chunk size or trailer that is accepted: no service writes a longer one, and an endless one
/// must end somewhere.
const LINE_BYTES_MAX: u32 = 8 * 1024;

/// How far a body in chunks has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chunked {
    /// In the digits of a chunk's size.
    Size {
        size: u64,
        digits: u32,
    },
    /// Behind the digits, before the line's end.
    Extension {
        size: u64,
        length: u32,
    },
    Data {
        left: u64,
    },
    /// In the line end after a chunk's data.
    DataEnd,
    /// In a trailer line, `length` bytes long so far; an empty one ends the body.
    Trailer {
        length: u32,
    },
    Done,
}

impl Chunked {
    pub(crate) const START: Self = Self::Size { size: 0, digits: 0 };

    /// Takes what belongs to the body from the front of `bytes` and returns how much that is.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Result<usize, Malformed> {
        let mut taken = 0;
        while taken < bytes.len() && *self != Self::Done {
            if let Self::Data { left } = *self {
                let here = left.min((bytes.len() - taken) as u64);
                // `here` is at most a slice's length.
                taken += usize::try_from(here).map_err(|_| Malformed)?;
                *self = if left == here { Self::DataEnd } else { Self::Data { left: left - here } };
            } else {
                *self = self.after(bytes[taken])?;
                taken += 1;
            }
        }
        Ok(taken)
    }

    /// Where the data of chunks stand in the front of `bytes`, up to what is no chunk.
    pub(crate) fn data(mut self, bytes: &[u8]) -> Vec<Range<usize>> {
        let (mut data, mut at) = (Vec::new(), 0);
        while at < bytes.len() && self != Self::Done {
            let is_data = matches!(self, Self::Data { .. });
            // A chunk's data in one step, all else byte by byte.
            let end = match self {
                Self::Data { left } => {
                    bytes.len().min(usize::try_from(left).map_or(usize::MAX, |left| at.saturating_add(left)))
                }
                _ => at + 1,
            };
            match self.take(&bytes[at..end]) {
                Ok(_) if is_data => data.push(at..end),
                Ok(_) => {}
                Err(Malformed) => break,
            }
            at = end;
        }
        data
    }

    /// The state after one more byte outside a chunk's data.
    fn after(self, byte: u8) -> Result<Self, Malformed> {
        Ok(match (self, byte) {
            (Self::Size { digits: 1.., size: 0 } | Self::Extension { size: 0, .. }, b'\n') => {
                Self::Trailer { length: 0 }
            }
            (Self::Size { digits: 1.., size } | Self::Extension { size, .. }, b'\n') => {
                Self::Data { left: size }
            }
            (Self::Size { digits: 1.., size }, b'\r' | b';' | b' ' | b'\t') => {
                Self::Extension { size, length: 0 }
            }
            (Self::Size { size, digits }, _) => {
                let digit = (byte as char).to_digit(16).ok_or(Malformed)?;
                let size =
                    size.checked_mul(16).and_then(|s| s.checked_add(u64::from(digit))).ok_or(Malformed)?;
                Self::Size {
                    size,
                    digits: digits.checked_add(1).filter(|&d| d <= LINE_BYTES_MAX).ok_or(Malformed)?,
                }
            }
            (Self::Extension { size, length }, _) if length < LINE_BYTES_MAX => {
                Self::Extension { size, length: length + 1 }
            }
            (Self::DataEnd, b'\r') => Self::DataEnd,
            (Self::DataEnd, b'\n') => Self::START,
            (Self::Trailer { length: 0 }, b'\n') => Self::Done,
            (Self::Trailer { .. }, b'\n') => Self::Trailer { length: 0 },
            (Self::Trailer { length: 0 }, b'\r') => Self::Trailer { length: 0 },
            (Self::Trailer { length }, _) if length < LINE_BYTES_MAX => Self::Trailer { length: length + 1 },
            _ => return Err(Malformed),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// How many bytes of `text` are the body, reading `step` bytes at a time.
    fn body_length(text: &[u8], step: usize) -> Result<Option<usize>, Malformed> {
        let mut state = Chunked::START;
        let mut total = 0;
        for piece in text.chunks(step) {
            total += state.take(piece)?;
            if state == Chunked::Done {
                return Ok(Some(total));
            }
        }
        Ok(None)
    }

    #[test]
    fn finds_the_end_and_not_a_byte_more() {
        for body in [
            "0\r\n\r\n",
            "5\r\nhello\r\n0\r\n\r\n",
            "5;name=\"value\"\r\nhello\r\n000\r\nTrailer: x\r\nOther: y\r\n\r\n",
            "A \r\n0123456789\r\n0\r\n\r\n",
            "5\nhello\n0\n\n",
        ] {
            let text = format!("{body}GET / HTTP/1.1\r\n");
            for step in 1..text.len() {
                assert_eq!(body_length(text.as_bytes(), step), Ok(Some(body.len())), "{body:?} by {step}");
            }
        }
    }

    #[test]
    fn data_are_told_from_what_frames_them() {
        let text = b"5;a=1\r\nhello\r\n3\r\nyou\r\n0\r\nTrailer: x\r\n\r\nGET";
        for step in 1..text.len() {
            let (mut state, mut data) = (Chunked::START, Vec::new());
            for piece in text.chunks(step) {
                data.extend(state.data(piece).into_iter().flat_map(|range| piece[range].to_vec()));
                state.take(piece).unwrap();
            }
            assert_eq!(data, b"helloyou", "by {step}");
        }
        assert!(Chunked::START.data(b"no chunk").is_empty());
    }

    #[test]
    fn refuses_what_is_no_chunk() {
        for text in
            ["\r\n", "x\r\n", "-1\r\n", "5\r\nhelloX", "5\r\nhello!\r\n", "11111111111111111\r\n", ";a\r\n"]
        {
            assert_eq!(body_length(text.as_bytes(), 3), Err(Malformed), "{text:?}");
        }
        let endless = format!("5;{}", "a".repeat(9_000));
        assert_eq!(body_length(endless.as_bytes(), 100), Err(Malformed));
        assert_eq!(body_length(&[b'0'; 9_000], 100), Err(Malformed));
    }

    #[test]
    fn a_body_that_has_not_ended_is_not_taken_for_one_that_has() {
        for text in ["5\r\nhello\r\n", "5\r\nhello\r\n0\r\n", "0\r\nTrailer: x\r\n"] {
            assert_eq!(body_length(text.as_bytes(), 4), Ok(None));
        }
    }

    proptest! {
        #[test]
        fn any_chunks_in_any_pieces_end_where_they_end(
            chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..200), 0..6),
            after in proptest::collection::vec(any::<u8>(), 0..50),
            step in 1..300usize,
        ) {
            let mut text = Vec::new();
            for chunk in &chunks {
                text.extend(format!("{:x}\r\n", chunk.len()).bytes());
                text.extend(chunk);
                text.extend(b"\r\n");
            }
            text.extend(b"0\r\n\r\n");
            let length = text.len();
            text.extend(&after);
            prop_assert_eq!(body_length(&text, step), Ok(Some(length)));
        }

        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..100), step in 1..20usize) {
            let _ = body_length(&bytes, step);
        }
    }
}
