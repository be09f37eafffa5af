//! A journal in a folder of its own, identities over it, and a clock that is told.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hmac::digest::KeyInit as _;
use hmac::{Hmac, Mac as _};
use plimsoll_base::{Clock, Secret};
use plimsoll_identity::{
    Agent, Error, Identity, Label, NewToken, NewUser, PasswordHash, Place, RecoveryHash, RoleName, Rules,
    Scope, SessionId, TotpSecret, UserName, hash_new, new_recovery_codes,
};
use plimsoll_keys::{Credential, LogKey, SealingKey};
use plimsoll_store::{Journal, Options, SqliteJournal};
use sha1::Sha1;
use tempfile::TempDir;

pub(crate) const PASSWORD: &str = "tulip anvil orbit kelp";
pub(crate) const MINUTE: u64 = 60_000;

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub(crate) struct ToldClock(AtomicU64);

impl Clock for ToldClock {
    fn monotonic_ns(&self) -> u64 {
        self.unix_ms() * 1_000_000
    }

    fn unix_ms(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

pub(crate) struct World {
    folder: TempDir,
    key: Arc<LogKey>,
    pub(crate) credential: Credential,
    sealing: Arc<SealingKey>,
    clock: Arc<ToldClock>,
    runtime: tokio::runtime::Runtime,
    /// The same for everybody: it takes time to make.
    pub(crate) hash: PasswordHash,
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let credential = Credential::create(&folder.path().join("credential")).unwrap();
        Self {
            sealing: Arc::new(credential.sealing_key("identity").unwrap()),
            credential,
            folder,
            key: Arc::new(LogKey::generate().unwrap()),
            // 2026-11-22T00:00:00Z
            clock: Arc::new(ToldClock(AtomicU64::new(1_795_305_600_000))),
            runtime: tokio::runtime::Builder::new_current_thread().build().unwrap(),
            hash: hash_new(&name("alice"), &secret(PASSWORD)).unwrap(),
        }
    }

    pub(crate) fn journal(&self) -> Arc<SqliteJournal> {
        let clock = self.clock();
        let options =
            Options { folder: self.folder.path().join("journal"), key: Arc::clone(&self.key), clock };
        Arc::new(SqliteJournal::open(options).unwrap())
    }

    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock) as Arc<dyn Clock>
    }

    pub(crate) fn pass(&self, ms: u64) {
        self.clock.0.fetch_add(ms, Ordering::SeqCst);
    }

    pub(crate) fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    pub(crate) fn open<J: Journal>(&self, journal: Arc<J>) -> Identity<J> {
        self.try_open(journal, Arc::clone(&self.sealing)).unwrap()
    }

    pub(crate) fn try_open<J: Journal>(
        &self,
        journal: Arc<J>,
        sealing: Arc<SealingKey>,
    ) -> Result<Identity<J>, Error> {
        self.wait(Identity::open(journal, self.clock(), Rules::default(), sealing))
    }

    pub(crate) fn sealing(&self) -> Arc<SealingKey> {
        Arc::clone(&self.sealing)
    }

    pub(crate) fn add<J: Journal>(&self, identity: &Identity<J>, user: &str, role: &str) {
        let new = self.new_user(user, role);
        self.wait(identity.act(|directory, _| directory.create_user(&new, None))).unwrap();
    }

    pub(crate) fn new_user(&self, user: &str, role: &str) -> NewUser {
        let roles = BTreeSet::from([RoleName::new(role).unwrap()]);
        NewUser { name: name(user), password: self.hash.clone(), roles }
    }

    /// Signs in with the right password, and a code if one is given.
    pub(crate) fn sign_in<J: Journal>(
        &self,
        identity: &Identity<J>,
        user: &str,
        code: Option<&str>,
    ) -> Result<(SessionId, Secret<String>), Error> {
        let proof = identity.password_check(user).verify(&secret(PASSWORD))?;
        self.wait(identity.sign_in(&proof, code, &place(1), Ok))
    }

    /// Sets up a second factor, and gives the recovery codes.
    pub(crate) fn enrol<J: Journal>(&self, identity: &Identity<J>, user: &str) -> Vec<Secret<String>> {
        self.enrol_with(identity, user, &TotpSecret::generate().unwrap())
    }

    pub(crate) fn enrol_with<J: Journal>(
        &self,
        identity: &Identity<J>,
        user: &str,
        secret: &TotpSecret,
    ) -> Vec<Secret<String>> {
        let codes = new_recovery_codes().unwrap();
        let hashes = codes.iter().map(|code| RecoveryHash::of(code.expose()).unwrap()).collect();
        let proof = identity.password_check(user).verify(&self::secret(PASSWORD)).unwrap();
        self.wait(identity.act(|directory, _| directory.offer_second_factor(&proof, secret))).unwrap();
        let confirmed = self.wait(identity.act(|directory, now_ms| {
            let code = authenticator(secret, now_ms);
            directory.confirm_second_factor(now_ms, &name(user), &code, &hashes, None)
        }));
        confirmed.unwrap();
        codes
    }
}

/// The bytes of a secret as people type it.
pub(crate) fn bytes_of(secret: &TotpSecret) -> Vec<u8> {
    let value = |digit: u8| if digit.is_ascii_digit() { digit - b'2' + 26 } else { digit - b'A' };
    let base32 = secret.base32();
    let bits =
        base32.expose().bytes().fold(String::new(), |bits, digit| format!("{bits}{:05b}", value(digit)));
    (0..20).map(|at| u8::from_str_radix(&bits[at * 8..at * 8 + 8], 2).unwrap()).collect()
}

/// What an authenticator shows that was given the secret as people type it: RFC 6238, written a second time.
pub(crate) fn authenticator(secret: &TotpSecret, unix_ms: u64) -> String {
    let key = bytes_of(secret);
    let mut mac = Hmac::<Sha1>::new_from_slice(&key).unwrap();
    mac.update(&(unix_ms / 30_000).to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let at = usize::from(hash[19] % 16);
    let number = u32::from_be_bytes([hash[at] % 128, hash[at + 1], hash[at + 2], hash[at + 3]]);
    format!("{:06}", number % 1_000_000)
}

pub(crate) fn name(text: &str) -> UserName {
    UserName::new(text).unwrap()
}

pub(crate) fn secret(text: &str) -> Secret<String> {
    Secret::new(String::from(text))
}

pub(crate) fn place(number: u8) -> Place {
    let address = IpAddr::V4(Ipv4Addr::new(192, 0, 2, number));
    Place { address, agent: Agent::new("a test") }
}

pub(crate) fn new_token(user: &str) -> NewToken {
    NewToken {
        user: name(user),
        label: Label::new("ci").unwrap(),
        scopes: BTreeSet::from([Scope::new("certification.read").unwrap()]),
        life_ms: 86_400_000,
    }
}
