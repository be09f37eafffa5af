//! Each promise of metrics is broken by itself.

use super::*;

/// What a service with true metrics says after so many requests of each status.
fn text(statuses: &[u64], scrapes: u64) -> String {
    let of = |class: u64| statuses.iter().filter(|status| **status / 100 == class).count() as u64;
    let count = statuses.len() as u64 + scrapes;
    format!(
        "# TYPE r_total counter\nr_total{{status=\"200\"}} {}\nr_total{{status=\"404\"}} {}\n\
         # TYPE d_seconds histogram\nd_seconds_bucket{{le=\"0.1\"}} {count}\nd_seconds_bucket{{le=\"+Inf\"}} {count}\n\
         d_seconds_sum 0.0{count:02}\nd_seconds_count {count}\n",
        of(2) + scrapes,
        of(4),
    )
}

/// What is seen of such a service, whose scrapes count themselves.
pub(crate) fn honest() -> MetricsSeen {
    let mut all = Vec::new();
    let scrapes = moments(true, true).enumerate().map(|(index, moment)| {
        let sent = match moment {
            Moment::First | Moment::Again | Moment::Loaded => Vec::new(),
            Moment::Unknown | Moment::Failing => vec![404; SENT_MIN],
            Moment::Own | Moment::Unloaded | Moment::Paused => vec![200; SENT_MIN],
        };
        all.extend(&sent);
        let text = text(&all, index as u64);
        Scrape { moment, sent, sent_ns: 20_000_000, took_ns: 1_000_000, status: Some(200), text }
    });
    MetricsSeen {
        requests: "r_total".into(),
        failures: Some("r_total{status=~\"4..\"}".into()),
        duration: Some("d_seconds".into()),
        scrapes: scrapes.collect(),
    }
}

/// What is said when all is true but for one thing.
fn said(change: impl FnOnce(&mut MetricsSeen)) -> Vec<String> {
    let mut seen = honest();
    change(&mut seen);
    let bad = cases(&seen, true)
        .unwrap()
        .into_iter()
        .filter_map(|case| Some(format!("{}: {}", case.case, case.problem?)));
    bad.collect()
}

fn replace(seen: &mut MetricsSeen, index: usize, from: &str, to: &str) {
    let text = seen.scrapes[index].text.replacen(from, to, 1);
    assert_ne!(text, seen.scrapes[index].text, "{from} in {text}");
    seen.scrapes[index].text = text;
}

#[test]
fn metrics_that_are_true_are_good() {
    assert_eq!(said(|_| ()), [""; 0]);
    assert_eq!(cases(&honest(), true).unwrap().len(), 13);
    assert_eq!(said(|seen| seen.duration = None), [""; 0]);
}

#[test]
fn a_counter_that_is_off_by_one_is_found() {
    // Own requests, from 1 to 11; all that follow are as they were.
    assert_eq!(
        said(|seen| replace(seen, 2, "status=\"200\"} 12", "status=\"200\"} 11")),
        [
            "the counter of requests after its own requests: rose by 9 for 10 requests",
            "the counter of requests after requests for a path that is not there: rose by 11 for 10 requests"
        ]
    );
    assert_eq!(
        said(|seen| replace(seen, 7, "status=\"404\"} 20", "status=\"404\"} 20.5")),
        ["the counter of requests after it stood still: rose by 10.5 for 10 requests"]
    );
}

/// Whether this is said of it, beside other things.
fn says(change: impl FnOnce(&mut MetricsSeen), words: &str) {
    let all = said(change);
    assert!(all.iter().any(|line| line == words), "{words}\n{all:#?}");
}

#[test]
fn what_is_not_counted_as_what_it_is_is_found() {
    says(
        |seen| (4..8).for_each(|index| replace(seen, index, "status=\"404\"} 20", "status=\"404\"} 10")),
        "the counter of failures after requests that fail: rose by 0 for 10 requests",
    );
    assert_eq!(
        said(|seen| seen.failures = Some("r_total".into())),
        ["the counter of failures after its own requests: rose by 10 where 0 failed"]
    );
    assert_eq!(
        said(|seen| seen.scrapes[4].sent[3] = 200),
        ["the counter of failures after requests that fail: 200 is no failure"]
    );
    says(
        |seen| seen.requests = "another_total".into(),
        "the counter of requests after load: rose by 0 for 10 requests",
    );
}

#[test]
fn what_counts_may_not_fall_or_go_away() {
    says(
        |seen| replace(seen, 5, "status=\"404\"} 20", "status=\"404\"} 19"),
        "what counts never falls: r_total{status=\"404\"}, which was 20, fell amid load",
    );
    says(
        |seen| replace(seen, 7, "r_total{status=\"404\"} 20\n", ""),
        "what counts never falls: r_total{status=\"404\"}, which was 20, is gone after it stood still",
    );
    says(
        |seen| replace(seen, 1, "status=\"200\"} 1", "status=\"200\"} 3"),
        "the counter of requests while nothing is sent: rose by 3 though nothing was sent",
    );
}

#[test]
fn durations_are_those_of_the_requests() {
    let count =
        |seen: &mut MetricsSeen| seen.scrapes[7].text = seen.scrapes[7].text.replace(" 57\n", " 56\n");
    assert_eq!(said(count), ["the number of durations: rose by 49 for 50 requests"]);
    assert_eq!(
        said(|seen| replace(seen, 7, "d_seconds_sum 0.057", "d_seconds_sum 57")),
        ["the sum of durations: rose by 57 s, and clients waited for 0.168 s"]
    );
    says(
        |seen| replace(seen, 7, "d_seconds_sum 0.057", "d_seconds_sum 0.0"),
        "the sum of durations: no time passed in all that was asked",
    );
    says(
        |seen| replace(seen, 7, "d_seconds_sum 0.057", "d_seconds_sum NaN"),
        "the sum of durations: it cannot be read",
    );
}

#[test]
fn what_is_not_served_or_cannot_be_read_is_said() {
    says(|seen| seen.scrapes[5].status = None, "metrics are served: nothing amid load");
    says(|seen| seen.scrapes[7].status = Some(503), "metrics are served: 503 after it stood still");
    says(
        |seen| replace(seen, 3, "# TYPE r_total counter", "# TYPE r_total number"),
        "the format of metrics: after requests for a path that is not there, line 1: \"number\" is no type",
    );
    says(
        |seen| replace(seen, 3, "# TYPE r_total counter", "# TYPE r_total number"),
        "the counter of requests after requests for a path that is not there: it cannot be read",
    );
}

#[test]
fn what_was_not_tried_shows_nothing() {
    let whole = |has_process, change: &dyn Fn(&mut MetricsSeen)| {
        let mut seen = honest();
        change(&mut seen);
        cases(&seen, has_process).is_some()
    };
    assert!(whole(true, &|_| ()));
    assert!(!whole(false, &|_| ()), "what is known by URL cannot be made to stand still");
    assert!(whole(false, &|seen| drop(seen.scrapes.pop())));
    assert!(!whole(true, &|seen| seen.failures = None), "requests failed that nobody speaks of");
    assert!(!whole(true, &|seen| drop(seen.scrapes.remove(1))));
    assert!(!whole(true, &|seen| seen.scrapes[2].sent.truncate(SENT_MIN - 1)));
    assert!(!whole(true, &|seen| seen.scrapes[1].sent.push(200)));
    assert!(!whole(true, &|seen| seen.requests = "sum(r_total)".into()));
    assert!(!whole(true, &|seen| seen.duration = Some(String::new())));
}
