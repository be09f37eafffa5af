//! The statistics against SciPy: `tests/reference/make_reference.py` says how the expected answers were made.

use std::time::{Duration, Instant};

use plimsoll_measure::{Probability, clopper_pearson_lower, clopper_pearson_upper, lower_rank, upper_rank};

const REFERENCE: &str = include_str!("../reference/reference.csv");

/// The fields after the kind, of every line of this kind.
fn lines(kind: &str) -> Vec<Vec<&'static str>> {
    let of_kind = REFERENCE.lines().filter_map(|line| line.strip_prefix(kind)?.strip_prefix(','));
    of_kind.map(|line| line.split(',').collect()).collect()
}

fn number(text: &str) -> u64 {
    text.parse().unwrap()
}

fn probability(text: &str) -> Probability {
    Probability::from_ppb(number(text)).unwrap()
}

#[test]
fn the_reference_says_what_made_it() {
    assert!(REFERENCE.starts_with("# SciPy 1."), "{}", REFERENCE.lines().next().unwrap());
    assert_eq!((lines("rank").len(), lines("ratio").len() > 1_000), (1_026, true));
}

#[test]
fn ranks_are_those_of_scipy() {
    for line in lines("rank") {
        let (count, quantile, confidence) = (number(line[0]), probability(line[1]), probability(line[2]));
        let shown = |rank: Option<u64>| rank.map_or("none".to_owned(), |rank| rank.to_string());
        let ours =
            [lower_rank(count, quantile, confidence), upper_rank(count, quantile, confidence)].map(shown);
        assert_eq!(ours, [line[3], line[4]], "of {line:?}");
    }
}

#[test]
fn clopper_pearson_bounds_are_those_of_scipy() {
    for line in lines("ratio") {
        let (count, trials, confidence) = (number(line[0]), number(line[1]), probability(line[2]));
        let ours = [
            clopper_pearson_lower(count, trials, confidence),
            clopper_pearson_upper(count, trials, confidence),
        ];
        assert_eq!(ours, [number(line[3]), number(line[4])], "of {line:?}");
    }
}

/// A verifier recomputes hundreds of bounds. The slowest case is p = 1/2; the best of some rounds counts, because other
/// programs share the machine.
#[test]
fn bounds_of_a_hundred_million_trials_take_milliseconds() {
    let round = |i: u64| {
        #[expect(clippy::disallowed_methods, reason = "the test times the computation itself")]
        let started = Instant::now();
        let upper = clopper_pearson_upper(50_000_000 + i, 100_000_000, Probability::P95);
        let elapsed = started.elapsed();
        assert!((500_000_000..500_100_000).contains(&upper));
        elapsed
    };
    let best = (0..20).map(round).min().unwrap();
    assert!(best < Duration::from_millis(5), "{best:?}");
}
