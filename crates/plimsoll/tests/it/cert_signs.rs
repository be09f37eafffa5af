//! What is said of a certificate after it was issued, through the shipped binary: sign-offs of people, statements of the
//! issuer, and what they make of its status.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use plimsoll_base::{Clock, Utc};
use plimsoll_certify::SystemClock;
use plimsoll_evidence::{
    Issuance, LogEntry, Outcome, Plan, Role, SIGN_OFFS, SignOffDemand, StepName, sign_off_path,
};
use plimsoll_keys::ReviewerKey;
use plimsoll_proof::{Envelope, to_canonical};
use serde_json::{Value, json};

use crate::golden::{Files, PASSPHRASE, anchors, golden, golden_keys, verify_files, write_files};
use crate::mutants::with;
use crate::script::run_script;
use crate::world::{Ran, World, notes_started_by, profile};

/// The golden evidence as it would be judged by another plan, in a certificate that was signed a minute ago: the commands
/// that say something take the time from the clock.
fn issued(change: impl Fn(&mut Plan)) -> Files {
    with(|parts| {
        let at = SystemClock.now().plus_seconds(-60);
        parts.certificate["predicate"]["not_before"] = json!(at);
        parts.log.last_mut().unwrap().time = at;
        let mut documents = parts.documents();
        for document in &mut documents {
            if let plimsoll_evidence::Document::Plan(plan) = document {
                change(plan);
            }
        }
        parts.rejudge(documents, Issuance::Issued).unwrap();
    })
}

/// Three roles, of which two have to sign off.
fn demand(plan: &mut Plan) {
    let role =
        |id: &str| Role { id: id.into(), title: format!("The {id}"), contact: format!("{id}@example.org") };
    let roles = vec![role("security-review"), role("operations-review"), role("final-approval")];
    plan.profile.sign_off = Some(SignOffDemand { need: 2, roles });
}

/// A limit that nothing keeps.
fn too_strict(plan: &mut Plan) {
    plan.profile.criteria.iter_mut().find(|one| one.id == "start-up").unwrap().limit = 1_000;
}

fn private(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// The machine of the golden issuer, with these files as its certificate and its log.
fn issuers_world(files: &Files) -> World {
    let world = World::new();
    let keys = world.path("state/plimsoll/keys");
    fs::create_dir_all(keys.join("golden")).unwrap();
    for folder in [world.path("state/plimsoll"), keys.clone(), keys.join("golden")] {
        private(&folder, 0o700);
    }
    for name in ["certificate.key", "log.key"] {
        fs::copy(golden("keys").join(name), keys.join("golden").join(name)).unwrap();
        private(&keys.join("golden").join(name), 0o600);
    }
    fs::copy(golden("trust.keys"), keys.join("trusted.keys")).unwrap();
    private(&keys.join("trusted.keys"), 0o600);
    world.write("golden-passphrase", PASSPHRASE);
    write_files(&world.path("certificate"), files);
    let origin = golden_keys().log.verifier_key().name().replace('/', "-");
    for (path, bytes) in files {
        let kept =
            path.strip_prefix("log/").filter(|path| *path == "checkpoint" || path.starts_with("entries/"));
        if let Some(path) = kept {
            let place = world.path("state/plimsoll/logs").join(&origin).join(path);
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            fs::write(place, bytes).unwrap();
        }
    }
    world
}

/// The issuer says something of his certificate.
fn say(world: &World, verb: &str, more: &[&str]) -> Ran {
    let words = ["cert", verb, "certificate", "--passphrase-file", "golden-passphrase"];
    world.run(&[words.as_slice(), more].concat())
}

fn verify(world: &World, more: &[&str]) -> Ran {
    world.run(&[&["verify", "certificate"], more].concat())
}

/// What the script says of the certificate.
fn script(world: &World) -> Ran {
    let trust = golden("trust.keys");
    run_script(&[world.path("certificate").to_str().unwrap(), trust.to_str().unwrap()])
}

fn last_line(ran: &Ran) -> &str {
    ran.stdout.lines().last().unwrap_or_default()
}

/// A reviewer signs off.
fn sign(world: &World, who: &str, role: &str, more: &[&str]) -> Ran {
    let words = ["cert", "sign", "certificate", "--passphrase-file", "passphrase", "--key", who];
    world.run(&[words.as_slice(), &["--who", who, "--role", role], more].concat())
}

fn new_reviewer(world: &World, name: &str) {
    let ran = world.run(&["keys", "new", name, "--reviewer", "--passphrase-file", "passphrase"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

/// The files of the world's certificate as they are now.
fn files_of(world: &World) -> Files {
    let folder = plimsoll_certify::read_folder(&world.path("certificate")).unwrap();
    folder.iter().map(|(path, bytes)| (path.to_owned(), bytes.to_vec())).collect()
}

fn status(ran: &Ran) -> Value {
    ran.json()["standing"]["status"].clone()
}

#[test]
fn what_its_issuer_withdraws_is_withdrawn_for_whoever_gets_the_folder_then() {
    let files = issued(|_| {});
    let world = issuers_world(&files);
    assert_eq!(verify(&world, &[]).code, 0);
    write_files(&world.path("before"), &files);
    let ran = say(&world, "revoke", &["--reason", "the load generator had a fault"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let ran = verify(&world, &[]);
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    assert!(last_line(&ran).starts_with("revoked: withdrawn by its issuer at 20"), "{}", ran.stdout);
    assert!(last_line(&ran).contains(": the load generator had a fault"), "{}", ran.stdout);
    assert_eq!(status(&verify(&world, &["--json"])), json!("revoked"));
    assert_eq!(script(&world).code, 1);
    let history = world.run(&["cert", "history", "certificate"]).stdout;
    assert!(history.contains("this certificate is withdrawn: the load generator had a fault"), "{history}");
    // Nothing takes it back, and the log that knows it is kept.
    for (verb, more) in
        [("revoke", &[][..]), ("suspend", &[]), ("reinstate", &[]), ("supersede", &["--by", "before"])]
    {
        let ran = say(&world, verb, &[&["--reason", "again"], more].concat());
        assert_eq!(ran.code, 4, "{verb}: {}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains("it is withdrawn by its issuer"), "{verb}: {}", ran.stderr);
    }
    // A folder that was handed on before does not know; a fresh log shows that it is old.
    let before = world.run(&["verify", "before"]);
    assert_eq!(before.code, 0, "{}", before.stdout);
    let ran = world.run(&["verify", "before", "--after", "certificate"]);
    assert!(last_line(&ran).contains("the earlier certificate's log is longer"), "{}", ran.stdout);
}

#[test]
fn a_folder_from_before_is_refreshed() {
    let files = issued(|_| {});
    let world = issuers_world(&files);
    assert_eq!(say(&world, "suspend", &["--reason", "one"]).code, 0);
    fs::remove_dir_all(world.path("certificate")).unwrap();
    write_files(&world.path("certificate"), &files);
    assert_eq!(verify(&world, &[]).code, 0, "an old copy");
    let ran = say(&world, "suspend", &["--reason", "two"]);
    assert_eq!(ran.code, 4, "the log knows more than the folder: {}", ran.stdout);
    assert!(ran.stderr.contains("plimsoll cert refresh"), "{}", ran.stderr);
    assert_eq!(say(&world, "refresh", &[]).code, 0);
    assert!(last_line(&verify(&world, &[])).contains("let rest by its issuer"));
}

#[test]
fn what_is_suspended_does_not_hold_until_it_is_reinstated() {
    let world = issuers_world(&issued(|_| {}));
    let ran = say(&world, "reinstate", &["--reason", "x"]);
    assert_eq!((ran.code, ran.stderr.contains("it is not suspended")), (4, true), "{}", ran.stderr);
    for round in 0..2 {
        let ran = say(&world, "suspend", &["--reason", "rejected by the security reviewer", "--json"]);
        assert_eq!(ran.code, 0, "{round}: {}", ran.stderr);
        assert_eq!(ran.json()["type"], json!("suspended"));
        let ran = verify(&world, &[]);
        assert_eq!(ran.code, 1, "{}", ran.stdout);
        assert!(last_line(&ran).starts_with("suspended: let rest by its issuer at 20"), "{}", ran.stdout);
        assert!(!ran.stdout.contains("PASS"), "{}", ran.stdout);
        assert_eq!(script(&world).code, 1, "{}", script(&world).stdout);
        assert_eq!(world.run(&["cert", "show", "certificate"]).code, 1);
        assert_eq!(say(&world, "reinstate", &["--reason", "it was another build"]).code, 0);
        let ran = verify(&world, &["--json"]);
        assert_eq!((ran.code, status(&ran)), (0, json!("preliminary")));
        assert_eq!(script(&world).code, 0, "{}", script(&world).stdout);
    }
    let ran = verify(&world, &["--issuer", "certificate/log/checkpoint"]);
    assert_eq!(ran.code, 2, "a checkpoint is no file of keys");
}

#[test]
fn what_another_replaces_names_it() {
    let world = issuers_world(&issued(|_| {}));
    write_files(&world.path("next"), &issued(|plan| plan.subject.version = "2".into()));
    let shown = world.run(&["cert", "show", "next", "--json"]).json();
    let digest = shown["certificate"]["digest"].as_str().unwrap().to_owned();
    let itself = say(&world, "supersede", &["--by", "certificate", "--reason", "x"]);
    assert_ne!(itself.code, 0);
    let ran = say(&world, "supersede", &["--by", "next", "--reason", "version 2 is out"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let ran = verify(&world, &[]);
    assert_eq!(ran.code, 1);
    assert!(last_line(&ran).starts_with("superseded: replaced by its issuer at 20"), "{}", ran.stdout);
    assert!(last_line(&ran).contains(&format!("by {digest}: version 2 is out")), "{}", ran.stdout);
    assert_eq!(script(&world).code, 1);
    // It can still be withdrawn for good.
    assert_eq!(say(&world, "revoke", &["--reason", "it was wrong, too"]).code, 0);
    assert!(last_line(&verify(&world, &[])).starts_with("revoked: "));
}

#[test]
fn a_waiver_lets_pass_until_its_time_and_hides_nothing() {
    let world = issuers_world(&issued(too_strict));
    assert_eq!(status(&verify(&world, &["--json"])), json!("denied"));
    let until = SystemClock.now().plus_seconds(7 * 86_400);
    let waive = |criterion: &str, until: Utc| {
        let until = until.to_string();
        say(
            &world,
            "waive",
            &[criterion, "--who", "Ada Example", "--until", &until, "--why", "reports run at night"],
        )
    };
    for (criterion, code, problem) in [
        ("errors", 4, "`errors` is blocking and PASS"),
        ("none", 4, "there is no criterion `none`"),
        ("start-up", 2, "is over already"),
    ] {
        let until = if code == 2 { SystemClock.now().plus_seconds(-1) } else { until };
        let ran = waive(criterion, until);
        assert_eq!((ran.code, ran.stderr.contains(problem)), (code, true), "{criterion}: {}", ran.stderr);
    }
    assert_eq!(waive("start-up", until).code, 0);
    let ran = verify(&world, &[]);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    assert!(ran.stdout.contains("start-up             ✗ FAIL"), "the verdict is gone: {}", ran.stdout);
    assert!(ran.stdout.contains("now          conditional, as of the log's last entry at"), "{}", ran.stdout);
    let line = format!("waiver       start-up (FAIL) until {until} by Ada Example: reports run at night");
    assert!(ran.stdout.contains(&line), "{}", ran.stdout);
    let shown = world.run(&["cert", "show", "certificate", "--json"]).json();
    assert_eq!(shown["certificate"]["status"], json!("denied"), "the signed status stays what it is");
    assert_eq!(shown["standing"]["status"], json!("conditional"));
    assert_eq!(script(&world).code, 0);
    // At its end it is over.
    let after = verify(&world, &["--json", "--at", &until.to_string()]);
    assert_eq!(status(&after), json!("denied"));
    assert_eq!(after.json()["standing"]["waivers"][0]["note"], json!("it is over"));
    // A later one takes its place.
    let sooner = SystemClock.now().plus_seconds(3_600);
    assert_eq!(waive("start-up", sooner).code, 0);
    let after = verify(&world, &["--json", "--at", &sooner.to_string()]);
    assert_eq!(
        (status(&after), after.json()["standing"]["waivers"].as_array().unwrap().len()),
        (json!("denied"), 1)
    );
}

#[test]
fn only_its_issuer_says_something_of_a_certificate() {
    let files = issued(|_| {});
    let stranger = World::with_key();
    write_files(&stranger.path("certificate"), &files);
    let revoke = |world: &World| {
        world.run(&["cert", "revoke", "certificate", "--reason", "x", "--passphrase-file", "passphrase"])
    };
    let ran = revoke(&stranger);
    assert_eq!((ran.code, ran.stderr.contains("issuer has no keys here")), (4, true), "{}", ran.stderr);
    let world = issuers_world(&files);
    assert_eq!(revoke(&world).code, 4, "another passphrase opened the key");
    fs::remove_dir_all(world.path("state/plimsoll/logs")).unwrap();
    let ran = say(&world, "revoke", &["--reason", "x"]);
    assert_eq!((ran.code, ran.stderr.contains("does not have the certificate")), (4, true), "{}", ran.stderr);
    for reason in ["", " ", "two\nlines", &"x".repeat(301)] {
        assert_eq!(say(&world, "revoke", &["--reason", reason]).code, 2, "{reason:?}");
    }
    fs::write(world.path("certificate/report.html"), "x").unwrap();
    let ran = say(&world, "revoke", &["--reason", "x"]);
    assert_eq!((ran.code, ran.stderr.contains("nothing said: invalid")), (1, true), "{}", ran.stderr);
    assert_eq!(files_of(&world)["log/checkpoint"], files["log/checkpoint"], "the folder was changed");
}

#[test]
fn a_certificate_is_worth_more_once_enough_roles_have_signed_off() {
    let world = issuers_world(&issued(demand));
    ["ada", "bob"].iter().for_each(|name| new_reviewer(&world, name));
    let standing = |world: &World| verify(world, &["--json"]).json()["standing"].clone();
    assert_eq!(standing(&world)["status"], json!("conditional"), "nobody has signed");
    for format in ["junit", "sarif", "markdown", "hdf", "oscal"] {
        let exported = world.run(&["cert", "export", "certificate", "--format", format]).stdout;
        assert!(exported.contains("0 of 3 sign-offs are there, 2 are demanded"), "{format}: {exported}");
    }
    let ran = sign(&world, "ada", "security-review", &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    // One person is not two, in however many roles he signs.
    assert_eq!(ran.stderr, "");
    let ran = sign(&world, "ada", "final-approval", &[]);
    assert_eq!(ran.code, 0);
    assert!(ran.stderr.contains("this key has signed as security-review too"), "{}", ran.stderr);
    let way = world.run(&["cert", "roadmap", "certificate"]).stdout;
    assert!(way.contains("2 roles have signed, and 1 of them counts: a key fills one role"), "{way}");
    let one = standing(&world);
    assert_eq!((&one["status"], &one["signed_off"]), (&json!("conditional"), &json!(1)), "{one}");
    let rejected = sign(&world, "bob", "operations-review", &["--reject", "--reason", "no runbook"]);
    assert_eq!(rejected.code, 0, "{}", rejected.stderr);
    assert_eq!(standing(&world)["status"], json!("conditional"), "a rejection counted");
    assert_eq!(sign(&world, "bob", "operations-review", &[]).code, 0);
    let both = standing(&world);
    assert_eq!((&both["status"], &both["signed_off"]), (&json!("preliminary"), &json!(2)), "{both}");
    let ran = verify(&world, &[]);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    assert!(ran.stdout.contains("operations-review rejected by bob"), "{}", ran.stdout);
    assert!(ran.stdout.contains("4 sign-offs, each by the key that it names"), "{}", ran.stdout);
    let ran = script(&world);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    assert!(ran.stdout.contains("NOT checked") && ran.stdout.contains("sign-offs"), "{}", ran.stdout);
    // Whoever removes a sign-off makes it worse, or nothing of it.
    let files = files_of(&world);
    for path in files.keys().filter(|path| path.starts_with(SIGN_OFFS)) {
        let mut less = files.clone();
        less.remove(path);
        write_files(&world.path("less"), &less);
        let ran = world.run(&["verify", "less", "--json"]);
        let still = ran.json()["standing"]["signed_off"].as_u64().unwrap();
        assert!(ran.code == 0 && still <= 2, "{path}: {}", ran.stdout);
        fs::remove_dir_all(world.path("less")).unwrap();
    }
}

#[test]
fn a_sign_off_counts_for_whoever_trusts_its_signer() {
    let here = issuers_world(&issued(demand));
    for (name, role) in [("ada", "security-review"), ("bob", "final-approval")] {
        new_reviewer(&here, name);
        assert_eq!(sign(&here, name, role, &[]).code, 0);
    }
    let there = World::new();
    write_files(&there.path("certificate"), &files_of(&here));
    fs::copy(golden("trust.keys"), there.path("issuer.keys")).unwrap();
    let ran = verify(&there, &["--issuer", "issuer.keys"]);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    assert!(ran.stdout.contains("does not count: unknown signer"), "{}", ran.stdout);
    assert!(ran.stdout.contains("now          conditional"), "{}", ran.stdout);
    for name in ["ada", "bob"] {
        there.write("reviewer.keys", &here.run(&["keys", "export", name, "--reviewer"]).stdout);
        assert_eq!(there.run(&["keys", "trust", "reviewer.keys"]).code, 0);
    }
    let ran = verify(&there, &["--issuer", "issuer.keys"]);
    assert!(ran.stdout.contains("now          preliminary"), "{}", ran.stdout);
    // A reviewer issues nothing, and an issuer's key signs nobody off.
    let keys = fs::read_to_string(golden("trust.keys")).unwrap().replace("certificate ", "reviewer ");
    there.write("confused.keys", &keys);
    assert_eq!(verify(&there, &["--issuer", "confused.keys"]).code, 3);
}

#[test]
fn a_role_that_nobody_asked_for_and_what_does_not_hold_is_not_signed() {
    let world = issuers_world(&issued(demand));
    let ran = sign(&world, "ada", "security-review", &[]);
    assert_eq!((ran.code, ran.stderr.contains("no reviewer `ada`")), (4, true), "{}", ran.stderr);
    new_reviewer(&world, "ada");
    let ran = sign(&world, "ada", "security-reviewer", &[]);
    assert_eq!((ran.code, ran.stderr.contains("but for security-review")), (4, true), "{}", ran.stderr);
    assert_eq!(sign(&world, "ada", "security-review", &["--next-review", "2001-01-01T00:00:00Z"]).code, 2);
    assert_eq!(sign(&world, "ada", "security-review", &["--reason", "two\nlines"]).code, 2);
    assert_eq!(sign(&world, "ada", "security-review", &["--reject"]).code, 2, "without a reason");
    assert_eq!(say(&world, "suspend", &["--reason", "x"]).code, 0);
    let ran = sign(&world, "ada", "security-review", &[]);
    assert_eq!((ran.code, ran.stderr.contains("not signed: let rest")), (1, true), "{}", ran.stderr);
    assert!(!world.path("certificate/sign-offs").exists());
}

#[test]
fn what_is_due_is_told_in_time() {
    let world = issuers_world(&issued(demand));
    new_reviewer(&world, "ada");
    let (day, week) = (86_400, 7 * 86_400);
    let review = SystemClock.now().plus_seconds(week + 3_600);
    assert_eq!(sign(&world, "ada", "security-review", &["--next-review", &review.to_string()]).code, 0);
    let due = |at: Utc, within: &str| {
        world.run(&["cert", "history", "certificate", "--due", within, "--at", &at.to_string()])
    };
    let now = SystemClock.now();
    let ran = due(now, "5d");
    assert_eq!((ran.code, last_line(&ran).starts_with("nothing is due by")), (0, true), "{}", ran.stdout);
    let ran = due(now, "10d");
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    assert!(
        last_line(&ran).contains("7 days left  ada has to look again, as security-review"),
        "{}",
        ran.stdout
    );
    let ran = due(review.plus_seconds(2 * day), "1d");
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    assert!(last_line(&ran).contains("overdue since 2 days"), "{}", ran.stdout);
    let shown = world.run(&["cert", "show", "certificate"]).stdout;
    assert!(shown.contains(&format!("next review  {review}, 7 days left: ada has to look again")), "{shown}");
    let after = verify(&world, &["--json", "--at", &review.to_string()]).json();
    assert_eq!(after["standing"]["signed_off"], json!(0), "an approval counts until its review");
    let json = world.run(&["cert", "history", "certificate", "--due", "36500d", "--json"]).json();
    assert_eq!((json["due"].as_array().unwrap().len(), &json["overdue"]), (2, &json!(false)), "{json}");
}

#[test]
fn the_road_map_begins_with_the_least_effort() {
    let both = |plan: &mut Plan| {
        demand(plan);
        too_strict(plan);
        let stop = plan.profile.criteria.iter_mut().find(|one| one.id == "graceful-stop").unwrap();
        stop.rule = plimsoll_evidence::Rule::Guard95;
        let gap = json!({
            "id": "backups", "statement": "S", "domain": "d", "asked": "A", "missing": "a restore that is watched",
            "severity": "blocking", "mappings": []
        });
        plan.profile.gaps = vec![serde_json::from_value(gap).unwrap()];
    };
    let world = issuers_world(&issued(both));
    let ran = world.run(&["cert", "roadmap", "certificate"]);
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    insta::assert_snapshot!("cert_roadmap", ran.stdout);
    let json = world.run(&["cert", "roadmap", "certificate", "--json"]).json();
    assert_eq!((&json["status"], &json["next"]), (&json!("denied"), &json!("pending")));
    let next: Vec<&Value> = json["hurdles"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|hurdle| hurdle["is_next"] == json!(true))
        .collect();
    assert_eq!(next.len(), 1, "{json}");
    assert_eq!(next[0]["id"], json!("start-up"));
    // Waived, the way goes on to what is pending.
    let until = SystemClock.now().plus_seconds(3_600).to_string();
    let waived = say(&world, "waive", &["start-up", "--who", "Ada", "--until", &until, "--why", "x"]);
    assert_eq!(waived.code, 0, "{}", waived.stderr);
    let json = world.run(&["cert", "roadmap", "certificate", "--json"]).json();
    assert_eq!((&json["status"], &json["next"]), (&json!("pending"), &json!("conditional")), "{json}");
    let certified = issuers_world(&issued(|_| {}));
    let json = certified.run(&["cert", "roadmap", "certificate", "--json"]).json();
    assert_eq!((&json["status"], &json["next"]), (&json!("preliminary"), &json!("certified")));
    assert_eq!(json["hurdles"][0]["id"], json!("trials"));
}

#[test]
fn a_certificate_that_waits_for_people_is_shown() {
    let files = with(|parts| {
        let mut documents = parts.documents();
        for document in &mut documents {
            if let plimsoll_evidence::Document::Plan(plan) = document {
                demand(plan);
            }
        }
        parts.rejudge(documents, Issuance::Issued).unwrap();
    });
    let trust = crate::cert::trust();
    let ran = crate::cert::ask(&files, "show", &["--issuer", &trust]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    insta::assert_snapshot!("cert_show_with_roles", ran.stdout);
}

#[test]
fn the_roles_of_a_profile_are_listed_with_whom_to_reach() {
    let world = World::new();
    world.write("signed-off.toml", include_str!("../../../../examples/profiles/signed-off.toml"));
    let ran = world.run(&["certify", "--profile", "signed-off.toml", "--list"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("\n6 of 8 roles have to sign off:\n"), "{}", ran.stdout);
    let last = last_line(&ran);
    assert!(last.starts_with("final-approval") && last.ends_with("release@example.org"), "{last}");
}

/// From the profile that somebody writes to the log on his disk, without any hand in between.
#[test]
fn timing_a_service_that_was_measured_waits_for_its_people() {
    let world = World::with_key();
    let role = |id: &str| format!("[[sign_off.role]]\nid = \"{id}\"\ntitle = \"T\"\ncontact = \"c\"\n");
    let roles = format!("[sign_off]\nneed = 1\n{}{}", role("one"), role("two"));
    let profile = profile(&[("start-up", "start-up", "2s")]) + &roles;
    let ran = world.certify(&notes_started_by("exec $SERVE"), &profile);
    assert_eq!((ran.code, &ran.json()["status"]), (0, &json!("preliminary")), "{}", ran.stderr);
    assert_eq!(status(&verify(&world, &["--json"])), json!("conditional"));
    new_reviewer(&world, "ada");
    assert_eq!(sign(&world, "ada", "two", &[]).code, 0);
    assert_eq!(status(&verify(&world, &["--json"])), json!("preliminary"));
    let issuer = ["--passphrase-file", "passphrase", "--reason", "x"];
    let ran = world.run(&[["cert", "suspend", "certificate"].as_slice(), &issuer].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(verify(&world, &[]).code, 1);
    // The log goes on: another attempt is chained behind the statement, and knows of it.
    fs::rename(world.path("certificate"), world.path("first")).unwrap();
    let ran = world.certify(&notes_started_by("exec $SERVE"), &profile);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let history = world.run(&["cert", "history", "certificate", "--json"]).json();
    let kinds: Vec<&str> =
        history["entries"].as_array().unwrap().iter().map(|entry| entry["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["registered", "result", "suspended", "registered", "result"]);
    assert_eq!(
        status(&verify(&world, &["--json"])),
        json!("conditional"),
        "another certificate was suspended"
    );
    assert_eq!(world.run(&["verify", "first", "--after", "certificate"]).code, 1, "the first is older");
}

/// A folder with one sign-off, the key that made it, and where it lies.
fn signed_off() -> (Files, ReviewerKey, String) {
    let mut files = issued(demand);
    let key = ReviewerKey::generate().unwrap();
    let path = sign_off_path("security-review", 1);
    files.insert(path.clone(), sealed(&files, &key, &|_| {}));
    (files, key, path)
}

/// A sign-off of the certificate in `files` with something changed before it is signed.
fn sealed(files: &Files, key: &ReviewerKey, change: &dyn Fn(&mut Value)) -> Vec<u8> {
    let certificate = Envelope::from_bytes(&files["certificate.dsse.json"]).unwrap();
    let digest = plimsoll_proof::Digest::of(&certificate.payload);
    let mut statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "certificate", "digest": {"sha256": digest}}],
        "predicateType": "urn:plimsoll:sign-off:v1",
        "predicate": {
            "role": "security-review", "who": "Ada", "decision": "approved", "reason": "looked",
            "time": SystemClock.now(), "next_review": SystemClock.now().plus_seconds(86_400),
            "key": key.verifier_key().to_string(),
        },
    });
    change(&mut statement);
    let payload = to_canonical(&statement).unwrap();
    key.sign_off("application/vnd.in-toto+json", &payload).to_bytes().unwrap()
}

fn found(files: &Files) -> (Outcome, Option<StepName>, String) {
    let report = verify_files(files, &anchors(), SystemClock.now());
    let failed = report.failed().cloned();
    let why = failed.as_ref().map_or_else(String::new, |step| step.found.clone());
    (report.outcome, failed.map(|step| step.step), why)
}

#[test]
fn every_byte_of_a_sign_off_is_bound() {
    let (files, _, path) = signed_off();
    assert_eq!(found(&files).0, Outcome::Valid, "{:?}", found(&files));
    for place in 0..files[&path].len() {
        let mut changed = files.clone();
        changed.get_mut(&path).unwrap()[place] ^= 1;
        let (outcome, step, why) = found(&changed);
        // One of them makes of version 1 a version 2, which is told before a signature is looked at.
        let is_refused = matches!(outcome, Outcome::Invalid | Outcome::Newer);
        assert!(is_refused && step == Some(StepName::Files), "byte {place}: {outcome:?} {why}");
    }
}

#[test]
fn a_sign_off_that_does_not_belong_here_is_refused_with_the_reason() {
    type Change = fn(&mut Value);
    let (files, key, path) = signed_off();
    let cases: [(Change, Outcome, &str); 11] = [
        (
            |said| said["subject"][0]["digest"]["sha256"] = json!("0".repeat(64)),
            Outcome::Invalid,
            "another certificate",
        ),
        (|said| said["subject"] = json!([]), Outcome::Invalid, "another certificate"),
        (|said| said["_type"] = json!("other"), Outcome::Invalid, "another certificate"),
        (|said| said["predicateType"] = json!("urn:plimsoll:sign-off:v2"), Outcome::Newer, "sign-off:v2"),
        (
            |said| said["predicateType"] = json!("urn:plimsoll:certificate:v1"),
            Outcome::Invalid,
            "predicate is not",
        ),
        (|said| said["predicate"]["more"] = json!(1), Outcome::Invalid, "unknown field"),
        (|said| said["predicate"]["role"] = json!("final-approval"), Outcome::Invalid, "place of its role"),
        (|said| said["predicate"]["role"] = json!("../x"), Outcome::Invalid, "the role is not"),
        (|said| said["predicate"]["who"] = json!("a\nb"), Outcome::Invalid, "the name or the reason"),
        (
            |said| said["predicate"]["next_review"] = json!("2001-01-01T00:00:00Z"),
            Outcome::Invalid,
            "next review",
        ),
        (
            |said| {
                said["predicate"]["decision"] = json!("rejected");
                said["predicate"].as_object_mut().unwrap().remove("reason");
            },
            Outcome::Invalid,
            "a rejection without a reason",
        ),
    ];
    for (change, outcome, why) in cases {
        let mut changed = files.clone();
        changed.insert(path.clone(), sealed(&files, &key, &change));
        let (refused, step, reason) = found(&changed);
        assert_eq!((refused, step), (outcome, Some(StepName::Files)), "{why}: {reason}");
        assert!(reason.contains(why), "{reason:?} instead of {why:?}");
    }
    let other = ReviewerKey::generate().unwrap();
    let named = other.verifier_key().to_string();
    let mut forged = files.clone();
    forged.insert(path.clone(), sealed(&files, &key, &|said| said["predicate"]["key"] = json!(named)));
    assert!(found(&forged).2.contains("signature"), "{:?}", found(&forged));
    for place in
        ["sign-offs/x", "sign-offs/security-review-0.dsse.json", "sign-offs/security-review-01.dsse.json"]
    {
        let mut moved = files.clone();
        let bytes = moved.remove(&path).unwrap();
        moved.insert(place.into(), bytes);
        assert_eq!(found(&moved).0, Outcome::Invalid, "{place}");
    }
    let mut many = files.clone();
    (1..=65)
        .for_each(|number| drop(many.insert(sign_off_path("security-review", number), files[&path].clone())));
    assert!(found(&many).2.contains("65 sign-offs, more than 64"), "{:?}", found(&many));
}

/// An issuer that is trusted and says of a certificate what nobody can make sense of.
#[test]
fn a_statement_without_what_it_needs_is_refused() {
    type Change = fn(&mut LogEntry);
    use plimsoll_evidence::{EntryType, Said};
    let cases: [(Change, &str); 8] = [
        (|entry| entry.entry_type = EntryType::Suspended, "suspended without a reason"),
        (|entry| entry.said = Some(Said::because("x")), "result with what does not belong to it"),
        (
            |entry| (entry.entry_type, entry.said) = (EntryType::Waived, Some(Said::because("x"))),
            "waived with what does not belong to it",
        ),
        (
            |entry| (entry.entry_type, entry.said) = (EntryType::Superseded, Some(Said::because("x"))),
            "superseded with what does not belong to it",
        ),
        (
            |entry| (entry.entry_type, entry.said) = (EntryType::Suspended, Some(Said::because("a\nb"))),
            "the words of suspended",
        ),
        (
            |entry| (entry.entry_type, entry.said) = (EntryType::Revoked, Some(Said::because(""))),
            "the words of revoked",
        ),
        (
            |entry| {
                let said = Said { who: Some("Ada".into()), ..Said::because("x") };
                (entry.entry_type, entry.said) = (EntryType::Reinstated, Some(said));
            },
            "reinstated with what does not belong",
        ),
        (
            |entry| {
                let (who, criterion) = (Some("Ada".into()), Some("errors".into()));
                let said = Said { who, criterion, until: Some(entry.time), ..Said::because("x") };
                (entry.entry_type, entry.said) = (EntryType::Waived, Some(said));
            },
            "over when it begins",
        ),
    ];
    for (change, why) in cases {
        let files = with(|parts| {
            let mut last = parts.log.last().unwrap().clone();
            change(&mut last);
            parts.log.push(last);
        });
        let report = verify_files(&files, &anchors(), crate::golden::AT.parse().unwrap());
        let step = report.failed().unwrap();
        assert_eq!((report.outcome, step.step), (Outcome::Invalid, StepName::Registration), "{why}");
        assert!(step.found.contains(why), "{:?} instead of {why:?}", step.found);
    }
}

/// A waiver of what is met, or of nothing, changes nothing.
#[test]
fn a_waiver_of_what_cannot_be_waived_counts_for_nothing() {
    use plimsoll_evidence::{EntryType, Said};
    for criterion in ["errors", "none"] {
        let files = with(|parts| {
            let mut last = parts.log.last().unwrap().clone();
            let until = Some(last.time.plus_seconds(30 * 86_400));
            let (who, named) = (Some("Ada".to_owned()), Some(criterion.to_owned()));
            last.said = Some(Said { who, criterion: named, until, ..Said::because("x") });
            last.entry_type = EntryType::Waived;
            parts.log.push(last);
        });
        let report = verify_files(&files, &anchors(), crate::golden::AT.parse().unwrap());
        let standing = report.standing.unwrap();
        assert_eq!((report.outcome, standing.status.name()), (Outcome::Valid, "preliminary"), "{criterion}");
        assert!(!standing.waivers[0].counts && !standing.waivers[0].note.is_empty());
    }
}
