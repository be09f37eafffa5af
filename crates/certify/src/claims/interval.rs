//! What a printed number may have been before it was rounded. A contradiction is reported only where two such
//! intervals cannot meet: that is what keeps false alarms away.

/// Room for the error of floats, relative to the larger end: far below any printed digit.
const SLACK: f64 = 1e-9;

/// All numbers from `low` to `high`, both included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Interval {
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Interval {
    pub(crate) fn new(low: f64, high: f64) -> Self {
        Self { low, high }
    }

    pub(crate) fn exactly(value: f64) -> Self {
        Self::new(value, value)
    }

    /// Whether a number lies in both.
    pub(crate) fn meets(self, other: Self) -> bool {
        !self.is_below(other) && !other.is_below(self)
    }

    /// Whether every number of this is less than every number of the other.
    pub(crate) fn is_below(self, other: Self) -> bool {
        self.high < other.low - SLACK * self.high.abs().max(other.low.abs())
    }

    /// All products, of numbers that are not negative.
    pub(crate) fn times(self, other: Self) -> Self {
        Self::new(self.low.max(0.0) * other.low.max(0.0), self.high * other.high)
    }

    /// All sums.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self::new(self.low + other.low, self.high + other.high)
    }

    /// All quotients, of numbers that are not negative.
    pub(crate) fn over(self, other: Self) -> Self {
        let low = if other.high > 0.0 { self.low.max(0.0) / other.high } else { 0.0 };
        let high = if other.low > 0.0 { self.high / other.low } else { f64::INFINITY };
        Self::new(low, high)
    }

    /// All differences `value - x`.
    pub(crate) fn taken_from(self, value: f64) -> Self {
        Self::new(value - self.high, value - self.low)
    }

    /// The same without what is below zero.
    pub(crate) fn not_negative(self) -> Self {
        Self::new(self.low.max(0.0), self.high.max(0.0))
    }

    /// Wider by a share of each end.
    pub(crate) fn wider(self, share: f64) -> Self {
        Self::new(self.low * (1.0 - share), self.high * (1.0 + share))
    }

    pub(crate) fn middle(self) -> f64 {
        (self.low + self.high) / 2.0
    }

    /// Whether a whole number lies in it.
    pub(crate) fn has_whole(self) -> bool {
        let room = SLACK * self.high.abs().max(1.0);
        (self.low - room).ceil() <= (self.high + room).floor()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_that_touch_meet() {
        let one = Interval::new(0.0, 0.1 + 0.2);
        assert!(one.meets(Interval::new(0.3, 1.0)) && one.meets(Interval::new(0.30000000001, 1.0)));
        assert!(one.is_below(Interval::new(0.3001, 1.0)) && !one.meets(Interval::new(0.3001, 1.0)));
    }

    #[test]
    fn quotients_by_zero_are_unbounded() {
        let nothing = Interval::new(0.0, 0.5);
        assert_eq!(Interval::new(1.0, 2.0).over(nothing), Interval::new(2.0, f64::INFINITY));
        assert_eq!(Interval::new(0.0, 1.0).over(Interval::exactly(0.0)), Interval::new(0.0, f64::INFINITY));
    }

    #[test]
    fn a_whole_number_is_found_at_the_edge() {
        assert!(Interval::new(0.6, 1.0).has_whole() && Interval::new(1.0, 1.2).has_whole());
        assert!(!Interval::new(1.1, 1.9).has_whole() && Interval::new(-0.1, 0.1).has_whole());
    }
}
