//! Faults that are planted on purpose, each under a lease that takes it back.
//!
//! [`Proxy`] stands between a client and an HTTP/1.1 service and does to its traffic what a [`Defect`] says;
//! with [`Defect::None`] it is a sham: the same path and no defect. It needs no privilege and no
//! change of the service. Counters prove that a fault took effect. [`Relay`] stands between a service and what it needs.

mod alteration;
mod bend;
mod chunked;
mod connection;
mod decision;
mod defect;
mod error;
mod exchange;
#[cfg(fuzzing)]
pub mod fuzzing;
mod http;
mod listener;
mod obedience;
mod old_tls;
mod proxy;
mod relay;
mod shared;
mod stream;

pub use defect::{CONNECTIONS_HOARDED_MAX, Defect};
pub use error::Error;
pub use proxy::{Lease, Proxy};
pub use relay::{Outage, OutageLease, Relay};
pub use shared::Counters;
