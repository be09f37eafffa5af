//! A planted defect as a process of its own: it takes of the machine what it is told to, beside a subject.

use plimsoll_process::Burden;

use crate::exit::Answer;
use crate::failure::Failure;

/// Take memory, files, threads and processor time bit by bit, until it is killed
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Bytes of memory in the end
    #[arg(long)]
    memory_bytes: u64,
    /// Open files in the end
    #[arg(long)]
    files: u64,
    /// Threads in the end
    #[arg(long)]
    threads: u64,
    /// Processor time from the beginning, as a share of one core
    #[arg(long)]
    cpu_ppb: u64,
    /// Nanoseconds until the end
    #[arg(long)]
    over_ns: u64,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let &Arguments { memory_bytes, files, threads, cpu_ppb, over_ns } = arguments;
    Burden { memory_bytes, files, threads, cpu_ppb, over_ns }.carry()?;
    Ok(Answer::Yes)
}
