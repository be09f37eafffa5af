//! What an answer says when it is no: RFC 9457 problem details, made in one place.
//!
//! A handler gives a [`Problem`]; it travels in the response's extensions, and the layer that knows the request's id
//! writes the body.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use plimsoll_base::Kind;
use schemars::JsonSchema;
use serde::Serialize;

use crate::failure::with_causes;
use crate::print::one_line;

/// The media type of RFC 9457.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// Why a request was not done.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) detail: String,
    pub(crate) hint: Option<String>,
    /// How long to wait before it is worth trying again, in seconds.
    pub(crate) retry_after_s: Option<u64>,
    /// What sort of trouble it is, where a program must tell it from others with the same status.
    pub(crate) sort: Option<Sort>,
}

/// Sorts of trouble that a status does not tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    /// The password is right, and a code is needed too.
    CodeNeeded,
    /// The session is good, and the password that was typed in it is wrong.
    WrongPassword,
    /// The code that was typed is wrong.
    WrongCode,
    /// A token cannot be for what it is wanted for.
    ScopeNotAllowed,
}

impl Sort {
    /// The last word of the type.
    fn word(self) -> &'static str {
        match self {
            Self::CodeNeeded => "code-needed",
            Self::WrongPassword => "wrong-password",
            Self::WrongCode => "wrong-code",
            Self::ScopeNotAllowed => "scope-not-allowed",
        }
    }
}

/// The body, as it is sent.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ProblemBody {
    /// What sort of trouble it is: `urn:plimsoll:problem:` and a word.
    pub(crate) r#type: String,
    /// The same for people.
    pub(crate) title: String,
    /// The status of the response.
    pub(crate) status: u16,
    /// What went wrong this time.
    pub(crate) detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
    /// The request's id, which stands in the server's log too.
    pub(crate) request_id: String,
}

/// The status of a kind of error: the one table of it.
fn kind_status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Invalid => StatusCode::BAD_REQUEST,
        Kind::Denied => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::Busy | Kind::Unavailable | Kind::Inconclusive => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Corrupt | Kind::Bug => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The last word of the type.
fn word(status: StatusCode) -> String {
    let reason = status.canonical_reason().unwrap_or("Unknown");
    reason.to_lowercase().replace(' ', "-").replace('\'', "")
}

impl Problem {
    /// A problem with a status that no kind of error stands for.
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), hint: None, retry_after_s: None, sort: None }
    }

    /// A problem of a kind.
    pub(crate) fn of(kind: Kind, detail: impl Into<String>) -> Self {
        let busy = matches!(kind, Kind::Busy | Kind::Unavailable);
        Self { retry_after_s: busy.then_some(1), ..Self::new(kind_status(kind), detail) }
    }

    /// Nobody has said who is asking, or nobody is believed.
    pub(crate) fn unknown_caller(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, detail)
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    pub(crate) fn sort(self, sort: Sort) -> Self {
        Self { sort: Some(sort), ..self }
    }

    /// Whether a password or a code was wrong: somebody may be guessing.
    pub(crate) fn is_guess(&self) -> bool {
        matches!(self.sort, Some(Sort::WrongPassword | Sort::WrongCode))
    }

    pub(crate) fn retry_after_s(self, seconds: u64) -> Self {
        Self { retry_after_s: Some(seconds), ..self }
    }

    /// The response with its body. What is worth trying again says when, to programs and to people.
    pub(crate) fn written(self, request_id: &str) -> Response {
        let body = ProblemBody {
            r#type: format!(
                "urn:plimsoll:problem:{}",
                self.sort.map_or_else(|| word(self.status), |sort| sort.word().to_owned())
            ),
            title: self.status.canonical_reason().unwrap_or("Unknown").to_owned(),
            status: self.status.as_u16(),
            detail: self.detail,
            hint: self.hint.or_else(|| Some(format!("try again in {}", in_words(self.retry_after_s?)))),
            request_id: request_id.to_owned(),
        };
        // Texts and a number can always be written.
        let text = serde_json::to_value(&body).map(|value| one_line(&value)).unwrap_or_default();
        let mut response = (self.status, [(header::CONTENT_TYPE, PROBLEM_JSON)], text + "\n").into_response();
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer realm=\"plimsoll\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        }
        response
    }
}

/// A time as people say it, never shorter than it is.
fn in_words(seconds: u64) -> String {
    match (seconds, seconds.div_ceil(60)) {
        (1, _) => "a second".into(),
        (2..=120, _) => format!("{seconds} seconds"),
        (_, minutes) => format!("{minutes} minutes"),
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<plimsoll_identity::Error> for Problem {
    fn from(error: plimsoll_identity::Error) -> Self {
        let problem = if error.asks_to_sign_in() {
            Self::unknown_caller(with_causes(&error))
        } else {
            Self::of(error.kind(), with_causes(&error))
        };
        let sort = match error {
            plimsoll_identity::Error::CodeNeeded => Some(Sort::CodeNeeded),
            plimsoll_identity::Error::Password => Some(Sort::WrongPassword),
            plimsoll_identity::Error::Code => Some(Sort::WrongCode),
            _ => None,
        };
        Self { hint: error.hint().map(str::to_owned), sort, ..problem }
    }
}

impl From<plimsoll_store::Error> for Problem {
    fn from(error: plimsoll_store::Error) -> Self {
        Self { hint: error.hint().map(str::to_owned), ..Self::of(error.kind(), with_causes(&error)) }
    }
}

impl From<plimsoll_certify::Error> for Problem {
    fn from(error: plimsoll_certify::Error) -> Self {
        Self { hint: error.hint(), ..Self::of(error.kind(), with_causes(&error)) }
    }
}

impl From<plimsoll_policy::Denial> for Problem {
    fn from(denial: plimsoll_policy::Denial) -> Self {
        Self::of(denial.kind(), denial.to_string()).hint(denial.hint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_one_status() {
        let statuses = [
            (Kind::Invalid, 400),
            (Kind::Denied, 403),
            (Kind::NotFound, 404),
            (Kind::Conflict, 409),
            (Kind::Busy, 503),
            (Kind::Unavailable, 503),
            (Kind::Inconclusive, 503),
            (Kind::Corrupt, 500),
            (Kind::Bug, 500),
        ];
        for (kind, status) in statuses {
            assert_eq!(kind_status(kind).as_u16(), status, "{kind:?}");
        }
    }

    #[test]
    fn a_problem_says_when_to_come_back_and_how_to_be_known() {
        let busy = Problem::of(Kind::Busy, "full").written("1");
        assert_eq!(busy.headers()[header::RETRY_AFTER], "1");
        assert_eq!(busy.headers()[header::CONTENT_TYPE], PROBLEM_JSON);
        let unknown = Problem::unknown_caller("who?").written("1");
        for (seconds, words) in [(1, "a second"), (64, "64 seconds"), (121, "3 minutes"), (900, "15 minutes")]
        {
            assert_eq!(in_words(seconds), words);
        }
        assert!(unknown.headers().contains_key(header::WWW_AUTHENTICATE));
        assert!(!unknown.headers().contains_key(header::RETRY_AFTER));
        assert_eq!(word(StatusCode::UNPROCESSABLE_ENTITY), "unprocessable-entity");
    }
}
