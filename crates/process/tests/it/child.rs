//! What a `Child` promises while this process lives.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;

use plimsoll_process::{
    Child, Error, Exit, Signal, Spec, adopt_orphans, free_port, is_listened_at, monotonic_ns, run,
};

use crate::support::{eventually, is_alive, pids, shell, start_and_hear, state};

const SECOND_NS: u64 = 1_000_000_000;

#[test]
fn output_is_merged_in_the_order_of_writing_and_its_end_is_kept() {
    let script = "for i in 1 2 3; do echo out $i; echo err $i >&2; done; exit 7";
    let mut child = Child::start(&shell(script)).unwrap();
    assert_eq!(child.wait_exit(20 * SECOND_NS).unwrap(), Some(Exit::Code(7)));
    assert_eq!(child.output(), "out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n");

    let mut child = Child::start(&shell("seq 1 200000; echo the end")).unwrap();
    child.wait_exit(20 * SECOND_NS).unwrap().unwrap();
    let output = child.output();
    assert_eq!(output.len(), 64 * 1024);
    assert!(output.ends_with("199999\n200000\nthe end\n"));
}

#[test]
fn a_program_sees_only_the_environment_that_is_promised() {
    // Cargo's variables are set here, so a leak would show.
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
    let directory = tempfile::tempdir().unwrap();
    let spec = Spec {
        env: vec![("ANSWER".into(), "42".into()), ("LANG".into(), "C".into())],
        working_dir: Some(directory.path().to_owned()),
        ..shell("env; pwd")
    };
    let answer = String::from_utf8(run(&spec, 20 * SECOND_NS).unwrap().stdout).unwrap();
    let (directory_line, variables) = {
        let mut lines: Vec<&str> = answer.lines().collect();
        (lines.pop().unwrap(), lines)
    };
    assert_eq!(directory_line, directory.path().to_str().unwrap());
    assert!(variables.contains(&"ANSWER=42") && variables.contains(&"LANG=C"));
    // A shell sets PWD, OLDPWD, SHLVL and _ itself.
    let allowed = [
        "PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "USER", "LOGNAME", "ANSWER", "PWD", "OLDPWD",
        "SHLVL", "_",
    ];
    for line in variables {
        let name = line.split('=').next().unwrap();
        assert!(allowed.contains(&name), "{name} leaked");
    }
}

/// A web server of Python's, at `address`, started by `start`, a shell line in which `$SERVE` runs it.
fn web_server(address: SocketAddr, start: &str) -> Child {
    let serve = format!("python3 -m http.server {} --bind {}", address.port(), address.ip());
    let child = Child::start(&shell(&start.replace("$SERVE", &serve))).unwrap();
    eventually("the server listens", || is_listened_at(address));
    child
}

#[test]
fn who_listens_at_an_address_is_known() {
    adopt_orphans().unwrap();
    for start in ["exec $SERVE", "$SERVE & wait", "(setsid $SERVE &); sleep 300"] {
        let address = free_port().unwrap();
        let server = web_server(address, start);
        assert!(!server.is_impersonated_at(address).unwrap(), "{start}: its own server is a stranger");
        let another = Child::start(&shell("sleep 300")).unwrap();
        assert!(another.is_impersonated_at(address).unwrap(), "{start}: a stranger is its own server");
        assert!(!another.is_impersonated_at(free_port().unwrap()).unwrap(), "nobody is a stranger");
    }
}

#[test]
fn identity_and_times_are_those_of_the_process() {
    let before_ns = monotonic_ns();
    let (child, lines) = start_and_hear("cat /proc/$$/stat; exec sleep 300", 1);
    let stat: Vec<&str> = lines[0].rsplit_once(") ").unwrap().1.split(' ').collect();
    let pid = child.pid().to_string();
    assert_eq!((stat[2], stat[3]), (pid.as_str(), pid.as_str()), "group and session are its own");
    assert_eq!(stat[19], child.started_ticks().to_string());
    assert!((before_ns..monotonic_ns()).contains(&child.started_monotonic_ns()));
    assert!(child.is_running());
}

#[test]
fn stop_is_graceful_where_the_program_is() {
    let (mut child, _) =
        start_and_hear("trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.01; done", 1);
    let report = child.stop(Signal::Term, 20 * SECOND_NS).unwrap();
    assert_eq!((report.exit, report.killed), (Exit::Code(3), false));
    assert_eq!(report.stragglers, []);
    assert!(report.took_ns > 0 && report.took_ns < 20 * SECOND_NS);
    assert_eq!(child.output(), "ready\nbye\n");
    assert!(!child.is_running());
}

#[test]
fn a_program_that_ignores_the_signal_is_killed_after_its_grace() {
    let (mut child, _) = start_and_hear("trap '' TERM; echo ready; while :; do sleep 0.01; done", 1);
    let pid = child.pid();
    let report = child.stop(Signal::Term, SECOND_NS / 5).unwrap();
    assert_eq!((report.exit, report.killed), (Exit::Signal(9), true));
    assert!(report.took_ns >= SECOND_NS / 5);
    assert!(!is_alive(pid));
}

#[test]
fn a_stopped_program_can_still_be_ended() {
    let (mut child, lines) = start_and_hear("sleep 300 & echo $!; echo $$; wait", 2);
    child.signal_all(Signal::Stop).unwrap();
    for pid in pids(&lines) {
        eventually("all are stopped", || state(pid) == Some('T'));
    }
    assert!(child.is_running(), "stopped is not ended");
    child.signal_all(Signal::Cont).unwrap();
    for pid in pids(&lines) {
        eventually("all go on", || state(pid) == Some('S'));
    }
    child.signal_all(Signal::Stop).unwrap();
    eventually("it is stopped", || state(child.pid()) == Some('T'));
    assert!(child.stop(Signal::Term, SECOND_NS / 10).unwrap().killed);
    assert!(pids(&lines).iter().all(|&pid| !is_alive(pid)));
}

#[test]
fn what_is_left_behind_is_reported_and_ended_even_behind_a_double_fork() {
    adopt_orphans().unwrap();
    let script = "(setsid sh -c 'echo $$; exec sleep 300' &); sleep 300 & echo $!; trap 'exit 0' TERM; \
                  while :; do sleep 0.01; done";
    let (mut child, lines) = start_and_hear(script, 2);
    let mut expected = pids(&lines);
    expected.sort_unstable();
    let report = child.stop(Signal::Term, 20 * SECOND_NS).unwrap();
    let mut found: Vec<u32> = report.stragglers.iter().map(|straggler| straggler.pid).collect();
    found.sort_unstable();
    assert_eq!(found, expected);
    assert!(report.stragglers.iter().all(|straggler| straggler.name == "sleep"));
    assert!(expected.iter().all(|&pid| !is_alive(pid)));
}

#[test]
fn one_program_is_not_ended_with_another_one() {
    adopt_orphans().unwrap();
    let (other, others) = start_and_hear("sleep 300 & echo $!; echo $$; wait", 2);
    let (mut child, _) = start_and_hear("sleep 300 & echo $!; exec sleep 300", 1);
    child.stop(Signal::Kill, 20 * SECOND_NS).unwrap();
    assert!(pids(&others).iter().all(|&pid| is_alive(pid)));
    drop(other);
    assert!(pids(&others).iter().all(|&pid| !is_alive(pid)));
}

#[test]
fn a_crash_ends_all_at_once_and_leaves_no_stragglers_to_report() {
    let (mut child, lines) = start_and_hear("sleep 300 & echo $!; echo $$; wait", 2);
    let report = child.stop(Signal::Kill, 20 * SECOND_NS).unwrap();
    assert_eq!((report.exit, report.stragglers), (Exit::Signal(9), vec![]));
    assert!(pids(&lines).iter().all(|&pid| !is_alive(pid)));
}

#[test]
fn a_family_that_keeps_forking_is_ended_whole() {
    let script = "spawn() { i=0; while [ $i -lt 150 ]; do setsid sleep 300 & i=$((i+1)); done; }; \
                  echo ready; spawn & spawn; wait";
    adopt_orphans().unwrap();
    let (mut child, _) = start_and_hear(script, 1);
    child.stop(Signal::Kill, 20 * SECOND_NS).unwrap();
    let resources = child.resources().unwrap();
    assert_eq!(resources.processes, 0);
}

#[test]
fn a_program_that_dies_midway_leaves_its_last_words() {
    let mut child = Child::start(&shell("echo 'fatal: no disk' >&2; kill -9 $$")).unwrap();
    eventually("it dies", || !child.is_running());
    assert_eq!(child.try_exit().unwrap(), Some(Exit::Signal(9)));
    assert_eq!(child.output(), "fatal: no disk\n");
    assert_eq!(child.stop(Signal::Term, 0).unwrap().exit, Exit::Signal(9));
}

#[test]
fn waiting_ends_at_its_limit() {
    let mut child = Child::start(&Spec::new("sleep", ["300"])).unwrap();
    let before_ns = monotonic_ns();
    assert_eq!(child.wait_exit(SECOND_NS / 10).unwrap(), None);
    assert!(monotonic_ns() - before_ns >= SECOND_NS / 10);
}

#[test]
fn dropping_ends_everything() {
    let (child, lines) = start_and_hear("sleep 300 & echo $!; echo $$; wait", 2);
    drop(child);
    assert!(pids(&lines).iter().all(|&pid| !is_alive(pid)));
}

#[test]
fn a_program_that_cannot_start_says_why() {
    let error = Child::start(&Spec::new("no-such-program-here", [""; 0])).unwrap_err();
    assert!(matches!(&error, Error::Start { program, .. } if program == "no-such-program-here"));
    assert!(error.hint().unwrap().contains("PATH"));
    assert_eq!(error.kind(), plimsoll_base::Kind::Unavailable);

    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o644)).unwrap();
    let error = Child::start(&Spec::new(file.path().to_str().unwrap(), [""; 0])).unwrap_err();
    assert_eq!(error.hint(), Some("the file must be executable"));
}

#[test]
fn resources_are_those_of_the_whole_family() {
    let (child, _) = start_and_hear("sleep 300 & echo ready; while :; do :; done", 1);
    let first = child.resources().unwrap();
    assert_eq!((first.processes, first.threads), (2, 2));
    assert!(first.rss_bytes > 500_000, "{first:?}");
    assert!(first.fds >= 6, "{first:?}");
    eventually("a busy loop uses the processor", || {
        child.resources().unwrap().cpu_ns >= first.cpu_ns + 50_000_000
    });
}

#[test]
fn an_answer_is_taken_whole_or_not_at_all() {
    let finished = run(&shell("echo answer; echo complaint >&2; exit 4"), 20 * SECOND_NS).unwrap();
    assert_eq!((finished.exit, finished.stdout.as_slice()), (Exit::Code(4), b"answer\n".as_slice()));
    assert_eq!(finished.stderr, "complaint\n");

    let error = run(&Spec::new("sleep", ["300"]), SECOND_NS / 10).unwrap_err();
    assert!(matches!(error, Error::Timeout { limit_ms: 100, .. }));
    let error = run(&Spec::new("head", ["-c", "9000000", "/dev/zero"]), 20 * SECOND_NS).unwrap_err();
    assert!(matches!(error, Error::Flood { .. }));
}
