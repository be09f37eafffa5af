//! Masks what looks like a secret in text that will be shown, stored or signed.
//!
//! This is a net, not a proof: a secret in a form that no rule knows stays. Rules err on the side of masking.

use std::ops::Range;

use crate::strip::strip;

const MASK: &str = "[redacted]";

/// Words in the name of a value that say that the value is a secret.
const SECRET_WORDS: [&str; 18] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "access_key",
    "access-key",
    "accesskey",
    "private_key",
    "privatekey",
    "credential",
    "authorization",
    "cookie",
    "auth_",
];
/// Words that make a value a secret only if it is long and looks random: `key` alone is also what maps have.
const KEY_WORDS: [&str; 6] = ["key", "auth", "sig", "session", "salt", "seed"];
/// The shortest value that looks random: 80 bits in base64 or hexadecimal digits of 64.
const RANDOM_BYTES_MIN: usize = 16;
/// Names whose values run to the end of the line, spaces included.
const HEADERS: [&str; 4] = ["authorization", "cookie", "x-api-key", "x-auth-token"];
/// Beginnings of tokens whose makers mark them, and how many token characters follow at least.
const TOKENS: [(&str, usize); 19] = [
    ("AKIA", 16),
    ("ASIA", 16),
    ("ghp_", 16),
    ("gho_", 16),
    ("ghu_", 16),
    ("ghs_", 16),
    ("ghr_", 16),
    ("github_pat_", 16),
    ("glpat-", 16),
    ("xoxb-", 10),
    ("xoxp-", 10),
    ("xoxa-", 10),
    ("sk-", 16),
    ("sk_live_", 10),
    ("rk_live_", 10),
    ("AIza", 30),
    ("npm_", 30),
    ("eyJ", 20),
    ("hf_", 20),
];
/// Words before a credential in an `Authorization` header, wherever it is quoted.
const SCHEMES: [&str; 4] = ["bearer ", "basic ", "digest ", "negotiate "];

/// The text with secrets masked and with all that a terminal would act on taken out.
pub fn redact(text: &str) -> String {
    // Stripped first: an escape sequence inside a name must not hide the secret after it.
    let text = strip(text);
    let mut masked = private_keys(&text);
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let found = [named_values(line), schemes(line), tokens(line), passwords_in_urls(line)];
        masked.extend(found.into_iter().flatten().map(|range| range.start + start..range.end + start));
        start += line.len();
    }
    mask(&text, masked)
}

/// Replaces the ranges, which may overlap, each run of them by one mask.
fn mask(text: &str, mut ranges: Vec<Range<usize>>) -> String {
    ranges.retain(|range| range.start < range.end);
    ranges.sort_by_key(|range| range.start);
    let mut shown = String::with_capacity(text.len());
    let mut position = 0;
    for range in ranges {
        if range.start >= position {
            shown.push_str(&text[position..range.start]);
            shown.push_str(MASK);
        }
        position = position.max(range.end);
    }
    shown.push_str(&text[position..]);
    shown
}

/// PEM private keys, from their first line to their last, or to the end of the text. A key whose beginning has been
/// cut off is masked as far back as its lines go.
fn private_keys(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut position = 0;
    while let Some(marker) = text[position..].find("PRIVATE KEY-----").map(|at| at + position) {
        let line_start = text[position..marker].rfind("-----").map_or(position, |at| at + position);
        let after = marker + "PRIVATE KEY-----".len();
        if text[line_start..marker].starts_with("-----END") {
            let body = text[position..line_start].trim_end_matches(is_pem).len() + position;
            found.push(body..after);
            position = after;
        } else {
            let end = text[after..]
                .find("PRIVATE KEY-----")
                .map_or(text.len(), |at| at + after + "PRIVATE KEY-----".len());
            found.push(line_start..end);
            position = end;
        }
    }
    found
}

fn is_pem(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '+' | '/' | '=' | '\n' | '\\')
}

/// The values of `name=value`, `name: value`, `"name": "value"` and `--name value` whose names tell secrets.
fn named_values(line: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut position = 0;
    while let Some(start) = line[position..].find(is_name).map(|at| at + position) {
        let end = line[start..].find(|c| !is_name(c)).map_or(line.len(), |at| at + start);
        let name = line[start..end].to_ascii_lowercase();
        position = end;
        let value = if contains_any(&name, &SECRET_WORDS) {
            value_after(line, start, end, contains_any(&name, &HEADERS))
        } else if contains_any(&name, &KEY_WORDS) {
            value_after(line, start, end, false).filter(|value| looks_random(&line[value.clone()]))
        } else {
            None
        };
        if let Some(value) = value {
            position = value.end.max(end);
            found.push(value);
        }
    }
    found
}

fn is_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-')
}

/// Whether the name of a header, a variable or an option says that its value is a secret. Where the name stands for
/// itself, and not in the midst of a text, `key` says so too.
pub fn tells_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    contains_any(&name, &SECRET_WORDS) || name.contains("key")
}

fn contains_any(name: &str, words: &[&str]) -> bool {
    words.iter().any(|word| name.contains(word))
}

/// Where the value of the name at `start..end` stands. A header's value runs to the end of its line unless it is
/// quoted; any other ends at white space or at a character that separates values.
fn value_after(line: &str, start: usize, end: usize, is_header: bool) -> Option<Range<usize>> {
    let rest = &line[end..];
    let unquoted = rest.trim_start_matches(['"', '\'', '\\', ']']);
    let is_quoted_name = unquoted.len() < rest.len();
    let spaced = unquoted.trim_start_matches([' ', '\t']);
    let assigned = spaced.strip_prefix("=>").or_else(|| spaced.strip_prefix([':', '=']));
    let is_option = line[start..].starts_with('-') && !is_quoted_name && spaced.len() < unquoted.len();
    let value = match assigned {
        Some(after) => after.trim_start_matches([' ', '\t']),
        None if is_option => spaced,
        None => return None,
    };
    let from = line.len() - value.len();
    let bare = value.trim_start_matches('\\');
    let quote = bare.chars().next().filter(|c| matches!(c, '"' | '\''));
    let length = match quote {
        Some(quote) => {
            let inside = value.len() - bare.len() + 1;
            closing_quote(&value[inside..], quote, inside > 1) + inside
        }
        None if is_header => value.trim_end().len(),
        None => value
            .find(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '&' | '}' | ')'))
            .unwrap_or(value.len()),
    };
    let skipped = if quote.is_some() { value.len() - bare.len() + 1 } else { 0 };
    Some(from + skipped..from + length)
}

/// The length of a quoted value. Inside a value that is itself quoted with a backslash (JSON in JSON) the next
/// backslash ends it; otherwise a backslash guards the character after it.
fn closing_quote(value: &str, quote: char, is_escaped: bool) -> usize {
    let mut guarded = false;
    for (at, character) in value.char_indices() {
        match character {
            '\\' if is_escaped => return at,
            _ if guarded => guarded = false,
            '\\' => guarded = true,
            _ if character == quote => return at,
            _ => {}
        }
    }
    value.trim_end().len()
}

fn looks_random(value: &str) -> bool {
    let is_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '_' | '-' | '.');
    value.len() >= RANDOM_BYTES_MIN
        && value.chars().all(is_token)
        && value.contains(|c: char| c.is_ascii_digit())
}

/// Credentials after `Bearer`, `Basic` and their like.
fn schemes(line: &str) -> Vec<Range<usize>> {
    let lower = line.to_ascii_lowercase();
    let mut found = Vec::new();
    for scheme in SCHEMES {
        for (at, _) in lower.match_indices(scheme) {
            let start = at + scheme.len();
            let length = line[start..]
                .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ','))
                .unwrap_or(line.len() - start);
            // `basic setup` is not a credential; `Basic dXNlcjpwdw==` and every bearer token are.
            let value = &line[start..start + length];
            if length >= 8
                && value.contains(|c: char| c.is_ascii_digit() || c.is_ascii_uppercase() || c == '=')
            {
                found.push(start..start + length);
            }
        }
    }
    found
}

/// Tokens that say themselves what they are.
fn tokens(line: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (prefix, length_min) in TOKENS {
        for (at, _) in line.match_indices(prefix) {
            let is_inside_word = line[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
            let rest = &line[at + prefix.len()..];
            let length = rest.find(|c: char| !is_name(c) && c != '.').unwrap_or(rest.len());
            if length >= length_min && !is_inside_word {
                found.push(at..at + prefix.len() + length);
            }
        }
    }
    found
}

/// The password in `scheme://user:password@host`.
fn passwords_in_urls(line: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (at, marker) in line.match_indices("://") {
        let start = at + marker.len();
        let rest = &line[start..];
        let authority = &rest[..rest
            .find(|c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '"'))
            .unwrap_or(rest.len())];
        let Some(user) = authority.rfind('@') else { continue };
        if let Some(colon) = authority[..user].find(':') {
            found.push(start + colon + 1..start + user);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CANARY: &str = "c4n4ryV4lue9Xy7Qw2Z";

    #[test]
    fn a_name_tells_whether_its_value_is_a_secret() {
        for name in ["DB_PASSWD", "PGPWD", "X-Api-Key", "Authorization", "KEY_PASSPHRASE", "ssh-key"] {
            assert!(tells_secret(name), "{name}");
        }
        for name in ["LEVEL", "accept", "SIGNAL", "PORT"] {
            assert!(!tells_secret(name), "{name}");
        }
    }

    #[test]
    fn every_known_form_of_a_secret_is_masked() {
        for form in [
            "Authorization: Bearer CANARY",
            "authorization: Custom id=1, CANARY",
            "Proxy-Authorization: Basic CANARY",
            "Cookie: a=1; session=CANARY",
            "Set-Cookie: id=CANARY; Path=/",
            "X-Api-Key: CANARY",
            "curl -H 'Authorization: Bearer CANARY' http://h/",
            "sent \"bearer CANARY\"",
            "password=CANARY",
            "DB_PASSWORD = CANARY",
            "passwd: 'CANARY with spaces'",
            "{\"user\":\"a\",\"password\":\"CANARY\",\"n\":1}",
            "{\\\"password\\\":\\\"CANARY\\\",\\\"n\\\":1}",
            "{\"clientSecret\": \"\\\"CANARY\"}",
            "login --password CANARY --user a",
            "login --password=CANARY",
            "GET /?token=CANARY&x=1",
            "access_token: CANARY",
            "aws_secret_access_key=CANARY",
            "encryption key: CANARY",
            "signing_key=\"CANARY\"",
            "env[\"API_TOKEN\"] = \"CANARY\"",
            "postgres://admin:CANARY@db/notes",
            "redis://:CANARY@db",
            "\"secret\" => \"CANARY\"",
            "pass\u{1b}[0mword=CANARY",
            "pass\u{200b}word=CANARY",
            "key AKIAIOSFODNN7CANARY1",
            "ghp_CANARY0123",
            "jwt eyJhbGciOiJIUzI1NiJ9.CANARY.sig",
        ] {
            let shown = redact(
                &form
                    .replace("CANARY", CANARY)
                    .replace("AKIAIOSFODNN7c4n4ryV4lue9Xy7Qw2Z1", "AKIAIOSFODNN7EXAMPLE"),
            );
            assert!(!shown.contains(CANARY) && !shown.contains("AKIA"), "{form} became {shown}");
            assert!(shown.contains(MASK), "{form} became {shown}");
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        for text in [
            "error: cannot bind 127.0.0.1:8080: address in use",
            "keys: 12, tokens are refreshed, basic setup done",
            "primary key: id",
            "GET /notes/abc HTTP/1.1 200 12ms",
            "commit 0e1f6d0a2c6b1e5f3d9a8b7c6d5e4f3a2b1c0d9e",
            "http://127.0.0.1:8080/a@b:c",
            "task-runner disk-usage 1234567890123456",
            "Grüße: 世界\n\ttab",
            "",
        ] {
            assert_eq!(redact(text), text);
        }
    }

    #[test]
    fn only_the_value_goes() {
        assert_eq!(redact("user=a password=b c=d"), "user=a password=[redacted] c=d");
        assert_eq!(redact("{\"token\":\"x\",\"n\":1}"), "{\"token\":\"[redacted]\",\"n\":1}");
        assert_eq!(redact("Cookie: a=1; b=2\nnext"), "Cookie: [redacted]\nnext");
        assert_eq!(redact("x://u:p@h/ y"), "x://u:[redacted]@h/ y");
    }

    #[test]
    fn private_keys_go_whole_also_when_cut() {
        let whole = "a\n-----BEGIN RSA PRIVATE KEY-----\nAAAA\nBBBB\n-----END RSA PRIVATE KEY-----\nb";
        assert_eq!(redact(whole), "a\n[redacted]\nb");
        assert_eq!(redact("a\n-----BEGIN PRIVATE KEY-----\nAAAA\nBB"), "a\n[redacted]");
        assert_eq!(redact("log line.\nAAAA\nBBBB==\n-----END PRIVATE KEY-----\nb"), "log line.[redacted]\nb");
        let two = "-----BEGIN PRIVATE KEY-----A-----END PRIVATE KEY-----x-----BEGIN PRIVATE KEY-----B";
        assert_eq!(redact(two), "[redacted]x[redacted]");
        assert_eq!(redact("-----BEGIN PUBLIC KEY-----\nAAAA"), "-----BEGIN PUBLIC KEY-----\nAAAA");
    }

    proptest! {
        #[test]
        fn never_panics_and_leaves_no_canary(before in "\\PC{0,30}", after in "\\PC{0,30}", quote in "[\"']?") {
            let text = format!("{before}\npassword={quote}{CANARY}{quote} {after}");
            prop_assert!(!redact(&text).contains(CANARY));
            let _ = redact(&format!("{before}{after}"));
        }

        #[test]
        fn never_panics_on_its_own_words(words in proptest::collection::vec(
            proptest::sample::select(vec![
                "password", "=", ":", " ", "\"", "'", "\\", "--", "-----BEGIN ", "-----END ", "PRIVATE KEY-----",
                "bearer ", "://", "@", "é", "\n", "AKIA", "eyJ", "世", "]", "key",
            ]), 0..30,
        )) {
            let text = words.concat();
            let shown = redact(&text);
            prop_assert!(shown.len() <= text.len() + MASK.len() * (words.len() + 1));
        }
    }
}
