//! What an issuer says of a certificate after it was issued: that it is withdrawn, suspended, reinstated, superseded, or
//! that a criterion is waived. Each is an entry of the log, which the log's key signs with its next checkpoint.

use plimsoll_base::Utc;
use plimsoll_proof::Digest;
use serde::{Deserialize, Serialize};

use crate::entry::{EntryType, LogEntry, LoggedEntry};
use crate::verify::Outcome;

/// The longest reason and the longest name of a person, in characters: they stand in tables and log lines.
pub const WORDS_CHARACTERS_MAX: usize = 300;

/// Why a statement was made, and what it needs besides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// Why, as a sentence.
    pub reason: String,
    /// `superseded`: the payload of the certificate that has taken its place.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub successor: Option<Digest>,
    /// `waived`: the criterion or gap, by its id.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub criterion: Option<String>,
    /// `waived`: who answers for it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub who: Option<String>,
    /// `waived`: the first second at which it is over.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub until: Option<Utc>,
}

impl Said {
    /// A reason, and nothing else.
    pub fn because(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), successor: None, criterion: None, who: None, until: None }
    }
}

/// Whether words can be shown in one line, and say something.
pub fn are_words(text: &str) -> bool {
    !text.trim().is_empty()
        && text.chars().count() <= WORDS_CHARACTERS_MAX
        && !text.chars().any(char::is_control)
}

impl EntryType {
    /// Whether it is a statement about a certificate that was issued before.
    pub fn is_later(self) -> bool {
        matches!(self, Self::Revoked | Self::Suspended | Self::Reinstated | Self::Superseded | Self::Waived)
    }
}

impl LogEntry {
    /// Checks that an entry says what its type needs, and nothing else. A revocation without a reason is one.
    pub(crate) fn check_said(&self) -> Result<(), String> {
        let kind = self.entry_type;
        let Some(said) = &self.said else {
            let may_be_silent = !kind.is_later() || kind == EntryType::Revoked;
            return if may_be_silent { Ok(()) } else { Err(format!("{} without a reason", kind.name())) };
        };
        let waiver = (said.criterion.is_some(), said.who.is_some(), said.until.is_some());
        let (is_waiver, is_successor) = (kind == EntryType::Waived, kind == EntryType::Superseded);
        if !kind.is_later()
            || waiver != (is_waiver, is_waiver, is_waiver)
            || said.successor.is_some() != is_successor
        {
            return Err(format!("{} with what does not belong to it, or without what does", kind.name()));
        }
        if ![Some(&said.reason), said.who.as_ref()].into_iter().flatten().all(|text| are_words(text)) {
            return Err(format!("the words of {} are empty, too long, or not one line", kind.name()));
        }
        if said.until.is_some_and(|until| until <= self.time) {
            return Err("a waiver that is over when it begins".into());
        }
        Ok(())
    }
}

/// The statements of a log about one certificate, in its order.
pub fn statements_about(history: &[LoggedEntry], payload: Digest) -> impl Iterator<Item = &LogEntry> {
    let entries = history.iter().map(|logged| &logged.entry);
    entries.filter(move |entry| entry.entry_type.is_later() && entry.statement == payload)
}

/// Why a certificate does not hold although its time is not over, if its issuer says so. What is withdrawn stays so; a
/// suspension lasts until a reinstatement. It counts whatever time is asked about: nobody knows since when the reason
/// was there.
pub fn withdrawal(history: &[LoggedEntry], payload: Digest) -> Option<(Outcome, String)> {
    let entries: Vec<&LogEntry> = statements_about(history, payload).collect();
    let first = |kind| entries.iter().find(|entry| entry.entry_type == kind);
    let suspension = entries
        .iter()
        .rfind(|entry| matches!(entry.entry_type, EntryType::Suspended | EntryType::Reinstated))
        .filter(|entry| entry.entry_type == EntryType::Suspended);
    let (outcome, words, entry) = match (first(EntryType::Revoked), first(EntryType::Superseded), suspension)
    {
        (Some(entry), ..) => (Outcome::Revoked, "withdrawn", entry),
        (None, Some(entry), _) => (Outcome::Superseded, "replaced", entry),
        (None, None, Some(entry)) => (Outcome::Suspended, "let rest", entry),
        (None, None, None) => return None,
    };
    let said = entry.said.as_ref();
    let by = said.and_then(|said| said.successor).map_or_else(String::new, |by| format!(", by {by}"));
    let reason = said.map_or_else(String::new, |said| format!(": {}", said.reason));
    Some((outcome, format!("{words} by its issuer at {}{by}{reason}", entry.time)))
}
