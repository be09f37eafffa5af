//! Real programs started, watched and ended.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod child;
mod container;
mod death;
mod stowaway;
mod support;
