//! Lies that an issuer with a key can tell: other evidence, other numbers, other verdicts, with every digest and
//! signature made to fit. Each must fail at the step that is there for it.

use plimsoll_base::Utc;
use plimsoll_evidence::{
    Amount, Document, EntryType, HeldOutcome, Issuance, LoadRun, LogEntry, Outcome, Plan, Scene, Step as For,
    StepName as Step,
};
use plimsoll_proof::{Digest, VerifierKey, to_canonical};
use serde_json::{Value, json};

use super::bench::{Bench, Mutant};
use crate::issuer::Parts;

/// What a lie does to a certificate's parts; says what it did.
type Lie = fn(&mut Parts, usize) -> String;

/// Each lie, and the step and outcome that it must meet.
pub(crate) const LIES: [(&str, Lie, Step, Outcome); 44] = [
    ("bound to nothing", unbound, Step::Subject, Outcome::Invalid),
    ("file listed twice", listed_twice, Step::Files, Outcome::Invalid),
    ("file without a place", misplaced, Step::Files, Outcome::Invalid),
    ("evidence by another name", misnamed, Step::Files, Outcome::Invalid),
    ("in-toto type", statement_type, Step::Schema, Outcome::Invalid),
    ("one key for both", one_key, Step::Schema, Outcome::Invalid),
    ("a key by another name", other_name, Step::Schema, Outcome::Invalid),
    ("histogram bucket", bucket, Step::Recompute, Outcome::Invalid),
    ("good replies", good, Step::Recompute, Outcome::Invalid),
    ("send lag", send_lag, Step::Recompute, Outcome::Invalid),
    ("crash ledger", ledger, Step::Recompute, Outcome::Invalid),
    ("start-up time", start, Step::Recompute, Outcome::Invalid),
    ("verdict", verdict, Step::Recompute, Outcome::Invalid),
    ("limit", limit, Step::Recompute, Outcome::Invalid),
    ("n", n_of_statement, Step::Recompute, Outcome::Invalid),
    ("reason", reason, Step::Recompute, Outcome::Invalid),
    ("control removed", control_removed, Step::Recompute, Outcome::Invalid),
    ("status", status, Step::Recompute, Outcome::Invalid),
    ("disclaimer removed", disclaimer, Step::Recompute, Outcome::Invalid),
    ("validity stretched", validity, Step::Recompute, Outcome::Invalid),
    ("calibration", calibration, Step::Recompute, Outcome::Invalid),
    ("boot", boot, Step::Recompute, Outcome::Invalid),
    ("plan without its seed", seed, Step::Recompute, Outcome::Invalid),
    ("statement left out", left_out, Step::Recompute, Outcome::Incomplete),
    ("statement too many", one_more, Step::Recompute, Outcome::Invalid),
    ("process reused", process, Step::Recompute, Outcome::Invalid),
    ("trial left out", trial_left_out, Step::Recompute, Outcome::Incomplete),
    ("trial too many", trial_added, Step::Recompute, Outcome::Invalid),
    ("trial cut short", duration, Step::Recompute, Outcome::Invalid),
    ("rate of the trials", rate, Step::Recompute, Outcome::Invalid),
    ("warm-up of a trial", warm_up, Step::Recompute, Outcome::Invalid),
    ("scene without a plan", unplanned, Step::Recompute, Outcome::Invalid),
    ("stop drill left out", stop_left_out, Step::Recompute, Outcome::Incomplete),
    ("crash drill left out", crash_left_out, Step::Recompute, Outcome::Incomplete),
    ("description left out", undescribed, Step::Recompute, Outcome::Incomplete),
    ("signed before the last trial", early, Step::Registration, Outcome::Invalid),
    ("control not seen red", control_green, Step::Controls, Outcome::Invalid),
    ("proxy that harmed nothing", harmless, Step::Controls, Outcome::Invalid),
    ("registered after the first trial", late, Step::Registration, Outcome::Invalid),
    ("attempts denied", attempts, Step::Registration, Outcome::Invalid),
    ("registered twice", twice, Step::Registration, Outcome::Invalid),
    ("another subject's attempts", foreign, Step::Registration, Outcome::Invalid),
    ("never registered", never, Step::Registration, Outcome::Invalid),
    ("second result of one plan", second_result, Step::Log, Outcome::Invalid),
];

pub(crate) fn lied(bench: &mut Bench, n: usize) -> Mutant {
    let (name, lie, step, outcome) = LIES[n % LIES.len()];
    let mut parts = bench.parts.clone();
    let what = lie(&mut parts, n / LIES.len());
    let mutant = Mutant::new(format!("{name}: {what}, signed again"), parts.sign(&bench.keys));
    mutant.at(step, outcome).out_of_reach()
}

/// Changes one document, of those that `pick` admits, and lets the rest name it; nothing is judged again.
fn edit(parts: &mut Parts, n: usize, pick: fn(&Document) -> bool, change: impl Fn(&mut Document)) -> String {
    let documents = parts.documents();
    let fitting: Vec<&Document> = documents.iter().filter(|document| pick(document)).collect();
    let old = fitting[n % fitting.len()];
    let mut new = old.clone();
    change(&mut new);
    assert_ne!(old, &new, "nothing was changed");
    let digest = Digest::of(&to_canonical(old).unwrap());
    parts.replace_evidence(&digest, to_canonical(&new).unwrap());
    format!("in {digest}")
}

/// Changes documents and lets an honest judge state what follows.
fn rejudge(parts: &mut Parts, change: impl Fn(&mut Vec<Document>)) -> String {
    let mut documents = parts.documents();
    change(&mut documents);
    let judged = parts.rejudge(documents, Issuance::Issued);
    format!("judged again: {judged:?}")
}

fn is_judged_load(document: &Document) -> bool {
    matches!(document, Document::LoadRun(run) if run.scene == Scene::Measured
        && run.step == For::Steady)
}

fn load(document: &mut Document) -> &mut LoadRun {
    match document {
        Document::LoadRun(run) => run,
        other => panic!("{other:?} is no load run"),
    }
}

fn unbound(parts: &mut Parts, _: usize) -> String {
    rejudge(parts, |documents| plan(documents).subject.resources.clear())
}

fn listed_twice(parts: &mut Parts, n: usize) -> String {
    parts.relist = |list| list.extend_from_within(..1);
    format!("the first ({n})")
}

fn misplaced(parts: &mut Parts, n: usize) -> String {
    let path = ["notes.txt", "evidence/notes.txt", "docs/notes.txt"][n % 3];
    parts.others.insert(path.into(), b"listed and signed".to_vec());
    path.into()
}

fn misnamed(parts: &mut Parts, n: usize) -> String {
    let path = format!("evidence/{}.txt", Digest::of(&[n as u8]));
    parts.others.insert(path.clone(), b"other bytes".to_vec());
    path
}

fn statement_type(parts: &mut Parts, n: usize) -> String {
    let path = parts.statements.keys().nth(n % parts.statements.len()).unwrap().clone();
    let said =
        if n.is_multiple_of(2) { parts.statements.get_mut(&path).unwrap() } else { &mut parts.certificate };
    said["_type"] = json!("https://in-toto.io/Statement/v0.1");
    path
}

fn one_key(parts: &mut Parts, _: usize) -> String {
    let issuer = &mut parts.certificate["predicate"]["issuer"];
    issuer["log_key"] = issuer["certificate_key"].clone();
    "the certificate's".into()
}

fn other_name(parts: &mut Parts, n: usize) -> String {
    let place = &mut parts.certificate["predicate"]["issuer"][["certificate_key", "log_key"][n % 2]];
    let key: VerifierKey = place.as_str().unwrap().parse().unwrap();
    let renamed = VerifierKey::new(&format!("acme{n}"), key.algorithm(), *key.public_key()).unwrap();
    *place = json!(renamed.to_string());
    renamed.name().to_owned()
}

/// The plan among documents.
fn plan(documents: &mut [Document]) -> &mut Plan {
    let plan = documents.iter_mut().find_map(|document| match document {
        Document::Plan(plan) => Some(plan),
        _ => None,
    });
    plan.unwrap()
}

fn warm_up(parts: &mut Parts, n: usize) -> String {
    rejudge(parts, |documents| trials(documents)[n % 3].schedule.warm_up_ns += 1)
}

fn unplanned(parts: &mut Parts, n: usize) -> String {
    rejudge(parts, |documents| {
        let scenes = &mut plan(documents).scenes;
        scenes.remove(n % scenes.len());
    })
}

fn stop_left_out(parts: &mut Parts, _: usize) -> String {
    rejudge(parts, |documents| {
        let is_it = |d: &Document| matches!(d, Document::StopDrill(drill) if drill.scene == Scene::Measured);
        documents.retain(|document| !is_it(document));
    })
}

fn crash_left_out(parts: &mut Parts, _: usize) -> String {
    rejudge(parts, |documents| {
        let is_it = |d: &Document| matches!(d, Document::CrashDrill(drill) if drill.scene == Scene::Measured);
        documents.retain(|document| !is_it(document));
    })
}

fn undescribed(parts: &mut Parts, _: usize) -> String {
    let description = plan(&mut parts.documents()).description;
    parts.others.remove(&format!("evidence/{description}.txt")).unwrap();
    description.to_string()
}

fn early(parts: &mut Parts, n: usize) -> String {
    let from = parts.certificate["predicate"]["measured_from"].as_str().unwrap().parse::<Utc>().unwrap();
    parts.certificate["predicate"]["not_before"] = json!(from.plus_seconds(n as i64 % 3).to_string());
    rejudge(parts, |_| {})
}

/// The attempts of another subject, which are none of this one's.
fn foreign(parts: &mut Parts, n: usize) -> String {
    parts.log[n % 2].subject = "another".into();
    format!("entry {}", n % 2)
}

fn bucket(parts: &mut Parts, n: usize) -> String {
    edit(parts, n, is_judged_load, |document| {
        let window = &mut load(document).latency.windows[n % 4];
        let pair = window.iter_mut().find_map(|batch| batch.pairs.last_mut()).unwrap();
        // Two octaves up: it stays the last of its batch.
        pair.0 += 2_048;
    })
}

fn good(parts: &mut Parts, n: usize) -> String {
    edit(parts, n, is_judged_load, |document| load(document).good += 1)
}

fn send_lag(parts: &mut Parts, n: usize) -> String {
    edit(parts, n, is_judged_load, |document| {
        load(document).instrument.send_lag.pairs.last_mut().unwrap().0 += 2_048
    })
}

fn ledger(parts: &mut Parts, n: usize) -> String {
    let pick = |document: &Document| matches!(document, Document::CrashDrill(drill) if drill.scene == Scene::Measured);
    edit(parts, n, pick, |document| {
        if let Document::CrashDrill(drill) = document {
            let ledger = drill.ledger.as_mut().unwrap();
            ledger.acknowledged.push('1');
            ledger.found.push('1');
        }
    })
}

fn start(parts: &mut Parts, n: usize) -> String {
    let pick =
        |document: &Document| matches!(document, Document::StartRun(run) if run.scene == Scene::Measured);
    edit(parts, n, pick, |document| {
        if let Document::StartRun(run) = document {
            run.took_ns = Amount::Finite(1);
        }
    })
}

fn statement(parts: &mut Parts, n: usize, change: impl Fn(&mut Value)) -> String {
    let path = parts.statements.keys().nth(n % parts.statements.len()).unwrap().clone();
    change(&mut parts.statements.get_mut(&path).unwrap()["predicate"]);
    path
}

fn verdict(parts: &mut Parts, n: usize) -> String {
    let path = statement(parts, n, |said| said["verdict"] = json!("FAIL"));
    if n.is_multiple_of(2) {
        let criteria = parts.certificate["predicate"]["criteria"].as_array_mut().unwrap();
        let summary = criteria.iter_mut().find(|summary| summary["statement"] == json!(path)).unwrap();
        summary["verdict"] = json!("FAIL");
    }
    path
}

/// Another limit in the plan and in the statement, with the sentence left as it was.
fn limit(parts: &mut Parts, n: usize) -> String {
    let path = statement(parts, n, |said| said["criterion"]["limit"] = json!(7));
    let id = parts.statements[&path]["predicate"]["criterion"]["id"].as_str().unwrap().to_owned();
    edit(
        parts,
        0,
        |document| matches!(document, Document::Plan(_)),
        |document| {
            if let Document::Plan(plan) = document {
                plan.profile.criteria.iter_mut().find(|criterion| criterion.id == id).unwrap().limit = 7;
            }
        },
    )
}

fn n_of_statement(parts: &mut Parts, n: usize) -> String {
    statement(parts, n, |said| said["measurement"]["n"] = json!(1_000_000))
}

fn reason(parts: &mut Parts, n: usize) -> String {
    statement(parts, n, |said| said["reason"] = json!("trust us"))
}

fn control_removed(parts: &mut Parts, n: usize) -> String {
    statement(parts, n, |said| drop(said.as_object_mut().unwrap().remove("control")))
}

fn status(parts: &mut Parts, _: usize) -> String {
    parts.certificate["predicate"]["status"] = json!("certified");
    "certified".into()
}

fn disclaimer(parts: &mut Parts, n: usize) -> String {
    let name = ["not_proven", "conditions"][n % 2];
    parts.certificate["predicate"][name] = json!([]);
    name.into()
}

fn validity(parts: &mut Parts, n: usize) -> String {
    let time = format!("20{}-01-01T00:00:00Z", 30 + n % 60);
    parts.certificate["predicate"]["not_after"] = json!(time);
    time
}

fn calibration(parts: &mut Parts, n: usize) -> String {
    edit(
        parts,
        0,
        |document| matches!(document, Document::Calibration(_)),
        |document| {
            if let Document::Calibration(calibration) = document {
                let mut all = calibration.oracles.iter_mut().flat_map(|oracle| &mut oracle.quantiles);
                all.nth(n % 4).unwrap().measured = Amount::Infinite;
            }
        },
    )
}

fn boot(parts: &mut Parts, n: usize) -> String {
    edit(
        parts,
        0,
        |document| matches!(document, Document::Environment(_)),
        |document| {
            if let Document::Environment(environment) = document {
                environment.boot = Digest::of(&[n as u8]);
            }
        },
    )
}

/// A plan that was not the one under which the runs were drawn, registered as if it had been.
fn seed(parts: &mut Parts, n: usize) -> String {
    rejudge(parts, |documents| plan(documents).seed = Digest::of(&[n as u8]))
}

fn left_out(parts: &mut Parts, n: usize) -> String {
    let path = parts.statements.keys().nth(n % parts.statements.len()).unwrap().clone();
    parts.statements.remove(&path);
    path
}

fn one_more(parts: &mut Parts, n: usize) -> String {
    let said = parts.statements.values().nth(n % parts.statements.len()).unwrap().clone();
    parts.statements.insert("statements/one-more.dsse.json".into(), said);
    "one-more".into()
}

/// The steady trials, in order.
fn trials(documents: &mut [Document]) -> Vec<&mut LoadRun> {
    let mut runs: Vec<&mut LoadRun> =
        documents.iter_mut().filter(|document| is_judged_load(document)).map(load).collect();
    runs.sort_by_key(|run| run.trial);
    runs
}

/// Two trials of one process. Judging refuses that, so nothing can be stated again: the statements stay.
fn process(parts: &mut Parts, n: usize) -> String {
    let mut documents = parts.documents();
    let first = trials(&mut documents)[n % 2].process;
    let second = |document: &Document| matches!(document, Document::LoadRun(run) if is_judged_load(document) && run.trial == 3);
    edit(parts, 0, second, |document| load(document).process = first)
}

fn trial_left_out(parts: &mut Parts, _: usize) -> String {
    rejudge(parts, |documents| {
        documents.retain(|document| !is_judged_load(document) || load(&mut document.clone()).trial != 3);
    })
}

fn trial_added(parts: &mut Parts, n: usize) -> String {
    let seed = plan(&mut parts.documents()).seed;
    rejudge(parts, |documents| {
        let mut more = trials(documents)[2].clone();
        more.trial = 4;
        more.process.as_mut().unwrap().started_ticks += 1 + n as u64;
        let name = format!("{seed}measured/steady/{}/4", more.schedule.rate_per_ks);
        more.schedule.seed = Digest::of(name.as_bytes());
        documents.push(Document::LoadRun(more));
    })
}

fn duration(parts: &mut Parts, n: usize) -> String {
    rejudge(parts, |documents| trials(documents)[n % 3].schedule.duration_ns -= 1_000_000)
}

/// Trials at a lower rate than the plan's, with seeds that would fit it.
fn rate(parts: &mut Parts, n: usize) -> String {
    let seed = plan(&mut parts.documents()).seed;
    rejudge(parts, |documents| {
        for run in trials(documents) {
            run.schedule.rate_per_ks -= 1_000 * (1 + n as u64);
            let name = format!("{seed}measured/steady/{}/{}", run.schedule.rate_per_ks, run.trial);
            run.schedule.seed = Digest::of(name.as_bytes());
        }
    })
}

/// The defect's own runs, as good as the sham's.
fn control_green(parts: &mut Parts, _: usize) -> String {
    rejudge(parts, |documents| {
        for document in documents.iter_mut() {
            if let Document::StopDrill(drill) = document {
                drill.held.iter_mut().for_each(|held| *held = HeldOutcome::Answered);
            }
        }
    })
}

fn harmless(parts: &mut Parts, n: usize) -> String {
    let scene = [Scene::AddedDelay, Scene::InjectedErrors][n % 2];
    rejudge(parts, |documents| {
        for document in documents.iter_mut() {
            match document {
                Document::LoadRun(run) if run.scene == scene => run.proxy.as_mut().unwrap().harmed = 0,
                _ => {}
            }
        }
    })
}

/// The log's entry that registers this certificate's plan.
fn registered(parts: &Parts) -> usize {
    let plan = parts.certificate["predicate"]["plan"].as_str().unwrap();
    let is_it =
        |entry: &LogEntry| entry.entry_type == EntryType::Registered && entry.statement.to_string() == plan;
    parts.log.iter().position(is_it).unwrap()
}

fn late(parts: &mut Parts, n: usize) -> String {
    let at = registered(parts);
    let later = 30 + n as i64;
    parts.log[at].time = parts.log[at].time.plus_seconds(later);
    parts.log[at + 1].time = parts.log[at + 1].time.plus_seconds(later);
    format!("{later} s later")
}

fn attempts(parts: &mut Parts, n: usize) -> String {
    let told = if n.is_multiple_of(2) { 0 } else { 1 + n as u64 };
    rejudge(parts, |documents| plan(documents).earlier_attempts = told)
}

fn twice(parts: &mut Parts, _: usize) -> String {
    let entry = parts.log[registered(parts)].clone();
    parts.log.insert(0, LogEntry { time: parts.log[0].time, ..entry });
    "at the beginning too".into()
}

fn never(parts: &mut Parts, n: usize) -> String {
    let at = registered(parts);
    parts.log[at].statement = Digest::of(&[n as u8]);
    "another plan was".into()
}

/// Measured twice under one registration, the first result passed over.
fn second_result(parts: &mut Parts, n: usize) -> String {
    let at = registered(parts) + 1;
    let kind = [EntryType::Result, EntryType::NoResult][n % 2];
    let first = LogEntry { entry_type: kind, statement: Digest::of(b"passed over"), ..parts.log[at].clone() };
    parts.log.insert(at, first);
    format!("after a {}", kind.name())
}

/// The step at which a lie must be found out, for those who ask by name.
pub(crate) fn steps() -> Vec<Step> {
    let mut steps: Vec<Step> = LIES.iter().map(|(_, _, step, _)| *step).collect();
    steps.sort();
    steps.dedup();
    steps
}
