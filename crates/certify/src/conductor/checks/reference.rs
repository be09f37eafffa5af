//! Reads from an OpenAPI 3 document what it says that only somebody who is known may do.

use plimsoll_evidence::Shown;
use plimsoll_load::Message;
use serde_json::{Map, Value};

/// A subject with more operations than this is several.
const OPERATIONS_MAX: usize = 2_000;
/// Methods whose replies have a body, and that are more than a question about others.
const METHODS: [&str; 5] = ["get", "put", "post", "patch", "delete"];

/// A JWT that says it is the administrator's, with the algorithm `none` and no signature.
const FORGED: &str =
    "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJhZG1pbiIsInJvbGUiOiJhZG1pbmlzdHJhdG9yIn0.";

/// An operation, and how it is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Operation {
    /// Method and path as the reference writes them.
    pub(super) name: String,
    pub(super) method: String,
    /// The path with something in the place of each parameter.
    pub(super) path: String,
}

impl Operation {
    /// How somebody who is not known asks for it.
    pub(super) fn message(&self, host: &str, shown: Shown) -> Message {
        let Self { method, path, .. } = self;
        let shown = match shown {
            Shown::Nothing => String::new(),
            Shown::Forged => format!("Authorization: Bearer {FORGED}\r\nCookie: session=plimsoll\r\n"),
        };
        let body = match method.as_str() {
            "GET" | "DELETE" => "\r\n",
            _ => "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
        };
        // Nothing comes after the reply: whoever closes then is not waited for.
        let text = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{shown}{body}");
        Message { bytes: text.into_bytes(), half_close: false }
    }
}

/// The operations that demand a sign-in; an error says what is wrong with the document.
pub(super) fn guarded(text: &str) -> Result<Vec<Operation>, &'static str> {
    let document: Value = serde_json::from_str(text).map_err(|_| "is not JSON")?;
    let paths = document.get("paths").and_then(Value::as_object).ok_or("has no `paths`")?;
    let base = base_path(&document);
    let everywhere = document.get("security");
    let mut found = Vec::new();
    for (path, item) in paths {
        let item = item.as_object().ok_or("has a path that is no object")?;
        for method in METHODS {
            let Some(operation) = item.get(method).and_then(Value::as_object) else { continue };
            if operation.get("security").or(everywhere).is_some_and(demands) {
                let name = format!("{} {path}", method.to_ascii_uppercase());
                let path = format!("{base}{}", filled(path, item, operation));
                found.push(Operation { name, method: method.to_ascii_uppercase(), path });
            }
        }
    }
    if found.len() > OPERATIONS_MAX { Err("has more operations than are tried") } else { Ok(found) }
}

/// Whether each of the alternatives demands something; an empty one lets in everybody.
fn demands(security: &Value) -> bool {
    let alternatives = security.as_array().map(Vec::as_slice).unwrap_or_default();
    let is_demand = |one: &Value| one.as_object().is_some_and(|schemes| !schemes.is_empty());
    !alternatives.is_empty() && alternatives.iter().all(is_demand)
}

/// The path of the first server, without a slash at its end.
fn base_path(document: &Value) -> String {
    let url = document.pointer("/servers/0/url").and_then(Value::as_str).unwrap_or_default();
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').and_then(|at| rest.get(at..)).unwrap_or_default(),
        None => url,
    };
    let path = path.trim_end_matches('/');
    if path.starts_with('/') { path.to_owned() } else { String::new() }
}

/// The path with a word, or 1 where a number is asked for, in the place of each parameter.
fn filled(path: &str, item: &Map<String, Value>, operation: &Map<String, Value>) -> String {
    let lists = [item, operation].into_iter().filter_map(|of| of.get("parameters")?.as_array());
    let numbers: Vec<&str> = lists
        .flatten()
        .filter(|parameter| {
            let kind = parameter.pointer("/schema/type").and_then(Value::as_str);
            matches!(kind, Some("integer" | "number"))
        })
        .filter_map(|parameter| parameter.get("name")?.as_str())
        .collect();
    let mut text = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, behind) = after.split_once('}').unwrap_or((after, ""));
        text.push_str(before);
        text.push_str(if numbers.contains(&name) { "1" } else { "plimsoll" });
        rest = behind;
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = r#"{
        "servers": [{ "url": "https://example.org/base/" }],
        "security": [{ "token": [] }],
        "paths": {
            "/open": { "get": { "security": [] } },
            "/either": { "get": { "security": [{}, { "token": [] }] } },
            "/users/{name}": { "get": {}, "head": {}, "delete": { "security": [{ "token": [] }, { "session": [] }] } },
            "/orders/{id}/lines/{line}": {
                "parameters": [{ "name": "id", "schema": { "type": "integer" } }],
                "patch": { "parameters": [{ "name": "line", "schema": { "type": "string" } }] }
            }
        }
    }"#;

    #[test]
    fn what_demands_a_sign_in_is_found_with_its_parameters_filled() {
        let found = guarded(DOCUMENT).unwrap();
        let seen: Vec<(&str, &str)> =
            found.iter().map(|operation| (operation.name.as_str(), operation.path.as_str())).collect();
        let expected = [
            ("PATCH /orders/{id}/lines/{line}", "/base/orders/1/lines/plimsoll"),
            ("GET /users/{name}", "/base/users/plimsoll"),
            ("DELETE /users/{name}", "/base/users/plimsoll"),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn without_any_demand_there_is_nothing_to_try() {
        assert_eq!(guarded(r#"{"paths": {"/a": {"get": {}}}}"#), Ok(Vec::new()));
        let local = r#"{"servers": [{"url": "/v2"}], "paths": {"/a": {"get": {"security": [{"t": []}]}}}}"#;
        assert_eq!(guarded(local).unwrap()[0].path, "/v2/a");
    }

    #[test]
    fn what_is_no_reference_is_refused() {
        for text in ["", "[]", "{}", r#"{"paths": {"/a": 1}}"#] {
            assert!(guarded(text).is_err(), "{text}");
        }
    }
}
