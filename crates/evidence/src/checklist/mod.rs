//! Checklists: cases that are fixed in advance, each tried once. What was seen of each is evidence; whether it is good
//! follows from it here, so that every verifier decides it again.

mod door;
mod log_trace;
mod refusal;
mod reply_head;

use plimsoll_base::Utc;
use serde::{Deserialize, Serialize};

use crate::criterion::{Probe, Scene};
use crate::document::{ProcessIdentity, ProxyCounts};

pub use door::{Door, Shown};
pub use log_trace::{LogTrace, PlantedText};
pub use refusal::{BadRequest, Ending, Refusal};
pub use reply_head::{HeaderRule, ReplyHead};

/// One pass of a checklist over one process of the subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckRun {
    /// Under what conditions.
    pub scene: Scene,
    /// Counts from 1 within scene and checklist.
    pub trial: u64,
    /// The process that answered; absent for a subject known by URL.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub process: Option<ProcessIdentity>,
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
    LogHygiene(Vec<LogTrace>),
    /// What only somebody who is known may do, each operation with all of [`Shown::ALL`].
    Authentication(Vec<Door>),
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

impl Checklist {
    /// The probe that it serves.
    pub fn probe(&self) -> Probe {
        match self {
            Self::ErrorHygiene(_) => Probe::ErrorHygiene,
            Self::ResponseHeaders(_) => Probe::ResponseHeaders,
            Self::LogHygiene(_) => Probe::LogHygiene,
            Self::Authentication(_) => Probe::Authentication,
        }
    }

    /// Every case with what is wrong with it; `None` if cases are missing or too many, so that nothing is shown.
    pub fn cases(&self) -> Option<Vec<CheckedCase>> {
        match self {
            Self::ErrorHygiene(refusals) => refusal::cases(refusals),
            Self::ResponseHeaders(heads) => reply_head::cases(heads),
            Self::LogHygiene(traces) => log_trace::cases(traces),
            Self::Authentication(doors) => door::cases(doors),
        }
    }
}
