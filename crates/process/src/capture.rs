//! Keeps the last bytes that a program wrote, in the order in which it wrote them.

use std::collections::VecDeque;
use std::io::{self, PipeReader, PipeWriter};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

/// One read: what a pipe holds by default.
const READ_BYTES: usize = 64 * 1024;

/// The reading end of a program's pipe, emptied by a thread so that the program never blocks on it.
#[derive(Debug)]
pub(crate) struct Capture {
    shared: Arc<Shared>,
    /// Closing it ends the thread even where somebody still holds the program's end.
    stop: Option<PipeWriter>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    pipe: PipeReader,
    kept: Mutex<Kept>,
}

#[derive(Debug)]
struct Kept {
    bytes: VecDeque<u8>,
    bytes_max: usize,
    total: u64,
    ended: bool,
}

impl Capture {
    /// Keeps the last `bytes_max` bytes that come out of `pipe`.
    pub(crate) fn start(pipe: PipeReader, bytes_max: usize) -> io::Result<Self> {
        fcntl_setfl(&pipe, fcntl_getfl(&pipe)? | OFlags::NONBLOCK)?;
        let kept = Mutex::new(Kept { bytes: VecDeque::new(), bytes_max, total: 0, ended: false });
        let shared = Arc::new(Shared { pipe, kept });
        let (stopped, stop) = io::pipe()?;
        let thread = std::thread::Builder::new().name("capture".into()).spawn({
            let shared = Arc::clone(&shared);
            move || empty_until_end(&shared, &stopped)
        })?;
        Ok(Self { shared, stop: Some(stop), thread: Some(thread) })
    }

    /// What is kept, with all that has been written up to now.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.bytes_and_total().0
    }

    /// The same, and how many bytes had been written in all by then.
    pub(crate) fn bytes_and_total(&self) -> (Vec<u8>, u64) {
        let mut kept = self.shared.lock();
        self.shared.drain(&mut kept);
        (kept.bytes.iter().copied().collect(), kept.total)
    }

    /// How many bytes were written in all.
    pub(crate) fn total(&self) -> u64 {
        self.shared.lock().total
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // The thread only reads and cannot panic; were it to, there is nothing left to do about it.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what the pipe holds now. Holding the lock while reading keeps the bytes in order.
    fn drain(&self, kept: &mut Kept) {
        let mut buffer = [0; READ_BYTES];
        // Twice what is kept is more than a reader may be made to wait for.
        let mut budget_bytes = kept.bytes_max.saturating_mul(2).max(READ_BYTES);
        while !kept.ended && budget_bytes > 0 {
            match rustix::io::read(&self.pipe, &mut buffer) {
                Ok(0) => kept.ended = true,
                Ok(count) => {
                    kept.push(&buffer[..count]);
                    budget_bytes = budget_bytes.saturating_sub(count);
                }
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::AGAIN) => return,
                Err(_) => kept.ended = true,
            }
        }
    }
}

impl Kept {
    fn push(&mut self, bytes: &[u8]) {
        self.total += bytes.len() as u64;
        self.bytes.extend(bytes);
        let surplus = self.bytes.len().saturating_sub(self.bytes_max);
        self.bytes.drain(..surplus);
    }
}

/// Reads until the program's end of the pipe is closed everywhere, or `stopped` is.
fn empty_until_end(shared: &Shared, stopped: &PipeReader) {
    loop {
        let mut fds = [PollFd::new(&shared.pipe, PollFlags::IN), PollFd::new(stopped, PollFlags::IN)];
        match poll(&mut fds, None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return,
        }
        if !fds[1].revents().is_empty() {
            return;
        }
        let mut kept = shared.lock();
        shared.drain(&mut kept);
        if kept.ended {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn keeps_the_last_bytes_in_order_and_counts_all() {
        let (read, mut write) = io::pipe().unwrap();
        let capture = Capture::start(read, 10).unwrap();
        for number in 0..100_000u32 {
            writeln!(write, "{number:05}").unwrap();
        }
        assert_eq!(capture.bytes_and_total(), (b"998\n99999\n".to_vec(), 600_000));
        assert_eq!((capture.bytes().len(), capture.total()), (10, 600_000));
    }

    #[test]
    fn dropping_ends_although_a_writer_is_open() {
        let (read, write) = io::pipe().unwrap();
        drop(Capture::start(read, 10).unwrap());
        drop(write);
    }
}
