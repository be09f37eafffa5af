//! Secrets of authenticators at rest: each is sealed for the user whose it is, so that a record of it means nothing to
//! who has not the server's credential, and opens for nobody else.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use plimsoll_keys::SealingKey;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::names::UserName;
use crate::totp::TotpSecret;

/// What seals the secrets of a directory.
#[derive(Debug, Clone)]
pub(crate) struct Seals(Arc<SealingKey>);

/// A secret as the journal has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct SealedSecret(Vec<u8>);

impl Seals {
    pub(crate) fn new(key: Arc<SealingKey>) -> Self {
        Self(key)
    }

    pub(crate) fn seal(&self, user: &UserName, secret: &TotpSecret) -> Result<SealedSecret> {
        Ok(SealedSecret(self.0.seal(&context(user), secret.bytes())?))
    }

    pub(crate) fn open(&self, user: &UserName, sealed: &SealedSecret) -> Result<TotpSecret> {
        let plain = self.0.open(&context(user), &sealed.0)?;
        TotpSecret::from_bytes(&plain).ok_or(Error::NotFound("secret in a record"))
    }
}

/// Two directories are the same only if they seal with the same key, which is held once.
impl PartialEq for Seals {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Seals {}

fn context(user: &UserName) -> String {
    format!("second factor of {user}")
}

impl TryFrom<String> for SealedSecret {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        BASE64.decode(text).map(Self).map_err(|_| Error::NotFound("sealed secret in a record"))
    }
}

impl From<SealedSecret> for String {
    fn from(sealed: SealedSecret) -> Self {
        BASE64.encode(sealed.0)
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_base::Kind;

    use super::*;
    use crate::testing::{name, other_sealing_key, sealing_key};

    #[test]
    fn a_secret_opens_for_its_user_under_its_key_only() {
        let (seals, secret) = (Seals::new(sealing_key()), TotpSecret::generate().unwrap());
        let sealed = seals.seal(&name("alice"), &secret).unwrap();
        let read = SealedSecret::try_from(String::from(sealed.clone())).unwrap();
        assert!(seals.open(&name("alice"), &read).unwrap() == secret);
        let others = Seals::new(other_sealing_key());
        for refused in [seals.open(&name("bob"), &sealed), others.open(&name("alice"), &sealed)] {
            assert_eq!(refused.unwrap_err().kind(), Kind::Corrupt);
        }
        assert!(SealedSecret::try_from(String::from("no base64")).is_err());
    }

    #[test]
    fn what_is_no_secret_is_refused_though_it_is_sealed() {
        let key = sealing_key();
        let sealed = SealedSecret(key.seal(&context(&name("alice")), b"too short").unwrap());
        assert!(matches!(Seals::new(key).open(&name("alice"), &sealed), Err(Error::NotFound(_))));
    }
}
