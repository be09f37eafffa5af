//! A rehearsed loss of all data: a backup is made amid writes, the subject is killed and its folder removed, the backup
//! is restored into an empty one, and every acknowledged write is read again.

use std::time::Duration;

use plimsoll_base::Utc;
use plimsoll_evidence::{Amount, Document, Probe, ProcessIdentity, RestoreDrill, Scene};
use plimsoll_fault::{Defect, Proxy};
use plimsoll_process::{Signal, monotonic_ns};
use plimsoll_proof::Digest;

use super::commanded::{Commanded, command};
use super::ledger::{Book, Fate, Write, bits};
use super::{Conductor, counts};
use crate::error::Error;
use crate::files::{BackupCommands, StartCommand};
use crate::running::{self, Running, filled_spec};
use crate::scratch::Scratch;

/// From the first write to the backup, at least: also a subject that takes a quarter of a second for a write has
/// acknowledged enough by then to have something to lose. Up to 255 ms more are drawn from the seed.
const DUE_TIME: Duration = Duration::from_millis(1_000);
/// From the end of the backup to the disaster: these writes may be lost, and the report tells how many were.
const LATER_TIME: Duration = Duration::from_millis(300);

/// What of the subject's description the drill rests on.
#[derive(Clone, Copy)]
struct Means<'a> {
    start: &'a StartCommand,
    backup: &'a BackupCommands,
}

/// When what happened until the data were gone.
struct Disaster {
    save_from_ns: u64,
    saved: Commanded,
    killed_ns: u64,
}

/// A subject whose data are gone, and what is left of them.
struct Lost {
    process: ProcessIdentity,
    at: Utc,
    /// When the writes began.
    began_ns: u64,
    disaster: Disaster,
    /// What was acknowledged, in this order.
    acknowledged: Vec<Write>,
    /// The backup to be restored.
    backup: Scratch,
}

/// What came back.
struct Restored {
    process: Option<ProcessIdentity>,
    took_ns: Amount,
    served_ns: Amount,
    found: Vec<bool>,
}

impl Conductor<'_> {
    /// Rehearses a restore, through the fault proxy if one is given: its defect holds from the restart on.
    pub(super) fn restore_drill(
        &mut self,
        scene: Scene,
        trial: u64,
        through: Option<(&Proxy, Defect)>,
    ) -> Result<(), Error> {
        let subject = self.subject;
        let (Some(start), Some(backup), Some(requests)) = (&subject.start, &subject.backup, &subject.ledger)
        else {
            // Whoever reads a subject's file demands all three of them together.
            return Ok(());
        };
        let (means, name) = (Means { start, backup }, format!("{}/restore/{trial}", scene.name()));
        let book = Book { requests, seed: Digest::from_bytes(self.seed(&name)) };
        let proxy = through.map(|(proxy, _)| proxy);
        let lost = self.lose_all(means, &book, (scene, &name), proxy)?;
        let lease = through.map(|(proxy, defect)| proxy.set(defect)).transpose()?;
        let restored = match lost.disaster.saved.took_ns {
            Amount::Infinite => Restored::nothing(&lost.acknowledged),
            Amount::Finite(_) => self.restore_and_read(means, &book, &name, &lost, proxy)?,
        };
        self.ask_in_vain(restored.process, proxy);
        drop(lease);
        let since_ns = |at_ns: u64| at_ns.saturating_sub(lost.began_ns);
        self.keep(Document::RestoreDrill(RestoreDrill {
            scene,
            trial,
            process: lost.process,
            restored: restored.process,
            at: lost.at,
            save_from_ns: since_ns(lost.disaster.save_from_ns),
            save_ns: lost.disaster.saved.took_ns,
            disaster_ns: since_ns(lost.disaster.killed_ns),
            restore_ns: restored.took_ns,
            restored_ns: restored.served_ns,
            acknowledged_ns: lost.acknowledged.iter().map(|write| since_ns(write.known_ns)).collect(),
            found: bits(restored.found.into_iter()),
            proxy: proxy.map(|proxy| counts(&proxy.counters())),
        }))
    }

    /// Writes, backs up amid the writes, kills, and removes all data.
    fn lose_all(
        &mut self,
        means: Means<'_>,
        book: &Book<'_>,
        (scene, name): (Scene, &str),
        proxy: Option<&Proxy>,
    ) -> Result<Lost, Error> {
        let (folder, backup) = (self.state.scratch()?, self.state.scratch()?);
        let running = match scene {
            Scene::Measured => self.start_directly(&folder)?,
            _ => running::start(self.subject, folder.path(), proxy, self.stop)?,
        };
        let (process, at) = (running.process()?, self.clock.now());
        let stale = match scene {
            Scene::StaleBackup => Some(self.save_before_writes(means, &running)?),
            _ => None,
        };
        let began_ns = monotonic_ns();
        let (mut disaster, mut acknowledged) =
            book.write_while(self.subject.load.connections, &running, |_| {
                self.save_and_kill(means, &book.seed, &running, &backup)
            })?;
        self.keep_output(name.to_owned(), &running);
        self.keep_text(format!("{name}/save"), std::mem::take(&mut disaster.saved.output));
        running.wait_end(disaster.killed_ns)?;
        folder.remove()?;
        acknowledged.retain(|write| write.fate == Fate::Acknowledged);
        acknowledged.sort_by_key(|write| write.known_ns);
        Ok(Lost { process, at, began_ns, disaster, acknowledged, backup: stale.unwrap_or(backup) })
    }

    /// The planted defect: a backup of the time when nothing was written yet.
    fn save_before_writes(&self, means: Means<'_>, running: &Running) -> Result<Scratch, Error> {
        let folder = self.state.scratch()?;
        self.save(means, running, &folder)?;
        Ok(folder)
    }

    fn save(&self, means: Means<'_>, running: &Running, to: &Scratch) -> Result<Commanded, Error> {
        let (port, backup) = (running.direct.port().to_string(), to.path().to_string_lossy());
        let fills = [("{port}", port.as_str()), ("{dir}", running.folder()), ("{backup}", &backup)];
        let spec = filled_spec(means.start, &means.backup.save, &fills);
        command(&spec, means.backup.within_ns, self.stop)
    }

    /// What happens while there are writes: a backup, and some time after it the end.
    fn save_and_kill(
        &self,
        means: Means<'_>,
        seed: &Digest,
        running: &Running,
        to: &Scratch,
    ) -> Result<Disaster, Error> {
        let drawn = seed.as_bytes().first().copied().unwrap_or(0);
        std::thread::sleep(DUE_TIME + Duration::from_millis(drawn.into()));
        let save_from_ns = monotonic_ns();
        let saved = self.save(means, running, to)?;
        std::thread::sleep(LATER_TIME);
        let killed_ns = monotonic_ns();
        running.signal(Signal::Kill)?;
        Ok(Disaster { save_from_ns, saved, killed_ns })
    }

    /// Restores into an empty folder, starts the subject on it and reads every acknowledged write again. A subject that
    /// does not get ready was not restored.
    fn restore_and_read(
        &mut self,
        means: Means<'_>,
        book: &Book<'_>,
        name: &str,
        lost: &Lost,
        proxy: Option<&Proxy>,
    ) -> Result<Restored, Error> {
        let folder = self.state.scratch()?;
        let began_ns = monotonic_ns();
        let done = self.restore(means, &lost.backup, &folder)?;
        self.keep_text(format!("{name}/command"), done.output);
        let nothing = Restored { took_ns: done.took_ns, ..Restored::nothing(&lost.acknowledged) };
        if done.took_ns == Amount::Infinite {
            return Ok(nothing);
        }
        let kept = format!("{name}/restored");
        let Some(running) = self.start_again(folder.path(), proxy, Probe::RestoreTime, &kept)? else {
            return Ok(nothing);
        };
        let process = Some(running.process()?);
        let within_ns = self.worth_waiting_ns(Probe::RestoreTime);
        let good_ns = running.first_good_ns(self.subject, within_ns, self.stop)?;
        let reading = book.read(self.subject, &running, &lost.acknowledged, self.stop)?;
        let readable_ns = reading.readable_ns.map_or(Amount::Infinite, Amount::Finite);
        let before_start_ns = running.began_ns().saturating_sub(began_ns);
        let served_ns = match good_ns.max(readable_ns) {
            Amount::Finite(ns) => Amount::Finite(before_start_ns.saturating_add(ns)),
            Amount::Infinite => Amount::Infinite,
        };
        self.keep_output(kept, &running);
        // What was read tells whether it lived on.
        running.end(true)?;
        Ok(Restored { process, took_ns: done.took_ns, served_ns, found: reading.found })
    }

    fn restore(&self, means: Means<'_>, from: &Scratch, to: &Scratch) -> Result<Commanded, Error> {
        let (dir, backup) = (to.path().to_string_lossy(), from.path().to_string_lossy());
        // Nobody serves while data are restored: no port is drawn.
        let fills = [("{port}", "0"), ("{dir}", &dir), ("{backup}", &backup)];
        command(&filled_spec(means.start, &means.backup.restore, &fills), means.backup.within_ns, self.stop)
    }
}

impl Restored {
    /// Nothing of these writes.
    fn nothing(writes: &[Write]) -> Self {
        Self {
            process: None,
            took_ns: Amount::Infinite,
            served_ns: Amount::Infinite,
            found: vec![false; writes.len()],
        }
    }
}
