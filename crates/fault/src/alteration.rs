//! What becomes of a reply's head on its way to the client: a pure function of the defect and the head.

use std::ops::Range;

use crate::Defect;

/// The fields without which the client could not find the reply's end, or would lose the connection.
const FRAMING: [&[u8]; 5] =
    [b"connection", b"content-length", b"keep-alive", b"transfer-encoding", b"upgrade"];

/// The head that goes on in place of `head`, which is complete, with its empty line; `None` if it goes on as it is.
pub(crate) fn altered(defect: Defect, status: u16, head: &[u8]) -> Option<Vec<u8>> {
    match defect {
        Defect::BlameServer if (400..500).contains(&status) => with_status(head, b"500"),
        Defect::OpenDoors if matches!(status, 401 | 403 | 301..=303 | 307 | 308) => with_status(head, b"200"),
        Defect::Unlimited if matches!(status, 429 | 503) => with_status(head, b"200"),
        Defect::BareReplies if status >= 200 => bared(head),
        Defect::LocalTimes if status >= 200 => with_local_time(head),
        _ => None,
    }
}

/// The idempotency key's field in small letters, with its colon.
const KEY_FIELDS: [&[u8]; 1] = [b"idempotency-key:"];
/// Fields in which one shows who he is.
const CREDENTIAL_FIELDS: [&[u8]; 3] = [b"authorization:", b"cookie:", b"x-api-key:"];

/// Where in the head of a request the value of the first of these fields stands.
fn value_of(head: &[u8], names: &[&[u8]]) -> Option<Range<usize>> {
    let mut end = 0;
    for line in head.split_inclusive(|&byte| byte == b'\n') {
        let start = end;
        end += line.len();
        let small = line.to_ascii_lowercase();
        if let Some(name) = names.iter().find(|name| small.starts_with(name)) {
            let (value, trimmed) = (line.get(name.len()..)?, line.trim_ascii_end());
            let blank = value.len() - value.trim_ascii_start().len();
            let first = start + name.len() + blank;
            return Some(first..(start + trimmed.len()).max(first));
        }
    }
    None
}

/// The head of a request with another idempotency key, of the same length and with `number` at its end; `None` if there
/// is none.
pub(crate) fn with_fresh_key(head: &[u8], number: u64) -> Option<Vec<u8>> {
    let place = value_of(head, &KEY_FIELDS)?;
    let digits = format!("{number:0width$}", width = place.len());
    let tail = digits.len().checked_sub(place.len())?;
    let mut head = head.to_vec();
    head.get_mut(place)?.copy_from_slice(digits.as_bytes().get(tail..)?);
    Some(head)
}

/// The credential in the head of a request.
pub(crate) fn credential(head: &[u8]) -> Option<&[u8]> {
    head.get(value_of(head, &CREDENTIAL_FIELDS)?)
}

/// The head of a request with another credential in the place of its own.
pub(crate) fn with_credential(head: &[u8], credential: &[u8]) -> Option<Vec<u8>> {
    let place = value_of(head, &CREDENTIAL_FIELDS)?;
    Some([head.get(..place.start)?, credential, head.get(place.end..)?].concat())
}

/// With another status.
fn with_status(head: &[u8], status: &[u8; 3]) -> Option<Vec<u8>> {
    let at = head.iter().position(|&byte| byte == b' ')? + 1;
    let mut head = head.to_vec();
    head.get_mut(at..at + 3)?.copy_from_slice(status);
    Some(head)
}

/// With a time that nobody in Greenwich would read from the clock, in the place of its own or of none.
fn with_local_time(head: &[u8]) -> Option<Vec<u8>> {
    const TIME: &[u8] = b"Thu, 01 Jan 1970 14:00:00 +1400";
    if let Some(place) = value_of(head, &[b"date:"]) {
        return Some([head.get(..place.start)?, TIME, head.get(place.end..)?].concat());
    }
    let line_end = head.iter().position(|&byte| byte == b'\n')? + 1;
    Some([head.get(..line_end)?, b"Date: ", TIME, b"\r\n", head.get(line_end..)?].concat())
}

/// Without the fields that do not frame it; `None` if it has no other.
fn bared(head: &[u8]) -> Option<Vec<u8>> {
    let lines = head.split_inclusive(|&byte| byte == b'\n').enumerate();
    let kept: Vec<u8> = lines
        .filter(|(index, line)| *index == 0 || frames(line))
        .flat_map(|(_, line)| line)
        .copied()
        .collect();
    (kept.len() < head.len()).then_some(kept)
}

fn frames(line: &[u8]) -> bool {
    let Some(colon) = line.iter().position(|&byte| byte == b':') else { return true };
    FRAMING.contains(&line[..colon].to_ascii_lowercase().as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &[u8] =
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nX-Content-Type-Options: nosniff\r\nDate: x\r\n\r\n";

    #[test]
    fn the_clients_fault_becomes_the_servers_and_nothing_else_does() {
        let blamed = altered(Defect::BlameServer, 404, HEAD).unwrap();
        assert!(blamed.starts_with(b"HTTP/1.1 500 Not Found\r\n"));
        assert_eq!(blamed.len(), HEAD.len());
        assert_eq!(altered(Defect::BlameServer, 200, b"HTTP/1.1 200 OK\r\n\r\n"), None);
        assert_eq!(altered(Defect::BlameServer, 503, b"HTTP/1.1 503 No\r\n\r\n"), None);
    }

    #[test]
    fn a_refusal_becomes_a_success() {
        for refusal in [&b"HTTP/1.1 401 No\r\n\r\n"[..], b"HTTP/1.1 403 No\r\n\r\n"] {
            let status = if refusal.starts_with(b"HTTP/1.1 401") { 401 } else { 403 };
            assert_eq!(altered(Defect::OpenDoors, status, refusal).unwrap(), b"HTTP/1.1 200 No\r\n\r\n");
        }
        let moved = b"HTTP/1.1 302 Found\r\nLocation: /login\r\n\r\n";
        for status in [301, 302, 303, 307, 308] {
            let opened = altered(Defect::OpenDoors, status, moved).unwrap();
            assert_eq!(opened, b"HTTP/1.1 200 Found\r\nLocation: /login\r\n\r\n", "{status}");
        }
        for status in [200, 304, 404] {
            assert_eq!(altered(Defect::OpenDoors, status, HEAD), None, "{status}");
        }
    }

    #[test]
    fn a_bare_reply_is_framed_as_before() {
        let bare = altered(Defect::BareReplies, 404, HEAD).unwrap();
        assert_eq!(bare, b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n");
        assert_eq!(altered(Defect::BareReplies, 404, &bare), None, "there is nothing to take");
        assert_eq!(altered(Defect::BareReplies, 100, HEAD), None);
    }

    #[test]
    fn a_refusal_of_one_who_asks_too_often_becomes_a_success() {
        let refusal = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 2\r\n\r\n";
        let altered = altered(Defect::Unlimited, 429, refusal).unwrap();
        assert_eq!(altered, b"HTTP/1.1 200 Too Many Requests\r\nRetry-After: 2\r\n\r\n");
    }

    #[test]
    fn a_key_becomes_another_one_of_the_same_length() {
        let head = b"POST / HTTP/1.1\r\nIdempotency-Key: abcd \r\nX: abcd\r\n\r\n";
        let fresh = with_fresh_key(head, 70_123).unwrap();
        assert_eq!(fresh, b"POST / HTTP/1.1\r\nIdempotency-Key: 0123 \r\nX: abcd\r\n\r\n");
        assert_eq!(with_fresh_key(b"POST / HTTP/1.1\r\nX: abcd\r\n\r\n", 1), None);
        let empty = b"POST / HTTP/1.1\r\nidempotency-key:\r\n\r\n";
        assert_eq!(with_fresh_key(empty, 7).unwrap(), empty);
    }

    #[test]
    fn a_credential_gets_into_the_place_of_another() {
        let head = b"GET / HTTP/1.1\r\nAuthorization: Bearer a\r\nX: y\r\n\r\n";
        assert_eq!(credential(head).unwrap(), b"Bearer a");
        let swapped = with_credential(head, b"Bearer longer").unwrap();
        assert_eq!(swapped, b"GET / HTTP/1.1\r\nAuthorization: Bearer longer\r\nX: y\r\n\r\n");
        assert_eq!(credential(b"GET / HTTP/1.1\r\nX: y\r\n\r\n"), None);
    }

    #[test]
    fn a_reply_tells_a_time_of_elsewhere_whether_or_not_it_told_one() {
        let local = b"HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 14:00:00 +1400\r\n\r\n".to_vec();
        let timed = b"HTTP/1.1 200 OK\r\nDate: Sat, 21 Nov 2026 20:00:00 GMT\r\n\r\n";
        assert_eq!(altered(Defect::LocalTimes, 200, timed).unwrap(), local);
        assert_eq!(altered(Defect::LocalTimes, 200, b"HTTP/1.1 200 OK\r\n\r\n").unwrap(), local);
        assert_eq!(altered(Defect::LocalTimes, 100, b"HTTP/1.1 100 Continue\r\n\r\n"), None);
    }

    #[test]
    fn other_defects_leave_replies_alone() {
        for defect in [Defect::None, Defect::Delay { delay_ns: 1 }] {
            assert_eq!(altered(defect, 404, HEAD), None);
        }
    }
}
