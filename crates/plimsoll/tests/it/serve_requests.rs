//! Requests as they should be, and as they should not be.

use std::io::{BufRead, Read, Write};

use plimsoll_process::monotonic_ns;
use plimsoll_proof::{Digest, SignedCheckpoint};
use serde_json::{Value, json};

use crate::server::{PASSWORD, Server, read_answer, until};

#[test]
fn the_reference_is_what_it_was() {
    let server = Server::start();
    let document = server.anybody().get("/openapi.json").expect(200).json();
    assert_eq!(document["openapi"], "3.1.0");
    insta::assert_snapshot!(serde_json::to_string_pretty(&document).unwrap());
}

#[test]
fn what_is_sent_twice_under_one_key_is_done_once() {
    let server = Server::start();
    let ada = server.administrator();
    let user = |name: &str| json!({ "name": name, "password": PASSWORD, "roles": ["viewer"] });
    let keyed = ada.with("idempotency-key", "a-1");
    let first = keyed.post("/api/v1/users", &user("olga")).expect(201);
    let second = keyed.post("/api/v1/users", &user("olga")).expect(201);
    assert_eq!((second.json(), second.header("location")), (first.json(), first.header("location")));
    assert_eq!((first.header("idempotent-replayed"), second.header("idempotent-replayed")), ("", "true"));
    ada.post("/api/v1/users", &user("olga")).expect(409);
    // Under somebody else's key it is another request.
    let bob = server.user(&ada, "bob", &["administrator"]).with("idempotency-key", "a-1");
    bob.post("/api/v1/users", &user("olga")).expect(409);

    let token = json!({ "label": "x", "scopes": ["account.read"], "days": 1 });
    let keyed = ada.with("idempotency-key", "a-2");
    keyed.post("/api/v1/account/tokens", &token).expect(201);
    let again = keyed.post("/api/v1/account/tokens", &token).expect(409).json();
    assert_eq!(again["detail"], "this was done, and its answer is shown only once");
    assert_eq!(ada.get("/api/v1/account/tokens").json()["items"].as_array().unwrap().len(), 1);

    // It is remembered after a kill.
    let server = Server::start_in(server.kill(), &[]);
    let ada = server.sign_in("ada").with("idempotency-key", "a-1");
    let third = ada.post("/api/v1/users", &user("olga")).expect(201);
    assert_eq!(third.header("idempotent-replayed"), "true");
    // And what is another request under the same key is told so.
    let disable = server.sign_in("ada").with("idempotency-key", "a-3");
    disable.ask("POST", "/api/v1/users/olga/disable", None).expect(204);
    disable.ask("POST", "/api/v1/users/olga/disable", None).expect(204);
    disable.ask("POST", "/api/v1/users/bob/disable", None).expect(422);
}

#[test]
fn a_key_is_for_one_request_and_what_is_kept_of_it_tells_nothing_of_a_secret() {
    let server = Server::start();
    let ada = server.administrator();
    let user = |password: &str| json!({ "name": "olga", "password": password, "roles": ["operator"] });
    let another = "drizzle panther octave mulch";
    let keyed = ada.with("idempotency-key", "a-1");
    keyed.post("/api/v1/users", &user(PASSWORD)).expect(201);
    let refused = keyed.post("/api/v1/users", &user(another)).expect(422).json();
    assert_eq!(refused["detail"], "another request was sent under this idempotency key");
    server.sign_in("olga");
    // Where the answer is shown only once, too.
    let token = |label: &str| json!({ "label": label, "scopes": [], "days": 1 });
    ada.with("idempotency-key", "a-2").post("/api/v1/account/tokens", &token("x")).expect(201);
    ada.with("idempotency-key", "a-2").post("/api/v1/account/tokens", &token("y")).expect(422);

    // Whoever reads the store, and guesses the password, does not see that he is right.
    let journal = server.world.path("state/plimsoll/data/journal");
    let files = std::fs::read_dir(journal).unwrap().map(|file| std::fs::read(file.unwrap().path()).unwrap());
    let stored = files.collect::<Vec<_>>().concat();
    let stands = |digest: Digest| {
        let text = digest.to_string();
        stored.windows(text.len()).any(|found| found == text.as_bytes())
    };
    assert!(stands(Digest::of(b"ada\ncreate_user\na-1")), "what is kept is not where it is looked for");
    let body = user(PASSWORD).to_string();
    for guess in [body.clone(), format!("/api/v1/users\n{body}"), PASSWORD.to_owned()] {
        assert!(!stands(Digest::of(guess.as_bytes())), "the digest of `{guess}` stands there");
    }

    // The next start of the server knows it again.
    let server = Server::start_in(server.kill(), &[]);
    let keyed = server.sign_in("ada").with("idempotency-key", "a-1");
    assert_eq!(
        keyed.post("/api/v1/users", &user(PASSWORD)).expect(201).header("idempotent-replayed"),
        "true"
    );
    keyed.post("/api/v1/users", &user(another)).expect(422);
}

#[test]
fn many_at_once_under_one_key_are_one() {
    let server = Server::start();
    let ada = server.administrator().with("idempotency-key", "k");
    let user = json!({ "name": "olga", "password": PASSWORD, "roles": ["viewer"] });
    let answers: Vec<(u16, String)> = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let answer = ada.post("/api/v1/users", &user);
                    (answer.status, answer.body)
                })
            })
            .collect();
        asked.into_iter().map(|asked| asked.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(answers[0].0, 201);
}

#[test]
fn what_was_begun_is_done_although_the_client_goes_away() {
    let server = Server::start();
    let ada = server.administrator();
    let body = json!({ "name": "olga", "password": PASSWORD, "roles": ["viewer"] }).to_string();
    let fields = ada.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect::<String>();
    let head = format!("POST /api/v1/users HTTP/1.1\r\nhost: {}\r\n{fields}", server.address);
    let length = body.len();
    drop(
        ada.send(&format!("{head}content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}")),
    );
    until(|| (ada.get("/api/v1/users/olga").status == 200).then_some(()));
}

#[test]
fn pages_hold_everything_once_and_a_cursor_is_one_that_was_given() {
    let server = Server::start();
    let ada = server.administrator();
    for number in 0..12 {
        let wanted =
            json!({ "name": format!("user-{number:02}"), "password": PASSWORD, "roles": ["viewer"] });
        ada.post("/api/v1/users", &wanted).expect(201);
    }
    for (list, field, count) in [("/api/v1/users", "name", 13), ("/api/v1/audit", "sequence", 14)] {
        let (mut found, mut path) = (Vec::<Value>::new(), format!("{list}?limit=5"));
        loop {
            let page = ada.get(&path).expect(200).json();
            found.extend(page["items"].as_array().unwrap().iter().map(|item| item[field].clone()));
            let Some(next) = page["next"].as_str() else { break };
            path = format!("{list}?limit=5&after={next}");
        }
        let mut once: Vec<String> = found.iter().map(Value::to_string).collect();
        once.sort();
        once.dedup();
        assert_eq!((found.len(), once.len()), (count, count), "{list}: {found:?}");
    }
    let sequences = ada.get("/api/v1/audit?limit=3").json();
    assert_eq!(
        sequences["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| line["sequence"].clone())
            .collect::<Vec<_>>(),
        [14, 13, 12]
    );
    for query in [
        "after=x",
        "after=",
        "after=a%00",
        "limit=0",
        "limit=501",
        "limit=-1",
        "limit=x",
        "page=2",
        "limit=1&limit=2",
    ] {
        for list in ["/api/v1/users", "/api/v1/audit"] {
            let refused = ada.get(&format!("{list}?{query}"));
            assert_eq!(refused.status, 400, "{list}?{query}: {}", refused.body);
        }
    }
}

#[test]
fn live_events_come_in_order_and_are_resumed_without_a_gap() {
    let server = Server::start();
    let ada = server.administrator();
    let mut events = ada.follow("/api/v1/audit/events", None);
    let first: Vec<_> = events.by_ref().take(2).collect();
    assert_eq!(first[0].2["act"], "set_up");
    for number in 0..5 {
        let wanted = json!({ "name": format!("user-{number}"), "password": PASSWORD, "roles": ["viewer"] });
        ada.post("/api/v1/users", &wanted).expect(201);
    }
    let live: Vec<_> = events.by_ref().take(2).map(|(id, _, data)| (id, data["object"].clone())).collect();
    assert_eq!(live, [(Some(3), json!("/api/v1/users/user-0")), (Some(4), json!("/api/v1/users/user-1"))]);
    drop(events);
    let resumed: Vec<_> = ada.follow("/api/v1/audit/events", Some(4)).take(3).map(|(id, ..)| id).collect();
    assert_eq!(resumed, [Some(5), Some(6), Some(7)]);
    ada.with("last-event-id", "x").get("/api/v1/audit/events").expect(400);
}

#[test]
fn what_is_downloaded_is_saved_under_a_name_that_says_what_it_is() {
    let server = Server::start();
    let ada = server.administrator();
    for (path, begins) in [
        ("/api/v1/audit/export", "audit-"),
        ("/api/v1/journal/export", "journal-"),
        ("/api/v1/journal/export?after=3", "journal-after-3-"),
    ] {
        let answer = ada.get(path).expect(200);
        let saved_as = answer.header("content-disposition").strip_prefix("attachment; filename=\"");
        let time = saved_as.and_then(|name| name.strip_prefix(begins)?.strip_suffix(".jsonl\""));
        let time = time.unwrap_or_else(|| panic!("{path}: {}", answer.header("content-disposition")));
        // As in 20261122T093015Z.
        assert_eq!((time.len(), &time[8..9], &time[15..]), (16, "T", "Z"), "{path}: {time}");
        assert!(time.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{path}: {time}");
    }
}

#[test]
fn what_is_malformed_is_refused_with_the_reason() {
    let server = Server::start();
    let ada = server.administrator();
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let huge = format!("{{\"name\":\"{}\"}}", "x".repeat(300 << 10));
    let cases: [(&str, u16, &str); 9] = [
        ("", 400, "EOF"),
        ("{", 400, "EOF"),
        ("[]", 400, "invalid"),
        ("{\"roles\":[]}", 400, "missing field `name`"),
        ("{\"name\":\"a1\",\"name\":\"a2\"}", 400, "duplicate field `name`"),
        (
            "{\"name\":\"olga\",\"password\":\"x\",\"roles\":[],\"admin\":true}",
            400,
            "there is an unknown field",
        ),
        ("{\"name\":\"olga\",\"password\":\"x\",\"roles\":[\"root\"]}", 400, "there is no role `root`"),
        (&deep, 400, "invalid type"),
        (&huge, 413, "length limit"),
    ];
    for (body, status, said) in cases {
        let refused = ada.ask("POST", "/api/v1/users", Some(body));
        let shown: String = body.chars().take(60).collect();
        assert_eq!(refused.status, status, "{shown}: {}", refused.body);
        assert_eq!(refused.header("content-type"), "application/problem+json");
        let problem = refused.json();
        assert!(problem["detail"].as_str().unwrap().contains(said), "{shown}: {problem}");
        assert_eq!(problem["request_id"].as_str().unwrap(), refused.header("x-request-id"));
    }
    let invalid = "POST /api/v1/users HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n\
                   connection: close\r\ncontent-length: 3\r\n\r\n\u{0}{\"";
    assert_eq!(read_answer(server.anybody().send(invalid)).unwrap().status, 401);
    ada.get("/api/v1/users/%00").expect(404);
    ada.get("/api/v1/users/%ff").expect(400);
    ada.get("/api/v1/users/..%2f..%2fetc%2fpasswd").expect(404);
    ada.get("/api/v1/journal/proofs/0").expect(404);
    ada.get("/api/v1/journal/proofs/18446744073709551616").expect(400);
    let wrong = ada.ask("PATCH", "/api/v1/users", None).expect(405);
    assert_eq!(wrong.header("allow"), "GET,HEAD,POST");
    ada.ask("DELETE", "/api/v1/users/ada/second-factor", Some("{}")).expect(400);
}

#[test]
fn broken_requests_and_slow_senders_hold_up_nobody() {
    let server = Server::start();
    let ada = server.administrator();
    for broken in [
        "\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}\u{0}",
    ] {
        let mut reader = server.anybody().send(broken);
        reader.get_mut().shutdown(std::net::Shutdown::Write).unwrap();
        let mut text = String::new();
        // Told so or cut off.
        let _ = reader.read_to_string(&mut text);
        assert!(text.is_empty() || text.starts_with("HTTP/1.1 400"), "{broken:?}: {text}");
    }
    let mut huge =
        server.anybody().send(&format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n", "y".repeat(64 << 10)));
    let mut line = String::new();
    // The connection may be cut before the answer is read.
    let _ = huge.read_line(&mut line);
    assert!(line.is_empty() || line.contains("431"), "{line}");
    // More who send a byte now and then than requests of one address are handled at once, and one who is in a hurry.
    let begun = "POST /api/v1/session HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-le";
    let mut slow: Vec<_> = (0..1_000).map(|_| server.anybody().send(begun)).collect();
    for _ in 0..20 {
        ada.get("/api/v1/account").expect(200);
        slow.iter_mut().for_each(|reader| reader.get_mut().write_all(b"n").unwrap());
    }
    ada.get("/health/ready").expect(200);
    // They were not given up for it.
    let mut last = slow.pop().unwrap();
    last.get_mut().write_all(b": 1\r\n\r\n").unwrap();
    let mut line = String::new();
    last.read_line(&mut line).unwrap();
    assert!(line.starts_with("HTTP/1.1 "), "{line:?}");
}

#[test]
fn a_head_of_32_kib_is_read_and_one_byte_more_is_refused() {
    let server = Server::start();
    let status = |bytes: usize| {
        let (begin, end) =
            ("GET /api/v1/account HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\nx: ", "\r\n\r\n");
        let head = format!("{begin}{}{end}", "y".repeat(bytes - begin.len() - end.len()));
        assert_eq!(head.len(), bytes);
        let mut line = String::new();
        server.anybody().send(&head).read_line(&mut line).unwrap();
        line
    };
    for (bytes, answered) in [(32 << 10, "401"), ((32 << 10) + 1, "431"), (40_000, "431")] {
        let line = status(bytes);
        assert!(line.starts_with(&format!("HTTP/1.1 {answered} ")), "{bytes} bytes: {line}");
    }
}

#[test]
fn nobody_takes_all_there_is() {
    let server = Server::start();
    let ada = server.administrator();
    // A body that is too long is refused before it is sent.
    let long = "POST /api/v1/session HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n\
                content-length: 99999999\r\n\r\n";
    let mut line = String::new();
    ada.send(long).read_line(&mut line).unwrap();
    assert!(line.contains("413"), "{line}");
    // Live answers of one user leave room for those of others.
    let vera = server.user(&ada, "vera", &["reviewer"]);
    let mut held = Vec::new();
    for _ in 0..16 {
        held.push(vera.follow("/api/v1/audit/events", None));
    }
    vera.get("/api/v1/audit/events").expect(429);
    let mut other = ada.follow("/api/v1/audit/events", None);
    assert!(other.next().is_some());
    drop(held);
    until(|| (vera.get("/api/v1/audit/events").status == 200).then_some(()));
    // Who is denied again and again does not fill the journal with it. A minute may end meanwhile.
    let weak = ada.token(&[]);
    let denied = (0..620).map(|_| weak.get("/api/v1/users").status).take_while(|status| *status == 403);
    let denied = denied.count();
    assert!((300..=600).contains(&denied), "{denied}");
    // Nor who asks again and again for what is not there.
    let missing = "/api/v1/account/sessions/00000000000000000000000000000000";
    for _ in 0..620 {
        vera.delete(missing).expect(404);
    }
    let export = ada.get("/api/v1/audit/export").expect(200).body;
    let refused = export.lines().filter(|line| line.contains(missing)).count();
    assert!((300..=600).contains(&refused), "{refused}");
    assert!(export.contains("no more is recorded in this minute"));
    ada.get("/api/v1/users").expect(200);
}

#[test]
fn an_export_of_the_audit_trail_is_covered_by_its_checkpoint() {
    let server = Server::start();
    let ada = server.administrator();
    std::thread::scope(|scope| {
        // Each of these is a line.
        scope.spawn(|| (0..200).for_each(|_| drop(ada.delete("/api/v1/users/nobody/sessions"))));
        for _ in 0..10 {
            let export = ada.get("/api/v1/audit/export").expect(200).body;
            let lines: Vec<Value> = export.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            let (end, lines) = lines.split_last().unwrap();
            let signed = SignedCheckpoint::parse(end["checkpoint"].as_str().unwrap()).unwrap();
            let covered = |line: &Value| line["position"].as_u64().unwrap() <= signed.checkpoint.tree.size;
            assert!(lines.iter().all(covered), "{end}");
            assert_eq!(end["lines"], lines.len());
        }
    });
}

#[test]
fn many_proofs_at_once_hold_up_nobody() {
    let server = Server::start();
    let ada = server.administrator();
    std::thread::scope(|scope| {
        let asked: Vec<_> =
            (0..40).map(|_| scope.spawn(|| ada.get("/api/v1/journal/proofs/1").expect(200).body)).collect();
        let proofs: Vec<String> = asked.into_iter().map(|asked| asked.join().unwrap()).collect();
        assert!(proofs.iter().all(|proof| plimsoll_proof::LogProof::parse(proof).is_ok()));
    });
    server.anybody().get("/health/ready").expect(200);
}

/// The head must be whole within 20 s, the body 10 s later.
#[test]
fn full_slow_senders_are_given_up() {
    let server = Server::start();
    let ada = server.administrator();
    let mut head = ada.send("GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n");
    let begun = "POST /api/v1/session HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n\
                 content-length: 100\r\n\r\n{";
    let mut body = server.anybody().send(begun);
    let begun_ns = monotonic_ns();
    let waited_s = || (monotonic_ns() - begun_ns) / 1_000_000_000;
    let mut line = String::new();
    body.read_line(&mut line).unwrap();
    assert!(line.contains("408"), "{line}");
    assert!((9..20).contains(&waited_s()), "{} s", waited_s());
    // Closed without a word: nothing was asked that could be answered.
    let mut text = String::new();
    head.read_to_string(&mut text).unwrap();
    assert_eq!(text, "");
    assert!((19..40).contains(&waited_s()), "{} s", waited_s());
}

/// Each text has up to 40 KiB, and a list 500 of them.
#[test]
fn lists_of_subjects_and_profiles_have_no_texts() {
    let server = Server::start();
    let ada = server.administrator();
    let olga = server.user(&ada, "olga", &["operator"]);
    let toml = olga.with("content-type", "application/toml");
    let subject = "name = \"x\"\n[target]\nurl = \"http://127.0.0.1:80\"\n[[request]]\npath = \"/\"\n";
    toml.ask("PUT", "/api/v1/subjects/x", Some(subject)).expect(204);
    for (list, one) in [("/api/v1/subjects", "x"), ("/api/v1/profiles", "quick")] {
        let items = olga.get(list).expect(200).json();
        let items = items["items"].as_array().unwrap();
        let listed = items.iter().find(|item| item["name"] == one).unwrap();
        let mut shown = olga.get(&format!("{list}/{one}")).expect(200).json();
        let text = shown.as_object_mut().unwrap().remove("text").unwrap();
        assert_eq!(Digest::of(text.as_str().unwrap().as_bytes()).to_string(), shown["sha256"]);
        assert_eq!(listed, &shown, "the same but for the text");
    }
}
