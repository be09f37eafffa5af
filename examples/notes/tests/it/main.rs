//! The service as a process of its own, spoken to over a plain socket.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::disallowed_methods, reason = "a test looks at real time from outside")]

mod api;
mod backup;
mod durable;
mod graceful;
mod support;
