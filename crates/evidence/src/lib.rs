//! What is claimed, what was observed, what follows from it: criteria, evidence, verdicts, statements, and the
//! offline verification of a certificate. Pure: what the issuer computes once, every verifier computes again.

mod amount;
mod calibration;
mod checklist;
mod compose;
mod control;
mod criterion;
mod document;
mod documents;
mod doubt;
mod entry;
mod error;
mod estimate;
mod folder;
mod gap;
mod histogram;
mod judge;
mod judgement;
mod measurement;
mod planned;
mod sentence;
mod soak;
mod statement;
mod status;
mod subject;
#[cfg(test)]
mod tests;
mod verdict;
mod verify;

pub use amount::Amount;
pub use calibration::{calibration_problem, is_true, tolerance_ns};
pub use checklist::{
    BadRequest, CheckRun, CheckedCase, Checklist, Door, Ending, HeaderRule, LogTrace, PlantedText, Refusal,
    ReplyHead, Shown,
};
pub use compose::{
    MeasurementStatement, Signing, certificate_statement, evidence_path, measurement_statements,
    statement_path,
};
pub use control::without_control;
pub use criterion::{Criterion, LineSearch, Op, Probe, Profile, Rule, Scene, Severity};
pub use document::{
    Arrivals, Calibration, CrashDrill, Document, Environment, ErrorCounts, HeldOutcome, InstrumentData,
    Ledger, LoadRun, OracleResult, Plan, ProcessIdentity, ProxyCounts, QuantileError, RunPlace, ScheduleData,
    StartRun, Step, StopDrill,
};
pub use documents::Documents;
pub use entry::{EntryType, LogEntry, LoggedEntry, attempts_before, check_chain};
pub use error::Error;
pub use estimate::{LoadLine, rung_verdict, search_step_passes};
pub use folder::{
    CERTIFICATE_FILE, CHECKPOINT_FILE, DEPTH_MAX, FILE_BYTES_MAX, FILES_MAX, FOLDER_BYTES_MAX, Folder,
    REPORT_FILE, TLOG_PROOF_FILE, check_path,
};
pub use gap::Gap;
pub use histogram::{HistogramData, SeriesData};
pub use judge::judge;
pub use judgement::{ControlResult, JudgedCriterion, Judgement, Status};
pub use measurement::{Distribution, Estimator, GateData, Measurement, Trial};
pub use planned::check_profile;
pub use sentence::{at_least, full_sentence};
pub use soak::{Growth, LOOKS, Look, SoakRun, soak_name};
pub use statement::{
    Assurance, CERTIFICATE_TYPE, CertificatePredicate, CriterionSummary, DomainScore, FileEntry, Issuance,
    Issuer, MEASUREMENT_TYPE, MeasurementPredicate, PAYLOAD_TYPE, STATEMENT_TYPE, Statement,
};
pub use subject::{ResourceDescriptor, SubjectIdentity, SubjectKind};
pub use verdict::{State, Verdict, decide};
pub use verify::{Anchors, Outcome, Question, Report, StepName, StepReport, verify};
