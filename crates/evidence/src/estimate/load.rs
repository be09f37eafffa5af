//! Latency, errors and throughput of open-loop runs at one rate.

use std::cmp::Reverse;

use plimsoll_base::Unit;
use plimsoll_measure::{
    BATCH_NS, Facts, Histogram, Probability, Series, Value, between_trials, instrument_gates, margin_ns,
    shared_drift, within_trial_bounds,
};
use plimsoll_proof::Digest;

use super::{CONFIDENCE, TRIALS_FOR_BOUND, share};
use crate::amount::Amount;
use crate::criterion::{Criterion, Op};
use crate::document::{Arrivals, InstrumentData, LoadRun, ScheduleData, Step};
use crate::documents::Documents;
use crate::error::Error;
use crate::measurement::{Distribution, Estimator, GateData, Measurement, Trial};
use crate::probe::Probe;
use crate::scene::Scene;

/// 1,000 seconds in ns: rates are per 1,000 seconds.
const KILOSECOND_NS: u128 = 1_000_000_000_000;

/// A number of Poisson arrivals further from its mean, in standard deviations, comes by chance once in 10^9 runs.
const POISSON_SIGMAS: u128 = 6;

/// What the normal form of that bound leaves out where few arrivals are expected.
const POISSON_SMALL: u128 = 12;

/// A run that was read and found to hold together.
pub(crate) struct ReadRun<'a> {
    digest: Digest,
    pub(super) run: &'a LoadRun,
    pub(super) series: Series,
    pub(super) total: Histogram,
    facts: Facts,
}

/// The runs of a scene at the subject's rate.
pub(crate) fn steady_runs(documents: &Documents, scene: Scene) -> Vec<(Digest, &LoadRun)> {
    let mut runs = documents.load_runs(scene);
    runs.retain(|(_, run)| run.step == Step::Steady);
    runs
}

/// Measures a load criterion over runs that share scene, step and rate.
pub(crate) fn measure(criterion: &Criterion, runs: &[(Digest, &LoadRun)]) -> Result<Measurement, Error> {
    let runs: Vec<ReadRun<'_>> =
        runs.iter().map(|(digest, run)| read(*digest, run)).collect::<Result<_, _>>()?;
    let mut measurement = match criterion.probe {
        Probe::Latency => latency(criterion, &runs)?,
        Probe::Throughput => share::throughput(&runs),
        _ => share::errors(&runs),
    };
    let limit_ns = (criterion.probe == Probe::Latency).then_some(criterion.limit);
    let instrument: Vec<GateData> = runs.iter().flat_map(|run| gates(run, limit_ns)).collect();
    measurement.gates = [instrument, measurement.gates].concat();
    measurement.evidence = runs.iter().map(|run| run.digest).collect();
    Ok(measurement)
}

/// Reads a run and checks what it says twice.
pub(super) fn read<'a>(digest: Digest, run: &'a LoadRun) -> Result<ReadRun<'a>, Error> {
    let broken = |what: &str| Error::evidence(format!("load run {}: {what}", run.name()));
    let series = run.latency.read().ok_or_else(|| broken("malformed latency histogram"))?;
    let total = series.total();
    let outcomes = run.good.checked_add(run.errors.total()).ok_or_else(|| broken("counts beyond 2^64"))?;
    let facts = facts(&run.instrument).ok_or_else(|| broken("malformed send-lag histogram"))?;
    if total.count() != outcomes {
        return Err(broken("latency holds another number of outcomes than good replies and errors"));
    }
    if total.infinite() != run.errors.total() {
        return Err(broken("latency holds another number of infinities than there are errors"));
    }
    if facts.scheduled != outcomes || facts.completed != outcomes {
        return Err(broken("an arrival is without outcome"));
    }
    if facts.send_lag.count().checked_add(facts.late) != Some(facts.scheduled) {
        return Err(broken("sent and late arrivals do not make up the schedule"));
    }
    if !is_schedule_full(&run.schedule, facts.scheduled) {
        return Err(broken("it holds another number of arrivals than its rate gives in its time"));
    }
    if series.batch_count() as u64 > run.schedule.duration_ns.div_ceil(BATCH_NS) {
        return Err(broken("an arrival lies beyond the schedule's end"));
    }
    Ok(ReadRun { digest, run, series, total, facts })
}

/// Whether so many arrivals can come of a schedule: exactly so many, or as many as chance allows.
pub(super) fn is_schedule_full(schedule: &ScheduleData, scheduled: u64) -> bool {
    let product = u128::from(schedule.rate_per_ks) * u128::from(schedule.duration_ns);
    let expected = product.div_ceil(KILOSECOND_NS);
    let allowed = match schedule.arrivals {
        Arrivals::Constant => 0,
        Arrivals::Poisson => POISSON_SIGMAS * expected.isqrt() + POISSON_SMALL,
    };
    u128::from(scheduled).abs_diff(expected) <= allowed
}

fn facts(data: &InstrumentData) -> Option<Facts> {
    Some(Facts {
        scheduled: data.scheduled,
        send_lag: data.send_lag.read()?,
        late: data.late,
        wall_ns: data.wall_ns,
        cpu_ns: data.cpu_ns,
        run_queue_ns: data.run_queue_ns,
        in_flight_samples: data.in_flight_samples,
        in_flight_sum: data.in_flight_sum,
        completed: data.completed,
        residence_sum_us: data.residence_sum_us,
    })
}

pub(super) fn gates(run: &ReadRun<'_>, limit_ns: Option<u64>) -> impl Iterator<Item = GateData> {
    let name = run.run.name();
    instrument_gates(&run.facts, limit_ns).into_iter().map(move |result| GateData {
        run: name.clone(),
        gate: result.gate.name().into(),
        passed: result.passed,
        observed: result.observed.map(|quantity| quantity.amount),
        limit: result.limit.map(|quantity| quantity.amount),
        unit: result.observed.or(result.limit).map_or(Unit::Count, |quantity| quantity.unit),
    })
}

fn latency(criterion: &Criterion, runs: &[ReadRun<'_>]) -> Result<Measurement, Error> {
    let quantile = criterion
        .quantile_ppb
        .and_then(Probability::from_ppb)
        .ok_or_else(|| Error::evidence(format!("criterion {} has no quantile", criterion.id)))?;
    let trials = runs.iter().filter_map(|run| latency_trial(run, quantile)).collect();
    let measurement = over_trials(trials, Unit::Ns, criterion.op);
    Ok(Measurement {
        gates: steady_gate(runs, quantile, criterion.limit).into_iter().collect(),
        ..measurement
    })
}

/// Whether the quantile still drifts, over windows of a second; it may by as much as it may be wrong. Without an
/// observation and passed, the trials are too short for the question.
fn steady_gate(runs: &[ReadRun<'_>], quantile: Probability, limit_ns: u64) -> Option<GateData> {
    let windows = |run: &ReadRun<'_>| -> Vec<Value> {
        run.series.windows().filter_map(|window| window.quantile(quantile)).collect()
    };
    let drift = shared_drift(&runs.iter().map(windows).collect::<Vec<_>>());
    let margin_ns = margin_ns(limit_ns);
    Some(GateData {
        run: format!("{}-all", runs.first()?.run.step.name()),
        gate: "steady-state".into(),
        passed: drift.is_none_or(|drift| drift <= Value::Finite(margin_ns)),
        observed: drift.and_then(Value::finite_ns),
        limit: Some(margin_ns),
        unit: Unit::Ns,
    })
}

/// The median over trials. Of five or more the extremes are its bounds, of fewer the widest of the trials' own; none
/// where a trial has too little data for a bound of its own.
pub(super) fn over_trials(trials: Vec<Trial>, unit: Unit, op: Op) -> Measurement {
    let values: Vec<Amount> = trials.iter().map(|trial| trial.value).collect();
    let Some(between) = between_trials(&values) else { return nothing(Estimator::WithinTrial, unit) };
    // Of an even number the worse of the two middle values.
    let median = match op {
        Op::AtMost => Some(between.median),
        Op::AtLeast => {
            let reversed: Vec<Reverse<Amount>> = values.iter().copied().map(Reverse).collect();
            between_trials(&reversed).map(|between| between.median.0)
        }
    };
    let widest = widest(&trials);
    let (estimator, bounds, confidence_ppb) = if trials.len() >= TRIALS_FOR_BOUND {
        let extremes = widest.map(|_| (between.lower, between.upper));
        (Estimator::MedianOfTrials, extremes, between.confidence_ppb)
    } else {
        (Estimator::WithinTrial, widest, CONFIDENCE.ppb())
    };
    Measurement {
        value: median,
        lower: bounds.map(|(lower, _)| lower),
        upper: bounds.map(|(_, upper)| upper),
        confidence_ppb,
        n: trials.iter().fold(0, |n, trial| n.saturating_add(trial.n)),
        trials,
        ..nothing(estimator, unit)
    }
}

fn latency_trial(run: &ReadRun<'_>, quantile: Probability) -> Option<Trial> {
    let bounds = within_trial_bounds(&run.series, quantile)?;
    Some(Trial {
        value: bounds.value.into(),
        lower: bounds.lower.map(Amount::from),
        upper: bounds.upper.map(Amount::from),
        n: bounds.count,
        n_effective: bounds.effective_count.unwrap_or(0),
        distribution: distribution(&run.total),
        ..trial(run.run)
    })
}

/// A trial's place, without its numbers.
pub(super) fn trial(run: &LoadRun) -> Trial {
    Trial {
        step: Some(run.step),
        rate_per_ks: Some(run.schedule.rate_per_ks),
        trial: run.trial,
        process: run.process,
        died: run.died,
        value: Amount::Infinite,
        lower: None,
        upper: None,
        n: 0,
        n_effective: 0,
        distribution: None,
    }
}

pub(crate) fn distribution(total: &Histogram) -> Option<Distribution> {
    let at = |quantile| total.quantile(quantile).map(Amount::from);
    Some(Distribution {
        p50: at(Probability::P50)?,
        p90: at(Probability::P90)?,
        p95: at(Probability::P95)?,
        p99: at(Probability::P99)?,
        p999: at(Probability::P999)?,
        max: total.max()?.into(),
        mean: total.mean_ns(),
        infinite: total.infinite(),
    })
}

/// The least lower and the greatest upper bound; none if one trial has none.
fn widest(trials: &[Trial]) -> Option<(Amount, Amount)> {
    let lower = trials.iter().map(|trial| trial.lower).collect::<Option<Vec<Amount>>>()?;
    let upper = trials.iter().map(|trial| trial.upper).collect::<Option<Vec<Amount>>>()?;
    Some((lower.into_iter().min()?, upper.into_iter().max()?))
}

/// A measurement of nothing.
pub(crate) fn nothing(estimator: Estimator, unit: Unit) -> Measurement {
    Measurement {
        estimator,
        unit,
        value: None,
        lower: None,
        upper: None,
        confidence_ppb: CONFIDENCE.ppb(),
        n: 0,
        demonstrated_ppb: None,
        trials: Vec::new(),
        gates: Vec::new(),
        evidence: Vec::new(),
    }
}
