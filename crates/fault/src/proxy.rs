//! The fault proxy's handle.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::thread::JoinHandle;

use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::listener;
use crate::shared::Shared;
use crate::{Counters, Defect, Error};

/// A proxy in front of a service, on a thread of its own. Dropping it closes its connections and ends the thread.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Keeps a defect planted. Dropping it takes the defect back, also for requests that are being held.
#[derive(Debug)]
#[must_use = "the defect is taken back when this is dropped"]
pub struct Lease {
    shared: Arc<Shared>,
    name: Arc<AtomicU64>,
    before: Counters,
}

impl Proxy {
    /// Listens on a free loopback port and forwards to `upstream`, as a sham until a defect is planted.
    pub fn start(upstream: SocketAddr) -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
        let runtime = runtime.map_err(Error::Start)?;
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).map_err(Error::Start)?;
        let address = listener.local_addr().map_err(Error::Start)?;
        let shared = Arc::new(Shared::new(upstream));
        let (stop, stopped) = oneshot::channel();
        let run = listener::run(listener, Arc::clone(&shared), stopped);
        let thread = std::thread::Builder::new().name("fault-proxy".into());
        let thread =
            thread.spawn(move || runtime.block_on(run)).map_err(|error: io::Error| Error::Start(error))?;
        Ok(Self { address, shared, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Forwards new connections to another address: the service was started again on another port.
    pub fn set_upstream(&self, address: SocketAddr) {
        self.shared.set_upstream(address);
    }

    /// Plants a defect in the place of any other, for requests that come from now on.
    pub fn set(&self, defect: Defect) -> Result<Lease, Error> {
        let defect = defect.check()?;
        let before = self.counters();
        Ok(Lease { shared: Arc::clone(&self.shared), name: self.shared.plant(defect), before })
    }

    /// What has gone through since the proxy was started.
    pub fn counters(&self) -> Counters {
        self.shared.counters()
    }

    /// Closes all connections, ends the thread and returns the last counters.
    pub fn stop(mut self) -> Counters {
        self.end();
        self.counters()
    }

    fn end(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // Connections run inside the runtime, which keeps their panics; there is nothing else to learn.
            let _ = thread.join();
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.end();
    }
}

impl Lease {
    /// What has gone through since this defect was planted.
    pub fn counters(&self) -> Counters {
        self.shared.counters().since(&self.before)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.shared.revert(&self.name);
    }
}
