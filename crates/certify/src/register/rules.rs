//! What a subject that was written into the register may do to the machine it is measured from.

use std::net::IpAddr;
use std::path::Path;

use plimsoll_evidence::Profile;

use super::snapshot::Snapshot;
use crate::error::Error;
use crate::files::{Inspected, Source, Subject, parse_profile, parse_subject};
use crate::identity::identity_of;
use crate::planning::{expected_ns, make_plan};

/// Longest certification that is begun, as far as its length is known before, in ns: everything else waits for it.
pub const EXPECTED_NS_MAX: u64 = 24 * 3_600_000_000_000;

/// How much is left to those who may write subjects. All is closed unless it is opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rules {
    /// Subjects may have `[start]`, which runs programs as the server does, and `[source]`, which reads its files and
    /// lets git run what a repository's configuration names.
    pub subjects_may_start_programs: bool,
    /// Subjects may be reached elsewhere than at a loopback address, if they say who authorised it. Names are looked up.
    pub subjects_may_reach_other_machines: bool,
}

impl Rules {
    /// Reads a subject's text, and refuses what it may not do. What is built in may do all.
    pub(super) fn subject(self, subject: &Snapshot) -> Result<Subject, Error> {
        let file = format!("{}.toml", subject.name);
        // Paths are relative to the root: none of the server's own folders is meant by accident.
        let parsed = parse_subject(&file, subject.text.as_str(), Path::new("/"))?;
        if subject.revision > 0 {
            self.check(&parsed)?;
        }
        check_name(&parsed.name, subject)?;
        Ok(parsed)
    }

    fn check(self, subject: &Subject) -> Result<(), Error> {
        let closed = |what, key| Err(Error::NotAllowed { what, key });
        let Self { subjects_may_start_programs, subjects_may_reach_other_machines } = self;
        if !subjects_may_start_programs {
            let key = "certify.subjects_may_start_programs";
            if subject.start.is_some() {
                return closed("start a program: [start]", key);
            }
            if subject.source != Source::default() || subject.files != Inspected::default() {
                return closed("name files of the server: [source]", key);
            }
        }
        if !subjects_may_reach_other_machines {
            let key = "certify.subjects_may_reach_other_machines";
            // A name may come to mean another machine.
            if !subject.target.address.is_some_and(is_loopback) {
                return closed("be elsewhere than at a loopback address: `url` in [target]", key);
            }
            if subject.target.authorised_by.is_some() {
                return closed("speak for the owner of another machine: `authorised_by` in [target]", key);
            }
        }
        Ok(())
    }
}

fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// Reads a profile's text.
pub(super) fn profile(profile: &Snapshot) -> Result<Profile, Error> {
    let parsed = parse_profile(&format!("{}.toml", profile.name), profile.text.as_str())?;
    check_name(&parsed.id, profile)?;
    Ok(parsed)
}

/// Certificates name subject and profile as their files do.
fn check_name(found: &str, of: &Snapshot) -> Result<(), Error> {
    if found == of.name.as_str() {
        return Ok(());
    }
    Err(Error::Misnamed { name: of.name.to_string(), found: found.to_owned() })
}

/// Refuses what could not be judged or would take too long, as far as that is known before.
pub(super) fn check_plan(subject: &Subject, profile: &Profile) -> Result<(), Error> {
    // Nothing depends on the seed but the order of the controls, nor on what the source consists of.
    let plan = make_plan(subject, identity_of(subject, Vec::new()), profile, [0; 32], 0)?;
    let expected_ns = expected_ns(&plan);
    if expected_ns > EXPECTED_NS_MAX {
        return Err(Error::TooLong { expected_ns, max_ns: EXPECTED_NS_MAX });
    }
    Ok(())
}
