//! The service's life: start, serve, end.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::Error;
use crate::audit::Audit;
use crate::http::{Service, router};
use crate::listener::ClosingListener;
use crate::metrics::Metrics;
use crate::store::Store;
use crate::users::{Posts, Users};

/// How long open connections may bring one more request after the service was asked to end. It is answered with
/// `Connection: close`; a connection closed without warning would lose a request that is on its way.
const LAST_REQUESTS: Duration = Duration::from_millis(250);

/// Where the service listens and what it keeps.
#[derive(Debug, Clone)]
pub struct Options {
    /// The address; port 0 takes a free one, which is printed.
    pub listen: SocketAddr,
    /// The database's file, made if it is not there.
    pub data: PathBuf,
    /// A file of those who are known; without it nobody is.
    pub tokens: Option<PathBuf>,
    /// How many notes a client may post in two seconds; without it as many as he likes.
    pub posts: Option<u32>,
    /// Who collects a line for each write; without it nobody does.
    pub audit: Option<SocketAddr>,
    /// The longest note.
    pub body_bytes_max: usize,
    /// How long requests that are open may take after the service was asked to end.
    pub drain_max: Duration,
}

impl Options {
    /// Notes up to 1 MiB, and ten seconds to end.
    pub fn new(listen: SocketAddr, data: PathBuf) -> Self {
        Self {
            listen,
            data,
            tokens: None,
            posts: None,
            audit: None,
            body_bytes_max: 1 << 20,
            drain_max: Duration::from_secs(10),
        }
    }
}

/// Serves until SIGTERM or SIGINT, then answers what is open, and returns when the database is closed.
pub fn serve(options: Options) -> Result<(), Error> {
    let users = Users::read(options.tokens.as_deref())?;
    let (store, writer) = Store::open(&options.data)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|source| Error::System { action: "start the runtime", source })?;
    let served = runtime.block_on(async {
        let posts = Arc::new(Posts::new(options.posts));
        let service = Service {
            store,
            users: Arc::new(users),
            posts,
            metrics: Arc::new(Metrics::new()),
            audit: options.audit.map(Audit::start),
        };
        run(&options, service).await
    });
    // Dropping the runtime drops the last way to the store, so that the writer ends and closes the database.
    drop(runtime);
    // Nothing is lost with a writer that panicked: what it had not stored was not acknowledged.
    let _ = writer.join();
    served
}

async fn run(options: &Options, service: Service) -> Result<(), Error> {
    let listen = |source| Error::Listen { address: options.listen, source };
    let handle = |source| Error::System { action: "handle signals", source };
    let mut terminate = signal(SignalKind::terminate()).map_err(handle)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(handle)?;
    let listener = TcpListener::bind(options.listen).await.map_err(listen)?;
    let (closing, is_closing) = watch::channel(false);
    let listener = ClosingListener::new(listener, is_closing.clone()).map_err(listen)?;
    say_where(&listener).map_err(|source| Error::System { action: "print the address", source })?;

    let router = with_warning(router(service, options.body_bytes_max), is_closing.clone());
    let mut is_asked = is_closing.clone();
    let last_requests = async move {
        if is_asked.wait_for(|&asked| asked).await.is_ok() {
            tokio::time::sleep(LAST_REQUESTS).await;
        }
    };
    let serving = axum::serve(listener, router).with_graceful_shutdown(last_requests).into_future();
    let deadline = async {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        closing.send_replace(true);
        tokio::time::sleep(options.drain_max).await;
    };
    tokio::select! {
        served = serving => served.map_err(|source| Error::System { action: "serve", source }),
        () = deadline => Err(Error::Drain(options.drain_max.as_millis().try_into().unwrap_or(u64::MAX))),
    }
}

/// Tells clients of the last requests that their connections close.
fn with_warning(router: Router, is_closing: watch::Receiver<bool>) -> Router {
    router.layer(from_fn(move |request: Request, next: Next| {
        let is_closing = is_closing.clone();
        async move {
            let mut response: Response = next.run(request).await;
            if *is_closing.borrow() {
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            response
        }
    }))
}

fn say_where(listener: &ClosingListener) -> io::Result<()> {
    let address = axum::serve::Listener::local_addr(listener)?;
    let mut out = io::stdout().lock();
    writeln!(out, "listening on http://{address}")?;
    out.flush()
}
