//! From values to places: linear for rates and time, logarithmic with infinity for latency.

use plimsoll_measure::Value;

/// Decades of latency beyond which only powers of ten are labelled.
const DECADES_WITH_FINE_TICKS: f64 = 3.5;

/// Room above the logarithmic scale for what never ended.
const INFINITY_BAND: f64 = 26.0;

/// A straight scale from `domain` to `range`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Linear {
    pub(crate) domain: (f64, f64),
    pub(crate) range: (f64, f64),
}

impl Linear {
    pub(crate) fn place(&self, value: f64) -> f64 {
        let (from, to) = self.domain;
        let share = if to > from { (value - from) / (to - from) } else { 0.0 };
        self.range.0 + share * (self.range.1 - self.range.0)
    }
}

/// Round values from 0 to at least `most`, about five of them.
pub(crate) fn linear_ticks(most: f64) -> Vec<f64> {
    let most = if most > 0.0 { most } else { 1.0 };
    let power = 10f64.powf((most / 5.0).log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|step| most / step <= 5.0);
    let step = step.unwrap_or(10.0 * power);
    let steps = (most / step).ceil() as u32;
    (0..=steps).map(|index| f64::from(index) * step).collect()
}

/// A logarithmic scale of nanoseconds, upwards, with a band at the top for infinity where one occurs.
#[derive(Debug, Clone)]
pub(crate) struct LatencyScale {
    logarithms: Linear,
    ticks_ns: Vec<u64>,
    infinity: Option<f64>,
}

impl LatencyScale {
    /// The scale that shows all `values`, from `bottom` up to `top`. `None` if there is nothing to show.
    pub(crate) fn around(values: impl IntoIterator<Item = Value>, bottom: f64, top: f64) -> Option<Self> {
        let values: Vec<Value> = values.into_iter().collect();
        let any_infinite = values.contains(&Value::Infinite);
        let finite = || values.iter().filter_map(|value| value.finite_ns()).map(|ns| ns.max(1));
        // Where nothing ever ended, any scale will do: only the band above it is used.
        let (least, most) = match (finite().min(), finite().max()) {
            (Some(least), Some(most)) => (least, most),
            _ if any_infinite => (1_000_000, 1_000_000_000),
            _ => return None,
        };
        let ladder = ladder();
        let from = ladder.iter().rev().find(|tick| **tick <= least).copied().unwrap_or(1);
        let to = ladder.iter().find(|tick| **tick >= most && **tick > from).copied().unwrap_or(u64::MAX);
        let highest = if any_infinite { top + INFINITY_BAND } else { top };
        let logarithms =
            Linear { domain: ((from as f64).log10(), (to as f64).log10()), range: (bottom, highest) };
        let fine = logarithms.domain.1 - logarithms.domain.0 <= DECADES_WITH_FINE_TICKS;
        let shown = |tick: &u64| fine || tick.to_string().starts_with('1');
        let ticks_ns = ladder.into_iter().filter(|tick| (from..=to).contains(tick)).filter(shown).collect();
        Some(Self { logarithms, ticks_ns, infinity: any_infinite.then_some(top) })
    }

    pub(crate) fn place(&self, value: Value) -> f64 {
        match value {
            Value::Finite(ns) => self.logarithms.place((ns.max(1) as f64).log10()),
            Value::Infinite => self.infinity.unwrap_or(self.logarithms.range.1),
        }
    }

    /// Places and names of the ticks.
    pub(crate) fn ticks(&self) -> Vec<(f64, String)> {
        let finite = self.ticks_ns.iter().map(|ns| Value::Finite(*ns));
        let infinite = self.infinity.map(|_| Value::Infinite);
        finite.chain(infinite).map(|value| (self.place(value), value.to_string())).collect()
    }
}

/// 1, 2 and 5 times every power of ten that 64 bits hold.
fn ladder() -> Vec<u64> {
    let powers = (0..19u32).map(|exponent| 10u64.pow(exponent));
    powers.flat_map(|power| [Some(power), power.checked_mul(2), power.checked_mul(5)]).flatten().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            1 => Just(Value::Infinite),
            5 => (any::<u64>(), 0..64u32).prop_map(|(ns, shift)| Value::Finite(ns >> shift)),
        ]
    }

    #[test]
    fn ticks_are_round_and_reach_the_most() {
        assert_eq!(linear_ticks(900.0), [0.0, 200.0, 400.0, 600.0, 800.0, 1000.0]);
        assert_eq!(linear_ticks(0.0).last(), Some(&1.0));
        let scale =
            LatencyScale::around([3, 70].map(|ms| Value::Finite(ms * 1_000_000)), 100.0, 0.0).unwrap();
        let names: Vec<String> = scale.ticks().into_iter().map(|(_, name)| name).collect();
        assert_eq!(names, ["2 ms", "5 ms", "10 ms", "20 ms", "50 ms", "100 ms"]);
    }

    #[test]
    fn infinity_has_a_place_of_its_own_at_the_top() {
        let scale = LatencyScale::around([Value::Finite(1_000), Value::Infinite], 300.0, 10.0).unwrap();
        assert_eq!(scale.place(Value::Infinite), 10.0);
        assert!(
            scale.place(Value::Finite(1_000_000)) >= 10.0 + INFINITY_BAND - 1e-9 || scale.ticks().len() > 1
        );
        assert_eq!(scale.ticks().last().map(|(_, name)| name.as_str()), Some("inf"));
        assert!(LatencyScale::around([], 300.0, 10.0).is_none());
    }

    proptest! {
        #[test]
        fn every_value_lies_within_and_order_is_kept(mut values in prop::collection::vec(value(), 1..20)) {
            let scale = LatencyScale::around(values.iter().copied(), 300.0, 10.0).unwrap();
            values.sort_unstable();
            let places: Vec<f64> = values.iter().map(|value| scale.place(*value)).collect();
            prop_assert!(places.iter().all(|place| (10.0 - 1e-6..=300.0 + 1e-6).contains(place)), "{places:?}");
            prop_assert!(places.windows(2).all(|pair| pair[1] <= pair[0] + 1e-9), "{places:?}");
        }

        #[test]
        fn linear_ticks_cover(most in 0.001..1e12f64) {
            let ticks = linear_ticks(most);
            prop_assert!((2..=7).contains(&ticks.len()) && *ticks.last().unwrap() >= most, "{ticks:?}");
        }
    }
}
