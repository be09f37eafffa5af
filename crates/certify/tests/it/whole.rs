//! A certification from the wish to the certificate, and what is done with it then.

use plimsoll_base::Clock;
use plimsoll_certify::register::{Certificates, CertificationId, Progress, Rules, Stale, State};
use plimsoll_certify::{Error, SystemClock, report_json};
use plimsoll_evidence::{Outcome, Status};
use plimsoll_proof::Digest;
use plimsoll_store::{Expect, Recorded};
use serde_json::json;

use crate::world::{TestRunner, World, name, state};

const LISTEN: &str = "PLIMSOLL_TEST_LISTEN";
const DATA: &str = "PLIMSOLL_TEST_DATA";

/// The demo subject as a process of its own: this very program, told by its environment to serve.
#[test]
fn the_demo_subject_serves_where_it_is_told_to() {
    let Ok(listen) = std::env::var(LISTEN) else { return };
    let data = std::env::var(DATA).unwrap().into();
    plimsoll_notes::serve(plimsoll_notes::Options::new(listen.parse().unwrap(), data)).unwrap();
}

fn demo() -> String {
    let program = std::env::current_exe().unwrap();
    format!(
        "name = \"demo\"\n[start]\n\
         command = ['{}', '--exact', 'whole::the_demo_subject_serves_where_it_is_told_to']\n\
         env = {{ {LISTEN} = '127.0.0.1:{{port}}', {DATA} = '{{dir}}/notes.db' }}\n\
         [target]\nurl = 'http://127.0.0.1:{{port}}'\nhealth = '/health'\n\
         [load]\nrate = '100/s'\n[[request]]\npath = '/notes'\n",
        program.display()
    )
}

/// One trial of two seconds, and its control.
fn tiny(limit: &str) -> String {
    format!(
        "id = \"tiny\"\nversion = 1\ntitle = \"T\"\ntrials = 1\ndrills = 1\ntrial = \"2s\"\nwarm_up = \"200ms\"\n\
         control = \"1s\"\n[[criterion]]\nid = \"errors\"\nstatement = \"S\"\ndomain = \"d\"\nprobe = \"errors\"\n\
         limit = \"{limit}\"\nseverity = \"blocking\"\n"
    )
}

fn write_tiny(world: &World, runner: &TestRunner, limit: &str) {
    let text = tiny(limit);
    let acted = runner.act(|register, _| register.write_profile(&name("tiny"), &text, Expect::Any, None));
    world.wait(acted).unwrap();
}

#[test]
fn timing_a_subject_is_certified_and_its_certificate_lives_until_its_profile_changes() {
    let world = World::new();
    world.take_calibration();
    let runner = world.try_open(Rules::default(), Some(&demo())).unwrap();
    write_tiny(&world, &runner, "5%");
    let id = world.start(&runner, "demo", "tiny");
    let ended = world.run_until(&runner, &id, State::is_over);
    world.keep_calibration();
    let State::Done(certificate) = ended else { panic!("{ended:?}") };
    let verified = runner.certificates().verify(&id, SystemClock.now(), Some(&id)).unwrap();
    let found = (certificate.status, certificate.stale);
    assert_eq!(found, (Status::Preliminary, None), "{:#}", report_json(&verified));
    check_told(&world, &id);
    check_read(&world, runner.certificates(), &id, certificate.sha256);
    check_found_after_death(&world, runner, &id, certificate.sha256);

    let runner = world.try_open(Rules::default(), Some(&demo())).unwrap();
    write_tiny(&world, &runner, "6%");
    let is_stale =
        |state: &State| matches!(state, State::Done(found) if found.stale == Some(Stale::ProfileChanged));
    world.run_until(&runner, &id, is_stale);
    check_suspicion(&world, runner.certificates(), &id);
}

/// What it did was told in order, and its outcome last.
fn check_told(world: &World, id: &CertificationId) {
    let told = world.told(id);
    let (outcome, progress) = told.split_last().unwrap();
    assert_eq!(outcome.kind.as_str(), "certification.done");
    let progress: Vec<Progress> =
        progress.iter().map(|record| Progress::from_record(record).unwrap()).collect();
    assert_eq!(progress[0], Progress::Calibrating {});
    let steps: Vec<&str> = progress
        .iter()
        .filter_map(|word| if let Progress::Step { name, .. } = word { Some(name.as_str()) } else { None })
        .collect();
    assert_eq!(steps[0], "steady load, trial 1 of 1");
    assert!(steps.iter().any(|step| step.starts_with("control: ")), "{steps:?}");
    assert!(progress.iter().any(|word| matches!(word, Progress::Load { counts: true, .. })), "{progress:?}");
}

/// Its files are those of its folder and no others, and it is valid to whoever trusts the server's key.
fn check_read(world: &World, certificates: &Certificates, id: &CertificationId, sha256: Digest) {
    let files = certificates.files(id).unwrap();
    let signed = files.iter().find(|file| file.path == "certificate.dsse.json").unwrap();
    assert_eq!(signed.sha256, sha256);
    let bytes = certificates.file(id, "report.html").unwrap();
    assert_eq!(bytes, std::fs::read(world.path(&format!("certificates/{id}/report.html"))).unwrap());
    for path in ["../../journal", "/etc/passwd", "evidence", "evidence/../report.html", "./report.html", ""] {
        assert!(matches!(certificates.file(id, path), Err(Error::Absent { what: "file", .. })), "{path}");
    }
    let report = certificates.verify(id, SystemClock.now(), Some(id)).unwrap();
    assert_eq!(report.outcome, Outcome::ValidDemo, "{:?}", report.failed());
    let report = report_json(&report);
    assert_eq!(
        (&report["certificate"]["subject"]["name"], &report["certificate"]["issuance"]),
        (&json!("demo"), &json!("demo"))
    );
    // Elsewhere it is not valid, not even to who trusts this server.
    std::fs::create_dir_all(world.path("elsewhere/certificates")).unwrap();
    copy(&world.path(&format!("certificates/{id}")), &world.path(&format!("elsewhere/certificates/{id}")));
    let elsewhere = Certificates::new(&world.path("elsewhere"), world.keys());
    assert_eq!(elsewhere.verify(id, SystemClock.now(), None).unwrap().outcome, Outcome::Untrusted);
    let trials = certificates.trials(id).unwrap();
    let scenes: Vec<_> = trials.iter().map(|trial| (trial.sort, trial.scene)).collect();
    for wanted in
        [("start", "measured"), ("load", "measured"), ("load", "injected-errors"), ("load", "sham-load")]
    {
        assert!(scenes.contains(&wanted), "{wanted:?} in {scenes:?}");
    }
    assert!(trials.iter().all(|trial| files.iter().any(|file| file.path == trial.evidence)));
    let unknown = CertificationId::new("00000000000000000000").unwrap();
    assert!(matches!(certificates.files(&unknown), Err(Error::Absent { what: "certificate", .. })));
}

/// A certificate that was published just before the server died is not lost.
fn check_found_after_death(world: &World, runner: TestRunner, id: &CertificationId, sha256: Digest) {
    let next = world.start(&runner, "demo", "tiny");
    world.die_at_work(runner, &next);
    let folder = |id: &CertificationId| world.path(&format!("certificates/{id}"));
    copy(&folder(id), &folder(&next));
    let runner = world.try_open(Rules::default(), Some(&demo())).unwrap();
    let found = world.run_until(&runner, &next, State::is_over);
    let State::Done(found) = found else { panic!("{found:?}") };
    assert_eq!(found.sha256, sha256);
    assert!(matches!(state(&runner, id), State::Done(_)));
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// A link in the folder is not followed, and a folder with one is no certificate.
fn check_suspicion(world: &World, certificates: &Certificates, id: &CertificationId) {
    let link = world.path(&format!("certificates/{id}/passwd"));
    std::os::unix::fs::symlink("/etc/passwd", &link).unwrap();
    assert!(matches!(certificates.file(id, "passwd"), Err(Error::Folder(_))));
    let report = certificates.verify(id, SystemClock.now(), None).unwrap();
    assert_eq!(report.outcome, Outcome::Invalid);
}
