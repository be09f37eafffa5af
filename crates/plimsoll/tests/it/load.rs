//! `plimsoll load` against the demo service, against nothing, and against machines that are not this one.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::world::{PLIMSOLL, World};

/// A server as a process of its own. It ends with the test.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    /// Starts `arguments`, whose first line on stdout is `told` and an address.
    fn start(world: &World, arguments: &[&str], told: &str) -> Self {
        let mut child = world.command(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix(told).unwrap_or_else(|| panic!("{line}"));
        Self { url: format!("http://{address}"), child }
    }

    fn demo(world: &World) -> Self {
        let arguments = ["demo-service", "--listen", "127.0.0.1:0", "--data", "notes.db"];
        Self::start(world, &arguments, "listening on http://")
    }

    fn oracle(world: &World, kind: &str) -> Self {
        Self::start(world, &["oracle", "--kind", kind, "--log", "written.txt"], "listening ")
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Asks it to end, and waits until it has.
    fn end(&mut self) -> Option<i32> {
        signal(&self.child, Signal::TERM);
        self.child.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is not a number"))
}

/// Others share the machine: what asks for a run whose gates hold is tried so often.
const TRIES: usize = 4;

#[test]
fn timing_the_short_form_measures_the_demo_service() {
    let world = World::new();
    let service = Server::demo(&world);
    let url = service.at("/health");
    let arguments = ["load", "--rate", "100", "--duration", "2s", "--warm-up", "200ms", "--json", &url];
    let ran = (0..TRIES).map(|_| world.run(&arguments)).find(|ran| ran.code == 0).expect("no run was a pass");
    let result = ran.json();
    assert_eq!((&result["verdict"], &result["aborted"]), (&"pass".into(), &false.into()));
    for name in ["offered_per_s", "achieved_per_s"] {
        let rate = number(&result[name]);
        assert!((60.0..140.0).contains(&rate), "{name} is {rate}");
    }
    let count = result["count"].as_u64().unwrap();
    assert_eq!(count as f64, number(&result["offered_per_s"]) * 2.0);
    assert_eq!((&result["errors"], &result["error_ratio"]), (&0.into(), &0.0.into()));
    let latency = &result["latency_ms"];
    let quantiles: Vec<f64> =
        ["p50", "p90", "p95", "p99", "p999", "max"].map(|name| number(&latency[name])).into();
    assert!(quantiles.is_sorted() && quantiles[0] > 0.0 && quantiles[5] < 5_000.0, "{quantiles:?}");
    assert!(number(&result["send_lag_ms"]["p999"]) > 0.0);
    let gates = result["gates"].as_array().unwrap();
    let names: Vec<&str> = gates.iter().map(|gate| gate["gate"].as_str().unwrap()).collect();
    assert_eq!(names, ["rate", "send-lag", "cpu", "run-queue", "littles-law", "measured"]);
    assert!(gates.iter().all(|gate| gate["passed"] == true));
    assert_eq!(result["seed"].as_str().unwrap().len(), 64);
}

#[test]
fn timing_a_threshold_that_does_not_hold_is_exit_1_and_named() {
    let world = World::new();
    let service = Server::demo(&world);
    let (url, threshold) = (service.at("/health"), "http_req_duration: p(50)<0.000001");
    let words = ["load", "--rate", "100", "--duration", "2s", "--warm-up", "200ms"];
    // So strict a limit on latency makes the gates strict as well: the error ratio judges without them.
    let ratio = ["--threshold", "http_req_failed: rate>0.5", &url];
    let arguments = [words.as_slice(), &ratio].concat();
    let ran = (0..TRIES).map(|_| world.run(&arguments)).find(|ran| ran.code == 1).expect("no run was a fail");
    assert!(ran.stdout.contains("✗ http_req_failed: rate>0.5"), "{}", ran.stdout);
    assert!(
        ran.stdout.ends_with("✗ fail: threshold `http_req_failed: rate>0.5` does not hold\n"),
        "{}",
        ran.stdout
    );
    // And here the instrument cannot tell: its own lag is larger than a nanosecond's twentieth.
    let ran = world.run(&[words.as_slice(), &["--threshold", threshold, &url]].concat());
    assert_eq!(ran.code, 3, "{}", ran.stdout);
    assert!(ran.stdout.contains("gate send-lag failed"), "{}", ran.stdout);
}

#[test]
fn timing_a_service_that_refuses_everything_is_exit_3_and_infinitely_late() {
    let world = World::new();
    let refusing = Server::oracle(&world, "refuse-all");
    let url = refusing.at("/");
    let ran = world.run(&["load", "--rate", "50", "--duration", "500ms", "--warm-up", "0s", "--json", &url]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    let result = ran.json();
    for name in ["p50", "p90", "p95", "p99", "p999", "max"] {
        assert_eq!(result["latency_ms"][name], "inf", "{name}");
    }
    assert_eq!(result["errors_by_kind"]["connect"], result["count"]);
    assert_eq!((&result["error_ratio"], &result["good"]), (&1.0.into(), &0.into()));
    assert!(result["reasons"][0].as_str().unwrap().contains("no good reply"), "{}", result["reasons"]);
}

#[test]
fn timing_abort_on_fail_ends_the_run_and_can_only_fail() {
    let world = World::new();
    let refusing = Server::oracle(&world, "refuse-all");
    let url = refusing.at("/");
    let words = ["load", "--rate", "50", "--duration", "1h", "--warm-up", "0s", "--json"];
    let ran =
        world.run(&[words.as_slice(), &["--abort-on-fail", "http_req_failed: rate<0.5", &url]].concat());
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let result = ran.json();
    assert_eq!((&result["aborted"], &result["verdict"]), (&true.into(), &"fail".into()));
    assert!(number(&result["duration_s"]) < 10.0, "{}", result["duration_s"]);
}

#[test]
fn timing_an_interrupted_run_prints_what_it_has_and_is_exit_3() {
    let world = World::new();
    let service = Server::demo(&world);
    let url = service.at("/health");
    let mut command =
        world.command(&["load", "--rate", "100", "--duration", "1h", "--warm-up", "0s", "--json", &url]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // The first line says what is about to be done; by then the signal is waited for.
    let mut line = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("100/s (poisson) for"), "{line}");
    std::thread::sleep(std::time::Duration::from_millis(600));
    signal(&child, Signal::INT);
    let mut text = String::new();
    child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(3), "{text}");
    let result: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&result["aborted"], &result["reasons"][0]),
        (&true.into(), &"the run was interrupted".into())
    );
    assert!(result["count"].as_u64().unwrap() > 0);
}

#[test]
fn timing_a_closed_loop_measures_cost_and_says_that_it_certifies_nothing() {
    let world = World::new();
    let service = Server::demo(&world);
    let url = service.at("/health");
    let ran = world.run(&["load", "--closed", "4", "--duration", "500ms", "--warm-up", "0s", &url]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("can never certify anything"), "{}", ran.stdout);
    let ran = world.run(&["load", "--closed", "4", "--threshold", "http_req_failed: rate<1", &url]);
    assert_eq!(ran.code, 2, "a closed loop judged the subject: {}", ran.stdout);
}

#[test]
fn timing_a_subject_file_is_asked_where_it_says() {
    let world = World::new();
    let service = Server::demo(&world);
    world.write(
        "subject.toml",
        &format!(
            "name = \"notes\"\n[target]\nurl = \"{}\"\n[load]\nrate = \"50/s\"\narrivals = \"constant\"\n\
             [[request]]\nmethod = \"PUT\"\npath = \"/notes/n{{seq}}\"\nbody = \"x\"\nexpect = [\"201\"]\n",
            service.url
        ),
    );
    let arguments = [
        "load",
        "--subject",
        "subject.toml",
        "--duration",
        "1s",
        "--warm-up",
        "0s",
        "--hdr-log",
        "windows.hlog",
    ];
    let ran = world.run(&arguments);
    assert!(ran.stdout.contains("requests    50, 50 good"), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("50/s in equal gaps for 1 s"), "{}", ran.stderr);
    let log = fs::read_to_string(world.path("windows.hlog")).unwrap();
    assert_eq!(log.lines().filter(|line| line.starts_with("0.000,1.000,")).count(), 1, "{log}");
    let text = fs::read_to_string(world.path("subject.toml")).unwrap();
    world.write("subject.toml", &text.replace("rate =", "rte ="));
    let ran = world.run(&arguments);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("subject.toml:5:1") && ran.stderr.contains("hint:"), "{}", ran.stderr);
}

#[test]
fn another_machine_is_refused_before_anything_is_sent() {
    // An address of documentation, to which nothing is routed: had it been asked, the answer would be 3, not 2.
    let world = World::new();
    let ran = world.run(&["load", "--rate", "1", "--duration", "100ms", "http://192.0.2.1/"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("not on this machine") && ran.stderr.contains("authorised_by"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_malformed_line_starts_nothing() {
    let world = World::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    for (arguments, told) in [
        (["--rate", "1", "--threshold", "http_req_duration: p(99<500"], "column 3"),
        (["--rate", "1", "--threshold", "http_req_failed: rate<2"], "column 6"),
        (["--rate", "fast", "--duration", "1s"], "100/s"),
        (["--rate", "1", "--duration", "10"], "such as 500ms or 10s"),
        (["--rate", "1", "--header", "host: elsewhere"], "host"),
        (["--rate", "1", "--expect", "good"], "2xx"),
        (["--rate", "0", "--duration", "1s"], "outside"),
        (["--rate", "1", "--seed", "abc"], "64 lower-case hex digits"),
        (["--rate", "1", "--hdr-log", "no/such/folder"], "no/such/folder"),
        (["--rate", "1", "--threshhold", "http_req_failed: rate<1"], "'--threshold'"),
    ] {
        let ran = world.run(&[&["load"], arguments.as_slice(), &[&url]].concat());
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(told), "{arguments:?}: {}", ran.stderr);
    }
    let nobody = listener.accept().unwrap_err();
    assert_eq!(nobody.kind(), std::io::ErrorKind::WouldBlock, "something was sent");
}

/// Runs a command on a terminal of its own, as `script` makes one, and gives what that shows.
fn on_a_terminal(world: &World, line: &str, no_color: &str) -> String {
    let mut script = std::process::Command::new("script");
    script.args(["--quiet", "--return", "--command", &format!("{PLIMSOLL} {line}"), "/dev/null"]);
    script.current_dir(world.folder()).stdin(Stdio::null()).env("NO_COLOR", no_color).env("TERM", "xterm");
    let output = script.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn timing_a_terminal_shows_one_live_line_in_colour_unless_told_otherwise() {
    let world = World::new();
    let server = Server::demo(&world);
    let line = format!("load --closed 1 --duration 1s --warm-up 500ms {}", server.at("/health"));
    let shown = on_a_terminal(&world, &line, "");
    let lives: Vec<&str> = shown.split('\r').filter(|text| text.contains(" s left")).collect();
    assert!(lives.len() >= 4, "{shown:?}");
    assert!(
        lives[0].starts_with("warming up, ") && lives.iter().all(|live| !live.contains('\n')),
        "{lives:?}"
    );
    let last = lives.last().unwrap();
    assert!(last.contains("/s, p50 ") && last.contains(", errors 0, "), "{last:?}");
    assert!(shown.contains("\x1b[32m✓ pass\x1b[0m"), "{shown:?}");
    assert!(!on_a_terminal(&world, &line, "1").contains('\x1b'), "NO_COLOR was not respected");
}

#[test]
fn timing_off_a_terminal_a_line_comes_every_ten_seconds() {
    let world = World::new();
    let server = Server::demo(&world);
    let url = server.at("/health");
    let ran = world.run(&["load", "--rate", "20", "--duration", "11s", "--warm-up", "0s", &url]);
    let lines: Vec<&str> = ran.stderr.lines().collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[1].starts_with("  10 s  ") && lines[1].contains("errors 0, 1 s left"), "{lines:?}");
    assert!(
        !ran.stderr.contains('\r') && !ran.stdout.contains('\x1b'),
        "{ran:?}",
        ran = (ran.stderr, ran.stdout)
    );
}

#[test]
fn a_reader_that_has_gone_is_no_error() {
    let world = World::new();
    let refusing = Server::oracle(&world, "refuse-all");
    let url = refusing.at("/");
    let mut command =
        world.command(&["load", "--rate", "50", "--duration", "100ms", "--warm-up", "0s", "--json", &url]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn timing_calibration_prints_each_error_beside_its_tolerance() {
    let world = World::new();
    let mut ran = world.run(&["load", "calibrate", "--json"]);
    for _ in 1..TRIES {
        if ran.code == 0 {
            break;
        }
        ran = world.run(&["load", "calibrate", "--json"]);
    }
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    let result = ran.json();
    let oracles = result["oracles"].as_array().unwrap();
    let names: Vec<&str> = oracles.iter().map(|oracle| oracle["oracle"].as_str().unwrap()).collect();
    assert_eq!(names, ["constant", "bimodal", "global-stall", "one-percent-errors", "refuse-all", "silent"]);
    for oracle in &oracles[..4] {
        let mut compared: Vec<&str> = Vec::new();
        for found in oracle["quantiles"].as_array().unwrap() {
            assert!(number(&found["error_ns"]) <= number(&found["tolerance_ns"]), "{found}");
            compared.push(found["quantile"].as_str().unwrap());
        }
        // With 1 % failures, chance decides whether p99 is a failure or the slowest of the others.
        let wanted = ["p50", "p90", "p95", "p99", "p99.9"];
        let wanted = wanted.iter().filter(|name| {
            **name != "p99"
                || compared.contains(name)
                || !oracle["oracle"].as_str().unwrap().contains("errors")
        });
        assert!(wanted.eq(&compared), "{oracle}");
    }
    assert!(ran.stderr.contains("[6/6] silent at 500/s"), "{}", ran.stderr);
}

#[test]
fn timing_an_oracle_keeps_a_log_of_what_it_wrote() {
    let world = World::new();
    let mut oracle = Server::oracle(&world, "one-percent-errors");
    let url = oracle.at("/{seq}");
    let ran = world.run(&[
        "load",
        "--rate",
        "500",
        "--arrivals",
        "constant",
        "--duration",
        "1s",
        "--warm-up",
        "0s",
        "--json",
        &url,
    ]);
    assert_eq!(oracle.end(), Some(0));
    let log = fs::read_to_string(world.path("written.txt")).unwrap();
    let lines: Vec<Vec<u64>> =
        log.lines().map(|line| line.split(' ').map(|word| word.parse().unwrap()).collect()).collect();
    let mut numbers: Vec<u64> = lines.iter().map(|line| line[0]).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..500).collect::<Vec<_>>());
    assert!(lines.is_sorted_by_key(|line| line[1]), "the log is in the order of writing");
    let failed = lines.iter().filter(|line| line[2] == 500).count();
    assert_eq!(ran.json()["errors_by_kind"]["status"].as_u64(), Some(failed as u64));
    assert!(failed > 0, "no error was planted");
}
