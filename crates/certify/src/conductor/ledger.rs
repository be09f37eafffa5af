//! A ledger of writes, for drills: many writers side by side, what became of each write, and every one read again.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use plimsoll_load::{Held, Request, exchange, hold};
use plimsoll_process::monotonic_ns;
use plimsoll_proof::Digest;

use crate::error::Error;
use crate::files::{LedgerRequests, Subject};
use crate::running::Running;
use crate::stop::Stop;

/// Writers side by side.
const WRITERS: usize = 8;
/// Each writer ends after so many writes: what is written must be read again one by one. Paced as they are, only a
/// subject that takes less than 30 us for a write on a new connection would come so far in a crash drill; a backup that
/// takes longer than ten seconds ends without writes.
const WRITES_MAX: usize = 2_000;
/// Between two writes of a writer, until a kill is near: what was stored long before it is not at risk, and few
/// writes show that.
const WRITE_PAUSE: Duration = Duration::from_millis(4);
/// Between two readings of a write, where the subject could not tell.
const READ_PAUSE: Duration = Duration::from_millis(20);
/// A write or a read of the ledger may take this long.
const LEDGER_TIMEOUT_NS: u64 = 5_000_000_000;

/// The names and contents of one drill's writes, and how they are written and read.
pub(super) struct Book<'a> {
    pub(super) requests: &'a LedgerRequests,
    pub(super) seed: Digest,
}

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Acknowledged,
    /// It was refused, or found nobody to connect to.
    Refused,
    /// It was sent and got no reply.
    Unanswered,
}

/// One write of a drill.
#[derive(Debug, Clone, Copy)]
pub(super) struct Write {
    pub(super) writer: usize,
    /// Counts from 0 within the writer.
    pub(super) number: usize,
    pub(super) fate: Fate,
    /// When it was sent.
    pub(super) sent_ns: u64,
    /// When its fate was known.
    pub(super) known_ns: u64,
}

/// How far a drill has come, for its writers.
#[derive(Default)]
pub(super) struct Phase {
    /// The kill is near: no more pauses.
    pub(super) is_late: AtomicBool,
    /// What is being written now is not followed by anything.
    pub(super) is_over: AtomicBool,
}

/// What was read of a ledger.
pub(super) struct Reading {
    /// From the start of the process until the first write could be read, or was known to be missing; `None` if that
    /// never was, or nothing was written.
    pub(super) readable_ns: Option<u64>,
    /// Whether each write was found, in the order asked for.
    pub(super) found: Vec<bool>,
}

impl Book<'_> {
    /// Writes from all sides while `meanwhile` is at work, which ends the phases; what was written, writer by writer.
    pub(super) fn write_while<T>(
        &self,
        connections: usize,
        running: &Running,
        meanwhile: impl FnOnce(&Phase) -> Result<T, Error>,
    ) -> Result<(T, Vec<Write>), Error> {
        let phase = Phase::default();
        std::thread::scope(|threads| {
            let writers: Vec<_> = (0..connections.clamp(1, WRITERS))
                .map(|writer| {
                    let phase = &phase;
                    threads.spawn(move || self.write(running, writer, phase))
                })
                .collect();
            let done = meanwhile(&phase);
            // Also where it failed on its way.
            phase.is_over.store(true, Ordering::Relaxed);
            let written: Result<Vec<Vec<Write>>, _> =
                writers.into_iter().map(|writer| writer.join()).collect();
            let done = done?;
            let written = written.map_err(|_| running.error("could not be written to"))?;
            Ok((done, written.concat()))
        })
    }

    /// One writer: each write on a connection of its own.
    fn write(&self, running: &Running, writer: usize, phase: &Phase) -> Vec<Write> {
        let mut written = Vec::new();
        while written.len() < WRITES_MAX && !phase.is_over.load(Ordering::Relaxed) {
            written.push(self.write_one(running, writer, written.len()));
            if !phase.is_late.load(Ordering::Relaxed) {
                std::thread::sleep(WRITE_PAUSE);
            }
        }
        written
    }

    /// One write.
    pub(super) fn write_one(&self, running: &Running, writer: usize, number: usize) -> Write {
        let request = self.fill(&self.requests.write, writer, number);
        let held = hold(running.address, &running.host, &request, 0, LEDGER_TIMEOUT_NS);
        let sent_ns = monotonic_ns();
        let fate = match held.map(Held::finish) {
            Ok(Err(_)) => Fate::Unanswered,
            Ok(Ok(reply)) if reply.good => Fate::Acknowledged,
            Ok(Ok(_)) | Err(_) => Fate::Refused,
        };
        Write { writer, number, fate, sent_ns, known_ns: monotonic_ns() }
    }

    /// Reads every one of these writes again.
    pub(super) fn read(
        &self,
        subject: &Subject,
        running: &Running,
        writes: &[Write],
        stop: Stop<'_>,
    ) -> Result<Reading, Error> {
        let mut reading = Reading { readable_ns: None, found: Vec::with_capacity(writes.len()) };
        for write in writes {
            let is_found = self.read_back(subject, running, write, stop)?;
            if reading.found.is_empty() {
                reading.readable_ns = is_found.map(|_| running.since_start_ns());
            }
            reading.found.push(is_found.unwrap_or(false));
        }
        Ok(reading)
    }

    /// Whether a write is there. A subject that cannot tell yet is asked again until the time that it has to get ready
    /// is over; `None` if it never could. The ledger is read at the subject itself: a planted defect must not hide what
    /// it has.
    fn read_back(
        &self,
        subject: &Subject,
        running: &Running,
        write: &Write,
        stop: Stop<'_>,
    ) -> Result<Option<bool>, Error> {
        let within_ns = subject.start.as_ref().map_or(0, |start| start.ready_within_ns);
        loop {
            stop.check()?;
            let is_found = self.is_found(running.direct, &running.host, write);
            if is_found.is_some() || running.since_start_ns() > within_ns {
                return Ok(is_found);
            }
            std::thread::sleep(READ_PAUSE);
        }
    }

    /// Whether a write can be read; `None` if the subject could not tell: it gave no reply, or an error of its own.
    fn is_found(&self, address: SocketAddr, host: &str, write: &Write) -> Option<bool> {
        let request = self.fill(&self.requests.read, write.writer, write.number);
        let value = self.value(write.writer, write.number);
        let reply = exchange(address, host, &request, 0, LEDGER_TIMEOUT_NS).ok()?;
        if !reply.good && is_for_later(reply.status) {
            return None;
        }
        Some(reply.good && reply.body.windows(value.len()).any(|part| part == value.as_bytes()))
    }

    fn key(writer: usize, number: usize) -> String {
        format!("w{writer}-{number}")
    }

    /// Not to be guessed from the key, so that a reply that merely echoes the key is not taken for the content.
    fn value(&self, writer: usize, number: usize) -> String {
        let key = Self::key(writer, number);
        let digest = Digest::of(format!("{}{key}", self.seed).as_bytes()).to_string();
        digest.chars().take(32).collect()
    }

    fn fill(&self, request: &Request, writer: usize, number: usize) -> Request {
        let (key, value) = (Self::key(writer, number), self.value(writer, number));
        let fill = |text: &str| text.replace("{key}", &key).replace("{value}", &value);
        Request {
            path: fill(&request.path),
            headers: request.headers.iter().map(|(name, text)| (name.clone(), fill(text))).collect(),
            body: fill(&String::from_utf8_lossy(&request.body)).into_bytes(),
            ..request.clone()
        }
    }
}

/// Statuses that speak of the moment and not of what was asked for (RFC 9110, 15.5.9 and 15.6; RFC 6585, 4; RFC 8470, 5.2).
fn is_for_later(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..)
}

/// One character for each: `1` or `0`.
pub(super) fn bits(values: impl Iterator<Item = bool>) -> String {
    values.map(|value| if value { '1' } else { '0' }).collect()
}
