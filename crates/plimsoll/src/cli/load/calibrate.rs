//! `plimsoll load calibrate`: what the generator says about servers whose every delay is known.

use std::ops::ControlFlow;

use plimsoll_base::{Kind, Quantity, Unit};
use plimsoll_evidence::Amount;
use plimsoll_load::{
    CALIBRATION_TRIALS, Calibration, OracleResult, OracleTrial, QuantileError, calibrate_generator,
};
use plimsoll_process::Interrupt;
use serde_json::json;

use super::fresh_seed;
use crate::cli::columns::{Side, lines};
use crate::cli::progress;
use crate::cli::table::pretty;
use crate::exit::Answer;
use crate::failure::Failure;
use crate::print::{Printer, Style};

/// Compare what the generator says about oracle servers with their own logs
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  plimsoll load calibrate            some 30 s; leave the machine alone
  plimsoll load calibrate --json

An oracle is a server whose every delay is known beforehand. Truth is when it
wrote a reply, minus when the request was meant to go; the generator's own
stamps have no part in it.

Exit: 0 every error is within its tolerance, 3 some is not: this generator
cannot certify on this machine as it is")]
pub(super) struct Arguments {
    /// Print the result as one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments, printer: &Printer) -> Result<Answer, Failure> {
    let interrupt = Interrupt::install()?;
    plimsoll_process::raise_open_files_limit();
    let mut trials = CALIBRATION_TRIALS.iter().enumerate();
    let calibration = calibrate_generator(&CALIBRATION_TRIALS, fresh_seed()?, &mut |plan| {
        let step = trials.next().map_or_else(String::new, |(place, trial)| step(place, trial));
        if !printer.is_live() {
            printer.status(&step);
        }
        plimsoll_load::run(plan, &mut |progress| {
            printer.live(&format!("{step}  {}", progress::load(progress)));
            if interrupt.is_requested() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
    })?;
    if interrupt.is_requested() {
        return Err(Failure::new(Kind::Inconclusive, "the calibration was interrupted"));
    }
    printer.data(&if arguments.json { as_json(&calibration)? } else { text(&calibration, printer) })?;
    Ok(if calibration.passed() { Answer::Yes } else { Answer::Inconclusive })
}

fn step(place: usize, trial: &OracleTrial) -> String {
    let rate = Quantity { amount: trial.rate_per_ks, unit: Unit::PerKs };
    format!("[{}/{}] {} at {rate}", place + 1, CALIBRATION_TRIALS.len(), trial.oracle.name())
}

/// Oracle, rate, verdict and quantile, truth, measured, error, tolerance, what is wrong with the counts.
type Row = [String; 8];

/// A row for each quantile of each oracle; one for an oracle of which only counts can be compared.
fn text(calibration: &Calibration, printer: &Printer) -> String {
    let head = ["oracle", "rate", "", "truth", "measured", "error", "tolerance", ""].map(str::to_owned);
    let results = calibration.results.iter().flat_map(result_rows);
    let rows: Vec<Row> = std::iter::once(head).chain(results).collect();
    let (left, right) = (Side::Left, Side::Right);
    let lines = lines([left, right, left, right, right, right, right, left], &rows);
    let paint = |(place, (line, row)): (usize, (&String, &Row))| match row[2].starts_with('✗') {
        _ if place == 0 => printer.styled(Style::Faint, line),
        true => printer.styled(Style::Bad, line),
        false => line.clone(),
    };
    let lines: Vec<String> = lines.iter().zip(&rows).enumerate().map(paint).collect();
    let mut text = format!("{}\n", lines.join("\n"));
    text.push_str(&match calibration.passed() {
        true => format!("\n{}: every error is within its tolerance\n", printer.styled(Style::Good, "✓ true")),
        false => format!(
            "\n{}: this generator cannot certify now; is something else using the processor?\n",
            printer.styled(Style::Doubtful, "? not true")
        ),
    });
    text
}

fn result_rows(result: &OracleResult) -> Vec<Row> {
    let rate = Quantity { amount: result.trial.rate_per_ks, unit: Unit::PerKs }.to_string();
    let name = result.trial.oracle.name();
    let mut rows: Vec<Row> = Vec::new();
    for error in &result.quantiles {
        let time = |value| Amount::from(value).display(Unit::Ns);
        let tolerance = Quantity { amount: error.tolerance_ns, unit: Unit::Ns };
        let first = rows.is_empty();
        rows.push([
            if first { name.to_owned() } else { String::new() },
            if first { rate.clone() } else { String::new() },
            format!("{} {}", symbol(error.passed()), quantile_name(error)),
            time(error.truth),
            time(error.measured),
            time(error.error),
            tolerance.to_string(),
            String::new(),
        ]);
    }
    match rows.is_empty() {
        true => rows.push(counts_row([name, &rate], result)),
        false if result.problem.is_some() => rows.push(counts_row(["", ""], result)),
        false => {}
    }
    rows
}

fn counts_row([name, rate]: [&str; 2], result: &OracleResult) -> Row {
    let error = result.good.abs_diff(result.good_truth);
    let [truth, measured] =
        [result.good_truth, result.good].map(|good| format!("{good} of {}", result.scheduled));
    let what = format!("{} good", symbol(result.problem.is_none()));
    let problem = result.problem.unwrap_or_default().to_owned();
    [name.to_owned(), rate.to_owned(), what, truth, measured, error.to_string(), "0".to_owned(), problem]
}

fn symbol(passed: bool) -> char {
    if passed { '✓' } else { '✗' }
}

/// Such as p99.9.
fn quantile_name(error: &QuantileError) -> String {
    let percent = Quantity { amount: error.quantile.ppb(), unit: Unit::Ppb }.to_string();
    format!("p{}", percent.trim_end_matches(" %"))
}

fn as_json(calibration: &Calibration) -> Result<String, Failure> {
    let quantile = |error: &QuantileError| {
        json!({
            "quantile": quantile_name(error),
            "truth_ns": Amount::from(error.truth),
            "measured_ns": Amount::from(error.measured),
            "error_ns": Amount::from(error.error),
            "tolerance_ns": error.tolerance_ns,
            "passed": error.passed(),
        })
    };
    let oracle = |result: &OracleResult| {
        json!({
            "oracle": result.trial.oracle.name(),
            "rate_per_ks": result.trial.rate_per_ks,
            "duration_ns": result.trial.duration_ns,
            "scheduled": result.scheduled,
            "good": result.good,
            "good_truth": result.good_truth,
            "failed": result.failed,
            "problem": result.problem,
            "quantiles": result.quantiles.iter().map(quantile).collect::<Vec<_>>(),
            "passed": result.passed(),
        })
    };
    let oracles: Vec<_> = calibration.results.iter().map(oracle).collect();
    pretty(&json!({ "passed": calibration.passed(), "oracles": oracles }))
}

#[cfg(test)]
mod tests {
    use plimsoll_load::OracleKind;
    use plimsoll_measure::{Probability, Value};

    use super::*;

    fn result(oracle: OracleKind, problem: Option<&'static str>, errors_ns: &[u64]) -> OracleResult {
        let quantile = |error_ns: &u64| QuantileError {
            quantile: Probability::P999,
            truth: Value::Finite(40_000_000),
            measured: Value::Finite(40_000_000 + error_ns),
            error: Value::Finite(*error_ns),
            tolerance_ns: 2_000_000,
        };
        OracleResult {
            trial: OracleTrial { oracle, rate_per_ks: 1_000_000, duration_ns: 1 },
            scheduled: 200,
            good: 0,
            good_truth: 0,
            failed: 200,
            quantiles: errors_ns.iter().map(quantile).collect(),
            problem,
        }
    }

    #[test]
    fn each_error_stands_beside_its_tolerance() {
        let results = vec![
            result(OracleKind::Bimodal, None, &[12_345]),
            result(OracleKind::Constant, Some("nothing was scheduled"), &[3_000_000]),
            result(OracleKind::RefuseAll, None, &[]),
        ];
        insta::assert_snapshot!(text(&Calibration { results }, &Printer::new()), @"
        oracle        rate              truth  measured     error  tolerance
        bimodal     1000/s  ✓ p99.9     40 ms  40.01 ms  12.35 us       2 ms
        constant    1000/s  ✗ p99.9     40 ms     43 ms      3 ms       2 ms
                            ✗ good   0 of 200  0 of 200         0          0  nothing was scheduled
        refuse-all  1000/s  ✓ good   0 of 200  0 of 200         0          0

        ? not true: this generator cannot certify now; is something else using the processor?
        ");
    }

    #[test]
    fn the_json_says_the_same() {
        let results = vec![result(OracleKind::Bimodal, None, &[3_000_000])];
        let found: serde_json::Value =
            serde_json::from_str(&as_json(&Calibration { results }).unwrap()).unwrap();
        assert_eq!(found["passed"], false);
        let quantile = &found["oracles"][0]["quantiles"][0];
        assert_eq!(quantile["quantile"], "p99.9");
        assert_eq!((&quantile["error_ns"], &quantile["passed"]), (&json!(3_000_000), &json!(false)));
    }
}
