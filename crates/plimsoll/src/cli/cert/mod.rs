//! `plimsoll cert`: what one does with certificates. Every verb verifies before it says anything.

mod export;
mod history;
mod show;

use std::path::PathBuf;

use plimsoll_base::Kind;
use plimsoll_certify::conclusion;
use plimsoll_evidence::Outcome;

use super::verified::{Compared, Trust, Verified};
use crate::exit::Answer;
use crate::failure::Failure;
use crate::print::Printer;

/// What one does with certificates: read one, its history, hand it on in a foreign format
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  plimsoll cert show certificates/notes      what is proven, and until when
  plimsoll cert history certificates/notes   every attempt that was logged
  plimsoll cert export certificates/notes --format junit

Each verifies the folder first, as `plimsoll verify` does, and says at its top
what came of that.

Exit: as each command says")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Show(show::Show),
    History(history::History),
    Export(export::Export),
}

#[derive(Debug, clap::Args)]
struct Place {
    /// The certificate's folder
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    #[command(flatten)]
    trust: Trust,
}

pub(crate) fn run(arguments: Arguments, printer: &Printer) -> Result<Answer, Failure> {
    match arguments.verb {
        Verb::Show(arguments) => show::run(&arguments, printer),
        Verb::History(arguments) => history::run(&arguments, printer),
        Verb::Export(arguments) => export::run(&arguments, printer),
    }
}

impl Place {
    /// Verifies the folder. One in which there is no certificate is an error here: there is nothing to show.
    fn verify(&self) -> Result<Verified, Failure> {
        let verified = self.trust.verify(&self.folder, Compared::default())?;
        if verified.report.outcome != Outcome::Unreadable {
            return Ok(verified);
        }
        let problem = format!("{}: {}", self.folder.display(), conclusion(&verified.report));
        Err(Failure::new(Kind::Invalid, problem)
            .hint("give the folder of a certificate: certificate.dsse.json lies in it"))
    }
}
