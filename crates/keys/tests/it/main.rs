//! What is signed here is checked by a program that is not ours, and sealed files open for ever.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on must fail"
)]

mod golden;
mod openssl;
