//! What an issuer says of a certificate after it was issued: one path for every statement.

use std::path::{Path, PathBuf};

use plimsoll_base::{Clock, Kind, Utc, inert};
use plimsoll_certify::{Amendment, LaterStatement, State, SystemClock, conclusion, make_statement};
use plimsoll_evidence::{EntryType, Issuance, Outcome, Report, Said, WORDS_CHARACTERS_MAX, are_words};
use plimsoll_keys::{IssuerName, Keyring, LogKey};
use plimsoll_proof::{Digest, VerifierKey};

use crate::cli::table::pretty;
use crate::cli::verified::answer_to;
use crate::exit::Answer;
use crate::failure::Failure;
use crate::passphrase::PassphraseArguments;
use crate::print::Printer;
use crate::state;

/// Withdraw a certificate for good
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  plimsoll cert revoke DIR --reason 'the load generator had a fault'

The statement becomes an entry of the issuer's log, and the log in the folder
what it is now. Whoever got the folder before has the log of then: give them
the new one, which `plimsoll verify NEW --after OLD` holds against theirs.

Exit codes:
  0  said and logged
  1  refused: the certificate is invalid
  2  there is no certificate, or the command line is wrong
  3  refused: evidence is missing
  4  it cannot be said, or this is not the issuer's machine or passphrase
  5  a file cannot be read or written, or another command changes it
  6  the log or a key is damaged")]
pub(super) struct Revoke {
    #[command(flatten)]
    common: Common,
}

/// Let a certificate rest: it does not hold until it is reinstated
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  plimsoll cert suspend DIR --reason 'rejected by the security reviewer'
  plimsoll cert reinstate DIR --reason 'looked at again: it was another build'

Exit: as `plimsoll cert revoke`")]
pub(super) struct Suspend {
    #[command(flatten)]
    common: Common,
}

/// Let a suspended certificate hold again
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  plimsoll cert reinstate DIR --reason 'looked at again: it was another build'

Exit: as `plimsoll cert revoke`; 4 also if it is not suspended")]
pub(super) struct Reinstate {
    #[command(flatten)]
    common: Common,
}

/// Say that another certificate has taken the place of this one
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  plimsoll cert supersede OLD --by NEW --reason 'version 2 is out'

Exit: as `plimsoll cert revoke`")]
pub(super) struct Supersede {
    #[command(flatten)]
    common: Common,
    /// The folder of the other certificate
    #[arg(long, value_name = "NEW")]
    by: PathBuf,
}

/// Let a blocking criterion that is not met pass until a time: somebody answers for it
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  plimsoll cert waive DIR latency-p99 --who 'Ada Example' \\
      --until 2027-01-31T00:00:00Z --why 'the report runs at night only'

The verdict stays what it is and is shown beside the waiver; the certificate is
worth `conditional` at most while it lasts. The last waiver of a criterion
counts. Nothing is waived that is met, does not block, or ended in ERROR.

Exit: as `plimsoll cert revoke`")]
pub(super) struct Waive {
    #[command(flatten)]
    common: Common,
    /// The criterion or gap, by its id
    #[arg(value_name = "CRITERION")]
    criterion: String,
    /// Who answers for it
    #[arg(long, value_name = "NAME")]
    who: String,
    /// The first second at which it is over
    #[arg(long, value_name = "TIME")]
    until: Utc,
}

/// Put the issuer's log as it is now beside a certificate, and say nothing new
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  plimsoll cert refresh DIR   before handing it on

Exit: as `plimsoll cert revoke`")]
pub(super) struct Refresh {
    #[command(flatten)]
    place: IssuersPlace,
}

#[derive(Debug, clap::Args)]
struct Common {
    #[command(flatten)]
    place: IssuersPlace,
    /// Why, as a sentence: it is logged, and everybody reads it
    #[arg(long, value_name = "WHY", visible_alias = "why")]
    reason: String,
}

/// The certificate, and its issuer's key.
#[derive(Debug, clap::Args)]
struct IssuersPlace {
    /// The certificate's folder
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseArguments,
    /// Where keys and logs are kept [default: $XDG_STATE_HOME/plimsoll]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Print the entry of the log as one JSON object
    #[arg(long)]
    json: bool,
}

impl Revoke {
    pub(super) fn run(self, printer: &Printer) -> Result<Answer, Failure> {
        self.common.say(EntryType::Revoked, printer)
    }
}

impl Suspend {
    pub(super) fn run(self, printer: &Printer) -> Result<Answer, Failure> {
        self.common.say(EntryType::Suspended, printer)
    }
}

impl Reinstate {
    pub(super) fn run(self, printer: &Printer) -> Result<Answer, Failure> {
        self.common.say(EntryType::Reinstated, printer)
    }
}

impl Supersede {
    pub(super) fn run(self, printer: &Printer) -> Result<Answer, Failure> {
        let successor = Some(successor(&self.by)?);
        let said = Said { successor, ..Said::because(&self.common.reason) };
        self.common.place.make(Some(LaterStatement { entry_type: EntryType::Superseded, said }), printer)
    }
}

impl Waive {
    pub(super) fn run(self, printer: &Printer) -> Result<Answer, Failure> {
        let said = Said {
            criterion: Some(self.criterion),
            who: Some(self.who),
            until: Some(self.until),
            ..Said::because(&self.common.reason)
        };
        self.common.place.make(Some(LaterStatement { entry_type: EntryType::Waived, said }), printer)
    }
}

impl Refresh {
    pub(super) fn run(self, printer: &Printer) -> Result<Answer, Failure> {
        self.place.make(None, printer)
    }
}

impl Common {
    fn say(self, entry_type: EntryType, printer: &Printer) -> Result<Answer, Failure> {
        let said = Said::because(&self.reason);
        self.place.make(Some(LaterStatement { entry_type, said }), printer)
    }
}

impl IssuersPlace {
    fn make(self, statement: Option<LaterStatement>, printer: &Printer) -> Result<Answer, Failure> {
        let at = SystemClock.now();
        if let Some(said) = statement.as_ref().map(|statement| &statement.said) {
            check_words(said, at)?;
        }
        let folder = Amendment::open(&self.folder)?;
        let report = folder.report(at);
        if let Some(answer) = intact_or(is_intact(&report), &report, "nothing said", printer) {
            return Ok(answer);
        }
        let state = State::open(&state::folder(self.state)?)?;
        let key = log_key(&report, &Keyring::open(&state.keys())?, &self.passphrase)?;
        let logged = make_statement(&state, &key, folder, statement.as_ref(), at)?;
        let text = match (&logged, self.json) {
            (logged, true) => pretty(logged)?,
            (Some(entry), false) => format!("{} at {}, and logged\n", entry.entry_type.name(), entry.time),
            (None, false) => "the folder has the log as it is now\n".to_owned(),
        };
        printer.data(&text)?;
        Ok(Answer::Yes)
    }
}

/// What would not be read again is not written.
fn check_words(said: &Said, at: Utc) -> Result<(), Failure> {
    check_lines([Some(&said.reason), said.who.as_ref()])?;
    check_to_come(said.until, at, "--until")
}

/// Refuses texts that cannot be shown in one line, or say nothing.
pub(super) fn check_lines(texts: [Option<&String>; 2]) -> Result<(), Failure> {
    if texts.into_iter().flatten().all(|text| are_words(text)) {
        return Ok(());
    }
    Err(Failure::new(Kind::Invalid, "a reason or a name is empty, too long, or not one line")
        .hint(format!("one line of at most {WORDS_CHARACTERS_MAX} characters")))
}

/// Refuses a time that is over.
pub(super) fn check_to_come(time: Option<Utc>, at: Utc, option: &str) -> Result<(), Failure> {
    match time {
        Some(time) if time <= at => Err(Failure::new(Kind::Invalid, format!("{time} is over already"))
            .hint(format!("give a time to come with {option}"))),
        _ => Ok(()),
    }
}

/// Whether a folder is what its issuer signed, whatever was said since.
fn is_intact(report: &Report) -> Result<(), String> {
    if report.outcome == Outcome::Untrusted { Ok(()) } else { Err(conclusion(report)) }
}

/// The answer to what is not intact, which is told; none to what is.
pub(super) fn intact_or(
    intact: Result<(), String>,
    report: &Report,
    what: &str,
    printer: &Printer,
) -> Option<Answer> {
    let reason = intact.err()?;
    let refused = Failure::new(Kind::Invalid, format!("{what}: {}", inert(&reason)));
    printer.failure(&refused.hint("plimsoll verify says what it found, step by step"));
    // Intact as bytes, and not in its time: the answer is no.
    Some(if report.outcome == Outcome::Untrusted { Answer::No } else { answer_to(report.outcome) })
}

/// The key of the log that the certificate names, if it is kept here.
fn log_key(report: &Report, keyring: &Keyring, passphrase: &PassphraseArguments) -> Result<LogKey, Failure> {
    let certificate = report.certificate.as_ref();
    if certificate.is_some_and(|certificate| certificate.issuance == Issuance::Demo) {
        return Err(Failure::new(Kind::Conflict, "the log of a demonstration is kept nowhere")
            .hint("certify with a key of your own: plimsoll keys new NAME"));
    }
    let wanted = certificate.map(|certificate| certificate.issuer.log_key.as_str());
    let issuers = keyring.list()?;
    let found =
        issuers.iter().find(|one| Some(VerifierKey::of_issuer(one.log).to_string().as_str()) == wanted);
    let Some(issuer) = found else {
        return Err(Failure::new(Kind::NotFound, "the certificate's issuer has no keys here")
            .hint("only its issuer makes statements about it: give his state folder with --state"));
    };
    let name: &IssuerName = &issuer.name;
    Ok(keyring.load_log_key(name, &passphrase.read(name.as_str(), false)?)?)
}

/// What a successor is called in a log.
fn successor(folder: &Path) -> Result<Digest, Failure> {
    let report = Amendment::open(folder)?.report(SystemClock.now());
    match (is_intact(&report), report.payload) {
        (Ok(()), Some(payload)) => Ok(payload),
        (intact, _) => {
            let reason = intact.err().unwrap_or_default();
            Err(Failure::new(Kind::Invalid, format!("{}: {}", folder.display(), inert(&reason))))
        }
    }
}
