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
mod fault;
mod folder;
mod gap;
mod histogram;
mod judge;
mod judgement;
mod later;
mod long_text;
mod measurement;
mod openapi;
mod planned;
mod probe;
mod repeat;
mod restore;
mod roadmap;
mod scene;
mod sentence;
mod sign_off;
mod soak;
mod standing;
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
    Access, AdvisedEcosystem, Advisory, AdvisoryBase, Alert, AlertBook, AlertFile, BadRequest, Bill,
    BilledArtifact, CERTIFICATE_DAYS, CheckRun, CheckedCase, Checklist, Component, Contract, Door, Ending,
    Flaw, FlawKind, Gravity, HeaderRule, HealthLook, HealthMoment, HealthTold, ImportFormat, ImportedFinding,
    ImportedResult, Injected, Injection, InjectionSearch, InjectionTry, LimitReply, Limited, LiveAnswers,
    LogRead, LogSearch, LogTrace, MetricsSeen, Moment, NotTried, OUTPUT_LOG, Package, PlantedText, Refusal,
    Replied, ReplyHead, RetriedWrite, Retry, RunbookFound, Scrape, SearchedPlace, SecretFinding, SecretRule,
    SecretSearch, Selector, Shown, Sign, Surrounded, Surrounding, TlsLook, TlsOffer, TlsOffered, ToldBy,
    Unsearched, Untried, VersionRange, WAIT_S, WriteReply, Written,
};
pub use compose::{
    MeasurementStatement, Signing, certificate_statement, evidence_path, measurement_statements,
    statement_path,
};
pub use control::without_control;
pub use criterion::{Criterion, LineSearch, Op, Profile, Rule, Severity};
pub use document::{
    Arrivals, Calibration, CrashDrill, Document, Environment, ErrorCounts, HeldOutcome, InstrumentData,
    Ledger, LoadRun, OracleResult, Plan, ProcessIdentity, ProxyCounts, QuantileError, RunPlace, ScheduleData,
    StartRun, Step, StopDrill,
};
pub use documents::Documents;
pub use entry::{EntryType, LogEntry, LoggedEntry, attempts_before, check_chain};
pub use error::Error;
pub use estimate::{LoadLine, rung_verdict, search_step_passes};
pub use fault::{
    BUSY_PPB, Fault, FaultDrill, FaultParts, FeltBy, SLOW_DEPENDENCY_NS, SLOW_NETWORK_NS, share_felt_ppb,
};
pub use folder::{
    CERTIFICATE_FILE, CHECKPOINT_FILE, DEPTH_MAX, FILE_BYTES_MAX, FILES_MAX, FOLDER_BYTES_MAX, Folder,
    REPORT_FILE, TLOG_PROOF_FILE, check_path,
};
pub use gap::Gap;
pub use histogram::{HistogramData, SeriesData};
pub use judge::judge;
pub use judgement::{ControlResult, JudgedCriterion, Judgement, Status};
pub use later::{Said, WORDS_CHARACTERS_MAX, are_words, statements_about, withdrawal};
pub use measurement::{Distribution, Estimator, GateData, Measurement, Trial};
pub use openapi::{
    Call, CallKind, MASKED, Operation, Parameter, ParameterPlace, Point, Reference, RequestBody,
    TOO_MANY_OPERATIONS, calls, good_call, points, sample, sample_text,
};
pub use planned::check_profile;
pub use probe::{Family, Probe};
pub use repeat::{Before, Repeats, Repetition, ReproducedCriterion, Reproduction};
pub use restore::{DUE_WRITES_MIN, RestoreCounts, RestoreDrill};
pub use roadmap::{Effort, Hurdle, Roadmap, roadmap};
pub use scene::Scene;
pub use sentence::{at_least, full_sentence};
pub use sign_off::{
    Decision, ROLES_MAX, Role, SIGN_OFF_BYTES_MAX, SIGN_OFF_TYPE, SIGN_OFFS, SIGN_OFFS_MAX, SignOffDemand,
    SignOffPredicate, is_role, sign_off_path, sign_off_statement,
};
pub use soak::{Growth, LOOKS, Look, SoakRun, soak_name};
pub use standing::{Due, EffectiveStatus, Standing, Waiver, WeighedSignOff, is_waivable};
pub use statement::{
    Assurance, CERTIFICATE_TYPE, CertificatePredicate, CriterionSummary, DomainScore, FileEntry, Issuance,
    Issuer, MEASUREMENT_TYPE, MeasurementPredicate, PAYLOAD_TYPE, STATEMENT_TYPE, Statement,
};
pub use subject::{ResourceDescriptor, SubjectIdentity, SubjectKind, SubjectPart};
pub use verdict::{State, Verdict, decide};
pub use verify::{Anchors, Outcome, Question, Report, SignOff, StepName, StepReport, verify};
