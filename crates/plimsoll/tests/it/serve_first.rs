//! The first minutes with a server: it starts with nothing, is set up, is killed, and everything is there again.

use std::os::unix::fs::MetadataExt;

use plimsoll_proof::SignedCheckpoint;
use serde_json::json;

use crate::server::{PASSWORD, Server, until};
use crate::world::World;

#[test]
fn it_starts_with_nothing_and_says_where_it_is_and_how_to_begin() {
    let server = Server::start();
    let url = format!("http://{}", server.address);
    for line in [
        &format!("is ready at {url}\n"),
        &format!("\n  {url}/set-up#"),
        "Three things to try:",
        &format!("curl {url}/health/ready"),
        &format!("open {url}/reference"),
        "plimsoll journal tail --data ",
    ] {
        assert!(server.greeting.contains(line), "{line} is not in\n{}", server.greeting);
    }
    server.anybody().get("/health/live").expect(200);
    let ready = server.anybody().get("/health/ready").expect(200).json();
    assert!(ready["journal_us"].as_u64().unwrap() > 0, "{ready}");
    // Its keys are not beside what opens them.
    let credential = server.world.path("config/plimsoll/server.credential");
    let data = server.world.path("state/plimsoll/data");
    assert!(credential.exists() && data.join("keys").exists());
    // Nobody else on this machine looks into it.
    for folder in std::fs::read_dir(&data).unwrap() {
        let (name, mode) = (folder.as_ref().unwrap().path(), folder.unwrap().metadata().unwrap().mode());
        assert_eq!(mode & 0o777, 0o700, "{} is open to others", name.display());
    }
    assert!(data.join("certificates").is_dir() && data.join("certify").is_dir());
    let (code, _world) = server.stop();
    assert_eq!(code, Some(0));
}

#[test]
fn it_says_where_it_is_in_words_that_hold_elsewhere() {
    let world = World::new();
    world.write("plimsoll.toml", "credential = \"credential\"\ndata = \"data\"\nwithout_tls = true\n");
    let server = Server::start_in(world, &["--config", "plimsoll.toml", "--listen", "0.0.0.0:0"]);
    let folder = server.world.folder().display();
    for line in [
        format!("is ready at http://127.0.0.1:{}\n", server.address.port()),
        format!("\ndata in {folder}/data\n"),
        format!("\nits keys open with {folder}/credential: "),
        "\nfrom other machines, at an address of this one; ".into(),
        format!("plimsoll journal tail --data {folder}/data\n"),
    ] {
        assert!(server.greeting.contains(&line), "{line} is not in\n{}", server.greeting);
    }
    assert!(!server.greeting.contains("0.0.0.0"), "{}", server.greeting);
}

/// The whole way: used by HTTP and by command line, refused to a token with too little privilege, found in the audit
/// trail, killed, and found again.
#[test]
fn what_was_done_is_there_after_a_kill() {
    let server = Server::start();
    let ada = server.administrator();
    server.user(&ada, "vera", &["viewer"]);
    let weak = ada.token(&["account.read"]);
    let refused = weak.post("/api/v1/users", &json!({})).expect(403).json();
    assert!(refused["detail"].as_str().unwrap().contains("user.create"), "{refused}");
    assert!(refused["hint"].is_string() && refused["request_id"].is_string(), "{refused}");

    let lines = ada.get("/api/v1/audit").expect(200).json();
    let lines = lines["items"].as_array().unwrap().clone();
    let told = lines.iter().map(|line| {
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        (text("actor"), text("by"), text("act"), text("outcome"))
    });
    let expected = [
        ("ada", "token", "user.create", "denied"),
        ("ada", "session", "own_token.create", "done"),
        ("vera", "password", "sign_in", "done"),
        ("ada", "session", "user.create", "done"),
        ("ada", "password", "sign_in", "done"),
        ("ada", "link", "set_up", "done"),
    ];
    let expected = expected.map(|(actor, by, act, outcome)| {
        (actor.to_owned(), by.to_owned(), act.to_owned(), outcome.to_owned())
    });
    assert_eq!(told.collect::<Vec<_>>(), expected);

    let server = Server::start_in(server.kill(), &[]);
    assert_eq!(server.link, None, "nobody can set it up a second time");
    let ada = crate::server::Actor { address: server.address, ..ada };
    let ada = ada.with("origin", &format!("http://{}", server.address));
    let again = ada.get("/api/v1/audit").expect(200).json();
    assert_eq!(again["items"], json!(lines));
    let names = ada.get("/api/v1/users").expect(200).json();
    let names =
        names["items"].as_array().unwrap().iter().map(|user| user["name"].clone()).collect::<Vec<_>>();
    assert_eq!(names, ["ada", "vera"]);

    // The same, by the command line, while it runs; and each line is proven.
    let data = server.world.path("state/plimsoll/data");
    let data = data.to_str().unwrap();
    let signed = ada.get("/api/v1/journal/checkpoint").expect(200).json();
    let verified = server.run(&[
        "journal",
        "verify",
        "--data",
        data,
        "--key",
        signed["key"].as_str().unwrap(),
        "--json",
    ]);
    assert_eq!(verified.code, 0, "{}", verified.stderr);
    let position = lines[0]["position"].as_u64().unwrap();
    let proof = ada.get(&format!("/api/v1/journal/proofs/{position}")).expect(200).body;
    let proof = plimsoll_proof::LogProof::parse(&proof).unwrap();
    let tail = server.run(&["journal", "export", "--data", data, "--after", &(position - 1).to_string()]);
    let record: serde_json::Value = serde_json::from_str(tail.stdout.lines().next().unwrap()).unwrap();
    assert_eq!(record["payload"]["entry"]["act"], "user.create");
    proof.checkpoint.verify(&signed["key"].as_str().unwrap().parse().unwrap(), &[]).unwrap();
    proof.verify_inclusion(&record["leaf"].as_str().unwrap().parse().unwrap()).unwrap();

    // What was downloaded is enough for somebody who has nothing else but the key.
    let stranger = World::new();
    stranger.write("line.tlog-proof", &proof.to_string());
    let exported = ada.get("/api/v1/audit/export").expect(200).body;
    stranger.write("audit.jsonl", &exported);
    check_covered(&exported);
    let check = ["journal", "check-proof", "line.tlog-proof", "--record", "audit.jsonl"];
    let key = signed["key"].as_str().unwrap();
    let checked = stranger.run(&[&check[..], &["--key", key, "--json"]].concat());
    assert_eq!(checked.code, 0, "{}{}", checked.stdout, checked.stderr);
    assert_eq!(checked.json()["record"]["payload"]["entry"]["act"], "user.create");
    assert_eq!(stranger.run(&check).code, 3, "he has no key");
    // On the server's own machine the key is found where it lies.
    let verified = server.run(&["journal", "verify", "--json"]);
    assert_eq!((verified.code, &verified.json()["key"]), (0, &signed["key"]), "{}", verified.stderr);
    assert_eq!(verified.json()["key_given"], false);
}

/// Each line of an export is covered by the checkpoint at its end, which says how many there are.
fn check_covered(exported: &str) {
    let lines: Vec<serde_json::Value> =
        exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (end, lines) = lines.split_last().unwrap();
    assert_eq!(end["lines"], lines.len());
    let signed = SignedCheckpoint::parse(end["checkpoint"].as_str().unwrap()).unwrap();
    signed.verify(&end["key"].as_str().unwrap().parse().unwrap(), &[]).unwrap();
    let size = signed.checkpoint.tree.size;
    assert!(lines.iter().all(|line| line["position"].as_u64().unwrap() <= size), "{exported}");
}

#[test]
fn a_link_is_used_once_and_a_new_start_makes_the_old_one_worthless() {
    let server = Server::start();
    let old = server.link.clone().unwrap();
    let server = Server::start_in(server.kill(), &[]);
    let with = |link: &str| json!({ "link": link, "name": "ada", "password": PASSWORD });
    let dead = server.anybody().post("/api/v1/set-up", &with(&old)).expect(403).json();
    assert!(dead["hint"].as_str().unwrap().contains("prints a new link"), "{dead}");
    let link = server.link.clone().unwrap();
    let weak = |link: &str| json!({ "link": link, "name": "ada", "password": "password1234" });
    server.anybody().post("/api/v1/set-up", &weak(&link)).expect(400);
    // The link is looked at before the password: whoever has none makes nothing be hashed, and is slowed down.
    server.anybody().post("/api/v1/set-up", &weak("guessed")).expect(403);
    server.anybody().post("/api/v1/set-up", &with(&link)).expect(201);
    let again = server.anybody().post("/api/v1/set-up", &with(&link)).expect(409).json();
    assert!(again["hint"].as_str().unwrap().starts_with("sign in"), "{again}");
}

#[test]
fn whoever_guesses_at_the_link_waits() {
    let server = Server::start();
    let guess = json!({ "link": "guessed", "name": "ada", "password": PASSWORD });
    let first = server.anybody().post("/api/v1/set-up", &guess).expect(403);
    assert!(first.body.contains("set-up link"), "{}", first.body);
    until(|| (server.anybody().post("/api/v1/set-up", &guess).status == 429).then_some(()));
}

/// What is counted against the set-up of an address was once a text that anybody could type as a name.
#[test]
fn nobody_keeps_an_address_from_the_set_up() {
    let server = Server::start();
    for name in ["set-up from 127.0.0.1", "SetUp"] {
        let stranger = server.anybody().at("127.0.0.2");
        let wrong = json!({ "name": name, "password": "wrong horse battery staple" });
        until(|| (stranger.post("/api/v1/session", &wrong).status == 429).then_some(()));
    }
    server.administrator();
}

#[test]
fn what_cannot_be_served_is_refused_with_what_to_do() {
    let world = World::new();
    world.write("plimsoll.toml", "lisen = \"127.0.0.1:1\"\n");
    for (arguments, code, said) in [
        (vec!["serve", "--listen", "0.0.0.0:0"], 2, "there is no TLS\nhint: give `[tls]"),
        (vec!["serve", "--config", "plimsoll.toml"], 2, "plimsoll.toml:1:1: unknown field `lisen`"),
        (vec!["serve", "--config", "missing.toml"], 2, "missing.toml"),
        (
            vec!["serve", "--listen", "nowhere:1"],
            2,
            "want one with a port, as 127.0.0.1:7433, [::1]:7433 or localhost",
        ),
    ] {
        let ran = world.run(&arguments);
        assert_eq!(ran.code, code, "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(said), "{arguments:?}: {}", ran.stderr);
    }
    let server = Server::start();
    let config = server.world.path("config");
    let second = |arguments: &[&str]| {
        let mut command = server.world.command(arguments);
        crate::world::Ran::from(command.env("XDG_CONFIG_HOME", &config).output().unwrap())
    };
    let ran = second(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(ran.code, 4, "{}", ran.stderr);
    assert!(ran.stderr.contains("in use by another process\nhint: stop the other process"), "{}", ran.stderr);
    let taken = server.address.to_string();
    for spelled in [taken.clone(), taken.replace("127.0.0.1", "localhost")] {
        let mut command = server.world.command(&["serve", "--listen", &spelled, "--data", "elsewhere"]);
        command.env("XDG_CONFIG_HOME", server.world.path("other-config"));
        let ran = crate::world::Ran::from(command.output().unwrap());
        assert_eq!(ran.code, 5, "{}", ran.stderr);
        assert!(ran.stderr.contains(&format!("listening on {taken}")), "{}", ran.stderr);
        assert!(ran.stderr.contains("hint: choose another address or port"), "{}", ran.stderr);
    }
    // Neither keys nor what unseals them are left behind.
    assert!(!server.world.path("elsewhere").exists() && !server.world.path("other-config").exists());
}

#[test]
fn without_its_credential_nothing_opens_and_nothing_is_replaced() {
    let server = Server::start();
    server.administrator();
    let world = server.kill();
    let credential = world.path("config/plimsoll/server.credential");
    std::fs::rename(&credential, world.path("kept")).unwrap();
    let mut command = world.command(&["serve", "--listen", "127.0.0.1:0"]);
    let ran = crate::world::Ran::from(command.env("XDG_CONFIG_HOME", world.path("config")).output().unwrap());
    assert_eq!(ran.code, 4, "{}", ran.stderr);
    assert!(ran.stderr.contains("hint: "), "{}", ran.stderr);
    std::fs::rename(world.path("kept"), &credential).unwrap();
    // Nor are new keys put where the right ones belong.
    let keys = world.path("state/plimsoll/data/keys");
    std::fs::rename(&keys, world.path("kept")).unwrap();
    let mut command = world.command(&["serve", "--listen", "127.0.0.1:0"]);
    let ran = crate::world::Ran::from(command.env("XDG_CONFIG_HOME", world.path("config")).output().unwrap());
    assert_eq!(ran.code, 4, "{}", ran.stderr);
    assert!(ran.stderr.contains("put the keys back") && !keys.exists(), "{}", ran.stderr);
    std::fs::rename(world.path("kept"), &keys).unwrap();
    let server = Server::start_in(world, &[]);
    server.sign_in("ada");
}

#[test]
fn it_ends_in_peace_and_finishes_what_it_has_begun() {
    let server = Server::start();
    let ada = server.administrator();
    let mut events = ada.follow("/api/v1/audit/events", None);
    assert!(events.next().is_some());
    crate::server::signal(server.pid(), "TERM");
    assert!(events.by_ref().count() < 10, "a live answer ends");
    let (code, world) = server.stop();
    assert_eq!(code, Some(0));
    let log = std::fs::read_to_string(world.path("log")).unwrap();
    assert!(log.contains("\"event\":\"ending\"") && !log.contains("straggler"), "{log}");
    let data = world.path("state/plimsoll/data");
    let verified = world.run(&["journal", "verify", "--data", data.to_str().unwrap(), "--json"]).json();
    assert_eq!(verified["records"], verified["signed"], "all of it is signed at the end: {verified}");
}

#[test]
fn uses_are_written_and_shown() {
    let server = Server::start();
    let ada = server.administrator();
    let program = ada.with("user-agent", "x").token(&["account.read"]).with("user-agent", "ci/1.0");
    program.get("/api/v1/account").expect(200);
    let tokens = ada.get("/api/v1/account/tokens").expect(200).json();
    assert!(tokens["items"][0]["last_used"].is_string(), "{tokens}");
    assert_eq!(tokens["items"][0]["address"], "127.0.0.1");
    // What is shown is in memory at first; what is shown after a new start was written.
    let used = tokens["items"][0]["last_used"].clone();
    let (_, world) = server.stop();
    let server = Server::start_in(world, &[]);
    let ada = server.sign_in("ada");
    let tokens = ada.get("/api/v1/account/tokens").expect(200).json();
    assert_eq!(
        (&tokens["items"][0]["last_used"], &tokens["items"][0]["address"]),
        (&used, &json!("127.0.0.1"))
    );
    let journal = ada.get("/api/v1/journal/export").expect(200).body;
    let written = journal.lines().filter(|line| line.contains("token_used") && line.contains("ci/1.0"));
    assert_eq!(written.count(), 1, "{journal}");
}

/// As a unit of systemd it has no home, and two folders that were made ready for it.
#[test]
fn as_a_unit_of_systemd_it_takes_the_folders_that_were_made_for_it() {
    let world = World::new();
    let (state, credentials) = (world.path("var/lib/plimsoll"), world.path("credentials"));
    std::fs::create_dir_all(&state).unwrap();
    plimsoll_keys::Credential::create(&credentials.join("plimsoll.credential")).unwrap();
    // A unit may have several; the first is its own.
    let [state, credentials] = [state, credentials].map(|path| path.to_str().unwrap().to_owned());
    let given = [format!("STATE_DIRECTORY={state}:/nowhere"), format!("CREDENTIALS_DIRECTORY={credentials}")];
    let by = ["env", "-u", "XDG_STATE_HOME", "-u", "XDG_CONFIG_HOME", "HOME=/", &given[0], &given[1]];
    let server = Server::start_by(world, &by, &[]);
    assert!(server.greeting.contains(&format!("data in {state}/data\n")), "{}", server.greeting);
    server.administrator();
    let (code, world) = server.stop();
    assert_eq!(code, Some(0));
    // The same place is meant by who looks into it as such a unit.
    let mut command = world.command(&["journal", "verify"]);
    command.env_remove("XDG_STATE_HOME").env("HOME", "/").env("STATE_DIRECTORY", &state);
    let ran = crate::world::Ran::from(command.output().unwrap());
    assert_eq!((ran.code, ran.stdout.contains("✓ intact")), (0, true), "{}{}", ran.stdout, ran.stderr);
    assert!(!world.path("state/plimsoll/data").exists());
}
