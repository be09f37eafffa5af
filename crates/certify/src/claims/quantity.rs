//! Numbers as people print them, with their units, and the values that the printed digits allow.

use super::interval::Interval;

/// What is counted per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    Request,
    Operation,
    Message,
    /// Anything else, or not said.
    Other,
}

/// What a number counts. Times are in seconds, rates in events per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Plain,
    Percent,
    Seconds,
    PerSecond(Event),
    /// `3x`: a ratio.
    Times,
    /// Bytes and whatever else is no figure of performance.
    Other,
}

/// How a number is hedged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    Exact,
    /// `< 5`, `at most 5`.
    AtMost,
    /// `> 5`, `5+`.
    AtLeast,
    /// `~5`.
    About,
}

/// How the last printed digit came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Convention {
    Rounded,
    Truncated,
}

/// A number with its unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Quantity {
    pub(crate) value: f64,
    /// The worth of the last printed digit, in the unit of the value.
    pub(crate) step: f64,
    pub(crate) unit: Unit,
    pub(crate) bound: Bound,
    /// The printed unit in that of the value: 60 for minutes.
    pub(crate) scale: f64,
}

impl Quantity {
    /// What was measured, if its digits came about by this convention.
    pub(crate) fn by(self, convention: Convention) -> Interval {
        let Self { value, step, .. } = self;
        self.hedged(match convention {
            Convention::Rounded => Interval::new(value - step / 2.0, value + step / 2.0),
            Convention::Truncated => Interval::new(value, value + step),
        })
    }

    /// What was measured, if it was rounded.
    pub(crate) fn rounded(self) -> Interval {
        self.by(Convention::Rounded)
    }

    /// Whatever the digits allow: rounded up, down, or to the nearest.
    pub(crate) fn allowed(self) -> Interval {
        self.hedged(Interval::new(self.value - self.step, self.value + self.step))
    }

    /// Like [`Self::allowed`], of somebody who does not round by more than a tenth: `200,000` is not 150,000.
    pub(crate) fn nearly(self) -> Interval {
        Self { step: self.step.min(self.value.abs() / 10.0), ..self }.allowed()
    }

    fn hedged(self, digits: Interval) -> Interval {
        match self.bound {
            Bound::Exact => digits,
            Bound::AtMost => Interval::new(f64::NEG_INFINITY, digits.high),
            Bound::AtLeast => Interval::new(digits.low, f64::INFINITY),
            // "About" is taken to mean a fifth.
            Bound::About => Interval::new(digits.low * 0.8, digits.high * 1.2),
        }
    }

    /// Whether both count the same thing, as far as is said.
    pub(crate) fn is_like(self, other: Self) -> bool {
        match (self.unit, other.unit) {
            (Unit::PerSecond(one), Unit::PerSecond(two)) => {
                one == two || one == Event::Other || two == Event::Other
            }
            (one, two) => one == two,
        }
    }

    pub(crate) fn is_rate(self) -> bool {
        matches!(self.unit, Unit::PerSecond(_))
    }

    /// The number, where it is a whole one without a unit.
    pub(crate) fn count(self) -> Option<u64> {
        let is_count = self.unit == Unit::Plain && self.value >= 0.0 && self.value < 1e15;
        (is_count && self.value.fract() == 0.0).then_some(self.value as u64)
    }
}

/// A time or a unit of rate as it is printed: its worth in seconds.
pub(crate) fn seconds(word: &str) -> Option<f64> {
    Some(match word.to_ascii_lowercase().as_str() {
        "ns" | "nanoseconds" => 1e-9,
        "us" | "µs" | "μs" | "microsecond" | "microseconds" => 1e-6,
        "ms" | "msec" | "millisecond" | "milliseconds" => 1e-3,
        "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
        "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3600.0,
        "d" | "day" | "days" => 86_400.0,
        "week" | "weeks" => 604_800.0,
        _ => return None,
    })
}

/// What a noun before `/s` counts. None: no noun that is counted per second.
pub(crate) fn event(word: &str) -> Option<Event> {
    Some(match word.to_ascii_lowercase().as_str() {
        "req" | "reqs" | "request" | "requests" => Event::Request,
        "op" | "ops" | "operation" | "operations" => Event::Operation,
        "msg" | "msgs" | "message" | "messages" => Event::Message,
        "event" | "events" | "call" | "calls" | "transaction" | "transactions" | "write" | "writes"
        | "read" | "reads" | "job" | "jobs" | "order" | "orders" => Event::Other,
        _ => return None,
    })
}

/// A rate in one word.
pub(crate) fn rate(word: &str) -> Option<Event> {
    Some(match word.to_ascii_lowercase().as_str() {
        "rps" => Event::Request,
        "tps" | "qps" => Event::Other,
        _ => return None,
    })
}

/// A number in a reason: digits that matter, thousands apart.
pub(crate) fn number(value: f64) -> String {
    let decimals = match value.abs() {
        size if size >= 1000.0 => 0,
        size if size >= 100.0 => 1,
        size if size >= 1.0 || size == 0.0 => 2,
        size if size >= 0.01 => 3,
        _ => 5,
    };
    let text = format!("{value:.decimals$}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |whole| ("-", whole));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { format!("{sign}{grouped}") } else { format!("{sign}{grouped}.{fraction}") }
}

/// A time in a reason, in the unit that a person would choose.
pub(crate) fn time(seconds: f64) -> String {
    match seconds.abs() {
        size if size >= 172_800.0 => format!("{} days", number(seconds / 86_400.0)),
        size if size >= 7_200.0 => format!("{} h", number(seconds / 3600.0)),
        size if size >= 120.0 => format!("{} min", number(seconds / 60.0)),
        size if size >= 1.0 => format!("{} s", number(seconds)),
        _ => format!("{} ms", number(seconds * 1000.0)),
    }
}
