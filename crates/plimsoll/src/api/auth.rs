//! Who is asking, and whether he may.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use plimsoll_base::Secret;
use plimsoll_identity::{
    Agent, Directory, Error as IdentityError, Place, Principal, Rules, SessionId, TokenId,
};
use plimsoll_policy::{AuditEntry, Caller as Rights, Decision, Outcome, decide};

use super::audit;
use super::client::Client;
use super::problem::Problem;
use super::route::{Access, Permit};
use crate::app::{App, REFUSALS_A_MINUTE_MAX};
use crate::telemetry::RequestId;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Who is asking, and from where.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) door: Door,
    pub(crate) place: Place,
    pub(crate) request_id: RequestId,
    /// Whether it comes from this machine, as far as can be told.
    pub(crate) is_local: bool,
}

/// What was shown.
#[derive(Debug)]
pub(crate) enum Door {
    /// Nothing.
    Nothing,
    /// `Authorization` with another scheme than `Bearer`, and no cookie.
    OtherScheme,
    /// Something that opens nothing.
    Refused(IdentityError),
    /// Something that opens.
    Open(Who),
}

/// Somebody who is known.
#[derive(Debug)]
pub(crate) struct Who {
    pub(crate) principal: Principal,
    pub(crate) by: By,
}

/// By what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Session(SessionId),
    Token(TokenId),
}

impl Caller {
    /// Who is asking, if it is known.
    pub(crate) fn who(&self) -> Option<&Who> {
        match &self.door {
            Door::Open(who) => Some(who),
            Door::Nothing | Door::OtherScheme | Door::Refused(_) => None,
        }
    }

    /// Whether the session or the token that was shown still opens. For a session, its last use in milliseconds: this
    /// request is one, to watch is none.
    pub(crate) fn still_known(&self, app: &App, used_ms: u64) -> Result<(), Problem> {
        let (who, now_ms) = (self.known()?, app.clock.unix_ms());
        app.identity.read(|directory| who.is_known_to(directory, app.identity.rules(), now_ms, used_ms))?;
        Ok(())
    }

    /// Who is asking, or the answer to somebody unknown.
    pub(crate) fn known(&self) -> Result<&Who, Problem> {
        match &self.door {
            Door::Open(who) => Ok(who),
            Door::Nothing => Err(Problem::unknown_caller("it is not known who is asking")
                .hint("sign in, or send `Authorization: Bearer` and a token")),
            Door::OtherScheme => {
                Err(Problem::unknown_caller("the scheme in `Authorization` is another than `Bearer`")
                    .hint("the scheme must be Bearer: send `Authorization: Bearer` and a token"))
            }
            Door::Refused(error) => {
                let problem = Problem::unknown_caller(error.to_string());
                Err(error.hint().map_or(problem.clone(), |hint| problem.hint(hint)))
            }
        }
    }

    /// A line of the audit trail about what this caller does.
    pub(crate) fn entry(&self, act: &str, object: &str, outcome: Outcome, why: Option<String>) -> AuditEntry {
        let (actor, by) = match &self.door {
            Door::Open(Who { principal, by }) => (Some(principal.user.to_string()), by.name()),
            Door::Nothing | Door::OtherScheme | Door::Refused(_) => (None, "nothing"),
        };
        AuditEntry {
            actor,
            by: by.into(),
            act: act.into(),
            object: object.chars().take(audit::OBJECT_CHARACTERS_MAX).collect(),
            outcome,
            why,
            address: Some(self.place.address),
            request: self.request_id.to_string(),
        }
    }
}

impl Who {
    /// Whether a directory lets him in.
    pub(crate) fn is_known_to(
        &self,
        directory: &Directory,
        rules: &Rules,
        now_ms: u64,
        used_ms: u64,
    ) -> plimsoll_identity::Result<()> {
        match self.by {
            By::Session(id) => directory.session(now_ms, rules, id, used_ms).map(drop),
            By::Token(id) => directory.token(now_ms, rules, id).map(drop),
        }
    }
}

impl By {
    fn name(self) -> &'static str {
        match self {
            Self::Session(_) => "session",
            Self::Token(_) => "token",
        }
    }
}

/// The layer that finds out who is asking. Nobody is turned away here: what a route demands is asked for later.
pub(crate) async fn authenticate(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let client = Client::of(&request);
    let request_id = request.extensions().get::<RequestId>().copied().unwrap_or_default();
    let headers = request.headers();
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let place = Place { address: client.address, agent: Agent::new(agent) };
    let door = door(&app, headers, &place).await?;
    if let Door::Open(Who { by: By::Session(_), .. }) = &door {
        // A browser sends the cookie along, whoever made it send the request.
        check_origin(request.method(), headers)?;
    }
    let caller = Arc::new(Caller { door, place, request_id, is_local: client.is_local });
    request.extensions_mut().insert(Arc::clone(&caller));
    let mut response = next.run(request).await;
    response.extensions_mut().insert(caller);
    Ok(response)
}

async fn door(app: &App, headers: &HeaderMap, place: &Place) -> Result<Door, Problem> {
    let shown = headers.get(header::AUTHORIZATION);
    let opened = if let Some(token) = shown.and_then(bearer) {
        let opened = app.identity.token(&token, place).await;
        opened.map(|(id, principal)| Who { principal, by: By::Token(id) })
    } else if let Some(text) = session_cookie(headers, app.settings.cookie_name()) {
        let opened = app.identity.session(&text, place).await;
        opened.map(|(id, principal)| Who { principal, by: By::Session(id) })
    } else {
        return Ok(if shown.is_some() { Door::OtherScheme } else { Door::Nothing });
    };
    match opened {
        Ok(who) => Ok(Door::Open(who)),
        Err(error) if error.asks_to_sign_in() => Ok(Door::Refused(error)),
        Err(error) => Err(error.into()),
    }
}

/// The token that `Authorization` shows. Another scheme is nothing for us: perhaps it is for a proxy on the way.
fn bearer(value: &HeaderValue) -> Option<Secret<String>> {
    let text = value.to_str().unwrap_or_default();
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    scheme.eq_ignore_ascii_case("bearer").then(|| Secret::new(token.trim().to_owned()))
}

/// The text of the session, from the only cookie that has this name: two are one that somebody else has set.
fn session_cookie(headers: &HeaderMap, name: &str) -> Option<Secret<String>> {
    let pairs = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let pairs = pairs.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut found = pairs.filter(|(found, _)| *found == name).map(|(_, text)| text);
    let first = found.next()?;
    found.next().is_none().then(|| Secret::new(first.to_owned()))
}

/// Refuses what another site made a browser send: an act needs a browser's word that it comes from our own pages.
/// What is sent by no browser has no cookie jar of somebody else to abuse, and still must say where it comes from.
fn check_origin(method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    if method.is_safe() {
        return Ok(());
    }
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let own = match (text(&SEC_FETCH_SITE), text(&header::ORIGIN), text(&header::HOST)) {
        (Some(site), _, _) => site == "same-origin",
        (None, Some(origin), Some(host)) => {
            origin.split_once("://").is_some_and(|(_, from)| from.eq_ignore_ascii_case(host))
        }
        (None, _, _) => false,
    };
    if own {
        return Ok(());
    }
    let problem = Problem::new(
        StatusCode::FORBIDDEN,
        "this was sent from another site, or nothing says that it was not",
    );
    Err(problem
        .hint("with a session, send `Origin` or `Sec-Fetch-Site` as browsers do; programs use a token"))
}

/// The layer that lets pass who may. Each refusal of somebody who is known is written into the audit trail.
pub(crate) async fn authorise(
    State((app, permit)): State<(Arc<App>, Permit)>,
    request: Request,
    next: Next,
) -> Response {
    let (caller, path) = (request.extensions().get().cloned(), request.uri().path().to_owned());
    match allow(&app, permit, caller, &path).await {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// What somebody who is known may do, as it stands at this moment.
pub(crate) fn rights(who: &Who) -> Rights {
    let principal = &who.principal;
    let roles = principal.roles.iter().map(|role| role.as_str());
    let scopes = principal.scopes.as_ref().map(|scopes| scopes.iter().map(|scope| scope.as_str()));
    Rights::named(roles, scopes, principal.must_enrol)
}

async fn allow(app: &App, permit: Permit, caller: Option<Arc<Caller>>, path: &str) -> Result<(), Problem> {
    if permit.access == Access::Anyone {
        return Ok(());
    }
    let caller = caller.ok_or_else(|| Problem::unknown_caller("nobody asked who is asking"))?;
    // Whoever has signed in may do what demands no right.
    let Some(action) = permit.action() else { return caller.known().map(drop) };
    if matches!(permit.access, Access::OnThisMachineOr(_)) && caller.is_local {
        return Ok(());
    }
    let rights = rights(caller.known()?);
    match decide(&rights, action) {
        Decision::Allowed(_) => Ok(()),
        Decision::Denied(denial) => {
            if app.count_refusal(caller.known()?.principal.user.as_str()) > REFUSALS_A_MINUTE_MAX {
                let detail = "you may not do this, and have tried too often what you may not do";
                return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).retry_after_s(60));
            }
            let why = Some(denial.to_string());
            audit::tell(app, &caller.entry(action.name(), path, Outcome::Denied, why)).await?;
            Err(denial.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        };
        let mut headers = HeaderMap::new();
        for (name, value) in pairs.iter().map(pair) {
            headers.append(name, value);
        }
        headers
    }

    #[test]
    fn an_act_with_a_cookie_must_come_from_our_own_pages() {
        let own = ("host", "plimsoll.example:8443");
        for (sent, passes) in [
            (vec![own, ("sec-fetch-site", "same-origin")], true),
            (vec![own, ("sec-fetch-site", "same-site"), ("origin", "https://plimsoll.example:8443")], false),
            (vec![own, ("sec-fetch-site", "cross-site")], false),
            (vec![own, ("sec-fetch-site", "none")], false),
            (vec![own, ("origin", "https://plimsoll.example:8443")], true),
            (vec![own, ("origin", "https://plimsoll.example")], false),
            (vec![own, ("origin", "https://evil.example")], false),
            (vec![own, ("origin", "null")], false),
            (vec![own], false),
            (vec![("origin", "https://plimsoll.example:8443")], false),
        ] {
            let sent = headers(&sent);
            assert_eq!(check_origin(&Method::POST, &sent).is_ok(), passes, "{sent:?}");
            assert!(check_origin(&Method::GET, &sent).is_ok());
        }
    }

    #[test]
    fn one_cookie_of_the_name_counts_and_two_do_not() {
        let found = |line: &str| {
            session_cookie(&headers(&[("cookie", line)]), "plimsoll").map(|text| text.expose().clone())
        };
        assert_eq!(found("a=b; plimsoll=xyz; c=d").as_deref(), Some("xyz"));
        assert_eq!(found("plimsoll=xyz; plimsoll=abc"), None);
        assert_eq!(found("xplimsoll=xyz"), None);
        assert_eq!(found("plimsoll"), None);
    }
}
