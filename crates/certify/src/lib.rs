//! Measures a subject against a profile and issues the certificate: files that people write, trials, controls,
//! drills, the issuer's log, the report; and the register of a server that does this for many, and again in time.

mod amendment;
mod badge;
mod calibration;
mod certification;
mod claims;
mod clock;
mod comparison;
mod conductor;
mod dependency;
mod environment;
mod error;
mod export;
mod files;
mod folder_io;
mod frameworks;
mod git;
mod html;
mod identity;
mod inspection;
mod intact;
mod issuer_log;
mod later;
mod named;
mod order;
mod planning;
pub mod recheck;
pub mod register;
mod repetition;
mod report;
mod running;
mod scratch;
mod sign_off;
mod state;
mod stop;
mod verification;
mod within;

pub use amendment::Amendment;
pub use badge::Badge;
pub use certification::{Issued, certify, check_target, plan, sabotage};
pub use claims::{
    Audit, DOCUMENT_BYTES_MAX, Finding, FindingKind, Looked, NotText, audit as audit_claims, render_claims,
};
pub use clock::SystemClock;
pub use comparison::{Compared, Comparison, Difference, Side, compare};
pub use conductor::{Event, Watch, check_room};
pub use environment::read_environment;
pub use error::Error;
pub use export::{ExportFormat, export};
pub use files::{
    Advisories, Allowed, Answer, ApiUser, BackupCommands, BillFile, Coverage, FileError, Import, Inspected,
    LedgerRequests, LimitPromise, LoadSettings, MetricsPromise, RetryPromise, Source, StartCommand, Subject,
    Target, TlsSpoken, With, builtin_profiles, parse_coverage, parse_profile, parse_subject,
};
pub use folder_io::{SeenFile, list_folder, read_folder};
pub use frameworks::{
    Control, CoveredControl, Evidence, Framework, Mapping, NO_CLAIM, coverage_json, coverage_page, covered,
    framework, framework_ids,
};
pub use identity::{identify, identify_path};
pub use intact::{Intact, conclusion};
pub use later::{LaterStatement, make_statement};
pub use named::check_named;
pub use order::Order;
pub use planning::{expected_ns, least_rates_per_ks, make_plan};
pub use repetition::Repetition;
pub use report::{ReportInput, render_report};
pub use sign_off::{NewSignOff, sign_off};
pub use state::{State, keys_folder};
pub use verification::{BORROWED_NAME, has_borrowed_name, report_json, unreadable};
