//! What people say of a certificate: a profile may demand that some of its roles have signed off. A sign-off is signed by
//! its person's own key and added to the folder afterwards.
//!
//! It can only ever help. An approval counts while it is there; a rejection counts for nothing, as a missing one does; so
//! whoever removes a sign-off never makes a certificate better.

use std::collections::BTreeMap;

use plimsoll_base::Utc;
use plimsoll_proof::Digest;
use serde::{Deserialize, Serialize};

use crate::later::are_words;
use crate::statement::Statement;
use crate::subject::ResourceDescriptor;

/// Predicate of a sign-off.
pub const SIGN_OFF_TYPE: &str = "urn:plimsoll:sign-off:v1";
/// Where sign-offs lie.
pub const SIGN_OFFS: &str = "sign-offs/";
/// More people do not read a certificate, and every one costs a verifier a signature.
pub const SIGN_OFFS_MAX: usize = 64;
/// A sign-off takes less than 2 KiB of this.
pub const SIGN_OFF_BYTES_MAX: usize = 16 << 10;
/// A profile with more roles signs nothing off any more.
pub const ROLES_MAX: usize = 32;
/// A role's id is part of a file's name.
const ROLE_CHARACTERS_MAX: usize = 40;
/// What a sign-off is about, beside the digest of the certificate's payload.
const SUBJECT_NAME: &str = "certificate";

/// Somebody who has to look at a certificate, as the profile names him.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// Unique within the profile; `[a-z0-9-]`, 1 to 40.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// How to reach who has it.
    pub contact: String,
}

/// How many of which roles a profile demands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignOffDemand {
    /// So many of the roles must have approved, each with a key of its own.
    pub need: u64,
    /// The roles, in the order in which they are shown.
    pub roles: Vec<Role>,
}

/// What somebody decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// He answers for it.
    Approved,
    /// He does not.
    Rejected,
}

impl Decision {
    /// The decision's name in statements and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }
}

/// What one person signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignOffPredicate {
    /// In which role.
    pub role: String,
    /// Who, by name.
    pub who: String,
    /// What was decided.
    pub decision: Decision,
    /// Why. A rejection has a reason.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// When, as the person tells it.
    pub time: Utc,
    /// The first second at which it no longer counts: by then it must have been looked at again.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub next_review: Option<Utc>,
    /// The person's key, as a signed-note verifier key.
    pub key: String,
}

/// A sign-off as it is signed: about a certificate by the digest of its payload.
pub fn sign_off_statement(payload: Digest, predicate: SignOffPredicate) -> Statement<SignOffPredicate> {
    let digest = BTreeMap::from([("sha256".to_owned(), payload.to_string())]);
    Statement::new(&[ResourceDescriptor { name: SUBJECT_NAME.into(), digest }], SIGN_OFF_TYPE, predicate)
}

/// Where the `number`th sign-off of a role lies, counted from 1.
pub fn sign_off_path(role: &str, number: u64) -> String {
    format!("{SIGN_OFFS}{role}-{number}.dsse.json")
}

/// Whether a text can be a role's id.
pub fn is_role(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=ROLE_CHARACTERS_MAX).contains(&text.len()) && text.bytes().all(plain)
}

impl SignOffPredicate {
    /// What is wrong with it, if something is.
    pub fn problem(&self) -> Option<&'static str> {
        if !is_role(&self.role) {
            Some("the role is not 1 to 40 of a-z, 0-9 and -")
        } else if !are_words(&self.who) || self.reason.as_ref().is_some_and(|reason| !are_words(reason)) {
            Some("the name or the reason is empty, too long, or not one line")
        } else if self.decision == Decision::Rejected && self.reason.is_none() {
            Some("a rejection without a reason")
        } else if self.next_review.is_some_and(|next| next <= self.time) {
            Some("the next review is not after the sign-off")
        } else {
            None
        }
    }
}

impl SignOffDemand {
    /// What is wrong with it, if something is.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        let mut ids: Vec<&str> = self.roles.iter().map(|role| role.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        if self.roles.len() > ROLES_MAX || ids.len() != self.roles.len() || !ids.iter().all(|id| is_role(id))
        {
            Some("its roles are too many, not named as roles are, or not each of its own")
        } else if self.need == 0 || self.need > self.roles.len() as u64 {
            Some("it demands no sign-off, or more than it has roles")
        } else {
            None
        }
    }

    /// How many roles `approvals`, each a role and the digest of a key, fill if every key fills one: one person who signs
    /// for all of them is one person. It is the most that can be had, so that one approval more never counts for less.
    pub fn filled(&self, approvals: &[(&str, Digest)]) -> u64 {
        let mut by_key: BTreeMap<Digest, &str> = BTreeMap::new();
        let roles = self.roles.iter().map(|role| role.id.as_str());
        roles.filter(|role| fill(role, approvals, &mut by_key, &mut Vec::new())).count() as u64
    }
}

/// Finds a key for a role; one that another role has is taken if that role finds another.
fn fill<'a>(
    role: &'a str,
    approvals: &[(&'a str, Digest)],
    by_key: &mut BTreeMap<Digest, &'a str>,
    tried: &mut Vec<Digest>,
) -> bool {
    for (_, key) in approvals.iter().filter(|(approved, _)| *approved == role) {
        if tried.contains(key) {
            continue;
        }
        tried.push(*key);
        let holder = by_key.get(key).copied();
        if holder.is_none_or(|holder| fill(holder, approvals, by_key, tried)) {
            by_key.insert(*key, role);
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const IDS: [&str; 4] = ["a", "b", "c", "d"];

    fn demand() -> SignOffDemand {
        let role = |id: &&str| Role { id: (*id).into(), title: "T".into(), contact: "c".into() };
        SignOffDemand { need: 2, roles: IDS.iter().map(role).collect() }
    }

    fn approvals(of: &[(usize, u8)]) -> Vec<(&'static str, Digest)> {
        of.iter().map(|(role, key)| (IDS[*role], Digest::of(&[*key]))).collect()
    }

    #[test]
    fn one_key_fills_one_role_and_the_best_arrangement_counts() {
        let filled = |of: &[(usize, u8)]| demand().filled(&approvals(of));
        assert_eq!(filled(&[]), 0);
        assert_eq!(filled(&[(0, 1), (1, 1), (2, 1), (3, 1)]), 1, "one person is not four");
        assert_eq!(filled(&[(0, 1), (0, 2)]), 1);
        assert_eq!(filled(&[(0, 1), (1, 1), (0, 2)]), 2, "the first key moves on");
        assert_eq!(filled(&[(0, 1), (1, 2), (2, 3), (3, 4)]), 4);
        assert_eq!(filled(&[(0, 1), (1, 1), (1, 2), (2, 2), (0, 3)]), 3);
    }

    proptest! {
        /// Whoever removes an approval never makes it better.
        #[test]
        fn an_approval_less_never_fills_more(of in prop::collection::vec((0usize..4, 0u8..4), 0..9), drop in 0usize..9) {
            let whole = demand().filled(&approvals(&of));
            let mut less = of.clone();
            if drop < less.len() {
                less.remove(drop);
            }
            let without = demand().filled(&approvals(&less));
            prop_assert!(without <= whole && whole <= without + 1);
        }
    }

    #[test]
    fn a_demand_that_nobody_could_meet_is_refused() {
        assert_eq!(demand().problem(), None);
        let cases: [fn(&mut SignOffDemand); 5] = [
            |demand| demand.need = 0,
            |demand| demand.need = 5,
            |demand| demand.roles[1].id = "a".into(),
            |demand| demand.roles[1].id = "A/b".into(),
            |demand| demand.roles = Vec::new(),
        ];
        for change in cases {
            let mut changed = demand();
            change(&mut changed);
            assert!(changed.problem().is_some(), "{changed:?}");
        }
    }
}
