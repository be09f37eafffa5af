//! One outcome's time: a number of nanoseconds, or infinity for what never came.

use std::fmt;

use plimsoll_base::{Quantity, Unit};

/// A time in nanoseconds. An outcome that failed or timed out is infinite, so that it makes every quantile worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// So many nanoseconds.
    Finite(u64),
    /// Never; larger than every number.
    Infinite,
}

impl Value {
    /// The nanoseconds, if there are any.
    pub fn finite_ns(self) -> Option<u64> {
        match self {
            Self::Finite(ns) => Some(ns),
            Self::Infinite => None,
        }
    }
}

impl fmt::Display for Value {
    /// For people: `412.3 ms`, or `inf`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Finite(amount) => Quantity { amount, unit: Unit::Ns }.fmt(f),
            Self::Infinite => f.write_str("inf"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn infinity_is_larger_than_every_number() {
        assert!(Value::Infinite > Value::Finite(u64::MAX));
        assert!(Value::Finite(2) > Value::Finite(1));
        assert_eq!(Value::Infinite.finite_ns(), None);
    }

    #[test]
    fn shows_what_people_read() {
        assert_eq!(Value::Finite(1_500_000).to_string(), "1.5 ms");
        assert_eq!(Value::Infinite.to_string(), "inf");
    }
}
