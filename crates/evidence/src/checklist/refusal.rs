//! Requests that no server should take: each must be refused as the client's fault, and the server must live on.
//!
//! The rules are those of RFC 9110 and RFC 9112; where they leave a choice, both are good.

use serde::{Deserialize, Serialize};

use super::CheckedCase;

/// A request that no server should take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BadRequest {
    /// Bytes that are no HTTP.
    Garbage,
    /// `HTTP/9.9`.
    UnknownVersion,
    /// HTTP/1.1 without `Host` (RFC 9112, 3.2).
    NoHost,
    /// Two `Host` fields that differ (RFC 9112, 3.2).
    TwoHosts,
    /// A space between a field's name and its colon (RFC 9112, 5.1).
    SpaceBeforeColon,
    /// A zero byte in a field's value (RFC 9110, 5.5).
    NulInField,
    /// A target of 64 KiB.
    LongTarget,
    /// A field of 256 KiB.
    LongField,
    /// 10,000 fields.
    ManyFields,
    /// `Content-Length: 1x` (RFC 9112, 6.3).
    LengthNotANumber,
    /// Two lengths that differ, with a request hidden between them (RFC 9112, 6.3).
    TwoLengths,
    /// A length beside chunks, with a request hidden behind the chunks (RFC 9112, 6.3).
    LengthAndChunks,
    /// A transfer coding that nobody knows (RFC 9112, 6.1).
    UnknownCoding,
    /// A chunk's size that is not a number (RFC 9112, 7.1).
    BadChunkSize,
    /// A chunk's size beyond 64 bits (RFC 9112, 7.1).
    HugeChunkSize,
    /// A body of 1 TiB is announced, and begun.
    HugeBody,
    /// A method that nobody knows.
    UnknownMethod,
    /// `%zz` in the target.
    BadEscape,
    /// A body that ends before its length.
    CutBody,
    /// A head that does not go on, for as long as the probe waits.
    SlowHead,
}

/// How the connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// The subject closed it.
    Closed,
    /// The subject reset it.
    Reset,
    /// It was open when the probe had waited long enough.
    Open,
    /// What came was not HTTP/1.1.
    NotHttp,
    /// There was no connection.
    Unreachable,
}

/// What became of one such request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// Which.
    pub case: BadRequest,
    /// The statuses of the replies that came on its connection.
    pub statuses: Vec<u64>,
    /// How the connection ended.
    pub end: Ending,
    /// Whether the subject gave a good reply to one of its own requests while the connection was open, or right after.
    pub alive: bool,
    /// Whether the request went to where the subject never promised to read a body.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub unread: bool,
}

impl BadRequest {
    /// Every case, in the order in which they are tried.
    pub const ALL: [Self; 20] = [
        Self::Garbage,
        Self::UnknownVersion,
        Self::NoHost,
        Self::TwoHosts,
        Self::SpaceBeforeColon,
        Self::NulInField,
        Self::LongTarget,
        Self::LongField,
        Self::ManyFields,
        Self::LengthNotANumber,
        Self::TwoLengths,
        Self::LengthAndChunks,
        Self::UnknownCoding,
        Self::BadChunkSize,
        Self::HugeChunkSize,
        Self::HugeBody,
        Self::UnknownMethod,
        Self::BadEscape,
        Self::CutBody,
        Self::SlowHead,
    ];

    /// The case in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Garbage => "bytes that are no HTTP",
            Self::UnknownVersion => "HTTP/9.9",
            Self::NoHost => "no Host",
            Self::TwoHosts => "two Hosts that differ",
            Self::SpaceBeforeColon => "a space before a field's colon",
            Self::NulInField => "a zero byte in a field",
            Self::LongTarget => "a target of 64 KiB",
            Self::LongField => "a field of 256 KiB",
            Self::ManyFields => "10,000 fields",
            Self::LengthNotANumber => "a length that is not a number",
            Self::TwoLengths => "two lengths that differ, a request hidden between them",
            Self::LengthAndChunks => "a length beside chunks, a request hidden behind them",
            Self::UnknownCoding => "an unknown transfer coding",
            Self::BadChunkSize => "a chunk size that is not a number",
            Self::HugeChunkSize => "a chunk size beyond 64 bits",
            Self::HugeBody => "a body announced as 1 TiB",
            Self::UnknownMethod => "an unknown method",
            Self::BadEscape => "%zz in the target",
            Self::CutBody => "a body that ends before its length",
            Self::SlowHead => "a head that does not go on",
        }
    }

    /// Whether the connection may end without a reply: nothing was said that could be answered, or nobody is left to be
    /// answered.
    fn may_end_without_reply(self) -> bool {
        matches!(self, Self::Garbage | Self::CutBody | Self::SlowHead)
    }

    /// Whether what is wrong with it stands in its body, where only a server that reads the body finds it.
    fn is_wrong_in_its_body(self) -> bool {
        matches!(self, Self::BadChunkSize | Self::HugeChunkSize | Self::HugeBody | Self::CutBody)
    }

    /// Whether a reply with this status is good.
    fn accepts(self, status: u64) -> bool {
        match (self, status) {
            // Not implemented: a server that has the method or the coding nowhere says so too.
            (_, 400..=499 | 501) => true,
            (Self::UnknownVersion, 505) => true,
            // A recipient may take the chunks and must then close (RFC 9112, 6.1): the hidden request stays unanswered.
            (Self::LengthAndChunks, 200..=399) => true,
            // A server of one page gives it to every path.
            (Self::BadEscape, 200..=399) => true,
            _ => false,
        }
    }
}

impl Refusal {
    /// What is wrong, if anything is.
    fn problem(&self) -> Option<String> {
        if self.end == Ending::Unreachable {
            return Some("the subject took no connection".into());
        }
        if !self.alive {
            return Some("the subject gave no good reply to its own request beside it".into());
        }
        match self.statuses.as_slice() {
            [] if self.end == Ending::NotHttp => Some("the reply is not HTTP".into()),
            [] if self.end == Ending::Open && self.case == BadRequest::SlowHead => None,
            [] if self.end == Ending::Open => Some("no reply".into()),
            [] if self.case.may_end_without_reply() => None,
            [] => Some("the connection ended without a reply".into()),
            [200..=399] if self.case == BadRequest::LengthAndChunks && self.end == Ending::Open => Some(
                "it goes by the length, or goes on after the chunks: a request could be smuggled in".into(),
            ),
            // Who needs no body may answer without it, and must then close (RFC 9112, 9.3).
            [200..=399] if self.unread && self.case.is_wrong_in_its_body() && self.end != Ending::Open => {
                None
            }
            [status] if self.case.accepts(*status) => None,
            [status] => Some(format!("{status} does not refuse it as the client's fault")),
            statuses => Some(format!("{} replies to one message: a request was smuggled in", statuses.len())),
        }
    }

    fn seen(&self) -> String {
        let statuses: Vec<String> = self.statuses.iter().map(u64::to_string).collect();
        let end = match self.end {
            Ending::Closed => "closed",
            Ending::Reset => "reset",
            Ending::Open => "left open",
            Ending::NotHttp => "not HTTP",
            Ending::Unreachable => "no connection",
        };
        if statuses.is_empty() { end.to_owned() } else { format!("{}, {end}", statuses.join(" and ")) }
    }
}

/// Every case, if all were tried, each once.
pub(super) fn cases(refusals: &[Refusal]) -> Option<Vec<CheckedCase>> {
    let tried = refusals.iter().map(|refusal| refusal.case);
    tried.eq(BadRequest::ALL).then(|| refusals.iter().map(checked).collect())
}

fn checked(refusal: &Refusal) -> CheckedCase {
    CheckedCase { case: refusal.case.words().to_owned(), seen: refusal.seen(), problem: refusal.problem() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(case: BadRequest, statuses: &[u64], end: Ending) -> Refusal {
        Refusal { case, statuses: statuses.to_vec(), end, alive: true, unread: false }
    }

    #[test]
    fn a_request_is_refused_as_the_clients_fault_or_not_well() {
        use BadRequest::*;
        use Ending::*;
        let good: &[(BadRequest, &[u64], Ending)] = &[
            (NoHost, &[400], Closed),
            (NoHost, &[400], Open),
            (LongTarget, &[414], Reset),
            (UnknownVersion, &[505], Closed),
            (UnknownMethod, &[501], Open),
            (LengthAndChunks, &[200], Closed),
            (BadEscape, &[200], Open),
            (Garbage, &[], Closed),
            (CutBody, &[], Reset),
            (SlowHead, &[], Open),
            (SlowHead, &[408], Closed),
        ];
        for (case, statuses, end) in good {
            assert_eq!(refusal(*case, statuses, *end).problem(), None, "{case:?} {statuses:?} {end:?}");
        }
        let bad: &[(BadRequest, &[u64], Ending)] = &[
            (NoHost, &[200], Open),
            (NoHost, &[500], Closed),
            (NoHost, &[505], Closed),
            (NoHost, &[], Closed),
            (NoHost, &[], Open),
            (NoHost, &[], NotHttp),
            (Garbage, &[], Open),
            (Garbage, &[], Unreachable),
            (SlowHead, &[500], Closed),
            (LengthAndChunks, &[200, 404], Closed),
            (LengthAndChunks, &[200], Open),
            (TwoLengths, &[400, 400], Closed),
            (BadEscape, &[500], Open),
        ];
        for (case, statuses, end) in bad {
            assert!(refusal(*case, statuses, *end).problem().is_some(), "{case:?} {statuses:?} {end:?}");
        }
    }

    #[test]
    fn who_needs_no_body_may_answer_without_it_and_close() {
        use BadRequest::*;
        let unread = |case, statuses: &[u64], end| {
            Refusal { unread: true, ..refusal(case, statuses, end) }.problem().is_none()
        };
        for case in [BadChunkSize, HugeChunkSize, HugeBody, CutBody] {
            assert!(unread(case, &[200], Ending::Closed), "{case:?}");
            assert!(!unread(case, &[200], Ending::Open), "{case:?}: what comes next is read as a request");
            assert!(!unread(case, &[500], Ending::Closed), "{case:?}");
            assert!(!unread(case, &[200, 200], Ending::Closed), "{case:?}");
            assert!(refusal(case, &[200], Ending::Closed).problem().is_some(), "{case:?}: a promised body");
        }
        // What is wrong in a head is found by whoever reads heads.
        assert!(!unread(TwoLengths, &[200], Ending::Closed));
        assert!(!unread(LongField, &[200], Ending::Closed));
    }

    #[test]
    fn a_subject_that_does_not_live_on_has_refused_nothing_well() {
        let dead = Refusal { alive: false, ..refusal(BadRequest::NoHost, &[400], Ending::Closed) };
        assert!(dead.problem().is_some());
    }

    #[test]
    fn a_checklist_with_a_case_left_out_or_tried_twice_shows_nothing() {
        let all: Vec<Refusal> =
            BadRequest::ALL.iter().map(|case| refusal(*case, &[400], Ending::Closed)).collect();
        let checked = cases(&all).unwrap();
        assert_eq!(checked.len(), BadRequest::ALL.len());
        assert!(checked.iter().all(|case| case.problem.is_none()));
        assert_eq!(cases(&all[1..]), None);
        let twice: Vec<Refusal> = all.iter().chain(&all[..1]).cloned().collect();
        assert_eq!(cases(&twice), None);
        assert_eq!(cases(&[]), None);
    }
}
