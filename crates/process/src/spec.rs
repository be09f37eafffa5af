//! What to start.

use std::path::PathBuf;
use std::process::Command;

use crate::Error;

/// The variables that a program inherits, where they are set. All others are taken away, so that a subject sees
/// the same environment in a terminal, in CI and in a control, and none of the caller's secrets.
const INHERITED: [&str; 8] = ["PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "USER", "LOGNAME"];

/// A program to start: no shell reads it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Spec {
    /// A name looked up in `PATH`, or a path. A relative path with `/` starts in `working_dir`.
    pub program: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Variables added to the inherited ones (`PATH`, `HOME`, `LANG`, `LC_ALL`, `TMPDIR`, `TZ`, `USER`,
    /// `LOGNAME`), or put in their place.
    pub env: Vec<(String, String)>,
    /// Where it starts; this process's own directory if there is none.
    pub working_dir: Option<PathBuf>,
}

impl Spec {
    /// A program with its arguments.
    pub fn new<A: Into<String>>(program: impl Into<String>, args: impl IntoIterator<Item = A>) -> Self {
        Self { program: program.into(), args: args.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// The command, with its environment and directory but without its pipes.
    pub(crate) fn command(&self) -> Result<Command, Error> {
        if self.program.is_empty() {
            return Err(Error::Spec("its name is empty"));
        }
        if self.env.iter().any(|(name, _)| name.is_empty() || name.contains(['=', '\0'])) {
            return Err(Error::Spec("a variable has a name that is empty or contains `=` or a zero byte"));
        }
        let mut command = Command::new(&self.program);
        command.args(&self.args).env_clear();
        for name in INHERITED {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        if let Some(directory) = &self.working_dir {
            command.current_dir(directory);
        }
        Ok(command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_no_system_can_start() {
        assert!(Spec::default().command().is_err());
        for name in ["", "A=B", "A\0"] {
            let spec = Spec { env: vec![(name.into(), "x".into())], ..Spec::new("true", [""; 0]) };
            assert!(spec.command().is_err(), "{name:?} was accepted");
        }
        assert!(Spec::new("true", ["a"]).command().is_ok());
    }
}
