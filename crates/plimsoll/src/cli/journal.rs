//! `plimsoll journal`: what Plimsoll remembers, looked at from outside: while the server runs, or when none does.

mod accept_clock;
mod check_proof;

use std::ops::Range;
use std::path::PathBuf;

use plimsoll_certify::keys_folder;
use plimsoll_keys::Keyring;
use plimsoll_proof::VerifierKey;
use plimsoll_store::{Amount, Error, JournalView, READ_BYTES_MAX, Record, StreamName, Verified, verify};
use serde_json::json;

use super::table::pretty;
use crate::exit::Answer;
use crate::failure::Failure;
use crate::print::{Printer, Style, one_line};
use crate::record::{shown, time};
use crate::state;

/// Records that are read and printed at once.
const PAGE: Amount = Amount { records: 1_000, bytes: READ_BYTES_MAX };

/// Look into the journal: verify it, read it, prove what stands in it, check such a proof
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  plimsoll journal verify                every record, every hash, every row
  plimsoll journal tail                  the last 20 records
  plimsoll journal tail --stream audit --count 100
  plimsoll journal export > journal.jsonl
  plimsoll journal prove 17 --json > 17.json
  plimsoll journal check-proof 17.json --key KEY
  plimsoll journal accept-clock          go on after a clock that was ahead

The journal may be in use meanwhile. Only accept-clock changes anything, and
wants the server ended.

Exit: as each command says")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Verify(Verify),
    Tail(Tail),
    Export(Export),
    Prove(Prove),
    CheckProof(check_proof::CheckProof),
    AcceptClock(accept_clock::AcceptClock),
}

#[derive(Debug, clap::Args)]
struct Place {
    /// Where the server keeps its data [default: $XDG_STATE_HOME/plimsoll/data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// Look through the whole journal for anything that is not as it was written
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  plimsoll journal verify
  plimsoll journal verify --key 'plimsoll/0123456789abcdef+89abcdef+AR...'

Without --key the checkpoint is held against the key that lies in the data
folder, if one does. Whoever could write these files could have made all of it
anew, key and all: keep the key elsewhere, and give it.

Exit: 0 intact, 4 there is no journal, 6 damaged")]
struct Verify {
    /// The key that must have signed the checkpoint [default: that in the data folder]
    #[arg(long, value_name = "KEY")]
    key: Option<VerifierKey>,
    #[command(flatten)]
    place: Place,
    /// Print the result as one JSON object
    #[arg(long)]
    json: bool,
}

/// Print the last records
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  plimsoll journal tail
  plimsoll journal tail --stream audit --count 5
  plimsoll journal tail --json | jq .payload

Exit: 0 printed, 4 there is no journal, 6 damaged")]
struct Tail {
    /// How many records
    #[arg(long, value_name = "N", default_value_t = 20)]
    count: u64,
    /// Only the records of this stream
    #[arg(long, value_name = "NAME")]
    stream: Option<String>,
    #[command(flatten)]
    place: Place,
    /// Print a JSON object a line
    #[arg(long)]
    json: bool,
}

/// Print every record, a JSON object a line
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  plimsoll journal export > journal.jsonl
  plimsoll journal export --after 1000

Exit: 0 printed, 4 there is no journal, 6 damaged")]
struct Export {
    /// Only records after this position
    #[arg(long, value_name = "POSITION", default_value_t = 0)]
    after: u64,
    #[command(flatten)]
    place: Place,
}

/// Print the proof that a record stands in the log that was signed (C2SP tlog-proof)
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  plimsoll journal prove 17 > 17.tlog-proof
  plimsoll journal prove 17 --json > 17.json       with the record
  plimsoll journal check-proof 17.json --key KEY   by somebody else

Exit: 0 printed, 4 there is no such record, or it is not signed yet, 6 damaged")]
struct Prove {
    /// The position of the record
    position: u64,
    #[command(flatten)]
    place: Place,
    /// Print the proof and the record as one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: Arguments, printer: &Printer) -> Result<Answer, Failure> {
    match arguments.verb {
        Verb::Verify(arguments) => verify_journal(arguments, printer),
        Verb::Tail(arguments) => tail(arguments, printer),
        Verb::Export(arguments) => export(arguments, printer),
        Verb::Prove(arguments) => prove(arguments, printer),
        Verb::CheckProof(arguments) => check_proof::run(arguments, printer),
        Verb::AcceptClock(arguments) => accept_clock::run(arguments, printer),
    }
}

impl Place {
    fn data(&self) -> Result<PathBuf, Failure> {
        state::data(self.data.clone())
    }

    fn folder(&self) -> Result<PathBuf, Failure> {
        Ok(self.data()?.join("journal"))
    }

    /// The key of the log, as it lies among the server's keys.
    fn journal_key(&self) -> Result<Option<VerifierKey>, Failure> {
        Ok(Keyring::open(&keys_folder(&self.data()?))?.journal_key()?)
    }

    fn open(&self) -> Result<JournalView, Failure> {
        Ok(JournalView::open(&self.folder()?)?)
    }
}

fn verify_journal(arguments: Verify, printer: &Printer) -> Result<Answer, Failure> {
    let Verify { key: given, place, json } = arguments;
    let (folder, is_given) = (place.folder()?, given.is_some());
    let key = match given {
        Some(key) => Some(key),
        None => place.journal_key()?,
    };
    let verified = verify(&folder, key.as_ref())?;
    let text = match json {
        true => verified_json(&verified, key.as_ref(), is_given)?,
        false => verified_text(&verified, key.as_ref(), is_given, printer),
    };
    printer.data(&text)?;
    match verified.findings.first() {
        Some(finding) => Err(Error::Corrupt(finding.clone()).into()),
        None => Ok(Answer::Yes),
    }
}

fn verified_json(verified: &Verified, key: Option<&VerifierKey>, is_given: bool) -> Result<String, Failure> {
    let signed = verified.checkpoint.as_ref().map(|signed| &signed.checkpoint);
    pretty(&json!({
        "intact": verified.findings.is_empty(),
        "records": verified.records,
        "trimmed": verified.trimmed,
        "streams": verified.streams,
        "root": verified.tree.root,
        "signed": signed.map(|signed| signed.tree.size),
        "origin": signed.map(|signed| &signed.origin),
        "key": key.map(ToString::to_string),
        "key_given": is_given,
        "findings": verified.findings,
    }))
}

fn verified_text(
    verified: &Verified,
    key: Option<&VerifierKey>,
    is_given: bool,
    printer: &Printer,
) -> String {
    let mut text = format!(
        "records     {} in {} streams, {} of them trimmed\nroot        {}\n",
        verified.records, verified.streams, verified.trimmed, verified.tree.root
    );
    text.push_str(&match verified.checkpoint.as_ref().map(|signed| &signed.checkpoint) {
        Some(signed) => {
            let held = match (key, is_given) {
                (Some(_), true) => "",
                (Some(_), false) => "; held against the key that lies in the same folder",
                (None, _) => "; not held against a key",
            };
            format!("checkpoint  {} records, signed by {}{held}\n", signed.tree.size, signed.origin)
        }
        None => "checkpoint  none yet\n".to_owned(),
    });
    for finding in &verified.findings {
        text.push_str(&format!("{} {finding}\n", printer.styled(Style::Bad, "✗")));
    }
    text.push_str(&match verified.findings.is_empty() {
        true => printer.styled(Style::Good, "✓ intact\n"),
        false => printer.styled(Style::Bad, "✗ damaged\n"),
    });
    text
}

fn tail(arguments: Tail, printer: &Printer) -> Result<Answer, Failure> {
    let journal = arguments.place.open()?;
    let line = if arguments.json { json_line } else { text_line };
    let Some(stream) = arguments.stream else {
        let end = journal.position()?;
        let places = end.saturating_sub(arguments.count)..end;
        return print(places, |after| journal.tail(after, PAGE), |record| record.position, line, printer);
    };
    let stream = StreamName::new(&stream)?;
    let end = journal.sequence(&stream)?;
    let places = end.saturating_sub(arguments.count)..end;
    print(places, |after| journal.read(&stream, after, PAGE), |record| record.sequence, line, printer)
}

fn export(arguments: Export, printer: &Printer) -> Result<Answer, Failure> {
    let journal = arguments.place.open()?;
    let places = arguments.after..journal.position()?;
    print(places, |after| journal.tail(after, PAGE), |record| record.position, json_line, printer)
}

/// Prints what stands after one place and up to another, page by page; what is printed is not held. The end is known
/// from the beginning: what a server writes meanwhile is not waited for, or this would have no end.
fn print(
    places: Range<u64>,
    read: impl Fn(u64) -> plimsoll_store::Result<Vec<Record>>,
    place: fn(&Record) -> u64,
    line: fn(&Record) -> String,
    printer: &Printer,
) -> Result<Answer, Failure> {
    let Range { start: mut after, end } = places;
    while after < end {
        let page = read(after)?;
        let Some(last) = page.last() else { break };
        after = place(last);
        let wanted = page.iter().filter(|record| place(record) <= end);
        printer.data(&wanted.map(line).collect::<String>())?;
    }
    Ok(Answer::Yes)
}

fn prove(arguments: Prove, printer: &Printer) -> Result<Answer, Failure> {
    let journal = arguments.place.open()?;
    let proof = journal.prove(arguments.position)?;
    if !arguments.json {
        printer.data(&proof.to_string())?;
        return Ok(Answer::Yes);
    }
    // A proof is of a position from 1.
    let record = journal.tail(arguments.position.saturating_sub(1), Amount::records(1))?;
    let record = record.first().filter(|record| record.position == arguments.position);
    printer.data(&pretty(&json!({ "proof": proof.to_string(), "record": record.map(shown) }))?)?;
    Ok(Answer::Yes)
}

fn json_line(record: &Record) -> String {
    one_line(&shown(record)) + "\n"
}

fn text_line(record: &Record) -> String {
    let payload = one_line(&shown(record)["payload"]);
    format!("{:>8}  {}  {}  {}  {payload}\n", record.position, time(record), record.stream, record.kind)
}
