//! Shares of what there is little of: nobody holds more than a part of it.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// How many each holds. Whoever holds none is not remembered.
#[derive(Debug)]
pub(crate) struct Shares<K>(Arc<Mutex<HashMap<K, usize>>>);

impl<K> Clone for Shares<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K> Default for Shares<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

/// One of them, given back when it falls.
pub(crate) struct Held(Box<dyn Fn() + Send + Sync>);

impl Drop for Held {
    fn drop(&mut self) {
        (self.0)();
    }
}

impl<K: Clone + Eq + Hash + Send + 'static> Shares<K> {
    /// One more for somebody, unless he has as many as he may.
    pub(crate) fn hold(&self, who: impl Into<K>, max: usize) -> Option<Held> {
        let who = who.into();
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(who.clone()).or_default();
        if *count >= max {
            return None;
        }
        *count += 1;
        drop(counts);
        let (shares, who) = (Arc::clone(&self.0), Mutex::new(who));
        Some(Held(Box::new(move || {
            let who = who.lock().unwrap_or_else(PoisonError::into_inner);
            let mut counts = shares.lock().unwrap_or_else(PoisonError::into_inner);
            match counts.get_mut(&*who) {
                Some(count) if *count > 1 => *count -= 1,
                _ => drop(counts.remove(&*who)),
            }
        })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_holds_more_than_a_share_and_what_falls_is_given_back() {
        let shares = Shares::<String>::default();
        let (one, two) = (shares.hold("ada", 2).unwrap(), shares.hold("ada", 2).unwrap());
        assert!(shares.hold("ada", 2).is_none());
        assert!(shares.hold("bob", 2).is_some());
        drop(one);
        let three = shares.hold("ada", 2);
        assert!(three.is_some() && shares.hold("ada", 2).is_none());
        drop((two, three));
        assert!(shares.0.lock().unwrap().is_empty());
    }
}
