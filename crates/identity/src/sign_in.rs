//! Signing in, and what a session lets its user do.

use std::collections::BTreeSet;

use plimsoll_store::Batch;

use crate::directory::{Directory, Session, User};
use crate::error::{Error, Result};
use crate::event::{Event, Place};
use crate::names::{RoleName, Scope, UserName};
use crate::password::PasswordProof;
use crate::rules::Rules;
use crate::token::SessionId;

/// Most sessions of one user: a sign-in beyond it ends the one that was not used for longest.
pub const SESSIONS_PER_USER_MAX: usize = 20;

/// Who is asking, as it stands at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The user.
    pub user: UserName,
    /// The user's roles now.
    pub roles: BTreeSet<RoleName>,
    /// What a token is limited to; none for a session, which is not limited.
    pub scopes: Option<BTreeSet<Scope>>,
    /// A role demands a second factor, and there was none: nothing is allowed but to set one up.
    pub must_enrol: bool,
}

/// What somebody shows at the door.
#[derive(Debug)]
pub struct SignIn<'a> {
    /// That the password was right.
    pub proof: &'a PasswordProof,
    /// Six digits or a recovery code, if one was typed.
    pub code: Option<&'a str>,
    /// The name of the session to open.
    pub session: SessionId,
    /// From where.
    pub place: &'a Place,
}

impl Directory {
    /// Opens a session.
    pub fn sign_in(&self, now_ms: u64, rules: &Rules, shown: &SignIn<'_>) -> Result<Batch> {
        let proof = shown.proof;
        let user = self.users.get(&proof.user).filter(|user| user.enabled && user.password == proof.hash);
        let user = user.ok_or(Error::SignIn)?;
        let mut events = Vec::new();
        if user.second_factor.is_some() {
            let code = shown.code.ok_or(Error::CodeNeeded)?;
            events.push(self.take_code(now_ms, &proof.user, code)?);
        }
        if let Some(password) = proof.renewed.clone() {
            events.push(Event::PasswordRehashed { user: proof.user.clone(), password });
        }
        events.extend(self.crowded_out(&proof.user).map(|session| Event::SessionEnded { session, by: None }));
        events.push(Event::SessionOpened {
            session: shown.session,
            user: proof.user.clone(),
            second_factor: user.second_factor.is_some(),
            expires_ms: now_ms.saturating_add(rules.absolute_ms),
            place: shown.place.clone(),
        });
        self.batch(&events)
    }

    /// The sessions that one more of a user leaves no room for.
    fn crowded_out(&self, user: &UserName) -> impl Iterator<Item = SessionId> + use<> {
        let own = self.sessions.iter().filter(|(_, session)| session.user == *user);
        let mut own = own.map(|(id, session)| (session.used_ms, *id)).collect::<Vec<_>>();
        own.sort_unstable();
        let leaving = (own.len() + 1).saturating_sub(SESSIONS_PER_USER_MAX);
        own.into_iter().take(leaving).map(|(_, id)| id)
    }

    /// Who is asking in a session. `used_ms` is when it was last used as far as the caller knows, which may be later
    /// than what is written.
    pub fn session(&self, now_ms: u64, rules: &Rules, id: SessionId, used_ms: u64) -> Result<Principal> {
        let session = self.sessions.get(&id).ok_or(Error::SessionEnded)?;
        let user = self.users.get(&session.user).filter(|user| user.enabled).ok_or(Error::SessionEnded)?;
        let idle_since = session.used_ms.max(used_ms);
        // What was opened under laxer rules ends by the stricter ones.
        let ends_ms = session
            .expires_ms
            .min(session.opened_ms.saturating_add(rules.absolute_ms))
            .min(idle_since.saturating_add(rules.idle_ms));
        if now_ms >= ends_ms {
            return Err(Error::SessionEnded);
        }
        Ok(principal(rules, &session.user, user, None, session.second_factor))
    }

    /// A user's sessions that have not expired by `absolute_ms`, the last opened first.
    pub fn sessions_of(&self, now_ms: u64, user: &UserName) -> Vec<(SessionId, &Session)> {
        let own =
            self.sessions.iter().filter(|(_, session)| session.user == *user && session.expires_ms > now_ms);
        let mut own = own.map(|(id, session)| (*id, session)).collect::<Vec<_>>();
        own.sort_unstable_by_key(|(id, session)| (std::cmp::Reverse(session.opened_ms), *id));
        own
    }

    /// Ends a session of a user. A session of somebody else is not found.
    pub fn end_session(&self, user: &UserName, session: SessionId, by: Option<&UserName>) -> Result<Batch> {
        let own = self.sessions.get(&session).filter(|session| session.user == *user);
        own.ok_or(Error::NotFound("session"))?;
        self.batch(&[Event::SessionEnded { session, by: by.cloned() }])
    }

    /// Ends all sessions of a user.
    pub fn end_sessions_of(&self, user: &UserName, by: Option<&UserName>) -> Result<Batch> {
        self.user(user)?;
        self.batch(&[Event::SessionsEnded { user: user.clone(), by: by.cloned() }])
    }
}

pub(crate) fn principal(
    rules: &Rules,
    name: &UserName,
    user: &User,
    scopes: Option<BTreeSet<Scope>>,
    second_factor: bool,
) -> Principal {
    let must_enrol = !second_factor && rules.demand_second_factor(&user.roles);
    Principal { user: name.clone(), roles: user.roles.clone(), scopes, must_enrol }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{World, name, session};

    const MINUTE: u64 = 60_000;

    #[test]
    fn a_session_ends_when_idle_and_when_old() {
        let (mut world, rules) = (World::new(), Rules::default());
        world.add("alice", &["viewer"]);
        let (id, began) = (world.sign_in("alice", 1), world.now_ms);
        let at = |now_ms, used_ms| world.directory.session(now_ms, &rules, id, used_ms).is_ok();
        assert!(at(began + 30 * MINUTE - 1, 0));
        assert!(!at(began + 30 * MINUTE, 0));
        assert!(at(began + 59 * MINUTE, began + 30 * MINUTE));
        assert!(at(began + 720 * MINUTE - 1, began + 719 * MINUTE));
        assert!(!at(began + 720 * MINUTE, began + 720 * MINUTE), "twelve hours are over");
        assert!(at(began - MINUTE, 0), "a clock that goes back ends nothing");
    }

    #[test]
    fn stricter_rules_hold_for_open_sessions() {
        let mut world = World::new();
        world.add("alice", &["viewer"]);
        let (id, began) = (world.sign_in("alice", 1), world.now_ms);
        let strict = Rules { idle_ms: MINUTE, absolute_ms: 5 * MINUTE, ..Rules::default() };
        let at = |now_ms, used_ms| world.directory.session(now_ms, &strict, id, used_ms).is_ok();
        assert!(at(began + MINUTE - 1, 0));
        assert!(!at(began + MINUTE, 0));
        assert!(!at(began + 5 * MINUTE, began + 5 * MINUTE));
    }

    #[test]
    fn an_ended_session_is_gone_at_once_and_only_its_owner_can_end_it() {
        let (mut world, rules) = (World::new(), Rules::default());
        world.add("alice", &[]);
        world.add("mallory", &[]);
        let (one, two) = (world.sign_in("alice", 1), world.sign_in("alice", 2));
        assert_eq!(world.directory.sessions_of(world.now_ms, &name("alice")).len(), 2);
        let foreign = world.directory.end_session(&name("mallory"), one, None);
        assert!(matches!(foreign, Err(Error::NotFound("session"))));
        world.commit(world.directory.end_session(&name("alice"), one, Some(&name("alice"))));
        assert!(matches!(world.directory.session(world.now_ms, &rules, one, 0), Err(Error::SessionEnded)));
        assert!(world.directory.session(world.now_ms, &rules, two, 0).is_ok());
        world.commit(world.directory.end_sessions_of(&name("alice"), None));
        assert!(world.directory.session(world.now_ms, &rules, two, u64::MAX).is_err());
        assert!(world.directory.end_session(&name("alice"), two, None).is_err());
    }

    #[test]
    fn a_proof_is_worth_nothing_after_the_password_changed() {
        let mut world = World::new();
        world.add("alice", &[]);
        let proof = world.proof("alice");
        let other = crate::testing::other_hash();
        world.commit(world.directory.change_password(&name("alice"), &other, None));
        assert!(matches!(world.try_sign_in(&proof, None, 1), Err(Error::SignIn)));
    }

    #[test]
    fn an_outdated_hash_is_replaced_by_the_sign_in() {
        let mut world = World::new();
        world.add("alice", &[]);
        let mut proof = world.proof("alice");
        proof.renewed = Some(crate::testing::other_hash());
        world.commit(world.try_sign_in(&proof, None, 1));
        assert_eq!(world.directory.user(&name("alice")).unwrap().password, crate::testing::other_hash());
        assert!(world.directory.session(world.now_ms, &Rules::default(), session(1), 0).is_ok());
    }

    #[test]
    fn one_session_too_many_ends_the_one_unused_for_longest() {
        let mut world = World::new();
        world.add("alice", &[]);
        let proof = world.proof("alice");
        for number in 0..=u8::try_from(SESSIONS_PER_USER_MAX).unwrap() {
            world.now_ms += 1;
            world.commit(world.try_sign_in(&proof, None, number));
        }
        assert_eq!(world.directory.sessions.len(), SESSIONS_PER_USER_MAX);
        assert!(!world.directory.sessions.contains_key(&session(0)));
        assert!(world.directory.sessions.contains_key(&session(1)));
    }
}
