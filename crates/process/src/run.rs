//! A program that is run for its answer, such as `git rev-parse HEAD`.

use std::fs::File;
use std::process::Stdio;

use crate::capture::Capture;
use crate::child::{Child, pipe};
use crate::{Error, Exit, Signal, Spec};

/// The longest answer that is taken: a list of files of a large repository fits.
const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;
/// How much of the complaint is kept.
const COMPLAINT_BYTES_MAX: usize = 16 * 1024;

/// What a program answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// How it ended.
    pub exit: Exit,
    /// All that it wrote to its standard output.
    pub stdout: Vec<u8>,
    /// The last 16 KiB that it wrote to its standard error, not redacted.
    pub stderr: String,
}

/// Runs a program to its end, at most `timeout_ns`. One that takes longer, or writes more than 8 MiB, is ended and
/// is an error.
pub fn run(spec: &Spec, timeout_ns: u64) -> Result<Finished, Error> {
    answer(spec, Stdio::null(), timeout_ns, ANSWER_BYTES_MAX)
}

/// The same for a program that reads `input`, and may answer up to `bytes_max`.
pub fn run_reading(spec: &Spec, input: File, timeout_ns: u64, bytes_max: usize) -> Result<Finished, Error> {
    answer(spec, input.into(), timeout_ns, bytes_max)
}

fn answer(spec: &Spec, input: Stdio, timeout_ns: u64, bytes_max: usize) -> Result<Finished, Error> {
    let (read, stdout) = pipe()?;
    let (read_errors, stderr) = pipe()?;
    let errors = Capture::start(read_errors, COMPLAINT_BYTES_MAX)
        .map_err(|source| Error::System { action: "read a pipe", source })?;
    let mut child = Child::start_between(spec, input, read, stdout, stderr, bytes_max)?;
    if child.wait_exit(timeout_ns)?.is_none() {
        return Err(Error::Timeout { program: spec.program.clone(), limit_ms: timeout_ns / 1_000_000 });
    }
    let exit = child.stop(Signal::Kill, 0)?.exit;
    let answer = child.captured().bytes();
    if child.captured().total() > answer.len() as u64 {
        return Err(Error::Flood { program: spec.program.clone(), limit_bytes: bytes_max });
    }
    Ok(Finished { exit, stdout: answer, stderr: String::from_utf8_lossy(&errors.bytes()).into_owned() })
}
