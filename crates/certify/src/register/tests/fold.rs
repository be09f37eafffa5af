//! Arbitrary sequences of commands: what holds of the fold and the planner whatever happened before.

use plimsoll_store::{Batch, Expect, Fold};
use proptest::prelude::*;

use super::world::{DAY, World, certificate, failed, name, profile, subject};
use crate::error::Error;
use crate::register::{
    CERTIFICATIONS_MAX, Certification, CertificationId, Outcome, QUEUED_MAX, Register, Rules, State, Task,
    plan,
};

#[derive(Debug, Clone)]
enum Act {
    Write(&'static str, u64, bool),
    Remove(&'static str),
    Profile(u64),
    Unprofile,
    Start(&'static str),
    Cancel(usize),
    Finish(bool),
    Reconcile,
    Restart,
    Wait(u64),
}

fn act() -> impl Strategy<Value = Act> {
    let subject = || prop_oneof![Just("one"), Just("two")];
    prop_oneof![
        3 => (subject(), 1u64..3, any::<bool>()).prop_map(|(of, rate, kept)| Act::Write(of, rate, kept)),
        1 => subject().prop_map(Act::Remove),
        2 => (2u64..4).prop_map(Act::Profile),
        1 => Just(Act::Unprofile),
        3 => subject().prop_map(Act::Start),
        1 => (0usize..5).prop_map(Act::Cancel),
        4 => any::<bool>().prop_map(Act::Finish),
        6 => Just(Act::Reconcile),
        1 => Just(Act::Restart),
        3 => (0u64..30).prop_map(Act::Wait),
    ]
}

/// A world, and the certification that is really being made.
struct Server {
    world: World,
    own: Option<CertificationId>,
}

impl Server {
    fn ask(&mut self, act: &Act) -> Result<Batch, Error> {
        let id = self.world.id();
        let register = &self.world.register;
        match *act {
            Act::Write(of, rate, kept) => {
                let kept_by = kept.then(|| name("p"));
                register.write_subject(&name(of), &subject(of, rate), kept_by.as_ref(), Expect::Any, None)
            }
            Act::Remove(of) => register.remove_subject(&name(of), Expect::Any, None),
            Act::Profile(seconds) => {
                let text = profile("p", &format!("{seconds}s"));
                register.write_profile(&name("p"), &text, Expect::Any, None)
            }
            Act::Unprofile => register.remove_profile(&name("p"), Expect::Any, None),
            Act::Start(of) => register.start(&id, &name(of), &name("p"), None),
            Act::Cancel(number) => {
                let found = register.certifications().rev().nth(number).map(|(id, _)| id.clone());
                found.map_or(Ok(Batch::default()), |id| register.cancel(&id, None))
            }
            _ => Ok(Batch::default()),
        }
    }

    fn finish(&mut self, is_good: bool) {
        if let Some(id) = self.own.take() {
            let outcome = if is_good { Outcome::Done(certificate(self.world.now_ms)) } else { failed() };
            self.world.finish(&id, outcome);
        }
    }

    fn tasks(&self) -> Vec<Task> {
        plan(&self.world.register, self.world.now_ms, self.own.as_ref())
    }

    /// Does what is planned, once.
    fn carry_out(&mut self, tasks: Vec<Task>) {
        for task in tasks {
            let id = self.world.id();
            let register = &self.world.register;
            let batch = match &task {
                Task::Recover(id) => register.finish(id, &Outcome::Interrupted),
                Task::MarkStale(id, why) => register.mark_stale(id, *why),
                Task::Refresh(subject, profile) => register.refresh(&id, subject, profile),
                Task::Begin(id) => register.begin(id),
            };
            self.world.commit(batch);
            if let Task::Begin(id) = task {
                self.own = Some(id);
            }
        }
    }
}

/// What holds when nothing is left to do, said without the planner: no certificate says more than is true today, and
/// who is kept fresh is fresh, on its way, or was tried within the day.
fn check_rest(world: &World) -> Result<(), TestCaseError> {
    let (register, now_ms) = (&world.register, world.now_ms);
    let is_of_today = |one: &Certification| {
        let subject = register.subject(&one.subject.name);
        let profile = register.profile(&one.profile.name);
        subject.is_ok_and(|subject| subject.written.text == one.subject.text)
            && profile.is_ok_and(|profile| profile.written.text == one.profile.text)
    };
    for (id, one) in register.certifications() {
        if let Some(certificate) = one.certificate().filter(|certificate| certificate.stale.is_none()) {
            prop_assert!(now_ms < certificate.not_after_ms && is_of_today(one), "{id} is stale: {one:?}");
        }
    }
    for (name, subject) in register.subjects() {
        let Some(kept_by) = &subject.keep_fresh else { continue };
        let is_fresh_or_on_its_way = |one: &Certification| match &one.state {
            State::Queued | State::Running | State::Cancelling(_) => true,
            // The last tenth of its hundred days is for the next one.
            State::Done(found) => found.stale.is_none() && now_ms < found.not_after_ms - 10 * DAY,
            State::Failed { .. } | State::Cancelled | State::Interrupted => {
                one.ended_ms.is_some_and(|ended_ms| now_ms < ended_ms + DAY)
            }
        };
        let mut mine = register
            .certifications()
            .map(|(_, one)| one)
            .filter(|one| one.subject.name == *name && one.profile.name == *kept_by && is_of_today(one));
        let is_full = register.queued() == QUEUED_MAX;
        prop_assert!(is_full || mine.any(is_fresh_or_on_its_way), "{name} is not kept fresh");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_replay_gives_the_live_state_and_the_planner_comes_to_rest(
        acts in proptest::collection::vec(act(), 0..60)
    ) {
        let mut server = Server { world: World::new(), own: None };
        for act in &acts {
            match *act {
                Act::Wait(days) => server.world.now_ms += days * DAY,
                Act::Finish(is_good) => server.finish(is_good),
                // What it was making is made no more.
                Act::Restart => server.own = None,
                Act::Reconcile => {
                    for _ in 0..3 {
                        let tasks = server.tasks();
                        server.carry_out(tasks);
                    }
                    prop_assert_eq!(server.tasks(), []);
                    check_rest(&server.world)?;
                }
                _ => {}
            }
            if let Ok(batch) = server.ask(act) {
                server.world.commit(Ok(batch));
            }
            let at_work = server.world.register.certifications().filter(|(_, one)| one.state.is_at_work());
            prop_assert!(at_work.count() <= 2, "one is being made, and one may have been left by a restart");
            prop_assert!(server.world.register.queued() <= QUEUED_MAX);
        }
        let mut replayed = Register::new(Rules::default(), &[]).unwrap();
        replayed.subjects = World::new().register.subjects;
        for record in &server.world.records {
            replayed.apply(record).unwrap();
        }
        prop_assert_eq!(&replayed, &server.world.register);
    }

    #[test]
    fn foreign_payloads_are_refused_and_never_a_panic(bytes: Vec<u8>, text in "\\PC{0,60}") {
        let mut world = World::furnished();
        let mut record = world.records[0].clone();
        record.sequence = world.register.sequence() + 1;
        let before = world.register.clone();
        for payload in [bytes, text.into_bytes()] {
            record.payload.bytes = payload;
            prop_assert!(world.register.apply(&record).is_err());
            prop_assert_eq!(&world.register, &before);
        }
    }
}

#[test]
fn the_oldest_is_forgotten_and_the_newest_certificate_last() {
    let mut world = World::furnished();
    let (old, newest) = (world.certified(), world.certified());
    for _ in 0..CERTIFICATIONS_MAX {
        let id = world.start("web", "p");
        world.begin(&id);
        world.finish(&id, failed());
    }
    assert_eq!(world.register.certifications().count(), CERTIFICATIONS_MAX);
    assert!(world.register.certification(&old).is_err());
    assert!(world.register.certification(&newest).is_ok());
}

#[test]
fn one_text_is_in_memory_once() {
    let mut world = World::furnished();
    let ids = [world.certified(), world.certified()];
    let texts = ids.map(|id| world.register.certification(&id).unwrap().subject.text.as_str().as_ptr());
    assert_eq!(texts[0], texts[1]);
}
