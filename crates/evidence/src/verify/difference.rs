//! Where two JSON values differ: the first place, by path.

use serde::Serialize;
use serde_json::Value;

/// The path of the first difference between what was signed and what was computed, with both values.
pub(super) fn first<T: Serialize>(signed: &T, computed: &T) -> Option<String> {
    let signed = serde_json::to_value(signed).ok()?;
    let computed = serde_json::to_value(computed).ok()?;
    differ(&signed, &computed, &mut String::new())
}

fn differ(signed: &Value, computed: &Value, path: &mut String) -> Option<String> {
    match (signed, computed) {
        (Value::Object(left), Value::Object(right)) => {
            let mut keys: Vec<&String> = left.keys().chain(right.keys()).collect();
            keys.sort();
            keys.dedup();
            keys.into_iter().find_map(|key| {
                let at = |map: &serde_json::Map<String, Value>| map.get(key).cloned().unwrap_or(Value::Null);
                within(path, &format!(".{key}"), |path| differ(&at(left), &at(right), path))
            })
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            left.iter().zip(right).enumerate().find_map(|(index, (left, right))| {
                within(path, &format!("[{index}]"), |path| differ(left, right, path))
            })
        }
        _ if signed == computed => None,
        _ => Some(format!(
            "{}: signed {}, computed {}",
            path.trim_start_matches('.'),
            short(signed),
            short(computed)
        )),
    }
}

fn within(path: &mut String, part: &str, look: impl FnOnce(&mut String) -> Option<String>) -> Option<String> {
    let length = path.len();
    path.push_str(part);
    let found = look(path);
    path.truncate(length);
    found
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 60 { text } else { text.chars().take(57).chain("...".chars()).collect() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_the_place_and_both_values() {
        let signed = json!({"a": [1, {"b": 2}], "c": 3});
        assert_eq!(first(&signed, &signed), None);
        let computed = json!({"a": [1, {"b": 4}], "c": 3});
        assert_eq!(first(&signed, &computed).unwrap(), "a[1].b: signed 2, computed 4");
        let shorter = json!({"a": [1], "c": 3});
        assert_eq!(first(&signed, &shorter).unwrap(), r#"a: signed [1,{"b":2}], computed [1]"#);
        let without = json!({"a": [1, {"b": 2}]});
        assert_eq!(first(&signed, &without).unwrap(), "c: signed 3, computed null");
    }
}
