//! Whether a calibration holds: what the generator said must be what the oracles wrote down.

use plimsoll_measure::{self as measure, Probability};

use crate::amount::Amount;
use crate::document::{Calibration, OracleResult, QuantileError};

/// The oracles without which a calibration is not whole.
const ORACLES: [&str; 6] =
    ["constant", "bimodal", "global-stall", "one-percent-errors", "refuse-all", "silent"];

/// The oracles that never give a good reply: a generator that counts one has made it up.
const SILENT: [&str; 2] = ["refuse-all", "silent"];

/// The oracle of which some replies are bad, so that counting errors is put to the test.
const PARTLY_BAD: &str = "one-percent-errors";

/// A share of 1 in parts per billion.
const ONE_PPB: u128 = 1_000_000_000;

/// Which oracle was missed and by how much; `None` if the calibration holds.
pub fn calibration_problem(calibration: &Calibration) -> Option<String> {
    check(calibration).err()
}

fn check(calibration: &Calibration) -> Result<(), String> {
    if calibration.tries == 0 {
        return Err("the calibration was never tried".into());
    }
    for name in ORACLES {
        let mut found = calibration.oracles.iter().filter(|oracle| oracle.oracle == name);
        let (Some(oracle), None) = (found.next(), found.next()) else {
            return Err(format!("the calibration has not exactly one oracle {name}"));
        };
        check_oracle(oracle)?;
    }
    Ok(())
}

fn check_oracle(oracle: &OracleResult) -> Result<(), String> {
    let name = &oracle.oracle;
    if oracle.n == 0 || oracle.failed != oracle.failed_truth {
        return Err(format!(
            "oracle {name}: {} failures measured, {} planted, of {}",
            oracle.failed, oracle.failed_truth, oracle.n
        ));
    }
    let planted = match name.as_str() {
        name if SILENT.contains(&name) => oracle.failed == oracle.n,
        PARTLY_BAD => (1..oracle.n).contains(&oracle.failed),
        _ => oracle.failed == 0,
    };
    if !planted {
        return Err(format!(
            "oracle {name}: {} failures of {} are not what it plants",
            oracle.failed, oracle.n
        ));
    }
    if oracle.quantiles.is_empty() && oracle.failed < oracle.n {
        return Err(format!("oracle {name}: no quantile was compared"));
    }
    match oracle.quantiles.iter().find(|quantile| !is_true(quantile)) {
        None => Ok(()),
        Some(wrong) => Err(format!(
            "oracle {name}: {} measured as {}, its log says {}",
            Probability::from_ppb(wrong.quantile_ppb)
                .map_or_else(String::new, |quantile| quantile.to_string()),
            wrong.measured.display(plimsoll_base::Unit::Ns),
            wrong.truth.display(plimsoll_base::Unit::Ns)
        )),
    }
}

/// Whether one quantile is within tolerance of the oracle's log. What is no quantile is not.
pub fn is_true(quantile: &QuantileError) -> bool {
    Probability::from_ppb(quantile.quantile_ppb).is_some_and(|probability| {
        measure::within_tolerance(probability, quantile.measured.into(), quantile.truth.into())
    })
}

/// How far a quantile may lie from the truth, in ns.
pub fn tolerance_ns(quantile_ppb: u64, truth_ns: u64) -> u64 {
    measure::tolerance_ns(Probability::from_ppb(quantile_ppb).unwrap_or(Probability::ZERO), truth_ns)
}

/// The worst error of all finite quantiles, as a share of what is tolerated, in parts per billion, rounded up.
pub(crate) fn worst_error_ppb(calibration: &Calibration) -> u64 {
    let share = |quantile: &QuantileError| match (quantile.measured, quantile.truth) {
        (Amount::Finite(measured), Amount::Finite(truth)) => {
            let tolerance = u128::from(tolerance_ns(quantile.quantile_ppb, truth));
            u64::try_from((u128::from(measured.abs_diff(truth)) * ONE_PPB).div_ceil(tolerance)).ok()
        }
        _ => None,
    };
    calibration.oracles.iter().flat_map(|oracle| &oracle.quantiles).filter_map(share).max().unwrap_or(0)
}
