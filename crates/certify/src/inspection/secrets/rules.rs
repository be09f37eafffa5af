//! By what a secret is known: prefixes with checksums where they have one, shapes that nothing else has, and values
//! without order that are given to a password.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use memchr::memmem;
use plimsoll_evidence::SecretRule;
use serde_json::Value;

use super::assignment;
use super::words::{crc32_base62, disorder, is_placeholder};

/// What was found, and where it begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) rule: SecretRule,
    pub(super) at: usize,
    pub(super) secret: Vec<u8>,
}

/// What stands behind a prefix, if it is the secret that the prefix promises.
type Reader = fn(&[u8]) -> Option<Vec<u8>>;

/// Prefixes, and how what follows is read.
const PREFIXES: [(SecretRule, &[u8], Reader); 19] = [
    (SecretRule::PrivateKey, b"-----BEGIN ", private_key),
    (SecretRule::AgeKey, b"AGE-SECRET-KEY-1", age_key),
    (SecretRule::GithubToken, b"ghp_", checksummed),
    (SecretRule::GithubToken, b"gho_", checksummed),
    (SecretRule::GithubToken, b"ghu_", checksummed),
    (SecretRule::GithubToken, b"ghs_", checksummed),
    (SecretRule::GithubToken, b"ghr_", checksummed),
    (SecretRule::GithubToken, b"github_pat_", fine_grained),
    (SecretRule::NpmToken, b"npm_", checksummed),
    (SecretRule::GitlabToken, b"glpat-", gitlab_token),
    (SecretRule::PypiToken, b"pypi-AgEIcHlwaS5vcmc", pypi_token),
    (SecretRule::SlackToken, b"xoxb-", slack_token),
    (SecretRule::SlackToken, b"xoxp-", slack_token),
    (SecretRule::SlackToken, b"xoxa-", slack_token),
    (SecretRule::SlackToken, b"xoxs-", slack_token),
    (SecretRule::StripeKey, b"sk_live_", stripe_key),
    (SecretRule::StripeKey, b"rk_live_", stripe_key),
    (SecretRule::GoogleKey, b"AIza", google_key),
    (SecretRule::Jwt, b"eyJ", jwt),
];
/// A key of 128 bits in base64 has 22 characters, the smallest private key in PEM some sixty.
const PEM_CHARACTERS_MIN: usize = 60;
/// How far a secret key of AWS may stand from its id.
const AWS_REACH_BYTES: usize = 300;
/// What nobody chose has at least so many bits a character: 40 characters of base64 drawn at random have 4.5.
const DISORDER_MIN: f64 = 3.5;
/// A signature of fewer bytes protects nothing.
const SIGNATURE_BYTES_MIN: usize = 16;

/// All that is found, in no order. Values that are given to names are looked for in texts alone.
pub(super) fn find(bytes: &[u8], is_text: bool) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (rule, prefix, read) in PREFIXES {
        for at in memmem::find_iter(bytes, prefix).filter(|at| begins_word(bytes, *at)) {
            let rest = bytes.get(at + prefix.len()..).unwrap_or_default();
            hits.extend(read(rest).map(|secret| Hit { rule, at, secret }));
        }
    }
    for id in [b"AKIA".as_slice(), b"ASIA"] {
        let ids = memmem::find_iter(bytes, id).filter(|at| begins_word(bytes, *at));
        hits.extend(ids.filter_map(|at| aws_key(bytes, at)));
    }
    if is_text {
        hits.extend(memmem::find_iter(bytes, b"://").filter_map(|at| url_password(bytes, at)));
        hits.extend(assignment::find(bytes));
    }
    hits
}

/// Whether no word goes on here that began before. A dash belongs to no word: PEM begins with dashes.
fn begins_word(bytes: &[u8], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| bytes.get(before));
    before.is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_')
        // An escape of a line's end in a string is no word either.
        || at.checked_sub(2).and_then(|start| bytes.get(start..at)) == Some(b"\\n")
}

/// The bytes at the beginning that are of a kind.
fn run(bytes: &[u8], is_of: impl Fn(u8) -> bool) -> &[u8] {
    let length = bytes.iter().position(|byte| !is_of(*byte)).unwrap_or(bytes.len());
    &bytes[..length]
}

fn is_base62(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn is_url_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

/// The base64 of a private key in PEM that no password protects.
fn private_key(rest: &[u8]) -> Option<Vec<u8>> {
    const LABELS: [&[u8]; 5] = [
        b"PRIVATE KEY-----",
        b"RSA PRIVATE KEY-----",
        b"EC PRIVATE KEY-----",
        b"DSA PRIVATE KEY-----",
        b"OPENSSH PRIVATE KEY-----",
    ];
    /// "openssh-key-v1", and that the cipher is "none".
    const OPENSSH_OPEN: &[u8] = b"b3BlbnNzaC1rZXktdjEAAAAABG5vbmU";
    let label = LABELS.into_iter().find(|label| rest.starts_with(label))?;
    let mut key = Vec::new();
    let mut body = rest.get(label.len()..)?.iter().copied().peekable();
    while let Some(byte) = body.next() {
        match byte {
            // A string in a program has its lines' ends as two characters.
            b'\\' if body.peek().is_some_and(|next| matches!(next, b'n' | b'r')) => drop(body.next()),
            b' ' | b'\t' | b'\r' | b'\n' | b'"' | b'\'' | b'\\' | b',' => {}
            byte if byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=') => key.push(byte),
            _ => break,
        }
    }
    let is_open = !label.starts_with(b"OPENSSH") || key.starts_with(OPENSSH_OPEN);
    (key.len() >= PEM_CHARACTERS_MIN && is_open).then_some(key)
}

/// 58 characters of bech32.
fn age_key(rest: &[u8]) -> Option<Vec<u8>> {
    let key = run(rest, |byte| b"QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L".contains(&byte));
    (key.len() == 58).then(|| key.to_vec())
}

/// 30 characters of base 62, and six that are their CRC-32.
fn checksummed(rest: &[u8]) -> Option<Vec<u8>> {
    let token = run(rest, is_base62);
    let (random, checksum) = token.split_at_checked(30)?;
    (token.len() == 36 && crc32_base62(random).as_bytes() == checksum).then(|| token.to_vec())
}

/// 22 characters, an underscore, 59 more.
fn fine_grained(rest: &[u8]) -> Option<Vec<u8>> {
    let token = run(rest, |byte| is_base62(byte) || byte == b'_');
    let is_split = token.len() == 82 && token.iter().position(|byte| *byte == b'_') == Some(22);
    (is_split && disorder(token) >= DISORDER_MIN).then(|| token.to_vec())
}

fn gitlab_token(rest: &[u8]) -> Option<Vec<u8>> {
    let token = run(rest, |byte| is_url_safe(byte) || byte == b'.');
    (token.len() >= 20 && disorder(token) >= DISORDER_MIN).then(|| token.to_vec())
}

fn pypi_token(rest: &[u8]) -> Option<Vec<u8>> {
    let token = run(rest, is_url_safe);
    (token.len() >= 50 && disorder(token) >= DISORDER_MIN).then(|| token.to_vec())
}

/// Ten digits, and at least twenty characters behind them.
fn slack_token(rest: &[u8]) -> Option<Vec<u8>> {
    let digits = run(rest, |byte| byte.is_ascii_digit());
    let token = run(rest, |byte| is_base62(byte) || byte == b'-');
    let behind = token.get(digits.len()..)?;
    (digits.len() >= 10 && behind.len() > 20 && disorder(behind) >= 3.0).then(|| token.to_vec())
}

fn stripe_key(rest: &[u8]) -> Option<Vec<u8>> {
    let key = run(rest, is_base62);
    (key.len() >= 24 && disorder(key) >= DISORDER_MIN).then(|| key.to_vec())
}

fn google_key(rest: &[u8]) -> Option<Vec<u8>> {
    let key = run(rest, is_url_safe);
    (key.len() == 35 && disorder(key) >= 4.0).then(|| key.to_vec())
}

/// Header, claims and signature: two objects of JSON and bytes.
fn jwt(rest: &[u8]) -> Option<Vec<u8>> {
    let rest = run(rest, |byte| is_url_safe(byte) || byte == b'.');
    let mut parts = rest.splitn(3, |byte| *byte == b'.');
    let (header, claims) = ([b"eyJ", parts.next()?].concat(), parts.next()?);
    let signature = run(parts.next()?, is_url_safe);
    let object = |part: &[u8]| {
        let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
        serde_json::from_slice::<Value>(&bytes).ok().filter(Value::is_object)
    };
    let algorithm = object(&header)?.get("alg")?.as_str()?.to_owned();
    object(claims)?;
    let signed = URL_SAFE_NO_PAD.decode(signature).ok()?;
    let is_signed = algorithm != "none" && signed.len() >= SIGNATURE_BYTES_MIN;
    is_signed.then(|| [header.as_slice(), b".", claims, b".", signature].concat())
}

/// A secret access key near its id. An id alone is no secret.
fn aws_key(bytes: &[u8], at: usize) -> Option<Hit> {
    let id = run(bytes.get(at..)?, |byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    if id.len() != 20 || id.ends_with(b"EXAMPLE") {
        return None;
    }
    let near = bytes.get(at.saturating_sub(AWS_REACH_BYTES)..)?;
    let near = near.get(..near.len().min(2 * AWS_REACH_BYTES))?;
    let is_of_key = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'/' || byte == b'+';
    let is_key = |word: &&[u8]| {
        word.len() == 40
            && disorder(word) >= 4.0
            && word.iter().any(u8::is_ascii_uppercase)
            && word.iter().any(u8::is_ascii_lowercase)
    };
    let key = near.split(|byte| !is_of_key(*byte)).find(is_key)?;
    Some(Hit { rule: SecretRule::AwsKey, at, secret: key.to_vec() })
}

/// `scheme://name:password@host`, where the password could be one and the host is no example. `at` is that of `://`.
fn url_password(bytes: &[u8], at: usize) -> Option<Hit> {
    let is_scheme = bytes.get(at.checked_sub(1)?).is_some_and(u8::is_ascii_alphanumeric);
    let rest = bytes.get(at + 3..)?;
    let name = run(rest, |byte| byte.is_ascii_alphanumeric() || b"._~%-".contains(&byte));
    let behind = rest.get(name.len()..)?.strip_prefix(b":")?;
    let password = run(behind, |byte| byte.is_ascii_graphic() && !b"@/\"'`\\<>{}[]()$,;".contains(&byte));
    let host = behind.get(password.len()..)?.strip_prefix(b"@")?;
    let host = run(host, |byte| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-');
    let host = String::from_utf8_lossy(host).to_ascii_lowercase();
    let is_nowhere = ["localhost", "127.0.0.1", "host"].contains(&host.as_str())
        || host.split('.').any(|label| ["example", "invalid", "test"].contains(&label));
    let is_password = password.len() >= 8
        && password != name
        && disorder(password) >= 2.75
        && password.iter().any(|byte| !byte.is_ascii_alphabetic())
        && !is_placeholder(password);
    (is_scheme && !host.is_empty() && !is_nowhere && is_password).then(|| Hit {
        rule: SecretRule::UrlPassword,
        at,
        secret: password.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text without order: no secret of anybody's, and never written whole in this file.
    fn drawn(length: usize) -> String {
        let alphabet = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let mut state = 7u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(alphabet[usize::try_from(state >> 33).unwrap() % alphabet.len()])
        };
        (0..length).map(|_| next()).collect()
    }

    fn with_checksum(prefix: &str) -> String {
        let random = drawn(30);
        format!("{prefix}{random}{}", crc32_base62(random.as_bytes()))
    }

    fn token() -> String {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.{}", part(r#"{"alg":"HS256"}"#), part(r#"{"sub":"a"}"#), drawn(43))
    }

    /// One text for each rule, that it must find.
    fn secrets() -> Vec<(SecretRule, String)> {
        let pem =
            |label: &str, body: &str| format!("-----{} {label}-----\n{body}\n-----END {label}-----", "BEGIN");
        let bech32: String =
            drawn(200).to_uppercase().chars().filter(|c| !"1BIO".contains(*c)).take(58).collect();
        vec![
            (SecretRule::PrivateKey, pem("PRIVATE KEY", &drawn(64))),
            (
                SecretRule::PrivateKey,
                format!("key = \"{}\"", pem("EC PRIVATE KEY", &drawn(70)).replace('\n', "\\n")),
            ),
            (SecretRule::AgeKey, format!("AGE-SECRET-KEY-1{bech32}")),
            (
                SecretRule::AwsKey,
                format!("aws_id: AKIA{}\nkey: {}", drawn(90).to_uppercase().get(..16).unwrap(), drawn(40)),
            ),
            (SecretRule::GithubToken, with_checksum("ghp_")),
            (SecretRule::GithubToken, format!("github_pat_{}_{}", drawn(22), drawn(59))),
            (SecretRule::GitlabToken, format!("glpat-{}", drawn(20))),
            (SecretRule::NpmToken, with_checksum("npm_")),
            (SecretRule::PypiToken, format!("pypi-AgEIcHlwaS5vcmc{}", drawn(80))),
            (SecretRule::SlackToken, format!("xoxb-123456789012-{}", drawn(24))),
            (SecretRule::StripeKey, format!("sk_live_{}", drawn(24))),
            (SecretRule::GoogleKey, format!("AIza{}", drawn(35))),
            (SecretRule::Jwt, token()),
            (SecretRule::UrlPassword, format!("postgres://app:{}@db.internal/app", drawn(12))),
            (SecretRule::Assignment, format!("DB_PASSWORD={}", drawn(20))),
        ]
    }

    fn rules(text: &str) -> Vec<SecretRule> {
        let mut rules: Vec<SecretRule> =
            find(text.as_bytes(), true).into_iter().map(|hit| hit.rule).collect();
        rules.dedup();
        rules
    }

    #[test]
    fn each_rule_finds_its_secret_and_no_other_rule_does() {
        for (rule, secret) in secrets() {
            assert_eq!(rules(&format!("before\n{secret}\nbehind")), [rule], "{secret}");
        }
        let found: std::collections::BTreeSet<SecretRule> =
            secrets().into_iter().map(|(rule, _)| rule).collect();
        assert!(SecretRule::ALL.iter().all(|rule| found.contains(rule)), "a rule without a text");
    }

    /// A secret that lacks one character of it is none, and what goes on before it is a longer word.
    #[test]
    fn what_only_looks_like_a_secret_is_left_alone() {
        let wrong_sum = format!("{}0", with_checksum("ghp_").get(..39).unwrap());
        let right_sum = with_checksum("ghp_");
        assert_ne!(wrong_sum, right_sum);
        let quiet = [
            wrong_sum,
            format!("x{right_sum}"),
            format!("{right_sum}x"),
            format!("-----{} PRIVATE KEY-----", "BEGIN"),
            format!("-----{} PUBLIC KEY-----\n{}", "BEGIN", drawn(64)),
            format!("-----{} ENCRYPTED PRIVATE KEY-----\n{}", "BEGIN", drawn(64)),
            format!("-----{} RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n{}", "BEGIN", drawn(64)),
            format!("-----{} OPENSSH PRIVATE KEY-----\n{}", "BEGIN", drawn(80)),
            format!("AKIA{} and nothing beside it", drawn(90).to_uppercase().get(..16).unwrap()),
            format!("sk_test_{}", drawn(24)),
            "postgres://app:password1@db.internal/app".into(),
            "postgres://app:${DB_PASSWORD}@db.internal/app".into(),
            format!("postgres://app:{}@db.example.org/app", drawn(12)),
            "https://host.internal:8080/a@b".into(),
            token().rsplit_once('.').unwrap().0.to_owned() + ".",
        ];
        for text in quiet {
            assert_eq!(rules(&text), [], "{text}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_read_to_their_end() {
        for length in 0..40 {
            for text in
                ["-----BEGIN PRIVATE KEY-----", "eyJ..", "AKIA", "ghp_", "a://b:c@", "x=\u{0}\u{fffd}"]
            {
                let bytes = [text.as_bytes(), &[0xff, 0xfe][..]].concat();
                find(bytes.get(..length.min(bytes.len())).unwrap(), true);
            }
        }
    }
}
