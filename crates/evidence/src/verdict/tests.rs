//! Every cell of the decision.

use proptest::prelude::*;

use super::*;
use crate::measurement::GateData;
use crate::probe::Probe;
use crate::scene::Scene;
use crate::tests::profile::criterion;
use plimsoll_base::Unit;

const AT_MOST: Probe = Probe::Errors;
const AT_LEAST: Probe = Probe::Throughput;

fn measured(value: Option<u64>, lower: Option<u64>, upper: Option<u64>) -> Measurement {
    let finite = |amount: Option<u64>| amount.map(Amount::Finite);
    Measurement {
        estimator: Estimator::WithinTrial,
        unit: Unit::Ppb,
        value: finite(value),
        lower: finite(lower),
        upper: finite(upper),
        confidence_ppb: 950_000_000,
        n: 1,
        demonstrated_ppb: None,
        trials: Vec::new(),
        gates: Vec::new(),
        evidence: Vec::new(),
    }
}

fn gate(passed: bool) -> GateData {
    let (observed, limit) = (Some(900_000_000), Some(800_000_000));
    GateData { run: "steady-1".into(), gate: "cpu".into(), passed, observed, limit, unit: Unit::Ppb }
}

fn with(probe: Probe, rule: Rule) -> Criterion {
    Criterion { rule, ..criterion(probe, 100, Scene::InjectedErrors) }
}

type Bound = Option<u64>;

/// ILAC's four outcomes, a bound on the limit, and bounds that are missing: value, lower, upper.
const GUARDED_AT_MOST: [(Bound, Bound, Bound, Verdict); 14] = [
    (Some(80), Some(70), Some(90), Verdict::Pass),
    (Some(80), Some(70), Some(100), Verdict::Pass),
    (Some(80), Some(70), Some(101), Verdict::ConditionalPass),
    (Some(100), Some(70), Some(101), Verdict::ConditionalPass),
    (Some(101), Some(70), Some(130), Verdict::ConditionalFail),
    (Some(120), Some(100), Some(130), Verdict::ConditionalFail),
    (Some(120), Some(101), Some(130), Verdict::Fail),
    (Some(120), Some(101), None, Verdict::Fail),
    (Some(80), None, Some(100), Verdict::Pass),
    (Some(80), None, Some(101), Verdict::Inconclusive),
    (Some(80), Some(70), None, Verdict::Inconclusive),
    (Some(80), None, None, Verdict::Inconclusive),
    (Some(120), None, None, Verdict::Inconclusive),
    (None, None, None, Verdict::NotMeasured),
];

#[test]
fn guarded_at_most() {
    let criterion = with(AT_MOST, Rule::Guard95);
    for (value, lower, upper, expected) in GUARDED_AT_MOST {
        assert_eq!(
            decide(&criterion, &measured(value, lower, upper)),
            expected,
            "{value:?} {lower:?} {upper:?}"
        );
    }
}

/// The same cells, mirrored at the limit.
#[test]
fn guarded_at_least() {
    let criterion = with(AT_LEAST, Rule::Guard95);
    let mirrored = |bound: Bound| bound.map(|amount| 200 - amount);
    for (value, lower, upper, expected) in GUARDED_AT_MOST {
        let measurement = measured(mirrored(value), mirrored(upper), mirrored(lower));
        assert_eq!(decide(&criterion, &measurement), expected, "{value:?} {lower:?} {upper:?}");
    }
}

#[test]
fn simple_acceptance_looks_at_the_value_alone() {
    let cases = [
        (AT_MOST, Some(100), Verdict::Pass),
        (AT_MOST, Some(101), Verdict::Fail),
        (AT_LEAST, Some(100), Verdict::Pass),
        (AT_LEAST, Some(99), Verdict::Fail),
        (AT_MOST, None, Verdict::NotMeasured),
        (AT_LEAST, None, Verdict::NotMeasured),
    ];
    for (probe, value, expected) in cases {
        for bounds in [(None, None), (Some(0), Some(1_000))] {
            let measurement = measured(value, bounds.0, bounds.1);
            assert_eq!(decide(&with(probe, Rule::Simple), &measurement), expected, "{value:?}");
        }
    }
}

#[test]
fn an_infinite_value_fails_by_either_rule() {
    for rule in [Rule::Guard95, Rule::Simple] {
        let lost = Measurement { value: Some(Amount::Infinite), ..measured(None, Some(1), None) };
        assert_eq!(decide(&with(AT_MOST, rule), &lost), Verdict::Fail);
    }
    let upper = Measurement { upper: Some(Amount::Infinite), ..measured(Some(80), Some(70), None) };
    assert_eq!(decide(&with(AT_MOST, Rule::Guard95), &upper), Verdict::ConditionalPass);
}

#[test]
fn a_failed_gate_allows_no_decision_whatever_was_measured() {
    for (probe, rule) in [(AT_MOST, Rule::Guard95), (AT_MOST, Rule::Simple), (AT_LEAST, Rule::Guard95)] {
        for value in [None, Some(1), Some(100), Some(1_000)] {
            let held = Measurement { gates: vec![gate(true)], ..measured(value, value, value) };
            let failed = Measurement { gates: vec![gate(true), gate(false)], ..held.clone() };
            assert_ne!(decide(&with(probe, rule), &held), Verdict::Inconclusive);
            assert_eq!(decide(&with(probe, rule), &failed), Verdict::Inconclusive);
        }
    }
}

#[test]
fn no_rule_makes_a_load_line_fail_on_what_was_not_measurable() {
    for rule in [Rule::Guard95, Rule::Simple] {
        let line = |lower, upper| {
            let steps = Measurement { estimator: Estimator::HighestStep, ..measured(lower, lower, upper) };
            decide(&with(AT_LEAST, rule), &steps)
        };
        assert_eq!(line(Some(100), None), Verdict::Pass);
        assert_eq!(line(Some(50), None), Verdict::Inconclusive, "the step above was not measurable");
        assert_eq!(line(Some(50), Some(99)), Verdict::Fail, "the step at the limit failed");
    }
}

#[test]
fn names_and_states() {
    let all = [
        (Verdict::Pass, "PASS", State::Proven),
        (Verdict::ConditionalPass, "CONDITIONAL_PASS", State::Unknown),
        (Verdict::ConditionalFail, "CONDITIONAL_FAIL", State::Contradicted),
        (Verdict::Fail, "FAIL", State::Contradicted),
        (Verdict::Inconclusive, "INCONCLUSIVE", State::Unknown),
        (Verdict::NotMeasured, "NOT_MEASURED", State::Unknown),
        (Verdict::NotApplicable, "NOT_APPLICABLE", State::Unknown),
        (Verdict::Error, "ERROR", State::Unknown),
        (Verdict::Waived, "WAIVED", State::Unknown),
    ];
    for (verdict, name, state) in all {
        assert_eq!((verdict.name(), verdict.state(State::Proven)), (name, state));
        for lesser in [State::Configured, State::Declared] {
            let expected = if verdict == Verdict::Pass { lesser } else { state };
            assert_eq!(verdict.state(lesser), expected, "no other verdict hangs on it");
        }
        assert_eq!(serde_json::to_string(&verdict).unwrap(), format!("\"{name}\""), "signed as it is shown");
        assert_eq!(serde_json::to_string(&state).unwrap(), format!("\"{}\"", state.name()));
    }
}

/// How good a verdict is for the subject.
fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Pass => 4,
        Verdict::ConditionalPass => 3,
        Verdict::ConditionalFail => 1,
        Verdict::Fail => 0,
        _ => 2,
    }
}

proptest! {
    #[test]
    fn a_worse_measurement_is_never_judged_better(
        ordered in prop::collection::vec(0..200u64, 3),
        worse_by in 0..100u64,
        has_bounds: (bool, bool),
        simple: bool,
    ) {
        let mut ordered = ordered;
        ordered.sort_unstable();
        let bounds = |shift: u64| {
            let lower = has_bounds.0.then(|| ordered[0] + shift);
            measured(Some(ordered[1] + shift), lower, has_bounds.1.then(|| ordered[2] + shift))
        };
        let criterion = with(AT_MOST, if simple { Rule::Simple } else { Rule::Guard95 });
        let (before, after) = (decide(&criterion, &bounds(0)), decide(&criterion, &bounds(worse_by)));
        prop_assert!(rank(after) <= rank(before), "{before:?} became {after:?}");
    }
}
