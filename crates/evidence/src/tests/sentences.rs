//! What a certificate says of each criterion, as people read it.

use insta::assert_snapshot;

use super::fixture::{Story, documents};
use super::profile::{MS, SECOND};
use crate::{
    Amount, Checklist, Document, Documents, Judgement, Scene, Step, SubjectKind, full_sentence, judge,
    without_control,
};

fn judged(list: Vec<Document>) -> (Documents, Judgement) {
    let documents = documents(list);
    let judgement = judge(&documents).unwrap();
    (documents, judgement)
}

/// The reasons of the criteria, one a line.
fn reasons(list: Vec<Document>) -> String {
    let lines = judged(list).1.criteria.into_iter();
    lines.map(|judged| format!("{}: {}\n", judged.criterion.id, judged.reason)).collect()
}

#[test]
fn of_a_good_subject() {
    assert_snapshot!(reasons(Story::default().documents()), @"
    latency: p99 = 20.99 ms, bounds [20.99 ms, 20.99 ms] at 96.87 % each; n = 3000, n_eff = 3000, 5 trials, open loop 200/s, 100 % sent on time, 0 % errors counted as inf; limit <= 250 ms, rule guard-95: PASS
    errors: error ratio 0 %, bounds [0 %, 0.0998 %] at 95 % each; n = 3000, n_eff = 3000, 5 trials, open loop 200/s, 100 % sent on time; limit <= 0.15 %, rule guard-95: PASS
    throughput: good replies 200/s, bounds [200/s, 200/s] at 96.87 % each; n = 3000, n_eff = 3000, 5 trials, open loop 200/s, 100 % sent on time; limit >= 198/s, rule guard-95: PASS
    load-line: load line 400/s; n = 11400, 11 trials; limit >= 200/s, rule guard-95: PASS
    start-up: median start 419 ms, bounds [401 ms, 437 ms] at 99.99 % each; 37 starts; limit <= 5 s, rule guard-95: PASS
    graceful-stop: lost in the worst stop: 0; 5 of 5 drills within the limit, 80 requests held, which shows >= 54.92 % at 95 %; limit <= 0, rule simple: PASS
    crash-recovery: slowest recovery 405 ms; 5 of 5 drills within the limit, which shows >= 54.92 % at 95 %; limit <= 5 s, rule guard-95: PASS
    acknowledged-writes: lost in the worst crash: 0; 5 of 5 drills within the limit, 1000 writes acknowledged, which shows >= 54.92 % at 95 %; limit <= 0, rule simple: PASS
    error-hygiene: bad requests not refused well: 0 of 20 cases; each tried once; limit <= 0, rule simple: PASS
    response-headers: rules for heads of replies broken: 0 of 9 cases; each tried once; limit <= 0, rule simple: PASS
    log-hygiene: planted texts that reached the log: 0 of 10 cases; each tried once; limit <= 0, rule simple: PASS
    authentication: open to somebody who is not known: 0 of 2 cases; each tried once; limit <= 0, rule simple: PASS
    contract: calls not answered as the reference says: 0 of 1 cases; each tried once; limit <= 0, rule simple: PASS
    authorisation: not as each user may: 0 of 2 cases; each tried once; limit <= 0, rule simple: PASS
    rate-limit: promises of the limit broken: 0 of 5 cases; each tried once; limit <= 0, rule simple: PASS
    retried-writes: ways to retry that are not done once: 0 of 4 cases; each tried once; limit <= 0, rule simple: PASS
    injection: taken for more than texts: 0 of 8 cases; each tried once; limit <= 0, rule simple: PASS
    tls: wrong where TLS is spoken: 0 of 12 cases; each tried once; limit <= 0, rule simple: PASS
    surroundings: not as elsewhere: 0 of 5 cases; each tried once; limit <= 0, rule simple: PASS
    metrics-truth: not as the metrics say: 0 of 13 cases; each tried once; limit <= 0, rule simple: PASS
    memory: resident memory up to 40 MiB; 120 looks under load, open loop 200/s; limit <= 256 MiB, rule simple: PASS
    open-files: open files up to 20; 120 looks under load, open loop 200/s; limit <= 100, rule simple: PASS
    threads: threads up to 4; 120 looks under load, open loop 200/s; limit <= 50, rule simple: PASS
    cpu: of one core in the busiest third 10 %; 120 looks under load, open loop 200/s; limit <= 50 %, rule simple: PASS
    leak: still growing at the end: 0 of memory, open files and threads; memory does not grow: 40 MiB at the end (growth is seen from 1 MiB on); open-files does not grow: 20 at the end (growth is seen from 8 on); threads does not grow: 4 at the end (growth is seen from 4 on); 120 looks under load, open loop 200/s; limit <= 0, rule simple: PASS
    secrets: places with a secret: 0 of 14 cases; each looked at once; limit <= 0, rule simple: PASS
    bill-of-materials: wrong in the bill: 0 of 2 cases; each looked at once; limit <= 0, rule simple: PASS
    imported-results: open in the results of others: 0 of 1 cases; each looked at once; limit <= 0, rule simple: PASS (declared, not proven: others have measured it)
    runbooks: alerts without a way out: 0 of 2 cases; each looked at once; limit <= 0, rule simple: PASS (configured, not proven: it is written, and nobody has tried it here)
    documentation: wrong in the documents: 0 of 1 cases; each looked at once; limit <= 0, rule simple: PASS (configured, not proven: it is written, and nobody has tried it here)
    fault-recovery: paused: as before after 0 ns; n = 1800 in batches of 100 ms, open loop 200/s, 100 % sent on time; limit <= 1 s, rule simple: PASS
    fault-errors: busy: failed amid the fault: 0 %; n = 620 meanwhile, open loop 200/s, 100 % sent on time; limit <= 0 %, rule simple: PASS
    restore-time: slowest restore 405 ms; 5 of 5 drills within the limit, which shows >= 54.92 % at 95 %; limit <= 5 s, rule guard-95: PASS
    restored-writes: not brought back by the worst restore: 0; 5 of 5 drills within the limit, 300 writes due, which shows >= 54.92 % at 95 %; limit <= 0, rule simple: PASS
    health-truth: answers of the health check that are not true: 0 of 5 cases; each tried once; limit <= 0, rule simple: PASS
    ");
}

#[test]
fn of_a_bad_subject() {
    let story = Story {
        latency_ns: 400 * MS,
        bad: vec![7; 5],
        start_ns: 6 * SECOND,
        lost_stops: vec![0, 0, 2],
        lost_writes: vec![1],
        taken: 2,
        bare: 1,
        leaked: 3,
        soaked: |look, index| {
            look.memory_bytes += index << 21;
            look.open_files += index;
            look.cpu_ns *= 9;
        },
        ..Story::default()
    };
    assert_snapshot!(reasons(story.documents()), @"
    latency: p99 = inf, bounds [inf, inf] at 96.87 % each; n = 3000, n_eff = 3000, 5 trials, open loop 200/s, 100 % sent on time, 1.167 % errors counted as inf; limit <= 250 ms, rule guard-95: FAIL
    errors: error ratio 1.167 %, bounds [0.8635 %, 1.544 %] at 95 % each; n = 3000, n_eff = 3000, 5 trials, open loop 200/s, 100 % sent on time; limit <= 0.15 %, rule guard-95: FAIL
    throughput: good replies 197.7/s, bounds [197.7/s, 197.7/s] at 96.87 % each; n = 3000, n_eff = 3000, 5 trials, open loop 200/s, 100 % sent on time; limit >= 198/s, rule guard-95: FAIL
    load-line: load line 0/s; n = 11400, 11 trials; limit >= 200/s, rule guard-95: FAIL
    start-up: median start 6.019 s, bounds [6.001 s, 6.037 s] at 99.99 % each; 37 starts; limit <= 5 s, rule guard-95: FAIL
    graceful-stop: lost in the worst stop: 2; 4 of 5 drills within the limit, 80 requests held, which shows >= 34.25 % at 95 %; limit <= 0, rule simple: FAIL
    crash-recovery: slowest recovery 6.005 s; 0 of 5 drills within the limit, which shows >= 0 % at 95 %; limit <= 5 s, rule guard-95: FAIL
    acknowledged-writes: lost in the worst crash: 1; 4 of 5 drills within the limit, 1000 writes acknowledged, which shows >= 34.25 % at 95 %; limit <= 0, rule simple: FAIL
    error-hygiene: bad requests not refused well: 2 of 20 cases; each tried once; limit <= 0, rule simple: FAIL
    response-headers: rules for heads of replies broken: 2 of 9 cases; each tried once; limit <= 0, rule simple: FAIL
    log-hygiene: planted texts that reached the log: 3 of 10 cases; each tried once; limit <= 0, rule simple: FAIL
    authentication: open to somebody who is not known: 0 of 2 cases; each tried once; limit <= 0, rule simple: PASS
    contract: calls not answered as the reference says: 0 of 1 cases; each tried once; limit <= 0, rule simple: PASS
    authorisation: not as each user may: 0 of 2 cases; each tried once; limit <= 0, rule simple: PASS
    rate-limit: promises of the limit broken: 0 of 5 cases; each tried once; limit <= 0, rule simple: PASS
    retried-writes: ways to retry that are not done once: 0 of 4 cases; each tried once; limit <= 0, rule simple: PASS
    injection: taken for more than texts: 0 of 8 cases; each tried once; limit <= 0, rule simple: PASS
    tls: wrong where TLS is spoken: 0 of 12 cases; each tried once; limit <= 0, rule simple: PASS
    surroundings: not as elsewhere: 0 of 5 cases; each tried once; limit <= 0, rule simple: PASS
    metrics-truth: not as the metrics say: 0 of 13 cases; each tried once; limit <= 0, rule simple: PASS
    memory: resident memory up to 278 MiB; 120 looks under load, open loop 200/s; limit <= 256 MiB, rule simple: FAIL
    open-files: open files up to 139; 120 looks under load, open loop 200/s; limit <= 100, rule simple: FAIL
    threads: threads up to 4; 120 looks under load, open loop 200/s; limit <= 50, rule simple: PASS
    cpu: of one core in the busiest third 90 %; 120 looks under load, open loop 200/s; limit <= 50 %, rule simple: FAIL
    leak: still growing at the end: 2 of memory, open files and threads; memory still grew at the end: 170 MiB to 250 MiB in the second half (growth is seen from 3.4 MiB on); open-files still grew at the end: 85 to 125 in the second half (growth is seen from 8 on); threads does not grow: 4 at the end (growth is seen from 4 on); 120 looks under load, open loop 200/s; limit <= 0, rule simple: FAIL
    secrets: places with a secret: 0 of 14 cases; each looked at once; limit <= 0, rule simple: PASS
    bill-of-materials: wrong in the bill: 0 of 2 cases; each looked at once; limit <= 0, rule simple: PASS
    imported-results: open in the results of others: 0 of 1 cases; each looked at once; limit <= 0, rule simple: PASS (declared, not proven: others have measured it)
    runbooks: alerts without a way out: 0 of 2 cases; each looked at once; limit <= 0, rule simple: PASS (configured, not proven: it is written, and nobody has tried it here)
    documentation: wrong in the documents: 0 of 1 cases; each looked at once; limit <= 0, rule simple: PASS (configured, not proven: it is written, and nobody has tried it here)
    fault-recovery: paused: as before after 0 ns; n = 1800 in batches of 100 ms, open loop 200/s, 100 % sent on time; limit <= 1 s, rule simple: PASS
    fault-errors: busy: failed amid the fault: 0 %; n = 620 meanwhile, open loop 200/s, 100 % sent on time; limit <= 0 %, rule simple: PASS
    restore-time: slowest restore 6.005 s; 0 of 5 drills within the limit, which shows >= 0 % at 95 %; limit <= 5 s, rule guard-95: FAIL
    restored-writes: not brought back by the worst restore: 0; 5 of 5 drills within the limit, 300 writes due, which shows >= 54.92 % at 95 %; limit <= 0, rule simple: PASS
    health-truth: answers of the health check that are not true: 0 of 5 cases; each tried once; limit <= 0, rule simple: PASS
    ");
}

#[test]
fn of_what_stands_between_a_status_and_a_better_one() {
    let story = Story { latency_ns: 400 * MS, lost_stops: vec![2], ..Story::quick() };
    assert_snapshot!(judged(story.documents()).1.conditions.join("\n"), @"
    latency: p99 = 401.1 ms, limit <= 250 ms: FAIL
    load-line: load line 0/s, limit >= 200/s: FAIL
    graceful-stop: lost in the worst stop: 2, limit <= 0: FAIL
    crash-recovery: slowest recovery 401 ms, limit <= 5 s: INCONCLUSIVE: so few drills give no bound: use a profile with five or more
    restore-time: slowest restore 401 ms, limit <= 5 s: INCONCLUSIVE: so few drills give no bound: use a profile with five or more
    too few trials for a bound between them, hence at best preliminary: 3 of 5
    ");
}

#[test]
fn of_few_trials() {
    assert_snapshot!(reasons(Story::quick().documents()), @"
    latency: p99 = 20.99 ms, bounds [20.99 ms, 21 ms] at 95 % each; n = 2400, n_eff = 2400, 3 trials, open loop 200/s, 100 % sent on time, 0 % errors counted as inf; limit <= 250 ms, rule guard-95: PASS
    errors: error ratio 0 %, bounds [0 %, 0.1247 %] at 95 % each; n = 2400, n_eff = 2400, 3 trials, open loop 200/s, 100 % sent on time; limit <= 0.15 %, rule guard-95: PASS
    throughput: good replies 200/s, bounds [199.3/s, 200/s] at 95 % each; n = 2400, n_eff = 2400, 3 trials, open loop 200/s, 100 % sent on time; limit >= 198/s, rule guard-95: PASS
    load-line: load line 400/s; n = 8400, 7 trials; limit >= 200/s, rule guard-95: PASS
    start-up: median start 413 ms, bounds [401 ms, 425 ms] at 99.99 % each; 25 starts; limit <= 5 s, rule guard-95: PASS
    graceful-stop: lost in the worst stop: 0; 1 of 1 drill within the limit, 16 requests held, which shows >= 5 % at 95 %; limit <= 0, rule simple: PASS
    crash-recovery: slowest recovery 401 ms; 1 of 1 drill within the limit, which shows >= 5 % at 95 %; limit <= 5 s, rule guard-95: INCONCLUSIVE: so few drills give no bound
    acknowledged-writes: lost in the worst crash: 0; 1 of 1 drill within the limit, 200 writes acknowledged, which shows >= 5 % at 95 %; limit <= 0, rule simple: PASS
    error-hygiene: bad requests not refused well: 0 of 20 cases; each tried once; limit <= 0, rule simple: PASS
    response-headers: rules for heads of replies broken: 0 of 9 cases; each tried once; limit <= 0, rule simple: PASS
    log-hygiene: planted texts that reached the log: 0 of 10 cases; each tried once; limit <= 0, rule simple: PASS
    authentication: open to somebody who is not known: 0 of 2 cases; each tried once; limit <= 0, rule simple: PASS
    contract: calls not answered as the reference says: 0 of 1 cases; each tried once; limit <= 0, rule simple: PASS
    authorisation: not as each user may: 0 of 2 cases; each tried once; limit <= 0, rule simple: PASS
    rate-limit: promises of the limit broken: 0 of 5 cases; each tried once; limit <= 0, rule simple: PASS
    retried-writes: ways to retry that are not done once: 0 of 4 cases; each tried once; limit <= 0, rule simple: PASS
    injection: taken for more than texts: 0 of 8 cases; each tried once; limit <= 0, rule simple: PASS
    tls: wrong where TLS is spoken: 0 of 12 cases; each tried once; limit <= 0, rule simple: PASS
    surroundings: not as elsewhere: 0 of 5 cases; each tried once; limit <= 0, rule simple: PASS
    metrics-truth: not as the metrics say: 0 of 13 cases; each tried once; limit <= 0, rule simple: PASS
    memory: resident memory up to 40 MiB; 120 looks under load, open loop 200/s; limit <= 256 MiB, rule simple: PASS
    open-files: open files up to 20; 120 looks under load, open loop 200/s; limit <= 100, rule simple: PASS
    threads: threads up to 4; 120 looks under load, open loop 200/s; limit <= 50, rule simple: PASS
    cpu: of one core in the busiest third 10 %; 120 looks under load, open loop 200/s; limit <= 50 %, rule simple: PASS
    leak: still growing at the end: 0 of memory, open files and threads; memory does not grow: 40 MiB at the end (growth is seen from 1 MiB on); open-files does not grow: 20 at the end (growth is seen from 8 on); threads does not grow: 4 at the end (growth is seen from 4 on); 120 looks under load, open loop 200/s; limit <= 0, rule simple: PASS
    secrets: places with a secret: 0 of 14 cases; each looked at once; limit <= 0, rule simple: PASS
    bill-of-materials: wrong in the bill: 0 of 2 cases; each looked at once; limit <= 0, rule simple: PASS
    imported-results: open in the results of others: 0 of 1 cases; each looked at once; limit <= 0, rule simple: PASS (declared, not proven: others have measured it)
    runbooks: alerts without a way out: 0 of 2 cases; each looked at once; limit <= 0, rule simple: PASS (configured, not proven: it is written, and nobody has tried it here)
    documentation: wrong in the documents: 0 of 1 cases; each looked at once; limit <= 0, rule simple: PASS (configured, not proven: it is written, and nobody has tried it here)
    fault-recovery: paused: as before after 0 ns; n = 1800 in batches of 100 ms, open loop 200/s, 100 % sent on time; limit <= 1 s, rule simple: PASS
    fault-errors: busy: failed amid the fault: 0 %; n = 620 meanwhile, open loop 200/s, 100 % sent on time; limit <= 0 %, rule simple: PASS
    restore-time: slowest restore 401 ms; 1 of 1 drill within the limit, which shows >= 5 % at 95 %; limit <= 5 s, rule guard-95: INCONCLUSIVE: so few drills give no bound
    restored-writes: not brought back by the worst restore: 0; 1 of 1 drill within the limit, 60 writes due, which shows >= 5 % at 95 %; limit <= 0, rule simple: PASS
    health-truth: answers of the health check that are not true: 0 of 5 cases; each tried once; limit <= 0, rule simple: PASS
    ");
}

#[test]
fn of_what_does_not_apply() {
    let story = Story { kind: SubjectKind::Url, has_ledger: false, ..Story::default() };
    assert_snapshot!(judged(story.documents()).1.exclusions.join("\n"), @"
    start-up: the subject is known by URL only: it cannot be started, stopped or killed here
    graceful-stop: the subject is known by URL only: it cannot be started, stopped or killed here
    crash-recovery: the subject is known by URL only: it cannot be started, stopped or killed here
    acknowledged-writes: the subject is known by URL only: it cannot be started, stopped or killed here
    log-hygiene: the subject is known by URL only: it cannot be started, stopped or killed here
    surroundings: the subject is known by URL only: it cannot be started, stopped or killed here
    memory: the subject is known by URL only: it cannot be started, stopped or killed here
    open-files: the subject is known by URL only: it cannot be started, stopped or killed here
    threads: the subject is known by URL only: it cannot be started, stopped or killed here
    cpu: the subject is known by URL only: it cannot be started, stopped or killed here
    leak: the subject is known by URL only: it cannot be started, stopped or killed here
    fault-recovery: the subject is known by URL only: it cannot be started, stopped or killed here
    fault-errors: the subject is known by URL only: it cannot be started, stopped or killed here
    restore-time: the subject is known by URL only: it cannot be started, stopped or killed here
    restored-writes: the subject is known by URL only: it cannot be started, stopped or killed here
    health-truth: the subject is known by URL only: it cannot be started, stopped or killed here
    ");
}

/// Changes every document of a good subject that was measured.
fn reasons_with(change: impl Fn(&mut Document)) -> String {
    let mut list = Story::default().documents();
    list.iter_mut().for_each(change);
    reasons(list)
}

#[test]
fn of_a_doubtful_instrument() {
    let busy = reasons_with(|document| {
        if let Document::LoadRun(run) = document
            && run.scene == Scene::Measured
        {
            run.instrument.cpu_ns = run.instrument.wall_ns;
        }
    });
    let load: String = busy.lines().take(4).map(|line| format!("{line}\n")).collect();
    assert_snapshot!(load, @"
    latency: p99 = 20.99 ms, bounds [20.99 ms, 20.99 ms] at 96.87 % each; n = 3000, n_eff = 3000, 5 trials, open loop 200/s, 100 % sent on time, 0 % errors counted as inf; limit <= 250 ms, rule guard-95: INCONCLUSIVE: gate cpu of steady-1: 100 % against 80 %, and 4 more
    errors: error ratio 0 %, bounds [0 %, 0.0998 %] at 95 % each; n = 3000, n_eff = 3000, 5 trials, open loop 200/s, 100 % sent on time; limit <= 0.15 %, rule guard-95: INCONCLUSIVE: gate cpu of steady-1: 100 % against 80 %, and 4 more
    throughput: good replies 200/s, bounds [200/s, 200/s] at 96.87 % each; n = 3000, n_eff = 3000, 5 trials, open loop 200/s, 100 % sent on time; limit >= 198/s, rule guard-95: INCONCLUSIVE: gate cpu of steady-1: 100 % against 80 %, and 4 more
    load-line: nothing measured; limit >= 200/s, rule guard-95: INCONCLUSIVE: gate cpu of steady-1: 100 % against 80 %, and 4 more
    ");
}

/// Whoever logs nothing leaks nothing into a log that anybody has seen.
#[test]
fn of_a_subject_that_wrote_no_log() {
    let mut list = Story::default().documents();
    for document in &mut list {
        if let Document::CheckRun(run) = document
            && let (Scene::Measured, Checklist::LogHygiene(search)) = (run.scene, &mut run.checklist)
        {
            (search.logs[0].written_bytes, search.logs[0].read_bytes) = (0, 0);
        }
    }
    let judgement = judged(list).1;
    let reason = judgement.criteria.iter().find(|judged| judged.criterion.id == "log-hygiene").unwrap();
    assert_snapshot!(reason.reason, @"planted texts that reached the log: 0 of 10 cases; each tried once; limit <= 0, rule simple: INCONCLUSIVE: gate logged of log-hygiene-1: 0 B against 1 B");
    let condition = judgement.conditions.iter().find(|line| line.starts_with("log-hygiene")).unwrap();
    assert_snapshot!(condition, @"log-hygiene: planted texts that reached the log: 0, limit <= 0: INCONCLUSIVE: the subject wrote to no log while the texts were sent, or more than was searched: let it log what it is asked, to standard output, standard error, a file *.log, or what [logs] names");
}

#[test]
fn of_runs_that_had_not_settled() {
    let mut story = Story::default();
    story.profile.trial_ns = 24 * SECOND;
    let mut list = story.documents();
    for document in &mut list {
        if let Document::LoadRun(run) = document
            && (run.scene, run.step) == (Scene::Measured, Step::Steady)
        {
            // The last of four quarters takes twice as long.
            for batch in run.latency.windows.iter_mut().skip(18).flatten() {
                batch.pairs.iter_mut().for_each(|pair| pair.0 += 1_024);
            }
        }
    }
    let judgement = judged(list).1;
    assert_snapshot!(judgement.conditions[0], @"latency: p99 = 41.94 ms, limit <= 250 ms: INCONCLUSIVE: latency drifts during the trials: let the subject warm up longer, or run it again on a quiet machine");
    let reason = &judgement.criteria[0].reason;
    assert_snapshot!(reason, @"p99 = 41.94 ms, bounds [41.94 ms, 41.94 ms] at 96.87 % each; n = 24000, n_eff = 4295, 5 trials, open loop 200/s, 100 % sent on time, 0 % errors counted as inf; limit <= 250 ms, rule guard-95: INCONCLUSIVE: gate steady-state of steady-all: 20.99 ms against 12.5 ms");
}

#[test]
fn of_a_stop_that_needed_a_kill() {
    let reasons = reasons_with(|document| match document {
        Document::StopDrill(drill) if drill.scene == Scene::Measured => drill.took_ns = Amount::Infinite,
        _ => {}
    });
    assert_snapshot!(reasons.lines().nth(5).unwrap(), @"graceful-stop: lost in the worst stop: inf; 0 of 5 drills within the limit, 80 requests held, it did not stop and had to be killed, which shows >= 0 % at 95 %; limit <= 0, rule simple: FAIL");
}

#[test]
fn of_nothing() {
    let mut list = Story::default().documents();
    list.retain(|document| !matches!(document, Document::LoadRun(run) if run.scene == Scene::Measured));
    assert_snapshot!(reasons(list).lines().next().unwrap(), @"latency: nothing measured; limit <= 250 ms, rule guard-95: NOT_MEASURED");
}

#[test]
fn that_can_be_quoted_alone() {
    let (documents, judgement) = judged(Story::default().documents());
    let sentence = |index: usize| full_sentence(&documents, &judgement.criteria[index]).unwrap();
    assert_snapshot!(sentence(0), @"p99 = 20.99 ms, bounds [20.99 ms, 20.99 ms] at 96.87 % each; n = 3000, n_eff = 3000, 5 trials, open loop 200/s, 100 % sent on time, 0 % errors counted as inf; limit <= 250 ms, rule guard-95: PASS; planted defect added-delay gave FAIL (521.1 ms), sham-load without it gave PASS (20.99 ms); instrument calibrated on 6 oracles, worst error 20 % of the tolerance; environment sha256:289272c828e47f1e9b005cc1a687bc088b7a9545c5a1b1195791779c1c4754ba; self-attested");
    assert_snapshot!(sentence(7), @"lost in the worst crash: 0; 5 of 5 drills within the limit, 1000 writes acknowledged, which shows >= 54.92 % at 95 %; limit <= 0, rule simple: PASS; planted defect dropped-writes gave FAIL (40), sham-crash without it gave PASS (0); instrument calibrated on 6 oracles, worst error 20 % of the tolerance; environment sha256:289272c828e47f1e9b005cc1a687bc088b7a9545c5a1b1195791779c1c4754ba; self-attested");
}

#[test]
fn of_controls_that_are_missing() {
    let missing = |scene: Scene, harmed: Option<u64>| {
        let mut list = Story::default().documents();
        list.retain_mut(|document| match document {
            Document::LoadRun(run) if run.scene == scene => match (harmed, &mut run.proxy) {
                (Some(harmed), Some(proxy)) => {
                    proxy.harmed = harmed;
                    true
                }
                _ => false,
            },
            _ => true,
        });
        without_control(&judged(list).1).join("\n")
    };
    assert_snapshot!(missing(Scene::InjectedErrors, None), @"errors: the planted defect injected-errors gave NOT_MEASURED, it should give FAIL");
    assert_snapshot!(missing(Scene::InjectedErrors, Some(0)), @"errors: the planted defect injected-errors harmed no request");
    assert_snapshot!(missing(Scene::ShamLoad, None), @"
    latency: sham-load (the path of added-delay without its defect) gave NOT_MEASURED, it should give PASS
    errors: sham-load (the path of injected-errors without its defect) gave NOT_MEASURED, it should give PASS
    throughput: sham-load (the path of reset-connections without its defect) gave NOT_MEASURED, it should give PASS
    load-line: sham-load (the path of added-delay without its defect) gave NOT_MEASURED, it should give PASS
    ");
}
