//! What must not reach a log as it came: secrets, and what would let a stranger write lines of his own (CWE-117, CWE-532).

use serde::{Deserialize, Serialize};

use super::CheckedCase;

/// A text that is planted in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlantedText {
    /// A token in `Authorization: Bearer`.
    BearerToken,
    /// A password in `Authorization: Basic`.
    BasicPassword,
    /// The value of a cookie.
    SessionCookie,
    /// A password in the query.
    QueryPassword,
    /// A password in a body of JSON.
    BodyPassword,
    /// A line feed in the path, as `%0A`.
    LineFeed,
    /// U+2028 in the path and in `User-Agent`.
    LineSeparator,
    /// An escape sequence of terminals in the path, as `%1B`.
    EscapeSequence,
    /// U+009B, which terminals read as the beginning of such a sequence, in the path and in `User-Agent`.
    ControlSequence,
    /// A zero byte in the path, as `%00`.
    NulByte,
}

/// What became of one such text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogTrace {
    /// Which.
    pub case: PlantedText,
    /// How often it stood in what the subject wrote as it was planted: a secret anywhere, a control character before the
    /// text that was planted behind it.
    pub raw: u64,
}

impl PlantedText {
    /// Every case, in the order in which they are tried.
    pub const ALL: [Self; 10] = [
        Self::BearerToken,
        Self::BasicPassword,
        Self::SessionCookie,
        Self::QueryPassword,
        Self::BodyPassword,
        Self::LineFeed,
        Self::LineSeparator,
        Self::EscapeSequence,
        Self::ControlSequence,
        Self::NulByte,
    ];

    /// The case in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::BearerToken => "a bearer token",
            Self::BasicPassword => "a password of basic authentication",
            Self::SessionCookie => "the value of a cookie",
            Self::QueryPassword => "a password in the query",
            Self::BodyPassword => "a password in the body",
            Self::LineFeed => "a line feed in the path",
            Self::LineSeparator => "U+2028 in path and user agent",
            Self::EscapeSequence => "an escape sequence in the path",
            Self::ControlSequence => "U+009B in path and user agent",
            Self::NulByte => "a zero byte in the path",
        }
    }
}

/// Every case, if all were tried, each once.
pub(super) fn cases(traces: &[LogTrace]) -> Option<Vec<CheckedCase>> {
    traces.iter().map(|trace| trace.case).eq(PlantedText::ALL).then(|| traces.iter().map(checked).collect())
}

fn checked(trace: &LogTrace) -> CheckedCase {
    let times = |count: u64| if count == 1 { "once".to_owned() } else { format!("{count} times") };
    CheckedCase {
        case: trace.case.words().to_owned(),
        seen: if trace.raw == 0 {
            "not in the log".into()
        } else {
            format!("raw in the log, {}", times(trace.raw))
        },
        problem: (trace.raw > 0).then(|| "it reaches the log as it came".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_raw_in_the_log_is_wrong_and_every_case_is_needed() {
        let mut traces: Vec<LogTrace> =
            PlantedText::ALL.into_iter().map(|case| LogTrace { case, raw: 0 }).collect();
        assert!(cases(&traces).unwrap().iter().all(|case| case.problem.is_none()));
        traces[3].raw = 1;
        let problems: Vec<bool> = cases(&traces).unwrap().iter().map(|case| case.problem.is_some()).collect();
        assert_eq!(problems.iter().filter(|is_wrong| **is_wrong).count(), 1);
        assert!(problems[3]);
        assert_eq!(cases(&traces[1..]), None);
    }
}
