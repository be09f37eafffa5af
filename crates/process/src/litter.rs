//! Folders that must not outlive this process.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How often a folder is removed again because somebody was still writing into it.
const TRIES: u32 = 10;

static FOLDERS: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

fn folders() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    FOLDERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A folder that goes when the second signal makes this process leave (see [`Interrupt`](crate::Interrupt)), which
/// runs no destructors. At any other end its owner removes it.
#[derive(Debug)]
pub struct Litter(PathBuf);

impl Litter {
    /// From now on the folder goes with this process.
    pub fn new(folder: PathBuf) -> Self {
        folders().insert(folder.clone());
        Self(folder)
    }
}

impl Drop for Litter {
    fn drop(&mut self) {
        folders().remove(&self.0);
    }
}

/// Removes every such folder: for the last moment before this process leaves, when no program that was started here
/// writes any more.
pub(crate) fn remove_all() {
    for folder in folders().iter() {
        // Nobody is left to tell.
        let _ = (0..TRIES).find(|_| fs::remove_dir_all(folder).is_ok() || !folder.exists());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_goes_while_it_is_litter_and_stays_afterwards() {
        let parent = tempfile::tempdir().unwrap();
        let [kept, gone] = ["kept", "gone"].map(|name| parent.path().join(name));
        fs::create_dir_all(kept.join("below")).unwrap();
        fs::create_dir_all(gone.join("below")).unwrap();
        drop(Litter::new(kept.clone()));
        let _litter = Litter::new(gone.clone());
        remove_all();
        assert!(kept.exists() && !gone.exists());
    }
}
