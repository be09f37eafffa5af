//! Checklists over a subject's own reference: each is passed by a service that does what it says, and each finds one that
//! does not.

use std::path::Path;

use crate::world::{PLIMSOLL, Ran, World, notes_started_by, profile, verdict};

const CONTRACT: (&str, &str, &str) = ("contract", "contract", "0");

/// A subject with a reference that may be tried.
fn with_api(subject: &str) -> String {
    let leave = "authorised_by = \"the tests\"\nrate_cap = \"200/s\"\n[[request]]";
    format!("{}[api]\nopenapi = \"/openapi.json\"\n", subject.replacen("[[request]]", leave, 1))
}

/// One of the services of `examples/broken`, with a reference that may be tried.
fn broken(script: &str) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/broken").join(script);
    let start = format!("exec python3 {} {{port}}", script.display());
    let subject = notes_started_by(&start).replace("path = \"/notes\"\n", "path = \"/health\"\n");
    with_api(&subject[..subject.find("[ledger]").unwrap()])
}

/// The verdict of a criterion that was seen red on its planted defect and green on its sham, in a certificate that
/// verifies.
pub(crate) fn judged(world: &World, ran: &Ran, id: &str) -> String {
    let verified = world.run(&["verify", "certificate"]);
    assert_eq!(verified.code, 0, "{}\n{}\n{}", verified.stdout, verified.stderr, ran.stderr);
    let result = ran.json();
    let criteria = result["criteria"].as_array().unwrap();
    let criterion = criteria.iter().find(|criterion| criterion["id"] == id).unwrap();
    assert_eq!(criterion["control"]["seen_red"], true, "{criterion:#}");
    verdict(&result, id).to_owned()
}

/// The rows of the report that say what went wrong.
pub(crate) fn wrongs(world: &World) -> Vec<String> {
    let report = std::fs::read_to_string(world.path("certificate/report.html")).unwrap();
    let rows = report.split("<tr>").filter(|row| row.contains("no: "));
    rows.map(|row| row.split("</tr>").next().unwrap().to_owned()).collect()
}

fn assert_found(world: &World, expected: &[&str]) {
    let wrongs = wrongs(world);
    for words in expected {
        assert!(wrongs.iter().any(|row| row.contains(words)), "{words}\n{wrongs:#?}");
    }
    assert_eq!(wrongs.len(), expected.len(), "{wrongs:#?}");
}

#[test]
fn the_demo_service_does_what_its_reference_says() {
    let world = World::with_key();
    let ran = world.certify(&with_api(&notes_started_by("exec $SERVE")), &profile(&[CONTRACT]));
    assert_eq!(judged(&world, &ran, "contract"), "PASS", "{:#?}", wrongs(&world));
}

#[test]
fn our_own_server_does_what_its_reference_says() {
    let world = World::with_key();
    let start = format!(
        "XDG_CONFIG_HOME={{dir}} exec {PLIMSOLL} serve --listen 127.0.0.1:{{port}} --data {{dir}}/data"
    );
    let subject = notes_started_by(&start).replace("\"/health\"", "\"/health/live\"");
    let subject = subject.replace("path = \"/notes\"\n", "path = \"/health/live\"\n");
    let subject = with_api(&subject[..subject.find("[ledger]").unwrap()]);
    let ran = world.certify(&subject, &profile(&[CONTRACT]));
    assert_eq!(judged(&world, &ran, "contract"), "PASS", "{:#?}", wrongs(&world));
}

#[test]
fn a_service_that_has_drifted_away_from_its_reference_is_refused() {
    let world = World::with_key();
    let ran = world.certify(&broken("drifted.py"), &profile(&[CONTRACT]));
    assert_eq!((ran.code, judged(&world, &ran, "contract").as_str()), (1, "FAIL"));
    let number = "`/0/price` is string, not number";
    let unread = "200 is no refusal of what the reference does not allow";
    let text = "201 is no refusal of what the reference does not allow";
    assert_found(&world, &[number, unread, unread, text, "the reference does not know 500 here"]);
}

/// Two users, whose credentials the subject's start puts beside its data.
const USERS: &str = "[[api.user]]\nname = \"ann\"\nheader = \"Authorization\"\nfile = \"{dir}/ann\"\nmay = [\"*\"]\n\
                     values = { user = \"ann\" }\n\
                     [[api.user]]\nname = \"bob\"\nheader = \"Authorization\"\nfile = \"{dir}/bob\"\n\
                     may = [\"* /users/*\"]\nvalues = { user = \"bob\" }\n";
const CREDENTIALS: &str = "printf \"Bearer t-ann\" > {dir}/ann; printf \"Bearer t-bob\" > {dir}/bob;";

const ACCESS: (&str, &str, &str) = ("access", "authorisation", "0");
const LIMIT: (&str, &str, &str) = ("limit", "rate-limit", "0");
const RETRIES: (&str, &str, &str) = ("retries", "retried-writes", "0");

/// The demo service with users, a limit and a write that may be sent again.
fn demo_with_promises() -> String {
    let users = "printf \"ann editor t-ann\\nbob writer t-bob\\n\" > {dir}/tokens;";
    let start = format!("{CREDENTIALS} {users} exec $SERVE --tokens {{dir}}/tokens --posts 20");
    let limit = "[limit]\nrequest = { method = \"POST\", path = \"/notes\", body = \"one of many\" }\n\
                 allow = 20\nwindow = \"2s\"\n";
    let retry = "[retry]\nwrite = { path = \"/notes\", body = \"{value}\" }\nread = { path = \"/notes\" }\n\
                 count = \"/count\"\n";
    format!("{}{USERS}{limit}{retry}", with_api(&notes_started_by(&start)))
}

/// The service that is careless in three ways.
fn careless() -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/broken/careless.py");
    let start = format!("{CREDENTIALS} exec python3 {} {{port}}", script.display());
    let subject =
        notes_started_by(&start).replace("\"/health\"", "\"/orders\"").replace("\"/notes\"", "\"/orders\"");
    let limit = "[limit]\nrequest = { path = \"/limited\" }\nallow = 5\nwindow = \"2s\"\n";
    let retry =
        "[retry]\nwrite = { path = \"/orders\", body = \"{value}\" }\nread = { path = \"/orders\" }\n";
    format!("{}{USERS}{limit}{retry}", with_api(&subject[..subject.find("[ledger]").unwrap()]))
}

#[test]
fn the_demo_service_keeps_its_promises_to_those_whom_it_knows() {
    let world = World::with_key();
    let criteria = [CONTRACT, ACCESS, LIMIT, RETRIES];
    let ran = world.certify(&demo_with_promises(), &profile(&criteria));
    for id in ["contract", "access", "limit", "retries"] {
        assert_eq!(judged(&world, &ran, id), "PASS", "{:#?}", wrongs(&world));
    }
    let report = std::fs::read_to_string(world.path("certificate/report.html")).unwrap();
    assert!(report.contains("GET /users/{user}/notes/{key} upon what is ann"), "a stranger's id was tried");
    let strange = "of these only refusals were seen: PUT /users/{user}/notes/{key}";
    assert!(report.to_lowercase().contains(&strange.to_lowercase()), "nobody of that name is there");
    assert!(!report.contains("t-ann"), "a credential stands in the report");
}

#[test]
fn a_service_that_asks_who_it_is_and_not_what_he_may_is_refused() {
    let world = World::with_key();
    let ran = world.certify(&careless(), &profile(&[ACCESS]));
    assert_eq!((ran.code, judged(&world, &ran, "access").as_str()), (1, "FAIL"));
    let open = "200 is no refusal of one who may not";
    assert_found(&world, &[open; 5]);
    let upon = wrongs(&world).iter().filter(|row| row.contains("upon what is")).count();
    assert_eq!(upon, 4, "the fifth is bob's DELETE");
}

#[test]
fn a_limit_that_is_one_for_all_and_says_no_time_is_refused() {
    let world = World::with_key();
    let ran = world.certify(&careless(), &profile(&[LIMIT]));
    assert_eq!((ran.code, judged(&world, &ran, "limit").as_str()), (1, "FAIL"));
    assert_found(&world, &["no Retry-After", "429 to one who had asked for nothing"]);
}

/// The planted defect lets pass what is refused, and finds nothing.
#[test]
fn a_service_that_keeps_nothing_of_the_limit_that_it_promises_is_refused() {
    let world = World::with_key();
    let ran = world.certify(&demo_with_promises().replace(" --posts 20", ""), &profile(&[LIMIT]));
    assert_eq!((ran.code, verdict(&ran.json(), "limit")), (1, "FAIL"), "{}\n{}", ran.stdout, ran.stderr);
    assert_eq!(world.run(&["verify", "certificate"]).code, 0);
}

#[test]
fn a_service_that_does_what_is_sent_again_again_is_refused() {
    let world = World::with_key();
    let ran = world.certify(&careless(), &profile(&[RETRIES]));
    assert_eq!((ran.code, judged(&world, &ran, "retries").as_str()), (1, "FAIL"));
    let other = "it was answered in another way than before";
    let unrefused = "another body under the same key was not refused";
    assert_found(&world, &[other, other, "2 effects of what should have one", unrefused]);
}

#[test]
fn what_is_promised_by_halves_is_no_promise() {
    let world = World::with_key();
    let one_user = &USERS[..USERS[1..].find("[[api.user]]").unwrap() + 1];
    for (more, said) in [
        (one_user, "1 users show nothing of who may do what"),
        ("[limit]\nrequest = { path = \"/\" }\nallow = 0\nwindow = \"2s\"\n", "`allow` is 0"),
        (
            "[retry]\nwrite = { path = \"/\" }\nread = { path = \"/\" }\n",
            "`write` does not mention `{value}`",
        ),
    ] {
        let subject = format!("{}{more}", with_api(&notes_started_by("exec $SERVE")));
        let ran = world.certify(&subject, &profile(&[CONTRACT]));
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
    world.write("subject.toml", &notes_started_by("exec $SERVE"));
    let plan = world.run(&["certify", "subject.toml", "--profile", "api-hardening", "--plan"]);
    assert_eq!(plan.code, 0, "{}", plan.stderr);
    assert!(!plan.stdout.contains("checklist"), "{}", plan.stdout);
}

const INJECTION: (&str, &str, &str) = ("injection", "injection", "0");

#[test]
fn the_demo_service_and_one_that_is_careful_take_texts_for_texts() {
    for subject in [demo_with_promises(), broken("injectable.py").replace(" {port}", " {port} careful")] {
        let world = World::with_key();
        let ran = world.certify(&subject, &profile(&[INJECTION]));
        assert_eq!(judged(&world, &ran, "injection"), "PASS", "{:#?}", wrongs(&world));
    }
}

#[test]
fn texts_that_were_refused_at_the_door_show_nothing() {
    let world = World::with_key();
    let stranger = demo_with_promises().replace("Bearer t-ann", "Bearer nobody");
    let ran = world.certify(&stranger, &profile(&[INJECTION]));
    assert_eq!((ran.code, verdict(&ran.json(), "injection")), (3, "INCONCLUSIVE"), "{}", ran.stdout);
    assert!(ran.stdout.contains("gate reached of injection-1"), "{}", ran.stdout);
}

/// What stands behind another address was not tried: neither its door nor what becomes of texts there.
#[test]
fn whoever_is_only_sent_to_the_same_under_another_address_has_shown_nothing() {
    let moved = |way: &str| {
        let world = World::with_key();
        let start = format!("{CREDENTIALS} exec python3");
        let subject = broken("moved.py")
            .replace("exec python3", &start)
            .replace(" {port}", &format!(" {{port}} {way}"));
        let ran = world.certify(&format!("{subject}{USERS}"), &profile(&[DOORS, INJECTION]));
        (world, ran)
    };
    let (_, ran) = moved("slash");
    assert_eq!(ran.code, 3, "{}\n{}", ran.stdout, ran.stderr);
    for (id, gate) in
        [("doors", "gate not-moved of authentication-1"), ("injection", "gate reached of injection-1")]
    {
        assert_eq!(verdict(&ran.json(), id), "INCONCLUSIVE", "{id}");
        assert!(ran.stdout.contains(gate), "{}", ran.stdout);
    }
    let (world, ran) = moved("door");
    assert_eq!(judged(&world, &ran, "doors"), "PASS", "it leads to where one signs in");
}

/// The service whose reference is odd in this way, with users.
fn ill_described(way: &str) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/broken/ill_described.py");
    let start = format!("{CREDENTIALS} exec python3 {} {{port}} {way}", script.display());
    let subject = notes_started_by(&start)
        .replace("path = \"/notes\"\n", "path = \"/things\"\nexpect = [\"200\", \"403\"]\n");
    format!("{}{USERS}", with_api(&subject[..subject.find("[ledger]").unwrap()]))
}

const DOORS: (&str, &str, &str) = ("doors", "authentication", "0");
const HEADERS: (&str, &str, &str) = ("headers", "response-headers", "0");

/// What was decided of a service whose reference is odd: of its contract, of all else that follows from its reference, and
/// of what needs none. Each criterion that is not decided names this gate.
fn odd(way: &str, gate: &str) -> (i32, String) {
    let world = World::with_key();
    let ran = world.certify(&ill_described(way), &profile(&[CONTRACT, DOORS, ACCESS, INJECTION, HEADERS]));
    let verified = world.run(&["verify", "certificate"]);
    assert_eq!(verified.code, 0, "{way}: {}\n{}\n{}", verified.stdout, verified.stderr, ran.stderr);
    let result = ran.json();
    for (id, probe, _) in [DOORS, ACCESS, INJECTION] {
        assert_eq!(verdict(&result, id), "INCONCLUSIVE", "{way}: {id}");
        assert!(ran.stdout.contains(&format!("gate {gate} of {probe}-1")), "{way}: {id}\n{}", ran.stdout);
    }
    assert_eq!(verdict(&result, "headers"), "FAIL", "{way}: what needs no reference goes on");
    (ran.code, verdict(&result, "contract").to_owned())
}

#[test]
fn a_reference_that_is_not_there_breaks_the_contract_and_decides_nothing_else() {
    assert_eq!(odd("missing", "reference-served"), (1, "FAIL".to_owned()));
    assert_eq!(odd("none", "reference-read"), (1, "FAIL".to_owned()));
}

#[test]
fn a_reference_with_nothing_to_try_or_too_much_decides_nothing() {
    assert_eq!(odd("empty", "something-to-try").1, "INCONCLUSIVE");
    assert_eq!(odd("huge", "reference-size").1, "INCONCLUSIVE");
    assert_eq!(odd("open", "something-to-try").1, "PASS");
}

#[test]
fn a_contract_of_refusals_alone_shows_nothing() {
    let world = World::with_key();
    let ran = world.certify(&ill_described("shut"), &profile(&[CONTRACT]));
    assert_eq!((ran.code, verdict(&ran.json(), "contract")), (3, "INCONCLUSIVE"), "{}", ran.stdout);
    assert!(ran.stdout.contains("gate reached of contract-1: 0 against 1"), "{}", ran.stdout);
}

/// What a service does not let be tried is not decided, and all else goes on.
#[test]
fn a_checklist_that_the_service_does_not_let_be_tried_ends_nothing() {
    let undecided = |subject: String, (id, probe, limit): (&str, &str, &str), gate: &str| {
        let world = World::with_key();
        let ran = world.certify(&subject, &profile(&[(id, probe, limit), HEADERS]));
        let verified = world.run(&["verify", "certificate"]);
        assert_eq!(verified.code, 0, "{id}: {}\n{}\n{}", verified.stdout, verified.stderr, ran.stderr);
        assert_eq!(verdict(&ran.json(), id), "INCONCLUSIVE", "{}", ran.stdout);
        assert!(ran.stdout.contains(&format!("gate {gate} of {probe}-1")), "{}", ran.stdout);
        assert_ne!(verdict(&ran.json(), "headers"), "INCONCLUSIVE", "{}", ran.stdout);
    };
    undecided(ill_described("busy"), INJECTION, "let-ask");
    let slow = "[limit]\nrequest = { path = \"/things\" }\nallow = 1000\nwindow = \"1s\"\n";
    undecided(format!("{}{slow}", ill_described("open")), LIMIT, "asked-in-time");
    let demo = with_api(&notes_started_by("exec $SERVE"));
    let closed = demo.replace(
        "write = { method = \"PUT\", path = \"/notes/{key}\"",
        "write = { method = \"PUT\", path = \"/closed/{key}\"",
    );
    assert_ne!(closed, demo);
    undecided(closed, ("surroundings", "surroundings", "0"), "write-taken");
}

#[test]
fn a_reference_of_several_mebibytes_is_read() {
    let world = World::with_key();
    let ran = world.certify(&ill_described("large"), &profile(&[CONTRACT]));
    assert_eq!(judged(&world, &ran, "contract"), "PASS", "{:#?}", wrongs(&world));
}

#[test]
fn a_service_that_takes_texts_for_more_is_refused() {
    let world = World::with_key();
    let ran = world.certify(&broken("injectable.py"), &profile(&[INJECTION]));
    assert_eq!((ran.code, judged(&world, &ran, "injection").as_str()), (1, "FAIL"));
    let called = "what the text names was called";
    let expected = [
        "GET /away: `q` in the query as an address",
        "GET /count: `q` in the query as a command",
        "GET /fetch: `q` in the query as an address",
        "GET /greet: `q` in the query as a template",
        "GET /language: `q` in the query as a field",
        "GET /page: `q` in the query as a tag",
        "GET /read: `q` in the query as a path",
        "GET /rows: `q` in the query as SQL",
        "GET /sort: `q` in the query as a command",
        "POST /import: the body as XML as an entity",
    ];
    assert_found(&world, &expected);
    assert_eq!(wrongs(&world).iter().filter(|row| row.contains(called)).count(), 1, "of /fetch");
    assert!(wrongs(&world).iter().any(|row| row.contains("waits for 2 s")), "of /sort");
}
