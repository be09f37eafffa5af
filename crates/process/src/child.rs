//! One running program.

use std::io::{self, PipeReader, PipeWriter};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::param::{clock_ticks_per_second, page_size};
use rustix::process::{
    Pid, PidfdFlags, getpid, getppid, pidfd_open, pidfd_send_signal, set_parent_process_death_signal, setsid,
};

use crate::capture::Capture;
use crate::clock::{monotonic_ns, timespec};
use crate::family::Family;
use crate::listener;
use crate::process_table::Process;
use crate::{Error, Exit, Resources, Signal, Spec, StopReport, Straggler};

/// How much of a program's output is kept, in bytes: enough for the reason of a failure, small enough for a report.
pub const OUTPUT_BYTES_MAX: usize = 64 * 1024;
/// How long processes may take to follow their leader before they count as left behind.
const SETTLE_NS: u64 = 200_000_000;
/// Between two looks at whether they have.
const SETTLE_PAUSE: Duration = Duration::from_millis(10);
/// How long the kernel may take to end a process that has been killed.
const KILLED_NS_MAX: u64 = 10_000_000_000;

/// A running program, its output and all processes that came from it. Dropping it ends all of them.
///
/// The kernel ends the program when the *thread* that started it ends: start programs from a thread that outlives
/// them.
#[derive(Debug)]
pub struct Child {
    program: String,
    handle: std::process::Child,
    /// Names the process for ever, whereas a process id can be given to another one.
    pidfd: OwnedFd,
    family: Family,
    started_ticks: u64,
    started_monotonic_ns: u64,
    output: Capture,
    exit: Option<Exit>,
    is_over: bool,
}

impl Child {
    /// Starts a program in a session of its own, with nothing on its standard input, and returns once it has been
    /// loaded.
    pub fn start(spec: &Spec) -> Result<Self, Error> {
        let (read, write) = pipe()?;
        let errors = write.try_clone().map_err(|source| start_error(spec, source))?;
        Self::start_between(spec, Stdio::null(), read, write, errors, OUTPUT_BYTES_MAX)
    }

    /// Starts a program that reads `stdin` and writes to these pipes, of which `read` is kept up to `bytes_max`.
    pub(crate) fn start_between(
        spec: &Spec,
        stdin: Stdio,
        read: PipeReader,
        stdout: PipeWriter,
        stderr: PipeWriter,
        bytes_max: usize,
    ) -> Result<Self, Error> {
        let output = Capture::start(read, bytes_max).map_err(|source| start_error(spec, source))?;
        let mut command = spec.command()?;
        command.stdin(stdin).stdout(stdout).stderr(stderr);
        confine(&mut command);
        let started_monotonic_ns = monotonic_ns();
        let ((handle, pidfd, started_ticks), family) =
            Family::found(|| spawn(&mut command)).map_err(|source| start_error(spec, source))?;
        let program = spec.program.clone();
        let child = Self {
            program,
            handle,
            pidfd,
            family,
            started_ticks,
            started_monotonic_ns,
            output,
            exit: None,
            is_over: false,
        };
        Ok(child)
    }

    /// The program's process id, which is also its session and its process group.
    pub fn pid(&self) -> u32 {
        self.handle.id()
    }

    /// When the kernel says that the process began, in clock ticks since boot (field 22 of `/proc/<pid>/stat`).
    /// Together with the process id it identifies the process.
    pub fn started_ticks(&self) -> u64 {
        self.started_ticks
    }

    /// A stamp taken just before the program was started, on the clock of [`monotonic_ns`].
    pub fn started_monotonic_ns(&self) -> u64 {
        self.started_monotonic_ns
    }

    /// Sends a signal to the program itself and to nobody else, as a container runtime does.
    pub fn signal(&self, signal: Signal) -> Result<(), Error> {
        let sent = pidfd_send_signal(&self.pidfd, signal.raw());
        sent.map_err(|errno| self.signal_error(signal, errno.into()))
    }

    /// Sends a signal to the program and to all processes that came from it.
    pub fn signal_all(&self, signal: Signal) -> Result<(), Error> {
        for process in self.family.alive().map_err(|source| self.watch_error(source))? {
            process.send(signal.raw()).map_err(|source| self.signal_error(signal, source))?;
        }
        Ok(())
    }

    /// Whether the program itself is still there (a stopped one is).
    pub fn is_running(&self) -> bool {
        self.exit.is_none() && !is_ended(&self.pidfd, 0).unwrap_or(true)
    }

    /// How the program ended, if it has.
    pub fn try_exit(&mut self) -> Result<Option<Exit>, Error> {
        self.wait_exit(0)
    }

    /// Waits until the program ends, at most `timeout_ns`. `None`: it is still running.
    pub fn wait_exit(&mut self, timeout_ns: u64) -> Result<Option<Exit>, Error> {
        if self.exit.is_none()
            && is_ended(&self.pidfd, timeout_ns).map_err(|source| self.watch_error(source))?
        {
            let status = self.handle.wait().map_err(|source| self.watch_error(source))?;
            self.exit = Some(Exit::from_status(status));
        }
        Ok(self.exit)
    }

    /// Sends `signal`, waits up to `grace_ns` for the program to end, kills it if it does not, then ends whatever
    /// it left behind. The signal goes to the program alone; only SIGKILL, which stands for a crash of the whole
    /// subject, goes to all that came from it. A program that has already ended is no error.
    pub fn stop(&mut self, signal: Signal, grace_ns: u64) -> Result<StopReport, Error> {
        let asked_ns = monotonic_ns();
        if signal == Signal::Kill {
            self.signal_all(signal)?;
        } else if self.try_exit()?.is_none() {
            self.signal(signal)?;
        }
        let by_itself = self.wait_exit(grace_ns)?;
        if by_itself.is_none() {
            self.signal_all(Signal::Kill)?;
        }
        let exit = self.wait_exit(KILLED_NS_MAX)?.ok_or_else(|| self.survivors(1))?;
        let took_ns = monotonic_ns().saturating_sub(asked_ns);
        let killed = by_itself.is_none();
        let stragglers = if killed { Vec::new() } else { self.stragglers()? };
        self.end_family()?;
        Ok(StopReport { exit, took_ns, killed, stragglers })
    }

    /// The last 64 KiB that the program wrote to its standard output and standard error, in the order in which it
    /// wrote them, with all that it has written up to now. Not redacted: see [`redact`](crate::redact).
    pub fn output(&self) -> String {
        String::from_utf8_lossy(&self.output.bytes()).into_owned()
    }

    /// [`output`](Self::output), and how many bytes the program had written there in all by then.
    pub fn output_and_total(&self) -> (String, u64) {
        let (bytes, total) = self.output.bytes_and_total();
        (String::from_utf8_lossy(&bytes).into_owned(), total)
    }

    /// What the program and all that came from it use now. An error where the descriptors of one of them may not be
    /// looked at, since it runs as another user or lets nobody look.
    pub fn resources(&self) -> Result<Resources, Error> {
        let alive = self.family.alive().map_err(|source| self.watch_error(source))?;
        let tick_ns = 1_000_000_000 / clock_ticks_per_second().max(1);
        let sum = |count: fn(&Process) -> u64| alive.iter().map(count).sum::<u64>();
        let fds = alive.iter().map(Process::fd_count).sum::<io::Result<u64>>();
        let fds = fds.map_err(|source| self.watch_error(source))?;
        Ok(Resources {
            processes: alive.len() as u64,
            rss_bytes: sum(|process| process.rss_pages).saturating_mul(page_size() as u64),
            cpu_ns: sum(|process| process.cpu_ticks).saturating_mul(tick_ns),
            threads: sum(|process| process.threads),
            fds,
        })
    }

    /// Whether the program and all that came from it stand still.
    pub fn is_stopped(&self) -> Result<bool, Error> {
        let alive = self.family.alive().map_err(|source| self.watch_error(source))?;
        Ok(!alive.is_empty() && alive.iter().all(Process::is_stopped))
    }

    /// Whether somebody else for certain than the program and all that came from it listens at this address. Where
    /// the system does not let this process see who listens, it is not certain.
    pub fn is_impersonated_at(&self, address: SocketAddr) -> Result<bool, Error> {
        let alive = self.family.alive().map_err(|source| self.watch_error(source))?;
        Ok(listener::is_foreign(address, &alive))
    }

    pub(crate) fn captured(&self) -> &Capture {
        &self.output
    }

    /// Who is still there once those that follow their leader have had the time to.
    fn stragglers(&self) -> Result<Vec<Straggler>, Error> {
        let deadline_ns = monotonic_ns().saturating_add(SETTLE_NS);
        loop {
            let left = self.family.alive_but_leader().map_err(|source| self.watch_error(source))?;
            if left.is_empty() || monotonic_ns() >= deadline_ns {
                let named = left
                    .into_iter()
                    .map(|process| Straggler { pid: process.pid.unsigned_abs(), name: process.name });
                return Ok(named.collect());
            }
            std::thread::sleep(SETTLE_PAUSE);
        }
    }

    fn end_family(&mut self) -> Result<(), Error> {
        match self.family.end().map_err(|source| self.watch_error(source))? {
            0 => {
                self.family.forget();
                self.is_over = true;
                Ok(())
            }
            count => Err(self.survivors(count)),
        }
    }

    fn survivors(&self, count: usize) -> Error {
        Error::Survivors { program: self.program.clone(), count }
    }

    fn watch_error(&self, source: io::Error) -> Error {
        Error::Watch { pid: self.pid(), source }
    }

    fn signal_error(&self, signal: Signal, source: io::Error) -> Error {
        Error::Signal { signal: signal.name(), pid: self.pid(), source }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if !self.is_over {
            // Nobody is left to tell, and `stop` has already tried everything.
            let _ = self.stop(Signal::Kill, KILLED_NS_MAX);
            self.family.forget();
        }
    }
}

pub(crate) fn pipe() -> Result<(PipeReader, PipeWriter), Error> {
    io::pipe().map_err(|source| Error::System { action: "make a pipe", source })
}

pub(crate) fn start_error(spec: &Spec, source: io::Error) -> Error {
    Error::Start { program: spec.program.clone(), source }
}

/// Starts the command and takes its identity before it can be waited for.
fn spawn(command: &mut Command) -> io::Result<((std::process::Child, OwnedFd, u64), i32, u64)> {
    let mut handle = command.spawn()?;
    let identity = identify(&handle);
    match identity {
        Ok((pidfd, pid, started_ticks)) => Ok(((handle, pidfd, started_ticks), pid, started_ticks)),
        Err(error) => {
            // Without its identity it cannot be watched, so it must not stay.
            handle.kill()?;
            handle.wait()?;
            Err(error)
        }
    }
}

fn identify(handle: &std::process::Child) -> io::Result<(OwnedFd, i32, u64)> {
    let number = i32::try_from(handle.id()).ok();
    let pid = number.and_then(Pid::from_raw).ok_or(io::ErrorKind::InvalidData)?;
    let pidfd = pidfd_open(pid, PidfdFlags::empty())?;
    let raw = pid.as_raw_nonzero().get();
    let started_ticks = Process::find(raw).ok_or(io::ErrorKind::NotFound)?.started_ticks;
    Ok((pidfd, raw, started_ticks))
}

/// Gives the program a session of its own and makes the kernel kill it when its starter dies.
#[expect(unsafe_code, reason = "nothing else can act between fork and exec")]
pub(crate) fn confine(command: &mut Command) {
    let starter = getpid();
    let prepare = move || {
        setsid()?;
        set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
        // Had the starter died before the call above, no signal would ever come.
        if getppid() != Some(starter) {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        Ok(())
    };
    // SAFETY: between fork and exec only async-signal-safe calls are allowed. `prepare` makes three plain system
    // calls, takes no lock, and allocates nothing: an `io::Error` from an errno or a kind holds no memory.
    unsafe { command.pre_exec(prepare) };
}

/// Waits until the process ends, at most `timeout_ns`.
fn is_ended(pidfd: &OwnedFd, timeout_ns: u64) -> io::Result<bool> {
    let deadline_ns = monotonic_ns().saturating_add(timeout_ns);
    loop {
        let left_ns = deadline_ns.saturating_sub(monotonic_ns());
        let mut fds = [PollFd::new(pidfd, PollFlags::IN)];
        match poll(&mut fds, Some(&timespec(left_ns))) {
            Ok(ready) => return Ok(ready > 0),
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}
