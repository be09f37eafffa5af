//! Entries of the issuer's log: what shall be measured, before it is; what came of it, after.

use plimsoll_base::Utc;
use plimsoll_proof::Digest;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::later::Said;

/// What an entry says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryType {
    /// A plan, before its first trial. `statement` is the plan's digest.
    Registered,
    /// A certificate. `statement` is the digest of the signed certificate's payload.
    Result,
    /// Measuring ended without a certificate. `statement` is the plan's digest.
    NoResult,
    /// A certificate is withdrawn for good. `statement` is the digest of its payload, as in all that follow.
    Revoked,
    /// A certificate does not hold until it is reinstated.
    Suspended,
    /// A suspended certificate holds again.
    Reinstated,
    /// Another certificate has taken its place.
    Superseded,
    /// A criterion of it that is not met is let pass, by somebody, until a time.
    Waived,
}

impl EntryType {
    /// The entry type's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Result => "result",
            Self::NoResult => "no-result",
            Self::Revoked => "revoked",
            Self::Suspended => "suspended",
            Self::Reinstated => "reinstated",
            Self::Superseded => "superseded",
            Self::Waived => "waived",
        }
    }
}

/// One leaf of the log, as canonical JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogEntry {
    /// Counts from 0 over the entries of this subject and profile.
    pub seq: u64,
    /// What it says.
    #[serde(rename = "type")]
    pub entry_type: EntryType,
    /// When, as the issuer tells it.
    pub time: Utc,
    /// The subject's name.
    pub subject: String,
    /// The profile's id.
    pub profile: String,
    /// What it is about.
    pub statement: Digest,
    /// Digest of the entry before it for the same subject and profile.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub previous: Option<Digest>,
    /// Why, in a statement about a certificate that was issued before.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub said: Option<Said>,
}

/// An entry with its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedEntry {
    /// Its index in the log, from 0 over the entries of all subjects.
    pub index: u64,
    /// What it says.
    pub entry: LogEntry,
}

/// Checks that entries of one subject and profile are numbered from 0 without gap, each naming the one before,
/// none going back in time. `entries` holds each with the digest of its bytes, in the order of the log.
pub fn check_chain(entries: &[(Digest, LogEntry)]) -> Result<(), Error> {
    let mut before: Option<&(Digest, LogEntry)> = None;
    for (index, entry) in entries.iter().enumerate() {
        let broken = |what: &str| Error::evidence(format!("log entry {} of this subject: {what}", index + 1));
        if entry.1.seq != u64::try_from(index).unwrap_or(u64::MAX) {
            return Err(broken("its number leaves a gap"));
        }
        if entry.1.previous != before.map(|(digest, _)| *digest) {
            return Err(broken("it does not name the entry before it"));
        }
        if before.is_some_and(|(_, earlier)| {
            (&earlier.subject, &earlier.profile) != (&entry.1.subject, &entry.1.profile)
                || earlier.time > entry.1.time
        }) {
            return Err(broken("it is of another subject or profile, or goes back in time"));
        }
        entry.1.check_said().map_err(|problem| broken(&problem))?;
        before = Some(entry);
    }
    Ok(())
}

/// How many plans were registered before the one with this digest; `None` if it was not registered, or twice.
pub fn attempts_before(entries: &[(Digest, LogEntry)], plan: Digest) -> Option<u64> {
    let registered = entries.iter().filter(|(_, entry)| entry.entry_type == EntryType::Registered);
    let mut before = None;
    for (count, (_, entry)) in registered.enumerate() {
        if entry.statement == plan {
            if before.is_some() {
                return None;
            }
            before = u64::try_from(count).ok();
        }
    }
    before
}
