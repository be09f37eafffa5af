//! One request on a connection of its own, outside any schedule: for health checks, ledgers, and requests that are
//! held in flight on purpose. Blocking; its times are no measurement.

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::clock::monotonic_ns;
use crate::reply::{Fed, ReplyParser};
use crate::request::{Request, Template};
use crate::status_set::StatusSet;

/// More of a reply than this is not kept: a reference of 16 MiB, the longest that anybody asks for, and its head.
const KEPT_BYTES_MAX: usize = 17 << 20;
/// One read.
const READ_BYTES: usize = 16 << 10;

/// A whole reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Whether the status is one that the request expects.
    pub good: bool,
    /// Its bytes as they came, head included: enough to look for a text in the body.
    pub body: Vec<u8>,
}

/// A request of which the subject has all but the last byte.
#[derive(Debug)]
pub struct Held {
    stream: TcpStream,
    last: Vec<u8>,
    parser: ReplyParser,
    expect: StatusSet,
    timeout_ns: u64,
}

/// Sends a request and waits for its reply. `number` stands in the place of `{seq}`.
pub fn exchange(
    address: SocketAddr,
    host: &str,
    request: &Request,
    number: u64,
    timeout_ns: u64,
) -> Result<Answer> {
    hold(address, host, request, number, timeout_ns)?.finish()
}

/// Sends a request but for its last byte.
pub fn hold(
    address: SocketAddr,
    host: &str,
    request: &Request,
    number: u64,
    timeout_ns: u64,
) -> Result<Held> {
    let template =
        Template::render(0, host, request).map_err(|error| Error::new(ErrorKind::InvalidInput, error))?;
    let mut scratch = Vec::new();
    let bytes = template.bytes(number, &mut scratch);
    let timeout = Duration::from_nanos(timeout_ns.max(1));
    let mut stream = TcpStream::connect_timeout(&address, timeout)?;
    stream.set_nodelay(true)?;
    stream.set_write_timeout(Some(timeout))?;
    let (first, last) = bytes.split_at(bytes.len().saturating_sub(1));
    stream.write_all(first)?;
    let mut parser = ReplyParser::new();
    parser.reset(template.is_head);
    Ok(Held { stream, last: last.to_vec(), parser, expect: template.expect, timeout_ns })
}

impl Held {
    /// Sends the last byte and waits for the reply.
    pub fn finish(mut self) -> Result<Answer> {
        self.stream.write_all(&self.last)?;
        let deadline_ns = monotonic_ns().saturating_add(self.timeout_ns);
        let mut kept = Vec::new();
        let mut buffer = [0; READ_BYTES];
        loop {
            let left_ns = deadline_ns.saturating_sub(monotonic_ns());
            if left_ns == 0 {
                return Err(ErrorKind::TimedOut.into());
            }
            self.stream.set_read_timeout(Some(Duration::from_nanos(left_ns)))?;
            let read = self.stream.read(&mut buffer)?;
            let bytes = buffer.get(..read).unwrap_or_default();
            kept.extend(bytes.iter().take(KEPT_BYTES_MAX.saturating_sub(kept.len())));
            let done = match self.parser.feed(bytes) {
                Ok(Fed::Done { .. }) => true,
                Ok(Fed::More) if read == 0 && self.parser.ends_with_connection() => true,
                Ok(Fed::More) if read == 0 => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(Fed::More) => false,
                Err(_) => return Err(Error::new(ErrorKind::InvalidData, "the reply is not HTTP/1.1")),
            };
            if done {
                let status = self.parser.reply().status;
                return Ok(Answer { status, good: self.expect.contains(status), body: kept });
            }
        }
    }
}
