//! The instrument doubts itself before it judges anybody: six gates over what the load generator knows of its own run.
//!
//! A gate that fails makes the measurement INCONCLUSIVE, never a FAIL and never a PASS.

use plimsoll_base::{Quantity, Unit};

use crate::histogram::Histogram;
use crate::probability::Probability;
use crate::value::Value;

/// A run that sends less than this of its schedule in time is another run than the one that was declared.
const RATE_MIN_PPB: u64 = 995_000_000;
/// The part of a latency's limit by which it may be wrong without any verdict hanging on it.
const MARGIN_DIVISOR: u64 = 20;
/// The quantile of send lag that is held: one send in a thousand may lag more.
const SEND_LAG_QUANTILE: Probability = Probability::P999;
/// The generator is one thread; above 80 % of a CPU its own queueing shows in what it measures.
const CPU_MAX_PPB: u64 = 800_000_000;
/// A thread that waits for a CPU reads replies late, which send lag cannot show between two sends. Waiting for a
/// tenth of the run means that up to one reply in ten may have been read late, as many as p90 could still hide.
const RUN_QUEUE_MAX_PPB: u64 = 100_000_000;
/// How far the sampled number in flight may be from lambda W beyond its own sampling error.
const LITTLE_MAX_PPB: u64 = 50_000_000;
/// With fewer samples the number in flight is not known: at one sample in 10 ms this is a run of one second.
const IN_FLIGHT_SAMPLES_MIN: u64 = 100;

const ONE_PPB: u64 = 1_000_000_000;

/// What a load generator knows of one run, apart from latencies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Arrivals in the schedule that was fixed before the run.
    pub scheduled: u64,
    /// Actual minus intended send time of each arrival that was sent by the schedule's end.
    pub send_lag: Histogram,
    /// Arrivals that were not sent by the schedule's end.
    pub late: u64,
    /// From the schedule's start until the last outcome is known.
    pub wall_ns: u64,
    /// CPU time that the generator's thread used within `wall_ns`.
    pub cpu_ns: u64,
    /// Time within `wall_ns` for which the generator's thread was ready to run and waited for a CPU.
    pub run_queue_ns: u64,
    /// How often the number in flight was looked at, at instants spread over `wall_ns` that keep no step with the
    /// schedule: with one in step, a constant rate is always seen in the same phase.
    pub in_flight_samples: u64,
    /// The sum of the numbers in flight: arrivals whose intended send time is past and whose outcome is not known.
    pub in_flight_sum: u64,
    /// Outcomes within `wall_ns`: replies, errors and timeouts.
    pub completed: u64,
    /// Intended send time to outcome, over all outcomes; summed in nanoseconds and divided once.
    pub residence_sum_us: u64,
}

/// A question to the instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gate {
    /// Was the schedule kept?
    Rate,
    /// Were requests sent when they were meant to be?
    SendLag,
    /// Had the generator CPU to spare?
    Cpu,
    /// Did the generator run when it was ready to?
    RunQueue,
    /// Do the latency stamps agree with the number in flight, which was counted without them?
    LittlesLaw,
    /// Did anything come back at all?
    Measured,
}

/// One gate's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GateResult {
    /// Which gate.
    pub gate: Gate,
    /// Whether the measurement may be judged, as far as this gate goes.
    pub passed: bool,
    /// What was seen; nothing if it cannot be known or is infinite.
    pub observed: Option<Quantity>,
    /// What it was held against; nothing if it is only reported.
    pub limit: Option<Quantity>,
}

impl Gate {
    /// All gates, in the order in which they are reported.
    pub const ALL: [Self; 6] =
        [Self::Rate, Self::SendLag, Self::Cpu, Self::RunQueue, Self::LittlesLaw, Self::Measured];

    /// The gate's name in statements and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rate => "rate",
            Self::SendLag => "send-lag",
            Self::Cpu => "cpu",
            Self::RunQueue => "run-queue",
            Self::LittlesLaw => "littles-law",
            Self::Measured => "measured",
        }
    }

    /// The gate with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|gate| gate.name() == name)
    }

    /// Whether the limit is the least that passes; otherwise it is the most.
    pub fn limit_is_least(self) -> bool {
        matches!(self, Self::Rate | Self::Measured)
    }

    /// Holds what was observed against the limit. What cannot be known does not pass.
    fn judge(self, observed: Option<u64>, limit: u64, unit: Unit) -> GateResult {
        let passed = observed.is_some_and(|amount| match self.limit_is_least() {
            true => amount >= limit,
            false => amount <= limit,
        });
        let quantity = |amount| Quantity { amount, unit };
        GateResult { gate: self, passed, observed: observed.map(quantity), limit: Some(quantity(limit)) }
    }
}

/// What a request may be sent late, and a subject may drift, below a latency's limit: a twentieth of it.
pub fn margin_ns(latency_limit_ns: u64) -> u64 {
    latency_limit_ns / MARGIN_DIVISOR
}

/// Every gate's answer, in the order of [`Gate::ALL`]. `latency_limit_ns` is the strictest latency limit that the
/// run is judged by.
pub fn instrument_gates(facts: &Facts, latency_limit_ns: Option<u64>) -> Vec<GateResult> {
    let lag_limit_ns = latency_limit_ns.map(margin_ns);
    let cpu = ratio_ppb(facts.cpu_ns, facts.wall_ns);
    let run_queue = ratio_ppb(facts.run_queue_ns, facts.wall_ns);
    let (little, little_limit) = (little_residual_ppb(facts), little_limit_ppb(facts));
    vec![
        Gate::Rate.judge(rate_ppb(facts, lag_limit_ns), RATE_MIN_PPB, Unit::Ppb),
        send_lag(facts, lag_limit_ns),
        Gate::Cpu.judge(cpu, CPU_MAX_PPB, Unit::Ppb),
        Gate::RunQueue.judge(run_queue, RUN_QUEUE_MAX_PPB, Unit::Ppb),
        Gate::LittlesLaw.judge(little, little_limit, Unit::Ppb),
        Gate::Measured.judge(Some(facts.completed), 1, Unit::Count),
    ]
}

/// Scheduled arrivals that were sent, or refused a connection, by the schedule's end, within the lag limit, of all that
/// were scheduled; rounded down. Unknown where sent and late arrivals do not add up to the schedule.
fn rate_ppb(facts: &Facts, lag_limit_ns: Option<u64>) -> Option<u64> {
    let accounted = facts.send_lag.count().checked_add(facts.late)?;
    if accounted != facts.scheduled || facts.scheduled == 0 {
        return None;
    }
    let limit = lag_limit_ns.map_or(Value::Infinite, Value::Finite);
    let in_time = u128::from(facts.send_lag.count_at_or_below(limit));
    u64::try_from(in_time * u128::from(ONE_PPB) / u128::from(facts.scheduled)).ok()
}

/// p99.9 of send lag; without a latency limit there is nothing to hold it against, and it is reported.
fn send_lag(facts: &Facts, lag_limit_ns: Option<u64>) -> GateResult {
    let observed = facts.send_lag.quantile(SEND_LAG_QUANTILE).and_then(Value::finite_ns);
    match lag_limit_ns {
        Some(limit_ns) => Gate::SendLag.judge(observed, limit_ns, Unit::Ns),
        None => {
            let observed = observed.map(|amount| Quantity { amount, unit: Unit::Ns });
            GateResult { gate: Gate::SendLag, passed: true, observed, limit: None }
        }
    }
}

/// Little's law: |N - lambda W| / N, rounded up, with N = in-flight sum / samples and lambda W = residence / wall.
/// A sum of nought is taken as one: that much a sum cannot tell apart.
fn little_residual_ppb(facts: &Facts) -> Option<u64> {
    if facts.in_flight_samples < IN_FLIGHT_SAMPLES_MIN {
        return None;
    }
    let residence_ns = u128::from(facts.residence_sum_us).checked_mul(1_000)?;
    let seen = u128::from(facts.in_flight_sum.max(1)).checked_mul(u128::from(facts.wall_ns))?;
    let stamped = u128::from(facts.in_flight_samples).checked_mul(residence_ns)?;
    let scaled = seen.abs_diff(stamped).checked_mul(u128::from(ONE_PPB))?;
    u64::try_from(scaled.checked_add(seen.checked_sub(1)?)?.checked_div(seen)?).ok()
}

/// 5 %, and three standard errors of the sampled N.
///
/// Both sides of the law see the same stays, so only the sampling errs: a request is seen by the samples that fall
/// within its stay, and with one sample at a random instant of each equal stretch their number varies by less than a
/// Poisson count of the same mean. So the sum S of all samples is as certain as a Poisson count, unless most requests
/// start or end together, whose three-sigma upper bound is S + 3 sqrt(S + 3/4) + 3 (Gehrels 1986, equation 9, with
/// (3^2 + 3) / 4 = 3); S + 3 isqrt(S) + 6 is never less. The allowance is below 5 % from S = 3,800 on; a run of few or
/// short requests is held less strictly, and its limit says so.
fn little_limit_ppb(facts: &Facts) -> u64 {
    let sum = facts.in_flight_sum.max(1);
    let allowance = u128::from(3 * sum.isqrt() + 6) * u128::from(ONE_PPB);
    LITTLE_MAX_PPB + u64::try_from(allowance.div_ceil(u128::from(sum))).unwrap_or(ONE_PPB)
}

/// `part / whole`, rounded up; unknown where the whole is nothing.
fn ratio_ppb(part: u64, whole: u64) -> Option<u64> {
    if whole == 0 {
        return None;
    }
    u64::try_from((u128::from(part) * u128::from(ONE_PPB)).div_ceil(u128::from(whole))).ok()
}

#[cfg(test)]
mod tests;
