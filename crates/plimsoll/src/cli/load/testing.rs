//! Orders and runs of which tests know every number.

use clap::Parser as _;
use plimsoll_load::{ErrorCounts, Run, Threshold};
use plimsoll_measure::{Facts, Gate, GateResult, Histogram, Series, Value};

use super::RunArguments;
use super::order::Order;
use crate::failure::Failure;

#[derive(Debug, clap::Parser)]
struct Line {
    #[command(flatten)]
    run: RunArguments,
}

/// The order of a command line.
pub(super) fn order_of(words: &[&str]) -> Result<Order, Failure> {
    Order::new(&Line::try_parse_from([&["load"], words].concat()).unwrap().run)
}

/// Two seconds at 200/s with a threshold that 100 ms keep and 900 ms do not.
pub(super) fn order() -> Order {
    let seed = "0123456789abcdef".repeat(4);
    let words = ["--rate", "200", "--duration", "2s", "--warm-up", "0s", "--seed", &seed];
    let threshold = ["--threshold", "http_req_duration: p(95)<500", "http://127.0.0.1:8080/"];
    order_of(&[words.as_slice(), &threshold].concat()).unwrap()
}

/// A run of `order` in which so many arrivals took 100 ms and so many timed out, none was late, and every gate holds.
pub(super) fn run(order: &Order, good: u64, timed_out: u64) -> Run {
    let mut latency = Series::new();
    let mut total = Histogram::new();
    let mut send_lag = Histogram::new();
    let values = [(Value::Finite(100_000_000), good), (Value::Infinite, timed_out)];
    for (value, count) in values {
        (0..count).for_each(|_| latency.record(0, value));
        total.record_many(value, count);
    }
    send_lag.record_many(Value::Finite(50_000), good + timed_out);
    let facts = Facts {
        scheduled: good + timed_out,
        send_lag,
        late: 0,
        wall_ns: order.plan.schedule.duration_ns,
        cpu_ns: 20_000_000,
        run_queue_ns: 1_000_000,
        in_flight_samples: 1_000,
        in_flight_sum: 20_000 * good.min(1),
        completed: good + timed_out,
        residence_sum_us: 40_000_000 * good.min(1),
    };
    Run {
        latency,
        total,
        warm_up: Histogram::new(),
        facts,
        errors: ErrorCounts { timeout: timed_out, ..ErrorCounts::default() },
        good,
        bytes_received: 0,
        reconnects: 0,
        started_monotonic_ns: 0,
        aborted: false,
        closed_loop: order.is_closed(),
    }
}

pub(super) fn threshold(expression: &str) -> Threshold {
    Threshold::parse("http_req_duration", expression).unwrap()
}

pub(super) fn gate(gate: Gate, passed: bool) -> GateResult {
    GateResult { gate, passed, observed: None, limit: None }
}
