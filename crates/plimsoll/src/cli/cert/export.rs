//! `plimsoll cert export`.

use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use plimsoll_base::{Kind, inert};
use plimsoll_certify::{ExportFormat, conclusion, export};
use tempfile::NamedTempFile;

use super::Place;
use crate::exit::Answer;
use crate::failure::Failure;
use crate::print::Printer;

/// What is exported is for everybody to read.
const FILE_MODE: u32 = 0o644;

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

/// Writes a file as a whole or not at all, and not into the certificate: a folder with a file more is no certificate.
fn write(path: &Path, certificate: &Path, text: &str) -> Result<(), Failure> {
    let failed = || Failure::io("writing", path.display());
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let (into, certificate) = (folder.canonicalize().map_err(failed())?, certificate.canonicalize());
    if certificate.is_ok_and(|certificate| into.starts_with(certificate)) {
        let refused = format!("{} lies in the certificate, which would not be one any more", path.display());
        return Err(Failure::new(Kind::Invalid, refused).hint("write it beside the folder"));
    }
    // A device or a pipe is written to: nothing takes its place.
    if path.metadata().is_ok_and(|there| !there.is_file()) {
        return std::fs::write(path, text).map_err(failed());
    }
    let mut file = NamedTempFile::new_in(&into).map_err(failed())?;
    file.write_all(text.as_bytes()).map_err(failed())?;
    file.as_file().set_permissions(Permissions::from_mode(FILE_MODE)).map_err(failed())?;
    file.persist(path).map_err(|error| failed()(error.error))?;
    Ok(())
}

pub(super) fn run(arguments: &Export, printer: &Printer) -> Result<Answer, Failure> {
    let verified = arguments.place.verify()?;
    let text = match verified.intact() {
        Ok(intact) => export(&intact, arguments.format),
        Err(reason) => {
            let refused = Failure::new(Kind::Invalid, format!("not exported: {}", inert(&reason)));
            printer.failure(&refused.hint("plimsoll verify says what it found, step by step"));
            return Ok(verified.answer());
        }
    };
    match &arguments.out {
        Some(path) => write(path, &arguments.place.folder, &text)?,
        None => printer.data(&text)?,
    }
    if verified.answer() != Answer::Yes {
        printer.status(&inert(&conclusion(&verified.report)));
    }
    Ok(verified.answer())
}
