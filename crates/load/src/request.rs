//! What is sent: requests as a person describes them, and as bytes rendered once before the run.

use plimsoll_base::Unit;

use crate::error::{Error, shortened};
use crate::status_set::StatusSet;

/// Stands in a path or a body for the arrival's number, so that ledgers and oracles can tell requests apart.
const PLACEHOLDER: &[u8] = b"{seq}";
/// Digits of an arrival's number: fixed, so that every rendering has the same length. 200,000/s for 24 hours need 11.
pub(crate) const SEQUENCE_DIGITS: usize = 12;
/// A request larger than this would measure the loopback's bandwidth, not the subject.
const REQUEST_BYTES_MAX: usize = 16 << 20;
/// Headers that the codec writes itself; a second one would contradict it.
const OWN_HEADERS: [&str; 4] = ["host", "content-length", "transfer-encoding", "connection"];

/// A request, its share of the traffic, and what counts as a good reply to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The method, such as `GET`.
    pub method: String,
    /// Path and query, from the first slash. `{seq}` is replaced by the arrival's number in twelve digits.
    pub path: String,
    /// Further headers. Host and length are written by the codec.
    pub headers: Vec<(String, String)>,
    /// The body. `{seq}` is replaced as in the path.
    pub body: Vec<u8>,
    /// How often this request is chosen, beside the weights of the others. At least 1.
    pub weight: u32,
    /// The statuses that count as good.
    pub expect: StatusSet,
}

impl Request {
    /// A plain `GET` of `path`.
    pub fn get(path: impl Into<String>) -> Self {
        Self {
            method: String::from("GET"),
            path: path.into(),
            headers: Vec::new(),
            body: Vec::new(),
            weight: 1,
            expect: StatusSet::default(),
        }
    }
}

/// A request as bytes, with the places where the arrival's number goes.
#[derive(Debug)]
pub(crate) struct Template {
    bytes: Vec<u8>,
    sequence_at: Vec<usize>,
    pub(crate) is_head: bool,
    pub(crate) expect: StatusSet,
}

impl Template {
    /// Checks and renders the request number `index` of a plan.
    pub(crate) fn render(index: usize, host: &str, request: &Request) -> Result<Self, Error> {
        check(index, host, request)?;
        let mut template = Self {
            bytes: Vec::new(),
            sequence_at: Vec::new(),
            is_head: request.method == "HEAD",
            expect: request.expect,
        };
        template.text(&request.method);
        template.text(" ");
        template.with_sequence(request.path.as_bytes());
        template.text(" HTTP/1.1\r\nhost: ");
        template.text(host);
        for (name, value) in &request.headers {
            template.text(&format!("\r\n{name}: {value}"));
        }
        let body_bytes = rendered_bytes(&request.body);
        if body_bytes > 0 || matches!(request.method.as_str(), "POST" | "PUT" | "PATCH") {
            template.text(&format!("\r\ncontent-length: {body_bytes}"));
        }
        template.text("\r\n\r\n");
        template.with_sequence(&request.body);
        Ok(template)
    }

    /// The bytes to send for the arrival `number`: the template itself, or a copy in `scratch` with the number in place.
    pub(crate) fn bytes<'a>(&'a self, number: u64, scratch: &'a mut Vec<u8>) -> &'a [u8] {
        if self.sequence_at.is_empty() {
            return &self.bytes;
        }
        scratch.clear();
        scratch.extend_from_slice(&self.bytes);
        for at in &self.sequence_at {
            let mut rest = number;
            for digit in scratch.iter_mut().skip(*at).take(SEQUENCE_DIGITS).rev() {
                *digit = b'0' + (rest % 10) as u8;
                rest /= 10;
            }
        }
        scratch
    }

    fn text(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    fn with_sequence(&mut self, mut text: &[u8]) {
        while let Some(at) = memchr::memmem::find(text, PLACEHOLDER) {
            self.bytes.extend_from_slice(text.get(..at).unwrap_or_default());
            self.sequence_at.push(self.bytes.len());
            self.bytes.extend_from_slice(&[b'0'; SEQUENCE_DIGITS]);
            text = text.get(at + PLACEHOLDER.len()..).unwrap_or_default();
        }
        self.bytes.extend_from_slice(text);
    }
}

fn rendered_bytes(body: &[u8]) -> usize {
    let places = memchr::memmem::find_iter(body, PLACEHOLDER).count();
    body.len() + places * SEQUENCE_DIGITS - places * PLACEHOLDER.len()
}

fn check(index: usize, host: &str, request: &Request) -> Result<(), Error> {
    let wrong = |part, text: &str, why| Err(Error::Request { index, part, text: shortened(text), why });
    if !is_token(&request.method) {
        return wrong("method", &request.method, "is not an HTTP method");
    }
    if matches!(request.method.as_str(), "CONNECT") {
        return wrong("method", &request.method, "turns the connection into something else");
    }
    if !request.path.starts_with('/') || !request.path.bytes().all(|byte| byte.is_ascii_graphic()) {
        return wrong("path", &request.path, "must start with `/` and hold no space or control character");
    }
    if host.is_empty() || !host.bytes().all(|byte| byte.is_ascii_graphic()) {
        return wrong("host", host, "must be a host name or address, with a port where there is one");
    }
    for (name, value) in &request.headers {
        if !is_token(name) {
            return wrong("header", name, "is not a header's name");
        }
        if OWN_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
            return wrong("header", name, "is written by the codec itself");
        }
        if value.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
            return wrong("header", name, "has a control character in its value");
        }
    }
    let header_bytes: usize = request.headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
    let bytes = request.path.len() + header_bytes + rendered_bytes(&request.body);
    let (given, max) = (bytes as u64, REQUEST_BYTES_MAX as u64);
    if given > max {
        return Err(Error::Bound {
            what: "a request's size in bytes",
            unit: Unit::Count,
            given,
            min: 0,
            max,
        });
    }
    Ok(())
}

/// Whether `text` is a token of RFC 9110: what methods and header names are made of.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_byte)
}

/// Whether `byte` may stand in a token of RFC 9110. A table, because every header of every reply asks.
pub(crate) fn is_token_byte(byte: u8) -> bool {
    const TOKEN_BYTES: [bool; 256] = {
        let mut table = [false; 256];
        let mut byte = 0u8;
        while byte < 128 {
            table[byte as usize] = byte.is_ascii_alphanumeric();
            byte += 1;
        }
        let marks = b"!#$%&'*+-.^_`|~";
        let mut index = 0;
        while index < marks.len() {
            table[marks[index] as usize] = true;
            index += 1;
        }
        table
    };
    TOKEN_BYTES[usize::from(byte)]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rendered(request: &Request, number: u64) -> String {
        let template = Template::render(0, "example.test:8080", request).unwrap();
        let mut scratch = Vec::new();
        String::from_utf8(template.bytes(number, &mut scratch).to_vec()).unwrap()
    }

    #[test]
    fn a_get_has_no_body_and_no_length() {
        assert_eq!(
            rendered(&Request::get("/a?b=c"), 0),
            "GET /a?b=c HTTP/1.1\r\nhost: example.test:8080\r\n\r\n"
        );
    }

    #[test]
    fn the_arrivals_number_stands_in_path_and_body_with_the_right_length() {
        let request = Request {
            method: String::from("POST"),
            path: String::from("/notes/{seq}"),
            headers: vec![(String::from("content-type"), String::from("text/plain"))],
            body: b"<{seq}|{seq}>".to_vec(),
            ..Request::get("/")
        };
        assert_eq!(
            rendered(&request, 1234),
            "POST /notes/000000001234 HTTP/1.1\r\nhost: example.test:8080\r\ncontent-type: text/plain\r\n\
             content-length: 27\r\n\r\n<000000001234|000000001234>"
        );
    }

    #[test]
    fn an_empty_post_says_that_it_is_empty() {
        let request = Request { method: String::from("POST"), ..Request::get("/") };
        assert!(rendered(&request, 0).contains("content-length: 0\r\n"));
    }

    #[test]
    fn what_would_break_the_wire_is_refused() {
        let header = |name: &str, value: &str| Request {
            headers: vec![(String::from(name), String::from(value))],
            ..Request::get("/")
        };
        let method = |method: &str| Request { method: String::from(method), ..Request::get("/") };
        let cases = [
            (method(""), "method"),
            (method("GE T"), "method"),
            (method("CONNECT"), "method"),
            (Request::get("relative"), "path"),
            (Request::get("/a b"), "path"),
            (Request::get("/a\r\nx: y"), "path"),
            (header("a b", "c"), "header"),
            (header("a", "b\r\nx: y"), "header"),
            (header("Content-Length", "5"), "header"),
        ];
        for (request, expected) in cases {
            match Template::render(3, "h", &request) {
                Err(Error::Request { index: 3, part, .. }) => assert_eq!(part, expected),
                other => panic!("{request:?} gave {other:?}"),
            }
        }
        assert!(Template::render(0, "", &Request::get("/")).is_err());
        let large = Request { body: vec![0; REQUEST_BYTES_MAX + 1], ..Request::get("/") };
        assert!(matches!(Template::render(0, "h", &large), Err(Error::Bound { .. })));
    }

    proptest! {
        /// A parser that is not ours reads back what we wrote, wherever the placeholders stand.
        #[test]
        fn an_independent_parser_reads_the_same_request(
            path in "/[a-z]{0,5}(\\{seq\\})?[a-z]{0,5}",
            body in "[a-z{}]{0,6}(\\{seq\\}){0,3}[a-z]{0,6}",
            number in 0u64..1_000_000_000_000,
        ) {
            let request = Request {
                method: String::from("PUT"), path: path.clone(), body: body.clone().into_bytes(), ..Request::get("/")
            };
            let text = rendered(&request, number);
            let mut headers = [httparse::EMPTY_HEADER; 8];
            let mut parsed = httparse::Request::new(&mut headers);
            let head = parsed.parse(text.as_bytes()).unwrap().unwrap();
            let digits = format!("{number:012}");
            prop_assert_eq!(parsed.path.unwrap(), path.replace("{seq}", &digits));
            prop_assert_eq!(&text[head..], body.replace("{seq}", &digits));
            let length = parsed.headers.iter().find(|header| header.name == "content-length").unwrap();
            prop_assert_eq!(std::str::from_utf8(length.value).unwrap(), (text.len() - head).to_string());
        }
    }
}
