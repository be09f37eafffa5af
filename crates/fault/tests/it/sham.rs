//! A sham changes nothing: what a client sees through it is what it sees without it.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use plimsoll_fault::{Counters, Defect, Proxy};

use crate::nginx::{Nginx, large_body};
use crate::support::{
    PATIENCE, connect, eventually, get, put, read_response, status_of, talk, talk_half_closed, talk_on,
};

/// Without the one field that changes from second to second.
fn without_date(response: &[u8]) -> Vec<u8> {
    let Some(start) = response.windows(6).position(|window| window == b"Date: ") else {
        return response.to_vec();
    };
    let length = response[start..].iter().position(|&byte| byte == b'\n').unwrap() + 1;
    let rest = without_date(&response[start + length..]);
    [&response[..start], &rest].concat()
}

fn requests() -> Vec<(&'static str, Vec<u8>)> {
    let text = |text: &str| text.as_bytes().to_vec();
    let chunked = "PUT /put/chunked HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n\
                   5;x=y\r\nhello\r\n7\r\n, world\r\n0\r\nTrailer: t\r\n\r\n";
    let pipelined = "GET /small HTTP/1.1\r\nHost: h\r\n\r\nHEAD /large HTTP/1.1\r\nHost: h\r\n\r\n\
                     GET /nothing HTTP/1.1\r\nHost: h\r\n\r\n";
    let pipelined = [pipelined.as_bytes(), &put("pipelined", b"body"), b""].concat();
    vec![
        ("small", get("/small")),
        ("large", get("/large")),
        ("missing", get("/nothing")),
        ("head", text("HEAD /large HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")),
        ("range", text("GET /large HTTP/1.1\r\nHost: h\r\nRange: bytes=5-99\r\nConnection: close\r\n\r\n")),
        (
            "chunked",
            text("GET /large HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n"),
        ),
        ("until close", text("GET /large HTTP/1.0\r\nHost: h\r\n\r\n")),
        ("malformed", text("NOT HTTP\r\n\r\n")),
        (
            "a head that is too long, answered early",
            text(&format!("GET /small HTTP/1.1\r\nHost: h\r\nX-Long: {}\r\n\r\n", "a".repeat(1 << 20))),
        ),
        (
            "a chunk size that is no number",
            text("PUT /put/y HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n0\r\n\r\n"),
        ),
        (
            "a chunk size that is no number, after a good one",
            text(
                "PUT /put/z HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\nzz\r\n0\r\n\r\n",
            ),
        ),
        (
            "two lengths",
            text("PUT /put/x HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
        ),
        ("put", put("a", b"first")),
        ("put again", put("a", &large_body())),
        ("put in chunks", text(chunked)),
        ("read back", get("/put/chunked")),
        ("pipelined", pipelined),
        ("too large, answered early", put("b", &vec![b'x'; 3 << 20])),
    ]
}

#[test]
fn every_byte_is_the_same_with_and_without() {
    let nginx = Nginx::start();
    let proxy = Proxy::start(nginx.address).unwrap();
    // Twice, so that files that the first round makes are there in both.
    for round in 0..2 {
        for (name, request) in requests() {
            let responses = [nginx.address, proxy.address()].map(|address| {
                if name.contains("early") {
                    talk_on(address, &request)
                } else {
                    talk(address, &request).unwrap()
                }
            });
            let [direct, proxied] = responses.map(|response| without_date(&response));
            if name.contains("early") {
                assert!(status_of(&direct) >= 400, "{name}");
                assert_eq!(status_of(&proxied), status_of(&direct), "{name}");
            } else if round > 0 {
                assert!(
                    direct == proxied,
                    "{name}:\n{}",
                    String::from_utf8_lossy(&proxied[..proxied.len().min(300)])
                );
            }
        }
        let half_closed =
            talk_half_closed(proxy.address(), b"GET /large HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
        assert!(half_closed.ends_with(&large_body()));
    }
    assert_eq!(nginx.stored("a").unwrap(), large_body());
    assert_eq!(nginx.stored("chunked").unwrap(), b"hello, world");
    assert_eq!(nginx.stored("pipelined").unwrap(), b"body");
    assert_eq!(proxy.stop().affected, 0);
}

#[test]
fn leave_to_send_a_body_is_passed_on() {
    let nginx = Nginx::start();
    let proxy = Proxy::start(nginx.address).unwrap();
    let mut stream = connect(proxy.address());
    let head = b"PUT /put/e HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n";
    stream.write_all(head).unwrap();
    assert_eq!(read_response(&mut stream).unwrap().0, 100);
    stream.write_all(b"body").unwrap();
    assert_eq!(read_response(&mut stream).unwrap().0, 201);
    assert_eq!(nginx.stored("e").unwrap(), b"body");
}

/// Sends `count` requests at 1,000 a second in all from 4 clients, each measured from its intended time, and returns
/// the sorted latencies. Every response must be right.
fn load(address: SocketAddr, count: u32, keeps_alive: bool) -> Vec<Duration> {
    const CLIENTS: u32 = 4;
    let begin = Instant::now() + Duration::from_millis(20);
    let client = move |number: u32| {
        let mut stream = keeps_alive.then(|| connect(address));
        let mut latencies = Vec::new();
        for index in (number..count).step_by(CLIENTS as usize) {
            let intended = begin + Duration::from_millis(u64::from(index));
            thread::sleep(intended.saturating_duration_since(Instant::now()));
            let close = if keeps_alive { "" } else { "Connection: close\r\n" };
            let mut fresh = (!keeps_alive).then(|| connect(address));
            let stream = stream.as_mut().or(fresh.as_mut()).unwrap();
            stream.write_all(format!("GET /small HTTP/1.1\r\nHost: h\r\n{close}\r\n").as_bytes()).unwrap();
            assert_eq!(read_response(stream).unwrap(), (200, b"a small file\n".to_vec()));
            latencies.push(intended.elapsed());
            if !keeps_alive {
                assert_eq!(stream.read(&mut [0]).unwrap(), 0, "the connection stayed open");
            }
        }
        latencies
    };
    let clients: Vec<_> = (0..CLIENTS).map(|number| thread::spawn(move || client(number))).collect();
    let mut latencies: Vec<Duration> =
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect();
    latencies.sort_unstable();
    latencies
}

#[test]
fn at_a_thousand_requests_a_second_nothing_is_lost_and_little_time() {
    const COUNT: u32 = 2_000;
    let nginx = Nginx::start();
    let proxy = Proxy::start(nginx.address).unwrap();
    for keeps_alive in [true, false] {
        let before = proxy.counters();
        let lease = proxy.set(Defect::None).unwrap();
        let direct = load(nginx.address, COUNT, keeps_alive);
        let proxied = load(proxy.address(), COUNT, keeps_alive);
        let at = |latencies: &[Duration], per_mille: usize| latencies[latencies.len() * per_mille / 1000];
        println!(
            "keep-alive {keeps_alive}: direct p50 {:?} p99 {:?}, through the sham p50 {:?} p99 {:?}",
            at(&direct, 500),
            at(&direct, 990),
            at(&proxied, 500),
            at(&proxied, 990),
        );
        assert_eq!(proxied.len(), COUNT as usize);
        // A bound that a busy machine holds too; what is usual is printed above.
        assert!(at(&proxied, 500) < at(&direct, 500) + Duration::from_millis(3));
        let counted = lease.counters();
        assert_eq!(counted, proxy.counters().since(&before));
        let connections = if keeps_alive { 4 } else { u64::from(COUNT) };
        assert_eq!(
            (counted.connections, counted.requests, counted.affected),
            (connections, u64::from(COUNT), 0)
        );
        assert!(
            counted.bytes_to_client > u64::from(COUNT) * 13
                && counted.bytes_to_service > u64::from(COUNT) * 30
        );
    }
}

#[test]
fn a_service_that_is_gone_is_seen_to_be_gone_and_may_come_back_elsewhere() {
    let mut nginx = Nginx::start();
    let proxy = Proxy::start(nginx.address).unwrap();
    let mut stream = connect(proxy.address());
    stream.write_all(b"GET /small HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    assert_eq!(read_response(&mut stream).unwrap().0, 200);
    nginx.stop();
    assert!(matches!(stream.read(&mut [0]), Ok(0) | Err(_)), "an idle connection outlived its service");
    assert!(talk(proxy.address(), &get("/small")).is_err(), "a refused connection was not seen");
    nginx.restart();
    proxy.set_upstream(nginx.address);
    assert_eq!(status_of(&talk(proxy.address(), &get("/small")).unwrap()), 200);
}

#[test]
fn clients_that_vanish_leave_nothing_behind() {
    let nginx = Nginx::start();
    let proxy = Proxy::start(nginx.address).unwrap();
    assert_eq!(status_of(&talk(proxy.address(), &get("/small")).unwrap()), 200);
    let open_files = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    eventually("the first connection is gone", || open_files() > 0);
    let before = open_files();
    for number in 0..150 {
        let mut stream = connect(proxy.address());
        match number % 3 {
            // Unread bytes make the kernel send a reset when this is dropped.
            0 => stream.write_all(&get("/large")).and_then(|()| stream.read_exact(&mut [0; 10])).unwrap(),
            1 => stream.write_all(&put("gone", &[b'x'; 1000])[..300]).unwrap(),
            _ => stream.write_all(b"GET /sm").unwrap(),
        }
    }
    eventually("all connections are gone", || open_files() <= before);
    assert_eq!(nginx.stored("gone"), None, "half a body was stored");
    assert!(talk(proxy.address(), &get("/large")).unwrap().ends_with(&large_body()));
}

#[test]
fn dropping_the_proxy_closes_everything_at_once() {
    let nginx = Nginx::start();
    let proxy = Proxy::start(nginx.address).unwrap();
    let lease = proxy.set(Defect::Delay { delay_ns: 3_600_000_000_000 }).unwrap();
    let address = proxy.address();
    let mut held = connect(address);
    held.write_all(&get("/small")).unwrap();
    eventually("the request is held", || lease.counters().affected == 1);
    let begin = Instant::now();
    let counters: Counters = proxy.stop();
    assert!(begin.elapsed() < PATIENCE);
    assert_eq!(counters.requests, 1);
    assert!(matches!(held.read(&mut [0]), Ok(0) | Err(_)));
    assert!(std::net::TcpStream::connect(address).is_err(), "the port is still open");
}
