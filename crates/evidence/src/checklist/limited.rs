//! A limit that a subject promises: what is within it is served, what is beyond is refused with when to come back, and then
//! served again; others notice nothing (RFC 6585, RFC 9110 section 10.2.3).

use serde::{Deserialize, Serialize};

use super::CheckedCase;

const SECOND_NS: u64 = 1_000_000_000;
/// A clock that ticks in seconds tells a second more.
const ROUNDED_S: u64 = 1;

/// What was promised, and what came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limited {
    /// How many requests are promised to be served.
    pub allowed: u64,
    /// Within what time.
    pub window_ns: u64,
    /// What came of as many, one after the other.
    pub within: Vec<LimitReply>,
    /// What came of those that followed at once.
    pub beyond: Vec<LimitReply>,
    /// What came to somebody else then; absent if nobody else was known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub other: Option<LimitReply>,
    /// How long was waited then.
    pub waited_ns: u64,
    /// What came after that.
    pub after: LimitReply,
}

/// What came of one request.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitReply {
    /// The reply's status; absent if none came.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<u64>,
    /// The field `Retry-After`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub retry_after: Option<String>,
    /// The field `RateLimit-Remaining`, or `X-RateLimit-Remaining`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub remaining: Option<String>,
}

impl LimitReply {
    fn is_served(&self) -> bool {
        self.status.is_some_and(|status| (200..400).contains(&status))
    }

    /// Whether it says that there were too many.
    pub fn is_refused(&self) -> bool {
        matches!(self.status, Some(429 | 503))
    }

    fn shown(&self) -> String {
        self.status.map_or_else(|| "nothing".into(), |status| status.to_string())
    }

    /// How long it asks to wait, if it says that in seconds.
    pub fn wait_s(&self) -> Option<u64> {
        self.retry_after.as_ref()?.trim().parse().ok()
    }
}

/// The cases; `None` if fewer were asked than are promised, or nothing was asked beyond.
pub(super) fn cases(seen: &Limited) -> Option<Vec<CheckedCase>> {
    let is_whole = seen.allowed > 0
        && seen.within.len() as u64 == seen.allowed
        && !seen.beyond.is_empty()
        && seen.waited_ns <= seen.window_ns.saturating_add(2 * SECOND_NS);
    let case =
        |case: &str, seen: String, problem: Option<String>| CheckedCase { case: case.into(), seen, problem };
    let unserved = seen.within.iter().find(|reply| !reply.is_served());
    let refused: Vec<&LimitReply> = seen.beyond.iter().filter(|reply| reply.is_refused()).collect();
    let mut cases = vec![
        case(
            "as many as are allowed",
            seen.within.last().map(LimitReply::shown).unwrap_or_default(),
            unserved.map(|reply| format!("{} within the limit", reply.shown())),
        ),
        case(
            "more than are allowed",
            seen.beyond.last().map(LimitReply::shown).unwrap_or_default(),
            refused.is_empty().then(|| format!("{} more were all served", seen.beyond.len())),
        ),
        case(
            "when to come back",
            refused.first().and_then(|reply| reply.retry_after.clone()).unwrap_or_else(|| "nothing".into()),
            refused.iter().find_map(|reply| wait_problem(reply, seen.window_ns)),
        ),
        case(
            "what is left, where that is said",
            refused.first().and_then(|reply| reply.remaining.clone()).unwrap_or_else(|| "nothing".into()),
            remaining_problem(seen),
        ),
        case(
            "after the time that was said",
            seen.after.shown(),
            (!seen.after.is_served())
                .then(|| format!("{} after {} ms", seen.after.shown(), seen.waited_ns / 1_000_000)),
        ),
    ];
    if let Some(other) = &seen.other {
        let problem =
            (!other.is_served()).then(|| format!("{} to one who had asked for nothing", other.shown()));
        cases.push(case("somebody else meanwhile", other.shown(), problem));
    }
    is_whole.then_some(cases)
}

/// A number of seconds within which the limit has passed by its own word, or a date.
fn wait_problem(reply: &LimitReply, window_ns: u64) -> Option<String> {
    let Some(text) = &reply.retry_after else { return Some("no Retry-After".into()) };
    let most_s = window_ns.div_ceil(SECOND_NS) + ROUNDED_S;
    match reply.wait_s() {
        Some(seconds) if (1..=most_s).contains(&seconds) => None,
        Some(seconds) => Some(format!("Retry-After: {seconds}, where 1 to {most_s} would be true")),
        None if text.trim().ends_with("GMT") => None,
        None => Some("Retry-After is no time".into()),
    }
}

/// What is said to be left must be a number, never more than is allowed, and none beside a refusal.
fn remaining_problem(seen: &Limited) -> Option<String> {
    seen.within.iter().chain(&seen.beyond).find_map(|reply| {
        let text = reply.remaining.as_ref()?;
        match text.trim().parse::<u64>() {
            Err(_) => Some("it is no number".into()),
            Ok(left) if left > seen.allowed => Some(format!("{left} are more than were ever allowed")),
            Ok(left) if left > 0 && reply.is_refused() => Some(format!("{left} beside a refusal")),
            Ok(_) => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u64) -> LimitReply {
        LimitReply { status: Some(status), ..LimitReply::default() }
    }

    fn honest() -> Limited {
        let refused = LimitReply { retry_after: Some("2".into()), remaining: Some("0".into()), ..reply(429) };
        Limited {
            allowed: 3,
            window_ns: 2 * SECOND_NS,
            within: vec![reply(201); 3],
            beyond: vec![reply(201), refused],
            other: Some(reply(200)),
            waited_ns: 2 * SECOND_NS,
            after: reply(201),
        }
    }

    /// What is said when a limit is kept but for one thing.
    fn said(change: impl FnOnce(&mut Limited)) -> Vec<String> {
        let mut seen = honest();
        change(&mut seen);
        cases(&seen).unwrap().into_iter().filter_map(|case| case.problem).collect()
    }

    #[test]
    fn each_promise_is_broken_by_itself() {
        assert_eq!(said(|_| ()), [""; 0]);
        assert_eq!(said(|seen| seen.within[1] = reply(429)), ["429 within the limit"]);
        assert_eq!(said(|seen| seen.within[1] = LimitReply::default()), ["nothing within the limit"]);
        assert_eq!(said(|seen| seen.beyond = vec![reply(201); 7]), ["7 more were all served"]);
        assert_eq!(said(|seen| seen.beyond[1].retry_after = None), ["no Retry-After"]);
        assert_eq!(
            said(|seen| seen.beyond[1].retry_after = Some("0".into())),
            ["Retry-After: 0, where 1 to 3 would be true"]
        );
        assert_eq!(said(|seen| seen.beyond[1].retry_after = Some("soon".into())), ["Retry-After is no time"]);
        assert_eq!(
            said(|seen| seen.beyond[1].retry_after = Some("Sun, 22 Nov 2026 20:00:00 GMT".into())),
            [""; 0]
        );
        assert_eq!(said(|seen| seen.beyond[1].remaining = Some("1".into())), ["1 beside a refusal"]);
        assert_eq!(
            said(|seen| seen.within[0].remaining = Some("4".into())),
            ["4 are more than were ever allowed"]
        );
        assert_eq!(said(|seen| seen.within[0].remaining = Some("many".into())), ["it is no number"]);
        assert_eq!(said(|seen| seen.after = reply(429)), ["429 after 2000 ms"]);
        assert_eq!(said(|seen| seen.other = Some(reply(429))), ["429 to one who had asked for nothing"]);
    }

    #[test]
    fn what_was_not_asked_shows_nothing() {
        let whole = |change: &dyn Fn(&mut Limited)| {
            let mut seen = honest();
            change(&mut seen);
            cases(&seen).is_some()
        };
        assert!(whole(&|seen| seen.other = None));
        assert!(!whole(&|seen| seen.within.clear()));
        assert!(!whole(&|seen| seen.beyond.clear()));
        assert!(!whole(&|seen| (seen.allowed, seen.within) = (0, Vec::new())));
        assert!(!whole(&|seen| seen.waited_ns = 5 * SECOND_NS), "everybody is served after a long time");
    }
}
