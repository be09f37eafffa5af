//! Closed loop against a URL's address: `closed_loop 127.0.0.1:8080 /path CONNECTIONS SECONDS`. Prints requests per
//! CPU-second of this process, the cost that `bench/load` compares with other generators.

use std::error::Error;
use std::io::Write;
use std::ops::ControlFlow;

use plimsoll_load::{Pacing, Plan, Request, Schedule};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, path, connections, seconds] = arguments.as_slice() else {
        return Err("usage: closed_loop ADDRESS PATH CONNECTIONS SECONDS".into());
    };
    let plan = Plan {
        address: address.parse()?,
        host: address.clone(),
        requests: vec![Request::get(path)],
        schedule: Schedule {
            pacing: Pacing::Closed,
            duration_ns: seconds.parse::<u64>()? * 1_000_000_000,
            seed: [0; 32],
        },
        warm_up_ns: 0,
        timeout_ns: 5_000_000_000,
        connections_max: connections.parse()?,
    };
    let run = plimsoll_load::run(&plan, &mut |_| ControlFlow::Continue(()))?;
    let per_cpu_second = u128::from(run.good) * 1_000_000_000 / u128::from(run.facts.cpu_ns.max(1));
    writeln!(
        std::io::stdout(),
        "{} good, {} errors, {} ms CPU, {per_cpu_second} requests per CPU-second",
        run.good,
        run.errors.total(),
        run.facts.cpu_ns / 1_000_000
    )?;
    Ok(())
}
