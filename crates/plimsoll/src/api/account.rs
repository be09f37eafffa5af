//! One's own account: password, second factor, sessions, tokens.

use std::collections::BTreeSet;

use plimsoll_base::Kind;
use plimsoll_identity::{
    Label, NewToken, RecoveryHash, Scope, Session, SessionId, Token, TokenId, TotpSecret, UserName,
    new_recovery_codes,
};
use plimsoll_policy::{Action, Decision, decide};
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

const DAY_MS: u64 = 86_400_000;

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

/// A text by which a program acts for its owner.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct TokenView {
    /// Its public name, which opens nothing.
    id: String,
    label: String,
    /// The actions it may be used for, if its owner may do them.
    scopes: Vec<String>,
    issued: String,
    expires: String,
    last_used: Option<String>,
    /// From where it was last used.
    address: Option<String>,
}

/// A token to be.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedToken {
    /// What you call it: 1 to 64 characters.
    #[schemars(length(min = 1, max = 64), example = &"reads the audit trail")]
    label: String,
    /// The actions it may be used for, each by its full name.
    #[schemars(schema_with = "grammar::actions", example = ["audit.list"])]
    scopes: BTreeSet<String>,
    /// How long it lives.
    #[schemars(range(min = 1, max = 365), example = 30)]
    days: u64,
}

/// A token that was given out.
#[derive(Serialize, JsonSchema)]
pub(crate) struct IssuedToken {
    /// Its public name.
    id: String,
    /// The token itself. It is shown this once.
    token: SecretText,
}

/// A session or a token in the path.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ById {
    /// Its public name: 64 hexadecimal digits.
    #[schemars(regex(pattern = grammar::PUBLIC))]
    id: String,
}

pub(crate) async fn show_account(call: Call) -> Result<Json<Account>, Problem> {
    let who = call.caller.known()?;
    let (name, rights) = (&who.principal.user, rights(who));
    let may = |action: &Action| matches!(decide(&rights, *action), Decision::Allowed(_));
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

pub(crate) async fn change_password(
    call: Call<Nothing, Nothing, Secrets<NewPassword>>,
) -> Result<Done, Problem> {
    let user = call.caller.known()?.principal.user.clone();
    let Secrets(wanted) = &call.body;
    let changed = async {
        let proof = verify(&call.app, user.as_str(), &wanted.current).await?;
        let to = hash(&call.app, &user, &wanted.new).await?;
        call.change_people("/api/v1/account/password", &Kept::done(), |directory, _| {
            directory.change_own_password(&proof, &to)
        })
        .await
    };
    proven(&call.app, &call.caller, changed).await?;
    Ok(Done)
}

pub(crate) async fn offer_second_factor(call: Call) -> Result<Created<Offered>, Problem> {
    let user = &call.caller.known()?.principal.user;
    let secret = TotpSecret::generate()?;
    let object = "/api/v1/account/second-factor";
    call.change_people(object, &Kept::Secret, |directory, _| directory.offer_second_factor(user, &secret))
        .await?;
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

pub(crate) fn token_view(id: TokenId, token: &Token) -> TokenView {
    let used = token.used.as_ref();
    TokenView {
        id: id.to_string(),
        label: token.label.as_str().into(),
        scopes: token.scopes.iter().map(ToString::to_string).collect(),
        issued: time(token.issued_ms),
        expires: time(token.expires_ms),
        last_used: used.map(|(used_ms, _)| time(*used_ms)),
        address: used.map(|(_, place)| place.address.to_string()),
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

pub(crate) fn token_id(text: &str) -> Result<TokenId, Problem> {
    TokenId::parse(text).ok_or_else(|| Problem::of(Kind::NotFound, "there is no such token"))
}

pub(crate) async fn end_own_session(call: Call<ById>) -> Result<Done, Problem> {
    let (user, id) = (&call.caller.known()?.principal.user, session_id(&call.path.id)?);
    let object = format!("/api/v1/account/sessions/{id}");
    call.change_people(&object, &Kept::done(), |directory, _| directory.end_session(user, id, Some(user)))
        .await?;
    Ok(Done)
}

pub(crate) async fn list_own_tokens(call: Call) -> Result<Json<Listing<TokenView>>, Problem> {
    let own = call.app.identity.tokens_of(&call.caller.known()?.principal.user);
    Ok(whole(own.iter().map(|(id, token)| token_view(*id, token))))
}

pub(crate) async fn create_own_token(
    call: Call<Nothing, Nothing, Json<WantedToken>>,
) -> Result<Created<IssuedToken>, Problem> {
    let user = call.caller.known()?.principal.user.clone();
    let Json(wanted) = &call.body;
    let known = |name: &String| -> Result<Scope, Problem> {
        let action: Action = name.parse().map_err(|error: plimsoll_policy::UnknownAction| {
            Problem::of(error.kind(), error.to_string()).hint(error.hint())
        })?;
        Ok(Scope::new(action.name())?)
    };
    let token = NewToken {
        label: Label::new(&wanted.label)?,
        scopes: wanted.scopes.iter().map(known).collect::<Result<_, _>>()?,
        life_ms: wanted.days.saturating_mul(DAY_MS),
        user,
    };
    let entry = call.caller.entry(call.act, "/api/v1/account/tokens", plimsoll_policy::Outcome::Done, None);
    let with = |batch| Ok(call.whole(batch, &entry, &Kept::Secret)?);
    let (id, text) = call.app.identity.issue_token(&token, with).await?;
    let body = IssuedToken { id: id.to_string(), token: text.into() };
    Ok(Created { location: format!("/api/v1/account/tokens/{id}"), body })
}

pub(crate) async fn revoke_own_token(call: Call<ById>) -> Result<Done, Problem> {
    let (user, id) = (&call.caller.known()?.principal.user, token_id(&call.path.id)?);
    revoke(&call, user, id, "/api/v1/account/tokens").await
}

/// Revokes a token of a user.
pub(crate) async fn revoke<P, Q, B>(
    call: &Call<P, Q, B>,
    user: &UserName,
    id: TokenId,
    place: &str,
) -> Result<Done, Problem> {
    let by = &call.caller.known()?.principal.user;
    let object = format!("{place}/{id}");
    call.change_people(&object, &Kept::done(), |directory, _| directory.revoke_token(user, id, Some(by)))
        .await?;
    Ok(Done)
}
