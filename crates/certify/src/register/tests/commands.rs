//! What people ask of the register, and what they are refused.

use plimsoll_base::Kind;
use plimsoll_store::{Batch, Expect};

use super::world::{World, alice, failed, name, profile, subject};
use crate::error::Error;
use crate::register::{Outcome, PROFILES_MAX, QUEUED_MAX, SUBJECTS_MAX, State, TEXT_BYTES_MAX};

#[test]
fn a_text_is_changed_by_who_has_seen_it() {
    let mut world = World::new();
    let web = name("web");
    let write = |world: &World, rate, expect| {
        world.register.write_subject(&web, &subject("web", rate), None, expect, Some(&alice()))
    };
    assert!(matches!(write(&world, 1, Expect::At(9)), Err(Error::Changed { expected: 9, found: 0, .. })));
    world.commit(write(&world, 1, Expect::At(0)));
    let first = world.register.subject(&web).unwrap().written.clone();
    assert_eq!((first.revision, first.written_by.as_ref()), (1, Some(&alice())));
    assert!(matches!(write(&world, 2, Expect::At(0)), Err(Error::Changed { expected: 0, found: 1, .. })));
    assert_eq!(write(&world, 1, Expect::At(1)).unwrap(), Batch::default(), "it says so already");
    world.commit(write(&world, 2, Expect::At(1)));
    world.commit(world.register.remove_subject(&web, Expect::At(2), None));
    assert_eq!(world.register.subject(&web).unwrap_err().kind(), Kind::NotFound);
    world.commit(write(&world, 1, Expect::At(0)));
    let again = &world.register.subject(&web).unwrap().written;
    assert_ne!(again.revision, first.revision, "who saw the first has not seen this");
}

#[test]
fn what_is_built_in_stays_as_it_is() {
    let world = World::new();
    let (demo, quick) = (name("demo"), name("quick"));
    let register = &world.register;
    let quick_text = register.profile(&quick).unwrap().written.text.as_str().to_owned();
    let refused = [
        register.write_subject(&demo, &subject("demo", 1), None, Expect::Any, None),
        register.remove_subject(&demo, Expect::Any, None),
        register.write_profile(&quick, &quick_text, Expect::Any, None),
        register.write_profile(&quick, &profile("quick", "9s"), Expect::At(0), None),
        register.remove_profile(&quick, Expect::Any, None),
    ];
    for answer in refused {
        assert!(matches!(answer, Err(Error::BuiltIn { .. })), "{answer:?}");
    }
}

#[test]
fn a_file_calls_itself_what_it_is_written_as() {
    let world = World::new();
    let register = &world.register;
    let subject = register.write_subject(&name("a"), &subject("b", 1), None, Expect::Any, None);
    assert!(matches!(&subject, Err(Error::Misnamed { .. })), "{subject:?}");
    let profile = register.write_profile(&name("a"), &profile("b", "2s"), Expect::Any, None);
    assert!(matches!(profile, Err(Error::Misnamed { .. })), "{profile:?}");
}

#[test]
fn a_profile_by_which_a_subject_is_kept_fresh_is_needed() {
    let mut world = World::furnished();
    world.write("web", &subject("web", 1), Some("p"));
    let refused = world.register.remove_profile(&name("p"), Expect::Any, None);
    assert!(matches!(refused, Err(Error::InUse { .. })), "{refused:?}");
    world.write("web", &subject("web", 1), None);
    world.commit(world.register.remove_profile(&name("p"), Expect::Any, None));
    let kept = Some(name("p"));
    let refused =
        world.register.write_subject(&name("web"), &subject("web", 1), kept.as_ref(), Expect::Any, None);
    assert!(matches!(refused, Err(Error::Absent { what: "profile", .. })), "{refused:?}");
}

#[test]
fn what_is_kept_in_memory_is_bounded() {
    let mut world = World::new();
    let long = format!("{}#{}", subject("web", 1), "x".repeat(TEXT_BYTES_MAX));
    let refused = world.register.write_subject(&name("web"), &long, None, Expect::Any, None);
    assert!(matches!(refused, Err(Error::TextLong { .. })), "{refused:?}");
    for number in 0..SUBJECTS_MAX {
        world.write(&format!("s{number}"), &subject(&format!("s{number}"), 1), None);
    }
    let refused = world.register.write_subject(&name("web"), &subject("web", 1), None, Expect::Any, None);
    assert!(matches!(refused, Err(Error::TooMany { what: "subject", .. })), "{refused:?}");
    world.write("s7", &subject("s7", 2), None);
    for number in 0..PROFILES_MAX {
        let of = format!("p{number}");
        world.commit(world.register.write_profile(&name(&of), &profile(&of, "2s"), Expect::Any, None));
    }
    let refused = world.register.write_profile(&name("p"), &profile("p", "2s"), Expect::Any, None);
    assert!(matches!(refused, Err(Error::TooMany { what: "profile", .. })), "{refused:?}");
}

#[test]
fn a_full_queue_is_a_conflict_until_one_is_cancelled() {
    let mut world = World::furnished();
    let ids: Vec<_> = (0..QUEUED_MAX).map(|_| world.start("web", "p")).collect();
    let id = world.id();
    let refused = world.register.start(&id, &name("web"), &name("p"), None).unwrap_err();
    assert_eq!(refused.kind(), Kind::Conflict);
    world.commit(world.register.cancel(&ids[5], Some(&alice())));
    assert_eq!(*world.state(&ids[5]), State::Cancelled);
    world.start("web", "p");
}

#[test]
fn what_could_not_be_judged_or_would_take_days_is_not_begun() {
    let mut world = World::furnished();
    let endless = profile("p", "1h").replace("trials = 1", "trials = 30");
    world.commit(world.register.write_profile(&name("p"), &endless, Expect::Any, None));
    let id = world.id();
    let refused = world.register.start(&id, &name("web"), &name("p"), None).unwrap_err();
    assert!(matches!(refused, Error::TooLong { .. }), "{refused}");
    let lenient = profile("p", "2s").replace("1%", "80%");
    world.commit(world.register.write_profile(&name("p"), &lenient, Expect::Any, None));
    let refused = world.register.start(&id, &name("web"), &name("p"), None).unwrap_err();
    assert!(matches!(refused, Error::Unbreakable { .. }), "{refused}");
}

#[test]
fn what_is_running_is_asked_to_stop_and_is_cancelled_when_it_has() {
    let mut world = World::furnished();
    let id = world.start("web", "p");
    world.begin(&id);
    for _ in 0..2 {
        world.commit(world.register.cancel(&id, Some(&alice())));
        assert_eq!(*world.state(&id), State::Cancelling(Some(alice())));
        world.commit(world.register.cancel(&id, None));
    }
    // Whoever was the first is the one who cancelled it.
    let told = world.register.finish(&id, &Outcome::Interrupted).unwrap();
    let payload = String::from_utf8(told.appends[1].records[0].payload.bytes.clone()).unwrap();
    assert!(payload.ends_with("\"by\":\"alice\"}}}"), "{payload}");
    world.finish(&id, Outcome::Interrupted);
    assert_eq!(*world.state(&id), State::Cancelled);
    assert_eq!(world.register.cancel(&id, None).unwrap(), Batch::default());
    let late = world.start("web", "p");
    world.begin(&late);
    world.finish(&late, failed());
    assert!(matches!(world.register.cancel(&late, None), Err(Error::State { state: "failed", .. })));
}

#[test]
fn the_stream_of_a_certification_ends_with_its_outcome() {
    let mut world = World::furnished();
    let id = world.start("web", "p");
    assert_eq!(world.register.cancel(&id, None).unwrap().appends.len(), 2);
    world.begin(&id);
    let batch = world.register.finish(&id, &failed()).unwrap();
    let [register, own] = batch.appends.as_slice() else { panic!("{batch:?}") };
    assert_eq!(own.stream, id.stream().unwrap());
    assert_eq!(own.records, register.records);
    assert_eq!(own.records[0].kind.as_str(), "certification.failed");
}
