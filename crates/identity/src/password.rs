//! Passwords: which are good enough, and what is kept of them.
//!
//! Kept is a PHC string of argon2id with the parameters that OWASP's Password Storage Cheat Sheet asks for (19 MiB,
//! two passes, one lane) and 16 random bytes of salt. Hashing and comparing take some hundredths of a second of a core
//! and 19 MiB: both are plain functions, and the caller chooses the thread and how many run at once.
//!
//! Passwords are compared as the bytes that were typed. Unicode normalisation (NFKC) is *not* applied: `é` typed as
//! one character on one keyboard and as two on another are two passwords.

use std::collections::HashSet;
use std::fmt;
use std::sync::LazyLock;

use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use plimsoll_base::Secret;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::names::UserName;
use crate::token::random;

/// Shortest new password, in Unicode scalar values.
pub const PASSWORD_CHARACTERS_MIN: usize = 12;
/// Longest password, in bytes: nobody types more, and hashing must not take a stranger's megabytes.
pub const PASSWORD_BYTES_MAX: usize = 1_024;
/// What zxcvbn must give a new password, of 0 to 4: 3 is 10^8 guesses and more.
const SCORE_MIN: u8 = 3;

const MEMORY_KIB: u32 = 19 * 1_024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// A hash that asks for more memory was not made here, and must not take the machine's.
const MEMORY_KIB_MAX: u32 = 256 * 1_024;
const PASSES_MAX: u32 = 16;

/// Nobody's hash, at today's cost: an unknown name is compared with it, so that it takes as long as a known one. A user
/// whose hash is outdated is told apart by it until the next sign-in renews the hash.
const DUMMY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$cGxpbXNvbGwgbm9ib2R5$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Passwords that are tried first, one a line.
const COMMON: &str = include_str!("common_passwords.txt");

/// The same without what people put between the letters.
static COMMON_BARE: LazyLock<HashSet<String>> = LazyLock::new(|| COMMON.lines().map(bare).collect());

/// What is kept of a password: a PHC string of argon2id. It is no secret like the password, and is not shown either.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PasswordHash(String);

/// Takes a new password of a user, if it is good enough, and hashes it. Slow.
pub fn hash_new(user: &UserName, password: &Secret<String>) -> Result<PasswordHash> {
    check_new(user, password.expose())?;
    compute(password)
}

fn check_new(user: &UserName, password: &str) -> Result<()> {
    let characters = password.chars().count();
    if characters < PASSWORD_CHARACTERS_MIN {
        return Err(Error::PasswordShort { characters });
    }
    check_length(password)?;
    if COMMON_BARE.contains(&bare(password)) {
        return Err(Error::PasswordCommon);
    }
    let score = u8::from(zxcvbn::zxcvbn(password, &[user.as_str(), "plimsoll"]).score());
    if score < SCORE_MIN { Err(Error::PasswordWeak { score }) } else { Ok(()) }
}

/// The letters and digits of a password in lower case; all of it if there are none.
fn bare(password: &str) -> String {
    let lower = password.trim().to_lowercase();
    let joined = lower.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    if joined.is_empty() { lower } else { joined }
}

fn check_length(password: &str) -> Result<()> {
    let bytes = password.len();
    if bytes > PASSWORD_BYTES_MAX { Err(Error::PasswordLong { bytes }) } else { Ok(()) }
}

fn argon2() -> Result<Argon2<'static>> {
    let parameters = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(broken)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters))
}

fn broken(error: impl fmt::Display) -> Error {
    Error::Hash(error.to_string())
}

fn compute(password: &Secret<String>) -> Result<PasswordHash> {
    let salt = random::<16>()?;
    let hash = argon2()?.hash_password_with_salt(password.expose().as_bytes(), &salt).map_err(broken)?;
    Ok(PasswordHash(hash.to_string()))
}

impl PasswordHash {
    /// Takes a PHC string, if it is one of argon2id that is not too costly to compare with.
    pub(crate) fn parse(text: String) -> Result<Self> {
        let read = phc::PasswordHash::new(&text).map_err(broken)?;
        let parameters = Params::try_from(&read).map_err(broken)?;
        let dear = parameters.m_cost() > MEMORY_KIB_MAX || parameters.t_cost() > PASSES_MAX;
        let whole = read.salt.is_some() && read.hash.is_some();
        if read.algorithm.as_str() != Algorithm::Argon2id.as_str() || dear || !whole {
            return Err(Error::Hash(String::from("not a hash that was made here")));
        }
        Ok(Self(text))
    }

    /// What an unknown name is compared with.
    pub(crate) fn dummy() -> Self {
        Self(String::from(DUMMY))
    }

    /// Whether this is the hash of a password. Slow.
    pub(crate) fn verify(&self, password: &Secret<String>) -> Result<bool> {
        check_length(password.expose())?;
        let read = phc::PasswordHash::new(&self.0).map_err(broken)?;
        #[cfg(test)]
        tests::COMPUTED.set(tests::COMPUTED.get() + 1);
        Ok(argon2()?.verify_password(password.expose().as_bytes(), &read).is_ok())
    }

    /// Whether it was made with less work than today's hashes.
    pub fn is_outdated(&self) -> bool {
        let Ok(read) = phc::PasswordHash::new(&self.0) else { return true };
        let current = Params::try_from(&read)
            .is_ok_and(|found| found.m_cost() >= MEMORY_KIB && found.t_cost() >= PASSES);
        !current || read.version != Some(Version::V0x13.into())
    }

    /// The same password hashed with today's parameters, if it is that password. Slow.
    pub(crate) fn renew(&self, password: &Secret<String>) -> Result<Option<Self>> {
        if self.is_outdated() { compute(password).map(Some) } else { Ok(None) }
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hash]")
    }
}

impl TryFrom<String> for PasswordHash {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        Self::parse(text)
    }
}

impl From<PasswordHash> for String {
    fn from(hash: PasswordHash) -> Self {
        hash.0
    }
}

/// A comparison that stands before a sign-in: with the user's hash, or with nobody's if there is no such user.
#[derive(Debug, Clone)]
pub struct PasswordCheck {
    user: Option<UserName>,
    hash: PasswordHash,
}

/// Says that somebody typed the password of a user. It comes from [`PasswordCheck::verify`] and from nowhere else.
#[derive(Debug, Clone)]
pub struct PasswordProof {
    /// Whose password it is.
    pub user: UserName,
    /// What was compared with: if the password has changed since, the proof is worth nothing.
    pub(crate) hash: PasswordHash,
    /// The same password hashed anew, if its hash is outdated.
    pub(crate) renewed: Option<PasswordHash>,
}

impl PasswordCheck {
    pub(crate) fn of(user: Option<(UserName, PasswordHash)>) -> Self {
        match user {
            Some((user, hash)) => Self { user: Some(user), hash },
            None => Self { user: None, hash: PasswordHash::dummy() },
        }
    }

    /// Compares. Slow, and as slow for an unknown name as for a wrong password, which are not told apart.
    pub fn verify(self, password: &Secret<String>) -> Result<PasswordProof> {
        let right = self.hash.verify(password)?;
        match self.user {
            Some(user) if right => {
                let renewed = self.hash.renew(password)?;
                Ok(PasswordProof { user, hash: self.hash, renewed })
            }
            _ => Err(Error::SignIn),
        }
    }
}

impl PasswordProof {
    /// Whose password it was.
    pub fn user(&self) -> &UserName {
        &self.user
    }
}

#[cfg(test)]
mod tests;
