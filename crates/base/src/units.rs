//! Numbers with units as people write them (`250ms`, `0.1%`, `200/s`, `64MiB`) and as they are signed: integers.

use std::fmt;
use std::str::FromStr;

/// Signed integers stay within 2^53, so that every JSON reader reads them alike.
const INTEGER_MAX: u64 = 1 << 53;

/// What an integer counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unit {
    /// Nanoseconds.
    Ns,
    /// Parts per billion of a ratio: 1 is written 1,000,000,000.
    Ppb,
    /// Things.
    Count,
    /// Events per 1,000 seconds: 200/s is written 200,000.
    PerKs,
    /// Bytes.
    Bytes,
}

/// A number and what it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Quantity {
    /// How many of `unit`.
    pub amount: u64,
    /// What is counted.
    pub unit: Unit,
}

/// Why a text is not a number with a unit.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum UnitError {
    /// The number cannot be read.
    #[error("`{0}` does not start with a plain decimal number")]
    Number(String),
    /// The unit is not known.
    #[error(
        "`{0}` is not a unit: use ns, us, ms, s, min, h, d, %, /s, B, KiB, MiB, GiB, or nothing for a count"
    )]
    Name(String),
    /// The number has a finer fraction than its unit can hold, or is too large.
    #[error("`{0}` cannot be written as a whole number of {1} up to 2^53")]
    Range(String, &'static str),
}

/// Unit as written, how many of the canonical unit one of it is, canonical unit.
const SUFFIXES: [(&str, u64, Unit); 14] = [
    ("ns", 1, Unit::Ns),
    ("us", 1_000, Unit::Ns),
    ("ms", 1_000_000, Unit::Ns),
    ("s", 1_000_000_000, Unit::Ns),
    ("min", 60_000_000_000, Unit::Ns),
    ("h", 3_600_000_000_000, Unit::Ns),
    ("d", 86_400_000_000_000, Unit::Ns),
    ("%", 10_000_000, Unit::Ppb),
    ("/s", 1_000, Unit::PerKs),
    ("B", 1, Unit::Bytes),
    ("KiB", 1 << 10, Unit::Bytes),
    ("MiB", 1 << 20, Unit::Bytes),
    ("GiB", 1 << 30, Unit::Bytes),
    ("", 1, Unit::Count),
];

impl Unit {
    /// The unit's name in signed statements.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ns => "ns",
            Self::Ppb => "ppb",
            Self::Count => "count",
            Self::PerKs => "per_ks",
            Self::Bytes => "bytes",
        }
    }

    /// The unit with this name in signed statements.
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [Self::Ns, Self::Ppb, Self::Count, Self::PerKs, Self::Bytes];
        all.into_iter().find(|unit| unit.name() == name)
    }
}

impl FromStr for Quantity {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let shown = || text.chars().take(40).collect::<String>();
        let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, suffix) = text.split_at(split);
        let &(_, factor, unit) = SUFFIXES
            .iter()
            .find(|(name, ..)| *name == suffix.trim())
            .ok_or_else(|| UnitError::Name(suffix.trim().chars().take(20).collect()))?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        if whole.is_empty() || fraction.is_empty() || fraction.contains('.') {
            return Err(UnitError::Number(shown()));
        }
        let range = || UnitError::Range(shown(), unit.name());
        let amount = scaled(whole, fraction, factor).ok_or_else(range)?;
        if amount <= INTEGER_MAX { Ok(Self { amount, unit }) } else { Err(range()) }
    }
}

/// `whole.fraction * factor` if that is an integer that fits.
fn scaled(whole: &str, fraction: &str, factor: u64) -> Option<u64> {
    let fraction = fraction.trim_end_matches('0');
    let denominator = 10u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let digits = if fraction.is_empty() { 0 } else { fraction.parse::<u128>().ok()? };
    let numerator = digits.checked_mul(u128::from(factor))?;
    if !numerator.is_multiple_of(denominator) {
        return None;
    }
    let total =
        whole.parse::<u128>().ok()?.checked_mul(u128::from(factor))?.checked_add(numerator / denominator)?;
    u64::try_from(total).ok()
}

impl fmt::Display for Quantity {
    /// For people: three or four significant digits, the unit that reads best.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.unit {
            Unit::Ns => fmt_duration(self.amount, f),
            Unit::Ppb => write!(f, "{} %", decimal(self.amount, 10_000_000)),
            Unit::Count => write!(f, "{}", self.amount),
            Unit::PerKs => write!(f, "{}/s", decimal(self.amount, 1_000)),
            Unit::Bytes => fmt_bytes(self.amount, f),
        }
    }
}

fn fmt_duration(ns: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (factor, name) = match ns {
        0..1_000 => (1, "ns"),
        1_000..1_000_000 => (1_000, "us"),
        1_000_000..1_000_000_000 => (1_000_000, "ms"),
        1_000_000_000..120_000_000_000 => (1_000_000_000, "s"),
        120_000_000_000..7_200_000_000_000 => (60_000_000_000, "min"),
        7_200_000_000_000..172_800_000_000_000 => (3_600_000_000_000, "h"),
        _ => (86_400_000_000_000, "d"),
    };
    write!(f, "{} {name}", decimal(ns, factor))
}

fn fmt_bytes(bytes: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (factor, name) = match bytes {
        0..0x400 => (1, "B"),
        0x400..0x10_0000 => (1 << 10, "KiB"),
        0x10_0000..0x4000_0000 => (1 << 20, "MiB"),
        _ => (1 << 30, "GiB"),
    };
    write!(f, "{} {name}", decimal(bytes, factor))
}

/// `amount / factor` with at most four significant digits, rounded half up, without trailing zeros.
fn decimal(amount: u64, factor: u64) -> String {
    let places: u32 = match amount / factor {
        0 => 4,
        1..10 => 3,
        10..100 => 2,
        100..1_000 => 1,
        _ => 0,
    };
    let scale = 10u128.pow(places);
    let rounded = (u128::from(amount) * scale * 2 + u128::from(factor)) / (u128::from(factor) * 2);
    let (whole, fraction) = (rounded / scale, rounded % scale);
    if fraction == 0 {
        return whole.to_string();
    }
    let digits = format!("{fraction:0width$}", width = places as usize);
    format!("{whole}.{}", digits.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Quantity {
        text.parse().unwrap()
    }

    #[test]
    fn reads_what_people_write() {
        assert_eq!(read("250ms"), Quantity { amount: 250_000_000, unit: Unit::Ns });
        assert_eq!(read("1.5 s"), Quantity { amount: 1_500_000_000, unit: Unit::Ns });
        assert_eq!(read("0.1%"), Quantity { amount: 1_000_000, unit: Unit::Ppb });
        assert_eq!(read("200/s"), Quantity { amount: 200_000, unit: Unit::PerKs });
        assert_eq!(read("0"), Quantity { amount: 0, unit: Unit::Count });
        assert_eq!(read("64MiB"), Quantity { amount: 64 << 20, unit: Unit::Bytes });
        assert_eq!(read("1.5 KiB").amount, 1_536);
        assert_eq!(read("30d").amount, 30 * 86_400 * 1_000_000_000);
    }

    #[test]
    fn refuses_what_it_cannot_hold_exactly() {
        for text in [
            "",
            "ms",
            "-1ms",
            "1e3ms",
            ".5s",
            "1.s",
            "1.2.3s",
            "0.5",
            "0.5ns",
            "0.5B",
            "1MB",
            "1 parsec",
            "99999999999d",
            "NaN",
            "inf",
        ] {
            assert!(text.parse::<Quantity>().is_err(), "{text} was accepted");
        }
    }

    #[test]
    fn shows_what_people_read() {
        let shown = |amount, unit| Quantity { amount, unit }.to_string();
        assert_eq!(shown(412_345_678, Unit::Ns), "412.3 ms");
        assert_eq!(shown(1_500_000_000, Unit::Ns), "1.5 s");
        assert_eq!(shown(950, Unit::Ns), "950 ns");
        assert_eq!(shown(200_000, Unit::Ppb), "0.02 %");
        assert_eq!(shown(753_900, Unit::PerKs), "753.9/s");
        assert_eq!(shown(3, Unit::Count), "3");
        let bytes = [1_023, 1_536, 40 << 20, 5 << 30].map(|amount| shown(amount, Unit::Bytes));
        assert_eq!(bytes, ["1023 B", "1.5 KiB", "40 MiB", "5 GiB"]);
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,20}") {
            let _ = text.parse::<Quantity>();
        }

        #[test]
        fn whole_canonical_units_are_read_exactly(amount in 0..=INTEGER_MAX) {
            prop_assert_eq!(read(&format!("{amount}ns")).amount, amount);
        }

        #[test]
        fn showing_never_panics(amount: u64) {
            for unit in [Unit::Ns, Unit::Ppb, Unit::Count, Unit::PerKs, Unit::Bytes] {
                let shown = Quantity { amount, unit }.to_string();
                prop_assert!(shown.len() > 1 || unit == Unit::Count);
            }
        }
    }
}
