//! Where arrivals come from during a run, and how many have been due so far.

use std::iter::Peekable;

use crate::plan::Plan;
use crate::schedule::{Arrival, Arrivals, Choice, Pacing};

/// Gives out arrivals one by one. Those that are due and not yet taken wait here: as a place in the schedule, not as
/// a queue, so that waiting costs no memory.
#[derive(Debug)]
pub(crate) enum Source {
    Open {
        to_send: Box<Peekable<Arrivals>>,
        /// A second reading of the same schedule, for counting what was due by a moment, sent or not.
        due: Box<Peekable<Arrivals>>,
        due_measured: u64,
    },
    Closed {
        next_number: u64,
        next_request: u32,
        choice: Choice,
        end_offset_ns: i64,
        taken_measured: u64,
    },
}

impl Source {
    pub(crate) fn new(plan: &Plan) -> Self {
        let (schedule, weights) = (&plan.schedule, plan.weights());
        if schedule.pacing == Pacing::Closed {
            let mut choice = Choice::closed(schedule.seed, &weights);
            let next_request = choice.next();
            let end_offset_ns = schedule.duration_ns as i64;
            return Self::Closed { next_number: 0, next_request, choice, end_offset_ns, taken_measured: 0 };
        }
        let arrivals = schedule.arrivals(plan.warm_up_ns, &weights);
        let (to_send, due) = (Box::new(arrivals.clone().peekable()), Box::new(arrivals.peekable()));
        Self::Open { to_send, due, due_measured: 0 }
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self, Self::Open { .. })
    }

    /// When the next arrival that nobody has taken is due. In a closed loop that is now, as long as it runs.
    pub(crate) fn next_offset_ns(&mut self, now_offset_ns: i64) -> Option<i64> {
        match self {
            Self::Open { to_send, .. } => to_send.peek().map(|arrival| arrival.offset_ns),
            Self::Closed { end_offset_ns, .. } => (now_offset_ns < *end_offset_ns).then_some(now_offset_ns),
        }
    }

    /// Takes the next arrival if it is due.
    pub(crate) fn take_due(&mut self, now_offset_ns: i64) -> Option<Arrival> {
        self.next_offset_ns(now_offset_ns).filter(|offset_ns| *offset_ns <= now_offset_ns)?;
        match self {
            Self::Open { to_send, .. } => to_send.next(),
            Self::Closed { next_number, next_request, choice, taken_measured, .. } => {
                let arrival =
                    Arrival { number: *next_number, offset_ns: now_offset_ns, request: *next_request };
                *next_number += 1;
                *next_request = choice.next();
                *taken_measured += u64::from(now_offset_ns >= 0);
                Some(arrival)
            }
        }
    }

    /// How many measured arrivals have been due until now, by the clock alone.
    pub(crate) fn due_measured(&mut self, now_offset_ns: i64) -> u64 {
        match self {
            Self::Open { due, due_measured, .. } => {
                while let Some(arrival) = due.next_if(|arrival| arrival.offset_ns <= now_offset_ns) {
                    *due_measured += u64::from(arrival.offset_ns >= 0);
                }
                *due_measured
            }
            Self::Closed { taken_measured, .. } => *taken_measured,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;
    use crate::request::Request;
    use crate::schedule::Schedule;

    fn source(pacing: Pacing) -> Source {
        Source::new(&Plan {
            address: SocketAddr::from(([127, 0, 0, 1], 80)),
            host: String::from("localhost"),
            requests: vec![Request::get("/")],
            schedule: Schedule { pacing, duration_ns: 5_000_000, seed: [1; 32] },
            warm_up_ns: 2_000_000,
            timeout_ns: 1_000_000_000,
            connections_max: 1,
        })
    }

    #[test]
    fn an_open_source_counts_what_is_due_whether_taken_or_not() {
        let mut source = source(Pacing::Constant { rate_per_ks: 1_000_000 });
        assert_eq!(source.take_due(-2_000_001), None);
        assert_eq!(source.take_due(0).map(|arrival| arrival.offset_ns), Some(-2_000_000));
        assert_eq!(source.due_measured(-1), 0);
        assert_eq!(source.due_measured(2_500_000), 3);
        assert_eq!(source.due_measured(i64::MAX), 5);
        assert_eq!(source.next_offset_ns(0), Some(-1_000_000));
        assert_eq!(std::iter::from_fn(|| source.take_due(i64::MAX)).count(), 6);
        assert_eq!(source.next_offset_ns(0), None);
    }

    #[test]
    fn a_closed_source_gives_arrivals_at_the_moment_they_are_asked_for() {
        let mut source = source(Pacing::Closed);
        assert_eq!(source.take_due(-5).map(|arrival| (arrival.number, arrival.offset_ns)), Some((0, -5)));
        assert_eq!(source.take_due(77).map(|arrival| (arrival.number, arrival.offset_ns)), Some((1, 77)));
        assert_eq!(source.due_measured(100), 1);
        assert_eq!(source.take_due(5_000_000), None);
    }
}
