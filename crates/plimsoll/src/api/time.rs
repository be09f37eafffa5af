//! Times as they are shown, in UTC and to the second: RFC 3339.

use plimsoll_base::Utc;

pub(crate) fn time(unix_ms: u64) -> String {
    Utc::from_unix_seconds(i64::try_from(unix_ms / 1_000).unwrap_or(i64::MAX)).to_string()
}

/// The same for the name of a file, where a colon is not welcome: ISO 8601 without `-` and `:`.
pub(crate) fn stamp(unix_ms: u64) -> String {
    time(unix_ms).replace(['-', ':'], "")
}
