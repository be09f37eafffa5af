//! A backup that is made amid writes brings back all that was acknowledged before it began.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::support::{Service, ask};

fn notes(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_notes")).args(arguments).output().unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Notes are written one after the other until `done`; how many were acknowledged stands in `acknowledged`.
fn write_until(service: &Service, acknowledged: &AtomicUsize, done: &AtomicUsize) {
    let mut stream = service.connect();
    while done.load(Ordering::SeqCst) == 0 {
        let number = acknowledged.load(Ordering::SeqCst);
        let reply = ask(&mut stream, "PUT", &format!("/notes/n{number}"), b"kept").unwrap();
        assert_eq!(reply.status, 201);
        acknowledged.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn what_was_acknowledged_before_a_backup_began_comes_back_onto_an_empty_disk() {
    let folder = tempfile::tempdir().unwrap();
    let (data, kept) = (folder.path().join("notes.db"), folder.path().join("kept"));
    let mut service = Service::start(&data);
    let (acknowledged, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let due = thread::scope(|scope| {
        scope.spawn(|| write_until(&service, &acknowledged, &done));
        while acknowledged.load(Ordering::SeqCst) < 200 {
            thread::yield_now();
        }
        let due = acknowledged.load(Ordering::SeqCst);
        let saved = notes(&["backup", "--data", text(&data), "--to", text(&kept)]);
        done.store(1, Ordering::SeqCst);
        assert!(saved.status.success(), "{saved:?}");
        due
    });
    service.send("-KILL");
    service.wait();
    let elsewhere = folder.path().join("elsewhere.db");
    let restored = notes(&["restore", "--from", text(&kept), "--data", text(&elsewhere)]);
    assert!(restored.status.success(), "{restored:?}");
    let service = Service::start(&elsewhere);
    let mut stream = service.connect();
    for number in 0..due {
        let found = ask(&mut stream, "GET", &format!("/notes/n{number}"), b"").unwrap();
        assert_eq!((found.status, found.text()), (200, "kept"), "n{number} of {due} did not come back");
    }
}

#[test]
fn a_backup_takes_the_place_of_an_older_one() {
    let folder = tempfile::tempdir().unwrap();
    let (data, kept) = (folder.path().join("notes.db"), folder.path().join("kept"));
    let service = Service::start(&data);
    for body in ["first", "second"] {
        service.ask("PUT", "/notes/one", body.as_bytes());
        let saved = notes(&["backup", "--data", text(&data), "--to", text(&kept)]);
        assert!(saved.status.success(), "{saved:?}");
    }
    let elsewhere = folder.path().join("elsewhere.db");
    assert!(notes(&["restore", "--from", text(&kept), "--data", text(&elsewhere)]).status.success());
    assert_eq!(Service::start(&elsewhere).ask("GET", "/notes/one", b"").text(), "second");
}

#[test]
fn nothing_is_made_of_nothing_and_nothing_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let said = |arguments: &[&str]| {
        let output = notes(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let missing = said(&["backup", "--data", text(&path("no.db")), "--to", text(&path("kept"))]);
    assert!(missing.contains("cannot back up") && !path("no.db").exists(), "{missing}");
    drop(Service::start(&path("notes.db")));
    assert!(
        notes(&["backup", "--data", text(&path("notes.db")), "--to", text(&path("kept"))]).status.success()
    );
    let there = said(&["restore", "--from", text(&path("kept")), "--data", text(&path("notes.db"))]);
    assert!(there.contains("is there already"), "{there}");
    let copy = path("kept/notes.db");
    let bytes = std::fs::read(&copy).unwrap();
    std::fs::write(&copy, &bytes[..bytes.len() - 4_096]).unwrap();
    let damaged = said(&["restore", "--from", text(&path("kept")), "--data", text(&path("new.db"))]);
    assert!(damaged.contains("cannot restore"), "{damaged}");
    assert!(!path("new.db").exists() && !path("new.db.new").exists(), "half of it was left");
}
