//! A rehearsed crash: writes with a ledger, SIGKILL while some of them wait for their reply, restart on the same data,
//! every write read again.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use plimsoll_evidence::{Amount, CrashDrill, Document, Ledger, Probe, ProcessIdentity, Scene};
use plimsoll_fault::{Defect, Proxy};
use plimsoll_load::{Held, Request, exchange, hold};
use plimsoll_process::{Signal, monotonic_ns};
use plimsoll_proof::Digest;

use super::{Conductor, counts};
use crate::error::Error;
use crate::files::LedgerRequests;
use crate::running::{self, Running};
use crate::scratch::Scratch;

/// Writers side by side.
const WRITERS: usize = 8;
/// Each writer ends after so many writes: what is written must be read again one by one. Paced as they are, only a
/// subject that takes less than 30 us for a write on a new connection would come so far.
const WRITES_MAX: usize = 2_000;
/// From the first write to the kill, at least. Up to 255 ms more are drawn from the seed: a subject that stores its
/// writes at a beat of its own is not met at the same point of it each time.
const WRITE_TIME: Duration = Duration::from_millis(600);
/// Between two writes of a writer, until the kill is near: what was stored long before it is not at risk, and few
/// writes show that.
const WRITE_PAUSE: Duration = Duration::from_millis(4);
/// So long before the kill the writers stop pausing, and one write follows the other's reply at once.
const FULL_SPEED: Duration = Duration::from_millis(50);
/// How long the subject stands still before it is killed: until then every writer has read the replies that were on
/// their way, sent its next write, and waits. They need microseconds, on a busy machine more.
const FROZEN: Duration = Duration::from_millis(50);
/// Between two readings of a write, where the subject could not tell.
const READ_PAUSE: Duration = Duration::from_millis(20);
/// A write or a read of the ledger may take this long.
const LEDGER_TIMEOUT_NS: u64 = 5_000_000_000;

/// The fault proxy in front of the subject, and what it does when.
pub(super) struct Through<'a> {
    pub(super) proxy: &'a Proxy,
    pub(super) before_kill: Defect,
    pub(super) after_kill: Defect,
}

/// One writer's part of the ledger.
#[derive(Default)]
struct Written {
    /// Whether each of its writes was acknowledged.
    acknowledged: Vec<bool>,
    /// Of each write that was sent and got no reply: when it was sent, and when that was known.
    unanswered_ns: Vec<RangeInclusive<u64>>,
}

/// What was written, by writer, and how many writes the kill hit.
#[derive(Default)]
struct Writes {
    writers: Vec<Written>,
    outstanding: u64,
}

impl Conductor<'_> {
    /// Rehearses a crash, through the fault proxy if one is given.
    pub(super) fn crash_drill(
        &mut self,
        scene: Scene,
        trial: u64,
        through: Option<&Through<'_>>,
    ) -> Result<(), Error> {
        let folder = self.state.scratch()?;
        let proxy = through.map(|through| through.proxy);
        let before = through.map(|through| through.proxy.set(through.before_kill)).transpose()?;
        let running = match scene {
            Scene::Measured => self.start_directly(&folder)?,
            _ => running::start(self.subject, folder.path(), proxy, self.stop)?,
        };
        let process = running.process()?;
        let at = self.clock.now();
        let drill = Drill {
            scene,
            trial,
            seed: Digest::from_bytes(self.seed(&format!("{}/crash/{trial}", scene.name()))),
        };
        let writes = self.write_and_kill(&drill, &running)?;
        self.keep_output(format!("{}/crash/{trial}", scene.name()), &running);
        running.wait_end(monotonic_ns())?;
        drop(before);
        let after = through.map(|through| through.proxy.set(through.after_kill)).transpose()?;
        let (restarted, recovered_ns, found) = self.restart_and_read(&drill, &folder, proxy, &writes)?;
        drop(after);
        let ledger = self.subject.ledger.as_ref().map(|_| writes.ledger(&found));
        let proxy = proxy.map(|proxy| counts(&proxy.counters()));
        self.keep(Document::CrashDrill(CrashDrill {
            scene,
            trial,
            process,
            restarted,
            at,
            recovered_ns,
            ledger,
            proxy,
        }))
    }

    /// Writes until the kill; without a ledger the subject is killed under load.
    fn write_and_kill(&self, drill: &Drill, running: &Running) -> Result<Writes, Error> {
        let Some(ledger) = &self.subject.ledger else {
            return self.under_load(drill.scene, drill.trial, running, |_| {
                std::thread::sleep(WRITE_TIME);
                running.signal(Signal::Kill)?;
                Ok(Writes::default())
            });
        };
        let phase = Phase::default();
        std::thread::scope(|threads| {
            let writers: Vec<_> = (0..self.subject.load.connections.clamp(1, WRITERS))
                .map(|writer| {
                    let phase = &phase;
                    threads.spawn(move || drill.write(&ledger.write, running, writer, phase))
                })
                .collect();
            std::thread::sleep(drill.write_time());
            phase.is_late.store(true, Ordering::Relaxed);
            std::thread::sleep(FULL_SPEED);
            // A fast subject is idle for most of the time even at full speed. Stopped in its tracks it stores and answers
            // nothing more, so that the kill meets writes, and what was acknowledged last was so just before.
            let frozen = running.freeze();
            std::thread::sleep(FROZEN);
            phase.is_over.store(true, Ordering::Relaxed);
            let began_ns = monotonic_ns();
            let signalled = frozen.and_then(|()| running.signal(Signal::Kill));
            let kill_ns = began_ns..=monotonic_ns();
            let writers: Result<Vec<_>, _> = writers.into_iter().map(|writer| writer.join()).collect();
            signalled?;
            let writers = writers.map_err(|_| running.error("could not be written to"))?;
            Ok(Writes { outstanding: outstanding(&writers, &kill_ns), writers })
        })
    }

    /// Starts the subject on the same data and reads every write again.
    fn restart_and_read(
        &mut self,
        drill: &Drill,
        folder: &Scratch,
        proxy: Option<&Proxy>,
        writes: &Writes,
    ) -> Result<(ProcessIdentity, Amount, Vec<bool>), Error> {
        let running = running::start(self.subject, folder.path(), proxy, self.stop)?;
        let restarted = running.process()?;
        let within_ns = self.worth_waiting_ns(Probe::CrashRecovery);
        let mut recovered_ns = running.first_good_ns(self.subject, within_ns, self.stop)?;
        let mut found = Vec::new();
        if let Some(ledger) = &self.subject.ledger {
            for (writer, written) in writes.writers.iter().enumerate() {
                for write in 0..written.acknowledged.len() {
                    let is_found = self.read_back(drill, &running, ledger, (writer, write))?;
                    if found.is_empty() {
                        // The subject has not recovered before what it holds can be read.
                        let readable_ns =
                            is_found.map_or(Amount::Infinite, |_| Amount::Finite(running.since_start_ns()));
                        recovered_ns = recovered_ns.max(readable_ns);
                    }
                    found.push(is_found.unwrap_or(false));
                }
            }
        }
        running.end()?;
        Ok((restarted, recovered_ns, found))
    }

    /// Whether a write is there. A subject that cannot tell yet is asked again until the time that it has to get ready
    /// is over; `None` if it never could. The ledger is read at the subject itself: a planted defect must not hide what
    /// it has.
    fn read_back(
        &self,
        drill: &Drill,
        running: &Running,
        ledger: &LedgerRequests,
        (writer, write): (usize, usize),
    ) -> Result<Option<bool>, Error> {
        let within_ns = self.subject.start.as_ref().map_or(0, |start| start.ready_within_ns);
        loop {
            self.stop.check()?;
            let is_found = drill.is_found(ledger, running.direct, &running.host, writer, write);
            if is_found.is_some() || running.since_start_ns() > within_ns {
                return Ok(is_found);
            }
            std::thread::sleep(READ_PAUSE);
        }
    }
}

impl Writes {
    fn ledger(&self, found: &[bool]) -> Ledger {
        Ledger {
            acknowledged: bits(self.writers.iter().flat_map(|written| &written.acknowledged)),
            found: bits(found.iter()),
            outstanding: self.outstanding,
        }
    }
}

/// Writes that the subject had been sent when it was killed, and never answered. One that was refused, or that found
/// nobody to connect to, is none of them.
fn outstanding(writers: &[Written], kill_ns: &RangeInclusive<u64>) -> u64 {
    let unanswered = writers.iter().flat_map(|written| &written.unanswered_ns);
    let hit = unanswered.filter(|write| write.start() <= kill_ns.end() && kill_ns.start() <= write.end());
    hit.count() as u64
}

/// How far a drill has come, for its writers.
#[derive(Default)]
struct Phase {
    /// The kill is near: no more pauses.
    is_late: AtomicBool,
    /// The kill comes now: what is written is not followed by anything.
    is_over: AtomicBool,
}

/// One drill's names and contents of writes.
struct Drill {
    scene: Scene,
    trial: u64,
    seed: Digest,
}

impl Drill {
    /// From the first write until the kill is near.
    fn write_time(&self) -> Duration {
        let drawn = self.seed.as_bytes().first().copied().unwrap_or(0);
        WRITE_TIME.saturating_sub(FULL_SPEED) + Duration::from_millis(drawn.into())
    }

    /// One writer: writes until the kill, each write on a connection of its own.
    fn write(&self, request: &Request, running: &Running, writer: usize, phase: &Phase) -> Written {
        let mut written = Written::default();
        while written.acknowledged.len() < WRITES_MAX && !phase.is_over.load(Ordering::Relaxed) {
            let request = self.fill(request, writer, written.acknowledged.len());
            let held = hold(running.address, &running.host, &request, 0, LEDGER_TIMEOUT_NS);
            let sent_ns = monotonic_ns();
            let reply = held.map(Held::finish);
            if let Ok(Err(_)) = reply {
                written.unanswered_ns.push(sent_ns..=monotonic_ns());
            }
            written.acknowledged.push(reply.flatten().is_ok_and(|reply| reply.good));
            if !phase.is_late.load(Ordering::Relaxed) {
                std::thread::sleep(WRITE_PAUSE);
            }
        }
        written
    }

    /// Whether a write can be read; `None` if the subject could not tell: it gave no reply, or an error of its own.
    fn is_found(
        &self,
        ledger: &LedgerRequests,
        address: SocketAddr,
        host: &str,
        writer: usize,
        write: usize,
    ) -> Option<bool> {
        let request = self.fill(&ledger.read, writer, write);
        let value = self.value(writer, write);
        let reply = exchange(address, host, &request, 0, LEDGER_TIMEOUT_NS).ok()?;
        if !reply.good && is_for_later(reply.status) {
            return None;
        }
        Some(reply.good && reply.body.windows(value.len()).any(|part| part == value.as_bytes()))
    }

    fn key(&self, writer: usize, write: usize) -> String {
        format!("w{writer}-{write}")
    }

    /// Not to be guessed from the key, so that a reply that merely echoes the key is not taken for the content.
    fn value(&self, writer: usize, write: usize) -> String {
        let key = self.key(writer, write);
        let digest = Digest::of(format!("{}{key}", self.seed).as_bytes()).to_string();
        digest.chars().take(32).collect()
    }

    fn fill(&self, request: &Request, writer: usize, write: usize) -> Request {
        let (key, value) = (self.key(writer, write), self.value(writer, write));
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

fn bits<'a>(values: impl Iterator<Item = &'a bool>) -> String {
    values.map(|value| if *value { '1' } else { '0' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_write_that_the_kill_fell_into_is_outstanding() {
        let of = |unanswered_ns: Vec<RangeInclusive<u64>>| {
            let refused = Written { acknowledged: vec![true, false], unanswered_ns: Vec::new() };
            outstanding(&[refused, Written { acknowledged: vec![false], unanswered_ns }], &(100..=110))
        };
        assert_eq!(of(vec![]), 0, "a refused write counts");
        assert_eq!(of(vec![80..=99]), 0, "a write that failed before the kill counts");
        assert_eq!(of(vec![111..=120]), 0, "a write after the kill counts");
        assert_eq!(of(vec![80..=99, 90..=130]), 1);
        assert_eq!(of(vec![105..=107]), 1);
    }
}
