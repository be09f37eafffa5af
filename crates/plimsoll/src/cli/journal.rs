//! `plimsoll journal`: what Plimsoll remembers, looked at from outside: while the server runs, or when none does.

use std::path::PathBuf;

use plimsoll_base::Kind;
use plimsoll_proof::VerifierKey;
use plimsoll_store::{Amount, JournalView, Record, StreamName, verify};
use serde_json::json;

use super::table::pretty;
use crate::exit::Answer;
use crate::failure::Failure;
use crate::print::{Printer, Style, one_line};
use crate::record::{shown, time};
use crate::state;

/// Records that are read and printed at once.
const PAGE: usize = 1_000;

/// Look into the journal: verify it, read it, prove what stands in it
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  plimsoll journal verify                every record, every hash, every row
  plimsoll journal tail                  the last 20 records
  plimsoll journal tail --stream audit --count 100
  plimsoll journal export > journal.jsonl
  plimsoll journal prove 17 > 17.tlog-proof

The journal may be in use meanwhile. Nothing is changed.

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

Without --key the checkpoint is not held against a key, and whoever could write
the files could have made all of it anew.

Exit: 0 intact, 4 there is no journal, 6 damaged")]
struct Verify {
    /// The key that must have signed the checkpoint
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
  plimsoll journal prove 17 --json

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
    }
}

impl Place {
    fn folder(self) -> Result<PathBuf, Failure> {
        let data = match self.data {
            Some(data) => data,
            None => state::folder(None)?.join("data"),
        };
        Ok(data.join("journal"))
    }

    fn open(self) -> Result<JournalView, Failure> {
        Ok(JournalView::open(&self.folder()?)?)
    }
}

fn verify_journal(arguments: Verify, printer: &Printer) -> Result<Answer, Failure> {
    let verified = verify(&arguments.place.folder()?, arguments.key.as_ref())?;
    let signed = verified.checkpoint.as_ref().map(|signed| &signed.checkpoint);
    if arguments.json {
        let result = json!({
            "intact": verified.findings.is_empty(),
            "records": verified.records,
            "trimmed": verified.trimmed,
            "streams": verified.streams,
            "root": verified.tree.root,
            "signed": signed.map(|signed| signed.tree.size),
            "origin": signed.map(|signed| &signed.origin),
            "key_compared": arguments.key.is_some(),
            "findings": verified.findings,
        });
        printer.data(&pretty(&result)?)?;
    } else {
        let mut text = format!(
            "records     {} in {} streams, {} of them trimmed\n",
            verified.records, verified.streams, verified.trimmed
        );
        text.push_str(&format!("root        {}\n", verified.tree.root));
        text.push_str(&match signed {
            Some(signed) if arguments.key.is_some() => {
                format!("checkpoint  {} records, signed by {}\n", signed.tree.size, signed.origin)
            }
            Some(signed) => format!(
                "checkpoint  {} records, signed by {}; not held against a key\n",
                signed.tree.size, signed.origin
            ),
            None => "checkpoint  none yet\n".to_owned(),
        });
        for finding in &verified.findings {
            text.push_str(&format!("{} {finding}\n", printer.styled(Style::Bad, "✗")));
        }
        text.push_str(&match verified.findings.is_empty() {
            true => printer.styled(Style::Good, "✓ intact\n"),
            false => printer.styled(Style::Bad, "✗ damaged\n"),
        });
        printer.data(&text)?;
    }
    if verified.findings.is_empty() {
        return Ok(Answer::Yes);
    }
    let hint = "nothing was changed: restore a backup, and keep the damaged folder to look at";
    Err(Failure::new(Kind::Corrupt, "the journal is damaged").hint(hint))
}

fn tail(arguments: Tail, printer: &Printer) -> Result<Answer, Failure> {
    let journal = arguments.place.open()?;
    let line = if arguments.json { json_line } else { text_line };
    let all = Amount::records(PAGE);
    let Some(stream) = arguments.stream else {
        let after = journal.position()?.saturating_sub(arguments.count);
        let read = |after| journal.tail(after, all);
        return print_after(after, read, |record| record.position, line, printer);
    };
    let stream = StreamName::new(&stream)?;
    let after = journal.sequence(&stream)?.saturating_sub(arguments.count);
    let read = |after| journal.read(&stream, after, all);
    print_after(after, read, |record| record.sequence, line, printer)
}

fn export(arguments: Export, printer: &Printer) -> Result<Answer, Failure> {
    let journal = arguments.place.open()?;
    let read = |after| journal.tail(after, Amount::records(PAGE));
    print_after(arguments.after, read, |record| record.position, json_line, printer)
}

/// Prints page after page until there is nothing more; what is printed is not held.
fn print_after(
    after: u64,
    read: impl Fn(u64) -> plimsoll_store::Result<Vec<Record>>,
    place: fn(&Record) -> u64,
    line: fn(&Record) -> String,
    printer: &Printer,
) -> Result<Answer, Failure> {
    let mut after = after;
    loop {
        let page = read(after)?;
        let Some(last) = page.last() else { return Ok(Answer::Yes) };
        after = place(last);
        printer.data(&page.iter().map(line).collect::<String>())?;
    }
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
