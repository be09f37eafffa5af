//! The calls that a reference gives rise to: of each operation good ones, and some that the reference itself calls bad.

use serde_json::{Value, json};

use super::reference::{Operation, Parameter, ParameterPlace, Reference};
use super::sample::{sample, sample_text};
use super::schema::problem;

/// Operations of which replies are looked at: more would take minutes.
pub(super) const OPERATIONS_MAX: usize = 64;
/// Bad calls of one operation by parameters, by missing properties, and by properties of a wrong type.
const BAD_EACH_MAX: usize = 3;
/// No number, no boolean, no date.
const WORD: &str = "plimsoll";

/// Whether the reference allows a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallKind {
    /// It does.
    Good,
    /// It does not.
    Bad,
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The operation's name.
    pub operation: String,
    /// Whether the reference allows it.
    pub kind: CallKind,
    /// What it is, or what is bad about it, in words.
    pub words: String,
    /// The method.
    pub method: String,
    /// Path and query, escaped.
    pub target: String,
    /// Further fields of the head.
    pub fields: Vec<(String, String)>,
    /// The body.
    pub body: Option<String>,
}

/// A good call of an operation, with no more than it needs; parameters that `values` names have these values.
pub fn good_call(reference: &Reference, operation: &Operation, values: &[(String, String)]) -> Call {
    let caller = Caller { reference, operation };
    caller.call(CallKind::Good, "a good request".into(), &caller.filled(false).with(values))
}

/// All calls of the first operations, in an order that follows from the document alone.
pub fn calls(reference: &Reference) -> Vec<Call> {
    let operations = reference.operations.iter().take(OPERATIONS_MAX);
    operations.flat_map(|operation| Caller { reference, operation }.calls()).collect()
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Caller<'a> {
    pub(super) reference: &'a Reference,
    pub(super) operation: &'a Operation,
}

/// What is put where.
#[derive(Clone)]
pub(super) struct Filled {
    pub(super) parameters: Vec<(Parameter, String)>,
    pub(super) body: Option<String>,
}

impl Filled {
    /// With these values of parameters.
    pub(super) fn with(mut self, values: &[(String, String)]) -> Self {
        for (parameter, text) in &mut self.parameters {
            if let Some((_, value)) = values.iter().find(|(name, _)| *name == parameter.name) {
                value.clone_into(text);
            }
        }
        self
    }
}

impl Caller<'_> {
    fn calls(&self) -> Vec<Call> {
        let least = self.filled(false);
        let good = good_call(self.reference, self.operation, &[]);
        let words = "a good request with all that it may have".into();
        let whole = self.call(CallKind::Good, words, &self.filled(true));
        let is_more = whole.sent() != good.sent();
        let mut calls = vec![good];
        calls.extend(is_more.then_some(whole));
        calls.extend(self.bad_parameters(&least));
        calls.extend(self.bad_bodies(&least));
        calls
    }

    pub(super) fn filled(&self, whole: bool) -> Filled {
        let wanted = self.operation.parameters.iter().filter(|parameter| parameter.required || whole);
        let with_text =
            |parameter: &Parameter| (parameter.clone(), sample_text(self.reference, &parameter.schema));
        let body = self.operation.body.as_ref().map(|body| match body.is_json() {
            true => sample(self.reference, &body.schema, whole).to_string(),
            false => sample_text(self.reference, &body.schema),
        });
        Filled { parameters: wanted.map(with_text).collect(), body }
    }

    /// A required parameter that is missing, and one whose value is not of its type.
    fn bad_parameters(&self, good: &Filled) -> Vec<Call> {
        let mut calls = Vec::new();
        for (index, (parameter, _)) in good.parameters.iter().enumerate().take(BAD_EACH_MAX) {
            if parameter.place == ParameterPlace::Query {
                let mut bad = good.clone();
                bad.parameters.remove(index);
                calls.push(self.call(CallKind::Bad, format!("without `{}`", parameter.name), &bad));
            }
            if problem(self.reference, &parameter.schema, &json!(WORD)).is_some()
                && self.is_typed(&parameter.schema)
            {
                let mut bad = good.clone();
                bad.parameters[index].1 = WORD.to_owned();
                calls.push(self.call(CallKind::Bad, format!("with a word as `{}`", parameter.name), &bad));
            }
        }
        calls
    }

    /// Whether a text could be told from what it should be: a number, a boolean, or one of some words.
    fn is_typed(&self, schema: &Value) -> bool {
        let schema = self.reference.resolved(schema);
        let is_plain = |name: &Value| ["integer", "number", "boolean"].iter().any(|plain| name == plain);
        match schema.get("type") {
            Some(Value::Array(names)) => names.iter().all(|name| is_plain(name) || name == "null"),
            Some(name) => is_plain(name) || schema.get("enum").is_some(),
            None => schema.get("enum").is_some(),
        }
    }

    /// A body that is no JSON, none at all, one that lacks what is required, and one with a property of another type.
    fn bad_bodies(&self, good: &Filled) -> Vec<Call> {
        let Some(body) = self.operation.body.as_ref().filter(|body| body.is_json()) else {
            return Vec::new();
        };
        let with = |words: String, text: Option<String>| {
            self.call(CallKind::Bad, words, &Filled { body: text, ..good.clone() })
        };
        let mut calls = vec![with("with a body that is no JSON".into(), Some("{\"".into()))];
        if body.required {
            calls.push(with("without a body".into(), None));
        }
        let whole = sample(self.reference, &body.schema, true);
        let Some(object) = whole.as_object() else { return calls };
        let is_bad = |value: &Value| problem(self.reference, &body.schema, value).is_some();
        let mut lacking = Vec::new();
        let mut wrong = Vec::new();
        for (name, value) in object {
            let mut less = object.clone();
            less.remove(name);
            let less = Value::Object(less);
            if is_bad(&less) {
                lacking.push(with(format!("without `{name}` in its body"), Some(less.to_string())));
            }
            let mut other = object.clone();
            other.insert(name.clone(), of_another_type(value));
            let other = Value::Object(other);
            if is_bad(&other) {
                let words = format!("with `{name}` of another type in its body");
                wrong.push(with(words, Some(other.to_string())));
            }
        }
        calls.extend(lacking.into_iter().take(BAD_EACH_MAX));
        calls.extend(wrong.into_iter().take(BAD_EACH_MAX));
        calls
    }

    pub(super) fn call(&self, kind: CallKind, words: String, filled: &Filled) -> Call {
        let mut target = self.operation.path.clone();
        let (mut query, mut fields) = (Vec::new(), Vec::new());
        for (parameter, text) in &filled.parameters {
            let escaped = escaped(text);
            match parameter.place {
                ParameterPlace::Path => {
                    target = target.replace(&format!("{{{}}}", parameter.name), &escaped);
                }
                ParameterPlace::Query => query.push(format!("{}={escaped}", self::escaped(&parameter.name))),
                ParameterPlace::Header => fields.push((parameter.name.clone(), printable(text))),
            }
        }
        if !query.is_empty() {
            target = format!("{target}?{}", query.join("&"));
        }
        if let (Some(body), Some(_)) = (&self.operation.body, &filled.body) {
            fields.push(("content-type".into(), body.media_type.clone()));
        }
        Call {
            operation: self.operation.name.clone(),
            kind,
            words,
            method: self.operation.method.clone(),
            target: undeclared_filled(&target),
            fields,
            body: filled.body.clone(),
        }
    }
}

impl Call {
    /// All that goes over the wire.
    fn sent(&self) -> (&str, &[(String, String)], Option<&str>) {
        (&self.target, &self.fields, self.body.as_deref())
    }
}

/// Something in the place of parameters that a path names and nothing describes.
fn undeclared_filled(target: &str) -> String {
    let mut text = String::new();
    let mut rest = target;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        text.push_str(WORD);
        rest = after.split_once('}').map_or("", |(_, behind)| behind);
    }
    text + rest
}

fn of_another_type(value: &Value) -> Value {
    match value {
        Value::Object(_) | Value::Array(_) => json!(WORD),
        _ => json!({ WORD: [] }),
    }
}

/// RFC 3986: whatever is not unreserved is escaped.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn printable(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(operation: Value) -> Vec<String> {
        let document = json!({ "paths": { "/notes/{key}": { "put": operation } } });
        let reference = Reference::read(&document.to_string()).unwrap();
        let shown = |call: &Call| {
            let body = call.body.as_deref().unwrap_or("nothing");
            format!("{:?} {}: {} {} {body}", call.kind, call.words, call.method, call.target)
        };
        calls(&reference).iter().map(shown).collect()
    }

    #[test]
    fn each_way_to_be_bad_is_tried_once_and_nothing_good_is_called_bad() {
        let operation = json!({
            "parameters": [
                { "name": "key", "in": "path", "schema": { "type": "integer" } },
                { "name": "page", "in": "query", "required": true, "schema": { "type": "string", "example": "a b" } },
                { "name": "more", "in": "query", "schema": { "type": "boolean" } }
            ],
            "requestBody": { "required": true, "content": { "application/json": { "schema": {
                "type": "object", "required": ["text"], "properties": {
                    "text": { "type": "string" }, "anything": {}
                } } } } }
        });
        let expected = [
            "Good a good request: PUT /notes/1?page=a%20b {\"text\":\"plimsoll\"}",
            "Good a good request with all that it may have: PUT /notes/1?page=a%20b&more=true {\"anything\":\"plimsoll\",\"text\":\"plimsoll\"}",
            "Bad with a word as `key`: PUT /notes/plimsoll?page=a%20b {\"text\":\"plimsoll\"}",
            "Bad without `page`: PUT /notes/1 {\"text\":\"plimsoll\"}",
            "Bad with a body that is no JSON: PUT /notes/1?page=a%20b {\"",
            "Bad without a body: PUT /notes/1?page=a%20b nothing",
            "Bad without `text` in its body: PUT /notes/1?page=a%20b {\"anything\":\"plimsoll\"}",
            "Bad with `text` of another type in its body: PUT /notes/1?page=a%20b {\"anything\":\"plimsoll\",\"text\":{\"plimsoll\":[]}}",
        ];
        assert_eq!(called(operation), expected);
    }

    #[test]
    fn a_path_that_names_what_nothing_describes_is_filled_all_the_same() {
        assert_eq!(called(json!({})), ["Good a good request: PUT /notes/plimsoll nothing"]);
    }
}
