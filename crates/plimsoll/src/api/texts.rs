//! Subjects and profiles: texts in TOML that people write.

use axum::http::{HeaderMap, StatusCode, header};
use plimsoll_certify::register::{Actor, Name, Subject, Written};
use plimsoll_policy::{Action, decide};
use plimsoll_store::Expect;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::auth::rights;
use super::grammar;
use super::page::{Listing, Page};
use super::problem::Problem;
use super::reply::{Done, Kept};
use super::route::{Call, Json, Nothing, Toml};
use super::time::time;

/// A subject or a profile in the path.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ByName {
    /// Its name: lower-case letters, digits and hyphens, as in the file itself.
    #[schemars(regex(pattern = grammar::NAME))]
    name: String,
}

/// What comes with the text of a subject.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Keeping {
    /// The profile by which it is certified again before its certificate expires, and when it has changed.
    #[schemars(regex(pattern = grammar::NAME))]
    keep_fresh: Option<String>,
}

/// A text that is kept under a name.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct TextView {
    name: String,
    /// The text in TOML, where one is asked for by name: lists have none. A subject's may hold secrets in its headers:
    /// only who may write subjects sees it.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// Send it as `If-Match` to change only what you have seen; 0 if it is built in and cannot be changed.
    revision: u64,
    /// SHA-256 of the text.
    sha256: String,
    /// When it was written; none if it is built in.
    written: Option<String>,
    written_by: Option<String>,
    /// The profile by which the subject is kept fresh.
    #[serde(skip_serializing_if = "Option::is_none")]
    keep_fresh: Option<String>,
}

fn view(name: &Name, written: &Written, keep_fresh: Option<&Name>, text: bool) -> TextView {
    TextView {
        name: name.to_string(),
        text: text.then(|| written.text.as_str().to_owned()),
        revision: written.revision,
        sha256: written.text.digest().to_string(),
        written: (!written.is_built_in()).then(|| time(written.written_ms)),
        written_by: written.written_by.as_ref().map(ToString::to_string),
        keep_fresh: keep_fresh.map(ToString::to_string),
    }
}

fn may_write_subjects<P, Q, B>(call: &Call<P, Q, B>) -> Result<bool, Problem> {
    Ok(decide(&rights(call.caller.known()?), Action::SubjectWrite).is_allowed())
}

/// What must be there: RFC 9110, 13.1.
fn expected(headers: &HeaderMap) -> Result<Expect, Problem> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let wrong = || {
        Problem::new(StatusCode::BAD_REQUEST, "`If-Match` is a revision, and `If-None-Match` is *")
            .hint("the revision stands in what GET gives")
    };
    match (text(header::IF_MATCH), text(header::IF_NONE_MATCH)) {
        (None, None) => Ok(Expect::Any),
        // RFC 9110, 13.2.2: it goes before the other one.
        (Some(revision), _) => revision.trim().trim_matches('"').parse().map(Expect::At).map_err(|_| wrong()),
        (None, Some("*")) => Ok(Expect::At(0)),
        _ => Err(wrong()),
    }
}

/// The user, as the register names whoever did something.
pub(crate) fn actor<P, Q, B>(call: &Call<P, Q, B>) -> Result<Actor, Problem> {
    Ok(Actor::new(call.caller.known()?.principal.user.as_str())?)
}

pub(crate) async fn list_subjects(call: Call<Nothing, Page>) -> Result<Json<Listing<TextView>>, Problem> {
    let listing = call.query.of(
        |last, max| {
            call.app.runner.read(|register| {
                let rest =
                    register.subjects().filter(|(name, _)| last.is_none_or(|last| name.as_str() > last));
                let shown = rest.take(max);
                let view = |(name, subject): (&Name, &Subject)| {
                    view(name, &subject.written, subject.keep_fresh.as_ref(), false)
                };
                shown.map(view).collect()
            })
        },
        |subject: &TextView| subject.name.clone(),
    )?;
    Ok(Json(listing))
}

pub(crate) async fn show_subject(call: Call<ByName>) -> Result<Json<TextView>, Problem> {
    let (name, writes) = (Name::new(&call.path.name)?, may_write_subjects(&call)?);
    call.app.runner.read(|register| {
        let subject = register.subject(&name)?;
        Ok(Json(view(&name, &subject.written, subject.keep_fresh.as_ref(), writes)))
    })
}

pub(crate) async fn write_subject(call: Call<ByName, Keeping, Toml>) -> Result<Done, Problem> {
    let (name, by, expect) = (Name::new(&call.path.name)?, actor(&call)?, expected(&call.headers)?);
    let keep_fresh = call.query.keep_fresh.as_deref().map(Name::new).transpose()?;
    let object = format!("/api/v1/subjects/{name}");
    call.change_register(&object, &Kept::done(), |register, _| {
        register.write_subject(&name, &call.body.0, keep_fresh.as_ref(), expect, Some(&by))
    })
    .await?;
    Ok(Done)
}

pub(crate) async fn remove_subject(call: Call<ByName>) -> Result<Done, Problem> {
    let (name, by, expect) = (Name::new(&call.path.name)?, actor(&call)?, expected(&call.headers)?);
    let object = format!("/api/v1/subjects/{name}");
    call.change_register(&object, &Kept::done(), |register, _| {
        register.remove_subject(&name, expect, Some(&by))
    })
    .await?;
    Ok(Done)
}

pub(crate) async fn list_profiles(call: Call<Nothing, Page>) -> Result<Json<Listing<TextView>>, Problem> {
    let listing = call.query.of(
        |last, max| {
            call.app.runner.read(|register| {
                let rest =
                    register.profiles().filter(|(name, _)| last.is_none_or(|last| name.as_str() > last));
                rest.take(max).map(|(name, profile)| view(name, &profile.written, None, false)).collect()
            })
        },
        |profile: &TextView| profile.name.clone(),
    )?;
    Ok(Json(listing))
}

pub(crate) async fn show_profile(call: Call<ByName>) -> Result<Json<TextView>, Problem> {
    let name = Name::new(&call.path.name)?;
    call.app.runner.read(|register| Ok(Json(view(&name, &register.profile(&name)?.written, None, true))))
}

pub(crate) async fn write_profile(call: Call<ByName, Nothing, Toml>) -> Result<Done, Problem> {
    let (name, by, expect) = (Name::new(&call.path.name)?, actor(&call)?, expected(&call.headers)?);
    let object = format!("/api/v1/profiles/{name}");
    call.change_register(&object, &Kept::done(), |register, _| {
        register.write_profile(&name, &call.body.0, expect, Some(&by))
    })
    .await?;
    Ok(Done)
}

pub(crate) async fn remove_profile(call: Call<ByName>) -> Result<Done, Problem> {
    let (name, by, expect) = (Name::new(&call.path.name)?, actor(&call)?, expected(&call.headers)?);
    let object = format!("/api/v1/profiles/{name}");
    call.change_register(&object, &Kept::done(), |register, _| {
        register.remove_profile(&name, expect, Some(&by))
    })
    .await?;
    Ok(Done)
}
