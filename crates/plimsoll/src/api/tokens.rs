//! Tokens: the texts by which programs act for their owners.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use plimsoll_base::Kind;
use plimsoll_identity::{Directory, Label, NewToken, Scope, Token, TokenId, UserName};
use plimsoll_policy::{Action, Outcome, UnknownAction, possible_scopes};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::account::{ById, whole};
use super::auth::{Who, rights};
use super::grammar;
use super::page::Listing;
use super::problem::{Problem, Sort};
use super::reply::{Created, Done, Kept};
use super::route::{Call, Json, Nothing};
use super::secret::SecretText;
use super::time::time;

const DAY_MS: u64 = 86_400_000;

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
    /// The actions it may be used for, each by its full name: such as need no session, and as its owner may do.
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

pub(crate) fn token_id(text: &str) -> Result<TokenId, Problem> {
    TokenId::parse(text).ok_or_else(|| Problem::of(Kind::NotFound, "there is no such token"))
}

pub(crate) async fn list_own_tokens(call: Call) -> Result<Json<Listing<TokenView>>, Problem> {
    let own = call.app.identity.tokens_of(&call.caller.known()?.principal.user);
    Ok(whole(own.iter().map(|(id, token)| token_view(*id, token))))
}

/// What a token of somebody shall be for, if it could be used for each of it.
fn scopes(who: &Who, names: &BTreeSet<String>) -> Result<BTreeSet<Scope>, Problem> {
    let allowed = possible_scopes(&rights(who));
    let scope = |name: &String| -> Result<Scope, Problem> {
        let action: Action = name.parse().map_err(|error: UnknownAction| {
            Problem::of(error.kind(), error.to_string()).hint(error.hint())
        })?;
        if !allowed.contains(&action) {
            let names = allowed.iter().map(|action| action.name()).collect::<Vec<_>>().join(", ");
            let detail = format!("no token of yours can be used for `{action}`");
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
                .sort(Sort::ScopeNotAllowed)
                .hint(format!("a token of yours can be for {names}")));
        }
        Ok(Scope::new(action.name())?)
    };
    names.iter().map(scope).collect()
}

pub(crate) async fn create_own_token(
    call: Call<Nothing, Nothing, Json<WantedToken>>,
) -> Result<Created<IssuedToken>, Problem> {
    let (who, Json(wanted)) = (call.caller.known()?, &call.body);
    let token = NewToken {
        user: who.principal.user.clone(),
        label: Label::new(&wanted.label)?,
        scopes: scopes(who, &wanted.scopes)?,
        life_ms: wanted.days.saturating_mul(DAY_MS),
    };
    let entry = call.caller.entry(call.act, "/api/v1/account/tokens", Outcome::Done, None);
    let with = |directory: &Directory, now_ms, batch| {
        call.still_known_to(directory, now_ms)?;
        Ok(call.whole(batch, &entry, &Kept::Secret)?)
    };
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
