//! `plimsoll verify`.

use std::path::{Path, PathBuf};

use plimsoll_base::{Clock, Kind, Utc};
use plimsoll_certify::{
    SystemClock, builtin_profiles, identify_path, keys_folder, parse_profile, read_folder,
};
use plimsoll_evidence::{Anchors, Folder, Outcome, Question, Report, verify};
use plimsoll_keys::Keyring;
use plimsoll_proof::TrustFile;
use serde_json::json;

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
        Err(failure) if failure.kind == Kind::Corrupt => unreadable(failure),
        Err(failure) => return Err(failure),
    };
    if arguments.json {
        printer.data(&json(&report)?)?;
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

/// A folder that no certificate can have, such as one with a link in it.
fn unreadable(failure: Failure) -> Report {
    Report {
        outcome: Outcome::Invalid,
        steps: vec![plimsoll_evidence::StepReport {
            step: plimsoll_evidence::StepName::Bytes,
            passed: false,
            found: failure.message,
        }],
        ..Report::default()
    }
}

fn ask(arguments: &Arguments, folder: &Folder) -> Result<Report, Failure> {
    let anchors = anchors(arguments)?;
    let subject = arguments.subject.as_deref().map(|path| identify_path("--subject", path)).transpose()?;
    let after = match arguments.after.as_deref().map(read).transpose() {
        Ok(after) => after,
        Err(failure) if failure.kind == Kind::Corrupt => return Ok(unreadable(failure)),
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

/// Whether the profile is called like one that is built in and says something else. Who compares the names only would
/// take it for that.
fn has_borrowed_name(report: &Report) -> bool {
    let Some(profile) = &report.profile else { return false };
    let namesake = builtin_profiles().iter().find(|(id, _)| *id == profile.id);
    namesake.is_some_and(|(id, text)| parse_profile(id, text).ok().as_ref() != Some(profile))
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

fn json(report: &Report) -> Result<String, Failure> {
    let steps: Vec<_> = report
        .steps
        .iter()
        .map(|step| json!({"step": step.step.name(), "passed": step.passed, "found": step.found}))
        .collect();
    table::pretty(&json!({
        "outcome": report.outcome.name(),
        "fingerprint": report.fingerprint,
        "steps": steps,
        "profile_is_other_than_built_in": has_borrowed_name(report),
        "certificate": report.certificate,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_with_the_name_of_another_is_noticed() {
        let (id, text) = builtin_profiles()[0];
        let profile = parse_profile(id, text).unwrap();
        let report = |profile| Report { profile: Some(profile), ..Report::default() };
        assert!(!has_borrowed_name(&report(profile.clone())));
        let mut lenient = profile.clone();
        lenient.criteria[0].limit *= 2;
        assert!(has_borrowed_name(&report(lenient.clone())));
        lenient.id = "mine".into();
        assert!(!has_borrowed_name(&report(lenient)));
        let shorter = plimsoll_evidence::Profile { trial_ns: profile.trial_ns / 2, ..profile };
        assert!(has_borrowed_name(&report(shorter)));
    }
}
