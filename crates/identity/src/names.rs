//! Names and labels: one grammar for each, so that a text from outside is checked once and never again.

use std::sync::Arc;

use plimsoll_base::names;
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// Longest name of a user, a role or a scope, and longest label of a token, in characters: each stands in a list.
pub const NAME_CHARACTERS_MAX: usize = 64;
/// What is kept of the text by which a client describes itself, in characters: enough to tell two browsers apart.
pub const AGENT_CHARACTERS_MAX: usize = 128;

fn is_name(text: &str, shortest: usize) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (shortest..=NAME_CHARACTERS_MAX).contains(&text.len())
        && text.bytes().next().is_some_and(plain)
        && text.bytes().all(|byte| plain(byte) || b"._-".contains(&byte))
}

/// Neither a control character, C1 among them, nor a separator that some readers take for the end of a line.
fn is_shown(character: char) -> bool {
    !character.is_control() && !matches!(character, '\u{2028}' | '\u{2029}')
}

fn is_label(text: &str) -> bool {
    (1..=NAME_CHARACTERS_MAX).contains(&text.chars().count())
        && text.chars().all(is_shown)
        && text.trim() == text
}

names! {
    Error;
    /// Who somebody is: 2 to 64 lower-case letters, digits and `._-`, beginning with a letter or a digit.
    UserName, "a user", |text| is_name(text, 2);
    /// A role. What it allows is not known here.
    RoleName, "a role", |text| is_name(text, 1);
    /// An action that a token may be used for. What it means is not known here, and there are no wildcards.
    Scope, "a scope", |text| is_name(text, 1);
    /// What an owner calls a token: 1 to 64 characters without control characters.
    Label, "a token", is_label;
}

/// What a client says that it is. Nobody has checked it: it is shown, and decides nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Agent(Arc<str>);

impl Agent {
    /// Keeps the beginning of what a client says, without what could not be shown.
    pub fn new(text: &str) -> Self {
        Self(text.chars().filter(|&c| is_shown(c)).take(AGENT_CHARACTERS_MAX).collect::<String>().into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Agent {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl From<Agent> for String {
    fn from(agent: Agent) -> Self {
        agent.0.as_ref().into()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_users_name_has_one_grammar() {
        let longest = "x".repeat(NAME_CHARACTERS_MAX);
        for name in ["al", "a.b-c_d", "0x", &longest] {
            assert_eq!(UserName::new(name).unwrap().as_str(), name);
        }
        let too_long = "x".repeat(NAME_CHARACTERS_MAX + 1);
        for text in ["", "a", "Al", "-al", "al ", "al\n", "é2", "a*", "a:read", &too_long] {
            assert!(matches!(UserName::new(text), Err(Error::Name(_))), "{text:?} was accepted");
        }
    }

    #[test]
    fn a_scope_holds_no_wildcard() {
        assert!(Scope::new("certification.read").is_ok());
        for text in ["*", "*:read", "certification.*", "*.read"] {
            assert!(Scope::new(text).is_err(), "{text} was accepted");
        }
    }

    #[test]
    fn what_is_shown_holds_no_control_character() {
        for text in ["", " a", "a\n", "a\u{85}", "a\u{9b}31m", "a\u{2028}b"] {
            assert!(Label::new(text).is_err(), "{text:?} was accepted");
        }
        assert_eq!(Label::new("CI of Łódź").unwrap().as_str(), "CI of Łódź");
        assert_eq!(Agent::new("a\u{9b}31m\u{2028}b\r\n").as_str(), "a31mb");
        assert_eq!(Agent::new(&"é".repeat(500)).as_str().chars().count(), AGENT_CHARACTERS_MAX);
        for (text, shown) in
            [("", "what cannot be seen"), (" ", "what cannot be seen"), ("\u{85}", "`\\u{85}`")]
        {
            let error = Label::new(text).unwrap_err();
            assert_eq!(error.to_string(), format!("{shown} cannot name a token"));
            assert!(error.hint().is_some_and(|hint| hint.starts_with("1 to 64 characters")));
        }
        let error = UserName::new("A\u{9b}31m").unwrap_err().to_string();
        assert!(error.chars().all(is_shown), "{error:?}");
    }

    proptest! {
        #[test]
        fn a_name_is_read_again_as_it_was_written(text in "\\PC{0,70}") {
            if let Ok(name) = UserName::new(&text) {
                let json = serde_json::to_string(&name).unwrap();
                prop_assert_eq!(serde_json::from_str::<UserName>(&json).unwrap(), name);
            } else {
                let json = serde_json::to_string(&text).unwrap();
                prop_assert!(serde_json::from_str::<UserName>(&json).is_err());
            }
        }
    }
}
