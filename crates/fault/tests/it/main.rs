//! The proxy between a plain client and a real nginx.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::disallowed_methods, reason = "a test looks at real time from outside")]

mod defects;
mod nginx;
mod sham;
mod support;
