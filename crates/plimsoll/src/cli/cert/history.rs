//! `plimsoll cert history`.

use plimsoll_certify::conclusion;
use plimsoll_evidence::{EntryType, LogEntry, LoggedEntry, Report};
use serde_json::{Value, json};

use super::Place;
use crate::cli::standing;
use crate::cli::table::{pretty, table};
use crate::cli::values::days_s;
use crate::cli::verified::Verified;
use crate::exit::Answer;
use crate::failure::Failure;
use crate::print::{Printer, Style};

/// Print what the issuer's log has of the subject and profile: every attempt, with or without a certificate
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  plimsoll cert history certificates/notes
  plimsoll cert history DIR --issuer acme.keys   with the keys of this file
  plimsoll cert history --json DIR | jq '.without_certificate'
  plimsoll cert history DIR --due 30d         what needs a look within 30 days

The entries are those that ship with the certificate, held against the signed
checkpoint. What came later is not among them, and an issuer may keep a second
log: `plimsoll verify NEW --after OLD` compares two.

Exit codes: those of `plimsoll verify`
  0  valid
  1  invalid, withdrawn, suspended, replaced or expired; with --due also if
     anything is overdue
  2  there is no certificate, or the command line is wrong
  3  the issuer is not known, or evidence is missing
  4  the folder of trusted keys is open to others
  5  a file cannot be read
  6  the file of trusted keys is damaged")]
pub(super) struct History {
    #[command(flatten)]
    place: Place,
    /// Print only what expires or must be looked at again within so many days
    #[arg(long, value_name = "DAYS", value_parser = days_s)]
    due: Option<i64>,
    /// Print the entries as one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &History, printer: &Printer) -> Result<Answer, Failure> {
    let verified = arguments.place.verify()?;
    if let Some(within_s) = arguments.due {
        let text = match arguments.json {
            true => pretty(&standing::due_json(&verified.report, verified.at, within_s))?,
            false => format!(
                "{}{}",
                verified.conclusion(printer),
                standing::due(&verified.report, verified.at, within_s, printer)
            ),
        };
        printer.data(&text)?;
        let is_overdue = standing::is_overdue(&verified.report, verified.at);
        return Ok(if is_overdue { Answer::No } else { verified.answer() });
    }
    let text = if arguments.json { pretty(&json(&verified.report))? } else { text(&verified, printer) };
    printer.data(&text)?;
    Ok(verified.answer())
}

fn text(verified: &Verified, printer: &Printer) -> String {
    let (report, mut text) = (&verified.report, verified.conclusion(printer));
    // Entries are there once they were held against the checkpoint, and not before.
    if report.history.is_empty() {
        return text;
    }
    let (notes, rows) = (notes(report), |(logged, note): (&LoggedEntry, &Note)| row(&logged.entry, *note));
    let rows: Vec<[String; 5]> = report.history.iter().zip(&notes).map(rows).collect();
    let paint = |line: &str, row: Option<usize>| match row.and_then(|row| notes.get(row)) {
        Some(note) if note.is_without_certificate() => printer.styled(Style::Doubtful, line),
        Some(_) => line.to_owned(),
        None => printer.styled(Style::Faint, line),
    };
    text.push_str(&format!("\n{}", table(["seq", "time", "entry", "what it is", "statement"], &rows, paint)));
    let (attempts, without) = counts(report, &notes);
    text.push_str(&format!("\nattempts {attempts}, without a certificate {without}\n"));
    text
}

fn row(entry: &LogEntry, note: Note) -> [String; 5] {
    let (seq, time, statement) = (entry.seq.to_string(), entry.time.to_string(), entry.statement.to_string());
    let reason = entry.said.as_ref().map_or_else(String::new, |said| format!(": {}", said.reason));
    [seq, time, entry.entry_type.name().into(), format!("{}{reason}", note.words()), statement]
}

fn json(report: &Report) -> Value {
    let notes = notes(report);
    let entry = |(logged, note): (&LoggedEntry, &Note)| {
        let entry = &logged.entry;
        json!({
            "index": logged.index,
            "seq": entry.seq,
            "time": entry.time,
            "type": entry.entry_type.name(),
            "statement": entry.statement,
            "note": note.words(),
            "said": entry.said,
        })
    };
    let (attempts, without) = counts(report, &notes);
    json!({
        "outcome": report.outcome.name(),
        "conclusion": conclusion(report),
        "entries": report.history.iter().zip(&notes).map(entry).collect::<Vec<_>>(),
        "attempts": attempts,
        "without_certificate": without,
    })
}

/// Attempts, and those of them that no certificate came of.
fn counts(report: &Report, notes: &[Note]) -> (usize, usize) {
    let registered = report.history.iter().filter(|logged| logged.entry.entry_type == EntryType::Registered);
    (registered.count(), notes.iter().filter(|note| note.is_without_certificate()).count())
}

/// What an entry is to the reader of one certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Note {
    ThisPlan,
    ThisCertificate,
    ThisWithdrawn,
    OfThis,
    OtherPlan,
    OtherCertificate,
    OtherWithdrawn,
    OfOther,
    /// A plan whose measuring ended without a certificate.
    NoCertificate,
    /// A plan of which nothing says how it ended.
    NoEnd,
    /// The end of such a plan.
    End,
}

impl Note {
    fn words(self) -> &'static str {
        match self {
            Self::ThisPlan => "the plan of this certificate",
            Self::ThisCertificate => "this certificate",
            Self::ThisWithdrawn => "this certificate is withdrawn",
            Self::OfThis => "of this certificate",
            Self::OtherPlan => "an attempt",
            Self::OtherCertificate => "another certificate",
            Self::OtherWithdrawn => "another certificate is withdrawn",
            Self::OfOther => "of another certificate",
            Self::NoCertificate => "an attempt without a certificate",
            Self::NoEnd => "an attempt of which no end is logged",
            Self::End => "the end of that attempt",
        }
    }

    fn is_without_certificate(self) -> bool {
        matches!(self, Self::NoCertificate | Self::NoEnd)
    }
}

/// What each entry is.
fn notes(report: &Report) -> Vec<Note> {
    let entries: Vec<&LogEntry> = report.history.iter().map(|logged| &logged.entry).collect();
    let plan = report.certificate.as_ref().map(|certificate| certificate.plan);
    let note = |(place, entry): (usize, &&LogEntry)| {
        let is_this = Some(entry.statement) == report.payload;
        match entry.entry_type {
            EntryType::Registered if Some(entry.statement) == plan => Note::ThisPlan,
            EntryType::Registered => attempt(entries.get(place + 1..).unwrap_or_default()),
            EntryType::Result if is_this => Note::ThisCertificate,
            EntryType::Result => Note::OtherCertificate,
            EntryType::NoResult => Note::End,
            EntryType::Revoked if is_this => Note::ThisWithdrawn,
            EntryType::Revoked => Note::OtherWithdrawn,
            _ if is_this => Note::OfThis,
            EntryType::Suspended | EntryType::Reinstated | EntryType::Superseded | EntryType::Waived => {
                Note::OfOther
            }
        }
    };
    entries.iter().enumerate().map(note).collect()
}

/// What became of a plan, by the entries after it: those up to the next plan are its own.
fn attempt(later: &[&LogEntry]) -> Note {
    let own = later.iter().map(|entry| entry.entry_type).take_while(|kind| *kind != EntryType::Registered);
    let ends = own.filter_map(|kind| match kind {
        EntryType::Result => Some(Note::OtherPlan),
        EntryType::NoResult => Some(Note::NoCertificate),
        _ => None,
    });
    ends.into_iter().next().unwrap_or(Note::NoEnd)
}

#[cfg(test)]
mod tests {
    use plimsoll_base::Utc;
    use plimsoll_proof::Digest;

    use super::*;

    fn report(kinds: &[EntryType]) -> Report {
        let logged = |(seq, kind): (u64, &EntryType)| {
            let statement = Digest::of(&seq.to_be_bytes());
            let (subject, profile) = ("notes".to_owned(), "quick".to_owned());
            let time = Utc::from_unix_seconds(1_795_291_200);
            let entry = LogEntry {
                seq,
                entry_type: *kind,
                time,
                subject,
                profile,
                statement,
                previous: None,
                said: None,
            };
            LoggedEntry { index: seq, entry }
        };
        Report { history: (0..).zip(kinds).map(logged).collect(), ..Report::default() }
    }

    #[test]
    fn an_attempt_is_told_by_how_it_ended() {
        use EntryType::{NoResult, Registered, Result, Revoked};
        let report = report(&[
            Registered, Result, Registered, NoResult, Registered, Registered, Revoked, NoResult, Registered,
        ]);
        let notes = notes(&report);
        let expected = [
            Note::OtherPlan,
            Note::OtherCertificate,
            Note::NoCertificate,
            Note::End,
            Note::NoEnd,
            Note::NoCertificate,
            Note::OtherWithdrawn,
            Note::End,
            Note::NoEnd,
        ];
        assert_eq!(notes, expected);
        assert_eq!(counts(&report, &notes), (5, 4));
    }
}
