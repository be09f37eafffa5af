//! Answers that come piece by piece: what is long is not held in memory, and what is live is sent as it happens.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::body::Frame;
use plimsoll_store::{Amount, Journal, Record, StreamName};
use plimsoll_tasks::OnEnd;
use schemars::{Schema, SchemaGenerator};
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::auth::{By, Caller};
use super::problem::Problem;
use super::reply::{Answer, Reply};
use crate::app::App;
use crate::print::one_line;
use crate::share::Held;

/// Answers that are sent piece by piece at the same time: each holds a task and some pieces.
pub(crate) const STREAMS_MAX: usize = 128;
/// Of these, as many as one user may have: a console with some tabs.
const STREAMS_OF_ONE_MAX: usize = 16;
/// Pieces that wait for a client that is slow.
const PIECES_MAX: usize = 4;
/// Records that an export reads at once.
pub(crate) const EXPORTED_AT_ONCE: usize = 1_000;
/// Records that are read at once.
const RECORDS_AT_ONCE: usize = 200;
/// A sign of life on a line on which nothing happens, so that neither end nor anything between gives it up.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);
/// After news, so long until it is looked at: what happens at once is sent at once, many watchers cost little.
const COALESCE: Duration = Duration::from_millis(50);

/// A body whose pieces come from a task.
struct Body(mpsc::Receiver<io::Result<Bytes>>);

/// Where a task puts its pieces.
pub(crate) struct Pieces(mpsc::Sender<io::Result<Bytes>>);

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}

impl Pieces {
    /// Says whether there is still somebody to take it.
    pub(crate) async fn send(&self, piece: impl Into<Bytes>) -> bool {
        self.0.send(Ok(piece.into())).await.is_ok()
    }

    /// Cuts the connection: what has come so far must not look whole.
    pub(crate) async fn break_off(&self, error: plimsoll_store::Error) {
        // Whoever is gone needs no reason.
        let _ = self.0.send(Err(io::Error::other(error))).await;
    }
}

/// A body that a task writes. The task ends when the client is gone, for then nobody takes its pieces.
pub(crate) fn written_by<W>(
    app: &App,
    caller: &Caller,
    write: impl FnOnce(Pieces) -> W,
) -> Result<axum::body::Body, Problem>
where
    W: Future<Output = ()> + Send + 'static,
{
    let (permit, share) = (room(app)?, share(app, caller)?);
    let (sender, pieces) = mpsc::channel(PIECES_MAX);
    let writing = write(Pieces(sender));
    app.scope.spawn("answer", OnEnd::GoOn, async move {
        let _held = (permit, share);
        writing.await;
    });
    Ok(axum::body::Body::new(Body(pieces)))
}

/// Nobody takes all of the room.
fn share(app: &App, caller: &Caller) -> Result<Held, Problem> {
    let name = caller.known()?.principal.user.as_str();
    app.streams_by_user.hold(name, STREAMS_OF_ONE_MAX).ok_or_else(|| {
        let detail = format!("{STREAMS_OF_ONE_MAX} long answers are being sent to you already");
        Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).retry_after_s(5)
    })
}

fn room(app: &App) -> Result<OwnedSemaphorePermit, Problem> {
    Arc::clone(&app.streams).try_acquire_owned().map_err(|_| {
        let detail = format!("{STREAMS_MAX} long answers are being sent already");
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).retry_after_s(5)
    })
}

/// Live events: server-sent events, as the HTML standard has them. Each has the sequence of its record as its id; who
/// comes back with the last one misses nothing.
pub(crate) struct Events(Option<axum::body::Body>);

impl Reply for Events {
    fn describe(_: &mut SchemaGenerator) -> Answer {
        let says = "Server-sent events; resumed by `Last-Event-ID`";
        // Readers differ in whether a schema would be that of the whole or of one event.
        Answer { status: StatusCode::OK, says, body: Some(("text/event-stream", Schema::default())) }
    }
}

impl IntoResponse for Events {
    fn into_response(self) -> Response {
        // A browser that is told that there is no content does not come back.
        let Some(body) = self.0 else { return StatusCode::NO_CONTENT.into_response() };
        let mut response = body.into_response();
        let kind = HeaderValue::from_static("text/event-stream");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        // nginx holds answers back unless it is told not to.
        response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
        response
    }
}

/// What is followed, and for whom.
pub(crate) struct Following {
    pub(crate) stream: StreamName,
    /// What a record tells; none for one that is not shown.
    pub(crate) shown: fn(&Record) -> Option<Value>,
    /// Whether nothing can come after a record.
    pub(crate) is_last: fn(&Record) -> bool,
    pub(crate) caller: Arc<Caller>,
}

/// The sequence after which a client wants to go on: of `Last-Event-ID`, else what it asks for.
pub(crate) fn resume_after(headers: &HeaderMap, asked: Option<u64>) -> Result<u64, Problem> {
    match headers.get("last-event-id") {
        Some(value) => {
            let sequence = value.to_str().ok().and_then(|text| text.parse().ok());
            sequence.ok_or_else(|| {
                Problem::new(StatusCode::BAD_REQUEST, "`Last-Event-ID` is no number of an event")
            })
        }
        None => Ok(asked.unwrap_or(0)),
    }
}

/// The records of a stream after a sequence, and those that come.
pub(crate) async fn follow(app: &Arc<App>, what: Following, after: u64) -> Result<Events, Problem> {
    if after > 0 {
        let last = app.journal.read(&what.stream, after - 1, Amount::records(1)).await?;
        let over = last.first().is_some_and(|last| last.sequence == after && (what.is_last)(last));
        if over {
            return Ok(Events(None));
        }
    }
    let inner = Arc::clone(app);
    let caller = Arc::clone(&what.caller);
    let body = written_by(app, &caller, |pieces| async move {
        let why = tell(&inner, &what, after, &pieces).await;
        if let Err(problem) = why {
            let data = one_line(&serde_json::json!({ "detail": problem.detail, "hint": problem.hint }));
            pieces.send(format!("event: problem\ndata: {data}\n\n")).await;
        }
    })?;
    Ok(Events(Some(body)))
}

/// Sends events until the client is gone, the last one is told, or the server ends.
async fn tell(app: &App, what: &Following, mut after: u64, pieces: &Pieces) -> Result<(), Problem> {
    let mut news = app.journal.position();
    // The head of the answer goes out at once.
    let mut is_heard = pieces.send(": here\n\n").await;
    while is_heard {
        still_known(app, &what.caller)?;
        news.mark_unchanged();
        let records = app.journal.read(&what.stream, after, Amount::records(RECORDS_AT_ONCE)).await?;
        if let Some(last) = records.last() {
            after = last.sequence;
            let text: String = records.iter().filter_map(|record| event(record, what.shown)).collect();
            is_heard = pieces.send(text).await;
            if (what.is_last)(last) {
                return Ok(());
            }
            continue;
        }
        tokio::select! {
            () = app.scope.stopped() => return Ok(()),
            () = pieces.0.closed() => return Ok(()),
            changed = news.changed() => {
                if changed.is_err() {
                    return Ok(());
                }
                tokio::time::sleep(COALESCE).await;
            }
            () = tokio::time::sleep(SIGN_OF_LIFE) => is_heard = pieces.send(":\n\n").await,
        }
    }
    Ok(())
}

fn event(record: &Record, shown: fn(&Record) -> Option<Value>) -> Option<String> {
    let data = one_line(&shown(record)?);
    Some(format!("id: {}\nevent: {}\ndata: {data}\n\n", record.sequence, record.kind))
}

/// Whoever was shut out meanwhile sees nothing more. To watch is no use of a session: it does not keep it open.
fn still_known(app: &App, caller: &Caller) -> Result<(), Problem> {
    let who = caller.known()?;
    let (now_ms, rules) = (app.clock.unix_ms(), app.identity.rules());
    app.identity.read(|directory| match who.by {
        By::Session(id) => directory.session(now_ms, rules, id, 0).map(drop),
        By::Token(id) => directory.token(now_ms, rules, id).map(drop),
    })?;
    Ok(())
}
