//! Reads HTTP/1.1 replies as they arrive, in pieces of any size, without keeping their bodies.

use crate::request::is_token_byte;

/// Status line, headers, interim replies and trailers of one reply together. Servers send a few hundred bytes.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// A larger body never ends within any timeout that a measurement of latency can use.
const BODY_BYTES_MAX: u64 = 1 << 30;

/// Longer heads are parsed each time rather than kept for comparison on every connection.
const REPEATED_HEAD_BYTES_MAX: usize = 1 << 10;

/// Whether the reply is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fed {
    /// All bytes were taken and more are needed.
    More,
    /// The reply ended after `consumed` of the bytes given.
    Done { consumed: usize },
}

/// The bytes are not an HTTP/1.1 reply, or one beyond our bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// What is known once a reply is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Whether the connection may carry another request.
    pub(crate) keep_alive: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    StatusLine,
    Header,
    Body { left: u64 },
    ChunkSize,
    ChunkData { left: u64 },
    ChunkEnd,
    Trailer,
    UntilClose,
    Done,
}

/// A parser for one reply at a time; `reset` makes it ready for the next and keeps its buffer.
#[derive(Debug)]
pub(crate) struct ReplyParser {
    state: State,
    /// The beginning of a line whose end has not arrived yet.
    partial: Vec<u8>,
    head_bytes: usize,
    body_bytes: u64,
    to_head_request: bool,
    status: u16,
    keep_alive: bool,
    content_length: Option<u64>,
    chunked: bool,
    /// A transfer coding that only the end of the connection ends.
    coded: bool,
    repeated: RepeatedHead,
}

/// The last head that came in one piece, and what it meant. Servers repeat themselves: a head that is the same byte for
/// byte means the same, and comparing it costs a twentieth of parsing it.
#[derive(Debug)]
struct RepeatedHead {
    bytes: Vec<u8>,
    to_head_request: bool,
    state: State,
    status: u16,
    keep_alive: bool,
}

impl ReplyParser {
    pub(crate) fn new() -> Self {
        Self {
            state: State::StatusLine,
            partial: Vec::new(),
            head_bytes: 0,
            body_bytes: 0,
            to_head_request: false,
            status: 0,
            keep_alive: true,
            content_length: None,
            chunked: false,
            coded: false,
            repeated: RepeatedHead {
                bytes: Vec::new(),
                to_head_request: false,
                state: State::StatusLine,
                status: 0,
                keep_alive: false,
            },
        }
    }

    /// Makes ready for the reply to the next request.
    pub(crate) fn reset(&mut self, to_head_request: bool) {
        self.state = State::StatusLine;
        self.partial.clear();
        self.head_bytes = 0;
        self.body_bytes = 0;
        self.to_head_request = to_head_request;
        self.start_head();
    }

    /// Takes the next bytes of the reply.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<Fed, Malformed> {
        let at_start = self.head_bytes == 0 && self.state == State::StatusLine;
        let mut rest = if at_start { self.take_head(bytes)? } else { bytes };
        while self.state != State::Done {
            if rest.is_empty() {
                return Ok(Fed::More);
            }
            let taken = match self.state {
                State::Body { left } => self.skip(rest, left, |left| State::Body { left }, State::Done)?,
                State::ChunkData { left } => {
                    self.skip(rest, left, |left| State::ChunkData { left }, State::ChunkEnd)?
                }
                State::UntilClose => self.skip(rest, u64::MAX, |_| State::UntilClose, State::Done)?,
                _ => self.take_line(rest)?,
            };
            rest = rest.get(taken..).unwrap_or_default();
        }
        Ok(Fed::Done { consumed: bytes.len() - rest.len() })
    }

    /// The connection has ended: whether that ends the reply as it should.
    pub(crate) fn ends_with_connection(&self) -> bool {
        matches!(self.state, State::UntilClose | State::Done)
    }

    /// What was read. Of meaning only once the reply is complete.
    pub(crate) fn reply(&self) -> Reply {
        Reply { status: self.status, keep_alive: self.keep_alive && self.state == State::Done }
    }

    fn start_head(&mut self) {
        self.status = 0;
        self.keep_alive = true;
        self.content_length = None;
        self.chunked = false;
        self.coded = false;
    }

    /// Takes as much of a reply's head as `bytes` hold, at its beginning; returns what follows.
    fn take_head<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], Malformed> {
        let known = &self.repeated;
        if let Some(rest) = bytes.strip_prefix(known.bytes.as_slice())
            && !known.bytes.is_empty()
            && known.to_head_request == self.to_head_request
        {
            (self.state, self.status, self.keep_alive) = (known.state, known.status, known.keep_alive);
            self.head_bytes = known.bytes.len();
            return Ok(rest);
        }
        let mut rest = bytes;
        while matches!(self.state, State::StatusLine | State::Header) && !rest.is_empty() {
            let taken = self.take_line(rest)?;
            rest = rest.get(taken..).unwrap_or_default();
        }
        let head = bytes.get(..bytes.len() - rest.len()).unwrap_or_default();
        let complete = !matches!(self.state, State::StatusLine | State::Header);
        if complete && head.len() <= REPEATED_HEAD_BYTES_MAX {
            self.repeated.bytes.clear();
            self.repeated.bytes.extend_from_slice(head);
            self.repeated.to_head_request = self.to_head_request;
            self.repeated.state = self.state;
            (self.repeated.status, self.repeated.keep_alive) = (self.status, self.keep_alive);
        }
        Ok(rest)
    }

    /// Passes over body bytes; there are `left` of them before `after` begins.
    fn skip(
        &mut self,
        bytes: &[u8],
        left: u64,
        during: impl Fn(u64) -> State,
        after: State,
    ) -> Result<usize, Malformed> {
        let taken = left.min(bytes.len() as u64);
        self.body_bytes += taken;
        if self.body_bytes > BODY_BYTES_MAX {
            return Err(Malformed);
        }
        self.state = if taken == left { after } else { during(left - taken) };
        Ok(taken as usize)
    }

    /// Takes bytes up to the end of a line, or all of them if it is not there yet.
    fn take_line(&mut self, bytes: &[u8]) -> Result<usize, Malformed> {
        let end = memchr::memchr(b'\n', bytes);
        let taken = end.map_or(bytes.len(), |at| at + 1);
        self.head_bytes += taken;
        if self.head_bytes > HEAD_BYTES_MAX {
            return Err(Malformed);
        }
        let piece = bytes.get(..end.unwrap_or(taken)).unwrap_or_default();
        if end.is_none() {
            self.partial.extend_from_slice(piece);
        } else if self.partial.is_empty() {
            self.on_line(without_return(piece))?;
        } else {
            self.partial.extend_from_slice(piece);
            let line = std::mem::take(&mut self.partial);
            let outcome = self.on_line(without_return(&line));
            self.partial = line;
            self.partial.clear();
            outcome?;
        }
        Ok(taken)
    }

    fn on_line(&mut self, line: &[u8]) -> Result<(), Malformed> {
        self.state = match self.state {
            State::StatusLine => self.on_status_line(line)?,
            State::Header if line.is_empty() => self.on_head_end()?,
            State::Header => self.on_header(line)?,
            State::ChunkSize => match chunk_size(line)? {
                0 => State::Trailer,
                left => State::ChunkData { left },
            },
            State::ChunkEnd if line.is_empty() => State::ChunkSize,
            State::ChunkEnd => return Err(Malformed),
            State::Trailer if line.is_empty() => State::Done,
            State::Trailer => header_parts(line).map(|_| State::Trailer)?,
            other => other,
        };
        // Chunk sizes are bounded by the body they bring, not by the bound on heads.
        if matches!(self.state, State::ChunkData { .. }) {
            self.head_bytes = 0;
        }
        Ok(())
    }

    fn on_status_line(&mut self, line: &[u8]) -> Result<State, Malformed> {
        let (Some(version), Some(rest)) = (line.get(..9), line.get(9..)) else { return Err(Malformed) };
        self.keep_alive = match version {
            b"HTTP/1.1 " => true,
            b"HTTP/1.0 " => false,
            _ => return Err(Malformed),
        };
        let &[hundreds, tens, ones, ref reason @ ..] = rest else { return Err(Malformed) };
        let digits = [hundreds, tens, ones];
        let ends_well = reason.first().is_none_or(|byte| *byte == b' ');
        if !ends_well || !digits.iter().all(u8::is_ascii_digit) || hundreds == b'0' {
            return Err(Malformed);
        }
        self.status = digits.iter().fold(0, |status, digit| status * 10 + u16::from(digit - b'0'));
        Ok(State::Header)
    }

    fn on_header(&mut self, line: &[u8]) -> Result<State, Malformed> {
        let (name, value) = header_parts(line)?;
        // Only three names matter, told apart from the rest by their lengths first.
        match name.len() {
            10 if name.eq_ignore_ascii_case(b"connection") => self.on_connection(value),
            14 if name.eq_ignore_ascii_case(b"content-length") => {
                let length = decimal(value).filter(|length| *length <= BODY_BYTES_MAX).ok_or(Malformed)?;
                if self.content_length.is_some_and(|other| other != length) {
                    return Err(Malformed);
                }
                self.content_length = Some(length);
            }
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => {
                let last = value.rsplit(|byte| *byte == b',').next().unwrap_or_default();
                self.chunked = last.trim_ascii().eq_ignore_ascii_case(b"chunked");
                self.coded = !self.chunked;
            }
            _ => {}
        }
        Ok(State::Header)
    }

    fn on_connection(&mut self, value: &[u8]) {
        for option in value.split(|byte| *byte == b',') {
            let option = option.trim_ascii();
            if option.eq_ignore_ascii_case(b"close") {
                self.keep_alive = false;
            } else if option.eq_ignore_ascii_case(b"keep-alive") {
                self.keep_alive = true;
            }
        }
    }

    /// Decides how the body ends (RFC 9112, section 6.3).
    fn on_head_end(&mut self) -> Result<State, Malformed> {
        match self.status {
            // We ask for no upgrade, so nothing may be switched.
            101 => return Err(Malformed),
            100..=199 => {
                self.start_head();
                return Ok(State::StatusLine);
            }
            204 | 304 => return Ok(State::Done),
            _ if self.to_head_request => return Ok(State::Done),
            _ => {}
        }
        if self.chunked {
            // A length beside chunks is how replies are smuggled: read the chunks, trust the connection no more.
            self.keep_alive &= self.content_length.is_none();
            return Ok(State::ChunkSize);
        }
        match self.content_length {
            Some(0) if !self.coded => Ok(State::Done),
            Some(left) if !self.coded => Ok(State::Body { left }),
            _ => Ok(State::UntilClose),
        }
    }
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn header_parts(line: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    let colon = memchr::memchr(b':', line).ok_or(Malformed)?;
    let (name, value) = line.split_at_checked(colon).ok_or(Malformed)?;
    if name.is_empty() || !name.iter().all(|byte| is_token_byte(*byte)) {
        return Err(Malformed);
    }
    Ok((name, value.get(1..).unwrap_or_default().trim_ascii()))
}

fn decimal(text: &[u8]) -> Option<u64> {
    let digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    if digits { std::str::from_utf8(text).ok()?.parse().ok() } else { None }
}

/// The size at the start of a chunk; extensions after it are passed over.
fn chunk_size(line: &[u8]) -> Result<u64, Malformed> {
    let digits = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    let text = std::str::from_utf8(digits).map_err(|_| Malformed)?;
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Malformed);
    }
    u64::from_str_radix(text, 16).ok().filter(|size| *size <= BODY_BYTES_MAX).ok_or(Malformed)
}

#[cfg(test)]
mod tests;
