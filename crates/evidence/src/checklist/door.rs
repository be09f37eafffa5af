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
    /// Where the reply sends its client, without what stands behind `?` or `#`; absent if nowhere.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub location: Option<String>,
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
            Some(401 | 403) => None,
            Some(status) if is_redirection(status) => None,
            Some(status) => Some(format!("{status} is no refusal of somebody who is not known")),
            None => Some("no reply".into()),
        }
    }

    /// Whether somebody was let in or refused: whoever is sent nowhere, to the same under another address, or to a part of it,
    /// was neither refused nor has he come to it yet.
    fn is_decided(&self) -> bool {
        let leads_elsewhere =
            || self.location.as_deref().is_some_and(|location| !is_kin(&self.operation, location));
        !self.status.is_some_and(is_redirection) || leads_elsewhere()
    }
}

/// RFC 9110, 15.4: those that send a client elsewhere.
fn is_redirection(status: u64) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// Whether a redirection leads to what an operation is about: to the same with a slash more, by TLS, below another base; to what
/// was made in it; or to what a thing was removed from. Then one of the paths stands within the other.
fn is_kin(operation: &str, location: &str) -> bool {
    let path = operation.split_once(' ').map_or(operation, |(_, path)| path);
    let location = match location.split_once("//") {
        Some((scheme, rest)) if scheme.is_empty() || scheme.ends_with(':') => {
            rest.split_once('/').map_or("", |(_, path)| path)
        }
        _ => location,
    };
    let (own, led) = (segments(path), segments(location));
    if own.is_empty() || led.is_empty() {
        return own.is_empty() && led.is_empty();
    }
    let is_any = |part: &str| part.starts_with('{');
    let is_bound = own.iter().any(|part| !is_any(part));
    // The parts of both that meet if one begins so much further right.
    let meets = |own: &[String], led: &[String]| {
        let pairs = || own.iter().zip(led);
        let is_like = |(own, led): (&String, &String)| own == led || is_any(own);
        pairs().all(is_like) && (!is_bound || pairs().any(|(own, _)| !is_any(own)))
    };
    let (few, many) = (own.len().min(led.len()), own.len().max(led.len()));
    (0..=many - few).any(|at| match own.len() == few {
        true => meets(&own, &led[at..]),
        false => meets(&own[at..], &led),
    })
}

fn segments(path: &str) -> Vec<String> {
    path.split('/').filter(|part| !matches!(*part, "" | "." | "..")).map(str::to_lowercase).collect()
}

/// Doors at which somebody was let in or refused, of all.
pub(super) fn reached(doors: &[Door]) -> Reached {
    let decided = doors.iter().filter(|door| door.is_decided()).count() as u64;
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
        seen: match (door.status, &door.location) {
            (None, _) => "nothing".into(),
            (Some(status), None) => status.to_string(),
            (Some(status), Some(location)) => format!("{status} to {location}"),
        },
        problem: door.problem(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doors(statuses: [Option<u64>; 2]) -> Vec<Door> {
        let tried = Shown::ALL.into_iter().zip(statuses);
        tried
            .map(|(shown, status)| Door { operation: "GET /users".into(), shown, status, location: None })
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
        assert_eq!(wrong([Some(304), Some(300)]), [true, true], "whoever has it keeps it; there are several");
        assert_eq!(wrong([None, Some(401)]), [true, false]);
    }

    #[test]
    fn whoever_is_sent_to_the_same_under_another_address_has_not_come_to_it() {
        let decided = |operation: &str, status: u64, location: Option<&str>| {
            let location = location.map(str::to_owned);
            let door =
                Door { operation: operation.into(), shown: Shown::Nothing, status: Some(status), location };
            reached(&[door]).observed == 1
        };
        let user = "GET /users/{name}";
        for location in
            ["/users/ann/", "https://h/users/ann", "//h/users/Ann", "/v2/users/ann", "/users", "./users/ann/"]
        {
            assert!(!decided(user, 308, Some(location)), "{location}");
        }
        for location in ["/login", "/", "https://sign.in", "https://id.example/ann/login", "/people/ann"] {
            assert!(decided(user, 302, Some(location)), "{location}");
        }
        assert!(!decided("POST /notes", 303, Some("/notes/5")), "it was made");
        assert!(!decided("DELETE /notes/{id}", 303, Some("/notes")), "it was removed");
        assert!(!decided("GET /", 301, Some("https://h")) && !decided("GET /", 301, Some("https://h/")));
        assert!(decided("GET /", 302, Some("/login")));
        assert!(!decided(user, 302, None), "it leads nowhere");
        assert!(decided(user, 401, None) && decided(user, 200, None));
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
