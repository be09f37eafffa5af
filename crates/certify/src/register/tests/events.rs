//! The bytes of version 1, and what is not understood.

use plimsoll_store::{Fold, Payload, Record, RecordKind, Recorded, SealName, StreamName};

use super::world::{World, certificate, failed};
use crate::error::Error;
use crate::register::event::Event;
use crate::register::{Outcome, Progress, Stale};

fn record(kind: &str, payload: &str) -> Record {
    Record {
        position: 9,
        unix_ms: 1,
        stream: StreamName::new("certify").unwrap(),
        sequence: 7,
        kind: RecordKind::new(kind).unwrap(),
        payload: Payload { sealed_under: None, bytes: payload.as_bytes().to_vec() },
    }
}

const ID: &str = "01a1b2c3d4e500000001";

/// Journals of the first version hold exactly this.
#[test]
fn what_version_1_wrote_is_read() {
    let snapshot = r#"{"name":"web","revision":3,"text":"name = \"web\""}"#;
    let sha = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let certificate = format!(
        r#"{{"status":"certified","not_before_ms":1,"not_after_ms":2,"sha256":"{sha}","stale":null}}"#
    );
    let known = [
        (
            "subject.written",
            r#"{"subject_written":{"subject":"web","text":"x","keep_fresh":"quick","by":"alice"}}"#
                .to_owned(),
        ),
        ("subject.removed", r#"{"subject_removed":{"subject":"web","by":null}}"#.to_owned()),
        ("profile.written", r#"{"profile_written":{"profile":"p","text":"x","by":null}}"#.to_owned()),
        ("profile.removed", r#"{"profile_removed":{"profile":"p","by":null}}"#.to_owned()),
        (
            "certification.requested",
            format!(
                r#"{{"certification_requested":{{"certification":"{ID}","subject":{snapshot},"profile":{snapshot},"reason":"kept_fresh","by":null}}}}"#
            ),
        ),
        ("certification.started", format!(r#"{{"certification_started":{{"certification":"{ID}"}}}}"#)),
        (
            "certification.stopped",
            format!(r#"{{"certification_stopped":{{"certification":"{ID}","by":"alice"}}}}"#),
        ),
        (
            "certification.done",
            format!(r#"{{"certification_done":{{"certification":"{ID}","certificate":{certificate}}}}}"#),
        ),
        (
            "certification.failed",
            format!(r#"{{"certification_failed":{{"certification":"{ID}","problem":"p","hint":null}}}}"#),
        ),
        (
            "certification.cancelled",
            format!(r#"{{"certification_cancelled":{{"certification":"{ID}","by":null}}}}"#),
        ),
        (
            "certification.interrupted",
            format!(r#"{{"certification_interrupted":{{"certification":"{ID}"}}}}"#),
        ),
        (
            "certificate.stale",
            format!(r#"{{"certificate_stale":{{"certification":"{ID}","reason":"subject_changed"}}}}"#),
        ),
    ];
    for (kind, event) in known {
        let payload = format!(r#"{{"v":1,"event":{event}}}"#);
        let read = Event::from_record(&record(kind, &payload)).unwrap_or_else(|why| panic!("{kind}: {why}"));
        assert_eq!(String::from_utf8(read.to_record().unwrap().payload.bytes).unwrap(), payload);
    }
}

#[test]
fn what_version_1_told_of_progress_is_read() {
    let known = [
        ("progress.calibrating", r#"{"calibrating":{}}"#),
        ("progress.calibration-failed", r#"{"calibration_failed":{"tried":1,"of":3,"problem":"p"}}"#),
        ("progress.step", r#"{"step":{"done":1,"of":9,"name":"steady load, trial 2"}}"#),
        (
            "progress.load",
            r#"{"load":{"counts":true,"rate_per_ks":200000,"p50_ns":1000,"p99_ns":"inf","errors":0,"left_ms":7}}"#,
        ),
        ("progress.dropped", r#"{"dropped":{"records":4}}"#),
    ];
    for (kind, event) in known {
        let payload = format!(r#"{{"v":1,"event":{event}}}"#);
        let read = Progress::from_record(&record(kind, &payload)).unwrap();
        assert_eq!(String::from_utf8(read.to_record().unwrap().payload.bytes).unwrap(), payload);
    }
}

const REMOVED: &str = r#"{"v":1,"event":{"subject_removed":{"subject":"web","by":null}}}"#;

#[test]
fn what_is_not_understood_is_an_error() {
    let long = format!("\"text\":\"{}\"", "x".repeat(50_000));
    let cases = [
        ("subject.removed", REMOVED.replace("\"v\":1", "\"v\":2"), "version 2"),
        ("subject.removed", REMOVED.replace("null", "null,\"why\":\"x\""), "unknown field `why`"),
        ("subject.removed", REMOVED.replace("\"v\":1", "\"v\":1,\"w\":1"), "unknown field `w`"),
        ("subject.removed", REMOVED.replace("subject_removed", "subject_erased"), "unknown variant"),
        ("subject.removed", REMOVED.replace("web", "Web"), "cannot name"),
        ("profile.removed", REMOVED.to_owned(), "its kind is profile.removed"),
        ("subject.removed", String::new(), "EOF"),
        (
            "profile.written",
            format!(r#"{{"v":1,"event":{{"profile_written":{{"profile":"p",{long},"by":null}}}}}}"#),
            "50000 bytes",
        ),
    ];
    for (kind, payload, why) in cases {
        let error = Event::from_record(&record(kind, &payload)).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
    let mut sealed = record("subject.removed", REMOVED);
    sealed.payload.sealed_under = Some(SealName::new("k").unwrap());
    assert!(Event::from_record(&sealed).unwrap_err().to_string().contains("sealed"));
}

#[test]
fn a_record_that_contradicts_what_is_known_changes_nothing() {
    let mut world = World::furnished();
    let (done, queued) = (world.certified(), world.start("web", "p"));
    world.commit(world.register.mark_stale(&done, Stale::Expired));
    let unknown = world.id();
    let snapshot = world.register.certification(&done).unwrap().subject.clone();
    let started = |certification| Event::CertificationStarted { certification };
    let contradictions = [
        started(done.clone()),
        started(unknown.clone()),
        Event::ended(queued.clone(), failed()),
        Event::ended(queued.clone(), Outcome::Done(certificate(1))),
        Event::ended(queued.clone(), Outcome::Interrupted),
        Event::ended(done.clone(), Outcome::Cancelled(None)),
        Event::CertificationStopped { certification: queued.clone(), by: None },
        Event::CertificateStale { certification: done.clone(), reason: Stale::Expired },
        Event::CertificateStale { certification: queued.clone(), reason: Stale::Expired },
        Event::CertificationRequested {
            certification: queued,
            subject: snapshot.clone(),
            profile: snapshot.clone(),
            reason: crate::register::Reason::Asked,
            by: None,
        },
        Event::SubjectRemoved { subject: super::world::name("nobody"), by: None },
        Event::ProfileRemoved { profile: super::world::name("nobody"), by: None },
    ];
    for event in contradictions {
        let before = world.register.clone();
        let new = event.to_record().unwrap();
        let mut next = record(new.kind.as_str(), "");
        (next.sequence, next.payload) = (before.sequence + 1, new.payload);
        let refused = world.register.apply(&next);
        assert!(
            matches!(refused, Err(Error::Store(plimsoll_store::Error::Unclear { .. }))),
            "{event:?}: {refused:?}"
        );
        assert_eq!(world.register, before);
    }
    let mut elsewhere = world.records[0].clone();
    elsewhere.stream = StreamName::new("audit").unwrap();
    assert!(world.register.apply(&elsewhere).unwrap_err().to_string().contains("stream audit"));
}
