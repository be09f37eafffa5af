//! Where Plimsoll keeps what is its own: where a command line says, else the place that the system has for such things.

use std::path::PathBuf;

use plimsoll_base::Kind;

use crate::failure::Failure;

/// The state folder that `--state` asks for, or the usual one.
pub(crate) fn folder(asked: Option<PathBuf>) -> Result<PathBuf, Failure> {
    asked.or_else(usual).ok_or_else(|| nowhere("--state DIR"))
}

/// The data folder of a server that `--data` asks for, or the usual one.
pub(crate) fn data(asked: Option<PathBuf>) -> Result<PathBuf, Failure> {
    asked.or_else(|| Some(usual()?.join("data"))).ok_or_else(|| nowhere("--data DIR"))
}

/// What systemd has prepared, of several the first; else the folder for the state of programs.
fn usual() -> Option<PathBuf> {
    from("STATE_DIRECTORY")
        .and_then(|folders| std::env::split_paths(&folders).next())
        .or_else(|| from("XDG_STATE_HOME").map(|folder| folder.join("plimsoll")))
        .or_else(|| from("HOME").map(|home| home.join(".local/state/plimsoll")))
}

fn nowhere(option: &str) -> Failure {
    Failure::new(Kind::Invalid, "there is no place for keys and logs")
        .hint(format!("set HOME, or give one with {option}"))
}

/// Where the credential of a server lies: in what systemd has prepared, else in the folder for settings.
pub(crate) fn credential() -> Result<PathBuf, Failure> {
    from("CREDENTIALS_DIRECTORY")
        .map(|folder| folder.join("plimsoll.credential"))
        .or_else(|| from("XDG_CONFIG_HOME").map(|folder| folder.join("plimsoll/server.credential")))
        .or_else(|| from("HOME").map(|home| home.join(".config/plimsoll/server.credential")))
        .ok_or_else(|| {
            Failure::new(Kind::Invalid, "there is no place for what unseals the server's keys")
                .hint("name one in the configuration: credential = \"FILE\"")
        })
}

fn from(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}
