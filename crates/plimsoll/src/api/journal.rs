//! The journal: what is signed, and proofs for whoever does not take our word.

use std::sync::Arc;

use plimsoll_base::Kind;
use plimsoll_store::{Amount, Journal, verify};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::audit::After;
use super::piecewise::{EXPORTED_AT_ONCE, written_by};
use super::problem::Problem;
use super::reply::{Content, Download, JsonLines, TlogProof};
use super::route::{Call, Json, Nothing};
use super::time::stamp;
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

/// Looks through the whole journal. What is found holds until the next look, also if whoever asked has gone: a damaged
/// journal is not ready.
pub(crate) async fn look_through(app: &Arc<App>) -> Result<Looked, Problem> {
    let (folder, key) = (app.settings.data.join("journal"), app.journal_key.clone());
    // A server that ends does not wait for a look.
    let (alone, inner) = (Arc::clone(&app.looking).lock_owned().await, Arc::downgrade(app));
    let looked = tokio::task::spawn_blocking(move || {
        let _alone = alone;
        let looked = verify(&folder, Some(&key));
        let damage = match &looked {
            Ok(verified) => verified.findings.first().cloned(),
            Err(error) if error.kind() == Kind::Corrupt => Some(error.to_string()),
            Err(_) => None,
        };
        if let Some(app) = inner.upgrade() {
            app.set_damage(damage.map(|found| plimsoll_store::Error::Corrupt(found).into()));
        }
        looked
    });
    let verified = looked.await.map_err(|_| plimsoll_store::Error::Closed)??;
    let (records, findings) = (verified.records, verified.findings);
    Ok(Looked { intact: findings.is_empty(), records, findings })
}

pub(crate) async fn verify_journal(call: Call) -> Result<Json<Looked>, Problem> {
    let looked = Json(look_through(&call.app).await?);
    call.record("/api/v1/journal", &(&looked).into()).await?;
    Ok(looked)
}

/// The proof that a record stands in the log that is signed now.
pub(crate) async fn prove_record(call: Call<AtPosition>) -> Result<Content<TlogProof>, Problem> {
    let proof = call.app.journal.prove(call.path.position).await?;
    Ok(Content::new(proof.to_string()))
}

/// Every record, a JSON object a line.
pub(crate) async fn export_journal(call: Call<Nothing, After>) -> Result<Download<JsonLines>, Problem> {
    let (app, mut after) = (Arc::clone(&call.app), call.query.after.unwrap_or(0));
    let part = if after > 0 { format!("after-{after}-") } else { String::new() };
    let name = format!("journal-{part}{}.jsonl", stamp(app.clock.unix_ms()));
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
    Ok(Download::new(&name, body))
}
