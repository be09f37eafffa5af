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
    /// What stands in its head and not in that of every answer.
    pub(crate) headers: Vec<Header>,
    /// Another answer that is yes, without a body.
    pub(crate) or: Option<(StatusCode, &'static str)>,
    /// Whether it goes on behind what the request says by `Last-Event-ID`.
    pub(crate) resumes: bool,
}

/// What the reference says of a header.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Header {
    pub(crate) name: &'static str,
    pub(crate) says: &'static str,
}

const LOCATION: Header = Header { name: "Location", says: "Where it is" };
const SET_COOKIE: Header = Header { name: "Set-Cookie", says: "The session, or that there is none any more" };
const CONTENT_DISPOSITION: Header =
    Header { name: "Content-Disposition", says: "That it is to be saved, and under which name" };

impl Answer {
    /// One without a body.
    pub(crate) fn new(status: StatusCode, says: &'static str) -> Self {
        Self { status, says, body: None, headers: Vec::new(), or: None, resumes: false }
    }

    pub(crate) fn body(self, media_type: &'static str, schema: Schema) -> Self {
        Self { body: Some((media_type, schema)), ..self }
    }

    /// Another answer that is yes, without a body.
    pub(crate) fn or(self, status: StatusCode, says: &'static str) -> Self {
        Self { or: Some((status, says)), ..self }
    }

    fn header(mut self, header: Header) -> Self {
        self.headers.push(header);
        self
    }
}

/// An answer that is yes.
pub(crate) trait Reply: IntoResponse + Send {
    /// What the reference says.
    fn describe(generator: &mut SchemaGenerator) -> Answer;
}

impl<T: Serialize + JsonSchema + Send> Reply for Json<T> {
    fn describe(generator: &mut SchemaGenerator) -> Answer {
        Answer::new(StatusCode::OK, "What was asked for")
            .body("application/json", generator.subschema_for::<T>())
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
        Answer::new(StatusCode::CREATED, "It was created; `Location` says where it is")
            .body("application/json", generator.subschema_for::<T>())
            .header(LOCATION)
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
        Answer::new(StatusCode::NO_CONTENT, "It was done")
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
        R::describe(generator).header(SET_COOKIE)
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
}

macro_rules! media_types {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $says:literal;)*) => {$(
        $(#[$doc])*
        pub(crate) enum $name {}

        impl MediaType for $name {
            const NAME: &'static str = $text;
            const SAYS: &'static str = $says;
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
    Tar = "application/x-tar", "The folder as one file";
    /// A JSON object a line.
    JsonLines = "application/jsonl", "A JSON object a line";
    /// Bytes.
    Bytes = "application/octet-stream", "The file";
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
        // A document in JSON is an object, and everything else is text or bytes.
        let kind = if M::NAME == "application/json" { "object" } else { "string" };
        Answer::new(StatusCode::OK, M::SAYS).body(M::NAME, schemars::json_schema!({ "type": kind }))
    }
}

impl<M: MediaType> IntoResponse for Content<M> {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, M::NAME)], self.body).into_response()
    }
}

/// What is to be saved and not to be shown, under a name that says what it is.
pub(crate) struct Download<M> {
    /// Letters, digits and `._-`.
    name: String,
    /// Its length in bytes, if the body does not tell it.
    bytes: Option<u64>,
    content: Content<M>,
}

impl<M: MediaType> Download<M> {
    /// Whatever could end the name, or lead out of a folder, becomes a hyphen.
    pub(crate) fn new(name: &str, body: impl Into<Body>) -> Self {
        let is_plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let name = name.chars().map(|c| if is_plain(&c) { c } else { '-' }).collect();
        Self { name, bytes: None, content: Content::new(body) }
    }

    /// The same, of a length that is known before it comes.
    pub(crate) fn of_bytes(self, bytes: u64) -> Self {
        Self { bytes: Some(bytes), ..self }
    }
}

impl<M: MediaType> Reply for Download<M> {
    fn describe(_: &mut SchemaGenerator) -> Answer {
        let schema = schemars::json_schema!({ "type": "string", "format": "binary" });
        Answer::new(StatusCode::OK, M::SAYS).body(M::NAME, schema).header(CONTENT_DISPOSITION)
    }
}

impl<M: MediaType> IntoResponse for Download<M> {
    fn into_response(self) -> Response {
        let disposition = format!("attachment; filename=\"{}\"", self.name);
        let length = self.bytes.map(|bytes| [(header::CONTENT_LENGTH, HeaderValue::from(bytes))]);
        ([(header::CONTENT_DISPOSITION, disposition)], length, self.content).into_response()
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
        Answer::new(StatusCode::OK, "A part of the pages").body("*/*", schema)
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

impl<T: Serialize> From<&Json<T>> for Kept {
    fn from(answer: &Json<T>) -> Self {
        Self::Answer { status: StatusCode::OK, location: None, body: serde_json::to_value(&answer.0).ok() }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_download_cannot_say_anything_else() {
        for (name, saved) in [
            ("certificate-1-trials/0001.json", "certificate-1-trials-0001.json"),
            ("../../etc/passwd", "..-..-etc-passwd"),
            ("a\"; filename=\"b\r\nx: y", "a---filename--b--x--y"),
            ("größe", "gr--e"),
        ] {
            let response = Download::<Bytes>::new(name, "x").into_response();
            let expected = format!("attachment; filename=\"{saved}\"");
            assert_eq!(response.headers()[header::CONTENT_DISPOSITION], expected.as_str());
            assert_eq!(response.headers()[header::CONTENT_TYPE], Bytes::NAME);
        }
    }
}
