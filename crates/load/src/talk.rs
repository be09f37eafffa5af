//! Bytes on a connection of their own, whatever they are, and what comes back: for requests that no server should take.
//! Blocking; its times are no measurement.

use std::io::{ErrorKind, Read, Result, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use crate::clock::monotonic_ns;
use crate::reply::{Fed, ReplyParser};
use crate::request::{Request, Template};

/// After a reply, another one that was not asked for is waited for this long.
const SETTLE_NS: u64 = 100_000_000;
/// To one message more replies than this are not read: two are too many already.
const REPLIES_MAX: usize = 8;
/// More of the replies than this is not kept: heads stand at the beginning.
const KEPT_BYTES_MAX: usize = 64 << 10;
/// One read.
const READ_BYTES: usize = 16 << 10;

/// What is sent, and what then becomes of our side of the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Whether our side is closed after them.
    pub half_close: bool,
}

impl Message {
    /// The bytes of a good request.
    pub fn ask(host: &str, request: &Request) -> Result<Self> {
        let template = Template::render(0, host, request)
            .map_err(|error| std::io::Error::new(ErrorKind::InvalidInput, error))?;
        let mut scratch = Vec::new();
        Ok(Self { bytes: template.bytes(0, &mut scratch).to_vec(), half_close: false })
    }
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TalkEnd {
    /// The other side closed it in good order.
    Closed,
    /// The other side reset it.
    Reset,
    /// It was open when we had waited long enough.
    Open,
    /// What came was not HTTP/1.1, or more than we read.
    NotHttp,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Talk {
    /// The statuses of all final replies, in order.
    pub statuses: Vec<u16>,
    /// How it ended.
    pub end: TalkEnd,
    /// The beginning of what came, as it came.
    pub kept: Vec<u8>,
}

/// Sends a message and reads replies until the connection ends, or none has come for `patience_ns`. An error if there is
/// no connection.
pub fn talk(address: SocketAddr, message: &Message, patience_ns: u64) -> Result<Talk> {
    let patience = Duration::from_nanos(patience_ns.max(1));
    let mut stream = TcpStream::connect_timeout(&address, patience)?;
    stream.set_nodelay(true)?;
    stream.set_write_timeout(Some(patience))?;
    // A server that has read enough may answer and close: what it says is read below.
    let sent = stream.write_all(&message.bytes);
    if sent.is_ok() && message.half_close {
        // The other side may have reset the connection already.
        let _ = stream.shutdown(Shutdown::Write);
    }
    let mut listener = Listener::new();
    let end = listener.listen(&mut stream, patience_ns)?;
    Ok(Talk { statuses: listener.statuses, end, kept: listener.kept })
}

/// Reads replies, one after the other.
struct Listener {
    parser: ReplyParser,
    statuses: Vec<u16>,
    kept: Vec<u8>,
}

impl Listener {
    fn new() -> Self {
        let mut parser = ReplyParser::new();
        parser.reset(false);
        Self { parser, statuses: Vec::new(), kept: Vec::new() }
    }

    fn listen(&mut self, stream: &mut TcpStream, patience_ns: u64) -> Result<TalkEnd> {
        let deadline_ns = monotonic_ns().saturating_add(patience_ns);
        let mut buffer = [0; READ_BYTES];
        loop {
            let now_ns = monotonic_ns();
            let settled_ns = now_ns.saturating_add(SETTLE_NS);
            let until_ns = if self.statuses.is_empty() { deadline_ns } else { settled_ns.min(deadline_ns) };
            if until_ns <= now_ns {
                return Ok(TalkEnd::Open);
            }
            stream.set_read_timeout(Some(Duration::from_nanos(until_ns - now_ns)))?;
            let read = match stream.read(&mut buffer) {
                Ok(0) => return Ok(self.end()),
                Ok(read) => read,
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock | ErrorKind::TimedOut => return Ok(TalkEnd::Open),
                    ErrorKind::Interrupted => continue,
                    _ => return Ok(TalkEnd::Reset),
                },
            };
            if !self.take(buffer.get(..read).unwrap_or_default()) {
                return Ok(TalkEnd::NotHttp);
            }
        }
    }

    /// Takes bytes that came; `false` if they are no replies.
    fn take(&mut self, bytes: &[u8]) -> bool {
        self.kept.extend(bytes.iter().take(KEPT_BYTES_MAX.saturating_sub(self.kept.len())));
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.parser.feed(rest) {
                Ok(Fed::Done { consumed }) => {
                    self.statuses.push(self.parser.reply().status);
                    self.parser.reset(false);
                    rest = rest.get(consumed..).unwrap_or_default();
                }
                Ok(Fed::More) => return true,
                Err(_) => return false,
            }
            if self.statuses.len() >= REPLIES_MAX {
                return false;
            }
        }
        true
    }

    /// The other side has closed: that may be the end of a reply.
    fn end(&mut self) -> TalkEnd {
        if self.parser.ends_with_connection() {
            self.statuses.push(self.parser.reply().status);
        }
        TalkEnd::Closed
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread::{self, JoinHandle};

    use super::*;

    /// Long enough for a busy machine, short enough for the cases that wait for it.
    const PATIENCE_NS: u64 = 500_000_000;

    /// A server for one connection: reads until it has `ask` bytes, and then does what it is told.
    fn server(ask: usize, act: impl FnOnce(TcpStream) + Send + 'static) -> (SocketAddr, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let serve = move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = vec![0; ask];
            stream.read_exact(&mut asked).unwrap();
            act(stream);
        };
        (address, thread::spawn(serve))
    }

    fn talked(ask: &str, half_close: bool, act: impl FnOnce(TcpStream) + Send + 'static) -> Talk {
        let (address, server) = server(ask.len(), act);
        let message = Message { bytes: ask.as_bytes().to_vec(), half_close };
        let talk = talk(address, &message, PATIENCE_NS).unwrap();
        server.join().unwrap();
        talk
    }

    #[test]
    fn every_reply_on_the_connection_is_seen_and_how_it_ends() {
        let two =
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\nnoHTTP/1.1 200 OK\r\n\r\nuntil the end";
        let talk = talked("ask", false, move |mut stream| stream.write_all(two.as_bytes()).unwrap());
        assert_eq!((talk.statuses, talk.end), (vec![400, 200], TalkEnd::Closed));
        assert_eq!(talk.kept, two.as_bytes());
    }

    #[test]
    fn silence_and_a_close_without_a_word_are_told_apart() {
        let (sender, receiver) = std::sync::mpsc::channel::<TcpStream>();
        let silent = talked("ask", false, move |stream| sender.send(stream).unwrap());
        assert_eq!((silent.statuses, silent.end), (Vec::new(), TalkEnd::Open));
        drop(receiver);
        let closed = talked("ask", false, drop);
        assert_eq!((closed.statuses, closed.end), (Vec::new(), TalkEnd::Closed));
    }

    #[test]
    fn a_half_reply_is_no_reply_and_other_bytes_are_not_http() {
        let half = talked("ask", false, |mut stream| {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nno").unwrap();
        });
        assert_eq!((half.statuses, half.end), (Vec::new(), TalkEnd::Closed));
        let other = talked("ask", false, |mut stream| stream.write_all(b"SSH-2.0-x\r\n").unwrap());
        assert_eq!(other.end, TalkEnd::NotHttp);
    }

    #[test]
    fn the_end_of_what_we_say_is_told() {
        let talk = talked("half a request", true, |mut stream| {
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).unwrap();
            stream.write_all(b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n").unwrap();
        });
        assert_eq!((talk.statuses, talk.end), (vec![408], TalkEnd::Closed));
    }
}
