//! Slows down whoever guesses: by account and by address, the slower of the two.
//!
//! An attempt is charged when it begins and given back when it was right, so that a hundred guesses at once are not
//! all begun before the first has failed. Memory is bounded, and forgetting is no way out: what is pushed out of a
//! full table leaves behind its count as a floor under everybody who is not in the table, as the Space-Saving
//! algorithm does (Metwally, Agrawal, El Abbadi: Efficient computation of frequent and top-k elements in data streams,
//! 2005). A count may therefore be too high for a stranger, and is never too low.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::net::IpAddr;

use plimsoll_proof::Digest;

/// Most accounts and most addresses that are kept count of: about 8 MiB each.
pub const THROTTLE_RECORDS_MAX: usize = 65_536;
/// So many attempts fail without a wait.
pub const FREE_FAILURES: u32 = 5;
/// From so many failures on there is a lock.
pub const LOCK_FAILURES: u32 = 20;
/// How long a lock lasts, in milliseconds: 15 minutes.
pub const LOCK_MS: u64 = 15 * 60_000;
/// The first wait, in milliseconds. Each failure doubles it.
const BACK_OFF_MS: u64 = 1_000;
/// Longest wait before there is a lock, in milliseconds.
const BACK_OFF_MS_MAX: u64 = 64_000;
/// Failures are forgotten when there was none for so long, in milliseconds: one hour.
const FORGET_MS: u64 = 3_600_000;
/// How often a full table is searched for what can be forgotten, in milliseconds: a search looks at all of it.
const SWEEP_MS: u64 = 10_000;

/// Who tried how often, and who has to wait. Pure: time is given, in milliseconds of a clock that never goes back.
#[derive(Debug)]
pub struct Throttle {
    accounts: Table<Digest>,
    addresses: Table<Network>,
}

/// An attempt that may be made. Unless it is given back to the throttle it counts as one that failed.
#[derive(Debug)]
#[must_use]
pub struct Attempt {
    began_ms: u64,
    account: Charge<Digest>,
    address: Charge<Network>,
}

/// An attempt must wait for so many milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// How long, at least 1.
    pub ms: u64,
}

/// What one subscriber can choose addresses from: an IPv4 address, an IPv6 network of 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Network {
    V4(u32),
    V6(u64),
}

impl Network {
    fn of(address: IpAddr) -> Self {
        // An IPv4 address written as IPv6 is no second address.
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.to_bits()),
            IpAddr::V6(address) => Self::V6((address.to_bits() >> 64) as u64),
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Count {
    failures: u32,
    last_ms: u64,
}

impl Count {
    fn free_at_ms(self) -> u64 {
        let wait = match self.failures {
            0..FREE_FAILURES => return 0,
            FREE_FAILURES..LOCK_FAILURES => {
                (BACK_OFF_MS << (self.failures - FREE_FAILURES)).min(BACK_OFF_MS_MAX)
            }
            LOCK_FAILURES.. => LOCK_MS,
        };
        self.last_ms.saturating_add(wait)
    }

    fn is_forgotten(self, now_ms: u64) -> bool {
        now_ms >= self.last_ms.saturating_add(FORGET_MS)
    }
}

#[derive(Debug)]
struct Charge<K> {
    key: K,
    last_ms_before: u64,
}

#[derive(Debug)]
struct Table<K> {
    max: usize,
    counts: HashMap<K, Count>,
    /// The same, in the order in which they are pushed out: the fewest failures first, then the oldest.
    order: BTreeSet<(u32, u64, K)>,
    /// No less than what any key had that was pushed out.
    floor: Count,
    swept_ms: u64,
}

impl<K: Copy + Ord + Hash> Table<K> {
    fn new(max: usize) -> Self {
        Self { max, counts: HashMap::new(), order: BTreeSet::new(), floor: Count::default(), swept_ms: 0 }
    }

    fn count(&self, now_ms: u64, key: K) -> Count {
        let count = self.counts.get(&key).copied().unwrap_or(self.floor);
        if count.is_forgotten(now_ms) { Count::default() } else { count }
    }

    fn set(&mut self, key: K, count: Count) {
        self.order.insert((count.failures, count.last_ms, key));
        if let Some(old) = self.counts.insert(key, count).filter(|old| *old != count) {
            self.order.remove(&(old.failures, old.last_ms, key));
        }
    }

    fn remove(&mut self, key: K) {
        if let Some(old) = self.counts.remove(&key) {
            self.order.remove(&(old.failures, old.last_ms, key));
        }
    }

    fn charge(&mut self, now_ms: u64, key: K) -> Charge<K> {
        let before = self.count(now_ms, key);
        if !self.counts.contains_key(&key) && self.counts.len() >= self.max {
            self.make_room(now_ms);
        }
        self.set(key, Count { failures: before.failures.saturating_add(1), last_ms: now_ms });
        Charge { key, last_ms_before: before.last_ms }
    }

    fn give_back(&mut self, began_ms: u64, charge: &Charge<K>) {
        let Some(&count) = self.counts.get(&charge.key) else { return };
        let last_ms = if count.last_ms == began_ms { charge.last_ms_before } else { count.last_ms };
        match count.failures {
            0..=1 => self.remove(charge.key),
            failures => self.set(charge.key, Count { failures: failures - 1, last_ms }),
        }
    }

    fn make_room(&mut self, now_ms: u64) {
        if now_ms >= self.swept_ms.saturating_add(SWEEP_MS) {
            self.swept_ms = now_ms;
            self.counts.retain(|_, count| !count.is_forgotten(now_ms));
            self.order.retain(|(_, last_ms, _)| now_ms < last_ms.saturating_add(FORGET_MS));
        }
        if self.counts.len() < self.max {
            return;
        }
        if self.floor.is_forgotten(now_ms) {
            self.floor = Count::default();
        }
        if let Some((failures, last_ms, key)) = self.order.pop_first() {
            self.counts.remove(&key);
            if !(Count { failures, last_ms }).is_forgotten(now_ms) {
                self.floor.failures = self.floor.failures.max(failures);
                self.floor.last_ms = self.floor.last_ms.max(last_ms);
            }
        }
    }
}

impl Default for Throttle {
    fn default() -> Self {
        Self::new(THROTTLE_RECORDS_MAX)
    }
}

impl Throttle {
    fn new(max: usize) -> Self {
        Self { accounts: Table::new(max), addresses: Table::new(max) }
    }

    /// Begins an attempt upon an account, from an address, or says how long to wait. Who waits is not charged: an
    /// impatient user does not make it worse, and a lock ends although somebody goes on guessing.
    pub fn begin(&mut self, now_ms: u64, account: &str, address: IpAddr) -> Result<Attempt, Wait> {
        let (account, address) = (Digest::of(account.as_bytes()), Network::of(address));
        let free_at = self.accounts.count(now_ms, account).free_at_ms();
        let free_at = free_at.max(self.addresses.count(now_ms, address).free_at_ms());
        if now_ms < free_at {
            return Err(Wait { ms: free_at - now_ms });
        }
        let account = self.accounts.charge(now_ms, account);
        let address = self.addresses.charge(now_ms, address);
        Ok(Attempt { began_ms: now_ms, account, address })
    }

    /// The attempt was right. The account's failures are forgotten; the address only gets its charge back, or whoever
    /// has an account could guess at others and wash himself clean by signing in.
    pub fn succeeded(&mut self, attempt: &Attempt) {
        self.accounts.remove(attempt.account.key);
        self.addresses.give_back(attempt.began_ms, &attempt.address);
    }

    /// The attempt was neither right nor wrong: the password was right and a code is asked for. Nothing is forgotten,
    /// or whoever has the password could guess at the code for ever.
    pub fn withdrawn(&mut self, attempt: &Attempt) {
        self.accounts.give_back(attempt.began_ms, &attempt.account);
        self.addresses.give_back(attempt.began_ms, &attempt.address);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// From an address of its own for each attempt.
    fn from_anywhere(number: u32) -> IpAddr {
        IpAddr::V4(std::net::Ipv4Addr::from_bits(number))
    }

    fn ignore(attempt: Result<Attempt, Wait>) -> bool {
        attempt.is_ok()
    }

    #[test]
    fn waits_double_from_the_fifth_failure_and_the_twentieth_locks() {
        let (mut throttle, mut now_ms, mut waits) = (Throttle::default(), 1_000_000, vec![]);
        for number in 0..22 {
            if let Err(wait) = throttle.begin(now_ms, "alice", from_anywhere(number)) {
                waits.push(wait.ms);
                assert!(throttle.begin(now_ms + wait.ms - 1, "alice", from_anywhere(number)).is_err());
                now_ms += wait.ms;
                assert!(ignore(throttle.begin(now_ms, "alice", from_anywhere(number))));
            }
        }
        let doubling =
            [1, 2, 4, 8, 16, 32, 64, 64, 64, 64, 64, 64, 64, 64, 64].map(|seconds| seconds * 1_000);
        assert_eq!(waits[..15], doubling);
        assert_eq!(waits[15..], [LOCK_MS, LOCK_MS]);
    }

    #[test]
    fn an_address_is_slowed_whatever_names_it_tries() {
        let mut throttle = Throttle::default();
        let here = address("192.0.2.7");
        let begun = (0..100).filter(|n| ignore(throttle.begin(0, &format!("user{n}"), here))).count();
        assert_eq!(begun, 5);
        assert!(throttle.begin(0, "else", address("192.0.2.8")).is_ok());
    }

    #[test]
    fn a_hundred_guesses_at_once_are_not_all_begun() {
        let mut throttle = Throttle::default();
        let begun = (0..100).filter_map(|n| throttle.begin(7, "alice", from_anywhere(n)).ok());
        let begun = begun.collect::<Vec<_>>();
        assert_eq!(begun.len(), 5);
    }

    #[test]
    fn addresses_of_one_subscriber_are_one_address() {
        let mut throttle = Throttle::default();
        for (number, text) in
            ["2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::", "2001:db8::", "2001:db8::5"]
                .into_iter()
                .enumerate()
        {
            assert!(ignore(throttle.begin(0, &format!("user{number}"), address(text))));
        }
        assert!(throttle.begin(0, "x", address("2001:db8::6")).is_err());
        assert!(throttle.begin(0, "x", address("2001:db8:0:1::6")).is_ok());
        assert_eq!(Network::of(address("::ffff:192.0.2.7")), Network::of(address("192.0.2.7")));
        assert_ne!(Network::of(address("192.0.2.7")), Network::of(address("192.0.2.8")));
    }

    #[test]
    fn who_signs_in_may_err_again_and_his_address_is_not_washed_clean() {
        let mut throttle = Throttle::default();
        let here = address("192.0.2.7");
        for victim in 0..4 {
            assert!(ignore(throttle.begin(0, &format!("victim{victim}"), here)));
            let own = throttle.begin(0, "mallory", here).unwrap();
            throttle.succeeded(&own);
        }
        assert!(ignore(throttle.begin(0, "victim4", here)));
        assert_eq!(throttle.begin(0, "victim5", here).unwrap_err(), Wait { ms: 1_000 });
        for number in 0..4 {
            assert!(ignore(throttle.begin(0, "alice", from_anywhere(number))));
        }
        let right = throttle.begin(0, "alice", from_anywhere(5)).unwrap();
        throttle.succeeded(&right);
        assert_eq!((6..16).filter(|n| ignore(throttle.begin(0, "alice", from_anywhere(*n)))).count(), 5);
    }

    #[test]
    fn a_right_password_does_not_clear_wrong_codes() {
        let mut throttle = Throttle::default();
        for number in 0..5 {
            let asked = throttle.begin(0, "alice", from_anywhere(number)).unwrap();
            throttle.withdrawn(&asked);
            assert!(ignore(throttle.begin(0, "alice", from_anywhere(number))), "the code is wrong");
        }
        assert!(throttle.begin(0, "alice", from_anywhere(9)).is_err());
    }

    #[test]
    fn failures_are_forgotten_after_an_hour_of_peace() {
        let mut throttle = Throttle::default();
        for number in 0..5 {
            assert!(ignore(throttle.begin(0, "alice", from_anywhere(number))));
        }
        assert!(ignore(throttle.begin(1_000, "alice", from_anywhere(9))));
        assert!(throttle.begin(2_000, "alice", from_anywhere(9)).is_err());
        let later = 1_000 + FORGET_MS;
        assert_eq!((0..10).filter(|n| ignore(throttle.begin(later, "alice", from_anywhere(*n)))).count(), 5);
    }

    #[test]
    fn a_flood_of_names_does_not_clear_an_attackers_record() {
        let mut throttle = Throttle::new(64);
        for number in 0..4 {
            assert!(ignore(throttle.begin(0, "alice", from_anywhere(number))));
        }
        for number in 0..1_000 {
            let _ = throttle.begin(1, &format!("flood{number}"), from_anywhere(1_000 + number));
        }
        assert!(throttle.accounts.counts.len() <= 64 && throttle.accounts.order.len() <= 64);
        let begun = (0..10).filter(|n| ignore(throttle.begin(2, "alice", from_anywhere(90_000 + n)))).count();
        assert!(begun <= 1, "{begun} more guesses after four");
    }

    #[test]
    fn a_full_table_forgets_what_is_over() {
        let mut table = Table::new(2);
        for (now_ms, key) in [(0, 1), (0, 1), (0, 2), (FORGET_MS + SWEEP_MS, 3)] {
            let _ = table.charge(now_ms, key);
        }
        assert_eq!(table.counts.len(), 1);
        assert_eq!(table.floor, Count::default());
    }

    proptest! {
        /// The guarantee of Space-Saving: whatever is pushed out, no count is ever too low.
        #[test]
        fn no_count_is_too_low_and_no_table_too_large(keys in proptest::collection::vec(0u8..12, 0..200)) {
            let (mut table, mut truth) = (Table::new(4), HashMap::<u8, Count>::new());
            for (now_ms, key) in (0..).zip(keys) {
                let _ = table.charge(now_ms, key);
                let real = truth.entry(key).or_default();
                *real = Count { failures: real.failures + 1, last_ms: now_ms };
                prop_assert!(table.counts.len() <= 4);
                prop_assert_eq!(table.counts.len(), table.order.len());
                for (key, real) in &truth {
                    let found = table.count(now_ms, *key);
                    prop_assert!(found.failures >= real.failures, "{key}: {found:?} for {real:?}");
                    prop_assert!(found.free_at_ms() >= real.free_at_ms());
                }
            }
        }

        #[test]
        fn what_is_given_back_was_never_charged(before in 0u64..5, now_ms in 10u64..1_000) {
            let mut table = Table::new(4);
            for at in 0..before {
                let _ = table.charge(at, 'a');
            }
            let count = table.count(now_ms, 'a');
            let charge = table.charge(now_ms, 'a');
            table.give_back(now_ms, &charge);
            prop_assert_eq!(table.count(now_ms, 'a'), count);
        }
    }
}
