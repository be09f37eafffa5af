//! The scenes: under what conditions evidence is gathered.

use serde::{Deserialize, Serialize};

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
    /// The fault proxy writes other letters into the texts and names of replies in JSON.
    BentContract,
    /// The fault proxy shows the credential of whoever asked before.
    SwappedCredentials,
    /// The fault proxy makes a success of every refusal of one who asks too often.
    Unlimited,
    /// The fault proxy puts a key of its own in the place of each idempotency key.
    FreshKeys,
    /// The fault proxy calls each address that stands in a request.
    ObedientServer,
    /// The fault proxy answers with TLS 1.0 in place of the subject.
    OldTls,
    /// The fault proxy writes the time of another time zone into replies.
    LocalTimes,
    /// The fault proxy writes 0 in the place of every digit of the numbers that plain text tells, as metrics are.
    StuckMetrics,
    /// Checklists through the fault proxy without a defect.
    ShamChecks,
    /// The fault proxy opens more and more connections to the subject, and keeps all of them open.
    HoardedConnections,
    /// A process beside the subject's own takes memory, files, threads and processor time, bit by bit.
    Stowaway,
    /// A soak through the fault proxy without a defect.
    ShamSoak,
    /// A copy of the subject's files in whose history a secret was committed and deleted again.
    PlantedSecret,
    /// A copy of the subject's bill of materials that lists something more, of which an advisory warns.
    PlantedComponent,
    /// A copy of the results that others have measured, with a result more that has open findings.
    PlantedFinding,
    /// A copy of the subject's alerts with alerts more that name no runbook.
    OrphanedAlert,
    /// A copy of the subject's documents in which a link leads nowhere.
    BrokenLink,
    /// A copy of the subject's files in which the same was done with nothing wrong.
    ShamFiles,
    /// The fault proxy resets half of all requests from the time on at which a fault would begin, and goes on when it is over.
    KeptFault,
    /// A fault drill through the fault proxy in which nothing is done.
    ShamFault,
    /// The fault proxy lets no connection through for a while after the start on restored data.
    SlowRestore,
    /// A backup that was saved before any write is restored in the place of the one saved amid them.
    StaleBackup,
    /// The restore drill through the fault proxy without a defect.
    ShamRestore,
    /// The fault proxy answers in the place of the health check, and always that all is well.
    PaintedHealth,
}

/// How a scene comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Nothing is planted and nothing stands in between.
    Directly,
    /// A defect that the fault proxy plants.
    Proxy,
    /// A defect in the subject's process, or beside it.
    Process,
    /// A defect in a copy of the subject's files.
    Files,
    /// A defect's path without the defect.
    Sham,
}

struct Facts {
    name: &'static str,
    way: Way,
    sham: Scene,
}

fn row(name: &'static str, way: Way, sham: Scene) -> Facts {
    Facts { name, way, sham }
}

impl Scene {
    /// Every planted defect.
    pub const DEFECTS: [Self; 30] = [
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
        Self::BentContract,
        Self::SwappedCredentials,
        Self::Unlimited,
        Self::FreshKeys,
        Self::ObedientServer,
        Self::OldTls,
        Self::LocalTimes,
        Self::StuckMetrics,
        Self::HoardedConnections,
        Self::Stowaway,
        Self::PlantedSecret,
        Self::PlantedComponent,
        Self::PlantedFinding,
        Self::OrphanedAlert,
        Self::BrokenLink,
        Self::KeptFault,
        Self::SlowRestore,
        Self::StaleBackup,
        Self::PaintedHealth,
    ];

    fn facts(self) -> Facts {
        match self {
            Self::Measured => row("measured", Way::Directly, self),
            Self::AddedDelay => row("added-delay", Way::Proxy, Self::ShamLoad),
            Self::InjectedErrors => row("injected-errors", Way::Proxy, Self::ShamLoad),
            Self::ResetConnections => row("reset-connections", Way::Proxy, Self::ShamLoad),
            Self::ShamLoad => row("sham-load", Way::Sham, self),
            Self::SlowStart => row("slow-start", Way::Proxy, Self::ShamStart),
            Self::ShamStart => row("sham-start", Way::Sham, self),
            Self::KillInstead => row("kill-instead", Way::Process, Self::ShamStop),
            Self::ShamStop => row("sham-stop", Way::Sham, self),
            Self::SlowRestart => row("slow-restart", Way::Proxy, Self::ShamCrash),
            Self::DroppedWrites => row("dropped-writes", Way::Proxy, Self::ShamCrash),
            Self::ShamCrash => row("sham-crash", Way::Sham, self),
            Self::BlamedServer => row("blamed-server", Way::Proxy, Self::ShamChecks),
            Self::BareReplies => row("bare-replies", Way::Proxy, Self::ShamChecks),
            Self::LeakyLog => row("leaky-log", Way::Process, Self::ShamChecks),
            Self::OpenDoors => row("open-doors", Way::Proxy, Self::ShamChecks),
            Self::BentContract => row("bent-contract", Way::Proxy, Self::ShamChecks),
            Self::SwappedCredentials => row("swapped-credentials", Way::Proxy, Self::ShamChecks),
            Self::Unlimited => row("unlimited", Way::Proxy, Self::ShamChecks),
            Self::FreshKeys => row("fresh-keys", Way::Proxy, Self::ShamChecks),
            Self::ObedientServer => row("obedient-server", Way::Proxy, Self::ShamChecks),
            Self::OldTls => row("old-tls", Way::Proxy, Self::ShamChecks),
            Self::LocalTimes => row("local-times", Way::Proxy, Self::ShamChecks),
            Self::StuckMetrics => row("stuck-metrics", Way::Proxy, Self::ShamChecks),
            Self::ShamChecks => row("sham-checks", Way::Sham, self),
            Self::HoardedConnections => row("hoarded-connections", Way::Proxy, Self::ShamSoak),
            Self::Stowaway => row("stowaway", Way::Process, Self::ShamSoak),
            Self::ShamSoak => row("sham-soak", Way::Sham, self),
            Self::PlantedSecret => row("planted-secret", Way::Files, Self::ShamFiles),
            Self::PlantedComponent => row("planted-component", Way::Files, Self::ShamFiles),
            Self::PlantedFinding => row("planted-finding", Way::Files, Self::ShamFiles),
            Self::OrphanedAlert => row("orphaned-alert", Way::Files, Self::ShamFiles),
            Self::BrokenLink => row("broken-link", Way::Files, Self::ShamFiles),
            Self::ShamFiles => row("sham-files", Way::Sham, self),
            Self::KeptFault => row("kept-fault", Way::Proxy, Self::ShamFault),
            Self::ShamFault => row("sham-fault", Way::Sham, self),
            Self::SlowRestore => row("slow-restore", Way::Proxy, Self::ShamRestore),
            Self::StaleBackup => row("stale-backup", Way::Files, Self::ShamRestore),
            Self::ShamRestore => row("sham-restore", Way::Sham, self),
            Self::PaintedHealth => row("painted-health", Way::Proxy, Self::ShamChecks),
        }
    }

    /// The scene's name in profiles and statements.
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// Whether the defect is planted by the fault proxy, rather than in the subject's process, beside it, or in its files.
    pub fn needs_proxy(self) -> bool {
        self.facts().way == Way::Proxy
    }

    /// The twin without the defect; a scene without a defect is its own twin.
    pub fn sham(self) -> Self {
        self.facts().sham
    }
}
