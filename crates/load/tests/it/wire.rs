//! What becomes of an arrival when the server, or the plan, misbehaves: each outcome by its kind, each one infinite.

use std::io::Read;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use plimsoll_load::{ErrorCounts, Oracle, OracleKind, Pacing, Plan, Request, Run, Schedule, Threshold, run};
use plimsoll_measure::{Probability, Value};

use crate::support::{MS, Wire, measure, plan, server};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

fn against(serve: impl Fn(Wire) + Clone + Send + 'static) -> Run {
    measure(&plan(server(serve), 100, 200))
}

fn answering(reply: &'static str) -> Run {
    against(move |mut wire| {
        while wire.request().is_some() {
            wire.reply(reply);
        }
    })
}

/// All 20 arrivals failed in the way that `expected` counts.
fn assert_all_failed(run: &Run, expected: ErrorCounts) {
    assert_eq!(run.errors, expected);
    assert_eq!((run.good, run.total.count(), run.total.infinite()), (0, 20, 20));
    assert_eq!(run.total.quantile(Probability::P50), Some(Value::Infinite));
}

#[test]
fn good_replies_of_every_framing_are_good() {
    for reply in [
        OK,
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 302 Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    ] {
        let run = answering(reply);
        assert_eq!((run.good, run.errors.total(), run.total.infinite()), (20, 0, 0), "{reply}");
        assert_eq!(run.bytes_received, 20 * reply.len() as u64);
    }
    let run = against(|mut wire| {
        wire.request();
        wire.reply("HTTP/1.1 200 OK\r\n\r\nuntil the end");
    });
    assert_eq!((run.good, run.errors.total()), (20, 0));
}

#[test]
fn an_unexpected_status_is_an_error() {
    let run = answering("HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n");
    assert_all_failed(&run, ErrorCounts { status: 20, ..ErrorCounts::default() });
}

#[test]
fn what_is_not_http_is_an_error() {
    let run = answering("SSH-2.0-OpenSSH_9.2\r\n");
    assert_all_failed(&run, ErrorCounts { malformed: 20, ..ErrorCounts::default() });
}

#[test]
fn a_reply_cut_short_is_an_error() {
    let run = against(|mut wire| {
        wire.request();
        wire.reply("HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nshort");
    });
    assert_all_failed(&run, ErrorCounts { closed: 20, ..ErrorCounts::default() });
}

#[test]
fn a_reset_is_an_error() {
    // Closing a socket that has unread bytes resets it.
    let run = against(|mut wire| {
        let _ = wire.stream.read(&mut [0; 4]);
    });
    assert_all_failed(&run, ErrorCounts { reset: 20, ..ErrorCounts::default() });
}

#[test]
fn a_refused_connection_is_an_error() {
    let oracle = Oracle::start(OracleKind::RefuseAll, [0; 32]).unwrap();
    let run = measure(&plan(oracle.address(), 100, 200));
    assert_all_failed(&run, ErrorCounts { connect: 20, ..ErrorCounts::default() });
    assert_eq!((run.facts.late, run.facts.send_lag.count()), (0, 20), "it was asked in time");
}

#[test]
fn silence_is_a_timeout_and_the_run_ends_with_it() {
    let oracle = Oracle::start(OracleKind::Silent, [0; 32]).unwrap();
    let run = measure(&Plan { timeout_ns: 100 * MS, ..plan(oracle.address(), 100, 200) });
    assert_all_failed(&run, ErrorCounts { timeout: 20, ..ErrorCounts::default() });
    assert!(run.facts.wall_ns >= 290 * MS && run.facts.wall_ns < 1_000 * MS, "{} ns", run.facts.wall_ns);
    assert_eq!((run.facts.late, run.facts.send_lag.count()), (0, 20));
}

#[test]
fn what_finds_no_connection_is_late_and_infinite_and_never_dropped() {
    let oracle = Oracle::start(OracleKind::Silent, [0; 32]).unwrap();
    let plan = Plan { timeout_ns: 100 * MS, connections_max: 1, ..plan(oracle.address(), 1_000, 200) };
    let run = measure(&plan);
    assert_eq!(run.errors, ErrorCounts { timeout: 200, ..ErrorCounts::default() });
    assert_eq!((run.total.count(), run.total.infinite()), (200, 200));
    // Every 100 ms the connection is given up, and another arrival gets its chance.
    let sent = run.facts.send_lag.count();
    assert!((1..=30).contains(&sent) && sent + run.facts.late == 200, "{sent}");
}

#[test]
fn latency_runs_from_the_intended_moment() {
    // One connection and 20 ms a reply: 100/s are twice what it can carry, and the wait shows in the latency.
    let address = server(|mut wire| {
        while wire.request().is_some() {
            std::thread::sleep(Duration::from_millis(20));
            wire.reply(OK);
        }
    });
    let run = measure(&Plan { connections_max: 1, ..plan(address, 100, 400) });
    assert_eq!(run.good, 40);
    // The last arrival, due at 390 ms, is answered after 40 replies of 20 ms.
    let longest_ns = run.total.max().and_then(Value::finite_ns).unwrap();
    assert!(longest_ns >= 400 * MS, "{longest_ns}");
    assert!(run.facts.late >= 15, "{}", run.facts.late);
}

#[test]
fn a_request_that_a_server_takes_and_does_not_answer_is_lost() {
    // Each connection answers one request, takes a second one and closes. Clients that do not try again lose it.
    let address = server(|mut wire| {
        wire.request();
        wire.reply(OK);
        wire.request();
    });
    let run = measure(&Plan { connections_max: 1, ..plan(address, 100, 200) });
    assert_eq!((run.good, run.errors.closed, run.errors.total()), (10, 10, 10));
}

#[test]
fn a_connection_that_ends_with_its_reply_is_not_used_again() {
    // The reply does not say that the connection ends, but the end is in the same segment.
    let address = server(|mut wire| {
        wire.request();
        wire.last_reply(OK);
    });
    let run = measure(&plan(address, 500, 700));
    assert_eq!((run.good, run.errors.total(), run.reconnects), (350, 0, 0));
}

#[test]
fn a_connection_that_was_idle_for_long_is_not_trusted() {
    // Arrivals at 0 and 2.5 s: the second gets a connection of its own.
    let connections = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&connections);
    let address = server(move |mut wire| {
        seen.fetch_add(1, Ordering::Relaxed);
        while wire.request().is_some() {
            wire.reply(OK);
        }
    });
    let schedule =
        Schedule { pacing: Pacing::Constant { rate_per_ks: 400 }, duration_ns: 5_000 * MS, seed: [1; 32] };
    let run = measure(&Plan { connections_max: 1, schedule, ..plan(address, 1, 100) });
    assert_eq!((run.good, run.errors.total()), (2, 0));
    assert_eq!(connections.load(Ordering::Relaxed), 2);
}

#[test]
fn unasked_bytes_end_a_connection_and_nothing_else() {
    let run = answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok and more");
    assert_eq!((run.good, run.errors.total()), (20, 0));
}

#[test]
fn a_body_larger_than_the_kernels_buffers_arrives_whole() {
    const BODY_BYTES: usize = 8 << 20;
    let address = server(|mut wire| {
        while wire.request().is_some() {
            let mut body = vec![0; BODY_BYTES];
            wire.stream.read_exact(&mut body).unwrap();
            assert!(body.ends_with(b"000000000001") || body.ends_with(b"000000000000"));
            wire.reply(OK);
        }
    });
    let mut body = vec![b'x'; BODY_BYTES - 12];
    body.extend_from_slice(b"{seq}");
    let request = Request { method: String::from("POST"), body, ..Request::get("/") };
    let run = measure(&Plan { requests: vec![request], ..plan(address, 20, 100) });
    assert_eq!((run.good, run.errors.total()), (2, 0));
}

#[test]
fn every_number_arrives_once_and_the_warm_up_counts_apart() {
    let oracle = Oracle::start(OracleKind::Constant, [0; 32]).unwrap();
    let schedule =
        Schedule { pacing: Pacing::Poisson { rate_per_ks: 1_000_000 }, duration_ns: 300 * MS, seed: [9; 32] };
    let plan = Plan { schedule, warm_up_ns: 100 * MS, ..plan(oracle.address(), 1, 1) };
    let run = measure(&plan);
    let arrivals: Vec<_> = schedule.arrivals(plan.warm_up_ns, &[1]).collect();
    let measured = arrivals.iter().filter(|arrival| arrival.offset_ns >= 0).count() as u64;
    assert_eq!((run.good, run.total.count(), run.facts.scheduled), (measured, measured, measured));
    assert_eq!(run.warm_up.count(), arrivals.len() as u64 - measured);
    let mut numbers: Vec<u64> = oracle.finish().unwrap().iter().map(|written| written.number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..arrivals.len() as u64).collect::<Vec<_>>());
    assert_eq!(run.latency.total(), run.total);
}

#[test]
fn a_watcher_sees_the_run_and_can_only_end_it_as_a_failure() {
    let oracle = Oracle::start(OracleKind::Bimodal, [0; 32]).unwrap();
    let plan = Plan { warm_up_ns: 100 * MS, ..plan(oracle.address(), 500, 5_000) };
    let mut threshold = Threshold::parse("http_req_duration", "p(50)<1").unwrap();
    threshold.abort_on_fail = true;
    threshold.delay_abort_eval_ns = 300 * MS;
    let mut seen = Vec::new();
    let run = run(&plan, &mut |progress| {
        seen.push((progress.elapsed_ns, progress.measured_ns, progress.completed, progress.rate_per_ks));
        assert_eq!(progress.total_ns, 5_100 * MS);
        if threshold.asks_to_abort(progress) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .unwrap();
    assert!(run.aborted && run.facts.wall_ns < 2_000 * MS);
    assert!(seen.is_sorted() && seen.len() >= 2, "{seen:?}");
    let &(elapsed_ns, measured_ns, completed, rate_per_ks) = seen.last().unwrap();
    assert_eq!(elapsed_ns - measured_ns, 100 * MS);
    assert!(completed > 50 && (200_000..700_000).contains(&rate_per_ks), "{seen:?}");
    assert!(!threshold.judge(&run).passed);
    // A threshold that would hold does not either: the run is partial.
    let holds = Threshold::parse("http_req_duration", "p(50)<1000").unwrap();
    assert!(!holds.judge(&run).passed);
    assert!(holds.judge(&run).observed.is_some());
}

#[test]
fn a_closed_loop_keeps_each_connection_busy_and_says_what_it_is() {
    let oracle = Oracle::start(OracleKind::Constant, [0; 32]).unwrap();
    let schedule = Schedule { pacing: Pacing::Closed, duration_ns: 300 * MS, seed: [0; 32] };
    let run = measure(&Plan { schedule, connections_max: 4, ..plan(oracle.address(), 1, 1) });
    assert!(run.closed_loop);
    // Four connections at 5 ms each carry at most 240 in 300 ms, and 4 that were under way at the end.
    assert!((80..=244).contains(&run.good), "{}", run.good);
    assert_eq!(run.errors.total(), 0);
}
