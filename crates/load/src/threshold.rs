//! Thresholds in the grammar of k6: `p(99)<500`, `rate<0.01`, with `abortOnFail` and `delayAbortEval`.
//!
//! Durations are in milliseconds, as in k6. Unlike there, a threshold on nothing fails: no data is never a pass.

use std::cmp::Ordering;
use std::fmt;

use plimsoll_base::{Quantity, Unit};
use plimsoll_measure::{Histogram, Probability, Value};

use crate::error::{Error, shortened};
use crate::run::{Progress, Run};

const METRICS: &str = "the metrics are http_req_duration and http_req_failed";
const AGGREGATES: &str =
    "the aggregates of http_req_duration are avg, min, med, max and p(N), in milliseconds";
const RATE: &str = "the aggregate of http_req_failed is rate, between 0 and 1";

/// What is asked of the values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Aggregate {
    /// Of the times, infinite ones too: then the mean is infinite.
    Mean,
    Minimum,
    Maximum,
    Quantile(Probability),
    /// Of the arrivals without a good reply.
    FailedRatio,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparator {
    Less,
    AtMost,
    Greater,
    AtLeast,
    Equal,
    Unequal,
}

/// Longer spellings first, so that `<=` is not read as `<`.
const COMPARATORS: [(&str, Comparator); 7] = [
    ("<=", Comparator::AtMost),
    (">=", Comparator::AtLeast),
    ("===", Comparator::Equal),
    ("==", Comparator::Equal),
    ("!=", Comparator::Unequal),
    ("<", Comparator::Less),
    (">", Comparator::Greater),
];

/// A condition on a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Threshold {
    /// The metric and the expression as they were written.
    pub metric: String,
    /// The expression, such as `p(99)<500`.
    pub expression: String,
    /// Whether a run is ended early once the threshold does not hold. That can only end in a failure.
    pub abort_on_fail: bool,
    /// How long after the measured part's beginning the threshold is first looked at for that.
    pub delay_abort_eval_ns: u64,
    aggregate: Aggregate,
    comparator: Comparator,
    /// In ns, or in parts per billion.
    limit: u64,
}

/// A threshold's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged {
    /// Whether the threshold holds. Never without data.
    pub passed: bool,
    /// What was seen: `None` where nothing was measured.
    pub observed: Option<Observed>,
}

/// What a threshold looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observed {
    /// A time.
    Time(Value),
    /// Parts per billion of the arrivals.
    RatioPpb(u64),
}

impl fmt::Display for Observed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Time(value) => value.fmt(f),
            Self::RatioPpb(amount) => Quantity { amount, unit: Unit::Ppb }.fmt(f),
        }
    }
}

impl Threshold {
    /// Reads one expression on one metric.
    pub fn parse(metric: &str, expression: &str) -> Result<Self, Error> {
        let mut reader = Reader { text: expression, at: 0 };
        let aggregate = match metric {
            "http_req_duration" => reader.time_aggregate()?,
            "http_req_failed" if reader.word() == "rate" => {
                reader.at += "rate".len();
                Aggregate::FailedRatio
            }
            "http_req_failed" => return Err(reader.error("`rate` was expected", RATE)),
            _ => {
                let reader = Reader { text: metric, at: 0 };
                return Err(reader.error("this metric is not known", METRICS));
            }
        };
        let comparator = reader.comparator()?;
        let limit = reader.limit(aggregate)?;
        Ok(Self {
            metric: metric.to_owned(),
            expression: expression.to_owned(),
            abort_on_fail: false,
            delay_abort_eval_ns: 0,
            aggregate,
            comparator,
            limit,
        })
    }

    /// Judges a finished run. A run that was ended early can only fail.
    pub fn judge(&self, run: &Run) -> Judged {
        let judged = self.judge_values(&run.total);
        Judged { passed: judged.passed && !run.aborted, ..judged }
    }

    /// Whether a run should be ended now: the threshold asks for it, has waited long enough, has seen something and
    /// does not hold.
    pub fn asks_to_abort(&self, progress: &Progress<'_>) -> bool {
        let judged = self.judge_values(progress.latency);
        let waited = progress.measured_ns >= self.delay_abort_eval_ns;
        self.abort_on_fail && waited && judged.observed.is_some() && !judged.passed
    }

    /// The strictest time that this threshold allows, against which the instrument's own lag is held.
    pub fn latency_limit_ns(&self) -> Option<u64> {
        let upper = matches!(self.comparator, Comparator::Less | Comparator::AtMost | Comparator::Equal);
        (upper && self.aggregate != Aggregate::FailedRatio).then_some(self.limit)
    }

    fn judge_values(&self, values: &Histogram) -> Judged {
        let observed = self.observe(values);
        let ordering = observed.map(|observed| match observed {
            Observed::Time(value) => value.cmp(&Value::Finite(self.limit)),
            Observed::RatioPpb(ppb) => ppb.cmp(&self.limit),
        });
        Judged { passed: ordering.is_some_and(|ordering| self.comparator.holds(ordering)), observed }
    }

    fn observe(&self, values: &Histogram) -> Option<Observed> {
        let mean = || match values.infinite() {
            0 => values.mean_ns().map(Value::Finite),
            _ => Some(Value::Infinite),
        };
        match self.aggregate {
            Aggregate::Mean => mean().map(Observed::Time),
            Aggregate::Minimum => values.min().map(Observed::Time),
            Aggregate::Maximum => values.max().map(Observed::Time),
            Aggregate::Quantile(quantile) => values.quantile(quantile).map(Observed::Time),
            Aggregate::FailedRatio => {
                let scaled =
                    (u128::from(values.infinite()) * 1_000_000_000).checked_div(values.count().into())?;
                u64::try_from(scaled).ok().map(Observed::RatioPpb)
            }
        }
    }
}

impl Comparator {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Less => ordering.is_lt(),
            Self::AtMost => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::AtLeast => ordering.is_ge(),
            Self::Equal => ordering.is_eq(),
            Self::Unequal => ordering.is_ne(),
        }
    }
}

/// Reads an expression from left to right, and knows where it stands when it has to complain.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&mut self) -> &'a str {
        let rest = self.text.get(self.at..).unwrap_or_default();
        self.at += rest.len() - rest.trim_start().len();
        rest.trim_start()
    }

    fn word(&mut self) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        rest.get(..end).unwrap_or_default()
    }

    fn time_aggregate(&mut self) -> Result<Aggregate, Error> {
        let word = self.word();
        let aggregate = match word {
            "avg" => Aggregate::Mean,
            "min" => Aggregate::Minimum,
            "max" => Aggregate::Maximum,
            "med" => Aggregate::Quantile(Probability::P50),
            "p" => {
                self.at += 1;
                return self.quantile();
            }
            _ => return Err(self.error("an aggregate was expected", AGGREGATES)),
        };
        self.at += word.len();
        Ok(aggregate)
    }

    fn quantile(&mut self) -> Result<Aggregate, Error> {
        let hint = "write a quantile as p(N) with N between 0 and 100, such as p(99.9)";
        let Some(rest) = self.rest().strip_prefix('(') else {
            return Err(self.error("`(` was expected", hint));
        };
        self.at += 1;
        let Some((number, _)) = rest.split_once(')') else {
            return Err(self.error("`)` is missing", hint));
        };
        let Some(quantile) = Probability::from_percent(number.trim()) else {
            return Err(self.error("this is not a quantile", hint));
        };
        self.at += number.len() + 1;
        Ok(Aggregate::Quantile(quantile))
    }

    fn comparator(&mut self) -> Result<Comparator, Error> {
        let rest = self.rest();
        match COMPARATORS.iter().find(|(text, _)| rest.starts_with(text)) {
            Some((text, comparator)) => {
                self.at += text.len();
                Ok(*comparator)
            }
            None => Err(self.error("a comparison was expected", "use <, <=, >, >=, == or !=")),
        }
    }

    /// A plain number to the end of the text: milliseconds, or a ratio.
    fn limit(&mut self, aggregate: Aggregate) -> Result<u64, Error> {
        let number = self.rest().trim_end();
        let plain = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let (limit, hint) = match aggregate {
            Aggregate::FailedRatio => (ratio_ppb(number), RATE),
            _ => (nanoseconds(number), "write the limit in milliseconds, without a unit"),
        };
        match limit {
            Some(limit) if plain => Ok(limit),
            None if plain && aggregate == Aggregate::FailedRatio => {
                Err(self.error("a share from 0 to 1 was expected", hint))
            }
            _ => Err(self.error("a plain number was expected", hint)),
        }
    }

    fn error(&self, why: &str, hint: &str) -> Error {
        let column = self.text.get(..self.at).unwrap_or_default().chars().count() + 1;
        Error::Threshold { text: shortened(self.text), column, why: why.to_owned(), hint: hint.to_owned() }
    }
}

fn nanoseconds(number: &str) -> Option<u64> {
    let Quantity { amount, unit } = format!("{number}ms").parse().ok()?;
    (unit == Unit::Ns).then_some(amount)
}

fn ratio_ppb(number: &str) -> Option<u64> {
    let Quantity { amount, unit } = format!("{number}s").parse().ok()?;
    // Seconds in nanoseconds are ones in parts per billion.
    (unit == Unit::Ns && amount <= 1_000_000_000).then_some(amount)
}

#[cfg(test)]
mod tests;
