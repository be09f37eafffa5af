//! The second factor: set up in two steps, so that nobody locks himself out with an authenticator that does not work.

use std::collections::BTreeSet;

use plimsoll_store::Batch;

use crate::directory::Directory;
use crate::error::{Error, Result};
use crate::event::Event;
use crate::names::UserName;
use crate::password::PasswordProof;
use crate::recovery::RecoveryHash;
use crate::token::SessionId;
use crate::totp::TotpSecret;

impl Directory {
    /// Offers a secret to a user who has none and has just typed the password, instead of the one offered before: a
    /// session alone, left open or stolen, could lock its owner out. It counts when a code of it has been typed.
    pub fn offer_second_factor(&self, proof: &PasswordProof, secret: &TotpSecret) -> Result<Batch> {
        let user = proof.user.clone();
        if self.proven(proof)?.second_factor.is_some() {
            return Err(Error::SecondFactorExists(user));
        }
        let sealed = self.seals.seal(&user, secret)?;
        self.batch(&[Event::SecondFactorOffered { user, sealed }])
    }

    /// Takes the offered secret into use, with a code of it and with new recovery codes. The session in which it is
    /// done is from then on as good as one that began with a code.
    pub fn confirm_second_factor(
        &self,
        now_ms: u64,
        user: &UserName,
        code: &str,
        recovery: &BTreeSet<RecoveryHash>,
        session: Option<SessionId>,
    ) -> Result<Batch> {
        let offered = self.enabled(user)?.offered.as_ref().ok_or(Error::NotFound("offered second factor"))?;
        let step = offered.step_of(code, now_ms, None).ok_or(Error::Code)?;
        let (user, recovery) = (user.clone(), recovery.clone());
        self.batch(&[Event::SecondFactorConfirmed { user, step, recovery, session }])
    }

    /// Takes away a user's second factor. All of the user's sessions end.
    pub fn remove_second_factor(&self, user: &UserName, by: Option<&UserName>) -> Result<Batch> {
        self.user(user)?.second_factor.as_ref().ok_or(Error::NotFound("second factor"))?;
        self.batch(&[Event::SecondFactorRemoved { user: user.clone(), by: by.cloned() }])
    }

    /// Gives a user new recovery codes. The old ones are worth nothing from then on. A code shows that it is the user.
    pub fn renew_recovery_codes(
        &self,
        now_ms: u64,
        user: &UserName,
        code: &str,
        recovery: &BTreeSet<RecoveryHash>,
    ) -> Result<Batch> {
        let used = self.take_code(now_ms, user, code)?;
        let renewed = Event::RecoveryRenewed { user: user.clone(), recovery: recovery.clone() };
        self.batch(&[used, renewed])
    }

    /// That a code was used, if it is right: six digits of the authenticator, or a recovery code.
    pub(crate) fn take_code(&self, now_ms: u64, user: &UserName, code: &str) -> Result<Event> {
        let factor = self.enabled(user)?.second_factor.as_ref().ok_or(Error::NotFound("second factor"))?;
        if let Some(step) = factor.secret.step_of(code.trim(), now_ms, Some(factor.last_step)) {
            return Ok(Event::CodeUsed { user: user.clone(), step });
        }
        let recovery = RecoveryHash::of(code).filter(|code| factor.recovery.contains(code));
        recovery.map(|code| Event::RecoveryUsed { user: user.clone(), code }).ok_or(Error::Code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::RoleName;
    use crate::rules::Rules;
    use crate::testing::{World, name, session};
    use crate::totp::STEP_SECONDS;

    fn step(world: &World) -> u64 {
        world.now_ms / 1_000 / STEP_SECONDS
    }

    /// Alice with a second factor that was set up one minute ago, and her recovery codes.
    fn world_with_factor() -> (World, TotpSecret, Vec<String>) {
        let (mut world, secret) = (World::new(), TotpSecret::generate().unwrap());
        world.add("alice", &["administrator"]);
        let codes = world.enrol("alice", &secret);
        world.now_ms += 60_000;
        (world, secret, codes)
    }

    #[test]
    fn once_set_up_no_session_opens_without_a_code() {
        let (mut world, secret, _) = world_with_factor();
        let proof = world.proof("alice");
        assert!(matches!(world.try_sign_in(&proof, None, 1), Err(Error::CodeNeeded)));
        for wrong in ["", "000000x", "abcd-efgh-ijkl-mnop"] {
            assert!(matches!(world.try_sign_in(&proof, Some(wrong), 1), Err(Error::Code)), "{wrong}");
        }
        let code = secret.code(step(&world)).unwrap();
        world.commit(world.try_sign_in(&proof, Some(&code), 1));
        assert!(world.directory.sessions[&session(1)].second_factor);
    }

    #[test]
    fn a_code_opens_one_session_and_no_second_one() {
        let (mut world, secret, _) = world_with_factor();
        let proof = world.proof("alice");
        let (code, before) = (secret.code(step(&world)).unwrap(), secret.code(step(&world) - 1).unwrap());
        world.commit(world.try_sign_in(&proof, Some(&code), 1));
        assert!(matches!(world.try_sign_in(&proof, Some(&code), 2), Err(Error::Code)), "used");
        assert!(matches!(world.try_sign_in(&proof, Some(&before), 2), Err(Error::Code)), "older");
    }

    #[test]
    fn the_code_that_set_it_up_opens_nothing() {
        let (mut world, secret, _) = world_with_factor();
        world.now_ms -= 60_000;
        let code = secret.code(step(&world)).unwrap();
        assert!(matches!(world.try_sign_in(&world.proof("alice"), Some(&code), 1), Err(Error::Code)));
    }

    #[test]
    fn a_recovery_code_opens_one_session() {
        let (mut world, _, codes) = world_with_factor();
        let proof = world.proof("alice");
        world.commit(world.try_sign_in(&proof, Some(&codes[3]), 1));
        assert_eq!(world.directory.user(&name("alice")).unwrap().recovery_codes_left(), 9);
        assert!(matches!(world.try_sign_in(&proof, Some(&codes[3]), 2), Err(Error::Code)));
        world.commit(world.try_sign_in(&proof, Some(&codes[4]), 2));
    }

    #[test]
    fn new_recovery_codes_replace_the_old_ones_and_need_a_code() {
        let (mut world, secret, old) = world_with_factor();
        let new = BTreeSet::from([RecoveryHash::of("aaaa-bbbb-cccc-dddd").unwrap()]);
        let alice = name("alice");
        let without = world.directory.renew_recovery_codes(world.now_ms, &alice, "x", &new);
        assert!(matches!(without, Err(Error::Code)));
        let code = secret.code(step(&world)).unwrap();
        world.commit(world.directory.renew_recovery_codes(world.now_ms, &alice, &code, &new));
        let proof = world.proof("alice");
        assert!(matches!(world.try_sign_in(&proof, Some(&old[0]), 1), Err(Error::Code)));
        world.commit(world.try_sign_in(&proof, Some("AAAA BBBB CCCC DDDD"), 1));
    }

    #[test]
    fn what_was_offered_counts_only_when_confirmed() {
        let (mut world, alice) = (World::new(), name("alice"));
        let (first, second) = (TotpSecret::generate().unwrap(), TotpSecret::generate().unwrap());
        world.add("alice", &[]);
        world.commit(world.directory.offer_second_factor(&world.proof("alice"), &first));
        world.sign_in("alice", 1);
        world.commit(world.directory.offer_second_factor(&world.proof("alice"), &second));
        let confirm = |world: &World, code: &str| {
            world.directory.confirm_second_factor(world.now_ms, &alice, code, &BTreeSet::new(), None)
        };
        let replaced = first.code(step(&world)).unwrap();
        assert!(matches!(confirm(&world, &replaced), Err(Error::Code)));
        world.commit(confirm(&world, &second.code(step(&world)).unwrap()));
        assert!(world.directory.user(&alice).unwrap().has_second_factor());
        let again = world.directory.offer_second_factor(&world.proof("alice"), &first);
        assert!(matches!(again, Err(Error::SecondFactorExists(_))));
    }

    #[test]
    fn a_role_can_demand_it_of_sessions_and_tokens() {
        let strict = Rules {
            second_factor_for: BTreeSet::from([RoleName::new("administrator").unwrap()]),
            ..Rules::default()
        };
        let (mut world, secret) = (World::new(), TotpSecret::generate().unwrap());
        world.add("alice", &["administrator"]);
        world.add("bob", &["viewer"]);
        let (weak, other) = (world.sign_in("alice", 1), world.sign_in("bob", 2));
        let token = world.issue("alice", 1);
        let session_must =
            |world: &World, id| world.directory.session(world.now_ms, &strict, id, 0).unwrap().must_enrol;
        let token_must =
            |world: &World| world.directory.token(world.now_ms, &strict, token).unwrap().must_enrol;
        assert!(session_must(&world, weak) && token_must(&world));
        assert!(!session_must(&world, other));
        assert!(!world.directory.session(world.now_ms, &Rules::default(), weak, 0).unwrap().must_enrol);
        let second = world.sign_in("alice", 3);
        world.enrol_in("alice", &secret, Some(weak));
        assert!(!session_must(&world, weak) && !token_must(&world));
        assert!(session_must(&world, second), "a session that began without a code stays so");
    }

    #[test]
    fn a_factor_is_not_confirmed_into_somebody_elses_session() {
        let (mut world, secret) = (World::new(), TotpSecret::generate().unwrap());
        world.add("alice", &[]);
        world.add("mallory", &[]);
        let hers = world.sign_in("alice", 1);
        world.enrol_in("mallory", &secret, Some(hers));
        assert!(!world.directory.sessions[&hers].second_factor);
    }

    #[test]
    fn taking_it_away_ends_all_sessions() {
        let (mut world, secret, _) = world_with_factor();
        let code = secret.code(step(&world)).unwrap();
        world.commit(world.try_sign_in(&world.proof("alice"), Some(&code), 1));
        world.commit(world.directory.remove_second_factor(&name("alice"), None));
        assert!(world.directory.sessions.is_empty());
        world.sign_in("alice", 2);
        assert!(world.directory.remove_second_factor(&name("alice"), None).is_err());
    }
}
