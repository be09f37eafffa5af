//! What is required: a criterion, and the profile that is a versioned set of them.

use plimsoll_base::{Quantity, Unit};
use serde::{Deserialize, Serialize};

use crate::amount::unit_name;
use crate::gap::Gap;

/// How a criterion is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Probe {
    /// A quantile of latency at the subject's rate, open loop; unit ns.
    Latency,
    /// The share of requests without a good reply at the subject's rate; unit ppb.
    Errors,
    /// The subject's rate times the share of good replies, per 1,000 seconds; unit per_ks.
    Throughput,
    /// The highest rate at which every latency and errors criterion passes; unit per_ks.
    LoadLine,
    /// From start of the process to its first good reply; unit ns.
    StartUp,
    /// Requests in flight at the stop signal that get no good reply; unit count.
    GracefulStop,
    /// From the restart after SIGKILL to the first good reply; unit ns.
    CrashRecovery,
    /// Writes acknowledged before SIGKILL that cannot be read afterwards; unit count.
    AcknowledgedWrites,
    /// Requests that no server should take and that were not refused well; unit count.
    ErrorHygiene,
    /// Rules for the heads of replies that were broken; unit count.
    ResponseHeaders,
    /// Secrets and control characters that reach the subject's log as they came; unit count.
    LogHygiene,
    /// What only somebody who is known may do and was not refused to somebody who is not; unit count.
    Authentication,
    /// The most memory that is resident during a soak; unit bytes.
    Memory,
    /// The most files that are open during a soak; unit count.
    OpenFiles,
    /// The most threads that there are during a soak; unit count.
    Threads,
    /// The greatest share of one core that is used over a third of a soak; unit ppb, may exceed 1.
    Cpu,
    /// How many of memory, open files and threads grow without end during a soak; unit count.
    Leak,
}

impl Probe {
    /// Every probe, in the order in which a reader expects them.
    pub const ALL: [Self; 17] = [
        Self::Latency,
        Self::Errors,
        Self::Throughput,
        Self::LoadLine,
        Self::StartUp,
        Self::GracefulStop,
        Self::CrashRecovery,
        Self::AcknowledgedWrites,
        Self::ErrorHygiene,
        Self::ResponseHeaders,
        Self::LogHygiene,
        Self::Authentication,
        Self::Memory,
        Self::OpenFiles,
        Self::Threads,
        Self::Cpu,
        Self::Leak,
    ];

    /// The probes that go through a list of cases, each tried once.
    pub const CHECKLISTS: [Self; 4] =
        [Self::ErrorHygiene, Self::ResponseHeaders, Self::LogHygiene, Self::Authentication];

    /// The probes that look at what a subject takes of the machine under load that goes on.
    pub const SOAKS: [Self; 5] = [Self::Memory, Self::OpenFiles, Self::Threads, Self::Cpu, Self::Leak];

    /// The unit in which the probe measures.
    pub fn unit(self) -> Unit {
        match self {
            Self::Latency | Self::StartUp | Self::CrashRecovery => Unit::Ns,
            Self::Errors | Self::Cpu => Unit::Ppb,
            Self::Memory => Unit::Bytes,
            Self::Throughput | Self::LoadLine => Unit::PerKs,
            Self::GracefulStop
            | Self::AcknowledgedWrites
            | Self::ErrorHygiene
            | Self::ResponseHeaders
            | Self::LogHygiene
            | Self::Authentication
            | Self::OpenFiles
            | Self::Threads
            | Self::Leak => Unit::Count,
        }
    }

    /// Whether larger measurements are worse.
    pub fn op(self) -> Op {
        match self {
            Self::Throughput | Self::LoadLine => Op::AtLeast,
            _ => Op::AtMost,
        }
    }

    /// The probe's name in profiles and statements.
    pub fn name(self) -> &'static str {
        match self {
            Self::Latency => "latency",
            Self::Errors => "errors",
            Self::Throughput => "throughput",
            Self::LoadLine => "load-line",
            Self::StartUp => "start-up",
            Self::GracefulStop => "graceful-stop",
            Self::CrashRecovery => "crash-recovery",
            Self::AcknowledgedWrites => "acknowledged-writes",
            Self::ErrorHygiene => "error-hygiene",
            Self::ResponseHeaders => "response-headers",
            Self::LogHygiene => "log-hygiene",
            Self::Authentication => "authentication",
            Self::Memory => "memory",
            Self::OpenFiles => "open-files",
            Self::Threads => "threads",
            Self::Cpu => "cpu",
            Self::Leak => "leak",
        }
    }

    /// The kind of document that it leaves as evidence.
    pub fn evidence(self) -> &'static str {
        match self {
            Self::Latency | Self::Errors | Self::Throughput | Self::LoadLine => "load-run",
            Self::StartUp => "start-run",
            Self::GracefulStop => "stop-drill",
            Self::CrashRecovery | Self::AcknowledgedWrites => "crash-drill",
            Self::ErrorHygiene | Self::ResponseHeaders | Self::LogHygiene | Self::Authentication => {
                "check-run"
            }
            Self::Memory | Self::OpenFiles | Self::Threads | Self::Cpu | Self::Leak => "soak-run",
        }
    }

    /// Whether the probe starts, signals or kills the subject's process, reads what it writes, or looks at what it uses.
    pub fn needs_process(self) -> bool {
        let in_process = matches!(
            self,
            Self::StartUp
                | Self::GracefulStop
                | Self::CrashRecovery
                | Self::AcknowledgedWrites
                | Self::LogHygiene
        );
        in_process || self.is_soak()
    }

    /// The planted defects that can turn this probe red.
    pub fn scenes(self) -> &'static [Scene] {
        match self {
            Self::Latency | Self::LoadLine => &[Scene::AddedDelay],
            Self::Errors | Self::Throughput => &[Scene::InjectedErrors, Scene::ResetConnections],
            Self::StartUp => &[Scene::SlowStart],
            Self::GracefulStop => &[Scene::KillInstead],
            Self::CrashRecovery => &[Scene::SlowRestart],
            Self::AcknowledgedWrites => &[Scene::DroppedWrites],
            Self::ErrorHygiene => &[Scene::BlamedServer],
            Self::ResponseHeaders => &[Scene::BareReplies],
            Self::LogHygiene => &[Scene::LeakyLog],
            Self::Authentication => &[Scene::OpenDoors],
            Self::OpenFiles => &[Scene::HoardedConnections],
            Self::Memory | Self::Threads | Self::Cpu => &[Scene::Stowaway],
            Self::Leak => &[Scene::HoardedConnections, Scene::Stowaway],
        }
    }

    /// Whether the probe goes through a list of cases.
    pub fn is_checklist(self) -> bool {
        Self::CHECKLISTS.contains(&self)
    }

    /// Whether the probe looks at what the subject takes of the machine.
    pub fn is_soak(self) -> bool {
        Self::SOAKS.contains(&self)
    }

    /// Whether what it measures may have bounds, which the rule guard-95 needs.
    pub fn gives_bounds(self) -> bool {
        !self.is_checklist() && !self.is_soak()
    }
}

/// Under what conditions evidence was gathered: the subject as it is, a planted defect, or a sham: the same
/// path as the defect's, without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scene {
    /// The subject as it is, reached directly.
    Measured,
    /// Every reply is held back by the fault proxy.
    AddedDelay,
    /// The fault proxy answers a share of requests with 503.
    InjectedErrors,
    /// The fault proxy resets a share of connections in place of a reply.
    ResetConnections,
    /// Load through the fault proxy without a defect.
    ShamLoad,
    /// The fault proxy lets no connection through for a while after the start.
    SlowStart,
    /// Start through the fault proxy without a defect.
    ShamStart,
    /// SIGKILL in place of the stop signal.
    KillInstead,
    /// The drill of `KillInstead`, with the right signal.
    ShamStop,
    /// The fault proxy lets no connection through for a while after the restart.
    SlowRestart,
    /// The fault proxy answers a share of writes with success and drops them.
    DroppedWrites,
    /// The crash drill through the fault proxy without a defect.
    ShamCrash,
    /// The fault proxy makes a server's error of every client's error.
    BlamedServer,
    /// The fault proxy takes all fields out of replies but those that frame them.
    BareReplies,
    /// What is planted in requests is written to the subject's standard error as it came.
    LeakyLog,
    /// The fault proxy makes a success of every refusal of who is not known.
    OpenDoors,
    /// Checklists through the fault proxy without a defect.
    ShamChecks,
    /// The fault proxy opens more and more connections to the subject, and keeps all of them open.
    HoardedConnections,
    /// A process beside the subject's own takes memory, threads and processor time, bit by bit.
    Stowaway,
    /// A soak through the fault proxy without a defect.
    ShamSoak,
}

impl Scene {
    /// Every planted defect.
    pub const DEFECTS: [Self; 13] = [
        Self::AddedDelay,
        Self::InjectedErrors,
        Self::ResetConnections,
        Self::SlowStart,
        Self::KillInstead,
        Self::SlowRestart,
        Self::DroppedWrites,
        Self::BlamedServer,
        Self::BareReplies,
        Self::LeakyLog,
        Self::OpenDoors,
        Self::HoardedConnections,
        Self::Stowaway,
    ];

    /// The scene's name in profiles and statements.
    pub fn name(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::AddedDelay => "added-delay",
            Self::InjectedErrors => "injected-errors",
            Self::ResetConnections => "reset-connections",
            Self::ShamLoad => "sham-load",
            Self::SlowStart => "slow-start",
            Self::ShamStart => "sham-start",
            Self::KillInstead => "kill-instead",
            Self::ShamStop => "sham-stop",
            Self::SlowRestart => "slow-restart",
            Self::DroppedWrites => "dropped-writes",
            Self::ShamCrash => "sham-crash",
            Self::BlamedServer => "blamed-server",
            Self::BareReplies => "bare-replies",
            Self::LeakyLog => "leaky-log",
            Self::OpenDoors => "open-doors",
            Self::ShamChecks => "sham-checks",
            Self::HoardedConnections => "hoarded-connections",
            Self::Stowaway => "stowaway",
            Self::ShamSoak => "sham-soak",
        }
    }

    /// Whether the defect is planted by the fault proxy, rather than in the subject's process or beside it.
    pub fn needs_proxy(self) -> bool {
        let in_process = matches!(self, Self::KillInstead | Self::LeakyLog | Self::Stowaway);
        Self::DEFECTS.contains(&self) && !in_process
    }

    /// The twin without the defect; a scene without a defect is its own twin.
    pub fn sham(self) -> Self {
        match self {
            Self::AddedDelay | Self::InjectedErrors | Self::ResetConnections => Self::ShamLoad,
            Self::SlowStart => Self::ShamStart,
            Self::KillInstead => Self::ShamStop,
            Self::SlowRestart | Self::DroppedWrites => Self::ShamCrash,
            Self::BlamedServer | Self::BareReplies | Self::LeakyLog | Self::OpenDoors => Self::ShamChecks,
            Self::HoardedConnections | Self::Stowaway => Self::ShamSoak,
            other => other,
        }
    }
}

/// On which side of the limit the measurement must lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Op {
    /// The measurement must not exceed the limit.
    AtMost,
    /// The measurement must reach the limit.
    AtLeast,
}

impl Op {
    /// The sign for people.
    pub fn sign(self) -> &'static str {
        match self {
            Self::AtMost => "<=",
            Self::AtLeast => ">=",
        }
    }
}

/// How uncertainty enters the decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// The one-sided 95 % bound must keep the limit; outcomes as ILAC-G8:09/2019.
    #[serde(rename = "guard-95")]
    Guard95,
    /// The point value must keep the limit: simple acceptance, a false accept of up to 50 % at the limit.
    Simple,
}

impl Rule {
    /// The rule's name in profiles and statements.
    pub fn name(self) -> &'static str {
        match self {
            Self::Guard95 => "guard-95",
            Self::Simple => "simple",
        }
    }
}

/// What an unmet criterion does to the certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// No certificate above `denied` while it is unmet.
    Blocking,
    /// The certificate is at most `conditional` while it is unmet.
    Conditional,
    /// Shown, never decisive.
    Advisory,
}

impl Severity {
    /// Every severity, the gravest first.
    pub const ALL: [Self; 3] = [Self::Blocking, Self::Conditional, Self::Advisory];

    /// The severity's name in profiles and statements.
    pub fn name(self) -> &'static str {
        match self {
            Self::Blocking => "blocking",
            Self::Conditional => "conditional",
            Self::Advisory => "advisory",
        }
    }
}

/// One requirement with a limit and a decision rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// Unique within the profile; `[a-z0-9-]`.
    pub id: String,
    /// What is claimed, as a sentence.
    pub statement: String,
    /// The chapter to which it belongs.
    pub domain: String,
    /// How it is measured.
    pub probe: Probe,
    /// For [`Probe::Latency`]: which quantile, in parts per billion.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub quantile_ppb: Option<u64>,
    /// On which side of the limit the measurement must lie.
    pub op: Op,
    /// The limit, in `unit`.
    pub limit: u64,
    /// What was asked for instead, where `limit` is stricter or counts something else.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub asked: Option<String>,
    /// What `limit` and the measurement count.
    #[serde(with = "unit_name")]
    pub unit: Unit,
    /// How uncertainty enters the decision.
    pub rule: Rule,
    /// What an unmet criterion does to the certificate.
    pub severity: Severity,
    /// How long a pass stays fresh, in seconds.
    pub ttl_s: u64,
    /// Globs over the subject's files: a change there makes the pass stale.
    pub scope: Vec<String>,
    /// The planted defect on which it must be seen red.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub control: Option<Scene>,
    /// Whether NOT_APPLICABLE is accepted for a subject that has nothing to measure here.
    pub may_not_apply: bool,
    /// References to other catalogues.
    pub mappings: Vec<String>,
}

impl Criterion {
    /// The limit for people, as `<= 250 ms`.
    pub fn limit_text(&self) -> String {
        format!("{} {}", self.op.sign(), Quantity { amount: self.limit, unit: self.unit })
    }
}

/// How the load line is searched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineSearch {
    /// Rates to try above the subject's rate, as multiples of it in percent, ascending.
    pub steps_percent: Vec<u64>,
    /// How long one step of the search lasts, in ns. Its data cannot certify.
    pub step_ns: u64,
    /// How long a trial at the chosen step lasts, in ns.
    pub trial_ns: u64,
}

/// A versioned set of criteria and how much is measured for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The profile's name, which is also its level; `[a-z0-9-]`.
    pub id: String,
    /// Raised whenever a criterion or an amount of measuring changes.
    pub version: u64,
    /// What the profile is for, as a sentence.
    pub title: String,
    /// Fresh processes per steady measurement.
    pub trials: u64,
    /// Rehearsed stops and crashes.
    pub drills: u64,
    /// How long a steady trial lasts, in ns, after its warm-up.
    pub trial_ns: u64,
    /// How long load runs before a trial counts, in ns.
    pub warm_up_ns: u64,
    /// How long load runs in a control and its sham, in ns.
    pub control_ns: u64,
    /// How long a soak lasts, in ns, after its warm-up; absent where no criterion asks for one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub soak_ns: Option<u64>,
    /// How the load line is searched.
    pub line: LineSearch,
    /// The requirements, in the order in which they are shown.
    pub criteria: Vec<Criterion>,
    /// What is required besides and has no probe.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub gaps: Vec<Gap>,
}
