//! Everything about a run that is decided before it starts.

use std::net::SocketAddr;

use plimsoll_base::Unit;

use crate::error::Error;
use crate::request::{Request, Template};
use crate::schedule::Schedule;

/// Enough for a second's stall at 1,000/s without making arrivals wait for a connection.
pub const CONNECTIONS_DEFAULT: usize = 1_024;
/// One source address has some 28,000 ports, and each connection needs one.
pub const CONNECTIONS_MAX: usize = 16_384;
/// Below a millisecond the loop's own turn would decide what times out.
const TIMEOUT_NS_MIN: u64 = 1_000_000;
/// A reply that takes longer than this is no reply.
const TIMEOUT_NS_MAX: u64 = 600_000_000_000;
/// More kinds of request than this is a trace to replay, not a mix.
const REQUESTS_MAX: usize = 1_024;

/// What to send, where, when, and how long to wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The target.
    pub address: SocketAddr,
    /// What stands in the `Host` header.
    pub host: String,
    /// The mix of requests.
    pub requests: Vec<Request>,
    /// When each is due.
    pub schedule: Schedule,
    /// How long the schedule runs before anything counts.
    pub warm_up_ns: u64,
    /// How long after its intended time an arrival may still be answered.
    pub timeout_ns: u64,
    /// How many connections may be open at once. A closed loop uses exactly so many.
    pub connections_max: usize,
}

impl Plan {
    pub(crate) fn weights(&self) -> Vec<u32> {
        self.requests.iter().map(|request| request.weight).collect()
    }

    /// Checks everything that would keep the plan from being run.
    pub fn check(&self) -> Result<(), Error> {
        self.templates().map(drop)
    }

    /// Checks every bound and renders every request.
    pub(crate) fn templates(&self) -> Result<Vec<Template>, Error> {
        let bound = |what, unit, given: u64, min, max| match (min..=max).contains(&given) {
            true => Ok(()),
            false => Err(Error::Bound { what, unit, given, min, max }),
        };
        let count = |what, given, max| bound(what, Unit::Count, given, 1, max);
        if self.requests.is_empty() {
            return Err(Error::NoRequest);
        }
        count("the number of requests in the mix", self.requests.len() as u64, REQUESTS_MAX as u64)?;
        bound("the timeout", Unit::Ns, self.timeout_ns, TIMEOUT_NS_MIN, TIMEOUT_NS_MAX)?;
        count("the number of connections", self.connections_max as u64, CONNECTIONS_MAX as u64)?;
        self.schedule.check(self.warm_up_ns)?;
        for request in &self.requests {
            count("a request's weight", u64::from(request.weight), u64::from(u32::MAX))?;
        }
        let render = |(index, request)| Template::render(index, &self.host, request);
        self.requests.iter().enumerate().map(render).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::Pacing;

    fn plan() -> Plan {
        let schedule = Schedule { pacing: Pacing::Closed, duration_ns: 1, seed: [0; 32] };
        Plan {
            address: SocketAddr::from(([127, 0, 0, 1], 80)),
            host: String::from("localhost"),
            requests: vec![Request::get("/")],
            schedule,
            warm_up_ns: 0,
            timeout_ns: 1_000_000_000,
            connections_max: 1,
        }
    }

    #[test]
    fn a_plan_without_requests_is_refused() {
        let plan = Plan { requests: Vec::new(), ..plan() };
        assert_eq!(plan.templates().unwrap_err(), Error::NoRequest);
    }

    #[test]
    fn every_number_has_bounds() {
        let weightless = Request { weight: 0, ..Request::get("/") };
        let plans = [
            Plan { timeout_ns: 0, ..plan() },
            Plan { timeout_ns: TIMEOUT_NS_MAX + 1, ..plan() },
            Plan { connections_max: 0, ..plan() },
            Plan { connections_max: CONNECTIONS_MAX + 1, ..plan() },
            Plan { requests: vec![weightless], ..plan() },
            Plan { requests: vec![Request::get("/"); REQUESTS_MAX + 1], ..plan() },
            Plan { schedule: Schedule { duration_ns: 0, ..plan().schedule }, ..plan() },
        ];
        for plan in plans {
            assert!(matches!(plan.templates(), Err(Error::Bound { .. })), "{plan:?} was accepted");
        }
        assert!(plan().templates().is_ok());
    }
}
