//! Why the service ends other than by a signal.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why the service could not start, or could not end well.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database could not be opened.
    #[error("cannot open the database `{}`", path.display())]
    Open {
        /// Its file.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        source: rusqlite::Error,
    },
    /// The file of tokens could not be read.
    #[error("cannot read the tokens in `{}`: {problem}", path.display())]
    Tokens {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The notes could not be backed up.
    #[error("cannot back up `{}`: {problem}", path.display())]
    BackUp {
        /// The database.
        path: PathBuf,
        /// What stood in the way.
        problem: String,
    },
    /// A backup could not be restored.
    #[error("cannot restore `{}`: {problem}", path.display())]
    Restore {
        /// The copy.
        path: PathBuf,
        /// What is wrong with it, or with the place where it shall go.
        problem: String,
    },
    /// The address could not be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A thread, a runtime or a signal handler could not be set up, or standard output is gone.
    #[error("cannot {action}")]
    System {
        /// What was being done.
        action: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Requests were still open when their time was over.
    #[error("requests were still open {0} ms after the service was asked to end")]
    Drain(u64),
}
