//! A measured number as it is signed: an integer, or the text `inf`.

use std::fmt;

use plimsoll_base::{Quantity, Unit};
use plimsoll_measure::Value;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An integer in the criterion's unit, or infinity: the latency of a request that never got its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Amount {
    /// An integer in the unit named beside it.
    Finite(u64),
    /// Larger than every integer; written `"inf"`.
    Infinite,
}

impl Amount {
    /// The amount for people, with its unit.
    pub fn display(self, unit: Unit) -> String {
        match self {
            Self::Finite(amount) => Quantity { amount, unit }.to_string(),
            Self::Infinite => String::from("inf"),
        }
    }
}

impl From<Value> for Amount {
    fn from(value: Value) -> Self {
        match value {
            Value::Finite(ns) => Self::Finite(ns),
            Value::Infinite => Self::Infinite,
        }
    }
}

impl From<Amount> for Value {
    fn from(amount: Amount) -> Self {
        match amount {
            Amount::Finite(ns) => Self::Finite(ns),
            Amount::Infinite => Self::Infinite,
        }
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Finite(amount) => serializer.serialize_u64(*amount),
            Self::Infinite => serializer.serialize_str("inf"),
        }
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AmountVisitor)
    }
}

struct AmountVisitor;

impl Visitor<'_> for AmountVisitor {
    type Value = Amount;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a non-negative integer or \"inf\"")
    }

    fn visit_u64<E: de::Error>(self, amount: u64) -> Result<Amount, E> {
        Ok(Amount::Finite(amount))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Amount, E> {
        if text == "inf" {
            Ok(Amount::Infinite)
        } else {
            Err(E::invalid_value(de::Unexpected::Str(text), &self))
        }
    }
}

/// Units by their signed names, for `#[serde(with = "unit_name")]`.
pub(crate) mod unit_name {
    use plimsoll_base::Unit;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(unit: &Unit, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(unit.name())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Unit, D::Error> {
        let name = String::deserialize(deserializer)?;
        Unit::from_name(&name).ok_or_else(|| D::Error::custom(format!("unknown unit `{name}`")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn infinity_is_a_text_and_sorts_last() {
        assert_eq!(serde_json::to_string(&[Amount::Finite(3), Amount::Infinite]).unwrap(), r#"[3,"inf"]"#);
        assert_eq!(serde_json::from_str::<Amount>(r#""inf""#).unwrap(), Amount::Infinite);
        assert!(Amount::Finite(u64::MAX) < Amount::Infinite);
    }

    #[test]
    fn nothing_else_is_an_amount() {
        for text in ["-1", "1.5", "\"Inf\"", "null", "true", "[1]"] {
            assert!(serde_json::from_str::<Amount>(text).is_err(), "{text} was accepted");
        }
    }
}
