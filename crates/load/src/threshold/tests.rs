use proptest::prelude::*;

use super::*;

fn values(ms: &[u64], infinite: u64) -> Histogram {
    let mut histogram = Histogram::new();
    ms.iter().for_each(|ms| histogram.record(Value::Finite(ms * 1_000_000)));
    histogram.record_many(Value::Infinite, infinite);
    histogram
}

fn passes(metric: &str, expression: &str, values: &Histogram) -> bool {
    Threshold::parse(metric, expression).unwrap().judge_values(values).passed
}

fn time(expression: &str, values: &Histogram) -> bool {
    passes("http_req_duration", expression, values)
}

#[test]
fn judges_every_aggregate_on_both_sides_of_its_value() {
    let values = values(&[10, 20, 30, 40], 0);
    for (aggregate, below, above) in [
        ("avg", 24, 26),
        ("min", 9, 11),
        ("med", 19, 21),
        ("max", 39, 41),
        ("p(75)", 29, 31),
        ("p(100)", 39, 41),
    ] {
        assert!(time(&format!("{aggregate}<{above}"), &values), "{aggregate}<{above}");
        assert!(!time(&format!("{aggregate}<{below}"), &values), "{aggregate}<{below}");
        assert!(time(&format!(" {aggregate} >= {below} "), &values), "{aggregate}>={below}");
        assert!(!time(&format!("{aggregate}>{above}.5"), &values), "{aggregate}>{above}");
    }
}

#[test]
fn comparators_differ_at_the_limit_itself() {
    let values = values(&[], 1);
    for (comparator, holds) in
        [("<", false), ("<=", true), (">", false), (">=", true), ("==", true), ("===", true), ("!=", false)]
    {
        assert_eq!(passes("http_req_failed", &format!("rate{comparator}1"), &values), holds, "{comparator}");
    }
}

#[test]
fn errors_are_infinite_times_and_count_as_failed() {
    let values = values(&[1; 98], 2);
    assert!(time("p(98)<5", &values));
    assert!(!time("p(99)<500", &values));
    assert!(!time("avg<500", &values));
    assert!(!time("max<500", &values));
    assert!(passes("http_req_failed", "rate<0.021", &values));
    assert!(!passes("http_req_failed", "rate<0.02", &values));
}

/// k6 calls `p(99)<500` held when every request was refused and when none was sent. We do not.
#[test]
fn nothing_measured_and_everything_failed_never_pass() {
    let (nothing, failed) = (values(&[], 0), values(&[], 10));
    for expression in ["p(99)<500", "avg<500", "med<500", "max<500", "min<500"] {
        assert!(!time(expression, &nothing), "{expression} passed on nothing");
        assert!(!time(expression, &failed), "{expression} passed on failures");
    }
    for expression in ["p(99)>=0", "max>=0"] {
        assert!(!time(expression, &nothing), "{expression} passed on nothing");
    }
    assert!(!passes("http_req_failed", "rate<1", &nothing));
    assert!(!passes("http_req_failed", "rate<1", &failed));
}

#[test]
fn says_where_an_expression_goes_wrong() {
    for (metric, expression, expected) in [
        ("http_req_duration", "p(99)<", 7),
        ("http_req_duration", "p(99)<500ms", 7),
        ("http_req_duration", "p(101)<5", 3),
        ("http_req_duration", "p(99<5", 3),
        ("http_req_duration", "p99<5", 2),
        ("http_req_duration", "  mean<5", 3),
        ("http_req_duration", "avg 5", 5),
        ("http_req_duration", "rate<5", 1),
        ("http_req_duration", "", 1),
        ("http_req_failed", "p(99)<5", 1),
        ("http_req_failed", "rate<1.01", 6),
        ("http_req_failed", "rate<-1", 6),
        ("http_reqs", "count>5", 1),
    ] {
        match Threshold::parse(metric, expression) {
            Err(Error::Threshold { column, hint, .. }) => {
                assert_eq!(column, expected, "{metric} {expression}");
                assert!(!hint.is_empty());
            }
            other => panic!("{metric} {expression} gave {other:?}"),
        }
    }
}

#[test]
fn aborts_only_when_asked_to_after_the_delay_and_on_data() {
    let (good, bad, nothing) = (values(&[1], 0), values(&[900], 0), values(&[], 0));
    let progress = |latency, measured_ns| Progress { measured_ns, ..Progress::of(latency) };
    let mut threshold = Threshold::parse("http_req_duration", "p(99)<500").unwrap();
    assert!(!threshold.asks_to_abort(&progress(&bad, 5)));
    threshold.abort_on_fail = true;
    threshold.delay_abort_eval_ns = 5;
    assert!(threshold.asks_to_abort(&progress(&bad, 5)));
    assert!(!threshold.asks_to_abort(&progress(&bad, 4)));
    assert!(!threshold.asks_to_abort(&progress(&good, 5)));
    assert!(!threshold.asks_to_abort(&progress(&nothing, 5)));
}

#[test]
fn only_an_upper_limit_on_time_binds_the_instrument() {
    let limit = |metric, expression| Threshold::parse(metric, expression).unwrap().latency_limit_ns();
    assert_eq!(limit("http_req_duration", "p(99)<500"), Some(500_000_000));
    assert_eq!(limit("http_req_duration", "p(99)<=0.5"), Some(500_000));
    assert_eq!(limit("http_req_duration", "p(99)>500"), None);
    assert_eq!(limit("http_req_failed", "rate<0.01"), None);
}

proptest! {
    #[test]
    fn never_panics(metric in "http_req_(duration|failed)", expression in "\\PC{0,12}") {
        let _ = Threshold::parse(&metric, &expression);
    }

    #[test]
    fn every_expression_of_the_grammar_is_read(
        aggregate in "avg|min|med|max|p\\([1-9][0-9]?(\\.[1-9])?\\)", comparator in "<|<=|>|>=|==|!=", limit in "[0-9]{1,6}(\\.[0-9]{1,6})?",
    ) {
        let expression = format!("{aggregate}{comparator}{limit}");
        prop_assert!(Threshold::parse("http_req_duration", &expression).is_ok(), "{expression}");
    }
}
