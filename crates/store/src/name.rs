//! Names of what a journal holds: one grammar, and a type for each kind of thing, so that none is taken for another.

use std::fmt;
use std::sync::Arc;

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

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident, $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes a text for a name, if it is one: at most 128 lower-case letters, digits and `._-:/`,
            /// beginning with a letter or a digit.
            pub fn new(text: &str) -> Result<Self, Error> {
                if is_name(text) {
                    Ok(Self(text.into()))
                } else {
                    Err(Error::Name { what: $what, text: text.chars().take(40).collect() })
                }
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }
    )*};
}

names! {
    /// The name of a stream: `audit`, `certification/0199a3`.
    StreamName, "a stream";
    /// What sort of thing a record says: `user.created`.
    RecordKind, "a kind of record";
    /// The name of a small document.
    DocumentKey, "a document";
    /// The name of a timer.
    TimerName, "a timer";
    /// The name of a cursor: who reads, and what.
    CursorName, "a cursor";
    /// The name of a lease: what is owned.
    LeaseName, "a lease";
    /// Who owns a lease: one process, one start of it.
    Owner, "an owner";
    /// Under which key a payload is sealed: one for each person whose data it is.
    SealName, "a sealing key";
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
