//! When arrivals are due: fixed before the run by a seed, generated on the fly, never stored.
//!
//! Seed layout. The seed is a ChaCha20 key; each stream below is a nonce of its own with its block counter at zero,
//! read as little-endian 64-bit words. Word `i` of a stream belongs to arrival `i` of its part of the schedule:
//!
//! | stream | part | use of word `w` |
//! |---|---|---|
//! | 0 | measured | gap before the arrival: `-ln(((w >> 11) + 1) / 2^53)` mean gaps, rounded to whole ns |
//! | 1 | measured | which request: the one whose cumulative weight first exceeds `(w * total weight) >> 64` |
//! | 2, 3 | warm-up | the same two |
//! | 4 | - | the moments at which the number of outstanding requests is sampled |
//!
//! A constant schedule reads no gaps: arrival `i` is due at `floor(i * 10^12 / rate_per_ks)` ns.

use plimsoll_base::Unit;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

use crate::error::Error;

/// 200,000/s: beyond it one loop on one thread is the bottleneck, not the subject.
pub const RATE_PER_KS_MAX: u64 = 200_000_000;
/// A day: a longer run is monitoring, not a trial.
pub const DURATION_NS_MAX: u64 = 86_400_000_000_000;
/// A rate is counted per 1,000 s, a gap in ns.
const NS_PER_KS: u64 = 1_000_000_000_000;

const GAP_STREAM: u64 = 0;
const CHOICE_STREAM: u64 = 1;
const WARM_UP_STREAMS: u64 = 2;
pub(crate) const SAMPLING_STREAM: u64 = 4;

/// How arrivals follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pacing {
    /// Equal gaps: an open loop whose rate does not depend on the subject.
    Constant {
        /// Arrivals per 1,000 seconds.
        rate_per_ks: u64,
    },
    /// Exponential gaps: independent users, an open loop too.
    Poisson {
        /// Mean arrivals per 1,000 seconds.
        rate_per_ks: u64,
    },
    /// Each connection sends its next request when the previous one is answered. It measures cost, never latency
    /// that a certificate may use: a slow subject slows down the questions.
    Closed,
}

/// A schedule, complete before the run starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// How arrivals follow each other.
    pub pacing: Pacing,
    /// How long arrivals keep coming, after the warm-up.
    pub duration_ns: u64,
    /// Where gaps and choices come from. See the layout in this module's text.
    pub seed: [u8; 32],
}

/// One request that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// Counts every arrival of a run from zero, the warm-up's first.
    pub number: u64,
    /// When it is due, from the start of the measured part; negative in the warm-up.
    pub offset_ns: i64,
    /// Which request of the plan.
    pub request: u32,
}

impl Schedule {
    /// Arrivals per 1,000 seconds; zero where the subject sets the rate.
    pub fn rate_per_ks(&self) -> u64 {
        match self.pacing {
            Pacing::Constant { rate_per_ks } | Pacing::Poisson { rate_per_ks } => rate_per_ks,
            Pacing::Closed => 0,
        }
    }

    /// Every arrival: first the warm-up's, at negative offsets, then the measured ones. A closed schedule has none:
    /// its arrivals are made by replies.
    pub fn arrivals(&self, warm_up_ns: u64, weights: &[u32]) -> Arrivals {
        let choice = |stream| Choice::new(self.seed, stream, weights);
        Arrivals {
            number: 0,
            warm_up_ns,
            warm_up: Moments::new(self, warm_up_ns, WARM_UP_STREAMS + GAP_STREAM),
            warm_up_choice: choice(WARM_UP_STREAMS + CHOICE_STREAM),
            measured: Moments::new(self, self.duration_ns, GAP_STREAM),
            measured_choice: choice(CHOICE_STREAM),
        }
    }

    pub(crate) fn check(&self, warm_up_ns: u64) -> Result<(), Error> {
        let bound = |what, unit, given, min, max| match (min..=max).contains(&given) {
            true => Ok(()),
            false => Err(Error::Bound { what, unit, given, min, max }),
        };
        if self.pacing != Pacing::Closed {
            bound("the rate", Unit::PerKs, self.rate_per_ks(), 1, RATE_PER_KS_MAX)?;
        }
        bound("the duration", Unit::Ns, self.duration_ns, 1, DURATION_NS_MAX)?;
        bound("the warm-up", Unit::Ns, warm_up_ns, 0, DURATION_NS_MAX)
    }
}

/// A keyed stream of random words, as the layout above says.
pub(crate) fn stream(seed: [u8; 32], stream: u64) -> ChaCha20Rng {
    let mut words = ChaCha20Rng::from_seed(seed);
    words.set_stream(stream);
    words
}

/// The arrivals of a schedule in order. Its memory does not grow with their number.
#[derive(Debug, Clone)]
pub struct Arrivals {
    number: u64,
    warm_up_ns: u64,
    warm_up: Moments,
    warm_up_choice: Choice,
    measured: Moments,
    measured_choice: Choice,
}

impl Iterator for Arrivals {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        let (offset_ns, request) = match self.warm_up.next() {
            Some(at_ns) => (at_ns as i64 - self.warm_up_ns as i64, self.warm_up_choice.next()),
            None => (self.measured.next()? as i64, self.measured_choice.next()),
        };
        let number = self.number;
        self.number += 1;
        Some(Arrival { number, offset_ns, request })
    }
}

/// The moments of one part of a schedule, in ns from its beginning.
#[derive(Debug, Clone)]
struct Moments {
    end_ns: u64,
    next_ns: u64,
    gaps: Gaps,
}

#[derive(Debug, Clone)]
enum Gaps {
    /// `next_ns + debt / rate` is the exact moment: adding step and remainder is the formula without a division.
    Constant {
        step_ns: u64,
        remainder: u64,
        debt: u64,
        rate_per_ks: u64,
    },
    Poisson {
        mean_ns: f64,
        words: Box<ChaCha20Rng>,
    },
    None,
}

impl Moments {
    fn new(schedule: &Schedule, end_ns: u64, gap_stream: u64) -> Self {
        let mut moments = Self { end_ns, next_ns: 0, gaps: Gaps::None };
        match schedule.pacing {
            Pacing::Constant { rate_per_ks } if rate_per_ks > 0 => {
                let (step_ns, remainder) = (NS_PER_KS / rate_per_ks, NS_PER_KS % rate_per_ks);
                moments.gaps = Gaps::Constant { step_ns, remainder, debt: 0, rate_per_ks };
            }
            Pacing::Poisson { rate_per_ks } if rate_per_ks > 0 => {
                let mean_ns = NS_PER_KS as f64 / rate_per_ks as f64;
                let words = Box::new(stream(schedule.seed, gap_stream));
                moments.gaps = Gaps::Poisson { mean_ns, words };
                moments.step();
            }
            _ => {}
        }
        moments
    }

    fn step(&mut self) {
        match &mut self.gaps {
            Gaps::Constant { step_ns, remainder, debt, rate_per_ks } => {
                self.next_ns += *step_ns;
                *debt += *remainder;
                if *debt >= *rate_per_ks {
                    *debt -= *rate_per_ks;
                    self.next_ns += 1;
                }
            }
            Gaps::Poisson { mean_ns, words } => {
                // In (0, 1], so the logarithm is finite. libm is the same code on every machine.
                let uniform = ((words.next_u64() >> 11) + 1) as f64 / (1u64 << 53) as f64;
                self.next_ns += libm::round(-libm::log(uniform) * *mean_ns) as u64;
            }
            Gaps::None => {}
        }
    }

    fn next(&mut self) -> Option<u64> {
        let at_ns = self.next_ns;
        if at_ns >= self.end_ns || matches!(self.gaps, Gaps::None) {
            return None;
        }
        self.step();
        Some(at_ns)
    }
}

/// Chooses requests by weight.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    /// Sums of the weights up to and with each request.
    cumulative: Vec<u64>,
    words: Option<Box<ChaCha20Rng>>,
}

impl Choice {
    pub(crate) fn new(seed: [u8; 32], choice_stream: u64, weights: &[u32]) -> Self {
        let sums = weights.iter().scan(0u64, |sum, weight| {
            *sum += u64::from(*weight);
            Some(*sum)
        });
        // A single request needs no dice, and no cost for them.
        let words = (weights.len() > 1).then(|| Box::new(stream(seed, choice_stream)));
        Self { cumulative: sums.collect(), words }
    }

    /// The choice of a closed loop's arrivals: it uses the measured part's stream.
    pub(crate) fn closed(seed: [u8; 32], weights: &[u32]) -> Self {
        Self::new(seed, CHOICE_STREAM, weights)
    }

    pub(crate) fn next(&mut self) -> u32 {
        let (Some(words), Some(total)) = (&mut self.words, self.cumulative.last()) else { return 0 };
        let point = ((u128::from(words.next_u64()) * u128::from(*total)) >> 64) as u64;
        self.cumulative.partition_point(|sum| *sum <= point) as u32
    }
}

#[cfg(test)]
mod tests;
