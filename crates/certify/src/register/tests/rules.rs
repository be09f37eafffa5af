//! What a subject may do to the machine it is measured from.

use plimsoll_base::Kind;
use plimsoll_store::Expect;

use super::world::{World, name};
use crate::error::Error;
use crate::register::Rules;

const PROGRAMS: &str = "certify.subjects_may_start_programs";
const MACHINES: &str = "certify.subjects_may_reach_other_machines";

/// A subject with more in its file, and a URL.
fn text(url: &str, more_target: &str, more: &str) -> String {
    format!("name = \"x\"\n[target]\nurl = \"{url}\"\n{more_target}\n[[request]]\npath = \"/\"\n{more}\n")
}

fn write(rules: Rules, text: &str) -> Result<(), Error> {
    let world = World::with(rules);
    world.register.write_subject(&name("x"), text, None, Expect::Any, None).map(drop)
}

/// What is closed, and by which key it is opened.
fn closed() -> Vec<(String, &'static str)> {
    let local = "http://127.0.0.1:80";
    let owner = "authorised_by = \"the owner\"\nrate_cap = \"300/s\"";
    vec![
        (text(local, "", "[start]\ncommand = [\"/bin/sh\", \"-c\", \"id > x\"]"), PROGRAMS),
        (text(local, "", "[source]\nartifacts = [\"/etc/shadow\"]"), PROGRAMS),
        (text(local, "", "[source]\ngit = \"/srv/repository\""), PROGRAMS),
        (text("http://192.0.2.1", owner, ""), MACHINES),
        (text("http://192.0.2.1", "", ""), MACHINES),
        (text("http://169.254.169.254", "", ""), MACHINES),
        (text("http://[2001:db8::1]:80", "", ""), MACHINES),
        (text("http://[::ffff:192.0.2.1]:80", "", ""), MACHINES),
        (text("http://example.org", "", ""), MACHINES),
        (text("http://localhost.example.org", "", ""), MACHINES),
        (text(local, owner, ""), MACHINES),
    ]
}

#[test]
fn a_subject_starts_nothing_names_no_file_and_stays_on_this_machine() {
    for (text, key) in closed() {
        let error = write(Rules::default(), &text).unwrap_err();
        assert_eq!(error.kind(), Kind::Denied, "{error}\n{text}");
        assert!(error.hint().unwrap().contains(key), "{error}\n{text}");
    }
    let local =
        ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:80", "http://[::ffff:127.0.0.1]:80"];
    for url in local {
        write(Rules::default(), &text(url, "", "")).unwrap();
    }
}

#[test]
fn each_rule_opens_what_it_names_and_nothing_else() {
    let programs = Rules { subjects_may_start_programs: true, ..Rules::default() };
    let machines = Rules { subjects_may_reach_other_machines: true, ..Rules::default() };
    for (text, key) in closed() {
        assert_eq!(write(programs, &text).is_ok(), key == PROGRAMS, "{text}");
        assert_eq!(write(machines, &text).is_ok(), key == MACHINES, "{text}");
    }
}

#[test]
fn what_is_built_in_may_start_a_program_whatever_the_rules_say() {
    let world = World::new();
    let demo = world.register.subject(&name("demo")).unwrap();
    assert!(demo.written.is_built_in());
    assert!(world.register.rules.subject(&demo.written.snapshot(&name("demo"))).is_ok());
    let borrowed = world.register.write_subject(
        &name("x"),
        &demo.written.text.as_str().replace("demo", "x"),
        None,
        Expect::Any,
        None,
    );
    assert_eq!(borrowed.unwrap_err().kind(), Kind::Denied);
}

#[test]
fn a_rule_that_was_closed_meanwhile_holds_when_the_turn_comes() {
    let mut open = World::with(Rules { subjects_may_start_programs: true, ..Rules::default() });
    let starts = "name = \"x\"\n[start]\ncommand = [\"sh\", \"{port}\"]\n[target]\nurl = \"http://127.0.0.1:{port}\"\n\
                  [[request]]\npath = \"/\"\n";
    open.write("x", starts, None);
    let id = open.start("x", "quick");
    let mut closed = World::new();
    for record in &open.records {
        plimsoll_store::Fold::apply(&mut closed.register, record).unwrap();
    }
    let queued = closed.register.certification(&id).unwrap();
    let refused = closed.register.rules.subject(&queued.subject).unwrap_err();
    assert_eq!(refused.kind(), Kind::Denied);
    let again = closed.id();
    assert!(closed.register.start(&again, &name("x"), &name("quick"), None).is_err());
}
