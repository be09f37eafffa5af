//! Starts, watches and ends other programs, and leaves nothing of them behind.
//!
//! A [`Child`] is a program in a session of its own. It dies when this process dies, what it writes is kept
//! (the last 64 KiB), and when it is stopped or dropped every process that came from it is ended, those that hid
//! behind a double fork included, if [`adopt_orphans`] was called. All calls block; nothing here needs a runtime.
//!
//! What this cannot do: should Plimsoll itself be killed by SIGKILL, the kernel ends the programs it started, but
//! not *their* children. Linux only.
//!
//! A [`Stowaway`] is a process that counts among a program's family and takes of the machine what it is told to: a
//! leak that is planted.
//!
//! Beside it, for this process itself: [`raise_open_files_limit`], [`keep_memory_private`], and, since they need the C
//! library too, [`give_back_memory`] and [`hold_little_memory`].

mod capture;
mod child;
mod clock;
mod error;
mod exit;
mod family;
mod interrupt;
mod limits;
mod listener;
mod litter;
mod memory;
mod port;
mod process_table;
mod redact;
mod run;
mod signal;
mod spec;
mod stowaway;
mod strip;

pub use child::{Child, OUTPUT_BYTES_MAX};
pub use clock::monotonic_ns;
pub use error::Error;
pub use exit::{Exit, Resources, StopReport, Straggler};
pub use family::adopt_orphans;
pub use interrupt::Interrupt;
pub use limits::{keep_memory_private, raise_open_files_limit};
pub use litter::Litter;
pub use memory::{give_back_memory, hold_little_memory};
pub use port::{free_port, is_listened_at};
pub use redact::{redact, tells_secret};
pub use run::{Finished, run, run_reading};
pub use signal::Signal;
pub use spec::Spec;
pub use stowaway::{Burden, Stowaway};
