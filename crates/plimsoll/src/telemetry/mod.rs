//! What the server tells about itself: a log of lines in JSON, and measurements in OpenMetrics.

mod log;
mod metrics;
mod request_id;

pub(crate) use log::{Level, Log};
pub(crate) use metrics::{Figure, Metrics, Series};
pub(crate) use request_id::{RequestId, Trace};
