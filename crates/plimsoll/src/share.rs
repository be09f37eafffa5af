//! Room for what there is little of: nobody holds more than a share of it.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Room for a number of things, and how many of them each holds. Whoever holds none is not remembered.
#[derive(Debug)]
pub(crate) struct Room<K>(Arc<Inner<K>>);

#[derive(Debug)]
struct Inner<K> {
    places: Arc<Semaphore>,
    held: Mutex<HashMap<K, usize>>,
}

/// Somebody's place, given back when it falls.
pub(crate) struct Held<K: Eq + Hash> {
    room: Arc<Inner<K>>,
    who: K,
    _place: OwnedSemaphorePermit,
}

/// Why there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    /// There is none for anybody.
    All,
    /// Whoever asks holds as much as one may.
    Share,
}

impl<K> Inner<K> {
    fn held(&self) -> MutexGuard<'_, HashMap<K, usize>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash> Drop for Held<K> {
    fn drop(&mut self) {
        let mut held = self.room.held();
        match held.get_mut(&self.who) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(held.remove(&self.who)),
        }
    }
}

impl<K: Clone + Eq + Hash> Room<K> {
    /// Room for so many.
    pub(crate) fn new(max: usize) -> Self {
        Self(Arc::new(Inner { places: Arc::new(Semaphore::new(max)), held: Mutex::default() }))
    }

    /// Waits until there is a place, which is nobody's yet.
    pub(crate) async fn place(&self) -> Option<OwnedSemaphorePermit> {
        // It is never closed.
        Arc::clone(&self.0.places).acquire_owned().await.ok()
    }

    /// Gives somebody a place, unless he holds so many.
    pub(crate) fn give(&self, place: OwnedSemaphorePermit, who: K, share: usize) -> Option<Held<K>> {
        let mut held = self.0.held();
        let count = held.entry(who.clone()).or_default();
        if *count >= share {
            return None;
        }
        *count += 1;
        drop(held);
        Some(Held { room: Arc::clone(&self.0), who, _place: place })
    }

    /// A place for somebody, if there is one now and he holds fewer than so many.
    pub(crate) fn hold(&self, who: K, share: usize) -> Result<Held<K>, Full> {
        let place = Arc::clone(&self.0.places).try_acquire_owned().map_err(|_| Full::All)?;
        self.give(place, who, share).ok_or(Full::Share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_holds_more_than_a_share_and_what_falls_is_given_back() {
        let room = Room::new(4);
        let (one, two) = (room.hold("ada", 2).unwrap(), room.hold("ada", 2).unwrap());
        assert_eq!(room.hold("ada", 2).err(), Some(Full::Share));
        let others = (room.hold("bob", 2).unwrap(), room.hold("eve", 2).unwrap());
        assert_eq!(room.hold("kim", 2).err(), Some(Full::All));
        drop(one);
        let three = room.hold("ada", 2).unwrap();
        assert_eq!(room.hold("kim", 2).err(), Some(Full::All));
        drop((two, three, others));
        assert!(room.0.held().is_empty());
        assert_eq!(room.0.places.available_permits(), 4);
    }
}
