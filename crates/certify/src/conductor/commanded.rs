//! A command of the subject's own that does something to its data, run to its end.

use plimsoll_base::{Quantity, Unit};
use plimsoll_evidence::Amount;
use plimsoll_process::{Child, Signal, Spec, monotonic_ns, redact};

use crate::error::Error;
use crate::stop::Stop;

/// Between two looks at whether somebody asked to stop.
const LOOK_NS: u64 = 100_000_000;

/// How a command went.
pub(super) struct Commanded {
    /// How long it took, in ns; `inf` if it failed or did not end in time.
    pub(super) took_ns: Amount,
    /// What it wrote, redacted, and below it what was wrong.
    pub(super) output: String,
}

/// Runs a command to its end, at most for `within_ns`, and ends all that came from it. One that cannot be started is an
/// error; one that fails has failed.
pub(super) fn command(spec: &Spec, within_ns: u64, stop: Stop<'_>) -> Result<Commanded, Error> {
    let began_ns = monotonic_ns();
    let passed_ns = || monotonic_ns().saturating_sub(began_ns);
    let mut child = Child::start(spec)?;
    let mut exit = None;
    while exit.is_none() && passed_ns() < within_ns {
        stop.check()?;
        exit = child.wait_exit(LOOK_NS.min(within_ns.saturating_sub(passed_ns())))?;
    }
    let took_ns = passed_ns();
    child.stop(Signal::Kill, 0)?;
    let problem = match exit {
        Some(exit) if exit.is_success() => None,
        Some(exit) => Some(exit.to_string()),
        None => Some(format!("not done within {}", Quantity { amount: within_ns, unit: Unit::Ns })),
    };
    let output = redact(&child.output());
    Ok(match problem {
        None => Commanded { took_ns: Amount::Finite(took_ns), output },
        Some(problem) => Commanded { took_ns: Amount::Infinite, output: format!("{output}\n{problem}") },
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn ran(script: &str, within_ns: u64) -> Result<Commanded, Error> {
        command(&Spec::new("sh", ["-c", script]), within_ns, Stop(&AtomicBool::new(false)))
    }

    #[test]
    fn a_command_is_done_where_it_says_so_in_time() {
        let done = ran("echo saved", 20 * SECOND).unwrap();
        assert!(matches!(done.took_ns, Amount::Finite(1..)), "{:?}", done.took_ns);
        assert_eq!(done.output, "saved\n");
        let failed = ran("echo no room; exit 3", 20 * SECOND).unwrap();
        assert_eq!((failed.took_ns, failed.output.as_str()), (Amount::Infinite, "no room\n\nexit code 3"));
        let slow = ran("sleep 30", SECOND / 5).unwrap();
        assert_eq!((slow.took_ns, slow.output.as_str()), (Amount::Infinite, "\nnot done within 200 ms"));
        let missing = Spec::new("/no/such/program", [""; 0]);
        assert!(command(&missing, SECOND, Stop(&AtomicBool::new(false))).is_err());
    }

    #[test]
    fn whoever_asks_to_stop_need_not_wait_for_it() {
        let began_ns = monotonic_ns();
        let asked = AtomicBool::new(true);
        let stopped = command(&Spec::new("sleep", ["30"]), 60 * SECOND, Stop(&asked));
        assert!(matches!(stopped, Err(Error::Interrupted)));
        assert!(monotonic_ns() - began_ns < 10 * SECOND);
    }
}
