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
fn timing_an_undisturbed_run_is_green() {
    let oracle = oracle();
    let plan = plan(oracle.address(), 200, 600);
    // The host of this machine may be busy; a run that it disturbs is repeated.
    assert!((0..3).any(|_| red(&measure(&plan)).is_empty()), "no run of three passed its gates");
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

/// The engine has no way to lie, so its result is changed: here alone the cause is not planted in the run itself.
#[test]
fn latencies_that_are_half_of_what_was_seen_turn_littles_law_red() {
    let oracle = oracle();
    let mut run = measure(&plan(oracle.address(), 500, 1_000));
    run.facts.residence_sum_us /= 2;
    assert!(red(&run).contains(&Gate::LittlesLaw));
}

#[test]
fn timing_a_generator_without_cpu_to_spare_turns_the_cpu_gate_red() {
    let oracle = oracle();
    let plan = plan(oracle.address(), 100, 250);
    // A thread that wants a whole CPU gets it, unless the machine's host gives it to others: then it is tried again.
    let is_red = || red(&measure_with_pauses(&plan, || spin(1_500 * MS))).contains(&Gate::Cpu);
    assert!((0..4).any(|_| is_red()), "the gate was never red");
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
