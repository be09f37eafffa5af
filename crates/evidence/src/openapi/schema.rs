//! Whether a value is what a schema says: the words of JSON Schema that descriptions of interfaces use.

use serde_json::{Map, Value};

use super::MASKED;
use super::reference::Reference;

/// Schemas within each other, loops of references included.
const DEPTH_MAX: usize = 100;

/// What is wrong with a value, and where, if something is.
pub(crate) fn problem(reference: &Reference, schema: &Value, value: &Value) -> Option<String> {
    Walk { reference }.problem(schema, value, "", 0)
}

struct Walk<'a> {
    reference: &'a Reference,
}

impl Walk<'_> {
    fn problem(&self, schema: &Value, value: &Value, at: &str, depth: usize) -> Option<String> {
        let wrong = |what: &str| Some(format!("`{}` {what}", if at.is_empty() { "/" } else { at }));
        if depth > DEPTH_MAX {
            return wrong("is held against a schema without end");
        }
        let schema = match self.reference.resolved(schema) {
            Value::Bool(true) => return None,
            Value::Object(schema) => schema,
            Value::Bool(false) => return wrong("must not be there"),
            _ => return wrong("is held against a schema that is not there"),
        };
        // Of a nullable type of OpenAPI 3.0 null is a value whatever else is said.
        if value.is_null() && schema.get("nullable") == Some(&Value::Bool(true)) {
            return None;
        }
        if let Some(what) = own(schema, value) {
            return wrong(&what);
        }
        let inner = depth + 1;
        self.properties(schema, value, at, inner)
            .or_else(|| self.items(schema, value, at, inner))
            .or_else(|| self.combined(schema, value, at, inner))
    }

    fn properties(
        &self,
        schema: &Map<String, Value>,
        value: &Value,
        at: &str,
        depth: usize,
    ) -> Option<String> {
        let object = value.as_object()?;
        let empty = Map::new();
        let known = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
        for (name, inner) in object {
            let place = format!("{at}/{name}");
            let of_others =
                schema.get("additionalProperties").filter(|_| !schema.contains_key("patternProperties"));
            let Some(says) = known.get(name).or(of_others) else { continue };
            if let Some(problem) = self.problem(says, inner, &place, depth) {
                return Some(problem);
            }
        }
        None
    }

    fn items(&self, schema: &Map<String, Value>, value: &Value, at: &str, depth: usize) -> Option<String> {
        let says = schema.get("items")?;
        let skipped = schema.get("prefixItems").and_then(Value::as_array).map_or(0, Vec::len);
        let items = value.as_array()?.iter().enumerate().skip(skipped);
        items.into_iter().find_map(|(n, item)| self.problem(says, item, &format!("{at}/{n}"), depth))
    }

    fn combined(&self, schema: &Map<String, Value>, value: &Value, at: &str, depth: usize) -> Option<String> {
        let list = |word: &str| schema.get(word).and_then(Value::as_array).map(Vec::as_slice);
        let fitting =
            |all: &[Value]| all.iter().filter(|one| self.problem(one, value, at, depth).is_none()).count();
        let place = if at.is_empty() { "/" } else { at };
        if let Some(all) = list("allOf")
            && let Some(problem) = all.iter().find_map(|one| self.problem(one, value, at, depth))
        {
            return Some(problem);
        }
        if list("anyOf").is_some_and(|all| fitting(all) == 0) {
            return Some(format!("`{place}` is none of what it may be"));
        }
        if let Some(count) = list("oneOf").map(fitting).filter(|count| *count != 1) {
            return Some(format!("`{place}` is {count} of the things of which it must be one"));
        }
        let not = schema.get("not").filter(|says| self.problem(says, value, at, depth).is_none());
        not.map(|_| format!("`{place}` is what it must not be"))
    }
}

/// What is wrong by the words that need nothing but their own value.
fn own(schema: &Map<String, Value>, value: &Value) -> Option<String> {
    if let Some(types) = schema.get("type")
        && !is_of(types, value)
    {
        return Some(format!("is {}, not {}", kind(value), type_words(types)));
    }
    let is_masked = value == MASKED;
    if let Some(all) = schema.get("enum").and_then(Value::as_array)
        && !all.contains(value)
        && !is_masked
    {
        return Some("is none of the values that it may have".into());
    }
    if schema.get("const").is_some_and(|only| only != value) && !is_masked {
        return Some("is not the one value that it may have".into());
    }
    match value {
        Value::Object(object) => object_problem(schema, object),
        Value::Array(items) => sized(schema, items.len(), "minItems", "maxItems", "items"),
        Value::String(_) if is_masked => None,
        Value::String(text) => sized(schema, text.chars().count(), "minLength", "maxLength", "characters"),
        Value::Number(number) => number_problem(schema, number.as_f64()?),
        _ => None,
    }
}

fn object_problem(schema: &Map<String, Value>, object: &Map<String, Value>) -> Option<String> {
    let required = schema.get("required").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let missing = required.iter().filter_map(Value::as_str).find(|name| !object.contains_key(*name));
    missing
        .map(|name| format!("lacks `{name}`"))
        .or_else(|| sized(schema, object.len(), "minProperties", "maxProperties", "properties"))
}

fn sized(schema: &Map<String, Value>, size: usize, min: &str, max: &str, of: &str) -> Option<String> {
    let limit = |word: &str| schema.get(word).and_then(Value::as_u64);
    let size = size as u64;
    let is_outside = limit(min).is_some_and(|min| size < min) || limit(max).is_some_and(|max| size > max);
    is_outside.then(|| format!("has {size} {of}"))
}

fn number_problem(schema: &Map<String, Value>, number: f64) -> Option<String> {
    let limit = |word: &str| schema.get(word).and_then(Value::as_f64);
    // In OpenAPI 3.0 a flag beside the limit.
    let is_strict = |word: &str| schema.get(word) == Some(&Value::Bool(true));
    let below = |min: f64, strict: bool| number < min || (strict && number <= min);
    let above = |max: f64, strict: bool| number > max || (strict && number >= max);
    let is_outside = limit("minimum").is_some_and(|min| below(min, is_strict("exclusiveMinimum")))
        || limit("exclusiveMinimum").is_some_and(|min| below(min, true))
        || limit("maximum").is_some_and(|max| above(max, is_strict("exclusiveMaximum")))
        || limit("exclusiveMaximum").is_some_and(|max| above(max, true));
    is_outside.then(|| format!("is {number}, outside its limits"))
}

fn is_of(types: &Value, value: &Value) -> bool {
    let is_one = |name: &str| match name {
        // JSON has one kind of number; 1.0 is an integer.
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        name => kind(value) == name,
    };
    match types {
        Value::String(name) => is_one(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).any(is_one),
        _ => true,
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn type_words(types: &Value) -> String {
    match types {
        Value::String(name) => name.clone(),
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(schema: Value, value: Value) -> Option<String> {
        let document = json!({
            "paths": {},
            "components": { "schemas": {
                "note": { "type": "object", "required": ["key"], "properties": { "key": { "type": "string" } } },
                "tree": { "type": "array", "items": { "$ref": "#/components/schemas/tree" } },
                "loop": { "allOf": [{ "$ref": "#/components/schemas/loop" }] }
            } }
        });
        problem(&Reference::read(&document.to_string()).unwrap(), &schema, &value)
    }

    /// Each schema with a value that fits it and one that does not: every word is seen to refuse.
    #[test]
    fn every_word_takes_what_fits_and_refuses_what_does_not() {
        let note = json!({ "$ref": "#/components/schemas/note" });
        let cases = [
            (json!({ "type": "string" }), json!("a"), json!(1)),
            (json!({ "type": "integer" }), json!(2.0), json!(2.5)),
            (json!({ "type": ["string", "null"] }), json!(null), json!(true)),
            (json!({ "type": "string", "nullable": true }), json!(null), json!([])),
            (json!({ "enum": ["a", "b"] }), json!("b"), json!("c")),
            (json!({ "const": 3 }), json!(3), json!(4)),
            (json!({ "minimum": 3, "exclusiveMaximum": 5 }), json!(3), json!(5)),
            (json!({ "minimum": 3, "exclusiveMinimum": true }), json!(4), json!(3)),
            (json!({ "maximum": 3, "exclusiveMinimum": 1 }), json!(3), json!(1)),
            (json!({ "minLength": 2, "maxLength": 3 }), json!("äöü"), json!("a")),
            (json!({ "minItems": 1, "items": { "type": "string" } }), json!(["a"]), json!([1])),
            (json!({ "maxItems": 1 }), json!([]), json!([1, 2])),
            (note.clone(), json!({ "key": "a", "more": 1 }), json!({ "more": 1 })),
            (note.clone(), json!({ "key": "a" }), json!({ "key": 1 })),
            (
                json!({ "properties": { "a": {} }, "additionalProperties": false }),
                json!({ "a": 1 }),
                json!({ "b": 1 }),
            ),
            (json!({ "additionalProperties": { "type": "string" } }), json!({ "a": "" }), json!({ "a": 1 })),
            (json!({ "maxProperties": 1 }), json!({ "a": 1 }), json!({ "a": 1, "b": 2 })),
            (
                json!({ "allOf": [note, { "maxProperties": 1 }] }),
                json!({ "key": "" }),
                json!({ "key": "", "b": 1 }),
            ),
            (json!({ "anyOf": [{ "type": "string" }, { "type": "null" }] }), json!(null), json!(1)),
            (json!({ "oneOf": [{ "type": "number" }, { "type": "integer" }] }), json!(1.5), json!(1)),
            (json!({ "not": { "type": "string" } }), json!(1), json!("a")),
            (json!({ "$ref": "#/components/schemas/tree" }), json!([[], [[]]]), json!([[], [1]])),
            (json!(true), json!(1), json!(null)),
        ];
        for (schema, good, bad) in cases {
            assert_eq!(said(schema.clone(), good.clone()), None, "{schema} and {good}");
            if schema != json!(true) {
                assert!(said(schema.clone(), bad.clone()).is_some(), "{schema} and {bad}");
            }
        }
        assert!(said(json!(false), json!(1)).is_some());
    }

    #[test]
    fn a_schema_that_is_not_there_and_one_without_end_fit_nothing() {
        for name in ["none", "loop"] {
            assert!(said(json!({ "$ref": format!("#/components/schemas/{name}") }), json!(1)).is_some());
        }
    }

    #[test]
    fn what_was_masked_fits_whatever_is_asked_of_a_text() {
        assert_eq!(said(json!({ "type": "string", "maxLength": 2, "enum": ["a"] }), json!(MASKED)), None);
        assert!(said(json!({ "type": "integer" }), json!(MASKED)).is_some());
    }

    #[test]
    fn a_problem_says_where() {
        let schema = json!({ "items": { "$ref": "#/components/schemas/note" } });
        assert_eq!(
            said(schema, json!([{ "key": "" }, { "key": 1 }])).unwrap(),
            "`/1/key` is number, not string"
        );
    }
}
