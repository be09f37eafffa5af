//! What is typed after a flag: numbers with units, seeds.

use plimsoll_base::{Quantity, Unit, UnitError};
use plimsoll_proof::Digest;

/// A century: nobody plans further.
const DAYS_MAX: u32 = 36_500;

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

/// A time in seconds from `30d`.
pub(super) fn days_s(text: &str) -> Result<i64, String> {
    let days = text.strip_suffix('d').and_then(|days| days.parse::<u32>().ok());
    let seconds = days.filter(|days| *days <= DAYS_MAX).map(|days| i64::from(days) * 86_400);
    seconds.ok_or_else(|| format!("this is not a number of days up to {DAYS_MAX}, such as 30d"))
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
    fn days_are_counted_in_seconds() {
        assert_eq!((days_s("0d"), days_s("30d")), (Ok(0), Ok(2_592_000)));
        for text in ["", "d", "30", "-1d", "1.5d", "36501d", "30 days"] {
            assert!(days_s(text).unwrap_err().contains("30d"), "{text} was accepted");
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
