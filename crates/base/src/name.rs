//! Names: texts that keep to a grammar. Each kind is a type of its own, so that none is taken for another, and a text from
//! outside is checked once and never again.

/// How much of a text that is no name is shown, in characters.
const SHOWN_CHARACTERS: usize = 40;

/// A text is no name of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} cannot name {what}", quoted(.text))]
pub struct NameError {
    /// What was to be named.
    pub what: &'static str,
    /// How the text begins, with what would not be seen escaped.
    pub text: String,
}

impl NameError {
    /// Says that a text cannot name something.
    pub fn new(what: &'static str, text: &str) -> Self {
        Self { what, text: text.chars().take(SHOWN_CHARACTERS).flat_map(char::escape_debug).collect() }
    }
}

/// A text in a message. What is empty is not quoted: nobody would see it.
fn quoted(text: &str) -> String {
    if text.trim().is_empty() { String::from("what cannot be seen") } else { format!("`{text}`") }
}

/// Makes a type for each kind of name: what it is called, what it names, and which texts fit. Clones share the text.
/// `$error` is what is answered for any other text, and comes from a [`NameError`]. The crate needs `serde`.
#[macro_export]
macro_rules! names {
    ($error:ty; $($(#[$doc:meta])* $name:ident, $what:literal, $fits:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(::std::sync::Arc<str>);

        impl $name {
            /// Takes a text, if it keeps to the grammar.
            pub fn new(text: &str) -> ::std::result::Result<Self, $error> {
                let fits: fn(&str) -> bool = $fits;
                if fits(text) { Ok(Self(text.into())) } else { Err($crate::NameError::new($what, text).into()) }
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl ::std::convert::TryFrom<String> for $name {
            type Error = $error;

            fn try_from(text: String) -> ::std::result::Result<Self, $error> {
                Self::new(&text)
            }
        }

        impl ::std::convert::From<$name> for String {
            fn from(name: $name) -> Self {
                name.as_str().to_owned()
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Debug::fmt(self.as_str(), f)
            }
        }
    )*};
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::names! {
        NameError;
        /// A colour.
        Colour, "a colour", |text| matches!(text, "red" | "green");
    }

    #[test]
    fn what_is_no_name_is_told_as_it_can_be_shown() {
        assert_eq!(Colour::new("red").unwrap().as_str(), "red");
        let refused = Colour::new("Łódź\u{9b}31m\u{2028}\n").unwrap_err();
        assert_eq!(refused.to_string(), r"`Łódź\u{9b}31m\u{2028}\n` cannot name a colour");
        assert_eq!(Colour::new(&"x".repeat(99)).unwrap_err().text.len(), SHOWN_CHARACTERS);
        assert_eq!(Colour::new(" ").unwrap_err().to_string(), "what cannot be seen cannot name a colour");
        assert!(Colour::try_from(String::from("blue")).is_err());
    }
}
