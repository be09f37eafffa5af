//! The generator against real servers: oracles, nginx, and scripted ones that misbehave.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what is wrong by failing"
)]

mod gates;
mod nginx;
mod support;
mod truth;
mod wire;
