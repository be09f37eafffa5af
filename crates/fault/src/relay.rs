//! A relay between a service and something that it needs: bytes pass untouched until there is an outage.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use crate::Error;

/// One read, which bounds what a direction holds in memory.
const READ_BYTES: usize = 32 * 1024;
/// More than any pool of connections has. Further ones wait in the kernel's queue.
const CONNECTIONS_MAX: usize = 4_096;
/// After a failure to accept, which is most often a lack of file descriptors: others must close first.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// What is wrong between a service and what it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outage {
    /// Every connection is reset, and every new one at once.
    Cut,
    /// Connections are accepted and stay open, and no byte passes.
    Hung,
}

/// A relay on a thread of its own. Dropping it closes its connections and ends the thread.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    outage: Arc<watch::Sender<Option<Outage>>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Keeps an outage up. Dropping it ends the outage.
#[derive(Debug)]
#[must_use = "the outage is over when this is dropped"]
pub struct OutageLease(Arc<watch::Sender<Option<Outage>>>);

impl Relay {
    /// Listens on a free loopback port and passes bytes to `upstream` and back.
    pub fn start(upstream: SocketAddr) -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
        let runtime = runtime.map_err(Error::Start)?;
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).map_err(Error::Start)?;
        let address = listener.local_addr().map_err(Error::Start)?;
        let (outage, seen) = watch::channel(None);
        let (stop, stopped) = oneshot::channel();
        let run = run(listener, upstream, seen, stopped);
        let thread = std::thread::Builder::new().name("relay".into());
        let thread = thread.spawn(move || runtime.block_on(run)).map_err(Error::Start)?;
        Ok(Self { address, outage: Arc::new(outage), stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Begins an outage in the place of any other.
    pub fn begin(&self, outage: Outage) -> OutageLease {
        self.outage.send_replace(Some(outage));
        OutageLease(Arc::clone(&self.outage))
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // Connections run inside the runtime, which keeps their panics; there is nothing else to learn.
            let _ = thread.join();
        }
    }
}

impl Drop for OutageLease {
    fn drop(&mut self) {
        self.0.send_replace(None);
    }
}

/// Runs until the other end of `stop` is dropped. All connections end with it.
async fn run(
    listener: TcpListener,
    upstream: SocketAddr,
    outage: watch::Receiver<Option<Outage>>,
    mut stop: oneshot::Receiver<()>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stop => return,
            // Only frees what an ended connection held.
            Some(_) = connections.join_next() => {}
            accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => match accepted {
                Ok((client, _)) => {
                    connections.spawn(serve(client, upstream, outage.clone()));
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
        }
    }
}

/// One connection, to its end in good order or to a reset.
async fn serve(mut client: TcpStream, upstream: SocketAddr, outage: watch::Receiver<Option<Outage>>) {
    let mut cut = outage.clone();
    let passed = tokio::select! {
        biased;
        _ = cut.wait_for(|outage| *outage == Some(Outage::Cut)) => None,
        passed = pass(&mut client, upstream, outage) => passed.ok(),
    };
    if passed.is_none() {
        // A failure means that the connection is gone already.
        let _ = client.set_zero_linger();
    }
}

/// Passes bytes both ways until both sides have closed.
async fn pass(
    client: &mut TcpStream,
    upstream: SocketAddr,
    mut outage: watch::Receiver<Option<Outage>>,
) -> io::Result<()> {
    wait_while_hung(&mut outage).await?;
    let mut service = TcpStream::connect(upstream).await?;
    client.set_nodelay(true)?;
    service.set_nodelay(true)?;
    let (from_client, to_client) = client.split();
    let (from_service, to_service) = service.split();
    let up = one_way(from_client, to_service, outage.clone());
    let down = one_way(from_service, to_client, outage);
    tokio::try_join!(up, down).map(|_| ())
}

async fn one_way(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    mut outage: watch::Receiver<Option<Outage>>,
) -> io::Result<()> {
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let count = from.read(&mut buffer).await?;
        // Also the end of what is said is kept back: whoever hangs does not hang up.
        wait_while_hung(&mut outage).await?;
        if count == 0 {
            return to.shutdown().await;
        }
        to.write_all(buffer.get(..count).unwrap_or_default()).await?;
    }
}

/// An error where the relay is gone.
async fn wait_while_hung(outage: &mut watch::Receiver<Option<Outage>>) -> io::Result<()> {
    let passing = outage.wait_for(|outage| *outage != Some(Outage::Hung)).await;
    passing.map(|_| ()).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Read, Write};
    use std::net::{TcpListener, TcpStream};

    use super::*;

    const PATIENCE: Duration = Duration::from_millis(300);

    /// A service that says everything back, once for each connection.
    fn echo() -> SocketAddr {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                std::thread::spawn(move || {
                    let mut connection = connection.unwrap();
                    let mut other = connection.try_clone().unwrap();
                    let _ = io::copy(&mut connection, &mut other);
                });
            }
        });
        address
    }

    fn connected(relay: &Relay) -> TcpStream {
        let stream = TcpStream::connect(relay.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// What comes back of four bytes.
    fn said_back(stream: &mut TcpStream) -> Result<[u8; 4], ErrorKind> {
        let mut back = [0; 4];
        let said = stream.write_all(b"ping").and_then(|()| stream.read_exact(&mut back));
        said.map(|()| back).map_err(|error| error.kind())
    }

    #[test]
    fn bytes_pass_untouched_until_a_cut_resets_old_connections_and_new_ones() {
        let relay = Relay::start(echo()).unwrap();
        let mut old = connected(&relay);
        assert_eq!(said_back(&mut old), Ok(*b"ping"));
        let cut = relay.begin(Outage::Cut);
        for stream in [&mut old, &mut connected(&relay)] {
            let said = said_back(stream).unwrap_err();
            assert!(matches!(said, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{said:?}");
        }
        drop(cut);
        assert_eq!(said_back(&mut connected(&relay)), Ok(*b"ping"));
    }

    #[test]
    fn what_hangs_is_open_and_silent_and_says_what_it_kept_back_when_it_is_over() {
        let relay = Relay::start(echo()).unwrap();
        let mut old = connected(&relay);
        assert_eq!(said_back(&mut old), Ok(*b"ping"));
        let hung = relay.begin(Outage::Hung);
        let mut new = connected(&relay);
        for stream in [&mut old, &mut new] {
            assert_eq!(said_back(stream), Err(ErrorKind::WouldBlock));
        }
        drop(hung);
        for stream in [&mut old, &mut new] {
            let mut kept_back = [0; 4];
            stream.read_exact(&mut kept_back).unwrap();
            assert_eq!(&kept_back, b"ping");
        }
    }

    #[test]
    fn what_refuses_is_seen_to_refuse() {
        let nobody = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
        let relay = Relay::start(nobody).unwrap();
        assert!(said_back(&mut connected(&relay)).is_err());
    }
}
