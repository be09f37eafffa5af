//! The question for a passphrase, on a terminal.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use crate::world::{PLIMSOLL, World, notes_started_by};

const CTRL_C: &[u8] = b"\x03";

/// Runs a command on a terminal of its own, types `keys` at its question, and returns what the terminal showed: then
/// `code=` and the exit code, and how the terminal was left.
fn at_the_prompt(world: &World, arguments: &str, keys: &[u8]) -> String {
    // The shell gets the signal too, and shall live to tell.
    let line = format!("trap : INT; {PLIMSOLL} {arguments}; echo code=$?; stty -a");
    let mut command = Command::new("timeout");
    command.args(["20", "script", "--quiet", "--command", &line, "/dev/null"]).current_dir(world.folder());
    command.env("XDG_STATE_HOME", world.path("state")).env("SHELL", "/bin/sh").env("NO_COLOR", "1");
    let mut terminal = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut output = terminal.stdout.take().unwrap();
    let mut shown = Vec::new();
    while !String::from_utf8_lossy(&shown).contains("passphrase for") {
        let mut byte = [0];
        assert_eq!(output.read(&mut byte).unwrap(), 1, "no question: {}", String::from_utf8_lossy(&shown));
        shown.push(byte[0]);
    }
    let mut stdin = terminal.stdin.take().unwrap();
    stdin.write_all(keys).unwrap();
    output.read_to_end(&mut shown).unwrap();
    terminal.wait().unwrap();
    String::from_utf8_lossy(&shown).into_owned()
}

fn assert_interrupted(shown: &str) {
    assert!(shown.contains("error: interrupted") && shown.contains("code=5"), "{shown}");
    assert!(
        shown.contains(" echo ") && !shown.contains(" -echo "),
        "the terminal shows nothing any more: {shown}"
    );
}

#[test]
fn ctrl_c_at_the_question_for_a_new_passphrase_ends_at_once() {
    let world = World::new();
    assert_interrupted(&at_the_prompt(&world, "keys new me", CTRL_C));
    assert!(world.run(&["keys", "list"]).stdout.contains("no keys yet"));
}

#[test]
fn ctrl_c_at_the_question_for_a_passphrase_ends_at_once() {
    let world = World::with_key();
    world.write("subject.toml", &notes_started_by("exec $SERVE"));
    assert_interrupted(&at_the_prompt(&world, "certify subject.toml --profile quick", CTRL_C));
    assert!(!world.path("certificates").exists());
}

#[test]
fn a_passphrase_that_is_typed_is_taken_and_not_shown() {
    let world = World::with_key();
    world.write("subject.toml", &notes_started_by("exec $SERVE"));
    let shown = at_the_prompt(&world, "certify subject.toml --profile quick", b"a wrong passphrase\n");
    assert!(shown.contains("code=") && !shown.contains("code=5"), "{shown}");
    assert!(!shown.contains("a wrong passphrase"), "{shown}");
}
