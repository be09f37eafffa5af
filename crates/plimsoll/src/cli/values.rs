//! What is typed after a flag: numbers with units, seeds.

use plimsoll_base::{Quantity, Unit, UnitError};
use plimsoll_proof::Digest;

/// A rate per 1,000 s from `100` or `100/s`.
pub(super) fn rate_per_ks(text: &str) -> Result<u64, String> {
    let is_bare = text.chars().all(|c| c.is_ascii_digit() || c == '.');
    let with_unit = if is_bare { format!("{text}/s") } else { text.to_owned() };
    quantity(&with_unit, Unit::PerKs, "a rate such as 100 or 100/s")
}

/// A time in ns from `500ms` or `10s`.
pub(super) fn duration_ns(text: &str) -> Result<u64, String> {
    quantity(text, Unit::Ns, "a time such as 500ms or 10s")
}

/// 32 bytes from which a schedule or an oracle draws everything, as a digest is written.
pub(super) fn seed(text: &str) -> Result<Digest, String> {
    text.parse().map_err(|_| "a seed is exactly 64 lower-case hex digits".to_owned())
}

fn quantity(text: &str, unit: Unit, wanted: &str) -> Result<u64, String> {
    match text.parse::<Quantity>() {
        Ok(quantity) if quantity.unit == unit => Ok(quantity.amount),
        Ok(_) => Err(format!("this is not {wanted}")),
        Err(error @ UnitError::Range(..)) => Err(format!("this is not {wanted}: {error}")),
        Err(UnitError::Number(_) | UnitError::Name(_)) => Err(format!("this is not {wanted}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_per_second_with_and_without_its_unit() {
        assert_eq!(rate_per_ks("100"), Ok(100_000));
        assert_eq!(rate_per_ks("100/s"), Ok(100_000));
        assert_eq!(rate_per_ks("0.5"), Ok(500));
        for text in ["", "/s", "100/min", "fast", "-1", "100ms", "0.0001"] {
            assert!(rate_per_ks(text).unwrap_err().contains("100/s"), "{text} was accepted");
        }
    }

    #[test]
    fn a_seed_has_one_spelling() {
        let digits = "0123456789abcdef".repeat(4);
        assert_eq!(seed(&digits).unwrap().to_string(), digits);
        for text in ["", "abc", &digits.to_uppercase(), &digits.replace('f', "g"), &format!("{digits}0")] {
            assert!(seed(text).unwrap_err().contains("64"), "{text} was accepted");
        }
    }

    #[test]
    fn a_time_needs_its_unit() {
        assert_eq!(duration_ns("500ms"), Ok(500_000_000));
        assert_eq!(duration_ns("0s"), Ok(0));
        for text in ["10", "", "10/s", "5%", "ten seconds"] {
            assert!(duration_ns(text).unwrap_err().contains("10s"), "{text} was accepted");
        }
    }
}
