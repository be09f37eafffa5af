//! The grammar of canonical JSON, read byte by byte: no tree is built, and the first offence is named.
//!
//! A value is `null`, `true`, `false`, an integer, a string, an array or an object. There is no white space.
//! An integer has no leading zero, no `-0`, no fraction and no exponent, and lies within [`INTEGER_MAX`].
//! A string is UTF-8; only `"`, `\` and control characters below U+0020 are escaped: as `\"`, `\\`, `\b`,
//! `\f`, `\n`, `\r`, `\t`, and the others as `\u00` and two lower-case hex digits. The keys of an object
//! are sorted by code point, each once.

use crate::error::CanonicalError;

/// The largest integer, either way: up to here every reader of JSON agrees on the value.
pub const INTEGER_MAX: u64 = 1 << 53;

/// The longest string, in bytes of UTF-8 after unescaping: what a reader must be ready to hold at once.
pub const STRING_BYTES_MAX: usize = 1 << 20;

/// How deep arrays and objects may nest: far more than our documents need, far less than a stack holds.
pub const DEPTH_MAX: usize = 32;

/// Checks that `json` is one canonical value, with strings up to `string_bytes_max`.
pub(crate) fn check(json: &[u8], string_bytes_max: usize) -> Result<(), CanonicalError> {
    let text = std::str::from_utf8(json)
        .map_err(|error| CanonicalError::Form { byte: error.valid_up_to(), problem: "not utf-8" })?;
    let mut scanner = Scanner { text, byte: 0, string_bytes_max };
    scanner.value(0)?;
    if scanner.byte == json.len() { Ok(()) } else { Err(scanner.wrong("more than one value")) }
}

struct Scanner<'a> {
    text: &'a str,
    byte: usize,
    string_bytes_max: usize,
}

impl Scanner<'_> {
    fn wrong(&self, problem: &'static str) -> CanonicalError {
        CanonicalError::Form { byte: self.byte, problem }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.byte).copied()
    }

    /// Steps over `byte` if it stands here.
    fn take(&mut self, byte: u8) -> bool {
        let here = self.peek() == Some(byte);
        self.byte += usize::from(here);
        here
    }

    fn value(&mut self, depth: usize) -> Result<(), CanonicalError> {
        match self.peek() {
            None => Err(self.wrong("end of input")),
            Some(b'n') => self.word("null"),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'-' | b'0'..=b'9') => self.integer(),
            Some(b'"') => self.string().map(drop),
            Some(b'[' | b'{') if depth == DEPTH_MAX => Err(self.wrong("nested too deep")),
            Some(b'[') => self.array(depth + 1),
            Some(b'{') => self.object(depth + 1),
            Some(b' ' | b'\t' | b'\n' | b'\r') => Err(self.wrong("white space")),
            Some(_) => Err(self.wrong("not a value")),
        }
    }

    fn word(&mut self, word: &str) -> Result<(), CanonicalError> {
        if !self.text[self.byte..].starts_with(word) {
            return Err(self.wrong("not a value"));
        }
        self.byte += word.len();
        Ok(())
    }

    fn integer(&mut self) -> Result<(), CanonicalError> {
        let negative = self.take(b'-');
        let first = self.byte;
        while self.peek().is_some_and(|digit| digit.is_ascii_digit()) {
            self.byte += 1;
        }
        let digits = &self.text[first..self.byte];
        if matches!(self.peek(), Some(b'.' | b'e' | b'E')) {
            return Err(self.wrong("a number that is not a plain integer"));
        }
        if digits.is_empty() || (digits.starts_with('0') && (negative || digits.len() > 1)) {
            return Err(self.wrong("an integer in another spelling"));
        }
        match digits.parse::<u64>() {
            Ok(integer) if integer <= INTEGER_MAX => Ok(()),
            _ => Err(self.wrong("an integer beyond 2^53")),
        }
    }

    fn string(&mut self) -> Result<String, CanonicalError> {
        self.byte += 1;
        let mut string = String::new();
        loop {
            let rest = &self.text[self.byte..];
            let plain = rest.find(|c: char| c == '"' || c == '\\' || c < ' ').unwrap_or(rest.len());
            if string.len() + plain > self.string_bytes_max {
                return Err(self.wrong("a string over the limit"));
            }
            string.push_str(&rest[..plain]);
            self.byte += plain;
            match self.peek() {
                None => return Err(self.wrong("end of input inside a string")),
                Some(b'"') => break,
                Some(b'\\') => string.push(self.escape()?),
                Some(_) => return Err(self.wrong("a control character inside a string")),
            }
        }
        self.byte += 1;
        Ok(string)
    }

    fn escape(&mut self) -> Result<char, CanonicalError> {
        let rest = &self.text.as_bytes()[self.byte..];
        let (character, length) = match rest {
            [_, b'"', ..] => ('"', 2),
            [_, b'\\', ..] => ('\\', 2),
            [_, b'b', ..] => ('\u{8}', 2),
            [_, b'f', ..] => ('\u{c}', 2),
            [_, b'n', ..] => ('\n', 2),
            [_, b'r', ..] => ('\r', 2),
            [_, b't', ..] => ('\t', 2),
            [_, b'u', b'0', b'0', high @ (b'0' | b'1'), low @ (b'0'..=b'9' | b'a'..=b'f'), ..] => {
                let low = if low.is_ascii_digit() { low - b'0' } else { low - b'a' + 10 };
                (char::from((high - b'0') << 4 | low), 6)
            }
            _ => return Err(self.wrong("an escape that is not needed")),
        };
        if length == 6 && matches!(character, '\u{8}' | '\u{c}' | '\n' | '\r' | '\t') {
            return Err(self.wrong("an escape that has a shorter spelling"));
        }
        self.byte += length;
        Ok(character)
    }

    fn array(&mut self, depth: usize) -> Result<(), CanonicalError> {
        self.byte += 1;
        if self.take(b']') {
            return Ok(());
        }
        loop {
            self.value(depth)?;
            if self.take(b']') {
                return Ok(());
            }
            if !self.take(b',') {
                return Err(self.wrong("neither `,` nor `]`"));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<(), CanonicalError> {
        self.byte += 1;
        if self.take(b'}') {
            return Ok(());
        }
        let mut previous: Option<String> = None;
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.wrong("not a key"));
            }
            let start = self.byte;
            let key = self.string()?;
            // `str` compares by bytes of UTF-8, which is the order of code points.
            match previous.as_deref() {
                Some(previous) if previous == key => {
                    return Err(CanonicalError::Form { byte: start, problem: "a key for the second time" });
                }
                Some(previous) if previous > key.as_str() => {
                    return Err(CanonicalError::Form { byte: start, problem: "a key out of order" });
                }
                _ => previous = Some(key),
            }
            if !self.take(b':') {
                return Err(self.wrong("no `:` after a key"));
            }
            self.value(depth)?;
            if self.take(b'}') {
                return Ok(());
            }
            if !self.take(b',') {
                return Err(self.wrong("neither `,` nor `}`"));
            }
        }
    }
}
