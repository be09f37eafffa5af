//! Writes that are sent again under the same key, as whoever lost an answer does: done once, and answered as before.

use plimsoll_proof::Digest;
use serde::{Deserialize, Serialize};

use super::CheckedCase;

/// How a write is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Retry {
    /// After the answer.
    Twice,
    /// At the same time, on another connection.
    AtOnce,
    /// After the connection was cut before the answer came.
    CutOff,
    /// After the answer, with another body.
    OtherBody,
}

/// What came of a write that was sent again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetriedWrite {
    /// How.
    pub retry: Retry,
    /// The replies that were waited for.
    pub replies: Vec<WriteReply>,
    /// What could be counted before; absent if nothing could.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub before: Option<u64>,
    /// And after it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub after: Option<u64>,
}

/// A reply to a write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WriteReply {
    /// The reply's status; absent if none came.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<u64>,
    /// The digest of its content.
    pub content: Digest,
}

impl WriteReply {
    fn is_done(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

impl Retry {
    /// Every way, in this order.
    pub const ALL: [Self; 4] = [Self::Twice, Self::AtOnce, Self::CutOff, Self::OtherBody];

    fn words(self) -> &'static str {
        match self {
            Self::Twice => "a write that is sent again after its answer",
            Self::AtOnce => "a write that is sent twice at the same time",
            Self::CutOff => "a write that is sent again after its connection was cut",
            Self::OtherBody => "another write under the same key",
        }
    }

    /// How many replies are waited for.
    fn replies(self) -> usize {
        if self == Self::CutOff { 1 } else { 2 }
    }
}

/// Every way; `None` if one is missing or stands twice, or a reply was not waited for.
pub(super) fn cases(writes: &[RetriedWrite]) -> Option<Vec<CheckedCase>> {
    let is_whole = writes.iter().map(|write| write.retry).eq(Retry::ALL)
        && writes.iter().all(|write| write.replies.len() == write.retry.replies());
    is_whole.then(|| writes.iter().map(checked).collect())
}

fn checked(write: &RetriedWrite) -> CheckedCase {
    let statuses =
        write.replies.iter().map(|reply| reply.status.map_or_else(|| "nothing".into(), |it| it.to_string()));
    let effects = effects(write)
        .map_or_else(|| "effects that cannot be counted".into(), |count| format!("effects: {count}"));
    CheckedCase {
        case: write.retry.words().into(),
        seen: format!("{}; {effects}", statuses.collect::<Vec<_>>().join(", ")),
        problem: problem(write),
    }
}

fn effects(write: &RetriedWrite) -> Option<u64> {
    write.after?.checked_sub(write.before?)
}

fn problem(write: &RetriedWrite) -> Option<String> {
    let told = match (write.retry, write.replies.as_slice()) {
        (Retry::CutOff, [again]) => {
            (!again.is_done()).then(|| "it was not done when it was sent again".to_owned())
        }
        (Retry::Twice, [first, again]) => twin_problem(first, again, &[]),
        // Which of them came first nobody knows.
        (Retry::AtOnce, [one, other]) if one.is_done() => twin_problem(one, other, &[409, 425]),
        (Retry::AtOnce, [one, other]) => twin_problem(other, one, &[409, 425]),
        (Retry::OtherBody, [first, _]) if !first.is_done() => Some("the first was not done".into()),
        (Retry::OtherBody, [_, other]) => {
            let is_refused = matches!(other.status, Some(400 | 409 | 422));
            (!is_refused).then(|| "another body under the same key was not refused".into())
        }
        _ => None,
    };
    told.or_else(|| match effects(write) {
        Some(1) => None,
        Some(count) => Some(format!("{count} effects of what should have one")),
        None => Some("its effects cannot be counted".into()),
    })
}

/// What is wrong with the answer to the same write again, which may be one of `refusals` instead of the same.
fn twin_problem(first: &WriteReply, again: &WriteReply, refusals: &[u64]) -> Option<String> {
    let is_refused = again.status.is_some_and(|status| refusals.contains(&status));
    if !first.is_done() {
        Some("it was not done".into())
    } else if first == again || is_refused {
        None
    } else {
        Some("it was answered in another way than before".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u64, content: &str) -> WriteReply {
        WriteReply { status: Some(status), content: Digest::of(content.as_bytes()) }
    }

    fn good() -> Vec<RetriedWrite> {
        let write = |retry, replies| RetriedWrite { retry, replies, before: Some(4), after: Some(5) };
        vec![
            write(Retry::Twice, vec![reply(201, "a"), reply(201, "a")]),
            write(Retry::AtOnce, vec![reply(409, "wait"), reply(201, "b")]),
            write(Retry::CutOff, vec![reply(201, "c")]),
            write(Retry::OtherBody, vec![reply(201, "d"), reply(422, "no")]),
        ]
    }

    fn said(change: impl FnOnce(&mut Vec<RetriedWrite>)) -> Vec<String> {
        let mut writes = good();
        change(&mut writes);
        cases(&writes).unwrap().into_iter().filter_map(|case| case.problem).collect()
    }

    #[test]
    fn each_way_is_broken_by_itself() {
        assert_eq!(said(|_| ()), [""; 0]);
        let other = "it was answered in another way than before";
        assert_eq!(said(|all| all[0].replies[1] = reply(201, "b")), [other]);
        assert_eq!(said(|all| all[0].replies[1] = reply(200, "a")), [other]);
        assert_eq!(said(|all| all[0].replies[1] = reply(409, "a")), [other], "after the answer it is known");
        assert_eq!(said(|all| all[0].replies[0] = reply(500, "a")), ["it was not done"]);
        assert_eq!(said(|all| all[1].replies[1] = reply(409, "wait")), ["it was not done"]);
        assert_eq!(said(|all| all[2].replies[0].status = None), ["it was not done when it was sent again"]);
        assert_eq!(
            said(|all| all[3].replies[1] = reply(201, "d")),
            ["another body under the same key was not refused"]
        );
        assert_eq!(said(|all| all[2].after = Some(6)), ["2 effects of what should have one"]);
        assert_eq!(said(|all| all[2].after = Some(4)), ["0 effects of what should have one"]);
        assert_eq!(said(|all| all[2].after = Some(3)), ["its effects cannot be counted"]);
        assert_eq!(said(|all| all[2].before = None), ["its effects cannot be counted"]);
    }

    #[test]
    fn a_way_that_was_not_tried_shows_nothing() {
        for few in [vec![], good()[1..].to_vec(), [good(), good()].concat()] {
            assert_eq!(cases(&few), None);
        }
        let mut short = good();
        short[0].replies.pop();
        assert_eq!(cases(&short), None);
    }
}
