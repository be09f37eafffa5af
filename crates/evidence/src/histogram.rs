//! Histograms as they are signed: `[bucket, count]` pairs and the count at infinity.

use plimsoll_measure::{BATCHES_PER_WINDOW, Counts, Histogram, Series};
use serde::{Deserialize, Serialize};

/// A histogram: ascending `[bucket, count]` pairs, and how many values were infinite.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistogramData {
    /// Ascending bucket indexes with their counts, none of them zero.
    pub pairs: Vec<(u32, u64)>,
    /// Values at infinity.
    pub infinite: u64,
}

impl From<&Histogram> for HistogramData {
    fn from(histogram: &Histogram) -> Self {
        Self { pairs: histogram.pairs().collect(), infinite: histogram.infinite() }
    }
}

impl From<&Counts> for HistogramData {
    fn from(counts: &Counts) -> Self {
        Self { pairs: counts.pairs().collect(), infinite: counts.infinite() }
    }
}

impl HistogramData {
    /// The histogram to compute with; `None` if the pairs are not ascending, non-zero and within bounds.
    pub fn read(&self) -> Option<Histogram> {
        Histogram::from_pairs(self.pairs.iter().copied(), self.infinite).ok()
    }
}

/// Latency over the run: one-second windows of ten batches of 100 ms each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeriesData {
    /// Windows in order of time. Each holds ten batches, the last window perhaps fewer.
    pub windows: Vec<Vec<HistogramData>>,
}

impl From<&Series> for SeriesData {
    fn from(series: &Series) -> Self {
        let batches: Vec<HistogramData> = series.batches().map(|batch| HistogramData::from(&batch)).collect();
        Self { windows: batches.chunks(BATCHES_PER_WINDOW).map(<[_]>::to_vec).collect() }
    }
}

impl SeriesData {
    /// The series to compute with, empty without a window; `None` if a batch is malformed or a window but the last is
    /// not whole.
    pub fn read(&self) -> Option<Series> {
        let Some((last, whole)) = self.windows.split_last() else { return Some(Series::new()) };
        let sizes_fit = whole.iter().all(|window| window.len() == BATCHES_PER_WINDOW)
            && (1..=BATCHES_PER_WINDOW).contains(&last.len());
        if !sizes_fit {
            return None;
        }
        let counts =
            |data: &HistogramData| Counts::from_pairs(data.pairs.iter().copied(), data.infinite).ok();
        let batches: Option<Vec<Counts>> = self.windows.iter().flatten().map(counts).collect();
        Series::from_batches(batches?).ok()
    }
}
