//! What a subject's own reference, an OpenAPI 3 document, says of its operations: what may be sent, what comes back.
//!
//! Pure, so that whoever verifies reads it as whoever measured did. Of JSON Schema it knows the words that descriptions of
//! interfaces use; a word that it does not know demands nothing.

mod call;
mod point;
mod reference;
mod sample;
mod schema;

pub use call::{Call, CallKind, calls, good_call};
pub use point::{Point, points};
pub(crate) use reference::is_json;
pub use reference::{Operation, Parameter, ParameterPlace, Reference, RequestBody, TOO_MANY_OPERATIONS};
pub use sample::{sample, sample_text};
pub(crate) use schema::problem;

/// Stands in the place of a value that looked like a secret: it fits whatever is asked of a text.
pub const MASKED: &str = "[redacted]";
