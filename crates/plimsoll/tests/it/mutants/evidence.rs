//! Lies about what was observed, and about what was planned.

use plimsoll_base::Utc;
use plimsoll_evidence::{Amount, Document, HeldOutcome, Issuance, LoadRun, Plan, Scene, Step as For};
use plimsoll_proof::{Digest, to_canonical};
use serde_json::json;

use crate::issuer::Parts;

/// Changes one document, of those that `pick` admits, and lets the rest name it; nothing is judged again.
pub(super) fn edit(
    parts: &mut Parts,
    n: usize,
    pick: fn(&Document) -> bool,
    change: impl Fn(&mut Document),
) -> String {
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

/// The plan among documents.
pub(super) fn plan(documents: &mut [Document]) -> &mut Plan {
    let plan = documents.iter_mut().find_map(|document| match document {
        Document::Plan(plan) => Some(plan),
        _ => None,
    });
    plan.unwrap()
}

/// The steady trials, in order.
fn trials(documents: &mut [Document]) -> Vec<&mut LoadRun> {
    let mut runs: Vec<&mut LoadRun> =
        documents.iter_mut().filter(|document| is_judged_load(document)).map(load).collect();
    runs.sort_by_key(|run| run.trial);
    runs
}

pub(super) fn bucket(parts: &mut Parts, n: usize) -> String {
    edit(parts, n, is_judged_load, |document| {
        let window = &mut load(document).latency.windows[n % 4];
        let pair = window.iter_mut().find_map(|batch| batch.pairs.last_mut()).unwrap();
        // Two octaves up: it stays the last of its batch.
        pair.0 += 2_048;
    })
}

pub(super) fn good(parts: &mut Parts, n: usize) -> String {
    edit(parts, n, is_judged_load, |document| load(document).good += 1)
}

pub(super) fn send_lag(parts: &mut Parts, n: usize) -> String {
    edit(parts, n, is_judged_load, |document| {
        // All of it: of a thousand requests p99.9 is not the last.
        load(document).instrument.send_lag.pairs.iter_mut().for_each(|pair| pair.0 += 2_048);
    })
}

pub(super) fn ledger(parts: &mut Parts, n: usize) -> String {
    let pick = |document: &Document| matches!(document, Document::CrashDrill(drill) if drill.scene == Scene::Measured);
    edit(parts, n, pick, |document| {
        if let Document::CrashDrill(drill) = document {
            let ledger = drill.ledger.as_mut().unwrap();
            ledger.acknowledged.push('1');
            ledger.found.push('1');
        }
    })
}

pub(super) fn start(parts: &mut Parts, n: usize) -> String {
    let pick =
        |document: &Document| matches!(document, Document::StartRun(run) if run.scene == Scene::Measured);
    edit(parts, n, pick, |document| {
        if let Document::StartRun(run) = document {
            run.took_ns = Amount::Finite(1);
        }
    })
}

pub(super) fn calibration(parts: &mut Parts, n: usize) -> String {
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

pub(super) fn boot(parts: &mut Parts, n: usize) -> String {
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
pub(super) fn seed(parts: &mut Parts, n: usize) -> String {
    rejudge(parts, |documents| plan(documents).seed = Digest::of(&[n as u8]))
}

/// Two trials of one process. Judging refuses that, so nothing can be stated again: the statements stay.
pub(super) fn process(parts: &mut Parts, n: usize) -> String {
    let mut documents = parts.documents();
    let first = trials(&mut documents)[n % 2].process;
    let second = |document: &Document| matches!(document, Document::LoadRun(run) if is_judged_load(document) && run.trial == 3);
    edit(parts, 0, second, |document| load(document).process = first)
}

pub(super) fn trial_left_out(parts: &mut Parts, _: usize) -> String {
    rejudge(parts, |documents| {
        documents.retain(|document| !is_judged_load(document) || load(&mut document.clone()).trial != 3);
    })
}

pub(super) fn trial_added(parts: &mut Parts, n: usize) -> String {
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

pub(super) fn duration(parts: &mut Parts, n: usize) -> String {
    rejudge(parts, |documents| trials(documents)[n % 3].schedule.duration_ns -= 1_000_000)
}

/// Trials at a lower rate than the plan's, with seeds that would fit it.
pub(super) fn rate(parts: &mut Parts, n: usize) -> String {
    let seed = plan(&mut parts.documents()).seed;
    rejudge(parts, |documents| {
        for run in trials(documents) {
            run.schedule.rate_per_ks -= 1_000 * (1 + n as u64);
            let name = format!("{seed}measured/steady/{}/{}", run.schedule.rate_per_ks, run.trial);
            run.schedule.seed = Digest::of(name.as_bytes());
        }
    })
}

pub(super) fn warm_up(parts: &mut Parts, n: usize) -> String {
    rejudge(parts, |documents| trials(documents)[n % 3].schedule.warm_up_ns += 1)
}

pub(super) fn unplanned(parts: &mut Parts, n: usize) -> String {
    rejudge(parts, |documents| {
        let scenes = &mut plan(documents).scenes;
        scenes.remove(n % scenes.len());
    })
}

pub(super) fn stop_left_out(parts: &mut Parts, _: usize) -> String {
    rejudge(parts, |documents| {
        let is_it = |d: &Document| matches!(d, Document::StopDrill(drill) if drill.scene == Scene::Measured);
        documents.retain(|document| !is_it(document));
    })
}

pub(super) fn crash_left_out(parts: &mut Parts, _: usize) -> String {
    rejudge(parts, |documents| {
        let is_it = |d: &Document| matches!(d, Document::CrashDrill(drill) if drill.scene == Scene::Measured);
        documents.retain(|document| !is_it(document));
    })
}

/// The defect's own runs, as good as the sham's.
pub(super) fn control_green(parts: &mut Parts, _: usize) -> String {
    rejudge(parts, |documents| {
        for document in documents.iter_mut() {
            if let Document::StopDrill(drill) = document {
                drill.held.iter_mut().for_each(|held| *held = HeldOutcome::Answered);
            }
        }
    })
}

pub(super) fn harmless(parts: &mut Parts, n: usize) -> String {
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

pub(super) fn attempts(parts: &mut Parts, n: usize) -> String {
    let told = if n.is_multiple_of(2) { 0 } else { 1 + n as u64 };
    rejudge(parts, |documents| plan(documents).earlier_attempts = told)
}

pub(super) fn unbound(parts: &mut Parts, _: usize) -> String {
    rejudge(parts, |documents| plan(documents).subject.resources.clear())
}

pub(super) fn early(parts: &mut Parts, n: usize) -> String {
    let from = parts.certificate["predicate"]["measured_from"].as_str().unwrap().parse::<Utc>().unwrap();
    parts.certificate["predicate"]["not_before"] = json!(from.plus_seconds(n as i64 % 3).to_string());
    rejudge(parts, |_| {})
}
