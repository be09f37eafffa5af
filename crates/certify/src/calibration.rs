//! The generator's calibration: once a day, boot and program; kept in the state folder.

use std::ops::ControlFlow;
use std::path::Path;

use plimsoll_base::Clock;
use plimsoll_evidence::{
    Calibration, Document, Environment, OracleResult, QuantileError, calibration_problem,
};
use plimsoll_load::{CALIBRATION_TRIALS, calibrate_generator, run};
use plimsoll_proof::{from_canonical, to_canonical};

use crate::error::Error;
use crate::state::write_atomically;
use crate::stop::Stop;

/// How often a calibration that fails is tried again before the generator is given up: a busy machine can spoil
/// one, a broken generator spoils all. Every try counts in what is printed.
const TRIES: u32 = 3;

/// The calibration of this program, in this boot, on this day: from `path` if it is there, else measured and kept.
pub(crate) fn calibration(
    path: &Path,
    environment: &Environment,
    clock: &dyn Clock,
    stop: Stop<'_>,
) -> Result<Calibration, Error> {
    if let Some(kept) = read(path)
        && kept.plimsoll_sha256 == environment.plimsoll_sha256
        && kept.boot == environment.boot
        && kept.at.day() == clock.now().day()
    {
        return Ok(kept);
    }
    let mut problem = String::new();
    for _ in 0..TRIES {
        let calibration = measure(environment, clock, stop)?;
        match calibration_problem(&calibration) {
            None => {
                write_atomically(
                    path,
                    &to_canonical(&Document::Calibration(calibration.clone()))
                        .map_err(plimsoll_evidence::Error::from)?,
                )?;
                return Ok(calibration);
            }
            Some(found) => problem = found,
        }
    }
    Err(Error::Calibration(problem))
}

/// Measures every oracle once.
fn measure(environment: &Environment, clock: &dyn Clock, stop: Stop<'_>) -> Result<Calibration, Error> {
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
