//! From what was found to the exit code: the one table of it.

use std::process::ExitCode;

use plimsoll_base::Kind;

use crate::failure::Failure;
use crate::print::Printer;

/// What a command that could do its work answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Yes.
    Yes,
    /// No: a criterion failed, a certificate is invalid.
    No,
    /// There is nothing to read.
    Usage,
    /// Neither: evidence is missing, or the instrument cannot tell.
    Inconclusive,
}

impl Answer {
    fn code(self) -> u8 {
        match self {
            Self::Yes => 0,
            Self::No => 1,
            Self::Usage => 2,
            Self::Inconclusive => 3,
        }
    }
}

/// The exit code of a kind of error.
fn kind_code(kind: Kind) -> u8 {
    match kind {
        Kind::Invalid => 2,
        Kind::Inconclusive => 3,
        Kind::Denied | Kind::NotFound | Kind::Conflict => 4,
        Kind::Busy | Kind::Unavailable => 5,
        Kind::Corrupt => 6,
        Kind::Bug => 70,
    }
}

/// Prints a failure, if it is one, and gives the exit code.
pub(crate) fn code(answer: Result<Answer, Failure>, printer: &Printer) -> ExitCode {
    match answer {
        Ok(answer) => ExitCode::from(answer.code()),
        // A reader that has seen enough is no error.
        Err(failure) if failure.is_broken_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            printer.failure(&failure);
            ExitCode::from(kind_code(failure.kind))
        }
    }
}

/// Prints what clap has to say: help to stdout with 0, an error to stderr with 2.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    // With the stream gone there is nobody to tell.
    let _ = error.print();
    if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_the_exit_code_of_the_manual() {
        let codes = [
            (Kind::Invalid, 2),
            (Kind::Inconclusive, 3),
            (Kind::Denied, 4),
            (Kind::NotFound, 4),
            (Kind::Conflict, 4),
            (Kind::Busy, 5),
            (Kind::Unavailable, 5),
            (Kind::Corrupt, 6),
            (Kind::Bug, 70),
        ];
        for (kind, code) in codes {
            assert_eq!(kind_code(kind), code, "{kind:?}");
        }
    }
}
