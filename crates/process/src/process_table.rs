//! The kernel's list of processes, read from `/proc`.

use std::fs;
use std::io;
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// A process that is ending is gone after some milliseconds, also where much memory is given back.
const ENDING_TRIES_MAX: u32 = 20;
const ENDING_PAUSE: Duration = Duration::from_millis(1);

/// A process as `/proc/<pid>/stat` shows it. Process id and start time together name it for ever (until reboot).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) pid: i32,
    pub(crate) name: String,
    pub(crate) state: char,
    pub(crate) parent: i32,
    pub(crate) group: i32,
    pub(crate) session: i32,
    /// Time used by the process and by its children that it has waited for.
    pub(crate) cpu_ticks: u64,
    pub(crate) threads: u64,
    pub(crate) started_ticks: u64,
    pub(crate) rss_pages: u64,
}

impl Process {
    /// Reads one line of `/proc/<pid>/stat`. The name stands in parentheses and may itself contain them.
    pub(crate) fn parse(stat: &str) -> Option<Self> {
        let (before, after) = stat.rsplit_once(") ")?;
        let (pid, name) = before.split_once(" (")?;
        let fields: Vec<&str> = after.split_whitespace().collect();
        // proc(5) numbers the fields from 1; the first after the name is number 3.
        let signed = |number: usize| fields.get(number - 3)?.parse::<i32>().ok();
        let unsigned = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        let cpu_ticks = (14..=17).map(unsigned).sum::<Option<u64>>()?;
        Some(Self {
            pid: pid.trim().parse().ok()?,
            name: name.to_owned(),
            state: fields.first()?.chars().next()?,
            parent: signed(4)?,
            group: signed(5)?,
            session: signed(6)?,
            cpu_ticks,
            threads: unsigned(20)?,
            started_ticks: unsigned(22)?,
            rss_pages: unsigned(24)?,
        })
    }

    /// Looks a process up. `None` if there is none.
    pub(crate) fn find(pid: i32) -> Option<Self> {
        let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
        Self::parse(&String::from_utf8_lossy(&stat))
    }

    /// Whether it has ended and only waits for its parent to take note.
    pub(crate) fn is_ended(&self) -> bool {
        matches!(self.state, 'Z' | 'X')
    }

    /// Whether a signal has stopped it.
    pub(crate) fn is_stopped(&self) -> bool {
        self.state == 'T'
    }

    /// How many file descriptors it has open. One that has ended has none; an error where that may not be looked at:
    /// a count that leaves some out would look too good.
    pub(crate) fn fd_count(&self) -> io::Result<u64> {
        Ok(self.open_files()?.map_or(0, |entries| entries.count() as u64))
    }

    /// The list of what it has open; none if it has ended.
    fn open_files(&self) -> io::Result<Option<fs::ReadDir>> {
        let mut tries = 0;
        loop {
            match fs::read_dir(format!("/proc/{}/fd", self.pid)) {
                Ok(entries) => return Ok(Some(entries)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                // One that is ending belongs to nobody for a moment, and says so to all but root.
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    let is_there = |now: Self| now.started_ticks == self.started_ticks && !now.is_ended();
                    if !Self::find(self.pid).is_some_and(is_there) {
                        return Ok(None);
                    }
                    if tries == ENDING_TRIES_MAX {
                        return Err(error);
                    }
                    tries += 1;
                    std::thread::sleep(ENDING_PAUSE);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The numbers of the sockets that it has open. One that has ended has none; an error where that may not be
    /// looked at.
    pub(crate) fn sockets(&self) -> io::Result<Vec<u64>> {
        let Some(entries) = self.open_files()? else { return Ok(Vec::new()) };
        let socket = |entry: fs::DirEntry| {
            let target = fs::read_link(entry.path()).ok()?;
            target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
        };
        Ok(entries.filter_map(|entry| socket(entry.ok()?)).collect())
    }

    /// Sends a signal to exactly this process: the handle is taken first and the identity checked after, so that a
    /// process that has since got the same id is never hit. A process that is gone is no error.
    pub(crate) fn send(&self, signal: Signal) -> io::Result<()> {
        let Some(pid) = Pid::from_raw(self.pid) else { return Ok(()) };
        let sent = pidfd_open(pid, PidfdFlags::empty()).and_then(|handle| {
            let now = Self::find(self.pid);
            if now.is_some_and(|now| now.started_ticks == self.started_ticks) {
                return pidfd_send_signal(handle, signal);
            }
            Ok(())
        });
        match sent {
            Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// All processes that can be seen. Those that come or go meanwhile may or may not be among them.
pub(crate) fn all() -> io::Result<Vec<Process>> {
    let pids = fs::read_dir("/proc")?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    Ok(pids.filter_map(Process::find).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LINE: &str = "4242 (a) S (b) c) R 1 4242 4240 0 -1 4194304 100 0 0 0 7 5 2 1 20 0 3 0 987654 1000000 \
                        250 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0";

    #[test]
    fn reads_a_line_whose_name_holds_parentheses_and_spaces() {
        let process = Process::parse(LINE).unwrap();
        assert_eq!(process.name, "a) S (b) c");
        assert_eq!((process.pid, process.parent, process.group, process.session), (4242, 1, 4242, 4240));
        assert_eq!((process.cpu_ticks, process.threads), (15, 3));
        assert_eq!((process.started_ticks, process.rss_pages), (987_654, 250));
        assert!(!process.is_ended());
    }

    #[test]
    fn finds_this_process() {
        let me = i32::try_from(std::process::id()).unwrap();
        let found = all().unwrap().into_iter().find(|process| process.pid == me).unwrap();
        assert!(found.threads >= 1 && found.rss_pages > 0 && found.fd_count().unwrap() >= 3);
    }

    #[test]
    fn a_process_with_another_start_time_is_not_hit() {
        let mut sleeper = std::process::Command::new("sleep").arg("30").spawn().unwrap();
        let found = Process::find(i32::try_from(sleeper.id()).unwrap()).unwrap();
        let other = Process { started_ticks: found.started_ticks + 1, ..found.clone() };
        other.send(Signal::KILL).unwrap();
        found.send(Signal::TERM).unwrap();
        // Had the first signal hit, it would have won.
        let ended_by = std::os::unix::process::ExitStatusExt::signal(&sleeper.wait().unwrap());
        assert_eq!(ended_by, Some(Signal::TERM.as_raw()), "a process was hit by another one's name");
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,200}", cut in 0..LINE.len()) {
            let _ = Process::parse(&text);
            prop_assert!(LINE.is_char_boundary(cut));
            let _ = Process::parse(&LINE[..cut]);
        }
    }
}
