//! Access: what each of several users may do by the word of the subject's owner, tried by all of them (OWASP API1 and API5,
//! ASVS 8.2 and 8.3).
//!
//! A refusal shows something only beside somebody who was not refused, so that each operation is asked for by one who may.

use plimsoll_base::Unit;
use serde::{Deserialize, Serialize};

use super::{CheckedCase, Reached};

/// What became of one user's call of one operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// Method and path as the reference writes them.
    pub operation: String,
    /// Whose ids stood in the call; absent of an operation that belongs to nobody.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub of: Option<String>,
    /// Whose credential was shown.
    pub user: String,
    /// Whether the subject's owner says that this user may.
    pub may: bool,
    /// The reply's status; absent if none came.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<u64>,
}

/// Every call; `None` if there is none that must be refused, or none that must be let in beside it.
pub(super) fn cases(tried: &[Access]) -> Option<Vec<CheckedCase>> {
    let has_twin = |access: &Access| tried.iter().any(|other| other.may && is_same(access, other));
    let is_whole = tried.iter().any(|access| !access.may) && tried.iter().all(has_twin);
    is_whole.then(|| tried.iter().map(|access| checked(access, tried)).collect())
}

/// Of what was asked for, how much was let in for one who may: all must have been. A request that is refused to him for what it
/// says, or for how often it came, may have been refused before anybody asked who he is.
pub(super) fn reached(tried: &[Access]) -> Reached {
    let is_first =
        |(at, access): &(usize, &Access)| !tried.iter().take(*at).any(|other| is_same(access, other));
    let things = tried.iter().enumerate().filter(is_first);
    let is_let_in = |access: &Access| {
        let is_in = |status| matches!(status, 200..=399 | 404 | 409 | 410 | 412 | 422);
        tried.iter().any(|other| other.may && is_same(access, other) && other.status.is_some_and(is_in))
    };
    let observed = things.clone().filter(|(_, access)| is_let_in(access)).count() as u64;
    Reached { gate: "let-in", observed, limit: things.count() as u64, unit: Unit::Count }
}

/// Whether two calls are of one operation upon the same thing.
fn is_same(access: &Access, other: &Access) -> bool {
    access.operation == other.operation && access.of == other.of
}

fn checked(access: &Access, tried: &[Access]) -> CheckedCase {
    let whose = access.of.as_ref().filter(|of| **of != access.user);
    let whose = whose.map_or_else(String::new, |of| format!(" upon what is {of}'s"));
    let may = if access.may { ", who may" } else { "" };
    CheckedCase {
        case: format!("{}{whose} by {}{may}", access.operation, access.user),
        seen: access.status.map_or_else(|| "nothing".into(), |status| status.to_string()),
        problem: problem(access, tried),
    }
}

fn problem(access: &Access, tried: &[Access]) -> Option<String> {
    let Some(status) = access.status else { return Some("no reply".into()) };
    // What is not found by one who may not look is hidden from him, unless nobody finds it.
    let is_there = || {
        let mut twins = tried.iter().filter(|other| other.may && is_same(access, other));
        twins.any(|twin| twin.status.is_some_and(|status| (200..300).contains(&status)))
    };
    match (access.may, status) {
        (true, 401 | 403) => Some(format!("{status} to one who may")),
        (true, 500..) => Some(format!("{status} shows nothing of whether he may")),
        (true, _) | (false, 401 | 403) => None,
        (false, 404) if is_there() => None,
        (false, 404) => Some("404, and nobody has seen that it is there".into()),
        (false, _) => Some(format!("{status} is no refusal of one who may not")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(user: &str, may: bool, status: u64) -> Access {
        let of = Some("alice".to_owned());
        Access { operation: "GET /users/{user}".into(), of, user: user.into(), may, status: Some(status) }
    }

    /// What is said of bob, who may not, beside alice, who may.
    fn said(bob: u64, alice: u64) -> [Option<String>; 2] {
        let cases = cases(&[access("bob", false, bob), access("alice", true, alice)]).unwrap();
        [cases[0].problem.clone(), cases[1].problem.clone()]
    }

    #[test]
    fn only_a_refusal_beside_one_who_is_let_in_is_good() {
        for (bob, alice) in [(401, 200), (403, 422), (404, 204), (403, 404)] {
            assert_eq!(said(bob, alice), [None, None], "{bob} {alice}");
        }
        assert_eq!(said(200, 200)[0].as_deref(), Some("200 is no refusal of one who may not"));
        assert_eq!(said(404, 404)[0].as_deref(), Some("404, and nobody has seen that it is there"));
        assert_eq!(said(403, 403)[1].as_deref(), Some("403 to one who may"));
        assert_eq!(said(403, 500)[1].as_deref(), Some("500 shows nothing of whether he may"));
        assert!(said(500, 200)[0].is_some() && said(303, 200)[0].is_some());
        let silent = Access { status: None, ..access("bob", false, 0) };
        let cases = cases(&[silent, access("alice", true, 200)]).unwrap();
        assert_eq!(cases[0].problem.as_deref(), Some("no reply"));
        assert_eq!(cases[0].case, "GET /users/{user} upon what is alice's by bob");
    }

    #[test]
    fn one_who_may_and_is_refused_for_another_reason_was_not_let_in() {
        let let_in = |statuses: [u64; 2]| {
            let of_bob = |access: Access| Access { of: Some("bob".into()), ..access };
            let [first, second] = statuses.map(|status| access("alice", true, status));
            let bob = access("bob", false, 403);
            let reached = reached(&[bob.clone(), first, of_bob(bob), of_bob(second)]);
            (reached.observed, reached.limit)
        };
        assert_eq!(let_in([200, 422]), (2, 2));
        assert_eq!(let_in([404, 303]), (2, 2));
        for status in [400, 401, 403, 405, 407, 413, 415, 429, 500] {
            assert_eq!(let_in([status, 204]), (1, 2), "{status}");
        }
    }

    #[test]
    fn a_refusal_without_one_who_is_let_in_shows_nothing() {
        let (bob, alice) = (access("bob", false, 403), access("alice", true, 200));
        let elsewhere = Access { of: Some("bob".into()), ..alice.clone() };
        assert!(cases(&[bob.clone(), alice.clone()]).is_some());
        for few in [vec![], vec![bob.clone()], vec![alice], vec![bob, elsewhere]] {
            assert_eq!(cases(&few), None);
        }
    }
}
