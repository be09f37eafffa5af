//! Certifications: started, watched, cancelled.

use plimsoll_certify::register::{
    Certificate, Certification, CertificationId, Name, Progress, Reason, Said, Snapshot, Stale, State,
};
use plimsoll_evidence::Issuance;
use plimsoll_policy::{Action, AuditEntry, Outcome};
use plimsoll_store::{Amount, Batch, Journal, Record, Recorded};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::audit::{self, After};
use super::certificates::{TrialView, reading};
use super::grammar;
use super::page::{Listing, Page, cut};
use super::piecewise::{Following, ToTheEnd, follow_to_the_end, resume_after};
use super::problem::Problem;
use super::reply::{Created, Done, Kept};
use super::route::{Call, Json, Nothing};
use super::texts::actor;
use super::time::time;

/// Records of progress that are read at once.
const READ_AT_ONCE: usize = 1_000;

/// A certification in the path.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ById {
    /// Its name: 20 hexadecimal digits.
    #[schemars(regex(pattern = grammar::CERTIFICATION))]
    pub(crate) id: String,
}

/// A certification to be.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    /// What is to be judged: the name of a subject. `demo` ships with the server.
    #[schemars(regex(pattern = grammar::NAME), example = &"demo")]
    subject: String,
    /// Against what: the name of a profile, such as `quick` or `web-service`.
    #[schemars(regex(pattern = grammar::NAME), example = &"quick")]
    profile: String,
}

/// A text as it was when the certification was asked for.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SnapshotView {
    name: String,
    revision: u64,
    sha256: String,
}

/// A certificate as the server knows it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct CertificateView {
    /// The name of its subject.
    subject: String,
    /// The name of its profile.
    profile: String,
    /// `issued`, or `demo`: signed with a key that was thrown away, and valid for nobody else.
    issuance: &'static str,
    /// `certified`, `preliminary`, `conditional`, `pending` or `denied`.
    status: &'static str,
    not_before: String,
    not_after: String,
    /// SHA-256 of the signed file.
    sha256: String,
    /// Why it says nothing of today any more: `expired`, `subject_changed` or `profile_changed`. `not_watched` if it is so
    /// old that nobody looks whether it does.
    stale: Option<&'static str>,
}

/// A certification.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct CertificationView {
    pub(crate) id: String,
    subject: SnapshotView,
    profile: SnapshotView,
    /// `asked` or `kept_fresh`.
    reason: &'static str,
    /// `queued`, `running`, `cancelling`, `done`, `failed`, `cancelled` or `interrupted`.
    state: &'static str,
    requested: String,
    requested_by: Option<String>,
    started: Option<String>,
    ended: Option<String>,
    /// Why there is no certificate, if it failed.
    problem: Option<String>,
    hint: Option<String>,
    certificate: Option<CertificateView>,
}

/// A certification that was asked for.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Started {
    id: String,
}

/// A step that was begun.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct StepView {
    time: String,
    /// Steps before this one.
    done: u64,
    /// Steps in all, as far as was known.
    of: u64,
    name: String,
}

/// What was tried.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Trials {
    /// The steps, in the order in which they began.
    steps: Vec<StepView>,
    /// What was observed, once there is a certificate.
    trials: Vec<TrialView>,
}

fn snapshot(snapshot: &Snapshot) -> SnapshotView {
    let (name, sha256) = (snapshot.name.to_string(), snapshot.text.digest().to_string());
    SnapshotView { name, revision: snapshot.revision, sha256 }
}

fn stale_name(stale: Stale) -> &'static str {
    match stale {
        Stale::Expired => "expired",
        Stale::SubjectChanged => "subject_changed",
        Stale::ProfileChanged => "profile_changed",
    }
}

fn certificate(
    (subject, profile): (String, String),
    issuance: Issuance,
    certificate: &Certificate,
    stale: Option<&'static str>,
) -> CertificateView {
    CertificateView {
        subject,
        profile,
        issuance: match issuance {
            Issuance::Issued => "issued",
            Issuance::Demo => "demo",
        },
        status: certificate.status.name(),
        not_before: time(certificate.not_before_ms),
        not_after: time(certificate.not_after_ms),
        sha256: certificate.sha256.to_string(),
        stale,
    }
}

/// The certificate of a certification, if it has one.
pub(crate) fn of_certification(one: &Certification) -> Option<CertificateView> {
    let issued = one.certificate()?;
    let names = (one.subject.name.to_string(), one.profile.name.to_string());
    Some(certificate(names, one.issuance(), issued, issued.stale.map(stale_name)))
}

/// A certificate whose certification has been forgotten.
pub(crate) fn of_forgotten(said: &Said, now_ms: u64) -> CertificateView {
    let is_over = now_ms >= said.certificate.not_after_ms;
    let stale = if is_over { stale_name(Stale::Expired) } else { "not_watched" };
    let names = (said.subject.clone(), said.profile.clone());
    certificate(names, said.issuance, &said.certificate, Some(stale))
}

pub(crate) fn view(id: &CertificationId, one: &Certification) -> CertificationView {
    let (problem, hint) = match &one.state {
        State::Failed { problem, hint } => (Some(problem.clone()), hint.clone()),
        _ => (None, None),
    };
    CertificationView {
        id: id.to_string(),
        subject: snapshot(&one.subject),
        profile: snapshot(&one.profile),
        reason: match one.reason {
            Reason::Asked => "asked",
            Reason::KeptFresh => "kept_fresh",
        },
        state: one.state.name(),
        requested: time(one.requested_ms),
        requested_by: one.requested_by.as_ref().map(ToString::to_string),
        started: one.started_ms.map(time),
        ended: one.ended_ms.map(time),
        problem,
        hint,
        certificate: of_certification(one),
    }
}

/// The newest first.
pub(crate) async fn list_certifications(
    call: Call<Nothing, Page>,
) -> Result<Json<Listing<CertificationView>>, Problem> {
    let limit = call.query.limit()?;
    let before = call.query.after()?.map(|id| CertificationId::new(&id)).transpose()?;
    let found = call.app.runner.read(|register| {
        let earlier = register.certifications().rev();
        let earlier = earlier.filter(|(id, _)| before.as_ref().is_none_or(|before| *id < before));
        earlier.take(limit + 1).map(|(id, one)| view(id, one)).collect::<Vec<_>>()
    });
    Ok(Json(cut(found, limit, |one| one.id.clone())))
}

pub(crate) async fn show_certification(call: Call<ById>) -> Result<Json<CertificationView>, Problem> {
    let id = CertificationId::new(&call.path.id)?;
    call.app.runner.read(|register| Ok(Json(view(&id, register.certification(&id)?))))
}

pub(crate) async fn start_certification(
    call: Call<Nothing, Nothing, Json<Wanted>>,
) -> Result<Created<Started>, Problem> {
    let (by, Json(wanted)) = (actor(&call)?, &call.body);
    let (subject, profile) = (Name::new(&wanted.subject)?, Name::new(&wanted.profile)?);
    let id = CertificationId::draw(call.app.clock.unix_ms())?;
    let started =
        Created { location: format!("/api/v1/certifications/{id}"), body: Started { id: id.to_string() } };
    let kept = Kept::from(&started);
    call.change_register(&started.location, &kept, |register, _| {
        register.start(&id, &subject, &profile, Some(&by))
    })
    .await?;
    Ok(started)
}

/// The server asks by itself for a certification of a subject that is kept fresh: the line of the audit trail about it.
pub(crate) fn tell_of_refresh(subject: &Name, batch: &mut Batch) -> plimsoll_store::Result<()> {
    let entry = AuditEntry {
        actor: None,
        by: "server".into(),
        act: Action::CertificationStart.name().into(),
        object: format!("/api/v1/subjects/{subject}"),
        outcome: Outcome::Done,
        why: None,
        address: None,
        request: String::new(),
    };
    audit::add(batch, &entry)
}

pub(crate) async fn cancel_certification(call: Call<ById>) -> Result<Done, Problem> {
    let (id, by) = (CertificationId::new(&call.path.id)?, actor(&call)?);
    let object = format!("/api/v1/certifications/{id}");
    call.change_register(&object, &Kept::done(), |register, _| register.cancel(&id, Some(&by))).await?;
    Ok(Done)
}

/// What the record says, with its time.
fn shown(record: &Record) -> Option<Value> {
    let payload: Value = serde_json::from_slice(&record.payload.bytes).ok()?;
    Some(serde_json::json!({ "time": time(record.unix_ms), "event": payload.get("event")? }))
}

/// Whatever is no progress is the outcome.
fn is_outcome(record: &Record) -> bool {
    !record.kind.as_str().starts_with("progress.")
}

pub(crate) async fn follow_certification(call: Call<ById, After>) -> Result<ToTheEnd, Problem> {
    let id = CertificationId::new(&call.path.id)?;
    call.app.runner.read(|register| register.certification(&id).map(drop))?;
    let after = resume_after(&call.headers, call.query.after)?;
    let what = Following { stream: id.stream()?, shown, is_last: is_outcome, caller: call.caller };
    follow_to_the_end(&call.app, what, after).await
}

pub(crate) async fn list_trials(call: Call<ById>) -> Result<Json<Trials>, Problem> {
    let id = CertificationId::new(&call.path.id)?;
    // One that has been forgotten has left its certificate, or nothing.
    let issued = call
        .app
        .runner
        .read(|register| register.certification(&id).map_or(true, |one| one.certificate().is_some()));
    let (mut steps, mut after) = (Vec::new(), 0);
    loop {
        let records = call.app.journal.read(&id.stream()?, after, Amount::records(READ_AT_ONCE)).await?;
        let Some(last) = records.last() else { break };
        after = last.sequence;
        steps.extend(records.iter().filter_map(step));
    }
    let trials = match issued {
        true => reading(&call.app, move |certificates| certificates.trials(&id)).await?,
        false => Vec::new(),
    };
    Ok(Json(Trials { steps, trials: trials.into_iter().map(TrialView::from).collect() }))
}

fn step(record: &Record) -> Option<StepView> {
    match Progress::from_record(record) {
        Ok(Progress::Step { done, of, name }) => {
            Some(StepView { time: time(record.unix_ms), done, of, name })
        }
        _ => None,
    }
}
