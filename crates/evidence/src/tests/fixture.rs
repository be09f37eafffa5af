//! A whole certification, made up: five trials, a load line that ends at 400/s, five drills, every control.
//!
//! Documents come as a list, so that a test can change or remove any of them before they are judged.

use plimsoll_base::Utc;
use plimsoll_measure::{BATCH_NS, Histogram, Series, Value};
use plimsoll_proof::Digest;

use super::profile::{MS, RATE_PER_KS, SECOND, profile};
use crate::checklist::honest_metrics;
use crate::{
    Access, Amount, Arrivals, BadRequest, Calibration, CheckRun, Checklist, Contract, CrashDrill, Document,
    Documents, Door, Ending, Environment, Error, ErrorCounts, Fault, FaultDrill, FeltBy, HealthLook,
    HealthMoment, HealthTold, HeldOutcome, Injected, Injection, InjectionSearch, InjectionTry,
    InstrumentData, Judgement, Ledger, LimitReply, Limited, LoadRun, LogRead, LogSearch, LogTrace, Look,
    MetricsSeen, OUTPUT_LOG, OracleResult, Plan, PlantedText, Point, Probe, ProcessIdentity, Profile,
    ProxyCounts, QuantileError, Reference, Refusal, Replied, ReplyHead, ResourceDescriptor, RetriedWrite,
    Retry, Scene, ScheduleData, Shown, Sign, SoakRun, StartRun, Step, StopDrill, SubjectIdentity,
    SubjectKind, SubjectPart, Surrounded, Surrounding, TlsLook, TlsOffer, TlsOffered, WriteReply, judge,
    points,
};

/// 2026-11-21T20:00:00Z.
pub(crate) const BEGAN: i64 = 1_795_291_200;

/// What the made-up subject is like.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    pub(crate) profile: Profile,
    pub(crate) kind: SubjectKind,
    pub(crate) has_ledger: bool,
    /// Every reply takes so long, and up to 1 ms more.
    pub(crate) latency_ns: u64,
    /// From this rate on every reply takes half a second more.
    pub(crate) slow_from_per_ks: u64,
    /// Requests without a good reply in each run at the subject's rate, trial by trial; none beyond the list.
    pub(crate) bad: Vec<u64>,
    /// Requests lost in each rehearsed stop, drill by drill.
    pub(crate) lost_stops: Vec<u64>,
    /// Acknowledged writes lost in each rehearsed crash, drill by drill.
    pub(crate) lost_writes: Vec<u64>,
    /// From start or restart to the first good reply.
    pub(crate) start_ns: u64,
    /// Bad requests that are answered as if they were good.
    pub(crate) taken: usize,
    /// Replies whose heads say too little.
    pub(crate) bare: usize,
    /// Planted texts that reach the log.
    pub(crate) leaked: usize,
    /// Writes acknowledged before the backup that each restore does not bring back, drill by drill.
    pub(crate) unrestored: Vec<u64>,
    /// What becomes of each look of the soak, by its number from 0.
    pub(crate) soaked: fn(&mut Look, u64),
    /// What becomes of a request of a fault drill, by when it is meant to be sent.
    pub(crate) endured: fn(u64) -> Value,
}

impl Default for Story {
    fn default() -> Self {
        Self {
            profile: profile(),
            kind: SubjectKind::Command,
            has_ledger: true,
            latency_ns: 20 * MS,
            slow_from_per_ks: 4 * RATE_PER_KS,
            bad: Vec::new(),
            lost_stops: Vec::new(),
            lost_writes: Vec::new(),
            start_ns: 400 * MS,
            taken: 0,
            bare: 0,
            leaked: 0,
            unrestored: Vec::new(),
            soaked: |_, _| (),
            endured: |_| Value::Finite(20 * MS),
        }
    }
}

impl Story {
    /// Three trials and one drill, as the profile `quick` has them.
    pub(crate) fn quick() -> Self {
        let mut story = Self::default();
        (story.profile.trials, story.profile.drills) = (3, 1);
        story.profile.trial_ns = 4 * SECOND;
        story
    }

    pub(crate) fn judged(&self) -> Result<Judgement, Error> {
        judge(&documents(self.documents()))
    }

    /// Every document of the certification.
    pub(crate) fn documents(&self) -> Vec<Document> {
        let mut making = Making { story: self, begun: 0, made: Vec::new() };
        making.made.push(Document::Plan(plan(self)));
        making.made.push(Document::Environment(environment()));
        making.made.push(Document::Calibration(calibration()));
        making.load();
        making.checks(&[
            (Probe::ErrorHygiene, Scene::BlamedServer),
            (Probe::ResponseHeaders, Scene::BareReplies),
            (Probe::Authentication, Scene::OpenDoors),
            (Probe::Contract, Scene::BentContract),
            (Probe::Authorisation, Scene::SwappedCredentials),
            (Probe::RateLimit, Scene::Unlimited),
            (Probe::RetriedWrites, Scene::FreshKeys),
            (Probe::Injection, Scene::ObedientServer),
            (Probe::Tls, Scene::OldTls),
            (Probe::MetricsTruth, Scene::StuckMetrics),
        ]);
        making.inspections();
        if self.kind == SubjectKind::Command {
            making.drills();
            making.checks(&[
                (Probe::LogHygiene, Scene::LeakyLog),
                (Probe::Surroundings, Scene::LocalTimes),
                (Probe::HealthTruth, Scene::PaintedHealth),
            ]);
            making.soaks();
            making.faults();
            making.restores();
        }
        making.made
    }
}

/// The documents by digest, as a verifier has them.
pub(crate) fn documents(list: Vec<Document>) -> Documents {
    let mut documents = Documents::default();
    for document in list {
        documents.insert(document).unwrap();
    }
    documents
}

/// The n-th of a list of knobs that ends in noughts.
pub(crate) fn nth(list: &[u64], trial: u64) -> u64 {
    usize::try_from(trial - 1).ok().and_then(|index| list.get(index)).copied().unwrap_or(0)
}

/// Documents in the making: each trial gets its own process and time.
struct Making<'a> {
    story: &'a Story,
    begun: u64,
    made: Vec<Document>,
}

impl Making<'_> {
    fn process(&mut self) -> ProcessIdentity {
        self.begun += 1;
        ProcessIdentity { pid: 4_000 + self.begun, started_ticks: 90_000 + self.begun * 700 }
    }

    fn now(&self) -> Utc {
        Utc::from_unix_seconds(BEGAN).plus_seconds(i64::try_from(self.begun * 7).unwrap())
    }

    fn load(&mut self) {
        let line = self.story.profile.line.clone();
        let trials = self.story.profile.trials;
        for trial in 1..=trials {
            self.run(Scene::Measured, Step::Steady, RATE_PER_KS, trial);
        }
        for percent in line.steps_percent {
            let rate_per_ks = RATE_PER_KS * percent / 100;
            self.run(Scene::Measured, Step::Search, rate_per_ks, 1);
            let is_knee = rate_per_ks >= self.story.slow_from_per_ks;
            for trial in 1..=if is_knee { 1 } else { trials } {
                self.run(Scene::Measured, Step::Line, rate_per_ks, trial);
            }
        }
        for scene in [Scene::AddedDelay, Scene::InjectedErrors, Scene::ResetConnections, Scene::ShamLoad] {
            self.run(scene, Step::Steady, RATE_PER_KS, 1);
        }
    }

    fn run(&mut self, scene: Scene, step: Step, rate_per_ks: u64, trial: u64) {
        let profile = &self.story.profile;
        let duration_ns = match (scene, step) {
            (Scene::Measured, Step::Steady) => profile.trial_ns,
            (_, Step::Search) => profile.line.step_ns,
            (_, Step::Line) => profile.line.trial_ns,
            _ => profile.control_ns,
        };
        let n = rate_per_ks * duration_ns / (1_000 * SECOND);
        let bad = match scene {
            Scene::InjectedErrors | Scene::ResetConnections => n / 2,
            Scene::Measured if rate_per_ks == RATE_PER_KS => nth(&self.story.bad, trial),
            _ => 0,
        };
        let slower = (scene == Scene::AddedDelay || rate_per_ks >= self.story.slow_from_per_ks) as u64;
        let latency_ns = self.story.latency_ns + slower * SECOND / 2;
        let outcomes: Vec<Value> = (0..n).map(|index| outcome(index, n, bad, latency_ns)).collect();
        let process = (self.story.kind == SubjectKind::Command).then(|| self.process());
        let place = Place { scene, step, trial, rate_per_ks, duration_ns, process, at: self.now() };
        if let Some(process) = process.filter(|_| scene == Scene::Measured) {
            self.start(Scene::Measured, process, None);
        }
        self.made.push(Document::LoadRun(load_run(place, &outcomes)));
    }

    fn start(&mut self, scene: Scene, process: ProcessIdentity, proxy: Option<ProxyCounts>) {
        let starts =
            self.made.iter().filter(|made| matches!(made, Document::StartRun(run) if run.scene == scene));
        let trial = starts.count() as u64 + 1;
        let slower = if scene == Scene::SlowStart { 6 * SECOND } else { 0 };
        let took_ns = Amount::Finite(self.story.start_ns + slower + trial * MS);
        let at = self.now();
        self.made.push(Document::StartRun(StartRun { scene, trial, process, at, took_ns, proxy }));
    }

    fn drills(&mut self) {
        for trial in 1..=self.story.profile.drills {
            self.stop(Scene::Measured, trial);
            self.crash(Scene::Measured, trial);
        }
        for scene in [Scene::SlowStart, Scene::ShamStart] {
            let process = self.process();
            self.start(scene, process, proxy(scene, 20));
        }
        for scene in [Scene::KillInstead, Scene::ShamStop] {
            self.stop(scene, 1);
        }
        for scene in [Scene::SlowRestart, Scene::DroppedWrites, Scene::ShamCrash] {
            self.crash(scene, 1);
        }
    }

    fn checks(&mut self, checklists: &[(Probe, Scene)]) {
        for &(probe, defect) in checklists.iter().filter(|(probe, _)| self.story.profile.asks_for(&[*probe]))
        {
            for scene in [Scene::Measured, defect, Scene::ShamChecks] {
                let process = (self.story.kind == SubjectKind::Command).then(|| self.process());
                if let Some(process) = process.filter(|_| scene == Scene::Measured) {
                    self.start(scene, process, None);
                }
                let checklist = checklist(probe, scene, self.story);
                let (at, proxy) = (self.now(), proxy(scene, 20).filter(|_| scene != Scene::LeakyLog));
                self.made.push(Document::CheckRun(CheckRun {
                    scene,
                    trial: 1,
                    process,
                    died: false,
                    at,
                    checklist,
                    proxy,
                }));
            }
        }
    }

    fn inspections(&mut self) {
        for probe in Probe::of(crate::Family::Inspection) {
            if !self.story.profile.asks_for(&[probe]) {
                continue;
            }
            for scene in [Scene::Measured, probe.scenes()[0], Scene::ShamFiles] {
                self.begun += 1;
                let is_bad = scene == probe.scenes()[0];
                let (at, checklist) = (self.now(), super::inspected::looked_at(probe, is_bad, self.now()));
                let run =
                    CheckRun { scene, trial: 1, process: None, died: false, at, checklist, proxy: None };
                self.made.push(Document::CheckRun(run));
            }
        }
    }

    fn soaks(&mut self) {
        if !self.story.profile.asks_for_family(crate::Family::Soak) {
            return;
        }
        for scene in [Scene::Measured, Scene::HoardedConnections, Scene::Stowaway, Scene::ShamSoak] {
            let process = self.process();
            let mut run = SoakRun { process, at: self.now(), ..soak_run(scene) };
            if scene == Scene::Measured {
                self.start(scene, process, None);
                run.looks.iter_mut().zip(0..).for_each(|(look, index)| (self.story.soaked)(look, index));
            }
            self.made.push(Document::SoakRun(run));
        }
    }

    fn faults(&mut self) {
        let faults: Vec<Fault> = self.story.profile.criteria.iter().filter_map(|it| it.fault).collect();
        let measured = faults.into_iter().map(|fault| (Scene::Measured, Some(fault)));
        for (index, (scene, fault)) in
            measured.chain([(Scene::KeptFault, None), (Scene::ShamFault, None)]).enumerate()
        {
            let mut drill = fault_drill(scene, fault);
            if scene == Scene::Measured {
                drill.load = endured(scene, self.story.endured);
                drill.load.trial = index as u64 + 1;
            }
            (drill.load.process, drill.load.at) = (Some(self.process()), self.now());
            self.made.push(Document::FaultDrill(drill));
        }
    }

    fn restores(&mut self) {
        if !self.story.profile.asks_for_family(crate::Family::Restore) {
            return;
        }
        let measured = (1..=self.story.profile.drills).map(|trial| (Scene::Measured, trial));
        let controls = [Scene::SlowRestore, Scene::StaleBackup, Scene::ShamRestore];
        for (scene, trial) in measured.chain(controls.map(|scene| (scene, 1))) {
            let mut drill = super::restored::restore_drill(scene, trial, self.story);
            (drill.process, drill.restored) = (self.process(), Some(self.process()));
            drill.at = self.now();
            self.made.push(Document::RestoreDrill(drill));
        }
    }

    fn stop(&mut self, scene: Scene, trial: u64) {
        let process = self.process();
        let lost = match scene {
            Scene::KillInstead => 16,
            Scene::Measured => nth(&self.story.lost_stops, trial),
            _ => 0,
        };
        if scene == Scene::Measured {
            self.start(scene, process, None);
        }
        let held = (0..16).map(|index| if index < lost { HeldOutcome::Lost } else { HeldOutcome::Answered });
        self.made.push(Document::StopDrill(StopDrill {
            scene,
            trial,
            process,
            at: self.now(),
            signal: if scene == Scene::KillInstead { "SIGKILL" } else { "SIGTERM" }.into(),
            held: held.collect(),
            took_ns: Amount::Finite(90 * MS),
        }));
    }

    fn crash(&mut self, scene: Scene, trial: u64) {
        let (process, restarted) = (self.process(), self.process());
        let lost = match scene {
            Scene::DroppedWrites => 40,
            Scene::Measured => nth(&self.story.lost_writes, trial),
            _ => 0,
        };
        if scene == Scene::Measured {
            self.start(scene, process, None);
        }
        let slower = if scene == Scene::SlowRestart { 6 * SECOND } else { 0 };
        self.made.push(Document::CrashDrill(CrashDrill {
            scene,
            trial,
            process,
            restarted: Some(restarted),
            at: self.now(),
            recovered_ns: Amount::Finite(self.story.start_ns + slower + trial * MS),
            ledger: self.story.has_ledger.then(|| ledger(200, lost)),
            proxy: proxy(scene, 200),
        }));
    }
}

/// What is seen of a checklist in a scene.
fn checklist(probe: Probe, scene: Scene, story: &Story) -> Checklist {
    let wrong = |in_story| if scene == Scene::Measured { in_story } else { 0 };
    match probe {
        Probe::ResponseHeaders => {
            let is_bare = |index| scene == Scene::BareReplies || index < wrong(story.bare);
            Checklist::ResponseHeaders((0..3).map(|index| reply_head(index, is_bare(index))).collect())
        }
        Probe::Authentication => {
            let status = if scene == Scene::OpenDoors { 200 } else { 401 };
            let door =
                |shown| Door { operation: "GET /users".into(), shown, status: Some(status), location: None };
            Checklist::Authentication(Shown::ALL.into_iter().map(door).collect())
        }
        Probe::Contract => Checklist::Contract(contract(scene == Scene::BentContract)),
        Probe::Authorisation => Checklist::Authorisation(accesses(scene == Scene::SwappedCredentials)),
        Probe::RateLimit => Checklist::RateLimit(limited(scene == Scene::Unlimited)),
        Probe::RetriedWrites => {
            let after = if scene == Scene::FreshKeys { 2 } else { 1 };
            Checklist::RetriedWrites(Retry::ALL.into_iter().map(|retry| retried(retry, after)).collect())
        }
        Probe::Injection => Checklist::Injection(injections(scene == Scene::ObedientServer)),
        Probe::Tls => Checklist::Tls(tls_look(scene == Scene::OldTls)),
        Probe::Surroundings => Checklist::Surroundings(surrounded(scene == Scene::LocalTimes)),
        Probe::MetricsTruth => Checklist::MetricsTruth(metrics(scene == Scene::StuckMetrics, story.kind)),
        Probe::HealthTruth => Checklist::HealthTruth(health_told(scene == Scene::PaintedHealth)),
        Probe::LogHygiene => {
            let raw = |index| u64::from(scene == Scene::LeakyLog || index < wrong(story.leaked));
            let trace = |(index, case)| LogTrace { case, raw: vec![raw(index)] };
            let traces = PlantedText::ALL.into_iter().enumerate().map(trace).collect();
            let logs = vec![LogRead { log: OUTPUT_LOG.into(), written_bytes: 400, read_bytes: 400 }];
            Checklist::LogHygiene(LogSearch { logs, traces })
        }
        _ => {
            let status = |index| match scene {
                Scene::BlamedServer => 500,
                _ if index < wrong(story.taken) => 200,
                _ => 400,
            };
            let refusal = |(index, case)| {
                let statuses = vec![status(index)];
                Refusal { case, statuses, end: Ending::Closed, alive: true, unread: false }
            };
            Checklist::ErrorHygiene(BadRequest::ALL.into_iter().enumerate().map(refusal).collect())
        }
    }
}

fn injections(is_obeyed: bool) -> InjectionSearch {
    let reference = r#"{"paths":{"/users":{"get":{"parameters":[{"name":"page","in":"query"}]}}}}"#;
    let read = Reference::read(reference).unwrap();
    let at = |point: &Point<'_>| -> Vec<Injected> {
        let of = |kind: &Injection| {
            let signs =
                if is_obeyed && *kind == Injection::Address { vec![Sign::Called] } else { Vec::new() };
            let content = kind.compares().then(|| Digest::of(b"none"));
            let one = InjectionTry { status: Some(200), took_ns: MS, content, signs, repeats_ns: Vec::new() };
            let tries = vec![one; kind.texts().len()];
            Injected { operation: point.operation().into(), point: point.words(), kind: *kind, tries }
        };
        Injection::at(point).iter().map(of).collect()
    };
    InjectionSearch { tried: points(&read).iter().flat_map(at).collect(), reference: reference.into() }
}

fn tls_look(is_old: bool) -> TlsLook {
    let version = is_old.then_some(0x0301);
    let offers = TlsOffer::ALL.map(|offer| TlsOffered { offer, version, silent: false }).to_vec();
    TlsLook { offers, agreed: Some(0x0304), plain: None, wrong_now: None, wrong_later: None }
}

fn surrounded(is_local: bool) -> Vec<Surrounded> {
    let date = is_local.then(|| "yesterday".to_owned());
    let at = Utc::from_unix_seconds(BEGAN);
    let one = |surrounding| Surrounded {
        surrounding,
        spoken: true,
        good: 1,
        asked: 1,
        date: date.clone(),
        at,
        until: at,
        found: None,
    };
    Surrounding::ALL.map(one).to_vec()
}

fn contract(is_bent: bool) -> Contract {
    let reference = r#"{"paths":{"/users":{"get":{"responses":{"200":{"content":{"application/json":{"schema":{"type":"object","required":["count"]}}}}}}}}}"#;
    let json = if is_bent { "{}" } else { "{\"count\":0}" };
    let reply = Replied {
        operation: "GET /users".into(),
        status: Some(200),
        media_type: Some("application/json".into()),
        json: Some(json.into()),
    };
    Contract { reference: reference.into(), replies: vec![reply] }
}

fn accesses(is_open: bool) -> Vec<Access> {
    let access = |user: &str, may, status| Access {
        operation: "DELETE /users".into(),
        of: None,
        user: user.into(),
        may,
        status: Some(status),
    };
    vec![access("reader", false, if is_open { 200 } else { 403 }), access("editor", true, 204)]
}

fn limited(is_open: bool) -> Limited {
    let reply = |status| LimitReply { status: Some(status), ..LimitReply::default() };
    let refused = LimitReply { retry_after: Some("1".into()), ..reply(if is_open { 200 } else { 429 }) };
    Limited {
        allowed: 1,
        window_ns: SECOND,
        within: vec![reply(200)],
        beyond: vec![refused],
        other: None,
        waited_ns: SECOND,
        after: reply(200),
    }
}

fn metrics(are_stuck: bool, kind: SubjectKind) -> MetricsSeen {
    let mut seen = honest_metrics();
    if kind == SubjectKind::Url {
        seen.scrapes.pop();
    }
    if are_stuck {
        let first = seen.scrapes[0].text.clone();
        seen.scrapes.iter_mut().for_each(|scrape| scrape.text.clone_from(&first));
    }
    seen
}

fn retried(retry: Retry, after: u64) -> RetriedWrite {
    let reply = |status| WriteReply { status: Some(status), content: Digest::of(b"done") };
    let replies = match retry {
        Retry::CutOff => vec![reply(201)],
        Retry::OtherBody => vec![reply(201), reply(422)],
        Retry::Twice | Retry::AtOnce => vec![reply(201), reply(201)],
    };
    RetriedWrite { retry, replies, before: Some(0), after: Some(after) }
}

fn reply_head(index: usize, is_bare: bool) -> ReplyHead {
    let fields = [("content-type", "application/json"), ("x-content-type-options", "nosniff")];
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let request = format!("GET /{index}");
    ReplyHead { request, status: 200, fields: if is_bare { Vec::new() } else { fields.collect() } }
}

/// So many acknowledged writes, of which the first are lost, and one in flight when the kill came.
pub(crate) fn ledger(acknowledged: u64, lost: u64) -> Ledger {
    let bits =
        |one: &dyn Fn(u64) -> bool| (0..=acknowledged).map(|i| if one(i) { '1' } else { '0' }).collect();
    Ledger { acknowledged: bits(&|i| i < acknowledged), found: bits(&|i| i >= lost), outstanding: 1 }
}

/// What the proxy says: it harms in every scene but a sham, and is not there when the subject is measured.
pub(crate) fn proxy(scene: Scene, requests: u64) -> Option<ProxyCounts> {
    let is_sham = scene.sham() == scene;
    let harmed = if is_sham { 0 } else { requests / 2 };
    (scene != Scene::Measured).then_some(ProxyCounts { requests, harmed })
}

/// Spread evenly: bad ones over the run, latencies over 1 ms.
fn outcome(index: u64, n: u64, bad: u64, latency_ns: u64) -> Value {
    if (index + 1) * bad / n > index * bad / n {
        return Value::Infinite;
    }
    Value::Finite(latency_ns + index * 7_919 % 1_000 * 1_000)
}

/// Where a run of load stands.
struct Place {
    scene: Scene,
    step: Step,
    trial: u64,
    rate_per_ks: u64,
    duration_ns: u64,
    process: Option<ProcessIdentity>,
    at: Utc,
}

/// A fault drill of 9 s of a subject that is not harmed by the fault, and what the planted defect makes of it.
pub(crate) fn fault_drill(scene: Scene, fault: Option<Fault>) -> FaultDrill {
    let kept =
        |at_ns: u64| if at_ns.is_multiple_of(10 * MS) { Value::Infinite } else { Value::Finite(20 * MS) };
    let load = match scene {
        Scene::KeptFault => {
            endured(scene, |at_ns| if at_ns < 3 * SECOND { Value::Finite(20 * MS) } else { kept(at_ns) })
        }
        _ => endured(scene, |_| Value::Finite(20 * MS)),
    };
    let effect_ppb = if fault.is_some() { 950_000_000 } else { 0 };
    let dependencies = match fault.filter(|fault| fault.is_of_dependencies()) {
        Some(_) => vec![FeltBy { name: "store".into(), times: 9 }],
        None => Vec::new(),
    };
    let effect_ppb = if dependencies.is_empty() { effect_ppb } else { 1_000_000_000 };
    FaultDrill { fault, from_ns: 3_020 * MS, until_ns: 6_021 * MS, effect_ppb, dependencies, load }
}

/// The load of a fault drill, by what becomes of a request that is meant to be sent at a time.
fn endured(scene: Scene, outcome: impl Fn(u64) -> Value) -> LoadRun {
    let duration_ns = 9 * SECOND;
    let n = RATE_PER_KS * duration_ns / (1_000 * SECOND);
    let outcomes: Vec<Value> = (0..n).map(|index| outcome(index * duration_ns / n)).collect();
    let at = Utc::from_unix_seconds(BEGAN);
    let (step, trial, rate_per_ks) = (Step::Fault, 1, RATE_PER_KS);
    let run = load_run(Place { scene, step, trial, rate_per_ks, duration_ns, process: None, at }, &outcomes);
    LoadRun { proxy: Some(ProxyCounts { requests: n, harmed: run.errors.total() }), ..run }
}

/// A subject that takes little and nothing more with time, and what each planted defect makes of it.
pub(crate) fn soak_run(scene: Scene) -> SoakRun {
    let (duration_ns, interval_ns) = (12 * SECOND, SECOND / 10);
    let hoarded = u64::from(scene == Scene::HoardedConnections);
    let aboard = u64::from(scene == Scene::Stowaway);
    let look = |index: u64| Look {
        at_ns: index * interval_ns,
        memory_bytes: (40 + 3 * aboard * index) << 20,
        open_files: 20 + (hoarded + aboard) * index,
        threads: 4 + aboard * index,
        cpu_ns: index * interval_ns * (1 + 6 * aboard) / 10,
    };
    let n = RATE_PER_KS * duration_ns / (1_000 * SECOND);
    SoakRun {
        scene,
        trial: 1,
        process: ProcessIdentity { pid: 1, started_ticks: 1 },
        died: false,
        at: Utc::from_unix_seconds(BEGAN),
        schedule: ScheduleData {
            arrivals: Arrivals::Constant,
            rate_per_ks: RATE_PER_KS,
            duration_ns,
            warm_up_ns: SECOND / 2,
            seed: Digest::of(b"schedule"),
        },
        scheduled: n,
        good: n,
        looks: (0..120).map(look).collect(),
        proxy: proxy(scene, n).filter(|_| scene != Scene::Stowaway),
    }
}

fn load_run(place: Place, outcomes: &[Value]) -> LoadRun {
    let n = outcomes.len() as u64;
    let mut series = Series::new();
    for (index, outcome) in (0..).zip(outcomes) {
        series.record(index * place.duration_ns / n, *outcome);
    }
    let bad = outcomes.iter().filter(|outcome| **outcome == Value::Infinite).count() as u64;
    let residence_sum_us =
        outcomes.iter().map(|outcome| outcome.finite_ns().unwrap_or(5 * SECOND) / 1_000).sum();
    LoadRun {
        scene: place.scene,
        step: place.step,
        trial: place.trial,
        process: place.process,
        died: false,
        at: place.at,
        schedule: ScheduleData {
            arrivals: Arrivals::Constant,
            rate_per_ks: place.rate_per_ks,
            duration_ns: place.duration_ns,
            warm_up_ns: SECOND / 2,
            seed: Digest::of(b"schedule"),
        },
        latency: (&series).into(),
        good: n - bad,
        errors: ErrorCounts { status: bad, ..ErrorCounts::default() },
        instrument: instrument(place.duration_ns + BATCH_NS, n, residence_sum_us),
        proxy: proxy(place.scene, n),
    }
}

/// An instrument without a doubt: little processor time, and as many in flight as Little's law wants.
fn instrument(wall_ns: u64, n: u64, residence_sum_us: u64) -> InstrumentData {
    let mut send_lag = Histogram::new();
    send_lag.record_many(Value::Finite(20_000), n);
    let in_flight_samples = wall_ns / (10 * MS);
    InstrumentData {
        scheduled: n,
        send_lag: (&send_lag).into(),
        late: 0,
        wall_ns,
        cpu_ns: wall_ns / 50,
        run_queue_ns: wall_ns / 400,
        in_flight_samples,
        in_flight_sum: in_flight_samples * residence_sum_us * 1_000 / wall_ns,
        completed: n,
        residence_sum_us,
    }
}

/// A health check that notices in half a second, or one that is painted.
fn health_told(is_painted: bool) -> HealthTold {
    let look = |moment: HealthMoment| {
        let is_true = |status: &u64| is_painted || moment.is_told_by(Some(*status));
        let status = [200, 503].into_iter().find(is_true);
        HealthLook { dependency: "store".into(), moment, took_ns: SECOND / 2, status, live: None }
    };
    HealthTold { notices_within_ns: 5 * SECOND, looks: HealthMoment::ALL.map(look).to_vec() }
}

fn plan(story: &Story) -> Plan {
    let commit = [("gitCommit".to_owned(), "1819f9a4c07d5b2e63fa8f1d90b7ce2255ab3c10".to_owned())];
    Plan {
        subject: SubjectIdentity {
            name: "notes".into(),
            version: "1.2.0".into(),
            kind: story.kind,
            has_ledger: story.has_ledger,
            has_api: true,
            inspections: Probe::of(crate::Family::Inspection).collect(),
            parts: vec![
                SubjectPart::Users,
                SubjectPart::Limit,
                SubjectPart::Retry,
                SubjectPart::Tls,
                SubjectPart::Backup,
                SubjectPart::Metrics,
                SubjectPart::Dependency,
            ],
            resources: vec![ResourceDescriptor { name: "source".into(), digest: commit.into() }],
        },
        description: Digest::of(b"description"),
        profile: story.profile.clone(),
        rate_per_ks: RATE_PER_KS,
        timeout_ns: 5 * SECOND,
        seed: Digest::of(b"seed"),
        scenes: Scene::DEFECTS.into_iter().flat_map(|scene| [scene, scene.sham()]).collect(),
        earlier_attempts: 0,
        repeats: None,
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
        clock_source: "tsc".into(),
        plimsoll_version: "0.1.0".into(),
        plimsoll_sha256: Digest::of(b"plimsoll"),
        boot: Digest::of(b"boot"),
        shared_cores: true,
    }
}

pub(crate) fn calibration() -> Calibration {
    let quantile = |quantile_ppb, truth: u64| QuantileError {
        quantile_ppb,
        measured: Amount::Finite(truth + 40_000),
        truth: Amount::Finite(truth),
    };
    let compared = vec![quantile(500_000_000, 5 * MS), quantile(990_000_000, 40 * MS)];
    let oracle = |oracle: &str, failed: u64| OracleResult {
        oracle: oracle.into(),
        n: 3_000,
        failed,
        failed_truth: failed,
        quantiles: if failed < 3_000 { compared.clone() } else { Vec::new() },
    };
    Calibration {
        plimsoll_sha256: Digest::of(b"plimsoll"),
        boot: Digest::of(b"boot"),
        at: Utc::from_unix_seconds(BEGAN - 300),
        tries: 1,
        oracles: vec![
            oracle("constant", 0),
            oracle("bimodal", 0),
            oracle("global-stall", 0),
            oracle("one-percent-errors", 30),
            oracle("refuse-all", 3_000),
            oracle("silent", 3_000),
        ],
    }
}
