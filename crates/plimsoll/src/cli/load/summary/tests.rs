use super::super::outcome::Finished;
use super::super::testing::{order, order_of, run};
use super::*;

fn parsed(finished: &Finished<'_>) -> serde_json::Value {
    serde_json::from_str(&json(finished).unwrap()).unwrap()
}

#[test]
fn a_page_for_people() {
    let order = order();
    let run = run(&order, 396, 4);
    let finished = Finished::new(&order, &run, None);
    insta::assert_snapshot!(text(&finished, &Printer::new()), @"
    rate        200/s offered, 200/s sent within the schedule
    requests    400, 396 good
    errors      4 (1 %): 4 timeout

                     p50       p90       p95       p99     p99.9       max
    latency       100 ms    100 ms    100 ms    100 ms       inf       inf
    send lag    50.02 us  50.02 us  50.02 us  50.02 us  50.02 us  50.02 us

    gates       ✓ rate            100 %  at least 99.5 %
                ✓ send-lag     50.02 us  at most 25 ms
                ✓ cpu               1 %  at most 80 %
                ✓ run-queue      0.05 %  at most 10 %
                ✓ littles-law       0 %  at most 7.145 %
                ✓ measured          400  at least 1

    thresholds  ✓ http_req_duration: p(95)<500  100 ms

    seed        0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef

    ✓ pass
    ");
}

#[test]
fn a_failed_threshold_is_named_with_what_was_seen() {
    let order = order();
    let run = run(&order, 300, 100);
    let finished = Finished::new(&order, &run, None);
    insta::assert_snapshot!(text(&finished, &Printer::new()), @"
    rate        200/s offered, 200/s sent within the schedule
    requests    400, 300 good
    errors      100 (25 %): 100 timeout

                     p50       p90       p95       p99     p99.9       max
    latency       100 ms       inf       inf       inf       inf       inf
    send lag    50.02 us  50.02 us  50.02 us  50.02 us  50.02 us  50.02 us

    gates       ✓ rate            100 %  at least 99.5 %
                ✓ send-lag     50.02 us  at most 25 ms
                ✓ cpu               1 %  at most 80 %
                ✓ run-queue      0.05 %  at most 10 %
                ✓ littles-law       0 %  at most 7.145 %
                ✓ measured          400  at least 1

    thresholds  ✗ http_req_duration: p(95)<500  inf

    seed        0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef

    ✗ fail: threshold `http_req_duration: p(95)<500` does not hold
    ");
}

#[test]
fn a_run_without_a_good_reply_has_infinite_times_and_no_verdict() {
    let order = order();
    let run = run(&order, 0, 400);
    let finished = Finished::new(&order, &run, None);
    let found = parsed(&finished);
    assert_eq!(found["verdict"], "inconclusive");
    for (name, ..) in QUANTILES {
        assert_eq!(found["latency_ms"][name], "inf", "{name}");
    }
    assert_eq!((&found["error_ratio"], &found["errors_by_kind"]["timeout"]), (&json!(1.0), &json!(400)));
}

#[test]
fn an_interrupted_run_judges_no_threshold() {
    let order = order();
    let mut run = run(&order, 100, 0);
    run.aborted = true;
    run.facts.wall_ns = 500_000_000;
    let finished = Finished::new(&order, &run, Some(Stopped::Interrupted));
    let shown = text(&finished, &Printer::new());
    assert!(shown.contains("ended       after 500 ms of 2 s"), "{shown}");
    assert!(shown.contains("? http_req_duration") && shown.contains("? inconclusive"), "{shown}");
    assert_eq!(parsed(&finished)["thresholds"][0]["judged"], false);
}

#[test]
fn the_threshold_that_ended_a_run_is_the_one_that_is_judged() {
    let words = [
        "--rate",
        "1",
        "--threshold",
        "http_req_duration: med<500",
        "--abort-on-fail",
        "http_req_failed: rate<0.1",
    ];
    let order = order_of(&[words.as_slice(), &["http://127.0.0.1:8080/"]].concat()).unwrap();
    let mut run = run(&order, 10, 10);
    run.aborted = true;
    let finished = Finished::new(&order, &run, Some(Stopped::Threshold(1)));
    let shown = text(&finished, &Printer::new());
    assert!(shown.contains("? http_req_duration: med<500"), "{shown}");
    assert!(shown.contains("✗ http_req_failed: rate<0.1"), "{shown}");
    assert!(
        shown
            .ends_with("✗ fail: threshold `http_req_failed: rate<0.1` does not hold and has ended the run\n"),
        "{shown}"
    );
}

#[test]
fn a_closed_loop_says_that_it_certifies_nothing() {
    let order = order_of(&["--closed", "4", "http://127.0.0.1:8080/"]).unwrap();
    let run = run(&order, 400, 0);
    let finished = Finished::new(&order, &run, None);
    let shown = text(&finished, &Printer::new());
    assert!(shown.contains(CLOSED_NOTE) && !shown.contains("littles-law"), "{shown}");
    assert_eq!(
        (&parsed(&finished)["closed_loop"], &parsed(&finished)["verdict"]),
        (&json!(true), &json!("pass"))
    );
}
