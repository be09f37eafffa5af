//! The audit trail: written with every act, listed, followed as it grows.

use std::sync::Arc;

use axum::http::StatusCode;
use plimsoll_policy::{AuditEntry, audit_stream};
use plimsoll_store::{Amount, Append, Batch, Expect, Journal, Record, StreamName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::page::{Listing, Page, cut};
use super::piecewise::{EXPORTED_AT_ONCE, Events, Following, follow, resume_after, written_by};
use super::problem::Problem;
use super::reply::{Content, JsonLines};
use super::route::{Call, Json, Nothing};
use super::time::time;
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
        None => last_sequence(journal, &stream).await?.saturating_add(1),
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

/// The sequence of the last record of a stream, 0 if there is none: found by halving, in some dozen reads.
async fn last_sequence<J: Journal>(journal: &J, stream: &StreamName) -> plimsoll_store::Result<u64> {
    let is_beyond = async |sequence: u64| -> plimsoll_store::Result<bool> {
        Ok(journal.read(stream, sequence, Amount::records(1)).await?.is_empty())
    };
    let (mut there, mut beyond) = (0, 1);
    while !is_beyond(beyond).await? {
        (there, beyond) = (beyond, beyond.saturating_mul(2));
    }
    if there == 0 && is_beyond(0).await? {
        return Ok(0);
    }
    // Something comes after `there`, and nothing after `beyond`.
    while beyond - there > 1 {
        let middle = there + (beyond - there) / 2;
        if is_beyond(middle).await? { beyond = middle } else { there = middle }
    }
    Ok(beyond)
}

pub(crate) async fn follow_audit(call: Call<Nothing, After>) -> Result<Events, Problem> {
    let after = resume_after(&call.headers, call.query.after)?;
    let what = Following {
        stream: audit_stream()?,
        shown: |record| serde_json::to_value(line(record).ok()?).ok(),
        is_last: |_| false,
        caller: call.caller,
    };
    follow(&call.app, what, after).await
}

/// Every line with its record's leaf, then the checkpoint that covers them: whoever has this can hold each line against
/// a proof.
pub(crate) async fn export_audit(call: Call) -> Result<Content<JsonLines>, Problem> {
    let (app, stream) = (Arc::clone(&call.app), audit_stream()?);
    let checkpoint = app.journal.checkpoint().await?.to_string();
    let key = app.journal_key.to_string();
    let body = written_by(&call.app, &call.caller, |pieces| async move {
        let mut after = 0;
        loop {
            let records = match app.journal.read(&stream, after, Amount::records(EXPORTED_AT_ONCE)).await {
                Ok(records) => records,
                Err(error) => return pieces.break_off(error).await,
            };
            let Some(last) = records.last() else {
                let end = one_line(&json!({ "checkpoint": checkpoint, "key": key, "lines": after }));
                pieces.send(end + "\n").await;
                return;
            };
            after = last.sequence;
            let lines: String = records.iter().map(|record| one_line(&shown(record)) + "\n").collect();
            if !pieces.send(lines).await {
                return;
            }
        }
    })?;
    Ok(Content::new(body))
}

#[cfg(test)]
mod tests {
    use plimsoll_base::Clock;
    use plimsoll_store::{NewRecord, Options, RecordKind, SqliteJournal};

    use super::*;

    struct Noon;

    impl Clock for Noon {
        fn monotonic_ns(&self) -> u64 {
            0
        }

        fn unix_ms(&self) -> u64 {
            1_795_305_600_000
        }
    }

    #[tokio::test]
    async fn the_last_sequence_is_found_whatever_was_trimmed() {
        let folder = tempfile::tempdir().unwrap();
        let key = Arc::new(plimsoll_keys::LogKey::generate().unwrap());
        let options = Options { folder: folder.path().to_owned(), key, clock: Arc::new(Noon) };
        let journal = SqliteJournal::open(options).unwrap();
        let stream = audit_stream().unwrap();
        assert_eq!(last_sequence(&journal, &stream).await.unwrap(), 0);
        let record = || NewRecord::plain(RecordKind::new("done").unwrap(), "x");
        for sequence in 1..=70 {
            let batch = Batch::append(stream.clone(), Expect::Any, vec![record()]);
            journal.commit(batch).await.unwrap();
            assert_eq!(last_sequence(&journal, &stream).await.unwrap(), sequence);
        }
        let writes = vec![plimsoll_store::Write::Trim { stream: stream.clone(), through: 40 }];
        journal.commit(Batch { writes, ..Batch::default() }).await.unwrap();
        assert_eq!(last_sequence(&journal, &stream).await.unwrap(), 70);
    }
}
