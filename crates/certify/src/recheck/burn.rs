//! The error budget: what production says of its own objective.

use plimsoll_base::{Quantity, Unit};
use plimsoll_evidence::Family;
use serde::Deserialize;

use super::certified::Certified;
use super::{Row, Trigger, stale_where};

/// Tenths of the rate at which a budget of 30 days is gone in two: 14.4 times, over an hour and five minutes.
const PAGE_BURN_TENTHS: u128 = 144;
const ONE_PPB: u128 = 1_000_000_000;

/// Good events and all events of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Events {
    /// Those that were good.
    pub good: u64,
    /// All.
    pub total: u64,
}

/// An error budget as a file tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Burn {
    objective_ppb: u64,
    hour: Option<Events>,
    five_minutes: Option<Events>,
    period: Option<Events>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    objective: String,
    hour: Option<Events>,
    five_minutes: Option<Events>,
    period: Option<Events>,
}

impl Burn {
    /// Reads `{"objective":"99.9%","hour":{"good":1,"total":1},"five_minutes":{..},"period":{..}}`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let file: File = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let objective: Quantity = file.objective.parse().map_err(|error| format!("objective: {error}"))?;
        if objective.unit != Unit::Ppb || u128::from(objective.amount) >= ONE_PPB {
            return Err(format!("objective: `{}` is not a share below 100 %, like 99.9%", file.objective));
        }
        for events in [file.hour, file.five_minutes, file.period].into_iter().flatten() {
            if events.good > events.total {
                return Err(format!("{} good events of {}", events.good, events.total));
            }
        }
        let (hour, five_minutes, period) = (file.hour, file.five_minutes, file.period);
        Ok(Self { objective_ppb: objective.amount, hour, five_minutes, period })
    }

    /// Whether a time burns the budget at `tenths` tenths of the even rate or faster; nothing, without an event.
    fn burns(&self, events: Option<Events>, tenths: u128) -> Option<bool> {
        let events = events.filter(|events| events.total > 0)?;
        let bad = u128::from(events.total - events.good);
        let allowed_ppb = ONE_PPB - u128::from(self.objective_ppb);
        Some(bad * ONE_PPB * 10 >= tenths * allowed_ppb * u128::from(events.total))
    }

    /// Whether the budget of the whole period is overdrawn.
    fn is_overdrawn(&self) -> Option<bool> {
        let events = self.period.filter(|events| events.total > 0)?;
        let bad = u128::from(events.total - events.good);
        Some(bad * ONE_PPB > (ONE_PPB - u128::from(self.objective_ppb)) * u128::from(events.total))
    }

    /// Whether it would wake somebody: both times must burn, and one that does not is enough to say no.
    fn pages(&self) -> Option<bool> {
        let burns = |events| self.burns(events, PAGE_BURN_TENTHS);
        match (burns(self.hour), burns(self.five_minutes)) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        }
    }
}

/// Whether what is measured of replies under load is borne out.
pub(super) fn row(certified: &Certified<'_>, burn: Option<&Burn>) -> Row {
    let Some(burn) = burn else {
        return Row::not_known(Trigger::Burn, "nobody told how much of an error budget is left");
    };
    let stale = |why: &str| stale_where(certified, why, |criterion| criterion.probe.family() == Family::Load);
    let changed = |why: &str| Row::changed(Trigger::Burn, why, stale(why));
    match (burn.pages(), burn.is_overdrawn()) {
        (Some(true), _) => {
            changed("the budget burns 14.4 times too fast, over an hour and over five minutes")
        }
        (_, Some(true)) => changed("the budget of the period is overdrawn"),
        (Some(false), Some(false)) => {
            Row::unchanged(Trigger::Burn, "no page at 14.4 times over an hour, and budget left in the period")
        }
        _ => {
            let why = "without events in an hour, in five minutes and in the period nobody can say";
            Row::missing(Trigger::Burn, why, stale(why))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn burn(hour: (u64, u64), five_minutes: (u64, u64), period: (u64, u64)) -> Burn {
        let events = |(good, total): (u64, u64)| format!("{{\"good\":{good},\"total\":{total}}}");
        let (hour, five_minutes, period) = (events(hour), events(five_minutes), events(period));
        Burn::parse(&format!(
            "{{\"objective\":\"99.9%\",\"hour\":{hour},\"five_minutes\":{five_minutes},\"period\":{period}}}"
        ))
        .unwrap()
    }

    #[test]
    fn both_windows_must_burn_and_the_border_counts() {
        // 14.4 times 0.1 % are 144 bad of 10,000.
        for (hour, five_minutes, pages) in [
            ((9_856, 10_000), (9_856, 10_000), Some(true)),
            ((9_857, 10_000), (9_000, 10_000), Some(false)),
            ((9_000, 10_000), (9_857, 10_000), Some(false)),
            ((9_000, 10_000), (0, 0), None),
            ((0, 0), (10_000, 10_000), Some(false)),
        ] {
            assert_eq!(burn(hour, five_minutes, (1, 1)).pages(), pages, "{hour:?} {five_minutes:?}");
        }
    }

    #[test]
    fn a_budget_is_overdrawn_beyond_its_last_event() {
        for (period, overdrawn) in
            [((9_990, 10_000), Some(false)), ((9_989, 10_000), Some(true)), ((0, 0), None)]
        {
            assert_eq!(burn((1, 1), (1, 1), period).is_overdrawn(), overdrawn, "{period:?}");
        }
    }

    #[test]
    fn what_is_no_budget_is_refused() {
        for text in [
            "{}",
            "{\"objective\":\"100%\"}",
            "{\"objective\":\"3s\"}",
            "{\"objective\":\"99%\",\"hour\":{\"good\":2,\"total\":1}}",
            "{\"objective\":\"99%\",\"day\":{\"good\":1,\"total\":1}}",
        ] {
            assert!(Burn::parse(text).is_err(), "{text}");
        }
    }
}
