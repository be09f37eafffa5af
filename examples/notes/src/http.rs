//! The notes over HTTP.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, put};
use serde::Serialize;

use crate::key::Key;
use crate::store::{Store, StoreError, Written};

#[derive(Serialize)]
struct Created {
    key: Key,
}

#[derive(Serialize)]
struct Listed {
    count: i64,
    keys: Vec<String>,
}

pub(crate) fn router(store: Store, body_bytes_max: usize) -> Router {
    Router::new()
        .route("/notes", get(list_notes).post(post_note))
        .route("/notes/{key}", put(put_note).get(get_note))
        .route("/health", get(health))
        .layer(DefaultBodyLimit::max(body_bytes_max))
        .layer(from_fn_with_state(body_bytes_max, guard))
        .with_state(store)
}

/// More than any of our clients sends, and less than the framework takes.
const FIELDS_BYTES_MAX: usize = 32 << 10;

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

async fn put_note(State(store): State<Store>, Path(key): Path<String>, body: Bytes) -> Response {
    let Some(key) = Key::parse(&key) else { return bad_key() };
    match store.put(Some(key), body.into()).await {
        Ok(Written::Created(_)) => StatusCode::CREATED.into_response(),
        Ok(Written::Replaced) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => error.into_response(),
    }
}

async fn post_note(State(store): State<Store>, body: Bytes) -> Response {
    match store.put(None, body.into()).await {
        Ok(Written::Created(key)) => {
            let location = format!("/notes/{}", key.as_str());
            (StatusCode::CREATED, [(header::LOCATION, location)], Json(Created { key })).into_response()
        }
        // A note without a key of its own never meets another one.
        Ok(Written::Replaced) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Err(error) => error.into_response(),
    }
}

async fn get_note(State(store): State<Store>, Path(key): Path<String>) -> Response {
    let Some(key) = Key::parse(&key) else { return bad_key() };
    match store.get(key).await {
        Ok(Some(body)) => ([(header::CONTENT_TYPE, "application/octet-stream")], body).into_response(),
        Ok(None) => (StatusCode::NOT_FOUND, "there is no such note\n").into_response(),
        Err(error) => error.into_response(),
    }
}

async fn list_notes(State(store): State<Store>) -> Result<Json<Listed>, StoreError> {
    let (count, keys) = store.list().await?;
    Ok(Json(Listed { count, keys }))
}

async fn health(State(store): State<Store>) -> Result<&'static str, StoreError> {
    store.check().await?;
    Ok("ok\n")
}
