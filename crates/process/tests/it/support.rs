//! Looks at processes from outside, with no help from the crate under test.

use std::time::{Duration, Instant};

use plimsoll_process::{Child, Spec};

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn shell(script: &str) -> Spec {
    Spec::new("sh", ["-c", script])
}

/// Waits until `condition` holds; panics when it never does.
#[expect(clippy::disallowed_methods, reason = "a test's patience is real time")]
pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !condition() {
        assert!(begin.elapsed() < PATIENCE, "never happened: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The state letter of a process, `None` if it is gone or has only to be waited for.
pub(crate) fn state(pid: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let state = stat.rsplit_once(") ").unwrap().1.chars().next().unwrap();
    (state != 'Z').then_some(state)
}

pub(crate) fn is_alive(pid: u32) -> bool {
    state(pid).is_some()
}

/// Starts a script and waits until it has written `count` lines.
pub(crate) fn start_and_hear(script: &str, count: usize) -> (Child, Vec<String>) {
    let child = Child::start(&shell(script)).unwrap();
    eventually("the script speaks", || child.output().lines().count() >= count);
    let lines = child.output().lines().map(str::to_owned).collect();
    (child, lines)
}

pub(crate) fn pids(lines: &[String]) -> Vec<u32> {
    lines.iter().flat_map(|line| line.split(' ')).map(|word| word.parse().unwrap()).collect()
}
