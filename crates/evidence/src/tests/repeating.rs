//! What came of measuring again is said of the same subject and of decisions only.

use plimsoll_proof::Digest;

use super::fixture::{Story, documents};
use crate::repeat::reproduction;
use crate::{Before, Document, Plan, Repeats, Repetition, Verdict, judge};

/// The results of the story, repeating a certificate that said `verdict` of everything, as `change` has it.
fn results(verdict: Verdict, change: impl Fn(&mut Repeats)) -> Result<Vec<Repetition>, String> {
    let mut list = Story::default().documents();
    for document in &mut list {
        if let Document::Plan(plan) = document {
            let mut repeats = all_said(plan, verdict);
            change(&mut repeats);
            plan.repeats = Some(Box::new(repeats));
        }
    }
    let documents = documents(list);
    let judgement = judge(&documents).map_err(|error| error.to_string())?;
    let found = reproduction(documents.plan().unwrap().1, &judgement).unwrap();
    assert_eq!(found.certificate, Digest::of(b"certificate"));
    Ok(found.criteria.into_iter().map(|one| one.result).collect())
}

fn all_said(plan: &Plan, verdict: Verdict) -> Repeats {
    let before = |id: &String| Before { id: id.clone(), verdict, value: None };
    Repeats {
        certificate: Digest::of(b"certificate"),
        plan: Digest::of(b"plan"),
        resources: plan.subject.resources.clone(),
        criteria: plan.profile.criteria.iter().map(|criterion| before(&criterion.id)).collect(),
    }
}

#[test]
fn the_same_decision_on_the_same_subject_is_reproduced_and_nothing_else() {
    for (verdict, expected) in [
        (Verdict::Pass, Repetition::Reproduced),
        (Verdict::Fail, Repetition::NotReproduced),
        (Verdict::Inconclusive, Repetition::NotComparable),
        (Verdict::NotMeasured, Repetition::NotComparable),
    ] {
        let found = results(verdict, |_| ()).unwrap();
        assert!(found.iter().all(|result| *result == expected), "{verdict:?}: {found:?}");
    }
}

#[test]
fn another_subject_reproduces_nothing() {
    let found = results(Verdict::Pass, |repeats| {
        repeats.resources[0].digest.insert("sha256".into(), Digest::of(b"other").to_string());
    });
    assert!(found.unwrap().iter().all(|result| *result == Repetition::NotComparable));
}

#[test]
fn a_criterion_that_is_left_out_is_refused() {
    let short = results(Verdict::Pass, |repeats| drop(repeats.criteria.pop()));
    assert!(short.unwrap_err().contains("profile's criteria"));
    let other = results(Verdict::Pass, |repeats| repeats.criteria[0].id = "other".into());
    assert!(other.unwrap_err().contains("profile's criteria"));
}
