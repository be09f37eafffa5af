//! Times as they are shown, in UTC and to the second: RFC 3339.

use crate::record::utc;

pub(crate) fn time(unix_ms: u64) -> String {
    utc(unix_ms).to_string()
}

/// The same for the name of a file, where a colon is not welcome: ISO 8601 without `-` and `:`.
pub(crate) fn stamp(unix_ms: u64) -> String {
    time(unix_ms).replace(['-', ':'], "")
}
