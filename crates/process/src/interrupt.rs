//! Ctrl-C, SIGTERM, and a terminal that is closed: the first signal asks this process to clean up and leave, the second makes it.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::thread;

use rustix::event::{EventfdFlags, eventfd};
use rustix::process::{Signal, getpid, kill_process};

use crate::{Error, family, litter};

static REQUESTED: AtomicBool = AtomicBool::new(false);
/// The number of the signal that came last.
static LAST: AtomicI32 = AtomicI32::new(0);
/// Counts signals on their way from the handler to the thread that acts on them.
static ARRIVED: OnceLock<OwnedFd> = OnceLock::new();

/// The signals by which people and systems ask a program to end.
const ALWAYS: [libc::c_int; 2] = [libc::SIGINT, libc::SIGTERM];
/// Those that whoever started this process may have switched off, as `nohup` does: then they stay so.
const UNLESS_IGNORED: [libc::c_int; 2] = [libc::SIGHUP, libc::SIGQUIT];

/// What SIGINT, SIGTERM, SIGHUP and SIGQUIT do from now on. Copies are the same thing.
#[derive(Debug, Clone, Copy)]
pub struct Interrupt(());

impl Interrupt {
    /// Takes over SIGINT, SIGTERM, SIGHUP and SIGQUIT. The first of them sets a flag that the work polls; the second ends
    /// all programs that were started here, removes all [`Litter`](crate::Litter), and lets the signal kill this process,
    /// as it would have without us. Installing it again changes nothing.
    pub fn install() -> Result<Self, Error> {
        let failed =
            |source| Error::System { action: "take over SIGINT, SIGTERM, SIGHUP and SIGQUIT", source };
        let arrived = eventfd(0, EventfdFlags::CLOEXEC).map_err(|errno| failed(errno.into()))?;
        if ARRIVED.set(arrived).is_ok() {
            thread::Builder::new().name("interrupt".into()).spawn(watch).map_err(failed)?;
            let mut taken = ALWAYS.to_vec();
            for number in UNLESS_IGNORED {
                if disposition(number).map_err(failed)? != libc::SIG_IGN {
                    taken.push(number);
                }
            }
            for number in taken {
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

/// The handler: three atomic loads or stores and one system call, all of which a handler may do. The call does not
/// touch `errno`, and the descriptor is set before the handler is.
extern "C" fn on_signal(number: libc::c_int) {
    REQUESTED.store(true, Ordering::SeqCst);
    LAST.store(number, Ordering::SeqCst);
    if let Some(arrived) = ARRIVED.get() {
        // It can only fail after 2^64 signals.
        let _ = rustix::io::write(arrived, &1_u64.to_ne_bytes());
    }
}

/// Waits for the second signal, ends what was started, and lets that signal do what it does by default.
fn watch() {
    let Some(arrived) = ARRIVED.get() else { return };
    let mut count = 0;
    while count < 2 {
        let mut bytes = [0; 8];
        match rustix::io::read(arrived, &mut bytes) {
            Ok(_) => count += u64::from_ne_bytes(bytes),
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return,
        }
    }
    family::end_all();
    litter::remove_all();
    let number = LAST.load(Ordering::SeqCst);
    let signal = Signal::from_named_raw(number).unwrap_or(Signal::KILL);
    if set_disposition(number, libc::SIG_DFL).is_err() || kill_process(getpid(), signal).is_err() {
        // SIGKILL needs no disposition.
        let _ = kill_process(getpid(), Signal::KILL);
    }
}

#[expect(unsafe_code, reason = "there is no safe wrapper for sigaction")]
fn disposition(number: libc::c_int) -> io::Result<libc::sighandler_t> {
    // SAFETY: zero bytes are a valid `sigaction`: no flags, an empty mask, the default handler.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: no new action is given, and `action` is valid for the call.
    let result = unsafe { libc::sigaction(number, std::ptr::null(), &raw mut action) };
    if result == 0 { Ok(action.sa_sigaction) } else { Err(io::Error::last_os_error()) }
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
