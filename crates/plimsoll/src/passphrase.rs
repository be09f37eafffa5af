//! Passphrases: from a terminal, a file descriptor, or a credential file. Never from an argument, which others on
//! the machine can read.

use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal, Read, Write};
use std::path::PathBuf;

use plimsoll_base::{Kind, Secret};
use plimsoll_process::{Interrupt, keep_memory_private};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use crate::failure::Failure;

/// No passphrase is longer; a file that is, is the wrong file.
const BYTES_MAX: u64 = 4_096;

/// Between two looks at whether somebody asked to stop: a wait that nobody notices.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };

/// Where a passphrase comes from.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct PassphraseArguments {
    /// Read the passphrase from this file, such as a systemd credential
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Read the passphrase from this open file descriptor
    #[arg(long, value_name = "N", conflicts_with = "passphrase_file")]
    passphrase_fd: Option<u32>,
}

impl PassphraseArguments {
    /// Reads the passphrase of `name`; asks twice if it is `new`.
    ///
    /// No private key is opened or sealed without passing here, so this is where core dumps of this process, and
    /// debuggers of the same user, are shut out for the rest of its life. Programs that it starts are not concerned.
    pub(crate) fn read(&self, name: &str, new: bool) -> Result<Secret<String>, Failure> {
        keep_memory_private().map_err(Failure::io("shutting out", "core dumps"))?;
        if let Some(path) = &self.passphrase_file {
            return first_line(path.clone());
        }
        if let Some(fd) = self.passphrase_fd {
            return first_line(PathBuf::from(format!("/proc/self/fd/{fd}")));
        }
        let first = ask(&format!("passphrase for {name}: "))?;
        if new && ask("the same again: ")?.expose() != first.expose() {
            return Err(Failure::new(Kind::Invalid, "the two passphrases differ"));
        }
        Ok(first)
    }
}

fn first_line(path: PathBuf) -> Result<Secret<String>, Failure> {
    let file = File::open(&path).map_err(Failure::io("opening", path.display()))?;
    let mut line = String::new();
    BufReader::new(file.take(BYTES_MAX))
        .read_line(&mut line)
        .map_err(Failure::io("reading", path.display()))?;
    Ok(Secret::new(line.trim_end_matches(['\n', '\r']).to_owned()))
}

/// Asks on the terminal, without showing what is typed. Ctrl-C ends the question, and the terminal shows again.
fn ask(prompt: &str) -> Result<Secret<String>, Failure> {
    let no_terminal = || {
        Failure::new(Kind::Invalid, "there is no terminal to ask for the passphrase")
            .hint("give it with --passphrase-file FILE or --passphrase-fd N")
    };
    let mut terminal = File::options().read(true).write(true).open("/dev/tty").map_err(|_| no_terminal())?;
    if !terminal.is_terminal() {
        return Err(no_terminal());
    }
    let interrupt = Interrupt::install()?;
    let before = tcgetattr(&terminal).map_err(|_| no_terminal())?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&terminal, OptionalActions::Flush, &silent).map_err(|_| no_terminal())?;
    let asked = write!(terminal, "{prompt}").map_err(Failure::io("writing to", "the terminal"));
    let line = asked.and_then(|()| typed_line(&terminal, interrupt));
    // The terminal is given back as it was, whatever happened in between.
    let restored = tcsetattr(&terminal, OptionalActions::Flush, &before);
    let _ = writeln!(terminal);
    restored.map_err(|_| no_terminal())?;
    line
}

/// The line that somebody types, unless they ask to stop.
fn typed_line(terminal: &File, interrupt: Interrupt) -> Result<Secret<String>, Failure> {
    let failed = || Failure::io("reading from", "the terminal");
    loop {
        // A terminal is ready once a line is whole.
        let ready = poll(&mut [PollFd::new(terminal, PollFlags::IN)], Some(&LOOK));
        if interrupt.is_requested() {
            return Err(plimsoll_certify::Error::Interrupted.into());
        }
        match ready {
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) => break,
            Err(errno) => return Err(failed()(errno.into())),
        }
    }
    let mut line = String::new();
    BufReader::new(terminal.take(BYTES_MAX)).read_line(&mut line).map_err(failed())?;
    Ok(Secret::new(line.trim_end_matches(['\n', '\r']).to_owned()))
}

#[cfg(test)]
mod tests {
    use rustix::process::{DumpableBehavior, dumpable_behavior};

    use super::*;

    fn from_file(text: &[u8]) -> Result<Secret<String>, Failure> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text).unwrap();
        let passphrase_file = Some(file.path().to_owned());
        PassphraseArguments { passphrase_file, passphrase_fd: None }.read("x", true)
    }

    #[test]
    fn a_passphrase_is_the_first_line_as_it_stands() {
        assert_eq!(from_file(b" four random words \r\nnot this\n").unwrap().expose(), " four random words ");
        assert_eq!(from_file(b"no newline").unwrap().expose(), "no newline");
        assert!(from_file(b"\xff\n").is_err());
    }

    #[test]
    fn who_reads_a_passphrase_leaves_no_core_file() {
        from_file(b"four random words\n").unwrap();
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
    }
}
