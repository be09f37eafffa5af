//! What can go wrong with the instrument itself. What goes wrong with the subject is an outcome, not an error.

use std::net::SocketAddr;

use plimsoll_base::{Kind, Quantity, Unit};
use rustix::io::Errno;

/// Why a plan cannot be run, or a run had to stop.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// A plan without a request measures nothing, and nothing measured must never pass.
    #[error("the plan has no request to send")]
    NoRequest,
    /// A number of the plan lies outside its bounds.
    #[error("{what} is {}, outside {} to {}", shown(*given, *unit), shown(*min, *unit), shown(*max, *unit))]
    Bound {
        /// Which number.
        what: &'static str,
        /// What it counts.
        unit: Unit,
        /// What the plan says.
        given: u64,
        /// The smallest that is taken.
        min: u64,
        /// The largest that is taken.
        max: u64,
    },
    /// A part of a request cannot be put on the wire.
    #[error("request {index}: {part} `{text}` {why}")]
    Request {
        /// Which request of the plan, from zero.
        index: usize,
        /// `method`, `path`, `host` or `header`.
        part: &'static str,
        /// The part as given, shortened.
        text: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A list of statuses cannot be read.
    #[error("`{0}` is not a list of statuses such as `200`, `2xx` or `200-299, 404`")]
    Statuses(String),
    /// A threshold cannot be read.
    #[error("threshold `{text}`, column {column}: {why}")]
    Threshold {
        /// The expression as given.
        text: String,
        /// Where it stops making sense, from 1.
        column: usize,
        /// What was expected there.
        why: String,
        /// What would be right.
        hint: String,
    },
    /// The kernel refused something that the instrument needs for itself.
    #[error("{doing}: {errno}")]
    System {
        /// What was being done.
        doing: &'static str,
        /// The kernel's answer.
        errno: Errno,
    },
    /// This machine has no socket or port left for another connection.
    #[error("opening a connection to {address}: {errno}")]
    Exhausted {
        /// The target.
        address: SocketAddr,
        /// The kernel's answer.
        errno: Errno,
    },
    /// An oracle server did not end as it should.
    #[error("the oracle server `{0}` died")]
    Oracle(&'static str),
}

impl Error {
    /// The sort of trouble, from which exit codes follow.
    pub fn kind(&self) -> Kind {
        match self {
            Self::NoRequest
            | Self::Bound { .. }
            | Self::Request { .. }
            | Self::Statuses(_)
            | Self::Threshold { .. } => Kind::Invalid,
            Self::System { .. } | Self::Exhausted { .. } => Kind::Unavailable,
            Self::Oracle(_) => Kind::Bug,
        }
    }

    /// What the user can do about it, where there is something.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Threshold { hint, .. } => Some(hint),
            Self::Exhausted { errno: Errno::MFILE | Errno::NFILE, .. } => {
                Some("raise the limit of open files (`ulimit -n`) or lower the number of connections")
            }
            Self::Exhausted { .. } => Some(
                "every reply seems to close its connection: let the service keep connections open, or lower the rate",
            ),
            Self::NoRequest => Some("give at least one request"),
            _ => None,
        }
    }

    pub(crate) fn system(doing: &'static str) -> impl FnOnce(Errno) -> Self {
        move |errno| Self::System { doing, errno }
    }
}

fn shown(amount: u64, unit: Unit) -> Quantity {
    Quantity { amount, unit }
}

/// A text for an error message: short, whatever came in.
pub(crate) fn shortened(text: &str) -> String {
    /// Enough to recognise what was written, not enough to fill a terminal.
    const SHOWN_CHARS_MAX: usize = 60;
    text.chars().take(SHOWN_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn running_out_of_files_is_the_machines_fault_and_says_how_to_help() {
        let error = Error::Exhausted { address: SocketAddr::from(([127, 0, 0, 1], 80)), errno: Errno::MFILE };
        assert_eq!(error.kind(), Kind::Unavailable);
        assert!(error.hint().unwrap().contains("ulimit -n"));
        let ports =
            Error::Exhausted { address: SocketAddr::from(([127, 0, 0, 1], 80)), errno: Errno::ADDRNOTAVAIL };
        assert!(ports.hint().unwrap().contains("keep connections open"));
    }

    #[test]
    fn a_number_outside_its_bounds_is_told_as_it_was_written() {
        let error = |what, unit, min, max| Error::Bound { what, unit, given: 0, min, max }.to_string();
        let rate = error("the rate", Unit::PerKs, 1, 200_000_000);
        assert_eq!(rate, "the rate is 0/s, outside 0.001/s to 200000/s");
        let timeout = error("the timeout", Unit::Ns, 1_000_000, 600_000_000_000);
        assert_eq!(timeout, "the timeout is 0 ns, outside 1 ms to 10 min");
    }

    #[test]
    fn messages_stay_short() {
        assert_eq!(shortened(&"é".repeat(500)).chars().count(), 60);
    }
}
