//! Does a series grow without end? What a service holds of the machine, looked at again and again under constant load.
//!
//! A test for a trend alone (Mann 1945) takes neighbours for independent, which they are not, and finds trends of no
//! consequence. So three things are asked: that the floor of the series rises by an amount that matters, that it does not rise
//! ever less, as a cache does that fills up, and that it rises nearly all the time. What rises much, and not nearly all the
//! time, may be a leak or a tooth of a collector: that the series is too short to tell is then what it tells. All in integers.

/// How many values a series has.
pub const TREND_VALUES: usize = 120;
/// The first half is for warming up: caches, pools and lazily made tables fill then.
const WARM_UP_VALUES: usize = TREND_VALUES / 2;
/// The second half in blocks of five, of each the least: what a garbage collector has left, not what it is about to take.
const BLOCK_VALUES: usize = 5;
const BLOCKS: usize = (TREND_VALUES - WARM_UP_VALUES) / BLOCK_VALUES;
/// Blocks in a third, whose lower median is the level of that third.
const THIRD_BLOCKS: usize = BLOCKS / 3;
/// Of the 66 pairs of blocks so many more must rise than fall. Of twelve values in an order drawn by chance 1 in 1,109
/// does that: the exact distribution of Kendall's S.
const RISES_MIN: i64 = 44;
/// From the first third to the last it must rise by one part in so many of what it was.
const GROWTH_PARTS: u64 = 50;
/// From the second third to the last it must rise by one part in so many of what it rose from the first to the second.
/// What fills up with a time constant of up to a sixth of the series does not.
const SLOWING_PARTS: u64 = 2;
/// What falls back on its way is unclear only if it rose by one part in so many of what it was: collectors leave more some
/// times than others.
const UNCLEAR_PARTS: u64 = 10;

/// How a series goes in its second half.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trend {
    /// Pairs of blocks of which the later is higher, less those of which it is lower: -66 to 66.
    pub rises: i64,
    /// The level of the first, the second and the last third.
    pub levels: [u64; 3],
}

/// What a series does in its second half.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// Its floor is no higher at the end.
    Stays,
    /// It rises by less than matters, or by little and not all the time.
    HardlyGrows,
    /// It rises ever less.
    LevelsOff,
    /// It rises much, but falls back on its way: the series is too short to tell.
    Unclear,
    /// It rises to the end.
    Grows,
}

impl Trend {
    /// The trend of a series; none unless it has [`TREND_VALUES`].
    pub fn of(series: &[u64]) -> Option<Self> {
        if series.len() != TREND_VALUES {
            return None;
        }
        let second_half = series.get(WARM_UP_VALUES..)?;
        let floors: Vec<u64> =
            second_half.chunks_exact(BLOCK_VALUES).filter_map(|block| block.iter().min().copied()).collect();
        let pairs = floors.iter().enumerate().flat_map(|(index, earlier)| {
            floors.iter().skip(index + 1).map(move |later| later.cmp(earlier) as i64)
        });
        let mut thirds = floors.chunks_exact(THIRD_BLOCKS).map(lower_median);
        let levels = [thirds.next()??, thirds.next()??, thirds.next()??];
        Some(Self { rises: pairs.sum(), levels })
    }

    /// The least growth that is found; what rises by less than `least` does not matter.
    pub fn least_growth(&self, least: u64) -> u64 {
        least.max(self.levels[0] / GROWTH_PARTS)
    }

    /// What it does; what rises by less than `least` does not matter.
    pub fn course(&self, least: u64) -> Course {
        let [first, second, last] = self.levels;
        let growth = last.saturating_sub(first);
        let goes_on = last.saturating_sub(second) >= second.saturating_sub(first).div_ceil(SLOWING_PARTS);
        if growth == 0 {
            Course::Stays
        } else if growth < self.least_growth(least) {
            Course::HardlyGrows
        } else if !goes_on {
            Course::LevelsOff
        } else if self.rises >= RISES_MIN {
            Course::Grows
        } else if growth >= least.max(first / UNCLEAR_PARTS) {
            Course::Unclear
        } else {
            Course::HardlyGrows
        }
    }
}

fn lower_median(values: &[u64]) -> Option<u64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len().checked_sub(1)? / 2).copied()
}

#[cfg(test)]
mod tests;
