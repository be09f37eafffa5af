//! What keeps strangers out, and what keeps other sites from acting through a browser.

use std::io::{Read, Write};

use serde_json::json;

use crate::authenticator::code;
use crate::server::{Actor, PASSWORD, Server, read_answer, until};
use crate::world::{World, profile};

#[test]
fn a_session_is_a_cookie_that_scripts_and_other_sites_cannot_use() {
    let server = Server::start();
    let ada = server.administrator();
    let shown = json!({ "name": "ada", "password": PASSWORD });
    let answer = server.anybody().post("/api/v1/session", &shown).expect(201);
    let cookie = answer.header("set-cookie").to_owned();
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    assert_eq!(attributes, "Path=/; HttpOnly; SameSite=Strict");
    let stolen = server.anybody().with("cookie", pair);
    let user = json!({ "name": "mallory", "password": PASSWORD, "roles": ["viewer"] });
    for forged in [
        stolen.clone(),
        stolen.with("origin", "https://evil.example"),
        stolen.with("origin", "null"),
        stolen.with("sec-fetch-site", "cross-site").with("origin", &format!("http://{}", server.address)),
    ] {
        let refused = forged.post("/api/v1/users", &user).expect(403).json();
        assert!(refused["detail"].as_str().unwrap().contains("another site"), "{refused}");
    }
    // A form of another site cannot send JSON without asking first, and is not asked.
    let form = stolen.with("sec-fetch-site", "same-origin").with("content-type", "text/plain");
    form.post("/api/v1/users", &user).expect(415);
    ada.get("/api/v1/users/mallory").expect(404);
    stolen.with("sec-fetch-site", "same-origin").post("/api/v1/users", &user).expect(201);
}

#[test]
fn every_answer_tells_a_browser_what_it_may_do() {
    let server = Server::start();
    for (path, status) in [("/", 200), ("/api/v1/users", 401), ("/nowhere", 404), ("/openapi.json", 200)] {
        let answer = server.anybody().get(path).expect(status);
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'"), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert_eq!(answer.header("x-request-id").len(), 24, "{path}");
    }
}

/// A site can have its own name point at this machine; then its pages could read our answers.
#[test]
fn a_name_that_is_not_ours_is_not_answered() {
    let server = Server::start();
    for host in ["evil.example", "127.0.0.1.evil.example", "", "a\tb"] {
        server.anybody().with("host", host).get("/api/v1/account").expect(421);
    }
    let port = server.address.port();
    for host in [format!("localhost:{port}"), format!("127.0.0.1:{port}"), "[::1]".into()] {
        server.anybody().with("host", &host).get("/api/v1/account").expect(401);
    }
    // The name in the request line holds before the one in the header.
    let named = format!(
        "GET http://evil.example/api/v1/account HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n",
        server.address
    );
    let answer = crate::server::read_answer(server.anybody().send(&named)).unwrap();
    assert_eq!(answer.status, 421);
}

#[test]
fn whoever_guesses_waits_and_the_right_password_does_not_help_meanwhile() {
    let server = Server::start();
    let ada = server.administrator();
    let wrong = json!({ "name": "ada", "password": "wrong horse battery staple" });
    let answers = (0..8).map(|_| server.anybody().post("/api/v1/session", &wrong));
    let statuses = answers.map(|answer| answer.status).collect::<Vec<_>>();
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429, 429, 429]);
    let right = json!({ "name": "ada", "password": PASSWORD });
    let locked = server.anybody().post("/api/v1/session", &right).expect(429);
    assert_eq!(locked.header("retry-after"), "1");
    let problem = locked.json();
    assert_eq!(problem["detail"], "too many attempts have failed");
    assert_eq!(problem["hint"], "try again in a second");
    // Others at the same address do not wait for it. Whatever one writes into a header, he is where he is.
    let moved = server.anybody().with("x-forwarded-for", "203.0.113.9");
    moved.post("/api/v1/session", &json!({ "name": "else", "password": "x" })).expect(401);
    let line = ada.get("/api/v1/audit?limit=1").expect(200).json();
    assert_eq!(line["items"][0]["address"], "127.0.0.1");
}

/// Behind a proxy that is not known all clients would share one client's part, and nobody would know why.
#[test]
fn a_forwarded_address_that_is_not_believed_is_told_once_with_the_setting_to_make() {
    let server = Server::start();
    let told = |server: &Server| {
        let log = server.log();
        log.into_iter().filter(|line| line["event"] == "forwarded address not believed").collect::<Vec<_>>()
    };
    server.anybody().get("/").expect(200);
    for (name, value) in
        [("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=203.0.113.9"), ("x-real-ip", "1.2.3.4")]
    {
        server.anybody().with(name, value).get("/api/v1/account").expect(401);
    }
    server.anybody().get("/reference").expect(200);
    until(|| server.log().iter().any(|line| line["route"] == "/reference").then_some(()));
    let lines = told(&server);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!((&lines[0]["level"], &lines[0]["header"]), (&json!("warn"), &json!("x-forwarded-for")));
    let hint = lines[0]["hint"].as_str().unwrap();
    assert!(hint.ends_with("trusted_proxies = [\"127.0.0.1\"]"), "{hint}");

    // Once it is made, there is nothing to tell.
    let (_, world) = server.stop();
    std::fs::remove_file(world.path("log")).unwrap();
    world.write("plimsoll.toml", "trusted_proxies = [\"127.0.0.1\"]\n");
    let server = Server::start_in(world, &["--config", "plimsoll.toml"]);
    server.anybody().with("x-forwarded-for", "203.0.113.9").get("/reference").expect(200);
    until(|| server.log().iter().any(|line| line["route"] == "/reference").then_some(()));
    assert_eq!(told(&server).len(), 0);
    assert!(server.log().iter().any(|line| line["address"] == "203.0.113.9"));
}

#[test]
fn what_a_proxy_of_ours_adds_is_an_address_with_a_port_too_or_it_is_told_once() {
    let world = World::new();
    world.write("plimsoll.toml", "trusted_proxies = [\"127.0.0.1\"]\n");
    let server = Server::start_in(world, &["--config", "plimsoll.toml"]);
    let from = |hops: &str| server.anybody().with("x-forwarded-for", hops).get("/api/v1/account").expect(401);
    from("203.0.113.9:4711");
    from("unknown, [2001:db8::1]:80");
    for _ in 0..3 {
        from("203.0.113.8, unknown");
    }
    server.anybody().get("/reference").expect(200);
    until(|| server.log().iter().any(|line| line["route"] == "/reference").then_some(()));
    let log = server.log();
    let asked = log.iter().filter(|line| line["route"] == "/api/v1/account");
    let found: Vec<_> = asked.map(|line| line["address"].as_str().unwrap()).collect();
    assert_eq!(found, ["203.0.113.9", "2001:db8::1", "127.0.0.1", "127.0.0.1", "127.0.0.1"]);
    let told: Vec<_> =
        log.iter().filter(|line| line["event"] == "forwarded address not understood").collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((&told[0]["proxy"], &told[0]["found"]), (&json!("127.0.0.1"), &json!("unknown")));
    assert_eq!(told[0]["level"], "warn");
}

/// A proxy on the way may ask for a password of its own, and the browser sends that to us too.
#[test]
fn another_scheme_is_named_and_hides_no_session() {
    let server = Server::start();
    let ada = server.administrator();
    let basic = server.anybody().with("authorization", "Basic YWRhOng=");
    let refused = basic.get("/api/v1/account").expect(401).json();
    assert_eq!(refused["detail"], "the scheme in `Authorization` is another than `Bearer`");
    assert!(refused["hint"].as_str().unwrap().contains("the scheme must be Bearer"), "{refused}");
    ada.with("authorization", "Basic YWRhOng=").get("/api/v1/account").expect(200);
    // A token that opens nothing is no session, whatever comes with it.
    for token in ["Bearer plim_x", "Bearer"] {
        let refused = ada.with("authorization", token).get("/api/v1/account").expect(401).json();
        assert!(refused["hint"].as_str().unwrap().contains("plim_"), "{refused}");
    }
}

#[test]
fn behind_a_proxy_that_is_trusted_the_client_is_who_it_says() {
    let world = World::new();
    world.write("plimsoll.toml", "trusted_proxies = [\"127.0.0.0/8\"]\n");
    let server = Server::start_in(world, &["--config", "plimsoll.toml"]);
    let ada = server.administrator();
    let from = |address: &str| server.anybody().with("x-forwarded-for", address);
    // Four times each name: no account is slowed before the address is.
    let failed = (0..200).find(|number| {
        let wrong = json!({ "name": format!("user{}", number / 4), "password": "x" });
        from("203.0.113.9").post("/api/v1/session", &wrong).status == 429
    });
    assert!((100..110).contains(&failed.unwrap()), "{failed:?}: one is forgotten every 45 s");
    from("203.0.113.9").post("/api/v1/session", &json!({ "name": "ada", "password": PASSWORD })).expect(429);
    from("9.9.9.9, 203.0.113.9")
        .post("/api/v1/session", &json!({ "name": "x2", "password": "x" }))
        .expect(429);
    from("203.0.113.10").post("/api/v1/session", &json!({ "name": "ada", "password": PASSWORD })).expect(201);
    let line = ada.get("/api/v1/audit?limit=1").expect(200).json();
    assert_eq!(line["items"][0]["address"], "203.0.113.10");
    assert!(line["next"].is_string());
}

#[test]
fn who_is_shut_out_is_out_at_once() {
    let server = Server::start();
    let ada = server.administrator();
    let olga = server.user(&ada, "olga", &["operator"]);
    let token = olga.token(&["account.read"]);
    let other = server.sign_in("olga");
    let sessions = olga.get("/api/v1/account/sessions").expect(200).json();
    let of_other = sessions["items"].as_array().unwrap().iter().find(|one| one["current"] == false).unwrap();
    olga.delete(&format!("/api/v1/account/sessions/{}", of_other["id"].as_str().unwrap())).expect(204);
    other.get("/api/v1/account").expect(401);
    olga.get("/api/v1/account").expect(200);
    let id =
        olga.get("/api/v1/account/tokens").expect(200).json()["items"][0]["id"].as_str().unwrap().to_owned();
    ada.delete(&format!("/api/v1/users/olga/tokens/{id}")).expect(204);
    token.get("/api/v1/account").expect(401);
    ada.post("/api/v1/users/olga/disable", &json!({})).expect(400);
    ada.ask("POST", "/api/v1/users/olga/disable", None).expect(204);
    olga.get("/api/v1/account").expect(401);
    server.anybody().post("/api/v1/session", &json!({ "name": "olga", "password": PASSWORD })).expect(401);
    ada.ask("POST", "/api/v1/users/olga/enable", None).expect(204);
    let olga = server.sign_in("olga");
    olga.delete("/api/v1/session").expect(204);
    olga.get("/api/v1/account").expect(401);
    // The last administrator stays.
    ada.ask("POST", "/api/v1/users/ada/disable", None).expect(409);
    ada.put("/api/v1/users/ada/roles", &json!({ "roles": ["viewer"] })).expect(409);
}

#[test]
fn a_live_answer_ends_for_who_is_shut_out() {
    let server = Server::start();
    let ada = server.administrator();
    let rita = server.user(&ada, "rita", &["reviewer"]);
    let mut events = rita.follow("/api/v1/audit/events", None);
    for _ in 0..4 {
        events.next().unwrap();
    }
    ada.ask("POST", "/api/v1/users/rita/disable", None).expect(204);
    let (_, kind, why) = events.find(|(_, kind, _)| kind != "done").unwrap();
    assert_eq!(kind, "problem", "{why}");
    assert!(events.next().is_none());
}

/// Rights are looked at when an act is made and not when its request begins.
#[test]
fn what_was_begun_is_not_done_for_who_is_shut_out_meanwhile() {
    let server = Server::start();
    let ada = server.administrator();
    let user = |name: &str| json!({ "name": name, "password": PASSWORD, "roles": ["viewer"] }).to_string();
    let carl = server.user(&ada, "carl", &["administrator"]);
    // Half of a body before, the other half after; as a user and as a session that has ended.
    let token = json!({ "label": "t", "scopes": ["account.read"], "days": 1 }).to_string();
    let olga = server.user(&ada, "olga", &["operator"]);
    let mut halves = Vec::new();
    for (actor, path, body) in [(&carl, "users", user("late")), (&olga, "account/tokens", token)] {
        let headers: String =
            actor.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let head = format!(
            "POST /api/v1/{path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n{headers}\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            server.address,
            body.len()
        );
        let (before, after) = body.split_at(10);
        halves.push((actor.send(&format!("{head}{before}")), after.to_owned()));
    }
    // Others wait for their turn to hash a password.
    let names: Vec<String> = (0..40).map(|number| format!("waiting-{number}")).collect();
    std::thread::scope(|scope| {
        for name in &names {
            scope.spawn(|| carl.ask("POST", "/api/v1/users", Some(&user(name))));
        }
        until(|| (ada.get("/api/v1/users/waiting-1").status == 404).then_some(()));
        until(|| (count_users(&ada) > 4).then_some(()));
        ada.ask("POST", "/api/v1/users/carl/disable", None).expect(204);
    });
    let there = |name: &String| ada.get(&format!("/api/v1/users/{name}")).status == 200;
    let done = names.iter().filter(|name| there(name)).count();
    assert!(done < names.len(), "all of them were done before anybody was shut out");
    let trail = ada.get("/api/v1/audit/export").expect(200).body;
    let acts: Vec<&str> = trail.lines().filter(|line| line.contains("\"outcome\":\"done\"")).collect();
    let disabled = acts.iter().position(|line| line.contains("user.disable")).unwrap();
    let later = acts[disabled..].iter().filter(|line| line.contains("\"actor\":\"carl\"")).count();
    assert_eq!(later, 0, "{trail}");
    ada.delete("/api/v1/users/olga/sessions").expect(204);
    for (mut reader, after) in halves {
        reader.get_mut().write_all(after.as_bytes()).unwrap();
        assert_eq!(read_answer(reader).unwrap().status, 401);
    }
    ada.get("/api/v1/users/late").expect(404);
    let tokens = ada.get("/api/v1/users/olga/tokens").expect(200).json();
    assert_eq!(tokens["items"], json!([]));
}

fn count_users(actor: &Actor) -> usize {
    actor.get("/api/v1/users?limit=500").expect(200).json()["items"].as_array().unwrap().len()
}

#[test]
fn a_download_ends_for_who_is_shut_out() {
    let server = Server::start();
    let ada = server.administrator();
    let cleo = server.user(&ada, "cleo", &["certifier"]).with("content-type", "application/toml");
    // More than a connection can hold on its way.
    let criteria = profile(&[("errors", "errors", "1 %")]);
    for number in 0..800 {
        let text = format!("# {number}\n# {}\n{}", "x".repeat(30_000), criteria);
        cleo.ask("PUT", "/api/v1/profiles/test", Some(&text)).expect(204);
    }
    let dora = server.user(&ada, "dora", &["administrator"]);
    let whole = ada.get("/api/v1/journal/export").expect(200).body.len();
    let headers: String = dora.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!("GET /api/v1/journal/export HTTP/1.1\r\nhost: {}\r\n{headers}\r\n", server.address);
    let mut reader = dora.send(&head);
    let mut begun = [0; 2_000];
    reader.read_exact(&mut begun).unwrap();
    ada.ask("POST", "/api/v1/users/dora/disable", None).expect(204);
    let mut rest = Vec::new();
    // The connection is cut: it may look like an end or like an error.
    let _ = reader.read_to_end(&mut rest);
    assert!(begun.starts_with(b"HTTP/1.1 200 OK"));
    assert!(!rest.ends_with(b"0\r\n\r\n") && rest.len() < whole, "{} of {whole}", rest.len());
}

#[test]
fn a_role_can_demand_a_second_factor_and_nothing_else_goes_before() {
    let world = World::new();
    world.write("plimsoll.toml", "[sign_in]\nsecond_factor_for = [\"administrator\"]\n");
    let server = Server::start_in(world, &["--config", "plimsoll.toml"]);
    let ada = server.administrator();
    let refused = ada.get("/api/v1/users").expect(403).json();
    assert_eq!(refused["detail"], "a second factor must be set up first");
    let offered =
        ada.post("/api/v1/account/second-factor", &json!({ "current": PASSWORD })).expect(201).json();
    let secret = offered["secret"].as_str().unwrap();
    assert!(offered["uri"].as_str().unwrap().starts_with("otpauth://totp/Plimsoll:ada?secret="), "{offered}");
    let codes =
        ada.put("/api/v1/account/second-factor", &json!({ "code": code(secret, 0) })).expect(201).json();
    let codes = codes["recovery_codes"].as_array().unwrap();
    assert_eq!(codes.len(), 10);
    ada.get("/api/v1/users").expect(200);
    // From now on the password alone opens nothing; the next code or a recovery code does.
    let shown = json!({ "name": "ada", "password": PASSWORD });
    let asked = server.anybody().post("/api/v1/session", &shown).expect(401).json();
    assert_eq!(asked["type"], "urn:plimsoll:problem:code-needed");
    let with = |code: &str| json!({ "name": "ada", "password": PASSWORD, "code": code });
    server.anybody().post("/api/v1/session", &with(&code(secret, 1))).expect(201);
    server.anybody().post("/api/v1/session", &with(codes[0].as_str().unwrap())).expect(201);
    server.anybody().post("/api/v1/session", &with(codes[0].as_str().unwrap())).expect(401);
}

#[test]
fn no_secret_stands_in_the_log_or_the_journal() {
    let server = Server::start();
    let link = server.link.clone().unwrap();
    let ada = server.administrator();
    let issued =
        ada.post("/api/v1/account/tokens", &json!({ "label": "x", "scopes": [], "days": 1 })).expect(201);
    let token = issued.json()["token"].as_str().unwrap().to_owned();
    let offered =
        ada.post("/api/v1/account/second-factor", &json!({ "current": PASSWORD })).expect(201).json();
    let typed = "this one was typed into the name field";
    server.anybody().post("/api/v1/session", &json!({ "name": typed, "password": "x" })).expect(401);
    server.anybody().get(&format!("/nowhere?token={token}")).expect(404);
    // What does not fit is not told word by word.
    for body in [json!(typed), json!({ "name": "ada", "password": 123_456_789_012_u64 }), json!({ typed: 1 })]
    {
        server.anybody().post("/api/v1/session", &body).expect(400);
    }
    let cookie = ada.headers.iter().find(|(name, _)| name == "cookie").unwrap().1.split_once('=').unwrap().1;
    let journal = ada.get("/api/v1/journal/export").expect(200).body;
    assert!(journal.contains("user.created") || journal.contains("user_created"), "{journal}");
    let (_, world) = server.stop();
    let log = std::fs::read_to_string(world.path("log")).unwrap();
    for secret in
        [PASSWORD, &link, &token, cookie, offered["secret"].as_str().unwrap(), typed, "123456789012"]
    {
        assert!(!log.contains(secret), "{secret} is in the log");
        assert!(!journal.contains(secret), "{secret} is in the journal");
    }
}

#[test]
fn measurements_are_open_on_this_machine_and_not_to_whom_a_proxy_brings() {
    let server = Server::start();
    let vera = server.user(&server.administrator(), "vera", &["viewer", "operator"]);
    let local = server.anybody().get("/metrics").expect(200);
    assert!(local.header("content-type").starts_with("application/openmetrics-text; version=1.0.0"));
    assert!(local.body.ends_with("# EOF\n") && local.body.contains("plimsoll_ready 1\n"), "{}", local.body);
    for (name, value) in
        [("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=203.0.113.9"), ("x-real-ip", "1.2.3.4")]
    {
        server.anybody().with(name, value).get("/metrics").expect(401);
        vera.token(&["metrics.read"]).with(name, value).get("/metrics").expect(200);
    }
}
