//! Coming in and going out: the first administrator, sign-in, sign-out.

use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode};
use plimsoll_base::{Kind, Secret};
use plimsoll_identity::{
    Error as IdentityError, NewUser, PasswordHash, PasswordProof, RoleName, Upon, UserName, hash_new,
};
use plimsoll_policy::{AuditEntry, Outcome, Role};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::audit;
use super::auth::{By, Caller};
use super::grammar;
use super::problem::Problem;
use super::reply::{Created, Done, Kept, WithCookie};
use super::route::{Call, Nothing, Secrets};
use super::secret::SecretText;
use crate::app::App;

/// The first administrator to be.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FirstUser {
    /// The text behind `#` in the link that the server printed.
    link: SecretText,
    /// 2 to 64 lower-case letters, digits and `._-`.
    #[schemars(regex(pattern = grammar::USER), example = &"ada")]
    name: String,
    /// At least 12 characters that are hard to guess.
    #[schemars(length(min = 12))]
    password: SecretText,
}

/// What somebody shows at the door.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credentials {
    /// The user.
    #[schemars(example = &"ada")]
    name: String,
    /// The password.
    password: SecretText,
    /// Six digits of the authenticator or a recovery code, if there is a second factor.
    code: Option<String>,
}

/// A name.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Named {
    /// The user.
    pub(crate) name: String,
}

pub(crate) async fn set_up(
    call: Call<Nothing, Nothing, Secrets<FirstUser>>,
) -> Result<Created<Named>, Problem> {
    let attempt = call.app.attempt(Upon::SetUp, call.caller.place.address)?;
    let created = create_first(&call).await;
    call.app.with_throttle(|throttle| match &created {
        Ok(_) => throttle.succeeded(&attempt),
        // It was a guess.
        Err(IdentityError::LinkDead) => {}
        Err(_) => throttle.withdrawn(&attempt),
    });
    Ok(created?)
}

async fn create_first(
    call: &Call<Nothing, Nothing, Secrets<FirstUser>>,
) -> Result<Created<Named>, IdentityError> {
    let Secrets(first) = &call.body;
    let name = UserName::new(&first.name)?;
    // Before the work of a hash: whoever has no link costs nothing.
    call.app.identity.check_link(first.link.secret())?;
    let password = hash(&call.app, &name, &first.password).await?;
    let roles = [RoleName::new(Role::Administrator.name())?].into();
    let user = NewUser { name, password, roles };
    let created = Created { location: account(), body: Named { name: user.name.to_string() } };
    let entry = AuditEntry {
        actor: Some(user.name.to_string()),
        by: "link".into(),
        ..call.caller.entry(call.act, &format!("/api/v1/users/{}", user.name), Outcome::Done, None)
    };
    let kept = Kept::from(&created);
    call.app
        .identity
        .set_up(first.link.secret(), &user, |batch| Ok(call.whole(batch, &entry, &kept)?))
        .await?;
    Ok(created)
}

fn account() -> String {
    String::from("/api/v1/account")
}

pub(crate) async fn sign_in(
    call: Call<Nothing, Nothing, Secrets<Credentials>>,
) -> Result<WithCookie<Created<Named>>, Problem> {
    let Secrets(shown) = &call.body;
    let attempt = call.app.attempt(Upon::Account(&shown.name), call.caller.place.address)?;
    let opened = open_session(&call, shown).await;
    match opened {
        Ok((name, text)) => {
            call.app.with_throttle(|throttle| throttle.succeeded(&attempt));
            let cookie = cookie(&call.app, text.expose(), None)?;
            let body = Named { name: name.to_string() };
            Ok(WithCookie { cookie, reply: Created { location: account(), body } })
        }
        Err(error) if error.is_guess() => {
            failed(&call, shown, &error).await?;
            // Whoever is still at the door is nobody yet.
            Err(Problem { status: StatusCode::UNAUTHORIZED, ..error.into() })
        }
        Err(error) => {
            call.app.with_throttle(|throttle| throttle.withdrawn(&attempt));
            Err(error.into())
        }
    }
}

async fn open_session(
    call: &Call<Nothing, Nothing, Secrets<Credentials>>,
    shown: &Credentials,
) -> Result<(UserName, Secret<String>), IdentityError> {
    let proof = verify(&call.app, &shown.name, &shown.password).await?;
    let name = proof.user.clone();
    let entry = AuditEntry {
        actor: Some(name.to_string()),
        by: "password".into(),
        ..call.caller.entry(call.act, "/api/v1/session", Outcome::Done, None)
    };
    let place = &call.caller.place;
    let with = |batch| Ok(call.whole(batch, &entry, &Kept::Secret)?);
    let opened = call.app.identity.sign_in(&proof, shown.code.as_deref(), place, with).await;
    opened.map(|(_, text)| (name, text))
}

/// Somebody was not let in. A name that nobody has may be a password typed into the wrong field: it is not written.
async fn failed(
    call: &Call<Nothing, Nothing, Secrets<Credentials>>,
    shown: &Credentials,
    error: &IdentityError,
) -> Result<(), Problem> {
    let known = UserName::new(&shown.name).ok();
    let known = known.filter(|name| call.app.identity.read(|directory| directory.user(name).is_ok()));
    let entry = AuditEntry {
        actor: known.map(|name| name.to_string()),
        by: "nothing".into(),
        ..call.caller.entry(call.act, "/api/v1/session", Outcome::Denied, Some(error.to_string()))
    };
    audit::tell(&call.app, &entry).await
}

pub(crate) async fn sign_out(call: Call) -> Result<WithCookie<Done>, Problem> {
    let who = call.caller.known()?;
    let By::Session(session) = who.by else {
        let hint = "revoke the token: DELETE /api/v1/account/tokens/ID";
        return Err(Problem::of(Kind::Denied, "a token has no session to end").hint(hint));
    };
    let user = &who.principal.user;
    call.change_people("/api/v1/session", &Kept::done(), |directory, _| {
        directory.end_session(user, session, Some(user))
    })
    .await?;
    Ok(WithCookie { cookie: cookie(&call.app, "", Some(0))?, reply: Done })
}

/// RFC 6265: only for us, only over TLS where there is TLS, never for scripts, never with another site's requests. It
/// ends with the browser; the session ends earlier or later by the server's own rules.
fn cookie(app: &App, text: &str, age_s: Option<u64>) -> Result<HeaderValue, Problem> {
    let name = app.settings.cookie_name();
    let secure = if app.settings.is_secure() { "; Secure" } else { "" };
    let age = age_s.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    let line = format!("{name}={text}; Path=/; HttpOnly; SameSite=Strict{secure}{age}");
    let mut value = HeaderValue::try_from(line).map_err(|error| Problem::of(Kind::Bug, error.to_string()))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Compares a password, on a thread that may be busy for a while, and on few of them at once.
pub(crate) async fn verify(
    app: &App,
    name: &str,
    password: &SecretText,
) -> Result<PasswordProof, IdentityError> {
    let (check, password) = (app.identity.password_check(name), password.clone());
    hashing(app, move || check.verify(password.secret())).await
}

/// Hashes a new password, likewise.
pub(crate) async fn hash(
    app: &App,
    name: &UserName,
    password: &SecretText,
) -> Result<PasswordHash, IdentityError> {
    let (name, password) = (name.clone(), password.clone());
    hashing(app, move || hash_new(&name, password.secret())).await
}

async fn hashing<T: Send + 'static>(
    app: &App,
    hash: impl FnOnce() -> Result<T, IdentityError> + Send + 'static,
) -> Result<T, IdentityError> {
    let gone = |what: &str| IdentityError::Bug(what.to_owned());
    let permit = Arc::clone(&app.hashing).acquire_owned().await;
    let permit = permit.map_err(|_| gone("passwords are no longer hashed"))?;
    let hashing = tokio::task::spawn_blocking(move || {
        // Held by the work, which goes on although whoever asked has gone.
        let _permit = permit;
        hash()
    });
    hashing.await.unwrap_or_else(|_| Err(gone("hashing a password fell over")))
}

/// Something that is done only by who has just typed the password or a code: the throttle is asked as at the door, or
/// guessing would move here.
pub(crate) async fn proven<T>(
    app: &App,
    caller: &Caller,
    act: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    let attempt =
        app.attempt(Upon::Account(caller.known()?.principal.user.as_str()), caller.place.address)?;
    let done = act.await;
    app.with_throttle(|throttle| match &done {
        Ok(_) => throttle.succeeded(&attempt),
        Err(problem) if problem.is_guess() => {}
        Err(_) => throttle.withdrawn(&attempt),
    });
    done
}
