//! What the kernel says about time: the monotonic clock, this thread's CPU time, and its wait for a CPU.

use rustix::time::{ClockId, Timespec, clock_gettime};

/// `CLOCK_MONOTONIC` in ns: the one clock of a run, of the oracles' logs, and of whoever compares the two.
pub fn monotonic_ns() -> u64 {
    nanoseconds(clock_gettime(ClockId::Monotonic))
}

/// CPU time that this thread has used, in ns.
pub(crate) fn thread_cpu_ns() -> u64 {
    nanoseconds(clock_gettime(ClockId::ThreadCPUTime))
}

/// How long this thread has waited for a CPU while it could have run, in ns. Zero where the kernel does not tell
/// (`CONFIG_SCHED_INFO` is on in every Debian and Ubuntu kernel).
pub(crate) fn thread_run_queue_ns() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    run_queue_ns(&text).unwrap_or_default()
}

/// The second field: the first is time on a CPU, the third the number of turns.
fn run_queue_ns(schedstat: &str) -> Option<u64> {
    schedstat.split_ascii_whitespace().nth(1)?.parse().ok()
}

pub(crate) fn timespec(ns: u64) -> Timespec {
    Timespec { tv_sec: (ns / 1_000_000_000) as i64, tv_nsec: (ns % 1_000_000_000) as i64 }
}

fn nanoseconds(time: Timespec) -> u64 {
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Makes this thread's timers exact while it lives: the kernel may otherwise wake it 50 us late to save energy.
pub(crate) struct ExactTimers {
    before_ns: Option<std::num::NonZeroU64>,
}

impl ExactTimers {
    pub(crate) fn new() -> Self {
        let before_ns = rustix::thread::current_timer_slack().ok().and_then(std::num::NonZeroU64::new);
        // Without the change timers are coarser, which the send-lag gate sees: no reason to stop.
        let _ = rustix::thread::set_current_timer_slack(Some(std::num::NonZeroU64::MIN));
        Self { before_ns }
    }
}

impl Drop for ExactTimers {
    fn drop(&mut self) {
        let _ = rustix::thread::set_current_timer_slack(self.before_ns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_field_is_the_wait() {
        assert_eq!(run_queue_ns("123 456 7\n"), Some(456));
        assert_eq!(run_queue_ns(""), None);
    }

    #[test]
    fn cpu_time_grows_with_work_and_not_with_sleep() {
        let (cpu, wall) = (thread_cpu_ns(), monotonic_ns());
        let _ = rustix::thread::nanosleep(&timespec(20_000_000));
        assert!(monotonic_ns() - wall >= 20_000_000);
        assert!(thread_cpu_ns() - cpu < 10_000_000);
        let until = thread_cpu_ns() + 10_000_000;
        while thread_cpu_ns() < until {}
        assert!(thread_cpu_ns() - cpu >= 10_000_000);
    }

    #[test]
    fn timers_are_exact_only_while_asked_for() {
        let before = rustix::thread::current_timer_slack();
        let exact = ExactTimers::new();
        assert_eq!(rustix::thread::current_timer_slack(), Ok(1));
        drop(exact);
        assert_eq!(rustix::thread::current_timer_slack(), before);
    }
}
