//! A record of the journal as it is shown: by the command line and by the API alike.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use plimsoll_base::Utc;
use plimsoll_store::Record;
use serde_json::{Value, json};

/// A record as JSON. A payload that is JSON is shown as such, one that is text as text, any other in hexadecimal. That is
/// for people: `bytes` are what is kept, and `leaf` follows from them alone.
pub(crate) fn shown(record: &Record) -> Value {
    let payload = &record.payload.bytes;
    let payload = serde_json::from_slice(payload).unwrap_or_else(|_| match std::str::from_utf8(payload) {
        Ok(text) => json!(text),
        Err(_) => json!({ "hex": payload.iter().map(|byte| format!("{byte:02x}")).collect::<String>() }),
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
        "bytes": BASE64.encode(record.bytes()),
    })
}

/// The record that a line shows. One that shows something else than its bytes say is refused, with the reason.
pub(crate) fn read_shown(line: &Value) -> Result<Record, String> {
    let bytes = line["bytes"].as_str().and_then(|text| BASE64.decode(text).ok());
    let bytes = bytes.ok_or("the record has no bytes")?;
    let position = line["position"].as_u64().ok_or("the record has no position")?;
    let record = Record::from_bytes(position, &bytes).map_err(|error| error.to_string())?;
    match shown(&record) == *line {
        true => Ok(record),
        false => Err(format!("record {position} shows something else than its bytes say")),
    }
}

pub(crate) fn time(record: &Record) -> Utc {
    utc(record.unix_ms)
}

pub(crate) fn utc(unix_ms: u64) -> Utc {
    Utc::from_unix_seconds(i64::try_from(unix_ms / 1_000).unwrap_or(i64::MAX))
}
