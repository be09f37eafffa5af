//! The schemas in `docs/schema` say what the golden certificate is: each value fits, and each property is seen.
//!
//! A walker of its own rather than a library: the schemas use few words, and one that it does not know is an error.

use std::collections::BTreeSet;
use std::path::Path;

use plimsoll_evidence::{
    Access, AdvisedEcosystem, Advisory, AdvisoryBase, Alert, AlertBook, AlertFile, Amount, Arrivals,
    BadRequest, Bill, BilledArtifact, CERTIFICATE_FILE, CheckRun, Checklist, Component, Contract, Decision,
    Document, Door, Ending, EntryType, Fault, FaultDrill, FeltBy, Flaw, FlawKind, Gravity, HealthLook,
    HealthMoment, HealthTold, HistogramData, ImportFormat, ImportedFinding, ImportedResult, Injected,
    Injection, InjectionSearch, InjectionTry, LOOKS, LimitReply, Limited, LiveAnswers, LoadRun, LogEntry,
    LogRead, LogSearch, LogTrace, Look, MetricsSeen, Moment, NotTried, OUTPUT_LOG, Package, PlantedText,
    Probe, ProcessIdentity, ProxyCounts, Refusal, Replied, ReplyHead, RestoreDrill, RetriedWrite, Retry,
    RunbookFound, Said, Scene, ScheduleData, Scrape, SearchedPlace, SecretFinding, SecretRule, SecretSearch,
    Shown, Sign, SignOffPredicate, SoakRun, Surrounded, Surrounding, TlsLook, TlsOffer, TlsOffered, ToldBy,
    Unsearched, Untried, VersionRange, WriteReply, Written,
};
use plimsoll_measure::{Probability, Value as Latency};
use plimsoll_proof::Digest;
use serde_json::{Value, json};

use crate::golden::{AT, golden_files};
use crate::issuer::payload;

const DIGEST: &str = "^[0-9a-f]{64}$";
const TIME: &str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$";

/// Words that say nothing about a value.
const SILENT: [&str; 5] = ["$schema", "$id", "$defs", "title", "description"];

/// Properties that no value of the golden certificate has, each with its reason.
const UNSEEN: [&str; 0] = [];

/// A schema, and which of its properties were seen.
struct Schema {
    root: Value,
    seen: BTreeSet<String>,
}

impl Schema {
    fn read(name: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema").join(name);
        let root: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        assert_eq!(root["$schema"], json!("https://json-schema.org/draft/2020-12/schema"));
        Self { root, seen: BTreeSet::new() }
    }

    /// What is wrong with a value, if something is.
    fn check(&mut self, value: &Value) -> Result<(), String> {
        let root = self.root.clone();
        self.walk(&root, "#", value)
    }

    fn walk(&mut self, schema: &Value, at: &str, value: &Value) -> Result<(), String> {
        for (word, says) in schema.as_object().unwrap() {
            let holds = match word.as_str() {
                "$ref" => {
                    let name = says.as_str().unwrap();
                    let target = self.root.pointer(name.trim_start_matches('#')).unwrap().clone();
                    self.walk(&target, name, value)?;
                    true
                }
                "oneOf" => {
                    let all = says.as_array().unwrap();
                    1 == all
                        .iter()
                        .enumerate()
                        .filter(|(n, one)| self.walk(one, &format!("{at}/oneOf/{n}"), value).is_ok())
                        .count()
                }
                "properties" => self.properties(says, at, value)?,
                "additionalProperties" => self.others(schema, says, at, value)?,
                "items" => {
                    for item in value.as_array().into_iter().flatten() {
                        self.walk(says, &format!("{at}/items"), item)?;
                    }
                    true
                }
                _ => says_alone(word, says, value),
            };
            if !holds {
                return Err(format!("{at}: {value:.80} is not of {word} {says:.80}"));
            }
        }
        Ok(())
    }

    fn properties(&mut self, says: &Value, at: &str, value: &Value) -> Result<bool, String> {
        for (name, schema) in says.as_object().unwrap() {
            let place = format!("{at}/properties/{name}");
            if let Some(inner) = value.get(name) {
                self.walk(schema, &place, inner)?;
                self.seen.insert(place);
            }
        }
        Ok(true)
    }

    fn others(&mut self, schema: &Value, says: &Value, at: &str, value: &Value) -> Result<bool, String> {
        for (name, inner) in value.as_object().into_iter().flatten() {
            let is_known = schema.get("properties").is_some_and(|known| known.get(name).is_some());
            match says {
                Value::Bool(false) if !is_known => return Ok(false),
                Value::Object(_) if !is_known => self.walk(says, &format!("{at}/others"), inner)?,
                _ => {}
            }
        }
        Ok(true)
    }

    /// The properties that the schema has and no value had.
    fn unseen(&self) -> Vec<String> {
        let mut all = BTreeSet::new();
        every_property(&self.root, "#", &mut all);
        all.difference(&self.seen).cloned().collect()
    }
}

/// The words that need nothing but their own value.
fn says_alone(word: &str, says: &Value, value: &Value) -> bool {
    let limit = || usize::try_from(says.as_u64().unwrap()).unwrap();
    match word {
        "type" => match says.as_str().unwrap() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_u64() || value.is_i64(),
            other => panic!("type {other} is not known here"),
        },
        "required" => says.as_array().unwrap().iter().all(|name| value.get(name.as_str().unwrap()).is_some()),
        "enum" => says.as_array().unwrap().contains(value),
        "const" => says == value,
        "minimum" => value.as_i64().is_none_or(|number| number >= says.as_i64().unwrap()),
        "maximum" => value.as_u64().is_none_or(|number| number <= says.as_u64().unwrap()),
        "minItems" => value.as_array().is_none_or(|items| items.len() >= limit()),
        "maxItems" => value.as_array().is_none_or(|items| items.len() <= limit()),
        "pattern" => value.as_str().is_none_or(|text| fits(says.as_str().unwrap(), text)),
        word if SILENT.contains(&word) => true,
        other => panic!("the word {other} is not known here"),
    }
}

/// The two patterns that the schemas have.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern {
        DIGEST => text.parse::<plimsoll_proof::Digest>().is_ok(),
        TIME => {
            let shape = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c });
            shape.eq("0000-00-00T00:00:00Z".chars())
        }
        other => panic!("the pattern {other} is not known here"),
    }
}

fn every_property(schema: &Value, at: &str, into: &mut BTreeSet<String>) {
    for (word, says) in schema.as_object().into_iter().flatten() {
        match (word.as_str(), says) {
            ("properties", Value::Object(all)) => {
                for (name, inner) in all {
                    into.insert(format!("{at}/properties/{name}"));
                    every_property(inner, &format!("{at}/properties/{name}"), into);
                }
            }
            ("$defs", Value::Object(all)) => {
                all.iter()
                    .for_each(|(name, inner)| every_property(inner, &format!("{at}/$defs/{name}"), into));
            }
            ("oneOf", Value::Array(all)) => {
                all.iter()
                    .enumerate()
                    .for_each(|(n, inner)| every_property(inner, &format!("{at}/oneOf/{n}"), into));
            }
            ("items", inner) => every_property(inner, &format!("{at}/items"), into),
            _ => {}
        }
    }
}

/// A checklist of each kind, as the program writes it: the golden certificate is older than they are.
fn checklists() -> Vec<Value> {
    let refusal =
        |case| Refusal { case, statuses: vec![400], end: Ending::Closed, alive: true, unread: true };
    let fields = vec![("server".to_owned(), "x".to_owned())];
    let head = ReplyHead { request: "GET /".into(), status: 200, fields };
    let door =
        |shown| Door { operation: "GET /".into(), shown, status: Some(401), location: Some("/login".into()) };
    let replied = Replied {
        operation: "GET /".into(),
        status: Some(200),
        media_type: Some("application/json".into()),
        json: Some("{}".into()),
    };
    let access = Access {
        operation: "GET /".into(),
        of: Some("a".into()),
        user: "b".into(),
        may: false,
        status: Some(403),
    };
    let limit_reply =
        LimitReply { status: Some(429), retry_after: Some("1".into()), remaining: Some("0".into()) };
    let limited = Limited {
        allowed: 1,
        window_ns: 1_000_000_000,
        within: vec![LimitReply::default()],
        beyond: vec![limit_reply],
        other: Some(LimitReply::default()),
        waited_ns: 1_000_000_000,
        after: LimitReply::default(),
    };
    let write_reply = WriteReply { status: Some(201), content: Digest::of(b"") };
    let retried =
        RetriedWrite { retry: Retry::CutOff, replies: vec![write_reply], before: Some(0), after: Some(1) };
    let look = HealthLook {
        dependency: "store".into(),
        moment: HealthMoment::Cut,
        took_ns: 1,
        status: Some(503),
        live: Some(LiveAnswers { asked: 2, good: 2 }),
    };
    let health = HealthTold { notices_within_ns: 5_000_000_000, looks: vec![look] };
    let all = [
        Checklist::ErrorHygiene(BadRequest::ALL.map(refusal).to_vec()),
        Checklist::ResponseHeaders(vec![head]),
        logs(),
        Checklist::Authentication(Shown::ALL.map(door).to_vec()),
        Checklist::Contract(Contract { reference: "{}".into(), replies: vec![replied] }),
        Checklist::Authorisation(vec![access]),
        Checklist::RateLimit(limited),
        Checklist::RetriedWrites(vec![retried]),
        injection(),
        tls(),
        surroundings(),
        Checklist::MetricsTruth(metrics()),
        Checklist::HealthTruth(health),
        not_tried(),
    ];
    let run = |checklist| CheckRun {
        scene: Scene::OpenDoors,
        trial: 1,
        process: Some(ProcessIdentity { pid: 1, started_ticks: 2 }),
        died: true,
        at: AT.parse().unwrap(),
        checklist,
        proxy: Some(ProxyCounts { requests: 2, harmed: 1 }),
    };
    let started = all.map(run);
    let looked = inspections().map(|checklist| CheckRun { process: None, proxy: None, ..run(checklist) });
    let all = started.into_iter().chain(looked);
    all.map(|run| serde_json::to_value(Document::CheckRun(run)).unwrap()).collect()
}

fn not_tried() -> Checklist {
    Checklist::NotTried(NotTried {
        probe: Probe::Contract,
        why: Untried::NothingToTry,
        seen: "the reference has not an operation".into(),
    })
}

fn logs() -> Checklist {
    let log = LogRead { log: OUTPUT_LOG.into(), written_bytes: 2, read_bytes: 1 };
    let traces = PlantedText::ALL.map(|case| LogTrace { case, raw: vec![0] }).to_vec();
    Checklist::LogHygiene(LogSearch { logs: vec![log], traces })
}

fn injection() -> Checklist {
    let one = InjectionTry {
        status: Some(200),
        took_ns: 1,
        content: Some(Digest::of(b"")),
        signs: vec![Sign::Called],
        repeats_ns: vec![1],
    };
    let point = "`page` in the query".into();
    let injected =
        Injected { operation: "GET /users".into(), point, kind: Injection::SqlWait, tries: vec![one] };
    Checklist::Injection(InjectionSearch { reference: "{}".into(), tried: vec![injected] })
}

fn surroundings() -> Checklist {
    let date = Some("Sat, 21 Nov 2026 20:00:00 GMT".to_owned());
    let (surrounding, at) = (Surrounding::Turkey, AT.parse().unwrap());
    let found = Some(true);
    Checklist::Surroundings(vec![Surrounded {
        surrounding,
        spoken: false,
        good: 1,
        asked: 1,
        date,
        at,
        until: at,
        found,
    }])
}

fn tls() -> Checklist {
    let wrong = Some("it is over".to_owned());
    Checklist::Tls(TlsLook {
        offers: TlsOffer::ALL.map(|offer| TlsOffered { offer, version: Some(0x0301), silent: true }).to_vec(),
        agreed: Some(0x0304),
        plain: Some(400),
        wrong_now: wrong.clone(),
        wrong_later: wrong,
    })
}

/// Metrics of which nothing was said.
fn metrics() -> MetricsSeen {
    let scrape = Scrape {
        moment: Moment::Unloaded,
        sent: vec![200],
        sent_ns: 1,
        took_ns: 1,
        status: Some(200),
        text: "a_total 1\n".into(),
    };
    let (requests, more) = ("a_total".to_owned(), Some("b_total".to_owned()));
    MetricsSeen { requests, failures: more.clone(), duration: more, scrapes: vec![scrape] }
}

/// What is seen of files, each kind with all that it may have.
fn inspections() -> [Checklist; 6] {
    let (text, at) = (|text: &str| Some(text.to_owned()), || Some(AT.parse().unwrap()));
    let finding = SecretFinding {
        path: "a".into(),
        line: 1,
        rule: SecretRule::Jwt,
        commit: text("0123456789ab"),
        secret: "89abcdef".into(),
        allowed: text("made up"),
    };
    let search = SecretSearch {
        place: SearchedPlace::History,
        commits: 1,
        texts: 1,
        binaries: 1,
        bytes: 1,
        not_followed: 0,
        is_shallow: false,
        is_whole: true,
        too_large: vec![Unsearched { path: "b".into(), bytes: 1 << 30, allowed: text("a film") }],
        findings: vec![finding],
        more: 0,
    };
    let alert = |found| Alert { path: "a.yml".into(), name: "Down".into(), runbook: text("r.md"), found };
    let book = |found| AlertBook {
        files: vec![AlertFile { path: "a.yml".into(), alerts: 1, problem: text("not YAML") }],
        alerts: vec![alert(found)],
    };
    let finding = ImportedFinding { id: "r".into(), place: "a:1".into(), gravity: Gravity::High };
    let imported = ImportedResult {
        path: "r.sarif".into(),
        format: ImportFormat::Sarif,
        tool: "a tool".into(),
        sha256: Some(Digest::of(b"r")),
        problem: text("not JSON"),
        measured: at(),
        told_by: ToldBy::Result,
        max_age_s: 60,
        gravity_from: Gravity::Medium,
        examined: 1,
        of: text("0123456"),
        is_of_subject: Some(false),
        findings: vec![finding],
        more: 0,
        below: 1,
    };
    let written = Written {
        path: "README.md".into(),
        problem: text("there is no such file"),
        words: 1,
        links: 1,
        outside: 1,
        blocks: 1,
        placeholders: 1,
        flaws: vec![Flaw { line: 1, kind: FlawKind::NoFile, what: "x.md".into() }],
    };
    [
        Checklist::Secrets(search),
        Checklist::BillOfMaterials(bill()),
        Checklist::ImportedResults(vec![imported]),
        Checklist::Runbooks(book(RunbookFound::Steps(2))),
        Checklist::Runbooks(book(RunbookFound::NoHeading)),
        Checklist::Documentation(vec![written]),
    ]
}

fn bill() -> Bill {
    let text = |text: &str| Some(text.to_owned());
    let package = Package { ecosystem: "crates.io".into(), name: "left".into() };
    let events = vec![("introduced".to_owned(), "0".to_owned())];
    let advisory = Advisory {
        id: "R-1".into(),
        package,
        ranges: vec![VersionRange { kind: "SEMVER".into(), events }],
        listed: 1,
        versions: vec!["1.0.0".into()],
    };
    let known =
        AdvisedEcosystem { ecosystem: "crates.io".into(), advisories: 1, newest: AT.parse().unwrap() };
    let component = Component {
        name: "left".into(),
        version: text("1.0.0"),
        purl: text("pkg:cargo/left@1.0.0"),
        hashes: 0,
        no_hash: text("built here"),
        licences: vec!["MIT".into()],
    };
    let billed = vec!["00".to_owned()];
    Bill {
        path: "sbom.cdx.json".into(),
        problem: text("not JSON"),
        sha256: Some(Digest::of(b"bill")),
        licences: vec!["MIT".into()],
        artifacts: vec![BilledArtifact { name: "server".into(), sha256: Digest::of(b"s"), billed }],
        components: vec![component],
        advisories: Some(AdvisoryBase {
            max_age_s: 60,
            unreadable: 0,
            ecosystems: vec![known],
            advisories: vec![advisory],
        }),
    }
}

/// A soak as the program writes it.
fn soak() -> Value {
    let look = |at_ns| Look { at_ns, memory_bytes: 1 << 20, open_files: 3, threads: 1, cpu_ns: 5 };
    let run = SoakRun {
        scene: Scene::HoardedConnections,
        trial: 1,
        process: ProcessIdentity { pid: 1, started_ticks: 2 },
        died: true,
        at: AT.parse().unwrap(),
        schedule: ScheduleData {
            arrivals: Arrivals::Poisson,
            rate_per_ks: 200_000,
            duration_ns: 6_000_000_000,
            warm_up_ns: 0,
            seed: Digest::of(b"seed"),
        },
        scheduled: 1_200,
        good: 1_200,
        looks: (0..LOOKS as u64).map(look).collect(),
        proxy: Some(ProxyCounts { requests: 2, harmed: 1 }),
    };
    serde_json::to_value(Document::SoakRun(run)).unwrap()
}

/// Statements about a certificate as the program writes them.
fn statements() -> Vec<Value> {
    let entry = |entry_type, said| LogEntry {
        seq: 4,
        entry_type,
        time: AT.parse().unwrap(),
        subject: "notes".into(),
        profile: "quick".into(),
        statement: Digest::of(b"certificate"),
        previous: Some(Digest::of(b"entry")),
        said: Some(said),
    };
    let because = || Said::because("a reason");
    let waived = Said {
        criterion: Some("errors".into()),
        who: Some("Ada".into()),
        until: Some(AT.parse().unwrap()),
        ..because()
    };
    let all = [
        entry(EntryType::Revoked, because()),
        entry(EntryType::Suspended, because()),
        entry(EntryType::Reinstated, because()),
        entry(EntryType::Superseded, Said { successor: Some(Digest::of(b"next")), ..because() }),
        entry(EntryType::Waived, waived),
    ];
    all.map(|entry| serde_json::to_value(entry).unwrap()).to_vec()
}

/// What a reviewer signs.
fn sign_offs() -> Vec<Value> {
    let sign_off = |decision| SignOffPredicate {
        role: "security-review".into(),
        who: "Ada".into(),
        decision,
        reason: Some("looked".into()),
        time: AT.parse().unwrap(),
        next_review: Some(AT.parse().unwrap()),
        key: "plimsoll/0+0+AA".into(),
    };
    [Decision::Approved, Decision::Rejected].map(|one| serde_json::to_value(sign_off(one)).unwrap()).to_vec()
}

/// A drill of each fault as the program writes it, around a load run of the golden certificate.
fn fault_drills(documents: &[Value]) -> Vec<Value> {
    let load = documents.iter().find_map(|document| document.get("load-run")).unwrap();
    let mut load = load.clone();
    load["step"] = json!("fault");
    load["died"] = json!(true);
    let load: LoadRun = serde_json::from_value(load).unwrap();
    let drill = |fault| FaultDrill {
        fault: Some(fault),
        from_ns: 1,
        until_ns: 2,
        effect_ppb: 3,
        dependencies: vec![FeltBy { name: "store".into(), times: 4 }],
        load: load.clone(),
    };
    Fault::ALL.map(|fault| serde_json::to_value(Document::FaultDrill(drill(fault))).unwrap()).to_vec()
}

/// A restore drill as the program writes it.
fn restore_drill() -> Value {
    let process = ProcessIdentity { pid: 1, started_ticks: 2 };
    let drill = RestoreDrill {
        scene: Scene::SlowRestore,
        trial: 1,
        process,
        restored: Some(process),
        at: AT.parse().unwrap(),
        save_from_ns: 1,
        save_ns: Amount::Finite(2),
        disaster_ns: 3,
        restore_ns: Amount::Finite(4),
        restored_ns: Amount::Infinite,
        acknowledged_ns: vec![0],
        found: "1".into(),
        proxy: Some(ProxyCounts { requests: 2, harmed: 1 }),
    };
    serde_json::to_value(Document::RestoreDrill(drill)).unwrap()
}

/// The same for a subject with an API, and for a profile with a soak.
fn as_of_today(values: Vec<Value>) -> Vec<Value> {
    let mut with = values.clone();
    for value in &mut with {
        for place in ["/subject", "/plan/subject"] {
            if let Some(subject) = value.pointer_mut(place).filter(|subject| subject.is_object()) {
                subject["has_api"] = json!(true);
                subject["inspections"] = json!(["secrets"]);
                subject["parts"] = json!(["users", "limit", "retry", "backup"]);
            }
        }
        if let Some(profile) = value.pointer_mut("/plan/profile") {
            profile["soak_ns"] = json!(6_000_000_000u64);
            profile["fault_ns"] = json!(6_000_000_000u64);
            profile["criteria"][0]["fault"] = json!("busy");
        }
    }
    [values, with].concat()
}

/// The same for a profile that asks for more than is measured.
fn with_gaps(values: Vec<Value>) -> Vec<Value> {
    let mut with = values.clone();
    for value in &mut with {
        let gap = json!({
            "id": "g", "statement": "S", "domain": "d", "asked": "A", "missing": "M", "severity": "blocking", "mappings": ["X"]
        });
        if let Some(profile) = value.pointer_mut("/plan/profile") {
            profile["gaps"] = json!([gap]);
            profile["sign_off"] = json!({"need": 1, "roles": [{"id": "r", "title": "T", "contact": "c"}]});
            profile["criteria"][0]["asked"] = json!("A");
        } else if value.get("criterion").is_some() {
            value["criterion"]["asked"] = json!("A");
            value["criterion"]["fault"] = json!("busy");
            if let Some(trial) = value.pointer_mut("/measurement/trials/0") {
                trial["died"] = json!(true);
            }
        } else if value.get("criteria").is_some() {
            value["gaps"] = json!(["g"]);
        }
    }
    [values, with].concat()
}

/// The same of a certificate that was measured again.
fn repeated(values: Vec<Value>) -> Vec<Value> {
    let mut with = values.clone();
    for value in &mut with {
        let certificate = Digest::of(b"certificate");
        if value.get("criteria").is_some() {
            let criteria = json!([{"id": "a", "result": "reproduced"}]);
            value["reproduction"] = json!({"certificate": certificate, "criteria": criteria});
        } else if let Some(plan) = value.get_mut("plan").filter(|plan| plan.is_object()) {
            let resources = plan["subject"]["resources"].clone();
            let criteria = json!([{"id": "a", "verdict": "PASS", "value": 3}]);
            plan["repeats"] = json!({"certificate": certificate, "plan": certificate, "resources": resources, "criteria": criteria});
        }
    }
    [values, with].concat()
}

/// Each schema with all the values that must fit it.
fn schemas() -> [(Schema, Vec<Value>); 5] {
    let files = golden_files();
    let predicates = |wanted: &dyn Fn(&str) -> bool| -> Vec<Value> {
        let paths = files.keys().filter(|path| wanted(path));
        paths.map(|path| payload(&files, path)["predicate"].clone()).collect()
    };
    let documents = |folder: &str| -> Vec<Value> {
        let json = files.iter().filter(|(path, _)| path.starts_with(folder) && path.ends_with(".json"));
        json.map(|(_, bytes)| serde_json::from_slice(bytes).unwrap()).collect()
    };
    [
        (
            Schema::read("certificate-v1.json"),
            repeated(with_gaps(as_of_today(predicates(&|path| path == CERTIFICATE_FILE)))),
        ),
        (Schema::read("measurement-v1.json"), with_gaps(predicates(&|path| path.starts_with("statements/")))),
        (
            Schema::read("evidence-v1.json"),
            [
                repeated(with_gaps(as_of_today(documents("evidence/")))),
                checklists(),
                [vec![soak(), restore_drill()], fault_drills(&documents("evidence/"))].concat(),
            ]
            .concat(),
        ),
        (Schema::read("log-entry-v1.json"), [documents("log/entries/"), statements()].concat()),
        (Schema::read("sign-off-v1.json"), sign_offs()),
    ]
}

#[test]
fn the_golden_certificate_fits_the_schemas_and_shows_every_property() {
    for (mut schema, values) in schemas() {
        assert!(!values.is_empty());
        for value in &values {
            let fits = schema.check(value);
            assert!(fits.is_ok(), "{}: {fits:?}", schema.root["title"]);
        }
        assert_eq!(schema.unseen(), UNSEEN, "{}", schema.root["title"]);
    }
}

#[test]
fn no_object_may_have_a_field_more() {
    let mut refused = 0;
    for (mut schema, values) in schemas() {
        for value in values.iter().take(5) {
            let mut places = Vec::new();
            objects(value, "", &mut places);
            for place in places {
                let mut more = value.clone();
                more.pointer_mut(&place).unwrap()["zz"] = json!(1);
                assert!(schema.check(&more).is_err(), "{}: {place} with a field more", schema.root["title"]);
                refused += 1;
            }
        }
    }
    assert!(refused > 150, "{refused}");
}

fn objects(value: &Value, at: &str, into: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            into.push(at.to_owned());
            map.iter().for_each(|(key, value)| objects(value, &format!("{at}/{key}"), into));
        }
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(n, value)| objects(value, &format!("{at}/{n}"), into));
        }
        _ => {}
    }
}

#[test]
fn a_value_of_another_kind_does_not_fit() {
    let [(mut certificate, values), ..] = schemas();
    let cases = [
        ("status", json!("excellent")),
        ("status", json!(1)),
        ("earlier_attempts", json!(-1)),
        ("earlier_attempts", json!(1.5)),
        ("earlier_attempts", json!((1u64 << 53) + 1)),
        ("plan", json!("00")),
        ("not_after", json!("tomorrow")),
        ("conditions", json!("none")),
        ("conditions", json!([1])),
    ];
    for (field, value) in cases {
        let mut other = values[0].clone();
        other[field] = value.clone();
        assert!(certificate.check(&other).is_err(), "{field} = {value}");
    }
    let mut less = values[0].clone();
    less.as_object_mut().unwrap().remove("issuer");
    assert!(certificate.check(&less).is_err(), "no issuer");
}

/// The example of docs/FORMAT.md, section 6.1.
#[test]
fn the_worked_example_is_right() {
    let mut histogram = plimsoll_measure::Histogram::new();
    for latency in
        [Latency::Finite(630_000), Latency::Finite(630_000), Latency::Finite(1_200_000), Latency::Infinite]
    {
        histogram.record(latency);
    }
    let signed = serde_json::to_string(&HistogramData::from(&histogram)).unwrap();
    assert_eq!(signed, r#"{"pairs":[[10446,2],[11411,1]],"infinite":1}"#);
    let at = |ppb| histogram.quantile(Probability::from_ppb(ppb).unwrap()).unwrap();
    assert_eq!(at(500_000_000), Latency::Finite(630_271));
    assert_eq!(at(750_000_000), Latency::Finite(1_200_127));
    assert_eq!(at(990_000_000), Latency::Infinite);
    let format =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/FORMAT.md")).unwrap();
    for shown in ["630,271", "1,200,127", r#"{"infinite":1,"pairs":[[10446,2],[11411,1]]}"#] {
        assert!(format.contains(shown), "{shown} does not stand in the page");
    }
}
