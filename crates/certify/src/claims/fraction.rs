//! Parts of a whole, as people write them.

use super::quantity::{Bound, Quantity, Unit};
use super::token::Token;

/// `part` of `whole`: `3/4`, `3 of 4`, `3 out of 4`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Fraction {
    pub(crate) part: Quantity,
    pub(crate) whole: Quantity,
    /// Index of the token after it.
    pub(crate) next: usize,
}

/// The fractions among these tokens.
pub(crate) fn fractions(tokens: &[Token<'_>]) -> Vec<Fraction> {
    let word = |index: usize, text: &str| {
        tokens.get(index).is_some_and(|token| token.text.eq_ignore_ascii_case(text))
    };
    let mut found = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let Some(part) = token.quantity() else { continue };
        let second = if word(index + 1, "/") || word(index + 1, "of") {
            index + 2
        } else if word(index + 1, "out") && word(index + 2, "of") {
            index + 3
        } else {
            continue;
        };
        let Some(whole) = tokens.get(second).and_then(|token| token.quantity()) else { continue };
        let is_plain = part.unit == Unit::Plain && whole.unit == Unit::Plain;
        let is_exact = part.bound == Bound::Exact && whole.bound == Bound::Exact;
        if is_plain && is_exact && part.value <= whole.value && whole.value > 0.0 {
            found.push(Fraction { part, whole, next: second + 1 });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::token::tokens;

    #[test]
    fn a_fraction_has_a_part_and_a_whole() {
        let read = |line: &str| -> Vec<(f64, f64)> {
            fractions(&tokens(line)).iter().map(|one| (one.part.value, one.whole.value)).collect()
        };
        assert_eq!(
            read("3/4, 9.2/10 and 3 of 4, 12 out of 1,000"),
            [(3.0, 4.0), (9.2, 10.0), (3.0, 4.0), (12.0, 1000.0)]
        );
        for none in ["24/7", "1/2/2025", "30/min", "5 % of 20", "100+/200", "0/0", "a/b", "3 / x"] {
            assert_eq!(read(none), [], "{none}");
        }
    }
}
