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

/// Where the credential of a server lies: in what systemd has prepared, else in the folder for settings.
pub(crate) fn credential() -> Result<PathBuf, Failure> {
    let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    from("CREDENTIALS_DIRECTORY")
        .map(|folder| folder.join("plimsoll.credential"))
        .or_else(|| from("XDG_CONFIG_HOME").map(|folder| folder.join("plimsoll/server.credential")))
        .or_else(|| from("HOME").map(|home| home.join(".config/plimsoll/server.credential")))
        .ok_or_else(|| {
            Failure::new(Kind::Invalid, "there is no place for what unseals the server's keys")
                .hint("name one in the configuration: credential = \"FILE\"")
        })
}
