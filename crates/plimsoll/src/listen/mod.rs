//! Connections: accepted, bounded, given up when they are slow, and ended in peace.

mod tls;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use plimsoll_identity::Subscriber;
use plimsoll_tasks::{OnEnd, Scope};
use rustix::net::sockopt::{set_socket_send_buffer_size, set_tcp_user_timeout};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tower::Service;

use crate::app::App;
use crate::share::Room;
use crate::telemetry::Level;

pub(crate) use tls::Tls;

/// Connections at once; the system keeps more waiting. Half of the files that the process may open, if that is less.
const CONNECTIONS_MAX: usize = 2_048;
/// One address may hold one of so many parts of them. A proxy that is trusted brings many clients, and may hold all.
const CONNECTION_SHARES: usize = 2;
/// Longest time for the head of a request, and for the next one on a connection that stays open.
const HEAD_MAX: Duration = Duration::from_secs(20);
/// Longest time to agree on TLS.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// Longest time for which a client takes nothing of what it is sent, in milliseconds.
const UNTAKEN_MS_MAX: u32 = 30_000;
/// Longest head of a request, in bytes; the buffer for bodies and answers is as large.
const HEAD_BYTES_MAX: usize = 32 << 10;
/// What the system holds for a client that takes nothing of what it is sent, in bytes; with its own overhead twice as
/// much. It would begin with less and go up to some megabytes.
const UNTAKEN_BYTES_MAX: usize = 128 << 10;
/// After the system refused a connection (too many files are open), so long until the next is asked for.
const REFUSED_PAUSE: Duration = Duration::from_millis(50);
/// While it refuses, the log says so once in so many nanoseconds: a minute.
const REFUSED_TOLD_EVERY_NS: u64 = 60_000_000_000;

/// Answers on a socket until the scope stops. `files_max` is how many files the process may open.
pub(crate) async fn listen(
    listener: TcpListener,
    tls: Option<Arc<Tls>>,
    router: Router,
    app: Arc<App>,
    files_max: u64,
) {
    let scope = &app.scope;
    let max = usize::try_from(files_max / 2).unwrap_or(usize::MAX).clamp(CONNECTION_SHARES, CONNECTIONS_MAX);
    let room = Room::new(max);
    // Accepted ones have it from the one that listens. A system that does not know it is as good as before.
    let _ = set_socket_send_buffer_size(&listener, UNTAKEN_BYTES_MAX);
    let mut told_ns = None;
    loop {
        let Some(place) = room.place().await else { return };
        let accepted = tokio::select! {
            () = scope.stopped() => return,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tell_of_refusal(&app, &error, &mut told_ns);
                tokio::time::sleep(REFUSED_PAUSE).await;
                continue;
            }
        };
        let share = if app.settings.is_trusted_proxy(peer.ip()) { max } else { max / CONNECTION_SHARES };
        let Some(held) = room.give(place, Subscriber::of(peer.ip()), share) else {
            // Closed as it falls: to say why would take what there is too little of.
            app.metrics.count_refused_connection();
            continue;
        };
        let (tls, router, inner) = (tls.clone(), router.clone(), scope.clone());
        scope.spawn("connection", OnEnd::GoOn, async move {
            let _held = held;
            connection(stream, peer, tls, router, inner).await;
        });
    }
}

/// Who waits to be let in gets no answer that could say why.
fn tell_of_refusal(app: &App, error: &io::Error, told_ns: &mut Option<u64>) {
    let now_ns = app.clock.monotonic_ns();
    if told_ns.is_some_and(|told_ns| now_ns.saturating_sub(told_ns) < REFUSED_TOLD_EVERY_NS) {
        return;
    }
    *told_ns = Some(now_ns);
    app.log.tell(
        Level::Warn,
        "failed",
        json!({ "doing": "let in a connection", "problem": error.to_string() }),
    );
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<Arc<Tls>>,
    router: Router,
    scope: Scope,
) {
    // A socket that cannot be told so is as good as before.
    let _ = stream.set_nodelay(true);
    let _ = set_tcp_user_timeout(&stream, UNTAKEN_MS_MAX);
    let Some(tls) = tls else { return requests(stream, peer, router, scope).await };
    if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE_MAX, tls.acceptor().accept(stream)).await {
        requests(stream, peer, router, scope).await;
    }
}

/// The requests of one connection. When the scope stops, the one that is being answered is answered, and no other.
async fn requests<S>(stream: S, peer: SocketAddr, router: Router, scope: Scope)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let tasks = scope.clone();
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(peer);
        answer(request.map(Body::new), router.clone(), tasks.clone())
    });
    let mut builder = http1::Builder::new();
    // The buffer alone is no bound: a read may fill what was set aside beyond it.
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_MAX);
    builder.max_header_size(HEAD_BYTES_MAX).max_buf_size(HEAD_BYTES_MAX);
    let mut serving = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
    // How a connection ends is the client's affair.
    tokio::select! {
        _ = serving.as_mut() => return,
        () = scope.stopped() => serving.as_mut().graceful_shutdown(),
    }
    let _ = serving.await;
}

/// The answer to a request. What changes something is done to its end although the client goes away: otherwise nobody
/// would know whether it was done.
async fn answer(request: Request, mut router: Router, scope: Scope) -> Result<Response, Infallible> {
    if request.method().is_safe() {
        return router.call(request).await;
    }
    let (done, answered) = oneshot::channel();
    scope.spawn("request", OnEnd::GoOn, async move {
        // A client that has gone takes no answer.
        let _ = done.send(router.call(request).await);
    });
    // Nothing is sent by a task that fell over.
    answered.await.unwrap_or_else(|_| Ok(StatusCode::INTERNAL_SERVER_ERROR.into_response()))
}
