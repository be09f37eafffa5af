//! Whole seconds of UTC, written as RFC 3339 with `Z`: the only form of time of day that is signed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// 9999-12-31T23:59:59Z: four digits of year are all that RFC 3339 can write.
const UNIX_SECONDS_MAX: i64 = 253_402_300_799;

/// A time of day: seconds since 1970-01-01T00:00:00Z, between 1970 and 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Utc(i64);

/// A text is not a time of the form `2026-11-21T20:59:13Z`.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not a time of the form 2026-11-21T20:59:13Z")]
pub struct UtcError(String);

impl Utc {
    /// The time `seconds` after 1970-01-01T00:00:00Z, held within 1970 and 9999.
    pub fn from_unix_seconds(seconds: i64) -> Self {
        Self(seconds.clamp(0, UNIX_SECONDS_MAX))
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub fn unix_seconds(self) -> i64 {
        self.0
    }

    /// This time and `seconds` more, held within 1970 and 9999.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self::from_unix_seconds(self.0.saturating_add(seconds))
    }

    /// The day, as `2026-11-21`.
    pub fn day(self) -> String {
        self.to_string().chars().take(10).collect()
    }
}

impl fmt::Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = OffsetDateTime::from_unix_timestamp(self.0).ok().and_then(|t| t.format(&Rfc3339).ok());
        f.write_str(text.as_deref().unwrap_or("1970-01-01T00:00:00Z"))
    }
}

impl FromStr for Utc {
    type Err = UtcError;

    /// Accepts exactly what `Display` writes: no offset, no fraction, capital `T` and `Z`.
    fn from_str(text: &str) -> Result<Self, UtcError> {
        let error = || UtcError(text.chars().take(40).collect());
        let time = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| error())?;
        let utc = Self(time.unix_timestamp());
        let in_range = (0..=UNIX_SECONDS_MAX).contains(&utc.0);
        if in_range && utc.to_string() == text { Ok(utc) } else { Err(error()) }
    }
}

impl TryFrom<String> for Utc {
    type Error = UtcError;

    fn try_from(text: String) -> Result<Self, UtcError> {
        text.parse()
    }
}

impl From<Utc> for String {
    fn from(utc: Utc) -> Self {
        utc.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn writes_rfc_3339_in_whole_seconds() {
        assert_eq!(Utc::from_unix_seconds(1_795_294_753).to_string(), "2026-11-21T20:59:13Z");
        assert_eq!(Utc::from_unix_seconds(951_782_400).day(), "2000-02-29");
    }

    #[test]
    fn refuses_every_other_spelling() {
        for text in [
            "2026-11-21T20:59:13+00:00",
            "2026-11-21T20:59:13.0Z",
            "2026-11-21t20:59:13z",
            "2026-11-21 20:59:13Z",
            "2026-11-31T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "",
        ] {
            assert!(text.parse::<Utc>().is_err(), "{text} was accepted");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(seconds in 0..=UNIX_SECONDS_MAX) {
            let utc = Utc::from_unix_seconds(seconds);
            prop_assert_eq!(utc.to_string().parse::<Utc>(), Ok(utc));
        }
    }
}
