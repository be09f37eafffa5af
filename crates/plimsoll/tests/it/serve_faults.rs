//! A disk that is full, cannot be written or is damaged, a clock that went back, and kills in the midst of work: nothing
//! is acknowledged that is not kept, and what passes is got over without a restart.

use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use plimsoll_base::Clock;
use plimsoll_keys::{Credential, ServerKeys};
use plimsoll_store::{Batch, Expect, Journal, NewRecord, Options, RecordKind, SqliteJournal, StreamName};
use serde_json::json;

use crate::server::{Actor, Server, until};
use crate::world::{PLIMSOLL, Ran, World};

fn fine(weight: u64) -> String {
    format!(
        "name = \"x\"\n[target]\nurl = \"http://127.0.0.1:80\"\n[[request]]\npath = \"/\"\nweight = {weight}\n"
    )
}

fn put_subject(actor: &Actor, name: &str, weight: u64) -> std::io::Result<u16> {
    let text = fine(weight).replace("\"x\"", &format!("{name:?}"));
    actor
        .with("content-type", "application/toml")
        .try_ask("PUT", &format!("/api/v1/subjects/{name}"), Some(&text))
        .map(|answer| answer.status)
}

/// The weight that stands in a subject now.
fn weight(actor: &Actor, name: &str) -> u64 {
    let subject = actor.get(&format!("/api/v1/subjects/{name}")).expect(200).json();
    let text = subject["text"].as_str().unwrap().to_owned();
    text.rsplit(' ').next().unwrap().trim().parse().unwrap()
}

/// A server whose data are on a file system of their own, of so many KiB, and the way to them from outside.
fn on_small_disk(kib: u64) -> (Server, PathBuf) {
    let world = World::new();
    std::fs::create_dir(world.path("disk")).unwrap();
    let mount = format!("mount -t tmpfs -o size={kib}k tmpfs disk && exec \"$0\" \"$@\"");
    let server = Server::start_by(world, &["unshare", "--mount", "sh", "-c", &mount], &["--data", "disk"]);
    let disk = PathBuf::from(format!("/proc/{}/cwd/disk", server.pid()));
    (server, disk)
}

#[test]
fn needs_tmpfs_a_full_disk_is_told_and_got_over_without_a_restart() {
    let (server, disk) = on_small_disk(8_192);
    let olga = server.user(&server.administrator(), "olga", &["operator"]);
    assert_eq!(put_subject(&olga, "x", 1).unwrap(), 204);
    // Full but for nothing.
    let filler = disk.join("filler");
    let mut left = std::fs::File::create(&filler).unwrap();
    while std::io::Write::write_all(&mut left, &[7; 1_024]).is_ok() {}
    let mut acknowledged = 1;
    let refused = until(|| match put_subject(&olga, "x", acknowledged + 1).unwrap() {
        204 => {
            acknowledged += 1;
            None
        }
        status => Some(status),
    });
    assert_eq!(refused, 503);
    let not_ready = until(|| {
        let answer = server.anybody().get("/health/ready");
        (answer.status == 503).then_some(answer)
    });
    assert!(not_ready.body.contains("the disk is full"), "{}", not_ready.body);
    assert!(not_ready.body.contains("free some space"), "{}", not_ready.body);
    server.anybody().get("/health/live").expect(200);
    assert_eq!(weight(&olga, "x"), acknowledged, "nothing is shown that was not acknowledged");
    drop(left);
    std::fs::remove_file(&filler).unwrap();
    until(|| (server.anybody().get("/health/ready").status == 200).then_some(()));
    assert_eq!(put_subject(&olga, "x", 1_000).unwrap(), 204);
    assert_eq!(weight(&olga, "x"), 1_000);
}

#[test]
fn needs_tmpfs_a_disk_that_cannot_be_written_is_told_at_the_start() {
    let server = Server::start();
    let (code, world) = server.stop();
    assert_eq!(code, Some(0));
    let data = "state/plimsoll/data";
    let bind = format!("mount --bind {data} {data} && mount -o remount,bind,ro {data} && exec \"$0\" \"$@\"");
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", &bind, PLIMSOLL, "serve", "--listen", "127.0.0.1:0"]);
    let plain = world.command(&[]);
    command
        .envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .current_dir(world.folder());
    let ran = Ran::from(command.env("XDG_CONFIG_HOME", world.path("config")).output().unwrap());
    assert_eq!(ran.code, 5, "{}", ran.stderr);
    assert!(ran.stderr.contains("Read-only file system"), "{}", ran.stderr);
    // Nothing has come to harm.
    Server::start_in(world, &[]).anybody().get("/health/ready").expect(200);
}

#[test]
fn damage_is_found_named_and_turns_ready_red() {
    let server = Server::start();
    let ada = server.administrator();
    let looked = ada.ask("POST", "/api/v1/journal/verify", None).expect(200).json();
    assert_eq!(looked["intact"], true, "{looked}");
    server.anybody().get("/health/ready").expect(200);
    let database = server.world.path("state/plimsoll/data/journal/journal.db-wal");
    // The name of the first administrator, wherever it stands.
    let bytes = std::fs::read(&database).unwrap();
    let file = std::fs::File::options().write(true).open(&database).unwrap();
    let places =
        bytes.windows(11).enumerate().filter(|(_, window)| window == b"\"user\":\"ada").map(|(at, _)| at);
    let places = places.collect::<Vec<_>>();
    assert!(!places.is_empty());
    for at in places {
        file.write_all_at(b"\"user\":\"eve", at as u64).unwrap();
    }
    let looked = ada.ask("POST", "/api/v1/journal/verify", None);
    assert!(looked.status == 500 || looked.json()["intact"] == false, "{}", looked.body);
    let not_ready = until(|| {
        let answer = server.anybody().get("/health/ready");
        (answer.status == 503).then_some(answer)
    });
    assert!(
        not_ready.body.contains("damaged") && not_ready.body.contains("restore a backup"),
        "{}",
        not_ready.body
    );
    server.anybody().get("/health/live").expect(200);
}

/// So many milliseconds after the machine's clock.
struct Ahead(u64);

impl Clock for Ahead {
    fn monotonic_ns(&self) -> u64 {
        plimsoll_process::monotonic_ns()
    }

    fn unix_ms(&self) -> u64 {
        plimsoll_certify::SystemClock.unix_ms() + self.0
    }
}

#[test]
fn a_clock_that_was_set_back_is_told_and_waited_for() {
    const AHEAD_MS: u64 = 5_000;
    let server = Server::start();
    server.administrator();
    let (code, world) = server.stop();
    assert_eq!(code, Some(0));
    let data = world.path("state/plimsoll/data");
    let credential = Credential::load(&world.path("config/plimsoll/server.credential")).unwrap().unwrap();
    let (keys, made) = ServerKeys::open_or_create(&data.join("keys"), &credential).unwrap();
    assert!(!made);
    let options = Options {
        folder: data.join("journal"),
        key: Arc::new(keys.journal),
        clock: Arc::new(Ahead(AHEAD_MS)),
    };
    let journal = SqliteJournal::open(options).unwrap();
    let record = NewRecord::plain(RecordKind::new("late").unwrap(), "x");
    let batch = Batch::append(StreamName::new("test").unwrap(), Expect::Any, vec![record]);
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(journal.commit(batch)).unwrap();
    drop(journal);

    let server = Server::start_in(world, &[]);
    let not_ready = server.anybody().get("/health/ready").expect(503);
    assert!(not_ready.body.contains("before the last record"), "{}", not_ready.body);
    assert!(not_ready.body.contains("set the clock"), "{}", not_ready.body);
    let shown = json!({ "name": "ada", "password": crate::server::PASSWORD });
    server.anybody().post("/api/v1/session", &shown).expect(503);
    until(|| (server.anybody().get("/health/ready").status == 200).then_some(()));
    server.sign_in("ada");
}

#[test]
fn what_was_acknowledged_is_there_after_kills_under_load() {
    kill_under_load(6);
}

#[test]
fn full_what_was_acknowledged_is_there_after_200_kills_under_load() {
    kill_under_load(200);
}

/// Four clients write as fast as they can; the server is killed at any moment and started again.
fn kill_under_load(kills: u64) {
    const CLIENTS: usize = 4;
    let mut server = Server::start();
    let ada = server.administrator();
    let olga = server.user(&ada, "olga", &["operator"]);
    let mut acknowledged = [0_u64; CLIENTS];
    let mut total = 0;
    for round in 0..kills {
        let origin = format!("http://{}", server.address);
        let olga = Actor { address: server.address, ..olga.clone() }.with("origin", &origin);
        let over = AtomicBool::new(false);
        let wrote = std::thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|client| {
                    let (olga, over, begin) = (&olga, &over, acknowledged[client]);
                    scope.spawn(move || write_until(olga, &format!("subject-{client}"), begin, over))
                })
                .collect();
            // Any moment: a multiplicative hash of the round, up to a tenth of a second.
            std::thread::sleep(Duration::from_micros(1_000 + round.wrapping_mul(2_654_435_761) % 100_000));
            crate::server::signal(server.pid(), "KILL");
            over.store(true, Ordering::Relaxed);
            clients.into_iter().map(|client| client.join().unwrap()).collect::<Vec<_>>()
        });
        server = Server::start_in(server.kill(), &[]);
        let olga = Actor { address: server.address, ..olga.clone() };
        for (client, (known, tried)) in wrote.into_iter().enumerate() {
            total += known - acknowledged[client];
            if tried == 0 {
                continue;
            }
            let name = format!("subject-{client}");
            let found = if known == 0 { tried.min(1) } else { weight(&olga, &name) };
            assert!(
                (known..=tried).contains(&found),
                "round {round}, {name}: {known} acknowledged, {found} found"
            );
            acknowledged[client] = found;
        }
    }
    assert!(total > kills, "{total} acknowledged in {kills} rounds");
    let data = server.world.path("state/plimsoll/data");
    let verified = server.run(&["journal", "verify", "--data", data.to_str().unwrap()]);
    assert_eq!(verified.code, 0, "{}", verified.stderr);
    // Each act has its line in the audit trail.
    let export = server.run(&["journal", "export", "--data", data.to_str().unwrap()]).stdout;
    let count = |text: &str| export.lines().filter(|line| line.contains(text)).count() as u64;
    let (acts, lines) = (count("\"kind\":\"subject.written\""), count("\"act\":\"subject.write\""));
    assert!(acts >= total && acts == lines, "{total} acknowledged, {acts} written, {lines} told");
}

/// Writes ever higher numbers; gives the last one that was acknowledged and the last one that was tried.
fn write_until(actor: &Actor, name: &str, begin: u64, over: &AtomicBool) -> (u64, u64) {
    let (mut known, mut tried) = (begin, begin);
    let begun_ns = plimsoll_process::monotonic_ns();
    while !over.load(Ordering::Relaxed) && plimsoll_process::monotonic_ns() - begun_ns < 30_000_000_000 {
        tried += 1;
        match put_subject(actor, name, tried) {
            Ok(204) => known = tried,
            Ok(status) => panic!("{name} {tried}: {status}"),
            Err(_) => break,
        }
    }
    (known, tried)
}
