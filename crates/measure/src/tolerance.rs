//! How far a load generator's quantile may lie from the truth that an oracle wrote down.

use crate::probability::Probability;
use crate::value::Value;

/// One part in a hundred of the truth: finer than any limit that is set on a latency.
const RELATIVE_DIVISOR: u64 = 100;

/// Up to p99: what the scheduler of a shared core adds to one wake-up. A systematic error is larger.
const ABSOLUTE_NS: u64 = 200_000;

/// Beyond p99 a few late turns of the scheduler, each of some milliseconds, are the sample.
const ABSOLUTE_TAIL_NS: u64 = 2_000_000;

/// How far a quantile may lie from its truth, in ns: one per cent, or a wake-up if that is more.
pub fn tolerance_ns(quantile: Probability, truth_ns: u64) -> u64 {
    let absolute_ns = if quantile > Probability::P99 { ABSOLUTE_TAIL_NS } else { ABSOLUTE_NS };
    absolute_ns.max(truth_ns / RELATIVE_DIVISOR)
}

/// Whether a measured quantile is within tolerance of the truth. Infinity is within tolerance of itself alone.
pub fn within_tolerance(quantile: Probability, measured: Value, truth: Value) -> bool {
    match (measured, truth) {
        (Value::Finite(measured_ns), Value::Finite(truth_ns)) => {
            measured_ns.abs_diff(truth_ns) <= tolerance_ns(quantile, truth_ns)
        }
        (measured, truth) => measured == truth,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_per_cent_or_a_wake_up() {
        let cases = [
            (Probability::P50, 0, 200_000),
            (Probability::P99, 20_000_000, 200_000),
            (Probability::P99, 20_000_100, 200_001),
            (Probability::P99, 100_000_000, 1_000_000),
            (Probability::P999, 100_000_000, 2_000_000),
            (Probability::P999, 300_000_000, 3_000_000),
        ];
        for (quantile, truth_ns, tolerance) in cases {
            assert_eq!(tolerance_ns(quantile, truth_ns), tolerance, "{quantile} of {truth_ns}");
        }
    }

    #[test]
    fn the_edge_is_within_and_infinity_only_itself() {
        let within = |measured, truth| within_tolerance(Probability::P50, measured, truth);
        let finite = Value::Finite;
        assert!(within(finite(1_200_000), finite(1_000_000)) && within(finite(800_000), finite(1_000_000)));
        assert!(!within(finite(1_200_001), finite(1_000_000)) && !within(finite(799_999), finite(1_000_000)));
        assert!(within(Value::Infinite, Value::Infinite));
        assert!(!within(Value::Infinite, finite(u64::MAX)) && !within(finite(u64::MAX), Value::Infinite));
    }
}
