//! Numbers as the text format of metrics writes them: decimal, read exactly to nine places behind the point.

/// A billionth: what is behind it tells of the writer's floating point.
const PLACES: i64 = 9;
/// 10^38 is the largest power of ten that an `i128` holds.
const POWER_MAX: i64 = 38;

/// A value, in billionths where it is finite. The order is that of the numbers; what is none comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Number {
    Nan,
    MinusInfinite,
    Finite(i128),
    Infinite,
}

impl Number {
    pub(super) const ZERO: Self = Self::Finite(0);

    /// `None` for what is no number of the format. What is too large to be held is the largest that can be.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (is_negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        match (digits, is_negative) {
            ("NaN", _) => Some(Self::Nan),
            ("Inf", true) => Some(Self::MinusInfinite),
            ("Inf", false) => Some(Self::Infinite),
            _ => decimal(digits).map(|value| Self::Finite(if is_negative { -value } else { value })),
        }
    }

    /// The billionths of a finite one.
    pub(super) fn billionths(self) -> Option<i128> {
        if let Self::Finite(value) = self { Some(value) } else { None }
    }
}

fn decimal(text: &str) -> Option<i128> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i16>().ok()?),
        None => (text, 0),
    };
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{part}");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let value: i128 = digits.parse().ok()?;
    let shift = i64::from(exponent) + PLACES - i64::try_from(part.len()).ok()?;
    let power = u32::try_from(shift.unsigned_abs()).unwrap_or(u32::MAX);
    Some(match shift {
        _ if value == 0 => 0,
        POWER_MAX.. => i128::MAX,
        0.. => value.saturating_mul(10_i128.pow(power)),
        _ => 10_i128.checked_pow(power).map_or(0, |divisor| value / divisor),
    })
}

/// Billionths as people read them.
pub(super) fn shown(billionths: i128) -> String {
    let (sign, value) = (if billionths < 0 { "-" } else { "" }, billionths.unsigned_abs());
    let (whole, part) = (value / 1_000_000_000, value % 1_000_000_000);
    let part = format!("{part:09}");
    match part.trim_end_matches('0') {
        "" => format!("{sign}{whole}"),
        part => format!("{sign}{whole}.{part}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_exactly() {
        let nano = |text| Number::parse(text).and_then(Number::billionths);
        assert_eq!(nano("12"), Some(12_000_000_000));
        assert_eq!(nano("1.5e+06"), Some(1_500_000_000_000_000));
        assert_eq!(nano("-0.000000001"), Some(-1));
        assert_eq!(nano("2.5E-9"), Some(2), "what is behind a billionth is left out");
        assert_eq!(nano("1e-400"), Some(0));
        assert_eq!(nano("1e300"), Some(i128::MAX));
        assert_eq!(nano("0e300"), Some(0));
        assert_eq!(nano("000.000"), Some(0));
        for text in ["", ".", "-", "1.2.3", "0x10", "1e", "e5", "１", "--1", "inf", "1_000", "1 "] {
            assert_eq!(Number::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn numbers_have_an_order() {
        let read = |text| Number::parse(text).unwrap();
        let order = ["NaN", "-Inf", "-1", "0", "0.005", "1e3", "+Inf"].map(read);
        assert!(order.is_sorted_by(|one, other| one < other));
        assert_eq!(
            ["1500000000", "-1", "0"].map(|text| shown(text.parse().unwrap())),
            ["1.5", "-0.000000001", "0"]
        );
    }
}
