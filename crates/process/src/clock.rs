//! The monotonic clock of this machine, for stamps that are compared with others taken from it.

use rustix::time::{ClockId, Timespec, clock_gettime};

const NS_PER_S: u64 = 1_000_000_000;

/// Nanoseconds on `CLOCK_MONOTONIC`.
pub fn monotonic_ns() -> u64 {
    nanoseconds(clock_gettime(ClockId::Monotonic))
}

/// A reading of a clock that only counts up: neither part of it is ever negative.
pub(crate) fn nanoseconds(reading: Timespec) -> u64 {
    reading.tv_sec.unsigned_abs().saturating_mul(NS_PER_S).saturating_add(reading.tv_nsec.unsigned_abs())
}

/// The same duration as the kernel takes it.
pub(crate) fn timespec(duration_ns: u64) -> Timespec {
    let seconds = i64::try_from(duration_ns / NS_PER_S).unwrap_or(i64::MAX);
    // The remainder is below 10^9 and always fits.
    let nanoseconds = i64::try_from(duration_ns % NS_PER_S).unwrap_or(0);
    Timespec { tv_sec: seconds, tv_nsec: nanoseconds }
}
