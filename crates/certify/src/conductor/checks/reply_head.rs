//! Reads the head of a reply as evidence: what the rules look at, without what is secret.

use plimsoll_evidence::ReplyHead;
use plimsoll_process::redact;

/// No server sends so many fields.
const FIELDS_MAX: usize = 200;
/// More of a value is cut off: no rule looks so far.
const VALUE_CHARACTERS_MAX: usize = 4_000;

/// The head of the first final reply in `bytes`, which were sent in answer to `request`; `None` if there is none.
pub(super) fn read(request: String, bytes: &[u8]) -> Option<ReplyHead> {
    let text = String::from_utf8_lossy(bytes);
    let mut rest: &str = &text;
    loop {
        let (head, after) = rest.split_once("\r\n\r\n").or_else(|| rest.split_once("\n\n"))?;
        let mut lines = head.lines();
        let status: u64 = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        if (100..200).contains(&status) {
            rest = after;
            continue;
        }
        let fields = lines.filter_map(|line| line.split_once(':')).take(FIELDS_MAX).map(field).collect();
        return Some(ReplyHead { request, status, fields });
    }
}

/// The content of the reply in `bytes`, as text, out of its chunks if it came in chunks; `None` if it is not whole.
pub(super) fn content(bytes: &[u8]) -> Option<String> {
    let at = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(bytes.get(..at)?).to_ascii_lowercase();
    let content = bytes.get(at + 4..)?;
    let is_chunked =
        head.lines().any(|line| line.starts_with("transfer-encoding:") && line.contains("chunked"));
    let content = if is_chunked { without_chunks(content)? } else { content.to_vec() };
    String::from_utf8(content).ok()
}

/// RFC 9112, section 7.1. Of what follows the last chunk nothing is of interest.
fn without_chunks(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n")?;
        let line = std::str::from_utf8(rest.get(..end)?).ok()?;
        let size = usize::from_str_radix(line.split(';').next()?.trim(), 16).ok()?;
        let data = rest.get(end + 2..)?;
        if size == 0 {
            return Some(content);
        }
        content.extend_from_slice(data.get(..size)?);
        rest = data.get(size.checked_add(2)?..)?;
    }
}

fn field((name, value): (&str, &str)) -> (String, String) {
    let name = name.to_ascii_lowercase();
    let value: String = value.trim().chars().take(VALUE_CHARACTERS_MAX).collect();
    let value = if name == "set-cookie" { without_value(&value) } else { redact(&value) };
    (name, value)
}

/// A cookie with `*` in place of its value; its attributes stay.
fn without_value(cookie: &str) -> String {
    let (pair, attributes) = cookie.split_once(';').map_or((cookie, None), |(pair, rest)| (pair, Some(rest)));
    let name = pair.split('=').next().unwrap_or_default();
    attributes.map_or_else(|| format!("{name}=*"), |attributes| format!("{name}=*;{attributes}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_final_head_is_read_and_cookies_lose_their_values() {
        let bytes =
            b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type:  text/html \r\n\
            Set-Cookie: sid=s3cret; HttpOnly; Path=/\r\nset-cookie: bare\r\n\r\nX-Body: no";
        let head = read("GET /".into(), bytes).unwrap();
        assert_eq!(head.status, 200);
        let expected = [
            ("content-type", "text/html"),
            ("set-cookie", "sid=*; HttpOnly; Path=/"),
            ("set-cookie", "bare=*"),
        ];
        assert_eq!(head.fields, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn content_is_taken_out_of_its_chunks() {
        let plain = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
        assert_eq!(content(plain).as_deref(), Some("{}"));
        let chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x\r\n{\r\nA\r\n\"a\":\"bcd\"\r\n1\r\n}\r\n0\r\n\r\n";
        assert_eq!(content(chunks), None, "a chunk is shorter than it says");
        let chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x\r\n{\r\n9\r\n\"a\":\"bcd\"\r\n1\r\n}\r\n0\r\n\r\n";
        assert_eq!(content(chunks).as_deref(), Some("{\"a\":\"bcd\"}"));
        assert_eq!(content(b"no head"), None);
    }

    #[test]
    fn what_is_no_whole_head_is_none() {
        for bytes in [&b""[..], b"HTTP/1.1 200 OK\r\nA: b\r\n", b"SSH-2.0-x\r\n\r\n", b"\r\n\r\n"] {
            assert_eq!(read("GET /".into(), bytes), None);
        }
    }
}
