//! One non-blocking connection and what is under way on it.

use std::net::SocketAddr;

use rustix::event::epoll;
use rustix::fd::{AsFd, OwnedFd};
use rustix::io::{Errno, retry_on_intr};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, sockopt};

use crate::reply::ReplyParser;
use crate::schedule::Arrival;

/// A bit more than the largest reply that is common in load tests, and small enough to stay in the second-level cache.
pub(crate) const RECEIVE_BYTES: usize = 64 << 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Closed,
    Connecting,
    Idle,
    Busy,
}

/// An arrival that was given to a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flight {
    pub(crate) arrival: Arrival,
    /// The first byte was handed to the kernel, so its send lag is known.
    pub(crate) sent: bool,
}

#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) phase: Phase,
    /// Tells events of this socket from late ones of an earlier socket in the same place.
    pub(crate) generation: u32,
    pub(crate) flight: Option<Flight>,
    pub(crate) parser: ReplyParser,
    /// How much of the request is with the kernel.
    pub(crate) written_bytes: usize,
    pub(crate) sending: bool,
    pub(crate) reply_started: bool,
    /// Replies read on this socket: one that has had none has not been kept alive.
    pub(crate) replies: u64,
    /// When the last of them was read.
    pub(crate) last_reply_ns: u64,
    address: SocketAddr,
    socket: Option<OwnedFd>,
}

pub(crate) enum Received {
    Bytes(usize),
    Nothing,
    End,
    Broken,
}

pub(crate) enum Sent {
    All,
    Some,
    Broken,
}

impl Connection {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self {
            phase: Phase::Closed,
            generation: 0,
            flight: None,
            parser: ReplyParser::new(),
            written_bytes: 0,
            sending: false,
            reply_started: false,
            replies: 0,
            last_reply_ns: 0,
            address,
            socket: None,
        }
    }

    /// Starts to connect; says whether the connection stands already, as it often does on loopback.
    ///
    /// One registration for all events, edge-triggered, serves the whole life of the socket.
    pub(crate) fn connect(&mut self, poll: impl AsFd, place: usize) -> Result<bool, Errno> {
        let address = &self.address;
        let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = rustix::net::socket_with(family, SocketType::STREAM, flags, None)?;
        sockopt::set_tcp_nodelay(&socket, true)?;
        let connected = match rustix::net::connect(&socket, address) {
            Ok(()) if is_itself(&socket, address) => return Err(Errno::CONNREFUSED),
            Ok(()) => true,
            Err(Errno::INPROGRESS) => false,
            Err(errno) => return Err(errno),
        };
        self.generation = self.generation.wrapping_add(1);
        let data = epoll::EventData::new_u64(u64::from(self.generation) << 32 | place as u64);
        let interest =
            epoll::EventFlags::IN | epoll::EventFlags::OUT | epoll::EventFlags::RDHUP | epoll::EventFlags::ET;
        epoll::add(poll, &socket, data, interest)?;
        self.socket = Some(socket);
        self.phase = if connected { Phase::Busy } else { Phase::Connecting };
        self.replies = 0;
        Ok(connected)
    }

    /// Whether an attempt to connect has succeeded.
    pub(crate) fn is_connected(&self) -> bool {
        let Some(socket) = &self.socket else { return false };
        sockopt::socket_error(socket) == Ok(Ok(())) && !is_itself(socket, &self.address)
    }

    /// Hands over as much of `request` as the kernel takes.
    pub(crate) fn send(&mut self, request: &[u8]) -> Sent {
        let Some(socket) = &self.socket else { return Sent::Broken };
        let rest = request.get(self.written_bytes..).unwrap_or_default();
        match retry_on_intr(|| rustix::net::send(socket, rest, SendFlags::NOSIGNAL)) {
            Ok(taken) if taken == rest.len() => Sent::All,
            Ok(taken) => {
                self.written_bytes += taken;
                Sent::Some
            }
            Err(Errno::AGAIN) => Sent::Some,
            Err(_) => Sent::Broken,
        }
    }

    /// Reads what has arrived, up to the buffer's length.
    pub(crate) fn receive(&mut self, buffer: &mut [u8]) -> Received {
        let Some(socket) = &self.socket else { return Received::Nothing };
        match retry_on_intr(|| rustix::net::recv(socket, &mut *buffer, RecvFlags::empty())) {
            Ok((0, _)) => Received::End,
            Ok((taken, _)) => Received::Bytes(taken),
            Err(Errno::AGAIN) => Received::Nothing,
            Err(_) => Received::Broken,
        }
    }

    /// Closes the socket; events that it still has in the current batch are told apart by their generation.
    pub(crate) fn close(&mut self) {
        self.socket = None;
        self.phase = Phase::Closed;
        self.generation = self.generation.wrapping_add(1);
    }
}

/// Whether the kernel has joined the socket to itself: it may, when nobody listens on a port that it also gives out.
fn is_itself(socket: &OwnedFd, address: &SocketAddr) -> bool {
    rustix::net::getsockname(socket).is_ok_and(|local| SocketAddr::try_from(local) == Ok(*address))
}
