//! The log: one line an event, in JSON unless a person is watching, to stderr.
//!
//! Lines are written by a thread of their own, so that a terminal that stands still holds up nobody; what does not fit
//! into its queue is dropped and counted. They wait as text: as values they would take ten times the memory.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, channel, sync_channel};
use std::time::Duration;

use plimsoll_base::{Clock, Utc};
use serde_json::{Map, Value, json};

use crate::print::one_line;

/// Lines that may wait to be written: some hundredths of a second of requests.
const WAITING_MAX: usize = 4_096;
/// What is written at once is no longer than this and a line, in bytes: as much as a pipe takes.
const WRITTEN_BYTES: usize = 64 << 10;
/// Longest time at the end for what was told before: whoever reads it may stand still.
const END_MAX: Duration = Duration::from_secs(1);

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// What was done.
    Info,
    /// What somebody should look at when there is time.
    Warn,
    /// What somebody should look at now.
    Error,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// Where events are told.
pub(crate) struct Log {
    lines: SyncSender<String>,
    dropped: Arc<AtomicU64>,
    clock: Arc<dyn Clock>,
    form: fn(&Value) -> String,
}

/// Ends the log: what was told before is written first, if somebody takes it.
pub(crate) struct LogEnd {
    lines: SyncSender<String>,
    is_over: Arc<AtomicBool>,
    /// Closed when the writer has ended.
    written: Receiver<()>,
}

impl Drop for LogEnd {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        // No line, but it wakes a writer that waits for one. Where the queue is full, he does not wait.
        let _ = self.lines.try_send(String::new());
        // A writer that stands still goes with the process.
        let _ = self.written.recv_timeout(END_MAX);
    }
}

impl Log {
    /// Begins to write.
    pub(crate) fn start(clock: Arc<dyn Clock>) -> io::Result<(Self, LogEnd)> {
        let (lines, waiting) = sync_channel(WAITING_MAX);
        let form = if io::stderr().is_terminal() { for_people } else { for_machines };
        let ((ended, written), is_over) = (channel(), Arc::new(AtomicBool::new(false)));
        let end = LogEnd { lines: lines.clone(), is_over: Arc::clone(&is_over), written };
        std::thread::Builder::new().name("log".into()).spawn(move || {
            write(&waiting, &is_over);
            drop(ended);
        })?;
        Ok((Self { lines, dropped: Arc::default(), clock, form }, end))
    }

    /// Tells of an event: what happened in a word or two, and the fields that belong to it.
    pub(crate) fn tell(&self, level: Level, event: &'static str, fields: Value) {
        let unix_ms = self.clock.unix_ms();
        let seconds = Utc::from_unix_seconds(i64::try_from(unix_ms / 1_000).unwrap_or(i64::MAX)).to_string();
        let time = format!("{}.{:03}Z", seconds.trim_end_matches('Z'), unix_ms % 1_000);
        let mut line = Map::new();
        line.insert("time".into(), json!(time));
        line.insert("level".into(), json!(level.name()));
        line.insert("event".into(), json!(event));
        if let Value::Object(fields) = fields {
            line.extend(fields.into_iter().filter(|(_, value)| !value.is_null()));
        }
        let text = (self.form)(&Value::Object(line));
        if let Err(TrySendError::Full(_)) = self.lines.try_send(text) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many lines were dropped.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

fn write(waiting: &Receiver<String>, is_over: &AtomicBool) {
    let mut text = String::new();
    while let Ok(first) = waiting.recv() {
        text.clear();
        let mut next = Some(first);
        while let Some(line) = next {
            text.push_str(&line);
            if !line.is_empty() {
                text.push('\n');
            }
            next = if text.len() < WRITTEN_BYTES { waiting.try_recv().ok() } else { None };
        }
        // With stderr gone there is nobody to tell.
        let _ = io::stderr().lock().write_all(text.as_bytes());
        // Fewer bytes than go at once are all that there were.
        if is_over.load(Ordering::Acquire) && text.len() < WRITTEN_BYTES {
            return;
        }
    }
}

/// A JSON object, in which nothing is left that a terminal or a reader of lines could take for a command.
fn for_machines(line: &Value) -> String {
    one_line(line)
}

/// Time, event and what belongs to it.
fn for_people(line: &Value) -> String {
    let plain = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| one_line(value), |text| one_line(&json!(text)).trim_matches('"').to_owned())
    };
    let field = |name: &str| line.get(name).map(plain).unwrap_or_default();
    let time = field("time").get(11..19).unwrap_or_default().to_owned();
    let mut text = format!("{time} {:<5} {}", field("level"), field("event"));
    for (name, value) in line.as_object().into_iter().flatten() {
        if !["time", "level", "event", "request_id", "span"].contains(&name.as_str()) {
            text.push_str(&format!("  {name}={}", plain(value)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// U+2028 and C1 controls once passed into a log.
    #[test]
    fn a_line_is_one_line_whatever_is_told() {
        let line = json!({"time": "2026-11-22T10:11:12.013Z", "level": "info", "event": "request",
            "path": "/a\n{\"level\":\"error\"}\u{9b}31m\u{2028}\u{85}ERROR 2026-01-01"});
        for form in [for_machines, for_people] {
            let text = form(&line);
            assert!(text.chars().all(|c| !c.is_control() && c != '\u{2028}'), "{text:?}");
            // Words are left as they were.
            assert!(text.contains("ERROR 2026-01-01"), "{text}");
        }
        assert_eq!(serde_json::from_str::<Value>(&for_machines(&line)).unwrap(), line);
        assert!(for_people(&line).starts_with("10:11:12 info  request  path="), "{}", for_people(&line));
    }
}
