//! What is wrong in a file that a person wrote, and where.

use plimsoll_base::Kind;

/// What is wrong in a file that a person wrote, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {problem}")]
pub struct FileError {
    /// The file as it was named to us.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The character within the line, from 1.
    pub column: usize,
    /// What is wrong.
    pub problem: String,
    /// What to write instead, where that is known.
    pub hint: Option<String>,
}

impl FileError {
    /// What sort of trouble it is.
    pub fn kind(&self) -> Kind {
        Kind::Invalid
    }

    /// What to write instead, where that is known.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    pub(super) fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}
