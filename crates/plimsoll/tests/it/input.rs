//! What people name wrongly: exit 2, the file and key that is meant, and each word once.

use std::fs;

use crate::golden::golden;
use crate::world::{World, notes_started_by, profile};

/// What is named, and what must be said of it.
fn refused(world: &World, arguments: &[&str], told: &str) {
    let ran = world.run(arguments);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{arguments:?}: {}", ran.stderr);
    assert!(ran.stderr.contains(told), "{arguments:?}: {told:?} is not in\n{}", ran.stderr);
}

#[test]
fn a_subject_file_that_cannot_be_used_is_named() {
    let world = World::with_key();
    fs::write(world.path("latin.toml"), b"name = \"a\"\nversion = \"\xe9\"\n").unwrap();
    let subject = notes_started_by("exec $SERVE");
    world.write("artifact.toml", &subject.replace("[start]", "[source]\nartifacts = [\"gone\"]\n[start]"));
    world.write("git.toml", &subject.replace("[start]", "[source]\ngit = \"gone\"\n[start]"));
    world.write("plain.toml", &subject.replace("[start]", "[source]\ngit = \".\"\n[start]"));
    for (subject, told) in [
        ("latin.toml", "latin.toml:2: not text in UTF-8"),
        (".", "reading .: Is a directory"),
        ("none.toml", "reading none.toml: No such file"),
        ("artifact.toml", "source.artifacts: "),
        ("git.toml", "there is no such folder"),
        ("plain.toml", "not a git repository"),
    ] {
        refused(&world, &["certify", subject, "--passphrase-file", "passphrase"], told);
    }
    refused(&world, &["certify", "artifact.toml", "--profile", "none"], "profile `none`: reading ");
}

#[test]
fn what_verify_compares_with_must_be_there() {
    let world = World::new();
    let certificate = golden("v1");
    let certificate = certificate.to_str().unwrap();
    for (option, value, told) in [
        ("--after", "none", "none is not a folder"),
        ("--subject", "none", "--subject: none: No such file"),
        ("--issuer", ".", "reading .: Is a directory"),
        ("--issuer", "none", "reading none: No such file"),
    ] {
        refused(&world, &["verify", certificate, option, value], told);
    }
}

#[test]
fn a_url_is_told_of_as_it_was_typed() {
    let world = World::with_key();
    for (url, told) in [
        ("ftp://127.0.0.1/", "`ftp://127.0.0.1/` is not an http URL"),
        ("127.0.0.1:80", "`127.0.0.1:80` is not an http URL"),
        ("http://0.0.0.0/", "--url: `url` names 0.0.0.0"),
    ] {
        refused(&world, &["certify", "--url", url, "--plan"], told);
    }
    for url in ["http://127.0.0.1:8080?x=1", "HTTP://localhost/a?b=c"] {
        let ran = world.run(&["certify", "--url", url, "--plan"]);
        assert_eq!(ran.code, 0, "{url}: {}", ran.stderr);
    }
}

#[test]
fn a_load_that_cannot_be_run_is_refused_before_it_is_announced() {
    let world = World::new();
    for (arguments, told) in [
        (["--rate", "0"], "error: the rate is 0/s, outside 0.001/s to "),
        (["--timeout", "0s"], "error: the timeout is 0 ns, outside 1 ms to 10 min\n"),
        (["--rate", "-1"], "this is not a rate such as 100 or 100/s\n"),
        (["--rate", "100/m"], "this is not a rate such as 100 or 100/s\n"),
        (["--threshold", "http_req_failed: rate<2"], "a share from 0 to 1 was expected"),
    ] {
        let rate = if arguments[0] == "--rate" { [].as_slice() } else { &["--rate", "1"] };
        let ran = world.run(&[&["load", "http://127.0.0.1:1/"], rate, &arguments].concat());
        assert_eq!(ran.code, 2, "{arguments:?}: {}", ran.stderr);
        assert!(
            ran.stderr.starts_with("error: ") && ran.stderr.contains(told),
            "{arguments:?}: {}",
            ran.stderr
        );
    }
}

/// A plan tells what is run, and nothing that is not.
#[test]
fn a_plan_names_no_step_that_nobody_asked_for() {
    let world = World::new();
    world.write("subject.toml", &notes_started_by("exec $SERVE"));
    world.write("profile.toml", &profile(&[("errors", "errors", "1%")]));
    let ran = world.run(&["certify", "subject.toml", "--profile", "profile.toml", "--plan"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("1 trial of 2 s at "), "{}", ran.stdout);
    for part in ["load line", "drills", "0 ns"] {
        assert!(!ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
    world.write("profile.toml", &profile(&[("crash-recovery", "crash-recovery", "2s")]));
    let ran = world.run(&["certify", "subject.toml", "--profile", "profile.toml", "--plan"]);
    assert!(ran.stdout.contains("  1 crash under load\n"), "{}\n{}", ran.stdout, ran.stderr);
}

#[test]
fn no_cause_is_told_twice() {
    let world = World::new();
    world.write("bad.keys", "name = \"a\"\n");
    let ran = world.run(&["keys", "trust", "bad.keys"]);
    assert_eq!(ran.stderr.matches("line 1, column 1").count(), 1, "{}", ran.stderr);
}
