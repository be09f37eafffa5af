//! Where HTTP/1.1 messages begin and end (RFC 9112), and no more: heads are forwarded as they are.

use std::ops::Range;

use crate::chunked::Chunked;

/// The longest head that is accepted: more than any common server takes.
pub(crate) const HEAD_BYTES_MAX: usize = 64 * 1024;

/// Bytes are not HTTP/1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// What a request asks for, as far as framing and defects need to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Connect,
    Other,
}

impl Method {
    fn from_bytes(name: &[u8]) -> Self {
        match name {
            b"GET" => Self::Get,
            b"HEAD" => Self::Head,
            b"POST" => Self::Post,
            b"PUT" => Self::Put,
            b"PATCH" => Self::Patch,
            b"DELETE" => Self::Delete,
            b"CONNECT" => Self::Connect,
            _ => Self::Other,
        }
    }

    pub(crate) fn is_write(self) -> bool {
        matches!(self, Self::Post | Self::Put | Self::Patch | Self::Delete)
    }
}

/// How much follows a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Body {
    Length { left: u64 },
    Chunked(Chunked),
    UntilClose,
}

impl Body {
    const EMPTY: Self = Self::Length { left: 0 };

    /// Takes what belongs to the body from the front of `bytes` and returns how much that is.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Result<usize, Malformed> {
        match self {
            Self::Length { left } => {
                let here = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= here as u64;
                Ok(here)
            }
            Self::Chunked(chunked) => chunked.take(bytes),
            Self::UntilClose => Ok(bytes.len()),
        }
    }

    /// Where in the front of `bytes` the body's data stand, and not what frames them.
    pub(crate) fn data(self, bytes: &[u8]) -> Vec<Range<usize>> {
        let left = match self {
            Self::Chunked(chunked) => return chunked.data(bytes),
            Self::Length { left } => usize::try_from(left).unwrap_or(usize::MAX),
            Self::UntilClose => usize::MAX,
        };
        std::iter::once(0..bytes.len().min(left)).collect()
    }

    pub(crate) fn is_done(self) -> bool {
        matches!(self, Self::Length { left: 0 } | Self::Chunked(Chunked::Done))
    }
}

/// What the head of a request says about its framing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequestHead {
    pub(crate) length: usize,
    pub(crate) method: Method,
    pub(crate) body: Body,
    /// The client waits for `100 Continue` before it sends the body.
    pub(crate) expects_continue: bool,
    pub(crate) wants_close: bool,
}

/// What the head of a response says about its framing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ResponseHead {
    pub(crate) length: usize,
    pub(crate) status: u16,
    pub(crate) body: Body,
}

impl ResponseHead {
    /// Another response to the same request follows.
    pub(crate) fn is_interim(&self) -> bool {
        (100..200).contains(&self.status) && self.status != 101
    }
}

/// The head at the front of `bytes`; `None` if it is not complete yet.
pub(crate) fn request_head(bytes: &[u8]) -> Result<Option<RequestHead>, Malformed> {
    let Some(head) = complete_head(bytes)? else { return Ok(None) };
    let (line, fields) = split_first_line(head);
    let mut words = line.split(|&byte| byte == b' ');
    let (method, version) = (words.next().ok_or(Malformed)?, words.next_back().ok_or(Malformed)?);
    if method.is_empty() || !version.starts_with(b"HTTP/1.") {
        return Err(Malformed);
    }
    let fields = Fields::read(fields)?;
    let body = match (fields.is_chunked, fields.has_other_coding) {
        (true, _) => Body::Chunked(Chunked::START),
        (false, true) => return Err(Malformed),
        (false, false) => Body::Length { left: fields.length.unwrap_or(0) },
    };
    let wants_close = fields.has_close || (version == b"HTTP/1.0" && !fields.has_keep_alive);
    let method = Method::from_bytes(method);
    let expects_continue = fields.has_expect;
    Ok(Some(RequestHead { length: head.len(), method, body, expects_continue, wants_close }))
}

/// The head at the front of `bytes`, of a response to a request with this method; `None` if it is not complete yet.
pub(crate) fn response_head(bytes: &[u8], method: Method) -> Result<Option<ResponseHead>, Malformed> {
    let Some(head) = complete_head(bytes)? else { return Ok(None) };
    let (line, fields) = split_first_line(head);
    let mut words = line.split(|&byte| byte == b' ');
    let (version, status) = (words.next().ok_or(Malformed)?, words.next().ok_or(Malformed)?);
    let status =
        std::str::from_utf8(status).ok().and_then(|text| text.parse::<u16>().ok()).ok_or(Malformed)?;
    if !version.starts_with(b"HTTP/1.") || !(100..1000).contains(&status) {
        return Err(Malformed);
    }
    let fields = Fields::read(fields)?;
    let body = if method == Method::Head || status < 200 || matches!(status, 204 | 304) {
        Body::EMPTY
    } else if fields.is_chunked {
        Body::Chunked(Chunked::START)
    } else {
        let length = fields.length.filter(|_| !fields.has_other_coding);
        length.map_or(Body::UntilClose, |left| Body::Length { left })
    };
    Ok(Some(ResponseHead { length: head.len(), status, body }))
}

/// The bytes up to and with the empty line that ends a head.
fn complete_head(bytes: &[u8]) -> Result<Option<&[u8]>, Malformed> {
    // Empty lines before a request are allowed and belong to its head.
    let blank = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let mut line_start = blank;
    while let Some(at) = bytes[line_start..].iter().position(|&byte| byte == b'\n') {
        let line_end = line_start + at + 1;
        if matches!(&bytes[line_start..line_end], b"\n" | b"\r\n") {
            return Ok(Some(&bytes[..line_end]));
        }
        line_start = line_end;
    }
    if bytes.len() >= HEAD_BYTES_MAX { Err(Malformed) } else { Ok(None) }
}

fn split_first_line(head: &[u8]) -> (&[u8], &[u8]) {
    let head = head.trim_ascii_start();
    let end = head.iter().position(|&byte| byte == b'\n').unwrap_or(head.len());
    (head[..end].trim_ascii_end(), &head[end..])
}

/// The fields that decide about framing.
#[derive(Default)]
struct Fields {
    length: Option<u64>,
    is_chunked: bool,
    has_other_coding: bool,
    has_close: bool,
    has_keep_alive: bool,
    has_expect: bool,
}

impl Fields {
    fn read(lines: &[u8]) -> Result<Self, Malformed> {
        let mut fields = Self::default();
        for line in lines.split(|&byte| byte == b'\n') {
            let Some(colon) = line.iter().position(|&byte| byte == b':') else { continue };
            let (name, value) = (line[..colon].to_ascii_lowercase(), line[colon + 1..].trim_ascii());
            let value = value.to_ascii_lowercase();
            match name.as_slice() {
                b"content-length" => fields.set_length(&value)?,
                b"transfer-encoding" => {
                    fields.is_chunked = value.ends_with(b"chunked");
                    fields.has_other_coding = !fields.is_chunked;
                }
                b"connection" => {
                    fields.has_close |= has_word(&value, b"close");
                    fields.has_keep_alive |= has_word(&value, b"keep-alive");
                }
                b"expect" => fields.has_expect = true,
                _ => {}
            }
        }
        Ok(fields)
    }

    /// Two lengths that differ would let two readers see two different messages.
    fn set_length(&mut self, value: &[u8]) -> Result<(), Malformed> {
        let is_number = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
        let text = std::str::from_utf8(value).ok().filter(|_| is_number).ok_or(Malformed)?;
        let length = text.parse().map_err(|_| Malformed)?;
        if self.length.is_some_and(|earlier| earlier != length) {
            return Err(Malformed);
        }
        self.length = Some(length);
        Ok(())
    }
}

fn has_word(value: &[u8], word: &[u8]) -> bool {
    value.split(|&byte| byte == b',').any(|part| part.trim_ascii() == word)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn request(text: &str) -> RequestHead {
        request_head(text.as_bytes()).unwrap().unwrap()
    }

    fn response(text: &str, method: Method) -> ResponseHead {
        response_head(text.as_bytes(), method).unwrap().unwrap()
    }

    #[test]
    fn requests_are_framed() {
        let get = request("GET /a b HTTP/1.1\r\nHost: h\r\n\r\nrest");
        assert_eq!((get.length, get.method, get.body), (30, Method::Get, Body::EMPTY));
        assert!(!get.wants_close && !get.expects_continue);
        let put = request(
            "\r\nPUT / HTTP/1.1\r\ncontent-LENGTH:  5 \r\nConnection: x, Close\r\nExpect: 100-continue\r\n\r\n",
        );
        assert_eq!((put.method, put.body), (Method::Put, Body::Length { left: 5 }));
        assert!(put.wants_close && put.expects_continue && put.method.is_write());
        let chunked = request("POST / HTTP/1.1\nTransfer-Encoding: gzip, chunked\nContent-Length: 3\n\n");
        assert_eq!(chunked.body, Body::Chunked(Chunked::START));
        assert!(request("GET / HTTP/1.0\r\n\r\n").wants_close);
        assert!(!request("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").wants_close);
    }

    #[test]
    fn responses_are_framed_by_their_request_too() {
        let text = "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n";
        assert_eq!(response(text, Method::Get).body, Body::Length { left: 12 });
        assert_eq!(response(text, Method::Head).body, Body::EMPTY);
        assert_eq!(response("HTTP/1.1 204 No\r\n\r\n", Method::Get).body, Body::EMPTY);
        assert_eq!(response("HTTP/1.0 200 OK\r\n\r\n", Method::Get).body, Body::UntilClose);
        assert!(response("HTTP/1.1 100 Continue\r\n\r\n", Method::Put).is_interim());
        assert!(!response("HTTP/1.1 101 Switching\r\n\r\n", Method::Get).is_interim());
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        for text in [
            "POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: +5\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 5, 5\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
            "GET /\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\n",
        ] {
            assert_eq!(request_head(text.as_bytes()), Err(Malformed), "{text:?}");
        }
        assert_eq!(response_head(b"HTTP/1.1 99 x\r\n\r\n", Method::Get), Err(Malformed));
        assert_eq!(response_head(b"SSH-2.0-x\r\n\r\n", Method::Get), Err(Malformed));
    }

    #[test]
    fn a_head_without_end_is_waited_for_and_then_refused() {
        let text = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n";
        for length in 0..text.len() {
            assert_eq!(request_head(&text[..length]), Ok(None));
        }
        assert_eq!(request_head(&vec![b'a'; HEAD_BYTES_MAX]), Err(Malformed));
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "[A-Z /:.0-9a-z\r\n]{0,200}") {
            for input in [bytes.as_slice(), text.as_bytes()] {
                let _ = request_head(input);
                let _ = response_head(input, Method::Get);
            }
        }

        #[test]
        fn a_length_takes_exactly_itself(left in 0..5_000u64, step in 1..900usize) {
            let bytes = vec![b'x'; 6_000];
            let mut body = Body::Length { left };
            let mut taken = 0;
            for piece in bytes.chunks(step) {
                taken += body.take(piece).unwrap() as u64;
            }
            prop_assert_eq!(taken, left);
            prop_assert!(body.is_done());
        }
    }
}
