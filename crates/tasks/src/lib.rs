//! Tasks that end.
//!
//! Every task belongs to a [`Scope`]. A scope is asked to stop once, waits for its tasks until a deadline, ends those
//! that are left, and says which they were. Work that is done again and again (compare what is wanted with what is, act
//! once) is a [`repeat`](Scope::repeat): woken by a signal and by a timer, without input, and never twice at once.

mod scope;

pub use scope::{OnEnd, Scope, Straggler, Wake};
