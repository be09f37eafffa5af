//! Words that every crate shares: kinds of error, instants, durations and ratios with their units, names, secrets.
//!
//! Pure: no clock is read, no file opened, no thread started here.

mod clock;
mod kind;
mod name;
mod secret;
mod units;
mod unseen;
mod utc;

pub use clock::Clock;
pub use kind::Kind;
pub use name::NameError;
pub use secret::Secret;
pub use units::{Quantity, Unit, UnitError};
pub use unseen::{inert, inert_json, is_unseen};
pub use utc::{Utc, UtcError};
