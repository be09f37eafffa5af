//! A process that counts among the family of a program and takes memory, files, threads and processor time, bit by bit: a leak
//! that is planted.

use std::fs::File;
use std::process::Stdio;
use std::time::Duration;

use rustix::param::clock_ticks_per_second;
use rustix::time::{ClockId, clock_gettime};

use crate::child::{confine, start_error};
use crate::clock::{monotonic_ns, nanoseconds};
use crate::limits::raise_open_files_limit;
use crate::process_table::Process;
use crate::{Error, Spec};

/// A share of one core is told in parts of this.
const CORE_PPB: u64 = 1_000_000_000;
/// No thread wants more of a core: one that wants little gets it where others want all there is.
const THREAD_PPB_MAX: u64 = CORE_PPB / 5;
/// Between two bits: fine enough for a line that rises, coarse enough to cost nothing by itself.
const PAUSE: Duration = Duration::from_millis(10);
/// A thread that only waits needs no more, in bytes.
const IDLE_STACK_BYTES: usize = 64 * 1024;
/// More than any system lets one process have.
const IDLE_THREADS_MAX: u64 = 30_000;
/// What a process has open besides.
const OWN_FILES: u64 = 64;

/// What a stowaway takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Burden {
    /// Memory, all of it written to, in bytes.
    pub memory_bytes: u64,
    /// Open files.
    pub files: u64,
    /// Threads that wait.
    pub threads: u64,
    /// Processor time, as a share of one core in parts per billion; may exceed 1. Taken from the beginning.
    pub cpu_ppb: u64,
    /// Until when it has all of it, in ns from its beginning.
    pub over_ns: u64,
}

impl Burden {
    /// Takes it bit by bit, and keeps it until this process is ended. Meant for a process that does nothing else.
    pub fn carry(self) -> Result<(), Error> {
        // Where memory runs out, this process is to be the one that is ended. Where the system does not let it say so,
        // it is one like any other.
        let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
        let began_ns = monotonic_ns();
        let busy = self.cpu_ppb.div_ceil(THREAD_PPB_MAX);
        for _ in 0..busy {
            start_thread(move || keep_busy(began_ns, self.cpu_ppb / busy))?;
        }
        let files_max = raise_open_files_limit().saturating_sub(OWN_FILES);
        let (mut memory, mut taken_bytes, mut files, mut threads) = (Vec::new(), 0, Vec::new(), 0);
        loop {
            let elapsed_ns = monotonic_ns().saturating_sub(began_ns);
            let more_bytes = due(self.memory_bytes, elapsed_ns, self.over_ns) - taken_bytes;
            if more_bytes > 0 {
                memory.push(std::hint::black_box(vec![1u8; usize::try_from(more_bytes).unwrap_or(0)]));
                taken_bytes += more_bytes;
            }
            while (files.len() as u64) < due(self.files.min(files_max), elapsed_ns, self.over_ns) {
                let opened = File::open("/dev/null");
                files.push(opened.map_err(|source| Error::System { action: "open a file", source })?);
            }
            while threads < due(self.threads.min(IDLE_THREADS_MAX), elapsed_ns, self.over_ns) {
                start_thread(std::thread::park)?;
                threads += 1;
            }
            std::thread::sleep(PAUSE);
        }
    }
}

/// How much of `whole` is due after this time.
fn due(whole: u64, elapsed_ns: u64, over_ns: u64) -> u64 {
    let part = u128::from(whole) * u128::from(elapsed_ns.min(over_ns)) / u128::from(over_ns.max(1));
    u64::try_from(part).unwrap_or(whole)
}

fn start_thread(work: impl FnOnce() + Send + 'static) -> Result<(), Error> {
    let started = std::thread::Builder::new().stack_size(IDLE_STACK_BYTES).spawn(work);
    started.map(drop).map_err(|source| Error::System { action: "start a thread", source })
}

/// Uses this share of a core, as the kernel counts it: what others took from it meanwhile is made up.
fn keep_busy(began_ns: u64, share_ppb: u64) {
    loop {
        let elapsed_ns = monotonic_ns().saturating_sub(began_ns);
        let due_ns = u128::from(elapsed_ns) * u128::from(share_ppb) / u128::from(CORE_PPB);
        while u128::from(nanoseconds(clock_gettime(ClockId::ThreadCPUTime))) < due_ns {
            std::hint::spin_loop();
        }
        std::thread::sleep(PAUSE);
    }
}

/// A process of ours that counts among the family of the program that runs now, as one would that came from it and lost
/// its parent. Dropping it ends it.
#[derive(Debug)]
pub struct Stowaway {
    handle: std::process::Child,
}

impl Stowaway {
    /// Starts it: a program that shall call [`Burden::carry`]. There must be one [`Child`](crate::Child) at this time, or
    /// it counts among the family of each.
    pub fn board(spec: &Spec) -> Result<Self, Error> {
        let mut command = spec.command()?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        confine(&mut command);
        let handle = command.spawn().map_err(|source| start_error(spec, source))?;
        Ok(Self { handle })
    }
}

impl Stowaway {
    /// The processor time that it has used so far, in ns; none once it has ended.
    pub fn cpu_ns(&self) -> u64 {
        let process = i32::try_from(self.handle.id()).ok().and_then(Process::find);
        let tick_ns = CORE_PPB / clock_ticks_per_second().max(1);
        process.map_or(0, |process| process.cpu_ticks.saturating_mul(tick_ns))
    }
}

impl Drop for Stowaway {
    fn drop(&mut self) {
        // It may have been ended and taken note of with the family: then both fail, and nothing is left to do.
        let _ = self.handle.kill();
        let _ = self.handle.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_grows_with_time_up_to_the_whole() {
        assert_eq!([0, 1, 5, 10, 11].map(|elapsed_ns| due(100, elapsed_ns, 10)), [0, 10, 50, 100, 100]);
        assert_eq!(due(u64::MAX, u64::MAX, u64::MAX), u64::MAX);
        assert_eq!(due(7, 0, 0), 0);
    }
}
