//! A rehearsed crash: writes with a ledger, SIGKILL while some of them wait for their reply, restart on the same data,
//! every write read again.

use std::ops::RangeInclusive;
use std::sync::atomic::Ordering;
use std::time::Duration;

use plimsoll_evidence::{Amount, CrashDrill, Document, Ledger, Probe, ProcessIdentity, Scene};
use plimsoll_fault::{Defect, Proxy};
use plimsoll_process::{Signal, monotonic_ns};
use plimsoll_proof::Digest;

use super::ledger::{Book, Fate, Phase, Write, bits};
use super::{Conductor, counts};
use crate::error::Error;
use crate::running::{self, Running};
use crate::scratch::Scratch;

/// From the first write to the kill, at least. Up to 255 ms more are drawn from the seed: a subject that stores its
/// writes at a beat of its own is not met at the same point of it each time.
const WRITE_TIME: Duration = Duration::from_millis(600);
/// So long before the kill the writers stop pausing, and one write follows the other's reply at once.
const FULL_SPEED: Duration = Duration::from_millis(50);
/// How long the subject stands still before it is killed: until then every writer has read the replies that were on
/// their way, sent its next write, and waits. They need microseconds, on a busy machine more.
const FROZEN: Duration = Duration::from_millis(50);

/// The fault proxy in front of the subject, and what it does when.
pub(super) struct Through<'a> {
    pub(super) proxy: &'a Proxy,
    pub(super) before_kill: Defect,
    pub(super) after_kill: Defect,
}

/// What was written, writer by writer, and how many writes the kill hit.
#[derive(Default)]
struct Written {
    writes: Vec<Write>,
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
        let seed = Digest::from_bytes(self.seed(&format!("{}/crash/{trial}", scene.name())));
        let book = self.subject.ledger.as_ref().map(|requests| Book { requests, seed });
        let written = match &book {
            Some(book) => self.write_and_kill(book, &running)?,
            None => self.load_and_kill(scene, trial, &running)?,
        };
        self.keep_output(format!("{}/crash/{trial}", scene.name()), &running);
        running.wait_end(monotonic_ns())?;
        drop(before);
        let after = through.map(|through| through.proxy.set(through.after_kill)).transpose()?;
        let name = format!("{}/restart/{trial}", scene.name());
        let (restarted, recovered_ns, found) =
            self.restart_and_read(book.as_ref(), &folder, proxy, &written.writes, &name)?;
        self.ask_in_vain(restarted, proxy);
        drop(after);
        let ledger = book.as_ref().map(|_| written.ledger(&found));
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

    /// Without a ledger the subject is killed under load.
    fn load_and_kill(&self, scene: Scene, trial: u64, running: &Running) -> Result<Written, Error> {
        self.under_load(scene, trial, running, |_| {
            std::thread::sleep(WRITE_TIME);
            running.signal(Signal::Kill)?;
            Ok(Written::default())
        })
    }

    /// Writes until the kill.
    fn write_and_kill(&self, book: &Book<'_>, running: &Running) -> Result<Written, Error> {
        let kill = |phase: &Phase| {
            std::thread::sleep(write_time(&book.seed));
            phase.is_late.store(true, Ordering::Relaxed);
            std::thread::sleep(FULL_SPEED);
            // A fast subject is idle for most of the time even at full speed. Stopped in its tracks it stores and answers
            // nothing more, so that the kill meets writes, and what was acknowledged last was so just before.
            let frozen = running.freeze();
            std::thread::sleep(FROZEN);
            phase.is_over.store(true, Ordering::Relaxed);
            let began_ns = monotonic_ns();
            frozen.and_then(|()| running.signal(Signal::Kill))?;
            Ok(began_ns..=monotonic_ns())
        };
        let (kill_ns, writes) = book.write_while(self.subject.load.connections, running, kill)?;
        Ok(Written { outstanding: outstanding(&writes, &kill_ns), writes })
    }

    /// Starts the subject on the same data and reads every write again. One that does not get ready has not recovered.
    fn restart_and_read(
        &mut self,
        book: Option<&Book<'_>>,
        folder: &Scratch,
        proxy: Option<&Proxy>,
        writes: &[Write],
        name: &str,
    ) -> Result<(Option<ProcessIdentity>, Amount, Vec<bool>), Error> {
        let Some(running) = self.start_again(folder.path(), proxy, Probe::CrashRecovery, name)? else {
            return Ok((None, Amount::Infinite, vec![false; writes.len()]));
        };
        let restarted = Some(running.process()?);
        let within_ns = self.worth_waiting_ns(Probe::CrashRecovery);
        let mut recovered_ns = running.first_good_ns(self.subject, within_ns, self.stop)?;
        let mut found = Vec::new();
        if let Some(book) = book.filter(|_| !writes.is_empty()) {
            let reading = book.read(self.subject, &running, writes, self.stop)?;
            // The subject has not recovered before what it holds can be read.
            recovered_ns = recovered_ns.max(reading.readable_ns.map_or(Amount::Infinite, Amount::Finite));
            found = reading.found;
        }
        self.keep_output(name.to_owned(), &running);
        running.end(true)?;
        Ok((restarted, recovered_ns, found))
    }
}

impl Written {
    fn ledger(&self, found: &[bool]) -> Ledger {
        Ledger {
            acknowledged: bits(self.writes.iter().map(|write| write.fate == Fate::Acknowledged)),
            found: bits(found.iter().copied()),
            outstanding: self.outstanding,
        }
    }
}

/// From the first write until the kill is near.
fn write_time(seed: &Digest) -> Duration {
    let drawn = seed.as_bytes().first().copied().unwrap_or(0);
    WRITE_TIME.saturating_sub(FULL_SPEED) + Duration::from_millis(drawn.into())
}

/// Writes that the subject had been sent when it was killed, and never answered. One that was refused, or that found
/// nobody to connect to, is none of them.
fn outstanding(writes: &[Write], kill_ns: &RangeInclusive<u64>) -> u64 {
    let unanswered = writes.iter().filter(|write| write.fate == Fate::Unanswered);
    let hit =
        unanswered.filter(|write| write.sent_ns <= *kill_ns.end() && *kill_ns.start() <= write.known_ns);
    hit.count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_write_that_the_kill_fell_into_is_outstanding() {
        let of = |unanswered_ns: &[RangeInclusive<u64>]| {
            let write = |fate, ns: &RangeInclusive<u64>| Write {
                writer: 0,
                number: 0,
                fate,
                sent_ns: *ns.start(),
                known_ns: *ns.end(),
            };
            let mut writes = vec![write(Fate::Acknowledged, &(0..=200)), write(Fate::Refused, &(0..=200))];
            writes.extend(unanswered_ns.iter().map(|ns| write(Fate::Unanswered, ns)));
            outstanding(&writes, &(100..=110))
        };
        assert_eq!(of(&[]), 0, "a refused write counts");
        assert_eq!(of(&[80..=99]), 0, "a write that failed before the kill counts");
        assert_eq!(of(&[111..=120]), 0, "a write after the kill counts");
        assert_eq!(of(&[80..=99, 90..=130]), 1);
        assert_eq!(of(&[105..=107]), 1);
    }
}
