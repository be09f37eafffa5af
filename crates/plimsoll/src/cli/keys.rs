//! `plimsoll keys`: the keys that sign here, and those that are believed here.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use plimsoll_base::Kind;
use plimsoll_certify::keys_folder;
use plimsoll_keys::{Issuer, IssuerName, KeyPurpose, Keyring, Reviewer};
use plimsoll_proof::{TRUST_FILE_BYTES_MAX, TrustEntry};
use serde_json::{Value, json};

use super::table::pretty;
use crate::exit::Answer;
use crate::failure::Failure;
use crate::passphrase::PassphraseArguments;
use crate::print::Printer;
use crate::state;

/// Eight of the sixteen groups of four: a whole fingerprint would not fit on a line beside its purpose.
const FINGERPRINT_HALF: usize = 39;
/// The words with which a line of a trust file begins.
const TRUST_WORDS: [&str; 4] = ["certificate", "log", "witness", "reviewer"];

/// Make the keys that sign, and say whose keys are believed
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  plimsoll keys new acme                 for certificates and for their log
  plimsoll keys new ada --reviewer       for somebody who signs certificates off
  plimsoll keys export acme > acme.keys  what others need to believe them
  plimsoll keys trust acme.keys          believe somebody else's
  plimsoll keys list

Private keys lie sealed in the state folder and never leave it.

Exit: as each command says")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    New(New),
    List(List),
    Trust(Trust),
    Export(Export),
}

/// Make the two keys of a new issuer, or the one of a reviewer, sealed under a passphrase
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  plimsoll keys new acme               asks for the passphrase, twice
  plimsoll keys new acme --passphrase-file $CREDENTIALS_DIRECTORY/plimsoll
  plimsoll keys new acme --passphrase-fd 3 3< <(pass show plimsoll)
  plimsoll keys new ada --reviewer     for `plimsoll cert sign`

Exit: 0 made, 2 name or passphrase not allowed, 4 there is one of that name")]
struct New {
    /// What the issuer is called on this machine: 1 to 40 of a-z, 0-9 and `-`
    name: IssuerName,
    /// Make the key of a person who signs certificates off
    #[arg(long)]
    reviewer: bool,
    #[command(flatten)]
    passphrase: PassphraseArguments,
    #[command(flatten)]
    place: Place,
}

/// List the issuers whose keys are kept here, and all keys that are believed
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  plimsoll keys list
  plimsoll keys list --json | jq -r '.trusted[].fingerprint'

Exit: 0 listed, 6 a key or a pin is corrupt")]
struct List {
    #[command(flatten)]
    place: Place,
}

/// Believe the keys of a trust file, or of one line of one
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  plimsoll keys trust acme.keys
  plimsoll keys trust 'certificate plimsoll/0123456789abcdef+89abcdef+AR...'

Compare the fingerprints that are printed with those that the issuer tells you
by another way.

Exit: 0 they are believed from now on, or were before, 2 malformed, 4 believed
already until another time")]
struct Trust {
    /// A file as `plimsoll keys export` prints it, or one line of it
    #[arg(value_name = "FILE|LINE", required = true)]
    keys: Vec<String>,
    #[command(flatten)]
    place: Place,
}

/// Print the public keys of an issuer, for others to believe
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  plimsoll keys export acme > acme.keys  for `keys trust`, `verify --issuer`
  plimsoll keys export acme --pem        the certificate key, for openssl
  plimsoll keys export acme --pem --purpose log
  plimsoll keys export ada --reviewer    the line that makes others believe ada

Exit: 0 printed, 4 there is no such issuer")]
struct Export {
    /// The issuer
    name: IssuerName,
    /// It is the name of a reviewer
    #[arg(long, conflicts_with = "pem")]
    reviewer: bool,
    /// Print one public key as PEM
    #[arg(long)]
    pem: bool,
    /// Which key to print as PEM
    #[arg(long, value_enum, default_value_t = PurposeArgument::Certificate, requires = "pem")]
    purpose: PurposeArgument,
    /// Where keys and logs are kept [default: $XDG_STATE_HOME/plimsoll]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum PurposeArgument {
    Certificate,
    Log,
}

/// Where keys lie, and how the answer is written.
#[derive(Debug, clap::Args)]
struct Place {
    /// Where keys and logs are kept [default: $XDG_STATE_HOME/plimsoll]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Print the result as one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: Arguments, printer: &Printer) -> Result<Answer, Failure> {
    let text = match &arguments.verb {
        Verb::New(arguments) => new(arguments)?,
        Verb::List(arguments) => list(arguments)?,
        Verb::Trust(arguments) => trust(arguments)?,
        Verb::Export(arguments) => export(arguments)?,
    };
    printer.data(&text)?;
    Ok(Answer::Yes)
}

fn keyring(state: Option<&PathBuf>) -> Result<Keyring, Failure> {
    Ok(Keyring::open(&keys_folder(&state::folder(state.cloned())?))?)
}

fn new(arguments: &New) -> Result<String, Failure> {
    let keyring = keyring(arguments.place.state.as_ref())?;
    if arguments.reviewer {
        return new_reviewer(arguments, &keyring);
    }
    // Before anybody types a passphrase twice for nothing. Under the lock it is looked at again.
    if keyring.list()?.iter().any(|issuer| issuer.name == arguments.name) {
        return Err(plimsoll_keys::Error::Exists(arguments.name.to_string()).into());
    }
    let passphrase = arguments.passphrase.read(arguments.name.as_str(), true)?;
    let issuer = keyring.create(&arguments.name, &passphrase)?;
    if arguments.place.json {
        return pretty(&issuer_json(&issuer));
    }
    Ok(format!(
        "{}\nNobody can bring back a forgotten passphrase. To believe what you sign, others\n\
         need the public keys:\n\n  plimsoll keys export {name} > {name}.keys\n  plimsoll certify subject.toml --key {name}\n",
        issuer_text(&issuer),
        name = issuer.name
    ))
}

fn new_reviewer(arguments: &New, keyring: &Keyring) -> Result<String, Failure> {
    let name = &arguments.name;
    if keyring.reviewers()?.iter().any(|reviewer| reviewer.name == *name) {
        return Err(plimsoll_keys::Error::Exists(name.to_string()).into());
    }
    let passphrase = arguments.passphrase.read(name.as_str(), true)?;
    let reviewer = keyring.create_reviewer(name, &passphrase)?;
    if arguments.place.json {
        return pretty(&reviewer_json(&reviewer));
    }
    Ok(format!(
        "{}\nNobody can bring back a forgotten passphrase. For what is signed off to count,\n\
         others need the public key:\n\n  plimsoll keys export {name} --reviewer > {name}.keys\n  \
         plimsoll cert sign DIR --role ROLE --who 'NAME' --key {name}\n",
        reviewer_text(&reviewer)
    ))
}

fn list(arguments: &List) -> Result<String, Failure> {
    let keyring = keyring(arguments.place.state.as_ref())?;
    let (issuers, reviewers, pins) = (keyring.list()?, keyring.reviewers()?, keyring.pins()?);
    let own = |entry: &&TrustEntry| {
        issuers.iter().any(|issuer| issuer.trust_entries().contains(entry))
            || reviewers.iter().any(|reviewer| reviewer.trust_entry() == **entry)
    };
    if arguments.place.json {
        return pretty(&json!({
            "issuers": issuers.iter().map(issuer_json).collect::<Vec<_>>(),
            "reviewers": reviewers.iter().map(reviewer_json).collect::<Vec<_>>(),
            "trusted": pins.issuers.entries().iter().map(entry_json).collect::<Vec<_>>(),
            "demo_keys": pins.demos.entries().len(),
        }));
    }
    let mut text: String = issuers.iter().map(issuer_text).collect();
    text.extend(reviewers.iter().map(reviewer_text));
    let others: Vec<&TrustEntry> = pins.issuers.entries().iter().filter(|entry| !own(entry)).collect();
    if !others.is_empty() {
        text.push_str("believed here, made elsewhere\n");
        others.iter().for_each(|entry| text.push_str(&entry_text(entry)));
    }
    if text.is_empty() {
        text.push_str("no keys yet; make some: plimsoll keys new NAME\n");
    }
    Ok(text)
}

fn trust(arguments: &Trust) -> Result<String, Failure> {
    let (place, text) = trust_text(&arguments.keys)?;
    let added = keyring(arguments.place.state.as_ref())?.trust(&text).map_err(|error| match error {
        plimsoll_keys::Error::Pins { source, .. } => plimsoll_keys::Error::Pins { place, source },
        error => error,
    })?;
    if arguments.place.json {
        return pretty(&json!({ "added": added.iter().map(entry_json).collect::<Vec<_>>() }));
    }
    if added.is_empty() {
        return Ok("nothing new: these keys are believed here already\n".to_owned());
    }
    let entries: String = added.iter().map(entry_text).collect();
    Ok(format!(
        "believed here from now on; compare the fingerprints with what the issuer tells you\n{entries}"
    ))
}

/// What is to be believed, and how to name it in an error: a file's text, or the line that was typed.
fn trust_text(words: &[String]) -> Result<(String, String), Failure> {
    let is_line =
        |word: &String| TRUST_WORDS.iter().any(|known| word.split_whitespace().next() == Some(known));
    match words {
        [path] if !is_line(path) => {
            let path = Path::new(path);
            let mut text = String::new();
            // One byte more than a trust file may have, so that a longer one is refused and not cut.
            let limit = TRUST_FILE_BYTES_MAX as u64 + 1;
            let read = fs::File::open(path).and_then(|file| file.take(limit).read_to_string(&mut text));
            read.map_err(Failure::io("reading", path.display())).map_err(|failure| {
                failure.hint("give a file, or a line as `plimsoll keys export` prints it")
            })?;
            match text.lines().all(|line| line.trim().is_empty() || line.trim().starts_with('#')) {
                true => Err(Failure::new(Kind::Invalid, format!("{} holds no key", path.display()))),
                false => Ok((path.display().to_string(), text)),
            }
        }
        line => Ok(("the line to be believed".to_owned(), line.join(" "))),
    }
}

fn export(arguments: &Export) -> Result<String, Failure> {
    let keyring = keyring(arguments.state.as_ref())?;
    if arguments.reviewer {
        return Ok(keyring.export_reviewer(&arguments.name)?);
    }
    if !arguments.pem {
        return Ok(keyring.export_public(&arguments.name)?);
    }
    let purpose = match arguments.purpose {
        PurposeArgument::Certificate => KeyPurpose::Certificate,
        PurposeArgument::Log => KeyPurpose::Log,
    };
    Ok(keyring.export_pem(&arguments.name, purpose)?)
}

fn issuer_text(issuer: &Issuer) -> String {
    let keys = issuer.trust_entries();
    format!("{}\n{}", issuer.name, keys.iter().map(entry_text).collect::<String>())
}

fn reviewer_text(reviewer: &Reviewer) -> String {
    format!("{}\n{}", reviewer.name, entry_text(&reviewer.trust_entry()))
}

fn reviewer_json(reviewer: &Reviewer) -> Value {
    json!({ "name": reviewer.name.as_str(), "keys": [entry_json(&reviewer.trust_entry())] })
}

fn entry_text(entry: &TrustEntry) -> String {
    let until = entry.not_after.map_or_else(String::new, |not_after| format!("  until {not_after}"));
    let fingerprint = entry.key.public_key().fingerprint();
    let (first, second) = fingerprint.split_at_checked(FINGERPRINT_HALF).unwrap_or((&fingerprint, ""));
    format!("  {:<11}  {first}\n{:15}{}{until}\n", entry.purpose.to_string(), "", second.trim_start())
}

fn issuer_json(issuer: &Issuer) -> Value {
    json!({ "name": issuer.name.as_str(), "keys": issuer.trust_entries().iter().map(entry_json).collect::<Vec<_>>() })
}

fn entry_json(entry: &TrustEntry) -> Value {
    json!({
        "purpose": entry.purpose.to_string(),
        "fingerprint": entry.key.public_key().fingerprint(),
        "key": entry.key.to_string(),
        "not_after": entry.not_after,
    })
}
