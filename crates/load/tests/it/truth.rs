//! The generator tells the truth about oracles, and a generator that does not is found out.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::ops::ControlFlow;
use std::time::Duration;

use plimsoll_load::{
    Error, ErrorCounts, OracleKind, OracleResult, OracleTrial, Plan, Run, calibrate, calibrate_generator,
    monotonic_ns, run,
};
use plimsoll_measure::{Facts, Histogram, Probability, Series, Value, bucket_upper};

/// Other tests and builds share this machine, and a disturbed run says so by failing: it is repeated, a generator that
/// is wrong stays wrong.
const ATTEMPTS_MAX: usize = 6;

fn trial(oracle: OracleKind, rate_per_s: u64, duration_ms: u64) -> OracleTrial {
    OracleTrial { oracle, rate_per_ks: rate_per_s * 1_000, duration_ns: duration_ms * 1_000_000 }
}

#[track_caller]
fn assert_true(trial: OracleTrial) {
    let mut results = Vec::new();
    for _ in 0..ATTEMPTS_MAX {
        let mut calibration = calibrate(&[trial], [2; 32]).unwrap();
        let result: OracleResult = calibration.results.remove(0);
        // Counts are exact whatever the machine does; only times may be disturbed.
        assert_eq!(result.problem, None, "{result:?}");
        if result.passed() {
            return;
        }
        results.push(result);
    }
    panic!("{results:#?}");
}

#[test]
fn true_about_a_constant_delay() {
    assert_true(trial(OracleKind::Constant, 1_000, 1_000));
}

#[test]
fn true_about_two_modes() {
    assert_true(trial(OracleKind::Bimodal, 1_000, 1_000));
}

#[test]
fn true_about_a_stall() {
    assert_true(trial(OracleKind::GlobalStall, 500, 2_000));
}

#[test]
fn true_about_errors_refusal_and_silence() {
    assert_true(trial(OracleKind::OnePercentErrors, 1_000, 500));
    assert_true(trial(OracleKind::RefuseAll, 500, 100));
    assert_true(trial(OracleKind::Silent, 500, 100));
}

/// What many generators do: one request after the other, each timed from the moment it was really sent.
fn from_actual_send(plan: &Plan, skip_when_late: bool) -> Result<Run, Error> {
    let mut stream = TcpStream::connect(plan.address).unwrap();
    stream.set_nodelay(true).unwrap();
    let started_ns = monotonic_ns();
    let mut total = Histogram::new();
    for arrival in plan.schedule.arrivals(0, &[1]) {
        let intended_ns = started_ns + arrival.offset_ns as u64;
        let wait_ns = intended_ns.saturating_sub(monotonic_ns());
        std::thread::sleep(Duration::from_nanos(wait_ns));
        if skip_when_late && monotonic_ns() > intended_ns + 50_000_000 {
            continue;
        }
        let sent_ns = monotonic_ns();
        write!(stream, "GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", arrival.number).unwrap();
        let read = stream.read(&mut [0; 1_024]).unwrap();
        assert!(read > 0);
        total.record(Value::Finite(monotonic_ns() - sent_ns));
    }
    Ok(run_of(total, started_ns))
}

fn run_of(total: Histogram, started_monotonic_ns: u64) -> Run {
    Run {
        latency: Series::new(),
        good: total.count(),
        total,
        warm_up: Histogram::new(),
        facts: Facts::default(),
        errors: ErrorCounts::default(),
        bytes_received: 0,
        reconnects: 0,
        started_monotonic_ns,
        aborted: false,
        closed_loop: false,
    }
}

fn found_out(trial: OracleTrial, generator: &mut dyn FnMut(&Plan) -> Result<Run, Error>) -> OracleResult {
    let mut calibration = calibrate_generator(&[trial], [2; 32], generator).unwrap();
    let result = calibration.results.remove(0);
    assert!(!result.passed(), "a broken generator passed: {result:#?}");
    result
}

fn ours(plan: &Plan) -> Result<Run, Error> {
    run(plan, &mut |_| ControlFlow::Continue(()))
}

#[test]
fn timing_from_the_actual_send_is_found_out_by_the_stall() {
    let result =
        found_out(trial(OracleKind::GlobalStall, 200, 2_000), &mut |plan| from_actual_send(plan, false));
    assert_eq!(result.problem, None, "it must be the quantiles that give it away");
    let p90 = result.quantiles.iter().find(|error| error.quantile == Probability::P90).unwrap();
    let (truth, measured) = (p90.truth.finite_ns().unwrap(), p90.measured.finite_ns().unwrap());
    assert!(measured < truth / 10, "p90 is {measured} where {truth} is true");
}

#[test]
fn skipping_late_arrivals_is_found_out_by_the_counts() {
    let result =
        found_out(trial(OracleKind::GlobalStall, 200, 2_000), &mut |plan| from_actual_send(plan, true));
    assert!(result.problem.is_some());
}

#[test]
fn a_millisecond_added_is_found_out() {
    let result = found_out(trial(OracleKind::Constant, 500, 500), &mut |plan| {
        let mut run = ours(plan)?;
        let mut shifted = Histogram::new();
        for (index, count) in run.total.pairs() {
            shifted.record_many(Value::Finite(bucket_upper(index) + 1_000_000), count);
        }
        run.total = shifted;
        Ok(run)
    });
    assert_eq!(result.problem, None);
}

#[test]
fn calling_failures_good_is_found_out() {
    for oracle in [OracleKind::OnePercentErrors, OracleKind::RefuseAll] {
        let result = found_out(trial(oracle, 1_000, 500), &mut |plan| {
            let mut run = ours(plan)?;
            run.good += run.errors.total();
            run.errors = ErrorCounts::default();
            Ok(run)
        });
        assert_eq!(result.problem, Some("the generator's failures are not those of the oracle"));
    }
}
