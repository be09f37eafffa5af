//! Where Plimsoll keeps what is its own: `--state`, else the place that the system has for such things.

use std::path::PathBuf;

use plimsoll_base::Kind;

use crate::failure::Failure;

/// The state folder that a command line asks for, or the usual one.
pub(crate) fn folder(asked: Option<PathBuf>) -> Result<PathBuf, Failure> {
    let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    asked
        .or_else(|| from("XDG_STATE_HOME").map(|folder| folder.join("plimsoll")))
        .or_else(|| from("HOME").map(|home| home.join(".local/state/plimsoll")))
        .ok_or_else(|| {
            Failure::new(Kind::Invalid, "there is no place for keys and logs")
                .hint("give one with --state DIR")
        })
}
