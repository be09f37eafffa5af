//! What must not reach a log as it came: secrets, and what would let a stranger write lines of his own (CWE-117, CWE-532).
//!
//! A log is what a subject writes to its standard output and standard error, and files that look like logs or that its
//! description names. What it keeps elsewhere is its data, which may hold what it was given.

use plimsoll_base::Unit;
use serde::{Deserialize, Serialize};

use super::{CheckedCase, Reached};

/// What the first log is called: both go where the subject's owner would see them.
pub const OUTPUT_LOG: &str = "standard output and standard error";

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

/// What was written to logs while the texts were sent, and what became of the texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSearch {
    /// The logs: [`OUTPUT_LOG`], then files by name.
    pub logs: Vec<LogRead>,
    /// What became of each text.
    pub traces: Vec<LogTrace>,
}

/// What was read of one log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogRead {
    /// [`OUTPUT_LOG`], or the path of a file, in which `{dir}` stands for the subject's folder.
    pub log: String,
    /// How much was written to it while the texts were sent.
    pub written_bytes: u64,
    /// How much of that was searched.
    pub read_bytes: u64,
}

/// What became of one such text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogTrace {
    /// Which.
    pub case: PlantedText,
    /// How often it stood in each log as it was planted: a secret anywhere, a control character before the text that was
    /// planted behind it.
    pub raw: Vec<u64>,
}

impl LogSearch {
    /// What was read, in words.
    pub fn words(&self) -> String {
        let one = |log: &LogRead| match log.read_bytes == log.written_bytes {
            true => format!("{} ({} bytes)", log.log, log.read_bytes),
            false => format!("{} ({} of {} bytes)", log.log, log.read_bytes, log.written_bytes),
        };
        let all: Vec<String> = self.logs.iter().map(one).collect();
        format!("Searched was what was written meanwhile to {}.", all.join(", "))
    }
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

/// Every case, if all were tried, each once, and looked for in every log.
pub(super) fn cases(search: &LogSearch) -> Option<Vec<CheckedCase>> {
    let (_, files) = search.logs.split_first().filter(|(first, _)| first.log == OUTPUT_LOG)?;
    let is_listed = files.iter().all(|log| log.log != OUTPUT_LOG)
        && files.is_sorted_by(|one, next| one.log < next.log)
        && search.logs.iter().all(|log| log.read_bytes <= log.written_bytes);
    let are_all = search.traces.iter().map(|trace| trace.case).eq(PlantedText::ALL);
    let is_searched = |trace: &LogTrace| {
        let found = || trace.raw.iter().zip(&search.logs);
        trace.raw.len() == search.logs.len() && found().all(|(raw, log)| *raw <= log.read_bytes)
    };
    let is_whole = is_listed && are_all && search.traces.iter().all(is_searched);
    is_whole.then(|| search.traces.iter().map(|trace| checked(trace, &search.logs)).collect())
}

/// Whoever writes no log lets nothing reach it; and what was not read may hold anything.
pub(super) fn reached(search: &LogSearch) -> Reached {
    let sum = |bytes: fn(&LogRead) -> u64| search.logs.iter().map(bytes).fold(0, u64::saturating_add);
    let (observed, written) = (sum(|log| log.read_bytes), sum(|log| log.written_bytes));
    Reached { gate: "logged", observed, limit: written.max(1), unit: Unit::Bytes }
}

fn checked(trace: &LogTrace, logs: &[LogRead]) -> CheckedCase {
    let times = |count: u64| if count == 1 { "once".to_owned() } else { format!("{count} times") };
    let found = trace.raw.iter().zip(logs).filter(|(raw, _)| **raw > 0);
    let places: Vec<&str> = found.map(|(_, log)| log.log.as_str()).collect();
    let raw = trace.raw.iter().copied().fold(0, u64::saturating_add);
    CheckedCase {
        case: trace.case.words().to_owned(),
        seen: if raw == 0 {
            "not in the log".into()
        } else {
            format!("raw in the log, {}: {}", times(raw), places.join(", "))
        },
        problem: (raw > 0).then(|| "it reaches the log as it came".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two logs, to each of which 100 bytes were written.
    fn clean() -> LogSearch {
        let log = |name: &str| LogRead { log: name.into(), written_bytes: 100, read_bytes: 100 };
        let trace = |case| LogTrace { case, raw: vec![0, 0] };
        LogSearch {
            logs: vec![log(OUTPUT_LOG), log("{dir}/app.log")],
            traces: PlantedText::ALL.map(trace).to_vec(),
        }
    }

    #[test]
    fn what_stands_raw_in_a_log_is_wrong_and_it_is_told_in_which() {
        let mut search = clean();
        assert!(cases(&search).unwrap().iter().all(|case| case.problem.is_none()));
        search.traces[3].raw = vec![0, 1];
        search.traces[4].raw = vec![2, 1];
        let cases = cases(&search).unwrap();
        let wrong: Vec<&str> =
            cases.iter().filter(|case| case.problem.is_some()).map(|case| case.seen.as_str()).collect();
        assert_eq!(
            wrong,
            [
                "raw in the log, once: {dir}/app.log",
                "raw in the log, 3 times: standard output and standard error, {dir}/app.log"
            ]
        );
        assert!(cases[3].problem.is_some() && cases[4].problem.is_some());
        assert_eq!(
            search.words(),
            "Searched was what was written meanwhile to standard output and standard error (100 bytes), \
             {dir}/app.log (100 bytes)."
        );
    }

    #[test]
    fn every_case_is_needed_and_looked_for_in_every_log() {
        let changed = |change: fn(&mut LogSearch)| {
            let mut search = clean();
            change(&mut search);
            cases(&search)
        };
        assert!(changed(|_| ()).is_some());
        for change in [
            (|search| drop(search.traces.remove(0))) as fn(&mut LogSearch),
            |search| search.traces.swap(0, 1),
            |search| search.traces[2].raw.clear(),
            |search| search.traces[2].raw.push(0),
            |search| search.traces[2].raw[1] = 101,
            |search| search.logs[1].read_bytes = 101,
            |search| search.logs.swap(0, 1),
            |search| search.logs[1].log = OUTPUT_LOG.into(),
            |search| search.logs.clear(),
        ] {
            assert_eq!(changed(change), None);
        }
    }

    #[test]
    fn what_was_not_written_or_not_read_shows_nothing() {
        let gate = |written: [u64; 2], read: [u64; 2]| {
            let mut search = clean();
            for (log, (written, read)) in search.logs.iter_mut().zip(written.into_iter().zip(read)) {
                (log.written_bytes, log.read_bytes) = (written, read);
            }
            let reached = reached(&search);
            (reached.observed, reached.limit)
        };
        assert_eq!(gate([0, 0], [0, 0]), (0, 1));
        assert_eq!(gate([0, 7], [0, 7]), (7, 7));
        assert_eq!(gate([9, 7], [5, 7]), (12, 16));
    }
}
