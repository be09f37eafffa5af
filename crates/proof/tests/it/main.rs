//! What a stranger relies on: one spelling of every format, and nothing accepted that was altered.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on must fail")]

mod canonical;
mod checkpoint;
mod dsse;
mod merkle;
mod public_key;
mod support;
mod tile;
mod trust_file;
