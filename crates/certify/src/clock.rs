//! The machine's clocks.

use plimsoll_base::Clock;
use rustix::time::{ClockId, clock_gettime};

/// The clocks of the kernel.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn monotonic_ns(&self) -> u64 {
        plimsoll_process::monotonic_ns()
    }

    fn unix_ms(&self) -> u64 {
        let now = clock_gettime(ClockId::Realtime);
        u64::try_from(now.tv_sec * 1_000 + now.tv_nsec / 1_000_000).unwrap_or_default()
    }
}
