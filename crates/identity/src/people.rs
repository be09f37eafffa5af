//! Acts upon people: who is there, with which password and which roles. Whether the actor may do it is asked before,
//! elsewhere.

use std::collections::BTreeSet;

use plimsoll_store::Batch;

use crate::directory::{Directory, USERS_MAX, User};
use crate::error::{Error, Result};
use crate::event::Event;
use crate::names::{RoleName, UserName};
use crate::password::{PasswordHash, PasswordProof};
use crate::rules::Rules;
use crate::token::LinkId;

/// How long a set-up link can be used, in milliseconds: one hour, long enough to open a browser.
pub const LINK_MS: u64 = 3_600_000;

/// A user to be.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The name.
    pub name: UserName,
    /// The hash of a password that was found good enough.
    pub password: PasswordHash,
    /// The roles.
    pub roles: BTreeSet<RoleName>,
}

impl Directory {
    /// Offers a link for the first administrator, instead of the one before. Refused once there is a user.
    pub fn offer_set_up(&self, now_ms: u64, link: LinkId) -> Result<Batch> {
        self.nobody_yet()?;
        self.batch(&[Event::SetUpOffered { link, expires_ms: now_ms.saturating_add(LINK_MS) }])
    }

    /// Creates the first user by a link, which is used up by it.
    pub fn set_up(&self, now_ms: u64, link: LinkId, user: &NewUser) -> Result<Batch> {
        self.check_link(now_ms, link)?;
        self.batch(&[created(user, Some(link), None)])
    }

    /// Whether the first user can be created by a link now.
    pub fn check_link(&self, now_ms: u64, link: LinkId) -> Result<()> {
        self.nobody_yet()?;
        let known = self.link.as_ref().filter(|known| now_ms < known.expires_ms);
        if known.is_some_and(|known| known.id.is(link)) { Ok(()) } else { Err(Error::LinkDead) }
    }

    /// Creates a user.
    pub fn create_user(&self, user: &NewUser, by: Option<&UserName>) -> Result<Batch> {
        if self.users.contains_key(&user.name) {
            return Err(Error::Exists(user.name.clone()));
        }
        if self.users.len() >= USERS_MAX {
            return Err(Error::TooMany { what: "users", max: USERS_MAX });
        }
        self.batch(&[created(user, None, by)])
    }

    /// Gives a user another password. All of the user's sessions and tokens end.
    pub fn change_password(
        &self,
        user: &UserName,
        to: &PasswordHash,
        by: Option<&UserName>,
    ) -> Result<Batch> {
        self.user(user)?;
        let (user, password, by) = (user.clone(), to.clone(), by.cloned());
        self.batch(&[Event::PasswordChanged { user, password, by }])
    }

    /// Gives a user another password who has just typed the old one: a session alone, left open or stolen, does not
    /// get so far. All of the user's sessions and tokens end, for any of them may be a thief's.
    pub fn change_own_password(&self, proof: &PasswordProof, to: &PasswordHash) -> Result<Batch> {
        self.proven(proof)?;
        self.change_password(&proof.user, to, Some(&proof.user))
    }

    /// Gives a user other roles. All of the user's sessions and tokens end.
    pub fn change_roles(
        &self,
        rules: &Rules,
        user: &UserName,
        to: &BTreeSet<RoleName>,
        by: Option<&UserName>,
    ) -> Result<Batch> {
        self.user(user)?;
        if rules.must_remain.as_ref().is_some_and(|role| !to.contains(role)) {
            self.somebody_remains(rules, user)?;
        }
        let (user, roles, by) = (user.clone(), to.clone(), by.cloned());
        self.batch(&[Event::RolesChanged { user, roles, by }])
    }

    /// Keeps a user out. All of the user's sessions and tokens end.
    pub fn disable_user(&self, rules: &Rules, user: &UserName, by: Option<&UserName>) -> Result<Batch> {
        self.enabled(user)?;
        self.somebody_remains(rules, user)?;
        self.batch(&[Event::UserDisabled { user: user.clone(), by: by.cloned() }])
    }

    /// Lets a user in again.
    pub fn enable_user(&self, user: &UserName, by: Option<&UserName>) -> Result<Batch> {
        if self.user(user)?.enabled {
            return Err(Error::NotFound("disabled user"));
        }
        self.batch(&[Event::UserEnabled { user: user.clone(), by: by.cloned() }])
    }

    /// A user who may come in and whose password this is still.
    pub(crate) fn proven(&self, proof: &PasswordProof) -> Result<&User> {
        let user = self.enabled(&proof.user)?;
        if user.password == proof.hash { Ok(user) } else { Err(Error::Password) }
    }

    pub(crate) fn enabled(&self, name: &UserName) -> Result<&User> {
        let user = self.user(name)?;
        if user.enabled { Ok(user) } else { Err(Error::Disabled(name.clone())) }
    }

    fn nobody_yet(&self) -> Result<()> {
        if self.users.is_empty() { Ok(()) } else { Err(Error::SetUpDone) }
    }

    /// Whether the role that must remain has somebody when this user has it no longer.
    fn somebody_remains(&self, rules: &Rules, leaving: &UserName) -> Result<()> {
        let Some(role) = &rules.must_remain else { return Ok(()) };
        let holds = |user: &User| user.enabled && user.roles.contains(role);
        let others = self.users.iter().any(|(name, user)| name != leaving && holds(user));
        if others || !self.user(leaving).is_ok_and(holds) {
            Ok(())
        } else {
            Err(Error::LastOne(leaving.clone(), role.clone()))
        }
    }
}

fn created(user: &NewUser, link: Option<LinkId>, by: Option<&UserName>) -> Event {
    let NewUser { name, password, roles } = user.clone();
    Event::UserCreated { user: name, password, roles, link, by: by.cloned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{World, link, name, roles, secret_hash};

    #[test]
    fn a_set_up_link_works_once_and_for_an_hour() {
        let mut world = World::new();
        let alice =
            NewUser { name: name("alice"), password: secret_hash(), roles: roles(&["administrator"]) };
        assert!(matches!(world.directory.set_up(world.now_ms, link(1), &alice), Err(Error::LinkDead)));
        world.commit(world.directory.offer_set_up(world.now_ms, link(1)));
        let dead = |world: &World, link, now_ms| {
            matches!(world.directory.set_up(now_ms, link, &alice), Err(Error::LinkDead))
        };
        assert!(dead(&world, link(2), world.now_ms), "another link");
        assert!(world.directory.check_link(world.now_ms + LINK_MS - 1, link(1)).is_ok());
        assert!(dead(&world, link(1), world.now_ms + LINK_MS), "too late");
        world.commit(world.directory.offer_set_up(world.now_ms, link(2)));
        assert!(dead(&world, link(1), world.now_ms), "replaced");
        world.commit(world.directory.set_up(world.now_ms + LINK_MS - 1, link(2), &alice));
        assert!(matches!(world.directory.set_up(world.now_ms, link(2), &alice), Err(Error::SetUpDone)));
        assert!(matches!(world.directory.offer_set_up(world.now_ms, link(3)), Err(Error::SetUpDone)));
    }

    #[test]
    fn a_link_is_worthless_once_somebody_is_there() {
        let mut world = World::new();
        world.commit(world.directory.offer_set_up(world.now_ms, link(1)));
        world.add("alice", &["administrator"]);
        assert_eq!(world.directory.link, None);
    }

    #[test]
    fn a_name_is_given_once() {
        let mut world = World::new();
        world.add("alice", &[]);
        let again = NewUser { name: name("alice"), password: secret_hash(), roles: roles(&[]) };
        assert!(matches!(world.directory.create_user(&again, None), Err(Error::Exists(_))));
    }

    #[test]
    fn a_password_roles_and_disabling_end_ones_sessions_and_tokens_and_nobody_elses() {
        let (alice, rules) = (name("alice"), Rules::default());
        type Act = fn(&World, &UserName) -> Result<Batch>;
        let acts: [Act; 4] = [
            |world, user| world.directory.change_password(user, &secret_hash(), None),
            |world, user| world.directory.change_own_password(&world.proof(user.as_str()), &secret_hash()),
            |world, user| world.directory.change_roles(&Rules::default(), user, &roles(&["viewer"]), None),
            |world, user| world.directory.disable_user(&Rules::default(), user, None),
        ];
        for (number, act) in acts.into_iter().enumerate() {
            let mut world = World::new();
            world.add("alice", &["operator"]);
            world.add("bob", &["operator"]);
            let (session, token) = (world.sign_in("alice", 1), world.issue("alice", 1));
            let (others, program) = (world.sign_in("bob", 2), world.issue("bob", 2));
            world.commit(act(&world, &alice));
            assert!(world.directory.session(world.now_ms, &rules, session, 0).is_err(), "act {number}");
            assert!(world.directory.token(world.now_ms, &rules, token).is_err(), "act {number}");
            assert!(world.directory.session(world.now_ms, &rules, others, 0).is_ok(), "act {number}");
            assert!(world.directory.token(world.now_ms, &rules, program).is_ok(), "act {number}");
        }
    }

    #[test]
    fn a_user_who_is_disabled_looks_like_nobody_and_may_come_back() {
        let mut world = World::new();
        world.add("alice", &[]);
        let proof = world.proof("alice");
        world.commit(world.directory.disable_user(&Rules::default(), &name("alice"), None));
        let typed = crate::testing::secret();
        assert!(matches!(world.directory.password_check("alice").verify(&typed), Err(Error::SignIn)));
        assert!(matches!(world.try_sign_in(&proof, None, 1), Err(Error::SignIn)), "the proof is from before");
        assert!(world.directory.disable_user(&Rules::default(), &name("alice"), None).is_err());
        world.commit(world.directory.enable_user(&name("alice"), None));
        assert!(world.directory.enable_user(&name("alice"), None).is_err());
        world.sign_in("alice", 2);
    }

    #[test]
    fn the_last_administrator_stays() {
        let rules = Rules { must_remain: Some(RoleName::new("administrator").unwrap()), ..Rules::default() };
        let (mut world, alice) = (World::new(), name("alice"));
        world.add("alice", &["administrator", "viewer"]);
        world.add("bob", &["administrator"]);
        world.add("carol", &["viewer"]);
        world.commit(world.directory.disable_user(&rules, &name("bob"), None));
        world.commit(world.directory.disable_user(&rules, &name("carol"), None));
        assert!(matches!(world.directory.disable_user(&rules, &alice, None), Err(Error::LastOne(..))));
        let lesser = world.directory.change_roles(&rules, &alice, &roles(&["viewer"]), None);
        assert!(matches!(lesser, Err(Error::LastOne(..))));
        world.commit(world.directory.change_roles(&rules, &alice, &roles(&["administrator"]), None));
        world.commit(world.directory.enable_user(&name("bob"), None));
        world.commit(world.directory.disable_user(&rules, &alice, Some(&name("bob"))));
    }

    #[test]
    fn ones_own_password_is_changed_by_who_knows_it_and_only_once() {
        let mut world = World::new();
        world.add("alice", &[]);
        let proof = world.proof("alice");
        let to = crate::testing::other_hash();
        world.sign_in("alice", 1);
        world.commit(world.directory.change_own_password(&proof, &to));
        assert!(world.directory.sessions.is_empty());
        let again = world.directory.change_own_password(&proof, &secret_hash());
        assert!(matches!(again, Err(Error::Password)), "the proof is of the password before");
    }

    #[test]
    fn acts_upon_nobody_are_refused() {
        let (world, nobody) = (World::new(), name("nobody"));
        let refused = [
            world.directory.change_password(&nobody, &secret_hash(), None),
            world.directory.change_roles(&Rules::default(), &nobody, &roles(&[]), None),
            world.directory.disable_user(&Rules::default(), &nobody, None),
            world.directory.enable_user(&nobody, None),
        ];
        assert!(refused.iter().all(|answer| matches!(answer, Err(Error::NoUser(_)))));
    }
}
