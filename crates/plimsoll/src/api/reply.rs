//! What a handler may answer, what the reference says of it, and what is kept of it under an idempotency key.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::Value;

use super::route::Json;

/// What the reference says of an answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) says: &'static str,
    /// Its media type and what it looks like, if it has a body.
    pub(crate) body: Option<(&'static str, Schema)>,
}

/// An answer that is yes.
pub(crate) trait Reply: IntoResponse + Send {
    /// What the reference says.
    fn describe(generator: &mut SchemaGenerator) -> Answer;
}

impl<T: Serialize + JsonSchema + Send> Reply for Json<T> {
    fn describe(generator: &mut SchemaGenerator) -> Answer {
        let body = Some(("application/json", generator.subschema_for::<T>()));
        Answer { status: StatusCode::OK, says: "What was asked for", body }
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// Something new, and where it is.
#[derive(Debug)]
pub(crate) struct Created<T> {
    pub(crate) location: String,
    pub(crate) body: T,
}

impl<T: Serialize + JsonSchema + Send> Reply for Created<T> {
    fn describe(generator: &mut SchemaGenerator) -> Answer {
        let body = Some(("application/json", generator.subschema_for::<T>()));
        Answer { status: StatusCode::CREATED, says: "It was created; `Location` says where it is", body }
    }
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, [(header::LOCATION, self.location)], axum::Json(self.body)).into_response()
    }
}

/// It was done, and there is nothing to say.
#[derive(Debug)]
pub(crate) struct Done;

impl Reply for Done {
    fn describe(_: &mut SchemaGenerator) -> Answer {
        Answer { status: StatusCode::NO_CONTENT, says: "It was done", body: None }
    }
}

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

/// An answer that sets or removes a cookie.
pub(crate) struct WithCookie<R> {
    pub(crate) cookie: HeaderValue,
    pub(crate) reply: R,
}

impl<R: Reply> Reply for WithCookie<R> {
    fn describe(generator: &mut SchemaGenerator) -> Answer {
        R::describe(generator)
    }
}

impl<R: IntoResponse> IntoResponse for WithCookie<R> {
    fn into_response(self) -> Response {
        let mut response = self.reply.into_response();
        response.headers_mut().insert(header::SET_COOKIE, self.cookie);
        response
    }
}

/// Text or bytes of a kind that has a name.
pub(crate) trait MediaType: Send + 'static {
    /// As it stands in `Content-Type`.
    const NAME: &'static str;
    /// What the reference says.
    const SAYS: &'static str;
    /// Under which name it is saved; none if it is shown.
    const SAVED_AS: Option<&'static str> = None;
}

macro_rules! media_types {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $says:literal $(, $saved_as:literal)?;)*) => {$(
        $(#[$doc])*
        pub(crate) enum $name {}

        impl MediaType for $name {
            const NAME: &'static str = $text;
            const SAYS: &'static str = $says;
            $(const SAVED_AS: Option<&'static str> = Some($saved_as);)?
        }
    )*};
}

media_types! {
    /// A page.
    Html = "text/html; charset=utf-8", "A page";
    /// The OpenAPI document.
    OpenApi = "application/json", "The OpenAPI document";
    /// Measurements.
    OpenMetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8", "Measurements of the server";
    /// A proof.
    TlogProof = "text/plain; charset=utf-8", "A proof in the form of C2SP tlog-proof";
    /// Text.
    PlainText = "text/plain; charset=utf-8", "The public keys, as a trust file has them";
    /// A folder as one file.
    Tar = "application/x-tar", "The folder as one file", "certificate.tar";
    /// A JSON object a line.
    JsonLines = "application/jsonl", "A JSON object a line", "journal.jsonl";
}

/// A body of a media type: whole, or piece by piece.
pub(crate) struct Content<M> {
    body: Body,
    media_type: std::marker::PhantomData<fn() -> M>,
}

impl<M: MediaType> Content<M> {
    pub(crate) fn new(body: impl Into<Body>) -> Self {
        Self { body: body.into(), media_type: std::marker::PhantomData }
    }
}

impl<M: MediaType> Reply for Content<M> {
    fn describe(_: &mut SchemaGenerator) -> Answer {
        let schema = schemars::json_schema!({ "type": "string" });
        Answer { status: StatusCode::OK, says: M::SAYS, body: Some((M::NAME, schema)) }
    }
}

impl<M: MediaType> IntoResponse for Content<M> {
    fn into_response(self) -> Response {
        let mut response = ([(header::CONTENT_TYPE, M::NAME)], self.body).into_response();
        if let Some(name) = M::SAVED_AS {
            let value = HeaderValue::try_from(format!("attachment; filename=\"{name}\""));
            // The names above are plain.
            value.into_iter().for_each(|value| {
                response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
            });
        }
        response
    }
}

/// A file that is compiled in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asset {
    pub(crate) media_type: &'static str,
    pub(crate) text: &'static str,
}

impl Reply for Asset {
    fn describe(_: &mut SchemaGenerator) -> Answer {
        let schema = schemars::json_schema!({ "type": "string" });
        Answer { status: StatusCode::OK, says: "A part of the pages", body: Some(("*/*", schema)) }
    }
}

impl IntoResponse for Asset {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, self.media_type)], self.text).into_response()
    }
}

/// What is kept of an answer, so that the same request gets the same one again.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kept {
    /// All of it.
    Answer {
        /// The status.
        status: StatusCode,
        /// Where something new is.
        location: Option<String>,
        /// The body, if there is one.
        body: Option<Value>,
    },
    /// Only that it was given: there is a secret in it.
    Secret,
}

impl Kept {
    pub(crate) fn done() -> Self {
        Self::Answer { status: StatusCode::NO_CONTENT, location: None, body: None }
    }
}

impl<T: Serialize> From<&Created<T>> for Kept {
    fn from(created: &Created<T>) -> Self {
        Self::Answer {
            status: StatusCode::CREATED,
            location: Some(created.location.clone()),
            // What is sent can be written.
            body: serde_json::to_value(&created.body).ok(),
        }
    }
}
