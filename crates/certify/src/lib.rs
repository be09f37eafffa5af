//! Measures a subject against a profile and issues the certificate: files that people write, trials, controls,
//! drills, the issuer's log, the report; and the register of a server that does this for many, and again in time.

mod calibration;
mod certification;
mod claims;
mod clock;
mod conductor;
mod environment;
mod error;
mod export;
mod files;
mod folder_io;
mod html;
mod identity;
mod intact;
mod issuer_log;
mod order;
mod planning;
pub mod register;
mod report;
mod running;
mod scratch;
mod state;
mod stop;
mod verification;

pub use certification::{Issued, certify, check_target, plan, sabotage};
pub use claims::{
    Audit, DOCUMENT_BYTES_MAX, Finding, FindingKind, NotText, audit as audit_claims, render_claims,
};
pub use clock::SystemClock;
pub use conductor::{Event, Watch};
pub use environment::read_environment;
pub use error::Error;
pub use export::{ExportFormat, export};
pub use files::{
    Answer, Coverage, FileError, LedgerRequests, LoadSettings, Source, StartCommand, Subject, Target, With,
    builtin_profiles, parse_coverage, parse_profile, parse_subject,
};
pub use folder_io::{SeenFile, list_folder, read_folder};
pub use identity::{identify, identify_path};
pub use intact::{Intact, conclusion};
pub use order::Order;
pub use planning::{expected_ns, make_plan};
pub use report::{ReportInput, render_report};
pub use state::{State, keys_folder};
pub use verification::{BORROWED_NAME, has_borrowed_name, report_json, unreadable};
