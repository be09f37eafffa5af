//! Recovery codes: what lets somebody in once whose authenticator is lost.
//!
//! A code is 80 random bits, so that its plain SHA-256 can be kept: 2^80 guesses are out of reach of whoever has it.

use plimsoll_base::Secret;
use plimsoll_proof::Digest;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::token::random;
use crate::totp::base32;

/// How many codes a user is given.
pub const RECOVERY_CODES: usize = 10;
const CODE_CHARACTERS: usize = 16;

/// What is kept of a recovery code: its SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecoveryHash(Digest);

/// New codes, to be shown once: four groups of four characters each.
pub fn new_recovery_codes() -> Result<Vec<Secret<String>>> {
    let code = || {
        let code = base32(Secret::new(random::<10>()?).expose()).to_lowercase();
        let groups = [&code[0..4], &code[4..8], &code[8..12], &code[12..16]];
        Ok(Secret::new(groups.join("-")))
    };
    (0..RECOVERY_CODES).map(|_| code()).collect()
}

impl RecoveryHash {
    /// What is kept of a code as it was typed; none if it has not the form of one. Hyphens, spaces and capitals do
    /// not matter.
    pub fn of(typed: &str) -> Option<Self> {
        let plain =
            typed.chars().filter(|c| !matches!(c, '-' | ' ')).collect::<String>().to_ascii_lowercase();
        let fits =
            plain.len() == CODE_CHARACTERS && plain.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7'));
        fits.then(|| Self(Digest::of(plain.as_bytes())))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Groups, spaces and capitals are the typist's; every other difference is another code.
        #[test]
        fn a_code_is_the_same_however_it_is_typed_and_no_other_code(
            code in "[a-z2-7]{16}",
            marks in proptest::collection::vec("[- ]{0,2}", 17),
            capitals: u16,
            at in 0usize..16,
            typo in "[a-z2-7]",
        ) {
            let typed = code.chars().enumerate().map(|(at, letter)| match capitals >> at & 1 {
                0 => letter,
                _ => letter.to_ascii_uppercase(),
            });
            let pairs = marks.iter().map(String::as_str).zip(typed);
            let typed: String = pairs.map(|(mark, letter)| format!("{mark}{letter}")).collect();
            let hash = RecoveryHash::of(&code).unwrap();
            prop_assert_eq!(RecoveryHash::of(&format!("{typed}{}", marks[16])), Some(hash));
            let mut other = code.clone();
            other.replace_range(at..=at, &typo);
            prop_assert_eq!(RecoveryHash::of(&other) == Some(hash), other == code);
            prop_assert_eq!(RecoveryHash::of(&code[1..]), None);
            prop_assert_eq!(RecoveryHash::of(&format!("{code}{typo}")), None);
        }
    }

    #[test]
    fn ten_codes_differ_and_are_found_as_people_type_them() {
        let codes = new_recovery_codes().unwrap();
        let hashes = codes.iter().map(|code| RecoveryHash::of(code.expose()).unwrap());
        assert_eq!(hashes.collect::<std::collections::BTreeSet<_>>().len(), RECOVERY_CODES);
        for code in &codes {
            let plain = code.expose().replace('-', "");
            assert_eq!(code.expose().len(), 19);
            assert_eq!(RecoveryHash::of(&plain.to_uppercase()), RecoveryHash::of(code.expose()));
            assert_eq!(RecoveryHash::of(&format!(" {plain} ")), RecoveryHash::of(code.expose()));
        }
    }

    #[test]
    fn what_has_not_the_form_of_a_code_has_no_hash() {
        for text in [
            "",
            "287082",
            "abcd-efgh-ijkl-mno",
            "abcd-efgh-ijkl-mno1",
            "abcd-efgh-ijkl-mnop-q",
            "äbcd-efgh-ijkl-mno",
        ] {
            assert!(RecoveryHash::of(text).is_none(), "{text} was taken");
        }
    }
}
