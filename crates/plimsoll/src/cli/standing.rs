//! What a certificate is worth with all that was said since, for people.

use plimsoll_base::{Utc, inert};
use plimsoll_evidence::{Due, Report, Role, Standing, Waiver, WeighedSignOff};
use serde_json::{Value, json};

use super::table::{effective, table};
use crate::print::{Printer, Style};

const SECONDS_PER_DAY: i64 = 86_400;

/// All of it.
pub(super) fn whole(report: &Report, at: Utc, printer: &Printer) -> String {
    let Some(standing) = &report.standing else { return String::new() };
    let mut text = now(standing, printer);
    text.push_str(&people(standing));
    // The earliest that is still to come; what is overdue stands in the list of what is due.
    let next = standing.due.iter().find(|due| due.at > at).or(standing.due.last());
    text.push_str(&next.map_or_else(String::new, |due| {
        format!("next review  {}, {}: {}\n", due.at, left(due.at, at), inert(&due.what))
    }));
    text
}

/// What `verify` adds below the verdicts, where anything was said since.
pub(super) fn added(report: &Report, printer: &Printer) -> String {
    let Some(standing) = &report.standing else { return String::new() };
    if standing.need == 0 && standing.sign_offs.is_empty() && standing.waivers.is_empty() {
        return String::new();
    }
    format!("{}{}", now(standing, printer), people(standing))
}

/// The status, and why it is not the one that was signed.
fn now(standing: &Standing, printer: &Printer) -> String {
    let status = effective(standing.status, printer);
    let mut text = format!("now          {status}, as of the log's last entry at {}\n", standing.as_of);
    for reason in &standing.reasons {
        text.push_str(&format!("{:<12} {}\n", "", inert(reason)));
    }
    text
}

/// Waivers and sign-offs.
fn people(standing: &Standing) -> String {
    let mut text: String = standing.waivers.iter().map(waiver).collect();
    let missing = standing
        .roles
        .iter()
        .filter(|role| !standing.sign_offs.iter().any(|one| one.sign_off.said.role == role.id));
    text.extend(standing.sign_offs.iter().map(sign_off));
    text.extend(missing.map(not_signed));
    text
}

fn waiver(waiver: &Waiver) -> String {
    let verdict = waiver.verdict.map_or("-", |verdict| verdict.name());
    let (who, reason) = (inert(&waiver.who), inert(&waiver.reason));
    let line = format!("{} ({verdict}) until {} by {who}: {reason}", inert(&waiver.criterion), waiver.until);
    format!("waiver       {line}{}\n", not_counting(waiver.counts, waiver.note))
}

fn sign_off(weighed: &WeighedSignOff) -> String {
    let said = &weighed.sign_off.said;
    let review = said.next_review.map_or_else(String::new, |next| format!(", again by {next}"));
    let reason = said.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
    let line =
        format!("{} {} by {} at {}{review}{reason}", said.role, said.decision.name(), said.who, said.time);
    format!("sign-off     {}{}\n", inert(&line), not_counting(weighed.counts, weighed.note))
}

fn not_signed(role: &Role) -> String {
    format!("sign-off     {}\n", inert(&format!("{} missing: {}, {}", role.id, role.title, role.contact)))
}

fn not_counting(counts: bool, note: &str) -> String {
    if counts { String::new() } else { format!("\n{:<12} does not count: {note}", "") }
}

/// How long it is until then.
fn left(then: Utc, at: Utc) -> String {
    let days = days_left(then, at);
    match (days, then <= at) {
        (0, false) => "within a day".into(),
        (1, false) => "1 day left".into(),
        (_, false) => format!("{days} days left"),
        (0, true) => "overdue since today".into(),
        (_, true) => format!("overdue since {} days", -days),
    }
}

/// Whole days until then, rounded towards now.
fn days_left(then: Utc, at: Utc) -> i64 {
    (then.unix_seconds() - at.unix_seconds()) / SECONDS_PER_DAY
}

/// What has to be looked at within so many seconds, overdue or not.
fn within(report: &Report, at: Utc, within_s: i64) -> Vec<&Due> {
    let due = report.standing.iter().flat_map(|standing| &standing.due);
    due.filter(|due| due.at <= at.plus_seconds(within_s)).collect()
}

/// Whether anything had to be looked at by now.
pub(super) fn is_overdue(report: &Report, at: Utc) -> bool {
    !within(report, at, 0).is_empty()
}

/// What is due, as a table.
pub(super) fn due(report: &Report, at: Utc, within_s: i64, printer: &Printer) -> String {
    if report.standing.is_none() {
        return String::new();
    }
    let due = within(report, at, within_s);
    if due.is_empty() {
        return format!("nothing is due by {}\n", at.plus_seconds(within_s));
    }
    let rows: Vec<[String; 3]> =
        due.iter().map(|due| [due.at.to_string(), left(due.at, at), due.what.clone()]).collect();
    let paint = |line: &str, row: Option<usize>| match row.and_then(|row| due.get(row)) {
        Some(due) if due.at <= at => printer.styled(Style::Bad, line),
        Some(_) => printer.styled(Style::Doubtful, line),
        None => printer.styled(Style::Faint, line),
    };
    format!("\n{}", table(["due", "left", "what"], &rows, paint))
}

/// The same for machines.
pub(super) fn due_json(report: &Report, at: Utc, within_s: i64) -> Value {
    let row = |due: &&Due| json!({"at": due.at, "what": due.what, "days_left": days_left(due.at, at), "overdue": due.at <= at});
    json!({
        "outcome": report.outcome.name(),
        "at": at,
        "due": within(report, at, within_s).iter().map(row).collect::<Vec<_>>(),
        "overdue": is_overdue(report, at),
    })
}
