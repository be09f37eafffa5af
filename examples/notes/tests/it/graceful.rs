//! On SIGTERM everything that was accepted is answered.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{PATIENCE, Service, ask, read_response};

#[test]
fn a_request_with_half_its_body_sent_is_answered_and_its_note_kept() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("notes.db");
    let mut service = Service::start(&file);
    let mut stream = service.connect();
    stream.write_all(b"PUT /notes/slow HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nfirst").unwrap();
    // The service has read the half before it is asked to end.
    thread::sleep(Duration::from_millis(100));
    service.send("-TERM");
    let begin = Instant::now();
    while TcpStream::connect(service.address).is_ok() {
        assert!(begin.elapsed() < PATIENCE, "the service still accepts");
        thread::sleep(Duration::from_millis(5));
    }
    // Longer than idle connections are kept.
    thread::sleep(Duration::from_millis(600));
    stream.write_all(b"-half").unwrap();
    let response = read_response(&mut stream).unwrap();
    assert_eq!(response.status, 201);
    assert!(response.head.contains("connection: close\r\n"), "{}", response.head);
    assert_eq!(service.wait().code(), Some(0));
    let service = Service::start(&file);
    assert_eq!(service.ask("GET", "/notes/slow", b"").body, b"first-half");
}

#[test]
fn a_request_that_never_ends_does_not_keep_the_service_for_ever() {
    let directory = tempfile::tempdir().unwrap();
    let mut service = Service::start(&directory.path().join("notes.db"));
    let mut stream = service.connect();
    stream.write_all(b"PUT /notes/never HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nfirst").unwrap();
    thread::sleep(Duration::from_millis(100));
    service.send("-TERM");
    assert_eq!(service.wait().code(), Some(1), "an unanswered request is not a clean end");
    assert!(matches!(stream.read(&mut [0]), Ok(0) | Err(_)));
}

#[test]
fn an_idle_service_ends_at_once_and_leaves_one_file() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("notes.db");
    let mut service = Service::start(&file);
    let mut idle = service.connect();
    assert_eq!(ask(&mut idle, "PUT", "/notes/a", b"x").unwrap().status, 201);
    let begin = Instant::now();
    service.send("-TERM");
    assert_eq!(service.wait().code(), Some(0));
    assert!(begin.elapsed() < Duration::from_secs(3), "{:?}", begin.elapsed());
    let names: Vec<_> =
        directory.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["notes.db"], "the log was not merged into the database");
}

/// A connection that the kernel has accepted is the service's, whether the service has noticed it or not.
#[test]
fn connections_that_wait_to_be_accepted_are_served() {
    let directory = tempfile::tempdir().unwrap();
    let mut service = Service::start(&directory.path().join("notes.db"));
    service.send("-STOP");
    let mut waiting: Vec<TcpStream> = (0..100).map(|_| service.connect()).collect();
    for stream in &mut waiting {
        stream.write_all(b"GET /notes/a HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    }
    service.send("-TERM");
    service.send("-CONT");
    for stream in &mut waiting {
        assert_eq!(read_response(stream).unwrap().status, 404);
    }
    assert_eq!(service.wait().code(), Some(0));
}

/// Every request that is sent on an open connection gets an answer, and a client learns from the answer that its
/// connection closes. A new connection may be refused, which can also look like a reset before the first reply: the
/// kernel completes handshakes up to the moment in which the socket closes.
#[test]
fn under_load_no_request_is_lost() {
    const CLIENTS: usize = 8;
    let directory = tempfile::tempdir().unwrap();
    for round in 0..4 {
        let mut service = Service::start(&directory.path().join("notes.db"));
        let (answered, is_asked) = (AtomicUsize::new(0), AtomicBool::new(false));
        thread::scope(|scope| {
            for client in 0..CLIENTS {
                let (service, answered, is_asked) = (&service, &answered, &is_asked);
                scope.spawn(move || keep_asking(service.address, client, answered, is_asked));
            }
            thread::sleep(Duration::from_millis(150 + 13 * round));
            is_asked.store(true, Ordering::SeqCst);
            service.send("-TERM");
        });
        assert!(answered.into_inner() > CLIENTS * 10);
        assert_eq!(service.wait().code(), Some(0));
    }
}

/// Half of the clients keep their connection, half open one for each request. Ends when a connection is refused.
fn keep_asking(address: std::net::SocketAddr, client: usize, answered: &AtomicUsize, is_asked: &AtomicBool) {
    let is_keeping = client.is_multiple_of(2);
    let mut kept: Option<TcpStream> = None;
    loop {
        let is_fresh = kept.is_none();
        let mut stream = match kept.take() {
            Some(stream) => stream,
            None => match TcpStream::connect(address) {
                Ok(stream) => stream,
                Err(_) => break,
            },
        };
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let method = if client.is_multiple_of(3) { "PUT" } else { "GET" };
        let response = match ask(&mut stream, method, "/notes/k", b"") {
            Err(_) if is_fresh && is_asked.load(Ordering::SeqCst) => break,
            response => response.unwrap(),
        };
        assert!([200, 201, 204, 404].contains(&response.status));
        answered.fetch_add(1, Ordering::SeqCst);
        if is_keeping && !response.head.contains("connection: close\r\n") {
            kept = Some(stream);
        }
    }
    assert!(is_asked.load(Ordering::SeqCst), "a connection was refused before the service was asked to end");
}
