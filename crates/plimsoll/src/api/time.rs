//! Times as they are shown: RFC 3339 in UTC, to the second.

use plimsoll_base::Utc;

pub(crate) fn time(unix_ms: u64) -> String {
    Utc::from_unix_seconds(i64::try_from(unix_ms / 1_000).unwrap_or(i64::MAX)).to_string()
}
