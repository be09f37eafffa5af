//! The register of a server: subjects, profiles, certifications, and what keeps certificates fresh.
//!
//! [`Register`] is a pure fold over the stream `certify`. A command looks at it and gives either a refusal or a batch
//! that holds only if nothing else happened meanwhile. [`plan`] says, from the register and the time alone, what is to
//! be done next; a [`Runner`] does it, one certification at a time, because two would disturb each other's measurements.
//! What a certification is doing is told in a stream of its own, `certify/<id>`, which ends with its outcome.
//! [`Certificates`] reads and verifies what was issued.
//!
//! # What a text may do
//! Whoever may write a subject decides what this server starts, reads and asks. So a subject that is written here may
//! neither start a program nor name a file, and is reached at a loopback address: [`Rules`] opens this. The texts are
//! kept and given back as they were written, secrets in headers included.

mod certificates;
mod certification;
mod event;
mod names;
mod plan;
mod progress;
mod rules;
mod runner;
mod snapshot;
mod state;
mod task;
#[cfg(test)]
mod tests;
mod texts;
mod work;

pub use certificates::{Certificates, Said, Trial};
pub use certification::{Certificate, Certification, Outcome, Reason, Stale, State};
pub use event::STREAM;
pub use names::{Actor, CertificationId, Name};
pub use plan::{Task, plan};
pub use progress::{PROGRESS_RECORDS_MAX, Progress};
pub use rules::{EXPECTED_NS_MAX, Rules};
pub use runner::{Options, Runner};
pub use snapshot::{Snapshot, TEXT_BYTES_MAX, Text};
pub use state::{CERTIFICATIONS_MAX, QUEUED_MAX, Register};
pub use texts::{PROFILES_MAX, Profile, SUBJECTS_MAX, Subject, Written};
