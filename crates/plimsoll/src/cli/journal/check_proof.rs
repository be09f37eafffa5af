//! `plimsoll journal check-proof`: a proof, a record and a key, and no journal.

use std::path::{Path, PathBuf};

use plimsoll_base::Kind;
use plimsoll_proof::{Checkpoint, LogProof, VerifierKey};
use plimsoll_store::Record;
use serde_json::{Value, json};

use super::{Place, text_line};
use crate::cli::table::pretty;
use crate::exit::Answer;
use crate::failure::Failure;
use crate::input::read_at_most;
use crate::print::{Printer, Style};
use crate::record::{read_shown, shown};

/// Longest file, in bytes: an export of some ten thousand records. It is held in memory.
const FILE_BYTES_MAX: u64 = 64 << 20;
/// How every version of a proof begins.
const PROOF_BEGINS: &str = "c2sp.org/tlog-proof@";

/// Check a proof offline: does this record stand in the log that this key has signed?
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  plimsoll journal check-proof 17.json --key 'plimsoll/0123456789abcdef+89abcdef+AR...'
  plimsoll journal check-proof 17.tlog-proof --record audit.jsonl --key KEY

PROOF is what `plimsoll journal prove N` prints, or the server's
/api/v1/journal/proofs/N. With --json the former holds the record too; else it is
looked for in a file of records: what `plimsoll journal export` prints, or
/api/v1/audit/export. KEY is `journal_key` in /api/v1/settings.

Exit codes:
  0  valid: the record stood there when the log was signed, to the byte
  1  invalid
  2  there is no proof or no record in the files, or the command line is wrong
  3  the log was signed by another key, or none is known")]
pub(super) struct CheckProof {
    /// The proof
    #[arg(value_name = "PROOF")]
    proof: PathBuf,
    /// The records, a JSON object a line, unless the proof holds its own
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// The key that must have signed the log [default: that in the data folder]
    #[arg(long, value_name = "KEY")]
    key: Option<VerifierKey>,
    #[command(flatten)]
    place: Place,
    /// Print the result as one JSON object
    #[arg(long)]
    json: bool,
}

/// What speaks against a proof.
enum Doubt {
    /// It does not prove this.
    Invalid(String),
    /// It is by somebody unknown.
    Untrusted(String),
}

/// A file that claims to be a proof, and the record that came with it.
struct Claim {
    proof: String,
    record: Option<Value>,
}

/// What is proven.
struct Proven {
    record: Record,
    signed: Checkpoint,
}

pub(super) fn run(arguments: CheckProof, printer: &Printer) -> Result<Answer, Failure> {
    let CheckProof { proof, record, key, place, json } = arguments;
    let key = match key {
        Some(key) => Some(key),
        None if place.data().is_ok() => place.journal_key()?,
        // Without a home there is no folder, and no key in it.
        None => None,
    };
    let claim = read_claim(&proof)?;
    let found = match LogProof::parse(&claim.proof) {
        Err(error) => Err(Doubt::Invalid(error.to_string())),
        Ok(proof) => {
            let line = match claim.record {
                Some(record) => record,
                None => find_line(record.as_deref(), proof.index.saturating_add(1))?,
            };
            check(&proof, &line, key.as_ref())
        }
    };
    let text = if json { as_json(&found)? } else { as_text(&found, printer) };
    printer.data(&text)?;
    Ok(match found {
        Ok(_) => Answer::Yes,
        Err(Doubt::Invalid(_)) => Answer::No,
        Err(Doubt::Untrusted(_)) => Answer::Inconclusive,
    })
}

fn read(path: &Path) -> Result<String, Failure> {
    String::from_utf8(read_at_most(path, FILE_BYTES_MAX)?)
        .map_err(|_| Failure::new(Kind::Invalid, format!("{}: not text in UTF-8", path.display())))
}

/// What is no proof at all is the caller's mistake; one that is malformed is invalid.
fn read_claim(path: &Path) -> Result<Claim, Failure> {
    let text = read(path)?;
    if text.starts_with(PROOF_BEGINS) {
        return Ok(Claim { proof: text, record: None });
    }
    let mut whole: Value = serde_json::from_str(&text).unwrap_or_default();
    match whole["proof"].as_str() {
        Some(proof) => Ok(Claim {
            proof: proof.to_owned(),
            record: Some(whole["record"].take()).filter(|record| !record.is_null()),
        }),
        None => Err(Failure::new(Kind::Invalid, format!("{} is no proof", path.display()))
            .hint("give what `plimsoll journal prove N` prints")),
    }
}

/// The line of the record at a position.
fn find_line(file: Option<&Path>, position: u64) -> Result<Value, Failure> {
    let hint = "export it: `plimsoll journal export`, or /api/v1/audit/export of the server";
    let Some(file) = file else {
        let problem = "the proof holds no record: it proves that something stands there, and not what";
        return Err(Failure::new(Kind::Invalid, problem).hint("name a file that holds it with --record"));
    };
    let text = read(file)?;
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let found = lines.into_iter().find(|line| line["position"] == position);
    let absent = || format!("there is no record {position} in {}", file.display());
    found.ok_or_else(|| Failure::new(Kind::Invalid, absent()).hint(hint))
}

fn check(proof: &LogProof, line: &Value, key: Option<&VerifierKey>) -> Result<Proven, Doubt> {
    let record = read_shown(line).map_err(Doubt::Invalid)?;
    if record.position != proof.index.saturating_add(1) {
        let problem =
            format!("the record is number {}, and the proof is of entry {}", record.position, proof.index);
        return Err(Doubt::Invalid(problem));
    }
    proof.verify_inclusion(&record.leaf()).map_err(|error| Doubt::Invalid(error.to_string()))?;
    let signed = proof.checkpoint.checkpoint.clone();
    let unknown = || Doubt::Untrusted(format!("no key is known, and the log is {}", signed.origin));
    match proof.checkpoint.verify(key.ok_or_else(unknown)?, &[]) {
        Ok(_) => Ok(Proven { record, signed }),
        Err(error) if error.kind() == Kind::Inconclusive => Err(Doubt::Untrusted(error.to_string())),
        Err(error) => Err(Doubt::Invalid(error.to_string())),
    }
}

fn as_json(found: &Result<Proven, Doubt>) -> Result<String, Failure> {
    pretty(&match found {
        Ok(Proven { record, signed }) => json!({
            "outcome": "valid",
            "record": shown(record),
            "origin": signed.origin,
            "signed": signed.tree.size,
        }),
        Err(Doubt::Invalid(reason)) => json!({ "outcome": "invalid", "reason": reason }),
        Err(Doubt::Untrusted(reason)) => json!({ "outcome": "untrusted", "reason": reason }),
    })
}

fn as_text(found: &Result<Proven, Doubt>, printer: &Printer) -> String {
    match found {
        Ok(Proven { record, signed }) => format!(
            "record      {}\ncheckpoint  {} records, signed by {}\n{}\n",
            text_line(record).trim(),
            signed.tree.size,
            signed.origin,
            printer.styled(Style::Good, "✓ valid")
        ),
        Err(Doubt::Invalid(reason)) => format!("{}: {reason}\n", printer.styled(Style::Bad, "✗ invalid")),
        Err(Doubt::Untrusted(reason)) => {
            format!("{}: {reason}\n", printer.styled(Style::Doubtful, "? untrusted"))
        }
    }
}
