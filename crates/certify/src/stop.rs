//! Asking a certification to stop.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::Error;

/// Whether somebody asked to stop: looked at between any two steps, and within the long ones.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stop<'a>(pub(crate) &'a AtomicBool);

impl Stop<'_> {
    /// An error if somebody did.
    pub(crate) fn check(self) -> Result<(), Error> {
        if self.is_asked() { Err(Error::Interrupted) } else { Ok(()) }
    }

    /// Whether somebody did.
    pub(crate) fn is_asked(self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
