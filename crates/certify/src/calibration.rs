//! The generator's calibration: once a day, boot and program; kept in the state folder.

use std::ops::ControlFlow;
use std::path::Path;

use plimsoll_base::Clock;
use plimsoll_evidence::{
    Calibration, Document, Environment, OracleResult, QuantileError, calibration_problem,
};
use plimsoll_load::{CALIBRATION_TRIALS, calibrate_generator, run};
use plimsoll_proof::{from_canonical, to_canonical};

use crate::conductor::{Event, Watch};
use crate::error::Error;
use crate::state::write_atomically;
use crate::stop::Stop;

/// How often a calibration that fails is tried again before the generator is given up: a busy machine can spoil
/// one, a broken generator spoils all. Those that fail are told, and counted in the one that is signed.
const TRIES: u64 = 3;

/// The calibration of this program, in this boot, on this day: from `path` if it is there, else measured and kept.
pub(crate) fn calibration(
    path: &Path,
    environment: &Environment,
    clock: &dyn Clock,
    stop: Stop<'_>,
    watch: &mut Watch<'_>,
) -> Result<Calibration, Error> {
    let now = clock.now();
    if let Some(kept) = read(path)
        && kept.plimsoll_sha256 == environment.plimsoll_sha256
        && kept.boot == environment.boot
        && kept.at.day() == now.day()
        // The clock may have been set back since.
        && kept.at <= now
    {
        return Ok(kept);
    }
    let calibration = first_true(|tries| measure(environment, clock, stop, tries), watch)?;
    let document = Document::Calibration(calibration.clone());
    write_atomically(path, &to_canonical(&document).map_err(plimsoll_evidence::Error::from)?)?;
    Ok(calibration)
}

/// The first calibration without a problem, of as many as are tried. Those before it are told to `watch`.
fn first_true(
    mut measure: impl FnMut(u64) -> Result<Calibration, Error>,
    watch: &mut Watch<'_>,
) -> Result<Calibration, Error> {
    let mut tried = 1;
    loop {
        let calibration = measure(tried)?;
        match calibration_problem(&calibration) {
            None => return Ok(calibration),
            Some(problem) if tried == TRIES => return Err(Error::Calibration(problem)),
            Some(problem) => watch(&Event::CalibrationFailed { tried, of: TRIES, problem: &problem }),
        }
        tried += 1;
    }
}

/// Measures every oracle once, for the `tries`th time.
fn measure(
    environment: &Environment,
    clock: &dyn Clock,
    stop: Stop<'_>,
    tries: u64,
) -> Result<Calibration, Error> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| Error::Random(error.to_string()))?;
    let at = clock.now();
    let go_on = || if stop.is_asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    let measured = calibrate_generator(&CALIBRATION_TRIALS, seed, &mut |plan| run(plan, &mut |_| go_on()))?;
    stop.check()?;
    Ok(Calibration {
        plimsoll_sha256: environment.plimsoll_sha256,
        boot: environment.boot,
        at,
        tries,
        oracles: measured.results.iter().map(oracle).collect(),
    })
}

fn oracle(result: &plimsoll_load::OracleResult) -> OracleResult {
    let quantiles = result.quantiles.iter().map(|quantile| QuantileError {
        quantile_ppb: quantile.quantile.ppb(),
        measured: quantile.measured.into(),
        truth: quantile.truth.into(),
    });
    OracleResult {
        oracle: result.trial.oracle.name().into(),
        n: result.scheduled,
        failed: result.failed,
        failed_truth: result.scheduled.saturating_sub(result.good_truth),
        quantiles: quantiles.collect(),
    }
}

fn read(path: &Path) -> Option<Calibration> {
    match from_canonical::<Document>(&std::fs::read(path).ok()?).ok()? {
        Document::Calibration(calibration) if calibration_problem(&calibration).is_none() => {
            Some(calibration)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    /// What comes of calibrations of which the first so many fail, and the tries that were told to have failed.
    fn after(failures: u64) -> (Result<Calibration, Error>, Vec<u64>) {
        let mut told = Vec::new();
        let measure = |tries| {
            let mut measured = Calibration { tries, ..fixture::calibration() };
            if tries <= failures {
                measured.oracles[0].failed += 1;
            }
            Ok(measured)
        };
        let found = first_true(measure, &mut |event| match event {
            Event::CalibrationFailed { tried, problem, .. } if problem.contains("constant") => {
                told.push(*tried)
            }
            other => panic!("{other:?}"),
        });
        (found, told)
    }

    #[test]
    fn a_calibration_that_failed_is_told_and_counted() {
        for (failures, told) in [(0, vec![]), (1, vec![1]), (2, vec![1, 2])] {
            let (found, told_now) = after(failures);
            assert_eq!((found.unwrap().tries, told_now), (failures + 1, told));
        }
        let (found, told) = after(TRIES);
        assert!(matches!(found, Err(Error::Calibration(_))));
        assert_eq!(told, [1, 2], "the last is told by the error");
    }
}
