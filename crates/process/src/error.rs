//! What can go wrong with other programs.

use std::io;

use plimsoll_base::Kind;

/// Why a program could not be started, watched or ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The description of the program cannot be right.
    #[error("cannot start a program: {0}")]
    Spec(&'static str),
    /// The program did not start.
    #[error("cannot start `{program}`")]
    Start {
        /// The program as the description names it.
        program: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A signal could not be sent.
    #[error("cannot send {signal} to process {pid}")]
    Signal {
        /// The signal's name.
        signal: &'static str,
        /// The process that should have got it.
        pid: u32,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A process could not be waited for or looked at.
    #[error("cannot watch process {pid}")]
    Watch {
        /// The process.
        pid: u32,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Processes are alive although they were killed.
    #[error("{count} processes of `{program}` cannot be ended")]
    Survivors {
        /// The program as the description names it.
        program: String,
        /// How many are still alive.
        count: usize,
    },
    /// A program that should have ended by itself did not.
    #[error("`{program}` did not end within {limit_ms} ms")]
    Timeout {
        /// The program as the description names it.
        program: String,
        /// How long it had.
        limit_ms: u64,
    },
    /// A program wrote more than is kept.
    #[error("`{program}` wrote more than {limit_bytes} bytes")]
    Flood {
        /// The program as the description names it.
        program: String,
        /// How much is kept.
        limit_bytes: usize,
    },
    /// A name is not that of a signal.
    #[error("`{0}` is not a signal: use TERM, QUIT, INT, HUP, KILL, STOP, CONT, USR1 or USR2")]
    SignalName(String),
    /// Something that this process needs from the system was refused.
    #[error("cannot {action}")]
    System {
        /// What was being done.
        action: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl Error {
    /// What sort of trouble this is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Spec(_) | Self::SignalName(_) => Kind::Invalid,
            Self::Flood { .. } => Kind::Busy,
            _ => Kind::Unavailable,
        }
    }

    /// What may help.
    pub fn hint(&self) -> Option<&'static str> {
        let Self::Start { source, .. } = self else { return None };
        match source.kind() {
            io::ErrorKind::NotFound => {
                Some("a name without `/` is looked up in PATH, one with `/` starts in the working directory")
            }
            io::ErrorKind::PermissionDenied => Some("the file must be executable"),
            _ => None,
        }
    }
}
