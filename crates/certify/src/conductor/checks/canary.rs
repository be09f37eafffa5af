//! A server of ours whose address stands in texts that should do nothing: whoever calls it took the text for more.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use plimsoll_process::monotonic_ns;

/// Whoever calls says at once what for.
const HEAD_TIMEOUT: Duration = Duration::from_millis(500);
/// Calls are heard one after the other; so long is waited until all that came before have been.
const SETTLE_MAX_NS: u64 = 20_000_000_000;
const SETTLE_PAUSE: Duration = Duration::from_millis(5);
/// What it says to itself, which no text has in it.
const LAST_WORD: &str = "plimsoll-was-here-last";
/// The first line of a request, with an address of ours in it, is shorter by far.
const HEAD_BYTES_MAX: usize = 4 << 10;
/// More calls than there are texts, retries of them included.
const CALLS_MAX: usize = 20_000;
const REPLY: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// The server. It ends when it falls.
pub(super) struct Canary {
    /// Host and port, as they stand in a URL.
    pub(super) address: SocketAddr,
    calls: Arc<Mutex<Vec<String>>>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Canary {
    /// Listens where a subject at this address can reach it.
    pub(super) fn start(subject: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind((nearest_address(subject)?, 0))?;
        let address = listener.local_addr()?;
        let (calls, is_over) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<AtomicBool>::default());
        let thread = std::thread::spawn({
            let (calls, is_over) = (Arc::clone(&calls), Arc::clone(&is_over));
            move || {
                for stream in listener.incoming() {
                    if is_over.load(Ordering::Relaxed) {
                        return;
                    }
                    let Ok(mut stream) = stream else { continue };
                    let said = hear(&mut stream).unwrap_or_default();
                    let mut calls = calls.lock().unwrap_or_else(PoisonError::into_inner);
                    if calls.len() < CALLS_MAX {
                        calls.push(said);
                    }
                    drop(calls);
                    // What was said counts, whether or not he hears the answer.
                    let _ = stream.write_all(REPLY);
                }
            }
        });
        Ok(Self { address, calls, is_over, thread: Some(thread) })
    }

    /// Waits until everything that was called so far has been heard.
    pub(super) fn settle(&self) {
        let called = TcpStream::connect_timeout(&self.address, HEAD_TIMEOUT)
            .and_then(|mut stream| stream.write_all(format!("GET /{LAST_WORD} HTTP/1.1\r\n\r\n").as_bytes()));
        let began_ns = monotonic_ns();
        while called.is_ok() && !self.has_heard(LAST_WORD) && monotonic_ns() - began_ns < SETTLE_MAX_NS {
            std::thread::sleep(SETTLE_PAUSE);
        }
    }

    /// Whether anybody said this word to it.
    pub(super) fn has_heard(&self, word: &str) -> bool {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|call| call.contains(word))
    }
}

impl Drop for Canary {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        // The thread waits for somebody to call.
        let woken = TcpStream::connect_timeout(&self.address, HEAD_TIMEOUT);
        if let (Ok(_), Some(thread)) = (woken, self.thread.take()) {
            let _ = thread.join();
        }
    }
}

/// The address of this machine from which the subject is reached.
fn nearest_address(subject: SocketAddr) -> std::io::Result<IpAddr> {
    let any: IpAddr = match subject {
        SocketAddr::V4(_) => [0; 4].into(),
        SocketAddr::V6(_) => [0u16; 8].into(),
    };
    // Of datagrams, a connection sends nothing.
    let socket = UdpSocket::bind((any, 0))?;
    socket.connect(subject)?;
    Ok(socket.local_addr()?.ip())
}

/// What somebody says until he waits for the answer.
fn hear(stream: &mut TcpStream) -> std::io::Result<String> {
    stream.set_read_timeout(Some(HEAD_TIMEOUT))?;
    stream.set_write_timeout(Some(HEAD_TIMEOUT))?;
    let mut said = Vec::new();
    let mut buffer = [0; HEAD_BYTES_MAX];
    let began_ns = monotonic_ns();
    let is_in_time = || u128::from(monotonic_ns() - began_ns) < HEAD_TIMEOUT.as_nanos();
    while is_in_time() && said.len() < HEAD_BYTES_MAX && !said.windows(4).any(|four| four == b"\r\n\r\n") {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => said.extend_from_slice(buffer.get(..count).unwrap_or_default()),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(String::from_utf8_lossy(&said).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_hears_whoever_calls_and_ends() {
        let canary = Canary::start(([127, 0, 0, 1], 9).into()).unwrap();
        assert!(canary.address.ip().is_loopback());
        let mut stream = TcpStream::connect(canary.address).unwrap();
        stream.write_all(b"GET /abc123 HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        assert!(reply.starts_with("HTTP/1.1 200 "));
        assert!(canary.has_heard("abc123") && !canary.has_heard("abc124"));
        canary.settle();
        assert!(canary.has_heard(LAST_WORD));
        let address = canary.address;
        drop(canary);
        assert!(TcpStream::connect(address).is_err());
    }
}
