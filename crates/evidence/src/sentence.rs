//! Decisions as sentences with their numbers. Signed, therefore computed from signed data alone.

use plimsoll_base::{Quantity, Unit};
use plimsoll_measure::{Course, Probability};

use crate::amount::Amount;
use crate::calibration::worst_error_ppb;
use crate::control::took_effect;
use crate::criterion::Criterion;
use crate::documents::Documents;
use crate::doubt::doubt;
use crate::error::Error;
use crate::judgement::{ControlResult, JudgedCriterion};
use crate::measurement::{Estimator, GateData, Measurement, Trial};
use crate::probe::{Family, Probe};
use crate::scene::Scene;
use crate::soak::{Growth, SERIES};
use crate::verdict::{State, Verdict};

/// A share of 1 in parts per billion.
const ONE_PPB: u128 = 1_000_000_000;

/// All that is known of one criterion, in one sentence that can be quoted alone: measurement, decision, control,
/// calibration, environment, and who says so.
pub fn full_sentence(documents: &Documents, judged: &JudgedCriterion) -> Result<String, Error> {
    let (_, calibration) = documents.calibration()?;
    let (environment, _) = documents.environment()?;
    let control = judged
        .control
        .as_ref()
        .map_or_else(|| "no planted defect".to_owned(), |control| seen(control, judged.measurement.unit));
    Ok(format!(
        "{}; {control}; instrument calibrated on {} oracles, worst error {} of the tolerance; environment \
         sha256:{environment}; self-attested",
        judged.reason,
        calibration.oracles.len(),
        shown(worst_error_ppb(calibration), Unit::Ppb),
    ))
}

/// Why the verdict is what it is.
pub(crate) fn reason(
    criterion: &Criterion,
    measurement: &Measurement,
    growths: &[Growth],
    verdict: Verdict,
) -> String {
    let decided =
        format!("limit {}, rule {}: {}", criterion.limit_text(), criterion.rule.name(), verdict.name());
    let decided = match verdict {
        Verdict::Pass => format!("{decided}{}", shown_by(criterion.probe)),
        Verdict::Inconclusive => format!("{decided}: {}", why_inconclusive(measurement)),
        _ => decided,
    };
    match measurement.value {
        None => format!("nothing measured; {decided}"),
        Some(value) => {
            let (value, bounds) = (value.display(measurement.unit), bounds(measurement));
            let (seen, basis) = (each(growths), basis(criterion, measurement));
            let died = died(measurement);
            format!("{} {value}{bounds}{seen}; {basis}{died}; {decided}", what(criterion))
        }
    }
}

/// The same in a few words: what was seen, the limit, and without a decision what to do.
pub(crate) fn brief(
    criterion: &Criterion,
    measurement: &Measurement,
    growths: &[Growth],
    verdict: Verdict,
) -> String {
    let seen = match measurement.value {
        None => "nothing measured".to_owned(),
        Some(value) => {
            let value = value.display(measurement.unit);
            format!("{} {value}{}{}", what(criterion), culprits(growths), died(measurement))
        }
    };
    let why = match verdict {
        Verdict::Inconclusive => format!(": {}", doubt(measurement)),
        _ => String::new(),
    };
    format!("{seen}, limit {}: {}{why}", criterion.limit_text(), verdict.name())
}

/// Why a control does not support its criterion.
pub(crate) fn control_missing(control: Option<&ControlResult>) -> String {
    match control {
        None => "no planted defect was tried".into(),
        Some(control) if control.on_defect != Verdict::Fail => format!(
            "the planted defect {} gave {}, it should give FAIL{}",
            control.scene.name(),
            control.on_defect.name(),
            match (control.scene, control.on_defect) {
                // Other letters in what nothing is said of break no promise.
                (Scene::BentContract, Verdict::Pass) =>
                    ": the reference tells of no JSON that a reply could be held against",
                _ => "",
            }
        ),
        Some(control) if control.scene == Scene::Stowaway && !control.seen_red => format!(
            "on the planted defect {} only {} of {} things were seen to grow",
            control.scene.name(),
            control.defect_value.map_or_else(|| "0".into(), |value| value.display(Unit::Count)),
            SERIES.len()
        ),
        Some(control) if !control.seen_red && took_effect(control.scene, control.proxy) => format!(
            "the subject ended by itself on the planted defect {}, and what was measured until then is not red",
            control.scene.name()
        ),
        Some(control) if !control.seen_red => {
            format!("the planted defect {} harmed no request", control.scene.name())
        }
        Some(control) => format!(
            "{} (the path of {} without its defect) gave {}, it should give PASS",
            control.scene.sham().name(),
            control.scene.name(),
            control.on_sham.name()
        ),
    }
}

/// What a PASS shows, where that is less than a proof.
fn shown_by(probe: Probe) -> &'static str {
    match probe.state_of_pass() {
        State::Configured => " (configured, not proven: it is written, and nobody has tried it here)",
        State::Declared => " (declared, not proven: others have measured it)",
        _ => "",
    }
}

/// How often the subject did not outlive a trial.
fn died(measurement: &Measurement) -> String {
    match measurement.deaths() {
        0 => String::new(),
        deaths => {
            format!(", it ended by itself in {deaths} of {}", counted(measurement.trials.len(), "trial"))
        }
    }
}

/// What the probe said of the planted defect, and of the same path without it.
fn seen(control: &ControlResult, unit: Unit) -> String {
    let value =
        |amount: Option<Amount>| amount.map_or_else(|| "nothing".into(), |amount| amount.display(unit));
    format!(
        "planted defect {} gave {} ({}), {} without it gave {} ({})",
        control.scene.name(),
        control.on_defect.name(),
        value(control.defect_value),
        control.scene.sham().name(),
        control.on_sham.name(),
        value(control.sham_value)
    )
}

/// What each thing did, and the least growth of it that would have been found.
fn each(growths: &[Growth]) -> String {
    let told = growths.iter().map(|growth| {
        format!(
            "{} {} (growth is seen from {} on)",
            growth.probe.name(),
            growth.words(),
            growth.least_shown()
        )
    });
    told.map(|told| format!("; {told}")).collect()
}

/// Those that grow, or may.
fn culprits(growths: &[Growth]) -> String {
    let guilty = growths.iter().filter(|growth| matches!(growth.course, Course::Grows | Course::Unclear));
    let told: Vec<String> =
        guilty.map(|growth| format!("{} {}", growth.probe.name(), growth.words())).collect();
    if told.is_empty() { String::new() } else { format!(" ({})", told.join(", ")) }
}

fn what(criterion: &Criterion) -> String {
    match (criterion.quantile_ppb.and_then(Probability::from_ppb), criterion.fault) {
        (Some(quantile), _) => format!("{quantile} ="),
        (None, Some(fault)) => format!("{}: {}", fault.name(), criterion.probe.seen()),
        (None, None) => criterion.probe.seen().to_owned(),
    }
}

fn bounds(measurement: &Measurement) -> String {
    let amount = |amount: Amount| amount.display(measurement.unit);
    let confidence = at_least(measurement.confidence_ppb);
    match (measurement.lower, measurement.upper) {
        _ if measurement.estimator == Estimator::FailedCases => format!(" of {} cases", measurement.n),
        // The greatest of all looks is no estimate.
        _ if measurement.estimator == Estimator::GrowingSeries => " of memory, open files and threads".into(),
        _ if matches!(measurement.estimator, Estimator::GreatestLook | Estimator::BusiestWindow) => {
            String::new()
        }
        // Nor is what was seen of one fault.
        _ if matches!(measurement.estimator, Estimator::LastBadBatch | Estimator::AmidFault) => String::new(),
        // The bounds of a load line are its steps, and those of drills their extremes: both are told beside it.
        _ if matches!(measurement.estimator, Estimator::HighestStep | Estimator::WorstDrill) => String::new(),
        (Some(lower), Some(upper)) => {
            format!(", bounds [{}, {}] at {confidence} each", amount(lower), amount(upper))
        }
        _ => ", no bound".into(),
    }
}

/// On what a measurement rests.
fn basis(criterion: &Criterion, measurement: &Measurement) -> String {
    let trials = measurement.trials.len();
    match measurement.estimator {
        Estimator::WorstDrill => drills(criterion, measurement),
        Estimator::FailedCases if criterion.probe.family() == Family::Inspection => {
            "each looked at once".into()
        }
        Estimator::FailedCases => "each tried once".into(),
        Estimator::GreatestLook | Estimator::BusiestWindow | Estimator::GrowingSeries => {
            format!("{} looks under load{}", measurement.n, load(measurement))
        }
        Estimator::LastBadBatch => {
            format!("n = {} in batches of 100 ms{}", measurement.n, load(measurement))
        }
        Estimator::AmidFault => format!("n = {} meanwhile{}", measurement.n, load(measurement)),
        Estimator::MedianOfTrials | Estimator::WithinTrial if criterion.probe == Probe::StartUp => {
            counted(trials, "start")
        }
        Estimator::HighestStep => format!("n = {}, {}", measurement.n, counted(trials, "trial")),
        Estimator::MedianOfTrials | Estimator::WithinTrial | Estimator::PooledShare => {
            let n_effective =
                measurement.trials.iter().fold(0u64, |sum, trial| sum.saturating_add(trial.n_effective));
            format!(
                "n = {}, n_eff = {n_effective}, {}{}",
                measurement.n,
                counted(trials, "trial"),
                load(measurement)
            )
        }
    }
}

/// How the load was offered.
fn load(measurement: &Measurement) -> String {
    let rate = measurement.trials.first().and_then(|trial| trial.rate_per_ks);
    let rate = rate.map_or_else(String::new, |rate| format!(", open loop {}", shown(rate, Unit::PerKs)));
    let sent =
        measurement.gates.iter().filter(|gate| gate.gate == "rate").filter_map(|gate| gate.observed).min();
    let sent = sent.map_or_else(String::new, |ppb| format!(", {} sent on time", shown(ppb, Unit::Ppb)));
    format!("{rate}{sent}{}", infinite(&measurement.trials))
}

/// The share of requests that stand in the quantiles as infinite.
fn infinite(trials: &[Trial]) -> String {
    let distributions =
        trials.iter().filter_map(|trial| trial.distribution.map(|seen| (seen.infinite, trial.n)));
    let (infinite, n) = distributions
        .fold((0u128, 0u128), |(infinite, n), (more, of)| (infinite + u128::from(more), n + u128::from(of)));
    match (infinite * ONE_PPB).checked_div(n).and_then(|ppb| u64::try_from(ppb).ok()) {
        Some(ppb) => format!(", {} errors counted as inf", shown(ppb, Unit::Ppb)),
        None => String::new(),
    }
}

fn drills(criterion: &Criterion, measurement: &Measurement) -> String {
    let drills = counted(measurement.trials.len(), "drill");
    let limit = Amount::Finite(criterion.limit);
    let good = measurement.trials.iter().filter(|trial| trial.value <= limit).count();
    let tried = match criterion.probe {
        Probe::GracefulStop => format!(", {} requests held", measurement.n),
        Probe::AcknowledgedWrites => format!(", {} writes acknowledged", measurement.n),
        Probe::RestoredWrites => format!(", {} writes due", measurement.n),
        _ => String::new(),
    };
    let killed = match measurement.value {
        Some(Amount::Infinite) if criterion.probe == Probe::GracefulStop => {
            ", it did not stop and had to be killed"
        }
        _ => "",
    };
    let shows = measurement
        .demonstrated_ppb
        .map_or_else(String::new, |ppb| format!(", which shows >= {} at 95 %", at_least(ppb)));
    format!("{good} of {drills} within the limit{tried}{killed}{shows}")
}

/// What stands in the way of a decision.
fn why_inconclusive(measurement: &Measurement) -> String {
    let failed: Vec<String> = measurement.gates.iter().filter(|gate| !gate.passed).map(failed_gate).collect();
    match failed.as_slice() {
        [] if measurement.estimator == Estimator::HighestStep => {
            "the step that would decide was not measurable".into()
        }
        [] if measurement.estimator == Estimator::WorstDrill => "so few drills give no bound".into(),
        [] => "too few independent samples for a bound".into(),
        [one] => one.clone(),
        [first, rest @ ..] => format!("{first}, and {} more", rest.len()),
    }
}

fn failed_gate(gate: &GateData) -> String {
    let amount =
        |amount: Option<u64>| amount.map_or_else(|| "nothing".into(), |amount| shown(amount, gate.unit));
    format!("gate {} of {}: {} against {}", gate.gate, gate.run, amount(gate.observed), amount(gate.limit))
}

/// A share of which at least so much is certain, such as a confidence: rounded down to what is printed, so that nothing
/// short of certainty reads 100 %.
pub fn at_least(ppb: u64) -> String {
    /// A hundredth of a per cent: the last of four digits.
    const PRINTED_PPB: u64 = 100_000;
    shown(ppb / PRINTED_PPB * PRINTED_PPB, Unit::Ppb)
}

fn shown(amount: u64, unit: Unit) -> String {
    Quantity { amount, unit }.to_string()
}

fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
