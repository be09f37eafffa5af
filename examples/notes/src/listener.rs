//! A listener that can end without losing a connection that the kernel has already accepted for it.

use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::serve::Listener;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// After a failure to accept, which is most often a lack of file descriptors: others must close first.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

pub(crate) struct ClosingListener {
    address: SocketAddr,
    /// `None` once it closes.
    inner: Option<TcpListener>,
    /// The same socket while it closes.
    waiting: Option<std::net::TcpListener>,
    closing: watch::Receiver<bool>,
}

impl ClosingListener {
    /// Closes when `closing` turns true.
    pub(crate) fn new(inner: TcpListener, closing: watch::Receiver<bool>) -> io::Result<Self> {
        Ok(Self { address: inner.local_addr()?, inner: Some(inner), waiting: None, closing })
    }

    /// One of the connections that the kernel accepted before the listener closed; it closes when there is none.
    /// The kernel itself is asked: the runtime's knowledge of what waits can be a moment old.
    fn take_waiting(&mut self) -> Option<(TcpStream, SocketAddr)> {
        if let Some(inner) = self.inner.take() {
            self.waiting = inner.into_std().ok();
        }
        while let Some(listener) = &self.waiting {
            let Ok((stream, address)) = listener.accept() else {
                self.waiting = None;
                break;
            };
            let stream =
                stream.set_nonblocking(true).and_then(|()| stream.set_nodelay(true)).map(|()| stream);
            if let Ok(stream) = stream.and_then(TcpStream::from_std) {
                return Some((stream, address));
            }
        }
        None
    }
}

impl Listener for ClosingListener {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            if *self.closing.borrow() {
                match self.take_waiting() {
                    Some(accepted) => return accepted,
                    None => return pending().await,
                }
            }
            let Some(inner) = &self.inner else { return pending().await };
            let accepted = tokio::select! {
                accepted = inner.accept() => accepted,
                // Nobody closes a service whose closing cannot be asked for any more.
                changed = self.closing.changed() => match changed {
                    Ok(()) => continue,
                    Err(_) => inner.accept().await,
                },
            };
            match accepted {
                Ok((stream, address)) if stream.set_nodelay(true).is_ok() => return (stream, address),
                Ok(_) => {}
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}
