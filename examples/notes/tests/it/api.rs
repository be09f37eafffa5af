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
    assert_eq!(service.ask("DELETE", "/notes/a", b"").status, 401);
    assert_eq!(service.ask("PATCH", "/notes/a", b"").status, 405);
    assert_eq!(service.ask("GET", "/users/ann/notes/a", b"").status, 401);
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

#[test]
fn who_is_known_has_notes_of_his_own_and_only_editors_remove_those_of_all() {
    let directory = tempfile::tempdir().unwrap();
    let tokens = directory.path().join("tokens");
    std::fs::write(&tokens, "ann editor t-ann\nbob writer t-bob\n").unwrap();
    let service =
        Service::start_with(&directory.path().join("notes.db"), &["--tokens", tokens.to_str().unwrap()]);
    let ask_as = |who: &str, method: &str, path: &str| {
        service.ask_with(method, path, &format!("Authorization: Bearer {who}\r\n"), b"x").status
    };
    assert_eq!(ask_as("t-ann", "PUT", "/users/ann/notes/a"), 201);
    assert_eq!(ask_as("t-ann", "GET", "/users/ann/notes/a"), 200);
    assert_eq!(ask_as("t-bob", "GET", "/users/ann/notes/a"), 404);
    assert_eq!(ask_as("t-eve", "GET", "/users/ann/notes/a"), 401);
    assert_eq!(service.ask("GET", "/notes/a", b"").status, 404, "it is nobody else's");
    assert_eq!(service.ask("PUT", "/notes/a", b"x").status, 201);
    assert_eq!(ask_as("t-bob", "DELETE", "/notes/a"), 403);
    assert_eq!(ask_as("t-ann", "DELETE", "/notes/a"), 204);
    assert_eq!(ask_as("t-ann", "DELETE", "/notes/a"), 404);
}

#[test]
fn a_note_that_is_posted_again_under_its_key_is_kept_once_also_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("notes.db");
    let post =
        |service: &Service, body: &[u8]| service.ask_with("POST", "/notes", "Idempotency-Key: k\r\n", body);
    let service = Service::start(&file);
    let first = post(&service, b"x");
    drop(service);
    let service = Service::start(&file);
    let again = post(&service, b"x");
    assert_eq!((first.status, again.status, first.text()), (201, 201, again.text()));
    assert_eq!(post(&service, b"y").status, 422);
    assert!(service.ask("GET", "/notes", b"").text().starts_with("{\"count\":1,"));
}

#[test]
fn whoever_posts_too_often_is_told_when_to_come_back() {
    let directory = tempfile::tempdir().unwrap();
    let service = Service::start_with(&directory.path().join("notes.db"), &["--posts", "2"]);
    let posted = [(); 3].map(|()| service.ask("POST", "/notes", b"x"));
    assert_eq!(posted.each_ref().map(|reply| reply.status), [201, 201, 429]);
    assert!(posted[2].head.contains("retry-after: 2\r\n"), "{}", posted[2].head);
}
