//! The machine's clocks.

use plimsoll_base::{Clock, Utc};
use rustix::time::{ClockId, clock_gettime};

/// The clocks of the kernel.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn monotonic_ns(&self) -> u64 {
        plimsoll_process::monotonic_ns()
    }

    fn now(&self) -> Utc {
        Utc::from_unix_seconds(clock_gettime(ClockId::Realtime).tv_sec)
    }
}
