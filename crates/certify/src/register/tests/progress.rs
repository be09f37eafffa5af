//! What is told of a certification while it is made: enough, and never too much.

use plimsoll_load::{ErrorCounts, Progress as LoadProgress};
use plimsoll_measure::Histogram;
use proptest::prelude::*;

use crate::conductor::Event;
use crate::register::progress::Sieve;
use crate::register::{PROGRESS_RECORDS_MAX, Progress};

const SECOND: u64 = 1_000;
const STEP: Event<'static> = Event::Step { done: 0, of: 1, name: "s" };

fn load(latency: &Histogram) -> LoadProgress<'_> {
    LoadProgress {
        elapsed_ns: 3_000_000_000,
        total_ns: 10_500_000_000,
        measured_ns: 1,
        completed: 1,
        rate_per_ks: 7,
        in_flight: 0,
        latency,
        errors: ErrorCounts { timeout: 2, ..ErrorCounts::default() },
    }
}

#[test]
fn load_is_told_every_two_seconds_and_steps_at_once() {
    let latency = Histogram::default();
    let progress = load(&latency);
    let mut sieve = Sieve::default();
    let told: Vec<u64> = (0..10_000)
        .step_by(200)
        .filter(|now_ms| {
            assert!(sieve.keeps(&STEP, *now_ms), "a step waits for no load");
            sieve.keeps(&Event::Load(&progress), *now_ms)
        })
        .collect();
    assert_eq!(told, [0, 2 * SECOND, 4 * SECOND, 6 * SECOND, 8 * SECOND]);
}

#[test]
fn a_day_of_load_leaves_room_for_what_comes_after_it() {
    let latency = Histogram::default();
    let progress = load(&latency);
    let mut sieve = Sieve::default();
    let told = (0..86_400).filter(|second| sieve.keeps(&Event::Load(&progress), second * SECOND)).count();
    assert!((1_000..3_000).contains(&told), "{told} words");
    assert!(sieve.keeps(&STEP, 86_400 * SECOND));
}

#[test]
fn load_is_told_as_it_was_measured() {
    let mut latency = Histogram::default();
    latency.record(plimsoll_measure::Value::Finite(1_000));
    let Progress::Load { counts, rate_per_ks, p50_ns, errors, left_ms, .. } =
        Progress::of(&Event::Load(&load(&latency)))
    else {
        panic!("it is no load")
    };
    assert_eq!((counts, rate_per_ks, errors, left_ms), (true, 7, 2, 7_500));
    assert!(p50_ns.is_some());
    let nothing = Histogram::default();
    let warm_up = LoadProgress { measured_ns: 0, ..load(&nothing) };
    let told = Progress::of(&Event::Load(&warm_up));
    assert!(matches!(told, Progress::Load { counts: false, p50_ns: None, p99_ns: None, .. }), "{told:?}");
}

proptest! {
    #[test]
    fn no_more_is_kept_than_may_be(pauses in proptest::collection::vec((any::<bool>(), 0u64..9_000), 0..9_000)) {
        let latency = Histogram::default();
        let progress = load(&latency);
        let (mut sieve, mut now_ms, mut kept) = (Sieve::default(), 0, 0);
        let mut last_load_ms: Option<u64> = None;
        for (is_load, pause_ms) in pauses {
            now_ms += pause_ms;
            let event = if is_load { Event::Load(&progress) } else { STEP };
            if !sieve.keeps(&event, now_ms) {
                prop_assert!(is_load || kept == PROGRESS_RECORDS_MAX, "a step was lost");
                continue;
            }
            kept += 1;
            if is_load {
                prop_assert!(last_load_ms.is_none_or(|last_ms| now_ms - last_ms >= 2 * SECOND));
                last_load_ms = Some(now_ms);
            }
        }
        prop_assert!(kept <= PROGRESS_RECORDS_MAX);
    }
}
