//! How soon the kernel gives this thread its turn.

use std::num::NonZeroU64;

use rustix::io::Errno;

/// The shortest slice that Linux grants.
const SHORT_SLICE_NS: u64 = 100_000;

/// Asks for short turns for this thread while it lives: a thread that asks for little at a time gets its turn sooner
/// when it wakes on a core that another one uses, and no more of the core in total (EEVDF, Linux 6.12 and later; no
/// privilege is needed). Where the kernel grants none, sending is later, which the send-lag gate sees: no reason to
/// stop.
pub(crate) struct ShortTurns {
    slice_before_ns: Option<NonZeroU64>,
}

impl ShortTurns {
    pub(crate) fn new() -> Self {
        let slice_before_ns = slice_ns();
        if slice_before_ns.is_some() {
            let _ = set_slice_ns(SHORT_SLICE_NS);
        }
        Self { slice_before_ns }
    }
}

impl Drop for ShortTurns {
    fn drop(&mut self) {
        if let Some(slice_ns) = self.slice_before_ns {
            let _ = set_slice_ns(slice_ns.get());
        }
    }
}

/// How long this thread runs before another one's turn comes; `None` where the kernel has no such slices.
fn slice_ns() -> Option<NonZeroU64> {
    let attributes = attributes().ok()?;
    let is_fair = matches!(i32::try_from(attributes.sched_policy), Ok(libc::SCHED_OTHER | libc::SCHED_BATCH));
    if is_fair { NonZeroU64::new(attributes.sched_runtime) } else { None }
}

fn set_slice_ns(slice_ns: u64) -> Result<(), Errno> {
    let wanted = libc::sched_attr { sched_runtime: slice_ns, ..attributes()? };
    set_attributes(&wanted)
}

#[expect(unsafe_code, reason = "there is no safe wrapper for sched_getattr")]
fn attributes() -> Result<libc::sched_attr, Errno> {
    // SAFETY: all zeros is a value of this structure of integers.
    let mut attributes: libc::sched_attr = unsafe { std::mem::zeroed() };
    let size = size_of::<libc::sched_attr>();
    // SAFETY: sched_getattr(2): thread 0 is this one; the kernel writes at most `size` bytes into the structure, which
    // is that large and lives until the call returns.
    let result = unsafe { libc::syscall(libc::SYS_sched_getattr, 0, &raw mut attributes, size, 0) };
    if result == 0 { Ok(attributes) } else { Err(last_error()) }
}

#[expect(unsafe_code, reason = "there is no safe wrapper for sched_setattr")]
fn set_attributes(attributes: &libc::sched_attr) -> Result<(), Errno> {
    // SAFETY: sched_setattr(2): thread 0 is this one; the kernel reads as many bytes as the structure's `size` field
    // says, which `attributes` had from the kernel itself and is at most the structure's.
    let result = unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const *attributes, 0) };
    if result == 0 { Ok(()) } else { Err(last_error()) }
}

fn last_error() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::INVAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_short_only_while_asked_for() {
        let before = slice_ns();
        let turns = ShortTurns::new();
        // Older kernels have no slices to shorten.
        assert_eq!(slice_ns(), before.and(NonZeroU64::new(SHORT_SLICE_NS)));
        drop(turns);
        assert_eq!(slice_ns(), before);
    }
}
