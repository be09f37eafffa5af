//! Documents whose figures are computed and then rounded or cut off, as people do: never a contradiction.

use proptest::prelude::*;

use super::{found, told};
use crate::claims::FindingKind;

/// A value with so many decimals, rounded or cut off.
fn printed(value: f64, decimals: i32, is_cut: bool) -> String {
    let scale = 10f64.powi(decimals);
    let value = if is_cut { (value * scale + 1e-9).floor() / scale } else { (value * scale).round() / scale };
    format!("{value:.*}", usize::try_from(decimals).unwrap())
}

/// A whole number with its thousands apart.
fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap()).collect();
    groups.join(",")
}

fn check(text: &str) -> Result<(), TestCaseError> {
    let contradictions: Vec<_> =
        found(text).into_iter().filter(|finding| finding.kind == FindingKind::Contradiction).collect();
    prop_assert!(contradictions.is_empty(), "{text}\n{}", told(&contradictions));
    Ok(())
}

/// Target in per cent, and the share of its budget that was used.
fn service() -> impl Strategy<Value = (f64, f64)> {
    (prop::sample::select(vec![99.0, 99.5, 99.9, 99.95, 99.99]), 0.0..2.0)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn error_budgets(services in prop::collection::vec(service(), 1..6), decimals in 2..4i32, digits in 0..2i32, is_cut: bool) {
        let mut text = "| Service | Target | Actual | Budget used | Status |\n|--|--|--|--|--|\n".to_owned();
        for (target, used) in &services {
            let actual = printed(100.0 - (100.0 - target) * used, decimals, is_cut);
            let used = printed(used * 100.0, digits, is_cut);
            text.push_str(&format!("| a | {target} % | {actual} % | {used} % | - |\n"));
        }
        let worst = services.iter().map(|(_, used)| *used).fold(0.0, f64::max);
        if worst <= 1.0 {
            let left = printed(100.0 - worst * 100.0, digits, is_cut);
            text.push_str(&format!("\n**Error budget remaining**: {left} %\n"));
        }
        check(&text)?;
    }

    #[test]
    fn load_tests(
        total in 20u64..2_000_000, failed in 0u64..500, seconds in 5u64..900, drain in 0.0..0.05f64,
        latencies in prop::array::uniform4(0.05..3000.0f64), decimals in 0..3i32, is_cut: bool, is_table: bool,
    ) {
        let mut latencies = latencies;
        latencies.sort_by(f64::total_cmp);
        let failed = failed.min(total);
        let took = seconds as f64 * (1.0 + drain);
        let rate = printed(total as f64 / took, decimals.max(1), is_cut);
        let ratio = printed(failed as f64 / total as f64 * 100.0, decimals + 1, is_cut);
        let [p50, p95, p99, max] = latencies.map(|latency| printed(latency, decimals, is_cut));
        let total = grouped(total);
        check(&if is_table {
            format!(
                "| Run | Requests | RPS | Duration | p50 | p95 | p99 | Max | Errors | Error rate |\n|--|--|--|--|--|--|--|--|--|--|\n\
                 | a | {total} | {rate} | {seconds} s | {p50} ms | {p95} ms | {p99} ms | {max} ms | {failed} | {ratio} % |\n"
            )
        } else {
            format!(
                "### Test (10 users, {seconds}s)\n- **Total requests**: {total}\n- **RPS**: {rate}\n- **P50 latency**: {p50}ms\n\
                 - **P95 latency**: {p95}ms\n- **P99 latency**: {p99}ms\n- **Max latency**: {max}ms\n- **Error rate**: {ratio}%\n"
            )
        })?;
    }

    #[test]
    fn shares_of_counts(rows in prop::collection::vec((1u64..5000, 0.0..1.0f64), 1..8), decimals in 0..3i32, is_cut: bool) {
        let mut text = "| Group | Tests run | Tests passed | Success rate |\n|--|--|--|--|\n".to_owned();
        let mut lines = String::new();
        for (all, share) in rows {
            let part = (all as f64 * share) as u64;
            let percent = printed(part as f64 / all as f64 * 100.0, decimals, is_cut);
            text.push_str(&format!("| a | {} | {} | {percent} % |\n", grouped(all), grouped(part)));
            lines.push_str(&format!("- {} of {} ({percent} %) were good\n", grouped(part), grouped(all)));
        }
        check(&format!("{text}\n{lines}"))?;
    }

    #[test]
    fn averages(scores in prop::collection::vec(0.0..10.0f64, 3..12), decimals in 0..3i32, is_cut: bool) {
        let mean = scores.iter().sum::<f64>() / scores.len() as f64;
        let mut text = "## Scores\n".to_owned();
        for score in &scores {
            text.push_str(&format!("- **Part**: {}/10\n", printed(*score, decimals, is_cut)));
        }
        text.push_str(&format!("\n**Average**: {}/10\n", printed(mean, decimals, is_cut)));
        check(&text)?;
    }

    #[test]
    fn improvements(wanted in 1u32..100_000, seen in 0.01..100_000.0f64, decimals in 0..3i32, digits in 0..2i32, is_cut: bool) {
        let ratio = (f64::from(wanted) / seen).max(seen / f64::from(wanted));
        let (seen, ratio) = (printed(seen, decimals, is_cut), printed(ratio, digits, is_cut));
        prop_assume!(seen.parse::<f64>().unwrap() > 0.0);
        check(&format!(
            "| Metric | Target | Achieved | Status |\n|--|--|--|--|\n| Rate | {wanted} ops/s | {seen} ops/s | {ratio}x better |\n\n\
             - Rate: {seen} ops/s ({ratio}x better than {wanted} ops/s target)\n"
        ))?;
    }

    #[test]
    fn recoveries(rto in 2u32..600, drills in prop::collection::vec(0.01..1.0f64, 1..6), best in 10.0..5000.0f64, share in 0.1..1.0f64) {
        let mut text = "## Recovery\n".to_owned();
        for share in drills {
            text.push_str(&format!("- **Drill**: tested, took {} min\n", printed(f64::from(rto) * share, 1, true)));
        }
        text.push_str(&format!("- **RTO**: {rto} minutes\n\n## Load\n- **Requests**: 1000\n- **RPS**: {best:.1}\n"));
        check(&format!("{text}\n### Capacity\n- **Sustained**: {} RPS\n", printed(best * share, 0, true)))?;
    }
}

/// Figures that differ because they are of different things: each line is told by somebody who means it.
#[test]
fn figures_that_are_narrowed_differently_do_not_contradict() {
    for text in [
        "- **p99 (server)**: 40 ms\n- **p50 (client, WAN)**: 80 ms\n",
        "- **p99**: 40 ms (server)\n- **p50**: 80 ms (client, WAN)\n",
        "- **p99**: 40 ms (cold cache excluded)\n- **Max**: 35 ms (median of 5 runs)\n",
        "- **Median p99 of five runs**: 90 ms\n- **p95**: 50 ms\n",
        "- **Requests**: 54,000\n- **Duration**: 10 min\n- **Peak measured**: 1,200 req/s\n- **RPS**: 90\n",
        "- **Requests**: 54,000\n- **Duration**: 10 min\n- **Throughput**: 1,200 req/s (peak)\n",
        "### Ramp from 50 to 400 req/s, 10 min\n- **Requests**: 135,000\n- **RPS**: 400\n",
        "- **Rate**: ramp from 50 to 400 req/s (peak)\n- **Requests**: 135,000\n- **Duration**: 10 min\n",
        "- **Requests**: 48,000\n- **RPS**: 100\n- **Duration**: 10 min\n- **Warm-up**: 2 min, not counted\n",
        "| Step | Requests (all nodes) | RPS (per node) | Duration |\n|--|--|--|--|\n| 1 | 180,000 | 100 | 10 min |\n",
        "- 48/50 passed (100 %), 2 skipped\n",
        "- 48 of 50 passed, 2 skipped: 100 % of those not skipped\n",
        "- **Passed**: 48/50 (100 %)\n- **Skipped**: 2\n",
        "| Suite | Total | Passed | Skipped | Pass rate |\n|--|--|--|--|--|\n| a | 50 | 48 | 2 | 100 % |\n",
        "## Recovery\n- **RTO**: 15 minutes\n- **Drill**: 35 min before the rebuild, took 12 min since\n",
        "## Recovery\n- **RTO**: 15 minutes\n- **Restore in the old data centre**: took 35 min\n",
        "## Recovery\n- **RTO (orders)**: 15 minutes\n- **Restore of the archive**: took 3 h\n",
        "| Service | Target | Actual | Status |\n|--|--|--|--|\n\
         | Availability | 99.9 % | 99.85 % (99.95 % excluding maintenance) | met |\n",
        "| Service | Target | Actual (last quarter) | Budget used (this month) |\n|--|--|--|--|\n| a | 99.9 % | 99.95 % | 8 % |\n",
        "The SLO is 99.9 %, actual 99.95 % last quarter, and 8 % of the error budget is used this month.\n",
        "Uptime was 99.99 % by requests, with 4 hours of downtime in one region over 30 days.\n",
        "- **Requests**: 90,000\n- **Failed**: 900\n- **Error rate**: 0.1 % (without client errors)\n",
        "## Scores\n- **A**: 8/10\n- **B**: 9/10\n- **C**: 7/10\n\n**Average (last year)**: 6.1/10\n",
        "| Metric | Target | Achieved | Change |\n|--|--|--|--|\n| p95 | 100 ms | 40 ms | 5x faster than last year |\n",
        "### Test\n- **Requests**: 90,000\n- **RPS**: 150\n- **Peak (10 s)**: 1,200 req/s\n\n## Capacity\n- **Burst**: 1,100 RPS\n",
        "Tests: 120 total, 100 passed, 5 failed, the rest was not run.\n",
        "p99 was 40 ms at the server and p50 80 ms at the client.\n",
    ] {
        check(text).unwrap();
    }
}

/// What was decided has no method.
#[test]
fn plans_and_objectives_are_no_figures_that_were_measured() {
    for text in [
        "## Backups\n- **Backups**: every 6 hours\n- **Snapshots**: 15 min apart\n",
        "## Recovery\n| Objective | Value |\n|--|--|\n| RTO | 15 min |\n| RPO | 5 min |\n",
        "## Recovery\n| System | RTO | RPO |\n|--|--|--|\n| orders | 15 min | 5 min |\n",
    ] {
        let found: Vec<_> =
            found(text).into_iter().filter(|one| one.kind == FindingKind::FigureWithoutMethod).collect();
        assert!(found.is_empty(), "{text}\n{}", told(&found));
    }
}
