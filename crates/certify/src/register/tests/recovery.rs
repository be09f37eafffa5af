//! A server that dies at any record is brought to rest by the next one, and loses nothing.

use plimsoll_proof::Digest;
use plimsoll_store::Fold;

use super::world::{DAY, World, certificate, failed, name, subject};
use crate::register::{Outcome, Register, Stale, State, Task};

/// All that can happen to certifications, one after the other.
fn history() -> World {
    let mut world = World::furnished();
    world.write("kept", &subject("kept", 100), Some("p"));
    let old = world.certified();
    world.write("web", &subject("web", 101), None);
    world.commit(world.register.mark_stale(&old, Stale::SubjectChanged));
    let broken = world.start("web", "p");
    world.begin(&broken);
    world.finish(&broken, failed());
    let [stopped, unwanted, left] = [(); 3].map(|()| world.start("web", "p"));
    world.begin(&stopped);
    world.commit(world.register.cancel(&stopped, None));
    world.finish(&stopped, Outcome::Interrupted);
    world.commit(world.register.cancel(&unwanted, None));
    world.now_ms += DAY;
    let kept = world.id();
    world.commit(world.register.refresh(&kept, &name("kept"), &name("p")));
    world.begin(&left);
    world.commit(world.register.cancel(&left, None));
    world
}

/// A world that has read the first records of another.
fn after_death(whole: &World, records: usize) -> World {
    let mut world = World::new();
    for record in &whole.records[..records] {
        world.register.apply(record).unwrap();
        world.records.push(record.clone());
        world.now_ms = record.unix_ms + 1;
    }
    world
}

/// Does all that is planned, but for what would be made anew.
fn recover(world: &mut World) {
    for _ in 0..3 {
        for task in world.plan() {
            let id = world.id();
            let batch = match &task {
                Task::Recover(id) => world.register.finish(id, &Outcome::Interrupted),
                Task::MarkStale(id, why) => world.register.mark_stale(id, *why),
                Task::Refresh(subject, profile) => world.register.refresh(&id, subject, profile),
                Task::Begin(_) => continue,
            };
            world.commit(batch);
        }
    }
}

fn state_of<'a>(register: &'a Register, id: &crate::register::CertificationId) -> &'a State {
    &register.certification(id).unwrap().state
}

#[test]
fn whatever_record_was_the_last_the_next_server_comes_to_rest() {
    let whole = history();
    for records in 0..=whole.records.len() {
        let mut world = after_death(&whole, records);
        let before = world.register.clone();
        recover(&mut world);
        let left = world.plan();
        assert!(left.iter().all(|task| matches!(task, Task::Begin(_))), "after {records} records: {left:?}");
        assert!(left.len() <= 1, "after {records} records: {left:?}");
        for (id, one) in before.certifications() {
            let now = state_of(&world.register, id);
            match &one.state {
                State::Running => assert_eq!(*now, State::Interrupted, "after {records} records"),
                State::Cancelling(_) => assert_eq!(*now, State::Cancelled, "after {records} records"),
                State::Done(certificate) => {
                    let State::Done(found) = now else { panic!("after {records} records: {now:?}") };
                    assert_eq!(found.sha256, certificate.sha256);
                    assert!(certificate.stale.is_none() || found.stale == certificate.stale);
                }
                other => assert_eq!(now, other, "after {records} records"),
            }
        }
        // Who dies again right after that finds the same.
        let again = after_death(&world, world.records.len());
        assert_eq!(again.register, world.register, "after {records} records");
    }
}

#[test]
fn a_certificate_that_was_published_just_before_is_not_lost_to_who_had_cancelled_it() {
    let mut world = after_death(&history(), history().records.len());
    let at_work = |task: &Task| if let Task::Recover(id) = task { Some(id.clone()) } else { None };
    let id = world.plan().iter().find_map(at_work).unwrap();
    assert!(matches!(world.state(&id), State::Cancelling(_)));
    let found = Outcome::Done(certificate(world.now_ms));
    world.finish(&id, found);
    let State::Done(kept) = world.state(&id) else { panic!("{:?}", world.state(&id)) };
    assert_eq!(kept.sha256, Digest::of(b"certificate"));
}
