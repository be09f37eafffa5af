//! In a container entered from outside, the session of this process has no number that can be seen from within.

use std::process::Command;

#[test]
fn needs_pidns_programs_are_watched_and_ended_where_our_session_cannot_be_seen() {
    for test in [
        "child::what_is_left_behind_is_reported_and_ended_even_behind_a_double_fork",
        "child::one_program_is_not_ended_with_another_one",
        "child::dropping_ends_everything",
    ] {
        let mut command = Command::new("unshare");
        command.args(["--pid", "--fork", "--mount-proc", "--kill-child"]);
        let ran = command.arg(std::env::current_exe().unwrap()).args(["--exact", test]).output().unwrap();
        let printed = String::from_utf8_lossy(&ran.stdout);
        assert!(ran.status.success() && printed.contains("1 passed"), "{test}: {printed}");
    }
}
