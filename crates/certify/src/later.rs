//! What an issuer says of a certificate after it was issued. It becomes an entry of the log, and the log that ships in the
//! folder becomes what the log is now. A copy of the folder that was handed on before stays as it was.

use plimsoll_base::Utc;
use plimsoll_evidence::{
    EntryType, Gap, Issuance, LogEntry, LoggedEntry, Outcome, Report, Said, TLOG_PROOF_FILE, is_waivable,
    withdrawal,
};
use plimsoll_keys::LogKey;
use plimsoll_proof::Digest;

use crate::amendment::Amendment;
use crate::error::Error;
use crate::issuer_log::{Chain, IssuerLog};
use crate::state::State;

/// A statement about a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaterStatement {
    /// What is said.
    pub entry_type: EntryType,
    /// Why.
    pub said: Said,
}

/// Logs a statement about the certificate in a folder, and ships the log as it is then. Without one, the log is shipped
/// as it is. Gives what was logged.
pub fn make_statement(
    state: &State,
    key: &LogKey,
    folder: Amendment,
    statement: Option<&LaterStatement>,
    at: Utc,
) -> Result<Option<LogEntry>, Error> {
    let report = folder.verified(at)?;
    let (Some(certificate), Some(payload)) = (&report.certificate, report.payload) else {
        return Err(Error::Bug("a verified folder without a certificate".into()));
    };
    if certificate.issuance == Issuance::Demo {
        return refuse(
            "the log of a demonstration is kept nowhere",
            "it is valid on this machine only, and for a while",
        );
    }
    if key.verifier_key().to_string() != certificate.issuer.log_key {
        return refuse(
            "this is not the key of the certificate's log",
            "only its issuer makes statements about it",
        );
    }
    let mut log = IssuerLog::open(key, state.log(key.verifier_key().name()))?;
    let chain = Chain { subject: &certificate.subject.name, profile: &certificate.level };
    let entries = log.entries(chain)?;
    let result = result(&entries, payload)?;
    let Some(statement) = statement else {
        publish(folder, &log, chain, result, at)?;
        return Ok(None);
    };
    check(statement, &entries, payload, &report)?;
    // As a certificate's result is: what would not be intact is not logged.
    let mut rehearsal = log.rehearsal();
    let append = |log: &mut IssuerLog<'_>| {
        log.append_said(chain, statement.entry_type, payload, at, Some(statement.said.clone()))
    };
    append(&mut rehearsal)?;
    let files = rehearsal.ship(chain, result)?;
    let fresh = folder.with(is_log, files, at)?;
    append(&mut log)?;
    folder.publish(&fresh)?;
    Ok(log.entries(chain)?.pop().map(|logged| logged.entry))
}

fn publish(
    folder: Amendment,
    log: &IssuerLog<'_>,
    chain: Chain<'_>,
    result: usize,
    at: Utc,
) -> Result<(), Error> {
    let fresh = folder.with(is_log, log.ship(chain, result)?, at)?;
    folder.publish(&fresh)
}

fn is_log(path: &str) -> bool {
    path.starts_with("log/") || path == TLOG_PROOF_FILE
}

fn refuse<T>(problem: impl Into<String>, hint: &'static str) -> Result<T, Error> {
    Err(Error::Statement { problem: problem.into(), hint })
}

/// The place of the certificate's result in the log.
fn result(entries: &[LoggedEntry], payload: Digest) -> Result<usize, Error> {
    let is_result = |logged: &&LoggedEntry| {
        logged.entry.entry_type == EntryType::Result && logged.entry.statement == payload
    };
    let index = entries.iter().find(is_result).and_then(|logged| usize::try_from(logged.index).ok());
    index.map_or_else(
        || {
            refuse(
                "the log in this state folder does not have the certificate",
                "give the state folder with which it was issued, with --state",
            )
        },
        Ok,
    )
}

/// Whether a statement says something new, by the log, which may know more than the folder.
fn check(
    statement: &LaterStatement,
    entries: &[LoggedEntry],
    payload: Digest,
    report: &Report,
) -> Result<(), Error> {
    use EntryType::{Reinstated, Superseded, Suspended, Waived};
    let refused = |reason: String| {
        refuse(format!("it is {reason}"), "the folder may not show it yet: plimsoll cert refresh DIR")
    };
    match (withdrawal(entries, payload), statement.entry_type) {
        (Some((Outcome::Revoked, reason)), _) => return refused(reason),
        (Some((Outcome::Superseded, reason)), Suspended | Reinstated | Superseded | Waived) => {
            return refused(reason);
        }
        (Some((Outcome::Suspended, reason)), Suspended) => return refused(reason),
        (None, Reinstated) => {
            return refuse("it is not suspended", "there is nothing to reinstate: plimsoll cert show DIR");
        }
        _ => {}
    }
    if statement.said.successor == Some(payload) {
        return refuse(
            "a certificate cannot take its own place",
            "give the folder of the one that does with --by",
        );
    }
    match &statement.said.criterion {
        Some(criterion) if statement.entry_type == Waived => check_waivable(report, criterion),
        _ => Ok(()),
    }
}

fn check_waivable(report: &Report, id: &str) -> Result<(), Error> {
    let criteria = report.judgement.iter().flat_map(|judgement| &judgement.criteria);
    let criterion = criteria
        .map(|judged| (&judged.criterion.id, judged.criterion.severity, judged.verdict))
        .find(|(criterion, ..)| *criterion == id);
    let gaps = report.profile.iter().flat_map(|profile| &profile.gaps);
    let gap = gaps.map(|gap| (&gap.id, gap.severity, Gap::VERDICT)).find(|(gap, ..)| *gap == id);
    match criterion.or(gap) {
        None => refuse(format!("there is no criterion `{id}`"), "its criteria: plimsoll cert show DIR"),
        Some((_, severity, verdict)) if is_waivable(severity, verdict) => Ok(()),
        Some((_, severity, verdict)) => refuse(
            format!("`{id}` is {} and {}", severity.name(), verdict.name()),
            "only a blocking criterion that is not met, and did not end in ERROR, can be waived",
        ),
    }
}
