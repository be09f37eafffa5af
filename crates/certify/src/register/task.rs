//! One certification that is being made, on a thread of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use plimsoll_base::Clock;
use plimsoll_evidence::Issuance;
use plimsoll_keys::IssuerKeys;
use plimsoll_store::{BATCH_RECORDS_MAX, NewRecord, Recorded};
use tokio::sync::{mpsc, oneshot};

use super::certificates::Certificates;
use super::certification::{Certificate, Certification, Outcome};
use super::names::CertificationId;
use super::progress::{Progress, Sieve};
use super::rules::{Rules, profile};
use crate::certification::certify;
use crate::conductor::Event;
use crate::error::Error;
use crate::order::Order;
use crate::state::State;

/// Words that wait for the journal: a minute's worth at their fastest. More are dropped, and counted: a measurement
/// waits for nobody.
const WAITING_MAX: usize = 64;
/// What a certification says of why it failed is cut here: it stands in every list.
const PROBLEM_CHARACTERS_MAX: usize = 2_000;

/// What every certification of a server is made with.
pub(super) struct Maker {
    pub(super) keys: Arc<IssuerKeys>,
    pub(super) state: State,
    pub(super) certificates: Certificates,
    pub(super) version: String,
    pub(super) clock: Arc<dyn Clock>,
}

/// A certification that is being made. Dropped, it is asked to stop and waited for: the programs it started die with
/// its thread.
pub(super) struct Work {
    pub(super) id: CertificationId,
    stop: Arc<AtomicBool>,
    words: mpsc::Receiver<NewRecord>,
    told: Vec<NewRecord>,
    dropped: Arc<AtomicU64>,
    ended: oneshot::Receiver<Outcome>,
    outcome: Option<Outcome>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Work {
    fn drop(&mut self) {
        self.stop();
        if let Some(thread) = self.thread.take() {
            // One that panicked has told so already.
            let _ = thread.join();
        }
    }
}

impl Work {
    /// Begins to make a certification.
    pub(super) fn begin(maker: Arc<Maker>, id: CertificationId, rules: Rules, one: Certification) -> Self {
        let (stop, dropped) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (tell, words) = mpsc::channel(WAITING_MAX);
        let (end, ended) = oneshot::channel();
        let mut teller = Teller {
            tell,
            sieve: Sieve::default(),
            dropped: Arc::clone(&dropped),
            clock: Arc::clone(&maker.clock),
        };
        let (asked, name) = (Arc::clone(&stop), id.clone());
        let make = move || {
            let made = maker.make(&name, rules, &one, &asked, &mut |event| teller.tell(event));
            drop(teller);
            let outcome = match made {
                Ok(certificate) => Outcome::Done(certificate),
                Err(_) if asked.load(Ordering::Relaxed) => Outcome::Interrupted,
                Err(error) => error.outcome(),
            };
            // Nobody listens if the server is ending.
            let _ = end.send(outcome);
        };
        let spawned = std::thread::Builder::new().name("certification".into()).spawn(make);
        let (thread, outcome) = match spawned {
            Ok(thread) => (Some(thread), None),
            Err(error) => (None, Some(Error::io("starting a thread for", id.as_str())(error).outcome())),
        };
        Self { id, stop, words, told: Vec::new(), dropped, ended, outcome, thread }
    }

    /// Asks it to stop.
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Until it has told something, or has ended.
    pub(super) async fn news(&mut self) {
        if self.outcome.is_some() {
            return std::future::pending().await;
        }
        tokio::select! {
            biased;
            Some(word) = self.words.recv() => {
                self.told.push(word);
                while self.told.len() < BATCH_RECORDS_MAX && let Ok(word) = self.words.try_recv() {
                    self.told.push(word);
                }
            }
            outcome = &mut self.ended => {
                let panicked = || Error::Bug(String::from("a certification panicked")).outcome();
                self.outcome = Some(outcome.unwrap_or_else(|_| panicked()));
            }
        }
    }

    /// What it has told since this was last asked.
    pub(super) fn told(&mut self) -> Vec<NewRecord> {
        std::mem::take(&mut self.told)
    }

    /// Words that the journal did not take.
    pub(super) fn drop_words(&self, count: usize) {
        self.dropped.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// How many words were not kept.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// How it ended, once it has.
    pub(super) fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// Whether it has ended.
    pub(super) fn is_over(&self) -> bool {
        self.outcome.is_some()
    }
}

/// Tells what is going on without ever waiting.
struct Teller {
    tell: mpsc::Sender<NewRecord>,
    sieve: Sieve,
    dropped: Arc<AtomicU64>,
    clock: Arc<dyn Clock>,
}

impl Teller {
    fn tell(&mut self, event: &Event<'_>) {
        if !self.sieve.keeps(event, self.clock.monotonic_ns() / 1_000_000) {
            return;
        }
        let told = Progress::of(event).to_record().is_ok_and(|record| self.tell.try_send(record).is_ok());
        if !told {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Maker {
    fn make(
        &self,
        id: &CertificationId,
        rules: Rules,
        one: &Certification,
        stop: &AtomicBool,
        watch: &mut dyn FnMut(&Event<'_>),
    ) -> Result<Certificate, Error> {
        // The rules may have been closed since it was asked for.
        let (subject, profile) = (rules.subject(&one.subject)?, profile(&one.profile)?);
        let out = self.certificates.path(id);
        let keys = match one.issuance() {
            Issuance::Issued => Arc::clone(&self.keys),
            Issuance::Demo => Arc::new(self.certificates.demo_keys()?),
        };
        let order = Order {
            repetition: None,
            subject: &subject,
            profile: &profile,
            keys: &keys,
            issuance: one.issuance(),
            state: &self.state,
            out: &out,
            version: &self.version,
            clock: self.clock.as_ref(),
            stop,
        };
        certify(&order, watch)?;
        let issued = self.certificates.issued(id, self.clock.now())?;
        issued.ok_or_else(|| Error::Bug(String::from("a certificate that was issued is not there")))
    }
}

impl Error {
    /// How a certification ends with it.
    pub(super) fn outcome(&self) -> Outcome {
        let problem = self.told().chars().take(PROBLEM_CHARACTERS_MAX).collect();
        Outcome::Failed { problem, hint: self.hint() }
    }
}
