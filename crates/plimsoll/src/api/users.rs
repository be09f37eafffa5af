//! Other people: an administrator's view of them.

use std::collections::BTreeSet;

use plimsoll_base::Kind;
use plimsoll_identity::{NewUser, RoleName, User, UserName};
use plimsoll_policy::Role;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::account::{SessionView, session_id, session_view, whole};
use super::grammar;
use super::page::{Listing, Page};
use super::problem::Problem;
use super::reply::{Created, Done, Kept};
use super::route::{Call, Json, Nothing, Secrets};
use super::secret::SecretText;
use super::sign_in::{Named, hash};
use super::time::time;
use super::tokens::{TokenView, revoke, token_id, token_view};

/// A user in the path.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ByName {
    /// The user.
    #[schemars(regex(pattern = grammar::USER))]
    name: String,
}

/// A user and something of his in the path.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ByNameAndId {
    /// The user.
    #[schemars(regex(pattern = grammar::USER))]
    name: String,
    /// Its public name: 64 hexadecimal digits.
    #[schemars(regex(pattern = grammar::PUBLIC))]
    id: String,
}

/// A person.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct UserView {
    name: String,
    roles: Vec<String>,
    /// Whether they may come in.
    enabled: bool,
    second_factor: bool,
    created: String,
    password_changed: String,
}

/// A user to be.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedUser {
    /// 2 to 64 lower-case letters, digits and `._-`.
    #[schemars(regex(pattern = grammar::USER), example = &"grace")]
    name: String,
    /// At least 12 characters that are hard to guess.
    #[schemars(length(min = 12))]
    password: SecretText,
    /// At least one of viewer, operator, certifier, reviewer, administrator.
    #[schemars(schema_with = "grammar::roles", example = ["viewer"])]
    roles: BTreeSet<String>,
}

/// Roles.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedRoles {
    /// At least one of viewer, operator, certifier, reviewer, administrator.
    #[schemars(schema_with = "grammar::roles", example = ["viewer"])]
    roles: BTreeSet<String>,
}

/// Another password.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedPassword {
    /// At least 12 characters that are hard to guess.
    #[schemars(length(min = 12))]
    password: SecretText,
}

fn view(name: &UserName, user: &User) -> UserView {
    UserView {
        name: name.to_string(),
        roles: user.roles.iter().map(ToString::to_string).collect(),
        enabled: user.enabled,
        second_factor: user.has_second_factor(),
        created: time(user.created_ms),
        password_changed: time(user.password_changed_ms),
    }
}

/// A name that nobody can have belongs to nobody.
fn user_name(text: &str) -> Result<UserName, Problem> {
    UserName::new(text).map_err(|_| Problem::of(Kind::NotFound, "there is no such user"))
}

fn role_names(names: &BTreeSet<String>) -> Result<BTreeSet<RoleName>, Problem> {
    if names.is_empty() {
        let roles = Role::ALL.map(Role::name).join(", ");
        let problem = Problem::of(Kind::Invalid, "whoever has no role may do nothing");
        return Err(problem.hint(format!("give at least one of {roles}; to keep somebody out, disable him")));
    }
    let role = |name: &String| -> Result<RoleName, Problem> {
        let role: Role = name
            .parse()
            .map_err(|error: plimsoll_policy::UnknownRole| Problem::of(error.kind(), error.to_string()))?;
        Ok(RoleName::new(role.name())?)
    };
    names.iter().map(role).collect()
}

/// Refuses to do to oneself what asks for nothing but a session: whoever has found one open would have the account.
fn somebody_else(by: &UserName, name: &UserName, detail: &str, hint: &str) -> Result<(), Problem> {
    if by == name { Err(Problem::of(Kind::Denied, detail).hint(hint)) } else { Ok(()) }
}

pub(crate) async fn list_users(call: Call<Nothing, Page>) -> Result<Json<Listing<UserView>>, Problem> {
    let listing = call.query.of(
        |last, max| {
            call.app.identity.read(|directory| {
                let rest = directory.users().filter(|(name, _)| last.is_none_or(|last| name.as_str() > last));
                rest.take(max).map(|(name, user)| view(name, user)).collect()
            })
        },
        |user| user.name.clone(),
    )?;
    Ok(Json(listing))
}

pub(crate) async fn show_user(call: Call<ByName>) -> Result<Json<UserView>, Problem> {
    let name = user_name(&call.path.name)?;
    call.app.identity.read(|directory| Ok(Json(view(&name, directory.user(&name)?))))
}

pub(crate) async fn create_user(
    call: Call<Nothing, Nothing, Secrets<WantedUser>>,
) -> Result<Created<Named>, Problem> {
    let (by, Secrets(wanted)) = (&call.caller.known()?.principal.user, &call.body);
    let (name, roles) = (UserName::new(&wanted.name)?, role_names(&wanted.roles)?);
    let password = hash(&call.app, &name, &wanted.password).await?;
    let user = NewUser { name, password, roles };
    let location = format!("/api/v1/users/{}", user.name);
    let created = Created { location, body: Named { name: user.name.to_string() } };
    let kept = Kept::from(&created);
    call.change_people(&created.location, &kept, |directory, _| directory.create_user(&user, Some(by)))
        .await?;
    Ok(created)
}

pub(crate) async fn set_roles(call: Call<ByName, Nothing, Json<WantedRoles>>) -> Result<Done, Problem> {
    let (by, name) = (&call.caller.known()?.principal.user, user_name(&call.path.name)?);
    let roles = role_names(&call.body.0.roles)?;
    let object = format!("/api/v1/users/{name}/roles");
    let rules = call.app.identity.rules();
    call.change_people(&object, &Kept::done(), |directory, _| {
        directory.change_roles(rules, &name, &roles, Some(by))
    })
    .await?;
    Ok(Done)
}

pub(crate) async fn reset_password(
    call: Call<ByName, Nothing, Secrets<WantedPassword>>,
) -> Result<Done, Problem> {
    let (by, name) = (&call.caller.known()?.principal.user, user_name(&call.path.name)?);
    let detail = "one's own password is changed by who types it";
    somebody_else(by, &name, detail, "PUT /api/v1/account/password with the current one and the new one")?;
    let to = hash(&call.app, &name, &call.body.0.password).await?;
    let object = format!("/api/v1/users/{name}/password");
    call.change_people(&object, &Kept::done(), |directory, _| {
        directory.change_password(&name, &to, Some(by))
    })
    .await?;
    Ok(Done)
}

pub(crate) async fn remove_second_factor(call: Call<ByName>) -> Result<Done, Problem> {
    let (by, name) = (&call.caller.known()?.principal.user, user_name(&call.path.name)?);
    let detail = "one's own second factor is taken away by another administrator";
    somebody_else(by, &name, detail, "sign in with a recovery code, and create one: POST /api/v1/users")?;
    let object = format!("/api/v1/users/{name}/second-factor");
    call.change_people(&object, &Kept::done(), |directory, _| {
        directory.remove_second_factor(&name, Some(by))
    })
    .await?;
    Ok(Done)
}

pub(crate) async fn disable_user(call: Call<ByName>) -> Result<Done, Problem> {
    let (by, name) = (&call.caller.known()?.principal.user, user_name(&call.path.name)?);
    let (object, rules) = (format!("/api/v1/users/{name}"), call.app.identity.rules());
    call.change_people(&object, &Kept::done(), |directory, _| directory.disable_user(rules, &name, Some(by)))
        .await?;
    Ok(Done)
}

pub(crate) async fn enable_user(call: Call<ByName>) -> Result<Done, Problem> {
    let (by, name) = (&call.caller.known()?.principal.user, user_name(&call.path.name)?);
    let object = format!("/api/v1/users/{name}");
    call.change_people(&object, &Kept::done(), |directory, _| directory.enable_user(&name, Some(by))).await?;
    Ok(Done)
}

pub(crate) async fn list_sessions(call: Call<ByName>) -> Result<Json<Listing<SessionView>>, Problem> {
    let (who, name) = (call.caller.known()?, user_name(&call.path.name)?);
    call.app.identity.read(|directory| directory.user(&name).map(drop))?;
    let sessions = call.app.identity.sessions_of(&name);
    Ok(whole(sessions.iter().map(|(id, session)| session_view(*id, session, Some(who.by)))))
}

pub(crate) async fn end_session(call: Call<ByNameAndId>) -> Result<Done, Problem> {
    let (by, name) = (&call.caller.known()?.principal.user, user_name(&call.path.name)?);
    let id = session_id(&call.path.id)?;
    let object = format!("/api/v1/users/{name}/sessions/{id}");
    call.change_people(&object, &Kept::done(), |directory, _| directory.end_session(&name, id, Some(by)))
        .await?;
    Ok(Done)
}

pub(crate) async fn end_sessions(call: Call<ByName>) -> Result<Done, Problem> {
    let (by, name) = (&call.caller.known()?.principal.user, user_name(&call.path.name)?);
    let object = format!("/api/v1/users/{name}/sessions");
    call.change_people(&object, &Kept::done(), |directory, _| directory.end_sessions_of(&name, Some(by)))
        .await?;
    Ok(Done)
}

pub(crate) async fn list_tokens(call: Call<ByName>) -> Result<Json<Listing<TokenView>>, Problem> {
    let name = user_name(&call.path.name)?;
    call.app.identity.read(|directory| directory.user(&name).map(drop))?;
    Ok(whole(call.app.identity.tokens_of(&name).iter().map(|(id, token)| token_view(*id, token))))
}

pub(crate) async fn revoke_token(call: Call<ByNameAndId>) -> Result<Done, Problem> {
    let (name, id) = (user_name(&call.path.name)?, token_id(&call.path.id)?);
    revoke(&call, &name, id, &format!("/api/v1/users/{name}/tokens")).await
}
