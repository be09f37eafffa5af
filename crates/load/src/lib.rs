//! Sends requests on a schedule that is fixed before the run, and measures each from the moment it was meant to go.
//!
//! One thread, one event loop, one clock. A slow subject delays no question: what is due and cannot be sent waits and
//! is late, and the wait is part of its latency. What fails or never comes is infinite, and is counted apart by kind.

mod calibration;
mod clock;
mod connection;
mod engine;
mod error;
mod exchange;
#[cfg(fuzzing)]
pub mod fuzzing;
mod machine;
mod oracle;
mod oracle_server;
mod plan;
mod reply;
mod request;
mod run;
mod schedule;
mod source;
mod status_set;
mod talk;
mod tally;
mod threshold;
mod turn;

pub use calibration::{
    CALIBRATION_TRIALS, Calibration, OracleResult, OracleTrial, QuantileError, calibrate, calibrate_generator,
};
pub use clock::monotonic_ns;
pub use error::Error;
pub use exchange::{Answer, Held, exchange, hold};
pub use machine::is_this_machine;
pub use oracle::{Oracle, OracleKind, Written};
pub use plan::{CONNECTIONS_DEFAULT, CONNECTIONS_MAX, Plan};
pub use request::Request;
pub use run::{Progress, Run, run};
pub use schedule::{Arrival, Arrivals, DURATION_NS_MAX, Pacing, RATE_PER_KS_MAX, Schedule};
pub use status_set::StatusSet;
pub use talk::{Message, Talk, TalkEnd, talk};
pub use tally::{ErrorCounts, ErrorKind};
pub use threshold::{Judged, Observed, Threshold};
