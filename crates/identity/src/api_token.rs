//! Tokens by which programs act for their owner.

use std::collections::BTreeSet;

use plimsoll_store::Batch;

use crate::directory::{Directory, Token};
use crate::error::{Error, Result};
use crate::event::Event;
use crate::names::{Label, Scope, UserName};
use crate::rules::Rules;
use crate::sign_in::{Principal, principal};
use crate::token::TokenId;

/// Most tokens of one user that have not expired: what is not counted is not looked after.
pub const TOKENS_PER_USER_MAX: usize = 10;
/// Longest life of a token, in days.
pub const TOKEN_DAYS_MAX: u64 = 365;
/// Most scopes of one token: more than there are actions.
pub const SCOPES_MAX: usize = 200;
const DAY_MS: u64 = 86_400_000;
const LIFE_MS_MIN: u64 = 60_000;

/// A token to be.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// Whose it will be.
    pub user: UserName,
    /// What the owner calls it.
    pub label: Label,
    /// What it may be used for. Whether each is a known action, and one that the owner may do, is checked before.
    pub scopes: BTreeSet<Scope>,
    /// How long it lives, in milliseconds.
    pub life_ms: u64,
}

impl Directory {
    /// Gives out a token.
    pub fn issue_token(
        &self,
        now_ms: u64,
        rules: &Rules,
        token: TokenId,
        wanted: &NewToken,
    ) -> Result<Batch> {
        let user = self.enabled(&wanted.user)?;
        if user.second_factor.is_none() && rules.demand_second_factor(&user.roles) {
            return Err(Error::SecondFactorDemanded);
        }
        if !(LIFE_MS_MIN..=TOKEN_DAYS_MAX * DAY_MS).contains(&wanted.life_ms) {
            return Err(Error::Lifetime(TOKEN_DAYS_MAX));
        }
        if wanted.scopes.len() > SCOPES_MAX {
            return Err(Error::TooMany { what: "scopes", max: SCOPES_MAX });
        }
        if self.tokens_of(now_ms, &wanted.user).len() >= TOKENS_PER_USER_MAX {
            return Err(Error::TooMany { what: "tokens", max: TOKENS_PER_USER_MAX });
        }
        let NewToken { user, label, scopes, life_ms } = wanted.clone();
        let expires_ms = now_ms.saturating_add(life_ms);
        self.batch(&[Event::TokenIssued { token, user, label, scopes, expires_ms }])
    }

    /// Who is asking with a token.
    pub fn token(&self, now_ms: u64, rules: &Rules, id: TokenId) -> Result<Principal> {
        let token = self.tokens.get(&id).filter(|token| now_ms < token.expires_ms).ok_or(Error::TokenDead)?;
        let user = self.users.get(&token.user).filter(|user| user.enabled).ok_or(Error::TokenDead)?;
        Ok(principal(rules, &token.user, user, Some(token.scopes.clone()), user.second_factor.is_some()))
    }

    /// A user's tokens that have not expired, the last given out first.
    pub fn tokens_of(&self, now_ms: u64, user: &UserName) -> Vec<(TokenId, &Token)> {
        let own = self.tokens.iter().filter(|(_, token)| token.user == *user && token.expires_ms > now_ms);
        let mut own = own.map(|(id, token)| (*id, token)).collect::<Vec<_>>();
        own.sort_unstable_by_key(|(id, token)| (std::cmp::Reverse(token.issued_ms), *id));
        own
    }

    /// Revokes a token of a user. A token of somebody else is not found.
    pub fn revoke_token(&self, user: &UserName, token: TokenId, by: Option<&UserName>) -> Result<Batch> {
        let own = self.tokens.get(&token).filter(|token| token.user == *user);
        own.ok_or(Error::NotFound("token"))?;
        self.batch(&[Event::TokenRevoked { token, by: by.cloned() }])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::RoleName;
    use crate::testing::{World, name, roles, token};

    fn wanted(life_ms: u64) -> NewToken {
        NewToken {
            user: name("alice"),
            label: Label::new("ci").unwrap(),
            scopes: BTreeSet::from([Scope::new("certification.read").unwrap()]),
            life_ms,
        }
    }

    #[test]
    fn a_token_lives_at_most_a_year_and_dies_on_time() {
        let (mut world, rules) = (World::new(), Rules::default());
        world.add("alice", &["operator"]);
        for life in [0, LIFE_MS_MIN - 1, 365 * DAY_MS + 1, u64::MAX] {
            let refused = world.directory.issue_token(world.now_ms, &rules, token(1), &wanted(life));
            assert!(matches!(refused, Err(Error::Lifetime(365))), "{life} ms");
        }
        let issued = world.now_ms;
        world.commit(world.directory.issue_token(issued, &rules, token(1), &wanted(365 * DAY_MS)));
        assert!(world.directory.token(issued + 365 * DAY_MS - 1, &rules, token(1)).is_ok());
        let dead = world.directory.token(issued + 365 * DAY_MS, &rules, token(1));
        assert!(matches!(dead, Err(Error::TokenDead)));
    }

    #[test]
    fn an_owner_has_at_most_ten_and_expired_ones_do_not_count() {
        let (mut world, rules) = (World::new(), Rules::default());
        world.add("alice", &["operator"]);
        for number in 0..10 {
            let life = wanted(if number == 0 { LIFE_MS_MIN } else { DAY_MS });
            world.commit(world.directory.issue_token(world.now_ms, &rules, token(number), &life));
        }
        let one_more =
            |world: &World| world.directory.issue_token(world.now_ms, &rules, token(10), &wanted(DAY_MS));
        assert!(matches!(one_more(&world), Err(Error::TooMany { what: "tokens", max: 10 })));
        world.now_ms += LIFE_MS_MIN;
        world.commit(one_more(&world));
        assert_eq!(world.directory.tokens.len(), 10, "the expired one is forgotten");
    }

    #[test]
    fn a_revoked_token_is_dead_at_once_and_only_its_owner_finds_it() {
        let (mut world, rules) = (World::new(), Rules::default());
        world.add("alice", &["operator"]);
        let id = world.issue("alice", 1);
        assert!(matches!(
            world.directory.revoke_token(&name("mallory"), id, None),
            Err(Error::NotFound("token"))
        ));
        world.commit(world.directory.revoke_token(&name("alice"), id, None));
        assert!(matches!(world.directory.token(world.now_ms, &rules, id), Err(Error::TokenDead)));
    }

    #[test]
    fn the_roles_are_those_of_the_owner_at_the_moment_of_use() {
        let (mut world, rules) = (World::new(), Rules::default());
        world.add("alice", &["operator"]);
        let id = world.issue("alice", 1);
        assert_eq!(world.directory.token(world.now_ms, &rules, id).unwrap().roles, roles(&["operator"]));
        // Had the token survived the change, it would have the new roles and not those it was given out under.
        world.directory.users.get_mut(&name("alice")).unwrap().roles = roles(&["viewer"]);
        assert_eq!(world.directory.token(world.now_ms, &rules, id).unwrap().roles, roles(&["viewer"]));
        world.directory.users.get_mut(&name("alice")).unwrap().enabled = false;
        assert!(matches!(world.directory.token(world.now_ms, &rules, id), Err(Error::TokenDead)));
    }

    #[test]
    fn who_needs_a_second_factor_gets_no_token_without() {
        let strict = Rules {
            second_factor_for: BTreeSet::from([RoleName::new("operator").unwrap()]),
            ..Rules::default()
        };
        let mut world = World::new();
        world.add("alice", &["operator"]);
        let refused = world.directory.issue_token(world.now_ms, &strict, token(1), &wanted(DAY_MS));
        assert!(matches!(refused, Err(Error::SecondFactorDemanded)));
    }
}
