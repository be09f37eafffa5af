//! Names of what a journal holds: one grammar, and a type for each kind of thing, so that none is taken for another.

use plimsoll_base::names;

use crate::error::Error;

/// Longest name, in bytes: it stands in every record, so a long one is paid for each time.
pub const NAME_BYTES_MAX: usize = 128;

/// Whether a text is a name: lower-case letters, digits and `._-:/`, beginning with a letter or a digit.
fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.len() <= NAME_BYTES_MAX
        && text.bytes().next().is_some_and(plain)
        && text.bytes().all(|byte| plain(byte) || b"._-:/".contains(&byte))
}

names! {
    Error;
    /// The name of a stream: `audit`, `certification/0199a3`.
    StreamName, "a stream", is_name;
    /// What sort of thing a record says: `user.created`.
    RecordKind, "a kind of record", is_name;
    /// The name of a small document.
    DocumentKey, "a document", is_name;
    /// The name of a timer.
    TimerName, "a timer", is_name;
    /// The name of a cursor: who reads, and what.
    CursorName, "a cursor", is_name;
    /// The name of a lease: what is owned.
    LeaseName, "a lease", is_name;
    /// Who owns a lease: one process, one start of it.
    Owner, "an owner", is_name;
    /// Under which key a payload is sealed: one for each person whose data it is.
    SealName, "a sealing key", is_name;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_grammar() {
        for name in ["a", "audit", "certification/0199-a.b:c_d", "0", &"x".repeat(NAME_BYTES_MAX)] {
            assert_eq!(StreamName::new(name).unwrap().as_str(), name);
        }
        let too_long = "x".repeat(NAME_BYTES_MAX + 1);
        for text in ["", "/a", "-a", "Audit", "a b", "a\n", "é", "a\0", &too_long] {
            let error = StreamName::new(text).unwrap_err();
            assert!(error.to_string().contains("a stream"), "{error}");
        }
    }
}
