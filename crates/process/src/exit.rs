//! How programs end, and what they used.

use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It ended by itself with this code.
    Code(i32),
    /// A signal with this number ended it.
    Signal(i32),
}

impl Exit {
    pub(crate) fn from_status(status: ExitStatus) -> Self {
        // A status that came from waiting is one or the other; -1 is never a real exit code.
        status.signal().map_or_else(|| Self::Code(status.code().unwrap_or(-1)), Self::Signal)
    }

    /// Whether the program ended by itself and says that all is well.
    pub fn is_success(self) -> bool {
        self == Self::Code(0)
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(number) => write!(f, "signal {number}"),
        }
    }
}

/// A process that outlived the program it came from, and had to be ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Straggler {
    /// Its process id.
    pub pid: u32,
    /// Its name as the kernel keeps it (at most 15 bytes).
    pub name: String,
}

/// How stopping went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StopReport {
    /// How the program ended.
    pub exit: Exit,
    /// From the signal to the end of the program.
    pub took_ns: u64,
    /// Whether the program did not end within its grace and was killed.
    pub killed: bool,
    /// What the program left behind. All of it has been ended.
    pub stragglers: Vec<Straggler>,
}

/// What a program and all processes that came from it use now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Resources {
    /// How many processes there are.
    pub processes: u64,
    /// Memory that is resident, pages shared between processes counted once for each.
    pub rss_bytes: u64,
    /// Processor time used so far, ended children that were waited for included. The kernel counts in steps of
    /// 10 ms.
    pub cpu_ns: u64,
    /// Threads.
    pub threads: u64,
    /// Open file descriptors.
    pub fds: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exit_code_zero_is_success() {
        assert!(Exit::from_status(ExitStatus::from_raw(0)).is_success());
        assert_eq!(Exit::from_status(ExitStatus::from_raw(3 << 8)), Exit::Code(3));
        assert_eq!(Exit::from_status(ExitStatus::from_raw(9)), Exit::Signal(9));
        assert!(!Exit::Code(1).is_success() && !Exit::Signal(15).is_success());
        assert_eq!(format!("{}, {}", Exit::Code(3), Exit::Signal(9)), "exit code 3, signal 9");
    }
}
