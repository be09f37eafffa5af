//! What a subject's metrics say of requests that were sent and counted one by one. Each scrape is kept as it came, so that
//! every verifier reads it again: its format, and how far its counters rose for what was sent between it and the one before.

mod exposition;
mod number;
mod selector;
#[cfg(test)]
pub(super) mod tests;

use serde::{Deserialize, Serialize};

use self::exposition::Exposition;
use self::number::shown;
use super::CheckedCase;

pub use selector::Selector;

/// Fewer requests would show little of a counter that forgets some.
const SENT_MIN: usize = 10;
/// One in billionths.
const ONE: i128 = 1_000_000_000;
/// A duration may be measured until a little after the client has its reply; what is told in the wrong unit, or summed
/// twice over, is off by more over all that is sent.
const SUM_SLACK_NS: u64 = 100_000_000;

/// What was promised of the metrics, and what came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricsSeen {
    /// The counter of requests that were answered; [`Selector::parse`] reads it.
    pub requests: String,
    /// The counter of those that failed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub failures: Option<String>,
    /// The histogram of how long they took, in seconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub duration: Option<String>,
    /// The scrapes, in order.
    pub scrapes: Vec<Scrape>,
}

/// The metrics at one time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scrape {
    /// After what.
    pub moment: Moment,
    /// The statuses of the requests that were sent since the scrape before, each of which was answered.
    pub sent: Vec<u64>,
    /// How long their clients waited for them, all together, in ns.
    pub sent_ns: u64,
    /// How long the scrape took, in ns.
    pub took_ns: u64,
    /// The reply's status; absent if none came.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<u64>,
    /// The reply's content.
    pub text: String,
}

/// After what metrics are scraped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Moment {
    /// The subject is ready.
    First,
    /// Nothing was sent.
    Again,
    /// Its own requests.
    Own,
    /// Requests for a path that it does not have.
    Unknown,
    /// Requests that are known to fail.
    Failing,
    /// Amid load that goes on.
    Loaded,
    /// The load's end; the requests of the load are those of this scrape.
    Unloaded,
    /// It stood still while requests came.
    Paused,
}

/// The moments that there are, with what only some subjects have: requests that fail, a process that can stand still.
fn moments(can_fail: bool, can_pause: bool) -> impl Iterator<Item = Moment> {
    use Moment::{Again, Failing, First, Loaded, Own, Paused, Unknown, Unloaded};
    [First, Again, Own, Unknown, Failing, Loaded, Unloaded, Paused]
        .into_iter()
        .filter(move |moment| (can_fail || *moment != Failing) && (can_pause || *moment != Paused))
}

/// The cases; `None` if a scrape is missing or too many, or too little was sent, or a selector is none.
pub(super) fn cases(seen: &MetricsSeen, has_process: bool) -> Option<Vec<CheckedCase>> {
    let selector = |text: &Option<String>| match text {
        None => Some(None),
        Some(text) => Selector::parse(text).map(Some),
    };
    let (requests, failures, duration) =
        (Selector::parse(&seen.requests)?, selector(&seen.failures)?, selector(&seen.duration)?);
    let is_whole =
        seen.scrapes.iter().map(|scrape| scrape.moment).eq(moments(failures.is_some(), has_process))
            && seen.scrapes.iter().all(Scrape::is_whole);
    if !is_whole {
        return None;
    }
    let read = Read {
        scrapes: &seen.scrapes,
        expositions: seen.scrapes.iter().map(|scrape| exposition::parse(&scrape.text)).collect(),
    };
    let mut cases = vec![read.served(), read.format(), read.falling(), read.idle(&requests)];
    cases.extend(read.counted(&requests));
    if let Some(failures) = failures {
        cases.extend([read.failed(&failures), read.mistaken(&failures)]);
    }
    if let Some(duration) = duration {
        cases.extend([read.durations(&duration), read.sum(&duration)]);
    }
    Some(cases)
}

impl Scrape {
    /// Whether as much was sent as belongs to its moment.
    fn is_whole(&self) -> bool {
        match self.moment {
            Moment::First | Moment::Again | Moment::Loaded => self.sent.is_empty(),
            Moment::Paused => !self.sent.is_empty(),
            _ => self.sent.len() >= SENT_MIN,
        }
    }
}

impl Moment {
    fn words(self) -> &'static str {
        match self {
            Self::First => "at the beginning",
            Self::Again => "after nothing was sent",
            Self::Own => "after its own requests",
            Self::Unknown => "after requests for a path that is not there",
            Self::Failing => "after requests that fail",
            Self::Loaded => "amid load",
            Self::Unloaded => "after load",
            Self::Paused => "after it stood still",
        }
    }
}

/// The scrapes, each as its text reads.
struct Read<'a> {
    scrapes: &'a [Scrape],
    expositions: Vec<Result<Exposition, String>>,
}

fn case(case: &str, seen: String, problem: Option<String>) -> CheckedCase {
    CheckedCase { case: case.into(), seen, problem }
}

impl Read<'_> {
    fn served(&self) -> CheckedCase {
        let bad = self.scrapes.iter().find(|scrape| scrape.status != Some(200));
        let said = |scrape: &Scrape| {
            let status = scrape.status.map_or_else(|| "nothing".into(), |status| status.to_string());
            format!("{status} {}", scrape.moment.words())
        };
        case("metrics are served", format!("{} scrapes", self.scrapes.len()), bad.map(said))
    }

    fn format(&self) -> CheckedCase {
        let mut all = self.scrapes.iter().zip(&self.expositions);
        let bad = all.find_map(|(scrape, read)| Some((scrape.moment.words(), read.as_ref().err()?)));
        let lines = self.scrapes.last().map_or(0, |scrape| scrape.text.lines().count());
        case(
            "the format of metrics",
            format!("{lines} lines"),
            bad.map(|(when, what)| format!("{when}, {what}")),
        )
    }

    /// What counts never falls in one process, and never goes away.
    fn falling(&self) -> CheckedCase {
        let both = self.expositions.iter().zip(self.expositions.iter().skip(1));
        let problem = both.zip(self.scrapes.iter().skip(1)).find_map(|((before, after), scrape)| {
            let (before, after) = (before.as_ref().ok()?, after.as_ref().ok()?);
            let mut counting = before.series.iter().filter(|(series, _)| before.counts(&series.name));
            let (series, value) = counting.find(|(series, value)| after.series.get(series) < Some(value))?;
            let what = after.series.get(series).map_or("is gone", |_| "fell");
            let from = value.billionths().map_or_else(|| "infinity".into(), shown);
            Some(format!("{series}, which was {from}, {what} {}", scrape.moment.words()))
        });
        case("what counts never falls", format!("{} scrapes", self.scrapes.len()), problem)
    }

    /// The sum of what is selected at a scrape, in billionths. What was never counted is not there yet.
    fn total(&self, index: usize, selector: &Selector) -> Option<i128> {
        let read = self.expositions.get(index)?.as_ref().ok()?;
        let selected = read.series.iter().filter(|(series, _)| selector.selects(series));
        selected.map(|(_, value)| value.billionths()).try_fold(0_i128, |sum, value| sum.checked_add(value?))
    }

    /// By how much it rose between two scrapes.
    fn rise(&self, selector: &Selector, from: usize, to: usize) -> Option<i128> {
        self.total(to, selector)?.checked_sub(self.total(from, selector)?)
    }

    fn at(&self, moment: Moment) -> Option<usize> {
        self.scrapes.iter().position(|scrape| scrape.moment == moment)
    }

    /// How many requests were sent between two scrapes.
    fn sent(&self, from: usize, to: usize) -> usize {
        self.scrapes.get(from + 1..=to).unwrap_or_default().iter().map(|scrape| scrape.sent.len()).sum()
    }

    /// What a scrape adds to what it reads: one where it is a request like any other, which is found out where nothing else
    /// was sent.
    fn own(&self, selector: &Selector) -> i128 {
        if self.rise(selector, 0, 1) == Some(ONE) { 1 } else { 0 }
    }

    fn idle(&self, requests: &Selector) -> CheckedCase {
        let rise = self.rise(requests, 0, 1);
        let problem = match rise {
            None => Some("it cannot be read".into()),
            Some(0 | ONE) => None,
            Some(other) => Some(format!("rose by {} though nothing was sent", shown(other))),
        };
        let seen =
            if rise == Some(ONE) { "a scrape counts itself" } else { "a scrape does not count itself" };
        case("the counter of requests while nothing is sent", seen.into(), problem)
    }

    /// The counter of requests after each moment at which some were sent.
    fn counted(&self, requests: &Selector) -> Vec<CheckedCase> {
        let moments = [Moment::Own, Moment::Unknown, Moment::Failing, Moment::Unloaded, Moment::Paused];
        let places = moments.into_iter().filter_map(|moment| Some((moment, self.at(moment)?)));
        let cases = places.map(|(moment, to)| {
            let from = if moment == Moment::Unloaded { to - 2 } else { to - 1 };
            self.rises(&format!("the counter of requests {}", moment.words()), requests, from, to)
        });
        cases.collect()
    }

    /// That something rose by exactly as much as was sent.
    fn rises(&self, name: &str, selector: &Selector, from: usize, to: usize) -> CheckedCase {
        let (sent, scrapes) = (self.sent(from, to), (to - from) as i128);
        let own = self.own(selector) * scrapes * ONE;
        let rise = self.rise(selector, from, to).map(|rise| rise.saturating_sub(own));
        let problem = match rise {
            None => Some("it cannot be read".into()),
            Some(rise) if rise == sent as i128 * ONE => None,
            Some(rise) => Some(format!("rose by {} for {sent} requests", shown(rise))),
        };
        case(name, format!("{sent} requests"), problem)
    }

    /// Requests that fail are counted as what they are.
    fn failed(&self, failures: &Selector) -> CheckedCase {
        let Some(at) = self.at(Moment::Failing) else {
            return case("requests that fail", String::new(), Some("none was sent".into()));
        };
        let succeeded = self.scrapes[at].sent.iter().find(|status| **status < 400);
        let counted = self.rises("the counter of failures after requests that fail", failures, at - 1, at);
        match succeeded {
            Some(status) => CheckedCase { problem: Some(format!("{status} is no failure")), ..counted },
            None => counted,
        }
    }

    /// Of its own requests no more are counted as failures than failed.
    fn mistaken(&self, failures: &Selector) -> CheckedCase {
        let name = "the counter of failures after its own requests";
        let Some(at) = self.at(Moment::Own) else {
            return case(name, String::new(), Some("none was sent".into()));
        };
        let most = self.scrapes[at].sent.iter().filter(|status| **status >= 400).count();
        let own = self.own(failures) * ONE;
        let rise = self.rise(failures, at - 1, at).map(|rise| rise.saturating_sub(own));
        let problem = match rise {
            None => Some("it cannot be read".into()),
            Some(rise) if rise <= most as i128 * ONE => None,
            Some(rise) => Some(format!("rose by {} where {most} failed", shown(rise))),
        };
        case(name, format!("{most} failed"), problem)
    }

    /// The histogram holds each request once.
    fn durations(&self, duration: &Selector) -> CheckedCase {
        let name = "the number of durations";
        self.rises(name, &duration.with_suffix("_count"), 0, self.scrapes.len() - 1)
    }

    /// The subject was at it for some time, and cannot have been longer than those who waited for it.
    fn sum(&self, duration: &Selector) -> CheckedCase {
        let waited_ns: u64 = self
            .scrapes
            .iter()
            .map(|scrape| scrape.sent_ns.saturating_add(scrape.took_ns))
            .fold(0, u64::saturating_add);
        let most = i128::from(waited_ns.saturating_add(SUM_SLACK_NS));
        let rise = self.rise(&duration.with_suffix("_sum"), 0, self.scrapes.len() - 1);
        let problem = match rise {
            None => Some("it cannot be read".into()),
            Some(0) => Some("no time passed in all that was asked".into()),
            Some(rise) if (0..=most).contains(&rise) => None,
            Some(rise) => Some(format!(
                "rose by {} s, and clients waited for {} s",
                shown(rise),
                shown(waited_ns.into())
            )),
        };
        let seen = rise.map_or_else(|| "nothing".into(), |rise| format!("{} s", shown(rise)));
        case("the sum of durations", seen, problem)
    }
}
