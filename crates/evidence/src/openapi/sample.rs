//! A value that fits a schema: its example where it has one, else the least that is asked for.

use serde_json::{Map, Value, json};

use super::reference::Reference;

/// Objects within each other: enough for any request that a person would write.
const DEPTH_MAX: usize = 12;
/// Below these nothing is put in that nobody asks for: a tree would grow without end.
const WHOLE_DEPTH_MAX: usize = 2;
/// A text of no meaning, as long as anybody asks for.
const WORD: &str = "plimsoll";
const LENGTH_MAX: usize = 4_096;
const ITEMS_MAX: usize = 16;

/// A value that fits; with `whole` all properties of objects, else those that are required. Patterns are not kept, for
/// want of an example.
pub fn sample(reference: &Reference, schema: &Value, whole: bool) -> Value {
    Maker { reference, whole }.value(schema, 0)
}

/// The same as it stands in a path, a query or a field.
pub fn sample_text(reference: &Reference, schema: &Value) -> String {
    match sample(reference, schema, false) {
        Value::String(text) => text,
        Value::Array(items) => {
            let texts =
                items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned));
            texts.collect::<Vec<_>>().join(",")
        }
        other => other.to_string(),
    }
}

struct Maker<'a> {
    reference: &'a Reference,
    whole: bool,
}

impl Maker<'_> {
    fn value(&self, schema: &Value, depth: usize) -> Value {
        let Value::Object(schema) = self.reference.resolved(schema) else { return json!(WORD) };
        let listed = |word: &str| schema.get(word).and_then(Value::as_array).and_then(|all| all.first());
        let given = ["example", "default", "const"].iter().find_map(|word| schema.get(*word));
        let given = given.or_else(|| listed("examples")).or_else(|| listed("enum"));
        if let Some(given) = given {
            return given.clone();
        }
        if depth > DEPTH_MAX {
            return Value::Null;
        }
        if let Some(all) = schema.get("allOf").and_then(Value::as_array) {
            return self.merged(schema, all, depth);
        }
        if let Some(first) = listed("oneOf").or_else(|| listed("anyOf")) {
            return self.value(first, depth + 1);
        }
        self.of_type(schema, depth)
    }

    /// All that is asked for at once: of objects the properties of each.
    fn merged(&self, schema: &Map<String, Value>, all: &[Value], depth: usize) -> Value {
        let mut properties = self.object(schema, depth);
        for one in all {
            match self.value(one, depth + 1) {
                Value::Object(more) => properties.extend(more),
                other if properties.is_empty() => return other,
                _ => {}
            }
        }
        Value::Object(properties)
    }

    fn of_type(&self, schema: &Map<String, Value>, depth: usize) -> Value {
        let types = match schema.get("type") {
            Some(Value::Array(types)) => types.iter().find(|name| *name != "null").and_then(Value::as_str),
            other => other.and_then(Value::as_str),
        };
        match types {
            Some("object") => Value::Object(self.object(schema, depth)),
            None if schema.contains_key("properties") => Value::Object(self.object(schema, depth)),
            Some("array") => Value::Array(self.items(schema, depth)),
            Some("integer" | "number") => number(schema),
            Some("boolean") => json!(true),
            Some("null") => Value::Null,
            _ => Value::String(text(schema)),
        }
    }

    fn object(&self, schema: &Map<String, Value>, depth: usize) -> Map<String, Value> {
        let required =
            schema.get("required").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let properties = schema.get("properties").and_then(Value::as_object);
        let wanted = properties.into_iter().flatten().filter(|(name, says)| {
            let is_required = required.iter().any(|one| one == name.as_str());
            let may_be_sent = || self.reference.resolved(says).get("readOnly") != Some(&json!(true));
            is_required || (self.whole && depth < WHOLE_DEPTH_MAX && may_be_sent())
        });
        wanted.map(|(name, says)| (name.clone(), self.value(says, depth + 1))).collect()
    }

    fn items(&self, schema: &Map<String, Value>, depth: usize) -> Vec<Value> {
        let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0);
        let count = usize::try_from(least).unwrap_or(ITEMS_MAX).min(ITEMS_MAX).max(usize::from(self.whole));
        let item = schema.get("items").map_or_else(|| json!(WORD), |says| self.value(says, depth + 1));
        vec![item; count]
    }
}

fn number(schema: &Map<String, Value>) -> Value {
    let limit = |word: &str| schema.get(word).and_then(Value::as_i64);
    let is_strict = |word: &str| i64::from(schema.get(word) == Some(&Value::Bool(true)));
    let least = limit("minimum").map(|min| min.saturating_add(is_strict("exclusiveMinimum")));
    let least = least.or_else(|| limit("exclusiveMinimum").map(|min| min.saturating_add(1)));
    let most = limit("maximum").map(|max| max.saturating_sub(is_strict("exclusiveMaximum")));
    json!(match (least, most) {
        (Some(least), _) => least.max(1.min(most.unwrap_or(1))),
        (None, Some(most)) => most.min(1),
        (None, None) => 1,
    })
}

fn text(schema: &Map<String, Value>) -> String {
    match schema.get("format").and_then(Value::as_str) {
        Some("date-time") => return "2026-01-02T03:04:05Z".into(),
        Some("date") => return "2026-01-02".into(),
        Some("time") => return "03:04:05Z".into(),
        Some("uuid") => return "00000000-0000-4000-8000-000000000001".into(),
        Some("email") => return "plimsoll@example.org".into(),
        Some("uri" | "url") => return "https://example.org/".into(),
        Some("hostname") => return "example.org".into(),
        Some("ipv4") => return "192.0.2.1".into(),
        Some("ipv6") => return "2001:db8::1".into(),
        _ => {}
    }
    let limit = |word: &str| schema.get(word).and_then(Value::as_u64).and_then(|it| usize::try_from(it).ok());
    let least = limit("minLength").unwrap_or(0).min(LENGTH_MAX);
    let length = WORD.len().max(least).min(limit("maxLength").unwrap_or(LENGTH_MAX));
    WORD.chars().cycle().take(length).collect()
}

#[cfg(test)]
mod tests {
    use super::super::schema::problem;
    use super::*;

    #[test]
    fn what_is_made_fits_its_schema() {
        let document = json!({ "paths": {}, "components": { "schemas": {
            "node": { "type": "object", "required": ["name"], "properties": {
                "name": { "type": "string", "minLength": 12 },
                "next": { "$ref": "#/components/schemas/node" },
                "kind": { "enum": ["leaf", "branch"] }
            } }
        } } });
        let reference = Reference::read(&document.to_string()).unwrap();
        let schemas = [
            json!({ "$ref": "#/components/schemas/node" }),
            json!({ "allOf": [{ "$ref": "#/components/schemas/node" }, { "required": ["age"], "properties": {
                "age": { "type": "integer", "minimum": 18 } } }] }),
            json!({ "type": "array", "minItems": 3, "items": { "type": "boolean" } }),
            json!({ "oneOf": [{ "type": "string", "maxLength": 3 }, { "type": "integer" }] }),
            json!({ "type": ["null", "integer"], "maximum": -5 }),
            json!({ "type": "integer", "minimum": 0, "exclusiveMinimum": true, "maximum": 9 }),
            json!({ "type": "string", "format": "uuid" }),
            json!({ "type": "integer", "example": 41 }),
        ];
        for schema in schemas {
            let made = sample(&reference, &schema, false);
            assert_eq!(problem(&reference, &schema, &made), None, "{schema}: {made}");
        }
        let node = json!({ "$ref": "#/components/schemas/node" });
        assert_eq!(sample(&reference, &node, false), json!({ "name": "plimsollplim" }));
        assert_eq!(sample(&reference, &node, true)["kind"], "leaf");
        assert_eq!(sample_text(&reference, &json!({ "type": "integer", "example": 41 })), "41");
        assert_eq!(sample_text(&reference, &json!({ "type": "array", "minItems": 2 })), "plimsoll,plimsoll");
    }
}
