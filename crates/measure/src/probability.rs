//! A probability as it is signed: parts per billion.

use std::fmt;

use plimsoll_base::{Quantity, Unit};

/// Parts per billion that make one.
const ONE_PPB: u64 = 1_000_000_000;

/// A probability between 0 and 1 in parts per billion: which quantile, or how confident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Probability(u64);

impl Probability {
    /// Never.
    pub const ZERO: Self = Self(0);
    /// The median.
    pub const P50: Self = Self(500_000_000);
    /// 90 %.
    pub const P90: Self = Self(900_000_000);
    /// 95 %; also the confidence of every one-sided bound that is not told another.
    pub const P95: Self = Self(950_000_000);
    /// 99 %.
    pub const P99: Self = Self(990_000_000);
    /// 99.9 %.
    pub const P999: Self = Self(999_000_000);
    /// 99.99 %.
    pub const P9999: Self = Self(999_900_000);
    /// Always.
    pub const ONE: Self = Self(ONE_PPB);

    /// The probability of `ppb` parts per billion, if that is at most one.
    pub fn from_ppb(ppb: u64) -> Option<Self> {
        (ppb <= ONE_PPB).then_some(Self(ppb))
    }

    /// The probability that a person writes in per cent without the sign: `99`, `99.9`.
    pub fn from_percent(text: &str) -> Option<Self> {
        let Quantity { amount, unit } = format!("{text}%").parse().ok()?;
        if unit == Unit::Ppb { Self::from_ppb(amount) } else { None }
    }

    /// Parts per billion.
    pub fn ppb(self) -> u64 {
        self.0
    }

    /// One minus this, exactly.
    #[must_use]
    pub fn complement(self) -> Self {
        Self(ONE_PPB - self.0)
    }

    /// The nearest float; the complement has a float of its own, so that neither tail loses digits.
    pub(crate) fn to_f64(self) -> f64 {
        self.0 as f64 / ONE_PPB as f64
    }

    /// The rank of this quantile among `count` values, from 1: ceil(q n), at least 1.
    pub(crate) fn rank(self, count: u64) -> u64 {
        let rank = (u128::from(self.0) * u128::from(count)).div_ceil(u128::from(ONE_PPB));
        u64::try_from(rank).unwrap_or(count).clamp(1, count.max(1))
    }
}

impl fmt::Display for Probability {
    /// As a quantile is named: `p99.9`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.0 / 10_000_000, self.0 % 10_000_000);
        if fraction == 0 {
            return write!(f, "p{whole}");
        }
        write!(f, "p{whole}.{}", format!("{fraction:07}").trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_per_cent() {
        assert_eq!(Probability::from_percent("99.9"), Some(Probability::P999));
        assert_eq!(Probability::from_percent("0"), Some(Probability::ZERO));
        assert_eq!(Probability::from_percent("100"), Some(Probability::ONE));
        for text in ["100.0000001", "101", "-1", "", "99%", "9e1", "1m"] {
            assert_eq!(Probability::from_percent(text), None, "{text} was accepted");
        }
    }

    #[test]
    fn is_named_as_a_quantile() {
        let shown = [Probability::P50, Probability::P99, Probability::P9999].map(|p| p.to_string());
        assert_eq!(shown, ["p50", "p99", "p99.99"]);
        assert_eq!(Probability(1).to_string(), "p0.0000001");
    }

    #[test]
    fn the_rank_is_an_exact_ceiling() {
        assert_eq!(Probability::P99.rank(100), 99);
        assert_eq!(Probability::P99.rank(101), 100);
        assert_eq!(Probability::ZERO.rank(10), 1);
        assert_eq!(Probability::ONE.rank(10), 10);
        // Exact integers: the product does not fit 64 bits.
        assert_eq!(Probability::P9999.rank(1 << 53), 9_006_298_534_815_518);
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_again(ppb in 0..=ONE_PPB) {
            let shown = Probability(ppb).to_string();
            prop_assert_eq!(Probability::from_percent(&shown[1..]), Some(Probability(ppb)));
        }
    }
}
