//! `plimsoll cert`: what one does with certificates. Every verb verifies before it says anything.

mod amend;
mod badge;
mod compare;
mod coverage;
mod export;
mod history;
mod recheck;
mod roadmap;
mod show;
mod sign;

use std::path::{Path, PathBuf};

use plimsoll_base::Kind;
use plimsoll_certify::conclusion;
use plimsoll_evidence::Outcome;

use super::verified::{Compared, Trust, Verified};
use crate::exit::Answer;
use crate::failure::Failure;
use crate::print::Printer;

/// What one does with certificates: read one, sign it off, withdraw it, hand it on, ask what has become of it
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  plimsoll cert show certificates/notes      what is proven, and until when
  plimsoll cert history certificates/notes   every attempt that was logged
  plimsoll cert roadmap certificates/notes   what the next status waits for
  plimsoll cert export certificates/notes --format junit
  plimsoll cert recheck certificates/notes --subject notes.toml
  plimsoll cert compare certificates/old certificates/new
  plimsoll cert sign DIR --role security-review --who 'Ada Example'
  plimsoll cert revoke DIR --reason 'the load generator had a fault'
  plimsoll cert coverage certificates/notes --framework soc2

Each verifies the folder first, as `plimsoll verify` does.

Exit: as each command says")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Show(show::Show),
    History(history::History),
    Roadmap(roadmap::Shown),
    Export(export::Export),
    Recheck(recheck::Arguments),
    Compare(compare::Arguments),
    Sign(sign::Sign),
    Revoke(amend::Revoke),
    Suspend(amend::Suspend),
    Reinstate(amend::Reinstate),
    Supersede(amend::Supersede),
    Waive(amend::Waive),
    Refresh(amend::Refresh),
    Coverage(coverage::Arguments),
    Badge(badge::Arguments),
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
        Verb::Roadmap(arguments) => roadmap::run(&arguments, printer),
        Verb::Export(arguments) => export::run(&arguments, printer),
        Verb::Recheck(arguments) => recheck::run(&arguments, printer),
        Verb::Compare(arguments) => compare::run(&arguments, printer),
        Verb::Sign(arguments) => sign::run(&arguments, printer),
        Verb::Revoke(arguments) => arguments.run(printer),
        Verb::Suspend(arguments) => arguments.run(printer),
        Verb::Reinstate(arguments) => arguments.run(printer),
        Verb::Supersede(arguments) => arguments.run(printer),
        Verb::Waive(arguments) => arguments.run(printer),
        Verb::Refresh(arguments) => arguments.run(printer),
        Verb::Coverage(arguments) => coverage::run(&arguments, printer),
        Verb::Badge(arguments) => badge::run(&arguments, printer),
    }
}

impl Place {
    /// Verifies the folder. One in which there is no certificate is an error here: there is nothing to show.
    fn verify(&self) -> Result<Verified, Failure> {
        found(&self.trust, &self.folder)
    }
}

/// Verifies a folder in which there must be a certificate.
fn found(trust: &Trust, folder: &Path) -> Result<Verified, Failure> {
    let verified = trust.verify(folder, Compared::default())?;
    if verified.report.outcome != Outcome::Unreadable {
        return Ok(verified);
    }
    let problem = format!("{}: {}", folder.display(), conclusion(&verified.report));
    Err(Failure::new(Kind::Invalid, problem)
        .hint("give the folder of a certificate: certificate.dsse.json lies in it"))
}
