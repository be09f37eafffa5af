//! Certifications on a server: asked for, followed, downloaded, verified by a stranger, cancelled, found after a kill.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::server::{Actor, PASSWORD, Server, until};
use crate::world::{PLIMSOLL, World, profile};

/// The demo service, running by itself, as a subject that is known by its address.
pub(crate) struct Service {
    child: Child,
    address: String,
}

impl Service {
    pub(crate) fn start(world: &World) -> Self {
        let mut command = Command::new(PLIMSOLL);
        command.args(["demo-service", "--listen", "127.0.0.1:0", "--data"]).arg(world.path("notes.db"));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.split_whitespace().find(|word| word.contains("127.0.0.1:")).unwrap();
        let address = address.trim_start_matches("http://").trim_end_matches('/').to_owned();
        Self { child, address }
    }

    pub(crate) fn subject(&self) -> String {
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
pub(crate) fn calibrated() -> Server {
    let world = World::new();
    let kept = world.path("state/plimsoll/calibration.json");
    if kept.exists() {
        std::fs::create_dir_all(world.path("state/plimsoll/data/certify")).unwrap();
        std::fs::copy(kept, world.path("state/plimsoll/data/certify/calibration.json")).unwrap();
    }
    Server::start_in(world, &[])
}

/// Hands the calibration on to the tests that come.
pub(crate) fn keep_calibration(server: &Server) {
    let made = server.world.path("state/plimsoll/data/certify/calibration.json");
    if made.exists() {
        std::fs::copy(made, server.world.path("state/plimsoll/calibration.json")).unwrap();
        server.world.keep_calibration();
    }
}

pub(crate) fn put_toml(actor: &Actor, path: &str, text: &str) -> crate::server::Answer {
    actor.with("content-type", "application/toml").ask("PUT", path, Some(text))
}

fn state(actor: &Actor, id: &str) -> String {
    let found = actor.get(&format!("/api/v1/certifications/{id}")).expect(200).json();
    found["state"].as_str().unwrap().to_owned()
}

pub(crate) fn start(actor: &Actor, subject: &str, profile: &str) -> String {
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
    let resumed = |after: u64| {
        vera.with("last-event-id", &after.to_string()).get(&format!("/api/v1/certifications/{id}/events"))
    };
    assert_eq!((resumed(last).status, resumed(last + 1).status), (204, 400));

    let done = vera.get(&format!("/api/v1/certifications/{id}")).expect(200).json();
    assert_eq!(done["certificate"]["issuance"], "issued");
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
    check_forgotten(&server, &olga, &id);
    check_demonstration(&server, &olga);

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
    check_trail(&rita);
}

/// What was done and what was refused stands in the audit trail.
fn check_trail(rita: &Actor) {
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

/// A certificate that the register has forgotten, for it lies in the folder only.
fn check_forgotten(server: &Server, operator: &Actor, id: &str) {
    let old = "00000000000100000001";
    let certificates = server.world.path("state/plimsoll/data/certificates");
    let copied = Command::new("cp").arg("-r").args([id, old]).current_dir(certificates).status();
    assert!(copied.unwrap().success());
    let list = |query: &str| operator.get(&format!("/api/v1/certificates{query}")).expect(200).json();
    let all = list("");
    let ids: Vec<&str> =
        all["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [id, old], "{all}");
    let [known, forgotten] = [0, 1].map(|at| all["items"][at]["certificate"].clone());
    assert_eq!((&known["stale"], &forgotten["stale"]), (&Value::Null, &json!("not_watched")), "{all}");
    for what in ["subject", "profile", "issuance", "status", "not_before", "not_after", "sha256"] {
        assert_eq!(known[what], forgotten[what], "{what}");
    }
    // Page by page they are the same.
    let first = list("?limit=1");
    let second = list(&format!("?limit=1&after={}", first["next"].as_str().unwrap()));
    assert_eq!((&first["items"][0], &second["items"][0]), (&all["items"][0], &all["items"][1]));
    assert_eq!(second["next"], Value::Null);

    let shown = operator.get(&format!("/api/v1/certificates/{old}")).expect(200).json();
    assert_eq!((&shown["certification"], &shown["certificate"]), (&Value::Null, &forgotten));
    let trials = operator.get(&format!("/api/v1/certifications/{old}/trials")).expect(200).json();
    assert!(trials["trials"].as_array().unwrap().len() >= 3, "{trials}");
    download_and_verify(server, operator, old);
    // One that cannot be read is not passed over, and keeps nothing else from being listed.
    let file = server.world.path(&format!("state/plimsoll/data/certificates/{old}/certificate.dsse.json"));
    std::fs::write(file, "{}").unwrap();
    let all = list("");
    assert_eq!(all["items"][1], json!({ "id": old, "certificate": null }));
    operator.get("/api/v1/certifications/00000000000100000002/trials").expect(404);
}

/// What ships with the server is certified to show how that goes: nobody else shall rely on it.
fn check_demonstration(server: &Server, operator: &Actor) {
    let id = start(operator, "demo", "test");
    let last = operator.follow(&format!("/api/v1/certifications/{id}/events"), None).last().unwrap();
    assert_eq!(last.1, "certification.done", "{last:?}");
    let shown = operator.get(&format!("/api/v1/certificates/{id}")).expect(200).json();
    let certificate = &shown["certificate"];
    assert_eq!((&certificate["subject"], &certificate["issuance"]), (&json!("demo"), &json!("demo")));
    let verified =
        operator.ask("POST", &format!("/api/v1/certificates/{id}/verify"), None).expect(200).json();
    assert_eq!(verified["outcome"], "valid demo, this machine only", "{verified}");
    // Who trusts the server does not trust its demonstrations.
    let stranger = unpack(server, operator, &id);
    let ran = stranger.run(&["verify", &id, "--issuer", "issuer.keys", "--json"]);
    assert_eq!(
        (ran.code, &ran.json()["outcome"]),
        (3, &json!("intact, issuer not known to you")),
        "{}",
        ran.stderr
    );
    let data = server.world.path("state/plimsoll/data");
    let folder = data.join(format!("certificates/{id}"));
    let here = server.run(&["verify", folder.to_str().unwrap(), "--state", data.to_str().unwrap()]);
    assert_eq!(here.code, 0, "{}", here.stdout);
}

/// A stranger with what was downloaded, unpacked, and the issuer's keys.
fn unpack(server: &Server, operator: &Actor, id: &str) -> World {
    let stranger = World::new();
    let mut reader = operator.send(&format!(
        "GET /api/v1/certificates/{id}/archive HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n{}\r\n",
        server.address,
        operator.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect::<String>(),
    ));
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut reader, &mut bytes).unwrap();
    let body = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let head = std::str::from_utf8(&bytes[..body]).unwrap();
    let said = |line: String| assert!(head.contains(&line), "{line} is not in {head}");
    said(format!("content-length: {}\r\n", bytes.len() - body));
    said(format!("content-disposition: attachment; filename=\"certificate-{id}.tar\"\r\n"));
    std::fs::write(stranger.path("certificate.tar"), &bytes[body..]).unwrap();
    let unpacked =
        Command::new("tar").args(["-xf", "certificate.tar"]).current_dir(stranger.folder()).status();
    assert!(unpacked.unwrap().success());
    stranger.write("issuer.keys", &server.anybody().get("/api/v1/issuer").expect(200).body);
    stranger
}

/// What is downloaded, and the issuer's keys, are all that a stranger needs.
fn download_and_verify(server: &Server, operator: &Actor, id: &str) {
    let stranger = unpack(server, operator, id);
    let ran = stranger.run(&["verify", id, "--issuer", "issuer.keys", "--json"]);
    assert_eq!(ran.code, 0, "{} {}", ran.stdout, ran.stderr);
    assert_eq!(ran.json()["outcome"], "valid");
    let unknown = stranger.run(&["verify", id]);
    assert_eq!(unknown.code, 3, "{}", unknown.stderr);
    // One file by its name, and nothing that is not one.
    let file = operator.get(&format!("/api/v1/certificates/{id}/files/certificate.dsse.json")).expect(200);
    let saved_as = format!("attachment; filename=\"certificate-{id}-certificate.dsse.json\"");
    assert_eq!(file.header("content-disposition"), saved_as);
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

/// It is no fault of the server, and waiting for a second does not help.
#[test]
fn one_certification_more_than_may_wait_is_a_conflict_that_says_what_to_do() {
    let server = Server::start();
    let olga = server.user(&server.administrator(), "olga", &["operator"]);
    let wanted = json!({ "subject": "demo", "profile": "quick" });
    let mut started: Vec<String> = Vec::new();
    let refused = loop {
        let answer = olga.post("/api/v1/certifications", &wanted);
        if answer.status != 201 {
            break answer.expect(409);
        }
        started.push(answer.json()["id"].as_str().unwrap().to_owned());
        assert!(started.len() < 100, "there is no end to them");
    };
    assert!(started.len() >= 32, "{}", started.len());
    assert!(refused.body.contains("cancel one"), "{}", refused.body);
    olga.ask("POST", &format!("/api/v1/certifications/{}/cancel", started[20]), None).expect(204);
    olga.post("/api/v1/certifications", &wanted).expect(201);
}

/// What the server does by itself stands in the audit trail like what people do, in one batch with the act.
#[test]
fn what_is_kept_fresh_is_in_the_audit_trail_as_an_act_of_the_server() {
    let server = Server::start();
    let ada = server.administrator();
    let olga = server.user(&ada, "olga", &["operator"]);
    // Nobody answers there: what becomes of it is no matter here.
    let subject = "name = \"x\"\n[target]\nurl = \"http://127.0.0.1:9\"\n[[request]]\npath = \"/\"\n";
    put_toml(&olga, "/api/v1/subjects/x?keep_fresh=quick", subject).expect(204);
    let line = until(|| {
        let lines = ada.get("/api/v1/audit").expect(200).json();
        lines["items"].as_array().unwrap().iter().find(|line| line["by"] == "server").cloned()
    });
    let said = ["actor", "act", "object", "outcome", "address", "request"].map(|name| line[name].clone());
    let expected = [
        Value::Null,
        json!("certification.start"),
        json!("/api/v1/subjects/x"),
        json!("done"),
        Value::Null,
        json!(""),
    ];
    assert_eq!(said, expected);
    let journal = ada.get("/api/v1/journal/export").expect(200).body;
    let records: Vec<Value> = journal.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let at = records.iter().position(|record| record["position"] == line["position"]).unwrap();
    assert_eq!(records[at - 1]["kind"], "certification.requested", "{}", records[at - 1]);
    assert_eq!(
        records[at - 1]["payload"]["event"]["certification_requested"]["reason"],
        "kept_fresh",
        "{}",
        records[at - 1]
    );
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
    let (_, kind, told) =
        olga.follow(&format!("/api/v1/certifications/{first}/events"), None).last().unwrap();
    assert_eq!(kind, "certification.cancelled", "{told}");
    assert_eq!(told["event"]["certification_cancelled"]["by"], "olga", "{told}");
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
