//! The probes: how a criterion is measured. Each is one row of [`Probe::facts`].

use plimsoll_base::Unit;
use serde::{Deserialize, Serialize};

use crate::criterion::Op;
use crate::scene::Scene;
use crate::verdict::State;

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
    /// Calls that the subject's reference gives rise to and that were not answered as it says; unit count.
    Contract,
    /// What was refused to one who may, or not to one who may not; unit count.
    Authorisation,
    /// Promises about a limit of requests that were broken; unit count.
    RateLimit,
    /// Ways to send a write again by which it was not done exactly once; unit count.
    RetriedWrites,
    /// Texts of a client that were taken for more than texts; unit count.
    Injection,
    /// Outdated protocols and ciphers that are agreed to, and what is wrong with the certificate; unit count.
    Tls,
    /// Time zones and languages in which it is not as it was; unit count.
    Surroundings,
    /// What a subject's metrics say of requests that were counted, and is not so; unit count.
    MetricsTruth,
    /// The most memory that is resident during a soak; unit bytes.
    Memory,
    /// The most files that are open during a soak; unit count.
    OpenFiles,
    /// The most threads that there are during a soak; unit count.
    Threads,
    /// The greatest share of one core that is used over a third of a soak; unit ppb, may exceed 1.
    Cpu,
    /// How many of memory, open files and threads still grow at the end of a soak; unit count.
    Leak,
    /// Secrets in the subject's files and their history; unit count.
    Secrets,
    /// What is wrong with a bill of materials and what it lists; unit count.
    BillOfMaterials,
    /// Findings of other tools, and results that are old or empty; unit count.
    ImportedResults,
    /// Alerts that lead to nothing that could be done; unit count.
    Runbooks,
    /// Documents that are missing, and what is wrong in those that are there; unit count.
    Documentation,
    /// From the end of a fault until every request is answered as before; unit ns.
    FaultRecovery,
    /// The share of requests without a good reply while a fault holds; unit ppb.
    FaultErrors,
    /// From the beginning of a restore onto nothing to the first good reply; unit ns.
    RestoreTime,
    /// Writes acknowledged before a backup began that cannot be read after its restore; unit count.
    RestoredWrites,
    /// Answers of the health check that are not true of what the subject depends on; unit count.
    HealthTruth,
}

/// What kind of run a probe takes its measurements from: probes of one family share them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Load that follows a schedule.
    Load,
    /// Starts of the subject.
    Start,
    /// Rehearsed stops.
    Stop,
    /// Rehearsed crashes.
    Crash,
    /// A list of cases, each tried once. Each probe has a list, and runs, of its own.
    Check,
    /// A look at what the subject takes of the machine under load that goes on.
    Soak,
    /// A look at the subject's files, once; nothing is started. Each probe has a list of its own.
    Inspection,
    /// Load that goes on while a fault holds, and after it.
    Fault,
    /// Rehearsed losses of all data, and what a backup brings back.
    Restore,
}

impl Family {
    /// The kind of document that a run leaves as evidence.
    pub fn evidence(self) -> &'static str {
        match self {
            Self::Load => "load-run",
            Self::Start => "start-run",
            Self::Stop => "stop-drill",
            Self::Crash => "crash-drill",
            Self::Check | Self::Inspection => "check-run",
            Self::Soak => "soak-run",
            Self::Fault => "fault-drill",
            Self::Restore => "restore-drill",
        }
    }

    /// Whether what a run shows is a list of cases.
    pub fn has_cases(self) -> bool {
        matches!(self, Self::Check | Self::Inspection)
    }
}

/// All that is to be known of a probe but how its measurement is computed.
struct Facts {
    name: &'static str,
    family: Family,
    unit: Unit,
    /// The planted defects that can turn it red, the usual one first.
    scenes: &'static [Scene],
    /// What stands before its value in a sentence.
    seen: &'static str,
}

const fn row(
    name: &'static str,
    family: Family,
    unit: Unit,
    scenes: &'static [Scene],
    seen: &'static str,
) -> Facts {
    Facts { name, family, unit, scenes, seen }
}

/// Of each probe, in the order in which they are declared.
const FACTS: [Facts; Probe::ALL.len()] = {
    use Family::{Check, Crash, Fault, Inspection, Load, Restore, Soak, Start, Stop};
    use Scene::{
        AddedDelay, BareReplies, BentContract, BlamedServer, BrokenLink, DroppedWrites, FreshKeys,
        HoardedConnections, InjectedErrors, KeptFault, KillInstead, LeakyLog, LocalTimes, ObedientServer,
        OldTls, OpenDoors, OrphanedAlert, PaintedHealth, PlantedComponent, PlantedFinding, PlantedSecret,
        ResetConnections, SlowRestart, SlowRestore, SlowStart, StaleBackup, Stowaway, StuckMetrics,
        SwappedCredentials, Unlimited,
    };
    use Unit::{Bytes, Count, Ns, PerKs, Ppb};
    [
        row("latency", Load, Ns, &[AddedDelay], "latency"),
        row("errors", Load, Ppb, &[InjectedErrors, ResetConnections], "error ratio"),
        row("throughput", Load, PerKs, &[InjectedErrors, ResetConnections], "good replies"),
        row("load-line", Load, PerKs, &[AddedDelay], "load line"),
        row("start-up", Start, Ns, &[SlowStart], "median start"),
        row("graceful-stop", Stop, Count, &[KillInstead], "lost in the worst stop:"),
        row("crash-recovery", Crash, Ns, &[SlowRestart], "slowest recovery"),
        row("acknowledged-writes", Crash, Count, &[DroppedWrites], "lost in the worst crash:"),
        row("error-hygiene", Check, Count, &[BlamedServer], "bad requests not refused well:"),
        row("response-headers", Check, Count, &[BareReplies], "rules for heads of replies broken:"),
        row("log-hygiene", Check, Count, &[LeakyLog], "planted texts that reached the log:"),
        row("authentication", Check, Count, &[OpenDoors], "open to somebody who is not known:"),
        row("contract", Check, Count, &[BentContract], "calls not answered as the reference says:"),
        row("authorisation", Check, Count, &[SwappedCredentials], "not as each user may:"),
        row("rate-limit", Check, Count, &[Unlimited], "promises of the limit broken:"),
        row("retried-writes", Check, Count, &[FreshKeys], "ways to retry that are not done once:"),
        row("injection", Check, Count, &[ObedientServer], "taken for more than texts:"),
        row("tls", Check, Count, &[OldTls], "wrong where TLS is spoken:"),
        row("surroundings", Check, Count, &[LocalTimes], "not as elsewhere:"),
        row("metrics-truth", Check, Count, &[StuckMetrics], "not as the metrics say:"),
        row("memory", Soak, Bytes, &[Stowaway], "resident memory up to"),
        row("open-files", Soak, Count, &[Stowaway, HoardedConnections], "open files up to"),
        row("threads", Soak, Count, &[Stowaway], "threads up to"),
        row("cpu", Soak, Ppb, &[Stowaway], "of one core in the busiest third"),
        row("leak", Soak, Count, &[Stowaway], "still growing at the end:"),
        row("secrets", Inspection, Count, &[PlantedSecret], "places with a secret:"),
        row("bill-of-materials", Inspection, Count, &[PlantedComponent], "wrong in the bill:"),
        row("imported-results", Inspection, Count, &[PlantedFinding], "open in the results of others:"),
        row("runbooks", Inspection, Count, &[OrphanedAlert], "alerts without a way out:"),
        row("documentation", Inspection, Count, &[BrokenLink], "wrong in the documents:"),
        row("fault-recovery", Fault, Ns, &[KeptFault], "as before after"),
        row("fault-errors", Fault, Ppb, &[KeptFault], "failed amid the fault:"),
        row("restore-time", Restore, Ns, &[SlowRestore], "slowest restore"),
        row("restored-writes", Restore, Count, &[StaleBackup], "not brought back by the worst restore:"),
        row("health-truth", Check, Count, &[PaintedHealth], "answers of the health check that are not true:"),
    ]
};

impl Probe {
    /// Every probe, in the order in which a reader expects them.
    pub const ALL: [Self; 35] = [
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
        Self::Contract,
        Self::Authorisation,
        Self::RateLimit,
        Self::RetriedWrites,
        Self::Injection,
        Self::Tls,
        Self::Surroundings,
        Self::MetricsTruth,
        Self::Memory,
        Self::OpenFiles,
        Self::Threads,
        Self::Cpu,
        Self::Leak,
        Self::Secrets,
        Self::BillOfMaterials,
        Self::ImportedResults,
        Self::Runbooks,
        Self::Documentation,
        Self::FaultRecovery,
        Self::FaultErrors,
        Self::RestoreTime,
        Self::RestoredWrites,
        Self::HealthTruth,
    ];

    fn facts(self) -> &'static Facts {
        &FACTS[self as usize]
    }

    /// The probes of one family, in the order of [`Probe::ALL`].
    pub fn of(family: Family) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |probe| probe.family() == family)
    }

    /// The probes whose runs show a list of cases, in the order of [`Probe::ALL`].
    pub fn with_cases() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|probe| probe.family().has_cases())
    }

    /// The probe's name in profiles and statements.
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// From what runs it takes its measurement.
    pub fn family(self) -> Family {
        self.facts().family
    }

    /// The unit in which the probe measures.
    pub fn unit(self) -> Unit {
        self.facts().unit
    }

    /// The planted defects that can turn this probe red.
    pub fn scenes(self) -> &'static [Scene] {
        self.facts().scenes
    }

    /// What stands before its value in a sentence.
    pub(crate) fn seen(self) -> &'static str {
        self.facts().seen
    }

    /// What is known of a claim when the probe has passed. That something is written shows that it is configured, not
    /// that it works; what others have measured is declared by whoever hands it in.
    pub fn state_of_pass(self) -> State {
        match self {
            Self::Runbooks | Self::Documentation => State::Configured,
            Self::ImportedResults => State::Declared,
            _ => State::Proven,
        }
    }

    /// Whether larger measurements are worse.
    pub fn op(self) -> Op {
        match self {
            Self::Throughput | Self::LoadLine => Op::AtLeast,
            _ => Op::AtMost,
        }
    }

    /// Whether the probe starts, signals or kills the subject's process, reads what it writes, or looks at what it
    /// uses, or stands between it and what it depends on.
    pub fn needs_process(self) -> bool {
        match self.family() {
            Family::Load | Family::Inspection => false,
            Family::Check => matches!(self, Self::LogHygiene | Self::Surroundings | Self::HealthTruth),
            Family::Start | Family::Stop | Family::Crash | Family::Soak | Family::Fault | Family::Restore => {
                true
            }
        }
    }

    /// Whether what it measures may have bounds, which the rule guard-95 needs.
    pub fn gives_bounds(self) -> bool {
        !self.family().has_cases() && !matches!(self.family(), Family::Soak | Family::Fault)
    }
}
