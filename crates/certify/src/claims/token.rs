//! A line as words, numbers with their units, and marks.

use super::number::numeric;
use super::quantity::{Bound, Quantity, Unit};

/// A piece of a line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Token<'a> {
    pub(crate) kind: TokenKind,
    /// As it is printed.
    pub(crate) text: &'a str,
    /// Where it begins, in bytes.
    pub(crate) start: usize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum TokenKind {
    /// Words, and what has digits and is no number: `P95`, `24.0.7`, `12:30`, `2026-02-12`.
    Word,
    Number(Quantity),
    /// `1-10`: no number that could be compared.
    Range,
    Mark(char),
}

impl Token<'_> {
    pub(crate) fn quantity(self) -> Option<Quantity> {
        if let TokenKind::Number(quantity) = self.kind { Some(quantity) } else { None }
    }

    pub(crate) fn is_mark(self, mark: char) -> bool {
        self.kind == TokenKind::Mark(mark)
    }

    fn end(self) -> usize {
        self.start + self.text.len()
    }
}

/// All pieces of a line.
pub(crate) fn tokens(line: &str) -> Vec<Token<'_>> {
    let mut tokens: Vec<Token<'_>> = Vec::new();
    let mut at = 0;
    while let Some(character) = line[at..].chars().next() {
        if character.is_whitespace() {
            at += character.len_utf8();
            continue;
        }
        let (kind, length) = if let Some(length) = address_length(&line[at..]) {
            (TokenKind::Word, length)
        } else if character.is_ascii_digit() {
            let (kind, length) = numeric(&line[at..]);
            (hedged(kind, &line[..at], &tokens), length)
        } else if character.is_alphabetic() || character == '_' {
            (TokenKind::Word, word_length(&line[at..]))
        } else {
            (TokenKind::Mark(character), character.len_utf8())
        };
        tokens.push(Token { kind, text: &line[at..at + length], start: at });
        at += length;
    }
    composed(line, tokens)
}

/// The numbers of a line, each as it is printed.
pub(crate) fn quantities(line: &str) -> Vec<(Quantity, &str)> {
    tokens(line).into_iter().filter_map(|token| Some((token.quantity()?, token.text))).collect()
}

/// The first number of a line.
pub(crate) fn first_quantity(line: &str) -> Option<(Quantity, &str)> {
    tokens(line).into_iter().find_map(|token| Some((token.quantity()?, token.text)))
}

/// Bytes of an address on the web at the beginning: its digits are no figures.
fn address_length(text: &str) -> Option<usize> {
    let is_address = text.starts_with("https://") || text.starts_with("http://");
    let end = |one: char| one.is_whitespace() || matches!(one, ')' | '>' | '|');
    is_address.then(|| text.find(end).unwrap_or(text.len()))
}

/// Bytes of the word at the beginning. `on-call`, `SHA-256`, `p99.9` and `U.S.` are one.
fn word_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut length = 0;
    for (at, character) in text.char_indices() {
        let joins = match character {
            '-' | '\'' | '’' => {
                text[at + character.len_utf8()..].starts_with(|next: char| next.is_alphanumeric())
            }
            '.' => {
                let is_digit = |index: usize| bytes.get(index).is_some_and(u8::is_ascii_digit);
                at > 0 && is_digit(at - 1) && is_digit(at + 1)
            }
            _ => character.is_alphanumeric() || character == '_',
        };
        if !joins {
            break;
        }
        length = at + character.len_utf8();
    }
    length
}

/// The number with what stands before it: `<`, `at least`, `-`.
fn hedged(kind: TokenKind, before: &str, tokens: &[Token<'_>]) -> TokenKind {
    let TokenKind::Number(mut quantity) = kind else { return kind };
    if quantity.bound != Bound::Exact {
        return kind;
    }
    let word = |back: usize| {
        let index = tokens.len().checked_sub(back);
        index.and_then(|index| tokens.get(index)).map_or("", |token| token.text).to_ascii_lowercase()
    };
    let last = word(1);
    let (one, two) = (last.as_str(), format!("{} {last}", word(2)));
    quantity.bound = match one {
        "<" | "≤" | "under" | "below" => Bound::AtMost,
        ">" | "≥" | "over" | "above" => Bound::AtLeast,
        "~" | "≈" | "±" | "about" | "approximately" | "around" | "roughly" | "nearly" | "almost" | "ca" => {
            Bound::About
        }
        "=" if word(2) == "<" => Bound::AtMost,
        "=" if word(2) == ">" => Bound::AtLeast,
        _ => match two.as_str() {
            "less than" | "at most" | "up to" | "fewer than" => Bound::AtMost,
            "more than" | "at least" => Bound::AtLeast,
            _ => Bound::Exact,
        },
    };
    let is_sign = before.ends_with(['-', '−'])
        && before[..before.len() - before.chars().next_back().map_or(0, char::len_utf8)]
            .chars()
            .next_back()
            .is_none_or(|one| one.is_whitespace() || one == '(');
    if is_sign {
        quantity.value = -quantity.value;
    }
    TokenKind::Number(quantity)
}

/// Joins `2 h 10 min` and `1m30s` to one time.
fn composed<'a>(line: &'a str, tokens: Vec<Token<'a>>) -> Vec<Token<'a>> {
    let mut out: Vec<Token<'a>> = Vec::with_capacity(tokens.len());
    for token in tokens {
        let joined = out.last().and_then(|last| join(line, *last, token));
        match (joined, out.last_mut()) {
            (Some(joined), Some(last)) => *last = joined,
            _ => out.push(token),
        }
    }
    out
}

fn join<'a>(line: &'a str, one: Token<'a>, two: Token<'a>) -> Option<Token<'a>> {
    let (first, second) = (one.quantity()?, two.quantity()?);
    let gap = &line[one.end()..two.start];
    let are_times = first.unit == Unit::Seconds && second.unit == Unit::Seconds;
    let fits = second.scale < first.scale && second.value < first.scale && gap.trim().is_empty();
    if !(are_times && fits && second.bound == Bound::Exact) {
        return None;
    }
    let sum = Quantity { value: first.value + second.value, step: second.step, ..first };
    Some(Token { kind: TokenKind::Number(sum), text: &line[one.start..two.end()], start: one.start })
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn every_piece_is_what_stands_there(line in "\\PC{0,60}|[0-9a-z,./:%+<≤ -]{0,60}") {
            let mut end = 0;
            for token in tokens(&line) {
                assert!(token.start >= end && line[token.start..].starts_with(token.text) && !token.text.is_empty());
                end = token.end();
            }
        }
    }
}
