//! A run as it went: one small histogram for every 100 ms of intended send time.

use crate::counts::Counts;
use crate::histogram::{Histogram, Slot};
use crate::pairs::{COUNT_MAX, PairsError};
use crate::value::Value;

mod batch;

use batch::Batch;

/// How long a batch is: short enough that a run of seconds has tens of them, long enough to hold several requests.
pub const BATCH_NS: u64 = 100_000_000;
/// A window of one second is the sum of so many batches.
pub const BATCHES_PER_WINDOW: usize = 10;
/// One day. A longer run is watched, not loaded; and one wrong offset costs some 40 MB, not all memory.
pub const BATCHES_MAX: usize = 864_000;

/// Values by the batch in which their request was *meant* to be sent, counted from the schedule's start.
///
/// Memory is bounded by batches and distinct buckets, not by values.
#[derive(Debug, Clone, Default)]
pub struct Series {
    batches: Vec<Batch>,
    /// All batches before this one are sealed.
    sealed: usize,
}

impl Series {
    /// A series of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts a value whose request was meant to be sent `offset_ns` after the schedule's start. What lies past
    /// [`BATCHES_MAX`] counts in the last batch: no value is ever dropped.
    pub fn record(&mut self, offset_ns: u64, value: Value) {
        let index = batch_index(offset_ns).min(BATCHES_MAX - 1);
        if index >= self.batches.len() {
            self.batches.resize_with(index + 1, Batch::default);
        }
        self.sealed = self.sealed.min(index);
        self.batches[index].record(Slot::of(value));
    }

    /// Compresses the batches that end at or before `offset_ns`. A value that comes later still counts.
    pub fn seal_before(&mut self, offset_ns: u64) {
        let end = batch_index(offset_ns).min(self.batches.len());
        for batch in self.batches.iter_mut().take(end).skip(self.sealed) {
            batch.seal();
        }
        self.sealed = self.sealed.max(end);
    }

    /// How many batches there are, up to the last one that has counted something.
    pub fn batch_count(&self) -> usize {
        self.batches.len()
    }

    /// The batches in order, empty ones too.
    pub fn batches(&self) -> impl ExactSizeIterator<Item = Counts> + '_ {
        self.batches.iter().map(Batch::counts)
    }

    /// The sums of ten batches, in order, empty ones too; the last may have fewer than ten.
    pub fn windows(&self) -> impl ExactSizeIterator<Item = Histogram> + '_ {
        self.batches.chunks(BATCHES_PER_WINDOW).map(sum)
    }

    /// The sum of all batches.
    pub fn total(&self) -> Histogram {
        sum(&self.batches)
    }

    /// The series with these batches, as read from evidence, or those of another from some batch on.
    pub fn from_batches(batches: impl IntoIterator<Item = Counts>) -> Result<Self, PairsError> {
        let mut series = Self::new();
        let mut total = 0u64;
        for counts in batches {
            if series.batches.len() == BATCHES_MAX {
                return Err(PairsError::Batches);
            }
            total = total.saturating_add(counts.count());
            series.batches.push(Batch::from_counts(&counts));
        }
        series.sealed = series.batches.len();
        if total > COUNT_MAX { Err(PairsError::Total) } else { Ok(series) }
    }

    /// How many bytes the series holds on the heap.
    #[cfg(test)]
    fn heap_bytes(&self) -> usize {
        self.batches.capacity() * size_of::<Batch>()
            + self.batches.iter().map(Batch::heap_bytes).sum::<usize>()
    }
}

impl PartialEq for Series {
    /// Equal when every batch has counted the same, sealed or not.
    fn eq(&self, other: &Self) -> bool {
        self.batch_count() == other.batch_count() && self.batches().eq(other.batches())
    }
}

impl Eq for Series {}

fn batch_index(offset_ns: u64) -> usize {
    usize::try_from(offset_ns / BATCH_NS).unwrap_or(usize::MAX)
}

fn sum(batches: &[Batch]) -> Histogram {
    let mut histogram = Histogram::new();
    for batch in batches {
        histogram.add(&batch.counts());
    }
    histogram
}

#[cfg(test)]
mod tests;
