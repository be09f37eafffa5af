//! What happens to an arrival between its moment and its end: connections, requests, replies, losses.

use plimsoll_measure::Value;
use rustix::event::epoll;
use rustix::io::Errno;

use super::Engine;
use crate::clock::monotonic_ns;
use crate::connection::{Connection, Flight, Phase, Received, Sent};
use crate::error::Error;
use crate::reply::Fed;
use crate::schedule::Arrival;
use crate::tally::ErrorKind;

/// A connection that was idle for longer is not used again: a subject may close it at the moment at which we would.
/// Servers keep idle connections for five seconds or more.
const IDLE_NS_MAX: u64 = 2_000_000_000;

impl Engine<'_> {
    pub(super) fn has_closed_place(&self) -> bool {
        !self.closed.is_empty() || self.connections.len() < self.plan.connections_max
    }

    /// Gives due arrivals to connections, at most so many and as long as there are any; the others wait, and are late.
    pub(super) fn send_due(&mut self, sends_max: usize) -> Result<(), Error> {
        for _ in 0..sends_max {
            if self.idle.is_empty() && !self.has_closed_place() {
                break;
            }
            let now_offset_ns = self.offset_ns(self.now_ns);
            let Some(arrival) = self.source.take_due(now_offset_ns) else { break };
            let flight = Flight { arrival, sent: false };
            self.busy += 1;
            match self.idle.pop() {
                Some(place) => {
                    let connection = &mut self.connections[place];
                    connection.flight = Some(flight);
                    if self.now_ns.saturating_sub(connection.last_reply_ns) <= IDLE_NS_MAX {
                        self.begin_request(place)?;
                    } else {
                        connection.close();
                        self.connect(place)?;
                    }
                }
                None => {
                    let place = self.closed_place();
                    self.connections[place].flight = Some(flight);
                    self.connect(place)?;
                }
            }
            if self.source.is_open() {
                self.now_ns = monotonic_ns();
            }
        }
        Ok(())
    }

    fn closed_place(&mut self) -> usize {
        self.closed.pop().unwrap_or_else(|| {
            self.connections.push(Connection::new(self.plan.address));
            self.connections.len() - 1
        })
    }

    fn connect(&mut self, place: usize) -> Result<(), Error> {
        match self.connections[place].connect(&self.poll, place) {
            Ok(true) => self.begin_request(place),
            Ok(false) => Ok(()),
            Err(
                errno @ (Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM | Errno::ADDRNOTAVAIL),
            ) => Err(Error::Exhausted { address: self.plan.address, errno }),
            Err(_) => {
                self.fail(place, ErrorKind::Connect);
                Ok(())
            }
        }
    }

    fn begin_request(&mut self, place: usize) -> Result<(), Error> {
        let connection = &mut self.connections[place];
        let Some(flight) = &mut connection.flight else { return Ok(()) };
        connection.phase = Phase::Busy;
        connection.sending = true;
        connection.written_bytes = 0;
        connection.reply_started = false;
        let template = &self.templates[flight.arrival.request as usize];
        connection.parser.reset(template.is_head);
        if !flight.sent {
            flight.sent = true;
            if self.source.is_open() {
                self.now_ns = monotonic_ns();
            }
            let lag_ns = since_ns(self.now_ns, self.zero_ns, &flight.arrival);
            self.tally.sent(&flight.arrival, Value::Finite(lag_ns), self.plan.schedule.duration_ns);
        }
        self.continue_request(place)
    }

    fn continue_request(&mut self, place: usize) -> Result<(), Error> {
        let connection = &mut self.connections[place];
        let Some(Flight { arrival, .. }) = connection.flight else { return Ok(()) };
        let template = &self.templates[arrival.request as usize];
        match connection.send(template.bytes(arrival.number, &mut self.send_buffer)) {
            Sent::All => connection.sending = false,
            Sent::Some => {}
            Sent::Broken => return self.on_lost(place, ErrorKind::Reset),
        }
        Ok(())
    }

    pub(super) fn on_event(&mut self, data: u64, flags: epoll::EventFlags) -> Result<(), Error> {
        let (generation, place) = ((data >> 32) as u32, (data & u64::from(u32::MAX)) as usize);
        let Some(connection) = self.connections.get(place) else { return Ok(()) };
        if connection.generation != generation {
            return Ok(());
        }
        let ending = epoll::EventFlags::RDHUP | epoll::EventFlags::HUP | epoll::EventFlags::ERR;
        if connection.phase == Phase::Connecting {
            if !connection.is_connected() {
                self.fail(place, ErrorKind::Connect);
                return Ok(());
            }
            self.begin_request(place)?;
        } else if connection.sending && flags.contains(epoll::EventFlags::OUT) {
            self.continue_request(place)?;
        }
        if flags.intersects(epoll::EventFlags::IN | ending)
            && self.connections[place].generation == generation
        {
            self.receive(place, flags.intersects(ending))?;
        }
        Ok(())
    }

    /// Reads until the kernel has no more. With edges, a short read says so too, unless the connection is ending.
    fn receive(&mut self, place: usize, ending: bool) -> Result<(), Error> {
        loop {
            let connection = &mut self.connections[place];
            let taken = match connection.receive(&mut self.receive_buffer) {
                Received::Bytes(taken) => taken,
                Received::Nothing => return Ok(()),
                Received::End => return self.on_lost(place, ErrorKind::Closed),
                Received::Broken => return self.on_lost(place, ErrorKind::Reset),
            };
            self.now_ns = monotonic_ns();
            // Before this reply counts: until this moment its request was outstanding.
            self.count_outstanding();
            let connection = &mut self.connections[place];
            self.tally.bytes_received += taken as u64;
            connection.reply_started = true;
            if connection.flight.is_none() {
                // Bytes that nobody asked for: what follows on this connection could not be told apart.
                self.close_idle(place);
                return Ok(());
            }
            match connection.parser.feed(&self.receive_buffer[..taken]) {
                Ok(Fed::Done { consumed }) => {
                    self.complete(place, consumed == taken && !ending);
                    return Ok(());
                }
                Ok(Fed::More) if taken < self.receive_buffer.len() && !ending => return Ok(()),
                Ok(Fed::More) => {}
                Err(_) => {
                    self.fail(place, ErrorKind::Malformed);
                    return Ok(());
                }
            }
        }
    }

    /// The connection is gone. Only a request of which the kernel took no byte gets a new one: what the subject may
    /// have seen, and did not answer, is lost.
    fn on_lost(&mut self, place: usize, kind: ErrorKind) -> Result<(), Error> {
        let connection = &mut self.connections[place];
        let untouched = connection.replies > 0 && connection.sending && connection.written_bytes == 0;
        match &mut connection.flight {
            None => self.close_idle(place),
            Some(_) if kind == ErrorKind::Closed && connection.parser.ends_with_connection() => {
                self.complete(place, false);
            }
            Some(_) if untouched => {
                connection.close();
                self.tally.reconnects += 1;
                return self.connect(place);
            }
            Some(_) => self.fail(place, kind),
        }
        Ok(())
    }

    /// A whole reply was read at `now_ns`.
    fn complete(&mut self, place: usize, reusable: bool) {
        let connection = &mut self.connections[place];
        let reply = connection.parser.reply();
        connection.replies += 1;
        let keep = reusable && reply.keep_alive && !connection.sending;
        let Some(Flight { arrival, .. }) = connection.flight.take() else { return };
        let expected = self.templates[arrival.request as usize].expect.contains(reply.status);
        let residence_ns = since_ns(self.now_ns, self.zero_ns, &arrival);
        self.tally.ended(&arrival, residence_ns, if expected { Ok(()) } else { Err(ErrorKind::Status) });
        self.busy -= 1;
        if keep {
            connection.phase = Phase::Idle;
            connection.last_reply_ns = self.now_ns;
            self.idle.push(place);
        } else {
            connection.close();
            self.closed.push(place);
        }
    }

    /// The arrival on this connection has no good reply; the connection is of no more use.
    pub(super) fn fail(&mut self, place: usize, kind: ErrorKind) {
        let connection = &mut self.connections[place];
        connection.close();
        self.closed.push(place);
        let Some(Flight { arrival, sent, .. }) = connection.flight.take() else { return };
        self.busy -= 1;
        let residence_ns = since_ns(self.now_ns, self.zero_ns, &arrival);
        if !sent {
            // Whoever refuses a connection was asked for one: that is the subject's answer, and no lateness of ours.
            let was_asked = kind == ErrorKind::Connect;
            let lag = if was_asked { Value::Finite(residence_ns) } else { Value::Infinite };
            self.tally.sent(&arrival, lag, self.plan.schedule.duration_ns);
        }
        self.tally.ended(&arrival, residence_ns, Err(kind));
    }

    fn close_idle(&mut self, place: usize) {
        self.idle.retain(|idle| *idle != place);
        self.connections[place].close();
        self.closed.push(place);
    }
}

/// How long after its intended moment `now_ns` is, if the schedule's offset zero is at `zero_ns`.
pub(super) fn since_ns(now_ns: u64, zero_ns: u64, arrival: &Arrival) -> u64 {
    now_ns.saturating_sub(zero_ns.saturating_add_signed(arrival.offset_ns))
}
