//! Time is given, never taken: whoever needs it receives a [`Clock`].

use crate::Utc;

/// Where time comes from.
pub trait Clock: Send + Sync {
    /// Nanoseconds on a clock that never goes back (`CLOCK_MONOTONIC`); its zero has no meaning.
    fn monotonic_ns(&self) -> u64;
    /// The time of day as the machine tells it.
    fn now(&self) -> Utc;
}
