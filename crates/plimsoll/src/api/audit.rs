//! The audit trail: written with every act, listed, followed as it grows.

use std::sync::Arc;

use axum::http::StatusCode;
use plimsoll_policy::{AuditEntry, audit_stream};
use plimsoll_store::{Amount, Append, Batch, Expect, Journal, Record, Recorded};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::page::{Listing, Page, cut};
use super::piecewise::{EXPORTED_AT_ONCE, Events, Following, follow, resume_after, written_by};
use super::problem::Problem;
use super::reply::{Download, JsonLines};
use super::route::{Call, Json, Nothing};
use super::time::{stamp, time};
use crate::app::App;
use crate::print::one_line;
use crate::record::shown;

/// Longest name of what was acted upon, in characters: an address in the API, and what a stranger made of one.
pub(crate) const OBJECT_CHARACTERS_MAX: usize = 256;

/// Writes a line that stands alone: nothing else was changed.
pub(crate) async fn tell(app: &App, entry: &AuditEntry) -> Result<(), Problem> {
    let mut batch = Batch::default();
    add(&mut batch, entry)?;
    app.journal.commit(batch).await?;
    Ok(())
}

/// Adds a line to what is written at the same time.
pub(crate) fn add(batch: &mut Batch, entry: &AuditEntry) -> plimsoll_store::Result<()> {
    let (stream, expect, records) = (audit_stream()?, Expect::Any, vec![entry.to_record()?]);
    batch.appends.push(Append { stream, expect, records });
    Ok(())
}

/// A line of the audit trail, as it is shown.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct AuditLine {
    /// Its place in the trail, from 1.
    sequence: u64,
    /// Its place in the journal, from 1: what a proof is asked for by.
    position: u64,
    time: String,
    /// The user; none for somebody unknown.
    actor: Option<String>,
    /// By what the actor was known.
    by: String,
    /// The action.
    act: String,
    /// What was acted upon.
    object: String,
    /// `done`, `denied` or `refused`.
    outcome: &'static str,
    why: Option<String>,
    address: Option<String>,
    /// The request's id, which stands in the log too.
    request: String,
}

/// From where to follow.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct After {
    /// Only what comes after this sequence.
    #[schemars(range(max = u64::MAX))]
    pub(crate) after: Option<u64>,
}

fn line(record: &Record) -> Result<AuditLine, Problem> {
    let entry = AuditEntry::from_record(record)?;
    Ok(AuditLine {
        sequence: record.sequence,
        position: record.position,
        time: time(record.unix_ms),
        actor: entry.actor,
        by: entry.by,
        act: entry.act,
        object: entry.object,
        outcome: entry.outcome.name(),
        why: entry.why,
        address: entry.address.map(|address| address.to_string()),
        request: entry.request,
    })
}

/// The newest first. The cursor is the sequence of the last line of the page before.
pub(crate) async fn list_audit(call: Call<Nothing, Page>) -> Result<Json<Listing<AuditLine>>, Problem> {
    let (journal, stream) = (call.app.journal.as_ref(), audit_stream()?);
    let limit = call.query.limit()?;
    let before = match call.query.after()? {
        Some(text) => text
            .parse::<u64>()
            .map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "`after` is no place in this list"))?,
        None => journal.sequence(&stream).await?.saturating_add(1),
    };
    // One more than asked for tells that there is another page.
    let first = before.saturating_sub(limit as u64 + 1).max(1);
    let amount = usize::try_from(before.saturating_sub(first)).unwrap_or(limit + 1).min(limit + 1);
    let records = match amount {
        0 => Vec::new(),
        amount => journal.read(&stream, first - 1, Amount::records(amount)).await?,
    };
    let lines = records.iter().rev().filter(|record| record.sequence < before).map(line);
    let lines = lines.collect::<Result<Vec<_>, _>>()?;
    Ok(Json(cut(lines, limit, |line| line.sequence.to_string())))
}

pub(crate) async fn follow_audit(call: Call<Nothing, After>) -> Result<Events, Problem> {
    let after = resume_after(&call.headers, call.query.after)?;
    let what = Following {
        stream: audit_stream()?,
        shown: |record| serde_json::to_value(line(record).ok()?).ok(),
        is_last: |_| false,
        caller: call.caller,
    };
    follow(&call.app, what, after)
}

/// Every line with its record's leaf, then the checkpoint that covers them: whoever has this can hold each line against
/// a proof. What is written meanwhile stands in the next export.
pub(crate) async fn export_audit(call: Call) -> Result<Download<JsonLines>, Problem> {
    let (app, stream) = (Arc::clone(&call.app), audit_stream()?);
    let signed = app.journal.checkpoint().await?;
    let key = app.journal_key.to_string();
    let body = written_by(&call.app, &call.caller, |pieces| async move {
        let mut after = 0;
        loop {
            let records = match app.journal.read(&stream, after, Amount::records(EXPORTED_AT_ONCE)).await {
                Ok(records) => records,
                Err(error) => return pieces.break_off(error).await,
            };
            let covered = covered(&records, signed.checkpoint.tree.size);
            let Some(last) = covered.last() else {
                let checkpoint = signed.to_string();
                let end = one_line(&json!({ "checkpoint": checkpoint, "key": key, "lines": after }));
                pieces.send(end + "\n").await;
                return;
            };
            after = last.sequence;
            let lines: String = covered.iter().map(|record| one_line(&shown(record)) + "\n").collect();
            if !pieces.send(lines).await {
                return;
            }
        }
    })?;
    Ok(Download::new(&format!("audit-{}.jsonl", stamp(call.app.clock.unix_ms())), body))
}

/// Those of a stream's records that were there when the log was signed. What came after, such as the line of the download
/// itself, stands in the next one.
fn covered(records: &[Record], signed: u64) -> &[Record] {
    let end = records.partition_point(|record| record.position <= signed);
    records.split_at(end).0
}

#[cfg(test)]
mod tests {
    use plimsoll_store::{Payload, RecordKind};

    use super::*;

    #[test]
    fn what_came_after_the_signature_is_not_covered_by_it() {
        let record = |position| Record {
            position,
            unix_ms: 1,
            stream: audit_stream().unwrap(),
            sequence: position / 2,
            kind: RecordKind::new("done").unwrap(),
            payload: Payload { sealed_under: None, bytes: Vec::new() },
        };
        let records = [2, 4, 6].map(record);
        for (signed, lines) in [(0, 0), (2, 1), (3, 1), (5, 2), (6, 3), (u64::MAX, 3)] {
            assert_eq!(covered(&records, signed).len(), lines, "signed {signed}");
        }
        assert!(covered(&[], 1).is_empty());
    }
}
