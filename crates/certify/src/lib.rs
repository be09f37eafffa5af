//! Measures a subject against a profile and issues the certificate: files that people write, trials, controls,
//! drills, the issuer's log, the report.

mod files;
mod report;

pub use files::{
    Credential, FileError, Health, LedgerRequests, LoadSettings, ProfileFile, RequestTemplate, Source, StartCommand, Subject, Target,
    builtin_profiles, parse_profile, parse_subject,
};
pub use report::{ReportInput, render_report};
