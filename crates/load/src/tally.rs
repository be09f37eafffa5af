//! What a run has counted so far.

use plimsoll_measure::{Histogram, Series, Value};

use crate::schedule::Arrival;

/// Why an arrival had no good reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// No connection could be made.
    Connect,
    /// The connection was reset midway.
    Reset,
    /// The connection was closed before the reply was complete.
    Closed,
    /// No complete reply came in time.
    Timeout,
    /// The bytes were not an HTTP/1.1 reply.
    Malformed,
    /// The reply had a status that was not expected.
    Status,
}

/// How many arrivals had no good reply, by kind. Each is also infinite in the latencies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ErrorCounts {
    /// No connection could be made.
    pub connect: u64,
    /// The connection was reset midway.
    pub reset: u64,
    /// The connection was closed before the reply was complete.
    pub closed: u64,
    /// No complete reply came in time.
    pub timeout: u64,
    /// The bytes were not an HTTP/1.1 reply.
    pub malformed: u64,
    /// The reply had a status that was not expected.
    pub status: u64,
}

impl ErrorCounts {
    /// All kinds together.
    pub fn total(&self) -> u64 {
        self.by_kind().iter().map(|(_, count)| count).sum()
    }

    /// Each kind's name and count, for those who print or sign them.
    pub fn by_kind(&self) -> [(&'static str, u64); 6] {
        [
            ("connect", self.connect),
            ("reset", self.reset),
            ("closed", self.closed),
            ("timeout", self.timeout),
            ("malformed", self.malformed),
            ("status", self.status),
        ]
    }

    fn count(&mut self, kind: ErrorKind) {
        let count = match kind {
            ErrorKind::Connect => &mut self.connect,
            ErrorKind::Reset => &mut self.reset,
            ErrorKind::Closed => &mut self.closed,
            ErrorKind::Timeout => &mut self.timeout,
            ErrorKind::Malformed => &mut self.malformed,
            ErrorKind::Status => &mut self.status,
        };
        *count += 1;
    }
}

/// The counts of a run. Only measured arrivals enter them; the warm-up has its own histogram.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) latency: Series,
    /// The same values without their times, for live quantiles.
    pub(crate) total: Histogram,
    pub(crate) warm_up: Histogram,
    pub(crate) send_lag: Histogram,
    pub(crate) errors: ErrorCounts,
    pub(crate) good: u64,
    pub(crate) completed: u64,
    pub(crate) late: u64,
    pub(crate) reconnects: u64,
    pub(crate) bytes_received: u64,
    pub(crate) in_flight_samples: u64,
    pub(crate) in_flight_sum: u64,
    pub(crate) residence_ns: u128,
}

impl Tally {
    /// The first byte of a measured arrival's request was written, or a connection for it was refused, `lag` after its
    /// time, or never.
    pub(crate) fn sent(&mut self, arrival: &Arrival, lag: Value, schedule_end_ns: u64) {
        let Ok(offset_ns) = u64::try_from(arrival.offset_ns) else { return };
        match lag {
            Value::Finite(lag_ns) if offset_ns + lag_ns <= schedule_end_ns => self.send_lag.record(lag),
            _ => self.late += 1,
        }
    }

    /// An arrival came to its end `residence_ns` after its time.
    pub(crate) fn ended(&mut self, arrival: &Arrival, residence_ns: u64, outcome: Result<(), ErrorKind>) {
        let value = if outcome.is_ok() { Value::Finite(residence_ns) } else { Value::Infinite };
        let Ok(offset_ns) = u64::try_from(arrival.offset_ns) else {
            self.warm_up.record(value);
            return;
        };
        self.latency.record(offset_ns, value);
        self.total.record(value);
        self.completed += 1;
        self.residence_ns += u128::from(residence_ns);
        match outcome {
            Ok(()) => self.good += 1,
            Err(kind) => self.errors.count(kind),
        }
    }

    /// The clock, not a reply, gave the moment: so many arrivals had been due.
    pub(crate) fn sample(&mut self, due: u64) {
        self.in_flight_samples += 1;
        self.in_flight_sum += due.saturating_sub(self.completed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrival(offset_ns: i64) -> Arrival {
        Arrival { number: 0, offset_ns, request: 0 }
    }

    #[test]
    fn the_warm_up_counts_nowhere_but_in_its_own_histogram() {
        let mut tally = Tally::default();
        tally.sent(&arrival(-1), Value::Finite(5), 10);
        tally.ended(&arrival(-1), 7, Ok(()));
        tally.ended(&arrival(-1), 7, Err(ErrorKind::Reset));
        assert_eq!((tally.warm_up.count(), tally.warm_up.infinite()), (2, 1));
        assert_eq!((tally.completed, tally.errors.total(), tally.send_lag.count()), (0, 0, 0));
        assert_eq!(tally.residence_ns, 0);
    }

    #[test]
    fn every_error_is_infinite_and_counted_by_its_kind() {
        use ErrorKind::{Closed, Connect, Malformed, Reset, Status, Timeout};
        let mut tally = Tally::default();
        for kind in [Connect, Reset, Closed, Timeout, Malformed, Status] {
            tally.ended(&arrival(0), 2_000, Err(kind));
        }
        tally.ended(&arrival(0), 4_000, Ok(()));
        assert!(tally.errors.by_kind().iter().all(|(_, count)| *count == 1));
        assert_eq!((tally.latency.total().infinite(), tally.total.count(), tally.good), (6, 7, 1));
        assert_eq!(tally.residence_ns, 16_000);
    }

    #[test]
    fn late_is_what_was_not_sent_within_the_schedule() {
        let mut tally = Tally::default();
        tally.sent(&arrival(5), Value::Finite(5), 10);
        assert_eq!(tally.late, 0);
        tally.sent(&arrival(5), Value::Finite(6), 10);
        tally.sent(&arrival(5), Value::Infinite, 10);
        assert_eq!((tally.late, tally.send_lag.count()), (2, 1));
    }

    #[test]
    fn a_sample_is_what_was_due_and_has_not_ended() {
        let mut tally = Tally::default();
        tally.sample(3);
        tally.ended(&arrival(0), 1, Ok(()));
        tally.sample(3);
        assert_eq!((tally.in_flight_samples, tally.in_flight_sum), (2, 5));
    }
}
