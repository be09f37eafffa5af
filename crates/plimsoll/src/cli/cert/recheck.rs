//! `plimsoll cert recheck`.

use std::path::PathBuf;

use plimsoll_base::{Kind, inert};
use plimsoll_certify::recheck::{Asked, Burn, Certified, Finding, Observed, Present, Recheck, Row, recheck};
use plimsoll_certify::{Intact, conclusion, parse_profile, parse_subject};
use serde_json::{Value, json};

use super::Place;
use crate::cli::table::{pretty, table};
use crate::cli::verified::Verified;
use crate::exit::Answer;
use crate::failure::Failure;
use crate::input::{folder_of, read_text};
use crate::print::{Printer, Style};

/// Say which criteria must be measured anew, and why: what has changed since a certificate was made
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  plimsoll cert recheck certificates/notes --subject notes.toml
  plimsoll cert recheck DIR --subject S --observed rate=300/s,payload=2KiB
  plimsoll cert recheck DIR --subject S --burn budget.json
  plimsoll cert recheck DIR --subject S --json | jq '.criteria[] | .stale'

Triggers: expiry, scope (changed files), artifacts, description, dependencies,
churn, platform, envelope, slo-burn, profile, instrument. What cannot be known
is not known, and a claim that rests on it is stale.

The error budget is JSON, its events those of an hour, of five minutes and of
the objective's period: {\"objective\": \"99.9%\", \"hour\": {\"good\": 1,
\"total\": 1}, \"five_minutes\": {..}, \"period\": {..}}

Exit codes, where the certificate is intact:
  0  nothing is stale
  1  something has changed: criteria are stale
  3  criteria are stale because nobody can tell; or the issuer is not known
and else those of `plimsoll verify`:
  1  invalid or withdrawn
  2  there is no certificate, or the command line or a file is wrong
  3  evidence is missing
  4  the folder of trusted keys is open to others
  5  a file cannot be read
  6  the file of trusted keys is damaged")]
pub(super) struct Arguments {
    #[command(flatten)]
    place: Place,
    /// The subject's description as it is now
    #[arg(long, value_name = "SUBJECT.toml")]
    subject: PathBuf,
    /// The file of a profile that is not built in [default: what the subject file names]
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    /// What production carries: rate=250/s, payload=2KiB (p99 of bodies), or both
    #[arg(long, value_name = "RATE,PAYLOAD")]
    observed: Option<Observed>,
    /// What is left of an error budget, as JSON
    #[arg(long, value_name = "FILE")]
    burn: Option<PathBuf>,
    /// Print the triggers as one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments, printer: &Printer) -> Result<Answer, Failure> {
    let verified = arguments.place.verify()?;
    let found = match verified.at_any_time() {
        Ok(intact) => Some((intact, arguments.look(&verified, &intact)?)),
        Err(_) => None,
    };
    let text = match arguments.json {
        true => pretty(&json(&verified, found.as_ref()))?,
        false => text(&verified, found.as_ref(), printer),
    };
    printer.data(&text)?;
    Ok(found.map_or(verified.answer(), |(_, found)| answer(&verified, &found)))
}

/// A stranger's certificate is nobody's word: that nothing is stale in it answers nothing.
fn answer(verified: &Verified, found: &Recheck) -> Answer {
    match found.answer() {
        Finding::Changed => Answer::No,
        Finding::NotKnown => Answer::Inconclusive,
        Finding::Unchanged => verified.answer(),
    }
}

impl Arguments {
    fn look(&self, verified: &Verified, intact: &Intact<'_>) -> Result<Recheck, Failure> {
        let (text, base) = (read_text(&self.subject)?, folder_of(&self.subject));
        let subject = parse_subject(&self.subject.display().to_string(), &text, base)?;
        let certified = Certified::of(intact, &verified.folder)?;
        let name = &certified.certificate.subject.name;
        if subject.name != *name {
            let problem = format!("the certificate is of `{}`, and not of `{}`", inert(name), subject.name);
            return Err(Failure::new(Kind::Invalid, problem).hint("give the description of the same subject"));
        }
        let named = || Some(base.join(subject.profile.as_ref()?)).filter(|path| path.is_file());
        let profile = self.profile.clone().or_else(named).map(|path| {
            let text = read_text(&path)?;
            Ok::<_, Failure>(parse_profile(&path.display().to_string(), &text)?)
        });
        let asked = Asked {
            profile: profile.transpose()?,
            at: verified.at,
            version: env!("CARGO_PKG_VERSION"),
            observed: self.observed,
            burn: self.burn()?,
            subject: &subject,
        };
        Ok(recheck(&certified, &Present::look(&certified, asked)?))
    }

    fn burn(&self) -> Result<Option<Burn>, Failure> {
        let Some(path) = &self.burn else { return Ok(None) };
        let wrong = |problem| Failure::new(Kind::Invalid, format!("{}: {problem}", path.display()));
        Burn::parse(&read_text(path)?).map(Some).map_err(wrong)
    }
}

fn text(verified: &Verified, found: Option<&(Intact<'_>, Recheck)>, printer: &Printer) -> String {
    let mut text = verified.conclusion(printer);
    let Some((_, found)) = found else { return text };
    let rows: Vec<[String; 4]> = found.rows.iter().map(row).collect();
    let paint = |line: &str, row: Option<usize>| match row.and_then(|row| found.rows.get(row)) {
        Some(row) => printer.styled(style(row), line),
        None => printer.styled(Style::Faint, line),
    };
    let head = ["trigger", "finding", "stale", "compared"];
    text.push_str(&format!("\n{}", table(head, &rows, paint)));
    let stale: Vec<[String; 2]> = found.stale().into_iter().filter_map(|id| why(found, id)).collect();
    if !stale.is_empty() {
        let table = table(["stale", "why"], &stale, |line, _| line.to_owned());
        text.push_str(&format!("\n{table}"));
    }
    let (told, style) = match stale.len() {
        0 => ("nothing is stale".into(), Style::Good),
        1 => ("1 criterion is stale".into(), Style::Bad),
        many => (format!("{many} criteria are stale"), Style::Bad),
    };
    text.push_str(&format!("\n{}\n", printer.styled(style, &told)));
    text
}

fn style(row: &Row) -> Style {
    match (row.finding, row.stale.is_empty()) {
        (Finding::Unchanged, _) => Style::Good,
        (_, false) => Style::Bad,
        (_, true) => Style::Doubtful,
    }
}

fn row(row: &Row) -> [String; 4] {
    let stale = if row.stale.is_empty() { "-".into() } else { row.stale.len().to_string() };
    [row.trigger.name().into(), row.finding.name().into(), stale, row.compared.clone()]
}

/// A criterion, and the first reason why it is stale with the names of the others.
fn why(found: &Recheck, id: &str) -> Option<[String; 2]> {
    let reasons = found.rows.iter().flat_map(|row| row.stale.iter().map(move |stale| (row.trigger, stale)));
    let mut reasons = reasons.filter(|(_, stale)| stale.criterion == id);
    let (trigger, stale) = reasons.next()?;
    let more: Vec<&str> = reasons.map(|(trigger, _)| trigger.name()).collect();
    let more = if more.is_empty() { String::new() } else { format!("; also {}", more.join(", ")) };
    Some([id.to_owned(), format!("{}: {}{more}", trigger.name(), stale.why)])
}

fn json(verified: &Verified, found: Option<&(Intact<'_>, Recheck)>) -> Value {
    let mut value = json!({
        "outcome": verified.report.outcome.name(),
        "conclusion": conclusion(&verified.report),
        "answer": null,
    });
    let Some((intact, found)) = found else { return value };
    let trigger = |row: &Row| {
        let stale = |stale: &plimsoll_certify::recheck::Stale| json!({"criterion": stale.criterion, "why": stale.why});
        json!({
            "trigger": row.trigger.name(),
            "finding": row.finding.name(),
            "compared": row.compared,
            "stale": row.stale.iter().map(stale).collect::<Vec<_>>(),
        })
    };
    let criterion = |summary: &plimsoll_evidence::CriterionSummary| {
        let by: Vec<&str> = found.triggers_of(&summary.id).iter().map(|trigger| trigger.name()).collect();
        json!({"id": summary.id, "verdict": summary.verdict, "stale": !by.is_empty(), "by": by})
    };
    value["answer"] = json!(match found.answer() {
        Finding::Unchanged => "nothing is stale",
        Finding::Changed => "stale",
        Finding::NotKnown => "not known",
    });
    value["triggers"] = found.rows.iter().map(trigger).collect();
    value["criteria"] = intact.certificate.criteria.iter().map(criterion).collect();
    value
}
