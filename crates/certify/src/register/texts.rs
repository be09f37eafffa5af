//! Subjects and profiles: what is written, and by whom.

use plimsoll_store::{Batch, Expect};
use serde::Serialize;

use super::event::Event;
use super::names::{Actor, Name};
use super::rules::{check_plan, profile};
use super::snapshot::{Snapshot, Text};
use super::state::Register;
use crate::error::Error;

/// Most subjects that are written: all of them are in memory.
pub const SUBJECTS_MAX: usize = 200;
/// Most profiles that are written, for the same reason.
pub const PROFILES_MAX: usize = 100;

/// A text that is kept under a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Written {
    /// The text.
    pub text: Text,
    /// Its place in the stream: no two texts that were ever written under a name have the same. 0 if it is built in.
    pub revision: u64,
    /// When it was written, in milliseconds since 1970-01-01T00:00:00Z; 0 if it is built in.
    pub written_ms: u64,
    /// Who wrote it.
    pub written_by: Option<Actor>,
}

/// A subject of the register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Subject {
    /// Its text.
    pub written: Written,
    /// The profile by which it is certified again before its certificate expires, or when it has changed.
    pub keep_fresh: Option<Name>,
}

/// A profile of the register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Profile {
    /// Its text.
    pub written: Written,
}

impl Written {
    /// What ships with Plimsoll.
    pub(super) fn built_in(text: &str) -> Result<Self, Error> {
        Ok(Self { text: Text::new(text)?, revision: 0, written_ms: 0, written_by: None })
    }

    /// Whether it ships with Plimsoll, and cannot be changed.
    pub fn is_built_in(&self) -> bool {
        self.revision == 0
    }

    pub(super) fn snapshot(&self, name: &Name) -> Snapshot {
        Snapshot { name: name.clone(), revision: self.revision, text: self.text.clone() }
    }
}

/// What somebody wants to be there under a name, and what may be there until then.
struct Wish<'a> {
    what: &'static str,
    name: &'a Name,
    found: Option<&'a Written>,
    expect: Expect,
}

impl Wish<'_> {
    /// Refuses to touch what is built in, and what is not what the caller has seen.
    fn check(&self) -> Result<(), Error> {
        let (what, name) = (self.what, self.name.to_string());
        if self.found.is_some_and(Written::is_built_in) {
            return Err(Error::BuiltIn { what, name });
        }
        let found = self.found.map_or(0, |written| written.revision);
        match self.expect {
            Expect::At(expected) if expected != found => Err(Error::Changed { what, name, expected, found }),
            _ => Ok(()),
        }
    }

    fn check_there(&self) -> Result<(), Error> {
        self.check()?;
        match self.found {
            Some(_) => Ok(()),
            None => Err(Error::Absent { what: self.what, name: self.name.to_string() }),
        }
    }

    fn check_room(&self, there: usize, max: usize) -> Result<(), Error> {
        if self.found.is_none() && there >= max {
            return Err(Error::TooMany { what: self.what, max });
        }
        Ok(())
    }
}

impl Register {
    /// Writes a subject, or a new text of it. `expect` is the revision that the caller has seen; 0 if there is none.
    pub fn write_subject(
        &self,
        name: &Name,
        text: &str,
        keep_fresh: Option<&Name>,
        expect: Expect,
        by: Option<&Actor>,
    ) -> Result<Batch, Error> {
        let found = self.subjects.get(name);
        let wish = Wish { what: "subject", name, found: found.map(|subject| &subject.written), expect };
        wish.check()?;
        wish.check_room(self.own_subjects(), SUBJECTS_MAX)?;
        let text = Text::new(text)?;
        // What is about to be written is no built-in text: the rules hold for it.
        let new = Snapshot { name: name.clone(), revision: u64::MAX, text: text.clone() };
        let parsed = self.rules.subject(&new)?;
        if let Some(kept_by) = keep_fresh {
            check_plan(&parsed, &profile(&self.profile(kept_by)?.written.snapshot(kept_by))?)?;
        }
        if found.is_some_and(|now| now.written.text == text && now.keep_fresh.as_ref() == keep_fresh) {
            return Ok(Batch::default());
        }
        let keep_fresh = keep_fresh.cloned();
        self.batch(&Event::SubjectWritten { subject: name.clone(), text, keep_fresh, by: by.cloned() })
    }

    /// Removes a subject. Its certificates stay, and go stale.
    pub fn remove_subject(&self, name: &Name, expect: Expect, by: Option<&Actor>) -> Result<Batch, Error> {
        let found = self.subjects.get(name).map(|subject| &subject.written);
        Wish { what: "subject", name, found, expect }.check_there()?;
        self.batch(&Event::SubjectRemoved { subject: name.clone(), by: by.cloned() })
    }

    /// Writes a profile, or a new text of it. `expect` is the revision that the caller has seen; 0 if there is none.
    pub fn write_profile(
        &self,
        name: &Name,
        text: &str,
        expect: Expect,
        by: Option<&Actor>,
    ) -> Result<Batch, Error> {
        let found = self.profiles.get(name).map(|profile| &profile.written);
        let wish = Wish { what: "profile", name, found, expect };
        wish.check()?;
        wish.check_room(self.own_profiles(), PROFILES_MAX)?;
        let text = Text::new(text)?;
        profile(&Snapshot { name: name.clone(), revision: u64::MAX, text: text.clone() })?;
        if found.is_some_and(|now| now.text == text) {
            return Ok(Batch::default());
        }
        self.batch(&Event::ProfileWritten { profile: name.clone(), text, by: by.cloned() })
    }

    /// Removes a profile by which no subject is kept fresh.
    pub fn remove_profile(&self, name: &Name, expect: Expect, by: Option<&Actor>) -> Result<Batch, Error> {
        let found = self.profiles.get(name).map(|profile| &profile.written);
        Wish { what: "profile", name, found, expect }.check_there()?;
        let user = self.subjects.iter().find(|(_, subject)| subject.keep_fresh.as_ref() == Some(name));
        if let Some((subject, _)) = user {
            return Err(Error::InUse { profile: name.to_string(), subject: subject.to_string() });
        }
        self.batch(&Event::ProfileRemoved { profile: name.clone(), by: by.cloned() })
    }

    fn own_subjects(&self) -> usize {
        self.subjects.values().filter(|subject| !subject.written.is_built_in()).count()
    }

    fn own_profiles(&self) -> usize {
        self.profiles.values().filter(|profile| !profile.written.is_built_in()).count()
    }
}
