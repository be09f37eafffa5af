//! Tails of the binomial distribution, to about twelve digits, the same on every machine.
//!
//! The first term is Loader's saddle-point form (C. Loader 2000, "Fast and accurate computation of binomial
//! probabilities"), which does not lose digits for large n as a difference of log-gammas does; the others follow by
//! the ratio of neighbours, away from the mean, until they no longer count.

use crate::probability::Probability;

/// Trials beyond this are folded by the callers: the tails take time in proportion to sqrt(n), and an interval from
/// 10^9 trials is already narrower than any limit is known.
pub(crate) const TRIALS_MAX: u64 = 1_000_000_000;

/// A term below this part of the sum is the last: even 10^5 more like it do not change the twelfth digit.
const NEGLIGIBLE: f64 = 1e-20;

/// How far, in parts of itself, a computed tail may be off.
const TAIL_ERROR: f64 = 1e-12;

/// Whether a computed tail is at most `alpha`. A tail that equals it in exact arithmetic counts as such, although its
/// last digits may lie above.
pub(crate) fn is_at_most(tail: f64, alpha: Probability) -> bool {
    tail <= alpha.to_f64() * (1.0 + TAIL_ERROR)
}

/// The distribution of the number of successes in `trials` independent trials.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Binomial {
    pub(crate) trials: u64,
    pub(crate) success: Probability,
}

impl Binomial {
    /// P(X <= k).
    pub(crate) fn at_most(self, k: u64) -> f64 {
        if k >= self.trials {
            return 1.0;
        }
        if self.is_below_mean(k) {
            self.lower_tail(k)
        } else {
            1.0 - self.mirrored().lower_tail(self.trials - k - 1)
        }
    }

    /// P(X >= k).
    pub(crate) fn at_least(self, k: u64) -> f64 {
        if k > self.trials {
            return 0.0;
        }
        self.mirrored().at_most(self.trials - k)
    }

    /// The distribution of the failures.
    fn mirrored(self) -> Self {
        Self { trials: self.trials, success: self.success.complement() }
    }

    fn mean(self) -> f64 {
        self.trials as f64 * self.success.to_f64()
    }

    fn is_below_mean(self, k: u64) -> bool {
        (k as f64) < self.mean()
    }

    /// P(X <= k) for a `k` at or below the mean, where each term is smaller than the one above it.
    fn lower_tail(self, k: u64) -> f64 {
        let odds = self.success.complement().to_f64() / self.success.to_f64();
        let mut term = self.mass(k);
        let mut sum = term;
        let mut i = k;
        while i > 0 && term > sum * NEGLIGIBLE {
            term *= i as f64 / (self.trials - i + 1) as f64 * odds;
            sum += term;
            i -= 1;
        }
        sum
    }

    /// P(X = k).
    fn mass(self, k: u64) -> f64 {
        let (p, q) = (self.success.to_f64(), self.success.complement().to_f64());
        if self.success == Probability::ZERO || self.success == Probability::ONE {
            let certain = if self.success == Probability::ZERO { 0 } else { self.trials };
            return if k == certain { 1.0 } else { 0.0 };
        }
        let (n, x, y) = (self.trials as f64, k as f64, (self.trials - k) as f64);
        if k == 0 {
            return power(q, p, n);
        }
        if k == self.trials {
            return power(p, q, n);
        }
        let corrections = stirling_error(self.trials) - stirling_error(k) - stirling_error(self.trials - k);
        let exponent = corrections - deviance(x, n * p) - deviance(y, n * q);
        libm::exp(exponent) * libm::sqrt(n / (2.0 * std::f64::consts::PI * x * y))
    }
}

/// base^n, from whichever of the base and one minus it is known to more digits.
fn power(base: f64, one_minus_base: f64, n: f64) -> f64 {
    let log = if base < 0.5 { libm::log(base) } else { libm::log1p(-one_minus_base) };
    libm::exp(n * log)
}

/// ln(n!) minus Stirling's formula for it.
fn stirling_error(n: u64) -> f64 {
    /// Up to here factorials are exact in a float; beyond, five terms of the series leave less than 1e-16.
    const EXACT_MAX: u64 = 16;
    let x = n as f64;
    if n <= EXACT_MAX {
        let factorial = (1..=n).fold(1.0, |product, i| product * i as f64);
        let stirling = (x + 0.5) * libm::log(x) - x + 0.5 * libm::log(2.0 * std::f64::consts::PI);
        return libm::log(factorial) - stirling;
    }
    let x2 = x * x;
    let inner = 1.0 / 1_260.0 - (1.0 / 1_680.0 - 1.0 / (1_188.0 * x2)) / x2;
    (1.0 / 12.0 - (1.0 / 360.0 - inner / x2) / x2) / x
}

/// x ln(x / m) + m - x: Loader's deviance, by a series where x is near m and the terms cancel.
fn deviance(x: f64, m: f64) -> f64 {
    /// With |v| <= 0.1 the tenth term is below 1e-20 of the first.
    const TERMS: u32 = 10;
    let (difference, sum) = (x - m, x + m);
    if difference.abs() > 0.1 * sum {
        return x * libm::log(x / m) - difference;
    }
    let v = difference / sum;
    let mut power = 2.0 * x * v;
    let mut total = difference * v;
    for j in 1..=TERMS {
        power *= v * v;
        total += power / f64::from(2 * j + 1);
    }
    total
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn binomial(trials: u64, ppb: u64) -> Binomial {
        Binomial { trials, success: Probability::from_ppb(ppb).unwrap() }
    }

    /// By definition: n over k as a product, powers as products.
    fn mass_by_definition(trials: u64, p: f64, k: u64) -> f64 {
        let ways = (0..k).fold(1.0, |product, i| product * (trials - i) as f64 / (i + 1) as f64);
        let power = |base: f64, times: u64| (0..times).fold(1.0, |product, _| product * base);
        ways * power(p, k) * power(1.0 - p, trials - k)
    }

    #[test]
    fn certain_outcomes_are_certain() {
        assert_eq!(binomial(5, 0).at_most(0), 1.0);
        assert_eq!(binomial(5, 0).at_least(1), 0.0);
        assert_eq!(binomial(5, 1_000_000_000).at_least(5), 1.0);
        assert_eq!(binomial(5, 1_000_000_000).at_most(4), 0.0);
        assert_eq!(binomial(0, 500_000_000).at_most(0), 1.0);
        assert_eq!(binomial(5, 500_000_000).at_least(0), 1.0);
        assert_eq!(binomial(5, 500_000_000).at_least(6), 0.0);
    }

    #[test]
    fn the_two_tails_of_a_large_binomial_meet() {
        for (trials, ppb, k) in
            [(TRIALS_MAX, 500_000_000, 500_010_000), (TRIALS_MAX, 1, 3), (9_999, 990_000_000, 9_900)]
        {
            let sum = binomial(trials, ppb).at_most(k) + binomial(trials, ppb).at_least(k + 1);
            assert!((sum - 1.0).abs() < 1e-12, "{sum} at {k} of {trials}");
        }
    }

    proptest! {
        #[test]
        fn tails_are_sums_by_definition(trials in 1..60u64, ppb in 1..1_000_000_000u64, k in 0..60u64) {
            let p = ppb as f64 / 1e9;
            let expected: f64 = (0..=k.min(trials)).map(|i| mass_by_definition(trials, p, i)).sum();
            prop_assert!((binomial(trials, ppb).at_most(k) - expected).abs() < 1e-12);
            prop_assert!((binomial(trials, ppb).at_least(k + 1) - (1.0 - expected)).abs() < 1e-12);
        }
    }
}
