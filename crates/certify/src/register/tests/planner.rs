//! What is to be done next.

use plimsoll_store::Expect;

use super::world::{DAY, MINUTE, World, failed, name, profile, subject};
use crate::register::{Outcome, QUEUED_MAX, Stale, State, Task, plan};

fn refresh() -> Vec<Task> {
    vec![Task::Refresh(name("web"), name("p"))]
}

/// `web` is kept fresh by `p`.
fn kept() -> World {
    let mut world = World::furnished();
    world.write("web", &subject("web", 100), Some("p"));
    world
}

#[test]
fn one_is_made_at_a_time_and_who_was_asked_for_goes_first() {
    let mut world = World::furnished();
    assert_eq!(world.plan(), []);
    let kept = world.id();
    world.commit(world.register.refresh(&kept, &name("web"), &name("p")));
    let asked = [world.start("web", "p"), world.start("demo", "quick")];
    assert_eq!(world.plan(), [Task::Begin(asked[0].clone())]);
    world.begin(&asked[0]);
    assert_eq!(plan(&world.register, world.now_ms, Some(&asked[0])), []);
    world.finish(&asked[0], failed());
    assert_eq!(world.plan(), [Task::Begin(asked[1].clone())]);
    world.commit(world.register.cancel(&asked[1], None));
    assert_eq!(world.plan(), [Task::Begin(kept)]);
}

#[test]
fn of_two_in_one_millisecond_the_first_goes_first() {
    let mut world = World::furnished();
    let (later, first) = (world.id(), world.id());
    for id in [&first, &later] {
        world.commit(world.register.start(id, &name("web"), &name("p"), None));
    }
    assert!(later < first);
    assert_eq!(world.plan(), [Task::Begin(first)]);
}

#[test]
fn what_ran_when_the_server_died_is_looked_after_before_the_next_begins() {
    let mut world = World::furnished();
    let (id, next) = (world.start("web", "p"), world.start("web", "p"));
    world.begin(&id);
    assert_eq!(world.plan(), [Task::Recover(id.clone()), Task::Begin(next)]);
    world.commit(world.register.cancel(&id, None));
    assert_eq!(world.plan()[0], Task::Recover(id.clone()));
    world.finish(&id, Outcome::Interrupted);
    assert_eq!(*world.state(&id), State::Cancelled);
}

#[test]
fn a_certificate_goes_stale_when_it_expires_or_what_it_speaks_of_has_changed() {
    type Change = fn(&mut World);
    let changes: [(Change, Option<Stale>); 7] = [
        (|world| world.now_ms += 100 * DAY - 1, None),
        (|world| world.now_ms += 100 * DAY, Some(Stale::Expired)),
        (|world| world.write("web", &subject("web", 101), None), Some(Stale::SubjectChanged)),
        (
            |world| world.commit(world.register.remove_subject(&name("web"), Expect::Any, None)),
            Some(Stale::SubjectChanged),
        ),
        (
            |world| {
                let text = profile("p", "3s");
                world.commit(world.register.write_profile(&name("p"), &text, Expect::Any, None));
            },
            Some(Stale::ProfileChanged),
        ),
        (
            |world| world.commit(world.register.remove_profile(&name("p"), Expect::Any, None)),
            Some(Stale::ProfileChanged),
        ),
        (
            |world| {
                world.write("web", &subject("web", 101), None);
                world.write("web", &subject("web", 100), None);
            },
            None,
        ),
    ];
    for (number, (change, wanted)) in changes.into_iter().enumerate() {
        let mut world = World::furnished();
        let id = world.certified();
        change(&mut world);
        let tasks: Vec<Task> = wanted.map(|why| Task::MarkStale(id.clone(), why)).into_iter().collect();
        assert_eq!(world.plan(), tasks, "change {number}");
        if let Some(why) = wanted {
            world.commit(world.register.mark_stale(&id, why));
            assert_eq!(world.plan(), [], "change {number}");
        }
    }
}

#[test]
fn a_subject_is_kept_fresh_from_the_first_and_before_its_certificate_expires() {
    let mut world = kept();
    assert_eq!(world.plan(), refresh());
    world.certified();
    assert_eq!(world.plan(), []);
    world.now_ms += 90 * DAY - 1;
    assert_eq!(world.plan(), []);
    world.now_ms += 1;
    assert_eq!(world.plan(), refresh());
    let id = world.start("web", "p");
    assert_eq!(world.plan(), [Task::Begin(id)], "it is on its way");
}

#[test]
fn a_subject_that_changed_is_certified_again_at_once() {
    let mut world = kept();
    let id = world.certified();
    world.write("web", &subject("web", 101), Some("p"));
    assert_eq!(world.plan(), [vec![Task::MarkStale(id, Stale::SubjectChanged)], refresh()].concat());
    world.write("web", &subject("web", 101), None);
    assert_eq!(world.plan().len(), 1, "nobody wants it fresh any more");
}

#[test]
fn a_broken_subject_is_tried_less_and_less_often_and_at_once_when_it_is_mended() {
    let mut world = kept();
    let mut waits = Vec::new();
    for _ in 0..10 {
        let began_ms = world.now_ms;
        while world.plan().is_empty() {
            world.now_ms += MINUTE;
        }
        waits.push((world.now_ms - began_ms) / MINUTE);
        assert_eq!(world.plan(), refresh());
        let id = world.id();
        world.commit(world.register.refresh(&id, &name("web"), &name("p")));
        world.begin(&id);
        world.finish(&id, failed());
    }
    assert_eq!(waits, [0, 10, 20, 40, 80, 160, 320, 640, 1_280, 1_440]);
    world.write("web", &subject("web", 99), Some("p"));
    assert_eq!(world.plan(), refresh());
}

#[test]
fn a_failure_does_not_renew_a_certificate_that_is_fresh() {
    let mut world = kept();
    world.certified();
    let id = world.start("web", "p");
    world.commit(world.register.cancel(&id, None));
    world.now_ms += 50 * DAY;
    assert_eq!(world.plan(), []);
}

#[test]
fn a_full_queue_takes_no_more_to_keep_fresh() {
    let mut world = kept();
    for _ in 0..QUEUED_MAX {
        world.start("demo", "quick");
    }
    let tasks = world.plan();
    assert!(matches!(tasks.as_slice(), [Task::Begin(_)]), "{tasks:?}");
}
