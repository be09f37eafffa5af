//! Ctrl-C and SIGTERM: the first asks this process to clean up and leave, the second makes it.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rustix::event::{EventfdFlags, eventfd};
use rustix::process::{Signal, getpid, kill_process};

use crate::{Error, family};

static REQUESTED: AtomicBool = AtomicBool::new(false);
/// Counts signals on their way from the handler to the thread that acts on them.
static ARRIVED: OnceLock<OwnedFd> = OnceLock::new();

/// What SIGINT and SIGTERM do from now on. Copies are the same thing.
#[derive(Debug, Clone, Copy)]
pub struct Interrupt(());

impl Interrupt {
    /// Takes over SIGINT and SIGTERM. The first of them sets a flag that the work polls; the second ends all
    /// programs that were started here and lets the signal kill this process, as it would have without us.
    /// Installing it again changes nothing.
    pub fn install() -> Result<Self, Error> {
        let failed = |source| Error::System { action: "take over SIGINT and SIGTERM", source };
        let arrived = eventfd(0, EventfdFlags::CLOEXEC).map_err(|errno| failed(errno.into()))?;
        if ARRIVED.set(arrived).is_ok() {
            thread::Builder::new().name("interrupt".into()).spawn(watch).map_err(failed)?;
            for number in [libc::SIGINT, libc::SIGTERM] {
                set_disposition(number, on_signal as *const () as libc::sighandler_t).map_err(failed)?;
            }
        }
        Ok(Self(()))
    }

    /// Whether this process has been asked to leave.
    pub fn is_requested(self) -> bool {
        REQUESTED.load(Ordering::SeqCst)
    }

    /// The flag itself, for code that polls a plain `AtomicBool`.
    pub fn flag(self) -> &'static AtomicBool {
        &REQUESTED
    }
}

/// The handler: two atomic loads or stores and one system call, all of which a handler may do. The call does not
/// touch `errno`, and the descriptor is set before the handler is.
extern "C" fn on_signal(number: libc::c_int) {
    REQUESTED.store(true, Ordering::SeqCst);
    // The low half counts signals; the high half notes whether the last one was SIGTERM.
    let count: u64 = if number == libc::SIGTERM { 1 << 32 | 1 } else { 1 };
    if let Some(arrived) = ARRIVED.get() {
        // It can only fail after 2^32 signals.
        let _ = rustix::io::write(arrived, &count.to_ne_bytes());
    }
}

/// Waits for the second signal, ends what was started, and lets that signal do what it does by default.
fn watch() {
    let Some(arrived) = ARRIVED.get() else { return };
    let (mut count, mut terms) = (0, 0);
    while count < 2 {
        let mut bytes = [0; 8];
        match rustix::io::read(arrived, &mut bytes) {
            Ok(_) => {
                let sum = u64::from_ne_bytes(bytes);
                count += sum & u64::from(u32::MAX);
                terms = sum >> 32;
            }
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return,
        }
    }
    family::end_all();
    let (signal, number) =
        if terms > 0 { (Signal::TERM, libc::SIGTERM) } else { (Signal::INT, libc::SIGINT) };
    if set_disposition(number, libc::SIG_DFL).is_err() || kill_process(getpid(), signal).is_err() {
        // SIGKILL needs no disposition.
        let _ = kill_process(getpid(), Signal::KILL);
    }
}

#[expect(unsafe_code, reason = "there is no safe wrapper for sigaction")]
fn set_disposition(number: libc::c_int, handler: libc::sighandler_t) -> io::Result<()> {
    // SAFETY: zero bytes are a valid `sigaction`: no flags, an empty mask, the default handler.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handler;
    action.sa_flags = libc::SA_RESTART;
    // SAFETY: `action` is valid for the call, no old action is asked for, and `handler` is either SIG_DFL or
    // `on_signal`, which has the type that is called without SA_SIGINFO and is async-signal-safe.
    let result = unsafe { libc::sigaction(number, &raw const action, std::ptr::null_mut()) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
