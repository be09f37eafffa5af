//! Honest lines that once were accused, or that look like what is. Beside each lot stands what must still be told.

use super::{found, told};
use crate::claims::FindingKind::{Contradiction, ImpossibleDate, SampleTooSmall};

fn accusations(text: &str) -> Vec<crate::claims::Finding> {
    let is_one = |finding: &crate::claims::Finding| {
        matches!(finding.kind, Contradiction | ImpossibleDate | SampleTooSmall)
    };
    found(text).into_iter().filter(is_one).collect()
}

fn is_quiet(text: &str) {
    let all = accusations(text);
    assert!(all.is_empty(), "{}in\n{text}", told(&all));
}

fn is_told(text: &str) {
    assert!(!accusations(text).is_empty(), "nothing is told of\n{text}");
}

#[test]
fn a_limit_has_a_side_only_where_name_and_unit_say_so() {
    let table = |rows: &str| format!("| Metric | Target | Actual | Met |\n|--|--|--|--|\n{rows}");
    is_quiet(&table(
        "| Latency objective | 99 % | 99.4 % | yes |\n| Requests below 500 ms at p99 | 99 % | 99.2 % | yes |\n\
         | Errors, good replies | 99.9 % | 99.96 % | ✅ |\n| Time to first byte below 200 ms | 90 % | 94 % | yes |\n\
         | Error detection rate | 95 % | 98 % | yes |\n| CPU headroom | 20 % | 35 % | yes |\n\
         | Memory left | 10 % | 40 % | yes |\n| Cost savings | 10 % | 12 % | yes |\n| Error reduction | 50 % | 60 % | yes |\n\
         | On-time delivery | 95 % | 97 % | yes |\n| Response rate | 80 % | 91 % | yes |\n\
         | Uptime check interval | 60 s | 30 s | yes |\n| Coverage gap | 20 % | 12 % | yes |\n\
         | Mean time between failures | 30 days | 41 days | yes |\n| Time saved | 10 min | 14 min | yes |\n\
         | Test duration | 10 min | 30 min | yes |\n| Errors caught in review | 80 % | 88 % | yes |\n\
         | Loss prevention | 90 % | 93 % | yes |\n| Idle CPU | 20 % | 44 % | yes |\n| Time to failure | 5 s | 9 s | yes |\n\
         | Lead time for alerts | 5 min | 9 min | yes |\n",
    ));
    for row in [
        "| P95 latency | 100 ms | 140 ms | yes |\n",
        "| Response time | < 1 s | 4 s | yes |\n",
        "| Error rate | 0.1 % | 0.4 % | yes |\n",
        "| Availability | 99.9 % | 99.5 % | yes |\n",
        "| Throughput | 1,000 req/s | 600 req/s | yes |\n",
        "| Coverage gap | < 20 % | 31 % | yes |\n",
    ] {
        is_told(&table(row));
    }
}

#[test]
fn a_number_that_reads_two_ways_contradicts_nothing() {
    let table = |total: &str| {
        format!("| Users | Duration | Requests | RPS |\n|--|--|--|--|\n| a | 60 s | {total} | 100 |\n")
    };
    is_quiet(&table("6.000"));
    is_quiet(&table("6,000"));
    is_told(&table("9,000"));
    is_quiet("## Load test\n\n8.000 requests, p99 0,8 s, availability 99,95 %, score 8,5/10.\n");
}

#[test]
fn what_is_let_in_or_carried_by_others_is_no_capacity() {
    let measured =
        "## Load test\n\n- **Duration**: 60 s\n- **Total requests**: 12,000\n- **Throughput**: 200 rps\n\n";
    for claim in [
        "## Rate limits\n\n- Pro: 100 rps, burst 500 rps\n",
        "## Front\n\nThe CDN handles 90,000 rps for us.\n",
        "## Front\n\nThe limiter handles bursts of 1,000 rps by answering 429.\n",
        "## Capacity\n\nStepped from 100 to 400 rps. No errors until 350 rps.\n\n- Sustained: 350 rps\n",
        "## Capacity\n\n- Max: 260 rps (stepped up until p95 was above 500 ms)\n",
    ] {
        is_quiet(&format!("{measured}{claim}"));
    }
    is_told(&format!("{measured}## Capacity\n\n- **Sustained capacity**: 500 rps\n"));
}

#[test]
fn a_drill_is_held_against_an_objective_only_where_it_is_its_own() {
    let objective = "## Recovery\n\n- **RTO**: 15 minutes\n";
    for drill in [
        "- Switchover drill: 45 min of exercise, 20 s of interruption (measured)\n",
        "- Full-history restore into the archive, tested: 6 h\n",
        "- Drill in spring: took 41 min\n- Drill in summer: took 33 min\n- Drill: took 12 min\n",
    ] {
        is_quiet(&format!("{objective}{drill}"));
    }
    is_told(&format!("{objective}- **Full restore**: tested, 45 minutes\n"));
    let point = "## Backups\n\n- **RPO**: 5 minutes\n";
    is_quiet(&format!("{point}- Backups: daily; PITR to any second is on\n"));
    is_told(&format!("{point}- Backups: daily\n"));
}

#[test]
fn what_is_done_again_was_done_before() {
    let ticked = "## Before\n\n- [x] Load test run before the release\n\n";
    is_quiet(&format!("{ticked}## Next year\n\n- **Load test**: planned each quarter\n"));
    is_told(&format!("{ticked}## State\n\n- **Load test**: planned\n"));
}

#[test]
fn what_was_not_run_is_no_part_that_is_missing() {
    is_quiet("- Total tests: 120, passed 118, failed 1\n");
    is_told("- Total tests: 120, passed 119, failed 3\n");
    is_told("- Total tests: 120, passed 100, failed 5, broken 5\n");
}

#[test]
fn what_only_looks_like_a_day_is_none() {
    is_quiet("The adapter is part no. 2026/02/30.\n");
    is_quiet("2026-02-29 is skipped in our calendar.\n");
    is_told("Certified on 2026-02-30.\n");
}
