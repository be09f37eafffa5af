//! A record of the journal as it is shown: by the command line and by the API alike.

use plimsoll_base::Utc;
use plimsoll_store::Record;
use serde_json::{Value, json};

/// A record as JSON. A payload that is JSON is shown as such, one that is text as text, any other in hexadecimal.
pub(crate) fn shown(record: &Record) -> Value {
    let bytes = &record.payload.bytes;
    let payload = serde_json::from_slice(bytes).unwrap_or_else(|_| match std::str::from_utf8(bytes) {
        Ok(text) => json!(text),
        Err(_) => json!({ "hex": bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>() }),
    });
    json!({
        "position": record.position,
        "time": time(record),
        "unix_ms": record.unix_ms,
        "stream": record.stream.as_str(),
        "sequence": record.sequence,
        "kind": record.kind.as_str(),
        "sealed_under": record.payload.sealed_under.as_ref().map(|key| key.as_str()),
        "payload": payload,
        "leaf": record.leaf(),
    })
}

pub(crate) fn time(record: &Record) -> Utc {
    Utc::from_unix_seconds(i64::try_from(record.unix_ms / 1_000).unwrap_or(i64::MAX))
}
