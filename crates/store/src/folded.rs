//! State that follows from the records of one stream: replayed at start, and changed by what the journal has accepted.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::task::Poll;

use plimsoll_base::{Clock, Kind};

use crate::ahead::{Ahead, Planned};
use crate::batch::{Batch, Receipt};
use crate::error::Error;
use crate::journal::{Amount, Journal};
use crate::name::StreamName;
use crate::record::Record;

/// How many records are read at once. All of them are read in as many turns as it takes.
const READ_AT_ONCE: usize = 4_096;

/// How often an act is planned for what others that are on their way will have done, before it is done alone.
const PLANS_MAX: usize = 2;

/// A pure fold: what the records of one stream say, taken in one after the other.
///
/// A command is asked before its records are accepted, and sometimes before those are that it follows. So what a command
/// writes must fit the state that the same records give at other positions and, within a minute, at other times.
pub trait Fold: Clone + Send + Sync {
    /// The stream that it reads.
    const STREAM: &'static str;
    /// What it and its commands refuse with.
    type Error: From<Error> + Send;

    /// How many records it has taken in.
    fn sequence(&self) -> u64;

    /// Takes in the next record of the stream. What does not fit is an error, and changes nothing.
    fn apply(&mut self, record: &Record) -> Result<(), Self::Error>;
}

/// A fold over a journal. Two over one journal come to the same state: what one of them did is refused to the other
/// until it has read it.
///
/// Acts do not wait for each other's disk. What an act writes is made for what those before it will have done, and is
/// linked to it: if one of them is refused, so are all that follow it, and each is asked again. What is not written, a
/// refusal or that there is nothing to do, is said only of what the journal has accepted.
pub struct Folded<F, J> {
    journal: Arc<J>,
    clock: Arc<dyn Clock>,
    stream: StreamName,
    state: RwLock<F>,
    /// Held while an act takes its place in the journal's queue, and for as long as one is done alone.
    ahead: tokio::sync::Mutex<Ahead<F>>,
    /// Of many that wait for the same records one reads them.
    reading: tokio::sync::Mutex<()>,
    /// How many acts have ended unseen, and of how many of them it was read since what they did.
    unseen: AtomicU64,
    looked_for: AtomicU64,
}

/// Stands while an act is on its way. If it falls before the act is settled (the caller went away, the journal gave
/// no clear answer), what the act did is looked for before anything else is done.
struct Doubt<'a> {
    unseen: &'a AtomicU64,
    settled: bool,
}

impl Drop for Doubt<'_> {
    fn drop(&mut self) {
        if !self.settled {
            self.unseen.fetch_add(1, Ordering::SeqCst);
        }
    }
}

impl<F: Fold, J: Journal> Folded<F, J> {
    /// Reads the whole stream into `empty`, which has taken in nothing yet.
    pub async fn open(journal: Arc<J>, clock: Arc<dyn Clock>, empty: F) -> Result<Self, F::Error> {
        let stream = StreamName::new(F::STREAM)?;
        let (ahead, reading) = (tokio::sync::Mutex::default(), tokio::sync::Mutex::default());
        let (unseen, looked_for) = (AtomicU64::new(0), AtomicU64::new(0));
        let state = RwLock::new(empty);
        let folded = Self { journal, clock, stream, state, ahead, reading, unseen, looked_for };
        folded.catch_up().await?;
        Ok(folded)
    }

    /// The journal it reads and writes.
    pub fn journal(&self) -> &Arc<J> {
        &self.journal
    }

    /// Says what time it is for commands.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Looks at the state. What is done with it should be short: acts wait for it.
    pub fn read<T>(&self, look: impl FnOnce(&F) -> T) -> T {
        look(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Does what a command asks for, and gives the journal's receipt; none if there was nothing to write. The command
    /// gets a state and the time in milliseconds since 1970-01-01T00:00:00Z; if something else was accepted meanwhile,
    /// it is asked again. What it adds to the batch for other streams and rows is kept with it or not at all.
    pub async fn act(
        &self,
        command: impl Fn(&F, u64) -> Result<Batch, F::Error>,
    ) -> Result<Option<Receipt>, F::Error> {
        self.settle().await?;
        for _ in 0..PLANS_MAX {
            match self.act_with_others(&command).await? {
                Some(Err(Error::Moved { .. } | Error::Unlinked { .. })) => {}
                Some(answer) => return Ok(Some(answer?)),
                None => break,
            }
        }
        self.act_alone(&command).await
    }

    /// The journal's answer to an act that was queued behind others; none if it can only be done alone.
    async fn act_with_others(
        &self,
        command: impl Fn(&F, u64) -> Result<Batch, F::Error>,
    ) -> Result<Option<Result<Receipt, Error>>, F::Error> {
        let mut ahead = self.ahead.lock().await;
        let plan = ahead.plan(&self.stream, || self.read(F::clone), command, self.clock.unix_ms());
        let Some(Planned { batch, chain }) = plan else { return Ok(None) };
        let mut commit = pin!(self.commit(batch));
        // Asked once, it has its place in the queue: the next act may follow.
        let first = poll_fn(|context| Poll::Ready(commit.as_mut().poll(context))).await;
        drop(ahead);
        let answer = match first {
            Poll::Ready(answer) => answer,
            Poll::Pending => commit.await,
        }?;
        if answer.is_err() {
            // What was planned to follow is refused. What comes now is planned for what is there.
            self.ahead.lock().await.give_up(chain);
        }
        Ok(Some(answer))
    }

    /// Does an act that nothing of this process follows until it is done.
    async fn act_alone(
        &self,
        command: impl Fn(&F, u64) -> Result<Batch, F::Error>,
    ) -> Result<Option<Receipt>, F::Error> {
        let mut ahead = self.ahead.lock().await;
        let ask = || self.read(|state| command(state, self.clock.unix_ms()));
        let mut batch = ask()?;
        if batch.is_empty() {
            return Ok(None);
        }
        *ahead = Ahead::default();
        match self.commit(batch).await? {
            // Those that were on their way have arrived.
            Err(Error::Moved { .. }) => {
                self.catch_up().await?;
                batch = ask()?;
            }
            answer => return Ok(Some(answer?)),
        }
        match batch.is_empty() {
            true => Ok(None),
            false => Ok(Some(self.commit(batch).await??)),
        }
    }

    /// The journal's answer, when the state has what it accepted; an error if that cannot be read.
    async fn commit(&self, batch: Batch) -> Result<Result<Receipt, Error>, F::Error> {
        let own = batch.appends.iter().position(|append| append.stream == self.stream);
        let mut doubt = Doubt { unseen: &self.unseen, settled: false };
        match self.journal.commit(batch).await {
            Ok(receipt) => {
                let through = own.and_then(|own| receipt.sequences.get(own)).copied().unwrap_or(0);
                self.catch_up_through(through).await?;
                doubt.settled = true;
                Ok(Ok(receipt))
            }
            Err(error) => {
                // Refused before anything was written. Any other failure may have come after.
                doubt.settled = matches!(error.kind(), Kind::Invalid | Kind::Conflict | Kind::Busy);
                Ok(Err(error))
            }
        }
    }

    /// Applies what the journal has, at least through a sequence that it has accepted.
    async fn catch_up_through(&self, sequence: u64) -> Result<(), F::Error> {
        let _one = self.reading.lock().await;
        while self.read(F::sequence) < sequence {
            if !self.read_more().await? {
                let what =
                    format!("record {sequence} of stream {} was accepted and is not there", self.stream);
                return Err(Error::corrupt(what).into());
            }
        }
        Ok(())
    }

    /// Applies what the journal has and the state has not.
    pub async fn catch_up(&self) -> Result<(), F::Error> {
        while self.read_more().await? {}
        Ok(())
    }

    /// Applies the next records; says whether there were any.
    async fn read_more(&self) -> Result<bool, F::Error> {
        let after = self.read(F::sequence);
        let records = self.journal.read(&self.stream, after, Amount::records(READ_AT_ONCE)).await?;
        self.take_in(&records)?;
        Ok(!records.is_empty())
    }

    /// Somebody else may have applied some of them meanwhile.
    fn take_in(&self, records: &[Record]) -> Result<(), F::Error> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        for record in records {
            if record.sequence > state.sequence() {
                state.apply(record)?;
            }
        }
        Ok(())
    }

    /// While something may be in the journal that nobody has read, it is read. Whoever decides who is let in by
    /// [`Folded::read`] calls this before; if it fails, nobody is.
    pub async fn settle(&self) -> Result<(), F::Error> {
        let unseen = self.unseen.load(Ordering::SeqCst);
        if self.looked_for.load(Ordering::SeqCst) == unseen {
            return Ok(());
        }
        // The journal takes batches in the order in which it is asked: whatever it answers to one that asks for nothing,
        // all that was asked before is there or never will be. Unless this one was not taken either.
        let answer = self.journal.commit(Batch::default()).await;
        if let Err(error @ (Error::Busy(_) | Error::Closed)) = answer {
            return Err(error.into());
        }
        self.catch_up().await?;
        self.looked_for.fetch_max(unseen, Ordering::SeqCst);
        Ok(())
    }
}
