//! `plimsoll cert roadmap`.

use plimsoll_base::{Quantity, Unit, inert};
use plimsoll_certify::conclusion;
use plimsoll_evidence::{
    Amount, EffectiveStatus, Hurdle, Outcome, Roadmap, Severity, Status, Verdict, roadmap,
};
use serde_json::json;

use super::Place;
use crate::cli::table::{pretty, table};
use crate::cli::verified::Verified;
use crate::exit::Answer;
use crate::failure::Failure;
use crate::print::{Printer, Style};

/// Ten times a limit: by how much more says nothing.
const MANY_PPB: u64 = 10_000_000_000;

/// Print what stands between a certificate and the next better status, the least effort first
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  plimsoll cert roadmap certificates/notes
  plimsoll cert roadmap --json DIR | jq '.hurdles[] | select(.is_next)'

Efforts, as far as the criteria tell, the least first: a person signs; a new
run, for what is stale or was without a decision; close to the limit; beyond
the limit, by how much of it; the subject lacks what the probe needs; nothing
measures it. The next status waits for the rows marked `>`.

Exit codes:
  0  there is nothing better to reach
  1  there is, or the certificate is invalid, withdrawn or suspended
  2  there is no certificate, or the command line is wrong
  3  evidence is missing
  4  the folder of trusted keys is open to others
  5  a file cannot be read
  6  the file of trusted keys is damaged")]
pub(super) struct Shown {
    #[command(flatten)]
    place: Place,
    /// Print the way as one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Shown, printer: &Printer) -> Result<Answer, Failure> {
    let verified = arguments.place.verify()?;
    let Some(way) = way(&verified) else {
        let text = match arguments.json {
            true => {
                pretty(&json!({"conclusion": conclusion(&verified.report), "status": null, "hurdles": []}))?
            }
            false => verified.conclusion(printer),
        };
        printer.data(&text)?;
        return Ok(verified.answer());
    };
    let text = match arguments.json {
        true => {
            let mut value = json!(way);
            value["conclusion"] = json!(conclusion(&verified.report));
            pretty(&value)?
        }
        false => format!("{}{}", verified.conclusion(printer), text(&way, printer)),
    };
    printer.data(&text)?;
    let is_there = way.next.is_none() && matches!(way.status, EffectiveStatus::Judged(_));
    Ok(if is_there { Answer::Yes } else { Answer::No })
}

/// The way up from what is as it was signed, its time over or not.
fn way(verified: &Verified) -> Option<Roadmap> {
    let report = &verified.report;
    let is_genuine = !matches!(
        report.outcome,
        Outcome::Invalid | Outcome::Incomplete | Outcome::Newer | Outcome::Unreadable
    );
    let standing = report.standing.as_ref().filter(|_| is_genuine)?;
    let (certificate, judgement) = (report.certificate.as_ref()?, report.judgement.as_ref()?);
    Some(roadmap(certificate, judgement, report.profile.as_ref()?, standing, verified.at))
}

fn text(way: &Roadmap, printer: &Printer) -> String {
    let next = way.next.map_or("nothing better to reach", Status::name);
    let mut text = format!("now   {}\nnext  {next}\n", way.status.name());
    if way.hurdles.is_empty() {
        return text;
    }
    let rows: Vec<[String; 6]> = way.hurdles.iter().map(row).collect();
    let paint = |line: &str, row: Option<usize>| match row.and_then(|row| way.hurdles.get(row)) {
        Some(hurdle) if hurdle.is_next => printer.styled(Style::Doubtful, line),
        Some(_) => line.to_owned(),
        None => printer.styled(Style::Faint, line),
    };
    let head = ["effort", "what", "severity", "verdict", "beyond", "found"];
    text.push_str(&format!("\n{}", table(head, &rows, paint)));
    text
}

fn row(hurdle: &Hurdle) -> [String; 6] {
    let mark = if hurdle.is_next { ">" } else { " " };
    let beyond = match hurdle.beyond_ppb {
        None => "-".into(),
        Some(Amount::Infinite) => "inf".into(),
        // Also of a limit of 0, of which nothing is a share: the value itself stands in what was found.
        Some(Amount::Finite(MANY_PPB..)) => ">= 10 times".into(),
        Some(Amount::Finite(amount)) => Quantity { amount, unit: Unit::Ppb }.to_string(),
    };
    [
        format!("{mark} {}", hurdle.effort.name()),
        hurdle.id.clone(),
        hurdle.severity.map_or("-", Severity::name).into(),
        hurdle.verdict.map_or("-", Verdict::name).into(),
        beyond,
        inert(&hurdle.what),
    ]
}
