//! A run: what it is given, what it shows while it goes, and what it hands back.

use std::ops::ControlFlow;

use plimsoll_measure::{Facts, Histogram, Series};

use crate::engine::Engine;
use crate::error::Error;
use crate::plan::Plan;
use crate::tally::ErrorCounts;

/// What a run has measured.
#[derive(Debug)]
pub struct Run {
    /// Every measured arrival's time from its intended moment to its complete good reply, or infinity.
    pub latency: Series,
    /// The same values in one histogram.
    pub total: Histogram,
    /// The warm-up's values: kept, and never judged.
    pub warm_up: Histogram,
    /// What the instrument's gates are judged on.
    pub facts: Facts,
    /// The arrivals without a good reply.
    pub errors: ErrorCounts,
    /// How many arrivals had a good reply.
    pub good: u64,
    /// Bytes of replies, the warm-up's too.
    pub bytes_received: u64,
    /// Kept-alive connections that the subject had closed when a request reached them, so that it was sent again.
    pub reconnects: u64,
    /// When offset zero of the schedule was, on `CLOCK_MONOTONIC`.
    pub started_monotonic_ns: u64,
    /// Whoever watched has ended the run early: its numbers are partial and can only show a failure.
    pub aborted: bool,
    /// The subject set the pace: the latencies certify nothing.
    pub closed_loop: bool,
}

/// Where a run stands.
#[derive(Debug)]
pub struct Progress<'a> {
    /// Time since the run started, the warm-up too.
    pub elapsed_ns: u64,
    /// How long the schedule lasts, the warm-up too.
    pub total_ns: u64,
    /// Time since the measured part began: zero in the warm-up, in which nothing counts.
    pub measured_ns: u64,
    /// Measured arrivals that came to an end, good or bad.
    pub completed: u64,
    /// Measured arrivals that came to an end, per 1,000 s since the measured part began.
    pub rate_per_ks: u64,
    /// Measured arrivals that are due and have not come to an end.
    pub in_flight: u64,
    /// The values so far.
    pub latency: &'a Histogram,
    /// The arrivals without a good reply so far.
    pub errors: ErrorCounts,
}

#[cfg(test)]
impl<'a> Progress<'a> {
    /// The progress of a run that has seen these values.
    pub(crate) fn of(latency: &'a Histogram) -> Self {
        let completed = latency.count();
        let errors = ErrorCounts::default();
        Self {
            elapsed_ns: 0,
            total_ns: 0,
            measured_ns: 0,
            completed,
            rate_per_ks: 0,
            in_flight: 0,
            latency,
            errors,
        }
    }
}

/// Runs `plan` on this thread until its last arrival has come to an end or timed out.
///
/// `watch` is called about five times a second, on this thread: the time that it takes is time in which nothing is
/// sent. When it breaks, the run ends at once.
pub fn run(plan: &Plan, watch: &mut dyn FnMut(&Progress<'_>) -> ControlFlow<()>) -> Result<Run, Error> {
    Engine::start(plan)?.run(watch)
}
