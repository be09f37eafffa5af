//! A relay between a service and something that it needs: bytes pass untouched until there is an outage.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::Error;

/// One read.
const READ_BYTES: usize = 32 * 1024;
/// Reads that are on their way, which bounds what a direction holds in memory: enough for 10 MB a second where all that is said
/// comes 100 ms later.
const READS_MAX: usize = 32;
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
    /// All that passes comes later, on either way by this much.
    Slow {
        /// In ns.
        delay_ns: u64,
    },
}

/// What a connection sees of the outage, and how often one was felt.
#[derive(Debug, Clone)]
struct Seen {
    outage: watch::Receiver<Option<Outage>>,
    felt: Arc<AtomicU64>,
    /// Whether anything was said on this connection.
    is_used: Arc<AtomicBool>,
}

/// A relay on a thread of its own. Dropping it closes its connections and ends the thread.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    outage: Arc<watch::Sender<Option<Outage>>>,
    felt: Arc<AtomicU64>,
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
        let (outage, receiver) = watch::channel(None);
        let seen = Seen { outage: receiver, felt: Arc::default(), is_used: Arc::default() };
        let felt = Arc::clone(&seen.felt);
        let (stop, stopped) = oneshot::channel();
        let run = run(listener, upstream, seen, stopped);
        let thread = std::thread::Builder::new().name("relay".into());
        let thread = thread.spawn(move || runtime.block_on(run)).map_err(Error::Start)?;
        Ok(Self { address, outage: Arc::new(outage), felt, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How often an outage was felt since the start: connections in use that were cut, new ones, and what was kept back or came
    /// later.
    pub fn felt(&self) -> u64 {
        self.felt.load(Ordering::Relaxed)
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
async fn run(listener: TcpListener, upstream: SocketAddr, seen: Seen, mut stop: oneshot::Receiver<()>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stop => return,
            // Only frees what an ended connection held.
            Some(_) = connections.join_next() => {}
            accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => match accepted {
                Ok((client, _)) => {
                    connections.spawn(serve(client, upstream, seen.of_new_connection()));
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
        }
    }
}

/// One connection, to its end in good order or to a reset. Whoever keeps one open and never says anything on it does not
/// feel that it is cut.
async fn serve(mut client: TcpStream, upstream: SocketAddr, seen: Seen) {
    let is_wanted_now = *seen.outage.borrow() == Some(Outage::Cut);
    let mut cut = seen.outage.clone();
    let passed = tokio::select! {
        biased;
        _ = cut.wait_for(|outage| *outage == Some(Outage::Cut)) => {
            if is_wanted_now || seen.is_used.load(Ordering::Relaxed) {
                seen.is_felt();
            }
            None
        }
        passed = pass(&mut client, upstream, &seen) => passed.ok(),
    };
    if passed.is_none() {
        // A failure means that the connection is gone already.
        let _ = client.set_zero_linger();
    }
}

/// Passes bytes both ways until both sides have closed.
async fn pass(client: &mut TcpStream, upstream: SocketAddr, seen: &Seen) -> io::Result<()> {
    seen.wait_while_hung().await?;
    let mut service = TcpStream::connect(upstream).await?;
    client.set_nodelay(true)?;
    service.set_nodelay(true)?;
    let (from_client, to_client) = client.split();
    let (from_service, to_service) = service.split();
    let up = one_way(from_client, to_service, seen);
    let down = one_way(from_service, to_client, seen);
    tokio::try_join!(up, down).map(|_| ())
}

async fn one_way(from: ReadHalf<'_>, to: WriteHalf<'_>, seen: &Seen) -> io::Result<()> {
    let (heard, told) = mpsc::channel(READS_MAX);
    tokio::try_join!(hear(from, heard, seen), tell(to, told, seen)).map(|_| ())
}

/// What is said, and when it shall be told where that is not now. The end is nothing that is said.
async fn hear(
    mut from: ReadHalf<'_>,
    heard: mpsc::Sender<(Option<Instant>, Vec<u8>)>,
    seen: &Seen,
) -> io::Result<()> {
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let count = from.read(&mut buffer).await?;
        if count > 0 {
            seen.is_used.store(true, Ordering::Relaxed);
        }
        let due = seen.delay().map(|delay| Instant::now() + delay);
        let bytes = buffer.get(..count).unwrap_or_default().to_vec();
        if heard.send((due, bytes)).await.is_err() || count == 0 {
            return Ok(());
        }
    }
}

/// Tells the other side what was heard, each when it is due.
async fn tell(
    mut to: WriteHalf<'_>,
    mut told: mpsc::Receiver<(Option<Instant>, Vec<u8>)>,
    seen: &Seen,
) -> io::Result<()> {
    while let Some((due, bytes)) = told.recv().await {
        if let Some(due) = due {
            sleep_until(due).await;
        }
        // Also the end is kept back: whoever hangs does not hang up.
        seen.wait_while_hung().await?;
        if bytes.is_empty() {
            return to.shutdown().await;
        }
        to.write_all(&bytes).await?;
    }
    Ok(())
}

impl Seen {
    fn of_new_connection(&self) -> Self {
        Self { is_used: Arc::default(), ..self.clone() }
    }

    fn is_felt(&self) {
        self.felt.fetch_add(1, Ordering::Relaxed);
    }

    /// An error where the relay is gone.
    async fn wait_while_hung(&self) -> io::Result<()> {
        let mut outage = self.outage.clone();
        if *outage.borrow() == Some(Outage::Hung) {
            self.is_felt();
        }
        let passing = outage.wait_for(|outage| *outage != Some(Outage::Hung)).await;
        passing.map(|_| ()).map_err(io::Error::other)
    }

    /// By how much what is told now comes later.
    fn delay(&self) -> Option<Duration> {
        let Some(Outage::Slow { delay_ns }) = *self.outage.borrow() else { return None };
        self.is_felt();
        Some(Duration::from_nanos(delay_ns))
    }
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
        assert_eq!(relay.felt(), 2);
        drop(cut);
        assert_eq!(said_back(&mut connected(&relay)), Ok(*b"ping"));
        assert_eq!(relay.felt(), 2);
    }

    #[test]
    fn a_connection_on_which_nothing_was_ever_said_does_not_feel_that_it_is_cut() {
        let relay = Relay::start(echo()).unwrap();
        let (mut idle, mut used) = (connected(&relay), connected(&relay));
        assert_eq!(said_back(&mut used), Ok(*b"ping"));
        let _cut = relay.begin(Outage::Cut);
        for stream in [&mut idle, &mut used] {
            let said = said_back(stream).unwrap_err();
            assert!(matches!(said, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{said:?}");
        }
        assert_eq!(relay.felt(), 1);
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
        // What was asked on the one, and that the other came at all.
        assert_eq!(relay.felt(), 2);
    }

    #[test]
    fn what_is_slow_tells_all_as_much_later_as_it_should_and_nothing_twice_as_late() {
        let relay = Relay::start(echo()).unwrap();
        let mut stream = TcpStream::connect(relay.address()).unwrap();
        assert_eq!((said_back(&mut stream), relay.felt()), (Ok(*b"ping"), 0));
        // There and back.
        let delay = Duration::from_millis(200);
        let slow = relay.begin(Outage::Slow { delay_ns: 100_000_000 });
        let begin = Instant::now();
        // Ten pieces, of which each comes by itself.
        let mut writing = stream.try_clone().unwrap();
        let writer = std::thread::spawn(move || {
            for _ in 0..10 {
                writing.write_all(b"ping").unwrap();
                std::thread::sleep(Duration::from_millis(10));
            }
        });
        let mut said = [0; 40];
        stream.read_exact(&mut said[..1]).unwrap();
        let first = begin.elapsed();
        stream.read_exact(&mut said[1..]).unwrap();
        let last = begin.elapsed();
        writer.join().unwrap();
        assert!(first >= delay && last >= delay + Duration::from_millis(90), "{first:?}, {last:?}");
        assert!(last < delay * 10, "one after the other: {last:?}");
        assert!(relay.felt() >= 2);
        drop(slow);
        assert_eq!(said_back(&mut stream), Ok(*b"ping"));
    }

    #[test]
    fn what_refuses_is_seen_to_refuse() {
        let nobody = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
        let relay = Relay::start(nobody).unwrap();
        assert!(said_back(&mut connected(&relay)).is_err());
    }
}
