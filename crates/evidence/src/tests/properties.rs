//! What holds of any evidence.

use proptest::prelude::*;

use super::fixture::{Story, documents};
use super::profile::MS;
use crate::{
    Amount, Document, Documents, JudgedCriterion, LoadRun, Probe, Verdict, judge, measurement_statements,
};
use plimsoll_proof::to_canonical;
use serde_json::Value as Json;

/// Paths to every number, text, list and object of a document.
fn places(json: &Json, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    let mut within = |name: String, inner: &Json| {
        path.push(name);
        found.push(path.clone());
        places(inner, path, found);
        path.pop();
    };
    match json {
        Json::Object(map) => map.iter().for_each(|(name, inner)| within(name.clone(), inner)),
        // Of a long list the first two: a thousand buckets would leave no chance to anything else.
        Json::Array(list) => {
            (0..).zip(list).take(2).for_each(|(index, inner): (usize, _)| within(index.to_string(), inner))
        }
        _ => {}
    }
}

fn at<'a>(json: &'a mut Json, path: &[String]) -> Option<&'a mut Json> {
    path.iter().try_fold(json, |json, name| match json {
        Json::Object(map) => map.get_mut(name),
        Json::Array(list) => name.parse::<usize>().ok().and_then(|index| list.get_mut(index)),
        _ => None,
    })
}

/// Replaces one value somewhere in a document by another of the same sort, where that is still a document.
fn mutated(document: &Document, place: prop::sample::Index, change: &Change) -> Option<Document> {
    let json = serde_json::to_value(document).unwrap();
    let mut found = Vec::new();
    places(&json, &mut Vec::new(), &mut found);
    mutated_at(document, &found[place.index(found.len())], change)
}

fn mutated_at(document: &Document, place: &[String], change: &Change) -> Option<Document> {
    let mut json = serde_json::to_value(document).unwrap();
    let value = at(&mut json, place)?;
    match (change, &mut *value) {
        (Change::Number(number), _) => *value = Json::from(*number),
        (Change::Infinite, _) => *value = Json::from("inf"),
        (Change::Empty, Json::Array(list)) => list.clear(),
        (Change::Empty, Json::String(text)) => text.clear(),
        (Change::Twice, Json::Array(list)) if !list.is_empty() => list.push(list[0].clone()),
        _ => return None,
    }
    serde_json::from_value(json).ok()
}

#[derive(Debug, Clone)]
enum Change {
    Number(u64),
    Infinite,
    Empty,
    Twice,
}

fn change() -> impl Strategy<Value = Change> {
    let number = prop_oneof![Just(0), Just(1), 0..1_000_000u64, Just(1 << 53), 0..=1u64 << 53];
    prop_oneof![4 => number.prop_map(Change::Number), 1 => Just(Change::Infinite), 1 => Just(Change::Empty), 1 => Just(Change::Twice)]
}

fn short_story() -> Story {
    let mut story = Story::default();
    story.profile.line.steps_percent = vec![200];
    (story.profile.trial_ns, story.profile.line.trial_ns) = (1_000 * MS, 1_000 * MS);
    (story.profile.line.step_ns, story.profile.control_ns) = (500 * MS, 500 * MS);
    story
}

type Mutation = (prop::sample::Index, prop::sample::Index, Change);

proptest! {
    #![proptest_config(ProptestConfig { cases: 384, ..ProptestConfig::default() })]

    /// Whatever evidence says, judging it and writing it down ends in a judgement or an error.
    #[test]
    fn judging_never_panics(mutations in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), change()), 1..4)) {
        let mut list = short_story().documents();
        let mutations: Vec<Mutation> = mutations;
        for (which, place, change) in mutations {
            // Half of the mutations hit the plan, the environment or the calibration, which stand first.
            let index = which.index(2 * list.len());
            let index = if index < list.len() { index } else { index % 3 };
            if let Some(document) = mutated(&list[index], place, &change) {
                list[index] = document;
            }
        }
        judge_and_write(list);
    }

    /// Whatever trials are left out at the end of their series, a bad subject does not pass.
    #[test]
    fn withholding_trials_never_helps_a_bad_subject(kept in prop::array::uniform4(0..6u64)) {
        let story = Story { latency_ns: 400 * MS, lost_stops: vec![1; 5], ..short_story() };
        let mut list = story.documents();
        list.retain(|document| match document {
            Document::LoadRun(run) => run.trial <= kept[0],
            Document::StartRun(run) => run.trial <= kept[1],
            Document::StopDrill(drill) => drill.trial <= kept[2],
            Document::CrashDrill(drill) => drill.trial <= kept[3],
            Document::RestoreDrill(drill) => drill.trial <= kept[3],
            _ => true,
        });
        match judge(&documents(list)) {
            Err(_) => prop_assert_eq!(kept, [0; 4], "only an empty folder is refused"),
            Ok(judgement) => for judged in judgement.criteria {
                if matches!(judged.criterion.probe, Probe::Latency | Probe::GracefulStop | Probe::LoadLine) {
                    prop_assert_ne!(judged.verdict, Verdict::Pass, "{}", judged.reason);
                }
            },
        }
    }

    /// Slower replies never make the verdict on latency, or on the load line, better.
    #[test]
    fn slower_is_never_judged_better(trials in prop::collection::vec((0..600usize, 1..400u64), 1..12)) {
        let judged = |list: Vec<Document>| judge(&documents(list)).unwrap().criteria;
        let story = Story { latency_ns: 150 * MS, ..short_story() };
        let good = judged(story.documents());
        let mut list = story.documents();
        let mut runs: Vec<&mut LoadRun> = list.iter_mut().filter_map(|document| match document {
            Document::LoadRun(run) if run.scene == crate::Scene::Measured => Some(run),
            _ => None,
        }).collect();
        let count = runs.len();
        for (which, slower_ms) in trials {
            delay(runs[which % count], which, slower_ms * MS);
        }
        for (before, after) in good.iter().zip(&judged(list)) {
            prop_assert!(rank(after) <= rank(before), "{} became {}", before.reason, after.reason);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// More requests without a good reply, lost in a stop or lost in a crash never make a verdict better.
    #[test]
    fn losing_more_is_never_judged_better(
        bad in prop::collection::vec(0..12u64, 5),
        lost in prop::collection::vec(0..3u64, 5),
        more in 0..5usize,
        by in 1..40u64,
    ) {
        let story = |bad: &[u64], lost: &[u64]| Story {
            bad: bad.to_vec(),
            lost_stops: lost.to_vec(),
            lost_writes: lost.to_vec(),
            ..short_story()
        };
        let worse = |list: &[u64]| {
            let mut list = list.to_vec();
            list[more] += by;
            list
        };
        let before = story(&bad, &lost).judged().unwrap();
        let after = story(&worse(&bad), &worse(&lost)).judged().unwrap();
        let decided = [Probe::Errors, Probe::Throughput, Probe::GracefulStop, Probe::AcknowledgedWrites];
        for (before, after) in before.criteria.iter().zip(&after.criteria) {
            if decided.contains(&before.criterion.probe) {
                prop_assert!(rank(after) <= rank(before), "{} became {}", before.reason, after.reason);
            }
        }
    }

    /// A stricter limit never makes a verdict better.
    #[test]
    fn a_stricter_limit_is_never_judged_better(bad in prop::collection::vec(0..12u64, 5), limits in prop::array::uniform2(0..40_000_000u64)) {
        let at = |limit| {
            let mut story = Story { bad: bad.clone(), ..short_story() };
            story.profile.criteria[1].limit = limit;
            let mut judgement = story.judged().unwrap();
            judgement.criteria.remove(1)
        };
        let (strict, lax) = (limits[0].min(limits[1]), limits[0].max(limits[1]));
        prop_assert!(rank(&at(strict)) <= rank(&at(lax)));
    }
}

/// Judges evidence, well-formed or not, and writes everything down that is said of it.
fn judge_and_write(list: Vec<Document>) {
    let mut documents = Documents::default();
    for document in list {
        let _ = documents.insert(document);
    }
    let Ok(judgement) = judge(&documents) else { return };
    for (_, statement) in measurement_statements(&documents, &judgement).unwrap() {
        let _ = to_canonical(&statement);
    }
    for judged in &judgement.criteria {
        let _ = crate::full_sentence(&documents, judged);
    }
}

/// One document of each kind, every place in it, the values at which arithmetic breaks.
#[test]
fn no_single_extreme_value_makes_judging_panic() {
    let list = short_story().documents();
    let mut kinds = Vec::new();
    for (index, document) in list.iter().enumerate() {
        let kind = std::mem::discriminant(document);
        if kinds.iter().any(|(known, _)| *known == kind) {
            continue;
        }
        kinds.push((kind, index));
        let mut found = Vec::new();
        places(&serde_json::to_value(document).unwrap(), &mut Vec::new(), &mut found);
        for place in found {
            for change in [Change::Number(0), Change::Number(1 << 53), Change::Infinite, Change::Empty] {
                if let Some(changed) = mutated_at(document, &place, &change) {
                    let mut list = list.clone();
                    list[index] = changed;
                    judge_and_write(list);
                }
            }
        }
    }
    assert_eq!(kinds.len(), 11, "a kind of document was not tried");
}

/// Makes one batch of a run slower.
fn delay(run: &mut LoadRun, which: usize, slower_ns: u64) {
    let series = run.latency.read().unwrap();
    let mut slower = plimsoll_measure::Series::new();
    let batches = series.batch_count();
    for (index, batch) in series.batches().enumerate() {
        for (bucket, count) in batch.pairs() {
            let value_ns = plimsoll_measure::bucket_upper(bucket);
            let added_ns = if index == which % batches { slower_ns } else { 0 };
            for _ in 0..count {
                slower.record(
                    index as u64 * plimsoll_measure::BATCH_NS,
                    plimsoll_measure::Value::Finite(value_ns + added_ns),
                );
            }
        }
    }
    run.latency = (&slower).into();
}

/// How good a verdict is for the subject: without a decision lies between the conditions.
fn rank(judged: &JudgedCriterion) -> u8 {
    match judged.verdict {
        Verdict::Pass => 4,
        Verdict::ConditionalPass => 3,
        Verdict::ConditionalFail => 1,
        Verdict::Fail => 0,
        _ => 2,
    }
}

#[test]
fn an_amount_keeps_its_order_on_the_way_to_a_value() {
    use plimsoll_measure::Value;
    assert_eq!(Amount::from(Value::from(Amount::Infinite)), Amount::Infinite);
    assert!(Value::from(Amount::Finite(u64::MAX)) < Value::from(Amount::Infinite));
}
