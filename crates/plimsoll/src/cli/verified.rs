//! A certificate's folder as whoever asks sees it: what `verify` and `cert` have in common.

use std::path::{Path, PathBuf};

use plimsoll_base::{Clock, Kind, Utc, inert};
use plimsoll_certify::{
    BORROWED_NAME, Intact, SystemClock, conclusion, has_borrowed_name, identify_path, keys_folder,
    read_folder, unreadable,
};
use plimsoll_evidence::{Anchors, Folder, Outcome, Question, Report, verify};
use plimsoll_keys::Keyring;
use plimsoll_proof::TrustFile;

use crate::exit::Answer;
use crate::failure::Failure;
use crate::input::read_text;
use crate::print::{Printer, Style};
use crate::state;

/// Whom one trusts, and when.
#[derive(Debug, clap::Args)]
pub(super) struct Trust {
    /// Trust the keys in this file, besides those that are trusted on this machine
    #[arg(long, value_name = "KEYS")]
    issuer: Option<PathBuf>,
    /// Ask about this time, such as 2026-11-21T20:59:13Z [default: now]
    #[arg(long, value_name = "TIME")]
    at: Option<Utc>,
    /// Where trusted keys are kept [default: $XDG_STATE_HOME/plimsoll]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
}

/// What else a folder may be held against.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Compared<'a> {
    pub(super) subject: Option<&'a Path>,
    pub(super) after: Option<&'a Path>,
}

/// What was found, and for when.
#[derive(Debug)]
pub(super) struct Verified {
    pub(super) report: Report,
    pub(super) at: Utc,
    /// What was verified; empty where no certificate can be.
    pub(super) folder: Folder,
}

impl Trust {
    /// The keys that are trusted on this machine, now.
    pub(super) fn of_this_machine(state: Option<PathBuf>) -> Self {
        Self { issuer: None, at: None, state }
    }

    /// Verifies a folder. One that no certificate can have is a finding, and no failure.
    pub(super) fn verify(&self, path: &Path, compared: Compared<'_>) -> Result<Verified, Failure> {
        let at = self.at.unwrap_or_else(|| SystemClock.now());
        let (report, folder) = match read(path)? {
            Ok(folder) => (self.ask(&folder, at, compared)?, folder),
            Err(found) => (unreadable(found), Folder::default()),
        };
        Ok(Verified { report, at, folder })
    }

    fn ask(&self, folder: &Folder, at: Utc, compared: Compared<'_>) -> Result<Report, Failure> {
        let anchors = self.anchors()?;
        let subject = compared.subject.map(|path| identify_path("--subject", path)).transpose()?;
        let after = match compared.after.map(read).transpose()?.transpose() {
            Ok(after) => after,
            Err(found) => return Ok(unreadable(found)),
        };
        let question = Question { at, anchors: &anchors, subject: subject.as_deref(), after: after.as_ref() };
        Ok(verify(folder, &question))
    }

    /// The keys that are trusted on this machine, and those of `--issuer`.
    fn anchors(&self) -> Result<Anchors, Failure> {
        let pins = match state::folder(self.state.clone()) {
            Ok(state) => Keyring::open(&keys_folder(&state))?.pins()?,
            // Without a home there are no pins: only --issuer speaks.
            Err(_) => plimsoll_keys::Pins::default(),
        };
        let Some(path) = &self.issuer else {
            return Ok(Anchors { trusted: pins.issuers, demo: pins.demos });
        };
        let text = read_text(path)?;
        let wrong = |error| Failure::new(Kind::Invalid, format!("{}: {error}", path.display()));
        let given = TrustFile::parse(&text).map_err(wrong)?;
        Ok(Anchors { trusted: pins.issuers.with(&given), demo: pins.demos })
    }
}

/// A folder, or why no certificate can have it.
fn read(path: &Path) -> Result<Result<Folder, String>, Failure> {
    if !path.is_dir() {
        let failure = Failure::new(Kind::Invalid, format!("{} is not a folder", path.display()));
        return Err(failure.hint("give the folder of a certificate: certificate.dsse.json lies in it"));
    }
    match read_folder(path).map_err(Failure::from) {
        Ok(folder) => Ok(Ok(folder)),
        Err(failure) if failure.kind == Kind::Corrupt => Ok(Err(failure.message)),
        Err(failure) => Err(failure),
    }
}

/// The answer that an outcome is.
pub(super) fn answer_to(outcome: Outcome) -> Answer {
    match outcome {
        Outcome::Valid | Outcome::ValidDemo => Answer::Yes,
        Outcome::Invalid | Outcome::Revoked | Outcome::Suspended | Outcome::Superseded | Outcome::Expired => {
            Answer::No
        }
        Outcome::Unreadable => Answer::Usage,
        Outcome::Untrusted | Outcome::Incomplete | Outcome::Newer => Answer::Inconclusive,
    }
}

impl Verified {
    pub(super) fn answer(&self) -> Answer {
        answer_to(self.report.outcome)
    }

    /// What may be shown, or why nothing may.
    pub(super) fn intact(&self) -> Result<Intact<'_>, String> {
        Intact::of(&self.report, self.at)
    }

    /// The same whether or not its time is over.
    pub(super) fn at_any_time(&self) -> Result<Intact<'_>, String> {
        Intact::at_any_time(&self.report, self.at)
    }

    /// The last line of `verify`, and the first of what shows a certificate.
    pub(super) fn conclusion(&self, printer: &Printer) -> String {
        let style = match self.answer() {
            Answer::Yes => Style::Good,
            Answer::Inconclusive => Style::Doubtful,
            Answer::No | Answer::Usage => Style::Bad,
        };
        let name = self.report.outcome.name();
        let said = inert(&conclusion(&self.report));
        let reason = said.strip_prefix(name).unwrap_or_default();
        format!("{}{reason}\n", printer.styled(style, name))
    }

    /// A line for a profile that bears the name of another, if this one does.
    pub(super) fn warning(&self, printer: &Printer) -> String {
        if !has_borrowed_name(&self.report) {
            return String::new();
        }
        format!("{} {:<13} {BORROWED_NAME}\n", printer.styled(Style::Doubtful, "!"), "profile")
    }
}
