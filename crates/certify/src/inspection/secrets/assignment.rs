//! Values without order that a text gives to a password, a secret, a token or a key.

use memchr::memmem;
use plimsoll_evidence::SecretRule;

use super::rules::Hit;
use super::words::{disorder, is_placeholder};

/// With what the name ends to which a secret is given.
const NAMES: [&str; 9] =
    ["password", "passwd", "secret", "token", "apikey", "api_key", "api-key", "access_key", "private_key"];
/// Longer lines were written by machines: maps of sources, data.
const LINE_BYTES_MAX: usize = 4096;
const VALUE_BYTES_MIN: usize = 16;
const VALUE_BYTES_MAX: usize = 256;
/// 16 characters that nobody chose have 3.6 bits each and more.
const DISORDER_MIN: f64 = 3.5;

pub(super) fn find(text: &[u8]) -> Vec<Hit> {
    let mut hits = Vec::new();
    let mut start = 0;
    for line in text.split(|byte| *byte == b'\n') {
        if line.len() <= LINE_BYTES_MAX && line.iter().any(|byte| matches!(byte, b'=' | b':')) {
            let secret = |(at, secret)| Hit { rule: SecretRule::Assignment, at: start + at, secret };
            hits.extend(in_line(line).map(secret));
        }
        start += line.len() + 1;
    }
    hits
}

/// The first value of a line that is one.
fn in_line(line: &[u8]) -> Option<(usize, Vec<u8>)> {
    let lower = line.to_ascii_lowercase();
    let ends = NAMES
        .iter()
        .flat_map(|name| memmem::find_iter(&lower, name).map(|at| at + name.len()).collect::<Vec<_>>());
    ends.filter_map(|end| Some((end, given(line, end)?))).min_by_key(|(end, _)| *end)
}

/// The value that is given to a name which ends at `end`.
fn given(line: &[u8], end: usize) -> Option<Vec<u8>> {
    let (before, behind) = line.split_at_checked(end)?;
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.-".contains(byte);
    let begin = before.iter().rposition(|byte| !is_of_name(byte)).map_or(0, |at| at + 1);
    // A variable of a shell stands first in its line, and its value has no quotes.
    let lead = String::from_utf8_lossy(before.get(..begin)?).trim().to_owned();
    let is_first = ["", "export", "-", "ENV", "env:"].contains(&lead.as_str());
    let behind = behind.trim_ascii_start();
    let behind = behind.strip_prefix(b"\"").or_else(|| behind.strip_prefix(b"'")).unwrap_or(behind);
    let behind = behind.trim_ascii_start();
    let behind = [b":=".as_slice(), b"=>", b"=", b":"].iter().find_map(|sign| behind.strip_prefix(*sign))?;
    let behind = behind.trim_ascii();
    let value = match behind.first()? {
        quote @ (b'"' | b'\'' | b'`') => {
            let rest = behind.get(1..)?;
            rest.get(..rest.iter().position(|byte| byte == quote)?)?
        }
        _ if is_first => behind.split(|byte| byte.is_ascii_whitespace()).next()?,
        _ => return None,
    };
    is_secret(value).then(|| value.to_vec())
}

fn is_secret(value: &[u8]) -> bool {
    let is_path = value.starts_with(b"/") || value.starts_with(b".") || memmem::find(value, b"://").is_some();
    let is_plain = value.iter().all(|byte| byte.is_ascii_graphic() && !b"()[]\\\"',;|&".contains(byte));
    (VALUE_BYTES_MIN..=VALUE_BYTES_MAX).contains(&value.len())
        && is_plain
        && !is_path
        && value.iter().any(u8::is_ascii_digit)
        && value.iter().any(u8::is_ascii_alphabetic)
        && disorder(value) >= DISORDER_MIN
        && !is_placeholder(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWN: &str = "q7Zp0LxW3vRtK9sdM2";

    fn finds(line: &str) -> bool {
        find(line.as_bytes()).iter().any(|hit| hit.secret == DRAWN.as_bytes())
    }

    #[test]
    fn a_value_without_order_is_found_in_every_spelling() {
        for line in [
            "DB_PASSWORD=@",
            "export API_KEY=@",
            "password: @",
            "  password: \"@\"",
            "\"client_secret\": \"@\",",
            "let token = \"@\";",
            "my.api-key = '@' # a note",
            "const secret: &str = \"x\"; let auth_token = \"@\";",
        ] {
            // A type between name and value is not understood: the second name of the line is.
            assert!(finds(&line.replace('@', DRAWN)), "{line}");
        }
    }

    #[test]
    fn what_is_no_value_of_a_secret_is_left_alone() {
        for line in [
            "password_file=@",
            "token_sha256 = \"@\"",
            "id = \"@\"",
            "call(token, \"@\")",
            "return token: @",
            "password = \"/run/secrets/@\"",
            "token = load(@)",
            "password = \"${@}\"",
        ] {
            assert!(!finds(&line.replace('@', DRAWN)), "{line}");
        }
        for value in ["correct-horse-battery-staple", "1234567890123456", "aaaaaaaaaaaaaaaa1", "short1"] {
            assert_eq!(find(format!("password = \"{value}\"").as_bytes()), [], "{value}");
        }
        let long = format!("{}password = \"{DRAWN}\"", " ".repeat(5000));
        assert!(!finds(&long), "a line that a machine wrote");
    }

    #[test]
    fn the_place_is_that_of_the_line() {
        let text = format!("a\nb\ntoken = \"{DRAWN}\"\n");
        let at = find(text.as_bytes())[0].at;
        assert_eq!(text.get(..at).unwrap().matches('\n').count(), 2);
    }
}
