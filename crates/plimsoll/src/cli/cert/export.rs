//! `plimsoll cert export`.

use std::path::PathBuf;

use plimsoll_base::Kind;
use plimsoll_certify::{ExportFormat, conclusion, export};

use super::Place;
use crate::exit::Answer;
use crate::failure::Failure;
use crate::print::{Printer, inert_line};

/// Write a certificate in a foreign format: evidence, criterion by criterion, and what verify says of it
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  plimsoll cert export DIR --format junit --out certificate.xml
  plimsoll cert export DIR --format sarif --out certificate.sarif
  plimsoll cert export DIR --format markdown >> $GITHUB_STEP_SUMMARY

Formats:
  junit     test cases, as CI systems read them
  sarif     SARIF 2.1.0: a rule and a result for each criterion
  markdown  a summary for a pull request or a wiki
  hdf       HDF results, version 3: MITRE's format of assessments
  oscal     OSCAL assessment results, 1.1: NIST's

Only a verified certificate is exported. What is not proven is a pass in no
format; the same certificate gives the same bytes; none claims compliance.

Exit codes:
  0  written: valid
  1  refused: invalid, withdrawn or expired
  2  there is no certificate, or the command line is wrong
  3  written, saying that the issuer is not known; or refused: evidence is
     missing, or a stranger's certificate is withdrawn or expired
  4  the folder of trusted keys is open to others
  5  a file cannot be read or written
  6  the file of trusted keys is damaged")]
pub(super) struct Export {
    #[command(flatten)]
    place: Place,
    /// The format, by its name
    #[arg(long, value_name = "FORMAT")]
    format: ExportFormat,
    /// Write to this file, in the place of what it has [default: stdout]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn run(arguments: &Export, printer: &Printer) -> Result<Answer, Failure> {
    let verified = arguments.place.verify()?;
    let text = match verified.intact() {
        Ok(intact) => export(&intact, arguments.format),
        Err(reason) => {
            let refused = Failure::new(Kind::Invalid, format!("not exported: {}", inert_line(&reason)));
            printer.failure(&refused.hint("plimsoll verify says what it found, step by step"));
            return Ok(verified.answer());
        }
    };
    match &arguments.out {
        Some(path) => std::fs::write(path, text).map_err(Failure::io("writing", path.display()))?,
        None => printer.data(&text)?,
    }
    if verified.answer() != Answer::Yes {
        printer.status(&inert_line(&conclusion(&verified.report)));
    }
    Ok(verified.answer())
}
