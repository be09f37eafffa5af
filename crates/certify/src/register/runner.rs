//! Does what is planned: one certification at a time, on a thread of its own.

use std::path::PathBuf;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use plimsoll_base::Clock;
use plimsoll_keys::IssuerKeys;
use plimsoll_store::{Batch, Expect, Folded, Journal, Receipt, Recorded};
use tokio::sync::Notify;

use super::certificates::Certificates;
use super::certification::{Outcome, State as Stage};
use super::names::{CertificationId, Name};
use super::plan::{Task, plan};
use super::progress::Progress;
use super::state::Register;
use super::task::{Maker, Work};
use crate::error::Error;
use crate::scratch::{HIDDEN_PREFIX, clear};
use crate::state::{State, make_private_folder};

/// What is to be done is looked at so often at least: certificates expire without a word.
const TURN: Duration = Duration::from_secs(30);
/// Looks without a pause, where each does something: a register that is never settled must not hold up the rest.
const LOOKS_MAX: usize = 8;

/// What a runner needs.
pub struct Options {
    /// The keys that sign.
    pub keys: Arc<IssuerKeys>,
    /// The server's data: certificates are put into `certificates` there; the log and calibration into
    /// `certify`; the keys of demonstrations are pinned in `keys`.
    pub folder: PathBuf,
    /// Version of the measuring program.
    pub version: String,
    /// Adds to what is written when the server asks by itself for a certification of a subject that is kept fresh: the
    /// line of an audit trail.
    pub tell: fn(&Name, &mut Batch) -> plimsoll_store::Result<()>,
}

/// A register over a journal, and what it takes to do what is planned.
pub struct Runner<J> {
    register: Folded<Register, J>,
    maker: Arc<Maker>,
    tell: fn(&Name, &mut Batch) -> plimsoll_store::Result<()>,
    wake: Notify,
    trouble: Mutex<Option<String>>,
}

impl<J: Journal> Runner<J> {
    /// Reads the register and makes the folders. `register` has taken in nothing yet. Another server with the same
    /// folder is kept out, and what a killed one left half-written is removed.
    pub async fn open(
        journal: Arc<J>,
        clock: Arc<dyn Clock>,
        register: Register,
        options: Options,
    ) -> Result<Self, Error> {
        // Children of subjects that hide behind a double fork come to us, and are ended.
        plimsoll_process::adopt_orphans()?;
        let state = State::open(&options.folder.join("certify"))?;
        let certificates = Certificates::new(&options.folder, &options.keys);
        make_private_folder(certificates.root())?;
        clear(certificates.root(), HIDDEN_PREFIX)?;
        let register = Folded::open(journal, Arc::clone(&clock), register).await?;
        let maker =
            Arc::new(Maker { keys: options.keys, state, certificates, version: options.version, clock });
        Ok(Self { register, maker, tell: options.tell, wake: Notify::new(), trouble: Mutex::default() })
    }

    /// Looks at the register. What is done with it should be short: acts wait for it.
    pub fn read<T>(&self, look: impl FnOnce(&Register) -> T) -> T {
        self.register.read(look)
    }

    /// Does what a command asks for, as [`Folded::act`] does, and lets the runner see to it.
    pub async fn act(
        &self,
        command: impl Fn(&Register, u64) -> Result<Batch, Error>,
    ) -> Result<Option<Receipt>, Error> {
        let answer = self.register.act(command).await;
        self.wake.notify_one();
        answer
    }

    /// The certificates that were issued.
    pub fn certificates(&self) -> &Certificates {
        &self.maker.certificates
    }

    /// What kept the last look from doing all that was planned. It is tried again.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Does what is planned until `end`, and then asks a certification that is being made to stop, and waits for it.
    /// Dropped before, it waits in the same way, and the certification is looked after when the server starts again.
    pub async fn run(&self, end: impl Future<Output = ()>) {
        let mut end = pin!(end);
        let mut work = None;
        let mut is_ending = false;
        loop {
            let looked = self.look(&mut work, is_ending).await;
            *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) =
                looked.err().map(|error| error.told());
            // An end that cannot be written is found when the server starts again.
            if is_ending && work.as_ref().is_none_or(Work::is_over) {
                return;
            }
            tokio::select! {
                () = &mut end, if !is_ending => is_ending = true,
                () = news(&mut work) => {}
                () = self.wake.notified() => {}
                () = tokio::time::sleep(TURN) => {}
            }
        }
    }

    /// Brings the register and what is really there together.
    async fn look(&self, work: &mut Option<Work>, is_ending: bool) -> Result<(), Error> {
        self.register.settle().await?;
        if let Some(now) = work
            && self.attend(now, is_ending).await?
        {
            *work = None;
        }
        for _ in 0..LOOKS_MAX {
            let own = work.as_ref().map(|work| &work.id);
            let tasks = self.read(|register| plan(register, self.register.clock().unix_ms(), own));
            if tasks.is_empty() {
                return Ok(());
            }
            for task in tasks {
                match task {
                    Task::Begin(id) if !is_ending => match self.begin(id).await {
                        Err(Error::State { .. }) => {}
                        begun => *work = Some(begun?),
                    },
                    Task::Begin(_) => return Ok(()),
                    // Somebody was faster: the next look sees what is left to do.
                    task => match self.carry_out(task).await {
                        Err(Error::State { .. }) => {}
                        done => done?,
                    },
                }
            }
        }
        Ok(())
    }

    /// Hands on what the certification tells, asks it to stop if it must, and says whether its end is on record.
    async fn attend(&self, work: &mut Work, is_ending: bool) -> Result<bool, Error> {
        let stage = self.read(|register| register.certification(&work.id).map(|one| one.state.clone()))?;
        if is_ending || matches!(stage, Stage::Cancelling(_)) {
            work.stop();
        }
        let told = work.told();
        if !told.is_empty() {
            let (count, stream) = (told.len(), work.id.stream()?);
            let kept = self.register.journal().commit(Batch::append(stream, Expect::Any, told)).await;
            if kept.is_err() {
                work.drop_words(count);
            }
            kept?;
        }
        let Some(outcome) = work.outcome() else { return Ok(false) };
        self.finish(&work.id, outcome, work.dropped()).await?;
        Ok(true)
    }

    async fn finish(&self, id: &CertificationId, outcome: &Outcome, dropped: u64) -> Result<(), Error> {
        let finished = self.register.act(|register, _| {
            let mut batch = register.finish(id, outcome)?;
            let own = batch.appends.iter_mut().find(|append| append.stream.as_str().ends_with(id.as_str()));
            if let Some(own) = own.filter(|_| dropped > 0) {
                own.records.insert(0, Progress::Dropped { records: dropped }.to_record()?);
            }
            Ok(batch)
        });
        match finished.await {
            // It is over already: nobody else ends it, so this is what an act whose end nobody saw has done.
            Err(Error::State { .. }) => Ok(()),
            answer => answer.map(drop),
        }
    }

    async fn begin(&self, id: CertificationId) -> Result<Work, Error> {
        self.register.act(|register, _| register.begin(&id)).await?;
        let (rules, one) =
            self.read(|register| register.certification(&id).map(|one| (register.rules(), one.clone())))?;
        Ok(Work::begin(Arc::clone(&self.maker), id, rules, one))
    }

    async fn carry_out(&self, task: Task) -> Result<(), Error> {
        match task {
            Task::Recover(id) => {
                let outcome = self.recovered(&id).await;
                self.register.act(|register, _| register.finish(&id, &outcome)).await?;
            }
            Task::MarkStale(id, reason) => {
                self.register.act(|register, _| register.mark_stale(&id, reason)).await?;
            }
            Task::Refresh(subject, profile) => {
                let id = CertificationId::draw(self.register.clock().unix_ms())?;
                let asked = self.register.act(|register, _| {
                    let mut batch = register.refresh(&id, &subject, &profile)?;
                    (self.tell)(&subject, &mut batch)?;
                    Ok(batch)
                });
                asked.await?;
            }
            Task::Begin(_) => {}
        }
        Ok(())
    }

    /// What became of a certification whose server ended: its certificate may have been published just before.
    async fn recovered(&self, id: &CertificationId) -> Outcome {
        let (maker, id) = (Arc::clone(&self.maker), id.clone());
        let found = tokio::task::spawn_blocking(move || maker.certificates.issued(&id, maker.clock.now()));
        match found.await {
            Ok(Ok(Some(certificate))) => Outcome::Done(certificate),
            Ok(Err(error)) => error.outcome(),
            Ok(Ok(None)) | Err(_) => Outcome::Interrupted,
        }
    }
}

/// Until there is something to hear of the certification that is being made.
async fn news(work: &mut Option<Work>) {
    match work {
        Some(work) => work.news().await,
        None => std::future::pending().await,
    }
}
