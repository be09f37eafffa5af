//! Everything a server certifies: a pure fold over the records of the stream `certify`.

use std::collections::BTreeMap;

use plimsoll_store::{Append, Batch, Expect, Fold, Record, Recorded, StreamName};

use super::certification::{Certification, Outcome, State};
use super::event::{Event, STREAM};
use super::names::{CertificationId, Name};
use super::rules::Rules;
use super::snapshot::Snapshot;
use super::texts::{Profile, Subject, Written};
use crate::error::Error;
use crate::files::builtin_profiles;

/// Most certifications that wait for their turn: they are made one at a time, and each takes minutes.
pub const QUEUED_MAX: usize = 32;
/// Most certifications that are remembered. Of those that have ended the oldest is forgotten first, the newest
/// certificate of a subject and profile last. Its folder stays: no bound throws a certificate away.
pub const CERTIFICATIONS_MAX: usize = 500;

/// Subjects, profiles and certifications. Two that read the same records under the same rules are equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Register {
    pub(super) rules: Rules,
    pub(super) sequence: u64,
    pub(super) subjects: BTreeMap<Name, Subject>,
    pub(super) profiles: BTreeMap<Name, Profile>,
    pub(super) certifications: BTreeMap<CertificationId, Certification>,
}

impl Fold for Register {
    const STREAM: &'static str = STREAM;
    type Error = Error;

    fn sequence(&self) -> u64 {
        self.sequence
    }

    fn apply(&mut self, record: &Record) -> Result<(), Error> {
        record.check_follows(STREAM, self.sequence)?;
        let event = Event::from_record(record)?;
        self.change(event, record).map_err(|error| record.unclear(error))?;
        self.sequence = record.sequence;
        Ok(())
    }
}

impl Register {
    /// A register with what ships with Plimsoll: its profiles, and these subjects by name and text. What is built in
    /// can be certified whatever the rules say, and not be changed.
    pub fn new(rules: Rules, built_in: &[(&str, &str)]) -> Result<Self, Error> {
        let mut register = Self {
            rules,
            sequence: 0,
            subjects: BTreeMap::new(),
            profiles: BTreeMap::new(),
            certifications: BTreeMap::new(),
        };
        for (name, text) in built_in {
            let (name, written) = (Name::new(name)?, Written::built_in(text)?);
            rules.subject(&written.snapshot(&name))?;
            register.subjects.insert(name, Subject { written, keep_fresh: None });
        }
        for (name, text) in builtin_profiles() {
            register.profiles.insert(Name::new(name)?, Profile { written: Written::built_in(text)? });
        }
        Ok(register)
    }

    /// What subjects may do.
    pub fn rules(&self) -> Rules {
        self.rules
    }

    /// All subjects by name.
    pub fn subjects(&self) -> impl Iterator<Item = (&Name, &Subject)> {
        self.subjects.iter()
    }

    /// A subject.
    pub fn subject(&self, name: &Name) -> Result<&Subject, Error> {
        self.subjects.get(name).ok_or_else(|| Error::Absent { what: "subject", name: name.to_string() })
    }

    /// All profiles by name.
    pub fn profiles(&self) -> impl Iterator<Item = (&Name, &Profile)> {
        self.profiles.iter()
    }

    /// A profile.
    pub fn profile(&self, name: &Name) -> Result<&Profile, Error> {
        self.profiles.get(name).ok_or_else(|| Error::Absent { what: "profile", name: name.to_string() })
    }

    /// All certifications that are remembered, the first asked for first.
    pub fn certifications(
        &self,
    ) -> impl DoubleEndedIterator<Item = (&CertificationId, &Certification)> + Clone {
        self.certifications.iter()
    }

    /// A certification.
    pub fn certification(&self, id: &CertificationId) -> Result<&Certification, Error> {
        let absent = || Error::Absent { what: "certification", name: id.to_string() };
        self.certifications.get(id).ok_or_else(absent)
    }

    /// What happened, to be written if nothing else has happened since. What ends a certification ends its own stream
    /// too.
    pub(super) fn batch(&self, event: &Event) -> Result<Batch, Error> {
        let record = event.to_record()?;
        let stream = StreamName::new(STREAM)?;
        let mut batch = Batch::append(stream, Expect::At(self.sequence), vec![record.clone()]);
        if let Some(id) = event.ends() {
            batch.appends.push(Append { stream: id.stream()?, expect: Expect::Any, records: vec![record] });
        }
        Ok(batch)
    }

    fn change(&mut self, event: Event, record: &Record) -> Result<(), Error> {
        let (revision, now_ms) = (record.sequence, record.unix_ms);
        match event {
            Event::SubjectWritten { subject, text, keep_fresh, by } => {
                let written = Written { text, revision, written_ms: now_ms, written_by: by };
                // A later Plimsoll may have taken the name for itself.
                if !self.subjects.get(&subject).is_some_and(|now| now.written.is_built_in()) {
                    self.subjects.insert(subject, Subject { written, keep_fresh });
                }
            }
            Event::SubjectRemoved { subject, .. } => {
                if !self.subject(&subject)?.written.is_built_in() {
                    self.subjects.remove(&subject);
                }
            }
            Event::ProfileWritten { profile, text, by } => {
                let written = Written { text, revision, written_ms: now_ms, written_by: by };
                if !self.profiles.get(&profile).is_some_and(|now| now.written.is_built_in()) {
                    self.profiles.insert(profile, Profile { written });
                }
            }
            Event::ProfileRemoved { profile, .. } => {
                if !self.profile(&profile)?.written.is_built_in() {
                    self.profiles.remove(&profile);
                }
            }
            event => self.change_certification(event, revision, now_ms)?,
        }
        Ok(())
    }

    fn change_certification(&mut self, event: Event, place: u64, now_ms: u64) -> Result<(), Error> {
        match event {
            Event::CertificationRequested { certification, subject, profile, reason, by } => {
                let requested = Certification {
                    subject: self.shared_subject(subject),
                    profile: self.shared_profile(profile),
                    reason,
                    place,
                    requested_by: by,
                    requested_ms: now_ms,
                    started_ms: None,
                    ended_ms: None,
                    state: State::Queued,
                };
                self.remember(certification, requested)?;
            }
            Event::CertificationStarted { certification } => {
                let begun = self.certification_mut(&certification)?;
                begun.check("started", |state| matches!(state, State::Queued))?;
                (begun.state, begun.started_ms) = (State::Running, Some(now_ms));
            }
            Event::CertificationStopped { certification, by } => {
                let stopped = self.certification_mut(&certification)?;
                stopped.check("stopped", |state| matches!(state, State::Running))?;
                stopped.state = State::Cancelling(by);
            }
            Event::CertificationDone { certification, certificate } => {
                self.end(&certification, Outcome::Done(certificate), now_ms)?;
            }
            Event::CertificationFailed { certification, problem, hint } => {
                self.end(&certification, Outcome::Failed { problem, hint }, now_ms)?;
            }
            Event::CertificationCancelled { certification, by } => {
                self.end(&certification, Outcome::Cancelled(by), now_ms)?;
            }
            Event::CertificationInterrupted { certification } => {
                self.end(&certification, Outcome::Interrupted, now_ms)?;
            }
            Event::CertificateStale { certification, reason } => {
                let found = self.certification_mut(&certification)?;
                match &mut found.state {
                    State::Done(certificate) if certificate.stale.is_none() => {
                        certificate.stale = Some(reason)
                    }
                    state => return Err(state.refuse("marked as stale")),
                }
            }
            // The rest is handled by `change`; none of it may pass unnoticed if that changes.
            event => return Err(Error::Bug(format!("{} changes no certification", event.kind()))),
        }
        Ok(())
    }

    fn end(&mut self, id: &CertificationId, outcome: Outcome, now_ms: u64) -> Result<(), Error> {
        let found = self.certification_mut(id)?;
        let may_end = |state: &State| match outcome {
            Outcome::Done(_) | Outcome::Failed { .. } | Outcome::Interrupted => state.is_at_work(),
            Outcome::Cancelled(_) => matches!(state, State::Queued | State::Cancelling(_)),
        };
        found.check("ended", may_end)?;
        (found.state, found.ended_ms) = (outcome.into(), Some(now_ms));
        Ok(())
    }

    fn certification_mut(&mut self, id: &CertificationId) -> Result<&mut Certification, Error> {
        let absent = || Error::Absent { what: "certification", name: id.to_string() };
        self.certifications.get_mut(id).ok_or_else(absent)
    }

    /// The same text is in memory once, however many certifications were made with it.
    fn shared_subject(&self, mut snapshot: Snapshot) -> Snapshot {
        if let Some(now) = self.subjects.get(&snapshot.name).filter(|now| now.written.text == snapshot.text) {
            snapshot.text = now.written.text.clone();
        }
        snapshot
    }

    fn shared_profile(&self, mut snapshot: Snapshot) -> Snapshot {
        if let Some(now) = self.profiles.get(&snapshot.name).filter(|now| now.written.text == snapshot.text) {
            snapshot.text = now.written.text.clone();
        }
        snapshot
    }

    fn remember(&mut self, id: CertificationId, requested: Certification) -> Result<(), Error> {
        if self.certifications.contains_key(&id) {
            return Err(Error::Bug(format!("there is a certification {id} already")));
        }
        self.certifications.insert(id, requested);
        if self.certifications.len() > CERTIFICATIONS_MAX {
            let over = || self.certifications.iter().filter(|(_, one)| one.state.is_over());
            let oldest = over().find(|(id, _)| !self.is_newest(id)).or_else(|| over().next());
            if let Some(oldest) = oldest.map(|(id, _)| id.clone()) {
                self.certifications.remove(&oldest);
            }
        }
        Ok(())
    }

    /// Whether it is the newest certificate of its subject and profile.
    fn is_newest(&self, id: &CertificationId) -> bool {
        let Some(one) = self.certifications.get(id).filter(|one| one.certificate().is_some()) else {
            return false;
        };
        let mut later = self.certifications.range(id..).skip(1);
        !later.any(|(_, later)| later.certificate().is_some() && later.is_of(one))
    }
}

impl State {
    fn refuse(&self, act: &'static str) -> Error {
        Error::State { state: self.name(), act }
    }
}

impl Certification {
    pub(super) fn check(&self, act: &'static str, may: impl FnOnce(&State) -> bool) -> Result<(), Error> {
        if may(&self.state) { Ok(()) } else { Err(self.state.refuse(act)) }
    }
}
