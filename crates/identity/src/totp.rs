//! The six digits of an authenticator: TOTP as RFC 6238 defines it, with SHA-1 and steps of 30 seconds, for this is
//! what every authenticator can do.
//!
//! The secret is needed in the clear for every comparison, and so is in memory; in the journal it is sealed.

use std::fmt;

use hmac::digest::KeyInit as _;
use hmac::{Hmac, Mac as _};
use plimsoll_base::Secret;
use sha1::Sha1;
use subtle::ConstantTimeEq as _;

use crate::error::Result;
use crate::names::UserName;
use crate::token::random;

/// How long one code is shown, in seconds.
pub const STEP_SECONDS: u64 = 30;
/// How many steps a clock may be off, to either side.
const STEPS_OFF_MAX: u64 = 1;
const SECRET_BYTES: usize = 20;
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What an authenticator and the server share: 160 random bits, as RFC 4226 recommends.
pub struct TotpSecret(Secret<[u8; SECRET_BYTES]>);

impl TotpSecret {
    /// A new secret.
    pub fn generate() -> Result<Self> {
        Ok(Self(Secret::new(random()?)))
    }

    /// The secret that these bytes are, if there are as many as it takes.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self(Secret::new(bytes.try_into().ok()?)))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.expose()
    }

    /// The secret as people type it into an authenticator: 32 characters of base32 (RFC 4648).
    pub fn base32(&self) -> Secret<String> {
        Secret::new(base32(self.0.expose()))
    }

    /// What a QR code says: the `otpauth` URI of a user's account at an issuer.
    pub fn uri(&self, issuer: &str, user: &UserName) -> Secret<String> {
        let (issuer, secret) = (percent(issuer), self.base32());
        let digits = "algorithm=SHA1&digits=6&period=30";
        Secret::new(format!(
            "otpauth://totp/{issuer}:{user}?secret={}&issuer={issuer}&{digits}",
            secret.expose()
        ))
    }

    /// The step whose code this is: the one now or one beside it, and later than `last_step`, for a code is taken
    /// once.
    pub(crate) fn step_of(&self, code: &str, now_ms: u64, last_step: Option<u64>) -> Option<u64> {
        let now = now_ms / 1_000 / STEP_SECONDS;
        let near = now.saturating_sub(STEPS_OFF_MAX)..=now.saturating_add(STEPS_OFF_MAX);
        near.filter(|step| last_step.is_none_or(|last| *step > last)).fold(None, |found, step| {
            let right =
                self.code(step).is_some_and(|right| bool::from(right.as_bytes().ct_eq(code.as_bytes())));
            if right { Some(step) } else { found }
        })
    }

    /// HOTP of RFC 4226 over the number of the step: six digits.
    pub(crate) fn code(&self, step: u64) -> Option<String> {
        let mut mac = Hmac::<Sha1>::new_from_slice(self.0.expose()).ok()?;
        mac.update(&step.to_be_bytes());
        let hash = mac.finalize().into_bytes();
        let at = usize::from(hash.last()? & 0xf);
        let four = hash.get(at..at + 4)?.try_into().ok()?;
        Some(format!("{:06}", (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000))
    }
}

/// Base32 without padding.
pub(crate) fn base32(bytes: &[u8]) -> String {
    let bits = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect::<Vec<_>>();
    let digits = bits.chunks(5).map(|chunk| {
        let value = chunk.iter().fold(0, |value, bit| value << 1 | usize::from(*bit)) << (5 - chunk.len());
        char::from(BASE32[value])
    });
    digits.collect()
}

/// Percent-encodes all but RFC 3986's unreserved characters.
fn percent(text: &str) -> String {
    let encoded = text.bytes().map(|byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    });
    encoded.collect()
}

impl Clone for TotpSecret {
    fn clone(&self) -> Self {
        Self(Secret::new(*self.0.expose()))
    }
}

impl PartialEq for TotpSecret {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose().ct_eq(other.0.expose()).into()
    }
}

impl Eq for TotpSecret {}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of_the_rfc() -> TotpSecret {
        TotpSecret(Secret::new(*b"12345678901234567890"))
    }

    /// RFC 6238, appendix B, column SHA-1: the last six of its eight digits.
    #[test]
    fn codes_are_those_of_the_rfc() {
        let seconds_and_codes = [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ];
        for (seconds, code) in seconds_and_codes {
            assert_eq!(of_the_rfc().code(seconds / STEP_SECONDS).as_deref(), Some(code));
            assert_eq!(of_the_rfc().step_of(code, seconds * 1_000, None), Some(seconds / STEP_SECONDS));
        }
    }

    #[test]
    fn one_step_to_each_side_is_taken_and_no_more() {
        let (secret, step) = (of_the_rfc(), 40_000_000);
        let now_ms = step * STEP_SECONDS * 1_000;
        for (off, taken) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let shown = step.checked_add_signed(off).unwrap();
            let code = secret.code(shown).unwrap();
            assert_eq!(secret.step_of(&code, now_ms, None), taken.then_some(shown), "{off} steps off");
        }
        assert_eq!(secret.step_of(&secret.code(0).unwrap(), 0, None), Some(0));
        assert_eq!(secret.step_of("000000", u64::MAX, None), None);
    }

    #[test]
    fn a_code_is_taken_once_and_no_older_one_after_it() {
        let (secret, step) = (of_the_rfc(), 40_000_000);
        let now_ms = step * STEP_SECONDS * 1_000;
        let code = |step| secret.code(step).unwrap();
        assert_eq!(secret.step_of(&code(step), now_ms, Some(step - 1)), Some(step));
        assert_eq!(secret.step_of(&code(step), now_ms, Some(step)), None);
        assert_eq!(secret.step_of(&code(step - 1), now_ms, Some(step)), None);
    }

    /// RFC 4648, section 10.
    #[test]
    fn base32_is_that_of_the_rfc() {
        for (bytes, text) in
            [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foobar", "MZXW6YTBOI")]
        {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn the_uri_is_what_authenticators_read() {
        let uri = of_the_rfc().uri("Plimsoll of A&B", &UserName::new("alice").unwrap());
        assert_eq!(
            uri.expose(),
            "otpauth://totp/Plimsoll%20of%20A%26B:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Plimsoll%20of%20A%26B&algorithm=SHA1&digits=6&period=30"
        );
        assert_eq!(format!("{:?}", of_the_rfc()), "[secret]");
    }

    proptest! {
        #[test]
        fn a_secret_is_read_again_and_no_foreign_text_is_a_code(bytes: [u8; 20], code in "\\PC{0,8}", now_ms: u64) {
            let secret = TotpSecret(Secret::new(bytes));
            let again = TotpSecret::from_bytes(secret.bytes()).unwrap();
            prop_assert!(again == secret);
            if let Some(step) = secret.step_of(&code, now_ms, None) {
                prop_assert_eq!(secret.code(step), Some(code));
            }
        }
    }
}
