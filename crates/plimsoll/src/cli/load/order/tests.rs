use super::*;
use crate::cli::load::testing::order_of;

const URL: &str = "http://127.0.0.1:8080/notes/n{seq}";

fn order(words: &[&str]) -> Order {
    order_of(&[words, &[URL]].concat()).unwrap()
}

/// Why a command line is refused; every refusal has a hint.
fn refusal(words: &[&str]) -> String {
    let failure = order_of(words).unwrap_err();
    assert_eq!(failure.kind, Kind::Invalid, "{failure:?}");
    format!("{} | {}", failure.message, failure.hint.expect("a hint"))
}

fn subject(target: &str, load: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    let text = format!("name = \"a\"\n[target]\n{target}\n[load]\n{load}\n[[request]]\npath = \"/a\"\n");
    std::fs::write(file.path(), text).unwrap();
    file
}

fn of_subject(file: &tempfile::NamedTempFile, words: &[&str]) -> Result<Order, Failure> {
    order_of(&[&["--subject", file.path().to_str().unwrap()], words].concat())
}

#[test]
fn a_url_and_a_rate_are_enough() {
    let plan = order(&["--rate", "100/s"]).plan;
    assert_eq!((plan.address.to_string().as_str(), plan.host.as_str()), ("127.0.0.1:8080", "127.0.0.1:8080"));
    assert_eq!(plan.schedule.pacing, Pacing::Poisson { rate_per_ks: 100_000 });
    assert_eq!((plan.schedule.duration_ns, plan.warm_up_ns), (10_000_000_000, 1_000_000_000));
    assert_eq!(plan.requests, [Request::get("/notes/n{seq}")]);
    let again = order(&["--rate", "100"]);
    assert_ne!(plan.schedule.seed, again.plan.schedule.seed, "each run has a seed of its own");
    assert_ne!(again.plan.schedule.seed, [0; 32]);
}

#[test]
fn every_flag_reaches_the_plan() {
    let seed = "ab".repeat(32);
    let words =
        ["--rate", "5", "--arrivals", "constant", "--connections", "7", "--timeout", "2s", "--warm-up"];
    let more = ["0s", "--header", "a: b:c", "--body", "x", "--expect", "2xx,404", "--seed", &seed];
    let Order { plan, .. } = order(&[words.as_slice(), &more].concat());
    assert_eq!(plan.schedule.pacing, Pacing::Constant { rate_per_ks: 5_000 });
    assert_eq!((plan.connections_max, plan.timeout_ns, plan.warm_up_ns), (7, 2_000_000_000, 0));
    assert_eq!(plan.schedule.seed, [0xab; 32]);
    let [request] = plan.requests.as_slice() else { panic!("{:?}", plan.requests) };
    assert_eq!((request.method.as_str(), request.body.as_slice()), ("POST", b"x".as_slice()));
    assert_eq!(request.headers, [("a".to_owned(), "b:c".to_owned())]);
    assert!(request.expect.contains(404) && !request.expect.contains(301));
}

#[test]
fn a_body_may_lie_in_a_file() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), b"\x00\xff").unwrap();
    let at = format!("@{}", file.path().display());
    let plan = order(&["--rate", "5", "--method", "PUT", "--body", &at]).plan;
    assert_eq!(
        (plan.requests[0].method.as_str(), plan.requests[0].body.as_slice()),
        ("PUT", b"\x00\xff".as_slice())
    );
}

#[test]
fn thresholds_that_may_end_a_run_say_so() {
    let words = ["--rate", "5", "--threshold", "http_req_duration:p(99)<500", "--delay-abort-eval", "2s"];
    let thresholds =
        order(&[words.as_slice(), &["--abort-on-fail", "http_req_failed: rate<0.5"]].concat()).thresholds;
    let told: Vec<_> = thresholds.iter().map(|t| (t.abort_on_fail, t.delay_abort_eval_ns)).collect();
    assert_eq!(told, [(false, 0), (true, 2_000_000_000)]);
}

#[test]
fn what_is_missing_or_malformed_is_said_with_a_hint() {
    insta::assert_snapshot!(refusal(&["--rate", "1"]), @"there is nothing to send load to | give a URL, or --subject SUBJECT.toml");
    insta::assert_snapshot!(refusal(&[URL]), @"how much load is not said | give a rate: --rate 100");
    insta::assert_snapshot!(refusal(&["--rate", "1", "--header", "nonsense", URL]), @"`nonsense` is not a header | write it as 'name: value'");
    insta::assert_snapshot!(refusal(&["--rate", "1", "--threshold", "p(99)<500", URL]), @"threshold `p(99)<500` names no metric | write it as 'http_req_duration: p(99)<500' or 'http_req_failed: rate<0.01'");
    insta::assert_snapshot!(refusal(&["--rate", "1", "--threshold", "http_req_duration: p(99<500", URL]), @"threshold `p(99<500`, column 3: `)` is missing | write a quantile as p(N) with N between 0 and 100, such as p(99.9)");
    insta::assert_snapshot!(refusal(&["--rate", "1", "--threshold", "latency: p(99)<500", URL]), @"threshold `latency`, column 1: this metric is not known | the metrics are http_req_duration and http_req_failed");
    insta::assert_snapshot!(refusal(&["--rate", "1", "http://192.0.2.1/"]), @"the target 192.0.2.1:80 is not on this machine | its owner must allow it: write `authorised_by` and `rate_cap` in [target] of a subject file and give that with --subject");
    insta::assert_snapshot!(refusal(&["--rate", "1", "https://127.0.0.1/"]), @"`https://127.0.0.1/` is https | until the next instrument release only http is measured: give the service's own http address");
}

#[test]
fn a_subject_file_tells_target_and_load() {
    let file = subject(
        "url = \"http://127.0.0.1:81\"",
        "rate = \"30/s\"\narrivals = \"constant\"\ntimeout = \"3s\"",
    );
    let plan = of_subject(&file, &[]).unwrap().plan;
    assert_eq!(
        (plan.host.as_str(), plan.requests.as_slice()),
        ("127.0.0.1:81", [Request::get("/a")].as_slice())
    );
    assert_eq!(plan.schedule.pacing, Pacing::Constant { rate_per_ks: 30_000 });
    assert_eq!(plan.timeout_ns, 3_000_000_000);
    let plan = of_subject(&file, &["--rate", "7", "--arrivals", "poisson"]).unwrap().plan;
    assert_eq!(plan.schedule.pacing, Pacing::Poisson { rate_per_ks: 7_000 });
}

#[test]
fn another_machine_needs_its_owners_word_and_keeps_his_cap() {
    let url = "url = \"http://192.0.2.1\"";
    let refused = of_subject(&subject(url, "rate = \"5/s\""), &[]).unwrap_err();
    assert!(refused.message.contains("not on this machine"), "{refused:?}");
    let allowed = format!("{url}\nauthorised_by = \"Ann, 2026-11-01\"\nrate_cap = \"10/s\"");
    let file = subject(&allowed, "rate = \"5/s\"");
    assert_eq!(of_subject(&file, &["--rate", "10"]).unwrap().plan.schedule.rate_per_ks(), 10_000);
    for words in [["--rate", "10.1"], ["--closed", "1"]] {
        let refused = of_subject(&file, &words).unwrap_err();
        assert!(refused.message.contains("rate_cap"), "{refused:?}");
    }
}

#[test]
fn a_port_that_is_drawn_later_cannot_be_asked_now() {
    let file = subject(
        "url = \"http://127.0.0.1:{port}\"",
        "rate = \"5/s\"\n[start]\ncommand = [\"serve\", \"{port}\"]",
    );
    let refused = of_subject(&file, &[]).unwrap_err();
    assert!(refused.message.contains("the port is drawn") && refused.hint.is_some(), "{refused:?}");
}

#[test]
fn what_is_about_to_be_done_is_one_line() {
    insta::assert_snapshot!(order(&["--rate", "100"]), @"GET http://127.0.0.1:8080/notes/n{seq}: 100/s (poisson) for 10 s after 1 s of warm-up");
    insta::assert_snapshot!(order(&["--closed", "8", "--warm-up", "0s", "--duration", "500ms"]), @"GET http://127.0.0.1:8080/notes/n{seq}: 8 connections in a closed loop for 500 ms");
}
