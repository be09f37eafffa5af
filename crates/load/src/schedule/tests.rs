use proptest::prelude::*;

use super::*;

fn schedule(pacing: Pacing, duration_ns: u64) -> Schedule {
    Schedule { pacing, duration_ns, seed: [7; 32] }
}

fn offsets(schedule: &Schedule) -> Vec<i64> {
    schedule.arrivals(0, &[1]).map(|arrival| arrival.offset_ns).collect()
}

proptest! {
    #[test]
    fn constant_arrivals_are_the_exact_formula(rate_per_ks in 1_000u64..RATE_PER_KS_MAX, take in 1usize..400) {
        let schedule = schedule(Pacing::Constant { rate_per_ks }, DURATION_NS_MAX);
        for (index, arrival) in schedule.arrivals(0, &[1]).take(take).enumerate() {
            let exact = index as u128 * 1_000_000_000_000 / u128::from(rate_per_ks);
            prop_assert_eq!(arrival.offset_ns as u128, exact);
            prop_assert_eq!(arrival.number, index as u64);
        }
    }

    #[test]
    fn arrivals_never_go_back_and_stay_within_the_duration(
        rate_per_ks in 1u64..RATE_PER_KS_MAX, poisson: bool, seed: [u8; 32], warm_up_ns in 0u64..2_000_000,
    ) {
        let pacing = if poisson { Pacing::Poisson { rate_per_ks } } else { Pacing::Constant { rate_per_ks } };
        let schedule = Schedule { pacing, duration_ns: 3_000_000, seed };
        let arrivals: Vec<_> = schedule.arrivals(warm_up_ns, &[1, 2]).collect();
        prop_assert!(arrivals.is_sorted_by_key(|arrival| arrival.offset_ns));
        prop_assert!(arrivals.iter().all(|a| a.offset_ns >= -(warm_up_ns as i64) && a.offset_ns < 3_000_000));
        prop_assert!(arrivals.iter().enumerate().all(|(index, a)| a.number == index as u64 && a.request < 2));
    }
}

#[test]
fn a_poisson_schedule_has_its_rate_and_exponential_gaps() {
    let schedule = schedule(Pacing::Poisson { rate_per_ks: 1_000_000 }, 100_000_000_000);
    let at = offsets(&schedule);
    // 100,000 arrivals wanted; the standard deviation is 316.
    assert!((98_700..=101_300).contains(&at.len()), "{}", at.len());
    let gaps: Vec<i64> = at.windows(2).map(|pair| pair[1] - pair[0]).collect();
    // P(gap > k mean) = e^-k.
    for (mean_gaps, share) in [(0.5f64, 0.60653), (1.0, 0.36788), (3.0, 0.04979)] {
        let longer = gaps.iter().filter(|gap| **gap as f64 > mean_gaps * 1e6).count();
        let seen = longer as f64 / gaps.len() as f64;
        assert!((seen - share).abs() < 0.006, "P(gap > {mean_gaps}) = {seen}, expected {share}");
    }
}

/// The layout is a promise: a verifier must be able to rebuild the schedule from the seed. The key stream itself is
/// checked against the published vector of ChaCha20 with an all-zero key.
#[test]
fn the_seed_layout_is_fixed() {
    let published = u64::from_le_bytes([0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90]);
    assert_eq!(stream([0; 32], 0).next_u64(), published);
    let first = stream([7; 32], GAP_STREAM).next_u64();
    let uniform = ((first >> 11) + 1) as f64 / 9_007_199_254_740_992.0;
    let schedule = schedule(Pacing::Poisson { rate_per_ks: 1_000_000 }, 1_000_000_000);
    assert_eq!(offsets(&schedule)[0], (-uniform.ln() * 1e6).round() as i64);
}

#[test]
fn the_warm_up_comes_first_and_does_not_move_the_measured_part() {
    let schedule = schedule(Pacing::Poisson { rate_per_ks: 1_000_000 }, 50_000_000);
    let alone: Vec<_> = schedule.arrivals(0, &[3, 1]).map(|a| (a.offset_ns, a.request)).collect();
    let warmed: Vec<_> = schedule.arrivals(20_000_000, &[3, 1]).collect();
    let measured: Vec<_> =
        warmed.iter().filter(|a| a.offset_ns >= 0).map(|a| (a.offset_ns, a.request)).collect();
    assert_eq!(measured, alone);
    assert!(warmed.len() > alone.len());
}

#[test]
fn requests_are_chosen_by_weight() {
    let schedule = schedule(Pacing::Constant { rate_per_ks: 10_000_000 }, 10_000_000_000);
    let mut counts = [0u32; 3];
    schedule.arrivals(0, &[1, 2, 7]).for_each(|arrival| counts[arrival.request as usize] += 1);
    for (count, expected) in counts.into_iter().zip([10_000i64, 20_000, 70_000]) {
        // Four standard deviations of the widest of the three.
        assert!((i64::from(count) - expected).abs() < 600, "{count}, expected {expected}");
    }
}

#[test]
fn an_impossible_schedule_is_refused() {
    let check = |pacing, duration_ns, warm_up_ns| schedule(pacing, duration_ns).check(warm_up_ns).is_err();
    assert!(check(Pacing::Constant { rate_per_ks: 0 }, 1, 0));
    assert!(check(Pacing::Poisson { rate_per_ks: RATE_PER_KS_MAX + 1 }, 1, 0));
    assert!(check(Pacing::Closed, 0, 0));
    assert!(check(Pacing::Closed, DURATION_NS_MAX + 1, 0));
    assert!(check(Pacing::Closed, 1, DURATION_NS_MAX + 1));
    assert!(!check(Pacing::Closed, 1, 0));
}
