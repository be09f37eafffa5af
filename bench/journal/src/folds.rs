//! State that follows from records: how long a server waits for it when it starts.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use plimsoll_base::Secret;
use plimsoll_identity::{
    Agent, Identity, Label, NewToken, NewUser, Place, Rules, Scope, TOKENS_PER_USER_MAX, UserName, hash_new,
};
use plimsoll_keys::Credential;
use plimsoll_store::SqliteJournal;

use crate::{SystemClock, open};

/// Whoever signs in: to compare a password takes some hundredths of a second.
const SIGNERS: usize = 8;
const PASSWORD: &str = "tulip anvil orbit kelp";
/// What else runs on the machine only adds: the shortest of some tries is what it takes.
const TURNS: usize = 5;

/// Half of `acts` are sign-ins, half give out tokens. Then they are read again, as by a server that starts.
pub fn folds(folder: &str, acts: usize) -> serde_json::Value {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let credential = Credential::create(&Path::new(folder).join("credential")).unwrap();
    let sealing = Arc::new(credential.sealing_key("identity").unwrap());
    let journal = Arc::new(open(folder));
    runtime.block_on(async {
        let start = async || {
            let (journal, sealing) = (Arc::clone(&journal), Arc::clone(&sealing));
            Identity::open(journal, Arc::new(SystemClock), Rules::default(), sealing).await.unwrap()
        };
        act(&start().await, acts).await;
        let mut best_ms = f64::INFINITY;
        for _ in 0..TURNS {
            let began = Instant::now();
            drop(start().await);
            best_ms = best_ms.min(began.elapsed().as_secs_f64() * 1e3);
        }
        serde_json::json!({"acts": acts, "start_ms": best_ms})
    })
}

async fn act(identity: &Identity<SqliteJournal>, acts: usize) {
    let password = Secret::new(PASSWORD.to_owned());
    let place = Place { address: IpAddr::V4(Ipv4Addr::LOCALHOST), agent: Agent::new("bench") };
    let user = |number: usize| UserName::new(&format!("user-{number}")).unwrap();
    let hash = hash_new(&user(0), &password).unwrap();
    for number in 0..SIGNERS.max((acts / 2).div_ceil(TOKENS_PER_USER_MAX)) {
        let new = NewUser { name: user(number), password: hash.clone(), roles: BTreeSet::new() };
        identity.act(|directory, _| directory.create_user(&new, None)).await.unwrap();
    }
    let proof = |number| identity.password_check(user(number).as_str()).verify(&password).unwrap();
    let proofs: Vec<_> = (0..SIGNERS).map(proof).collect();
    for number in 0..acts / 2 {
        identity.sign_in(&proofs[number % SIGNERS], None, &place, Ok).await.unwrap();
        let wanted = NewToken {
            user: user(number / TOKENS_PER_USER_MAX),
            label: Label::new("bench").unwrap(),
            scopes: BTreeSet::from([Scope::new("certification.read").unwrap()]),
            life_ms: 86_400_000,
        };
        identity.issue_token(&wanted, |_, _, batch| Ok(batch)).await.unwrap();
    }
}
