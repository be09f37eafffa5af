//! Each defect is seen from outside, counted, and gone with its lease.

use std::io::Write;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use plimsoll_fault::{Defect, Error, Proxy};

use crate::nginx::Nginx;
use crate::support::{connect, eventually, get, put, read_response, status_of, talk};

const ALL_PPB: u32 = 1_000_000_000;

fn world() -> (Nginx, Proxy) {
    let nginx = Nginx::start();
    let proxy = Proxy::start(nginx.address).unwrap();
    (nginx, proxy)
}

/// The status of one request, and how long it took.
fn timed(address: SocketAddr, request: &[u8]) -> (u16, Duration) {
    let begin = Instant::now();
    (status_of(&talk(address, request).unwrap()), begin.elapsed())
}

/// Nothing of a defect is left.
fn assert_healthy(proxy: &Proxy) {
    let before = proxy.counters();
    let mut stream = connect(proxy.address());
    for _ in 0..100 {
        stream.write_all(b"GET /small HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
        assert_eq!(read_response(&mut stream).unwrap().0, 200);
    }
    let counted = proxy.counters().since(&before);
    assert_eq!((counted.connections, counted.requests, counted.affected), (1, 100, 0));
}

#[test]
fn a_delay_delays_every_request_by_itself() {
    let (_nginx, proxy) = world();
    let delay = Duration::from_millis(150);
    let lease = proxy.set(Defect::Delay { delay_ns: 150_000_000 }).unwrap();
    for _ in 0..3 {
        let (status, took) = timed(proxy.address(), &get("/small"));
        assert_eq!(status, 200);
        assert!(took >= delay && took < delay * 3, "{took:?}");
    }
    assert_eq!(lease.counters().affected, 3);
    drop(lease);
    assert_healthy(&proxy);
}

#[test]
fn errors_hit_their_part_of_the_requests_and_the_connection_lives_on() {
    let (_nginx, proxy) = world();
    let mut patterns = Vec::new();
    for _ in 0..2 {
        let lease = proxy.set(Defect::Errors { ratio_ppb: ALL_PPB / 5, seed: 7 }).unwrap();
        let mut stream = connect(proxy.address());
        let statuses: Vec<u16> = (0..200)
            .map(|_| {
                stream.write_all(b"GET /small HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
                read_response(&mut stream).unwrap().0
            })
            .collect();
        let failed = statuses.iter().filter(|&&status| status == 503).count();
        assert!((20..60).contains(&failed), "{failed} of 200");
        assert!(statuses.iter().all(|status| [200, 503].contains(status)));
        assert_eq!(lease.counters().affected, failed as u64);
        patterns.push(statuses);
    }
    assert_eq!(patterns[0], patterns[1], "the same seed hits the same requests");
    assert_healthy(&proxy);
}

#[test]
fn an_error_for_a_request_with_a_body_takes_the_body() {
    let (nginx, proxy) = world();
    let lease = proxy.set(Defect::Errors { ratio_ppb: ALL_PPB, seed: 1 }).unwrap();
    let mut stream = connect(proxy.address());
    let body = vec![b'x'; 100_000];
    for _ in 0..3 {
        stream.write_all(b"PUT /put/a HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n").unwrap();
        stream.write_all(&body).unwrap();
        assert_eq!(read_response(&mut stream).unwrap().0, 503);
    }
    stream
        .write_all(b"PUT /put/a HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n")
        .unwrap();
    assert_eq!(read_response(&mut stream).unwrap().0, 503);
    drop(lease);
    assert_eq!(nginx.stored("a"), None);
    assert_healthy(&proxy);
}

#[test]
fn a_reset_is_a_reset_in_place_of_a_reply() {
    let (nginx, proxy) = world();
    let lease = proxy.set(Defect::Reset { ratio_ppb: ALL_PPB, seed: 1 }).unwrap();
    for request in [get("/small"), put("a", b"body")] {
        let error = talk(proxy.address(), &request).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    }
    assert_eq!(lease.counters().affected, 2);
    drop(lease);
    assert_eq!(nginx.stored("a"), None);
    assert_healthy(&proxy);
}

#[test]
fn dropped_writes_are_acknowledged_as_the_service_does_and_not_stored() {
    let (nginx, proxy) = world();
    let status = |request: &[u8]| status_of(&talk(proxy.address(), request).unwrap());
    assert_eq!(status(&put("a", b"old")), 201);
    assert_eq!(status(&put("a", b"old")), 204, "nginx says so for a file that is there");
    let lease = proxy.set(Defect::DropWrites { ratio_ppb: ALL_PPB, seed: 1 }).unwrap();
    assert_eq!(status(&put("a", b"new")), 204);
    assert_eq!(status(&put("b", b"new")), 204);
    assert_eq!(status(b"DELETE /put/a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"), 200);
    assert_eq!(status(&get("/put/a")), 200, "reads go through");
    assert_eq!((lease.counters().requests, lease.counters().affected), (4, 3));
    drop(lease);
    assert_eq!((nginx.stored("a").unwrap(), nginx.stored("b")), (b"old".to_vec(), None));
    assert_eq!(status(&put("a", b"new")), 204);
    assert_eq!(nginx.stored("a").unwrap(), b"new");
    assert_healthy(&proxy);
}

#[test]
fn a_slow_start_refuses_until_its_time_has_come() {
    let (_nginx, proxy) = world();
    let begin = Instant::now();
    let lease = proxy.set(Defect::SlowStart { delay_ns: 300_000_000 }).unwrap();
    assert!(talk(proxy.address(), &get("/small")).is_err());
    eventually("it has started", || talk(proxy.address(), &get("/small")).is_ok());
    assert!(begin.elapsed() >= Duration::from_millis(300));
    let counted = lease.counters();
    assert!(counted.affected > 1);
    assert_eq!(
        counted.requests,
        counted.affected + 1,
        "each refused connection, and the one that was served"
    );
    assert_healthy(&proxy);
}

#[test]
fn requests_that_are_held_go_on_when_the_lease_ends() {
    let (_nginx, proxy) = world();
    let lease = proxy.set(Defect::Delay { delay_ns: 3_600_000_000_000 }).unwrap();
    let mut stream = connect(proxy.address());
    stream.write_all(&get("/small")).unwrap();
    eventually("the request is held", || lease.counters().affected == 1);
    drop(lease);
    assert_eq!(read_response(&mut stream).unwrap().0, 200);
    assert_healthy(&proxy);
}

#[test]
fn the_second_lease_outlives_the_first() {
    let (_nginx, proxy) = world();
    let first = proxy.set(Defect::Delay { delay_ns: 1 }).unwrap();
    let second = proxy.set(Defect::Errors { ratio_ppb: ALL_PPB, seed: 1 }).unwrap();
    drop(first);
    assert_eq!(timed(proxy.address(), &get("/small")).0, 503);
    drop(second);
    assert_healthy(&proxy);
    assert!(matches!(proxy.set(Defect::Reset { ratio_ppb: ALL_PPB + 1, seed: 1 }), Err(Error::Ratio(_))));
}

#[test]
fn the_clients_fault_becomes_the_servers_whatever_was_sent() {
    let (_nginx, proxy) = world();
    let bad: [&[u8]; 5] = [
        &get("/nothing"),
        b"NOT HTTP\r\n\r\n",
        b"GET /small HTTP/1.1\r\n\r\n",
        b"PUT /put/x HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"PUT /put/x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n0\r\n\r\n",
    ];
    let lease = proxy.set(Defect::BlameServer).unwrap();
    for request in bad {
        let shown = String::from_utf8_lossy(request);
        assert_eq!(status_of(&talk(proxy.address(), request).unwrap()), 500, "{shown}");
    }
    assert_eq!(status_of(&talk(proxy.address(), &get("/small")).unwrap()), 200);
    let counted = lease.counters();
    assert_eq!((counted.requests, counted.affected), (6, 5));
    drop(lease);
    assert_eq!(status_of(&talk(proxy.address(), bad[1]).unwrap()), 400);
    assert_healthy(&proxy);
}

#[test]
fn bare_replies_are_whole_and_say_nothing_else() {
    let (_nginx, proxy) = world();
    let lease = proxy.set(Defect::BareReplies).unwrap();
    let mut stream = connect(proxy.address());
    for _ in 0..3 {
        stream.write_all(b"GET /small HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
        assert_eq!(read_response(&mut stream).unwrap().0, 200);
    }
    let bare = String::from_utf8(talk(proxy.address(), &get("/small")).unwrap()).unwrap();
    let (head, body) = bare.split_once("\r\n\r\n").unwrap();
    assert!(
        head.contains("Content-Length: ") && !head.contains("Server") && !head.contains("Content-Type"),
        "{head}"
    );
    assert!(!body.is_empty());
    assert_eq!(lease.counters().affected, 4);
    drop(lease);
    assert_healthy(&proxy);
}

#[test]
fn hoarded_connections_stay_open_at_the_service_until_the_lease_ends() {
    let (nginx, proxy) = world();
    let files = || nginx.child.resources().unwrap().fds;
    assert_eq!(timed(proxy.address(), &get("/small")).0, 200);
    let before = files();
    let lease = proxy.set(Defect::HoardConnections { total: 40, over_ns: 300_000_000 }).unwrap();
    let mut most = 0;
    eventually("all are hoarded", || {
        assert_eq!(timed(proxy.address(), &get("/small")).0, 200);
        most = files().max(most);
        most >= before + 40
    });
    for _ in 0..20 {
        assert_eq!(timed(proxy.address(), &get("/small")).0, 200);
    }
    assert!(files() <= before + 45, "no more than the total: {}", files());
    let counted = lease.counters();
    assert!(counted.affected > 1 && counted.affected + 20 <= counted.requests, "{counted:?}");
    drop(lease);
    eventually("they are closed", || files() <= before + 2);
    assert_healthy(&proxy);
    assert!(matches!(
        proxy.set(Defect::HoardConnections { total: u32::MAX, over_ns: 1 }),
        Err(Error::Hoard(u32::MAX))
    ));
}
