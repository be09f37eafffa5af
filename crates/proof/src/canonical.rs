//! JSON with one spelling, so that equal values have equal digests and no byte can hide.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::CanonicalError;
use crate::scan::{self, STRING_BYTES_MAX};

/// Writes `value` as canonical JSON: UTF-8, no white space, keys sorted by code point, integers within ±2^53.
///
/// A floating-point number is refused, except that serde turns one that is not finite into `null`: no type
/// that is signed has floats.
pub fn to_canonical<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, CanonicalError> {
    write(value, STRING_BYTES_MAX)
}

/// Reads a `T` from bytes that must equal their own canonical spelling, and that `T` must give back whole.
///
/// The second rule catches a type that drops an unknown field or fills in a missing one.
pub fn from_canonical<T: DeserializeOwned + Serialize>(json: &[u8]) -> Result<T, CanonicalError> {
    read(json, STRING_BYTES_MAX)
}

pub(crate) fn write<T: Serialize + ?Sized>(
    value: &T,
    string_bytes_max: usize,
) -> Result<Vec<u8>, CanonicalError> {
    let unwritable = |error: serde_json::Error| CanonicalError::Unwritable(error.to_string());
    // Through a tree, whose maps are sorted. What comes out is held against the same grammar as foreign bytes.
    let tree = serde_json::to_value(value).map_err(unwritable)?;
    let json = serde_json::to_vec(&tree).map_err(unwritable)?;
    scan::check(&json, string_bytes_max)?;
    Ok(json)
}

pub(crate) fn read<T: DeserializeOwned + Serialize>(
    json: &[u8],
    string_bytes_max: usize,
) -> Result<T, CanonicalError> {
    scan::check(json, string_bytes_max)?;
    let value = serde_json::from_slice(json).map_err(|error| CanonicalError::Type(error.to_string()))?;
    let again = write(&value, string_bytes_max)?;
    if again == json {
        return Ok(value);
    }
    let byte = again.iter().zip(json).take_while(|(ours, theirs)| ours == theirs).count();
    Err(CanonicalError::Lossy { byte })
}
