//! Time is given, never taken: whoever needs it receives a [`Clock`].

use crate::Utc;

/// Where time comes from.
pub trait Clock: Send + Sync {
    /// Nanoseconds on a clock that never goes back (`CLOCK_MONOTONIC`); its zero has no meaning.
    fn monotonic_ns(&self) -> u64;
    /// Milliseconds since 1970-01-01T00:00:00Z as the machine tells the time of day. It may go back.
    fn unix_ms(&self) -> u64;
    /// The time of day in the form that is signed.
    fn now(&self) -> Utc {
        Utc::from_unix_seconds(i64::try_from(self.unix_ms() / 1_000).unwrap_or(i64::MAX))
    }
}
