//! `plimsoll load`: arrivals on a schedule that is fixed before the run, and what came of them.

mod calibrate;
mod order;
mod outcome;
mod summary;
mod target;
#[cfg(test)]
mod testing;

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use plimsoll_base::Clock as _;
use plimsoll_certify::SystemClock;
use plimsoll_load::{Progress, Run, StatusSet};
use plimsoll_measure::hdr_log;
use plimsoll_process::Interrupt;
use plimsoll_proof::Digest;

use super::progress;
use super::values::{duration_ns, rate_per_ks, seed};
use crate::exit::Answer;
use crate::failure::Failure;
use crate::print::Printer;
use order::Order;
use outcome::{Finished, Stopped};

/// Send requests on a fixed schedule and measure each from the moment it was meant to go
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:
  plimsoll load --rate 100 --duration 10s http://127.0.0.1:8080/
  plimsoll load --rate 100 --threshold 'http_req_duration: p(99)<500' URL
  plimsoll load --rate 100 --abort-on-fail 'http_req_failed: rate<0.1' URL
  plimsoll load --rate 50 --method PUT --body @note.txt 'URL/notes/n{seq}'
  plimsoll load --rate 100 --json URL | jq .latency_ms
  plimsoll load --subject subject.toml       a subject that runs already
  plimsoll load calibrate                    is this generator true here?

A request that fails or is never answered is infinitely late, and so it stands
in every quantile (`inf`). Thresholds are those of k6, METRIC: EXPRESSION:
  http_req_duration  avg, min, med, max or p(N), in milliseconds
  http_req_failed    rate, between 0 and 1

Exit: 0 gates and thresholds hold and there was a good reply, 1 a threshold
does not hold, 2 usage, 3 a gate failed, nothing was measured, or Ctrl-C ended
the run. Numbers of a doubtful instrument prove no failure either, so with
both it is 3; but a run that --abort-on-fail has ended is always a 1."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    run: RunArguments,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Calibrate(calibrate::Arguments),
}

/// How arrivals follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum ArrivalsArgument {
    Poisson,
    Constant,
}

#[derive(Debug, clap::Args)]
struct RunArguments {
    /// Where to send; `{seq}` in path or body becomes the request's number
    url: Option<String>,
    /// Take target, requests and load from this subject file; start nothing
    #[arg(long, value_name = "SUBJECT.toml", conflicts_with_all = ["url", "method", "header", "body", "expect"])]
    subject: Option<PathBuf>,
    /// Requests per second, as 100 or 100/s
    #[arg(long, value_parser = rate_per_ks, allow_negative_numbers = true)]
    rate: Option<u64>,
    /// How long requests keep being sent, after the warm-up
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration_ns)]
    duration: u64,
    /// Random gaps as of independent users, or equal ones [default: poisson]
    #[arg(long)]
    arrivals: Option<ArrivalsArgument>,
    /// How many connections may be open at once [default: 1024]
    #[arg(long, value_name = "N")]
    connections: Option<usize>,
    /// How long a request may wait for its answer, from its intended time [default: 5s]
    #[arg(long, value_name = "TIME", value_parser = duration_ns)]
    timeout: Option<u64>,
    /// How long the schedule runs before anything counts
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration_ns)]
    warm_up: u64,
    /// Method [default: GET, or POST with --body]
    #[arg(long, value_name = "METHOD")]
    method: Option<String>,
    /// A header, as 'name: value'; may be repeated
    #[arg(long, value_name = "HEADER")]
    header: Vec<String>,
    /// The body, or the file that holds it
    #[arg(long, value_name = "TEXT|@FILE")]
    body: Option<String>,
    /// Statuses that count as good, such as 2xx,404 [default: 200-399]
    #[arg(long, value_name = "STATUSES")]
    expect: Option<StatusSet>,
    /// Fail unless this holds at the end; may be repeated
    #[arg(long, value_name = "THRESHOLD")]
    threshold: Vec<String>,
    /// The same, and end the run as soon as it does not hold (abortOnFail); may be repeated
    #[arg(long, value_name = "THRESHOLD")]
    abort_on_fail: Vec<String>,
    /// How long to measure before --abort-on-fail counts (delayAbortEval)
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = duration_ns, requires = "abort_on_fail")]
    delay_abort_eval: u64,
    /// The schedule's seed, as an earlier run has printed it [default: a fresh one]
    #[arg(long, value_name = "HEX", value_parser = seed)]
    seed: Option<Digest>,
    /// Write one-second windows to this file as an HdrHistogram V2 log
    #[arg(long, value_name = "FILE")]
    hdr_log: Option<PathBuf>,
    /// No schedule: N connections, each sending when its reply has come. Measures cost, certifies nothing
    #[arg(long, value_name = "N",
        conflicts_with_all = ["rate", "arrivals", "connections", "threshold", "abort_on_fail"])]
    closed: Option<usize>,
    /// Print the result as one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: Arguments, printer: &Printer) -> Result<Answer, Failure> {
    match arguments.verb {
        Some(Verb::Calibrate(arguments)) => calibrate::run(&arguments, printer),
        None => measure(&arguments.run, printer),
    }
}

fn measure(arguments: &RunArguments, printer: &Printer) -> Result<Answer, Failure> {
    let order = Order::new(arguments)?;
    // Opened before the run, so that a wrong path costs nobody a run.
    let mut log = arguments.hdr_log.as_deref().map(open_log).transpose()?;
    let interrupt = Interrupt::install()?;
    plimsoll_process::raise_open_files_limit();
    printer.status(&order.to_string());
    let (run, stopped) = run_order(&order, interrupt, printer)?;
    if let (Some(file), Some(path)) = (&mut log, &arguments.hdr_log) {
        write_log(file, path, &run)?;
    }
    let finished = Finished::new(&order, &run, stopped);
    let text = if arguments.json { summary::json(&finished)? } else { summary::text(&finished, printer) };
    printer.data(&text)?;
    Ok(finished.verdict.answer())
}

/// Runs the plan, shows how it goes, and tells why it was ended early if it was.
fn run_order(
    order: &Order,
    interrupt: Interrupt,
    printer: &Printer,
) -> Result<(Run, Option<Stopped>), Failure> {
    let mut stopped = None;
    let mut last_line_ns = 0;
    let run = plimsoll_load::run(&order.plan, &mut |progress| {
        show(progress, &mut last_line_ns, printer);
        let failed = order.thresholds.iter().position(|threshold| threshold.asks_to_abort(progress));
        stopped = match interrupt.is_requested() {
            true => Some(Stopped::Interrupted),
            false => failed.map(Stopped::Threshold),
        };
        if stopped.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    printer.end_live_line();
    Ok((run, stopped))
}

/// One live line on a terminal, a line now and then elsewhere.
fn show(progress: &Progress<'_>, last_line_ns: &mut u64, printer: &Printer) {
    if printer.is_live() {
        printer.live(&progress::load(progress));
    } else if progress.elapsed_ns.saturating_sub(*last_line_ns) >= progress::HEARTBEAT_NS {
        *last_line_ns = progress.elapsed_ns;
        printer.status(&format!(
            "{:>4} s  {}",
            progress.elapsed_ns / 1_000_000_000,
            progress::load(progress)
        ));
    }
}

/// Opens the file without emptying it: a run that comes to nothing leaves what was there.
fn open_log(path: &Path) -> Result<File, Failure> {
    let mut options = File::options();
    let opened = options.create(true).truncate(false).write(true).open(path);
    opened.map_err(Failure::io("opening", path.display()))
}

fn write_log(file: &mut File, path: &Path, run: &Run) -> Result<(), Failure> {
    let clock = SystemClock;
    let age_s = clock.monotonic_ns().saturating_sub(run.started_monotonic_ns) / 1_000_000_000;
    let start = clock.now().plus_seconds(i64::try_from(age_s).unwrap_or_default().saturating_neg());
    let text = hdr_log(&run.latency, start);
    let written = file.set_len(0).and_then(|()| file.write_all(text.as_bytes()));
    written.map_err(Failure::io("writing", path.display()))
}

/// 32 random bytes from the kernel.
fn fresh_seed() -> Result<[u8; 32], Failure> {
    let mut seed = [0; 32];
    let path = "/dev/urandom";
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut seed));
    read.map_err(Failure::io("reading", path))?;
    Ok(seed)
}
