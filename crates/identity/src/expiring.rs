//! What ends by itself: found by its key, and forgotten when it has ended.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::ops::Deref;

use crate::directory::{Session, Token};

/// Something that ends at a time that does not change.
pub(crate) trait Expires {
    /// When, in milliseconds since 1970-01-01T00:00:00Z.
    fn expires_ms(&self) -> u64;
}

impl Expires for Session {
    fn expires_ms(&self) -> u64 {
        self.expires_ms
    }
}

impl Expires for Token {
    fn expires_ms(&self) -> u64 {
        self.expires_ms
    }
}

/// Values by key, and their keys in the order in which they expire: to forget what has expired, nothing else is looked at.
/// It is read as the map that it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expiring<K: Eq + Hash, V> {
    values: HashMap<K, V>,
    ends: BTreeSet<(u64, K)>,
}

impl<K: Copy + Eq + Hash + Ord, V: Expires> Expiring<K, V> {
    pub(crate) fn new() -> Self {
        Self { values: HashMap::new(), ends: BTreeSet::new() }
    }

    /// Forgets what has expired by a time, and adds a value.
    pub(crate) fn insert(&mut self, now_ms: u64, key: K, value: V) {
        while let Some(end) = self.ends.first().copied().filter(|(ends_ms, _)| *ends_ms <= now_ms) {
            self.ends.remove(&end);
            self.values.remove(&end.1);
        }
        self.remove(&key);
        self.ends.insert((value.expires_ms(), key));
        self.values.insert(key, value);
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.values.get_mut(key)
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let removed = self.values.remove(key)?;
        self.ends.remove(&(removed.expires_ms(), *key));
        Some(removed)
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(&V) -> bool) {
        let ends = &mut self.ends;
        self.values.retain(|key, value| {
            let is_kept = keep(value);
            if !is_kept {
                ends.remove(&(value.expires_ms(), *key));
            }
            is_kept
        });
    }
}

impl<K: Eq + Hash, V> Deref for Expiring<K, V> {
    type Target = HashMap<K, V>;

    fn deref(&self) -> &HashMap<K, V> {
        &self.values
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone, PartialEq, Eq)]
    struct Until(u64);

    impl Expires for Until {
        fn expires_ms(&self) -> u64 {
            self.0
        }
    }

    #[derive(Debug, Clone)]
    enum Change {
        Insert(u8, u64),
        Remove(u8),
        RetainOdd,
        Wait(u64),
    }

    fn change() -> impl Strategy<Value = Change> {
        prop_oneof![
            6 => (0u8..6, 0u64..40).prop_map(|(key, life)| Change::Insert(key, life)),
            2 => (0u8..6).prop_map(Change::Remove),
            1 => Just(Change::RetainOdd),
            4 => (0u64..30).prop_map(Change::Wait),
        ]
    }

    proptest! {
        /// The same as to look at all of them each time, and no end is left of what is gone.
        #[test]
        fn what_has_expired_is_forgotten_and_nothing_else(
            changes in proptest::collection::vec(change(), 0..60)
        ) {
            let (mut expiring, mut model, mut now) = (Expiring::new(), HashMap::new(), 0);
            for change in changes {
                match change {
                    Change::Insert(key, life) => {
                        expiring.insert(now, key, Until(now + life));
                        model.retain(|_, Until(ends)| *ends > now);
                        model.insert(key, Until(now + life));
                    }
                    Change::Remove(key) => prop_assert_eq!(expiring.remove(&key), model.remove(&key)),
                    Change::RetainOdd => {
                        expiring.retain(|Until(ends)| ends % 2 == 1);
                        model.retain(|_, Until(ends)| *ends % 2 == 1);
                    }
                    Change::Wait(ms) => now += ms,
                }
                prop_assert_eq!(&*expiring, &model);
                let ends: BTreeSet<_> = model.iter().map(|(key, Until(ends))| (*ends, *key)).collect();
                prop_assert_eq!(&expiring.ends, &ends);
            }
        }
    }
}
