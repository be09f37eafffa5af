//! Names of requests: our own, and that of the trace in which a client has put them.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Names one request in the log, in the audit trail and in the answer. It is no secret and need not be unguessable:
/// a number that was drawn when the process began, and a count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RequestId(u64, u64);

static PROCESS: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(std::process::id()));
static COUNT: AtomicU64 = AtomicU64::new(1);

impl RequestId {
    pub(crate) fn next() -> Self {
        Self(*PROCESS, COUNT.fetch_add(1, Ordering::Relaxed))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{:08x}", self.0, self.1)
    }
}

/// The trace to which a request belongs, as W3C Trace Context (level 1) writes it: `00-<trace>-<parent>-<flags>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trace {
    trace: u128,
    parent: u64,
}

impl Trace {
    /// Reads `traceparent`. What is not well-formed is as if it were not there.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let mut field = |length: usize| {
            let plain = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            parts.next().filter(|part| part.len() == length && part.bytes().all(plain))
        };
        let (version, trace, parent, _flags) = (field(2)?, field(32)?, field(16)?, field(2)?);
        let (trace, parent) = (u128::from_str_radix(trace, 16).ok()?, u64::from_str_radix(parent, 16).ok()?);
        // A later version may append fields to these four.
        let whole = match version {
            "ff" => false,
            "00" => parts.next().is_none(),
            _ => true,
        };
        (whole && trace != 0 && parent != 0).then_some(Self { trace, parent })
    }

    pub(crate) fn trace_id(self) -> String {
        format!("{:032x}", self.trace)
    }

    pub(crate) fn parent_id(self) -> String {
        format!("{:016x}", self.parent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_has_a_name_of_its_own() {
        let (one, other) = (RequestId::next(), RequestId::next());
        assert_ne!(one, other);
        assert_eq!(one.to_string().len(), 24);
    }

    #[test]
    fn a_traceparent_is_well_formed_or_nothing() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let trace = Trace::parse(good).unwrap();
        assert_eq!(trace.trace_id(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(trace.parent_id(), "b7ad6b7169203331");
        assert!(Trace::parse(&format!("01{}-what-will-be", &good[2..])).is_some());
        for bad in [
            "",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0\u{2028}",
        ] {
            assert_eq!(Trace::parse(bad), None, "{bad}");
        }
    }
}
