//! Certifications on a server: asked for, followed, downloaded, verified by a stranger, cancelled, found after a kill.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::server::{Actor, PASSWORD, Server, until};
use crate::world::{PLIMSOLL, World, profile};

/// The demo service, running by itself, as a subject that is known by its address.
struct Service {
    child: Child,
    address: String,
}

impl Service {
    fn start(world: &World) -> Self {
        let mut command = Command::new(PLIMSOLL);
        command.args(["demo-service", "--listen", "127.0.0.1:0", "--data"]).arg(world.path("notes.db"));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.split_whitespace().find(|word| word.contains("127.0.0.1:")).unwrap();
        let address = address.trim_start_matches("http://").trim_end_matches('/').to_owned();
        Self { child, address }
    }

    fn subject(&self) -> String {
        format!(
            "name = \"notes\"\n[target]\nurl = \"http://{}\"\nhealth = \"/health\"\n[[request]]\npath = \"/notes\"\n",
            self.address
        )
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // One that has ended cannot be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server in a world that has the day's calibration, if there is one.
fn calibrated() -> Server {
    let world = World::new();
    let kept = world.path("state/plimsoll/calibration.json");
    if kept.exists() {
        std::fs::create_dir_all(world.path("state/plimsoll/data/certify")).unwrap();
        std::fs::copy(kept, world.path("state/plimsoll/data/certify/calibration.json")).unwrap();
    }
    Server::start_in(world, &[])
}

/// Hands the calibration on to the tests that come.
fn keep_calibration(server: &Server) {
    let made = server.world.path("state/plimsoll/data/certify/calibration.json");
    if made.exists() {
        std::fs::copy(made, server.world.path("state/plimsoll/calibration.json")).unwrap();
        server.world.keep_calibration();
    }
}

fn put_toml(actor: &Actor, path: &str, text: &str) -> crate::server::Answer {
    actor.with("content-type", "application/toml").ask("PUT", path, Some(text))
}

fn state(actor: &Actor, id: &str) -> String {
    let found = actor.get(&format!("/api/v1/certifications/{id}")).expect(200).json();
    found["state"].as_str().unwrap().to_owned()
}

fn start(actor: &Actor, subject: &str, profile: &str) -> String {
    let wanted = json!({ "subject": subject, "profile": profile });
    let started = actor.post("/api/v1/certifications", &wanted).expect(201);
    let id = started.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(started.header("location"), format!("/api/v1/certifications/{id}"));
    id
}

#[test]
fn timing_a_subject_is_certified_and_a_stranger_verifies_what_is_downloaded() {
    let server = calibrated();
    let ada = server.administrator();
    let olga = server.user(&ada, "olga", &["operator"]);
    let cleo = server.user(&ada, "cleo", &["certifier"]);
    let vera = server.user(&ada, "vera", &["viewer"]);
    let service = Service::start(&server.world);
    put_toml(&olga, "/api/v1/subjects/notes", &service.subject()).expect(204);
    let criteria = [("answers", "errors", "10%"), ("quick", "latency", "100ms")];
    put_toml(&olga, "/api/v1/profiles/test", &profile(&criteria)).expect(403);
    put_toml(&cleo, "/api/v1/profiles/test", &profile(&criteria)).expect(204);
    let wanted = json!({ "subject": "notes", "profile": "test" });
    vera.post("/api/v1/certifications", &wanted).expect(403);

    let id = start(&olga, "notes", "test");
    let told: Vec<(Option<u64>, String, Value)> =
        vera.follow(&format!("/api/v1/certifications/{id}/events"), None).collect();
    let kinds: Vec<&str> = told.iter().map(|(_, kind, _)| kind.as_str()).collect();
    assert_eq!(kinds.last(), Some(&"certification.done"), "{told:?}");
    assert!(kinds.contains(&"progress.step") && kinds.contains(&"progress.load"), "{kinds:?}");
    // Who comes back after the outcome is told that there is nothing more.
    let last = told.last().unwrap().0.unwrap();
    let over =
        vera.with("last-event-id", &last.to_string()).get(&format!("/api/v1/certifications/{id}/events"));
    assert_eq!(over.status, 204);

    let done = vera.get(&format!("/api/v1/certifications/{id}")).expect(200).json();
    assert_eq!(
        (done["state"].as_str(), done["requested_by"].as_str()),
        (Some("done"), Some("olga")),
        "{done}"
    );
    assert_eq!(done["certificate"]["stale"], Value::Null);
    let trials = vera.get(&format!("/api/v1/certifications/{id}/trials")).expect(200).json();
    assert!(trials["trials"].as_array().unwrap().len() >= 3, "{trials}");
    assert!(!trials["steps"].as_array().unwrap().is_empty());
    let report = vera.get(&format!("/api/v1/certificates/{id}/report")).expect(200);
    assert!(report.header("content-security-policy").ends_with("sandbox"), "it runs nothing");
    assert!(report.body.contains("<title>"));
    let verified = vera.ask("POST", &format!("/api/v1/certificates/{id}/verify"), None).expect(200).json();
    assert_eq!(verified["outcome"], "valid", "{verified}");

    vera.get(&format!("/api/v1/certificates/{id}/archive")).expect(403);
    download_and_verify(&server, &olga, &id);
    keep_calibration(&server);

    // What changes the subject makes its certificate stale.
    put_toml(&olga, "/api/v1/subjects/notes", &format!("{}weight = 2\n", service.subject())).expect(204);
    let stale = until(|| {
        let found = vera.get(&format!("/api/v1/certificates/{id}")).expect(200).json();
        let stale = found["certification"]["certificate"]["stale"].clone();
        stale.is_string().then_some(stale)
    });
    assert_eq!(stale, "subject_changed");

    let server = Server::start_in(server.kill(), &[]);
    let rita = server.user(&server.sign_in("ada"), "rita", &["reviewer"]);
    assert_eq!(state(&rita, &id), "done");
    let trail = rita.get("/api/v1/audit?limit=500").expect(200).json();
    let acts: Vec<(&str, &str)> = trail["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["act"].as_str().unwrap(), line["outcome"].as_str().unwrap()))
        .collect();
    for act in [
        ("certification.start", "denied"),
        ("certification.start", "done"),
        ("profile.write", "denied"),
        ("subject.write", "done"),
        ("certification.download", "denied"),
        ("certification.download", "refused"),
        ("certification.download", "done"),
    ] {
        assert!(acts.contains(&act), "{act:?} is not in {acts:?}");
    }
}

/// What is downloaded, and the issuer's keys, are all that a stranger needs.
fn download_and_verify(server: &Server, operator: &Actor, id: &str) {
    let stranger = World::new();
    let mut reader = operator.send(&format!(
        "GET /api/v1/certificates/{id}/archive HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n{}\r\n",
        server.address,
        operator.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect::<String>(),
    ));
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut reader, &mut bytes).unwrap();
    let body = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    std::fs::write(stranger.path("certificate.tar"), &bytes[body..]).unwrap();
    let unpacked =
        Command::new("tar").args(["-xf", "certificate.tar"]).current_dir(stranger.folder()).status();
    assert!(unpacked.unwrap().success());
    stranger.write("issuer.keys", &server.anybody().get("/api/v1/issuer").expect(200).body);
    let ran = stranger.run(&["verify", id, "--issuer", "issuer.keys", "--json"]);
    assert_eq!(ran.code, 0, "{} {}", ran.stdout, ran.stderr);
    assert_eq!(ran.json()["outcome"], "valid");
    let unknown = stranger.run(&["verify", id]);
    assert_eq!(unknown.code, 3, "{}", unknown.stderr);
    // One file by its name, and nothing that is not one.
    operator.get(&format!("/api/v1/certificates/{id}/files/certificate.dsse.json")).expect(200);
    for path in [
        "nothing",
        "../../keys/server/log.key",
        "%2e%2e/keys",
        "..%2f..%2fjournal%2fjournal.db",
        "/etc/passwd",
    ] {
        let found = operator.get(&format!("/api/v1/certificates/{id}/files/{path}"));
        assert!(found.status == 404 || found.status == 400, "{path}: {}", found.status);
    }
}

#[test]
fn what_may_not_be_written_is_refused_with_the_line_or_the_key_to_turn() {
    let server = Server::start();
    let olga = server.user(&server.administrator(), "olga", &["operator", "certifier"]);
    let starts = "name = \"x\"\n[start]\ncommand = [\"sh\", \"-c\", \"id {port}\"]\n[target]\nurl = \"http://127.0.0.1:{port}\"\n[[request]]\npath = \"/\"\n";
    let reaches = "name = \"x\"\n[target]\nurl = \"http://192.0.2.1:80\"\n[[request]]\npath = \"/\"\n";
    let reads = "name = \"x\"\n[source]\nartifacts = [\"/etc/passwd\"]\n[target]\nurl = \"http://127.0.0.1:80\"\n[[request]]\npath = \"/\"\n";
    for (text, status, said) in [
        (starts, 403, "subjects_may_start_programs"),
        (reads, 403, "subjects_may_start_programs"),
        (reaches, 403, "subjects_may_reach_other_machines"),
        ("name = \"x\"\n[target]\nurll = \"x\"\n", 400, "x.toml:3:1"),
        ("name = \"y\"\n[target]\nurl = \"http://127.0.0.1:80\"\n[[request]]\npath = \"/\"\n", 400, "y"),
        ("\u{0}", 400, "x.toml:1:"),
    ] {
        let refused = put_toml(&olga, "/api/v1/subjects/x", text);
        assert_eq!(refused.status, status, "{text}: {}", refused.body);
        assert!(refused.body.contains(said), "{text}: {}", refused.body);
    }
    olga.ask("PUT", "/api/v1/subjects/x", Some("{}")).expect(415);
    put_toml(&olga, "/api/v1/subjects/demo", "name = \"demo\"").expect(409);
    put_toml(&olga, "/api/v1/subjects/Bad%20Name", "name = \"x\"").expect(400);
    olga.post("/api/v1/certifications", &json!({ "subject": "nothing", "profile": "quick" })).expect(404);
    olga.post("/api/v1/certifications", &json!({ "subject": "demo", "profile": "nothing" })).expect(404);
    olga.get("/api/v1/certifications/x").expect(400);
    olga.get("/api/v1/certifications/00000000000100000001").expect(404);
    // Who has not seen the newest text does not overwrite it.
    let fine = "name = \"x\"\n[target]\nurl = \"http://127.0.0.1:80\"\n[[request]]\npath = \"/\"\n";
    put_toml(&olga.with("if-none-match", "*"), "/api/v1/subjects/x", fine).expect(204);
    put_toml(&olga.with("if-none-match", "*"), "/api/v1/subjects/x", &format!("{fine}weight = 2\n"))
        .expect(409);
    let revision = olga.get("/api/v1/subjects/x").expect(200).json()["revision"].as_u64().unwrap();
    put_toml(&olga.with("if-match", "999"), "/api/v1/subjects/x", &format!("{fine}weight = 2\n")).expect(409);
    put_toml(
        &olga.with("if-match", &format!("\"{revision}\"")),
        "/api/v1/subjects/x",
        &format!("{fine}weight = 2\n"),
    )
    .expect(204);
    put_toml(&olga.with("if-match", "x"), "/api/v1/subjects/x", fine).expect(400);
}

#[test]
fn timing_what_is_cancelled_stops_and_what_a_kill_cut_off_is_interrupted() {
    let server = calibrated();
    let ada = server.administrator();
    let olga = server.user(&ada, "olga", &["operator"]);
    let first = start(&olga, "demo", "quick");
    let second = start(&olga, "demo", "quick");
    until(|| (state(&olga, &first) == "running").then_some(()));
    assert_eq!(state(&olga, &second), "queued", "two would disturb each other");
    olga.ask("POST", &format!("/api/v1/certifications/{first}/cancel"), None).expect(204);
    until(|| (state(&olga, &first) == "cancelled").then_some(()));
    until(|| (state(&olga, &second) == "running").then_some(()));
    let mut events = olga.follow(&format!("/api/v1/certifications/{second}/events"), None);
    events.next().unwrap();
    let server = Server::start_in(server.kill(), &[]);
    let olga = server.sign_in("olga");
    until(|| (state(&olga, &second) == "interrupted").then_some(()));
    olga.ask("POST", &format!("/api/v1/certifications/{second}/cancel"), None).expect(409);
    assert_eq!(state(&olga, &first), "cancelled");
    let left = std::fs::read_dir(server.world.path("state/plimsoll/data/certificates")).unwrap().count();
    assert_eq!(left, 0);
    server.anybody().post("/api/v1/session", &json!({ "name": "olga", "password": PASSWORD })).expect(201);
}
