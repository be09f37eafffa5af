//! Idempotency keys: a POST that is sent again under its key is answered again and not done again.
//!
//! What an act changes, its audit entry and its answer are one batch of the journal: either all of it is there or
//! nothing. Only an act that was done is kept; one that was refused is tried again. Kept is for a day.
//!
//! Of the request a digest is kept, so that another one under the same key is told so. Bodies hold passwords, and a plain
//! digest could be guessed at by whoever reads the store: it is made under a key that follows from the credential.

use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use plimsoll_keys::DigestKey;
use plimsoll_proof::Digest;
use plimsoll_store::{Batch, DocumentKey, Expect, Journal, TimerName, Write};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::auth::Caller;
use super::problem::Problem;
use super::reply::Kept;
use super::route::Permit;
use crate::app::App;

/// The header, as draft-ietf-httpapi-idempotency-key-header has it.
const KEY: &str = "idempotency-key";
/// Longest key, in characters: a UUID has 36.
const KEY_CHARACTERS_MAX: usize = 128;
/// How long an answer is kept, in milliseconds: a day, longer than anybody tries again.
const KEPT_MS: u64 = 86_400_000;
/// What the names of its documents and timers begin with.
pub(crate) const PREFIX: &str = "once/";

/// That an act is to be done once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Once {
    /// Who, to which route, under which key.
    name: Digest,
    /// What was asked, by a digest that nobody else can make.
    request: Digest,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    v: u8,
    /// The keyed digest of the request.
    request: Digest,
    status: u16,
    location: Option<String>,
    body: Option<Value>,
    secret: bool,
}

impl Once {
    /// Reads the header, if there is one.
    pub(crate) fn of(
        digests: &DigestKey,
        permit: Permit,
        caller: &Caller,
        parts: &Parts,
        body: &[u8],
    ) -> Result<Option<Self>, Problem> {
        // Among people who are not known, one could take the key of another.
        let is_meant = parts.method == Method::POST && permit.action().is_some();
        let Some(key) = parts.headers.get(KEY).filter(|_| is_meant) else {
            return Ok(None);
        };
        let is_visible = |key: &str| key.bytes().all(|byte| byte.is_ascii_graphic());
        let key = key.to_str().ok().filter(|key| (1..=KEY_CHARACTERS_MAX).contains(&key.len()));
        let key = key.filter(|key| is_visible(key));
        let key = key.ok_or_else(|| {
            let detail = format!("an idempotency key has 1 to {KEY_CHARACTERS_MAX} visible ASCII characters");
            Problem::new(StatusCode::BAD_REQUEST, detail)
        })?;
        let user = caller.who().map_or("", |who| who.principal.user.as_str());
        let name =
            Digest::of_parts(&[user.as_bytes(), b"\n", permit.operation.as_bytes(), b"\n", key.as_bytes()]);
        let request = digests.digest(&[parts.uri.to_string().as_bytes(), b"\n", body]);
        let request = request.map_err(|error| Problem::of(error.kind(), error.to_string()))?;
        Ok(Some(Self { name, request }))
    }

    fn document(&self) -> plimsoll_store::Result<DocumentKey> {
        DocumentKey::new(&format!("{PREFIX}{}", self.name))
    }

    /// The answer that was given before, if there was one.
    pub(crate) async fn answered(&self, app: &App) -> Result<Option<Response>, Problem> {
        let key = self.document()?;
        let found = app.journal.documents(key.as_str(), None, 1).await?;
        let Some(found) = found.into_iter().find(|found| found.key == key) else { return Ok(None) };
        let stored: Stored = serde_json::from_slice(&found.value)
            .map_err(|error| plimsoll_store::Error::Corrupt(format!("document {key}: {error}")))?;
        if stored.request != self.request {
            let detail = "another request was sent under this idempotency key";
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail).hint("take a new key"));
        }
        if stored.secret {
            let detail = "this was done, and its answer is shown only once";
            let hint = "look at what it made, or do it under another key";
            return Err(Problem::new(StatusCode::CONFLICT, detail).hint(hint));
        }
        Ok(Some(stored.into_response()))
    }

    /// Adds the answer to what is written. If it is there already, nothing of the batch is.
    pub(crate) fn keep(&self, batch: &mut Batch, kept: &Kept, now_ms: u64) -> plimsoll_store::Result<()> {
        let stored = match kept {
            Kept::Answer { status, location, body } => Stored {
                v: 1,
                request: self.request,
                status: status.as_u16(),
                location: location.clone(),
                body: body.clone(),
                secret: false,
            },
            Kept::Secret => {
                Stored { v: 1, request: self.request, status: 0, location: None, body: None, secret: true }
            }
        };
        // Texts and numbers can always be written.
        let value = serde_json::to_vec(&stored).unwrap_or_default();
        let key = self.document()?;
        let name = TimerName::new(key.as_str())?;
        batch.writes.push(Write::PutDocument { key, expect: Expect::At(0), value });
        let due_unix_ms = now_ms.saturating_add(KEPT_MS);
        batch.writes.push(Write::SetTimer { name, due_unix_ms, value: Vec::new() });
        Ok(())
    }
}

impl IntoResponse for Stored {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let mut response = match self.body {
            Some(body) => (status, axum::Json(body)).into_response(),
            None => status.into_response(),
        };
        let headers = response.headers_mut();
        headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
        if let Some(location) = self.location.and_then(|location| HeaderValue::try_from(location).ok()) {
            headers.insert(header::LOCATION, location);
        }
        response
    }
}

/// Forgets answers that are older than a day. Says whether there may be more.
pub(crate) async fn forget_old<J: Journal>(journal: &J, now_ms: u64) -> plimsoll_store::Result<bool> {
    const AT_ONCE: usize = 256;
    let due = journal.due(now_ms, AT_ONCE).await?;
    let more = due.len() == AT_ONCE;
    let mut writes = Vec::new();
    for timer in due.into_iter().filter(|timer| timer.name.as_str().starts_with(PREFIX)) {
        writes
            .push(Write::DeleteDocument { key: DocumentKey::new(timer.name.as_str())?, expect: Expect::Any });
        writes.push(Write::ClearTimer { name: timer.name });
    }
    if writes.is_empty() {
        return Ok(false);
    }
    journal.commit(Batch { writes, ..Batch::default() }).await?;
    Ok(more)
}
