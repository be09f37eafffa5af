//! The calls that the subject's reference gives rise to, and what comes back.

use plimsoll_evidence::{
    Call, Checklist, Contract, MASKED, Reference, Replied, TOO_MANY_OPERATIONS, Untried, calls,
};
use plimsoll_load::{Request, exchange};
use plimsoll_process::{redact, tells_secret};
use serde_json::Value;

use super::super::Conductor;
use super::obstacle::Obstacle;
use super::reply_head;
use crate::error::Error;
use crate::running::Running;

/// Larger references are kept by nobody: GitHub's, the largest that we know, has 12 MiB.
const REFERENCE_BYTES_MAX: usize = 16 << 20;
/// More of a reply is not held against its schema.
const JSON_BYTES_MAX: usize = 128 << 10;

impl Conductor<'_> {
    /// What the subject answers to each call that follows from its reference.
    pub(super) fn contract(&self, running: &Running) -> Result<Checklist, Obstacle> {
        let (reference, text) = self.reference(running)?;
        let calls = calls(&reference);
        if calls.is_empty() {
            return Err(Obstacle::nothing("an operation"));
        }
        let mut replies = Vec::with_capacity(calls.len());
        for call in &calls {
            self.stop.check()?;
            replies.push(self.replied(running, call)?);
        }
        Ok(Checklist::Contract(Contract { reference: text, replies }))
    }

    /// The subject's reference, asked for directly, and its text.
    pub(super) fn reference(&self, running: &Running) -> Result<(Reference, String), Obstacle> {
        let path = self.subject.openapi.as_deref().unwrap_or_default();
        let asked = exchange(running.direct, &running.host, &Request::get(path), 0, self.timeout_ns());
        let missing = |seen: String| Obstacle::new(Untried::ReferenceMissing, format!("GET {path}: {seen}"));
        let answer = asked.map_err(|error| missing(error.to_string()))?;
        if !answer.good {
            return Err(missing(answer.status.to_string()));
        }
        if answer.body.len() > REFERENCE_BYTES_MAX {
            let seen = format!("GET {path}: more than {REFERENCE_BYTES_MAX} bytes");
            return Err(Obstacle::new(Untried::ReferenceTooLarge, seen));
        }
        let unreadable = |seen: &str| format!("GET {path}: {} and what {seen}", answer.status);
        let text = reply_head::content(&answer.body);
        let text = text
            .ok_or_else(|| Obstacle::new(Untried::ReferenceUnreadable, unreadable("is no text in UTF-8")))?;
        let reference = Reference::read(&text).map_err(|problem| {
            let why = match problem {
                TOO_MANY_OPERATIONS => Untried::ReferenceTooLarge,
                _ => Untried::ReferenceUnreadable,
            };
            Obstacle::new(why, unreadable(problem))
        })?;
        Ok((reference, text))
    }

    fn replied(&self, running: &Running, call: &Call) -> Result<Replied, Error> {
        let operation = call.operation.clone();
        let Ok(answer) = self.ask_as_first(running, request(call))? else {
            return Ok(Replied { operation, status: None, media_type: None, json: None });
        };
        let head = reply_head::read(operation.clone(), &answer.body);
        let media_type = head.as_ref().and_then(|head| head.media_type());
        let is_json = media_type.as_ref().is_some_and(|media_type| media_type.ends_with("json"));
        let json = reply_head::content(&answer.body).filter(|_| is_json).and_then(|text| kept(&text));
        Ok(Replied { operation, status: Some(answer.status.into()), media_type, json })
    }

    /// How long a reply is waited for.
    pub(super) fn timeout_ns(&self) -> u64 {
        self.subject.load.timeout_ns
    }
}

/// A call as it is sent.
pub(super) fn request(call: &Call) -> Request {
    Request {
        method: call.method.clone(),
        headers: call.fields.clone(),
        body: call.body.clone().unwrap_or_default().into_bytes(),
        ..Request::get(&call.target)
    }
}

/// JSON as it is kept: without secrets. What is no JSON stays away, since nobody knows where its secrets are.
fn kept(text: &str) -> Option<String> {
    let mut value: Value = serde_json::from_str(text).ok()?;
    mask(&mut value);
    Some(value.to_string()).filter(|kept| kept.len() <= JSON_BYTES_MAX)
}

/// Puts [`MASKED`] in the place of each text that is a secret by its name or by what it looks like.
fn mask(value: &mut Value) {
    match value {
        Value::String(text) if redact(text) != *text => *text = MASKED.into(),
        Value::Array(items) => items.iter_mut().for_each(mask),
        Value::Object(object) => {
            for (name, value) in object {
                match value {
                    Value::String(text) if tells_secret(name) => *text = MASKED.into(),
                    other => mask(other),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_has_no_secret_and_is_json_still() {
        let text = r#"{"token": "t0p", "list": ["AKIAABCDEFGHIJKLMNOP", "a\nb"], "n": 1.5}"#;
        assert_eq!(kept(text).unwrap(), r#"{"list":["[redacted]","a\nb"],"n":1.5,"token":"[redacted]"}"#);
        assert_eq!(kept("no JSON"), None);
        assert_eq!(kept(&format!("\"{}\"", "a".repeat(JSON_BYTES_MAX))), None);
    }
}
