//! The subject at work: started in a folder of its own, reached directly or through the fault proxy, ended.

use std::io::Write;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::time::Duration;

use plimsoll_evidence::{Amount, ProcessIdentity};
use plimsoll_fault::Proxy;
use plimsoll_load::{Request, exchange};
use plimsoll_process::{
    Child, Resources, Signal, Spec, StopReport, free_port, is_listened_at, monotonic_ns, redact,
};

use crate::dependency::Needed;
use crate::error::Error;
use crate::files::{StartCommand, Subject, Target};
use crate::stop::Stop;

/// Between two questions to the health check: fine enough for a start of some milliseconds, coarse enough to
/// leave the processor to the subject.
const HEALTH_PAUSE: Duration = Duration::from_millis(2);
/// One question to the health check may take this long.
const HEALTH_TIMEOUT_NS: u64 = 1_000_000_000;

/// A subject that answers, and how it is reached.
pub(crate) struct Running {
    child: Option<Child>,
    /// Where it listens itself.
    pub(crate) direct: SocketAddr,
    /// Where it is asked: at itself, or at the fault proxy in front of it.
    pub(crate) address: SocketAddr,
    /// Where it speaks TLS itself, if it does.
    pub(crate) tls: Option<SocketAddr>,
    /// What stands in the `Host` header: always its own host and port, so that a proxy in between does not show.
    pub(crate) host: String,
    /// When it was started, or first asked if it is not ours.
    began_ns: u64,
    pub(crate) stop_signal: Signal,
    stop_within_ns: u64,
    /// The folder in which it was started.
    folder: String,
    /// What it depends on. Behind `child`, so that it is dropped, and ended, after it.
    pub(crate) dependencies: Vec<Needed>,
}

/// Starts the subject in `folder` and waits until its health check is good; asks through `proxy` if one is given.
/// A subject that is known by URL is only asked. Nobody else may listen at the subject's address: whoever answered there
/// would be measured in its place.
pub(crate) fn start(
    subject: &Subject,
    folder: &Path,
    proxy: Option<&Proxy>,
    stop: Stop<'_>,
) -> Result<Running, Error> {
    start_in(subject, folder, proxy, stop, &Otherwise::default())
}

/// What is different at a start.
#[derive(Debug, Default)]
pub(crate) struct Otherwise<'a> {
    /// Further variables.
    pub(crate) variables: &'a [(&'a str, &'a str)],
    /// It is waited for at least so long: a slow start that is looked at is no failure to start.
    pub(crate) patience_ns: u64,
}

/// The same in another way.
pub(crate) fn start_in(
    subject: &Subject,
    folder: &Path,
    proxy: Option<&Proxy>,
    stop: Stop<'_>,
    otherwise: &Otherwise<'_>,
) -> Result<Running, Error> {
    let direct = listen_address(subject)?;
    let tls = tls_address(subject, direct)?;
    let needed = |dependency| Needed::start(dependency, folder, stop);
    let dependencies = subject.dependencies.iter().map(needed).collect::<Result<Vec<_>, _>>()?;
    let (child, stop_signal, stop_within_ns, ready_within_ns) = match &subject.start {
        Some(start) => {
            if let Some(taken) =
                [Some(direct), tls].into_iter().flatten().find(|address| is_listened_at(*address))
            {
                return Err(Error::AddressTaken(taken));
            }
            let (port, dir) = (direct.port().to_string(), folder.to_string_lossy());
            let tls_port = tls.map_or_else(String::new, |tls| tls.port().to_string());
            let places: Vec<_> = dependencies.iter().map(Needed::place).collect();
            let mut fills = vec![("{port}", port.as_str()), ("{tls_port}", &tls_port), ("{dir}", &dir)];
            fills.extend(places.iter().map(|(name, address)| (name.as_str(), address.as_str())));
            let mut spec = filled_spec(start, &start.command, &fills);
            let variables = otherwise.variables.iter();
            spec.env.extend(variables.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
            let child = Child::start(&spec)?;
            (Some(child), start.stop, start.stop_within_ns, start.ready_within_ns)
        }
        None => (None, Signal::Term, 0, HEALTH_TIMEOUT_NS),
    };
    if let Some(proxy) = proxy {
        proxy.set_upstream(direct);
    }
    let address = proxy.map_or(direct, Proxy::address);
    let host = host_header(&subject.target.host, direct.port());
    let folder = folder.to_string_lossy().into_owned();
    let began_ns = child.as_ref().map_or_else(monotonic_ns, Child::started_monotonic_ns);
    let mut running = Running {
        child,
        direct,
        address,
        tls,
        host,
        began_ns,
        stop_signal,
        stop_within_ns,
        folder,
        dependencies,
    };
    running.wait_until_ready(subject, ready_within_ns.max(otherwise.patience_ns), stop)?;
    match &running.child {
        Some(child) if child.is_impersonated_at(direct)? => Err(Error::AddressTaken(direct)),
        _ => Ok(running),
    }
}

/// RFC 9110, section 7.2: the port stands behind the host unless it is the scheme's own.
fn host_header(host: &str, port: u16) -> String {
    if port == 80 { host.to_owned() } else { format!("{host}:{port}") }
}

/// Where the target is: on this machine, or elsewhere with its owner's word. A name is looked up each time, and may have
/// come to mean another machine.
pub(crate) fn authorised_address(target: &Target, port: u16) -> Result<SocketAddr, Error> {
    let address = SocketAddr::new(resolve(target)?, port);
    if plimsoll_load::is_this_machine(&address) || target.authorised_by.is_some() {
        Ok(address)
    } else {
        Err(Error::NotAuthorised(target.host.clone()))
    }
}

/// The address of the target's host; a name is looked up.
fn resolve(target: &Target) -> Result<IpAddr, Error> {
    if let Some(address) = target.address {
        return Ok(address);
    }
    let found = (target.host.as_str(), 0).to_socket_addrs().ok().and_then(|mut addresses| addresses.next());
    match found {
        Some(address) => Ok(address.ip()),
        None => Err(Error::Subject {
            problem: format!("has no address: nobody knows {}", target.host),
            output: String::new(),
        }),
    }
}

fn listen_address(subject: &Subject) -> Result<SocketAddr, Error> {
    let port = match subject.target.port {
        Some(port) => port,
        None => free_port()?.port(),
    };
    authorised_address(&subject.target, port)
}

/// Where the subject speaks TLS, on the machine of its target.
fn tls_address(subject: &Subject, direct: SocketAddr) -> Result<Option<SocketAddr>, Error> {
    let Some(tls) = &subject.tls else { return Ok(None) };
    let port = match tls.port {
        Some(port) => port,
        None => free_port()?.port(),
    };
    Ok(Some(SocketAddr::new(direct.ip(), port)))
}

/// One of the subject's commands with its placeholders filled in, where and with what the subject itself is started.
pub(crate) fn filled_spec(start: &StartCommand, command: &[String], fills: &[(&str, &str)]) -> Spec {
    let fill = |text: &String| {
        fills.iter().fold(text.clone(), |text, (placeholder, value)| text.replace(placeholder, value))
    };
    let mut words = command.iter().map(fill);
    let mut spec = Spec::new(words.next().unwrap_or_default(), words.collect::<Vec<_>>());
    spec.env = start.env.iter().map(|(name, value)| (name.clone(), fill(value))).collect();
    spec.working_dir = Some(start.working_dir.clone());
    spec
}

impl Running {
    /// A text with the folder in the place of `{dir}`.
    pub(crate) fn filled(&self, text: &str) -> String {
        text.replace("{dir}", &self.folder)
    }

    /// The folder in which it was started.
    pub(crate) fn folder(&self) -> &str {
        &self.folder
    }

    /// When it was started, on the clock of this process.
    pub(crate) fn began_ns(&self) -> u64 {
        self.began_ns
    }

    /// The process, if it is ours.
    pub(crate) fn identity(&self) -> Option<ProcessIdentity> {
        self.child
            .as_ref()
            .map(|child| ProcessIdentity { pid: child.pid().into(), started_ticks: child.started_ticks() })
    }

    /// The process; an error for a subject that is known by URL.
    pub(crate) fn process(&self) -> Result<ProcessIdentity, Error> {
        self.identity().ok_or_else(|| self.error("is not ours to start: it is known by URL only"))
    }

    /// What it wrote last, fit to be shown.
    pub(crate) fn output(&self) -> String {
        self.child.as_ref().map_or_else(String::new, |child| redact(&child.output()))
    }

    /// The same as it came, not fit to be shown, and how many bytes it had written in all by then.
    pub(crate) fn raw_output(&self) -> (String, u64) {
        self.child.as_ref().map_or_else(Default::default, Child::output_and_total)
    }

    /// Writes a line where the program writes its errors.
    pub(crate) fn write_to_its_errors(&self, line: &str) -> Result<(), Error> {
        let path = format!("/proc/{}/fd/2", self.process()?.pid);
        let file = std::fs::OpenOptions::new().append(true).open(&path);
        let written = file.and_then(|mut file| file.write_all(format!("{line}\n").as_bytes()));
        written
            .map_err(|error| self.error(format!("has no standard error that could be written to: {error}")))
    }

    /// What it and all that came from it use now.
    pub(crate) fn resources(&self) -> Result<Resources, Error> {
        match &self.child {
            Some(child) => Ok(child.resources()?),
            None => Err(self.error("is not ours to look at: it is known by URL only")),
        }
    }

    pub(crate) fn error(&self, problem: impl Into<String>) -> Error {
        Error::Subject { problem: problem.into(), output: self.output() }
    }

    /// Sends a signal to the program; SIGKILL goes to all that came from it.
    pub(crate) fn signal(&self, signal: Signal) -> Result<(), Error> {
        match (&self.child, signal) {
            (Some(child), Signal::Kill) => Ok(child.signal_all(signal)?),
            (Some(child), _) => Ok(child.signal(signal)?),
            (None, _) => Err(self.error("is not ours to signal: it is known by URL only")),
        }
    }

    /// Stops the program and all that came from it, until a signal ends them.
    pub(crate) fn freeze(&self) -> Result<(), Error> {
        match &self.child {
            Some(child) => Ok(child.signal_all(Signal::Stop)?),
            None => Err(self.error("is not ours to signal: it is known by URL only")),
        }
    }

    /// Lets it go on, and all that came from it.
    pub(crate) fn thaw(&self) -> Result<(), Error> {
        match &self.child {
            Some(child) => Ok(child.signal_all(Signal::Cont)?),
            None => Err(self.error("is not ours to signal: it is known by URL only")),
        }
    }

    /// Whether it stands still, and all that came from it.
    pub(crate) fn is_frozen(&self) -> Result<bool, Error> {
        match &self.child {
            Some(child) => Ok(child.is_stopped()?),
            None => Ok(false),
        }
    }

    /// Waits for the end that a signal has asked for, then cleans up. `inf` if it had to be killed.
    pub(crate) fn wait_end(mut self, asked_ns: u64) -> Result<Amount, Error> {
        self.check_dependencies()?;
        let stop_within_ns = self.stop_within_ns;
        let Some(child) = self.child.as_mut() else { return Ok(Amount::Infinite) };
        let ended = child.wait_exit(stop_within_ns)?.is_some();
        let took_ns = monotonic_ns().saturating_sub(asked_ns);
        let report = child.stop(Signal::Kill, 0)?;
        self.check_clean(&report)?;
        Ok(if ended { Amount::Finite(took_ns) } else { Amount::Infinite })
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_died(&self) -> bool {
        self.child.as_ref().is_some_and(|child| !child.is_running())
    }

    /// Ends the subject as its owner would, and says so if it leaves anything behind, or had died before and `told` is not
    /// set: where it is, the evidence tells whether it died.
    pub(crate) fn end(mut self, told: bool) -> Result<(), Error> {
        self.check_dependencies()?;
        if let Some(child) = self.child.as_mut().filter(|child| !told && !child.is_running()) {
            let exit = child.try_exit()?;
            return Err(self.error(match exit {
                Some(exit) => format!("ended by itself in the midst of a trial: {exit}"),
                None => "ended by itself in the midst of a trial".into(),
            }));
        }
        let (signal, within_ns) = (self.stop_signal, self.stop_within_ns);
        let Some(child) = self.child.as_mut() else { return Ok(()) };
        let report = child.stop(signal, within_ns)?;
        self.check_clean(&report)
    }

    /// A subject cannot help what becomes of those on whom it depends: what was seen meanwhile decides nothing.
    fn check_dependencies(&mut self) -> Result<(), Error> {
        self.dependencies.iter_mut().try_for_each(Needed::check)
    }

    fn check_clean(&self, report: &StopReport) -> Result<(), Error> {
        if report.stragglers.is_empty() {
            return Ok(());
        }
        let names: Vec<String> =
            report.stragglers.iter().map(|it| format!("{} ({})", it.name, it.pid)).collect();
        Err(self.error(format!("left processes behind when it ended: {}", names.join(", "))))
    }

    /// How long ago it was started.
    pub(crate) fn since_start_ns(&self) -> u64 {
        monotonic_ns().saturating_sub(self.began_ns)
    }

    /// From the start until each of its requests has had a good reply: a green health check says that a subject is up,
    /// not that it serves. Each is asked at least once, and again until `within_ns` after the start; then it is `inf`.
    pub(crate) fn first_good_ns(
        &self,
        subject: &Subject,
        within_ns: u64,
        stop: Stop<'_>,
    ) -> Result<Amount, Error> {
        for request in &subject.requests {
            let ask = || exchange(self.address, &self.host, request, 0, subject.load.timeout_ns);
            while !ask().is_ok_and(|reply| reply.good) {
                if self.since_start_ns() > within_ns {
                    return Ok(Amount::Infinite);
                }
                stop.check()?;
                std::thread::sleep(HEALTH_PAUSE);
            }
        }
        Ok(Amount::Finite(self.since_start_ns()))
    }

    fn wait_until_ready(&mut self, subject: &Subject, within_ns: u64, stop: Stop<'_>) -> Result<(), Error> {
        let health = Request::get(subject.target.health.clone());
        loop {
            let last = match exchange(self.address, &self.host, &health, 0, HEALTH_TIMEOUT_NS) {
                Ok(reply) if health.expect.contains(reply.status) => return Ok(()),
                Ok(reply) => reply.status.to_string(),
                Err(error) => error.to_string(),
            };
            if let Some(exit) = self.child.as_mut().map(Child::try_exit).transpose()?.flatten() {
                return Err(self.error(format!("ended before it was ready: {exit}")));
            }
            if self.since_start_ns() > within_ns {
                let within = plimsoll_base::Quantity { amount: within_ns, unit: plimsoll_base::Unit::Ns };
                return Err(self.error(format!(
                    "gave no good reply at {}{} within {within}: at last {last}",
                    self.host, subject.target.health
                )));
            }
            stop.check()?;
            std::thread::sleep(HEALTH_PAUSE);
        }
    }
}
