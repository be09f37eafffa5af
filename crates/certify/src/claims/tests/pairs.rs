//! For each check a document in which it finds something, and one that differs in what matters.

use super::{found, told};
use crate::claims::FindingKind::{
    self, CannotFail, Contradiction, FigureWithoutMethod, ImpossibleDate, NoSignature, SampleTooSmall,
    ScopeBeyondEvidence, ScoreWithoutEvidence,
};

/// What must be found: a line, a kind, and words of the reason with the calculation.
struct Bad(usize, FindingKind, &'static str);

/// In the first text the finding is there and no other of its kind; in each of the others there is none of its kind.
fn check(bad: &str, wanted: Bad, good: &[&str]) {
    let Bad(line, kind, reason) = wanted;
    let of_kind = |text: &str| -> Vec<_> { found(text).into_iter().filter(|one| one.kind == kind).collect() };
    let here = of_kind(bad);
    let is_it = here.len() == 1 && here[0].line == line && here[0].reason.contains(reason);
    assert!(is_it, "{line} {kind:?} {reason:?} is not\n{}in\n{bad}", told(&here));
    for good in good {
        let here = of_kind(good);
        assert!(here.is_empty(), "{}in\n{good}", told(&here));
    }
}

const BUDGET: &str = "| Service | Target | Actual | Budget used |\n|--|--|--|--|\n";

#[test]
fn a_budget_follows_from_target_and_actual() {
    check(
        &format!("{BUDGET}| a | 99.95% | 99.98% | 8% |\n"),
        Bad(3, Contradiction, "(100 - 99.98) / (100 - 99.95) = 40 %"),
        &[
            &format!("{BUDGET}| a | 99.95% | 99.98% | 40% |\n| b | 99.9 % | 99.95 % | 46 % |\n"),
            // Cut off, 99.99 may be 99.9963: a third of the budget.
            &format!("{BUDGET}| a | 99.99% | 99.99% | 37% |\n"),
            &format!("{BUDGET}| a | 99.9% | > 99.9% | 3% |\n| b | 99.9% | - | 3% |\n"),
        ],
    );
    check(
        &format!("{BUDGET}| a | 99.9% | 99.95% | 50% |\n\n**Error budget remaining**: 92%\n"),
        Bad(5, Contradiction, "leaves 100 - 50 = 50 %"),
        &[&format!("{BUDGET}| a | 99.9% | 99.95% | 50% |\n\n**Error budget remaining**: 50%\n")],
    );
    let latency =
        "| Service | P50 target | P50 actual |\n|--|--|--|\n| a | 100ms | 89ms |\n| b | 5ms | 2.1ms |\n\n";
    check(
        &format!("{latency}**Latency budget remaining**: 68%\n"),
        Bad(6, Contradiction, "2.1ms of 5ms leaves 58 %"),
        &[&format!("{latency}**Latency budget remaining**: 35%\n")],
    );
}

#[test]
fn a_total_is_a_rate_times_a_duration() {
    check(
        "### Test (10 users, 30s)\n- **Total requests**: 9,042\n- **RPS**: 150.7\n",
        Bad(2, Contradiction, "150.7/s for 30 s are 4,521 in all, not 9,042"),
        &[
            "### Test (10 users, 30s)\n- **Total requests**: 4,521\n- **RPS**: 150.7\n",
            "### Test (10 users, 30s warm-up, 60s)\n- **Total requests**: 9,042\n- **RPS**: 150.7\n",
            "### Test (30s)\n- **Total requests**: 4,521\n- **Peak RPS**: 400\n",
        ],
    );
}

#[test]
fn errors_are_whole() {
    let run =
        |total: &str, rate: &str| format!("### Test\n- **Requests**: {total}\n- **Error rate**: {rate}\n");
    check(
        &run("50", "0.7%"),
        Bad(3, Contradiction, "0.7 % of 50 requests is no whole number of errors"),
        &[&run("4,521", "0.02%"), &run("50", "2%"), &run("50", "< 0.7%"), &run("50", "0%")],
    );
    check(
        "| Run | Requests | Errors | Error rate |\n|--|--|--|--|\n| a | 1,000 | 30 | 0.3 % |\n",
        Bad(3, Contradiction, "30 errors of 1,000 are 3 %, not 0.3 %"),
        &["| Run | Requests | Errors | Error rate |\n|--|--|--|--|\n| a | 1,000 | 30 | 3 % |\n"],
    );
}

#[test]
fn a_higher_quantile_is_never_less() {
    check(
        "- **P50 latency**: 45ms\n- **P95 latency**: 31ms\n",
        Bad(2, Contradiction, "p95 is 31 ms and p50 is 45 ms (line 1)"),
        &[
            "- **P50 latency**: 45ms\n- **P95 latency**: 45ms\n",
            "- **Login p95**: 45ms\n- **Search p99**: 31ms\n",
            "P50: <0.005ms\nP95: 0.002ms\n",
        ],
    );
    check(
        "| What | Run 1 | Run 2 |\n|--|--|--|\n| p99 | 40 ms | 50 ms |\n| max | 90 ms | 30 ms |\n",
        Bad(4, Contradiction, "the maximum is 30 ms and p99 is 50 ms"),
        &["| What | p50 | p99 |\n|--|--|--|\n| a | 1 ms | 3 ms |\n| b | 9 ms | 12 ms |\n"],
    );
}

const OBJECTIVE: &str = "- **Availability SLO**: 99.9%\n- **Batch availability SLO**: 99.5%\n\n";

#[test]
fn an_objective_is_met_or_not() {
    let run = |ratio: &str, said: &str| {
        format!(
            "{OBJECTIVE}### Test\n- **RPS**: 450\n- **Error rate**: {ratio}\n- **SLO compliance**: {said}\n"
        )
    };
    check(
        &run("0.8%", "✓ PASS"),
        Bad(7, Contradiction, "0.8 % errors are 1.6 times the 0.5 %"),
        &[&run("0.8%", "FAIL"), &run("0.4%", "✓ PASS"), &run("0.5%", "PASS")],
    );
    let with = |said: &str| format!("{}\nResult: {said}\n", run("0.8%", "warn"));
    check(
        &with("1/1 within SLO"),
        Bad(9, Contradiction, "at most 0 can be within it"),
        &[&with("0/1 within SLO"), &with("1/2 within SLO")],
    );
}

#[test]
fn a_capacity_was_carried() {
    let load = "### Test\n- **Requests**: 45,234\n- **RPS**: 753.9\n- **Error rate**: 0.4%\n\n";
    let with = |line: &str| format!("{load}### Capacity\n- {line}\n");
    check(
        &with("**Burst**: 800 RPS"),
        Bad(7, Contradiction, "the highest rate that was measured is 753.9/s (line 3)"),
        &[
            &with("**Sustained**: 700 RPS"),
            &with("**Observed peak**: 800 RPS"),
            &with("**Capacity needed**: 800 RPS"),
            &with("**Messages sustained**: 9,000 msg/s"),
            &format!("{load}### Forecast\n- **Burst**: 800 RPS\n"),
        ],
    );
    let errors = |ratio: &str| {
        format!(
            "{OBJECTIVE}### Test\n- **RPS**: 450\n- **Error rate**: {ratio}\n\n### Test 2\n- **RPS**: 900\n- **Error rate**: 2%\n\n- **Sustained**: 500 RPS\n"
        )
    };
    check(&errors("0.8%"), Bad(12, Contradiction, "at 450/s (line 5) there were already 0.8 % errors"), &[]);
}

#[test]
fn a_recovery_objective_was_kept_by_the_drills() {
    let chapter = |lines: &str| format!("# T\n## Recovery\n{lines}\n");
    check(
        &chapter("- **RTO**: 15 minutes\n- **Drill**: rehearsed, ✓ 35 min"),
        Bad(3, Contradiction, "took longer than 15 min: 35 min (line 4)"),
        &[
            &chapter("- **RTO**: 15 minutes\n- **Drill**: rehearsed, ✓ 14 min"),
            &chapter("- **RTO**: 15 minutes, missed\n- **Drill**: rehearsed, 35 min"),
            &chapter(
                "- **RTO (orders)**: 15 minutes\n- **RTO (archive)**: 1 h\n- **Drill of the archive**: took 35 min",
            ),
            // Whose objective it is, only one in the document tells.
            &chapter(
                "- **RTO**: 15 minutes\n## Two\n- **RTO**: 1 h\n## Other\n- **Drill**: tested - ✓ 35 min",
            ),
            &chapter("- **RTO**: 15 minutes\n- **Drill before the rebuild**: took 35 min"),
            &chapter("- **RTO (orders)**: 15 minutes\n- **Drill of the archive**: took 35 min"),
        ],
    );
    check(
        &chapter("- **Backups**: hourly\n- **RPO**: 5 minutes"),
        Bad(4, Contradiction, "backups are 60 min apart (line 3)"),
        &[
            &chapter("- **Backups**: hourly, and the WAL is shipped\n- **RPO**: 5 minutes"),
            &chapter("- **Backups**: every 5 minutes\n- **RPO**: 5 minutes"),
            &chapter("- **Backups**: daily\n- **RPO**: 24 h"),
        ],
    );
}

#[test]
fn a_share_is_that_of_its_counts() {
    check(
        "- 48/50 (100%)\n",
        Bad(1, Contradiction, "48 of 50 are 96 %, not 100 %"),
        &[
            "- 48/50 (96%)\n",
            "- 2 of 50 (96 %) failed\n",
            "- 3 of 9 runs, 99 % of requests\n",
            "- Score 9/10 (100% of the criteria)\n- 24/7 (100 %)\n"
                .replace("9/10 (100%", "9/10, 100 % (")
                .as_str(),
            "- 1 of 3 (33 %), 2 of 3 (66 %), 2 of 3 (67 %)\n",
        ],
    );
    let table = |rate: &str| {
        format!(
            "| Group | Tests run | Tests passed | Success rate |\n|--|--|--|--|\n| a | 10 | 10 | {rate} |\n"
        )
    };
    check(&table("97%"), Bad(3, Contradiction, "10 of 10 are 100 %, not 97 %"), &[&table("100 %")]);
}

#[test]
fn an_average_is_that_of_its_scores() {
    let scores = |average: &str| {
        format!("## Scores\n- **A**: 8/10\n- **B**: 9/10\n- **C**: 7/10\n\n**Average**: {average}\n")
    };
    check(
        &scores("9.1/10"),
        Bad(6, Contradiction, "make 24 / 3 = 8, not 9.1"),
        &[&scores("8/10"), &scores("8.0/10"), &scores("8.3/10")],
    );
}

#[test]
fn a_target_that_is_called_met_was_met() {
    let table = |target: &str, actual: &str, said: &str| {
        format!(
            "| Metric | Target | Achieved | Status |\n|--|--|--|--|\n| Recovery time | {target} | {actual} | {said} |\n"
        )
    };
    check(
        &table("<30s", "38.3s", "✅ met"),
        Bad(3, Contradiction, "38.3s does not meet <30s"),
        &[
            &table("<30s", "38.3s", "✗ missed"),
            &table("<30s", "28.3s", "✅ met"),
            &table("30 s", "30 s", "met"),
            &table("30", "38.3s", "met"),
        ],
    );
    check(
        &table("<30s", "10s", "9x better"),
        Bad(3, Contradiction, "differ by 3 times, not 9x"),
        &[
            &table("<30s", "10s", "3x better"),
            &table("<30s", "8.3s", "4x better"),
            &table("<30s", "8.3s", "3.6x better"),
        ],
    );
    check(
        "- Rate: 1.59M msg/sec (25.9x better than 100k target)\n",
        Bad(1, Contradiction, "differ by 15.9 times, not 25.9x"),
        &[
            "- Rate: 1.59M msg/sec (15.9x better than 100k target)\n",
            "- Latency: 0.002ms (5,811x better than 10ms target)\n",
        ],
    );
}

#[test]
fn what_is_ticked_is_done() {
    check(
        "- **Pager rota**: ready to implement\n- [x] Pager rota filled\n",
        Bad(2, Contradiction, "line 1 says: ready to implement"),
        &[
            "- **Pager rota**: ready to implement\n- [ ] Pager rota filled\n",
            "- **Release notes**: pending\n- [x] Pager rota filled\n",
        ],
    );
    let with = |claim: &str, plan: &str| format!("# T\n## Verdict\n{claim}\n## Next steps\n- {plan}\n");
    check(
        &with("May go into immediate production", "Run a penetration test"),
        Bad(3, Contradiction, "\"Run a penetration test\" (line 5)"),
        &[
            &with("May go into immediate production", "Review the dashboards"),
            &with("Approved for staging", "Run a penetration test"),
            &with("Not for immediate production", "Run a penetration test"),
        ],
    );
}

#[test]
fn a_day_exists() {
    check(
        "Valid until: November 31, 2025\n",
        Bad(1, ImpossibleDate, "November 2025 has 30 days"),
        &["Valid until: November 30, 2025\n", "Version 2025.11.31 of run-2025-11-31-a\n"],
    );
    check("Seen 2025-13-01\n", Bad(1, ImpossibleDate, "no month 13"), &["Seen 2025-12-01\n"]);
    check(
        "On Monday, 27 June 2025\n",
        Bad(1, ImpossibleDate, "is a Friday, not a Monday"),
        &["On Friday, 27 June 2025\n"],
    );
    check(
        "At 2025-06-27T25:61:00Z\n",
        Bad(1, ImpossibleDate, "no time 25:61:00"),
        &["At 2025-06-27T23:59:60Z\n"],
    );
    check(
        "**Issue date**: 2025-06-06\n**Valid until**: 2024-06-06\n",
        Bad(2, ImpossibleDate, "ends before it begins (line 1)"),
        &["**Issue date**: 2025-06-06\n**Valid until**: 2026-06-06\n"],
    );
    check(
        "**Period**: June 6, 2026 - June 6, 2025\n",
        Bad(1, ImpossibleDate, "ends before it begins"),
        &["**Period**: June 6, 2025 - June 6, 2026\n"],
    );
}

#[test]
fn somebody_signed() {
    check(
        "- **Lead**: [Name, Title]\n- **Second**: TBD\n",
        Bad(1, NoSignature, "2 placeholders in lines 1 to 2"),
        &["- **Lead**: Ada Byrne\n- **Note**: [1]\n- **Page**: [here](https://a.example)\n- **Done**: [x]\n"
            .replace("[x]", "yes")
            .as_str()],
    );
    check(
        "**Signature**: [signed with our key]\n",
        Bad(1, NoSignature, "no signature"),
        &["**Signature**: ed25519:9f86d081884c7d659a2feaa0c55ad015\n"],
    );
    let named = "# Certificate\n\n**Certified by**: our own validator\n";
    check(
        named,
        Bad(3, NoSignature, "has not signed"),
        &["# Report\n\n**Approved by**: A. Byrne\n", &format!("{named}\n-----BEGIN PGP SIGNATURE-----\n")],
    );
}

#[test]
fn a_sample_is_large_enough() {
    let run = |total: &str| {
        format!("### Test\n- **Requests**: {total}\n- **P99 latency**: 187ms\n- **Error rate**: 0%\n")
    };
    check(&run("120"), Bad(3, SampleTooSmall, "that takes 299"), &[&run("299"), &run("120+")]);
    check(
        "- **Chaos**: 3/3 experiments passed\n",
        Bad(1, SampleTooSmall, "no more than 36.8 %"),
        &[
            "- **Chaos**: 3/3 experiments passed, lower bound 36.8 % at 95 % confidence\n",
            "- **Chaos**: 2/3 experiments passed\n",
            "- **Release**: 12/12 boxes ticked\n",
            "- **Chaos**: 300/300 experiments passed\n",
        ],
    );
    let table = "| Metric | Target | Achieved |\n|--|--|--|\n| Availability | 99.9% | 99.95% |\n";
    check(
        table,
        Bad(3, SampleTooSmall, "0.05 % of a day are 43.2 s"),
        &[
            &format!("Observed over the last 28 days.\n\n{table}"),
            "| Metric | Target |\n|--|--|\n| Availability | 99.9% |\n",
        ],
    );
}

#[test]
fn a_claim_is_no_larger_than_what_was_seen() {
    check(
        "# T\n\nSingle node.\n\n- Verdict: global-scale\n",
        Bad(5, ScopeBeyondEvidence, "a single node (line 3)"),
        &[
            "# T\n\nSingle node.\n\n- Verdict: not global-scale\n",
            "# T\n## Roadmap\n- Verdict: global-scale\n",
            "# T\n\nThe global rate limit is shared by three nodes.\n",
        ],
    );
    check(
        "- Agents: 200 (linear scaling)\n",
        Bad(1, ScopeBeyondEvidence, "extrapolated"),
        &["- Agents: 200, by a model of linear scaling\n", "- We do not assume linear scaling\n"],
    );
}

#[test]
fn a_score_follows_from_a_count() {
    check(
        "# T\n\n**Readiness score**: 95/100\n",
        Bad(3, ScoreWithoutEvidence, "no count in this section gives 95/100"),
        &[
            "# T\n\n**Readiness score**: 95/100, for 19 of 20 criteria\n",
            "# T\n\n**Readiness score**: not given\n",
        ],
    );
    check(
        "# T\n## Work\n- [ ] a\n- [ ] b\n## State\n| Domain | Completion |\n|--|--|\n| Work | 60% |\n",
        Bad(8, ScoreWithoutEvidence, "0 of 2 items are ticked: 0 %"),
        &["# T\n## Work\n- [x] a\n- [ ] b\n## State\n| Domain | Completion |\n|--|--|\n| Work | 50% |\n"],
    );
}

#[test]
fn a_figure_has_a_method() {
    let with =
        |before: &str| format!("# T\n## Latency\n{before}\n- **Median**: 45ms\n- **Rate**: 300 req/s\n");
    check(
        &with(""),
        Bad(4, FigureWithoutMethod, "45ms, 300 req/s"),
        &[
            &with("Measured with k6 for 10 minutes."),
            &with("```bash\nwrk -d30 http://localhost\n```\n"),
            &with("n = 4,000"),
            &with("Raw data: `results/run-1.csv`"),
            "# T\n## Limits\n- **Timeout**: 45ms\n- **p95 target**: 300ms\n",
        ],
    );
    check(
        "- ✅ 100+ checks\n",
        Bad(1, FigureWithoutMethod, "100+ is no count"),
        &["- 104 checks\n", "- Python 12+ needed\n"],
    );
}

#[test]
fn a_statement_can_be_refuted() {
    check(
        "- **Logging**: comprehensive\n- **Alerts**: robust\n",
        Bad(1, CannotFail, "\"comprehensive\" names no limit"),
        &[
            "- **Logging**: every request, 30 days\n- **Alerts**: not comprehensive\n",
            "A comprehensive guide is in the wiki.\n",
            "- **Retries**: robust up to 3 lost packets of 100\n",
        ],
    );
}

#[test]
fn a_total_in_other_words_is_a_rate_times_a_duration() {
    let table =
        |total: &str| format!("| Duration | RPS | Requests |\n|--|--|--|\n| 10 min | 150 | {total} |\n");
    check(&table("200,000"), Bad(3, Contradiction, "are 90,000 in all, not 200,000"), &[&table("90,000")]);
    let list = |total: &str| {
        format!("- **Test length**: 10 min\n- **Throughput**: 150 req/s\n- **Total requests**: {total}\n")
    };
    check(&list("200,000"), Bad(3, Contradiction, "are 90,000 in all, not 200,000"), &[&list("90,000")]);
}

#[test]
fn a_share_in_brackets_is_that_of_the_total() {
    let list = |failed: &str| format!("- **Total**: 90,000 requests\n- **Failed**: {failed}\n");
    check(
        &list("900 (0.1%)"),
        Bad(2, Contradiction, "900 errors of 90,000 are 1 %, not 0.1 %"),
        &[&list("900 (1%)")],
    );
    check(
        "Tests: 40/50 passed (95%)\n",
        Bad(1, Contradiction, "40 of 50 are 80 %, not 95 %"),
        &["Tests: 40/50 passed (80%)\n", "Tests: 40/50 passed (100 % of those that ran)\n"],
    );
}

#[test]
fn parts_make_the_total() {
    check(
        "Tests: 120 total, 100 passed, 5 failed, 5 skipped\n",
        Bad(1, Contradiction, "100 passed, 5 failed and 5 besides make 110, not 120"),
        &[
            "Tests: 120 total, 110 passed, 5 failed, 5 skipped\n",
            "Tests: 120 total, 100 passed, 5 failed, the rest skipped\n",
        ],
    );
    let table = |passed: &str| {
        format!("| Suite | Total | Passed | Failed |\n|--|--|--|--|\n| a | 50 | {passed} | 3 |\n")
    };
    check(&table("49"), Bad(3, Contradiction, "49 passed, 3 failed make 52, not 50"), &[&table("47")]);
}

#[test]
fn a_passage_agrees_with_itself() {
    let budget = |used: &str| {
        format!("The SLO was 99.9 %, actual 99.95 %, and {used} of the error budget was used.\n")
    };
    check(&budget("8 %"), Bad(1, Contradiction, "= 50 % of the error budget"), &[&budget("50 %")]);
    let down = |time: &str| format!("Uptime was 99.99 % with {time} of downtime over 30 days.\n");
    check(
        &down("4 hours"),
        Bad(1, Contradiction, "4 h of downtime in 30 days leave 99.44 %, not 99.99 %"),
        &[&down("4 minutes"), "Uptime was 99.99 % with 4 hours of planned downtime over 30 days.\n"],
    );
    check(
        "p95 was 30 ms with p99 20 ms.\n",
        Bad(1, Contradiction, "p99 is 20 ms and p95 is 30 ms"),
        &[
            "p95 was 20 ms with p99 30 ms.\n",
            "p95 was 30 ms on the server with p99 20 ms.\n",
            "p50 80 ms at the client; p99 40 ms.\n",
        ],
    );
    check(
        "- **Max**: 30 ms\n- **P99 latency**: 50 ms\n",
        Bad(1, Contradiction, "the maximum is 30 ms and p99 is 50 ms"),
        &[
            "- **Max**: 50 ms\n- **P99 latency**: 30 ms\n",
            "- **Max (cached)**: 30 ms\n- **P99 latency**: 50 ms\n",
        ],
    );
}

#[test]
fn one_objective_is_that_of_every_drill() {
    let text = |took: &str| {
        format!("# T\n## Recovery\n- **RTO**: 15 minutes\n## Drills\n- **Restore**: tested, took {took}\n")
    };
    check(
        &text("35 min"),
        Bad(3, Contradiction, "longer than 15 min: 35 min (line 5)"),
        &[&text("14 min"), &text("35 min (archive, from tape)")],
    );
}

#[test]
fn what_is_told_in_a_sentence_is_judged_too() {
    let tail = |n: &str| format!("The p99.99 was 80 ms, from {n} requests.\n");
    check(&tail("100"), Bad(1, SampleTooSmall, "100 samples do not bound"), &[&tail("100,000")]);
    check(
        "Issued 2026-05-01, expires 2025-05-01.\n",
        Bad(1, ImpossibleDate, "expires before it is issued"),
        &["Issued 2026-05-01, expires 2027-05-01.\n"],
    );
    check(
        "# T\n\nAll tests ran on one laptop.\n\n- Verdict: ready for global production\n",
        Bad(5, ScopeBeyondEvidence, "line 3"),
        &["# T\n\nAll tests ran on one laptop.\n\n- The global lock is held by one thread\n"],
    );
}
