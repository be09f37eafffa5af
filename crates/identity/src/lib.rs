//! People, and proofs of who they are: passwords, second factors, sessions, tokens.
//!
//! [`Directory`] is a pure fold over the records of one stream. A command looks at it and gives either a refusal or a
//! batch that holds only if nothing else happened meanwhile; so of two commands that race for one recovery code, one
//! wins. [`Identity`] keeps a directory over a journal. What a role allows is not known here, nor whether the one who
//! commands an act may do it: that is asked before, of the policy.
//!
//! # Signing in
//! 1. [`Throttle::begin`] upon the account, by its name as it was typed, from the client's address;
//! 2. [`Identity::password_check`] and [`PasswordCheck::verify`], on a thread that may be busy for a while, and on few
//!    of them at once;
//! 3. [`Identity::sign_in`] with the proof and, if there is one, a code;
//! 4. [`Throttle::succeeded`]; or [`Throttle::withdrawn`] if the answer was [`Error::CodeNeeded`]; or nothing, and it
//!    counts as a failure.
//!
//! Wherever else a password or a code is typed (to change the password, to set up a second factor, to renew recovery
//! codes) the throttle is asked in the same way, or guessing moves there.
//!
//! # What is kept
//! Of passwords argon2id; of sessions, tokens, set-up links and recovery codes SHA-256; the secrets of authenticators
//! sealed, each for its user, under a key that follows from the server's credential. Whoever reads the journal and has
//! not the credential finds nothing that opens a door.
//!
//! # What is not here
//! Nobody else's word is taken: OIDC and passkeys are other ways to come to a [`PasswordProof`], and will get a proof
//! of their own.

mod api_token;
#[cfg(test)]
mod borders;
mod directory;
mod error;
mod event;
mod expiring;
#[cfg(test)]
mod fold;
mod identity;
mod names;
mod password;
mod people;
mod recovery;
mod rules;
mod seals;
mod second_factor;
mod sign_in;
#[cfg(test)]
mod testing;
mod throttle;
mod token;
mod totp;

pub use api_token::{NewToken, SCOPES_MAX, TOKEN_DAYS_MAX, TOKENS_PER_USER_MAX};
pub use directory::{Directory, Session, Token, USERS_MAX, User};
pub use error::{Error, Result};
pub use event::{Place, STREAM};
pub use identity::{Identity, USE_WRITTEN_MS};
pub use names::{AGENT_CHARACTERS_MAX, Agent, Label, NAME_CHARACTERS_MAX, RoleName, Scope, UserName};
pub use password::{
    PASSWORD_BYTES_MAX, PASSWORD_CHARACTERS_MIN, PasswordCheck, PasswordHash, PasswordProof, hash_new,
};
pub use people::{LINK_MS, NewUser};
pub use recovery::{RECOVERY_CODES, RecoveryHash, new_recovery_codes};
pub use rules::Rules;
pub use sign_in::{Principal, SESSIONS_PER_USER_MAX, SignIn};
pub use throttle::{Attempt, Subscriber, Throttle, Upon, Wait};
pub use token::{LinkId, SessionId, TokenId, check_token};
pub use totp::{STEP_SECONDS, TotpSecret};
