//! The loop of an oracle server: reads requests, holds each for its known delay, writes the reply and the log.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::epoll;
use rustix::fd::{AsFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, SocketFlags, sockopt};

use crate::clock::{ExactTimers, monotonic_ns, timespec};
use crate::oracle::{Behaviour, OracleKind, Written};

/// How long an oracle may go on after it was told to stop.
const STOP_NS: u64 = 10_000_000;
const EVENTS_MAX: usize = 64;
/// No generator sends more for a plain GET.
const REQUEST_BYTES_MAX: usize = 8 << 10;
/// Two million replies are 48 MB, and more than any comparison needs; later ones are served and not logged.
const LOG_MAX: usize = 2_000_000;
const LISTENER: u64 = u64::MAX;

const GOOD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok\n";
const BAD: &[u8] = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 4\r\n\r\nbad\n";

/// A reply that will be due: ordered by time, then by the order of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Due {
    at_ns: u64,
    order: u64,
    place: usize,
    number: u64,
    good: bool,
}

#[derive(Debug)]
struct Peer {
    socket: OwnedFd,
    request: Vec<u8>,
}

struct Server<'a> {
    kind: OracleKind,
    seed: [u8; 32],
    poll: OwnedFd,
    listener: &'a OwnedFd,
    /// Places are never used twice, so a late event or reply finds nobody rather than somebody else.
    peers: Vec<Option<Peer>>,
    waiting: BinaryHeap<Reverse<Due>>,
    requests: u64,
    first_ns: Option<u64>,
    log: Vec<Written>,
}

/// Serves until told to stop; returns the log.
pub(crate) fn serve(kind: OracleKind, seed: [u8; 32], listener: &OwnedFd, stop: &AtomicBool) -> Vec<Written> {
    let _exact_timers = ExactTimers::new();
    let Ok(poll) = epoll::create(epoll::CreateFlags::CLOEXEC) else { return Vec::new() };
    let data = epoll::EventData::new_u64(LISTENER);
    if epoll::add(&poll, listener, data, epoll::EventFlags::IN).is_err() {
        return Vec::new();
    }
    let mut server = Server {
        kind,
        seed,
        poll,
        listener,
        peers: Vec::new(),
        waiting: BinaryHeap::new(),
        requests: 0,
        first_ns: None,
        log: Vec::new(),
    };
    let mut events = Vec::with_capacity(EVENTS_MAX);
    while !stop.load(Ordering::Relaxed) {
        events.clear();
        let timeout = timespec(server.sleep_ns());
        // An error leaves the batch empty; the loop goes on until it is told to stop.
        let _ = epoll::wait(&server.poll, rustix::buffer::spare_capacity(&mut events), Some(&timeout));
        for event in &events {
            match event.data.u64() {
                LISTENER => server.accept(),
                place => server.receive(place as usize),
            }
            server.reply_due();
        }
        server.reply_due();
    }
    server.log
}

impl Server<'_> {
    fn sleep_ns(&self) -> u64 {
        let due = self.waiting.peek().map(|Reverse(due)| due.at_ns.saturating_sub(monotonic_ns()));
        due.unwrap_or(STOP_NS).min(STOP_NS)
    }

    fn accept(&mut self) {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        // Ends when nobody waits any more; a burst is bounded by the listener's backlog.
        while let Ok(socket) = rustix::net::accept_with(self.listener.as_fd(), flags) {
            let place = self.peers.len();
            let data = epoll::EventData::new_u64(place as u64);
            let ready = sockopt::set_tcp_nodelay(&socket, true)
                .and_then(|()| epoll::add(&self.poll, &socket, data, epoll::EventFlags::IN));
            let peer = Peer { socket, request: Vec::new() };
            self.peers.push(ready.is_ok().then_some(peer));
        }
    }

    fn receive(&mut self, place: usize) {
        let Some(Some(peer)) = self.peers.get_mut(place) else { return };
        let mut buffer = [0; 2_048];
        match rustix::net::recv(&peer.socket, &mut buffer, RecvFlags::empty()) {
            Ok((taken @ 1.., _)) if peer.request.len() + taken <= REQUEST_BYTES_MAX => {
                peer.request.extend_from_slice(&buffer[..taken]);
            }
            Err(Errno::AGAIN | Errno::INTR) => return,
            Ok(_) | Err(_) => {
                self.peers[place] = None;
                return;
            }
        }
        if peer.request.ends_with(b"\r\n\r\n") {
            let number = path_number(&peer.request);
            peer.request.clear();
            self.on_request(place, number);
        }
    }

    fn on_request(&mut self, place: usize, number: Option<u64>) {
        let (order, now_ns) = (self.requests, monotonic_ns());
        let number = number.unwrap_or(order);
        self.requests += 1;
        let since_first_ns = now_ns - *self.first_ns.get_or_insert(now_ns);
        if let Behaviour::Reply { delay_ns, good } = self.kind.behaviour(self.seed, number, since_first_ns) {
            self.waiting.push(Reverse(Due { at_ns: now_ns + delay_ns, order, place, number, good }));
        }
    }

    fn reply_due(&mut self) {
        while let Some(Reverse(due)) = self.waiting.peek().copied() {
            // Read before the write: the kernel may hand the CPU to the reader before the call returns.
            let monotonic_ns = monotonic_ns();
            if due.at_ns > monotonic_ns {
                break;
            }
            self.waiting.pop();
            let Some(Some(peer)) = self.peers.get(due.place) else { continue };
            let reply = if due.good { GOOD } else { BAD };
            let sent = rustix::net::send(&peer.socket, reply, SendFlags::NOSIGNAL);
            if sent == Ok(reply.len()) && self.log.len() < LOG_MAX {
                self.log.push(Written { number: due.number, monotonic_ns, good: due.good });
            }
        }
    }
}

/// The digits at the end of the request's path.
fn path_number(request: &[u8]) -> Option<u64> {
    let path = request.split(|byte| *byte == b' ').nth(1)?;
    let digits = path.rsplit(|byte| !byte.is_ascii_digit()).next()?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_the_end_of_the_path() {
        assert_eq!(path_number(b"GET /oracle/000000000123 HTTP/1.1\r\n\r\n"), Some(123));
        assert_eq!(path_number(b"GET /v2/x HTTP/1.1\r\n\r\n"), None);
        assert_eq!(path_number(b"nonsense"), None);
    }

    #[test]
    fn earlier_replies_come_first_and_equal_ones_in_the_order_of_requests() {
        let due = |at_ns, order| Reverse(Due { at_ns, order, place: 0, number: 0, good: true });
        let mut heap = BinaryHeap::from([due(2, 0), due(1, 2), due(1, 1)]);
        let order: Vec<u64> = std::iter::from_fn(|| heap.pop()).map(|Reverse(due)| due.order).collect();
        assert_eq!(order, [1, 2, 0]);
    }
}
