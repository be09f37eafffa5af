//! What keeps strangers out, and what keeps other sites from acting through a browser.

use serde_json::json;

use crate::server::{PASSWORD, Server};
use crate::world::World;

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
    let user = json!({ "name": "mallory", "password": PASSWORD, "roles": [] });
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
    server.administrator();
    let wrong = json!({ "name": "ada", "password": "wrong horse battery staple" });
    let answers = (0..8).map(|_| server.anybody().post("/api/v1/session", &wrong));
    let statuses = answers.map(|answer| answer.status).collect::<Vec<_>>();
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429, 429, 429]);
    let right = json!({ "name": "ada", "password": PASSWORD });
    let locked = server.anybody().post("/api/v1/session", &right).expect(429);
    assert_eq!(locked.header("retry-after"), "1");
    // Whatever a stranger writes into a header, he is where he is.
    let moved = server.anybody().with("x-forwarded-for", "203.0.113.9");
    moved.post("/api/v1/session", &json!({ "name": "else", "password": "x" })).expect(429);
}

#[test]
fn behind_a_proxy_that_is_trusted_the_client_is_who_it_says() {
    let world = World::new();
    world.write("plimsoll.toml", "trusted_proxies = [\"127.0.0.0/8\"]\n");
    let server = Server::start_in(world, &["--config", "plimsoll.toml"]);
    let ada = server.administrator();
    let wrong = json!({ "name": "nobody", "password": "x" });
    let from = |address: &str| server.anybody().with("x-forwarded-for", address);
    for _ in 0..5 {
        from("203.0.113.9").post("/api/v1/session", &wrong).expect(401);
    }
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
    ada.put("/api/v1/users/ada/roles", &json!({ "roles": [] })).expect(409);
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

#[test]
fn a_role_can_demand_a_second_factor_and_nothing_else_goes_before() {
    let world = World::new();
    world.write("plimsoll.toml", "[sign_in]\nsecond_factor_for = [\"administrator\"]\n");
    let server = Server::start_in(world, &["--config", "plimsoll.toml"]);
    let ada = server.administrator();
    let refused = ada.get("/api/v1/users").expect(403).json();
    assert_eq!(refused["detail"], "a second factor must be set up first");
    let offered = ada.ask("POST", "/api/v1/account/second-factor", None).expect(201).json();
    let secret = offered["secret"].as_str().unwrap();
    assert!(offered["uri"].as_str().unwrap().starts_with("otpauth://totp/Plimsoll:ada?secret="), "{offered}");
    ada.put("/api/v1/account/second-factor", &json!({ "code": "000000x" })).expect(401);
    let codes =
        ada.put("/api/v1/account/second-factor", &json!({ "code": totp(secret, 0) })).expect(201).json();
    let codes = codes["recovery_codes"].as_array().unwrap();
    assert_eq!(codes.len(), 10);
    ada.get("/api/v1/users").expect(200);
    // From now on the password alone opens nothing; the next code or a recovery code does.
    let shown = json!({ "name": "ada", "password": PASSWORD });
    let asked = server.anybody().post("/api/v1/session", &shown).expect(401).json();
    assert_eq!(asked["type"], "urn:plimsoll:problem:code-needed");
    let with = |code: &str| json!({ "name": "ada", "password": PASSWORD, "code": code });
    server.anybody().post("/api/v1/session", &with(&totp(secret, 1))).expect(201);
    server.anybody().post("/api/v1/session", &with(codes[0].as_str().unwrap())).expect(201);
    server.anybody().post("/api/v1/session", &with(codes[0].as_str().unwrap())).expect(401);
}

/// RFC 6238 by Python's own hmac, so many steps from now.
fn totp(secret: &str, steps: i64) -> String {
    let program = "import base64,hmac,struct,sys,time\n\
        key=base64.b32decode(sys.argv[1]); step=int(time.time())//30+int(sys.argv[2])\n\
        h=hmac.new(key,struct.pack('>Q',step),'sha1').digest(); o=h[-1]&15\n\
        print('%06d'%((struct.unpack('>I',h[o:o+4])[0]&0x7fffffff)%10**6))";
    let output =
        std::process::Command::new("python3").args(["-c", program, secret, &steps.to_string()]).output();
    String::from_utf8(output.unwrap().stdout).unwrap().trim().to_owned()
}

#[test]
fn no_secret_stands_in_the_log_or_the_journal() {
    let server = Server::start();
    let link = server.link.clone().unwrap();
    let ada = server.administrator();
    let issued =
        ada.post("/api/v1/account/tokens", &json!({ "label": "x", "scopes": [], "days": 1 })).expect(201);
    let token = issued.json()["token"].as_str().unwrap().to_owned();
    let offered = ada.ask("POST", "/api/v1/account/second-factor", None).expect(201).json();
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
