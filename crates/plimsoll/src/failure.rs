//! Why a command could not do its work, ready to be shown.

use std::error::Error;
use std::io;

use plimsoll_base::Kind;

/// An error with its kind, its causes, and what to do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    /// What went wrong, with its causes.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
    /// What the subject wrote last.
    pub(crate) output: String,
    broken_pipe: bool,
}

impl Failure {
    /// A failure that has no cause but itself.
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None, output: String::new(), broken_pipe: false }
    }

    /// The same with a hint.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// The same, said of `what` was given.
    pub(crate) fn of(self, what: &str) -> Self {
        Self { message: format!("{what}: {}", self.message), ..self }
    }

    /// A failure to read or write `what`.
    pub(crate) fn io(doing: &str, what: impl std::fmt::Display) -> impl FnOnce(io::Error) -> Self {
        let message = format!("{doing} {what}");
        move |error| {
            let kind = match error.kind() {
                // What was named is not there, is no file or is not ours to read: another name helps, time does not.
                io::ErrorKind::NotFound
                | io::ErrorKind::NotADirectory
                | io::ErrorKind::IsADirectory
                | io::ErrorKind::PermissionDenied
                | io::ErrorKind::InvalidData => Kind::Invalid,
                _ => Kind::Unavailable,
            };
            Self {
                broken_pipe: error.kind() == io::ErrorKind::BrokenPipe,
                ..Self::new(kind, format!("{message}: {error}"))
            }
        }
    }

    pub(crate) fn is_broken_pipe(&self) -> bool {
        self.broken_pipe
    }
}

/// The message of an error followed by those of its causes.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        message = format!("{message}: {error}");
        cause = error.source();
    }
    message
}

impl From<plimsoll_certify::Error> for Failure {
    fn from(error: plimsoll_certify::Error) -> Self {
        let output = match &error {
            plimsoll_certify::Error::Subject { output, .. }
            | plimsoll_certify::Error::Dependency { output, .. } => output.clone(),
            _ => String::new(),
        };
        Self { hint: error.hint(), output, ..Self::new(error.kind(), with_causes(&error)) }
    }
}

impl From<plimsoll_certify::FileError> for Failure {
    fn from(error: plimsoll_certify::FileError) -> Self {
        plimsoll_certify::Error::from(error).into()
    }
}

impl From<plimsoll_keys::Error> for Failure {
    fn from(error: plimsoll_keys::Error) -> Self {
        Self { hint: error.hint().map(str::to_owned), ..Self::new(error.kind(), with_causes(&error)) }
    }
}

impl From<plimsoll_store::Error> for Failure {
    fn from(error: plimsoll_store::Error) -> Self {
        Self { hint: error.hint().map(str::to_owned), ..Self::new(error.kind(), with_causes(&error)) }
    }
}

impl From<plimsoll_identity::Error> for Failure {
    fn from(error: plimsoll_identity::Error) -> Self {
        Self { hint: error.hint().map(str::to_owned), ..Self::new(error.kind(), with_causes(&error)) }
    }
}

impl From<plimsoll_process::Error> for Failure {
    fn from(error: plimsoll_process::Error) -> Self {
        Self::new(error.kind(), with_causes(&error))
    }
}

impl From<plimsoll_load::Error> for Failure {
    fn from(error: plimsoll_load::Error) -> Self {
        Self { hint: error.hint().map(str::to_owned), ..Self::new(error.kind(), with_causes(&error)) }
    }
}
