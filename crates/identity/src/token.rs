//! Random texts that open doors, and what is kept of them.
//!
//! Each is 256 random bits. Only its SHA-256 is kept, and that is also its public name: whoever reads the journal or
//! a list learns nothing that opens a door. No slow hash is needed, for 256 bits cannot be guessed. A door is found by
//! looking up the hash in a table whose own hashing is keyed at random: how long that takes tells nothing about how
//! much of a guess is right, because a guess cannot be steered to a hash that is nearly right.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use plimsoll_base::Secret;
use plimsoll_proof::Digest;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use crate::error::{Error, Result};

const TOKEN_PREFIX: &str = "plim_";
/// 32 bytes in base64url without padding.
const RANDOM_CHARACTERS: usize = 43;
/// 36 bits: one typo in 7 * 10^10 passes for a token.
const CHECKSUM_CHARACTERS: usize = 6;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Digest);

        impl $name {
            /// The door that a text opens.
            pub(crate) fn of(text: &Secret<String>) -> Self {
                Self(Digest::of(text.expose().as_bytes()))
            }

            /// Reads what `Display` wrote.
            pub fn parse(text: &str) -> Option<Self> {
                text.parse().ok().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    )*};
}

ids! {
    /// A session's public name: the SHA-256 of the text in the cookie.
    SessionId;
    /// A token's public name: the SHA-256 of the token.
    TokenId;
    /// The name of a set-up link: the SHA-256 of the text in it.
    LinkId;
}

impl LinkId {
    /// Whether it is the same, in a time that does not tell where they differ.
    pub(crate) fn is(self, other: Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

/// 256 random bits as 43 characters of base64url: a session's cookie, the text in a set-up link.
pub(crate) fn random_text() -> Result<Secret<String>> {
    let bytes = Secret::new(random::<32>()?);
    Ok(Secret::new(BASE64URL.encode(bytes.expose())))
}

/// Random bytes of the system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(Error::Randomness)?;
    Ok(bytes)
}

/// A new token: `plim_`, 43 random characters, 6 characters of checksum.
pub(crate) fn new_token() -> Result<Secret<String>> {
    let random = random_text()?;
    let checksum = checksum(random.expose());
    Ok(Secret::new(format!("{TOKEN_PREFIX}{}{checksum}", random.expose())))
}

/// Whether a text has a token's form and its checksum fits. A typo is told from a revoked token by this, without a
/// look at any list.
pub fn check_token(text: &str) -> Result<()> {
    let parts = text
        .strip_prefix(TOKEN_PREFIX)
        .filter(|rest| rest.len() == RANDOM_CHARACTERS + CHECKSUM_CHARACTERS)
        .and_then(|rest| rest.split_at_checked(RANDOM_CHARACTERS));
    match parts {
        Some((random, sum)) if BASE64URL.decode(random).is_ok() && checksum(random) == sum => Ok(()),
        _ => Err(Error::TokenMalformed),
    }
}

/// The beginning of a SHA-256, which anybody can compute: it finds typos and keeps nobody out.
fn checksum(random: &str) -> String {
    let digest = Digest::of_parts(&[TOKEN_PREFIX.as_bytes(), random.as_bytes()]);
    BASE64URL.encode(digest.as_bytes()).chars().take(CHECKSUM_CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_token_has_one_form_and_its_checksum_fits() {
        let token = new_token().unwrap();
        assert_eq!(token.expose().len(), 54);
        assert!(token.expose().starts_with("plim_"));
        check_token(token.expose()).unwrap();
        assert_ne!(token.expose(), new_token().unwrap().expose());
        assert_ne!(random_text().unwrap().expose(), random_text().unwrap().expose());
    }

    #[test]
    fn the_form_does_not_change_between_versions() {
        let text = format!("plim_{}{}", "A".repeat(43), checksum(&"A".repeat(43)));
        assert_eq!(text, "plim_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAMDXu4u");
    }

    #[test]
    fn an_id_is_the_hash_of_the_whole_text() {
        let text = Secret::new(String::from("abc"));
        assert_eq!(
            SessionId::of(&text).to_string(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(TokenId::parse(&TokenId::of(&text).to_string()), Some(TokenId::of(&text)));
        assert_eq!(TokenId::parse("abc"), None);
    }

    proptest! {
        #[test]
        fn every_single_typo_is_told_from_a_revoked_token(at in 0usize..54, typo in "[ -~]") {
            let token = new_token().unwrap();
            let mut text = token.expose().clone();
            text.replace_range(at..=at, &typo);
            prop_assert_eq!(check_token(&text).is_ok(), text == *token.expose());
        }

        #[test]
        fn foreign_text_is_no_token(text in "\\PC{0,80}") {
            prop_assert!(check_token(&text).is_err());
            let prefixed = format!("plim_{text}");
            prop_assert!(check_token(&prefixed).is_err());
        }
    }
}
