//! What a state will be once the acts that are on their way to the journal have been accepted.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::batch::{Append, Batch, Expect, Link};
use crate::folded::Fold;
use crate::name::StreamName;
use crate::record::Record;

/// Chains of this process. Nobody else writes to a journal that is in a folder.
static CHAINS: AtomicU64 = AtomicU64::new(1);

/// A state with the acts that are on their way; nothing until there is one. It is right as long as each of them is
/// accepted: their batches are linked, so that what is planned for it is refused where it is wrong.
pub(crate) struct Ahead<F>(Option<Chain<F>>);

struct Chain<F> {
    number: u64,
    /// Whether a batch was planned.
    begun: bool,
    state: F,
}

/// A batch that can be queued behind those before it.
pub(crate) struct Planned {
    pub(crate) batch: Batch,
    /// Of which chain it is.
    pub(crate) chain: u64,
}

impl<F> Default for Ahead<F> {
    fn default() -> Self {
        Self(None)
    }
}

impl<F: Fold> Ahead<F> {
    /// Asks a command what it would write after all that is on its way. None if that is nothing, if the command
    /// refuses, or if it does not say how far the stream must be: none of this is certain as long as something is on its
    /// way. `accepted` is the state that follows from what the journal has accepted.
    pub(crate) fn plan(
        &mut self,
        stream: &StreamName,
        accepted: impl FnOnce() -> F,
        command: impl Fn(&F, u64) -> Result<Batch, F::Error>,
        now_ms: u64,
    ) -> Option<Planned> {
        let chain = self.0.get_or_insert_with(|| Chain {
            number: CHAINS.fetch_add(1, Ordering::Relaxed),
            begun: false,
            state: accepted(),
        });
        let mut batch = command(&chain.state, now_ms).ok()?;
        let append = batch.appends.iter().find(|append| append.stream == *stream)?;
        if append.expect != Expect::At(chain.state.sequence()) || append.records.is_empty() {
            return None;
        }
        let number = chain.number;
        let link = Link { chain: number, follows: chain.begun };
        if !chain.will_have(append, now_ms) {
            self.0 = None;
            return None;
        }
        batch.link = Some(link);
        Some(Planned { batch, chain: number })
    }

    /// A batch of this chain was not accepted: nothing more is planned for it.
    pub(crate) fn give_up(&mut self, number: u64) {
        self.0.take_if(|chain| chain.number == number);
    }
}

impl<F: Fold> Chain<F> {
    /// Takes in what will be accepted; says whether that can be taken in.
    fn will_have(&mut self, append: &Append, now_ms: u64) -> bool {
        self.begun = true;
        (self.state.sequence() + 1..).zip(&append.records).all(|(sequence, record)| {
            let (stream, kind, payload) =
                (append.stream.clone(), record.kind.clone(), record.payload.clone());
            // Where and when it will be is not known yet, and makes no difference: `Fold` demands it.
            let record = Record { position: 0, unix_ms: now_ms, stream, sequence, kind, payload };
            self.state.apply(&record).is_ok()
        })
    }
}
