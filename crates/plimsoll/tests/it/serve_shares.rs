//! One client does not shut out the others.

use std::io::{BufReader, ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use plimsoll_process::raise_open_files_limit;
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

use crate::server::{Actor, Server, read_answer, until};
use crate::world::World;

/// Half of the requests that are handled at once.
const REQUESTS_OF_ONE: usize = 512;
/// Half of the connections.
const CONNECTIONS_OF_ONE: usize = 1_024;
/// What hears nothing for so long is not answered: thousands of times as long as an answer takes.
const SILENCE: Duration = Duration::from_millis(500);

type Connection = BufReader<TcpStream>;

/// Connections on each of which a request is being handled and waits for its body.
fn slow_bodies(actor: &Actor) -> Vec<Connection> {
    let fields: String = actor.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let begun = format!(
        "POST /api/v1/session HTTP/1.1\r\nhost: 127.0.0.1\r\n{fields}content-type: application/json\r\n\
         content-length: 100\r\nexpect: 100-continue\r\n\r\n"
    );
    let mut held: Vec<_> = (0..REQUESTS_OF_ONE).map(|_| actor.send(&begun)).collect();
    for connection in &mut held {
        // Whoever has its place is asked for the body. Until all have theirs, another request could take one of them.
        let mut asked = [0; 25];
        connection.read_exact(&mut asked).unwrap();
        assert_eq!(str::from_utf8(&asked), Ok("HTTP/1.1 100 Continue\r\n\r\n"));
    }
    held
}

/// Whether nothing comes on a connection for a while, nor its end.
fn stays_silent(connection: &Connection) -> bool {
    let patience = connection.get_ref().read_timeout().unwrap();
    connection.get_ref().set_read_timeout(Some(SILENCE)).unwrap();
    let seen = connection.get_ref().peek(&mut [0]).map_err(|error| error.kind());
    connection.get_ref().set_read_timeout(patience).unwrap();
    seen == Err(ErrorKind::WouldBlock)
}

#[test]
fn slow_bodies_of_one_client_leave_room_for_the_requests_of_others() {
    raise_open_files_limit();
    let server = Server::start();
    let (one, other) = (server.anybody(), server.anybody().at("127.0.0.2"));
    let held = slow_bodies(&one);
    let refused = one.get("/api/v1/account").expect(429);
    assert_eq!(refused.header("retry-after"), "1");
    let problem = refused.json();
    assert_eq!(problem["detail"], "512 requests from your address are being handled already");
    assert_eq!(problem["hint"], "send the next one when one of them is answered");
    other.get("/api/v1/account").expect(401);
    one.get("/health/live").expect(200);
    one.get("/api/v1/account").expect(429);
    drop(held);
    until(|| (one.get("/api/v1/account").status == 401).then_some(()));
}

#[test]
fn when_as_many_requests_are_handled_as_can_be_all_others_are_told_to_come_back() {
    raise_open_files_limit();
    let server = Server::start();
    let (one, two, other) =
        (server.anybody(), server.anybody().at("127.0.0.2"), server.anybody().at("127.0.0.3"));
    let held = (slow_bodies(&one), slow_bodies(&two));
    let shed = other.get("/api/v1/account").expect(503);
    assert_eq!(shed.header("retry-after"), "1");
    assert_eq!(shed.json()["detail"], "too many requests are being handled");
    // Whether it lives is answered all the same.
    other.get("/health/live").expect(200);
    let logged = |line: &serde_json::Value| line["status"] == 503 && line["address"] == "127.0.0.3";
    until(|| server.log().iter().any(logged).then_some(()));
    drop(held);
    until(|| (other.get("/api/v1/account").status == 401).then_some(()));
}

/// An answer that nobody takes lies in memory.
#[test]
fn answers_that_one_client_does_not_take_keep_their_places_and_leave_room_for_others() {
    raise_open_files_limit();
    let server = Server::start();
    let (one, other) = (server.anybody(), server.anybody().at("127.0.0.2"));
    let reference = other.get("/openapi.json").expect(200).body.len();
    // More than the systems of both ends hold, one behind the other.
    let asked = one.head("GET", "/openapi.json").repeat((1 << 20) / reference + 1);
    let held: Vec<_> = (0..REQUESTS_OF_ONE).map(|_| one.send(&asked)).collect();
    let refused = until(|| Some(one.get("/api/v1/account")).filter(|answer| answer.status != 401));
    refused.expect(429);
    other.get("/api/v1/account").expect(401);
    one.get("/api/v1/account").expect(429);
    drop(held);
    until(|| (one.get("/api/v1/account").status == 401).then_some(()));
}

#[test]
fn a_live_answer_takes_no_place_of_a_request() {
    raise_open_files_limit();
    let server = Server::start();
    let ada = server.administrator();
    let _live: Vec<_> = (0..16).map(|_| ada.follow("/api/v1/audit/events", None)).collect();
    // None of them is refused.
    let _held = slow_bodies(&server.anybody());
    ada.get("/api/v1/account").expect(429);
}

#[test]
fn one_address_holds_half_of_the_connections_and_what_is_more_is_closed_and_counted() {
    raise_open_files_limit();
    let server = Server::start();
    let (one, other) = (server.anybody(), server.anybody().at("127.0.0.2"));
    let held: Vec<_> = (0..CONNECTIONS_OF_ONE).map(|_| one.send("")).collect();
    let refused = |number: u32| {
        let line = format!("\nplimsoll_connections_refused_total {number}\n");
        let measured = other.get("/metrics").expect(200).body;
        assert!(measured.contains(&line), "{line} is not in\n{measured}");
    };
    refused(0);
    assert_eq!(one.send("").read(&mut [0]).unwrap(), 0, "it is closed");
    refused(1);
    drop(held);
    until(|| one.try_ask("GET", "/health/live", None).ok());
}

#[test]
fn when_all_connections_are_taken_the_next_one_waits_until_one_is_given_back() {
    raise_open_files_limit();
    let server = Server::start();
    let (one, two, other) =
        (server.anybody(), server.anybody().at("127.0.0.2"), server.anybody().at("127.0.0.3"));
    let taken = |actor: &Actor| (0..CONNECTIONS_OF_ONE).map(|_| actor.send("")).collect::<Vec<_>>();
    let (mut held, _also_held) = (taken(&one), taken(&two));
    let waiting = other.with("connection", "close");
    let waiting = waiting.send(&waiting.head("GET", "/health/live"));
    assert!(stays_silent(&waiting));
    held.pop();
    assert_eq!(read_answer(waiting).unwrap().status, 200);
}

#[test]
fn a_proxy_that_is_trusted_may_hold_all_connections_and_its_clients_share_the_requests() {
    raise_open_files_limit();
    let world = World::new();
    world.write("plimsoll.toml", "trusted_proxies = [\"127.0.0.1\"]\n");
    let server = Server::start_in(world, &["--config", "plimsoll.toml"]);
    let behind = |address: &str| server.anybody().with("x-forwarded-for", address);
    let (one, other) = (behind("203.0.113.9"), behind("203.0.113.10"));
    let connections: Vec<_> = (0..CONNECTIONS_OF_ONE).map(|_| one.send("")).collect();
    let held = slow_bodies(&one);
    one.get("/api/v1/account").expect(429);
    other.get("/api/v1/account").expect(401);
    one.get("/api/v1/account").expect(429);
    drop((connections, held));
}

/// Whoever does nothing but connect once took every file, and the journal could not be opened any more.
#[test]
fn connections_leave_the_files_that_the_work_needs() {
    let server = Server::start_by(World::new(), &["prlimit", "--nofile=256:256"], &[]);
    let ada = server.administrator();
    // Known before the others came.
    let ada = ada.at("127.0.0.9").with("connection", "close");
    let mut open = ada.send("");
    let idle = |address: &str, number: usize| {
        let actor = server.anybody().at(address);
        (0..number).map(|_| actor.send("")).collect::<Vec<_>>()
    };
    // More than there are places, and no more than the system keeps waiting beside them.
    let _idle = (idle("127.0.0.2", 130), idle("127.0.0.3", 100), idle("127.0.0.4", 60));
    open.get_mut().write_all(ada.head("POST", "/api/v1/journal/verify").as_bytes()).unwrap();
    let looked = read_answer(open).unwrap().expect(200).json();
    assert_eq!(looked["intact"], true, "{looked}");
}

#[test]
fn that_the_system_gives_no_connection_is_told_once_and_got_over() {
    let server = Server::start();
    let alive = server.anybody().with("connection", "close");
    let told =
        || server.log().into_iter().filter(|line| line["doing"] == "let in a connection").collect::<Vec<_>>();
    let pid = Pid::from_raw(server.pid().try_into().unwrap());
    // Whoever lowers the highest one cannot raise it again.
    let highest = getrlimit(Resource::Nofile).maximum;
    let allow =
        |files| prlimit(pid, Resource::Nofile, Rlimit { current: Some(files), maximum: highest }).unwrap();
    allow(4);
    let waiting = || alive.send(&alive.head("GET", "/health/live"));
    let (one, two) = (waiting(), waiting());
    assert!(stays_silent(&one));
    let first = until(|| told().into_iter().next());
    assert_eq!(first["level"], "warn");
    assert!(first["problem"].as_str().unwrap().contains("Too many open files"), "{first}");
    assert!(stays_silent(&two));
    allow(1_024);
    for answered in [one, two] {
        assert_eq!(read_answer(answered).unwrap().status, 200);
    }
    assert_eq!(told().len(), 1, "{:?}", told());
}
