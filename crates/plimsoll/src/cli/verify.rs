//! `plimsoll verify`.

use std::path::{Path, PathBuf};

use plimsoll_base::{Clock, Kind, Utc};
use plimsoll_certify::{
    SystemClock, has_borrowed_name, identify_path, keys_folder, read_folder, report_json, unreadable,
};
use plimsoll_evidence::{Anchors, Folder, Outcome, Question, Report, verify};
use plimsoll_keys::Keyring;
use plimsoll_proof::TrustFile;

use super::table;
use crate::exit::Answer;
use crate::failure::Failure;
use crate::input::read_text;
use crate::print::{Printer, Style};
use crate::state;

/// A script for those who do not trust this program: openssl, sha256sum and Python's standard library.
const SCRIPT: &str = include_str!("verify.sh");

const BORROWED_NAME: &str =
    "not the profile that this program has under that name: read its criteria and limits";

/// Re-check a certificate offline, computing every verdict again from raw data
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  plimsoll verify certificates/notes       with the keys that are trusted here
  plimsoll verify DIR --issuer acme.keys   with those of this file as well
  plimsoll verify DIR --subject ./notes    is it about this very file?
  plimsoll verify NEW --after OLD          was the issuer's log rewritten?
  plimsoll verify --script > verify.sh     to check without this program

Exit codes:
  0  valid
  1  invalid, withdrawn or expired
  2  there is no certificate, or the command line is wrong
  3  the issuer is not known, or evidence is missing
  4  the folder of trusted keys is open to others
  5  a file cannot be read
  6  the file of trusted keys is damaged")]
pub(crate) struct Arguments {
    /// The certificate's folder
    #[arg(value_name = "DIR", required_unless_present = "script")]
    folder: Option<PathBuf>,
    /// Trust the keys in this file, besides those that are trusted on this machine
    #[arg(long, value_name = "KEYS")]
    issuer: Option<PathBuf>,
    /// Compare with this file, or with the commit that is checked out in this folder
    #[arg(long, value_name = "PATH")]
    subject: Option<PathBuf>,
    /// Check that the issuer's log continues that of this earlier certificate
    #[arg(long, value_name = "OLD")]
    after: Option<PathBuf>,
    /// Ask about this time, such as 2026-11-21T20:59:13Z [default: now]
    #[arg(long, value_name = "TIME")]
    at: Option<Utc>,
    /// Where trusted keys are kept [default: $XDG_STATE_HOME/plimsoll]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Print a script that checks a certificate without this program
    #[arg(long, conflicts_with = "folder")]
    script: bool,
    /// Print the result as one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: Arguments, printer: &Printer) -> Result<Answer, Failure> {
    let Some(path) = arguments.folder.as_deref().filter(|_| !arguments.script) else {
        printer.data(SCRIPT)?;
        return Ok(Answer::Yes);
    };
    let report = match read(path) {
        Ok(folder) => ask(&arguments, &folder)?,
        Err(failure) if failure.kind == Kind::Corrupt => unreadable(failure.message),
        Err(failure) => return Err(failure),
    };
    if arguments.json {
        printer.data(&table::pretty(&report_json(&report))?)?;
    } else {
        printer.data(&text(&report, printer))?;
    }
    Ok(answer(report.outcome))
}

fn read(path: &Path) -> Result<Folder, Failure> {
    if !path.is_dir() {
        return Err(Failure::new(Kind::Invalid, format!("{} is not a folder", path.display())));
    }
    Ok(read_folder(path)?)
}

fn ask(arguments: &Arguments, folder: &Folder) -> Result<Report, Failure> {
    let anchors = anchors(arguments)?;
    let subject = arguments.subject.as_deref().map(|path| identify_path("--subject", path)).transpose()?;
    let after = match arguments.after.as_deref().map(read).transpose() {
        Ok(after) => after,
        Err(failure) if failure.kind == Kind::Corrupt => return Ok(unreadable(failure.message)),
        Err(failure) => return Err(failure),
    };
    let question = Question {
        at: arguments.at.unwrap_or_else(|| SystemClock.now()),
        anchors: &anchors,
        subject: subject.as_deref(),
        after: after.as_ref(),
    };
    Ok(verify(folder, &question))
}

/// The keys that are trusted on this machine, and those of `--issuer`.
fn anchors(arguments: &Arguments) -> Result<Anchors, Failure> {
    let pins = match state::folder(arguments.state.clone()) {
        Ok(state) => Keyring::open(&keys_folder(&state))?.pins()?,
        // Without a home there are no pins: only --issuer speaks.
        Err(_) => plimsoll_keys::Pins::default(),
    };
    let Some(path) = &arguments.issuer else {
        return Ok(Anchors { trusted: pins.issuers, demo: pins.demos });
    };
    let text = read_text(path)?;
    let wrong = |error| Failure::new(Kind::Invalid, format!("{}: {error}", path.display()));
    let given = TrustFile::parse(&text).map_err(wrong)?;
    Ok(Anchors { trusted: pins.issuers.with(&given), demo: pins.demos })
}

fn answer(outcome: Outcome) -> Answer {
    match outcome {
        Outcome::Valid | Outcome::ValidDemo => Answer::Yes,
        Outcome::Invalid | Outcome::Revoked | Outcome::Expired => Answer::No,
        Outcome::Unreadable => Answer::Usage,
        Outcome::Untrusted | Outcome::Incomplete | Outcome::Newer => Answer::Inconclusive,
    }
}

fn text(report: &Report, printer: &Printer) -> String {
    let mut text = String::new();
    for step in &report.steps {
        let (symbol, style) = if step.passed { ("✓", Style::Good) } else { ("✗", Style::Bad) };
        text.push_str(&format!(
            "{} {:<13} {}\n",
            printer.styled(style, symbol),
            step.step.name(),
            step.found
        ));
    }
    if has_borrowed_name(report) {
        let symbol = printer.styled(Style::Doubtful, "!");
        text.push_str(&format!("{symbol} {:<13} {}\n", "profile", BORROWED_NAME));
    }
    // Verdicts of a certificate that is not intact would be read as if they held.
    let is_intact = matches!(report.outcome, Outcome::Valid | Outcome::ValidDemo | Outcome::Untrusted);
    if let (Some(certificate), Some(judgement), true) = (&report.certificate, &report.judgement, is_intact) {
        text.push_str(&table::judgement(certificate, judgement, printer));
    }
    let style = match answer(report.outcome) {
        Answer::Yes => Style::Good,
        Answer::Inconclusive => Style::Doubtful,
        Answer::No | Answer::Usage => Style::Bad,
    };
    let reason = report
        .failed()
        .map_or_else(String::new, |step| format!(": {} (step {})", step.found, step.step.name()));
    text.push_str(&format!("\n{}{reason}\n", printer.styled(style, report.outcome.name())));
    text
}
