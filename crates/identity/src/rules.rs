//! What an installation decides: how long a session lives, and who needs a second factor.

use std::collections::BTreeSet;

use crate::names::RoleName;

/// How strict to be. A change holds from the next request on, for sessions that are open too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// A session ends when it was not used for so long, in milliseconds. Half an hour unless told otherwise.
    pub idle_ms: u64,
    /// A session ends so long after the sign-in, however much it is used, in milliseconds. Twelve hours unless told
    /// otherwise.
    pub absolute_ms: u64,
    /// Whoever has one of these roles needs a second factor.
    pub second_factor_for: BTreeSet<RoleName>,
    /// A role that somebody who may come in must keep: without an administrator nobody could give the role back.
    pub must_remain: Option<RoleName>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            idle_ms: 30 * 60_000,
            absolute_ms: 12 * 3_600_000,
            second_factor_for: BTreeSet::new(),
            must_remain: None,
        }
    }
}

impl Rules {
    pub(crate) fn demand_second_factor(&self, roles: &BTreeSet<RoleName>) -> bool {
        !self.second_factor_for.is_disjoint(roles)
    }
}
