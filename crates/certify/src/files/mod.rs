//! The files that people write: profiles and subjects, in TOML.
//!
//! Every error names file, line and column, says what is wrong, and where it can what to write instead. Parsing is
//! pure: no file is opened, no name looked up.

mod builtin;
mod command;
mod coverage;
mod criterion;
mod dependency;
mod description;
mod error;
mod gap;
mod inspected;
mod logs;
mod metrics;
mod nearest;
mod placeholder;
mod profile;
mod promise;
mod request;
mod sign_off;
mod subject;
mod subject_file;
mod table;
mod target;
#[cfg(test)]
mod tests;
mod tls;
mod value;

pub use builtin::builtin_profiles;
pub use coverage::{Answer, Coverage, With};
pub(crate) use dependency::{Dependency, DependencyPlace};
pub use error::FileError;
pub use inspected::{Advisories, Allowed, BillFile, Import, Inspected};
pub use metrics::MetricsPromise;
pub(crate) use nearest::hint;
pub use profile::{parse_coverage, parse_profile};
pub use promise::{ApiUser, LimitPromise, RetryPromise};
pub use subject::{BackupCommands, LedgerRequests, LoadSettings, Source, StartCommand, Subject, Target};
pub use subject_file::parse_subject;
pub use tls::TlsSpoken;
