//! Evidence: what was observed, as raw as a stranger needs to compute every number again.
//!
//! A document is canonical JSON of the form `{"kind": {...}}`. Times within a run are nanoseconds from the
//! schedule's start.

use std::fmt;

use plimsoll_base::Utc;
use plimsoll_proof::Digest;
use serde::{Deserialize, Serialize};

use crate::amount::Amount;
use crate::checklist::CheckRun;
use crate::criterion::Profile;
use crate::fault::FaultDrill;
use crate::histogram::{HistogramData, SeriesData};
use crate::repeat::Repeats;
use crate::restore::RestoreDrill;
use crate::scene::Scene;
use crate::soak::SoakRun;
use crate::subject::SubjectIdentity;

/// One piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Document {
    /// What shall be measured, registered in the log before the first trial.
    Plan(Plan),
    /// On what it was measured.
    Environment(Environment),
    /// How far the load generator can be believed.
    Calibration(Calibration),
    /// One run of load.
    LoadRun(LoadRun),
    /// One start of the subject.
    StartRun(StartRun),
    /// One rehearsed stop.
    StopDrill(StopDrill),
    /// One rehearsed crash.
    CrashDrill(CrashDrill),
    /// One pass of a checklist.
    CheckRun(CheckRun),
    /// Load that went on, and what the subject took of the machine meanwhile.
    SoakRun(SoakRun),
    /// Load that went on while a fault held, and after it.
    FaultDrill(FaultDrill),
    /// One rehearsed loss of all data, and a restore of their backup.
    RestoreDrill(RestoreDrill),
}

impl Document {
    /// Under what conditions it was gathered; none of what stands for all of them.
    pub fn scene(&self) -> Option<Scene> {
        match self {
            Self::LoadRun(run) => Some(run.scene),
            Self::StartRun(run) => Some(run.scene),
            Self::StopDrill(drill) => Some(drill.scene),
            Self::CrashDrill(drill) => Some(drill.scene),
            Self::CheckRun(run) => Some(run.scene),
            Self::SoakRun(run) => Some(run.scene),
            Self::FaultDrill(drill) => Some(drill.scene()),
            Self::RestoreDrill(drill) => Some(drill.scene),
            Self::Plan(_) | Self::Environment(_) | Self::Calibration(_) => None,
        }
    }

    /// What the fault proxy did, where one stood in between.
    pub(crate) fn proxy(&self) -> Option<ProxyCounts> {
        match self {
            Self::LoadRun(run) => run.proxy,
            Self::StartRun(run) => run.proxy,
            Self::CrashDrill(drill) => drill.proxy,
            Self::CheckRun(run) => run.proxy,
            Self::SoakRun(run) => run.proxy,
            Self::FaultDrill(drill) => drill.load.proxy,
            Self::RestoreDrill(drill) => drill.proxy,
            Self::StopDrill(_) | Self::Plan(_) | Self::Environment(_) | Self::Calibration(_) => None,
        }
    }
}

/// What shall be measured, fixed before the first trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// What is judged.
    pub subject: SubjectIdentity,
    /// The canonical text of the subject's description, with secrets redacted.
    pub description: Digest,
    /// Against what it is judged.
    pub profile: Profile,
    /// The rate of the steady measurement, in requests per 1,000 seconds.
    pub rate_per_ks: u64,
    /// Requests without an answer count as infinite after this, in ns.
    pub timeout_ns: u64,
    /// 32 bytes from which every schedule and every order is drawn.
    pub seed: Digest,
    /// The order of the controls and their shams, drawn from the seed.
    pub scenes: Vec<Scene>,
    /// How many times this subject was registered with this profile before.
    pub earlier_attempts: u64,
    /// The certificate that is measured again, if one is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub repeats: Option<Box<Repeats>>,
}

/// On what it was measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// Operating system as it names itself.
    pub system: String,
    /// Kernel release.
    pub kernel: String,
    /// Processor architecture.
    pub architecture: String,
    /// Processor model as the kernel names it.
    pub processor: String,
    /// Cores that the measuring process may use.
    pub cores: u64,
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// The kernel's source of time.
    pub clock_source: String,
    /// Version of the measuring program.
    pub plimsoll_version: String,
    /// Digest of the measuring program.
    pub plimsoll_sha256: Digest,
    /// Identity of this boot of the machine, digested.
    pub boot: Digest,
    /// Whether generator and subject share cores: they do where both run on this machine.
    pub shared_cores: bool,
}

/// How far the load generator can be believed: what it said beside what the oracles wrote down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// Digest of the program that was calibrated.
    pub plimsoll_sha256: Digest,
    /// The boot in which it was calibrated.
    pub boot: Digest,
    /// When it was calibrated.
    pub at: Utc,
    /// How many calibrations were made until one passed, this one included.
    pub tries: u64,
    /// One entry for each oracle.
    pub oracles: Vec<OracleResult>,
}

/// What the generator measured of one oracle, beside the oracle's own log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OracleResult {
    /// The oracle's name.
    pub oracle: String,
    /// Requests sent.
    pub n: u64,
    /// Requests that the generator counted as failed, and the oracle's own count.
    pub failed: u64,
    /// Requests that the oracle failed on purpose.
    pub failed_truth: u64,
    /// Quantiles with at least 30 requests beyond them.
    pub quantiles: Vec<QuantileError>,
}

/// One quantile as measured and as written down by the oracle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuantileError {
    /// Which quantile, in parts per billion.
    pub quantile_ppb: u64,
    /// What the generator measured, in ns.
    pub measured: Amount,
    /// What the oracle's log says, in ns.
    pub truth: Amount,
}

/// A process of the subject: no two trials may share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessIdentity {
    /// Process id.
    pub pid: u64,
    /// Start time in clock ticks since boot (field 22 of `/proc/PID/stat`).
    pub started_ticks: u64,
}

/// What a run of load was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// A trial at the subject's rate.
    Steady,
    /// Search for the load line: cannot certify.
    Search,
    /// A trial at the chosen step, or at the step above it.
    Line,
    /// The load of a fault drill, at the subject's rate.
    Fault,
}

impl Step {
    /// The name in documents.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Steady => "steady",
            Self::Search => "search",
            Self::Line => "line",
            Self::Fault => "fault",
        }
    }
}

/// One run of load: an open-loop schedule against one process of the subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoadRun {
    /// Under what conditions.
    pub scene: Scene,
    /// What for.
    pub step: Step,
    /// Counts from 1 within scene, step and rate.
    pub trial: u64,
    /// The process that answered; absent for a subject known by URL.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub process: Option<ProcessIdentity>,
    /// Whether it ended by itself meanwhile.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub died: bool,
    /// When the run began.
    pub at: Utc,
    /// The schedule.
    pub schedule: ScheduleData,
    /// Latency from the intended send time, by 100 ms batches of intended send times.
    pub latency: SeriesData,
    /// Good replies.
    pub good: u64,
    /// Outcomes that were no good reply; each stands in `latency` as infinite.
    pub errors: ErrorCounts,
    /// What the instrument says of itself.
    pub instrument: InstrumentData,
    /// What the fault proxy did, where one stood in between.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub proxy: Option<ProxyCounts>,
}

/// Where a run of load stands in its plan: `measured/steady/200000/1`. Under this name its seed is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunPlace {
    /// Under what conditions.
    pub scene: Scene,
    /// What for.
    pub step: Step,
    /// At what rate.
    pub rate_per_ks: u64,
    /// Counts from 1.
    pub trial: u64,
}

impl fmt::Display for RunPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scene, step, rate_per_ks, trial } = self;
        write!(f, "{}/{}/{rate_per_ks}/{trial}", scene.name(), step.name())
    }
}

impl LoadRun {
    /// Where it stands in its plan.
    pub fn place(&self) -> RunPlace {
        let (scene, step, trial) = (self.scene, self.step, self.trial);
        RunPlace { scene, step, rate_per_ks: self.schedule.rate_per_ks, trial }
    }

    /// The run's name in sentences, as `steady-1`.
    pub(crate) fn name(&self) -> String {
        format!("{}-{}", self.step.name(), self.trial)
    }
}

/// A schedule that was fixed before the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleData {
    /// How gaps between arrivals are drawn.
    pub arrivals: Arrivals,
    /// Requests per 1,000 seconds.
    pub rate_per_ks: u64,
    /// How long, in ns, without the warm-up.
    pub duration_ns: u64,
    /// Load before the first counted arrival, in ns.
    pub warm_up_ns: u64,
    /// Seed of the gaps and of the choice of requests.
    pub seed: Digest,
}

/// How gaps between arrivals are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arrivals {
    /// Equal gaps.
    Constant,
    /// Exponential gaps.
    Poisson,
}

/// Outcomes that were no good reply, by cause.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorCounts {
    /// No connection.
    pub connect: u64,
    /// Connection reset.
    pub reset: u64,
    /// Connection closed before the reply was whole.
    pub closed: u64,
    /// No reply in time.
    pub timeout: u64,
    /// A reply that is not HTTP.
    pub malformed: u64,
    /// A reply with another status than expected.
    pub status: u64,
}

impl ErrorCounts {
    /// All of them.
    pub fn total(&self) -> u64 {
        [self.connect, self.reset, self.closed, self.timeout, self.malformed, self.status]
            .into_iter()
            .fold(0, u64::saturating_add)
    }
}

/// What the instrument says of itself; see `plimsoll_measure::Facts`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstrumentData {
    /// Arrivals that the schedule held.
    pub scheduled: u64,
    /// Actual minus intended send time of arrivals sent by the schedule's end; of one whose connection was refused, the
    /// time of the refusal stands for that of sending.
    pub send_lag: HistogramData,
    /// Arrivals neither sent nor refused by the schedule's end.
    pub late: u64,
    /// Length of the measured part, in ns.
    pub wall_ns: u64,
    /// Processor time of the generator's thread, in ns.
    pub cpu_ns: u64,
    /// Time the generator's thread was ready but not running, in ns.
    pub run_queue_ns: u64,
    /// How often the number in flight was sampled.
    pub in_flight_samples: u64,
    /// Sum of the samples.
    pub in_flight_sum: u64,
    /// Outcomes, good or not.
    pub completed: u64,
    /// Sum of the times from intended send to outcome, in us.
    pub residence_sum_us: u64,
}

/// What the fault proxy did: proof that a planted defect took effect.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProxyCounts {
    /// Requests that it saw.
    pub requests: u64,
    /// Requests that it harmed.
    pub harmed: u64,
}

/// One start of the subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartRun {
    /// Under what conditions.
    pub scene: Scene,
    /// Counts from 1 within the scene.
    pub trial: u64,
    /// The process that was started.
    pub process: ProcessIdentity,
    /// When.
    pub at: Utc,
    /// From start until the health check and each of the subject's requests have had a good reply, in ns.
    pub took_ns: Amount,
    /// What the fault proxy did, where one stood in between.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub proxy: Option<ProxyCounts>,
}

/// One rehearsed stop: requests in flight across the stop signal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StopDrill {
    /// Under what conditions.
    pub scene: Scene,
    /// Counts from 1 within the scene.
    pub trial: u64,
    /// The process that was stopped.
    pub process: ProcessIdentity,
    /// When.
    pub at: Utc,
    /// The signal's name.
    pub signal: String,
    /// What became of each request in flight: half-sent, or whole and being worked on.
    pub held: Vec<HeldOutcome>,
    /// From the signal to the end of the process, in ns; `inf` if it had to be killed.
    pub took_ns: Amount,
}

/// What became of a request that was in flight at the stop signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeldOutcome {
    /// A good reply came.
    Answered,
    /// The connection ended or nothing came in time.
    Lost,
}

/// One rehearsed crash: writes, SIGKILL while some wait for their reply, restart, every acknowledged write read again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrashDrill {
    /// Under what conditions.
    pub scene: Scene,
    /// Counts from 1 within the scene.
    pub trial: u64,
    /// The process that was killed.
    pub process: ProcessIdentity,
    /// The process that was started in its place; absent if none got ready.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub restarted: Option<ProcessIdentity>,
    /// When.
    pub at: Utc,
    /// From the restart until the health check and each request have had a good reply, and the ledger can be read, in ns.
    pub recovered_ns: Amount,
    /// The writes that were tried; absent where the subject has no ledger.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ledger: Option<Ledger>,
    /// What the fault proxy did, where one stood in between.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub proxy: Option<ProxyCounts>,
}

impl CrashDrill {
    /// What keeps it from being judged, if anything does.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        let was_found = self.ledger.as_ref().is_some_and(|ledger| ledger.found.contains('1'));
        let is_back = self.recovered_ns != Amount::Infinite || was_found;
        (self.restarted.is_none() && is_back).then_some("nobody got ready, and something came back")
    }
}

/// Writes by number, as text of `0` and `1`: character `i` speaks of write `i`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    /// `1`: a success reply came before the kill.
    pub acknowledged: String,
    /// `1`: after the restart the write was read back with its content.
    pub found: String,
    /// Writes that had been sent when SIGKILL came, and were never answered. Without one the subject may have been
    /// idle, and had time to store what it had acknowledged.
    pub outstanding: u64,
}

impl Ledger {
    /// Acknowledged writes, and those of them that were not found. `None` if the two texts do not match, or more
    /// writes are outstanding than are without acknowledgement.
    pub fn count(&self) -> Option<(u64, u64)> {
        let bits = |text: &str| text.bytes().all(|b| b == b'0' || b == b'1');
        if self.acknowledged.len() != self.found.len() || !bits(&self.acknowledged) || !bits(&self.found) {
            return None;
        }
        let pairs = || self.acknowledged.bytes().zip(self.found.bytes());
        let acknowledged = pairs().filter(|(acknowledged, _)| *acknowledged == b'1').count();
        let lost = pairs().filter(|pair| *pair == (b'1', b'0')).count();
        let unacknowledged = u64::try_from(self.acknowledged.len() - acknowledged).ok()?;
        let counts = (u64::try_from(acknowledged).ok()?, u64::try_from(lost).ok()?);
        (self.outstanding <= unacknowledged).then_some(counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ledger_counts_acknowledged_writes_that_are_gone() {
        let ledger = |acknowledged: &str, found: &str| {
            Ledger { acknowledged: acknowledged.into(), found: found.into(), outstanding: 0 }.count()
        };
        assert_eq!(ledger("1101", "1001"), Some((3, 1)));
        assert_eq!(ledger("0011", "1111"), Some((2, 0)), "a write without acknowledgement may be found");
        assert_eq!(ledger("", ""), Some((0, 0)));
        assert_eq!(ledger("11", "1"), None);
        assert_eq!(ledger("1x", "11"), None);
        let outstanding =
            |outstanding| Ledger { acknowledged: "110".into(), found: "110".into(), outstanding }.count();
        assert_eq!(outstanding(1), Some((2, 0)));
        assert_eq!(outstanding(2), None, "an acknowledged write is not outstanding");
    }

    #[test]
    fn errors_of_every_cause_count() {
        let each = ErrorCounts { connect: 1, reset: 2, closed: 4, timeout: 8, malformed: 16, status: 32 };
        assert_eq!(each.total(), 63);
        assert_eq!(ErrorCounts { connect: u64::MAX, status: 1, ..ErrorCounts::default() }.total(), u64::MAX);
    }

    #[test]
    fn a_document_names_its_kind_and_nothing_unknown() {
        let identity = r#"{"pid":7,"started_ticks":9}"#;
        let start = format!(
            r#"{{"start-run":{{"scene":"measured","trial":1,"process":{identity},"at":"2026-11-21T20:00:00Z","took_ns":"inf"}}}}"#
        );
        let read = serde_json::from_str::<Document>(&start).unwrap();
        assert!(matches!(read, Document::StartRun(StartRun { took_ns: Amount::Infinite, trial: 1, .. })));
        for (from, to) in [
            ("start-run", "start_run"),
            ("\"trial\":1", "\"trial\":1,\"note\":1"),
            ("\"trial\":1", "\"trial\":-1"),
            ("\"trial\":1,", ""),
            ("measured", "Measured"),
            ("\"pid\":7", "\"pid\":7.5"),
            ("T20:00:00Z", "T20:00:00+00:00"),
        ] {
            let changed = start.replacen(from, to, 1);
            assert_ne!(changed, start);
            assert!(serde_json::from_str::<Document>(&changed).is_err(), "{changed}");
        }
    }
}
