//! A plain client: bytes in, bytes out, nothing of the crate under test.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// Longer than anything here takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !condition() {
        assert!(begin.elapsed() < PATIENCE, "never happened: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Sends `request` on a connection of its own and reads until the other side closes.
pub(crate) fn talk(address: SocketAddr, request: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = connect(address);
    stream.write_all(request)?;
    let mut response = Vec::new();
    stream.read_to_end(&mut response)?;
    Ok(response)
}

/// The same with somebody who answers before he has read all, and then reads no more: what he says comes all the same.
pub(crate) fn talk_on(address: SocketAddr, request: &[u8]) -> Vec<u8> {
    let mut stream = connect(address);
    let mut response = Vec::new();
    let _ = stream.write_all(request);
    let _ = stream.read_to_end(&mut response);
    response
}

/// The same, closing the sending side after the request.
pub(crate) fn talk_half_closed(address: SocketAddr, request: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = connect(address);
    stream.write_all(request)?;
    stream.shutdown(Shutdown::Write)?;
    let mut response = Vec::new();
    stream.read_to_end(&mut response)?;
    Ok(response)
}

/// One response with a `Content-Length` from a connection that stays open: status and body.
pub(crate) fn read_response(stream: &mut TcpStream) -> io::Result<(u16, Vec<u8>)> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap_or("0");
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body)?;
    Ok((status_of(head.as_bytes()), body))
}

pub(crate) fn status_of(response: &[u8]) -> u16 {
    let line = String::from_utf8_lossy(&response[..response.len().min(16)]).into_owned();
    line.split(' ').nth(1).unwrap_or_default().parse().unwrap_or(0)
}

pub(crate) fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").into_bytes()
}

pub(crate) fn put(name: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "PUT /put/{name} HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}
