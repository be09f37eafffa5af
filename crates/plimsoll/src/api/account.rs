//! One's own account: password, second factor, sessions.

use std::collections::BTreeSet;

use plimsoll_base::Kind;
use plimsoll_identity::{
    Directory, Error as IdentityError, PasswordProof, RecoveryHash, Session, SessionId, TotpSecret, UserName,
    new_recovery_codes,
};
use plimsoll_policy::{Action, decide};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::auth::{By, rights};
use super::grammar;
use super::page::Listing;
use super::problem::Problem;
use super::reply::{Created, Done, Kept};
use super::route::{Call, Json, Nothing, Secrets};
use super::secret::SecretText;
use super::sign_in::{hash, proven, verify};
use super::time::time;
use crate::app::App;

/// Who is asking.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Account {
    /// The name.
    name: String,
    /// The roles.
    roles: Vec<String>,
    /// Whether there is a second factor.
    second_factor: bool,
    /// How many recovery codes were not used.
    recovery_codes_left: usize,
    /// A second factor must be set up before anything else.
    must_enrol: bool,
    /// Every action that this caller may do now.
    may: Vec<&'static str>,
    /// When the password was last changed.
    password_changed: String,
}

/// Another password.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPassword {
    /// The one that holds now.
    current: SecretText,
    /// The one that is to hold: at least 12 characters that are hard to guess.
    #[schemars(length(min = 12))]
    new: SecretText,
}

/// That it is really the user who asks, and not somebody who has found a session open.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CurrentPassword {
    /// The one that holds now.
    current: SecretText,
}

/// What an authenticator is given. It counts once a code of it has been sent.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Offered {
    /// To be typed.
    secret: SecretText,
    /// To be shown as a QR code.
    uri: SecretText,
}

/// A code.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Code {
    /// Six digits of the authenticator, or a recovery code.
    code: SecretText,
}

/// Codes for the day on which the authenticator is lost. They are shown once.
#[derive(Serialize, JsonSchema)]
pub(crate) struct RecoveryCodes {
    /// Each opens one session.
    recovery_codes: Vec<SecretText>,
}

/// A sign-in that lasts.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SessionView {
    /// Its public name, which opens nothing.
    id: String,
    opened: String,
    expires: String,
    last_used: String,
    /// From where it was last used.
    address: String,
    agent: String,
    second_factor: bool,
    /// Whether it is the one that asks.
    current: bool,
}

/// A session or a token in the path.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ById {
    /// Its public name: 64 hexadecimal digits.
    #[schemars(regex(pattern = grammar::PUBLIC))]
    pub(crate) id: String,
}

pub(crate) async fn show_account(call: Call) -> Result<Json<Account>, Problem> {
    let who = call.caller.known()?;
    let (name, rights) = (&who.principal.user, rights(who));
    let may = |action: &Action| decide(&rights, *action).is_allowed();
    call.app.identity.read(|directory| {
        let user = directory.user(name)?;
        Ok(Json(Account {
            name: name.to_string(),
            roles: user.roles.iter().map(ToString::to_string).collect(),
            second_factor: user.has_second_factor(),
            recovery_codes_left: user.recovery_codes_left(),
            must_enrol: who.principal.must_enrol,
            may: Action::ALL.iter().filter(|action| may(action)).map(|action| action.name()).collect(),
            password_changed: time(user.password_changed_ms),
        }))
    })
}

/// Compares the password of somebody who has come in. If it is wrong, the session is as good as before.
async fn verify_own(
    app: &App,
    user: &UserName,
    password: &SecretText,
) -> Result<PasswordProof, IdentityError> {
    verify(app, user.as_str(), password).await.map_err(|error| match error {
        IdentityError::SignIn => IdentityError::Password,
        other => other,
    })
}

pub(crate) async fn change_password(
    call: Call<Nothing, Nothing, Secrets<NewPassword>>,
) -> Result<Done, Problem> {
    let user = call.caller.known()?.principal.user.clone();
    let Secrets(wanted) = &call.body;
    let changed = async {
        let proof = verify_own(&call.app, &user, &wanted.current).await?;
        let to = hash(&call.app, &user, &wanted.new).await?;
        call.change_people("/api/v1/account/password", &Kept::done(), |directory, _| {
            directory.change_own_password(&proof, &to)
        })
        .await
    };
    proven(&call.app, &call.caller, changed).await?;
    Ok(Done)
}

pub(crate) async fn offer_second_factor(
    call: Call<Nothing, Nothing, Secrets<CurrentPassword>>,
) -> Result<Created<Offered>, Problem> {
    let user = &call.caller.known()?.principal.user;
    let secret = TotpSecret::generate()?;
    let object = "/api/v1/account/second-factor";
    let offered = async {
        let proof = verify_own(&call.app, user, &call.body.0.current).await?;
        let command = |directory: &Directory, _| directory.offer_second_factor(&proof, &secret);
        call.change_people(object, &Kept::Secret, command).await
    };
    proven(&call.app, &call.caller, offered).await?;
    let body = Offered { secret: secret.base32().into(), uri: secret.uri("Plimsoll", user).into() };
    Ok(Created { location: object.into(), body })
}

fn recovery() -> Result<(BTreeSet<RecoveryHash>, RecoveryCodes), Problem> {
    let codes = new_recovery_codes()?;
    let hashes = codes.iter().filter_map(|code| RecoveryHash::of(code.expose())).collect();
    Ok((hashes, RecoveryCodes { recovery_codes: codes.into_iter().map(SecretText::from).collect() }))
}

pub(crate) async fn confirm_second_factor(
    call: Call<Nothing, Nothing, Secrets<Code>>,
) -> Result<Created<RecoveryCodes>, Problem> {
    let who = call.caller.known()?;
    let session = match who.by {
        By::Session(session) => Some(session),
        By::Token(_) => None,
    };
    let (user, code) = (&who.principal.user, call.body.0.code.secret().expose());
    let (hashes, body) = recovery()?;
    let object = "/api/v1/account/second-factor";
    let confirmed = call.change_people(object, &Kept::Secret, |directory, now_ms| {
        directory.confirm_second_factor(now_ms, user, code, &hashes, session)
    });
    proven(&call.app, &call.caller, confirmed).await?;
    Ok(Created { location: object.into(), body })
}

pub(crate) async fn renew_recovery_codes(
    call: Call<Nothing, Nothing, Secrets<Code>>,
) -> Result<Created<RecoveryCodes>, Problem> {
    let (user, code) = (&call.caller.known()?.principal.user, call.body.0.code.secret().expose());
    let (hashes, body) = recovery()?;
    let object = "/api/v1/account/recovery-codes";
    let renewed = call.change_people(object, &Kept::Secret, |directory, now_ms| {
        directory.renew_recovery_codes(now_ms, user, code, &hashes)
    });
    proven(&call.app, &call.caller, renewed).await?;
    Ok(Created { location: object.into(), body })
}

/// A session as it is shown, in a list that one of them may have asked for.
pub(crate) fn session_view(id: SessionId, session: &Session, current: Option<By>) -> SessionView {
    SessionView {
        id: id.to_string(),
        opened: time(session.opened_ms),
        expires: time(session.expires_ms),
        last_used: time(session.used_ms),
        address: session.place.address.to_string(),
        agent: session.place.agent.as_str().into(),
        second_factor: session.second_factor,
        current: current == Some(By::Session(id)),
    }
}

/// A list that is never longer than a page.
pub(crate) fn whole<T>(items: impl Iterator<Item = T>) -> Json<Listing<T>> {
    Json(Listing { items: items.collect(), next: None })
}

pub(crate) async fn list_own_sessions(call: Call) -> Result<Json<Listing<SessionView>>, Problem> {
    let who = call.caller.known()?;
    let own = call.app.identity.sessions_of(&who.principal.user);
    Ok(whole(own.iter().map(|(id, session)| session_view(*id, session, Some(who.by)))))
}

pub(crate) fn session_id(text: &str) -> Result<SessionId, Problem> {
    SessionId::parse(text).ok_or_else(|| Problem::of(Kind::NotFound, "there is no such session"))
}

pub(crate) async fn end_own_session(call: Call<ById>) -> Result<Done, Problem> {
    let (user, id) = (&call.caller.known()?.principal.user, session_id(&call.path.id)?);
    let object = format!("/api/v1/account/sessions/{id}");
    call.change_people(&object, &Kept::done(), |directory, _| directory.end_session(user, id, Some(user)))
        .await?;
    Ok(Done)
}
