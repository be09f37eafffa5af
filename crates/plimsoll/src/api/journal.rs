//! The journal: what is signed, and proofs for whoever does not take our word.

use std::sync::Arc;

use axum::http::StatusCode;
use plimsoll_base::Kind;
use plimsoll_proof::{Digest, LogProof, Subtree, inclusion_proof_of};
use plimsoll_store::{Amount, Journal, verify};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::audit::After;
use super::piecewise::{EXPORTED_AT_ONCE, written_by};
use super::problem::Problem;
use super::reply::{Content, JsonLines, TlogProof};
use super::route::{Call, Json, Nothing};
use crate::app::App;
use crate::print::one_line;
use crate::record::shown;

/// What the journal says of itself.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Signed {
    /// Records that the checkpoint covers.
    size: u64,
    /// The root of the Merkle tree over them.
    root: String,
    /// The signed note (C2SP tlog-checkpoint).
    checkpoint: String,
    /// The key that signed it.
    key: String,
}

/// A record in the path.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AtPosition {
    /// Its position in the journal, from 1.
    #[schemars(range(min = 1, max = u64::MAX))]
    position: u64,
}

pub(crate) async fn show_checkpoint(call: Call) -> Result<Json<Signed>, Problem> {
    let signed = call.app.journal.checkpoint().await?;
    Ok(Json(Signed {
        size: signed.checkpoint.tree.size,
        root: signed.checkpoint.tree.root.to_string(),
        checkpoint: signed.to_string(),
        key: call.app.journal_key.to_string(),
    }))
}

/// What a look through the whole journal found.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Looked {
    /// Whether all is as it was written.
    intact: bool,
    records: u64,
    /// What is not.
    findings: Vec<String>,
}

/// Looks through the whole journal. What is found holds until the next look: a damaged journal is not ready.
pub(crate) async fn look_through(app: &App) -> Result<Looked, Problem> {
    let (folder, key) = (app.settings.data.join("journal"), app.journal_key.clone());
    let alone = Arc::clone(&app.looking).lock_owned().await;
    let looked = tokio::task::spawn_blocking(move || {
        // Held by the work, which goes on although whoever asked has gone.
        let _alone = alone;
        verify(&folder, Some(&key))
    });
    let looked = looked.await;
    let looked = looked.map_err(|_| plimsoll_store::Error::Closed)?;
    let damage = match &looked {
        Ok(verified) => verified.findings.first().cloned(),
        Err(error) if error.kind() == Kind::Corrupt => Some(error.to_string()),
        Err(_) => None,
    };
    app.set_damage(damage.map(|found| plimsoll_store::Error::Corrupt(found).into()));
    let verified = looked?;
    let (records, findings) = (verified.records, verified.findings);
    Ok(Looked { intact: findings.is_empty(), records, findings })
}

pub(crate) async fn verify_journal(call: Call) -> Result<Json<Looked>, Problem> {
    look_through(&call.app).await.map(Json)
}

/// The proof that a record stands in the log that is signed now.
pub(crate) async fn prove_record(call: Call<AtPosition>) -> Result<Content<TlogProof>, Problem> {
    let (journal, position) = (Arc::clone(&call.app.journal), call.path.position);
    let checkpoint = journal.checkpoint().await?;
    let size = checkpoint.checkpoint.tree.size;
    let index = position.checked_sub(1).filter(|index| *index < size).ok_or_else(|| {
        Problem::new(StatusCode::NOT_FOUND, format!("there is no record {position}: the journal has {size}"))
    })?;
    // Which nodes are needed follows from the numbers alone. They are read one by one, and no thread waits for another.
    let mut needed = Vec::new();
    inclusion_proof_of(size, index, &mut |subtree: Subtree| -> plimsoll_store::Result<Digest> {
        needed.push(subtree);
        Ok(Digest::of(b""))
    })?;
    let mut nodes = Vec::with_capacity(needed.len());
    for subtree in needed {
        nodes.push(journal.subtree(subtree).await?);
    }
    let mut nodes = nodes.into_iter();
    let hashes = inclusion_proof_of(size, index, &mut |_| nodes.next().ok_or(plimsoll_store::Error::Closed))?;
    Ok(Content::new(LogProof { index, hashes, checkpoint }.to_string()))
}

/// Every record, a JSON object a line.
pub(crate) async fn export_journal(call: Call<Nothing, After>) -> Result<Content<JsonLines>, Problem> {
    let (app, mut after) = (Arc::clone(&call.app), call.query.after.unwrap_or(0));
    let through = *app.journal.position().borrow();
    let body = written_by(&call.app, &call.caller, |pieces| async move {
        while after < through {
            let records = match app.journal.tail(after, Amount::records(EXPORTED_AT_ONCE)).await {
                Ok(records) => records,
                Err(error) => return pieces.break_off(error).await,
            };
            let Some(last) = records.last() else { return };
            after = last.position;
            let wanted = records.iter().filter(|record| record.position <= through);
            let lines: String = wanted.map(|record| one_line(&shown(record)) + "\n").collect();
            if !pieces.send(lines).await {
                return;
            }
        }
    })?;
    Ok(Content::new(body))
}
