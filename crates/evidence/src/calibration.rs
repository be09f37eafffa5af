//! Whether a calibration holds: what the generator said must be what the oracles wrote down.

use plimsoll_measure::Probability;

use crate::amount::Amount;
use crate::document::{Calibration, OracleResult, QuantileError};

/// The oracles without which a calibration is not whole.
const ORACLES: [&str; 6] = ["constant", "bimodal", "global-stall", "one-percent-errors", "refuse-all", "silent"];

/// Relative error allowed at every quantile.
const RELATIVE_PPB: u64 = 10_000_000;

/// Absolute error allowed up to p99: what a shared core's scheduler adds to one wake-up.
const ABSOLUTE_NS: u64 = 200_000;

/// Absolute error allowed beyond p99, where a few late wake-ups are the sample.
const ABSOLUTE_TAIL_NS: u64 = 2_000_000;

/// Which oracle was missed and by how much; `None` if the calibration holds.
pub fn calibration_problem(calibration: &Calibration) -> Option<String> {
    check(calibration).err()
}

fn check(calibration: &Calibration) -> Result<(), String> {
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

/// Whether one quantile is within tolerance of the oracle's log.
pub fn is_true(quantile: &QuantileError) -> bool {
    match (quantile.measured, quantile.truth) {
        (Amount::Finite(measured), Amount::Finite(truth)) => {
            measured.abs_diff(truth) <= tolerance_ns(quantile.quantile_ppb, truth)
        }
        (measured, truth) => measured == truth,
    }
}

/// How far a quantile may lie from the truth, in ns.
pub fn tolerance_ns(quantile_ppb: u64, truth_ns: u64) -> u64 {
    let absolute = if quantile_ppb <= Probability::P99.ppb() { ABSOLUTE_NS } else { ABSOLUTE_TAIL_NS };
    let relative = u128::from(truth_ns) * u128::from(RELATIVE_PPB) / 1_000_000_000;
    absolute.max(u64::try_from(relative).unwrap_or(u64::MAX))
}
