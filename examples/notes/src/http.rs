//! The notes over HTTP.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRef, Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, put};
use serde::Serialize;

use crate::audit::Audit;
use crate::key::Key;
use crate::log::logged;
use crate::metrics::{Metrics, count};
use crate::store::{Store, StoreError, Write, Written};
use crate::users::{Posts, User, Users};

#[derive(Serialize)]
struct Created {
    key: Key,
}

#[derive(Serialize)]
struct Listed {
    count: i64,
    keys: Vec<String>,
}

/// All that requests need.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) store: Store,
    pub(crate) users: Arc<Users>,
    pub(crate) posts: Arc<Posts>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) audit: Option<Audit>,
}

impl FromRef<Service> for Store {
    fn from_ref(service: &Service) -> Self {
        service.store.clone()
    }
}

pub(crate) fn router(service: Service, body_bytes_max: usize) -> Router {
    let metrics = Arc::clone(&service.metrics);
    Router::new()
        .route("/notes", get(list_notes).post(post_note))
        .route("/notes/{key}", put(put_note).get(get_note).delete(delete_note))
        .route("/users/{user}/notes/{key}", put(put_own).get(get_own))
        .route("/health", get(health))
        .route("/openapi.json", get(reference))
        .route("/metrics", get(told))
        .layer(DefaultBodyLimit::max(body_bytes_max))
        .layer(from_fn_with_state(service.clone(), audited))
        .layer(from_fn_with_state(body_bytes_max, guard))
        .layer(from_fn_with_state(metrics, count))
        .layer(from_fn(logged))
        .with_state(service)
}

/// More than any of our clients sends, and less than the framework takes.
const FIELDS_BYTES_MAX: usize = 32 << 10;
/// A key is a word, not a text.
const IDEMPOTENCY_KEY_BYTES_MAX: usize = 128;

/// What the framework leaves to the service: a request names its host exactly once (RFC 9112, 3.2), its fields are of
/// bounded length, a body that is announced as too long is not waited for, and browsers are told to guess no type.
async fn guard(State(body_bytes_max): State<usize>, request: Request, next: Next) -> Response {
    let fields = request.headers();
    let hosts = fields.get_all(header::HOST).iter().count();
    let announced = fields.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let fields_bytes: usize = fields.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    let mut response = if fields_bytes > FIELDS_BYTES_MAX {
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE.into_response()
    } else if hosts != 1 {
        (StatusCode::BAD_REQUEST, "a request names its host once\n").into_response()
    } else if announced.is_some_and(|length: u64| length > body_bytes_max as u64) {
        StatusCode::PAYLOAD_TOO_LARGE.into_response()
    } else {
        next.run(request).await
    };
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

impl IntoResponse for StoreError {
    fn into_response(self) -> Response {
        (StatusCode::SERVICE_UNAVAILABLE, format!("{self}\n")).into_response()
    }
}

fn bad_key() -> Response {
    (StatusCode::BAD_REQUEST, "a key is one to 64 of A-Z a-z 0-9 _ -\n").into_response()
}

fn no_such_note() -> Response {
    (StatusCode::NOT_FOUND, "there is no such note\n").into_response()
}

fn unknown() -> Response {
    let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
    (StatusCode::UNAUTHORIZED, challenge, "show a token\n").into_response()
}

fn written(written: Result<Written, StoreError>) -> Response {
    match written {
        Ok(Written::Created(key)) => {
            let location = format!("/notes/{}", key.as_str());
            (StatusCode::CREATED, [(header::LOCATION, location)], Json(Created { key })).into_response()
        }
        Ok(Written::Kept) => StatusCode::CREATED.into_response(),
        Ok(Written::Replaced | Written::Removed) => StatusCode::NO_CONTENT.into_response(),
        Ok(Written::NotThere) => no_such_note(),
        Ok(Written::OtherBody) => {
            (StatusCode::UNPROCESSABLE_ENTITY, "another note was posted under this key\n").into_response()
        }
        Err(error) => error.into_response(),
    }
}

async fn put_note(State(store): State<Store>, Path(key): Path<String>, body: Bytes) -> Response {
    let Some(key) = Key::parse(&key) else { return bad_key() };
    written(store.write(Write::Put { owner: None, key, body: body.into() }).await)
}

async fn post_note(State(service): State<Service>, fields: HeaderMap, body: Bytes) -> Response {
    let client = service.users.of(&fields).map_or("nobody", |user| user.name.as_str());
    if let Err(seconds) = service.posts.count(client, now()) {
        let wait = [(header::RETRY_AFTER, seconds.to_string())];
        return (StatusCode::TOO_MANY_REQUESTS, wait, "too many notes\n").into_response();
    }
    let once = match fields.get("idempotency-key").map(HeaderValue::to_str) {
        None => None,
        Some(Ok(word)) if word.len() <= IDEMPOTENCY_KEY_BYTES_MAX => Some(word.to_owned()),
        Some(_) => return (StatusCode::BAD_REQUEST, "no such Idempotency-Key can be\n").into_response(),
    };
    written(service.store.write(Write::Post { once, body: body.into() }).await)
}

async fn delete_note(State(service): State<Service>, fields: HeaderMap, Path(key): Path<String>) -> Response {
    match service.users.of(&fields) {
        None => return unknown(),
        Some(user) if !user.is_editor => {
            return (StatusCode::FORBIDDEN, "only editors remove notes\n").into_response();
        }
        Some(_) => {}
    }
    let Some(key) = Key::parse(&key) else { return bad_key() };
    written(service.store.write(Write::Delete { key }).await)
}

/// The user whose notes these are, if it is he who asks. To others they are not there.
fn owner<'a>(users: &'a Users, fields: &HeaderMap, name: &str) -> Result<&'a User, Box<Response>> {
    let user = users.of(fields).ok_or_else(|| Box::new(unknown()))?;
    if user.name == name { Ok(user) } else { Err(Box::new(no_such_note())) }
}

async fn put_own(
    State(service): State<Service>,
    fields: HeaderMap,
    Path((name, key)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    let owner = match owner(&service.users, &fields, &name) {
        Ok(user) => Some(user.name.clone()),
        Err(refused) => return *refused,
    };
    let Some(key) = Key::parse(&key) else { return bad_key() };
    written(service.store.write(Write::Put { owner, key, body: body.into() }).await)
}

async fn get_own(
    State(service): State<Service>,
    fields: HeaderMap,
    Path((name, key)): Path<(String, String)>,
) -> Response {
    let owner = match owner(&service.users, &fields, &name) {
        Ok(user) => Some(user.name.clone()),
        Err(refused) => return *refused,
    };
    found(&service.store, owner, &key).await
}

async fn get_note(State(store): State<Store>, Path(key): Path<String>) -> Response {
    found(&store, None, &key).await
}

async fn found(store: &Store, owner: Option<String>, key: &str) -> Response {
    let Some(key) = Key::parse(key) else { return bad_key() };
    match store.get(owner, key).await {
        Ok(Some(body)) => ([(header::CONTENT_TYPE, "application/octet-stream")], body).into_response(),
        Ok(None) => no_such_note(),
        Err(error) => error.into_response(),
    }
}

/// Notes in the audit trail what was written.
async fn audited(State(service): State<Service>, request: Request, next: Next) -> Response {
    let is_write = !request.method().is_safe();
    let response = next.run(request).await;
    if let Some(audit) = service.audit.filter(|_| is_write && response.status().is_success()) {
        audit.note();
    }
    response
}

/// The one place that looks at a clock.
#[expect(clippy::disallowed_methods, reason = "the demo is a program of its own")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

async fn list_notes(State(store): State<Store>) -> Result<Json<Listed>, StoreError> {
    let (count, keys) = store.list().await?;
    Ok(Json(Listed { count, keys }))
}

/// What may be asked, and what is answered.
async fn reference() -> ([(header::HeaderName, &'static str); 1], &'static str) {
    ([(header::CONTENT_TYPE, "application/json")], include_str!("openapi.json"))
}

async fn told(State(service): State<Service>) -> ([(header::HeaderName, &'static str); 1], String) {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], service.metrics.text())
}

async fn health(State(service): State<Service>) -> Result<&'static str, Response> {
    service.store.check().await.map_err(IntoResponse::into_response)?;
    match &service.audit {
        Some(audit) if !audit.answers().await => {
            Err((StatusCode::SERVICE_UNAVAILABLE, "nobody collects the audit trail\n").into_response())
        }
        _ => Ok("ok\n"),
    }
}
