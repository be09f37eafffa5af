//! Stops a program without ending it.

use plimsoll_process::{Child, Signal};

use crate::Error;

/// All processes of a program are stopped (SIGSTOP) until this is dropped.
#[derive(Debug)]
pub struct Pause<'a> {
    child: &'a Child,
}

impl<'a> Pause<'a> {
    /// Stops the program and all that came from it.
    pub fn start(child: &'a Child) -> Result<Self, Error> {
        // Built first: should only some be stopped, the drop lets these go on.
        let pause = Self { child };
        child.signal_all(Signal::Stop).map_err(Error::Pause)?;
        Ok(pause)
    }
}

impl Drop for Pause<'_> {
    fn drop(&mut self) {
        // It can only fail for processes that are gone or were never ours to stop.
        let _ = self.child.signal_all(Signal::Cont);
    }
}
