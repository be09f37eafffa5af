//! Every role over every route: the table of role by action is what the server does.

use std::collections::BTreeSet;

use plimsoll_policy::{Action, Role, roles_for};
use serde_json::{Value, json};

use crate::server::{Actor, Server};

/// A route as the reference tells of it.
struct Route {
    method: String,
    path: String,
    action: Option<Action>,
}

fn routes(server: &Server) -> Vec<Route> {
    let document = server.anybody().get("/openapi.json").expect(200).json();
    let paths = document["paths"].as_object().unwrap();
    let mut routes = Vec::new();
    for (path, operations) in paths {
        for (method, operation) in operations.as_object().unwrap() {
            let action = operation["x-action"].as_str().map(|name| name.parse().unwrap());
            routes.push(Route { method: method.to_uppercase(), path: path.clone(), action });
        }
    }
    assert!(routes.len() > 30, "{} routes", routes.len());
    routes
}

/// Nothing of the kind exists: whoever may ask learns that, and nothing is changed.
fn filled(path: &str) -> String {
    let id = "0".repeat(64);
    path.replace("{name}", "nobody-here").replace("{id}", &id).replace("{position}", "999999999")
}

/// What it does to its own caller is asked for elsewhere.
fn ends_the_caller(route: &Route) -> bool {
    route.method == "DELETE" && route.path == "/api/v1/session"
}

/// An action without a route would be a promise that nobody keeps.
#[test]
fn every_action_has_its_routes_and_none_is_asked_for_that_is_not_in_the_table() {
    let server = Server::start();
    let asked = routes(&server).into_iter().filter_map(|route| route.action).collect::<BTreeSet<_>>();
    let known = Action::ALL.iter().copied().collect::<BTreeSet<_>>();
    assert_eq!(asked, known);
}

fn ask(actor: &Actor, route: &Route) -> (u16, Value) {
    let body = (["POST", "PUT"].contains(&route.method.as_str())).then_some("{}");
    let answer = actor.ask(&route.method, &filled(&route.path), body);
    (answer.status, serde_json::from_str(&answer.body).unwrap_or(Value::Null))
}

fn is_denied(status: u16, body: &Value) -> bool {
    // Denied by the policy, and not by what the act itself demands.
    status == 403 && body["detail"].as_str().is_some_and(|detail| detail.contains('`'))
}

#[test]
fn every_role_may_do_over_every_route_what_the_table_says() {
    let server = Server::start();
    let ada = server.administrator();
    let routes = routes(&server);
    for role in Role::ALL {
        let name = format!("only-{role}");
        let session = server.user(&ada, &name, &[role.name()]);
        for route in routes.iter().filter(|route| !ends_the_caller(route)) {
            let (status, body) = ask(&session, route);
            let open = |action| action == Action::MetricsRead || roles_for(action).contains(&role);
            let may = route.action.is_none_or(open);
            let what = format!("{role} {} {}: {status} {body}", route.method, route.path);
            assert_eq!(is_denied(status, &body), !may, "{what}");
            assert_ne!(status, 401, "{what}");
            assert!(status < 500, "{what}");
        }
    }
}

#[test]
fn nobody_unknown_may_do_anything_but_come_in() {
    let server = Server::start();
    let strangers = [
        server.anybody(),
        server
            .anybody()
            .with("authorization", "Bearer plim_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAMDXu4u"),
        server.anybody().with("authorization", "Bearer nonsense"),
        server.anybody().with("authorization", "Basic YTpi"),
        server.anybody().with("cookie", "plimsoll=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
    ];
    let mut open = BTreeSet::new();
    for route in routes(&server) {
        for stranger in &strangers {
            let (status, _) = ask(stranger, &route);
            match route.action {
                // The tests are on this machine.
                Some(Action::MetricsRead) => assert_eq!(status, 200),
                Some(_) => assert_eq!(status, 401, "{} {}", route.method, route.path),
                // Nobody can end a session without one.
                None if ends_the_caller(&route) => assert_eq!(status, 401),
                None => {
                    assert!(status < 500, "{} {}", route.method, route.path);
                    open.insert((route.method.clone(), route.path.clone()));
                }
            }
        }
    }
    let open = open.iter().map(|(method, path)| format!("{method} {path}")).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(open);
}

#[test]
fn a_token_reaches_as_far_as_its_scopes_and_its_owner_whichever_is_less() {
    let server = Server::start();
    let ada = server.administrator();
    let olga = server.user(&ada, "olga", &["operator"]);
    let possible = |action: &Action| roles_for(*action).contains(&Role::Operator) && !action.needs_session();
    let (all, none): (Vec<Action>, Vec<Action>) = Action::ALL.iter().partition(|action| possible(action));
    let all: Vec<&str> = all.iter().map(|action| action.name()).collect();
    for action in none {
        // A token that would be for nothing is not given out, and it is said which part of it would be.
        let wanted = json!({ "label": "x", "scopes": [all[0], action.name()], "days": 1 });
        let refused = olga.post("/api/v1/account/tokens", &wanted).expect(422).json();
        assert_eq!(refused["type"], "urn:plimsoll:problem:scope-not-allowed", "{refused}");
        assert!(refused["detail"].as_str().unwrap().contains(&format!("`{action}`")), "{refused}");
        assert!(refused["hint"].as_str().unwrap().ends_with(&all.join(", ")), "{refused}");
    }
    assert_eq!(olga.get("/api/v1/account/tokens").expect(200).json()["items"], json!([]));
    let everything = olga.token(&all);
    let little = olga.token(&["account.read"]);
    for route in routes(&server) {
        let Some(action) = route.action.filter(|action| *action != Action::MetricsRead) else { continue };
        let owner = roles_for(action).contains(&Role::Operator);
        for (token, scope) in [(&everything, true), (&little, action == Action::AccountRead)] {
            let (status, body) = ask(token, &route);
            let may = owner && scope && !action.needs_session();
            assert_eq!(is_denied(status, &body), !may, "{} {}: {status} {body}", route.method, route.path);
        }
    }
    // What the owner loses, the token loses at the same moment.
    ada.put("/api/v1/users/olga/roles", &json!({ "roles": ["viewer"] })).expect(204);
    little.get("/api/v1/account").expect(401);
    olga.get("/api/v1/account").expect(401);
}
