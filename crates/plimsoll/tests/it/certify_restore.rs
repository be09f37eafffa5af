//! All data are lost, and a backup is restored: what comes back, and how soon.

use std::path::Path;

use plimsoll_certify::read_folder;
use plimsoll_evidence::{Amount, DUE_WRITES_MIN, Document, Outcome, RestoreDrill, Scene, SubjectPart};
use serde_json::Value;

use crate::golden::Files;
use crate::issuer::Parts;
use crate::lies::{Lie, refuses_lies};
use crate::world::{PLIMSOLL, Ran, World, notes_started_by, profile, verdict};

/// Both figures of a restore.
const CRITERIA: [(&str, &str, &str); 2] = [("back", "restore-time", "3s"), ("kept", "restored-writes", "0")];

/// The demo service, saved and restored by these commands.
fn notes_with(save: &str, restore: &str) -> String {
    let subject = notes_started_by("exec $SERVE");
    format!("{subject}[backup]\nsave = [{save}]\nrestore = [{restore}]\n")
}

fn demo() -> String {
    notes_with(
        &format!(
            "'{PLIMSOLL}', 'demo-service', 'backup', '--data', '{{dir}}/notes.db', '--to', '{{backup}}'"
        ),
        &format!(
            "'{PLIMSOLL}', 'demo-service', 'restore', '--from', '{{backup}}', '--data', '{{dir}}/notes.db'"
        ),
    )
}

/// A service of Python's whose backup forgets the database's log, or its twin's that does not.
fn half_saved(how: &str) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/broken/half_saved.py");
    let script = script.display();
    let start = format!("exec python3 {script} serve {{port}} {{dir}}/notes.db");
    format!(
        "{}[backup]\nsave = ['python3', '{script}', 'save', '{how}', '{{dir}}/notes.db', '{{backup}}']\n\
         restore = ['python3', '{script}', 'restore', '{{backup}}', '{{dir}}/notes.db']\n\
         [load]\nrate = \"50/s\"\n",
        notes_started_by(&start)
    )
}

/// What came of the criteria in a certificate that verifies.
fn judged(world: &World, ran: &Ran) -> [String; 2] {
    assert!(ran.code < 2, "{}\n{}", ran.stdout, ran.stderr);
    let verified = world.run(&["verify", "certificate"]);
    assert_eq!(verified.code, 0, "{}\n{}", verified.stdout, verified.stderr);
    let result = ran.json();
    CRITERIA.map(|(id, ..)| verdict(&result, id).to_owned())
}

/// Each criterion was seen red on its planted defect, and green without it.
fn seen_red(ran: &Ran) {
    for criterion in ran.json()["criteria"].as_array().unwrap() {
        let control = &criterion["control"];
        let seen = (&control["seen_red"], &control["on_sham"]);
        assert_eq!(seen, (&Value::Bool(true), &Value::from("PASS")), "{criterion:#}");
    }
}

fn value(ran: &Ran, id: &str) -> Value {
    let result = ran.json();
    let criteria = result["criteria"].as_array().unwrap();
    criteria.iter().find(|criterion| criterion["id"] == id).unwrap()["value"].clone()
}

fn drills(documents: &[Document], scene: Scene) -> Vec<&RestoreDrill> {
    let drills = documents.iter().filter_map(|document| match document {
        Document::RestoreDrill(drill) if drill.scene == scene => Some(drill),
        _ => None,
    });
    drills.collect()
}

#[test]
fn the_demo_service_comes_back_from_its_backup() {
    let world = World::with_key();
    let ran = world.certify(&demo(), &profile(&CRITERIA));
    assert_eq!(judged(&world, &ran), ["PASS"; 2], "{}\n{}", ran.stdout, ran.stderr);
    seen_red(&ran);
    let report = std::fs::read_to_string(world.path("certificate/report.html")).unwrap();
    assert!(report.contains("Restores onto nothing"), "the report has no table of them");
    let certificate = read_folder(&world.path("certificate")).unwrap();
    let files: Files = certificate.iter().map(|(path, bytes)| (path.into(), bytes.into())).collect();
    what_was_due_came_back_and_what_was_not_did_not(&Parts::of(&files).documents());
    refuses_lies(
        &files,
        &LIES,
        |it| matches!(it, Document::RestoreDrill(drill) if drill.scene == Scene::Measured),
    );
}

/// A restore is no start on the old data: what was written after the backup is gone.
fn what_was_due_came_back_and_what_was_not_did_not(documents: &[Document]) {
    let [measured] = drills(documents, Scene::Measured)[..] else { panic!("one drill was planned") };
    let counts = measured.counts();
    assert!(counts.due >= DUE_WRITES_MIN && counts.due_lost == 0, "{counts:?}");
    // 300 ms lie between the backup's end and the disaster, in which eight writers went on.
    assert!(counts.later_lost > 30 && counts.point_ns > 250_000_000, "{counts:?}");
    assert!(counts.point_ns < 3_000_000_000, "{counts:?}");
    let [stale] = drills(documents, Scene::StaleBackup)[..] else { panic!("one control was planned") };
    assert_eq!(stale.counts().due_lost, stale.counts().due, "nothing had been written yet");
    assert!(
        stale.restored.is_some() && stale.proxy.is_none(),
        "a backup of nothing is restored all the same"
    );
    let [slow] = drills(documents, Scene::SlowRestore)[..] else { panic!("one control was planned") };
    assert!(slow.restored_ns > Amount::Finite(3_300_000_000) && slow.counts().due_lost == 0, "{slow:?}");
}

fn measured(documents: &mut [Document]) -> &mut RestoreDrill {
    let measured = documents.iter_mut().find_map(|document| match document {
        Document::RestoreDrill(drill) if drill.scene == Scene::Measured => Some(drill),
        _ => None,
    });
    measured.unwrap()
}

const LIES: [Lie; 7] = [
    ("nothing", |_| (), true, Outcome::Valid, ""),
    (
        "it was sooner back",
        |documents| measured(documents).restored_ns = measured(documents).restore_ns,
        false,
        Outcome::Invalid,
        "statements/back",
    ),
    (
        "back before its restore was done",
        |documents| measured(documents).restored_ns = Amount::Finite(0),
        false,
        Outcome::Invalid,
        "it served before its restore had ended",
    ),
    (
        "more was due than was in the backup",
        |documents| measured(documents).save_from_ns = measured(documents).disaster_ns,
        false,
        Outcome::Invalid,
        "its backup had not ended when the subject was killed",
    ),
    (
        "fewer writes than were made",
        |documents| {
            let drill = measured(documents);
            drill.acknowledged_ns.remove(0);
            drill.found.remove(0);
        },
        false,
        Outcome::Invalid,
        "statements/kept",
    ),
    (
        "no drill",
        |documents| {
            documents
                .retain(|it| !matches!(it, Document::RestoreDrill(drill) if drill.scene == Scene::Measured))
        },
        true,
        Outcome::Incomplete,
        "0 restore drills where the plan asks for 1",
    ),
    (
        "no drill was planned",
        |documents| {
            for document in documents {
                if let Document::Plan(plan) = document {
                    plan.subject.parts.retain(|part| *part != SubjectPart::Backup);
                }
            }
        },
        true,
        Outcome::Invalid,
        "",
    ),
];

#[test]
fn a_service_whose_backup_forgets_its_log_is_refused() {
    let world = World::with_key();
    let ran = world.certify(&half_saved("careless"), &profile(&CRITERIA));
    let told = format!("{}\n{}", ran.stdout, ran.stderr);
    assert_eq!(judged(&world, &ran), ["PASS", "FAIL"], "{told}");
    assert!(value(&ran, "kept").as_u64().unwrap() > 0, "{told}");
}

#[test]
fn its_twin_that_saves_both_is_not() {
    let world = World::with_key();
    let ran = world.certify(&half_saved("whole"), &profile(&CRITERIA));
    assert_eq!(judged(&world, &ran), ["PASS"; 2], "{}\n{}", ran.stdout, ran.stderr);
    seen_red(&ran);
}

#[test]
fn a_backup_that_cannot_be_restored_is_found_out() {
    let world = World::with_key();
    let subject = notes_with("'cp', '{dir}/notes.db', '{backup}'", "'false', '{backup}', '{dir}'");
    let ran = world.certify(&subject, &profile(&CRITERIA));
    assert_eq!(judged(&world, &ran), ["FAIL", "FAIL"], "{}\n{}", ran.stdout, ran.stderr);
    assert_eq!(value(&ran, "back"), "inf", "{}", ran.stdout);
}

/// Data that lie elsewhere survive every disaster of a drill, and need no backup. The planted defect finds it out.
#[test]
fn data_that_are_not_where_they_are_said_to_be_certify_nothing() {
    let world = World::with_key();
    let data = world.path("elsewhere.db");
    let serve = format!("{PLIMSOLL} demo-service --listen 127.0.0.1:{{port}} --data {}", data.display());
    let subject = format!(
        "{}[backup]\nsave = ['true', '{{backup}}']\nrestore = ['true', '{{backup}}', '{{dir}}']\n",
        notes_started_by(&format!("exec {serve} # {{dir}}"))
    );
    let ran = world.certify(&subject, &profile(&CRITERIA));
    let expected = "kept: the planted defect stale-backup gave PASS, it should give FAIL";
    assert!(ran.code >= 2 && ran.stderr.contains(expected), "{}\n{}", ran.stdout, ran.stderr);
}

#[test]
fn what_says_nothing_of_backups_is_not_restored() {
    let world = World::with_key();
    let planned = |subject: &str| {
        world.write("subject.toml", subject);
        let plan = world.run(&["certify", "subject.toml", "--profile", "recovery", "--plan"]);
        assert_eq!(plan.code, 0, "{}", plan.stderr);
        plan.stdout
    };
    let plan = planned(&notes_started_by("exec $SERVE"));
    assert!(!plan.contains("restores") && !plan.contains("stale-backup"), "{plan}");
    let plan = planned(&demo());
    for part in ["5 restores of a backup made amid writes", "slow-restore", "stale-backup", "sham-restore"] {
        assert!(plan.contains(part), "{part}\n{plan}");
    }
}
