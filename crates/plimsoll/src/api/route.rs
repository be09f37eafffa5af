//! A route: one line of the table says all about it, and its types say the rest.
//!
//! A handler is `async fn(Call<Path, Query, Body>) -> Result<Reply, Problem>`. What is read from a request, what may be
//! answered and what the reference says of both come from these types, so none of them can differ from the others.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use plimsoll_base::Kind;
use plimsoll_policy::{Action, Outcome};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde::de::value::MapDeserializer;
use serde_json::error::Category;

use super::audit;
use super::auth::Caller;
use super::once::Once;
use super::problem::Problem;
use super::reply::{Answer, Reply};
use crate::app::{App, REFUSALS_A_MINUTE_MAX};

/// Longest body, in bytes: the longest thing that is sent is a subject or a profile of 40 KiB, in JSON.
pub(crate) const BODY_BYTES_MAX: usize = 256 << 10;
/// Longest time for a body to come: a slow sender takes the room of those who are in a hurry.
const BODY_MAX: Duration = Duration::from_secs(10);

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everybody who reaches the server.
    Anyone,
    /// Everybody who has signed in, whatever he may do.
    Known,
    /// Everybody on this machine, elsewhere whoever may do this.
    OnThisMachineOr(Action),
    /// Whoever may do this.
    May(Action),
    /// The same, and it is written into the audit trail although nothing changes: what leaves here is sensitive.
    Recorded(Action),
}

/// What the layers before a handler need to know of its route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Permit {
    pub(crate) access: Access,
    /// The handler's name.
    pub(crate) operation: &'static str,
    pub(crate) path: &'static str,
    /// Whether it is more than a question.
    pub(crate) changes: bool,
    /// Whether it can be made to depend on what is there: `If-Match`, `If-None-Match`.
    pub(crate) conditional: bool,
}

impl Permit {
    /// The action that must be allowed.
    pub(crate) fn action(self) -> Option<Action> {
        match self.access {
            Access::Anyone | Access::Known => None,
            Access::OnThisMachineOr(action) | Access::May(action) | Access::Recorded(action) => Some(action),
        }
    }

    /// What is asked for, as the audit trail names it.
    pub(crate) fn act(self) -> &'static str {
        self.action().map_or(self.operation, Action::name)
    }
}

/// A line of the table.
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) permit: Permit,
    pub(crate) summary: &'static str,
    pub(crate) describe: fn(&mut SchemaGenerator) -> Description,
    pub(crate) service: MethodRouter<Arc<App>>,
}

impl Route {
    /// The same, made to depend on what is there if the request says so.
    pub(crate) fn conditional(mut self) -> Self {
        self.permit.conditional = true;
        self
    }
}

/// What the reference says of a route's types.
pub(crate) struct Description {
    pub(crate) path: Schema,
    pub(crate) query: Schema,
    pub(crate) body: Option<(&'static str, Schema)>,
    pub(crate) answer: Answer,
}

/// Neither fields of the path nor of the query.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

/// The body of a request.
pub(crate) trait Input: Sized + Send + 'static {
    /// Its media type; none if there must be no body.
    const MEDIA_TYPE: Option<&'static str>;
    /// What it looks like.
    fn schema(generator: &mut SchemaGenerator) -> Schema;
    /// Reads it.
    fn read(bytes: &[u8]) -> Result<Self, Problem>;
}

impl Input for () {
    const MEDIA_TYPE: Option<&'static str> = None;

    fn schema(_: &mut SchemaGenerator) -> Schema {
        Schema::default()
    }

    fn read(bytes: &[u8]) -> Result<Self, Problem> {
        if bytes.is_empty() { Ok(()) } else { Err(bad("this takes no body")) }
    }
}

/// A body in JSON. Unknown and doubled fields are refused by its type.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned + JsonSchema + Send + 'static> Input for Json<T> {
    const MEDIA_TYPE: Option<&'static str> = Some("application/json");

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<T>()
    }

    fn read(bytes: &[u8]) -> Result<Self, Problem> {
        let read = serde_json::from_slice(bytes).map_err(|error| bad(format!("the body: {error}")));
        read.map(Self)
    }
}

/// A body in JSON with a secret in it: what is wrong with it is said without a word of it.
pub(crate) struct Secrets<T>(pub(crate) T);

impl<T: DeserializeOwned + JsonSchema + Send + 'static> Input for Secrets<T> {
    const MEDIA_TYPE: Option<&'static str> = Json::<T>::MEDIA_TYPE;

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        Json::<T>::schema(generator)
    }

    fn read(bytes: &[u8]) -> Result<Self, Problem> {
        let read = serde_json::from_slice(bytes)
            .map_err(|error| bad(format!("the body: {}", without_content(&error))));
        read.map(Self)
    }
}

/// What is wrong with a body that has a secret in it, without a word of it: what is said stands in the log too. Only the
/// names of fields that are missing or doubled are our own words.
fn without_content(error: &serde_json::Error) -> String {
    let said = error.to_string();
    if said.starts_with("missing field") || said.starts_with("duplicate field") {
        return said;
    }
    let what = match error.classify() {
        Category::Io | Category::Eof => "EOF: it ends too early",
        Category::Syntax => "it is not JSON",
        Category::Data if said.starts_with("unknown field") => "there is an unknown field",
        Category::Data => "invalid type: a value is not what it must be",
    };
    format!("{what} at line {} column {}", error.line(), error.column())
}

/// A body in TOML, as it was written.
pub(crate) struct Toml(pub(crate) String);

impl Input for Toml {
    const MEDIA_TYPE: Option<&'static str> = Some("application/toml");

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<String>()
    }

    fn read(bytes: &[u8]) -> Result<Self, Problem> {
        let text = std::str::from_utf8(bytes).map_err(|error| bad(format!("the body: {error}")))?;
        Ok(Self(text.to_owned()))
    }
}

/// A request that may be handled: who asks, for what, with what.
pub(crate) struct Call<P = Nothing, Q = Nothing, B = ()> {
    pub(crate) app: Arc<App>,
    pub(crate) caller: Arc<Caller>,
    pub(crate) path: P,
    pub(crate) query: Q,
    pub(crate) body: B,
    pub(crate) headers: HeaderMap,
    /// What is asked for, as the audit trail names it.
    pub(crate) act: &'static str,
    /// That it shall be done once, however often it is sent.
    pub(crate) once: Option<Once>,
}

fn bad(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, detail)
}

/// A line of the table. The name of the operation is that of the handler.
pub(crate) fn route<P, Q, B, R, F, W>(
    method: Method,
    path: &'static str,
    access: Access,
    summary: &'static str,
    handler: F,
) -> Route
where
    P: DeserializeOwned + JsonSchema + Send + 'static,
    Q: DeserializeOwned + JsonSchema + Send + 'static,
    B: Input,
    R: Reply,
    F: Fn(Call<P, Q, B>) -> W + Clone + Send + Sync + 'static,
    W: Future<Output = Result<R, Problem>> + Send,
{
    let operation = std::any::type_name::<F>().rsplit("::").next().unwrap_or_default();
    let filter = MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET);
    let permit = Permit { access, operation, path, changes: !method.is_safe(), conditional: false };
    let service = on(filter, move |State(app): State<Arc<App>>, request: Request| {
        let handler = handler.clone();
        async move { answer(permit, app, request, handler).await.map_err(Problem::into_response) }
    });
    Route { method, permit, summary, describe: describe::<P, Q, B, R>, service }
}

/// Reads a request that may be made, and has it handled.
async fn answer<P, Q, B, R, F, W>(
    permit: Permit,
    app: Arc<App>,
    request: Request,
    handler: F,
) -> Result<Response, Problem>
where
    P: DeserializeOwned + Send + 'static,
    Q: DeserializeOwned + Send + 'static,
    B: Input,
    R: Reply,
    F: Fn(Call<P, Q, B>) -> W,
    W: Future<Output = Result<R, Problem>> + Send,
{
    let (mut parts, body) = request.into_parts();
    let caller = parts.extensions.get::<Arc<Caller>>().cloned();
    let caller = caller.ok_or_else(|| Problem::of(Kind::Bug, "nobody asked who is asking"))?;
    let path = read_path(permit, &mut parts).await?;
    let query = Query::<Q>::try_from_uri(&parts.uri).map_err(|error| bad(error.body_text()))?.0;
    check_media_type::<B>(&parts.headers)?;
    let bytes = read_body(&parts, body).await?;
    if permit.access != Access::Anyone && caller.who().is_some() {
        // Whoever was shut out while his body came is out.
        caller.still_known(&app, app.clock.unix_ms())?;
    }
    let once = Once::of(&app.digests, permit, &caller, &parts, &bytes)?;
    if let Some(kept) = replay(&app, once.as_ref()).await? {
        return Ok(kept);
    }
    let call = Call {
        body: B::read(&bytes)?,
        headers: parts.headers,
        act: permit.act(),
        app: Arc::clone(&app),
        caller: Arc::clone(&caller),
        once: once.clone(),
        path,
        query,
    };
    match handler(call).await {
        Ok(reply) => {
            if matches!(permit.access, Access::Recorded(_)) {
                // Before anything of it leaves.
                audit::tell(&app, &caller.entry(permit.act(), parts.uri.path(), Outcome::Done, None)).await?;
            }
            Ok(reply.into_response())
        }
        Err(problem) => refused(permit, &app, &caller, parts.uri.path(), once.as_ref(), problem).await,
    }
}

/// A body that is too long is refused before it is sent, and one that does not come is not waited for.
async fn read_body(parts: &Parts, body: Body) -> Result<Bytes, Problem> {
    let said =
        parts.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if said.is_some_and(|length: u64| length > BODY_BYTES_MAX as u64) {
        let detail = format!("length limit exceeded: a body has at most {BODY_BYTES_MAX} bytes");
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
    }
    let request = Request::from_parts(parts.clone(), body);
    match tokio::time::timeout(BODY_MAX, Bytes::from_request(request, &())).await {
        Ok(read) => read.map_err(|error| Problem::new(error.status(), error.body_text())),
        Err(_) => Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "the body did not come in time")),
    }
}

async fn replay(app: &App, once: Option<&Once>) -> Result<Option<Response>, Problem> {
    match once {
        Some(once) => once.answered(app).await,
        None => Ok(None),
    }
}

/// An act that could not be done is told to the audit trail too, unless the same act was done at the same time under
/// the same key.
async fn refused(
    permit: Permit,
    app: &App,
    caller: &Caller,
    object: &str,
    once: Option<&Once>,
    problem: Problem,
) -> Result<Response, Problem> {
    if let Some(kept) = replay(app, once).await? {
        return Ok(kept);
    }
    let Some(who) = caller.who() else { return Err(problem) };
    let is_told = permit.changes || matches!(permit.access, Access::Recorded(_));
    if !is_told || problem.status == StatusCode::SERVICE_UNAVAILABLE {
        return Err(problem);
    }
    let why = match app.count_refusal(who.principal.user.as_str()) {
        ..REFUSALS_A_MINUTE_MAX => problem.detail.clone(),
        REFUSALS_A_MINUTE_MAX => format!("{}; no more is recorded in this minute", problem.detail),
        _ => return Err(problem),
    };
    audit::tell(app, &caller.entry(permit.act(), object, Outcome::Refused, Some(why))).await?;
    Err(problem)
}

/// axum has no fields for a path that has none.
async fn read_path<P: DeserializeOwned + Send + 'static>(
    permit: Permit,
    parts: &mut Parts,
) -> Result<P, Problem> {
    if !permit.path.contains('{') {
        let none = MapDeserializer::<_, serde::de::value::Error>::new(std::iter::empty::<(&str, &str)>());
        return P::deserialize(none).map_err(|error| Problem::of(Kind::Bug, error.to_string()));
    }
    let read = Path::<P>::from_request_parts(parts, &()).await;
    Ok(read.map_err(|error| Problem::new(error.status(), error.body_text()))?.0)
}

fn check_media_type<B: Input>(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(wanted) = B::MEDIA_TYPE else { return Ok(()) };
    let found = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let found = found.split(';').next().unwrap_or_default().trim();
    if found.eq_ignore_ascii_case(wanted) {
        return Ok(());
    }
    let detail = format!("the body must be {wanted}");
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail)
        .hint(format!("send `Content-Type: {wanted}`")))
}

fn describe<P: JsonSchema, Q: JsonSchema, B: Input, R: Reply>(
    generator: &mut SchemaGenerator,
) -> Description {
    let (path, query) = (P::json_schema(generator), Q::json_schema(generator));
    let body = B::MEDIA_TYPE.map(|media_type| (media_type, B::schema(generator)));
    Description { path, query, body, answer: R::describe(generator) }
}
