//! What a subject depends on, at work: started here or running already, and always behind a relay, so that it can be taken
//! away and given back while neither the subject nor the dependency is touched.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use plimsoll_fault::Relay;
use plimsoll_process::{Child, Spec, free_port, is_listened_at, monotonic_ns, redact};

use crate::error::Error;
use crate::files::{Dependency, DependencyPlace};
use crate::stop::Stop;

/// A store that starts with an empty folder listens within seconds; half a minute leaves room for a slow machine.
const READY_WITHIN_NS: u64 = 30_000_000_000;
/// Between two tries to connect.
const READY_PAUSE: Duration = Duration::from_millis(5);

/// A dependency that can be reached through its relay. Dropping it ends what was started, all that came from it included.
pub(crate) struct Needed {
    pub(crate) name: String,
    pub(crate) relay: Relay,
    child: Option<Child>,
}

impl Needed {
    /// Starts it in `folder` where it is not running already, and waits until its port accepts connections.
    pub(crate) fn start(dependency: &Dependency, folder: &Path, stop: Stop<'_>) -> Result<Self, Error> {
        let (address, child) = match &dependency.place {
            DependencyPlace::Runs(address) => (*address, None),
            DependencyPlace::Starts { command, working_dir } => {
                let address = free_port()?;
                let mut child = Child::start(&spec(command, working_dir, address, folder))?;
                wait_until_ready(&dependency.name, &mut child, address, stop)?;
                (address, Some(child))
            }
        };
        if child.is_none() && !is_listened_at(address) {
            return Err(error(&dependency.name, format!("which nobody offers at {address}"), String::new()));
        }
        Ok(Self { name: dependency.name.clone(), relay: Relay::start(address)?, child })
    }

    /// Whether it is still there, if it was started here: nobody ends it but who started it.
    pub(crate) fn check(&mut self) -> Result<(), Error> {
        match self.child.as_mut().map(Child::try_exit).transpose()?.flatten() {
            None => Ok(()),
            Some(exit) => {
                let output = self.child.as_ref().map_or_else(String::new, |child| redact(&child.output()));
                Err(error(&self.name, format!("which ended by itself: {exit}"), output))
            }
        }
    }

    /// What stands for it in the subject's command, and the relay's address, which takes its place.
    pub(crate) fn place(&self) -> (String, String) {
        (Dependency::placeholder(&self.name), self.relay.address().to_string())
    }
}

fn spec(command: &[String], working_dir: &Path, address: SocketAddr, folder: &Path) -> Spec {
    let port = address.port().to_string();
    let folder = folder.to_string_lossy();
    let mut words = command.iter().map(|text| text.replace("{port}", &port).replace("{dir}", &folder));
    let mut spec = Spec::new(words.next().unwrap_or_default(), words.collect::<Vec<_>>());
    spec.working_dir = Some(working_dir.to_owned());
    spec
}

fn wait_until_ready(name: &str, child: &mut Child, address: SocketAddr, stop: Stop<'_>) -> Result<(), Error> {
    while !is_listened_at(address) {
        let output = redact(&child.output());
        if let Some(exit) = child.try_exit()? {
            return Err(error(name, format!("which ended before it was ready: {exit}"), output));
        }
        if monotonic_ns().saturating_sub(child.started_monotonic_ns()) > READY_WITHIN_NS {
            return Err(error(name, "which took no connection within 30 s".into(), output));
        }
        stop.check()?;
        std::thread::sleep(READY_PAUSE);
    }
    // The port was free a moment ago, and somebody else may have taken it.
    if child.is_impersonated_at(address)? { Err(Error::AddressTaken(address)) } else { Ok(()) }
}

fn error(name: &str, problem: String, output: String) -> Error {
    Error::Dependency { name: name.to_owned(), problem, output }
}
