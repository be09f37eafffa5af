//! `plimsoll verify`.

use std::path::PathBuf;

use plimsoll_base::inert;
use plimsoll_certify::report_json;
use plimsoll_evidence::{Outcome, Report};

use super::verified::{Compared, Trust, Verified};
use super::{standing, table};
use crate::exit::Answer;
use crate::failure::Failure;
use crate::print::{Printer, Style};

/// A script for those who do not trust this program: openssl, sha256sum and Python's standard library.
const SCRIPT: &str = include_str!("verify.sh");

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
  1  invalid, withdrawn, suspended, replaced or expired
  2  there is no certificate, or the command line is wrong
  3  the issuer is not known, or evidence is missing
  4  the folder of trusted keys is open to others
  5  a file cannot be read
  6  the file of trusted keys is damaged")]
pub(crate) struct Arguments {
    /// The certificate's folder
    #[arg(value_name = "DIR", required_unless_present = "script")]
    folder: Option<PathBuf>,
    #[command(flatten)]
    trust: Trust,
    /// Compare with this file, or with the commit that is checked out in this folder
    #[arg(long, value_name = "PATH")]
    subject: Option<PathBuf>,
    /// Check that the issuer's log continues that of this earlier certificate
    #[arg(long, value_name = "OLD")]
    after: Option<PathBuf>,
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
    let compared = Compared { subject: arguments.subject.as_deref(), after: arguments.after.as_deref() };
    let verified = arguments.trust.verify(path, compared)?;
    if arguments.json {
        printer.data(&table::pretty(&report_json(&verified.report))?)?;
    } else {
        printer.data(&text(&verified, printer))?;
    }
    Ok(verified.answer())
}

fn text(verified: &Verified, printer: &Printer) -> String {
    let report = &verified.report;
    let mut text = steps(report, printer);
    text.push_str(&verified.warning(printer));
    // Verdicts of a certificate that is not intact would be read as if they held.
    let is_intact = matches!(report.outcome, Outcome::Valid | Outcome::ValidDemo | Outcome::Untrusted);
    if let (Some(certificate), Some(judgement), true) = (&report.certificate, &report.judgement, is_intact) {
        text.push('\n');
        text.push_str(&table::judgement(certificate, judgement, printer));
        text.push_str(&standing::added(report, printer));
    }
    text.push('\n');
    text.push_str(&verified.conclusion(printer));
    text
}

fn steps(report: &Report, printer: &Printer) -> String {
    let mut text = String::new();
    for step in &report.steps {
        let (symbol, style) = if step.passed { ("✓", Style::Good) } else { ("✗", Style::Bad) };
        let (name, found) = (step.step.name(), inert(&step.found));
        text.push_str(&format!("{} {name:<13} {found}\n", printer.styled(style, symbol)));
    }
    text
}
