//! `plimsoll claims`.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use plimsoll_base::{Kind, inert};
use plimsoll_certify::{Audit, DOCUMENT_BYTES_MAX, Finding, FindingKind, audit_claims, render_claims};
use serde_json::{Map, Value, json};

use super::table;
use crate::exit::Answer;
use crate::failure::Failure;
use crate::input::read_at_most;
use crate::print::{Printer, Style};

/// Characters of a line of text. Findings are read, not compared, so they are wrapped also where there is more room.
const COLUMNS: usize = 96;

/// Audit a written certification: what contradicts itself, cannot be or is not shown
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  plimsoll claims CERTIFICATION.md            what does not hold, gravest first
  plimsoll claims --html docs/*.md > a.html   with the findings in the margin
  plimsoll claims --json a.md | jq '.findings[].reason'
  pandoc -t gfm report.docx | plimsoll claims -

A contradiction is reported only where no values behind the printed digits
make both statements true. The other kinds say what a document does not show,
not that it is false.

Exit codes:
  0  nothing was found
  1  something was found
  2  a file cannot be read as text, or the command line is wrong
  5  reading failed
What can be read is audited also where other files cannot.")]
pub(crate) struct Arguments {
    /// Documents in Markdown or plain text, `-` for standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Print the findings as one JSON object
    #[arg(long)]
    json: bool,
    /// Print a page that shows each document with the findings in its margin
    #[arg(long, conflicts_with = "json")]
    html: bool,
}

/// A file that could not be read, with why.
type Unread = (String, Failure);

pub(crate) fn run(arguments: Arguments, printer: &Printer) -> Result<Answer, Failure> {
    let mut documents = Vec::new();
    let mut unread: Vec<Unread> = Vec::new();
    for path in &arguments.files {
        let name = if is_stdin(path) { "-".to_owned() } else { path.display().to_string() };
        match audited(path, &name) {
            Ok(audit) => documents.push((name, audit)),
            Err(failure) => unread.push((name, failure)),
        }
    }
    let text = match (arguments.json, arguments.html) {
        (true, _) => table::pretty(&json(&documents, &unread))?,
        // A page of no document would say that nothing was found.
        (_, true) if !documents.is_empty() => render_claims(&documents),
        _ => documents.iter().map(|(name, audit)| text(name, audit, printer)).collect::<Vec<_>>().join("\n"),
    };
    printer.data(&text)?;
    if let Some((_, last)) = unread.pop() {
        unread.iter().for_each(|(_, failure)| printer.failure(failure));
        return Err(last);
    }
    let is_clean = documents.iter().all(|(_, audit)| audit.findings.is_empty());
    Ok(if is_clean { Answer::Yes } else { Answer::No })
}

fn audited(path: &Path, name: &str) -> Result<Audit, Failure> {
    audit_claims(&read(path)?)
        .map_err(|error| Failure::new(Kind::Invalid, format!("{name}: {error}")).hint(error.hint()))
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The bytes of a document, at most one more than may be read.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let bytes_max = DOCUMENT_BYTES_MAX as u64;
    if !is_stdin(path) {
        return read_at_most(path, bytes_max);
    }
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(bytes_max + 1).read_to_end(&mut bytes);
    read.map_err(Failure::io("reading", "standard input"))?;
    Ok(bytes)
}

fn json(documents: &[(String, Audit)], unread: &[Unread]) -> Value {
    let file = |(name, audit): &(String, Audit)| {
        let kinds: Map<String, Value> =
            counts(audit).map(|(kind, count)| (kind.name().to_owned(), json!(count))).collect();
        let looked = &audit.looked;
        let looked = json!({
            "figures": looked.figures, "dates": looked.dates, "tables": looked.tables,
            "statements": looked.statements, "usable": looked.usable,
        });
        json!({ "file": name, "lines": audit.lines.len(), "kinds": kinds, "looked": looked })
    };
    let finding = |name: &str, found: &Finding| {
        json!({
            "file": name, "line": found.line, "kind": found.kind.name(), "claim": found.claim, "reason": found.reason,
        })
    };
    let findings = documents
        .iter()
        .flat_map(|(name, audit)| audit.findings.iter().map(move |found| finding(name, found)));
    let failed = |(name, failure): &Unread| json!({ "file": name, "reason": failure.message });
    json!({
        "files": documents.iter().map(file).collect::<Vec<_>>(),
        "findings": findings.collect::<Vec<_>>(),
        "unread": unread.iter().map(failed).collect::<Vec<_>>(),
    })
}

/// Kinds that there are, with how many of each.
fn counts(audit: &Audit) -> impl Iterator<Item = (FindingKind, usize)> {
    FindingKind::ALL.into_iter().map(|kind| (kind, audit.count(kind))).filter(|(_, count)| *count > 0)
}

/// A document's findings for a terminal: how many of which kind, then each with its line, its claim and the reason.
fn text(name: &str, audit: &Audit, printer: &Printer) -> String {
    let name = inert_lines(name);
    let told: Vec<String> = counts(audit).map(|(kind, count)| format!("{count} {}", kind.name())).collect();
    if told.is_empty() {
        let looked = wrapped(&audit.looked.to_string(), "  ");
        return format!("{} {name}: nothing found\n{looked}", printer.styled(Style::Good, "✓"));
    }
    let mut text = format!("{}\n", printer.styled(Style::Strong, &name));
    text.push_str(&wrapped(&told.join(" · "), ""));
    for found in &audit.findings {
        let kind = printer.styled(style(found.kind), found.kind.name());
        text.push_str(&format!("\n{name}:{}  {kind}\n", found.line));
        text.push_str(&wrapped(&inert_lines(&found.claim), "  | "));
        text.push_str(&wrapped(&inert_lines(&found.reason), "  "));
    }
    text
}

fn style(kind: FindingKind) -> Style {
    match kind {
        FindingKind::Contradiction | FindingKind::ImpossibleDate | FindingKind::NoSignature => Style::Bad,
        FindingKind::SampleTooSmall | FindingKind::ScopeBeyondEvidence => Style::Doubtful,
        _ => Style::Faint,
    }
}

/// Lines of at most [`COLUMNS`] characters, broken at spaces, each behind `margin`.
fn wrapped(text: &str, margin: &str) -> String {
    let room = COLUMNS - margin.len();
    let mut lines = String::new();
    let mut width = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if width > 0 && width + 1 + length <= room {
            lines.push(' ');
            width += 1 + length;
        } else {
            lines.push_str(if width > 0 { "\n" } else { "" });
            lines.push_str(margin);
            width = length;
        }
        lines.push_str(word);
    }
    lines.push('\n');
    lines
}

/// A document's text for a terminal; its lines and tabs are told from what would command it.
fn inert_lines(text: &str) -> String {
    let line = |line: &str| inert(&line.replace('\t', " "));
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_document_commands_a_terminal() {
        assert_eq!(inert_lines("a\u{1b}[31m\u{9b}b\u{202e}\tc\nd"), "a\\u{1b}[31m\\u{9b}b\\u{202e} c\nd");
        let json = table::pretty(&json!({ "claim": "\u{1b}\u{9b}\u{7f}\u{202e}é" })).unwrap();
        assert!(!json.contains(['\u{1b}', '\u{9b}', '\u{7f}', '\u{202e}']), "{json}");
        let read: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(read["claim"], "\u{1b}\u{9b}\u{7f}\u{202e}é");
    }

    #[test]
    fn long_reasons_are_wrapped_at_words() {
        let text = wrapped(&"four ".repeat(60), "  | ");
        assert!(text.lines().all(|line| line.starts_with("  | four") && line.len() <= COLUMNS), "{text}");
        assert_eq!(wrapped(&"x".repeat(200), "  "), format!("  {}\n", "x".repeat(200)));
        assert_eq!(wrapped("", "  "), "\n");
    }
}
