//! Where the newest records are, until there is an index: shared by the writer and its readers.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use tokio::sync::watch;

use crate::name::StreamName;
use crate::sqlite::index::Pending;

/// The records that are not indexed yet, by stream, and how far the journal has come.
#[derive(Debug)]
pub(crate) struct Recent {
    streams: RwLock<HashMap<StreamName, Vec<(u64, u64)>>>,
    position: watch::Sender<u64>,
}

impl Recent {
    pub(crate) fn new(pending: &[Pending], position: u64) -> Self {
        let recent = Self { streams: RwLock::default(), position: watch::Sender::new(position) };
        recent.add(pending, position);
        recent
    }

    /// Adds records that the database has kept, and tells who waits for them.
    pub(crate) fn add(&self, pending: &[Pending], position: u64) {
        let mut streams = self.streams.write().unwrap_or_else(PoisonError::into_inner);
        for record in pending {
            match streams.get_mut(&record.stream) {
                Some(records) => records.push((record.sequence, record.position)),
                None => {
                    streams.insert(record.stream.clone(), vec![(record.sequence, record.position)]);
                }
            }
        }
        drop(streams);
        self.position.send_replace(position);
    }

    /// Forgets them all: they are indexed.
    pub(crate) fn forget(&self) {
        self.streams.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Sequence and position of the records of a stream after a sequence.
    pub(crate) fn after(&self, stream: &StreamName, sequence: u64) -> Vec<(u64, u64)> {
        let streams = self.streams.read().unwrap_or_else(PoisonError::into_inner);
        let records = streams.get(stream).map(Vec::as_slice).unwrap_or_default();
        records.iter().copied().filter(|(of_record, _)| *of_record > sequence).collect()
    }

    /// The sequence of the last record of a stream.
    pub(crate) fn last(&self, stream: &StreamName) -> Option<u64> {
        let streams = self.streams.read().unwrap_or_else(PoisonError::into_inner);
        streams.get(stream)?.last().map(|(sequence, _)| *sequence)
    }

    pub(crate) fn position(&self) -> watch::Receiver<u64> {
        self.position.subscribe()
    }
}
