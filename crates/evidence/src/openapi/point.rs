//! The points at which a client's text goes into an operation, as its reference describes them.

use serde_json::Value;

use super::call::{Call, CallKind, Caller, Filled, OPERATIONS_MAX};
use super::reference::{ParameterPlace, Reference};
use super::sample::{sample, sample_text};

/// Points at which texts are tried, the first ones: each takes some twenty requests.
const POINTS_MAX: usize = 128;
/// Texts within a body in JSON that are tried; more of them are seldom different from these.
const BODY_TEXTS_MAX: usize = 8;

/// Fields in which one shows who one is: another text there is nobody's.
const CREDENTIAL_FIELDS: [&str; 2] = ["cookie", "x-api-key"];

/// One point of one operation.
#[derive(Debug)]
pub struct Point<'a> {
    caller: Caller<'a>,
    place: Place,
    /// A good text for it.
    pub value: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// The parameter at this place in the operation's list.
    Parameter(usize),
    /// The text in the body that this JSON pointer leads to.
    Json(String),
    /// The whole body.
    Body,
    /// The whole body, sent as XML whatever the reference asks for.
    Xml,
}

/// Every point of the first operations, in an order that follows from the document alone.
pub fn points(reference: &Reference) -> Vec<Point<'_>> {
    let operations = reference.operations.iter().take(OPERATIONS_MAX);
    let all = operations.flat_map(|operation| Caller { reference, operation }.points());
    all.take(POINTS_MAX).collect()
}

impl<'a> Caller<'a> {
    fn points(self) -> Vec<Point<'a>> {
        let point = |place, value| Point { caller: self, place, value };
        let is_credential = |name: &str| CREDENTIAL_FIELDS.contains(&name.to_ascii_lowercase().as_str());
        let parameters = self.operation.parameters.iter().enumerate();
        let parameters = parameters.filter(|(_, parameter)| {
            parameter.place != ParameterPlace::Header || !is_credential(&parameter.name)
        });
        let mut points: Vec<Point<'a>> = parameters
            .map(|(at, parameter)| {
                point(Place::Parameter(at), sample_text(self.reference, &parameter.schema))
            })
            .collect();
        let Some(body) = &self.operation.body else { return points };
        if body.is_json() {
            let mut texts = Vec::new();
            collect_texts(&sample(self.reference, &body.schema, true), "", &mut texts);
            let texts = texts.into_iter().take(BODY_TEXTS_MAX);
            points.extend(texts.map(|(pointer, text)| point(Place::Json(pointer), text)));
        } else {
            points.push(point(Place::Body, sample_text(self.reference, &body.schema)));
        }
        points.push(point(Place::Xml, String::new()));
        points
    }
}

/// The texts of a value with the pointers that lead to them.
fn collect_texts(value: &Value, pointer: &str, texts: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) => texts.push((pointer.to_owned(), text.clone())),
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                collect_texts(item, &format!("{pointer}/{at}"), texts);
            }
        }
        Value::Object(object) => {
            for (name, value) in object {
                let name = name.replace('~', "~0").replace('/', "~1");
                collect_texts(value, &format!("{pointer}/{name}"), texts);
            }
        }
        _ => {}
    }
}

impl Point<'_> {
    /// The operation's name.
    pub fn operation(&self) -> &str {
        &self.caller.operation.name
    }

    /// Whether it is a body that is sent as XML.
    pub fn is_xml(&self) -> bool {
        self.place == Place::Xml
    }

    /// Whether it is a field of the head.
    pub fn is_field(&self) -> bool {
        matches!(&self.place, Place::Parameter(at) if self.caller.operation.parameters[*at].place == ParameterPlace::Header)
    }

    /// Where it is, in words.
    pub fn words(&self) -> String {
        match &self.place {
            Place::Parameter(at) => {
                // The place was made from the list.
                let parameter = &self.caller.operation.parameters[*at];
                let place = match parameter.place {
                    ParameterPlace::Path => "path",
                    ParameterPlace::Query => "query",
                    ParameterPlace::Header => "head",
                };
                format!("`{}` in the {place}", parameter.name)
            }
            Place::Json(pointer) => format!("`{pointer}` in the body"),
            Place::Body => "the body".into(),
            Place::Xml => "the body as XML".into(),
        }
    }

    /// A request with this text at this point, and good values, those of `values` among them, at all others.
    pub fn call(&self, values: &[(String, String)], text: &str) -> Call {
        let mut filled = self.caller.filled(self.place != Place::Xml && self.is_in_body()).with(values);
        self.put(&mut filled, text);
        let mut call = self.caller.call(CallKind::Good, self.words(), &filled);
        if self.is_xml() {
            call.fields.retain(|(name, _)| name != "content-type");
            call.fields.push(("content-type".into(), "application/xml".into()));
        }
        call
    }

    fn is_in_body(&self) -> bool {
        !matches!(self.place, Place::Parameter(_))
    }

    fn put(&self, filled: &mut Filled, text: &str) {
        match &self.place {
            Place::Parameter(at) => {
                let parameter = &self.caller.operation.parameters[*at];
                filled.parameters.retain(|(known, _)| known != parameter);
                filled.parameters.push((parameter.clone(), text.to_owned()));
            }
            Place::Json(pointer) => {
                let body = filled.body.take().unwrap_or_default();
                let mut body: Value = serde_json::from_str(&body).unwrap_or_default();
                if let Some(place) = body.pointer_mut(pointer) {
                    *place = Value::String(text.to_owned());
                }
                filled.body = Some(body.to_string());
            }
            Place::Body | Place::Xml => filled.body = Some(text.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_text_of_a_client_is_a_point_and_the_rest_of_its_request_is_good() {
        let schema = json!({ "type": "object", "required": ["text"], "properties": {
            "text": { "type": "string" }, "size": { "type": "integer" }, "a/b": { "type": "array", "minItems": 1 } } });
        let document = json!({ "paths": { "/notes/{key}": { "put": {
            "parameters": [
                { "name": "key", "in": "path", "schema": { "type": "integer" } },
                { "name": "page", "in": "query", "schema": { "type": "string" } },
                { "name": "X-Trace", "in": "header", "required": true },
                { "name": "Host", "in": "header" }
            ],
            "requestBody": { "content": { "application/json": { "schema": schema } } }
        } }, "/plain": { "post": { "requestBody": { "content": { "text/plain": {} } } }, "get": {} } } });
        let reference = Reference::read(&document.to_string()).unwrap();
        let shown = |point: &Point<'_>| {
            let call = point.call(&[("key".into(), "7".into())], "<x>");
            let fields: Vec<String> =
                call.fields.iter().map(|(name, text)| format!("{name}={text}")).collect();
            format!(
                "{}: {} {} {}",
                point.words(),
                call.target,
                fields.join(" "),
                call.body.unwrap_or_default()
            )
        };
        let seen: Vec<String> = points(&reference).iter().map(shown).collect();
        let json = "content-type=application/json";
        let traced = format!("X-Trace=plimsoll {json}");
        assert_eq!(
            seen,
            [
                format!("`key` in the path: /notes/%3Cx%3E {traced} {{\"text\":\"plimsoll\"}}"),
                format!("`page` in the query: /notes/7?page=%3Cx%3E {traced} {{\"text\":\"plimsoll\"}}"),
                format!("`X-Trace` in the head: /notes/7 X-Trace=<x> {json} {{\"text\":\"plimsoll\"}}"),
                format!(
                    "`/a~1b/0` in the body: /notes/7?page=plimsoll {traced} \
                     {{\"a/b\":[\"<x>\"],\"size\":1,\"text\":\"plimsoll\"}}"
                ),
                format!(
                    "`/text` in the body: /notes/7?page=plimsoll {traced} \
                     {{\"a/b\":[\"plimsoll\"],\"size\":1,\"text\":\"<x>\"}}"
                ),
                "the body as XML: /notes/7 X-Trace=plimsoll content-type=application/xml <x>".to_owned(),
                "the body: /plain content-type=text/plain <x>".to_owned(),
                "the body as XML: /plain content-type=application/xml <x>".to_owned(),
            ]
        );
    }
}
