//! JSON that says the same in other bytes, or something else: in envelopes, in what they carry, in log entries;
//! as it lies there, and signed again.

use plimsoll_evidence::{CERTIFICATE_FILE, EntryType, Outcome, PAYLOAD_TYPE, StepName};
use plimsoll_keys::IssuerKeys;
use plimsoll_proof::{Digest, Envelope};
use serde_json::{Value, json};

use super::bench::{Bench, Mutant};
use super::random::Random;
use crate::golden::Files;
use crate::issuer::{canonical, listed};

/// Another spelling of canonical JSON, and its name. The value is the same to a lenient reader.
fn respelled(text: &str, random: &mut Random, n: usize) -> (String, String) {
    let outside: Vec<usize> = outside_strings(text);
    let pick = |random: &mut Random, wanted: &dyn Fn(usize) -> bool| {
        let places: Vec<usize> = outside.iter().copied().filter(|&at| wanted(at)).collect();
        (!places.is_empty()).then(|| *random.pick(&places))
    };
    let bytes = text.as_bytes();
    let starts_number = |at: usize| bytes[at].is_ascii_digit() && !bytes[at - 1].is_ascii_digit();
    let put = |at: usize, what: &str| format!("{}{what}{}", &text[..at], &text[at..]);
    let number_end = |at: usize| at + bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    match n % 8 {
        0 | 1 => {
            let at = pick(random, &|at| b",:{}[]".contains(&bytes[at])).unwrap();
            let space = *random.pick(&[" ", "\n", "\t"]);
            (put(at + 1, space), format!("white space {space:?} at {at}"))
        }
        2 => {
            let at = pick(random, &|at| bytes[at] == b'{' && bytes[at + 1] == b'"').unwrap();
            let end = at + text[at..].find(':').unwrap();
            let key = text[at + 1..end].to_owned();
            (put(at + 1, &format!("{key}:null,")), format!("key {key} twice at {at}"))
        }
        3 | 4 => match pick(random, &starts_number) {
            Some(at) => {
                let tail = *random.pick(&[".0", "e0", "E+0"]);
                (put(number_end(at), tail), format!("number with {tail} at {at}"))
            }
            None => (format!("{text} "), "a space at the end".into()),
        },
        5 => match pick(random, &starts_number) {
            Some(at) => (put(at, "0"), format!("number with a leading zero at {at}")),
            None => (format!(" {text}"), "a space at the beginning".into()),
        },
        6 => {
            let inside: Vec<usize> = (1..text.len() - 1)
                .filter(|at| bytes[*at].is_ascii_alphanumeric() && outside.binary_search(at).is_err())
                .filter(|at| bytes[at - 1] != b'\\')
                .collect();
            let at = *random.pick(&inside);
            let escaped = format!("{}\\u00{:02x}{}", &text[..at], bytes[at], &text[at + 1..]);
            (escaped, format!("an escape that is not needed at {at}"))
        }
        _ => {
            let end = text.find(',').unwrap();
            let last = text.len() - 1;
            let first = &text[1..end];
            (format!("{{{},{first}}}", &text[end + 1..last]), "the first key last".into())
        }
    }
}

/// Places that are not within a string; quotes count as within.
fn outside_strings(text: &str) -> Vec<usize> {
    let (mut inside, mut escaped, mut places) = (false, false, Vec::new());
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if inside => escaped = true,
            b'"' => inside = !inside,
            _ if !inside => places.push(at),
            _ => {}
        }
    }
    places
}

/// Every place in a value, as a JSON pointer.
fn pointers(value: &Value, at: &str, into: &mut Vec<String>) {
    into.push(at.to_owned());
    match value {
        Value::Object(map) => {
            map.iter().for_each(|(key, value)| pointers(value, &format!("{at}/{key}"), into))
        }
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(n, value)| pointers(value, &format!("{at}/{n}"), into));
        }
        _ => {}
    }
}

/// Something else said at some place, and what.
fn contradicted(value: &mut Value, random: &mut Random) -> String {
    let mut all = Vec::new();
    pointers(value, "", &mut all);
    let pointer = random.pick(&all).clone();
    let place = value.pointer_mut(&pointer).unwrap();
    let before = place.to_string();
    match place {
        Value::Number(number) => *place = json!(number.as_u64().unwrap() + 1),
        Value::String(text) => text.push('x'),
        Value::Bool(flag) => *flag = !*flag,
        Value::Null => *place = json!(0),
        Value::Array(list) => match list.pop() {
            Some(_) => {}
            None => list.push(json!("more")),
        },
        Value::Object(map) => match random.below(2) {
            0 => drop(map.insert("zz_unknown".into(), json!(1))),
            _ => drop(map.keys().next().cloned().map(|key| map.remove(&key))),
        },
    }
    format!("{pointer}: {:.60} changed", before)
}

/// A file's payload changed, under the signature that was there.
pub(crate) fn unsigned(bench: &mut Bench, n: usize) -> Mutant {
    let signed: Vec<String> =
        bench.files.keys().filter(|path| path.ends_with(".dsse.json")).cloned().collect();
    let path = signed[n % signed.len()].clone();
    let mut envelope = Envelope::from_bytes(&bench.files[&path]).unwrap();
    let mut value: Value = serde_json::from_slice(&envelope.payload).unwrap();
    let what = contradicted(&mut value, &mut bench.random);
    envelope.payload = canonical(&value);
    let mut files = bench.files.clone();
    files.insert(path.clone(), envelope.to_bytes().unwrap());
    Mutant::new(format!("{path}: {what}, not signed"), files)
}

/// The envelope itself in other bytes, or with more in it.
pub(crate) fn enveloped(bench: &mut Bench, n: usize) -> Mutant {
    let signed: Vec<String> =
        bench.files.keys().filter(|path| path.ends_with(".dsse.json")).cloned().collect();
    let path = signed[n % signed.len()].clone();
    let text = String::from_utf8(bench.files[&path].clone()).unwrap();
    let text = text.trim_end();
    let mut value: Value = serde_json::from_str(text).unwrap();
    let (bytes, what) = match n % 12 {
        0..=6 => {
            let (text, what) = respelled(text, &mut bench.random, [0, 2, 6, 7, 0, 2, 6][n % 12]);
            (text + "\n", what)
        }
        7 => (text.to_owned(), "no newline at the end".into()),
        8 => (format!("{text}\n\n"), "two newlines at the end".into()),
        kind => {
            let what = match kind {
                9 => {
                    let signature = value["signatures"][0].clone();
                    value["signatures"].as_array_mut().unwrap().push(signature);
                    "the signature twice"
                }
                10 => {
                    value["signatures"][0]["keyid"] = json!("0".repeat(64));
                    "another keyid"
                }
                _ => {
                    value["payloadType"] = json!("application/json");
                    "another payload type"
                }
            };
            (String::from_utf8(canonical(&value)).unwrap() + "\n", what.to_owned())
        }
    };
    let mut files = bench.files.clone();
    files.insert(path.clone(), bytes.into_bytes());
    Mutant::new(format!("{path}: envelope, {what}"), files)
}

/// A signature that is none of the issuer's, or over another type, in a folder where all else fits: the log holds the
/// certificate's payload, and the certificate lists the statement's file.
pub(crate) fn envelope_forged(bench: &mut Bench, n: usize) -> Mutant {
    let mut parts = bench.parts.clone();
    let mut files = bench.files.clone();
    let in_certificate = n.is_multiple_of(2);
    let statement = parts.statements.keys().nth(n / 6 % parts.statements.len()).unwrap().clone();
    let path = if in_certificate { CERTIFICATE_FILE.to_owned() } else { statement };
    let payload = Envelope::from_bytes(&files[&path]).unwrap().payload;
    let keyid = bench.keys.certificate.public_key().digest().to_string();
    let (mut envelope, what, step) = match n / 2 % 3 {
        0 => {
            let other = IssuerKeys::generate().unwrap();
            (
                other.certificate.sign_envelope(PAYLOAD_TYPE, &payload),
                "signed by another key",
                StepName::Signatures,
            )
        }
        1 => {
            let envelope = bench.keys.certificate.sign_envelope("application/json", &payload);
            (envelope, "signed as another type", StepName::Bytes)
        }
        _ => {
            let envelope = bench.keys.certificate.sign_envelope(PAYLOAD_TYPE, &payload);
            (envelope, "with another keyid", StepName::Signatures)
        }
    };
    envelope.signatures[0].keyid = if what == "with another keyid" { "0".repeat(64) } else { keyid };
    let bytes = envelope.to_bytes().unwrap();
    if in_certificate {
        files.insert(path.clone(), bytes);
    } else {
        parts.statements.remove(&path).unwrap();
        parts.others.insert(path.clone(), bytes);
        files = parts.sign(&bench.keys);
    }
    Mutant::new(format!("{path} {what} ({n})"), files).at(step, Outcome::Invalid)
}

/// The certificate in another spelling, signed and logged again.
pub(crate) fn certificate_respelled(bench: &mut Bench, n: usize) -> Mutant {
    let mut what = String::new();
    let (parts, random) = (&bench.parts, &mut bench.random);
    let statements = parts.statements.iter().map(|(path, said)| (path.clone(), canonical(said))).collect();
    let files = parts.sign_bytes(&bench.keys, statements, |files| {
        let mut said = parts.certificate.clone();
        said["predicate"]["files"] = listed(files);
        let (text, how) = respelled(std::str::from_utf8(&canonical(&said)).unwrap(), random, n);
        what = how;
        text.into_bytes()
    });
    Mutant::new(format!("certificate signed again: {what}"), files).at(StepName::Bytes, Outcome::Invalid)
}

/// The certificate saying something else, signed and logged again.
pub(crate) fn certificate_contradicted(bench: &mut Bench, _: usize) -> Mutant {
    let mut what = String::new();
    let (parts, random) = (&bench.parts, &mut bench.random);
    let statements = parts.statements.iter().map(|(path, said)| (path.clone(), canonical(said))).collect();
    let files = parts.sign_bytes(&bench.keys, statements, |files| {
        let mut said = parts.certificate.clone();
        said["predicate"]["files"] = listed(files);
        what = contradicted(&mut said, random);
        canonical(&said)
    });
    Mutant::new(format!("certificate signed again: {what}"), files).out_of_reach()
}

/// A criterion's statement in another spelling, signed and listed again.
pub(crate) fn statement_respelled(bench: &mut Bench, n: usize) -> Mutant {
    let path = bench.parts.statements.keys().nth(n % bench.parts.statements.len()).unwrap().clone();
    let text = canonical(&bench.parts.statements[&path]);
    let (text, what) = respelled(std::str::from_utf8(&text).unwrap(), &mut bench.random, n / 8);
    let files = statement(bench, &path, text.into_bytes());
    Mutant::new(format!("{path} signed again: {what}"), files).at(StepName::Bytes, Outcome::Invalid)
}

/// A criterion's statement saying something else, signed and listed again.
pub(crate) fn statement_contradicted(bench: &mut Bench, n: usize) -> Mutant {
    let path = bench.parts.statements.keys().nth(n % bench.parts.statements.len()).unwrap().clone();
    let mut said = bench.parts.statements[&path].clone();
    let what = contradicted(&mut said, &mut bench.random);
    let files = statement(bench, &path, canonical(&said));
    Mutant::new(format!("{path} signed again: {what}"), files).out_of_reach()
}

fn statement(bench: &Bench, path: &str, payload: Vec<u8>) -> Files {
    let said = bench.parts.statements.iter().map(|(path, said)| (path.clone(), canonical(said)));
    let mut statements: Files = said.collect();
    statements.insert(path.to_owned(), payload);
    bench.parts.sign_bytes(&bench.keys, statements, |files| {
        let mut said = bench.parts.certificate.clone();
        said["predicate"]["files"] = listed(files);
        canonical(&said)
    })
}

/// An entry of the log in another spelling, or saying something else, in a log that was not signed again.
pub(crate) fn entry_unsigned(bench: &mut Bench, n: usize) -> Mutant {
    let entries: Vec<String> =
        bench.files.keys().filter(|path| path.starts_with("log/entries/")).cloned().collect();
    let path = entries[n % entries.len()].clone();
    let text = String::from_utf8(bench.files[&path].clone()).unwrap();
    let (text, what) = if n.is_multiple_of(2) {
        respelled(&text, &mut bench.random, n / 2)
    } else {
        let mut value: Value = serde_json::from_str(&text).unwrap();
        let what = contradicted(&mut value, &mut bench.random);
        (value.to_string(), what)
    };
    let mut files = bench.files.clone();
    files.insert(path.clone(), text.into_bytes());
    Mutant::new(format!("{path}: {what}"), files).at(StepName::Registration, Outcome::Invalid)
}

/// An entry that does not fit its neighbours, in a log that was signed again.
pub(crate) fn entry_signed(bench: &mut Bench, n: usize) -> Mutant {
    let mut parts = bench.parts.clone();
    parts.chains = false;
    let count = parts.log.len();
    let at = n % count;
    let entry = &mut parts.log[at];
    let what = match n / count % 6 {
        0 => {
            entry.seq += 1;
            "seq"
        }
        1 => {
            entry.previous = Some(Digest::of(b""));
            "previous"
        }
        2 => {
            entry.subject.push('x');
            "subject"
        }
        3 => {
            entry.profile.push('x');
            "profile"
        }
        4 => {
            // Past its neighbour, on whichever side it has one.
            let seconds = if at == 0 { 9 * 86_400 } else { -86_400 };
            entry.time = entry.time.plus_seconds(seconds);
            "time"
        }
        _ => {
            let is_registered = entry.entry_type == EntryType::Registered;
            entry.entry_type = if is_registered { EntryType::NoResult } else { EntryType::Registered };
            "type"
        }
    };
    let files = parts.sign(&bench.keys);
    let in_reach = ["subject", "profile"].contains(&what);
    Mutant { in_reach, ..Mutant::new(format!("log entry {at} with another {what}, signed again"), files) }
}
