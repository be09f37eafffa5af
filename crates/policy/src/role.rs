//! The five roles.

use std::fmt;
use std::str::FromStr;

use plimsoll_base::Kind;

/// What somebody is here for. A user may have several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Looks at subjects, profiles and certifications.
    Viewer,
    /// Looks after subjects and runs certifications.
    Operator,
    /// Runs certifications, and changes what they demand.
    Certifier,
    /// Checks what others did: evidence, the audit trail, the journal. Changes nothing.
    Reviewer,
    /// Decides who may come in and how the server is set up. Runs no certification.
    Administrator,
}

/// A text is not the name of a role.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("there is no role `{0}`: want viewer, operator, certifier, reviewer or administrator")]
pub struct UnknownRole(String);

impl Role {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Self; 5] =
        [Self::Viewer, Self::Operator, Self::Certifier, Self::Reviewer, Self::Administrator];

    /// The name under which it is stored and asked for. It never changes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Certifier => "certifier",
            Self::Reviewer => "reviewer",
            Self::Administrator => "administrator",
        }
    }
}

impl UnknownRole {
    /// What sort of trouble this is.
    pub fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    /// Accepts exactly what `Display` writes.
    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        let known = Self::ALL.into_iter().find(|role| role.name() == text);
        known.ok_or_else(|| UnknownRole(text.chars().take(40).collect()))
    }
}
