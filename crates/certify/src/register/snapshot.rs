//! Texts that people wrote, as they were at a time.

use std::fmt;
use std::sync::Arc;

use plimsoll_proof::Digest;
use serde::{Deserialize, Serialize};

use super::names::Name;
use crate::error::Error;

/// Longest text of a subject or a profile: far above any that serves, and all of them are in memory.
pub const TEXT_BYTES_MAX: usize = 40 << 10;

/// A subject's or a profile's text. Clones share it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text {
    digest: Digest,
    text: Arc<str>,
}

impl Text {
    /// Takes a text that is not too long.
    pub fn new(text: &str) -> Result<Self, Error> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(Error::TextLong { bytes: text.len(), max: TEXT_BYTES_MAX });
        }
        Ok(Self { digest: Digest::of(text.as_bytes()), text: text.into() })
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// SHA-256 of it.
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

impl TryFrom<String> for Text {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        Self::new(&text)
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.text.as_ref().to_owned()
    }
}

/// Shows the digest: the text may hold secrets.
impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({})", self.digest)
    }
}

/// A subject or a profile as it was when a certification was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// Its name.
    pub name: Name,
    /// Its revision; 0 if it was built in.
    pub revision: u64,
    /// What it said.
    pub text: Text,
}
