use plimsoll_proof::{
    CanonicalError, DEPTH_MAX, INTEGER_MAX, STRING_BYTES_MAX, from_canonical, to_canonical,
};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

fn refusal(json: &[u8]) -> String {
    from_canonical::<Value>(json).expect_err(&String::from_utf8_lossy(json)).to_string()
}

#[test]
fn keys_are_sorted_by_code_point_and_nothing_is_spaced() {
    // U+FB33 sorts before U+1F600 by code point, behind it by UTF-16 unit.
    let value =
        json!({"b": [1, -2, null, true], "a": "é\n\u{1}\u{7f}\"\\/", "\u{1f600}": {}, "\u{fb33}": []});
    let text = String::from_utf8(to_canonical(&value).unwrap()).unwrap();
    assert_eq!(
        text,
        "{\"a\":\"é\\n\\u0001\u{7f}\\\"\\\\/\",\"b\":[1,-2,null,true],\"\u{fb33}\":[],\"\u{1f600}\":{}}"
    );
}

#[test]
fn each_other_spelling_is_refused_by_name_and_place() {
    let cases: &[(&[u8], &str)] = &[
        (b"", "byte 0: end of input"),
        (b" 1", "byte 0: white space"),
        (b"1\n", "byte 1: more than one value"),
        (b"[1, 2]", "byte 3: white space"),
        (b"[1,]", "byte 3: not a value"),
        (b"[1", "byte 2: neither `,` nor `]`"),
        (b"{\"a\":1,\"a\":1}", "byte 7: a key for the second time"),
        (b"{\"b\":1,\"a\":1}", "byte 7: a key out of order"),
        (b"{\"\\n\":1,\"\\t\":1}", "byte 8: a key out of order"),
        (b"{\"a\" :1}", "byte 4: no `:` after a key"),
        (b"{a:1}", "byte 1: not a key"),
        (b"{\"a\":1,}", "byte 7: not a key"),
        (b"{\"a\":1", "byte 6: neither `,` nor `}`"),
        (b"1.0", "byte 1: a number that is not a plain integer"),
        (b"1e3", "byte 1: a number that is not a plain integer"),
        (b"1E3", "byte 1: a number that is not a plain integer"),
        (b"-0", "byte 2: an integer in another spelling"),
        (b"01", "byte 2: an integer in another spelling"),
        (b"-", "byte 1: an integer in another spelling"),
        (b"+1", "byte 0: not a value"),
        (b"NaN", "byte 0: not a value"),
        (b"nul", "byte 0: not a value"),
        (b"9007199254740993", "byte 16: an integer beyond 2^53"),
        (b"-9007199254740993", "byte 17: an integer beyond 2^53"),
        (b"99999999999999999999999", "byte 23: an integer beyond 2^53"),
        (b"\"\\u0041\"", "byte 1: an escape that is not needed"),
        (b"\"\\/\"", "byte 1: an escape that is not needed"),
        (b"\"\\u001F\"", "byte 1: an escape that is not needed"),
        (b"\"\\u000a\"", "byte 1: an escape that has a shorter spelling"),
        (b"\"\\ud83d\\ude00\"", "byte 1: an escape that is not needed"),
        (b"\"\t\"", "byte 1: a control character inside a string"),
        (b"\"a", "byte 2: end of input inside a string"),
        (b"\"\xff\"", "byte 1: not utf-8"),
        (b"\xef\xbb\xbf1", "byte 0: not a value"),
    ];
    for (json, wanted) in cases {
        let message = refusal(json);
        assert!(message.ends_with(wanted), "{:?}: {message}", String::from_utf8_lossy(json));
    }
}

#[test]
fn limits_hold_on_both_ways_and_the_last_good_value_passes() {
    let largest = format!("[{INTEGER_MAX},-{INTEGER_MAX}]");
    assert!(from_canonical::<Value>(largest.as_bytes()).is_ok());
    assert!(to_canonical(&(INTEGER_MAX + 1)).is_err());
    assert!(to_canonical(&-(INTEGER_MAX as i64 + 1)).is_err());

    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(from_canonical::<Value>(nested(DEPTH_MAX).as_bytes()).is_ok());
    assert!(refusal(nested(DEPTH_MAX + 1).as_bytes()).ends_with("byte 32: nested too deep"));
    assert!(refusal("[".repeat(1 << 20).as_bytes()).ends_with("nested too deep"));

    let string = "é".repeat(STRING_BYTES_MAX / 2);
    assert!(from_canonical::<Value>(&to_canonical(&string).unwrap()).is_ok());
    assert!(to_canonical(&format!("{string}a")).is_err());
    assert!(refusal(format!("\"{string}\\n\"").as_bytes()).ends_with("a string over the limit"));
}

#[test]
fn floats_and_odd_maps_cannot_be_written() {
    assert!(matches!(to_canonical(&1.5), Err(CanonicalError::Form { .. })));
    assert!(matches!(to_canonical(&1.0), Err(CanonicalError::Form { .. })));
    let map = std::collections::BTreeMap::from([((1, 2), 3)]);
    assert!(matches!(to_canonical(&map), Err(CanonicalError::Unwritable(_))));
}

#[test]
fn a_type_that_drops_or_fills_in_a_field_is_noticed() {
    #[derive(Debug, Serialize, Deserialize)]
    struct Lenient {
        #[serde(default)]
        a: u8,
        b: u8,
    }
    assert_eq!(from_canonical::<Lenient>(br#"{"a":1,"b":2}"#).unwrap().b, 2);
    for json in [br#"{"b":2}"#.as_slice(), br#"{"a":1,"b":2,"c":3}"#] {
        let error = from_canonical::<Lenient>(json).unwrap_err();
        assert!(matches!(error, CanonicalError::Lossy { .. }), "{error}");
    }
    assert!(matches!(from_canonical::<Lenient>(br#"{"a":1}"#), Err(CanonicalError::Type(_))));
}

fn any_json() -> impl Strategy<Value = Value> {
    let integer = -(INTEGER_MAX as i64)..=INTEGER_MAX as i64;
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        integer.prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Text in which JSON, and almost JSON, is likely.
fn almost_json() -> impl Strategy<Value = String> {
    let token = prop_oneof![
        "[\\[\\]{},:\"0-9ab.eE+\\- \\\\nu]",
        Just(String::from("\"a\":")),
        Just(String::from("null")),
        Just(String::from("\\u0001")),
        Just(String::from("\\u000a")),
    ];
    proptest::collection::vec(token, 0..8).prop_map(|tokens| tokens.concat())
}

/// The rule in other words: what serde_json reads and writes again unchanged, without floats.
fn is_canonical_by_another_reader(json: &str) -> bool {
    fn has_float(value: &Value) -> bool {
        match value {
            Value::Number(number) => {
                number.is_f64() || number.as_i64().is_none_or(|n| n.unsigned_abs() > INTEGER_MAX)
            }
            Value::Array(items) => items.iter().any(has_float),
            Value::Object(map) => map.values().any(has_float),
            _ => false,
        }
    }
    let Ok(value) = serde_json::from_str::<Value>(json) else { return false };
    !has_float(&value) && serde_json::to_string(&value).unwrap() == json
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(value in any_json()) {
        let json = to_canonical(&value).unwrap();
        prop_assert_eq!(from_canonical::<Value>(&json).unwrap(), value);
    }

    #[test]
    fn two_spellings_never_mean_the_same(value in any_json(), at: proptest::sample::Index, byte: u8) {
        let mut json = to_canonical(&value).unwrap();
        let at = at.index(json.len());
        let is_changed = json[at] != byte;
        json[at] = byte;
        if let Ok(other) = from_canonical::<Value>(&json) {
            prop_assert_eq!(other != value, is_changed);
        }
    }

    #[test]
    fn agrees_with_another_reader(text in almost_json()) {
        let accepted = from_canonical::<Value>(text.as_bytes()).is_ok();
        prop_assert_eq!(accepted, is_canonical_by_another_reader(&text), "{}", text);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        if let Ok(value) = from_canonical::<Value>(&bytes) {
            prop_assert_eq!(to_canonical(&value).unwrap(), bytes);
        }
    }
}
