//! Latency, errors and throughput of open-loop runs at one rate.

use plimsoll_base::Unit;
use plimsoll_measure::{
    Facts, Histogram, Probability, Series, Steady, Value, between_trials, clopper_pearson_lower,
    clopper_pearson_upper, instrument_gates, steady_state, within_trial_bounds,
};
use plimsoll_proof::Digest;

use super::{CONFIDENCE, TRIALS_FOR_BOUND};
use crate::amount::Amount;
use crate::criterion::{Criterion, Probe, Scene};
use crate::document::{InstrumentData, LoadRun, Step};
use crate::documents::Documents;
use crate::error::Error;
use crate::measurement::{Distribution, Estimator, GateData, Measurement, Trial};

/// 1,000 seconds in ns: rates are per 1,000 seconds.
const KILOSECOND_NS: u128 = 1_000_000_000_000;

/// A share of 1 in parts per billion.
const ONE_PPB: u64 = 1_000_000_000;

/// A run that was read and found to hold together.
pub(crate) struct ReadRun<'a> {
    digest: Digest,
    run: &'a LoadRun,
    series: Series,
    total: Histogram,
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
        Probe::Throughput => throughput(&runs),
        _ => errors(&runs),
    };
    let limit_ns = (criterion.probe == Probe::Latency).then_some(criterion.limit);
    measurement.gates = runs.iter().flat_map(|run| gates(run, limit_ns)).collect();
    measurement.evidence = runs.iter().map(|run| run.digest).collect();
    Ok(measurement)
}

/// Reads a run and checks what it says twice.
fn read<'a>(digest: Digest, run: &'a LoadRun) -> Result<ReadRun<'a>, Error> {
    let broken = |what: &str| Error::evidence(format!("load run {}: {what}", run_name(run)));
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
    if run.schedule.duration_ns == 0 {
        return Err(broken("a schedule without duration"));
    }
    Ok(ReadRun { digest, run, series, total, facts })
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

pub(crate) fn run_name(run: &LoadRun) -> String {
    let step = match run.step {
        Step::Steady => "steady",
        Step::Search => "search",
        Step::Line => "line",
    };
    format!("{step}-{}", run.trial)
}

fn gates(run: &ReadRun<'_>, limit_ns: Option<u64>) -> Vec<GateData> {
    let name = run_name(run.run);
    let mut gates: Vec<GateData> = instrument_gates(&run.facts, limit_ns)
        .into_iter()
        .map(|result| GateData {
            run: name.clone(),
            gate: result.gate.name().into(),
            passed: result.passed,
            observed: result.observed.map(|quantity| quantity.amount),
            limit: result.limit.map(|quantity| quantity.amount),
            unit: result.observed.or(result.limit).map_or(Unit::Count, |quantity| quantity.unit),
        })
        .collect();
    gates.extend(steady_gate(run, name));
    gates
}

/// The trend test over the medians of one-second windows, where the trial is long enough for one.
fn steady_gate(run: &ReadRun<'_>, name: String) -> Option<GateData> {
    let medians: Vec<Value> =
        run.series.windows().filter_map(|window| window.quantile(Probability::P50)).collect();
    let steady = steady_state(&medians);
    (steady != Steady::NotApplicable).then(|| GateData {
        run: name,
        gate: "steady-state".into(),
        passed: steady == Steady::Steady,
        observed: None,
        limit: None,
        unit: Unit::Count,
    })
}

fn latency(criterion: &Criterion, runs: &[ReadRun<'_>]) -> Result<Measurement, Error> {
    let quantile = criterion
        .quantile_ppb
        .and_then(Probability::from_ppb)
        .ok_or_else(|| Error::evidence(format!("criterion {} has no quantile", criterion.id)))?;
    let trials: Vec<Trial> = runs.iter().filter_map(|run| latency_trial(run, quantile)).collect();
    let values: Vec<Amount> = trials.iter().map(|trial| trial.value).collect();
    let enough_data = trials.iter().all(|trial| trial.upper.is_some());
    let Some(between) = between_trials(&values) else { return Ok(nothing(Estimator::WithinTrial, Unit::Ns)) };
    let n = trials.iter().map(|trial| trial.n).sum();
    let (estimator, lower, upper, confidence_ppb) = if trials.len() >= TRIALS_FOR_BOUND {
        let bound = |amount| enough_data.then_some(amount);
        (Estimator::MedianOfTrials, bound(between.lower), bound(between.upper), between.confidence_ppb)
    } else {
        let (lower, upper) = widest(&trials);
        (Estimator::WithinTrial, lower, upper, CONFIDENCE.ppb())
    };
    Ok(Measurement {
        value: Some(between.median),
        lower,
        upper,
        confidence_ppb,
        n,
        trials,
        ..nothing(estimator, Unit::Ns)
    })
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
fn trial(run: &LoadRun) -> Trial {
    Trial {
        step: Some(run.step),
        rate_per_ks: Some(run.schedule.rate_per_ks),
        trial: run.trial,
        process: run.process,
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
fn widest(trials: &[Trial]) -> (Option<Amount>, Option<Amount>) {
    let all = |pick: fn(&Trial) -> Option<Amount>| trials.iter().map(pick).collect::<Option<Vec<Amount>>>();
    (
        all(|trial| trial.lower).and_then(|bounds| bounds.into_iter().min()),
        all(|trial| trial.upper).and_then(|bounds| bounds.into_iter().max()),
    )
}

fn errors(runs: &[ReadRun<'_>]) -> Measurement {
    let trials: Vec<Trial> = runs
        .iter()
        .map(|run| {
            let (bad, n) = (run.run.errors.total(), run.total.count());
            share_trial(run.run, bad, n)
        })
        .collect();
    let bad: u64 = runs.iter().map(|run| run.run.errors.total()).sum();
    let n: u64 = runs.iter().map(|run| run.total.count()).sum();
    if n == 0 {
        return nothing(Estimator::PooledShare, Unit::Ppb);
    }
    Measurement {
        value: Some(Amount::Finite(share_ppb(bad, n))),
        lower: Some(Amount::Finite(clopper_pearson_lower(bad, n, CONFIDENCE))),
        upper: Some(Amount::Finite(clopper_pearson_upper(bad, n, CONFIDENCE))),
        n,
        trials,
        ..nothing(Estimator::PooledShare, Unit::Ppb)
    }
}

fn share_trial(run: &LoadRun, bad: u64, n: u64) -> Trial {
    Trial {
        value: Amount::Finite(share_ppb(bad, n)),
        lower: (n > 0).then(|| Amount::Finite(clopper_pearson_lower(bad, n, CONFIDENCE))),
        upper: (n > 0).then(|| Amount::Finite(clopper_pearson_upper(bad, n, CONFIDENCE))),
        n,
        n_effective: n,
        ..trial(run)
    }
}

/// `part / whole` in parts per billion, rounded up: an error is never rounded away.
fn share_ppb(part: u64, whole: u64) -> u64 {
    if whole == 0 {
        return ONE_PPB;
    }
    let share = (u128::from(part) * u128::from(ONE_PPB)).div_ceil(u128::from(whole));
    u64::try_from(share).unwrap_or(ONE_PPB)
}

/// Good replies per 1,000 seconds of schedule, rounded down.
fn per_ks(good: u128, duration_ns: u64) -> u64 {
    u64::try_from(good * KILOSECOND_NS / u128::from(duration_ns.max(1))).unwrap_or(u64::MAX)
}

fn throughput(runs: &[ReadRun<'_>]) -> Measurement {
    let trials: Vec<Trial> = runs.iter().map(|run| throughput_trial(run.run, run.total.count())).collect();
    let values: Vec<Amount> = trials.iter().map(|trial| trial.value).collect();
    let Some(between) = between_trials(&values) else { return nothing(Estimator::WithinTrial, Unit::PerKs) };
    let n = trials.iter().map(|trial| trial.n).sum();
    let (estimator, (lower, upper), confidence_ppb) = if trials.len() >= TRIALS_FOR_BOUND {
        (Estimator::MedianOfTrials, (Some(between.lower), Some(between.upper)), between.confidence_ppb)
    } else {
        (Estimator::WithinTrial, widest(&trials), CONFIDENCE.ppb())
    };
    Measurement {
        value: Some(between.median),
        lower,
        upper,
        confidence_ppb,
        n,
        trials,
        ..nothing(estimator, Unit::PerKs)
    }
}

/// Within a trial the rate is that of the schedule: what varies is the share of good replies.
fn throughput_trial(run: &LoadRun, n: u64) -> Trial {
    let duration_ns = run.schedule.duration_ns;
    let at_share = |ppb: u64| {
        let good = u128::from(n) * u128::from(ppb) / u128::from(ONE_PPB);
        Amount::Finite(per_ks(good, duration_ns))
    };
    Trial {
        value: Amount::Finite(per_ks(u128::from(run.good), duration_ns)),
        lower: (n > 0).then(|| at_share(clopper_pearson_lower(run.good, n, CONFIDENCE))),
        upper: (n > 0).then(|| at_share(clopper_pearson_upper(run.good, n, CONFIDENCE))),
        n,
        n_effective: n,
        ..trial(run)
    }
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
