//! The statistics against SciPy: `tests/reference/make_reference.py` says how the expected answers were made.

use std::time::{Duration, Instant};

use plimsoll_measure::{
    Probability, clopper_pearson_lower, clopper_pearson_upper, lower_rank, mann_kendall, upper_rank,
};

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
    assert_eq!((lines("rank").len(), lines("ratio").len() > 1_000, lines("trend").len()), (1_026, true, 44));
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

#[test]
fn trends_are_those_of_scipy() {
    for line in lines("trend") {
        let lists: Vec<Vec<u64>> =
            line[0].split(" | ").map(|list| list.split(' ').map(number).collect()).collect();
        let trend = mann_kendall(&lists.iter().map(Vec::as_slice).collect::<Vec<_>>());
        assert_eq!(trend.score.to_string(), line[1], "of {line:?}");
        let expected = (line[2].parse::<f64>().unwrap() * 1e9).ceil();
        assert_eq!(trend.p_ppb, expected as u64, "of {line:?}");
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
