//! Honest lines that once were accused, or that look like what is. Beside each lot stands what must still be told.

use super::{found, told};
use crate::claims::FindingKind::{
    Contradiction, FigureWithoutMethod, ImpossibleDate, SampleTooSmall, ScoreWithoutEvidence,
};

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

/// Nothing of any kind is found.
fn is_clean(text: &str) {
    let all = found(text);
    assert!(all.is_empty(), "{}in\n{text}", told(&all));
}

fn has(text: &str, kind: crate::claims::FindingKind) {
    assert!(found(text).iter().any(|one| one.kind == kind), "no {kind:?} in\n{text}");
}

#[test]
fn a_window_may_stand_in_a_column_or_in_a_title() {
    let table = |head: &str, period: &str| {
        format!(
            "# Levels\n\n| Metric | {head} | Actual |\n|--|--|--|\n| Availability | {period} | 99.95 % |\n"
        )
    };
    for period in ["2026-01-01 to 2026-03-31", "90 days", "Q1 2026", "March 2026", "2025"] {
        is_clean(&table("Period", period));
    }
    has(&table("Region", "north"), SampleTooSmall);
    has(&table("Region", "north"), FigureWithoutMethod);
    let titled = |title: &str| format!("# Operations\n\n## {title}\n\n- **Uptime**: 99.95 %\n");
    is_clean(&titled("Uptime 2025"));
    is_clean(&titled("Uptime, January to March 2026"));
    for title in ["Uptime", "Uptime, as of March 12, 2026", "Uptime target 2025", "Release of March 2026"] {
        has(&titled(title), SampleTooSmall);
    }
}

#[test]
fn a_window_in_a_title_is_not_how_long_a_run_took() {
    let run = |title: &str| format!("### {title}\n- **Total requests**: 1,000,000\n- **RPS**: 900\n");
    is_quiet(&run("Steady load, p95 by 5 min windows"));
    is_quiet(&run("Restart every 10 min"));
    is_told(&run("Steady load, 5 min"));
}

#[test]
fn a_score_may_be_the_sum_of_its_parts_or_stand_apart_from_its_count() {
    let parts =
        "- **Code**: 18/20\n- **Tests**: 17/20\n- **Docs**: 19/20\n- **Work**: 15/20\n- **Safety**: 18/20\n";
    let column =
        "| Area | Points of 20 |\n|--|--|\n| A | 18 |\n| B | 17 |\n| C | 19 |\n| D | 15 |\n| E | 18 |\n";
    for parts in [parts, column, "18 + 17 + 19 + 15 + 18 of 20 points each.\n"] {
        is_clean(&format!("# Review\n\n{parts}\n**Overall score**: 87/100\n"));
        has(&format!("# Review\n\n{parts}\n**Overall score**: 93/100\n"), ScoreWithoutEvidence);
    }
    let apart = |title: &str| {
        format!(
            "# R\n\n## {title}\n\n16/16 criteria are met.\n\n## Summary\n\n- **Overall readiness**: 100 %\n"
        )
    };
    is_clean(&apart("Readiness"));
    has(&apart("Colours"), ScoreWithoutEvidence);
}

#[test]
fn tests_that_passed_are_a_sample_only_of_what_may_happen() {
    let reason = |line: &str| found(line).first().map(|one| one.reason.clone()).unwrap_or_default();
    assert!(reason("- Checks: 16/16 (100 %) passed\n").starts_with("they show that these pass; as a sample"));
    assert!(reason("- Drills: 16/16 passed\n").starts_with("16 of 16 show no more than 82.9 %"));
}

#[test]
fn a_method_may_be_told_in_german() {
    let latency = "## Latenz\n\n- **p95**: 38 ms\n- **p99**: 92 ms\n";
    is_clean(&format!("# Suche\n\n## Gemessen\n\nMit wrk2, drei Mal zu je 300 s.\n\n{latency}"));
    is_clean(&format!("# Suche\n\nGemessen mit wrk2.\n\n{latency}"));
    has(&format!("# Suche\n\n## Gemessen\n\nAuf einem zweiten Rechner.\n\n{latency}"), FigureWithoutMethod);
    let table = |how: &str| format!("| Was | Wert | Gemessen |\n|--|--|--|\n| p95 | 38 ms | {how} |\n");
    is_clean(&table("wrk2, 300 s"));
    has(&table("ja"), FigureWithoutMethod);
}
