//! How often the trend raises a false alarm, and how often it misses a leak, over series that are drawn anew each time.

use super::*;
use crate::testing::Random;

const MIB: f64 = 1_048_576.0;
/// What does not matter, as `memory` has it.
const LEAST: u64 = 1 << 20;
/// Series of each kind.
const SERIES: u32 = 1_000;

/// Roughly normal, of deviation 1: the sum of twelve less their mean.
fn noise(random: &mut Random) -> f64 {
    (0..12).map(|_| random.unit()).sum::<f64>() - 6.0
}

/// How many of the series that `level` draws, in MiB at a time from 0 to 1 and with a phase from 0 to 1, are said to
/// grow to the end.
fn alarms(seed: u64, level: impl Fn(&mut Random, f64, f64) -> f64) -> u32 {
    courses(seed, &[Course::Grows], level)
}

/// How many are said to do one of these.
fn courses(seed: u64, wanted: &[Course], level: impl Fn(&mut Random, f64, f64) -> f64) -> u32 {
    let mut random = Random::new(seed);
    let mut is_wanted = || {
        let phase = random.unit();
        let at = |index| index as f64 / TREND_VALUES as f64;
        let series: Vec<u64> =
            (0..TREND_VALUES).map(|index| (level(&mut random, at(index), phase) * MIB) as u64).collect();
        wanted.contains(&Trend::of(&series).unwrap().course(LEAST))
    };
    (0..SERIES).map(|_| u32::from(is_wanted())).sum()
}

/// A saw-tooth from 0 to 1 with `teeth` over the whole series.
fn saw(teeth: f64, at: f64, phase: f64) -> f64 {
    (at * teeth + phase).fract()
}

#[test]
fn flat_noise_is_no_leak() {
    for (index, (level, share)) in
        [(20.0, 0.002), (20.0, 0.05), (200.0, 0.002), (200.0, 0.01), (200.0, 0.05), (2_000.0, 0.01)]
            .into_iter()
            .enumerate()
    {
        let found = alarms(index as u64, |random, _, _| level * (1.0 + share * noise(random)));
        assert!(found <= 2, "{found} of {SERIES} at {level} MiB with {share}");
    }
}

#[test]
fn the_saw_tooth_of_a_garbage_collector_is_no_leak() {
    // Down to two and a half teeth: a tooth that fills the whole second half cannot be told from a leak.
    for teeth in [40.0, 17.0, 10.0, 6.0, 3.4, 2.5] {
        let level =
            |random: &mut Random, at, phase| 100.0 + 50.0 * saw(teeth, at, phase) + 0.3 * noise(random);
        let found = alarms(7, level);
        assert!(found <= 1, "{found} of {SERIES} with {teeth} teeth");
    }
}

#[test]
fn a_cache_that_fills_up_and_levels_off_is_no_leak() {
    for sixths in [1.0, 0.8, 0.5, 0.1] {
        let level = |random: &mut Random, at: f64, _| {
            220.0 - 200.0 * (-at * 6.0 / sixths).exp() + 0.1 * noise(random)
        };
        let found = alarms(11, level);
        assert!(found <= 1, "{found} of {SERIES} with {sixths} sixths as time constant");
    }
    let until_half =
        |random: &mut Random, at: f64, _| 20.0 + 200.0 * (2.0 * at).min(1.0) + 0.1 * noise(random);
    assert_eq!(alarms(12, until_half), 0);
}

#[test]
fn a_slow_leak_is_found() {
    // What it grows by in the second half, of 100 MiB, and how often that must be found.
    for (growth, share, at_least) in
        [(0.05, 0.001, 999), (0.1, 0.001, 1_000), (0.1, 0.01, 930), (0.5, 0.01, 999), (2.0, 0.01, 1_000)]
    {
        let level = |random: &mut Random, at: f64, _| {
            100.0 * (1.0 + growth * (2.0 * at - 1.0)) * (1.0 + share * noise(random))
        };
        let found = alarms(21, level);
        assert!(found >= at_least, "{found} of {SERIES} with {growth} and noise {share}");
    }
}

#[test]
fn a_staircase_is_found_from_six_steps_on() {
    for (steps, at_least) in [(6.0, 990), (8.0, 999), (12.0, 1_000)] {
        let level = |random: &mut Random, at: f64, phase: f64| {
            100.0 + 5.0 * (2.0 * at * steps + phase).floor() + 0.1 * noise(random)
        };
        let found = alarms(31, level);
        assert!(found >= at_least, "{found} of {SERIES} with {steps} steps in the second half");
    }
}

#[test]
fn a_leak_under_the_teeth_of_a_garbage_collector_is_found() {
    let level = |random: &mut Random, at: f64, phase| {
        100.0 + 30.0 * saw(40.0, at, phase) + 40.0 * at + 0.1 * noise(random)
    };
    let found = alarms(41, level);
    assert!(found >= 990, "{found} of {SERIES}");
}

/// Kendall's S of twelve values in an order drawn by chance: inversions, counted exactly.
#[test]
fn by_chance_one_order_in_a_thousand_rises_so_often() {
    let mut orders = vec![1u64];
    for values in 2..=BLOCKS {
        let mut next = vec![0; orders.len() + values - 1];
        for (inversions, count) in orders.iter().enumerate() {
            (0..values).for_each(|more| next[inversions + more] += count);
        }
        orders = next;
    }
    let all: u64 = orders.iter().sum();
    let pairs = orders.len() as i64 - 1;
    let tail = |rises: i64| -> u64 {
        orders
            .iter()
            .zip(0i64..)
            .filter(|(_, inversions)| pairs - 2 * inversions >= rises)
            .map(|(count, _)| count)
            .sum()
    };
    assert_eq!((pairs, all), (66, 479_001_600));
    assert_eq!(all / tail(RISES_MIN), 1_109);
    assert!(tail(RISES_MIN - 2) * 1_000 > all, "a lower bound would do");
}

#[test]
fn each_of_the_three_is_needed() {
    let grows = |levels, rises| Trend { rises, levels }.course(LEAST) == Course::Grows;
    let base = 100 << 20;
    let at = |first: u64, second: u64, last: u64| {
        [base + (first << 20), base + (second << 20), base + (last << 20)]
    };
    assert!(grows(at(0, 2, 4), RISES_MIN));
    assert!(!grows(at(0, 2, 4), RISES_MIN - 1), "falls too often");
    assert!(!grows(at(0, 0, 1), 66), "1 % of what it was");
    assert!(grows(at(0, 4, 6), 66) && !grows(at(0, 6, 8), 66), "rises ever less");
    assert!(Trend { rises: 66, levels: [0, 1, 2] }.course(3) != Course::Grows, "too little to matter");
    assert!(Trend { rises: 66, levels: [0, 0, 0] }.course(0) != Course::Grows, "nothing is no growth");
}

#[test]
fn a_series_of_another_length_has_no_trend() {
    for length in [0, 59, 60, 119, 121] {
        assert_eq!(Trend::of(&vec![1; length]), None, "{length}");
    }
    let rising: Vec<u64> = (0..120).collect();
    assert_eq!(Trend::of(&rising), Some(Trend { rises: 66, levels: [65, 85, 105] }));
    let extremes: Vec<u64> = (0..120).map(|index| if index % 2 == 0 { 0 } else { u64::MAX }).collect();
    assert!(Trend::of(&extremes).unwrap().course(0) != Course::Grows);
}

/// A leak that doubles what there is, under teeth or in steps so slow that few fit into the second half: most are found, or the
/// series says that it cannot tell. The slower, the more are taken for something that levels off.
#[test]
fn a_leak_under_a_slow_rhythm_is_found_or_unclear() {
    let suspicion = [Course::Grows, Course::Unclear];
    for (period, at_least) in [(15.0, 800), (20.0, 990), (25.0, 780), (30.0, 650), (40.0, 450)] {
        let teeth = TREND_VALUES as f64 / period;
        let under_a_saw = |random: &mut Random, at: f64, phase| {
            100.0 * (1.0 + at) + 50.0 * saw(teeth, at, phase) + 0.3 * noise(random)
        };
        let steps = |random: &mut Random, at: f64, phase: f64| {
            100.0 + 100.0 * (at * teeth + phase).floor() / teeth + 0.1 * noise(random)
        };
        let (saws, stairs) = (courses(21, &suspicion, under_a_saw), courses(22, &suspicion, steps));
        assert!(
            saws.min(stairs) >= at_least,
            "{saws} and {stairs} of {SERIES} with a period of {period} values"
        );
    }
}

#[test]
fn what_stays_is_seldom_unclear() {
    let unclear = [Course::Unclear];
    for (index, share) in [0.002, 0.01, 0.05].into_iter().enumerate() {
        let flat = |random: &mut Random, _, _| 100.0 * (1.0 + share * noise(random));
        assert_eq!(courses(31 + index as u64, &unclear, flat), 0, "{share}");
    }
    for (teeth, at_most) in [(40.0, 0), (17.0, 0), (10.0, 0), (6.0, 0), (3.4, 2), (2.5, 160)] {
        let level =
            |random: &mut Random, at, phase| 100.0 + 50.0 * saw(teeth, at, phase) + 0.3 * noise(random);
        let found = courses(41, &unclear, level);
        assert!(found <= at_most, "{found} of {SERIES} with {teeth} teeth");
    }
}
