//! Signals by the names that people write.

use std::str::FromStr;

use crate::Error;

/// A signal that may be sent to a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are those of signal(7)")]
pub enum Signal {
    Term,
    Quit,
    Int,
    Hup,
    Kill,
    Stop,
    Cont,
    Usr1,
    Usr2,
}

const ALL: [(Signal, &str, rustix::process::Signal); 9] = [
    (Signal::Term, "SIGTERM", rustix::process::Signal::TERM),
    (Signal::Quit, "SIGQUIT", rustix::process::Signal::QUIT),
    (Signal::Int, "SIGINT", rustix::process::Signal::INT),
    (Signal::Hup, "SIGHUP", rustix::process::Signal::HUP),
    (Signal::Kill, "SIGKILL", rustix::process::Signal::KILL),
    (Signal::Stop, "SIGSTOP", rustix::process::Signal::STOP),
    (Signal::Cont, "SIGCONT", rustix::process::Signal::CONT),
    (Signal::Usr1, "SIGUSR1", rustix::process::Signal::USR1),
    (Signal::Usr2, "SIGUSR2", rustix::process::Signal::USR2),
];

impl Signal {
    /// The signal's full name: `SIGTERM`.
    pub fn name(self) -> &'static str {
        self.entry().1
    }

    pub(crate) fn raw(self) -> rustix::process::Signal {
        self.entry().2
    }

    fn entry(self) -> &'static (Self, &'static str, rustix::process::Signal) {
        // The table is in the order of the variants, which a test holds.
        &ALL[self as usize]
    }
}

impl FromStr for Signal {
    type Err = Error;

    /// Reads `SIGTERM` or `TERM`, in capitals as everybody writes them.
    fn from_str(text: &str) -> Result<Self, Error> {
        let known = ALL.iter().find(|(_, name, _)| *name == text || name.strip_prefix("SIG") == Some(text));
        known.map(|(signal, ..)| *signal).ok_or_else(|| Error::SignalName(text.chars().take(20).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_with_and_without_its_prefix() {
        for (signal, name, raw) in ALL {
            assert_eq!(signal.name(), name);
            assert_eq!(signal.raw(), raw);
            assert_eq!(name.parse::<Signal>().unwrap(), signal);
            assert_eq!(name[3..].parse::<Signal>().unwrap(), signal);
        }
    }

    #[test]
    fn refuses_other_names() {
        for text in ["", "SIG", "term", "SIGSEGV", "9", "SIGSIGTERM"] {
            assert!(text.parse::<Signal>().is_err(), "{text} was accepted");
        }
    }
}
