//! `plimsoll cert compare`.

use std::path::PathBuf;

use plimsoll_base::Kind;
use plimsoll_certify::recheck::Certified;
use plimsoll_certify::{Compared, Comparison, Difference, Side, compare, conclusion};
use plimsoll_evidence::Amount;
use serde_json::{Value, json};

use super::found;
use crate::cli::table::{pretty, table};
use crate::cli::verified::{Trust, Verified};
use crate::exit::Answer;
use crate::failure::Failure;
use crate::print::{Printer, Style};

/// Compare two certificates of one subject by one profile: verdicts, values, bounds
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  plimsoll cert compare certificates/old certificates/new
  plimsoll cert compare OLD NEW --issuer acme.keys
  plimsoll cert compare OLD NEW --json | jq '.criteria[].difference'

A difference is shown where the bounds of both do not meet. Where they meet
nothing is shown, which is not that nothing has changed. Certificates whose
time is over are compared too.

Exit codes:
  0  nothing is shown to be worse, and what passed passes
  1  something is worse, or passes no longer; or one is invalid or withdrawn
  2  there is no certificate, they are not of one subject and profile, or the
     command line is wrong
  3  an issuer is not known, or evidence is missing
  4  the folder of trusted keys is open to others
  5  a file cannot be read
  6  the file of trusted keys is damaged")]
pub(super) struct Arguments {
    /// The folder of the first certificate
    #[arg(value_name = "OLD")]
    first: PathBuf,
    /// The folder of the second
    #[arg(value_name = "NEW")]
    second: PathBuf,
    #[command(flatten)]
    trust: Trust,
    /// Print the comparison as one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments, printer: &Printer) -> Result<Answer, Failure> {
    let first = found(&arguments.trust, &arguments.first)?;
    let second = found(&arguments.trust, &arguments.second)?;
    let comparison = match (first.at_any_time(), second.at_any_time()) {
        (Ok(one), Ok(other)) => {
            let (one, other) = (Certified::of(&one, &first.folder)?, Certified::of(&other, &second.folder)?);
            Some(compare(&one, &other).map_err(|why| Failure::new(Kind::Invalid, why))?)
        }
        _ => None,
    };
    let text = match arguments.json {
        true => pretty(&json(&first, &second, comparison.as_ref()))?,
        false => text(&first, &second, comparison.as_ref(), printer),
    };
    printer.data(&text)?;
    Ok(answer(&first, &second, comparison.as_ref()))
}

fn answer(first: &Verified, second: &Verified, comparison: Option<&Comparison>) -> Answer {
    let is_worse = |one: &Compared| one.difference == Difference::Worse || one.has_lost_its_pass();
    // What is only expired is as it was signed.
    let known = |verified: &Verified| match verified.answer() {
        Answer::No if verified.at_any_time().is_ok() => Answer::Yes,
        answer => answer,
    };
    match (known(first), known(second)) {
        (Answer::Yes, Answer::Yes) => match comparison {
            Some(comparison) if comparison.criteria.iter().any(is_worse) => Answer::No,
            _ => Answer::Yes,
        },
        (Answer::Yes, other) => other,
        (other, _) => other,
    }
}

fn text(first: &Verified, second: &Verified, comparison: Option<&Comparison>, printer: &Printer) -> String {
    let mut text = format!("first: {}second: {}", first.conclusion(printer), second.conclusion(printer));
    let Some(comparison) = comparison else { return text };
    let lines = |label: &str, lines: &[String]| {
        lines.iter().map(|line| format!("{label:<12} {}\n", plimsoll_base::inert(line))).collect::<String>()
    };
    text.push('\n');
    match comparison.environments.is_empty() {
        true => text.push_str("environment  the same machine and program\n"),
        false => {
            text.push_str(&lines("environment", &comparison.environments));
            text.push_str("environment  what else differs may come from that\n");
        }
    }
    text.push_str(&lines("subject", &comparison.subjects));
    let rows: Vec<[String; 4]> = comparison.criteria.iter().map(row).collect();
    let paint = |line: &str, row: Option<usize>| match row.and_then(|row| comparison.criteria.get(row)) {
        Some(one) if one.difference == Difference::Worse || one.has_lost_its_pass() => {
            printer.styled(Style::Bad, line)
        }
        Some(one) if one.difference == Difference::Better => printer.styled(Style::Good, line),
        Some(_) => line.to_owned(),
        None => printer.styled(Style::Faint, line),
    };
    text.push_str(&format!("\n{}", table(["criterion", "first", "second", "difference"], &rows, paint)));
    text
}

fn row(one: &Compared) -> [String; 4] {
    let side = |side: &Option<Side>| side.as_ref().map_or_else(|| "-".into(), shown);
    let difference = match &one.difference {
        Difference::NotComparable(why) => format!("{}: {why}", one.difference.name()),
        difference => difference.name().to_owned(),
    };
    [one.id.clone(), side(&one.first), side(&one.second), difference]
}

/// Verdict, value and bounds.
fn shown(side: &Side) -> String {
    let amount = |amount: Amount| amount.display(side.unit);
    let value = side.value.map_or_else(|| "-".into(), amount);
    match (side.lower, side.upper) {
        (Some(lower), Some(upper)) => {
            format!("{} {value} [{}, {}]", side.verdict.name(), amount(lower), amount(upper))
        }
        _ => format!("{} {value}", side.verdict.name()),
    }
}

fn json(first: &Verified, second: &Verified, comparison: Option<&Comparison>) -> Value {
    let side = |side: &Option<Side>| {
        side.as_ref().map(|side| {
            json!({
                "verdict": side.verdict,
                "unit": side.unit.name(),
                "value": side.value,
                "lower": side.lower,
                "upper": side.upper,
            })
        })
    };
    let criterion = |one: &Compared| {
        let why = if let Difference::NotComparable(why) = &one.difference { Some(why) } else { None };
        json!({
            "id": one.id,
            "first": side(&one.first),
            "second": side(&one.second),
            "difference": one.difference.name(),
            "why": why,
            "has_lost_its_pass": one.has_lost_its_pass(),
        })
    };
    json!({
        "first": conclusion(&first.report),
        "second": conclusion(&second.report),
        "environment": comparison.map(|comparison| &comparison.environments),
        "subject": comparison.map(|comparison| &comparison.subjects),
        "criteria": comparison.map(|comparison| comparison.criteria.iter().map(criterion).collect::<Vec<_>>()),
    })
}
