//! What is counted and how sure one may be of it: histograms with infinities, the one quantile rule, bounds, gates.
//!
//! Pure: data in, data out. A verifier recomputes every number elsewhere, so only IEEE `+ - * /` and `libm` are
//! used on floats, in a fixed order, and every result is an integer.

mod binomial;
mod bounds;
mod bucket;
mod counts;
mod effective;
mod gate;
mod hdr;
mod histogram;
mod pairs;
mod probability;
mod rank;
mod ratio;
mod series;
mod steady;
#[cfg(test)]
mod testing;
mod tolerance;
mod trend;
mod value;

pub use bounds::{BetweenTrials, TrialBounds, between_trials, within_trial_bounds};
pub use bucket::{BUCKET_INDEX_MAX, VALUE_NS_MAX, bucket_index, bucket_upper};
pub use counts::Counts;
pub use effective::{BatchCount, effective_count};
pub use gate::{Facts, Gate, GateResult, instrument_gates, margin_ns};
pub use hdr::{hdr_encode, hdr_log};
pub use histogram::Histogram;
pub use pairs::{COUNT_MAX, PairsError};
pub use probability::Probability;
pub use rank::{lower_rank, minimum_count, upper_rank};
pub use ratio::{clopper_pearson_lower, clopper_pearson_upper};
pub use series::{BATCH_NS, BATCHES_MAX, BATCHES_PER_WINDOW, Series};
pub use steady::shared_drift;
pub use tolerance::{tolerance_ns, within_tolerance};
pub use trend::{Course, TREND_VALUES, Trend};
pub use value::Value;
