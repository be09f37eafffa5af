//! Checks of the repository itself.
//!
//! Every check is a pure function over the text of a file and returns what it found, one sentence a finding, so that
//! it can be seen red on a planted defect beside its code. `tests/it` applies all of them to the repository: a new
//! check is a function here and one line there. What a well-kept tool already checks is left to it: the length of a
//! single function and `unwrap` to clippy, doubled versions, licences and sources of dependencies to cargo-deny.

mod manifest;
mod rust;
mod specification;
mod table;
mod text;

pub use manifest::{check_lock, check_manifest, check_toolchain, check_workspace};
pub use rust::{
    Size, check_file_length, check_needs, check_pure, measure, nine_tenths_are_at_most, share_is_at_most,
};
pub use specification::check_specification;
pub use table::{CRATES, Crate, HOMES, Home};
pub use text::{check_private_words, check_unfinished};
