//! Whether a subject does what its own reference says: of each operation calls that the reference allows and some that it
//! does not, and what came back, held against it.
//!
//! Which calls there are follows from the reference (`openapi::calls`), and so does what is wrong with a reply.

use plimsoll_base::Unit;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{CheckedCase, Reached};
use crate::openapi::{Call, CallKind, Reference, calls, is_json, problem};

/// A reference, and what came of its calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// The reference as the subject gave it.
    #[serde(with = "crate::long_text")]
    pub reference: String,
    /// What came of each call that follows from it, in their order.
    pub replies: Vec<Replied>,
}

/// What came of one call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replied {
    /// The operation's name.
    pub operation: String,
    /// The reply's status; absent if none came.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<u64>,
    /// The media type, without its parameters; absent if none was named.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub media_type: Option<String>,
    /// The content of JSON, secrets masked; absent of other content, and of more than is kept.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub json: Option<String>,
}

/// Every call with what is wrong with its reply; `None` if there is none, or not one reply for each.
pub(super) fn cases(contract: &Contract) -> Option<Vec<CheckedCase>> {
    let reference = Reference::read(&contract.reference).ok()?;
    let calls = calls(&reference);
    let names = calls.iter().map(|call| &call.operation);
    let is_whole = !calls.is_empty() && names.eq(contract.replies.iter().map(|reply| &reply.operation));
    let checked = |(call, reply): (&Call, &Replied)| CheckedCase {
        case: format!("{}: {}", call.operation, call.words),
        seen: seen(reply),
        problem: wrong(&reference, call, reply),
    };
    is_whole.then(|| calls.iter().zip(&contract.replies).map(checked).collect())
}

impl Contract {
    /// Of which operations nothing but refusals was seen, in words: what the reference says of their success is not shown.
    pub fn words(&self) -> String {
        let operations = self.operations();
        let undone: Vec<&str> = operations.iter().filter(|(_, done)| !*done).map(|(name, _)| *name).collect();
        let counted = format!(
            "{} of {} operations did what they are for",
            operations.len() - undone.len(),
            operations.len()
        );
        match undone.is_empty() {
            true => format!("{counted}."),
            false => format!("{counted}. Of these only refusals were seen: {}.", undone.join(", ")),
        }
    }

    /// Each operation that was called, and whether it did once what it is for.
    fn operations(&self) -> Vec<(&str, bool)> {
        let reference = Reference::read(&self.reference).ok();
        let is_done = |name: &str, replies: &[Replied]| {
            let operation = reference.as_ref().and_then(|reference| reference.operation(name));
            operation.is_some_and(|it| {
                replies.iter().any(|reply| reply.status.is_some_and(|status| it.is_done(status)))
            })
        };
        let of_one = self.replies.chunk_by(|one, next| one.operation == next.operation);
        of_one
            .filter_map(|replies| Some((replies.first()?.operation.as_str(), replies)))
            .map(|(name, replies)| (name, is_done(name, replies)))
            .collect()
    }
}

/// Where nothing was ever done, nothing was seen of what the reference says: a door that is shut to all, and says so in the
/// reference, keeps every promise but the ones that matter.
pub(super) fn reached(contract: &Contract) -> Reached {
    let done = contract.operations().iter().filter(|(_, is_done)| *is_done).count() as u64;
    Reached { gate: "reached", observed: done, limit: 1, unit: Unit::Count }
}

fn seen(reply: &Replied) -> String {
    match (reply.status, &reply.media_type) {
        (None, _) => "nothing".into(),
        (Some(status), None) => status.to_string(),
        (Some(status), Some(media_type)) => format!("{status} {media_type}"),
    }
}

fn wrong(reference: &Reference, call: &Call, reply: &Replied) -> Option<String> {
    let Some(status) = reply.status else { return Some("no reply".into()) };
    if call.kind == CallKind::Bad {
        let is_refused = (400..500).contains(&status);
        return (!is_refused).then(|| format!("{status} is no refusal of what the reference does not allow"));
    }
    let Some(response) = reference.operation(&call.operation).and_then(|it| it.response(status)) else {
        return Some(format!("the reference does not know {status} here"));
    };
    let content = response.get("content").and_then(Value::as_object).filter(|content| !content.is_empty())?;
    if matches!(status, 204 | 304) {
        return None;
    }
    let Some(media_type) = &reply.media_type else { return Some("no Content-Type".into()) };
    let Some((_, media)) = content.iter().find(|(known, _)| fits(known, media_type)) else {
        return Some(format!("the reference does not know {media_type} with {status} here"));
    };
    let schema = media.get("schema").filter(|_| is_json(media_type))?;
    let Some(text) = &reply.json else { return Some("no JSON, or more than is kept".into()) };
    match serde_json::from_str::<Value>(text) {
        Err(_) => Some("no JSON".into()),
        Ok(value) => problem(reference, schema, &value),
    }
}

/// Whether a media type, or a range of them, as a reference writes it takes this one.
fn fits(known: &str, media_type: &str) -> bool {
    let known = known.split(';').next().unwrap_or_default().trim();
    match known.strip_suffix('*') {
        Some("*/") => true,
        Some(range) => media_type.starts_with(range),
        None => known.eq_ignore_ascii_case(media_type),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reference() -> String {
        let json_body = json!({ "application/json": { "schema": {
            "type": "object", "required": ["count"], "properties": { "count": { "type": "integer" } } } } });
        let document = json!({ "paths": { "/notes": { "get": {
            "parameters": [{ "name": "page", "in": "query", "required": true, "schema": { "type": "integer" } }],
            "responses": { "200": { "content": json_body }, "4XX": {}, "503": { "content": { "text/*": {} } } }
        } } } });
        document.to_string()
    }

    fn replied(status: u64, media_type: &str, json: &str) -> Replied {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Replied {
            operation: "GET /notes".into(),
            status: Some(status),
            media_type: some(media_type),
            json: some(json),
        }
    }

    /// What is said of the good call, where the bad ones were refused.
    fn said(reply: Replied) -> Option<String> {
        let refused = replied(400, "", "");
        let contract = Contract { reference: reference(), replies: vec![reply, refused.clone(), refused] };
        let mut cases = cases(&contract).unwrap();
        assert!(cases[1..].iter().all(|case| case.problem.is_none()), "{cases:?}");
        cases.remove(0).problem
    }

    #[test]
    fn a_reply_is_held_against_status_type_and_schema() {
        assert_eq!(said(replied(200, "application/json", "{\"count\":1}")), None);
        assert_eq!(said(replied(404, "", "")), None, "of a range, without content");
        assert_eq!(said(replied(503, "text/plain", "")), None);
        for (reply, expected) in [
            (replied(200, "application/json", "{\"count\":\"1\"}"), "`/count` is string, not integer"),
            (replied(200, "application/json", "{}"), "`/` lacks `count`"),
            (replied(200, "application/json", ""), "no JSON, or more than is kept"),
            (replied(200, "application/json", "{"), "no JSON"),
            (replied(200, "text/html", ""), "the reference does not know text/html with 200 here"),
            (replied(200, "", ""), "no Content-Type"),
            (replied(500, "", ""), "the reference does not know 500 here"),
            (Replied { status: None, ..replied(0, "", "") }, "no reply"),
        ] {
            assert_eq!(said(reply).as_deref(), Some(expected));
        }
    }

    #[test]
    fn what_the_reference_does_not_allow_is_refused() {
        let good = replied(404, "", "");
        for (status, is_good) in
            [(400, true), (422, true), (404, true), (200, false), (302, false), (500, false)]
        {
            let replies = vec![good.clone(), replied(status, "", ""), good.clone()];
            let cases = cases(&Contract { reference: reference(), replies }).unwrap();
            assert_eq!(cases[1].problem.is_none(), is_good, "{status}");
        }
    }

    #[test]
    fn a_contract_of_refusals_alone_was_not_reached() {
        let observed = |statuses: [u64; 3]| {
            let replies = statuses.map(|status| replied(status, "", "")).to_vec();
            reached(&Contract { reference: reference(), replies }).observed
        };
        assert_eq!(observed([404, 401, 403]), 0);
        assert_eq!(observed([302, 199, 500]), 0);
        assert_eq!(observed([404, 204, 403]), 1);
    }

    #[test]
    fn it_is_told_of_which_operations_only_refusals_were_seen() {
        let of = |named: &str, status: u64| {
            let document =
                json!({ "paths": { "/a": { "get": {} }, "/b": { "get": { "responses": { named: {} } } } } });
            let reply =
                |operation: &str, status| Replied { operation: operation.into(), ..replied(status, "", "") };
            let replies = vec![reply("GET /a", 200), reply("GET /b", status)];
            Contract { reference: document.to_string(), replies }.words()
        };
        let less = "1 of 2 operations did what they are for. Of these only refusals were seen: GET /b.";
        assert_eq!(of("404", 404), less);
        assert_eq!(of("200", 302), less, "to sign in, for all one knows");
        assert_eq!(of("301", 301), less, "it was not done here");
        let all = "2 of 2 operations did what they are for.";
        assert_eq!(of("302", 302), all);
        assert_eq!(of("200", 204), all);
    }

    #[test]
    fn a_reply_too_few_shows_nothing() {
        let good = replied(404, "", "");
        let of = |reference: String, count: usize| {
            cases(&Contract { reference, replies: vec![good.clone(); count] })
        };
        assert!(of(reference(), 3).is_some());
        for (reference, count) in
            [(reference(), 2), (reference(), 4), ("{\"paths\":{}}".into(), 0), ("no".into(), 3)]
        {
            assert_eq!(of(reference, count), None);
        }
    }
}
