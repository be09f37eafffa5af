use proptest::prelude::*;

use super::*;
use crate::testing::Random;

const LIMIT_NS: u64 = 100_000_000;

/// 10 s at 1,000/s, each request 20 ms, 20 in flight; everything in order.
fn sound() -> Facts {
    let mut send_lag = Histogram::new();
    send_lag.record_many(Value::Finite(20_000), 10_000);
    Facts {
        scheduled: 10_000,
        send_lag,
        late: 0,
        wall_ns: 10_000_000_000,
        cpu_ns: 2_000_000_000,
        run_queue_ns: 100_000_000,
        in_flight_samples: 1_000,
        in_flight_sum: 20_000,
        completed: 10_000,
        residence_sum_us: 200_000_000,
    }
}

/// The gates that do not pass.
fn failed(facts: &Facts, limit_ns: Option<u64>) -> Vec<&'static str> {
    instrument_gates(facts, limit_ns).iter().filter(|r| !r.passed).map(|r| r.gate.name()).collect()
}

#[test]
fn a_sound_run_passes_every_gate() {
    assert_eq!(failed(&sound(), Some(LIMIT_NS)), [""; 0]);
    assert_eq!(failed(&sound(), None), [""; 0]);
    let gates: Vec<_> = instrument_gates(&sound(), None).iter().map(|r| r.gate).collect();
    assert_eq!(gates, Gate::ALL);
}

#[test]
fn each_planted_cause_fails_its_gate_and_no_other() {
    let check = |gate, plant: &dyn Fn(&mut Facts)| {
        let mut facts = sound();
        plant(&mut facts);
        assert_eq!(failed(&facts, Some(LIMIT_NS)), [gate]);
    };
    check("rate", &|facts| {
        facts.send_lag = Histogram::new();
        facts.send_lag.record_many(Value::Finite(20_000), 9_949);
        facts.late = 51;
    });
    check("rate", &|facts| facts.late = 1);
    check("send-lag", &|facts| {
        facts.send_lag = Histogram::new();
        facts.send_lag.record_many(Value::Finite(20_000), 9_989);
        facts.send_lag.record_many(Value::Finite(LIMIT_NS / 20 + 10_000), 11);
    });
    check("cpu", &|facts| facts.cpu_ns = 8_000_000_001);
    check("run-queue", &|facts| facts.run_queue_ns = 1_000_000_001);
    // Latency taken from the actual send: the stamps say half of what was in flight.
    check("littles-law", &|facts| facts.residence_sum_us /= 2);
    check("littles-law", &|facts| {
        facts.in_flight_samples = 99;
        facts.in_flight_sum = 99 * 20;
    });
    check("measured", &|facts| facts.completed = 0);
}

#[test]
fn the_limits_themselves_pass() {
    let mut facts = sound();
    facts.send_lag = Histogram::new();
    facts.send_lag.record_many(Value::Finite(20_000), 9_950);
    facts.late = 50;
    facts.cpu_ns = 8_000_000_000;
    facts.run_queue_ns = 1_000_000_000;
    facts.completed = 1;
    assert_eq!(failed(&facts, Some(LIMIT_NS)), [""; 0]);
}

#[test]
fn a_sent_arrival_that_lags_more_than_the_limit_is_not_in_time() {
    let mut facts = sound();
    facts.send_lag.record_many(Value::Finite(LIMIT_NS), 100);
    facts.scheduled += 100;
    assert_eq!(failed(&facts, Some(LIMIT_NS)), ["rate", "send-lag"]);
    assert_eq!(failed(&facts, None), [""; 0]);
}

#[test]
fn send_lag_without_a_limit_is_reported() {
    let result = instrument_gates(&sound(), None)[1];
    assert_eq!(result.observed, Some(Quantity { amount: 20_015, unit: Unit::Ns }));
    assert_eq!(result.limit, None);
}

#[test]
fn a_run_of_nothing_passes_nothing() {
    assert_eq!(
        failed(&Facts::default(), Some(LIMIT_NS)),
        ["rate", "send-lag", "cpu", "run-queue", "littles-law", "measured"]
    );
}

#[test]
fn the_allowance_shrinks_as_more_is_seen() {
    let limit = |in_flight_sum| little_limit_ppb(&Facts { in_flight_sum, ..Facts::default() });
    assert_eq!(limit(100), 50_000_000 + 360_000_000);
    assert_eq!(limit(1_000_000), 50_000_000 + 3_006_000);
    assert!(limit(3_800) <= 100_000_000);
    assert!(limit(3_600) > 100_000_000);
}

/// A run of 5 s: `count` requests at random times that stay `stay_ns` each, seen at 500 random instants.
fn simulated(random: &mut Random, count: u64, stay_ns: u64) -> Facts {
    let wall_ns = 5_000_000_000;
    let starts: Vec<_> = (0..count).map(|_| random.next() % (wall_ns - stay_ns)).collect();
    let stretch_ns = wall_ns / 500;
    let in_flight_sum = (0..500)
        .map(|i| i * stretch_ns + random.next() % stretch_ns)
        .map(|at| starts.iter().filter(|&&start| start <= at && at < start + stay_ns).count() as u64)
        .sum();
    Facts {
        wall_ns,
        in_flight_samples: 500,
        in_flight_sum,
        completed: count,
        residence_sum_us: count * stay_ns / 1_000,
        ..Facts::default()
    }
}

fn little_passes(facts: &Facts) -> bool {
    little_residual_ppb(facts).is_some_and(|ppb| ppb <= little_limit_ppb(facts))
}

#[test]
fn littles_law_is_not_flaky_from_tiny_to_large() {
    let mut random = Random::new(1);
    for (count, stay_ns) in
        [(200, 50_000), (200, 2_000_000), (1_000, 200_000), (1_000, 40_000_000), (500, 900_000_000)]
    {
        let failures = (0..200).filter(|_| !little_passes(&simulated(&mut random, count, stay_ns))).count();
        assert_eq!(failures, 0, "{count} requests of {stay_ns} ns");
    }
}

#[test]
fn littles_law_sees_stamps_that_lie() {
    let mut random = Random::new(2);
    for (count, stay_ns) in [(1_000, 5_000_000), (1_000, 40_000_000), (500, 900_000_000)] {
        let mut facts = simulated(&mut random, count, stay_ns);
        facts.residence_sum_us = facts.residence_sum_us * 3 / 4;
        assert!(!little_passes(&facts), "{count} requests of {stay_ns} ns: stamps of three quarters");
    }
    // Where the number in flight is tiny, only a gross lie shows, and the limit says so.
    let mut facts = simulated(&mut random, 200, 500_000);
    facts.residence_sum_us *= 20;
    assert!(!little_passes(&facts));
    assert!(little_limit_ppb(&facts) > 500_000_000);
}

#[test]
fn names_are_read_again() {
    for gate in Gate::ALL {
        assert_eq!(Gate::from_name(gate.name()), Some(gate));
    }
    assert_eq!(Gate::from_name("luck"), None);
}

proptest! {
    #[test]
    fn no_facts_panic(numbers in prop::array::uniform9(any::<u64>()), limit: Option<u64>) {
        let [scheduled, late, wall_ns, cpu_ns, run_queue_ns, in_flight_samples, in_flight_sum, completed, us] = numbers;
        let facts = Facts {
            scheduled, send_lag: Histogram::new(), late, wall_ns, cpu_ns, run_queue_ns, in_flight_samples,
            in_flight_sum, completed, residence_sum_us: us,
        };
        prop_assert_eq!(instrument_gates(&facts, limit).len(), Gate::ALL.len());
    }
}
