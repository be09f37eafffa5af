//! Doors: what the subject's own reference says that only somebody who is known may do, tried by nobody (OWASP ASVS 8.2).

use serde::{Deserialize, Serialize};

use plimsoll_base::Unit;

use super::{CheckedCase, Reached};

/// What is shown at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shown {
    /// Nothing.
    Nothing,
    /// A token that nobody has signed (a JWT with the algorithm `none`), and a session that nobody has opened.
    Forged,
}

/// What became of one operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Door {
    /// Method and path as the reference writes them.
    pub operation: String,
    /// What was shown.
    pub shown: Shown,
    /// The reply's status; absent if none came.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<u64>,
    /// Whether it sends to what was asked for under another address: with a slash more, by TLS, or moved.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub to_itself: bool,
}

impl Shown {
    /// All that is shown at each door, in this order.
    pub const ALL: [Self; 2] = [Self::Nothing, Self::Forged];

    fn words(self) -> &'static str {
        match self {
            Self::Nothing => "without a token",
            Self::Forged => "with a forged token",
        }
    }
}

impl Door {
    /// What is wrong, if anything is. A redirection elsewhere leads to where one signs in.
    fn problem(&self) -> Option<String> {
        match self.status {
            Some(401 | 403 | 301..=308) => None,
            Some(status) => Some(format!("{status} is no refusal of somebody who is not known")),
            None => Some("no reply".into()),
        }
    }
}

/// Doors at which somebody was let in or refused, of all: whoever is only sent to the same under another address has not come
/// to it yet.
pub(super) fn reached(doors: &[Door]) -> Reached {
    let decided = doors.iter().filter(|door| !door.to_itself).count() as u64;
    Reached { gate: "not-moved", observed: decided, limit: doors.len() as u64, unit: Unit::Count }
}

/// Every operation with all that is shown; `None` if there is no operation, or one was not tried in every way.
pub(super) fn cases(doors: &[Door]) -> Option<Vec<CheckedCase>> {
    let is_whole = |door: &[Door]| {
        let shown = door.iter().map(|door| door.shown);
        shown.eq(Shown::ALL) && door.iter().all(|other| other.operation == door[0].operation)
    };
    let whole = !doors.is_empty() && doors.chunks(Shown::ALL.len()).all(is_whole);
    whole.then(|| doors.iter().map(checked).collect())
}

fn checked(door: &Door) -> CheckedCase {
    CheckedCase {
        case: format!("{} {}", door.operation, door.shown.words()),
        seen: door.status.map_or_else(|| "nothing".into(), |status| status.to_string()),
        problem: door.problem(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doors(statuses: [Option<u64>; 2]) -> Vec<Door> {
        let tried = Shown::ALL.into_iter().zip(statuses);
        tried
            .map(|(shown, status)| Door { operation: "GET /users".into(), shown, status, to_itself: false })
            .collect()
    }

    fn wrong(statuses: [Option<u64>; 2]) -> Vec<bool> {
        cases(&doors(statuses)).unwrap().iter().map(|case| case.problem.is_some()).collect()
    }

    #[test]
    fn only_a_refusal_is_good() {
        assert_eq!(wrong([Some(401), Some(403)]), [false, false]);
        assert_eq!(wrong([Some(303), Some(401)]), [false, false]);
        assert_eq!(wrong([Some(200), Some(401)]), [true, false]);
        assert_eq!(wrong([Some(401), Some(404)]), [false, true], "it has looked");
        assert_eq!(wrong([Some(422), Some(500)]), [true, true]);
        assert_eq!(wrong([None, Some(401)]), [true, false]);
    }

    #[test]
    fn whoever_is_sent_to_the_same_under_another_address_has_not_come_to_it() {
        let mut doors = doors([Some(308), Some(303)]);
        assert_eq!((reached(&doors).observed, reached(&doors).limit), (2, 2));
        doors[0].to_itself = true;
        assert_eq!((reached(&doors).observed, reached(&doors).limit), (1, 2));
    }

    #[test]
    fn a_door_that_was_not_tried_in_every_way_shows_nothing() {
        let all = doors([Some(401), Some(401)]);
        assert_eq!(cases(&[]), None);
        assert_eq!(cases(&all[..1]), None);
        let mut others = all.clone();
        others[1].operation = "PUT /users".into();
        assert_eq!(cases(&others), None);
    }
}
