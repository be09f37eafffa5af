//! What was acknowledged is there after SIGKILL.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{Service, ask};

const CLIENTS: usize = 16;

/// Writes from many clients until the service is killed, and returns the keys that were acknowledged.
fn write_and_kill(service: &mut Service, round: usize, after: Duration) -> Vec<String> {
    let acknowledged = Mutex::new(Vec::new());
    let is_killed = AtomicBool::new(false);
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let mut stream = service.connect();
            let (acknowledged, is_killed) = (&acknowledged, &is_killed);
            scope.spawn(move || {
                for number in 0.. {
                    let key = format!("r{round}-c{client}-{number}");
                    let Ok(response) = ask(&mut stream, "PUT", &format!("/notes/{key}"), key.as_bytes())
                    else {
                        assert!(
                            is_killed.load(Ordering::SeqCst),
                            "a write failed before the service was killed"
                        );
                        return;
                    };
                    assert_eq!(response.status, 201);
                    acknowledged.lock().unwrap().push(key);
                }
            });
        }
        thread::sleep(after);
        is_killed.store(true, Ordering::SeqCst);
        service.send("-KILL");
    });
    service.wait();
    acknowledged.into_inner().unwrap()
}

#[test]
fn no_acknowledged_note_is_lost_when_the_service_is_killed_while_it_writes() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("notes.db");
    let mut acknowledged = Vec::new();
    for round in 0..5 {
        let mut service = Service::start(&file);
        let keys = write_and_kill(&mut service, round, Duration::from_millis(150 + 37 * round as u64));
        assert!(keys.len() > 20, "only {} writes were acknowledged", keys.len());
        acknowledged.extend(keys);
    }
    let service = Service::start(&file);
    let mut stream = service.connect();
    for key in &acknowledged {
        let found = ask(&mut stream, "GET", &format!("/notes/{key}"), b"").unwrap();
        assert_eq!((found.status, found.text()), (200, key.as_str()), "{key} was lost");
    }
}

#[test]
fn durable_writes_share_their_flushes() {
    const WRITES: usize = 2_000;
    let directory = tempfile::tempdir().unwrap();
    let service = Service::start(&directory.path().join("notes.db"));
    let begin = Instant::now();
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let mut stream = service.connect();
            scope.spawn(move || {
                for number in 0..WRITES / CLIENTS {
                    let path = format!("/notes/c{client}-{number}");
                    assert_eq!(ask(&mut stream, "PUT", &path, b"x").unwrap().status, 201);
                }
            });
        }
    });
    let per_second = WRITES as f64 / begin.elapsed().as_secs_f64();
    println!("{per_second:.0} durable writes per second from {CLIENTS} clients");
    assert!(per_second > 500.0, "{per_second:.0} durable writes per second");
}
