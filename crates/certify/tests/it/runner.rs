//! Certifications that do not come to their end.

use plimsoll_certify::Error;
use plimsoll_certify::register::{Rules, State};

use crate::world::{DEAF, World, state, until};

#[test]
fn what_was_being_made_when_the_server_died_is_interrupted_and_leaves_nothing() {
    let world = World::new();
    let runner = world.open();
    world.write_subject(&runner, "deaf", DEAF);
    let id = world.start(&runner, "deaf", "quick");
    world.die_at_work(runner, &id);
    // What a kill leaves where it strikes amid a write.
    let left = world.path("certificates/.plimsoll-left/evidence");
    std::fs::create_dir_all(&left).unwrap();
    let runner = world.open();
    assert!(!left.exists());
    assert_eq!(state(&runner, &id), State::Running, "nothing was done yet");
    world.run_until(&runner, &id, |state| *state == State::Interrupted);
    assert_eq!(std::fs::read_dir(world.path("certificates")).unwrap().count(), 0);
    assert_eq!(world.told(&id).last().unwrap().kind.as_str(), "certification.interrupted");
}

#[test]
fn a_server_that_is_told_to_end_stops_what_it_makes_and_begins_nothing() {
    let world = World::new();
    let runner = world.open();
    world.write_subject(&runner, "deaf", DEAF);
    let ids = [world.start(&runner, "deaf", "quick"), world.start(&runner, "deaf", "quick")];
    world.wait(runner.run(world.until_told(&ids[0])));
    assert_eq!(ids.map(|id| state(&runner, &id)), [State::Interrupted, State::Queued]);
}

#[test]
fn what_is_cancelled_stops_and_makes_room_for_the_next() {
    let world = World::new();
    let runner = world.open();
    world.write_subject(&runner, "deaf", DEAF);
    let ids = [world.start(&runner, "deaf", "quick"), world.start(&runner, "deaf", "quick")];
    world.run_during(&runner, async {
        world.until_told(&ids[0]).await;
        assert_eq!(state(&runner, &ids[1]), State::Queued, "two would disturb each other");
        runner.act(|register, _| register.cancel(&ids[0], None)).await.unwrap();
        assert_eq!(until(&runner, &ids[0], State::is_over).await, State::Cancelled);
        until(&runner, &ids[1], |state| *state == State::Running).await;
    });
    assert_eq!(world.told(&ids[0]).last().unwrap().kind.as_str(), "certification.cancelled");
}

#[test]
fn a_rule_that_was_closed_is_told_when_the_turn_comes() {
    let world = World::new();
    let runner =
        world.try_open(Rules { subjects_may_start_programs: true, ..Rules::default() }, None).unwrap();
    let starts = "name = \"x\"\n[start]\ncommand = [\"true\", \"{port}\"]\n\
                  [target]\nurl = \"http://127.0.0.1:{port}\"\n[[request]]\npath = \"/\"\n";
    world.write_subject(&runner, "x", starts);
    let id = world.start(&runner, "x", "quick");
    drop(runner);
    let runner = world.open();
    let ended = world.run_until(&runner, &id, State::is_over);
    let State::Failed { problem, hint } = ended else { panic!("{ended:?}") };
    assert!(problem.contains("[start]"), "{problem}");
    assert!(hint.unwrap().contains("certify.subjects_may_start_programs"));
    let kinds: Vec<String> = world.told(&id).iter().map(|record| record.kind.to_string()).collect();
    assert_eq!(kinds, ["certification.failed"], "nothing was begun");
}

#[test]
fn one_folder_serves_one_server() {
    let world = World::new();
    let first = world.open();
    assert!(matches!(world.try_open(Rules::default(), None), Err(Error::StateInUse(_))));
    drop(first);
    world.open();
}
