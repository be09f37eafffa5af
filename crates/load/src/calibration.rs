//! Checks the generator against oracles: what it says about services whose truth is known.
//!
//! The truth of a request is the oracle's written time minus the schedule's intended time. Neither comes from the
//! generator's own stamps.

use std::ops::ControlFlow;

use plimsoll_measure::{Histogram, Probability, Value, tolerance_ns, within_tolerance};

use crate::error::Error;
use crate::oracle::{Oracle, OracleKind, Written};
use crate::plan::{CONNECTIONS_DEFAULT, Plan};
use crate::request::Request;
use crate::run::{Run, run};
use crate::schedule::{Pacing, Schedule};

/// The quantiles that are compared.
const QUANTILES: [Probability; 5] =
    [Probability::P50, Probability::P90, Probability::P95, Probability::P99, Probability::P999];
/// With fewer requests beyond it, a quantile is one accident rather than a property.
const BEYOND_MIN: u64 = 30;
/// Longer than any delay of an oracle that answers.
const TIMEOUT_NS: u64 = 5_000_000_000;
/// Waiting longer for a server that never answers teaches nothing.
const SILENT_TIMEOUT_NS: u64 = 300_000_000;

/// One oracle and the load it is put under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OracleTrial {
    /// Which oracle.
    pub oracle: OracleKind,
    /// Arrivals per 1,000 s.
    pub rate_per_ks: u64,
    /// How long arrivals keep coming.
    pub duration_ns: u64,
}

/// The trials of a certificate's calibration: every oracle, and p99.9 for each that answers, in some 30 s: 30,000
/// requests have 30 beyond p99.9. What a stall holds back comes at once, and at half the rate a machine that is a little
/// busy with something else is not taken for a generator that lies.
pub const CALIBRATION_TRIALS: [OracleTrial; 6] = [
    OracleTrial { oracle: OracleKind::Constant, rate_per_ks: 5_000_000, duration_ns: 6_000_000_000 },
    OracleTrial { oracle: OracleKind::Bimodal, rate_per_ks: 5_000_000, duration_ns: 6_000_000_000 },
    OracleTrial { oracle: OracleKind::GlobalStall, rate_per_ks: 2_500_000, duration_ns: 12_000_000_000 },
    OracleTrial { oracle: OracleKind::OnePercentErrors, rate_per_ks: 5_000_000, duration_ns: 6_000_000_000 },
    OracleTrial { oracle: OracleKind::RefuseAll, rate_per_ks: 1_000_000, duration_ns: 200_000_000 },
    OracleTrial { oracle: OracleKind::Silent, rate_per_ks: 500_000, duration_ns: 200_000_000 },
];

/// What the generator said about one quantile, and what was true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuantileError {
    /// Which quantile.
    pub quantile: Probability,
    /// From the oracle's log.
    pub truth: Value,
    /// From the generator.
    pub measured: Value,
    /// How far apart they are.
    pub error: Value,
    /// How far apart they may be.
    pub tolerance_ns: u64,
}

impl QuantileError {
    /// Whether the error is within the tolerance.
    pub fn passed(&self) -> bool {
        within_tolerance(self.quantile, self.measured, self.truth)
    }
}

/// The result of one oracle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OracleResult {
    /// What was done.
    pub trial: OracleTrial,
    /// Arrivals in the schedule.
    pub scheduled: u64,
    /// Arrivals with a good reply, as the generator says.
    pub good: u64,
    /// Good replies in the oracle's log.
    pub good_truth: u64,
    /// Arrivals without a good reply, as the generator says.
    pub failed: u64,
    /// The quantiles with enough requests beyond them. None for oracles that do not answer.
    pub quantiles: Vec<QuantileError>,
    /// What is wrong with the counts, if anything.
    pub problem: Option<&'static str>,
}

impl OracleResult {
    /// Whether the generator told the truth about this oracle.
    pub fn passed(&self) -> bool {
        self.problem.is_none() && self.quantiles.iter().all(QuantileError::passed)
    }
}

/// The results of all oracles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calibration {
    /// One for each trial.
    pub results: Vec<OracleResult>,
}

impl Calibration {
    /// Whether the generator may certify: every kind of oracle was there, and each was told the truth about.
    pub fn passed(&self) -> bool {
        let present = |kind| self.results.iter().any(|result| result.trial.oracle == kind);
        OracleKind::ALL.into_iter().all(present) && self.results.iter().all(OracleResult::passed)
    }
}

/// Runs our own generator against an oracle for each of `trials`.
pub fn calibrate(trials: &[OracleTrial], seed: [u8; 32]) -> Result<Calibration, Error> {
    calibrate_generator(trials, seed, &mut |plan| run(plan, &mut |_| ControlFlow::Continue(())))
}

/// Runs any `generator` against an oracle for each of `trials`: how a broken one is seen to fail.
pub fn calibrate_generator(
    trials: &[OracleTrial],
    seed: [u8; 32],
    generator: &mut dyn FnMut(&Plan) -> Result<Run, Error>,
) -> Result<Calibration, Error> {
    let mut results = Vec::new();
    for trial in trials {
        let oracle = Oracle::start(trial.oracle, seed)?;
        let plan = trial_plan(trial, &oracle, seed);
        let run = generator(&plan)?;
        results.push(compare(trial, &plan.schedule, &run, &oracle.finish()?));
    }
    Ok(Calibration { results })
}

fn trial_plan(trial: &OracleTrial, oracle: &Oracle, seed: [u8; 32]) -> Plan {
    let silent = trial.oracle == OracleKind::Silent;
    Plan {
        address: oracle.address(),
        host: oracle.address().to_string(),
        requests: vec![Request::get("/{seq}")],
        schedule: Schedule {
            pacing: Pacing::Constant { rate_per_ks: trial.rate_per_ks },
            duration_ns: trial.duration_ns,
            seed,
        },
        warm_up_ns: 0,
        timeout_ns: if silent { SILENT_TIMEOUT_NS } else { TIMEOUT_NS },
        connections_max: CONNECTIONS_DEFAULT,
    }
}

/// Holds a run against the schedule and the oracle's log.
fn compare(trial: &OracleTrial, schedule: &Schedule, run: &Run, log: &[Written]) -> OracleResult {
    let intended_ns: Vec<u64> = schedule
        .arrivals(0, &[1])
        .map(|arrival| run.started_monotonic_ns.saturating_add_signed(arrival.offset_ns))
        .collect();
    let mut truth = Histogram::new();
    for written in log {
        let Some(intended_ns) = usize::try_from(written.number).ok().and_then(|at| intended_ns.get(at))
        else {
            continue;
        };
        truth.record(match written.good {
            true => Value::Finite(written.monotonic_ns.saturating_sub(*intended_ns)),
            false => Value::Infinite,
        });
    }
    let scheduled = intended_ns.len() as u64;
    let good_truth = truth.count() - truth.infinite();
    let answers = !matches!(trial.oracle, OracleKind::RefuseAll | OracleKind::Silent);
    OracleResult {
        trial: *trial,
        scheduled,
        good: run.good,
        good_truth,
        failed: run.errors.total(),
        quantiles: if answers { quantile_errors(&truth, &run.total) } else { Vec::new() },
        problem: problem(scheduled, answers, &truth, run),
    }
}

/// What does not add up between the schedule, the log and the run.
fn problem(scheduled: u64, answers: bool, truth: &Histogram, run: &Run) -> Option<&'static str> {
    let logged = if answers { scheduled } else { 0 };
    if scheduled == 0 {
        Some("nothing was scheduled")
    } else if truth.count() != logged {
        Some("the oracle did not answer each arrival exactly once")
    } else if run.total.count() != scheduled || run.good + run.errors.total() != scheduled {
        Some("the generator does not account for each arrival exactly once")
    } else if run.total.infinite() != run.errors.total()
        || run.errors.total() != scheduled - (logged - truth.infinite())
    {
        Some("the generator's failures are not those of the oracle")
    } else {
        None
    }
}

/// Compares the quantiles that have enough requests beyond them.
fn quantile_errors(truth: &Histogram, measured: &Histogram) -> Vec<QuantileError> {
    let enough = |quantile: &Probability| {
        let beyond = u128::from(truth.count()) * u128::from(quantile.complement().ppb()) / 1_000_000_000;
        // Failures beyond a finite quantile say nothing about where it lies.
        let failures = match truth.quantile(*quantile) {
            Some(Value::Finite(_)) => truth.infinite(),
            _ => 0,
        };
        beyond >= u128::from(BEYOND_MIN + failures)
    };
    let error = |quantile| {
        let truth = truth.quantile(quantile).unwrap_or(Value::Infinite);
        let measured = measured.quantile(quantile).unwrap_or(Value::Infinite);
        let error = match (truth, measured) {
            (Value::Finite(truth_ns), Value::Finite(measured_ns)) => {
                Value::Finite(truth_ns.abs_diff(measured_ns))
            }
            (Value::Infinite, Value::Infinite) => Value::Finite(0),
            _ => Value::Infinite,
        };
        let tolerance_ns = tolerance_ns(quantile, truth.finite_ns().unwrap_or_default());
        QuantileError { quantile, truth, measured, error, tolerance_ns }
    };
    QUANTILES.into_iter().filter(enough).map(error).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(values: impl IntoIterator<Item = u64>) -> Histogram {
        let mut histogram = Histogram::new();
        values.into_iter().for_each(|ns| histogram.record(Value::Finite(ns)));
        histogram
    }

    fn passed(truth: &Histogram, measured: &Histogram) -> Vec<(u64, bool)> {
        let errors = quantile_errors(truth, measured);
        errors.iter().map(|error| (error.quantile.ppb() / 1_000_000, error.passed())).collect()
    }

    #[test]
    fn a_quantile_is_compared_from_thirty_requests_beyond_it() {
        let compared = |count| passed(&histogram(0..count), &histogram(0..count)).len();
        assert_eq!(compared(59), 0);
        assert_eq!(compared(60), 1);
        assert_eq!(compared(2_999), 3);
        assert_eq!(compared(3_000), 4);
        assert_eq!(compared(30_000), 5);
    }

    #[test]
    fn a_quantile_at_the_edge_of_the_failures_is_not_compared() {
        // 295 failures of 30,000: five good requests lie beyond p99, and p99.9 is a failure.
        for (failures, compared) in [(270, 5), (271, 4), (295, 4), (301, 5)] {
            let mut truth = histogram(0..30_000 - failures);
            truth.record_many(Value::Infinite, failures);
            let beyond_p95 = passed(&truth, &truth).len();
            assert_eq!(beyond_p95, compared, "{failures} failures");
        }
    }

    #[test]
    fn the_tolerance_is_one_percent_or_a_fifth_of_a_millisecond() {
        // 100 ms: 1 % is 1 ms. 1 ms: the floor is 0.2 ms.
        for (truth_ns, within_ns, beyond_ns) in
            [(100_000_000, 100_800_000, 101_300_000), (1_000_000, 1_190_000, 1_210_000)]
        {
            let truth = histogram([truth_ns; 60]);
            assert_eq!(passed(&truth, &histogram([within_ns; 60])), [(500, true)]);
            assert_eq!(passed(&truth, &histogram([beyond_ns; 60])), [(500, false)]);
        }
        let truth = histogram([1_000_000; 30_000]);
        let results = passed(&truth, &histogram([2_900_000; 30_000]));
        assert_eq!(results, [(500, false), (900, false), (950, false), (990, false), (999, true)]);
    }

    #[test]
    fn infinity_equals_only_infinity() {
        let mut failed = Histogram::new();
        failed.record_many(Value::Infinite, 60);
        assert_eq!(passed(&failed, &failed), [(500, true)]);
        assert_eq!(passed(&failed, &histogram([5; 60])), [(500, false)]);
        assert_eq!(passed(&histogram([5; 60]), &failed), [(500, false)]);
        assert_eq!(passed(&histogram([5; 60]), &Histogram::new()), [(500, false)]);
    }

    #[test]
    fn a_calibration_without_every_oracle_does_not_pass() {
        let result = |trial: &OracleTrial| OracleResult {
            trial: *trial,
            scheduled: 1,
            good: 1,
            good_truth: 1,
            failed: 0,
            quantiles: Vec::new(),
            problem: None,
        };
        let mut results: Vec<_> = CALIBRATION_TRIALS.iter().map(result).collect();
        assert!(Calibration { results: results.clone() }.passed());
        results.pop();
        assert!(!Calibration { results }.passed());
        assert!(!Calibration { results: Vec::new() }.passed());
    }
}
