//! A rehearsed crash: writes with a ledger, SIGKILL in their midst, restart on the same data, every write read
//! again.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use plimsoll_evidence::{Amount, CrashDrill, Document, Ledger, ProcessIdentity, Scene};
use plimsoll_fault::{Defect, Proxy};
use plimsoll_load::{Request, exchange};
use plimsoll_process::{Signal, monotonic_ns};
use plimsoll_proof::Digest;

use super::{Conductor, counts};
use crate::error::Error;
use crate::files::LedgerRequests;
use crate::running::{self, Running};
use crate::scratch::Scratch;

/// Writers side by side, so that the kill falls between a write and its reply for some of them.
const WRITERS: usize = 4;
/// Each writer ends after so many writes: what is written must be read again one by one.
const WRITES_MAX: usize = 250;
/// From the first write to the kill.
const WRITE_TIME: Duration = Duration::from_millis(600);
/// A write or a read of the ledger may take this long.
const LEDGER_TIMEOUT_NS: u64 = 5_000_000_000;

/// The fault proxy in front of the subject, and what it does when.
pub(super) struct Through<'a> {
    pub(super) proxy: &'a Proxy,
    pub(super) before_kill: Defect,
    pub(super) after_kill: Defect,
}

/// One writer's part of the ledger: whether each of its writes was acknowledged.
type Acknowledged = Vec<bool>;

impl Conductor<'_> {
    /// Rehearses a crash, through the fault proxy if one is given.
    pub(super) fn crash_drill(
        &mut self,
        scene: Scene,
        trial: u64,
        through: Option<&Through<'_>>,
    ) -> Result<(), Error> {
        let folder = Scratch::new()?;
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
        let writers = self.write_and_kill(&drill, &running)?;
        self.keep_output(format!("{}/crash/{trial}", scene.name()), &running);
        running.wait_end(monotonic_ns())?;
        drop(before);
        let after = through.map(|through| through.proxy.set(through.after_kill)).transpose()?;
        let (restarted, recovered_ns, found) = self.restart_and_read(&drill, &folder, proxy, &writers)?;
        drop(after);
        let ledger = self
            .subject
            .ledger
            .as_ref()
            .map(|_| Ledger { acknowledged: bits(writers.iter().flatten()), found: bits(found.iter()) });
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
    fn write_and_kill(&self, drill: &Drill, running: &Running) -> Result<Vec<Acknowledged>, Error> {
        let Some(ledger) = &self.subject.ledger else {
            return self.under_load(drill.scene, drill.trial, running, |_| {
                std::thread::sleep(WRITE_TIME);
                running.signal(Signal::Kill)?;
                Ok(Vec::new())
            });
        };
        let killed = AtomicBool::new(false);
        std::thread::scope(|threads| {
            let writers: Vec<_> = (0..WRITERS)
                .map(|writer| {
                    let killed = &killed;
                    let (address, host) = (running.address, running.host.as_str());
                    threads.spawn(move || drill.write(ledger, address, host, writer, killed))
                })
                .collect();
            std::thread::sleep(WRITE_TIME);
            let signalled = running.signal(Signal::Kill);
            killed.store(true, Ordering::Relaxed);
            let written: Result<Vec<_>, _> = writers.into_iter().map(|writer| writer.join()).collect();
            signalled?;
            written.map_err(|_| running.error("could not be written to"))
        })
    }

    /// Starts the subject on the same data and reads every write again.
    fn restart_and_read(
        &mut self,
        drill: &Drill,
        folder: &Scratch,
        proxy: Option<&Proxy>,
        writers: &[Acknowledged],
    ) -> Result<(ProcessIdentity, Amount, Vec<bool>), Error> {
        let running = running::start(self.subject, folder.path(), proxy, self.stop)?;
        let restarted = running.process()?;
        let mut found = Vec::new();
        if let Some(ledger) = &self.subject.ledger {
            // The ledger is read at the subject itself: a planted defect must not hide what it has.
            for (writer, written) in writers.iter().enumerate() {
                for write in 0..written.len() {
                    self.stop.check()?;
                    found.push(drill.is_found(ledger, running.direct, &running.host, writer, write));
                }
            }
        }
        let recovered_ns = running.start_up_ns;
        running.end()?;
        Ok((restarted, recovered_ns, found))
    }
}

/// One drill's names and contents of writes.
struct Drill {
    scene: Scene,
    trial: u64,
    seed: Digest,
}

impl Drill {
    /// One writer: writes until the kill, keeps what was acknowledged.
    fn write(
        &self,
        ledger: &LedgerRequests,
        address: SocketAddr,
        host: &str,
        writer: usize,
        killed: &AtomicBool,
    ) -> Acknowledged {
        let mut acknowledged = Vec::new();
        while acknowledged.len() < WRITES_MAX && !killed.load(Ordering::Relaxed) {
            let request = self.fill(&ledger.write, writer, acknowledged.len());
            let reply = exchange(address, host, &request, 0, LEDGER_TIMEOUT_NS);
            acknowledged.push(reply.is_ok_and(|reply| reply.good));
        }
        acknowledged
    }

    fn is_found(
        &self,
        ledger: &LedgerRequests,
        address: SocketAddr,
        host: &str,
        writer: usize,
        write: usize,
    ) -> bool {
        let request = self.fill(&ledger.read, writer, write);
        let value = self.value(writer, write);
        exchange(address, host, &request, 0, LEDGER_TIMEOUT_NS).is_ok_and(|reply| {
            reply.good && reply.body.windows(value.len()).any(|part| part == value.as_bytes())
        })
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

fn bits<'a>(values: impl Iterator<Item = &'a bool>) -> String {
    values.map(|value| if *value { '1' } else { '0' }).collect()
}
