//! Downtime against the share of time that a service was up.

use crate::claims::interval::Interval;
use crate::claims::qualifier::{are_plain, is_past};
use crate::claims::quantity::{Bound, Unit, number, time};
use crate::claims::said::said;
use crate::claims::words::{is_denial, is_wish, mentions};
use crate::claims::{Case, Finding, FindingKind};

use super::prose::{only, passages};

/// Words of downtime that is not all there was.
const NARROW: [&str; 12] = [
    "maintenance",
    "planned",
    "unplanned",
    "scheduled",
    "exclud*",
    "partial*",
    "degraded",
    "weighted",
    "region*",
    "users",
    "requests",
    "customers",
];

/// Periods by name, with the days that they have at least and at most.
const PERIODS: [(&[&str], f64, f64); 4] = [
    (&["a year", "per year", "each year", "yearly"], 365.0, 366.0),
    (&["a month", "per month", "each month", "monthly"], 28.0, 31.0),
    (&["a week", "per week", "each week", "weekly"], 7.0, 7.0),
    (&["a day", "per day", "each day", "daily"], 1.0, 1.0),
];

/// Words beside both figures that leave them what they are.
const WORDS: [&str; 17] = [
    "year", "yearly", "month", "monthly", "week", "weekly", "day", "daily", "each", "allow", "allows",
    "mean", "means", "leave", "leaves", "equals", "service",
];

const SECONDS_A_DAY: f64 = 86_400.0;

/// `99.99 % availability, which is 8.76 h of downtime a year`.
pub(super) fn downtime_of_a_period(case: &Case) -> Vec<Finding> {
    let finding = |(line, text): (usize, String)| {
        let is_of_both = mentions(&text, &["downtime"]) && mentions(&text, &["availability", "uptime"]);
        if !is_of_both || mentions(&text, &NARROW) || is_past(&text) || is_denial(&text) {
            return None;
        }
        let mut periods = PERIODS.iter().filter(|(names, ..)| mentions(&text, names));
        let (names, least, most) = periods.next().filter(|_| periods.next().is_none())?;
        let said = said(&text);
        let [one, two] = said.as_slice() else { return None };
        let of = |unit: Unit| [one, two].into_iter().map(|one| one.quantity).find(|one| one.unit == unit);
        let (up, down) = (of(Unit::Percent)?, of(Unit::Seconds)?);
        let days = Interval::new(*least, *most).times(Interval::exactly(SECONDS_A_DAY / 100.0));
        let left = up.allowed().taken_from(100.0).not_negative().times(days);
        let are_exact = up.bound == Bound::Exact && down.bound == Bound::Exact;
        let is_known = |word: &str| WORDS.contains(&word) || are_plain([word]);
        let are_ours = [one, two].iter().all(|one| one.words.split_whitespace().all(is_known));
        if !are_ours || !are_exact || !(50.0..100.0).contains(&up.value) || left.meets(down.allowed()) {
            return None;
        }
        let reason = format!(
            "{} % leave {} of downtime {}, not {}",
            up.value,
            time((100.0 - up.value) / 100.0 * most * SECONDS_A_DAY),
            names.first()?,
            time(down.value),
        );
        Some(case.finding(line, FindingKind::Contradiction, reason))
    };
    passages(case).into_iter().filter_map(finding).collect()
}

/// The shortest time of which somebody says how long a service was down, in seconds.
const PERIOD_S_MIN: f64 = 86_400.0;

/// A share of uptime against the downtime and the period of the same passage.
pub(super) fn downtime_against_uptime(case: &Case) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, text) in passages(case) {
        let is_narrow = mentions(&text, &NARROW) || mentions(&text, &["per", "each"]);
        if is_narrow || is_wish(&text) || !mentions(&text, &["downtime", "outage"]) {
            continue;
        }
        let said = said(&text);
        let is_down = |words: &str| mentions(words, &["downtime", "outage"]);
        let (Some(uptime), Some(down), Some(period)) = (
            only(&said, Unit::Percent, |words| mentions(words, &["uptime", "availability"])),
            only(&said, Unit::Seconds, is_down),
            only(&said, Unit::Seconds, |words| !is_down(words)),
        ) else {
            continue;
        };
        // `over 30 days` is a window, not more than it.
        let is_window = matches!(period.bound, Bound::Exact | Bound::AtLeast);
        let all_exact = is_window && [uptime, down].iter().all(|one| one.bound == Bound::Exact);
        let share = down.allowed().not_negative().over(Interval::exactly(period.value));
        let left = share.times(Interval::exactly(100.0)).taken_from(100.0);
        if all_exact && period.value >= PERIOD_S_MIN && !left.meets(uptime.allowed()) {
            let reason = format!(
                "{} of downtime in {} leave {} %, not {} %",
                time(down.value),
                time(period.value),
                number(100.0 - down.value / period.value * 100.0),
                uptime.value
            );
            findings.push(case.finding(line, FindingKind::Contradiction, reason));
        }
    }
    findings
}
