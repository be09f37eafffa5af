//! How far the load generator can be believed: what it said beside what the oracles wrote down.

use plimsoll_base::Unit;
use plimsoll_evidence::{Amount, OracleResult, QuantileError, is_true, tolerance_ns};
use plimsoll_measure::Probability;

use super::{Section, paragraph};
use crate::report::html::{Html, el};
use crate::report::page::Page;
use crate::report::table::{Column, table};
use crate::report::words::{NOTHING, Weight, count, instant, mark, quantity};

pub(super) fn section(page: &Page<'_>) -> Section {
    let calibration = page.calibration;
    let words = ", the generator measured servers that delay by a fixed, seeded sequence and keep a log of their own. \
                 What it said is held against what they wrote down. A generator that misses one of them cannot certify.";
    let mut content = Html::default();
    content.push(paragraph("At ").with(instant(calibration.at)).with(words));
    content.push(failures(&calibration.oracles));
    content.push(quantiles(&calibration.oracles));
    Section { id: "calibration", title: "Calibration", content }
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
    let rows = oracles.iter().flat_map(|oracle| oracle.quantiles.iter().map(move |quantile| row(oracle, quantile)));
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
