//! A clock that was ahead when something was written, and has been set right since.

use serde_json::json;

use crate::batch::{Batch, Expect};
use crate::error::Result;
use crate::name::{RecordKind, StreamName};
use crate::record::NewRecord;

/// The stream of those records that may be earlier than the one before them in the journal. No other may.
pub(crate) const CLOCK_STREAM: &str = "clock";

impl Batch {
    /// A batch by which somebody accepts the clock as it stands, though it stands before the last record of the journal,
    /// which was accepted at `last_unix_ms`. It is taken whatever the clock says, and time goes on from it.
    pub fn accept_clock(last_unix_ms: u64) -> Result<Self> {
        let payload = json!({ "v": 1, "last_unix_ms": last_unix_ms }).to_string();
        let record = NewRecord::plain(RecordKind::new("clock.accepted")?, payload.as_str());
        Ok(Self::append(StreamName::new(CLOCK_STREAM)?, Expect::Any, vec![record]))
    }
}
