//! An oracle server as a process of its own, for load generators that are not ours.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use plimsoll_load::{Oracle, OracleKind, Written};
use plimsoll_process::Interrupt;
use plimsoll_proof::Digest;

use super::values::seed;
use crate::exit::Answer;
use crate::failure::Failure;
use crate::print::Printer;

/// How often it looks whether it shall end.
const PAUSE: Duration = Duration::from_millis(20);

/// Run an oracle server until SIGTERM, then print when it wrote each reply
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  plimsoll oracle --kind bimodal --log written.txt

Prints `listening ADDRESS` first. The log has a line a reply: the request's
number (the last digits of its path), when it was written in ns of
CLOCK_MONOTONIC, and the status.")]
pub(crate) struct Arguments {
    /// How it behaves
    #[arg(long, value_parser = kinds())]
    kind: OracleKind,
    /// What decides about delays and errors: 64 hex digits [default: zeros]
    #[arg(long, value_name = "HEX", value_parser = seed, hide_default_value = true, default_value_t = Digest::from_bytes([0; 32]))]
    seed: Digest,
    /// Write the log to this file [default: stdout]
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
}

fn kinds() -> impl clap::builder::TypedValueParser<Value = OracleKind> {
    PossibleValuesParser::new(OracleKind::ALL.map(OracleKind::name)).map(|name| {
        // The parser has let none but these names pass.
        OracleKind::ALL.into_iter().find(|kind| kind.name() == name).unwrap_or(OracleKind::Silent)
    })
}

pub(crate) fn run(arguments: &Arguments, printer: &Printer) -> Result<Answer, Failure> {
    let interrupt = Interrupt::install()?;
    plimsoll_process::raise_open_files_limit();
    let oracle = Oracle::start(arguments.kind, *arguments.seed.as_bytes())?;
    printer.data(&format!("listening {}\n", oracle.address()))?;
    // Ends with the signal that this process is sent.
    while !interrupt.is_requested() {
        std::thread::sleep(PAUSE);
    }
    let log = lines(&oracle.finish()?);
    match &arguments.log {
        Some(path) => fs::write(path, log).map_err(Failure::io("writing", path.display()))?,
        None => printer.data(&log)?,
    }
    Ok(Answer::Yes)
}

fn lines(log: &[Written]) -> String {
    let line = |written: &Written| {
        let status = if written.good { 200 } else { 500 };
        format!("{} {} {status}\n", written.number, written.monotonic_ns)
    };
    log.iter().map(line).collect()
}
