//! How far the load generator can be believed: what it said beside what the oracles wrote down.

use plimsoll_base::Unit;
use plimsoll_evidence::{Amount, OracleResult, QuantileError, is_true, tolerance_ns};
use plimsoll_measure::Probability;

use super::{Section, paragraph};
use crate::html::{Html, el};
use crate::report::page::Page;
use crate::report::table::{Column, table};
use crate::report::words::{NOTHING, Weight, count, instant, mark, quantity};

pub(super) fn section(page: &Page<'_>) -> Section {
    let calibration = page.calibration;
    let words = ", the generator measured servers that delay by a fixed, seeded sequence and keep a log of their own. \
                 What it said is held against what they wrote down. A generator that misses one of them cannot certify.";
    let mut content = Html::default();
    content.push(paragraph("At ").with(instant(calibration.at)).with(words));
    content.push(paragraph(tries(calibration.tries)));
    content.push(failures(&calibration.oracles));
    content.push(quantiles(&calibration.oracles));
    Section { id: "calibration", title: "Calibration", content }
}

/// Calibrations that failed before are not thrown away in silence: so often the generator was not true.
fn tries(tries: u64) -> String {
    match tries {
        0 | 1 => "It passed at the first try.".into(),
        _ => format!("It passed at try {tries}: {} before it failed.", count(tries - 1)),
    }
}

fn failures(oracles: &[OracleResult]) -> Html {
    let columns = [
        Column::text("Oracle"),
        Column::number("Requests"),
        Column::number("Failures counted"),
        Column::number("Failures planted"),
        Column::text("Agrees"),
    ];
    let row = |oracle: &OracleResult| {
        vec![
            name(oracle),
            count(oracle.n).into(),
            count(oracle.failed).into(),
            count(oracle.failed_truth).into(),
            agrees(oracle.failed == oracle.failed_truth),
        ]
    };
    table("Failures, counted and planted", &columns, oracles.iter().map(row)).into()
}

fn quantiles(oracles: &[OracleResult]) -> Html {
    let columns = [
        Column::text("Oracle"),
        Column::text("Quantile"),
        Column::number("Measured"),
        Column::number("Its own log"),
        Column::number("Apart"),
        Column::number("Allowed"),
        Column::text("Agrees"),
    ];
    let rows =
        oracles.iter().flat_map(|oracle| oracle.quantiles.iter().map(move |quantile| row(oracle, quantile)));
    table("Latency, measured and logged", &columns, rows).into()
}

fn row(oracle: &OracleResult, quantile: &QuantileError) -> Vec<Html> {
    let (apart, allowed) = match (quantile.measured, quantile.truth) {
        (Amount::Finite(measured), Amount::Finite(truth)) => (
            quantity(measured.abs_diff(truth), Unit::Ns),
            quantity(tolerance_ns(quantile.quantile_ppb, truth), Unit::Ns),
        ),
        _ => (NOTHING.to_owned(), NOTHING.to_owned()),
    };
    let probability = Probability::from_ppb(quantile.quantile_ppb);
    vec![
        name(oracle),
        probability.map_or_else(String::new, |quantile| quantile.to_string()).into(),
        quantile.measured.display(Unit::Ns).into(),
        quantile.truth.display(Unit::Ns).into(),
        apart.into(),
        allowed.into(),
        agrees(is_true(quantile)),
    ]
}

fn name(oracle: &OracleResult) -> Html {
    el("code").with(oracle.oracle.as_str()).into()
}

fn agrees(agrees: bool) -> Html {
    if agrees { mark(Weight::Good, "yes").into() } else { mark(Weight::Bad, "no").into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(measured: Amount, truth: Amount) -> Vec<String> {
        let quantile = QuantileError { quantile_ppb: 990_000_000, measured, truth };
        let oracle = OracleResult {
            oracle: "silent".into(),
            n: 1,
            failed: 0,
            failed_truth: 0,
            quantiles: vec![quantile],
        };
        row(&oracle, &quantile).into_iter().map(Html::into_string).collect()
    }

    #[test]
    fn what_lies_apart_by_more_than_allowed_does_not_agree() {
        let close = shown(Amount::Finite(20_100_000), Amount::Finite(20_000_000));
        assert_eq!(close[4..6], ["100\u{a0}us", "200\u{a0}us"]);
        assert!(close[6].ends_with(" yes</span>"));
        let far = shown(Amount::Finite(21_000_000), Amount::Finite(20_000_000));
        assert!(far[6].ends_with(" no</span>"));
    }

    #[test]
    fn infinity_agrees_with_infinity_only() {
        let both = shown(Amount::Infinite, Amount::Infinite);
        assert_eq!(both[2..5], ["inf", "inf", NOTHING]);
        assert!(both[6].ends_with(" yes</span>"));
        assert!(shown(Amount::Finite(1), Amount::Infinite)[6].ends_with(" no</span>"));
    }
}
