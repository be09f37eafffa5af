//! Checklists: cases that are fixed in advance, each tried once. What was seen of each is evidence; whether it is good
//! follows from it here, so that every verifier decides it again.

mod access;
mod bill;
mod contract;
mod door;
mod health;
mod imported;
mod injection;
mod limited;
mod log_trace;
mod metrics;
mod not_tried;
mod refusal;
mod reply_head;
mod retried;
mod runbook;
mod secret;
mod surroundings;
mod tls;
mod written;

use plimsoll_base::{Unit, Utc};
use serde::{Deserialize, Serialize};

use crate::document::{ProcessIdentity, ProxyCounts};
use crate::probe::Probe;
use crate::scene::Scene;

pub use access::Access;
pub use bill::{
    AdvisedEcosystem, Advisory, AdvisoryBase, Bill, BilledArtifact, Component, Package, VersionRange,
};
pub use contract::{Contract, Replied};
pub use door::{Door, Shown};
pub use health::{HealthLook, HealthMoment, HealthTold, LiveAnswers};
pub use imported::{Gravity, ImportFormat, ImportedFinding, ImportedResult, ToldBy};
pub use injection::{Injected, Injection, InjectionSearch, InjectionTry, Sign, WAIT_S};
pub use limited::{LimitReply, Limited};
pub use log_trace::{LogRead, LogSearch, LogTrace, OUTPUT_LOG, PlantedText};
#[cfg(test)]
pub(crate) use metrics::tests::honest as honest_metrics;
pub use metrics::{MetricsSeen, Moment, Scrape, Selector};
pub use not_tried::{NotTried, Untried};
pub use refusal::{BadRequest, Ending, Refusal};
pub use reply_head::{HeaderRule, ReplyHead};
pub use retried::{RetriedWrite, Retry, WriteReply};
pub use runbook::{Alert, AlertBook, AlertFile, RunbookFound};
pub use secret::{SearchedPlace, SecretFinding, SecretRule, SecretSearch, Unsearched};
pub use surroundings::{Surrounded, Surrounding};
pub use tls::{CERTIFICATE_DAYS, TlsLook, TlsOffer, TlsOffered};
pub use written::{Flaw, FlawKind, Written};

/// One pass of a checklist over one process of the subject, or over its files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckRun {
    /// Under what conditions.
    pub scene: Scene,
    /// Counts from 1 within scene and checklist.
    pub trial: u64,
    /// The process that answered; absent for a subject known by URL, and where files are looked at.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub process: Option<ProcessIdentity>,
    /// Whether it ended by itself meanwhile.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub died: bool,
    /// When.
    pub at: Utc,
    /// What was seen.
    pub checklist: Checklist,
    /// What the fault proxy did, where one stood in between.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub proxy: Option<ProxyCounts>,
}

/// What was seen of each case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Checklist {
    /// Requests that no server should take, each of [`BadRequest::ALL`] once and in that order.
    ErrorHygiene(Vec<Refusal>),
    /// The heads of replies to the subject's own requests, its health check, and a path that it does not have.
    ResponseHeaders(Vec<ReplyHead>),
    /// Texts that must not reach a log as they came, each of [`PlantedText::ALL`] once and in that order.
    LogHygiene(LogSearch),
    /// What only somebody who is known may do, each operation with all of [`Shown::ALL`].
    Authentication(Vec<Door>),
    /// What came of calls that follow from the subject's own reference.
    Contract(Contract),
    /// Secrets in the subject's files.
    Secrets(SecretSearch),
    /// What the subject is made of.
    BillOfMaterials(Bill),
    /// What others have measured, file by file.
    ImportedResults(Vec<ImportedResult>),
    /// Alerts and where they lead.
    Runbooks(AlertBook),
    /// The documents that the subject says it has.
    Documentation(Vec<Written>),
    /// What became of operations that only some may do, each tried by those who may and by those who may not.
    Authorisation(Vec<Access>),
    /// What came of requests within a limit that was promised, and beyond it.
    RateLimit(Limited),
    /// What came of writes that were sent again, each of [`Retry::ALL`] once and in that order.
    RetriedWrites(Vec<RetriedWrite>),
    /// What came of texts that should do nothing.
    Injection(InjectionSearch),
    /// What is spoken where TLS is.
    Tls(TlsLook),
    /// What was seen in other time zones and languages, each of [`Surrounding::ALL`] once and in that order.
    Surroundings(Vec<Surrounded>),
    /// What the metrics said of requests that were sent and counted.
    MetricsTruth(MetricsSeen),
    /// What the health check told while what the subject depends on was there, and was not.
    HealthTruth(HealthTold),
    /// Why the cases that would follow from a reference were not tried.
    NotTried(NotTried),
}

/// A case, and what is wrong with what was seen of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedCase {
    /// What was tried, in words.
    pub case: String,
    /// What was seen, in words.
    pub seen: String,
    /// What is wrong with it; `None` if nothing is.
    pub problem: Option<String>,
}

/// How much was tried, and how much must have been for a good case to show anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reached {
    /// The gate that says so.
    pub(crate) gate: &'static str,
    /// How much was.
    pub(crate) observed: u64,
    /// At least so much must have been.
    pub(crate) limit: u64,
    /// Of both.
    pub(crate) unit: Unit,
}

impl CheckRun {
    /// Every case with what is wrong with it; `None` if cases are missing or too many, so that nothing is shown.
    pub fn cases(&self) -> Option<Vec<CheckedCase>> {
        self.checklist.cases(self.at, self.process.is_some())
    }
}

impl Checklist {
    /// Where a case can go well because nothing was tried: what tells whether something was.
    pub(crate) fn reached(&self) -> Option<Reached> {
        match self {
            Self::Authentication(doors) => Some(door::reached(doors)),
            Self::Injection(search) => Some(injection::reached(search)),
            Self::LogHygiene(search) => Some(log_trace::reached(search)),
            Self::Contract(contract) => Some(contract::reached(contract)),
            Self::Authorisation(tried) => Some(access::reached(tried)),
            Self::NotTried(not_tried) => Some(not_tried::reached(not_tried)),
            _ => None,
        }
    }

    /// The probe that it serves.
    pub fn probe(&self) -> Probe {
        match self {
            Self::ErrorHygiene(_) => Probe::ErrorHygiene,
            Self::ResponseHeaders(_) => Probe::ResponseHeaders,
            Self::LogHygiene(_) => Probe::LogHygiene,
            Self::Authentication(_) => Probe::Authentication,
            Self::Contract(_) => Probe::Contract,
            Self::Secrets(_) => Probe::Secrets,
            Self::BillOfMaterials(_) => Probe::BillOfMaterials,
            Self::ImportedResults(_) => Probe::ImportedResults,
            Self::Runbooks(_) => Probe::Runbooks,
            Self::Documentation(_) => Probe::Documentation,
            Self::Authorisation(_) => Probe::Authorisation,
            Self::RateLimit(_) => Probe::RateLimit,
            Self::RetriedWrites(_) => Probe::RetriedWrites,
            Self::Injection(_) => Probe::Injection,
            Self::Tls(_) => Probe::Tls,
            Self::Surroundings(_) => Probe::Surroundings,
            Self::MetricsTruth(_) => Probe::MetricsTruth,
            Self::HealthTruth(_) => Probe::HealthTruth,
            Self::NotTried(not_tried) => not_tried.probe,
        }
    }

    /// Every case with what is wrong with it when it was looked at; `None` if cases are missing or too many, so that nothing
    /// is shown. A process can be made to stand still.
    fn cases(&self, at: Utc, has_process: bool) -> Option<Vec<CheckedCase>> {
        match self {
            Self::ErrorHygiene(refusals) => refusal::cases(refusals),
            Self::ResponseHeaders(heads) => reply_head::cases(heads),
            Self::LogHygiene(search) => log_trace::cases(search),
            Self::Authentication(doors) => door::cases(doors),
            Self::Contract(contract) => contract::cases(contract),
            Self::Secrets(search) => secret::cases(search),
            Self::BillOfMaterials(bill) => Some(bill::cases(bill, at)),
            Self::ImportedResults(results) => imported::cases(results, at),
            Self::Runbooks(book) => runbook::cases(book),
            Self::Documentation(documents) => written::cases(documents),
            Self::Authorisation(tried) => access::cases(tried),
            Self::RateLimit(seen) => limited::cases(seen),
            Self::RetriedWrites(writes) => retried::cases(writes),
            Self::Injection(search) => injection::cases(search),
            Self::Tls(look) => tls::cases(look),
            Self::Surroundings(seen) => surroundings::cases(seen),
            Self::MetricsTruth(seen) => metrics::cases(seen, has_process),
            Self::HealthTruth(told) => health::cases(told),
            Self::NotTried(not_tried) => not_tried::cases(not_tried),
        }
    }
}
