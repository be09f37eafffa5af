//! What is done to certifications: by people, and by the server that makes them.

use plimsoll_store::Batch;

use super::certification::{Outcome, Reason, Stale, State};
use super::event::Event;
use super::names::{Actor, CertificationId, Name};
use super::rules::{check_plan, profile};
use super::state::{QUEUED_MAX, Register};
use crate::error::Error;

impl Register {
    /// Asks for a certification of a subject against a profile, under a name that was drawn for it.
    pub fn start(
        &self,
        id: &CertificationId,
        subject: &Name,
        against: &Name,
        by: Option<&Actor>,
    ) -> Result<Batch, Error> {
        let event = self.requested(id, subject, against, Reason::Asked, by)?;
        let Event::CertificationRequested { subject, profile: against, .. } = &event else {
            return Err(Error::Bug(String::from("a request is no request")));
        };
        // Found here, a mistake is told to whoever asks.
        check_plan(&self.rules.subject(subject)?, &profile(against)?)?;
        self.batch(&event)
    }

    /// The same for a subject that is kept fresh. What is wrong with it is found when its turn comes, and put on record.
    pub(super) fn refresh(
        &self,
        id: &CertificationId,
        subject: &Name,
        against: &Name,
    ) -> Result<Batch, Error> {
        self.batch(&self.requested(id, subject, against, Reason::KeptFresh, None)?)
    }

    fn requested(
        &self,
        id: &CertificationId,
        subject: &Name,
        profile: &Name,
        reason: Reason,
        by: Option<&Actor>,
    ) -> Result<Event, Error> {
        let subject = self.subject(subject)?.written.snapshot(subject);
        let profile = self.profile(profile)?.written.snapshot(profile);
        if self.queued() >= QUEUED_MAX {
            return Err(Error::QueueFull(QUEUED_MAX));
        }
        if self.certifications.contains_key(id) {
            return Err(Error::Exists(id.to_string()));
        }
        let (certification, by) = (id.clone(), by.cloned());
        Ok(Event::CertificationRequested { certification, subject, profile, reason, by })
    }

    /// Takes a certification out of the queue, or asks one that is being made to stop. To ask twice is to ask once.
    pub fn cancel(&self, id: &CertificationId, by: Option<&Actor>) -> Result<Batch, Error> {
        let (certification, by) = (id.clone(), by.cloned());
        let found = self.certification(id)?;
        found.check("cancelled", |state| !state.is_over() || matches!(state, State::Cancelled))?;
        match found.state {
            State::Queued => self.batch(&Event::CertificationCancelled { certification, by }),
            State::Running => self.batch(&Event::CertificationStopped { certification, by }),
            _ => Ok(Batch::default()),
        }
    }

    /// Its turn has come.
    pub(super) fn begin(&self, id: &CertificationId) -> Result<Batch, Error> {
        self.certification(id)?.check("started", |state| matches!(state, State::Queued))?;
        self.batch(&Event::CertificationStarted { certification: id.clone() })
    }

    /// It has ended. One that was asked to stop and did is cancelled, whoever stopped it.
    pub(super) fn finish(&self, id: &CertificationId, outcome: &Outcome) -> Result<Batch, Error> {
        let found = self.certification(id)?;
        found.check("ended", State::is_at_work)?;
        let outcome = match (outcome, &found.state) {
            (Outcome::Interrupted, State::Cancelling(by)) => Outcome::Cancelled(by.clone()),
            (outcome, _) => outcome.clone(),
        };
        self.batch(&Event::ended(id.clone(), outcome))
    }

    /// Its certificate says nothing of today any more.
    pub(super) fn mark_stale(&self, id: &CertificationId, reason: Stale) -> Result<Batch, Error> {
        let is_fresh = |state: &State| matches!(state, State::Done(found) if found.stale.is_none());
        self.certification(id)?.check("marked as stale", is_fresh)?;
        self.batch(&Event::CertificateStale { certification: id.clone(), reason })
    }

    /// How many wait for their turn.
    pub(super) fn queued(&self) -> usize {
        self.certifications.values().filter(|one| matches!(one.state, State::Queued)).count()
    }
}
