//! A register with the records that made it.

use plimsoll_evidence::Status;
use plimsoll_proof::Digest;
use plimsoll_store::{Batch, Expect, Fold, Record};

use crate::error::Error;
use crate::register::event::STREAM;
use crate::register::{
    Actor, Certificate, CertificationId, Name, Outcome, Register, Rules, State, Task, plan,
};

pub(super) const MINUTE: u64 = 60_000;
pub(super) const DAY: u64 = 86_400_000;

pub(super) struct World {
    pub(super) register: Register,
    pub(super) records: Vec<Record>,
    pub(super) now_ms: u64,
    drawn: u32,
}

/// A subject at a loopback address.
pub(super) fn subject(name: &str, rate: u64) -> String {
    format!(
        "name = \"{name}\"\n[target]\nurl = \"http://127.0.0.1:80\"\n[load]\nrate = \"{rate}/s\"\n\
         [[request]]\npath = \"/\"\n"
    )
}

/// A profile of one criterion.
pub(super) fn profile(name: &str, trial: &str) -> String {
    format!(
        "id = \"{name}\"\nversion = 1\ntitle = \"T\"\ntrials = 1\ndrills = 1\ntrial = \"{trial}\"\n\
         warm_up = \"1s\"\ncontrol = \"2s\"\n[[criterion]]\nid = \"errors\"\nstatement = \"S\"\ndomain = \"d\"\n\
         probe = \"errors\"\nlimit = \"1%\"\nseverity = \"blocking\"\n"
    )
}

pub(super) fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

pub(super) fn alice() -> Actor {
    Actor::new("alice").unwrap()
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(Rules::default())
    }

    pub(super) fn with(rules: Rules) -> Self {
        let demo = "name = \"demo\"\n[source]\nartifacts = [\"/bin/sh\"]\n\
                    [start]\ncommand = [\"/bin/sh\", \"{port}\"]\n[target]\nurl = \"http://127.0.0.1:{port}\"\n\
                    [[request]]\npath = \"/\"\n";
        let register = Register::new(rules, &[("demo", demo)]).unwrap();
        Self { register, records: Vec::new(), now_ms: 1_795_305_600_000, drawn: 0 }
    }

    /// The same, with a subject `web` and a profile `p`.
    pub(super) fn furnished() -> Self {
        let mut world = Self::new();
        world.write("web", &subject("web", 100), None);
        let batch = world.register.write_profile(&name("p"), &profile("p", "2s"), Expect::Any, None);
        world.commit(batch);
        world
    }

    pub(super) fn write(&mut self, of: &str, text: &str, keep_fresh: Option<&str>) {
        let kept_by = keep_fresh.map(name);
        let batch =
            self.register.write_subject(&name(of), text, kept_by.as_ref(), Expect::Any, Some(&alice()));
        self.commit(batch);
    }

    /// Takes in what a journal would have accepted.
    pub(super) fn commit(&mut self, batch: Result<Batch, Error>) {
        for append in batch.unwrap().appends {
            if append.stream.as_str() != STREAM {
                continue;
            }
            assert_eq!(append.expect, Expect::At(self.register.sequence()));
            for new in append.records {
                let sequence = self.register.sequence() + 1;
                let record = Record {
                    position: sequence,
                    unix_ms: self.now_ms,
                    stream: append.stream.clone(),
                    sequence,
                    kind: new.kind,
                    payload: new.payload,
                };
                self.register.apply(&record).unwrap();
                self.records.push(record);
            }
        }
    }

    /// A name that was not used before, later than all others.
    pub(super) fn id(&mut self) -> CertificationId {
        self.drawn += 1;
        CertificationId::new(&format!("{:012x}{:08x}", self.now_ms, self.drawn)).unwrap()
    }

    pub(super) fn start(&mut self, of: &str, by: &str) -> CertificationId {
        let id = self.id();
        let batch = self.register.start(&id, &name(of), &name(by), Some(&alice()));
        self.commit(batch);
        id
    }

    pub(super) fn begin(&mut self, id: &CertificationId) {
        let batch = self.register.begin(id);
        self.commit(batch);
    }

    pub(super) fn finish(&mut self, id: &CertificationId, outcome: Outcome) {
        let batch = self.register.finish(id, &outcome);
        self.commit(batch);
    }

    /// A certificate of `web` against `p` that lives a hundred days from now.
    pub(super) fn certified(&mut self) -> CertificationId {
        let id = self.start("web", "p");
        self.begin(&id);
        self.finish(&id, Outcome::Done(certificate(self.now_ms)));
        id
    }

    pub(super) fn state(&self, id: &CertificationId) -> &State {
        &self.register.certification(id).unwrap().state
    }

    pub(super) fn plan(&self) -> Vec<Task> {
        plan(&self.register, self.now_ms, None)
    }
}

pub(super) fn certificate(now_ms: u64) -> Certificate {
    Certificate {
        status: Status::Certified,
        not_before_ms: now_ms,
        not_after_ms: now_ms + 100 * DAY,
        sha256: Digest::of(b"certificate"),
        stale: None,
    }
}

pub(super) fn failed() -> Outcome {
    Outcome::Failed { problem: String::from("it broke"), hint: None }
}
