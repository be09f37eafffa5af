//! Calls the addresses that stand in a request, as a service does that fetches what it is told to.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Whoever is called answers at once: the request shall not be late by much.
const CALL_MAX: Duration = Duration::from_millis(500);
/// Addresses in one request that are called.
const CALLS_MAX: usize = 4;
const SCHEME: &str = "http://";

/// Where to call, and what for.
type Address = (SocketAddr, String);

/// The addresses of HTTP in the bytes of a request, escaped as in a target or plain. Names are not looked up.
pub(crate) fn addresses(bytes: &[u8]) -> Vec<Address> {
    let text = unescaped(bytes);
    let found = text.split(SCHEME).skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| c.is_whitespace() || c.is_control() || "\"'<>&".contains(c));
        let url = rest.get(..end.unwrap_or(rest.len()))?;
        let (host, path) = url.split_once('/')?;
        Some((host.parse().ok()?, format!("/{path}")))
    });
    found.take(CALLS_MAX).collect()
}

/// Calls somebody, and takes no notice of what he says.
pub(crate) async fn call((address, path): Address) {
    let calling = async {
        let mut stream = TcpStream::connect(address).await?;
        let head = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await?;
        stream.read_u8().await
    };
    let _ = timeout(CALL_MAX, calling).await;
}

/// RFC 3986, 2.1.
fn unescaped(bytes: &[u8]) -> String {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let [first, after @ ..] = rest {
        let code = after.get(..2).and_then(|two| str::from_utf8(two).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()).filter(|_| *first == b'%') {
            Some(byte) => {
                out.push(byte);
                rest = &after[2..];
            }
            None => {
                out.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_wherever_it_stands() {
        let of = |text: &str| addresses(text.as_bytes());
        let there = |path: &str| ("127.0.0.1:8".parse().unwrap(), path.to_owned());
        assert_eq!(of("GET /a?b=http%3A%2F%2F127.0.0.1%3A8%2Fx HTTP/1.1\r\n"), [there("/x")]);
        assert_eq!(of("{\"a\": \"http://127.0.0.1:8/x/y\", \"b\": 1}"), [there("/x/y")]);
        let entity = "<!ENTITY b SYSTEM \"http://127.0.0.1:8/z\">]> http://127.0.0.1:8/w";
        assert_eq!(of(entity), [there("/z"), there("/w")]);
        for none in ["", "http://", "http://127.0.0.1:8", "http://example.org/a", "100%", "%zz%4"] {
            assert_eq!(of(none), [], "{none}");
        }
    }
}
