//! What happens to programs when the process that started them is ended.

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::support::{eventually, is_alive, pids};

/// A program that starts a family of three, and their process ids, the leader's last.
struct Actor {
    process: Child,
    family: Vec<u32>,
}

impl Actor {
    fn start(mode: &str) -> Self {
        Self::started_by(Command::new(actor()).arg(mode))
    }

    fn started_by(command: &mut Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let family = pids(&[line.trim().to_owned()]);
        assert_eq!(family.len(), 3);
        assert!(family.iter().all(|&pid| is_alive(pid)));
        Self { process, family }
    }

    fn send(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.process.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    fn survivors(&self) -> Vec<u32> {
        self.family.iter().copied().filter(|&pid| is_alive(pid)).collect()
    }
}

pub(crate) fn actor() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    tests.parent().unwrap().parent().unwrap().join("examples/actor")
}

impl Drop for Actor {
    fn drop(&mut self) {
        for pid in self.survivors() {
            let _ = Command::new("kill").args(["-9", &pid.to_string()]).status();
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_program_dies_with_the_process_that_started_it() {
    let mut actor = Actor::start("wait");
    let leader = actor.family[2];
    actor.send("-KILL");
    actor.process.wait().unwrap();
    eventually("the kernel kills the program", || !is_alive(leader));
}

#[test]
fn asked_once_a_polite_program_leaves_by_itself_and_leaves_nothing() {
    for signal in ["-INT", "-TERM", "-HUP", "-QUIT"] {
        let mut actor = Actor::start("polite");
        actor.send(signal);
        assert_eq!(actor.process.wait().unwrap().code(), Some(0));
        assert_eq!(actor.survivors(), []);
    }
}

#[test]
fn asked_twice_even_a_stubborn_program_leaves_and_leaves_nothing() {
    for (signal, number) in [("-INT", 2), ("-TERM", 15), ("-HUP", 1), ("-QUIT", 3)] {
        let folder = tempfile::tempdir().unwrap();
        let litter = folder.path().join("litter");
        std::fs::create_dir_all(litter.join("below")).unwrap();
        let mut actor = Actor::started_by(Command::new(actor()).arg("stubborn").arg(&litter));
        actor.send(signal);
        std::thread::sleep(std::time::Duration::from_millis(100));
        assert!(actor.process.try_wait().unwrap().is_none(), "left at the first signal");
        actor.send(signal);
        assert_eq!(actor.process.wait().unwrap().signal(), Some(number));
        assert_eq!(actor.survivors(), []);
        assert!(!litter.exists(), "the litter is still there");
    }
}

#[test]
fn a_hang_up_that_the_starter_switched_off_stays_so() {
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' HUP; exec \"$0\" polite"]).arg(actor());
    let mut actor = Actor::started_by(&mut command);
    actor.send("-HUP");
    std::thread::sleep(std::time::Duration::from_millis(100));
    assert!(actor.process.try_wait().unwrap().is_none(), "left at a signal that is switched off");
    actor.send("-TERM");
    assert_eq!(actor.process.wait().unwrap().code(), Some(0));
}
