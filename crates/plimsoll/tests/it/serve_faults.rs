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

use crate::server::{Actor, Answer, Server, until};
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

/// Writes ever higher numbers into a subject that has 1, until the disk takes no more. Gives the last that was acknowledged,
/// and why the server is not ready.
fn write_until_refused(server: &Server, actor: &Actor) -> (u64, Answer) {
    let mut acknowledged = 1;
    let refused = until(|| match put_subject(actor, "x", acknowledged + 1).unwrap() {
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
    server.anybody().get("/health/live").expect(200);
    assert_eq!(weight(actor, "x"), acknowledged, "nothing is shown that was not acknowledged");
    (acknowledged, not_ready)
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
    let (_, not_ready) = write_until_refused(&server, &olga);
    assert!(not_ready.body.contains("the disk is full"), "{}", not_ready.body);
    assert!(not_ready.body.contains("free some space"), "{}", not_ready.body);
    drop(left);
    std::fs::remove_file(&filler).unwrap();
    until(|| (server.anybody().get("/health/ready").status == 200).then_some(()));
    assert_eq!(put_subject(&olga, "x", 1_000).unwrap(), 204);
    assert_eq!(weight(&olga, "x"), 1_000);
}

/// A server whose data are on an ext4 of their own that turns read-only at its first error, as systems are set up to.
fn on_disk_that_gives_up(world: World, prepare: &str) -> Server {
    let mount =
        format!("{prepare} >prepared 2>&1; mount -o loop,errors=remount-ro image disk && exec \"$0\" \"$@\"");
    Server::start_by(world, &["unshare", "--mount", "sh", "-c", &mount], &["--data", "disk/data"])
}

/// The kernel's own way to report an error of that disk to itself.
fn give_up_disk(server: &Server) {
    let mounts = std::fs::read_to_string(format!("/proc/{}/mounts", server.pid())).unwrap();
    let mine = server.world.path("disk").canonicalize().unwrap();
    let is_mine = |line: &&str| line.split(' ').nth(1) == mine.to_str();
    let device = mounts.lines().find(is_mine).unwrap().split(' ').next().unwrap();
    let device = device.strip_prefix("/dev/").unwrap();
    std::fs::write(format!("/sys/fs/ext4/{device}/trigger_fs_error"), "a test").unwrap();
}

#[test]
fn needs_loop_a_disk_that_turns_read_only_is_told_and_takes_nothing_that_was_acknowledged() {
    let world = World::new();
    std::fs::create_dir(world.path("disk")).unwrap();
    let server = on_disk_that_gives_up(world, "truncate -s 64M image && mkfs.ext4 -q image");
    let olga = server.user(&server.administrator(), "olga", &["operator"]);
    assert_eq!(put_subject(&olga, "x", 1).unwrap(), 204);
    server.anybody().get("/health/ready").expect(200);

    give_up_disk(&server);
    let (acknowledged, not_ready) = write_until_refused(&server, &olga);
    assert!(not_ready.body.contains("the disk is read-only"), "{}", not_ready.body);
    assert!(not_ready.body.contains("mend it, and start again"), "{}", not_ready.body);

    // Such a disk is mended by a check of it, which nobody makes while it is in use.
    let server = on_disk_that_gives_up(server.kill(), "e2fsck -fy image");
    server.anybody().get("/health/ready").expect(200);
    let olga = server.sign_in("olga");
    assert_eq!(weight(&olga, "x"), acknowledged);
    assert_eq!(put_subject(&olga, "x", 1_000).unwrap(), 204);
    let looked = server.sign_in("ada").ask("POST", "/api/v1/journal/verify", None).expect(200).json();
    assert_eq!(looked["intact"], true, "{looked}");
}

/// What the server says when it is started by a shell, which makes something ready first, in `world`.
fn refused_after(world: &World, ready: &str, arguments: &[&str]) -> Ran {
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", &format!("{ready} && exec \"$0\" \"$@\""), PLIMSOLL, "serve"]);
    command.args(["--listen", "127.0.0.1:0"]).args(arguments).current_dir(world.folder());
    let plain = world.command(&[]);
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Ran::from(command.env("XDG_CONFIG_HOME", world.path("config")).output().unwrap())
}

#[test]
fn needs_tmpfs_a_disk_that_is_full_at_the_start_is_told() {
    let (code, world) = Server::start().stop();
    assert_eq!(code, Some(0));
    std::fs::create_dir(world.path("disk")).unwrap();
    let full = "mount -t tmpfs -o size=8192k tmpfs disk && cp -a state/plimsoll/data/. disk && \
                ! cat /dev/zero 2>/dev/null > disk/filler";
    let ran = refused_after(&world, full, &["--data", "disk"]);
    assert_eq!(ran.code, 5, "{}", ran.stderr);
    assert!(ran.stderr.contains("the disk is full"), "{}", ran.stderr);
    assert!(ran.stderr.contains("hint: free some space"), "{}", ran.stderr);
}

#[test]
fn needs_tmpfs_a_disk_that_cannot_be_written_is_told_at_the_start() {
    let server = Server::start();
    let (code, world) = server.stop();
    assert_eq!(code, Some(0));
    let data = "state/plimsoll/data";
    let bind = format!("mount --bind {data} {data} && mount -o remount,bind,ro {data}");
    let ran = refused_after(&world, &bind, &[]);
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

/// Writes batches into the journal of a server that has ended, so many milliseconds after now.
fn say(world: &World, ahead_ms: u64, stream: &str, batches: &[Vec<String>]) {
    write(world, ahead_ms, stream, "said", batches);
}

/// The same for records of a kind.
pub(crate) fn write(world: &World, ahead_ms: u64, stream: &str, kind: &str, batches: &[Vec<String>]) {
    let data = world.path("state/plimsoll/data");
    let credential = Credential::load(&world.path("config/plimsoll/server.credential")).unwrap().unwrap();
    let (keys, made) = ServerKeys::open_or_create(&data.join("keys"), &credential).unwrap();
    assert!(!made);
    let (folder, key, clock) = (data.join("journal"), Arc::new(keys.journal), Arc::new(Ahead(ahead_ms)));
    let journal = SqliteJournal::open(Options { folder, key, clock }).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for texts in batches {
        let kind = RecordKind::new(kind).unwrap();
        let records = texts.iter().map(|text| NewRecord::plain(kind.clone(), text.as_str())).collect();
        let batch = Batch::append(StreamName::new(stream).unwrap(), Expect::Any, records);
        runtime.block_on(journal.commit(batch)).unwrap();
    }
}

/// Whoever asks for all of it must not take a part of it for the whole.
#[test]
fn an_export_that_breaks_off_in_the_middle_looks_whole_to_nobody() {
    const RECORDS: usize = 3_000;
    let server = Server::start();
    server.administrator();
    let (code, world) = server.stop();
    assert_eq!(code, Some(0));
    let texts: Vec<String> =
        (0..RECORDS).map(|number| format!("{number:04} {}", "of the middle ".repeat(40))).collect();
    let batches: Vec<Vec<String>> = texts.chunks(1_000).map(<[_]>::to_vec).collect();
    say(&world, 0, "audit", &batches);

    let server = Server::start_in(world, &[]);
    let ada = server.sign_in("ada");
    let exports = ["/api/v1/journal/export", "/api/v1/audit/export"];
    for path in exports {
        let whole = ada.get(path).expect(200).body;
        assert!(whole.contains(&texts[RECORDS - 1]), "{path}: {}", whole.len());
    }
    let data = server.world.path("state/plimsoll/data");
    let arguments = ["journal", "export", "--data", data.to_str().unwrap()];
    assert_eq!(server.run(&arguments).code, 0);

    let database = data.join("journal/journal.db");
    let bytes = std::fs::read(&database).unwrap();
    let damaged = texts[RECORDS / 2].as_bytes();
    let at = bytes.windows(damaged.len()).position(|found| found == damaged).unwrap();
    let file = std::fs::File::options().write(true).open(&database).unwrap();
    file.write_all_at(b"other", at as u64).unwrap();
    for path in exports {
        let broken = ada.try_ask("GET", path, None).map(|answer| answer.body.len());
        assert!(broken.is_err(), "{path}: {broken:?} bytes were taken for the whole");
        // It had begun well, and the end of the chunks is missing.
        let fields =
            ada.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect::<String>();
        let head =
            format!("GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n{fields}", server.address);
        let mut raw = Vec::new();
        // Cut off, with or without a reset.
        let _ = std::io::Read::read_to_end(&mut ada.send(&format!("{head}\r\n")), &mut raw);
        let raw = String::from_utf8(raw).unwrap();
        assert!(raw.starts_with("HTTP/1.1 200 OK\r\n") && raw.contains(&texts[0]), "{path}: {}", raw.len());
        assert!(!raw.contains(&texts[RECORDS / 2 + 1]) && !raw.ends_with("\r\n0\r\n\r\n"), "{path}");
    }
    let ran = server.run(&arguments);
    assert_eq!(ran.code, 6, "{}", ran.stderr);
    assert!(ran.stderr.contains("hint: ") && ran.stdout.contains(&texts[0]), "{}", ran.stderr);
}

#[test]
fn a_clock_that_was_set_back_is_told_and_waited_for() {
    const AHEAD_MS: u64 = 5_000;
    let server = Server::start();
    server.administrator();
    let (code, world) = server.stop();
    assert_eq!(code, Some(0));
    say(&world, AHEAD_MS, "test", &[vec![String::from("x")]]);

    let server = Server::start_in(world, &[]);
    let not_ready = server.anybody().get("/health/ready").expect(503);
    assert!(not_ready.body.contains("before the last record"), "{}", not_ready.body);
    assert!(not_ready.body.contains("set the clock"), "{}", not_ready.body);
    let shown = json!({ "name": "ada", "password": crate::server::PASSWORD });
    server.anybody().post("/api/v1/session", &shown).expect(503);
    until(|| (server.anybody().get("/health/ready").status == 200).then_some(()));
    server.sign_in("ada");
}

/// A record of next year would hold up all others until then: somebody has to say that the clock is right now.
#[test]
fn a_clock_that_was_far_ahead_is_got_over_by_accepting_the_one_that_is_right() {
    const YEAR_MS: u64 = 365 * 86_400_000;
    let server = Server::start();
    server.administrator();
    let (code, world) = server.stop();
    assert_eq!(code, Some(0));
    say(&world, YEAR_MS, "test", &[vec![String::from("x")]]);
    let data = world.path("state/plimsoll/data");
    let accept = |world: &World| {
        let mut command = world.command(&["journal", "accept-clock", "--data", data.to_str().unwrap()]);
        Ran::from(command.env("XDG_CONFIG_HOME", world.path("config")).output().unwrap())
    };

    let server = Server::start_in(world, &[]);
    let not_ready = server.anybody().get("/health/ready").expect(503);
    assert!(not_ready.body.contains("accept-clock"), "{}", not_ready.body);
    assert!(not_ready.body.contains(" d before the last record"), "{}", not_ready.body);
    let in_use = accept(&server.world);
    assert_eq!((in_use.code, in_use.stderr.contains("in use")), (4, true), "{}", in_use.stderr);
    let (code, world) = server.stop();
    assert_eq!(code, Some(0));
    // Only who has the credential can say so.
    std::fs::rename(world.path("config"), world.path("elsewhere")).unwrap();
    let denied = accept(&world);
    assert_eq!((denied.code, denied.stderr.contains("--credential FILE")), (4, true), "{}", denied.stderr);
    std::fs::rename(world.path("elsewhere"), world.path("config")).unwrap();
    let accepted = accept(&world);
    assert_eq!(
        (accepted.code, accepted.stdout.contains("ahead of the clock")),
        (0, true),
        "{}",
        accepted.stderr
    );
    let again = accept(&world);
    assert_eq!((again.code, again.stdout.contains("nothing to accept")), (0, true), "{}", again.stderr);

    let server = Server::start_in(world, &[]);
    server.anybody().get("/health/ready").expect(200);
    let ada = server.sign_in("ada");
    assert_eq!(ada.ask("POST", "/api/v1/journal/verify", None).expect(200).json()["intact"], true);
    let (code, world) = server.stop();
    assert_eq!(code, Some(0));
    let verified = world.run(&["journal", "verify", "--data", data.to_str().unwrap()]);
    assert_eq!(verified.code, 0, "{}{}", verified.stdout, verified.stderr);
    let clock =
        world.run(&["journal", "tail", "--stream", "clock", "--json", "--data", data.to_str().unwrap()]);
    let record = clock.json();
    let last_ms = record["payload"]["last_unix_ms"].as_u64().unwrap();
    assert!(last_ms > record["unix_ms"].as_u64().unwrap() + YEAR_MS / 2, "{record}");
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
