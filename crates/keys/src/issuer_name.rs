//! Names of issuers: safe as a name of a folder, in a URL and on a command line.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// The longest name, in characters: it stands in tables and paths.
const NAME_CHARACTERS_MAX: usize = 40;

/// A name of 1 to 40 of the characters `a-z`, `0-9` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IssuerName(String);

impl IssuerName {
    /// The name under which a server keeps its own keys.
    pub(crate) fn of_server() -> Self {
        Self(String::from("server"))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for IssuerName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let fits = (1..=NAME_CHARACTERS_MAX).contains(&text.len());
        let plain = text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if fits && plain {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::Name(text.chars().take(60).collect()))
        }
    }
}

impl fmt::Display for IssuerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_pass() {
        for good in ["a", "acme-2", "-", &"a".repeat(40)] {
            assert_eq!(good.parse::<IssuerName>().unwrap().as_str(), good);
        }
        for bad in ["", "A", "a b", "..", "a/b", ".new", "trusted.keys", "é", "a\n", &"a".repeat(41)] {
            let error = bad.parse::<IssuerName>().unwrap_err();
            assert!(error.hint().is_some_and(|hint| hint.contains("a-z")), "{bad:?}");
        }
    }
}
