//! What every request passes on its way to a handler.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use plimsoll_identity::Subscriber;
use serde_json::json;
use tower::ServiceBuilder;

use super::auth::{Caller, authenticate, authorise};
use super::client::{Client, locate};
use super::problem::Problem;
use super::route::{BODY_BYTES_MAX, Route};
use super::sent::until_sent;
use crate::app::App;
use crate::share::Full;
use crate::telemetry::{Level, RequestId, Trace};

/// Requests that are handled at once, each until its answer is sent. More would only wait for each other: the journal
/// takes 4,096 batches.
pub(crate) const IN_FLIGHT_MAX: usize = 1_024;
/// Of these, as many as one client may have: half, so that one who sends or reads slowly does not shut out the others.
const IN_FLIGHT_OF_ONE_MAX: usize = IN_FLIGHT_MAX / 2;
/// Longest time from the head of a request to the head of its answer. It bounds slow senders of bodies too.
const DEADLINE: Duration = Duration::from_secs(30);
/// Longest part of a foreign text that stands in the log, in characters.
const LOGGED_CHARACTERS_MAX: usize = 128;

/// All routes behind the column that every request passes, from the outside in.
pub(crate) fn behind_layers(routes: Vec<Route>, app: &Arc<App>) -> Router {
    let state = || Arc::clone(app);
    let column = ServiceBuilder::new()
        .layer(from_fn(name_request)) // a name for the log, the audit trail and whoever asks for help
        .layer(from_fn_with_state(state(), locate)) // where it comes from, for the log, for shares and for waits
        .layer(from_fn_with_state(state(), watch)) // the span: log line and measurements, whatever the answer is
        .layer(from_fn_with_state(state(), guard_browsers)) // what a browser may do with our answers
        .layer(from_fn(write_problems)) // one place where a refusal gets its body
        .layer(from_fn_with_state(state(), shed_load)) // more than can be handled, or than one's share, is refused at once
        .layer(from_fn_with_state(DEADLINE, keep_deadline)) // nobody waits for ever, slow senders included
        .layer(from_fn_with_state(state(), know_host)) // another site's name that points here is not ours
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX)) // no body fills the memory
        .layer(from_fn_with_state(state(), authenticate)); // who is asking
    let mut router = Router::new();
    for route in routes {
        // May he? Each route knows what it demands. A method that is no route of this path demands nothing.
        let permitted = from_fn_with_state((state(), route.permit), authorise);
        router = router.route(route.permit.path, route.service.route_layer(permitted));
    }
    router
        .fallback(|| async { Problem::new(StatusCode::NOT_FOUND, "there is nothing at this address") })
        .layer(column)
        .with_state(state())
}

async fn name_request(mut request: Request, next: Next) -> Response {
    let id = RequestId::next();
    request.extensions_mut().insert(id);
    let mut response = next.run(request).await;
    if let Ok(value) = HeaderValue::try_from(id.to_string()) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), value);
    }
    response
}

/// The request's span: begun here, told when the answer's head is there.
async fn watch(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let began_ns = app.clock.monotonic_ns();
    let (method, id) = (request.method().clone(), request.extensions().get::<RequestId>().copied());
    let matched = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let trace = request.headers().get("traceparent").and_then(|value| Trace::parse(value.to_str().ok()?));
    let client = Client::of(&request);
    let unknown = matched.is_none().then(|| shortened(request.uri().path()));
    let response = next.run(request).await;
    let took_us = app.clock.monotonic_ns().saturating_sub(began_ns) / 1_000;
    let status = response.status();
    let index = matched.as_deref().and_then(|path| app.route_index(&method, path)).unwrap_or(usize::MAX);
    app.metrics.count(index, status.as_u16(), took_us);
    let caller = response.extensions().get::<Arc<Caller>>();
    let level = if status.is_server_error() { Level::Error } else { Level::Info };
    app.log.tell(
        level,
        "request",
        json!({
            "request_id": id.map(|id| id.to_string()),
            "trace_id": trace.map(Trace::trace_id),
            "parent_id": trace.map(Trace::parent_id),
            "method": shortened(method.as_str()),
            "route": matched,
            "path": unknown,
            "status": status.as_u16(),
            "duration_us": took_us,
            "user": caller.and_then(|caller| caller.who()).map(|who| who.principal.user.as_str()),
            "address": client.address,
            "problem": response.extensions().get::<Problem>().map(|problem| problem.detail.as_str()),
        }),
    );
    response
}

fn shortened(text: &str) -> String {
    text.chars().take(LOGGED_CHARACTERS_MAX).collect()
}

/// Gives every refusal its body, those of the router itself included.
async fn write_problems(request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().copied().unwrap_or_default();
    let response = next.run(request).await;
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let problem = response.extensions().get::<Problem>().cloned().unwrap_or_else(|| {
        let reason = status.canonical_reason().unwrap_or("the request cannot be answered");
        Problem::new(status, reason.to_lowercase())
    });
    let (headers, extensions) = (response.headers().clone(), response.extensions().clone());
    let mut written = problem.clone().written(&id.to_string());
    for name in [header::ALLOW, header::SET_COOKIE] {
        if let Some(value) = headers.get(&name) {
            written.headers_mut().insert(name, value.clone());
        }
    }
    *written.extensions_mut() = extensions;
    written.extensions_mut().insert(problem);
    written
}

/// What a browser may do with an answer: nothing but show it, run our own scripts, and ask us. Whatever a handler has
/// said already holds.
async fn guard_browsers(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                          form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    let mut response = next.run(request).await;
    let headers: &mut HeaderMap = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::CACHE_CONTROL, "no-store");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    if app.settings.is_secure() {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    response
}

async fn shed_load(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    // Whether the process lives must be answered when it has too much to do.
    if request.uri().path().starts_with("/health/") {
        return next.run(request).await;
    }
    let full = match app.in_flight.hold(Subscriber::of(Client::of(&request).address), IN_FLIGHT_OF_ONE_MAX) {
        Ok(held) => return until_sent(next.run(request).await, held),
        Err(full) => full,
    };
    let problem = match full {
        Full::Share => {
            let detail =
                format!("{IN_FLIGHT_OF_ONE_MAX} requests from your address are being handled already");
            let hint = "send the next one when one of them is answered";
            Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).hint(hint)
        }
        Full::All => Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too many requests are being handled"),
    };
    problem.retry_after_s(1).into_response()
}

async fn keep_deadline(State(max): State<Duration>, request: Request, next: Next) -> Response {
    let changes = !request.method().is_safe();
    match tokio::time::timeout(max, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let problem =
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, "this took too long and was given up");
            let hint = "it may have been done: ask, or send it again under the same Idempotency-Key";
            let problem = if changes { problem.hint(hint) } else { problem };
            problem.retry_after_s(1).into_response()
        }
    }
}

async fn know_host(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let mut hosts = request.headers().get_all(header::HOST).into_iter();
    let host = hosts.next().and_then(|host| host.to_str().ok());
    // In a target with a name of its own, RFC 9112 (3.2.2) has that name hold.
    let named = request.uri().authority().map(|authority| authority.as_str());
    let known = |host: Option<&str>| host.is_some_and(|host| app.settings.is_known_host(host));
    if known(host) && hosts.next().is_none() && named.is_none_or(|named| known(Some(named))) {
        return next.run(request).await;
    }
    Problem::new(StatusCode::MISDIRECTED_REQUEST, "the server does not answer to this name")
        .hint("use its address, or name it in the configuration: public_url = \"https://NAME\"")
        .into_response()
}

/// Whether a method is one of those that the table of routes has.
pub(crate) fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        _ => "ANY",
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::any;
    use tower::Service as _;

    use super::*;

    /// What takes too long is given up; who may have changed something is told how to find out.
    #[test]
    fn what_takes_too_long_is_given_up_and_may_have_been_done() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let answer = |method: Method, max_ms: u64, took_ms: u64| {
            let handler = move || tokio::time::sleep(Duration::from_millis(took_ms));
            let deadline = from_fn_with_state(Duration::from_millis(max_ms), keep_deadline);
            let router = Router::new().route("/", any(handler)).layer(deadline);
            let mut router: Router = router.layer(from_fn(write_problems));
            let request = Request::builder().method(method).uri("/").body(Body::empty()).unwrap();
            runtime.block_on(router.call(request)).unwrap()
        };
        for (method, is_told) in [(Method::GET, false), (Method::POST, true)] {
            let given_up = answer(method.clone(), 1, 60_000);
            assert_eq!(given_up.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(given_up.headers()[header::RETRY_AFTER], "1");
            let problem = given_up.extensions().get::<Problem>().unwrap();
            assert_eq!(problem.detail, "this took too long and was given up");
            assert_eq!(problem.hint.is_some(), is_told, "{method}");
            assert_eq!(answer(method, 60_000, 1).status(), StatusCode::OK);
        }
    }
}
