//! What each request is answered.

use std::process::Command;

use crate::support::{Service, ask};

#[test]
fn notes_are_stored_replaced_found_and_listed() {
    let directory = tempfile::tempdir().unwrap();
    let service = Service::start(&directory.path().join("notes.db"));
    assert_eq!(service.ask("GET", "/health", b"").status, 200);
    assert_eq!(service.ask("GET", "/notes/a", b"").status, 404);
    assert_eq!(service.ask("PUT", "/notes/a", b"first").status, 201);
    assert_eq!(service.ask("PUT", "/notes/a", b"\0second\xff").status, 204);
    let found = service.ask("GET", "/notes/a", b"");
    assert_eq!((found.status, found.body.as_slice()), (200, b"\0second\xff".as_slice()));

    let posted = service.ask("POST", "/notes", b"third");
    assert_eq!(posted.status, 201);
    let key = posted.text().strip_prefix("{\"key\":\"").unwrap().strip_suffix("\"}").unwrap();
    assert!(posted.head.contains(&format!("location: /notes/{key}\r\n")));
    assert_eq!(service.ask("GET", &format!("/notes/{key}"), b"").body, b"third");
    let listed = service.ask("GET", "/notes", b"");
    assert!(listed.text().starts_with("{\"count\":2,\"keys\":[\""), "{}", listed.text());
}

#[test]
fn a_list_shows_all_in_number_and_a_hundred_by_name() {
    let directory = tempfile::tempdir().unwrap();
    let service = Service::start(&directory.path().join("notes.db"));
    let mut stream = service.connect();
    for number in 0..103 {
        assert_eq!(ask(&mut stream, "PUT", &format!("/notes/k{number:03}"), b"x").unwrap().status, 201);
    }
    let listed = service.ask("GET", "/notes", b"");
    assert!(listed.text().starts_with("{\"count\":103,"));
    assert!(listed.text().ends_with("\"k098\",\"k099\"]}"));
}

#[test]
fn what_is_not_allowed_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let service = Service::start(&directory.path().join("notes.db"));
    assert_eq!(service.ask("PUT", "/notes/a%20b", b"x").status, 400);
    assert_eq!(service.ask("GET", &format!("/notes/{}", "k".repeat(65)), b"").status, 400);
    assert_eq!(service.ask("PUT", "/notes/a", &vec![b'x'; 1 << 20]).status, 201);
    assert_eq!(service.ask("DELETE", "/notes/a", b"").status, 405);
    assert_eq!(service.ask("GET", "/nothing", b"").status, 404);
    assert_eq!(service.ask("PUT", "/notes/b", &vec![b'x'; (1 << 20) + 1]).status, 413);
    assert_eq!(service.ask("GET", "/notes/b", b"").status, 404);
}

#[test]
fn health_is_that_of_the_database() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("notes.db");
    let service = Service::start(&file);
    assert_eq!(service.ask("GET", "/health", b"").status, 200);
    rusqlite::Connection::open(&file).unwrap().execute("DROP TABLE notes", []).unwrap();
    let health = service.ask("GET", "/health", b"");
    assert_eq!(health.status, 503);
    assert!(health.text().contains("no such table"), "{}", health.text());
    assert_eq!(service.ask("PUT", "/notes/a", b"x").status, 503, "a write that failed was acknowledged");
}

#[test]
fn a_bad_start_says_why() {
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_notes")).args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, text) = run(&["--listen", "nonsense", "--data", "x"]);
    assert_eq!((code, text.starts_with("usage: ")), (Some(2), true));
    let (code, text) = run(&["--listen", "127.0.0.1:0", "--data", "/nonexistent/notes.db"]);
    assert_eq!(code, Some(1));
    assert!(text.starts_with("notes: cannot open the database `/nonexistent/notes.db`: "), "{text}");
    let directory = tempfile::tempdir().unwrap();
    let service = Service::start(&directory.path().join("notes.db"));
    let other = directory.path().join("other.db");
    let (code, text) = run(&["--listen", &service.address.to_string(), "--data", other.to_str().unwrap()]);
    assert_eq!(code, Some(1));
    assert!(text.contains("cannot listen on 127.0.0.1:"), "{text}");
}
