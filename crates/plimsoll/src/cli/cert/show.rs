//! `plimsoll cert show`.

use plimsoll_base::inert;
use plimsoll_certify::{Intact, conclusion, has_borrowed_name};
use plimsoll_evidence::{CriterionSummary, JudgedCriterion};
use serde_json::{Value, json};

use super::Place;
use crate::cli::standing;
use crate::cli::table::{criterion_json, pretty, shown};
use crate::cli::verified::Verified;
use crate::exit::Answer;
use crate::failure::Failure;
use crate::print::Printer;

/// Print what a certificate says, on one screen, below what `plimsoll verify` says of it
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  plimsoll cert show certificates/notes
  plimsoll cert show DIR --issuer acme.keys   with the keys of this file
  plimsoll cert show DIR --at 2026-11-21T20:59:13Z
  plimsoll cert show --json DIR | jq '.certificate.criteria[].state'

Of a folder that is not intact, or whose time is over, only that is said.

Exit codes: those of `plimsoll verify`
  0  valid
  1  invalid, withdrawn, suspended, replaced or expired
  2  there is no certificate, or the command line is wrong
  3  the issuer is not known, or evidence is missing
  4  the folder of trusted keys is open to others
  5  a file cannot be read
  6  the file of trusted keys is damaged")]
pub(super) struct Show {
    #[command(flatten)]
    place: Place,
    /// Print the certificate as one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Show, printer: &Printer) -> Result<Answer, Failure> {
    let verified = arguments.place.verify()?;
    let text = if arguments.json { pretty(&json(&verified))? } else { text(&verified, printer) };
    printer.data(&text)?;
    Ok(verified.answer())
}

fn text(verified: &Verified, printer: &Printer) -> String {
    let mut text = format!("{}{}", verified.conclusion(printer), verified.warning(printer));
    match verified.intact() {
        Ok(intact) => {
            text.push_str(&format!("\n{}{}", shown(&intact, printer), provenance(&intact)));
            text.push_str(&standing::whole(&verified.report, verified.at, printer));
        }
        Err(reason) if reason == conclusion(&verified.report) => {}
        Err(reason) => text.push_str(&format!("not shown: {}\n", inert(&reason))),
    }
    text
}

/// Where it comes from.
fn provenance(intact: &Intact<'_>) -> String {
    let certificate = intact.certificate;
    let issuer = intact.report.fingerprint.as_deref().unwrap_or("-");
    format!(
        "measured     {} to {}, attempts before this one: {}\nissuer       {issuer}\ncertificate  {}\n",
        certificate.measured_from, certificate.measured_until, certificate.earlier_attempts, intact.payload
    )
}

fn json(verified: &Verified) -> Value {
    let (report, intact) = (&verified.report, verified.intact());
    json!({
        "outcome": report.outcome.name(),
        "conclusion": conclusion(report),
        "fingerprint": report.fingerprint,
        "profile_is_other_than_built_in": has_borrowed_name(report),
        "not_shown": intact.as_ref().err(),
        "certificate": intact.ok().as_ref().map(certificate_json),
        "standing": report.standing,
    })
}

fn certificate_json(intact: &Intact<'_>) -> Value {
    let certificate = intact.certificate;
    let criteria = intact.criteria().map(|(judged, summary)| with_state(intact, judged, summary));
    json!({
        "digest": intact.payload,
        "subject": certificate.subject,
        "level": certificate.level,
        "status": certificate.status,
        "issuance": certificate.issuance,
        "assurance": certificate.assurance,
        "not_before": certificate.not_before,
        "not_after": certificate.not_after,
        "measured_from": certificate.measured_from,
        "measured_until": certificate.measured_until,
        "earlier_attempts": certificate.earlier_attempts,
        "criteria": criteria.collect::<Vec<_>>(),
        "gaps": intact.profile.gaps,
        "load_line": certificate.load_line,
        "conditions": certificate.conditions,
        "exclusions": certificate.exclusions,
        "not_proven": certificate.not_proven,
    })
}

/// A criterion with what is known of it at the time asked about, and where its signed statement lies.
fn with_state(intact: &Intact<'_>, judged: &JudgedCriterion, summary: &CriterionSummary) -> Value {
    let mut value = criterion_json(judged);
    value["state"] = json!(intact.state(summary));
    value["claim"] = json!(judged.criterion.statement);
    value["severity"] = json!(judged.criterion.severity);
    value["op"] = json!(judged.criterion.op);
    value["mappings"] = json!(judged.criterion.mappings);
    value["fresh_until"] = json!(summary.fresh_until);
    value["file"] = json!(summary.statement);
    value
}
