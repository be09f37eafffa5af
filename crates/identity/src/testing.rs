//! A directory with the records that made it, for the tests of this crate.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, OnceLock};

use plimsoll_base::Secret;
use plimsoll_keys::{Credential, SealingKey};
use plimsoll_store::{Batch, Expect, Fold, Record};

use crate::api_token::NewToken;
use crate::directory::Directory;
use crate::error::Result;
use crate::event::Place;
use crate::names::{Agent, Label, RoleName, Scope, UserName};
use crate::password::{PasswordHash, PasswordProof};
use crate::people::NewUser;
use crate::recovery::{RecoveryHash, new_recovery_codes};
use crate::rules::Rules;
use crate::sign_in::SignIn;
use crate::token::{LinkId, SessionId, TokenId};
use crate::totp::{STEP_SECONDS, TotpSecret};

pub(crate) struct World {
    pub(crate) directory: Directory,
    pub(crate) records: Vec<Record>,
    pub(crate) now_ms: u64,
}

fn numbered(what: &str, number: u8) -> Secret<String> {
    Secret::new(format!("{what} {number}"))
}

pub(crate) fn session(number: u8) -> SessionId {
    SessionId::of(&numbered("session", number))
}

pub(crate) fn token(number: u8) -> TokenId {
    TokenId::of(&numbered("token", number))
}

pub(crate) fn link(number: u8) -> LinkId {
    LinkId::of(&numbered("link", number))
}

fn sealing_keys() -> &'static [Arc<SealingKey>; 2] {
    static KEYS: OnceLock<[Arc<SealingKey>; 2]> = OnceLock::new();
    KEYS.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let credential = Credential::create(&folder.path().join("credential")).unwrap();
        ["identity", "other"].map(|purpose| Arc::new(credential.sealing_key(purpose).unwrap()))
    })
}

/// The same for everybody.
pub(crate) fn sealing_key() -> Arc<SealingKey> {
    Arc::clone(&sealing_keys()[0])
}

pub(crate) fn other_sealing_key() -> Arc<SealingKey> {
    Arc::clone(&sealing_keys()[1])
}

pub(crate) fn name(text: &str) -> UserName {
    UserName::new(text).unwrap()
}

pub(crate) fn roles(names: &[&str]) -> BTreeSet<RoleName> {
    names.iter().map(|name| RoleName::new(name).unwrap()).collect()
}

pub(crate) fn secret() -> Secret<String> {
    Secret::new(String::from("tulip anvil orbit kelp"))
}

/// A hash that costs nothing and is nobody's.
pub(crate) fn secret_hash() -> PasswordHash {
    PasswordHash::dummy()
}

pub(crate) fn other_hash() -> PasswordHash {
    PasswordHash::parse(String::from(PasswordHash::dummy()).replace("$AAAA", "$BBBB")).unwrap()
}

pub(crate) fn place() -> Place {
    Place { address: IpAddr::V4(Ipv4Addr::LOCALHOST), agent: Agent::new("a test") }
}

impl World {
    pub(crate) fn new() -> Self {
        Self { directory: Directory::new(sealing_key()), records: vec![], now_ms: 1_795_305_600_000 }
    }

    /// Does what a journal does with a batch, and applies the records.
    pub(crate) fn commit(&mut self, batch: Result<Batch>) {
        for append in batch.unwrap().appends {
            assert_eq!(append.expect, Expect::At(self.directory.sequence()));
            for new in append.records {
                let sequence = self.directory.sequence() + 1;
                let stream = append.stream.clone();
                let (kind, payload, unix_ms) = (new.kind, new.payload, self.now_ms);
                let record = Record { position: sequence, unix_ms, stream, sequence, kind, payload };
                self.directory.apply(&record).unwrap();
                self.records.push(record);
            }
        }
    }

    pub(crate) fn add(&mut self, user: &str, with: &[&str]) {
        let user = NewUser { name: name(user), password: secret_hash(), roles: roles(with) };
        self.commit(self.directory.create_user(&user, None));
    }

    /// What a right password would give.
    pub(crate) fn proof(&self, user: &str) -> PasswordProof {
        let hash = self.directory.user(&name(user)).unwrap().password.clone();
        PasswordProof { user: name(user), hash, renewed: None }
    }

    pub(crate) fn try_sign_in(&self, proof: &PasswordProof, code: Option<&str>, number: u8) -> Result<Batch> {
        let shown = SignIn { proof, code, session: session(number), place: &place() };
        self.directory.sign_in(self.now_ms, &Rules::default(), &shown)
    }

    pub(crate) fn sign_in(&mut self, user: &str, number: u8) -> SessionId {
        self.commit(self.try_sign_in(&self.proof(user), None, number));
        session(number)
    }

    pub(crate) fn issue(&mut self, user: &str, number: u8) -> TokenId {
        let wanted = NewToken {
            user: name(user),
            label: Label::new("ci").unwrap(),
            scopes: BTreeSet::from([Scope::new("certification.read").unwrap()]),
            life_ms: 86_400_000,
        };
        self.commit(self.directory.issue_token(self.now_ms, &Rules::default(), token(number), &wanted));
        token(number)
    }

    pub(crate) fn enrol(&mut self, user: &str, secret: &TotpSecret) -> Vec<String> {
        self.enrol_in(user, secret, None)
    }

    /// Sets up a second factor, and gives the recovery codes.
    pub(crate) fn enrol_in(
        &mut self,
        user: &str,
        secret: &TotpSecret,
        session: Option<SessionId>,
    ) -> Vec<String> {
        let codes = new_recovery_codes().unwrap();
        let hashes = codes.iter().map(|code| RecoveryHash::of(code.expose()).unwrap()).collect();
        let code = secret.code(self.now_ms / 1_000 / STEP_SECONDS).unwrap();
        self.commit(self.directory.offer_second_factor(&self.proof(user), secret));
        let confirmed =
            self.directory.confirm_second_factor(self.now_ms, &name(user), &code, &hashes, session);
        self.commit(confirmed);
        codes.iter().map(|code| code.expose().clone()).collect()
    }
}
