//! Why somebody is not let in, or a change is refused.

use plimsoll_base::{Kind, NameError};

use crate::names::{RoleName, UserName};
use crate::password::{PASSWORD_BYTES_MAX, PASSWORD_CHARACTERS_MIN};

/// What comes back from this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Everything that can go wrong here.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A text is no name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A new password has too few characters.
    #[error("the password has {characters} characters, at least {PASSWORD_CHARACTERS_MIN} are needed")]
    PasswordShort {
        /// How many Unicode scalar values it has.
        characters: usize,
    },
    /// A password has too many bytes.
    #[error("the password has {bytes} bytes, at most {PASSWORD_BYTES_MAX} are taken")]
    PasswordLong {
        /// How many it has.
        bytes: usize,
    },
    /// A new password is one that many people use.
    #[error("the password is one of those that are tried first")]
    PasswordCommon,
    /// A new password can be guessed.
    #[error("the password can be guessed: strength {score} of 4, at least 3 is needed")]
    PasswordWeak {
        /// What zxcvbn gives it, 0 to 4.
        score: u8,
    },
    /// Name and password do not belong to somebody who may come in. It is not said why.
    #[error("the name or the password is wrong")]
    SignIn,
    /// Somebody who has come in has typed a password that is not his own.
    #[error("the current password is wrong")]
    Password,
    /// The password is right, and a code is needed too.
    #[error("a code of the second factor is needed")]
    CodeNeeded,
    /// The code is wrong, too old, or was used before.
    #[error("the code is wrong or was used before")]
    Code,
    /// There is no such session any more.
    #[error("the session has ended")]
    SessionEnded,
    /// A text is no token: it was not copied as it was given.
    #[error("this is no token as it was given out: a character is wrong or missing")]
    TokenMalformed,
    /// There is no such token any more.
    #[error("the token was revoked, has expired, or was never given out")]
    TokenDead,
    /// The link for the first administrator cannot be used.
    #[error("the set-up link was used, replaced, or has expired")]
    LinkDead,
    /// There are users already.
    #[error("the first administrator has been set up already")]
    SetUpDone,
    /// There is a user of that name.
    #[error("there is a user `{0}` already")]
    Exists(UserName),
    /// There is no user of that name.
    #[error("there is no user `{0}`")]
    NoUser(UserName),
    /// There is no such thing.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The user may not come in.
    #[error("the user `{0}` is disabled")]
    Disabled(UserName),
    /// Nobody would be left with a role that somebody must have.
    #[error("`{0}` is the last one with the role `{1}`")]
    LastOne(UserName, RoleName),
    /// A user has a second factor already.
    #[error("the user `{0}` has a second factor already")]
    SecondFactorExists(UserName),
    /// A user's role demands a second factor, and there is none.
    #[error("a second factor must be set up first")]
    SecondFactorDemanded,
    /// There are as many as there may be.
    #[error("there are {max} {what} already, and no more are allowed")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there may be.
        max: usize,
    },
    /// A token would live too long, or not at all.
    #[error("a token lives between 1 minute and {0} days")]
    Lifetime(u64),
    /// The system gives no randomness.
    #[error("the system gives no randomness")]
    Randomness(#[source] getrandom::Error),
    /// The password could not be hashed or compared.
    #[error("cannot compute a password's hash: {0}")]
    Hash(String),
    /// A fault of this program.
    #[error("a fault of this program: {0}")]
    Bug(String),
    /// A secret could not be sealed, or does not open.
    #[error(transparent)]
    Keys(#[from] plimsoll_keys::Error),
    /// The journal could not do what was asked.
    #[error(transparent)]
    Store(#[from] plimsoll_store::Error),
}

impl Error {
    /// What sort of trouble this is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Name(_)
            | Self::PasswordShort { .. }
            | Self::PasswordLong { .. }
            | Self::PasswordCommon
            | Self::PasswordWeak { .. }
            | Self::Lifetime(_) => Kind::Invalid,
            Self::SignIn
            | Self::Password
            | Self::CodeNeeded
            | Self::Code
            | Self::SessionEnded
            | Self::TokenMalformed
            | Self::TokenDead
            | Self::LinkDead
            | Self::SecondFactorDemanded => Kind::Denied,
            Self::NoUser(_) | Self::NotFound(_) => Kind::NotFound,
            Self::SetUpDone
            | Self::Exists(_)
            | Self::Disabled(_)
            | Self::LastOne(..)
            | Self::SecondFactorExists(_)
            | Self::TooMany { .. } => Kind::Conflict,
            Self::Randomness(_) => Kind::Unavailable,
            Self::Hash(_) | Self::Bug(_) => Kind::Bug,
            Self::Keys(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    /// Whether it is not known who is asking: the answer is to sign in, not to ask for more rights.
    pub fn asks_to_sign_in(&self) -> bool {
        matches!(
            self,
            Self::SignIn | Self::CodeNeeded | Self::SessionEnded | Self::TokenMalformed | Self::TokenDead
        )
    }

    /// Whether a password or a code was wrong: somebody may be guessing, and the throttle must not forget it.
    pub fn is_guess(&self) -> bool {
        matches!(self, Self::SignIn | Self::Password | Self::Code)
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Name(NameError { what: "a user", .. }) => {
                Some("2 to 64 lower-case letters, digits and ._-, beginning with a letter or a digit")
            }
            Self::Name(NameError { what: "a token", .. }) => {
                Some("1 to 64 characters that can be shown, without a space at the beginning or the end")
            }
            Self::PasswordShort { .. } | Self::PasswordCommon | Self::PasswordWeak { .. } => {
                Some("four or five words that have nothing to do with each other are easy to keep in mind")
            }
            Self::CodeNeeded | Self::Code => {
                Some("the six digits that the authenticator shows now, or a recovery code that was not used")
            }
            Self::SessionEnded => Some("sign in again"),
            Self::TokenMalformed => Some("copy it again, from `plim_` to its end"),
            Self::LinkDead => Some("start the server again on its own machine: it prints a new link"),
            Self::SetUpDone => Some("sign in on the first page, or by POST /api/v1/session"),
            Self::LastOne(..) => Some("give the role to somebody else first"),
            Self::TooMany { what: "tokens", .. } => Some("revoke one that is no longer used"),
            Self::Store(error) => error.hint(),
            _ => None,
        }
    }
}
