//! `plimsoll cert badge`.

use plimsoll_base::inert;
use plimsoll_certify::{Badge, conclusion};

use super::Place;
use crate::exit::Answer;
use crate::failure::Failure;
use crate::print::Printer;

/// Draw a certificate as a picture of two words, grey when it does not hold
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  plimsoll cert badge certificates/notes > badge.svg
  plimsoll cert badge DIR --issuer acme.keys > badge.svg

Green is what is certified and nothing else. Expired, withdrawn, made for a
demonstration, or of an issuer who is not known: grey. A file does not change
when the certificate expires: it says until when it may be shown.

Exit codes: those of `plimsoll verify`
  0  valid
  1  invalid, withdrawn or expired
  2  there is no certificate, or the command line is wrong
  3  the issuer is not known, or evidence is missing
  4  the folder of trusted keys is open to others
  5  a file cannot be read
  6  the file of trusted keys is damaged")]
pub(super) struct Arguments {
    #[command(flatten)]
    place: Place,
}

pub(super) fn run(arguments: &Arguments, printer: &Printer) -> Result<Answer, Failure> {
    let verified = arguments.place.verify()?;
    printer.data(&Badge::of(&verified.report, verified.at).svg())?;
    if verified.answer() != Answer::Yes {
        printer.status(&inert(&conclusion(&verified.report)));
    }
    Ok(verified.answer())
}
