//! Each instrument gate is seen red on a cause that was planted for it.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use plimsoll_load::{Oracle, OracleKind, Plan, Run, monotonic_ns, run};
use plimsoll_measure::{Gate, instrument_gates};
use rustix::thread::{CpuSet, sched_getcpu, sched_setaffinity};

use crate::support::{MS, measure, plan};

/// The gates that fail for a limit of 100 ms.
fn red(run: &Run) -> Vec<Gate> {
    let gates = instrument_gates(&run.facts, Some(100 * MS));
    gates.iter().filter(|gate| !gate.passed).map(|gate| gate.gate).collect()
}

fn oracle() -> Oracle {
    Oracle::start(OracleKind::Constant, [0; 32]).unwrap()
}

/// Planted cause: time in which the generator does something else, as when it is stopped or starved.
fn measure_with_pauses(plan: &Plan, pause: impl Fn()) -> Run {
    run(plan, &mut |_| {
        pause();
        ControlFlow::Continue(())
    })
    .unwrap()
}

fn spin(duration_ns: u64) {
    let until_ns = monotonic_ns() + duration_ns;
    while monotonic_ns() < until_ns {}
}

#[test]
fn an_undisturbed_run_is_green() {
    let oracle = oracle();
    let plan = plan(oracle.address(), 200, 600);
    // Others share this machine; a run that they disturb is repeated.
    assert!((0..6).any(|_| red(&measure(&plan)).is_empty()), "no run of six passed its gates");
}

#[test]
fn too_few_connections_turn_rate_and_send_lag_red() {
    let oracle = oracle();
    // Two connections at 5 ms carry 400/s of the 1,000/s that are scheduled.
    let run = measure(&Plan { connections_max: 2, ..plan(oracle.address(), 1_000, 500) });
    let red = red(&run);
    assert!(red.contains(&Gate::Rate) && red.contains(&Gate::SendLag), "{red:?}");
    assert!(run.facts.late > 100, "{}", run.facts.late);
    assert_eq!(run.good, 500, "late arrivals are sent all the same");
}

#[test]
fn pauses_turn_send_lag_and_littles_law_red() {
    let oracle = oracle();
    let plan = plan(oracle.address(), 500, 1_000);
    let run = measure_with_pauses(&plan, || std::thread::sleep(std::time::Duration::from_millis(100)));
    let red = red(&run);
    assert!(red.contains(&Gate::SendLag), "{red:?}");
    assert!(
        red.contains(&Gate::LittlesLaw),
        "{red:?}: the pauses are in the latencies and not in the samples"
    );
}

#[test]
fn stamps_that_lie_turn_littles_law_red() {
    let oracle = oracle();
    let mut run = measure(&plan(oracle.address(), 500, 1_000));
    // As if each latency had been taken from the actual send after a wait of as much again.
    run.facts.residence_sum_us /= 2;
    assert!(red(&run).contains(&Gate::LittlesLaw));
}

#[test]
fn a_generator_without_cpu_to_spare_turns_the_cpu_gate_red() {
    let oracle = oracle();
    let plan = plan(oracle.address(), 100, 250);
    for _ in 0..4 {
        let run = measure_with_pauses(&plan, || spin(1_500 * MS));
        let red = red(&run);
        if red.contains(&Gate::Cpu) {
            return;
        }
        // A thread that wants a whole CPU gets it or waits for it: where others take it, the other gate must say so.
        assert!(red.contains(&Gate::RunQueue), "{red:?} with {} ns of CPU", run.facts.cpu_ns);
    }
}

#[test]
fn waiting_for_a_cpu_turns_the_run_queue_gate_red() {
    let oracle = oracle();
    let mut one_cpu = CpuSet::new();
    one_cpu.set(sched_getcpu());
    sched_setaffinity(None, &one_cpu).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let rivals: Vec<_> = (0..6)
        .map(|_| {
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || {
                sched_setaffinity(None, &one_cpu).unwrap();
                while !stop.load(Ordering::Relaxed) {}
            })
        })
        .collect();
    // The generator needs more than its share of this CPU, so it has to queue for it.
    let run = measure_with_pauses(&plan(oracle.address(), 500, 800), || spin(50 * MS));
    stop.store(true, Ordering::Relaxed);
    rivals.into_iter().for_each(|rival| rival.join().unwrap());
    let red = red(&run);
    assert!(red.contains(&Gate::RunQueue), "{red:?} with {} ns of waiting", run.facts.run_queue_ns);
}

#[test]
fn nothing_measured_turns_the_last_gate_red() {
    let oracle = oracle();
    let plan = Plan { warm_up_ns: 1_000 * MS, ..plan(oracle.address(), 100, 1_000) };
    let run = run(&plan, &mut |_| ControlFlow::Break(())).unwrap();
    assert!(run.aborted && red(&run).contains(&Gate::Measured));
}
