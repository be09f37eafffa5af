//! Contradictions that everybody sees, in the words in which people write them, and lines that only look like one.

use super::{found, told};
use crate::claims::FindingKind::{
    self, CannotFail, Contradiction, NoSignature, SampleTooSmall, ScopeBeyondEvidence,
};

/// Something of this kind is found with these words in the reason; in the others is nothing of it.
fn check(kind: FindingKind, bad: &str, reason: &str, good: &[&str]) {
    let of_kind = |text: &str| -> Vec<_> { found(text).into_iter().filter(|one| one.kind == kind).collect() };
    let here = of_kind(bad);
    assert!(
        here.iter().any(|one| one.reason.contains(reason)),
        "no {kind:?} with {reason:?} but\n{}in\n{bad}",
        told(&here)
    );
    for good in good {
        let here = of_kind(good);
        assert!(here.is_empty(), "{}in\n{good}", told(&here));
    }
}

#[test]
fn a_budget_in_a_list_follows_from_slo_and_availability() {
    let list = |availability: &str, used: &str| {
        format!("- **SLO**: 99.9 %\n- **Availability**: {availability}\n- **Error budget used**: {used}\n")
    };
    check(
        Contradiction,
        &list("99.95 %", "8 %"),
        "= 50 % of the error budget",
        &[
            &list("99.95 %", "50 %"),
            &list("99.95 % (last month)", "8 %"),
            &list("> 99.95 %", "8 %"),
            &list("99.95 %\n- **Availability (north)**: 99.99 %", "8 %"),
            "| Service | SLO | Availability SLO | Budget used |\n|--|--|--|--|\n| a | 99.9 % | 99.95 % | 8 % |\n",
        ],
    );
}

#[test]
fn a_rate_in_a_sentence_makes_its_total() {
    check(
        Contradiction,
        "600,000 requests in 10 min at 2,000/s.\n",
        "2,000/s for 10 min are 1,200,000 in all, not 600,000",
        &[
            "1,200,000 requests in 10 min at 2,000/s.\n",
            "600,000 requests in 10 min at up to 2,000/s.\n",
            "600,000 requests in 10 min at 2,000/s peak.\n",
            "600,000 requests in 10 min at 2,000/s per node.\n",
            "600,000 requests in under 10 min at 2,000/s.\n",
            "600,000 requests in 10 min, at 2,000/s after the ramp.\n",
            "Target: 600,000 requests in 10 min at 2,000/s.\n",
        ],
    );
}

#[test]
fn an_objective_that_is_called_met_was_kept_by_its_drill() {
    let objective = "# T\n## Recovery\n- **RTO**: 15 min\n";
    check(
        Contradiction,
        &format!("{objective}- Restore drill on 3 March: took 41 min\n- RTO met\n"),
        "longer than 15 min: 41 min (line 4)",
        &[
            &format!("{objective}- Restore drill on 3 March: took 14 min\n- RTO met\n"),
            &format!("{objective}- Restore drill on 3 March: took 41 min\n- RTO missed\n"),
            &format!("{objective}- Restore drill on tape: took 41 min\n- RTO met\n"),
            // The newest first.
            &format!(
                "{objective}- Restore drill on 3 May: took 12 min\n- Restore drill on 3 March: took 41 min\n"
            ),
        ],
    );
    check(
        Contradiction,
        "The RTO of 15 min was met: the restore drill took 41 min.\n",
        "the drill took 41 min of 15 min",
        &[
            "The RTO of 15 min was met: the restore drill took 14 min.\n",
            "The RTO of 15 min was not met: the restore drill took 41 min.\n",
            "The RTO of 15 min was met, and the restore drill of the archive took 41 min.\n",
            "The RTO of 15 min is met since the rebuild; before it the restore drill took 41 min.\n",
        ],
    );
    let table = |head: &str, took: &str, result: &str| {
        format!("| System | RTO | {head} | Result |\n|--|--|--|--|\n| a | 15 min | {took} | {result} |\n")
    };
    check(
        Contradiction,
        &table("Restore drill took", "41 min", "pass"),
        "41 min is longer than the objective of 15 min",
        &[
            &table("Restore drill took", "14 min", "pass"),
            &table("Restore drill took", "41 min", "missed"),
            &table("Restore drill took", "41 min (archive)", "pass"),
            &table("Measured replication lag", "41 min", "pass"),
            &table("Measured recovery point", "41 min", "pass"),
            &table("Full restore of the archive took", "41 min", "pass"),
        ],
    );
}

#[test]
fn what_was_skipped_is_in_the_total_or_not() {
    check(
        Contradiction,
        "- 1,204 passed, 2 failed, 3 skipped, 1,207 total\n",
        "make 1,209, not 1,207",
        &[
            "- 1,204 passed, 2 failed, 3 skipped, 1,209 total\n",
            "- 1,204 passed, 2 failed, 3 skipped, 1,206 total\n",
            "- 1,204 passed, 2 failed, 3 warnings, 1,207 total\n",
            "- 1,200 passed, 2 failed, 30 skipped, 1,210 total\n",
            "- 1,204 passed, 2 failed, about 3 skipped, 1,207 total\n",
        ],
    );
}

#[test]
fn what_failed_is_its_share_and_leaves_the_rest() {
    let sent = |failed: &str| format!("1,000,000 requests were sent, of which 5,000 {failed}.\n");
    check(
        Contradiction,
        &sent("failed (0.05 %)"),
        "5,000 errors of 1,000,000 are 0.5 %, not 0.05 %",
        &[
            &sent("failed (0.5 %)"),
            &sent("failed (0.05 % without timeouts)"),
            &sent("were slow (0.05 %)"),
            &sent("failed (99.5 %)"),
        ],
    );
    let list = |rate: &str, more: &str| {
        format!("- **Requests**: 90,000\n- **Success rate**: {rate}\n- **Failed requests**: 900\n{more}")
    };
    check(
        Contradiction,
        &list("99.95 %", ""),
        "900 of 90,000 failed, which leaves 99 %, not 99.95 %",
        &[
            &list("99.0 %", ""),
            &list("99.95 % after retries", ""),
            &list("99.95 %", "- **Retried**: 855\n"),
            &list("99.95 %", "- **Requests of the warm-up**: 9,000\n- **Failed requests**: 45\n"),
        ],
    );
}

#[test]
fn over_a_few_samples_is_a_few() {
    check(
        SampleTooSmall,
        "The p99.9 was 80 ms over 200 requests.\n",
        "200 samples do not bound p99.9",
        &["The p99.9 was 80 ms over 2,000 requests.\n", "The p99.9 was 80 ms, of at least 200 requests.\n"],
    );
}

#[test]
fn downtime_of_a_year_is_what_availability_leaves() {
    check(
        Contradiction,
        "99.99 % availability, which is 8.76 h of downtime a year.\n",
        "99.99 % leave 52.7 min of downtime a year, not 8.76 h",
        &[
            "99.9 % availability, which is 8.76 h of downtime a year.\n",
            "99.99 % availability, which is 52.6 min of downtime a year.\n",
            "99.99 % availability, which is 4.38 min of downtime a month.\n",
            "99.99 % availability, with up to 8.76 h of downtime a year.\n",
            "99.99 % availability, with 8.76 h of planned downtime a year.\n",
            "99.99 % availability, where others have 8.76 h of downtime a year.\n",
            "From 99.9 % to 99.99 % availability, that is from 8.76 h of downtime a year.\n",
        ],
    );
}

#[test]
fn a_mean_is_no_more_than_the_maximum() {
    check(
        Contradiction,
        "- **Mean latency**: 45 ms\n- **Max latency**: 31 ms\n",
        "the mean is 45 ms and the maximum is 31 ms (line 2)",
        &[
            "- **Mean latency**: 31 ms\n- **Max latency**: 45 ms\n",
            "- **Mean latency**: 45 ms\n- **Max latency (cached)**: 31 ms\n",
            "- **Mean build time**: 45 min\n- **Max latency**: 31 ms\n",
            "- **Average max latency**: 45 ms\n- **Max latency**: 31 ms\n",
            // Of two parts in one list.
            "- Login\n  - Mean: 45 ms\n  - Max: 90 ms\n- Search\n  - Mean: 5 ms\n  - Max: 31 ms\n",
            "- Login\n  - p50: 5 ms\n  - p99: 9 ms\n- Search\n  - p50: 45 ms\n  - p99: 90 ms\n",
        ],
    );
    let table = "| Run | Mean (ms) | Max (ms) |\n|--|--|--|\n| a | 45 | 31 |\n";
    check(Contradiction, table, "the mean is 45 ms", &[&table.replace("31", "46")]);
}

#[test]
fn one_machine_is_not_the_world_and_a_guarantee_cannot_fail() {
    let on =
        |machine: &str| format!("We measured on {machine}. The service serves users all over the world.\n");
    check(
        ScopeBeyondEvidence,
        &on("a single virtual machine"),
        "a single node (line 1)",
        &[&on("forty machines"), "We measured on a single virtual machine. Our users are in Graz.\n"],
    );
    check(
        CannotFail,
        "Zero downtime guaranteed.\n",
        "\"zero downtime\" names no limit",
        &[
            "Zero downtime is not guaranteed.\n",
            "The rollout had zero downtime.\n",
            "Zero downtime is guaranteed: 0 of 20,000 requests were lost.\n",
        ],
    );
}

#[test]
fn an_objective_that_was_met_in_all_drills_was_kept_by_each_row() {
    let text = |said: &str, head: &str, last: &str| {
        format!(
            "# T\n## Recovery\n- **RTO**: 5 min ({said})\n\n| Drill | {head} |\n|--|--|\n| database | 4 min |\n| region | {last} |\n"
        )
    };
    let all = "met in all drills";
    check(
        Contradiction,
        &text(all, "Recovery time", "12 min"),
        "called met in all drills, and one took 12 min of 5 min (line 8)",
        &[
            &text(all, "Recovery time", "5 min"),
            &text("met in all drills but one", "Recovery time", "< 12 min"),
            &text("not met in all drills", "Recovery time", "12 min"),
            &text("missed once, met in all drills since", "Recovery time", "12 min"),
            &text("met in most", "Recovery time", "12 min"),
            &text(all, "Recovery target", "12 min"),
            &text(all, "Detection", "12 min"),
        ],
    );
}

#[test]
fn a_share_that_failed_is_one_whatever_else_the_sentence_says() {
    let text = |share: &str| format!("1,000,000 requests in 10 min, of which 5,000 failed ({share}).\n");
    check(Contradiction, &text("0.05 %"), "are 0.5 %, not 0.05 %", &[&text("0.5 %")]);
}

#[test]
fn a_line_that_waits_for_a_name_is_no_signature() {
    check(
        NoSignature,
        "Signed by ____________\n",
        "is no signature",
        &["Signed by Ada Example\n", "The build is signed by our key, see `key____id`.\n"],
    );
    check(NoSignature, "Signature: ______  Date: 2026-01-01\n", "is no signature", &[]);
}
