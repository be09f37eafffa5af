//! One's own account: what is asked again of who has come in already, and what ends with a password.

use serde_json::json;

use crate::authenticator::code;
use crate::serve_faults::write;
use crate::server::{Actor, PASSWORD, Server};

const ANOTHER: &str = "drizzle panther octave mulch";

fn change(actor: &Actor, current: &str, new: &str) -> u16 {
    actor.put("/api/v1/account/password", &json!({ "current": current, "new": new })).status
}

#[test]
fn a_wrong_password_or_code_in_a_session_is_refused_and_the_session_stays() {
    let server = Server::start();
    let ada = server.administrator();
    let wrong = json!({ "current": "not the password at all", "new": ANOTHER });
    let refused = ada.put("/api/v1/account/password", &wrong).expect(403);
    assert_eq!(refused.json()["type"], "urn:plimsoll:problem:wrong-password", "{}", refused.body);
    assert_eq!(refused.header("www-authenticate"), "");
    let wrong = json!({ "current": "not the password at all" });
    let refused = ada.post("/api/v1/account/second-factor", &wrong).expect(403).json();
    assert_eq!(refused["type"], "urn:plimsoll:problem:wrong-password", "{refused}");
    ada.ask("POST", "/api/v1/account/second-factor", None).expect(415);
    assert_eq!(ada.get("/api/v1/account").expect(200).json()["second_factor"], false);

    let right = json!({ "current": PASSWORD });
    let offered = ada.post("/api/v1/account/second-factor", &right).expect(201).json();
    let refused = ada.put("/api/v1/account/second-factor", &json!({ "code": "000000x" })).expect(403).json();
    assert_eq!(refused["type"], "urn:plimsoll:problem:wrong-code", "{refused}");
    let code = json!({ "code": code(offered["secret"].as_str().unwrap(), 0) });
    ada.put("/api/v1/account/second-factor", &code).expect(201);
    let refused = ada.post("/api/v1/account/recovery-codes", &code).expect(403).json();
    assert_eq!(refused["type"], "urn:plimsoll:problem:wrong-code", "a code is taken once: {refused}");
    // At the door the same is an answer to nobody.
    let shown = json!({ "name": "ada", "password": PASSWORD, "code": "000000x" });
    server.anybody().post("/api/v1/session", &shown).expect(401);
    ada.get("/api/v1/account").expect(200);
    // Each stands in the audit trail.
    let lines = ada.get("/api/v1/audit").expect(200).json();
    let refused = lines["items"].as_array().unwrap().iter().filter(|line| line["outcome"] == "refused");
    assert_eq!(refused.filter(|line| line["act"] == "account.change").count(), 4, "{lines}");
}

/// Whoever has found a session open does not get on by guessing the password in it.
#[test]
fn guessing_in_a_session_is_slowed_as_at_the_door() {
    let server = Server::start();
    let ada = server.administrator();
    let guess = json!({ "current": "not the password at all" });
    let statuses: Vec<u16> =
        (0..8).map(|_| ada.post("/api/v1/account/second-factor", &guess).status).collect();
    assert_eq!((statuses[0], statuses[7]), (403, 429), "{statuses:?}");
    let right = json!({ "name": "ada", "password": PASSWORD });
    server.anybody().post("/api/v1/session", &right).expect(429);
    ada.get("/api/v1/account").expect(200);
}

#[test]
fn another_password_ends_sessions_and_tokens_whoever_gives_it() {
    let server = Server::start();
    let ada = server.administrator();
    let olga = server.user(&ada, "olga", &["operator"]);
    let (elsewhere, program) = (server.sign_in("olga"), olga.token(&["account.read"]));
    let others = ada.token(&["account.read"]);
    assert_eq!(change(&olga, "not the password at all", ANOTHER), 403);
    assert_eq!(change(&olga, PASSWORD, "password1234"), 400);
    for one in [&olga, &elsewhere, &program] {
        one.get("/api/v1/account").expect(200);
    }
    assert_eq!(change(&olga, PASSWORD, ANOTHER), 204);
    for one in [&olga, &elsewhere, &program] {
        one.get("/api/v1/account").expect(401);
    }
    // An administrator's reset does the same, and it lasts.
    ada.put("/api/v1/users/olga/password", &json!({ "password": PASSWORD })).expect(204);
    let olga = server.sign_in("olga");
    let program = olga.token(&["account.read"]);
    ada.put("/api/v1/users/olga/password", &json!({ "password": ANOTHER })).expect(204);
    let server = Server::start_in(server.kill(), &[]);
    let at = |actor: &Actor| Actor { address: server.address, ..actor.clone() };
    for ended in [&olga, &program] {
        at(ended).get("/api/v1/account").expect(401);
    }
    for other in [&ada, &others] {
        at(other).get("/api/v1/account").expect(200);
    }
}

/// What an administrator may do to others he may not do to himself: who has found his session open would have it all.
#[test]
fn an_administrator_resets_others_and_not_himself() {
    let server = Server::start();
    let ada = server.administrator();
    let offered =
        ada.post("/api/v1/account/second-factor", &json!({ "current": PASSWORD })).expect(201).json();
    let confirmed = json!({ "code": code(offered["secret"].as_str().unwrap(), 0) });
    ada.put("/api/v1/account/second-factor", &confirmed).expect(201);
    let another = json!({ "password": ANOTHER });
    let refused = ada.put("/api/v1/users/ada/password", &another).expect(403).json();
    assert!(refused["hint"].as_str().unwrap().starts_with("PUT /api/v1/account/password"), "{refused}");
    let refused = ada.delete("/api/v1/users/ada/second-factor").expect(403).json();
    assert!(refused["hint"].as_str().unwrap().contains("recovery code"), "{refused}");
    let account = ada.get("/api/v1/account").expect(200).json();
    assert_eq!(account["second_factor"], true, "{account}");
    let lines = ada.get("/api/v1/audit?limit=2").expect(200).json();
    for line in lines["items"].as_array().unwrap() {
        assert_eq!((&line["act"], &line["outcome"]), (&json!("user.reset"), &json!("refused")), "{lines}");
    }
    // Another administrator may.
    let carl = server.user(&ada, "carl", &["administrator"]);
    carl.delete("/api/v1/users/ada/second-factor").expect(204);
    carl.put("/api/v1/users/ada/password", &another).expect(204);
    ada.get("/api/v1/account").expect(401);
    let shown = json!({ "name": "ada", "password": ANOTHER });
    server.anybody().post("/api/v1/session", &shown).expect(201);
}

#[test]
fn nobody_is_left_without_a_role() {
    let server = Server::start();
    let ada = server.administrator();
    let vera = server.user(&ada, "vera", &["viewer"]);
    let nothing = json!({ "name": "nina", "password": PASSWORD, "roles": [] });
    for refused in [
        ada.post("/api/v1/users", &nothing).expect(400).json(),
        ada.put("/api/v1/users/vera/roles", &json!({ "roles": [] })).expect(400).json(),
    ] {
        assert!(refused["hint"].as_str().unwrap().contains("viewer, operator"), "{refused}");
    }
    ada.get("/api/v1/users/nina").expect(404);
    let account = vera.get("/api/v1/account").expect(200).json();
    assert_eq!(account["roles"], json!(["viewer"]));
    // The reference says so too.
    let document = server.anybody().get("/openapi.json").expect(200).json();
    for wanted in ["WantedUser", "WantedRoles"] {
        let roles = &document["components"]["schemas"][wanted]["properties"]["roles"];
        assert_eq!(roles["minItems"], 1, "{roles}");
    }
}

/// A journal of an earlier version may have somebody without a role.
#[test]
fn whoever_has_signed_in_can_sign_out() {
    let server = Server::start();
    server.administrator();
    let (_, world) = server.stop();
    let stripped = r#"{"v":1,"event":{"roles_changed":{"user":"ada","roles":[],"by":null}}}"#;
    write(&world, 0, "identity", "roles.changed", &[vec![stripped.to_string()]]);
    let server = Server::start_in(world, &[]);
    let ada = server.sign_in("ada");
    ada.get("/api/v1/account").expect(403);
    let origin = ada.headers.iter().find(|(name, _)| name == "origin").unwrap().1.clone();
    // Whoever has not signed in has nothing to sign out of.
    server.anybody().with("origin", &origin).delete("/api/v1/session").expect(401);
    ada.delete("/api/v1/session").expect(204);
    let ended = ada.get("/api/v1/account").expect(401).json();
    assert_eq!(ended["detail"], "the session has ended", "{ended}");
}
