//! Agrees to whatever is offered of TLS, at most 1.0, as a server does that nobody has looked after for long.

/// A record that holds a message of the handshake (RFC 5246, 6.2.1).
const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
const TLS_1_0: [u8; 2] = [3, 1];
const RANDOM_BYTES: usize = 32;

/// Whether bytes begin as TLS does, and no method of HTTP.
pub(crate) fn is_tls(bytes: &[u8]) -> bool {
    bytes.first() == Some(&HANDSHAKE)
}

/// The answer to a client's first message: the version that it asks for, at most TLS 1.0, and its first cipher; `None`
/// until all of it is there.
pub(crate) fn answer(bytes: &[u8]) -> Option<Vec<u8>> {
    let [HANDSHAKE, _, _, high, low, message @ ..] = bytes else { return None };
    let message = message.get(..usize::from(u16::from_be_bytes([*high, *low])))?;
    let [CLIENT_HELLO, _, _, _, major, minor, rest @ ..] = message else { return None };
    let rest = rest.get(RANDOM_BYTES..)?;
    let (session_bytes, rest) = rest.split_first()?;
    let suite = rest.get(usize::from(*session_bytes) + 2..)?.get(..2)?;
    let version = [*major, *minor].min(TLS_1_0);
    let mut hello = version.to_vec();
    hello.extend([0; RANDOM_BYTES]);
    // No session, the cipher, no compression.
    hello.extend([0, suite[0], suite[1], 0]);
    let mut message = vec![SERVER_HELLO, 0, 0, u8::try_from(hello.len()).ok()?];
    message.extend(hello);
    let mut record = vec![HANDSHAKE, version[0], version[1], 0, u8::try_from(message.len()).ok()?];
    record.extend(message);
    Some(record)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(version: [u8; 2], session: &[u8]) -> Vec<u8> {
        let mut message = vec![CLIENT_HELLO, 0, 0, 0, version[0], version[1]];
        message.extend([7; RANDOM_BYTES]);
        message.push(u8::try_from(session.len()).unwrap());
        message.extend(session);
        message.extend([0, 4, 0, 5, 0, 10, 1, 0]);
        let length = u16::try_from(message.len()).unwrap().to_be_bytes();
        [vec![HANDSHAKE, 3, 1, length[0], length[1]], message].concat()
    }

    #[test]
    fn it_takes_the_first_cipher_and_no_version_that_is_good() {
        for (asked, got) in [([3, 0], [3, 0]), ([3, 1], [3, 1]), ([3, 3], [3, 1])] {
            let answer = answer(&hello(asked, &[9; 5])).unwrap();
            assert_eq!(answer[..3], [HANDSHAKE, got[0], got[1]]);
            assert_eq!(answer[5..11], [SERVER_HELLO, 0, 0, 38, got[0], got[1]]);
            assert_eq!(answer[43..], [0, 0, 5, 0]);
            assert_eq!(answer.len(), 5 + usize::from(answer[4]));
        }
    }

    #[test]
    fn what_is_no_whole_hello_has_no_answer() {
        let whole = hello([3, 3], &[]);
        for cut in 0..whole.len() {
            assert_eq!(answer(&whole[..cut]), None, "{cut}");
        }
        assert_eq!(answer(b"GET / HTTP/1.1\r\n\r\n"), None);
        assert!(is_tls(&whole) && !is_tls(b"GET") && !is_tls(b""));
    }
}
