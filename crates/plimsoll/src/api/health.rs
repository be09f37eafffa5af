//! Whether the server lives, whether it can work, and what it measures of itself.

use std::time::Duration;

use axum::http::StatusCode;
use plimsoll_store::{Batch, CursorName, DocumentKey, Expect, Journal, Write};
use schemars::JsonSchema;
use serde::Serialize;

use super::problem::Problem;
use super::reply::{Content, OpenMetrics};
use super::route::{Call, Json};
use crate::app::App;
use crate::telemetry::Figure;

/// An answer about readiness holds for so long, in nanoseconds: who asks often does not wear out the disk.
const HOLDS_NS: u64 = 500_000_000;
/// Longest time for the journal to keep a row.
const TOUCH_MAX: Duration = Duration::from_secs(5);

/// It is alive.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Alive {
    /// Always `alive`: a process that is not does not answer.
    status: &'static str,
}

/// It can work.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Ready {
    /// Always `ready`: otherwise the answer is a problem.
    status: &'static str,
    /// How long the journal took to keep a row and confirm it, in microseconds.
    journal_us: u64,
}

/// The last answer, and when it was found on the monotonic clock.
pub(crate) type Readiness = tokio::sync::Mutex<Option<(u64, Result<Ready, Problem>)>>;

pub(crate) async fn is_alive(_: Call) -> Result<Json<Alive>, Problem> {
    Ok(Json(Alive { status: "alive" }))
}

pub(crate) async fn is_ready(call: Call) -> Result<Json<Ready>, Problem> {
    ready(&call.app).await.map(Json)
}

/// Touches what the server needs, and does so once for all who ask at the same time.
pub(crate) async fn ready(app: &App) -> Result<Ready, Problem> {
    let mut last = app.readiness.lock().await;
    if let Some((found, answer)) = last.as_ref()
        && app.clock.monotonic_ns().saturating_sub(*found) < HOLDS_NS
    {
        return answer.clone();
    }
    let answer = touch(app).await;
    *last = Some((app.clock.monotonic_ns(), answer.clone()));
    answer
}

async fn touch(app: &App) -> Result<Ready, Problem> {
    let not_ready = |problem: Problem| Problem {
        status: StatusCode::SERVICE_UNAVAILABLE,
        detail: format!("not ready: {}", problem.detail),
        ..problem
    };
    if let Some(damage) = app.damage() {
        return Err(not_ready(damage));
    }
    if let Some(trouble) = app.runner.trouble() {
        return Err(not_ready(Problem::new(StatusCode::SERVICE_UNAVAILABLE, trouble)));
    }
    let began_ns = app.clock.monotonic_ns();
    let value = app.clock.unix_ms().to_string().into_bytes();
    let row = Write::PutDocument { key: DocumentKey::new("health/ready")?, expect: Expect::Any, value };
    let kept = async {
        app.journal.commit(Batch { writes: vec![row], ..Batch::default() }).await?;
        app.journal.cursor(&CursorName::new("health/ready")?).await
    };
    match tokio::time::timeout(TOUCH_MAX, kept).await {
        Ok(Ok(_)) => {
            let journal_us = app.clock.monotonic_ns().saturating_sub(began_ns) / 1_000;
            Ok(Ready { status: "ready", journal_us })
        }
        Ok(Err(error)) => Err(not_ready(error.into())),
        Err(_) => {
            Err(not_ready(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the journal does not answer")))
        }
    }
}

pub(crate) async fn read_metrics(call: Call) -> Result<Content<OpenMetrics>, Problem> {
    let app = &call.app;
    let is_ready = f64::from(u8::from(ready(app).await.is_ok()));
    let position = *app.journal.position().borrow();
    let gauge = |name, help, value| Figure { name, help, is_counter: false, value };
    let counter = |name, help, value| Figure { name, help, is_counter: true, value };
    let mut figures = vec![
        gauge("plimsoll_ready", "Whether the server can work", is_ready),
        gauge("plimsoll_journal_position", "Records in the journal", position as f64),
        gauge("plimsoll_tasks", "Tasks that run", app.scope.running() as f64),
        counter(
            "plimsoll_log_lines_dropped",
            "Lines of the log that nobody took in time",
            app.log.dropped() as f64,
        ),
        counter(
            "plimsoll_connections_refused",
            "Connections that were closed at once, because their address had its share of them",
            app.metrics.connections_refused() as f64,
        ),
    ];
    figures.extend(
        resident_bytes().map(|bytes| {
            gauge("process_resident_memory_bytes", "Memory that the process holds", bytes as f64)
        }),
    );
    Ok(Content::new(app.metrics.exposition(&figures)))
}

/// proc(5): the second number of `statm` counts resident pages.
fn resident_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split(' ').nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}
