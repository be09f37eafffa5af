//! Everybody and everything that may come in: a pure fold over the records of the stream `identity`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use plimsoll_keys::SealingKey;
use plimsoll_store::{Batch, Expect, Fold, Record, Recorded};

use crate::error::{Error, Result};
use crate::event::{Event, Place, STREAM, stream};
use crate::expiring::Expiring;
use crate::names::{Label, RoleName, Scope, UserName};
use crate::password::{PasswordCheck, PasswordHash};
use crate::recovery::RecoveryHash;
use crate::seals::Seals;
use crate::token::{LinkId, SessionId, TokenId};
use crate::totp::TotpSecret;

/// Most users: all of them are in memory, at about a kibibyte each with their sessions.
pub const USERS_MAX: usize = 10_000;

/// Users, their secrets as they are kept, their sessions and tokens. Two that read the same records are equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    pub(crate) seals: Seals,
    pub(crate) sequence: u64,
    pub(crate) link: Option<Link>,
    pub(crate) users: BTreeMap<UserName, User>,
    pub(crate) sessions: Expiring<SessionId, Session>,
    pub(crate) tokens: Expiring<TokenId, Token>,
}

/// The link by which the first administrator is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) id: LinkId,
    pub(crate) expires_ms: u64,
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub(crate) password: PasswordHash,
    /// The roles. What they allow is not known here.
    pub roles: BTreeSet<RoleName>,
    /// Whether they may come in.
    pub enabled: bool,
    /// Since when they are known, in milliseconds since 1970-01-01T00:00:00Z.
    pub created_ms: u64,
    /// When the password was last changed, in milliseconds since 1970-01-01T00:00:00Z.
    pub password_changed_ms: u64,
    /// A secret that was shown and is not confirmed yet.
    pub(crate) offered: Option<TotpSecret>,
    pub(crate) second_factor: Option<SecondFactor>,
}

/// What somebody has besides a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SecondFactor {
    pub(crate) secret: TotpSecret,
    /// The last step whose code was taken.
    pub(crate) last_step: u64,
    /// Recovery codes that were not used.
    pub(crate) recovery: BTreeSet<RecoveryHash>,
}

/// A sign-in that lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Whose it is.
    pub user: UserName,
    /// When it began, in milliseconds since 1970-01-01T00:00:00Z.
    pub opened_ms: u64,
    /// When it ends however much it is used, in milliseconds since 1970-01-01T00:00:00Z.
    pub expires_ms: u64,
    /// When it was last used, in milliseconds since 1970-01-01T00:00:00Z.
    pub used_ms: u64,
    /// From where it was last used.
    pub place: Place,
    /// Whether it began with a second factor, or one was set up in it.
    pub second_factor: bool,
}

/// A text by which a program acts for a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// For whom.
    pub user: UserName,
    /// What the owner calls it.
    pub label: Label,
    /// What it may be used for, if its owner may do it.
    pub scopes: BTreeSet<Scope>,
    /// When it was given out, in milliseconds since 1970-01-01T00:00:00Z.
    pub issued_ms: u64,
    /// When it ends, in milliseconds since 1970-01-01T00:00:00Z.
    pub expires_ms: u64,
    /// When and from where it was last used.
    pub used: Option<(u64, Place)>,
}

impl User {
    /// Whether a second factor is set up.
    pub fn has_second_factor(&self) -> bool {
        self.second_factor.is_some()
    }

    /// How many recovery codes were not used.
    pub fn recovery_codes_left(&self) -> usize {
        self.second_factor.as_ref().map_or(0, |factor| factor.recovery.len())
    }
}

impl Directory {
    /// One that has read nothing yet. Secrets that it must show are sealed with `sealing` in what it writes.
    pub fn new(sealing: Arc<SealingKey>) -> Self {
        Self {
            seals: Seals::new(sealing),
            sequence: 0,
            link: None,
            users: BTreeMap::new(),
            sessions: Expiring::new(),
            tokens: Expiring::new(),
        }
    }
}

impl Fold for Directory {
    const STREAM: &'static str = STREAM;
    type Error = Error;

    fn sequence(&self) -> u64 {
        self.sequence
    }

    fn apply(&mut self, record: &Record) -> Result<()> {
        record.check_follows(STREAM, self.sequence)?;
        let event = Event::from_record(record)?;
        self.change(event, record.unix_ms).map_err(|error| record.unclear(error))?;
        self.sequence = record.sequence;
        Ok(())
    }
}

impl Directory {
    /// All users by name.
    pub fn users(&self) -> impl Iterator<Item = (&UserName, &User)> {
        self.users.iter()
    }

    /// A user.
    pub fn user(&self, name: &UserName) -> Result<&User> {
        self.users.get(name).ok_or_else(|| Error::NoUser(name.clone()))
    }

    /// What to compare a password with. An unknown name, a text that is no name and a user who is disabled get a
    /// comparison that costs the same and never holds.
    pub fn password_check(&self, name: &str) -> PasswordCheck {
        let name = UserName::new(name).ok();
        let user = name.and_then(|name| {
            let user = self.users.get(&name).filter(|user| user.enabled)?;
            Some((name, user.password.clone()))
        });
        PasswordCheck::of(user)
    }

    /// What happened, to be written if nothing else has happened since.
    pub(crate) fn batch(&self, events: &[Event]) -> Result<Batch> {
        let records = events.iter().map(Event::to_record).collect::<plimsoll_store::Result<_>>()?;
        Ok(Batch::append(stream()?, Expect::At(self.sequence), records))
    }

    fn change(&mut self, event: Event, now_ms: u64) -> Result<()> {
        match event {
            Event::SetUpOffered { link, expires_ms } => self.link = Some(Link { id: link, expires_ms }),
            Event::UserCreated { user, password, roles, .. } => {
                self.add_user(user, password, roles, now_ms)?
            }
            Event::SessionOpened { session, user, second_factor, expires_ms, place } => {
                self.user(&user)?;
                let opened =
                    Session { user, opened_ms: now_ms, expires_ms, used_ms: now_ms, place, second_factor };
                self.sessions.insert(now_ms, session, opened);
            }
            // A session and a token are forgotten at some time after they have expired: what is said of them then is
            // of nothing.
            Event::SessionUsed { session, used_ms, place } => {
                if let Some(session) = self.sessions.get_mut(&session) {
                    (session.used_ms, session.place) = (session.used_ms.max(used_ms), place);
                }
            }
            Event::SessionEnded { session, .. } => drop(self.sessions.remove(&session)),
            Event::SessionsEnded { user, .. } => {
                self.user(&user)?;
                self.end_sessions(&user);
            }
            Event::TokenIssued { token, user, label, scopes, expires_ms } => {
                self.user(&user)?;
                let issued = Token { user, label, scopes, issued_ms: now_ms, expires_ms, used: None };
                self.tokens.insert(now_ms, token, issued);
            }
            Event::TokenUsed { token, used_ms, place } => {
                if let Some(token) = self.tokens.get_mut(&token) {
                    token.used = Some((used_ms, place));
                }
            }
            Event::TokenRevoked { token, .. } => drop(self.tokens.remove(&token)),
            event => self.change_user(event, now_ms)?,
        }
        Ok(())
    }

    fn add_user(
        &mut self,
        name: UserName,
        password: PasswordHash,
        roles: BTreeSet<RoleName>,
        now_ms: u64,
    ) -> Result<()> {
        if self.users.contains_key(&name) {
            return Err(Error::Exists(name));
        }
        let user = User {
            password,
            roles,
            enabled: true,
            created_ms: now_ms,
            password_changed_ms: now_ms,
            offered: None,
            second_factor: None,
        };
        self.users.insert(name, user);
        // Whoever comes first makes every link that is still about worthless.
        self.link = None;
        Ok(())
    }

    fn change_user(&mut self, event: Event, now_ms: u64) -> Result<()> {
        match event {
            Event::PasswordChanged { user: name, password, .. } => {
                let user = self.user_mut(&name)?;
                (user.password, user.password_changed_ms) = (password, now_ms);
                self.end_sessions(&name);
                self.revoke_tokens(&name);
            }
            Event::PasswordRehashed { user, password } => self.user_mut(&user)?.password = password,
            Event::RolesChanged { user: name, roles, .. } => {
                self.user_mut(&name)?.roles = roles;
                self.end_sessions(&name);
                self.revoke_tokens(&name);
            }
            Event::UserDisabled { user: name, .. } => {
                self.user_mut(&name)?.enabled = false;
                self.end_sessions(&name);
                self.revoke_tokens(&name);
            }
            Event::UserEnabled { user, .. } => self.user_mut(&user)?.enabled = true,
            Event::SecondFactorOffered { user, sealed } => {
                let secret = self.seals.open(&user, &sealed)?;
                self.user_mut(&user)?.offered = Some(secret);
            }
            Event::SecondFactorConfirmed { user: name, step, recovery, session } => {
                let user = self.user_mut(&name)?;
                let secret = user.offered.take().ok_or(Error::NotFound("offered second factor"))?;
                user.second_factor = Some(SecondFactor { secret, last_step: step, recovery });
                let session = session.and_then(|session| self.sessions.get_mut(&session));
                if let Some(session) = session.filter(|session| session.user == name) {
                    session.second_factor = true;
                }
            }
            Event::SecondFactorRemoved { user: name, .. } => {
                let user = self.user_mut(&name)?;
                (user.second_factor, user.offered) = (None, None);
                self.end_sessions(&name);
            }
            Event::CodeUsed { user, step } => self.factor_mut(&user)?.last_step = step,
            Event::RecoveryUsed { user, code } => {
                if !self.factor_mut(&user)?.recovery.remove(&code) {
                    return Err(Error::NotFound("recovery code"));
                }
            }
            Event::RecoveryRenewed { user, recovery } => self.factor_mut(&user)?.recovery = recovery,
            // The rest is handled by `change`; none of it may pass unnoticed if that changes.
            event => return Err(Error::Bug(format!("{} changes no user", event.kind()))),
        }
        Ok(())
    }

    fn user_mut(&mut self, name: &UserName) -> Result<&mut User> {
        self.users.get_mut(name).ok_or_else(|| Error::NoUser(name.clone()))
    }

    fn factor_mut(&mut self, name: &UserName) -> Result<&mut SecondFactor> {
        self.user_mut(name)?.second_factor.as_mut().ok_or(Error::NotFound("second factor"))
    }

    fn end_sessions(&mut self, user: &UserName) {
        self.sessions.retain(|session| session.user != *user);
    }

    fn revoke_tokens(&mut self, user: &UserName) {
        self.tokens.retain(|token| token.user != *user);
    }
}
