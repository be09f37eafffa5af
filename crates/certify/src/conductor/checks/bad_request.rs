//! The bytes of each request that no server should take.

use plimsoll_evidence::BadRequest;
use plimsoll_load::{Message, Request};

const LONG_TARGET_BYTES: usize = 64 << 10;
const LONG_FIELD_BYTES: usize = 256 << 10;
const MANY_FIELDS: usize = 10_000;
/// What of the body of 1 TiB is sent: enough for a reader that waits for the first of it.
const BEGUN_BYTES: usize = 64 << 10;
/// A handshake of TLS, which is what comes to a port of plain HTTP by mistake; the empty line ends any head.
const GARBAGE: &[u8] = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n";

/// Where bad requests go: what would be good about them.
pub(super) struct Bad<'a> {
    pub(super) host: &'a str,
    /// A request that is answered well.
    pub(super) read: &'a Request,
    /// Method and path of one that may have a body.
    pub(super) write: Request,
}

impl Bad<'_> {
    /// The bytes of a case.
    pub(super) fn message(&self, case: BadRequest) -> Message {
        let bytes = match case {
            BadRequest::Garbage => GARBAGE.to_vec(),
            BadRequest::UnknownVersion => {
                format!("GET {} HTTP/9.9\r\nHost: {}\r\n\r\n", self.path(), self.host).into_bytes()
            }
            BadRequest::NoHost => format!("GET {} HTTP/1.1\r\n\r\n", self.path()).into_bytes(),
            BadRequest::TwoHosts => self.read("Host: elsewhere.invalid\r\n"),
            BadRequest::SpaceBeforeColon => self.read("X-Space : x\r\n"),
            BadRequest::NulInField => self.read("X-Nul: a\0b\r\n"),
            BadRequest::LongTarget => {
                self.get(&format!("{}?{}", self.path(), "a".repeat(LONG_TARGET_BYTES)), "")
            }
            BadRequest::LongField => self.read(&format!("X-Long: {}\r\n", "a".repeat(LONG_FIELD_BYTES))),
            BadRequest::ManyFields => self.read(&"X-Many: x\r\n".repeat(MANY_FIELDS)),
            BadRequest::LengthNotANumber => self.write("Content-Length: 1x\r\n", "a"),
            BadRequest::TwoLengths => {
                let hidden = self.hidden();
                self.write(&format!("Content-Length: 0\r\nContent-Length: {}\r\n", hidden.len()), &hidden)
            }
            BadRequest::LengthAndChunks => {
                let body = format!("0\r\n\r\n{}", self.hidden());
                let fields = format!("Content-Length: {}\r\nTransfer-Encoding: chunked\r\n", body.len());
                self.write(&fields, &body)
            }
            BadRequest::UnknownCoding => self.write("Transfer-Encoding: plimsoll\r\n", ""),
            BadRequest::BadChunkSize => self.write("Transfer-Encoding: chunked\r\n", "zz\r\nab\r\n0\r\n\r\n"),
            BadRequest::HugeChunkSize => {
                self.write("Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\nab\r\n0\r\n\r\n")
            }
            BadRequest::HugeBody => {
                self.write(&format!("Content-Length: {}\r\n", 1_u64 << 40), &"a".repeat(BEGUN_BYTES))
            }
            BadRequest::UnknownMethod => {
                format!("PLIMSOLL {} HTTP/1.1\r\nHost: {}\r\n\r\n", self.path(), self.host).into_bytes()
            }
            BadRequest::BadEscape => self.get("/%zz", ""),
            BadRequest::CutBody => self.write("Content-Length: 100\r\n", "begun, and no more"),
            BadRequest::SlowHead => {
                format!("GET {} HTTP/1.1\r\nHost: {}\r\nX-Slow: ", self.path(), self.host).into_bytes()
            }
        };
        Message { bytes, half_close: case == BadRequest::CutBody }
    }

    /// The path of the good request. What stands for a number there is one.
    fn path(&self) -> String {
        self.read.path.replace("{seq}", "0")
    }

    /// The good request with further fields.
    fn read(&self, fields: &str) -> Vec<u8> {
        self.get(&self.path(), fields)
    }

    fn get(&self, target: &str, fields: &str) -> Vec<u8> {
        format!("GET {target} HTTP/1.1\r\nHost: {}\r\n{fields}\r\n", self.host).into_bytes()
    }

    fn write(&self, fields: &str, body: &str) -> Vec<u8> {
        let (method, path) = (&self.write.method, self.write.path.replace("{seq}", "0"));
        format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n{fields}\r\n{body}", self.host).into_bytes()
    }

    /// A good request where a body is expected.
    fn hidden(&self) -> String {
        format!("GET {} HTTP/1.1\r\nHost: {}\r\n\r\n", self.path(), self.host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(case: BadRequest) -> Message {
        let read = Request::get("/notes/{seq}");
        let write = Request { method: "PUT".into(), ..Request::get("/notes/a") };
        Bad { host: "h:1", read: &read, write }.message(case)
    }

    fn text(case: BadRequest) -> String {
        String::from_utf8_lossy(&message(case).bytes).into_owned()
    }

    #[test]
    fn each_case_is_bad_in_its_own_way() {
        assert_eq!(text(BadRequest::NoHost), "GET /notes/0 HTTP/1.1\r\n\r\n");
        assert_eq!(text(BadRequest::TwoHosts).matches("Host: ").count(), 2);
        let chunks = text(BadRequest::LengthAndChunks);
        let (head, body) = chunks.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("PUT /notes/a HTTP/1.1\r\n"), "{head}");
        assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{head}");
        assert_eq!(body, "0\r\n\r\nGET /notes/0 HTTP/1.1\r\nHost: h:1\r\n\r\n");
        assert!(!text(BadRequest::SlowHead).ends_with("\r\n"));
        let distinct: std::collections::BTreeSet<Vec<u8>> =
            BadRequest::ALL.into_iter().map(|case| message(case).bytes).collect();
        assert_eq!(distinct.len(), BadRequest::ALL.len());
    }

    #[test]
    fn only_a_body_that_is_cut_ends_our_side() {
        let ends = BadRequest::ALL.into_iter().filter(|case| message(*case).half_close);
        assert_eq!(ends.collect::<Vec<_>>(), [BadRequest::CutBody]);
    }
}
