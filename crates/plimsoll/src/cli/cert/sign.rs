//! `plimsoll cert sign`.

use std::path::PathBuf;

use plimsoll_base::{Clock, Kind, Utc, inert};
use plimsoll_certify::{Amendment, Intact, NewSignOff, SystemClock, keys_folder, sign_off};
use plimsoll_evidence::{Decision, Standing};
use plimsoll_keys::{IssuerName, Keyring, ReviewerKey};

use super::amend::{check_lines, check_to_come, intact_or};
use crate::exit::Answer;
use crate::failure::Failure;
use crate::passphrase::PassphraseArguments;
use crate::print::Printer;
use crate::state;

/// Sign a certificate off in a role, with your own key: approve it, or reject it with a reason
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  plimsoll cert sign DIR --role security-review --who 'Ada Example'
  plimsoll cert sign DIR --role final-approval --who 'Ada Example' \\
      --next-review 2027-05-01T00:00:00Z
  plimsoll cert sign DIR --role security-review --who 'Ada Example' --reject \\
      --reason 'the forged token was not tried on /admin'

The key is one of `plimsoll keys new NAME --reviewer`. The sign-off becomes a
file of the folder, sign-offs/ROLE-N.dsse.json; whoever trusts the key sees it
count. A rejection counts for nothing, as if nobody had signed: for it to bind
everybody the issuer has to suspend or revoke the certificate.

Exit codes:
  0  signed
  1  refused: the certificate is invalid, withdrawn, suspended or expired
  2  there is no certificate, or the command line is wrong
  3  refused: evidence is missing
  4  no such key or role, or the passphrase does not open the key
  5  a file cannot be read or written, or another command changes it
  6  a file of keys is damaged")]
pub(super) struct Sign {
    /// The certificate's folder
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// In which role, by its id in the profile
    #[arg(long)]
    role: String,
    /// Your name
    #[arg(long, value_name = "NAME")]
    who: String,
    /// Reject it
    #[arg(long, requires = "reason")]
    reject: bool,
    /// Why
    #[arg(long)]
    reason: Option<String>,
    /// From when it no longer counts: you have to look again before
    #[arg(long, value_name = "TIME")]
    next_review: Option<Utc>,
    /// The reviewer whose key signs [default: the only one]
    #[arg(long, value_name = "REVIEWER")]
    key: Option<IssuerName>,
    #[command(flatten)]
    passphrase: PassphraseArguments,
    /// Where keys are kept [default: $XDG_STATE_HOME/plimsoll]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
}

pub(super) fn run(arguments: &Sign, printer: &Printer) -> Result<Answer, Failure> {
    let at = SystemClock.now();
    check_lines([Some(&arguments.who), arguments.reason.as_ref()])?;
    check_to_come(arguments.next_review, at, "--next-review")?;
    let folder = Amendment::open(&arguments.folder)?;
    let report = folder.report(at);
    if let Some(answer) = intact_or(Intact::of(&report, at).map(drop), &report, "not signed", printer) {
        return Ok(answer);
    }
    let keyring = Keyring::open(&keys_folder(&state::folder(arguments.state.clone())?))?;
    let name = reviewer(arguments, &keyring)?;
    let passphrase = arguments.passphrase.read(name.as_str(), false)?;
    let key = keyring.load_reviewer_key(&name, &passphrase)?;
    let decision = if arguments.reject { Decision::Rejected } else { Decision::Approved };
    let new = NewSignOff {
        role: arguments.role.clone(),
        who: arguments.who.clone(),
        decision,
        reason: arguments.reason.clone(),
        next_review: arguments.next_review,
    };
    let elsewhere = report.standing.as_ref().and_then(|standing| other_role(standing, &key, &new.role));
    let path = sign_off(&key, folder, &new, at)?;
    let shown = inert(&format!("{} by {} as {}", decision.name(), new.who, new.role));
    printer.data(&format!("{shown}: {}\n", arguments.folder.join(path).display()))?;
    if report.profile.as_ref().is_some_and(|profile| profile.sign_off.is_none()) {
        printer.status("the profile asks nobody to sign: it is shown, and the status does not wait for it");
    }
    if let Some(role) = elsewhere {
        let words = format!(
            "this key has signed as {} too: it counts for one role, whichever helps more",
            inert(role)
        );
        printer.status(&words);
    }
    Ok(Answer::Yes)
}

/// Another role in which the key has signed.
fn other_role<'a>(standing: &'a Standing, key: &ReviewerKey, role: &str) -> Option<&'a str> {
    let own = key.verifier_key().to_string();
    let mut said = standing.sign_offs.iter().map(|one| &one.sign_off.said);
    said.find(|said| said.key == own && said.role != role).map(|said| said.role.as_str())
}

fn reviewer(arguments: &Sign, keyring: &Keyring) -> Result<IssuerName, Failure> {
    if let Some(name) = &arguments.key {
        return Ok(name.clone());
    }
    match keyring.reviewers()?.as_slice() {
        [only] => Ok(only.name.clone()),
        [] => Err(Failure::new(Kind::NotFound, "there is no key to sign off with")
            .hint("make one: plimsoll keys new NAME --reviewer")),
        several => {
            let names: Vec<&str> = several.iter().map(|reviewer| reviewer.name.as_str()).collect();
            Err(Failure::new(Kind::Invalid, "there is more than one key to sign off with")
                .hint(format!("choose one with --key: {}", names.join(", "))))
        }
    }
}
