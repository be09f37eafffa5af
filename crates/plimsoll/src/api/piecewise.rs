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
use tokio::sync::mpsc;

use super::auth::Caller;
use super::problem::Problem;
use super::reply::{Answer, Reply};
use crate::app::App;
use crate::print::one_line;
use crate::share::{Full, Held};

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
pub(crate) struct Pieces {
    sender: mpsc::Sender<io::Result<Bytes>>,
    app: Arc<App>,
    caller: Arc<Caller>,
}

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
    /// Sends a piece; says whether there is still somebody to take it. Whoever was shut out meanwhile gets no more, and
    /// the connection is cut.
    pub(crate) async fn send(&self, piece: impl Into<Bytes>) -> bool {
        match self.still_known() {
            Ok(()) => self.push(piece).await,
            Err(problem) => {
                self.break_off(io::Error::other(problem.detail)).await;
                false
            }
        }
    }

    async fn push(&self, piece: impl Into<Bytes>) -> bool {
        self.sender.send(Ok(piece.into())).await.is_ok()
    }

    /// To watch is no use of a session: it does not keep it open.
    fn still_known(&self) -> Result<(), Problem> {
        self.caller.still_known(&self.app, 0)
    }

    /// Cuts the connection: what has come so far must not look whole.
    pub(crate) async fn break_off(&self, error: impl std::error::Error + Send + Sync + 'static) {
        // Whoever is gone needs no reason.
        let _ = self.sender.send(Err(io::Error::other(error))).await;
    }
}

/// A body that a task writes. The task ends when the client is gone, for then nobody takes its pieces.
pub(crate) fn written_by<W>(
    app: &Arc<App>,
    caller: &Arc<Caller>,
    write: impl FnOnce(Pieces) -> W,
) -> Result<axum::body::Body, Problem>
where
    W: Future<Output = ()> + Send + 'static,
{
    let held = room(app, caller)?;
    let (sender, pieces) = mpsc::channel(PIECES_MAX);
    let writing = write(Pieces { sender, app: Arc::clone(app), caller: Arc::clone(caller) });
    app.scope.spawn("answer", OnEnd::GoOn, async move {
        let _held = held;
        writing.await;
    });
    Ok(axum::body::Body::new(Body(pieces)))
}

/// Nobody takes all of the room.
fn room(app: &App, caller: &Caller) -> Result<Held<String>, Problem> {
    let name = caller.known()?.principal.user.to_string();
    let held = app.streams.hold(name, STREAMS_OF_ONE_MAX).map_err(|full| match full {
        Full::Share => Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            format!("{STREAMS_OF_ONE_MAX} long answers are being sent to you already"),
        ),
        Full::All => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            format!("{STREAMS_MAX} long answers are being sent already"),
        ),
    });
    held.map_err(|problem| problem.retry_after_s(5))
}

/// Live events: server-sent events, as the HTML standard has them. Each has the sequence of its record as its id; who
/// comes back with the last one misses nothing.
pub(crate) struct Events(axum::body::Body);

impl Reply for Events {
    fn describe(_: &mut SchemaGenerator) -> Answer {
        let says = "Server-sent events; resumed by `Last-Event-ID`";
        // Readers differ in whether a schema would be that of the whole or of one event.
        let answer = Answer::new(StatusCode::OK, says).body("text/event-stream", Schema::default());
        Answer { resumes: true, ..answer }
    }
}

/// Live events of what has an end; none behind it.
pub(crate) struct ToTheEnd(Option<Events>);

impl Reply for ToTheEnd {
    fn describe(generator: &mut SchemaGenerator) -> Answer {
        let or = Some((StatusCode::NO_CONTENT, "Nothing comes after this event: it was the last"));
        Answer { or, ..Events::describe(generator) }
    }
}

impl IntoResponse for ToTheEnd {
    fn into_response(self) -> Response {
        // A browser that is told that there is no content does not come back.
        self.0.map_or_else(|| StatusCode::NO_CONTENT.into_response(), Events::into_response)
    }
}

impl IntoResponse for Events {
    fn into_response(self) -> Response {
        let mut response = self.0.into_response();
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

/// The records of a stream after a sequence and those that come, unless the one of this sequence was the last.
pub(crate) async fn follow_to_the_end(
    app: &Arc<App>,
    what: Following,
    after: u64,
) -> Result<ToTheEnd, Problem> {
    if after > 0 {
        let found = app.journal.read(&what.stream, after - 1, Amount::records(1)).await?;
        let last = found.first().filter(|last| last.sequence == after).ok_or_else(|| {
            let detail = format!("there is no event {after} yet");
            Problem::new(StatusCode::BAD_REQUEST, detail).hint("begin with the first: leave it out")
        })?;
        if (what.is_last)(last) {
            return Ok(ToTheEnd(None));
        }
    }
    Ok(ToTheEnd(Some(follow(app, what, after)?)))
}

/// The records of a stream after a sequence, and those that come.
pub(crate) fn follow(app: &Arc<App>, what: Following, after: u64) -> Result<Events, Problem> {
    let inner = Arc::clone(app);
    let caller = Arc::clone(&what.caller);
    let body = written_by(app, &caller, |pieces| async move {
        let why = tell(&inner, &what, after, &pieces).await;
        if let Err(problem) = why {
            let data = one_line(&serde_json::json!({ "detail": problem.detail, "hint": problem.hint }));
            pieces.push(format!("event: problem\ndata: {data}\n\n")).await;
        }
    })?;
    Ok(Events(body))
}

/// Sends events until the client is gone, the last one is told, or the server ends.
async fn tell(app: &App, what: &Following, mut after: u64, pieces: &Pieces) -> Result<(), Problem> {
    let mut news = app.journal.position();
    // The head of the answer goes out at once.
    let mut is_heard = pieces.push(": here\n\n").await;
    while is_heard {
        pieces.still_known()?;
        news.mark_unchanged();
        let records = app.journal.read(&what.stream, after, Amount::records(RECORDS_AT_ONCE)).await?;
        if let Some(last) = records.last() {
            after = last.sequence;
            let text: String = records.iter().filter_map(|record| event(record, what.shown)).collect();
            is_heard = pieces.push(text).await;
            if (what.is_last)(last) {
                return Ok(());
            }
            continue;
        }
        tokio::select! {
            () = app.scope.stopped() => return Ok(()),
            () = pieces.sender.closed() => return Ok(()),
            changed = news.changed() => {
                if changed.is_err() {
                    return Ok(());
                }
                tokio::time::sleep(COALESCE).await;
            }
            () = tokio::time::sleep(SIGN_OF_LIFE) => is_heard = pieces.push(":\n\n").await,
        }
    }
    Ok(())
}

fn event(record: &Record, shown: fn(&Record) -> Option<Value>) -> Option<String> {
    let data = one_line(&shown(record)?);
    Some(format!("id: {}\nevent: {}\ndata: {data}\n\n", record.sequence, record.kind))
}
