//! Certifications made up for the page's tests: whole evidence, drawn from a fixed seed, judged as real evidence is.

use std::cell::Cell;

use plimsoll_base::Utc;
use plimsoll_evidence::{
    Amount, Arrivals, Calibration, CrashDrill, Criterion, Document, Documents, Environment, ErrorCounts,
    HeldOutcome, InstrumentData, Judgement, Ledger, LineSearch, LoadRun, OracleResult, Plan, Probe,
    ProcessIdentity, Profile, ProxyCounts, QuantileError, ResourceDescriptor, Rule, Scene, ScheduleData, Severity,
    StartRun, Step, StopDrill, SubjectIdentity, SubjectKind, judge,
};
use plimsoll_measure::{BATCH_NS, Histogram, Series, Value};
use plimsoll_proof::Digest;

const MS: u64 = 1_000_000;
const SECOND: u64 = 1_000 * MS;
/// 2026-11-21T20:00:00Z.
const BEGAN: i64 = 1_795_291_200;

/// What the made-up subject is like.
#[derive(Debug, Clone)]
pub(super) struct Story {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) statement: String,
    pub(super) kind: SubjectKind,
    pub(super) trials: u64,
    pub(super) trial_ns: u64,
    pub(super) earlier_attempts: u64,
    /// How much slower it is than the good one.
    pub(super) slowness: f64,
    /// Of 10,000 requests at its rate, how many never get an answer.
    pub(super) unanswered: u64,
    pub(super) loses_writes: bool,
}

impl Story {
    /// Passes everything on five trials.
    pub(super) fn certified() -> Self {
        Self {
            name: "notes".into(),
            version: "1.2.0".into(),
            statement: "99 % of requests are answered within the limit".into(),
            kind: SubjectKind::Command,
            trials: 5,
            trial_ns: 30 * SECOND,
            earlier_attempts: 2,
            slowness: 1.0,
            unanswered: 0,
            loses_writes: false,
        }
    }

    /// Passes everything, on three short trials.
    pub(super) fn preliminary() -> Self {
        Self { trials: 3, trial_ns: 5 * SECOND + SECOND / 2, earlier_attempts: 0, ..Self::certified() }
    }

    /// Answers too few requests and loses acknowledged writes.
    pub(super) fn denied() -> Self {
        Self { name: "leaky".into(), version: String::new(), unanswered: 150, loses_writes: true, ..Self::certified() }
    }

    /// Reached by URL only.
    pub(super) fn by_url() -> Self {
        Self { name: "billing".into(), kind: SubjectKind::Url, ..Self::certified() }
    }

    pub(super) fn judged(&self) -> (Documents, Judgement) {
        let documents = Evidence::new(self).documents();
        let judgement = judge(&documents).unwrap();
        (documents, judgement)
    }
}

/// When the certificates of all stories are signed.
pub(super) fn signed_at() -> Utc {
    Utc::from_unix_seconds(BEGAN + 900)
}

/// Evidence in the making.
struct Evidence<'a> {
    story: &'a Story,
    documents: Documents,
    random: Random,
    /// Processes started and trials begun so far: each gets its own number and time.
    begun: Cell<u64>,
}

impl<'a> Evidence<'a> {
    fn new(story: &'a Story) -> Self {
        Self { story, documents: Documents::default(), random: Random(7), begun: Cell::new(0) }
    }

    fn documents(mut self) -> Documents {
        self.add(Document::Plan(plan(self.story)));
        self.add(Document::Environment(environment()));
        self.add(Document::Calibration(calibration()));
        self.add_load();
        if self.story.kind == SubjectKind::Command {
            self.add_drills();
        }
        self.documents
    }

    fn add(&mut self, document: Document) {
        self.documents.insert(document).unwrap();
    }

    fn add_load(&mut self) {
        for trial in 1..=self.story.trials {
            self.add_run(Scene::Measured, Step::Steady, 200, trial);
            for rate in [600, 800] {
                self.add_run(Scene::Measured, Step::Line, rate, trial);
            }
        }
        for rate in [400, 600, 800] {
            self.add_run(Scene::Measured, Step::Search, rate, 1);
        }
        for scene in [Scene::AddedDelay, Scene::InjectedErrors, Scene::ShamLoad] {
            self.add_run(scene, Step::Steady, 200, 1);
        }
    }

    fn add_run(&mut self, scene: Scene, step: Step, rate_per_s: u64, trial: u64) {
        let duration_ns = match (scene, step) {
            (Scene::Measured, Step::Steady) => self.story.trial_ns,
            (_, Step::Search) => 2 * SECOND,
            _ => 8 * SECOND,
        };
        let count = rate_per_s * duration_ns / SECOND;
        let outcomes: Vec<Value> =
            (0..count).map(|_| self.random.outcome(self.story, scene, rate_per_s)).collect();
        let run = load_run(&outcomes, Place { scene, step, trial, rate_per_s, duration_ns, process: self.process() }, self.now());
        self.add(Document::LoadRun(run));
    }

    fn add_drills(&mut self) {
        for trial in 1..=self.story.trials {
            self.add_drill(Scene::Measured, trial);
        }
        for scene in [Scene::SlowStart, Scene::ShamStart, Scene::KillInstead, Scene::ShamStop] {
            self.add_drill(scene, 1);
        }
        for scene in [Scene::SlowRestart, Scene::DroppedWrites, Scene::ShamCrash] {
            self.add_drill(scene, 1);
        }
    }

    fn add_drill(&mut self, scene: Scene, trial: u64) {
        let slow = if matches!(scene, Scene::SlowStart | Scene::SlowRestart) { 6 * SECOND } else { 0 };
        let took_ns = Amount::Finite(slow + 380 * MS + self.random.below(90) * MS);
        if matches!(scene, Scene::Measured | Scene::SlowStart | Scene::ShamStart) {
            let process = self.process();
            let proxy = (scene != Scene::Measured)
                .then_some(ProxyCounts { requests: 12, harmed: if scene == Scene::SlowStart { 11 } else { 0 } });
            self.add(Document::StartRun(StartRun { scene, trial, process, at: self.now(), took_ns, proxy }));
        }
        if matches!(scene, Scene::Measured | Scene::KillInstead | Scene::ShamStop) {
            let outcome = if scene == Scene::KillInstead { HeldOutcome::Lost } else { HeldOutcome::Answered };
            let (process, at) = (self.process(), self.now());
            let (signal, held) = ("SIGTERM".to_owned(), vec![outcome; 20]);
            self.add(Document::StopDrill(StopDrill { scene, trial, process, at, signal, held, took_ns }));
        }
        if matches!(scene, Scene::Measured | Scene::SlowRestart | Scene::DroppedWrites | Scene::ShamCrash) {
            self.add_crash(scene, trial, took_ns);
        }
    }

    fn add_crash(&mut self, scene: Scene, trial: u64, recovered_ns: Amount) {
        let loses = scene == Scene::DroppedWrites || (self.story.loses_writes && scene == Scene::Measured);
        let (acknowledged, found) =
            (format!("{}000", "1".repeat(197)), if loses { format!("{}0000000", "1".repeat(193)) } else { format!("{}100", "1".repeat(197)) });
        let proxy = (scene != Scene::Measured)
            .then_some(ProxyCounts { requests: 200, harmed: u64::from(scene != Scene::ShamCrash) * 4 });
        let drill = CrashDrill {
            scene,
            trial,
            process: self.process(),
            restarted: self.process(),
            at: self.now(),
            recovered_ns,
            ledger: Some(Ledger { acknowledged, found }),
            proxy,
        };
        self.add(Document::CrashDrill(drill));
    }

    fn process(&self) -> ProcessIdentity {
        self.begun.set(self.begun.get() + 1);
        ProcessIdentity { pid: 4_100 + self.begun.get() * 7, started_ticks: 90_000 + self.begun.get() * 800 }
    }

    fn now(&self) -> Utc {
        Utc::from_unix_seconds(BEGAN).plus_seconds(i64::try_from(self.begun.get() * 9).unwrap())
    }
}

/// Where a run of load stands.
struct Place {
    scene: Scene,
    step: Step,
    trial: u64,
    rate_per_s: u64,
    duration_ns: u64,
    process: ProcessIdentity,
}

fn load_run(outcomes: &[Value], place: Place, at: Utc) -> LoadRun {
    let scheduled = outcomes.len() as u64;
    let gap_ns = place.duration_ns / scheduled;
    let (mut series, mut send_lag) = (Series::new(), Histogram::new());
    let (mut failed, mut residence_us) = (0, 0);
    for (index, outcome) in (0..).zip(outcomes) {
        series.record(index * gap_ns, *outcome);
        send_lag.record(Value::Finite(20_000 + index % 97 * 500));
        failed += u64::from(*outcome == Value::Infinite);
        residence_us += outcome.finite_ns().map_or(5_000_000, |ns| ns / 1_000);
    }
    let errors = match place.scene {
        Scene::InjectedErrors => ErrorCounts { status: failed, ..ErrorCounts::default() },
        _ => ErrorCounts { timeout: failed, ..ErrorCounts::default() },
    };
    let harmed = match place.scene {
        Scene::AddedDelay => scheduled,
        Scene::InjectedErrors => failed,
        _ => 0,
    };
    LoadRun {
        scene: place.scene,
        step: place.step,
        trial: place.trial,
        process: Some(place.process),
        at,
        schedule: ScheduleData {
            arrivals: Arrivals::Poisson,
            rate_per_ks: place.rate_per_s * 1_000,
            duration_ns: place.duration_ns,
            warm_up_ns: SECOND,
            seed: Digest::of(b"schedule"),
        },
        latency: (&series).into(),
        good: scheduled - failed,
        errors,
        instrument: instrument(&place, scheduled, &send_lag, residence_us),
        proxy: (place.scene != Scene::Measured).then_some(ProxyCounts { requests: scheduled, harmed }),
    }
}

/// An instrument without a doubt: little processor time, and as many in flight as Little's law wants.
fn instrument(place: &Place, scheduled: u64, send_lag: &Histogram, residence_sum_us: u64) -> InstrumentData {
    let wall_ns = place.duration_ns + BATCH_NS;
    let in_flight_samples = wall_ns / (10 * MS);
    InstrumentData {
        scheduled,
        send_lag: send_lag.into(),
        late: 0,
        wall_ns,
        cpu_ns: wall_ns / 50,
        run_queue_ns: wall_ns / 400,
        in_flight_samples,
        in_flight_sum: in_flight_samples * residence_sum_us * 1_000 / wall_ns,
        completed: scheduled,
        residence_sum_us,
    }
}

fn plan(story: &Story) -> Plan {
    let resource = |name: &str, algorithm: &str, value: String| ResourceDescriptor {
        name: name.into(),
        digest: [(algorithm.to_owned(), value)].into(),
    };
    Plan {
        subject: SubjectIdentity {
            name: story.name.clone(),
            version: story.version.clone(),
            kind: story.kind,
            has_ledger: story.kind == SubjectKind::Command,
            resources: vec![
                resource("source", "gitCommit", "1819f9a4c07d5b2e63fa8f1d90b7ce2255ab3c10".into()),
                resource("target/release/notes", "sha256", Digest::of(b"notes").to_string()),
            ],
        },
        description: Digest::of(b"description"),
        profile: profile(story),
        rate_per_ks: 200_000,
        timeout_ns: 5 * SECOND,
        seed: Digest::of(b"seed"),
        scenes: vec![Scene::ShamLoad, Scene::KillInstead, Scene::AddedDelay, Scene::DroppedWrites, Scene::ShamStop],
        earlier_attempts: story.earlier_attempts,
    }
}

fn profile(story: &Story) -> Profile {
    let p99 = Criterion {
        quantile_ppb: Some(990_000_000),
        ..criterion("latency-p99", &story.statement, "performance", Probe::Latency, 250 * MS, Scene::AddedDelay)
    };
    let errors = "at most one request in a thousand goes without a good reply";
    let good = "as many good replies come as requests are sent";
    let line = "the load line lies at three times the subject's rate";
    let drill = |id: &str, statement: &str, probe: Probe, limit: u64, control: Scene| Criterion {
        rule: if probe.unit() == plimsoll_base::Unit::Count { Rule::Simple } else { Rule::Guard95 },
        may_not_apply: true,
        ..criterion(id, statement, "recovery", probe, limit, control)
    };
    Profile {
        id: "web-service".into(),
        version: 1,
        title: "an HTTP service that is fit to be left alone".into(),
        trials: story.trials,
        drills: story.trials,
        trial_ns: story.trial_ns,
        warm_up_ns: SECOND,
        control_ns: 8 * SECOND,
        line: LineSearch { steps_percent: vec![200, 300, 400], step_ns: 2 * SECOND, trial_ns: 8 * SECOND },
        criteria: vec![
            p99,
            criterion("errors", errors, "performance", Probe::Errors, 1_000_000, Scene::InjectedErrors),
            criterion("throughput", good, "performance", Probe::Throughput, 198_000, Scene::InjectedErrors),
            criterion("load-line", line, "performance", Probe::LoadLine, 600_000, Scene::AddedDelay),
            Criterion {
                rule: if story.trials < 5 { Rule::Simple } else { Rule::Guard95 },
                ..drill("start-up", "it answers soon after its start", Probe::StartUp, 5 * SECOND, Scene::SlowStart)
            },
            drill("graceful-stop", "no request in flight is lost at SIGTERM", Probe::GracefulStop, 0, Scene::KillInstead),
            Criterion {
                rule: Rule::Simple,
                ..drill("crash-recovery", "it answers soon after a crash", Probe::CrashRecovery, 5 * SECOND, Scene::SlowRestart)
            },
            drill("acknowledged-writes", "no acknowledged write is lost in a crash", Probe::AcknowledgedWrites, 0, Scene::DroppedWrites),
        ],
    }
}

fn criterion(id: &str, statement: &str, domain: &str, probe: Probe, limit: u64, control: Scene) -> Criterion {
    Criterion {
        id: id.into(),
        statement: statement.into(),
        domain: domain.into(),
        probe,
        quantile_ppb: None,
        op: probe.op(),
        limit,
        unit: probe.unit(),
        rule: if matches!(probe, Probe::LoadLine) { Rule::Simple } else { Rule::Guard95 },
        severity: Severity::Blocking,
        ttl_s: 30 * 86_400,
        scope: vec!["**".into()],
        control: Some(control),
        may_not_apply: false,
        mappings: Vec::new(),
    }
}

fn environment() -> Environment {
    Environment {
        system: "Debian GNU/Linux 12 (bookworm)".into(),
        kernel: "6.18.2".into(),
        architecture: "x86_64".into(),
        processor: "AMD EPYC 9B14".into(),
        cores: 2,
        memory_bytes: 8 << 30,
        clock_source: "kvm-clock".into(),
        plimsoll_version: "0.1.0".into(),
        plimsoll_sha256: Digest::of(b"plimsoll"),
        boot: Digest::of(b"boot"),
        shared_cores: true,
    }
}

fn calibration() -> Calibration {
    let quantile = |quantile_ppb, truth: u64| QuantileError {
        quantile_ppb,
        measured: Amount::Finite(truth + 41_000),
        truth: Amount::Finite(truth),
    };
    let oracle = |oracle: &str, failed: u64, quantiles: Vec<QuantileError>| OracleResult {
        oracle: oracle.into(),
        n: 5_000,
        failed,
        failed_truth: failed,
        quantiles,
    };
    let (p50, p99, p999) = (500_000_000, 990_000_000, 999_000_000);
    Calibration {
        plimsoll_sha256: Digest::of(b"plimsoll"),
        boot: Digest::of(b"boot"),
        at: Utc::from_unix_seconds(BEGAN - 300),
        oracles: vec![
            oracle("constant", 0, vec![quantile(p50, 20 * MS), quantile(p99, 20 * MS)]),
            oracle("bimodal", 0, vec![quantile(p50, 5 * MS), quantile(p99, 120 * MS)]),
            oracle("global-stall", 0, vec![quantile(p50, MS), quantile(p99, 1_900 * MS), quantile(p999, 1_990 * MS)]),
            oracle("one-percent-errors", 50, vec![quantile(p50, 4 * MS)]),
            oracle("refuse-all", 5_000, Vec::new()),
            oracle("silent", 5_000, Vec::new()),
        ],
    }
}

/// splitmix64: the same numbers on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn unit(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 1.0) / (1u64 << 53) as f64
    }

    /// One request: a service that slows down towards 830/s, with a share of slow requests.
    fn outcome(&mut self, story: &Story, scene: Scene, rate_per_s: u64) -> Value {
        let share = match scene {
            Scene::InjectedErrors => 600,
            Scene::Measured => story.unanswered,
            _ => 0,
        };
        if self.below(10_000) < share {
            return Value::Infinite;
        }
        let slow = if self.below(100) < 3 { 11.0 } else { 1.0 };
        let queue = story.slowness / (1.0 - rate_per_s as f64 / 830.0);
        let ms = 1.4 + slow * queue * 1.9 * -self.unit().ln();
        let added = if scene == Scene::AddedDelay { 300.0 } else { 0.0 };
        Value::Finite(((ms + added) * MS as f64) as u64)
    }
}
