//! Connections: accepted, bounded, given up when they are slow, and ended in peace.

mod tls;

use std::convert::Infallible;
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
use plimsoll_tasks::{OnEnd, Scope};
use rustix::net::sockopt::set_tcp_user_timeout;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, oneshot};
use tower::Service;

pub(crate) use tls::Tls;

/// Connections at once; the system keeps more waiting.
const CONNECTIONS_MAX: usize = 2_048;
/// Longest time for the head of a request, and for the next one on a connection that stays open.
const HEAD_MAX: Duration = Duration::from_secs(20);
/// Longest time to agree on TLS.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// Longest time for which a client takes nothing of what it is sent, in milliseconds.
const UNTAKEN_MS_MAX: u32 = 30_000;
/// Longest head of a request, in bytes.
const HEAD_BYTES_MAX: usize = 32 << 10;
/// After the system refused a connection (too many files are open), so long until the next is asked for.
const REFUSED_PAUSE: Duration = Duration::from_millis(50);

/// Answers on a socket until the scope stops.
pub(crate) async fn listen(listener: TcpListener, tls: Option<Arc<Tls>>, router: Router, scope: Scope) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
        let accepted = tokio::select! {
            () = scope.stopped() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, peer)) = accepted else {
            tokio::time::sleep(REFUSED_PAUSE).await;
            continue;
        };
        let (tls, router, inner) = (tls.clone(), router.clone(), scope.clone());
        scope.spawn("connection", OnEnd::GoOn, async move {
            let _permit = permit;
            connection(stream, peer, tls, router, inner).await;
        });
    }
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
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_MAX).max_buf_size(HEAD_BYTES_MAX);
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
