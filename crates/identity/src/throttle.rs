//! Slows down whoever guesses: by account and by address, the slower of the two.
//!
//! An attempt is charged when it begins and given back when it was right, so that a hundred guesses at once are not
//! all begun before the first has failed. Failures are forgotten one by one as time passes, those of an address like
//! those of an account: in an office somebody errs every few minutes, and it must not be slowed down for ever.
//!
//! Memory is bounded, and forgetting is no way out: what is pushed out of a full table leaves behind its count as a
//! floor under everybody who is not in the table, as the Space-Saving algorithm does (Metwally, Agrawal, El Abbadi:
//! Efficient computation of frequent and top-k elements in data streams, 2005). A count may therefore be too high for
//! a stranger, and is never too low.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::net::IpAddr;

use plimsoll_proof::Digest;

/// Most accounts and most addresses that are kept count of: about 8 MiB each.
const RECORDS_MAX: usize = 65_536;
/// So many attempts upon an account fail without a wait.
const FREE_FAILURES: u64 = 5;
/// From so many failures on there is a lock.
const LOCK_FAILURES: u64 = 20;
/// How long a lock lasts, in milliseconds: 15 minutes.
const LOCK_MS: u64 = 15 * 60_000;
/// The first wait, in milliseconds. Each failure doubles it.
const BACK_OFF_MS: u64 = 1_000;
/// Longest wait before there is a lock, in milliseconds.
const BACK_OFF_MS_MAX: u64 = 64_000;
/// One failure upon an account is forgotten in so many milliseconds. No less than a lock lasts: to guess at the pace of
/// forgetting must not bring more than to sit out locks.
const FORGET_MS: u64 = LOCK_MS;
/// An address may fail as often as so many accounts, and is forgiven as fast: offices share one.
const ACCOUNTS_AT_AN_ADDRESS: u64 = 20;
/// How often a full table is searched for what can be forgotten, in milliseconds: a search looks at all of it.
const SWEEP_MS: u64 = 10_000;

/// Who tried how often, and who has to wait. Pure: time is given, in milliseconds of a clock that never goes back.
#[derive(Debug)]
pub struct Throttle {
    accounts: Table<Key>,
    addresses: Table<Subscriber>,
}

/// What an attempt is made upon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upon<'a> {
    /// An account, by its name as it was typed.
    Account(&'a str),
    /// The set-up, which each address has to itself: nobody keeps others from it by failing at it, and no name that
    /// can be typed is one for it.
    SetUp,
}

/// What failures are counted under. Of an account it is the digest of the name: people type names of any length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Key {
    Account(Digest),
    SetUp(Subscriber),
}

/// An attempt that may be made. Unless it is given back to the throttle it counts as one that failed.
#[derive(Debug)]
#[must_use]
pub struct Attempt {
    account: Charge<Key>,
    address: Charge<Subscriber>,
}

/// An attempt must wait for so many milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// How long, at least 1.
    pub ms: u64,
}

/// What one subscriber can choose addresses from: an IPv4 address, an IPv6 network of 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subscriber {
    /// An address.
    V4(u32),
    /// The first half of an address.
    V6(u64),
}

impl Subscriber {
    /// Who can have this address.
    pub fn of(address: IpAddr) -> Self {
        // An IPv4 address written as IPv6 is no second address.
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.to_bits()),
            IpAddr::V6(address) => Self::V6((address.to_bits() >> 64) as u64),
        }
    }
}

/// Failures, as the times at which they will be over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Count {
    /// When the last one is forgotten.
    clean_ms: u64,
    /// When the next attempt may be made.
    free_ms: u64,
}

impl Count {
    /// With one failure more, of those that have `accounts` accounts between them.
    fn charged(self, now_ms: u64, accounts: u64) -> Self {
        let forget_ms = FORGET_MS / accounts;
        let clean_ms = self.clean_ms.max(now_ms).saturating_add(forget_ms);
        let failures = (clean_ms - now_ms).div_ceil(forget_ms);
        Self { clean_ms, free_ms: now_ms.saturating_add(wait_ms(failures / accounts)) }
    }

    fn is_clean(self, now_ms: u64) -> bool {
        self.clean_ms <= now_ms
    }
}

/// How long to wait after so many failures, in milliseconds.
fn wait_ms(failures: u64) -> u64 {
    match failures {
        0..FREE_FAILURES => 0,
        FREE_FAILURES..LOCK_FAILURES => (BACK_OFF_MS << (failures - FREE_FAILURES)).min(BACK_OFF_MS_MAX),
        LOCK_FAILURES.. => LOCK_MS,
    }
}

#[derive(Debug)]
struct Charge<K> {
    key: K,
    before: Count,
    after: Count,
}

#[derive(Debug)]
struct Table<K> {
    max: usize,
    /// How many accounts one key may stand for.
    accounts: u64,
    counts: HashMap<K, Count>,
    /// The same, in the order in which they are pushed out: the soonest forgotten first.
    order: BTreeSet<(Count, K)>,
    /// No less than what any key had that was pushed out.
    floor: Count,
    swept_ms: u64,
}

impl<K: Copy + Ord + Hash> Table<K> {
    fn new(max: usize, accounts: u64) -> Self {
        let (counts, order) = (HashMap::new(), BTreeSet::new());
        Self { max, accounts, counts, order, floor: Count::default(), swept_ms: 0 }
    }

    fn count(&self, now_ms: u64, key: K) -> Count {
        let count = self.counts.get(&key).copied().unwrap_or(self.floor);
        if count.is_clean(now_ms) { Count::default() } else { count }
    }

    fn set(&mut self, key: K, count: Count) {
        self.order.insert((count, key));
        if let Some(old) = self.counts.insert(key, count).filter(|old| *old != count) {
            self.order.remove(&(old, key));
        }
    }

    fn remove(&mut self, key: K) {
        if let Some(old) = self.counts.remove(&key) {
            self.order.remove(&(old, key));
        }
    }

    fn charge(&mut self, now_ms: u64, key: K) -> Charge<K> {
        let before = self.count(now_ms, key);
        if !self.counts.contains_key(&key) && self.counts.len() >= self.max {
            self.make_room(now_ms);
        }
        let after = before.charged(now_ms, self.accounts);
        self.set(key, after);
        Charge { key, before, after }
    }

    fn give_back(&mut self, charge: &Charge<K>) {
        let Some(&count) = self.counts.get(&charge.key) else { return };
        let clean_ms = count.clean_ms.saturating_sub(FORGET_MS / self.accounts);
        // A wait that somebody else's failure has brought about meanwhile stays.
        let free_ms =
            if count.free_ms == charge.after.free_ms { charge.before.free_ms } else { count.free_ms };
        self.set(charge.key, Count { clean_ms, free_ms });
    }

    fn make_room(&mut self, now_ms: u64) {
        if now_ms >= self.swept_ms.saturating_add(SWEEP_MS) {
            self.swept_ms = now_ms;
            self.counts.retain(|_, count| !count.is_clean(now_ms));
            self.order.retain(|(count, _)| !count.is_clean(now_ms));
        }
        if self.counts.len() < self.max {
            return;
        }
        if let Some((count, key)) = self.order.pop_first() {
            self.counts.remove(&key);
            self.floor.clean_ms = self.floor.clean_ms.max(count.clean_ms);
            self.floor.free_ms = self.floor.free_ms.max(count.free_ms);
        }
    }
}

impl Default for Throttle {
    fn default() -> Self {
        Self::new(RECORDS_MAX)
    }
}

impl Throttle {
    fn new(max: usize) -> Self {
        Self { accounts: Table::new(max, 1), addresses: Table::new(max, ACCOUNTS_AT_AN_ADDRESS) }
    }

    /// Begins an attempt upon something, from an address, or says how long to wait. Who waits is not charged: an
    /// impatient user does not make it worse, and a lock ends although somebody goes on guessing.
    pub fn begin(&mut self, now_ms: u64, upon: Upon<'_>, address: IpAddr) -> Result<Attempt, Wait> {
        let address = Subscriber::of(address);
        let account = match upon {
            Upon::Account(name) => Key::Account(Digest::of(name.as_bytes())),
            Upon::SetUp => Key::SetUp(address),
        };
        let free_ms = self.accounts.count(now_ms, account).free_ms;
        let free_ms = free_ms.max(self.addresses.count(now_ms, address).free_ms);
        if now_ms < free_ms {
            return Err(Wait { ms: free_ms - now_ms });
        }
        let account = self.accounts.charge(now_ms, account);
        let address = self.addresses.charge(now_ms, address);
        Ok(Attempt { account, address })
    }

    /// The attempt was right. The account's failures are forgotten; the address only gets its charge back, or whoever
    /// has an account could guess at others and wash himself clean by signing in.
    pub fn succeeded(&mut self, attempt: &Attempt) {
        self.accounts.remove(attempt.account.key);
        self.addresses.give_back(&attempt.address);
    }

    /// The attempt was neither right nor wrong: the password was right and a code is asked for. Nothing is forgotten,
    /// or whoever has the password could guess at the code for ever.
    pub fn withdrawn(&mut self, attempt: &Attempt) {
        self.accounts.give_back(&attempt.account);
        self.addresses.give_back(&attempt.address);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Upon::{Account, SetUp};
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
            if let Err(wait) = throttle.begin(now_ms, Account("alice"), from_anywhere(number)) {
                waits.push(wait.ms);
                assert!(
                    throttle.begin(now_ms + wait.ms - 1, Account("alice"), from_anywhere(number)).is_err()
                );
                now_ms += wait.ms;
                assert!(ignore(throttle.begin(now_ms, Account("alice"), from_anywhere(number))));
            }
        }
        let doubling =
            [1, 2, 4, 8, 16, 32, 64, 64, 64, 64, 64, 64, 64, 64, 64].map(|seconds| seconds * 1_000);
        assert_eq!(waits[..15], doubling);
        assert_eq!(waits[15..], [LOCK_MS, LOCK_MS]);
    }

    /// Attempts that fail at once, each upon an account of its own: how many are begun.
    fn guesses(throttle: &mut Throttle, now_ms: u64, from: IpAddr, number: u32) -> usize {
        (0..number).filter(|n| ignore(throttle.begin(now_ms, Account(&format!("user{n}")), from))).count()
    }

    #[test]
    fn an_address_is_slowed_whatever_names_it_tries_and_much_later_than_an_account() {
        let mut throttle = Throttle::default();
        let here = address("192.0.2.7");
        assert_eq!(guesses(&mut throttle, 0, here, 200), 100);
        assert_eq!(throttle.begin(0, Account("else"), here).unwrap_err(), Wait { ms: 1_000 });
        assert!(throttle.begin(0, Account("else"), address("192.0.2.8")).is_ok());
    }

    /// Every failure was once kept until there had been none for an hour, which in an office never comes.
    #[test]
    fn an_office_in_which_somebody_errs_every_minute_is_never_slowed() {
        let (mut throttle, office) = (Throttle::default(), address("192.0.2.7"));
        for minute in 0..24 * 60 {
            assert!(
                ignore(throttle.begin(minute * 60_000, Account(&format!("user{minute}")), office)),
                "{minute}"
            );
        }
    }

    #[test]
    fn failures_of_an_address_are_forgotten_as_those_of_an_account_are() {
        let mut throttle = Throttle::default();
        let here = address("192.0.2.7");
        assert_eq!(guesses(&mut throttle, 0, here, 100), 100);
        for number in 0..5 {
            assert!(ignore(throttle.begin(0, Account("alice"), from_anywhere(number))));
        }
        // In the time in which one is forgotten of an account, twenty are of an address.
        assert!(ignore(throttle.begin(FORGET_MS, Account("alice"), from_anywhere(9))));
        assert!(throttle.begin(FORGET_MS, Account("alice"), from_anywhere(9)).is_err());
        assert_eq!(guesses(&mut throttle, FORGET_MS, here, 100), 20);
    }

    #[test]
    fn at_the_pace_of_forgetting_nothing_is_gained_over_sitting_out_locks() {
        let (mut throttle, mut now_ms, mut begun) = (Throttle::default(), 0, 0);
        const DAY_MS: u64 = 24 * 3_600_000;
        while now_ms < DAY_MS {
            match throttle.begin(now_ms, Account("alice"), from_anywhere(begun)) {
                Ok(_) => begun += 1,
                Err(wait) => now_ms += wait.ms,
            }
        }
        assert!(u64::from(begun) <= LOCK_FAILURES + DAY_MS / LOCK_MS, "{begun}");
    }

    /// The key of the set-up was once a text that could be typed as a name.
    #[test]
    fn an_address_fails_at_the_set_up_for_itself_alone() {
        let (mut throttle, here) = (Throttle::default(), address("192.0.2.7"));
        let names = ["set-up from 192.0.2.7", "SetUp", "", "192.0.2.7"];
        for number in 0..20 {
            for name in names {
                let _ = throttle.begin(0, Account(name), from_anywhere(number));
            }
        }
        assert_eq!((0..10).filter(|_| ignore(throttle.begin(0, SetUp, here))).count(), 5);
        assert!(throttle.begin(0, SetUp, address("192.0.2.8")).is_ok());
        assert!(throttle.begin(0, Account("alice"), here).is_ok());
    }

    #[test]
    fn a_hundred_guesses_at_once_are_not_all_begun() {
        let mut throttle = Throttle::default();
        let begun = (0..100).filter_map(|n| throttle.begin(7, Account("alice"), from_anywhere(n)).ok());
        let begun = begun.collect::<Vec<_>>();
        assert_eq!(begun.len(), 5);
    }

    #[test]
    fn addresses_of_one_subscriber_are_one_address() {
        let mut throttle = Throttle::default();
        for number in 0..100 {
            let one = address(&format!("2001:db8::{number}:{number}"));
            assert!(ignore(throttle.begin(0, Account(&format!("user{number}")), one)));
        }
        assert!(throttle.begin(0, Account("x"), address("2001:db8::6")).is_err());
        assert!(throttle.begin(0, Account("x"), address("2001:db8:0:1::6")).is_ok());
        assert_eq!(Subscriber::of(address("::ffff:192.0.2.7")), Subscriber::of(address("192.0.2.7")));
        assert_ne!(Subscriber::of(address("192.0.2.7")), Subscriber::of(address("192.0.2.8")));
    }

    #[test]
    fn who_signs_in_may_err_again_and_his_address_is_not_washed_clean() {
        let mut throttle = Throttle::default();
        let here = address("192.0.2.7");
        for victim in 0..100 {
            assert!(ignore(throttle.begin(0, Account(&format!("victim{victim}")), here)));
            if victim < 99 {
                let own = throttle.begin(0, Account("mallory"), here).unwrap();
                throttle.succeeded(&own);
            }
        }
        assert_eq!(throttle.begin(0, Account("mallory"), here).unwrap_err(), Wait { ms: 1_000 });
        for number in 0..4 {
            assert!(ignore(throttle.begin(0, Account("alice"), from_anywhere(number))));
        }
        let right = throttle.begin(0, Account("alice"), from_anywhere(5)).unwrap();
        throttle.succeeded(&right);
        assert_eq!(
            (6..16).filter(|n| ignore(throttle.begin(0, Account("alice"), from_anywhere(*n)))).count(),
            5
        );
    }

    #[test]
    fn a_right_password_does_not_clear_wrong_codes() {
        let mut throttle = Throttle::default();
        for number in 0..5 {
            let asked = throttle.begin(0, Account("alice"), from_anywhere(number)).unwrap();
            throttle.withdrawn(&asked);
            assert!(ignore(throttle.begin(0, Account("alice"), from_anywhere(number))), "the code is wrong");
        }
        assert!(throttle.begin(0, Account("alice"), from_anywhere(9)).is_err());
    }

    #[test]
    fn failures_are_forgotten_one_by_one() {
        let mut throttle = Throttle::default();
        let mut begun_at = |now_ms: u64| {
            (0..10).filter(|n| ignore(throttle.begin(now_ms, Account("alice"), from_anywhere(*n)))).count()
        };
        assert_eq!(begun_at(0), 5);
        assert_eq!(begun_at(FORGET_MS), 1);
        assert_eq!(begun_at(3 * FORGET_MS), 2);
        assert_eq!(begun_at(100 * FORGET_MS), 5);
    }

    #[test]
    fn a_flood_of_names_does_not_clear_an_attackers_record() {
        let mut throttle = Throttle::new(64);
        for number in 0..4 {
            assert!(ignore(throttle.begin(0, Account("alice"), from_anywhere(number))));
        }
        for number in 0..1_000 {
            let _ = throttle.begin(1, Account(&format!("flood{number}")), from_anywhere(1_000 + number));
        }
        assert!(throttle.accounts.counts.len() <= 64 && throttle.accounts.order.len() <= 64);
        let begun = (0..10)
            .filter(|n| ignore(throttle.begin(2, Account("alice"), from_anywhere(90_000 + n))))
            .count();
        assert!(begun <= 1, "{begun} more guesses after four");
    }

    #[test]
    fn a_full_table_forgets_what_is_over() {
        let mut table = Table::new(2, 1);
        for (now_ms, key) in [(0, 1), (0, 1), (0, 2), (2 * FORGET_MS, 3)] {
            let _ = table.charge(now_ms, key);
        }
        assert_eq!(table.counts.len(), 1);
        assert_eq!(table.floor, Count::default());
    }

    proptest! {
        /// The guarantee of Space-Saving: whatever is pushed out, no count is ever too low.
        #[test]
        fn no_count_is_too_low_and_no_table_too_large(
            acts in proptest::collection::vec((0u8..12, 0u64..2 * FORGET_MS), 0..200)
        ) {
            let (mut table, mut truth, mut now_ms) = (Table::new(4, 1), HashMap::<u8, Count>::new(), 0);
            for (key, pause_ms) in acts {
                // Often many at once, now and then after a pause.
                now_ms += if pause_ms < FORGET_MS { 0 } else { pause_ms };
                let _ = table.charge(now_ms, key);
                let real = truth.entry(key).or_default();
                *real = real.charged(now_ms, 1);
                prop_assert!(table.counts.len() <= 4);
                prop_assert_eq!(table.counts.len(), table.order.len());
                for (key, real) in &truth {
                    let found = table.count(now_ms, *key);
                    let is_low = found.clean_ms < real.clean_ms || found.free_ms < real.free_ms;
                    prop_assert!(real.is_clean(now_ms) || !is_low, "{key}: {found:?} for {real:?}");
                }
            }
        }

        #[test]
        fn what_is_given_back_was_never_charged(before in 0u64..30, now_ms in 30u64..3 * FORGET_MS) {
            let mut table = Table::new(4, 1);
            for at in 0..before {
                let _ = table.charge(at, 'a');
            }
            let count = table.count(now_ms, 'a');
            let charge = table.charge(now_ms, 'a');
            table.give_back(&charge);
            prop_assert_eq!(table.count(now_ms, 'a'), count);
        }
    }
}
